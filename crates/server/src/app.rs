//! What every request can reach, and which plane answers it.
//!
//! It knows the planes by their first path segment and nothing of what they do; connections and header rules are `http`'s.

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderValue, Method, StatusCode, header};
use http_body_util::Full;
use odata::edm::DateTimeOffset;
use store::Store;
use tokio_util::sync::CancellationToken;

use crate::admin::{self, AdminPlane};
use crate::auth::Authenticator;
use crate::client::{self, ClientPlane};
use crate::config::Config;
use crate::documents::Documents;
use crate::env::Env;
use crate::http::{Answer, Handler, RequestBody, RequestContext, fault};
use crate::limits;
use crate::metrics::{Metrics, Plane};

/// The running service: everything a plane may use. Made once at start, shared by reference.
pub struct App {
    /// Where everything is kept.
    pub store: Arc<dyn Store>,
    /// Who calls.
    pub auth: Arc<Authenticator>,
    /// Time and ids.
    pub env: Env,
    /// The configuration the process was started with.
    pub config: Arc<Config>,
    /// The admin plane's parts.
    pub admin: AdminPlane,
    /// The client plane's parts.
    pub client: ClientPlane,
    /// Settings documents that both planes have read.
    pub documents: Documents,
    /// What an operator watches.
    pub metrics: Metrics,
    /// Cancelled when the process was told to stop: running requests end, new ones are refused.
    pub stop: CancellationToken,
}

impl std::fmt::Debug for App {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("App").field("config", &self.config).finish_non_exhaustive()
    }
}

/// Who answers a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Route {
    Healthz,
    Readyz,
    Metrics,
    OpenApi,
    Admin,
    Client,
    /// Paths that are not the admin plane's, and that nobody answers yet.
    Nobody,
}

impl Route {
    fn plane(self) -> Plane {
        match self {
            Self::Admin => Plane::Admin,
            Self::Client => Plane::Client,
            Self::Healthz | Self::Readyz | Self::Metrics | Self::OpenApi | Self::Nobody => Plane::Operations,
        }
    }

    /// Decided by the first segment alone. Whatever is not known is a version of the API, and for the admin plane to judge.
    fn of(path: &str) -> Self {
        let first = path.strip_prefix('/').and_then(|rest| rest.split('/').next());
        match first {
            Some("healthz") => Self::Healthz,
            Some("readyz") => Self::Readyz,
            Some("metrics") => Self::Metrics,
            Some("openapi.json" | "openapi.yaml") if !path[1..].contains('/') => Self::OpenApi,
            Some("user") => Self::Client,
            None | Some("" | "favicon.ico" | "robots.txt") => Self::Nobody,
            Some(_) => Self::Admin,
        }
    }
}

impl Handler for App {
    async fn answer<'a>(&'a self, cx: RequestContext, parts: Parts, body: &'a mut RequestBody) -> Answer {
        let (route, start) = (Route::of(parts.uri.path()), Instant::now());
        let answer = match route {
            // Boxed, so that check-ins, of which hundreds wait for the disk at once, need no room for it.
            Route::Admin => Box::pin(admin::handle(self, cx, parts, body)).await,
            Route::Client => client::handle(self, &cx, &parts, body).await,
            route => self.answer_here(route, &cx, &parts),
        };
        self.metrics.answered(route.plane(), answer.status(), start.elapsed());
        answer
    }

    fn answer_now(&self, cx: &RequestContext, parts: &Parts) -> Option<Answer> {
        match Route::of(parts.uri.path()) {
            Route::Admin => {
                let start = Instant::now();
                let answer = admin::answer_now(self, cx, parts)?;
                self.metrics.answered(Plane::Admin, answer.status(), start.elapsed());
                Some(answer)
            }
            Route::Healthz | Route::Readyz | Route::Metrics | Route::OpenApi | Route::Client | Route::Nobody => None,
        }
    }

    fn refuse(&self, cx: &RequestContext, parts: &Parts) -> Answer {
        let route = Route::of(parts.uri.path());
        match route {
            Route::Healthz | Route::Readyz | Route::Metrics | Route::OpenApi => self.answer_here(route, cx, parts),
            Route::Admin | Route::Client | Route::Nobody => {
                let wait = if route == Route::Client {
                    self.env.spread(limits::RETRY_S_MIN, limits::RETRY_JITTER_S_MAX)
                } else {
                    self.env.spread(1, limits::TOOL_RETRY_JITTER_S_MAX)
                };
                let message = "The service is stopping. Try again.";
                let mut answer = self.fault(cx, StatusCode::SERVICE_UNAVAILABLE, "ServiceUnavailable", message);
                answer.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(wait));
                answer
            }
        }
    }
}

