//! An answer and what a test may say about it. A wrong status stops the test and shows the whole exchange.

use reqwest::header::HeaderMap;
use serde_json::Value;

/// What the service answered, read to its end.
#[derive(Debug)]
pub struct Answer {
    /// `POST http://…`, for messages.
    pub request: String,
    /// HTTP status.
    pub status: u16,
    /// Header lines.
    pub headers: HeaderMap,
    /// The body's bytes.
    pub body: Vec<u8>,
}

impl Answer {
    /// Stops the test unless the status is `status`.
    #[track_caller]
    pub fn is(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{} answered {}: {}", self.request, self.status, self.text());
        self
    }

    /// 200, and the body as JSON.
    #[track_caller]
    pub fn ok(self) -> Value {
        self.is(200).json()
    }

    /// 201 with a `Location`, and the body as JSON.
    #[track_caller]
    pub fn created(self) -> Value {
        let answer = self.is(201);
        assert!(answer.header("location").is_some(), "{}: 201 without Location", answer.request);
        answer.json()
    }

    /// 204 without a body.
    #[track_caller]
    pub fn no_content(self) -> Self {
        let answer = self.is(204);
        assert!(answer.body.is_empty(), "204 with a body: {}", answer.text());
        answer
    }

    /// An error in Graph's form (ruling R11) with this status; returns the `error` object.
    #[track_caller]
    pub fn error(self, status: u16) -> Value {
        let answer = self.is(status);
        let content_type = answer.header("content-type").unwrap_or_default();
        assert!(content_type.starts_with("application/json"), "{}: an error of type {content_type:?}", answer.request);
        let body = answer.json();
        let error = &body["error"];
        let code = error["code"].as_str().unwrap_or_default();
        assert!(
            code.starts_with(|first: char| first.is_ascii_uppercase()),
            "{}: code {code:?} in {body}",
            answer.request
        );
        assert!(
            error["message"].as_str().is_some_and(|text| !text.is_empty()),
            "{}: no message in {body}",
            answer.request
        );
        let inner = &error["innerError"];
        for member in ["date", "request-id", "client-request-id"] {
            assert!(inner[member].is_string(), "innerError.{member} in {body}");
        }
        // UTC, seconds, no zone: the JavaScript SDK appends the Z itself.
        let date = inner["date"].as_str().unwrap();
        assert_eq!(date.len(), "2025-02-13T10:17:05".len(), "date {date:?}");
        assert_eq!(
            inner["request-id"].as_str(),
            answer.header("request-id"),
            "the header and the body name the same request"
        );
        error.clone()
    }

    /// An error with this status and code.
    #[track_caller]
    pub fn error_code(self, status: u16, code: &str) -> Value {
        let error = self.error(status);
        assert_eq!(error["code"], code, "{error}");
        error
    }

    /// The body as JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        match serde_json::from_slice(&self.body) {
            Ok(value) => value,
            Err(fault) => panic!("{}: {fault} in {}", self.request, self.text()),
        }
    }

    /// The body as text, for messages.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// A header that must not be there twice.
    #[track_caller]
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.get_all(name).iter();
        let first = values.next().map(|value| value.to_str().unwrap());
        assert!(values.next().is_none(), "{}: {name} twice", self.request);
        first
    }

    /// A header that must be there.
    #[track_caller]
    pub fn expect_header(&self, name: &str) -> String {
        match self.header(name) {
            Some(value) => value.to_owned(),
            None => panic!("{} has no {name}: {:?}", self.request, self.headers),
        }
    }
}
