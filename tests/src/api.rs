//! Calls to the admin plane as one caller.

use std::time::Duration;

use reqwest::Method;
use reqwest::blocking::{Client, RequestBuilder};
use serde_json::Value;

use crate::{Answer, Service};

/// Longest wait for one answer; a debug build on a busy machine is slow, but not this slow.
const ANSWER_WITHIN: Duration = Duration::from_mins(1);

/// One caller with a token (or none) at one service. Paths are relative to `/beta`, or whole URLs such as a `@odata.nextLink`.
#[derive(Clone)]
pub struct Api {
    base: String,
    token: Option<String>,
    http: Client,
}

/// A request being put together.
pub struct Call {
    text: String,
    request: RequestBuilder,
}

impl Api {
    /// A caller of `service` with this bearer token.
    pub fn new(service: &Service, token: Option<String>) -> Self {
        let mut http = Client::builder().timeout(ANSWER_WITHIN).no_proxy().redirect(reqwest::redirect::Policy::none());
        if let Some(certificate) = service.certificate() {
            http = http.tls_certs_only([certificate]);
        }
        Self { base: service.url(), token, http: http.build().unwrap() }
    }

    /// The same caller at another service, or at the same one after a restart.
    pub fn at(&self, service: &Service) -> Self {
        Self::new(service, self.token.clone())
    }

    /// The same connection pool with another token.
    pub fn with_token(&self, token: &str) -> Self {
        Self { token: Some(token.to_owned()), ..self.clone() }
    }

    /// The same connection pool without a token.
    pub fn anonymous(&self) -> Self {
        Self { token: None, ..self.clone() }
    }

    /// The token in use.
    pub fn token(&self) -> &str {
        self.token.as_deref().unwrap_or_default()
    }

    /// The URL of a path below `/beta`.
    pub fn url(&self, path: &str) -> String {
        if path.starts_with("http") { path.to_owned() } else { format!("{}/beta{path}", self.base) }
    }

    /// A request that the test completes; `path` may also start with `//` to leave `/beta` out (`//healthz`).
    #[track_caller]
    pub fn call(&self, method: &str, path: &str) -> Call {
        let url = match path.strip_prefix("//") {
            Some(rest) => format!("{}/{rest}", self.base),
            None => self.url(path),
        };
        let method_value = Method::from_bytes(method.as_bytes()).unwrap();
        let mut request = self.http.request(method_value, &url);
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        Call { text: format!("{method} {url}"), request }
    }

    /// GET.
    #[track_caller]
    pub fn get(&self, path: &str) -> Answer {
        self.call("GET", path).send()
    }

    /// POST of JSON.
    #[track_caller]
    pub fn post(&self, path: &str, body: &Value) -> Answer {
        self.call("POST", path).json(body).send()
    }

    /// PATCH of JSON.
    #[track_caller]
    pub fn patch(&self, path: &str, body: &Value) -> Answer {
        self.call("PATCH", path).json(body).send()
    }

    /// PUT of bytes.
    #[track_caller]
    pub fn put(&self, path: &str, media_type: &str, body: &[u8]) -> Answer {
        self.call("PUT", path).body(media_type, body).send()
    }

    /// DELETE.
    #[track_caller]
    pub fn delete(&self, path: &str) -> Answer {
        self.call("DELETE", path).send()
    }
}

impl Call {
    /// Adds a header.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.request = self.request.header(name, value);
        self
    }

    /// A JSON body.
    pub fn json(self, body: &Value) -> Self {
        self.body("application/json", body.to_string().as_bytes())
    }

    /// A body of bytes.
    pub fn body(mut self, media_type: &str, body: &[u8]) -> Self {
        self.request = self.request.header("content-type", media_type).body(body.to_vec());
        self
    }

    /// A body without a `Content-Type`.
    pub fn untyped_body(mut self, body: &[u8]) -> Self {
        self.request = self.request.body(body.to_vec());
        self
    }

    /// Sends it and reads the whole answer; stops the test when there is none.
    #[track_caller]
    pub fn send(self) -> Answer {
        let text = self.text.clone();
        match self.try_send() {
            Ok(answer) => answer,
            Err(fault) => panic!("{text}: {fault:?}"),
        }
    }

    /// Sends it; an error when the connection breaks, which a kill makes it do.
    pub fn try_send(self) -> Result<Answer, reqwest::Error> {
        let response = self.request.send()?;
        Ok(Answer {
            request: self.text,
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            body: response.bytes()?.to_vec(),
        })
    }
}
