//! A request that is not answered as it hoped: rendered in Graph's form by the engine, identity's challenge added. It decides
//! nothing but chance.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Response, header};
use odata::engine::ErrorContext;
use odata::{Error, ErrorKind};

use crate::app::App;
use crate::auth::AuthError;
use crate::http::RequestContext;
use crate::limits::TOOL_RETRY_JITTER_S_MAX;

/// A refusal: by identity, which has headers of its own, or by anything else.
pub(super) enum Refusal {
    Identity(AuthError),
    Fault(Error),
}

impl From<Error> for Refusal {
    fn from(fault: Error) -> Self {
        Self::Fault(fault)
    }
}

impl From<AuthError> for Refusal {
    fn from(fault: AuthError) -> Self {
        Self::Identity(fault)
    }
}

impl Refusal {
    /// The answer; `headers` are the request's.
    pub(super) fn render(self, app: &App, request: &RequestContext, headers: &HeaderMap) -> Response<Bytes> {
        let date = app.env.clock.timestamp().strftime("%Y-%m-%dT%H:%M:%S").to_string();
        let (request_id, client_request_id) = (request.request_id.to_string(), request.client_id());
        let context =
            ErrorContext { headers, date: &date, request_id: &request_id, client_request_id: &client_request_id };
        let engine = &app.admin.engine;
        match self {
            Self::Fault(fault) => engine.render_error(&spread(fault, app), &context),
            Self::Identity(fault) => {
                tracing::debug!(reason = %fault, "a caller was refused");
                let mut response = engine.render_error(&spread(identity_error(&fault), app), &context);
                if let Some(challenge) = fault.www_authenticate() {
                    response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
                }
                response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
                response
            }
        }
    }
}

/// Those who met a 503 together do not come back together.
fn spread(mut fault: Error, app: &App) -> Error {
    if fault.kind == ErrorKind::Unavailable {
        fault.retry_after_s = fault.retry_after_s.map(|least| app.env.spread(least, TOOL_RETRY_JITTER_S_MAX));
    }
    fault
}

fn identity_error(fault: &AuthError) -> Error {
    let kind = match fault.status().as_u16() {
        401 => ErrorKind::Unauthorized,
        403 => ErrorKind::Forbidden,
        _ => ErrorKind::Unavailable,
    };
    let mut error = Error::new(kind, fault.message()).with_code(fault.code());
    error.retry_after_s = fault.retry_after().map(|wait| u32::try_from(wait.as_secs().max(1)).unwrap_or(u32::MAX));
    error
}
