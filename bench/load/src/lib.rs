//! An HTTP/1.1 load generator: one thread, many kept-alive connections. Closed loop ([`run`]): requests built beforehand, the next one goes out when
//! an answer came. Open loop ([`run_open`]): requests are due at their times, and latency counts from there. It parses of an answer only the
//! head, so that it costs far less than any server. It must never know what the bodies mean.

mod arrivals;
pub mod client;
mod connection;
mod head;
mod open;
mod round;
mod timeline;

pub use arrivals::{Arrivals, Phase};
pub use client::Client;
pub use head::Reply;
pub use open::{Arrival, End, OpenOutcome, OpenPlan, Source, run_open};
pub use round::{FAULTS_MAX, Outcome, Plan, Stop, run};
pub use timeline::{Timeline, Window};

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
