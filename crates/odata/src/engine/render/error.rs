//! Errors as they stand on the wire: kind to status and code, by profile.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header};

use super::headers;
use crate::engine::Engine;
use crate::engine::head::version_of_answer;
use crate::error::{Error, ErrorKind};
use crate::json::push_string;
use crate::profile::Profile;

/// What an error answer tells of the request, and (Graph's `innerError`) in its body.
///
/// ```
/// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
/// use odata::engine::{Engine, ErrorContext, Settings};
///
/// let engine = Engine::new(shop::model().into(), Settings::new(odata::Profile::Graph));
/// let headers = &http::HeaderMap::new();
/// let context = ErrorContext { headers, date: "2025-02-13T10:17:05", request_id: "r1", client_request_id: "c1" };
/// let response = engine.render_error(&odata::Error::bad_request("No."), &context);
/// assert!(String::from_utf8_lossy(response.body()).contains(r#""request-id":"r1""#));
/// ```
#[derive(Debug, Clone, Copy)]
pub struct ErrorContext<'a> {
    /// The request's headers, which say the version of the answer.
    pub headers: &'a HeaderMap,
    /// UTC, seconds, no zone: `2025-02-13T10:17:05`.
    pub date: &'a str,
    /// The request's own id.
    pub request_id: &'a str,
    /// The client's id for it, or the same.
    pub client_request_id: &'a str,
}

