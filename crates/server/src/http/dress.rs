//! What every answer wears, whoever made it: ids, CORS, transport security; and how HEAD and 408 are sent.
//!
//! Headers are inserted, never appended: exactly one line each.

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Version, header};
use http_body_util::Full;
use hyper::body::Body;
use uuid::Uuid;

use super::context::CLIENT_REQUEST_ID;
use super::server::Settings;
use super::{Answer, RequestContext};

pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("request-id");
const A_YEAR: HeaderValue = HeaderValue::from_static("max-age=31536000");
const CLOSE: HeaderValue = HeaderValue::from_static("close");

/// What is remembered of a request for dressing its answer.
#[derive(Debug)]
pub(crate) struct Dress {
    request_id: HeaderValue,
    client_request_id: Option<HeaderValue>,
    origin: Option<HeaderValue>,
    head: bool,
    http1: bool,
}

/// Puts the ids of a request inside another on its answer.
pub(crate) fn put_ids_on(headers: &mut HeaderMap, cx: &RequestContext) {
    let request_id = id_value(cx.request_id);
    headers.insert(CLIENT_REQUEST_ID, cx.client_request_id.clone().unwrap_or_else(|| request_id.clone()));
    headers.insert(REQUEST_ID, request_id);
}

impl Dress {
    pub(crate) fn new(cx: &RequestContext, parts: &Parts) -> Self {
        Self {
            request_id: id_value(cx.request_id),
            client_request_id: cx.client_request_id.clone(),
            origin: parts.headers.get(header::ORIGIN).cloned(),
            head: parts.method == Method::HEAD,
            http1: parts.version < Version::HTTP_2,
        }
    }

    /// `last`: no further request is welcome on this connection.
    pub(crate) fn put_on(self, answer: &mut Answer, settings: &Settings, last: bool) {
        let status = answer.status();
        if self.head && !matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED) {
            let length = answer.body().size_hint().exact().unwrap_or(0);
            answer.headers_mut().entry(header::CONTENT_LENGTH).or_insert_with(|| HeaderValue::from(length));
        }
        if self.head {
            *answer.body_mut() = Full::<Bytes>::default();
        }
        let headers = answer.headers_mut();
        if let Some(origin) = &self.origin {
            settings.cors.decorate(origin, headers);
        }
        headers.insert(CLIENT_REQUEST_ID, self.client_request_id.unwrap_or_else(|| self.request_id.clone()));
        headers.insert(REQUEST_ID, self.request_id);
        if settings.hsts {
            headers.insert(header::STRICT_TRANSPORT_SECURITY, A_YEAR);
        }
        // After a body that never ended nothing on this connection can be told apart any more.
        if self.http1 && (last || status == StatusCode::REQUEST_TIMEOUT) {
            headers.insert(header::CONNECTION, CLOSE);
        }
    }
}

fn id_value(id: Uuid) -> HeaderValue {
    let mut text = [0; uuid::fmt::Hyphenated::LENGTH];
    let text = id.as_hyphenated().encode_lower(&mut text);
    HeaderValue::from_str(text).expect("a GUID is visible ASCII")
}
