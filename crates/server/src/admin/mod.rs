//! The admin plane, `/beta/…` and `/v1.0/…`.

use bytes::Bytes;
use http::{Response, StatusCode, request::Parts};
use http_body_util::Full;

use crate::app::App;
use crate::http::{RequestBody, RequestContext};

/// Answers one request of the admin plane.
///
/// The caller sets `request-id`, `client-request-id`, `Date` and the CORS headers, strips the body of an answer to HEAD,
/// and drains what is left unread of `body`.
#[expect(clippy::unused_async, reason = "the plane awaits the store")]
pub async fn handle(_app: &App, _cx: RequestContext, _parts: Parts, _body: &mut RequestBody) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::default());
    *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
    response
}
