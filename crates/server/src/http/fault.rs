//! An error in Graph's form, for the faults that are found before or beside the planes.

use bytes::Bytes;
use http::{HeaderValue, StatusCode, header};
use http_body_util::Full;
use jiff::Timestamp;
use serde_json::json;

use super::{Answer, RequestContext};

/// The answer to a request that failed: `{"error":{"code","message","innerError":{…}}}` (ruling R11).
///
/// `code` is PascalCase; `message` is for the caller and tells nothing of the inside.
pub fn fault(cx: &RequestContext, now: Timestamp, status: StatusCode, code: &str, message: &str) -> Answer {
    let body = json!({
        "error": {
            "code": code,
            "message": message,
            "innerError": {
                "date": now.strftime("%Y-%m-%dT%H:%M:%S").to_string(),
                "request-id": cx.request_id,
                "client-request-id": cx.client_id(),
            }
        }
    });
    let mut answer = Answer::new(Full::new(Bytes::from(body.to_string())));
    *answer.status_mut() = status;
    let headers = answer.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    answer
}
