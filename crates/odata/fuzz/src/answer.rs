//! What every answer of the engine is: sound headers, JSON where it says so, and no fault of the engine's own.

use bytes::Bytes;
use http::{HeaderMap, Response};
use odata::Error;
use odata::engine::{Engine, ErrorContext};

/// Renders a refusal of `input`, which must blame the input and point into it.
pub(crate) fn refusal(engine: &Engine, error: &Error, input: &[u8]) {
    if let Some(position) = error.position {
        assert!(position <= input.len(), "{error:?} points behind the input");
    }
    let headers = HeaderMap::new();
    let context =
        ErrorContext { headers: &headers, date: "2026-01-01T00:00:00", request_id: "1", client_request_id: "1" };
    let response = engine.render_error(error, &context);
    let status = response.status().as_u16();
    assert!((400..500).contains(&status) || status == 501, "{error:?} is answered {status}");
    sound(&response);
}

/// A body that is said to be JSON is JSON.
pub(crate) fn sound(response: &Response<Bytes>) {
    let media_type = response.headers().get(http::header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    if media_type.is_some_and(|text| text.starts_with("application/json")) {
        let json: Result<serde::de::IgnoredAny, _> = serde_json::from_slice(response.body());
        json.unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(response.body())));
    }
}