impl Engine {
    /// Answers an error. `WWW-Authenticate` is the application's.
    ///
    /// ```
    /// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
    /// # let engine = shop::engine();
    /// use odata::engine::ErrorContext;
    ///
    /// let error = shop::head(&engine, "GET /products?$top=x").unwrap_err();
    /// let headers = &http::HeaderMap::new();
    /// let context = ErrorContext { headers, date: "", request_id: "", client_request_id: "" };
    /// let response = engine.render_error(&error, &context);
    /// assert_eq!(response.status(), 400);
    /// assert!(String::from_utf8_lossy(response.body()).contains(r#""target":"$top""#));
    /// ```
    pub fn render_error(&self, error: &Error, cx: &ErrorContext<'_>) -> Response<Bytes> {
        let profile = self.settings.profile;
        let mut response = Response::new(Bytes::from(body(profile, error, cx)));
        *response.status_mut() = status(profile, error.kind);
        let out = response.headers_mut();
        let media_type = match profile {
            Profile::Graph => "application/json",
            Profile::Strict => "application/json;odata.metadata=minimal",
        };
        out.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
        out.insert(header::CONTENT_LANGUAGE, HeaderValue::from_static("en"));
        out.insert(HeaderName::from_static("odata-version"), version_of_answer(cx.headers, profile).header());
        out.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
        out.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        if error.kind == ErrorKind::MethodNotAllowed {
            out.insert(header::ALLOW, headers::allow(&error.allow));
        }
        if let Some(length) = error.length
            && let Ok(range) = HeaderValue::from_str(&format!("bytes */{length}"))
        {
            out.insert(header::CONTENT_RANGE, range);
        }
        if let Some(url) = error.location.as_deref().and_then(|url| HeaderValue::from_str(url).ok()) {
            out.insert(header::LOCATION, url);
        }
        if let Some(seconds) = error.retry_after_s {
            out.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

/// The status of a kind of error.
pub(crate) fn status(profile: Profile, kind: ErrorKind) -> StatusCode {
    let graph = profile == Profile::Graph;
    match kind {
        ErrorKind::UnknownSegment | ErrorKind::NotImplemented if graph => StatusCode::BAD_REQUEST,
        ErrorKind::BadRequest => StatusCode::BAD_REQUEST,
        ErrorKind::NotImplemented => StatusCode::NOT_IMPLEMENTED,
        ErrorKind::Unauthorized => StatusCode::UNAUTHORIZED,
        ErrorKind::Forbidden => StatusCode::FORBIDDEN,
        ErrorKind::NotFound | ErrorKind::UnknownSegment => StatusCode::NOT_FOUND,
        ErrorKind::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
        ErrorKind::NotAcceptable => StatusCode::NOT_ACCEPTABLE,
        ErrorKind::RequestTimeout => StatusCode::REQUEST_TIMEOUT,
        ErrorKind::Conflict => StatusCode::CONFLICT,
        ErrorKind::Gone => StatusCode::GONE,
        ErrorKind::PreconditionFailed => StatusCode::PRECONDITION_FAILED,
        ErrorKind::PayloadTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        ErrorKind::UriTooLong => StatusCode::URI_TOO_LONG,
        ErrorKind::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        ErrorKind::RangeNotSatisfiable => StatusCode::RANGE_NOT_SATISFIABLE,
        ErrorKind::FailedDependency => StatusCode::FAILED_DEPENDENCY,
        ErrorKind::PreconditionRequired => StatusCode::PRECONDITION_REQUIRED,
        ErrorKind::TooManyRequests => StatusCode::TOO_MANY_REQUESTS,
        ErrorKind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        ErrorKind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        ErrorKind::InsufficientStorage => StatusCode::INSUFFICIENT_STORAGE,
    }
}

/// The code of a kind where the error names none.
fn code(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::BadRequest | ErrorKind::UnknownSegment | ErrorKind::NotImplemented => "BadRequest",
        ErrorKind::Unauthorized => "InvalidAuthenticationToken",
        ErrorKind::Forbidden => "Authorization_RequestDenied",
        ErrorKind::NotFound => "ResourceNotFound",
        ErrorKind::MethodNotAllowed => "Request_BadRequest",
        ErrorKind::NotAcceptable => "NotAcceptable",
        ErrorKind::RequestTimeout => "RequestTimeout",
        ErrorKind::Conflict => "Conflict",
        ErrorKind::Gone => "ResyncRequired",
        ErrorKind::PreconditionFailed => "PreconditionFailed",
        ErrorKind::PayloadTooLarge => "RequestEntityTooLarge",
        ErrorKind::UriTooLong => "RequestUriTooLong",
        ErrorKind::UnsupportedMediaType => "UnsupportedMediaType",
        ErrorKind::RangeNotSatisfiable => "InvalidRange",
        ErrorKind::FailedDependency => "FailedDependency",
        ErrorKind::PreconditionRequired => "PreconditionRequired",
        ErrorKind::TooManyRequests => "TooManyRequests",
        ErrorKind::Internal => "InternalServerError",
        ErrorKind::Unavailable => "ServiceUnavailable",
        ErrorKind::InsufficientStorage => "InsufficientStorage",
    }
}

fn code_of(profile: Profile, error: &Error) -> &str {
    match (&error.code, profile, error.kind) {
        (Some(code), ..) => code.as_ref(),
        (None, Profile::Strict, ErrorKind::NotImplemented) => "NotImplemented",
        (None, Profile::Strict, ErrorKind::UnknownSegment) => "ResourceNotFound",
        (None, Profile::Strict, ErrorKind::MethodNotAllowed) => "MethodNotAllowed",
        (None, ..) => code(error.kind),
    }
}

/// `"@Org.OData.Core.V1.DataModificationException":{…}`: what a change inside a body came to.
pub(super) fn exception(profile: Profile, error: &Error, operation: &str) -> String {
    let mut out = b"\"@Org.OData.Core.V1.DataModificationException\":{\"info\":{".to_vec();
    fields(&mut out, code_of(profile, error), &error.message, error.target.as_deref());
    out.extend_from_slice(b",\"severity\":\"error\"},\"failedOperation\":");
    push_string(&mut out, operation);
    out.extend_from_slice(format!(",\"responseCode\":{}}}", status(profile, error.kind).as_u16()).as_bytes());
    String::from_utf8(out).unwrap_or_default()
}

fn body(profile: Profile, error: &Error, cx: &ErrorContext<'_>) -> Vec<u8> {
    let mut out = Vec::with_capacity(384);
    out.extend_from_slice(b"{\"error\":{");
    fields(&mut out, code_of(profile, error), &error.message, error.target.as_deref());
    if !error.details.is_empty() {
        out.extend_from_slice(b",\"details\":[");
        for (index, detail) in error.details.iter().enumerate() {
            out.extend_from_slice(if index == 0 { b"{" } else { b",{" });
            fields(&mut out, &detail.code, &detail.message, detail.target.as_deref());
            out.push(b'}');
        }
        out.push(b']');
    }
    let inner: &[u8] = match profile {
        Profile::Graph => b",\"innerError\":{",
        Profile::Strict => b",\"innererror\":{",
    };
    out.extend_from_slice(inner);
    let ids = [("date", cx.date), ("request-id", cx.request_id), ("client-request-id", cx.client_request_id)];
    for (index, (name, text)) in ids.into_iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        push_string(&mut out, name);
        out.push(b':');
        push_string(&mut out, text);
    }
    out.extend_from_slice(b"}}}");
    out
}

fn fields(out: &mut Vec<u8>, code: &str, message: &str, target: Option<&str>) {
    out.extend_from_slice(b"\"code\":");
    push_string(out, code);
    out.extend_from_slice(b",\"message\":");
    push_string(out, message);
    if let Some(target) = target {
        out.extend_from_slice(b",\"target\":");
        push_string(out, target);
    }
}