impl App {
    /// The instant, as the service writes it.
    pub(crate) fn now(&self) -> DateTimeOffset {
        let nanos = i128::try_from(self.env.clock.since_epoch().as_nanos()).unwrap_or(i128::MAX);
        DateTimeOffset::from_unix_nanos(nanos)
    }

    fn answer_here(&self, route: Route, cx: &RequestContext, parts: &Parts) -> Answer {
        if route == Route::OpenApi
            && let Some(answer) = self.admin.openapi.answer(parts)
        {
            return answer;
        }
        let health = match route {
            Route::Healthz => self.healthz(),
            Route::Readyz => self.readyz(),
            Route::Metrics => self.metrics.answer(),
            // Another method: judged below.
            Route::OpenApi => text(StatusCode::NO_CONTENT, String::new()),
            Route::Admin | Route::Client | Route::Nobody => {
                let message = format!("Resource not found for the path '{}'.", parts.uri.path());
                return self.fault(cx, StatusCode::NOT_FOUND, "ResourceNotFound", &message);
            }
        };
        match parts.method {
            Method::GET | Method::HEAD => health,
            Method::OPTIONS => with_allow(text(StatusCode::NO_CONTENT, String::new())),
            _ => {
                let message = "Specified HTTP method is not allowed for the request target.";
                with_allow(self.fault(cx, StatusCode::METHOD_NOT_ALLOWED, "Request_BadRequest", message))
            }
        }
    }

    /// Alive: requests are answered. What is wrong with the store is told, but a restart would not mend it.
    fn healthz(&self) -> Answer {
        let health = self.store.health();
        match health.reason {
            Some(reason) if !health.writable => text(StatusCode::OK, format!("ok, but read-only: {reason}\n")),
            Some(reason) => text(StatusCode::OK, format!("ok, but not for every tenant: {reason}\n")),
            None => text(StatusCode::OK, "ok\n".to_owned()),
        }
    }

    /// Ready: new requests are welcome and changes are taken.
    fn readyz(&self) -> Answer {
        if self.stop.is_cancelled() {
            return text(StatusCode::SERVICE_UNAVAILABLE, "stopping\n".to_owned());
        }
        let health = self.store.health();
        match health.reason {
            None if health.writable => text(StatusCode::OK, "ready\n".to_owned()),
            // Every server sees the same clusters: taken out by a load balancer, nobody would serve the others' tenants.
            Some(reason) if health.writable => {
                text(StatusCode::OK, format!("ready, but not for every tenant: {reason}\n"))
            }
            reason => {
                let reason = reason.unwrap_or_else(|| "no reason given".to_owned());
                text(StatusCode::SERVICE_UNAVAILABLE, format!("the store takes no changes: {reason}\n"))
            }
        }
    }

    fn fault(&self, cx: &RequestContext, status: StatusCode, code: &str, message: &str) -> Answer {
        fault(cx, self.env.clock.timestamp(), status, code, message)
    }
}

fn with_allow(mut answer: Answer) -> Answer {
    answer.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET, HEAD, OPTIONS"));
    answer
}

fn text(status: StatusCode, body: String) -> Answer {
    let mut answer = Answer::new(Full::new(Bytes::from(body)));
    *answer.status_mut() = status;
    if status != StatusCode::NO_CONTENT {
        let headers = answer.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    answer
}

#[cfg(test)]
mod tests {
    use super::Route;

    #[test]
    fn the_first_segment_decides_who_answers() {
        for (path, route) in [
            ("/beta/officeConfiguration", Route::Admin),
            ("/v1.0", Route::Admin),
            ("/v3/x", Route::Admin),
            ("/healthz", Route::Healthz),
            ("/readyz/", Route::Readyz),
            ("/metrics", Route::Metrics),
            ("/openapi.json", Route::OpenApi),
            ("/openapi.yaml/x", Route::Admin),
            ("/user/v1.0/web/policies", Route::Client),
            ("/", Route::Nobody),
            ("*", Route::Nobody),
            ("", Route::Nobody),
        ] {
            assert_eq!(Route::of(path), route, "{path}");
        }
    }
}
