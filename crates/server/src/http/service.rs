//! One request of one connection: its circumstances found out, its answer got and dressed.
//!
//! The hot path. Nothing here allocates but the id that goes out as a header.

use std::convert::Infallible;
use std::future::{Future, ready};
use std::net::{IpAddr, SocketAddr};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::FutureExt as _;
use futures_util::future::Either;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, Version, header};
use hyper::body::{Body as _, Incoming};
use uuid::Uuid;

use super::activity::Activity;
use super::context::client_request_id;
use super::dress::Dress;
use super::forwarded::{self, is_host};
use super::server::Settings;
use super::{Answer, Handler, RequestBody, RequestContext, fault};
use crate::env::Env;

/// What all connections share.
#[derive(Debug)]
pub(crate) struct Host<H> {
    pub(crate) handler: Arc<H>,
    pub(crate) env: Env,
    pub(crate) settings: Settings,
}

/// One connection, as its requests see it.
#[derive(Debug)]
pub(crate) struct Link<H> {
    host: Arc<Host<H>>,
    remote: IpAddr,
    local: SocketAddr,
    /// The other end is a proxy whose `X-Forwarded-*` counts.
    trusted: bool,
    /// It was accepted while the service drains.
    refusing: bool,
    activity: Arc<Activity>,
    memory: Mutex<Memory>,
}

/// Ids made ahead in one go, and the base of the last request: on one connection it hardly ever changes.
#[derive(Debug)]
struct Memory {
    random: [u8; Memory::AHEAD],
    used: usize,
    base: Option<Arc<str>>,
}

impl Memory {
    const ID: usize = 16;
    /// Eight ids: the random source costs per call, the memory per connection.
    const AHEAD: usize = 8 * Self::ID;

    fn id(&mut self, env: &Env) -> Uuid {
        if self.used == Self::AHEAD {
            env.ids.fill(&mut self.random);
            self.used = 0;
        }
        let mut bytes = [0; Self::ID];
        bytes.copy_from_slice(&self.random[self.used..self.used + Self::ID]);
        self.used += Self::ID;
        uuid::Builder::from_random_bytes(bytes).into_uuid()
    }

    fn base(&mut self, scheme: &'static str, host: &str) -> Arc<str> {
        match &self.base {
            Some(base) if base.strip_prefix(scheme) == Some(host) => Arc::clone(base),
            _ => Arc::clone(self.base.insert(format!("{scheme}{host}").into())),
        }
    }
}

impl<H: Handler> Link<H> {
    pub(crate) fn new(
        host: Arc<Host<H>>,
        remote: SocketAddr,
        local: SocketAddr,
        activity: Arc<Activity>,
        refusing: bool,
    ) -> Self {
        let remote = remote.ip().to_canonical();
        let trusted = host.settings.trusted_proxies.iter().any(|range| range.contains(remote));
        let memory = Mutex::new(Memory { random: [0; Memory::AHEAD], used: Memory::AHEAD, base: None });
        Self { host, remote, local, trusted, refusing, activity, memory }
    }

    /// What is known of a request, and whether its `Host` is one.
    fn context(&self, parts: &Parts) -> (RequestContext, bool) {
        let named = parts
            .uri
            .authority()
            .map(http::uri::Authority::as_str)
            .or_else(|| only(&parts.headers, &header::HOST).and_then(|host| host.to_str().ok()));
        let mut secure = self.host.settings.secure;
        let mut peer = self.remote;
        let mut forwarded_host = None;
        if self.trusted {
            let told = forwarded::read(&parts.headers, &self.host.settings.trusted_proxies);
            secure = told.secure.unwrap_or(secure);
            peer = told.peer.unwrap_or(peer);
            forwarded_host = told.host;
        }
        let client_request_id = client_request_id(&parts.headers);
        let scheme = if secure { "https://" } else { "http://" };
        let mut memory = self.memory.lock().unwrap_or_else(PoisonError::into_inner);
        let request_id = memory.id(&self.host.env);
        let host = forwarded_host.as_deref().or(named);
        // What was good once is good again: the common case compares and does not parse.
        let known = host.is_some_and(|host| {
            memory.base.as_deref().and_then(|base| base.strip_prefix(scheme)).is_some_and(|known| known == host)
        });
        let (base, good) = match host {
            Some(host) if known || is_host(host) => (memory.base(scheme, host), true),
            // HTTP/1.0 knows no Host: the address that it came to will do.
            None if parts.version < Version::HTTP_11 && !parts.headers.contains_key(header::HOST) => {
                (memory.base(scheme, &self.local.to_string()), true)
            }
            _ => (memory.base(scheme, &self.local.to_string()), false),
        };
        drop(memory);
        (RequestContext { request_id, client_request_id, base, peer }, good)
    }

