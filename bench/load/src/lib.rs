//! A closed-loop HTTP/1.1 load generator: one thread, many kept-alive connections, requests built beforehand. It parses of an answer only the
//! status and the length, so that it costs far less than any server. It must never know what the bodies mean.

pub mod client;
mod connection;
mod head;
mod round;

pub use client::Client;
pub use round::{Outcome, Plan, Stop, run};

/// The bytes of a request with its headers, ready to be sent any number of times on a kept-alive connection.
pub fn request(method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
    let mut bytes = format!("{method} {path} HTTP/1.1\r\nhost: 127.0.0.1\r\n").into_bytes();
    for (name, value) in headers {
        bytes.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
    }
    if !body.is_empty() {
        bytes.extend_from_slice(b"content-type: application/json\r\n");
        bytes.extend_from_slice(format!("content-length: {}\r\n", body.len()).as_bytes());
    }
    bytes.extend_from_slice(b"\r\n");
    bytes.extend_from_slice(body);
    bytes
}
