//! Asynchronous requests (`Prefer: respond-async`): what was accepted, what came of it, and the monitor that tells.
//! Knows no data: who runs a job says what came of it.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use hyper::header::{HeaderMap, HeaderName, HeaderValue};
use hyper::http::request::Parts;
use hyper::{Method, Request, Response};
use odata::engine::{Engine, Prefer};
use odata::{Error, ErrorKind};
use uuid::Uuid;

use super::env;
use super::rules::not_found;

/// Where monitors stand below the service root.
const MONITORS: &str = "/$async/jobs/";
/// How long a result is kept.
const KEPT: Duration = Duration::from_mins(5);
/// When to ask again, in seconds.
const RETRY_AFTER_S: u32 = 2;
/// Most jobs at once, running or kept. More are answered when they are done.
const JOBS_MAX: usize = 1_000;

const PREFER: HeaderName = HeaderName::from_static("prefer");

/// What was accepted and not yet forgotten.
#[derive(Debug, Default)]
pub(crate) struct Jobs(Mutex<HashMap<Uuid, Option<Done>>>);

#[derive(Debug)]
struct Done {
    response: Response<Bytes>,
    at: Instant,
}

/// Whether a request asks to be answered later.
pub(crate) fn is_asked(headers: &HeaderMap) -> bool {
    Prefer::from_headers(headers).respond_async
}

impl Jobs {
    /// Accepts a request: its number. `None` when there are too many.
    pub(crate) fn accept(&self) -> Option<Uuid> {
        let mut jobs = self.lock();
        if jobs.len() >= JOBS_MAX {
            return None;
        }
        let id = env::new_id();
        jobs.insert(id, None);
        Some(id)
    }

    /// Whether a job is still wanted.
    pub(crate) fn is_wanted(&self, id: Uuid) -> bool {
        self.lock().contains_key(&id)
    }

    /// What came of a job; nobody waits for one that was cancelled.
    pub(crate) fn finish(&self, id: Uuid, response: Response<Bytes>) {
        if let Some(job) = self.lock().get_mut(&id) {
            *job = Some(Done { response, at: Instant::now() });
        }
    }

    /// Forgets every job but one.
    pub(crate) fn clear_but(&self, kept: Option<Uuid>) {
        self.lock().retain(|id, _| Some(*id) == kept);
    }

    /// Whether a request is for a monitor.
    pub(crate) fn is_monitor(request: &Request<Bytes>) -> bool {
        request.uri().path().starts_with(MONITORS)
    }

    /// The monitor's answer.
    ///
    /// # Errors
    /// 404 for an unknown job, 405 for a method that monitors do not take.
    pub(crate) fn monitor(
        &self,
        engine: &Engine,
        request: &Request<Bytes>,
        root: &str,
    ) -> Result<Response<Bytes>, Error> {
        let id = request.uri().path().strip_prefix(MONITORS).and_then(|id| Uuid::parse_str(id).ok());
        let id = id.ok_or_else(not_found)?;
        let mut jobs = self.lock();
        let job = jobs.get(&id).ok_or_else(not_found)?;
        match (request.method(), job) {
            (&Method::DELETE, _) => {
                jobs.remove(&id);
                Ok(engine.cancelled(request.headers()))
            }
            (&Method::GET | &Method::HEAD, None) => {
                engine.running(request.headers(), &monitor_url(id, root), RETRY_AFTER_S)
            }
            (&Method::GET | &Method::HEAD, Some(done)) => engine.monitored(request.headers(), done.response.clone()),
            _ => {
                let message = "A monitor takes GET, HEAD and DELETE.";
                let allowed = [Method::GET, Method::HEAD, Method::DELETE];
                Err(Error::new(ErrorKind::MethodNotAllowed, message).with_allow(allowed))
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Uuid, Option<Done>>> {
        let mut jobs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        jobs.retain(|_, job| job.as_ref().is_none_or(|done| done.at.elapsed() < KEPT));
        jobs
    }
}

/// The answer to a request that was accepted.
pub(crate) fn accepted(engine: &Engine, request: &HeaderMap, id: Uuid, root: &str) -> Result<Response<Bytes>, Error> {
    engine.accepted(request, &monitor_url(id, root), RETRY_AFTER_S)
}

fn monitor_url(id: Uuid, root: &str) -> String {
    format!("{root}{MONITORS}{id}")
}

/// The request without the preference to be answered later.
pub(crate) fn at_once(request: &Request<Bytes>) -> Request<Bytes> {
    let (mut parts, ()): (Parts, ()) = request.clone().map(|_| ()).into_parts();
    let lines: Vec<HeaderValue> = parts.headers.get_all(&PREFER).iter().cloned().collect();
    parts.headers.remove(&PREFER);
    for line in lines.iter().filter_map(|line| line.to_str().ok()) {
        let name = |preference: &str| preference.split([';', '=']).next().unwrap_or("").trim().to_ascii_lowercase();
        let kept: Vec<&str> = line
            .split(',')
            .filter(|preference| !matches!(name(preference).as_str(), "respond-async" | "odata.respond-async"))
            .collect();
        if let Ok(line) = HeaderValue::from_str(&kept.join(",")) {
            parts.headers.append(PREFER, line);
        }
    }
    Request::from_parts(parts, request.body().clone())
}