    /// The handler's answer, if it has one at hand. A panic is left to be met again where it can be told.
    fn answer_now(&self, asked: &Asked) -> Option<Answer> {
        let Asked { parts, incoming, cx, good_host, .. } = asked;
        if !good_host
            || self.refusing
            || !incoming.is_end_stream()
            || !matches!(parts.method, Method::GET | Method::HEAD)
        {
            return None;
        }
        catch_unwind(AssertUnwindSafe(|| self.host.handler.answer_now(cx, parts))).ok().flatten()
    }

    fn fault(&self, cx: &RequestContext, status: StatusCode, code: &str, message: &str) -> Answer {
        fault(cx, self.host.env.clock.timestamp(), status, code, message)
    }
}

/// What is found out of a request before it is answered.
struct Asked {
    parts: Parts,
    incoming: Incoming,
    cx: RequestContext,
    dress: Dress,
    good_host: bool,
}

/// Answers one request; never fails, and a panic costs only this request.
///
/// What can be answered at once is answered here, before a future is made for it: on the hottest paths that future would cost more
/// than the answer.
pub(crate) fn answer<H: Handler>(
    link: &Arc<Link<H>>,
    request: Request<Incoming>,
) -> impl Future<Output = Result<Answer, Infallible>> + use<H> {
    let _busy = link.activity.begin(request.version() == Version::HTTP_2);
    let (parts, incoming) = request.into_parts();
    let (cx, good_host) = link.context(&parts);
    let dress = Dress::new(&cx, &parts);
    let asked = Asked { parts, incoming, cx, dress, good_host };
    match link.answer_now(&asked) {
        Some(mut answer) => {
            asked.dress.put_on(&mut answer, &link.host.settings, false);
            Either::Left(ready(Ok(answer)))
        }
        None => Either::Right(Box::pin(answer_later(Arc::clone(link), asked))),
    }
}

async fn answer_later<H: Handler>(link: Arc<Link<H>>, asked: Asked) -> Result<Answer, Infallible> {
    let busy = link.activity.begin(asked.parts.version == Version::HTTP_2);
    let Asked { parts, incoming, cx, dress, good_host } = asked;
    let settings = &link.host.settings;
    let mut body = RequestBody::new(incoming, &parts.headers, settings.timeouts.body);
    let mut answer = if !good_host {
        link.fault(&cx, StatusCode::BAD_REQUEST, "BadRequest", "The Host header is missing or malformed.")
    } else if link.refusing {
        link.host.handler.refuse(&cx, &parts)
    } else if let Some(preflight) = settings.cors.preflight(&parts) {
        preflight
    } else if !body.is_empty() && is_encoded(&parts.headers) {
        let message = "Request bodies with a Content-Encoding are not accepted.";
        let mut answer = link.fault(&cx, StatusCode::UNSUPPORTED_MEDIA_TYPE, "UnsupportedMediaType", message);
        answer.headers_mut().insert(header::ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        answer
    } else {
        guarded(&link, cx, parts, &mut body).await
    };
    if answer.status() != StatusCode::REQUEST_TIMEOUT {
        body.drain().await;
    }
    dress.put_on(&mut answer, settings, link.refusing);
    drop(busy);
    Ok(answer)
}

/// The handler's answer, or 500 when it panics. What it shares with other requests it must leave whole by itself.
async fn guarded<H: Handler>(link: &Link<H>, cx: RequestContext, parts: Parts, body: &mut RequestBody) -> Answer {
    // Four words and two counters, for the one request in a million that needs them.
    let kept = cx.clone();
    // In one expression: a future that is first put into a variable takes its room twice.
    if let Ok(answer) = AssertUnwindSafe(link.host.handler.answer(cx, parts, body)).catch_unwind().await {
        answer
    } else {
        tracing::error!(request_id = %kept.request_id, "a request panicked");
        let message = "An internal error occurred. The server's log has it under this request-id.";
        link.fault(&kept, StatusCode::INTERNAL_SERVER_ERROR, "InternalServerError", message)
    }
}

/// The header's value, when it is there exactly once.
fn only<'a>(headers: &'a HeaderMap, name: &http::HeaderName) -> Option<&'a HeaderValue> {
    let mut values = headers.get_all(name).iter();
    values.next().filter(|_| values.next().is_none())
}

/// Whether a body is compressed, which is not taken.
pub(crate) fn is_encoded(headers: &HeaderMap) -> bool {
    headers.get_all(header::CONTENT_ENCODING).iter().any(|value| !value.as_bytes().eq_ignore_ascii_case(b"identity"))
}
