//! A served service on a port of its own, a small HTTP client that sends what it is told to, and checks that are all made
//! before any failure is reported.

use std::fmt::{Debug, Write as _};
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value as Json;

use crate::service::{Service, serve};

/// A running service; it ends with the test.
pub(crate) struct Served {
    address: SocketAddr,
    _runtime: tokio::runtime::Runtime,
}

/// What came back.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Served {
    pub(crate) fn start() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.expect("a runtime");
        let service = Arc::new(Service::new().expect("the model and the seed fit"));
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).expect("a free port");
        let address = listener.local_addr().expect("an address");
        runtime.spawn(serve(service, listener, std::future::pending()));
        Self { address, _runtime: runtime }
    }

    pub(crate) fn root(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[], "")
    }

    /// Sends JSON, as `application/json` unless the headers say otherwise.
    pub(crate) fn json(&self, method: &str, path: &str, body: &str) -> Answer {
        self.send(method, path, &[("Content-Type", "application/json")], body)
    }

    /// Sends a request. Characters that no request line may hold are percent-encoded, everything else goes as it is.
    pub(crate) fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        self.send_bytes(method, path, headers, body.as_bytes())
    }

    pub(crate) fn send_bytes(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let path = path.strip_prefix(&self.root()).unwrap_or(path);
        let mut head =
            format!("{method} {} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n", encoded(path), self.address);
        for (name, value) in headers {
            let _ = write!(head, "{name}: {value}\r\n");
        }
        if !body.is_empty() || matches!(method, "POST" | "PUT" | "PATCH") {
            let _ = write!(head, "Content-Length: {}\r\n", body.len());
        }
        head.push_str("\r\n");
        let mut stream = TcpStream::connect(self.address).expect("the service listens");
        stream.set_read_timeout(Some(Duration::from_secs(30))).expect("a time-out");
        stream.write_all(head.as_bytes()).expect("the head is sent");
        stream.write_all(body).expect("the body is sent");
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).expect("an answer");
        Answer::parse(&bytes)
    }

    /// The key of the first entity whose `Name` it is.
    pub(crate) fn id(&self, set: &str, name: &str) -> String {
        let found = self.get(&format!("/{set}?$filter=Name eq '{name}'&$select=ID")).json();
        found["value"][0]["ID"].as_str().unwrap_or_else(|| panic!("{set} has {name}: {found}")).to_owned()
    }

    /// `/Products(key)` of the product with this name.
    pub(crate) fn product(&self, name: &str) -> String {
        format!("/Products({})", self.id("Products", name))
    }
}

fn encoded(path: &str) -> String {
    path.bytes().fold(String::new(), |mut out, byte| {
        if byte.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
        out
    })
}

impl Answer {
    /// An answer as it came; `Connection: close` ends the body.
    pub(crate) fn parse(bytes: &[u8]) -> Self {
        let split = bytes.windows(4).position(|four| four == b"\r\n\r\n").expect("a whole head");
        let head = std::str::from_utf8(&bytes[..split]).expect("a head is text");
        let mut lines = head.split("\r\n");
        let status = lines.next().and_then(|line| line.split(' ').nth(1)?.parse().ok()).expect("a status line");
        let headers = lines.filter_map(|line| line.split_once(':'));
        let headers = headers.map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned())).collect();
        Self { status, headers, body: bytes[split + 4..].to_vec() }
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap_or("not UTF-8")
    }

    /// The body; null when it is no JSON.
    pub(crate) fn json(&self) -> Json {
        serde_json::from_slice(&self.body).unwrap_or(Json::Null)
    }

    /// One member of each element of `value`.
    pub(crate) fn each(&self, member: &str) -> Vec<Json> {
        let json = self.json();
        json["value"]
            .as_array()
            .map(|items| items.iter().map(|item| item[member].clone()).collect())
            .unwrap_or_default()
    }

    /// `Name` of each element of `value`.
    pub(crate) fn names(&self) -> Vec<String> {
        self.each("Name").iter().map(|name| name.as_str().unwrap_or("?").to_owned()).collect()
    }
}

/// Checks that are all made; what failed is told at the end.
#[derive(Default)]
pub(crate) struct Checks {
    made: usize,
    failed: Vec<String>,
}

impl Checks {
    pub(crate) fn eq<A: Debug + PartialEq<B>, B: Debug>(&mut self, what: &str, found: &A, wanted: &B) {
        self.that(what, found == wanted, || format!("found {found:?}, wanted {wanted:?}"));
    }

    pub(crate) fn that(&mut self, what: &str, holds: bool, why: impl FnOnce() -> String) {
        self.made += 1;
        if !holds {
            self.failed.push(format!("{what}: {}", why()));
        }
    }

    /// The status of an answer.
    pub(crate) fn status(&mut self, what: &str, answer: &Answer, wanted: u16) {
        self.that(what, answer.status == wanted, || {
            let body: String = answer.text().chars().take(300).collect();
            format!("answered {}, wanted {wanted}: {body}", answer.status)
        });
    }

    /// An OData error of a status: JSON with `code` and `message`.
    pub(crate) fn error(&mut self, what: &str, answer: &Answer, wanted: u16) {
        self.status(what, answer, wanted);
        let error = &answer.json()["error"];
        let whole = error["code"].is_string() && error["message"].as_str().is_some_and(|text| !text.is_empty());
        self.that(&format!("{what} (error body)"), whole || answer.status < 400, || answer.text().to_owned());
    }

    /// A status; from 400 on with an error body.
    pub(crate) fn answered(&mut self, what: &str, answer: &Answer, wanted: u16) {
        if wanted >= 400 {
            self.error(what, answer, wanted);
        } else {
            self.status(what, answer, wanted);
        }
    }

    /// A header's value.
    pub(crate) fn header(&mut self, what: &str, answer: &Answer, name: &str, wanted: Option<&str>) {
        let found = answer.header(name);
        self.that(what, found == wanted, || format!("{name} is {found:?}, wanted {wanted:?}"));
    }

    /// The names that a collection request gives, in order.
    pub(crate) fn names(&mut self, served: &Served, path: &str, wanted: &[&str]) {
        let answer = served.get(path);
        let found = answer.names();
        self.that(path, answer.status == 200 && found == wanted, || {
            let body: String = answer.text().chars().take(300).collect();
            format!("answered {} with {found:?}, wanted {wanted:?}: {body}", answer.status)
        });
    }

    /// Tells what failed.
    pub(crate) fn done(self) {
        assert!(
            self.failed.is_empty(),
            "{} of {} checks failed:\n{}",
            self.failed.len(),
            self.made,
            self.failed.join("\n")
        );
    }
}
