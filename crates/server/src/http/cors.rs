//! Cross-origin requests: which web pages may call, and how a browser is told.
//!
//! The service knows no cookies, so any origin may be allowed: a page needs a token of its own.

use http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode, header, request::Parts};

/// Which origins are allowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cors {
    /// Every web page, as Graph does.
    Any,
    /// Only these, as browsers send them (`https://host[:port]`). Empty: none.
    Only(Vec<HeaderValue>),
}

/// What a script may read of an answer beyond the few headers that browsers always show.
const EXPOSED: HeaderValue = HeaderValue::from_static(
    "ETag, Location, OData-EntityId, Preference-Applied, Content-Range, request-id, client-request-id, ReadWriteConsistencyToken, Retry-After, SdkVersion, WWW-Authenticate",
);
const METHODS: HeaderValue = HeaderValue::from_static("GET, HEAD, POST, PATCH, PUT, DELETE, OPTIONS");
/// Browsers ask again after this many seconds; Chromium caps it at 7200.
const PREFLIGHT_MAX_AGE: HeaderValue = HeaderValue::from_static("7200");

impl Cors {
    /// `*` among the origins allows all of them.
    pub fn new(origins: &[HeaderValue]) -> Self {
        if origins.iter().any(|origin| origin == "*") { Self::Any } else { Self::Only(origins.to_vec()) }
    }

    fn allows(&self, origin: &HeaderValue) -> Option<HeaderValue> {
        match self {
            Self::Any => Some(HeaderValue::from_static("*")),
            Self::Only(origins) => origins.contains(origin).then(|| origin.clone()),
        }
    }

    /// Adds what a browser needs to see to hand an answer to the script that asked from `origin`.
    pub(crate) fn decorate(&self, origin: &HeaderValue, headers: &mut HeaderMap) {
        if let Some(allowed) = self.allows(origin) {
            headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, allowed);
            headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
        }
        if matches!(self, Self::Only(_)) {
            vary_on_origin(headers);
        }
    }

    /// The answer to a preflight request; `None` when this is none.
    pub(crate) fn preflight<B: Default>(&self, parts: &Parts) -> Option<Response<B>> {
        if parts.method != Method::OPTIONS || !parts.headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD) {
            return None;
        }
        let origin = parts.headers.get(header::ORIGIN)?;
        let mut response = Response::new(B::default());
        *response.status_mut() = StatusCode::NO_CONTENT;
        if self.allows(origin).is_some() {
            let headers = response.headers_mut();
            headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, METHODS);
            headers.insert(header::ACCESS_CONTROL_MAX_AGE, PREFLIGHT_MAX_AGE);
            if let Some(asked) = parts.headers.get(header::ACCESS_CONTROL_REQUEST_HEADERS) {
                headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, asked.clone());
            }
        }
        Some(response)
    }
}

/// One `Vary` line, whatever else it names.
fn vary_on_origin(headers: &mut HeaderMap) {
    const ORIGIN: &HeaderName = &header::ORIGIN;
    let value = match headers.get(header::VARY).and_then(|value| value.to_str().ok()) {
        Some(names) if names.split(',').any(|name| name.trim().eq_ignore_ascii_case(ORIGIN.as_str())) => return,
        Some(names) => HeaderValue::try_from(format!("{names}, Origin")).ok(),
        None => Some(HeaderValue::from_static("Origin")),
    };
    if let Some(value) = value {
        headers.insert(header::VARY, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listed_origin_is_named_and_vary_stays_one_line() {
        let page = HeaderValue::from_static("https://console.example");
        let cors = Cors::new(std::slice::from_ref(&page));
        let mut headers = HeaderMap::new();
        headers.insert(header::VARY, HeaderValue::from_static("Accept, Prefer"));
        cors.decorate(&page, &mut headers);
        assert_eq!(headers[header::ACCESS_CONTROL_ALLOW_ORIGIN], page);
        assert_eq!(headers[header::VARY], "Accept, Prefer, Origin");
        assert_eq!(headers.get_all(header::VARY).iter().count(), 1);
    }

    #[test]
    fn a_stranger_gets_no_permission() {
        let cors = Cors::new(&[HeaderValue::from_static("https://console.example")]);
        let mut headers = HeaderMap::new();
        cors.decorate(&HeaderValue::from_static("https://evil.example"), &mut headers);
        assert!(!headers.contains_key(header::ACCESS_CONTROL_ALLOW_ORIGIN));
        assert_eq!(headers[header::VARY], "Origin");
    }
}
