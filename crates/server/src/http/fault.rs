//! An error in Graph's form, for the faults that are found before or beside the planes.

use bytes::Bytes;
use http::{HeaderValue, StatusCode, header};
use http_body_util::Full;
use jiff::Timestamp;
use serde::Serialize;
use uuid::Uuid;

use super::{Answer, RequestContext};

#[derive(Serialize)]
struct Body<'a> {
    error: Fault<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Fault<'a> {
    code: &'a str,
    message: &'a str,
    inner_error: InnerError<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct InnerError<'a> {
    date: &'a str,
    request_id: Uuid,
    client_request_id: &'a str,
}

/// The answer to a request that failed: `{"error":{"code","message","innerError":{…}}}` (ruling R11).
///
/// `code` is PascalCase; `message` is for the caller and tells nothing of the inside.
pub fn fault(cx: &RequestContext, now: Timestamp, status: StatusCode, code: &str, message: &str) -> Answer {
    let inner_error = InnerError {
        date: &now.strftime("%Y-%m-%dT%H:%M:%S").to_string(),
        request_id: cx.request_id,
        client_request_id: &cx.client_id(),
    };
    let body = Body { error: Fault { code, message, inner_error } };
    // Strings and a GUID cannot fail to be written.
    let mut answer = Answer::new(Full::new(Bytes::from(serde_json::to_vec(&body).unwrap_or_default())));
    *answer.status_mut() = status;
    let headers = answer.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    answer
}
