//! What the engine's tests share: the office model in both profiles, a token seal, requests in one line.

use std::sync::{Arc, LazyLock};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Response};
use odata::engine::{Engine, ErrorContext, Head, Operation, Outcome, Settings, TokenSeal};
use odata::model::TypeId;
use odata::{Error, Model, Profile, Record};
use serde_json::Value as Json;

pub(crate) const ROOT: &str = "https://example.org/beta";
pub(crate) const CREATE_REQUEST: &str = concat!(
    "{\r\n  \"@odata.type\": \"#microsoft.graph.officeConfiguration\",\r\n  \"tenantCheckinStatuses\": [\r\n    {\r\n",
    "      \"@odata.type\": \"microsoft.graph.officeClientCheckinStatus\",\r\n",
    "      \"userPrincipalName\": \"User Principal Name value\",\r\n      \"deviceName\": \"Device Name value\",\r\n",
    "      \"devicePlatform\": \"Device Platform value\",\r\n",
    "      \"devicePlatformVersion\": \"Device Platform Version value\",\r\n      \"wasSuccessful\": true,\r\n",
    "      \"userId\": \"User Id value\",\r\n      \"checkinDateTime\": \"2017-01-01T00:00:15.2429914+03:00\",\r\n",
    "      \"errorMessage\": \"Error Message value\",\r\n      \"appliedPolicies\": [\r\n",
    "        \"Applied Policies value\"\r\n      ]\r\n    }\r\n  ],\r\n  \"tenantUserCheckinSummary\": {\r\n",
    "    \"@odata.type\": \"microsoft.graph.officeUserCheckinSummary\",\r\n    \"succeededUserCount\": 2,\r\n",
    "    \"failedUserCount\": 15\r\n  }\r\n}",
);

pub(crate) static MODEL: LazyLock<Arc<Model>> = LazyLock::new(|| {
    let xml = include_str!("../../../server/src/office.csdl.xml");
    Arc::new(odata::csdl::read(xml).expect("the office model is valid"))
});

/// Seals with a sum and hexadecimal digits: enough to tell a changed token.
pub(crate) struct Seal;

impl TokenSeal for Seal {
    fn seal(&self, position: &[u8]) -> String {
        let sum = position.iter().fold(7_u8, |sum, byte| sum.wrapping_mul(31).wrapping_add(*byte));
        position.iter().chain([&sum]).fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
    }

    fn open(&self, token: &str) -> Option<Vec<u8>> {
        let bytes: Option<Vec<u8>> = token
            .as_bytes()
            .chunks(2)
            .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
            .collect();
        let bytes = bytes?;
        let (_, position) = bytes.split_last()?;
        (self.seal(position) == token).then(|| position.to_vec())
    }
}

pub(crate) struct World {
    pub(crate) engine: Engine,
}

pub(crate) fn graph() -> World {
    World { engine: Engine::new(Arc::clone(&MODEL), Settings::new(Profile::Graph)) }
}

pub(crate) fn strict() -> World {
    World { engine: Engine::new(Arc::clone(&MODEL), Settings::new(Profile::Strict)) }
}

pub(crate) fn both() -> [World; 2] {
    [graph(), strict()]
}

pub(crate) fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
    pairs
        .iter()
        .map(|(name, value)| {
            let name = HeaderName::from_bytes(name.as_bytes()).expect("a header name");
            (name, HeaderValue::from_str(value).expect("a header value"))
        })
        .collect()
}

pub(crate) fn ty(name: &str) -> TypeId {
    MODEL.type_by_name(&format!("microsoft.graph.{name}")).expect("a type of the office model")
}

pub(crate) fn number(type_name: &str, member: &str) -> u16 {
    MODEL.structured(ty(type_name)).and_then(|ty| ty.member(member)).expect("a member").0
}

impl World {
    pub(crate) fn head(&self, method: &str, url: &str, pairs: &[(&str, &str)]) -> Result<Head, Error> {
        let method = Method::from_bytes(method.as_bytes()).expect("a method");
        self.engine.head(&method, url, &headers(pairs), ROOT, &Seal)
    }

    pub(crate) fn get(&self, url: &str) -> Head {
        self.head("GET", url, &[]).expect("a good request")
    }

    /// Head and bind of a request with a JSON body.
    pub(crate) fn send(&self, method: &str, url: &str, body: &str, stored: Option<TypeId>) -> Result<Operation, Error> {
        let head = self.head(method, url, &[("content-type", "application/json")])?;
        self.engine.bind(&head, Bytes::copy_from_slice(body.as_bytes()), stored)
    }

    pub(crate) fn create(&self, url: &str, body: &str) -> Result<Record, Error> {
        match self.send("POST", url, body, None)? {
            Operation::Create(record) => Ok(record),
            other => panic!("not a create: {other:?}"),
        }
    }

    pub(crate) fn patch(&self, url: &str, body: &str, stored: &str) -> Result<Record, Error> {
        match self.send("PATCH", url, body, Some(ty(stored)))? {
            Operation::Update { record, replace: false } => Ok(record),
            other => panic!("not an update: {other:?}"),
        }
    }

    pub(crate) fn render(&self, head: &Head, outcome: Outcome) -> Response<Bytes> {
        self.engine.render(head, outcome, &Seal).expect("an answer")
    }

    pub(crate) fn status(&self, error: &Error) -> u16 {
        self.engine.render_error(error, &context()).status().as_u16()
    }

    /// Status, code and target of a refusal.
    pub(crate) fn told<T: std::fmt::Debug>(&self, result: Result<T, Error>) -> (u16, String, String) {
        let error = result.expect_err("it must be refused");
        let response = self.engine.render_error(&error, &context());
        let body: Json = serde_json::from_slice(response.body()).expect("JSON");
        let text = |name: &str| body["error"][name].as_str().unwrap_or("").to_owned();
        (response.status().as_u16(), text("code"), text("target"))
    }
}

/// No headers.
pub(crate) static NONE: LazyLock<HeaderMap> = LazyLock::new(HeaderMap::new);

/// What an error answer tells of a request without headers.
pub(crate) fn context() -> ErrorContext<'static> {
    ErrorContext { headers: &NONE, date: "2025-02-13T10:17:05", request_id: "r-1", client_request_id: "c-1" }
}

pub(crate) fn json(response: &Response<Bytes>) -> Json {
    serde_json::from_slice(response.body()).expect("JSON")
}

pub(crate) fn text(response: &Response<Bytes>) -> &str {
    std::str::from_utf8(response.body()).expect("UTF-8")
}

pub(crate) fn header<'r>(response: &'r Response<Bytes>, name: &str) -> &'r str {
    response.headers().get(name).map_or("", |value| value.to_str().expect("text"))
}

/// One check-in status as JSON, with a member replaced or added.
pub(crate) fn status_with(member: &str, value: &str) -> String {
    let mut members = vec![
        ("wasSuccessful", "true".to_owned()),
        ("userId", "\"u\"".to_owned()),
        ("checkinDateTime", "\"2020-01-01T00:00:00Z\"".to_owned()),
    ];
    members.retain(|(name, _)| *name != member);
    let mut text: Vec<String> = members.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
    if !value.is_empty() {
        text.push(format!("\"{member}\":{value}"));
    }
    format!("{{{}}}", text.join(","))
}
