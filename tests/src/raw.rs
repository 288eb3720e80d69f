//! HTTP/1.1 by hand, for requests that no client library would send.

use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use crate::Service;

/// A connection on which a test writes what it likes.
pub struct Raw {
    stream: TcpStream,
    unread: Vec<u8>,
}

/// An answer taken apart just enough.
#[derive(Debug)]
pub struct RawAnswer {
    /// HTTP status.
    pub status: u16,
    /// The header block as it came, in lower case.
    pub head: String,
    /// The body.
    pub body: Vec<u8>,
}

impl Raw {
    /// Connects.
    pub fn connect(service: &Service) -> Self {
        let stream = TcpStream::connect(service.address()).unwrap();
        stream.set_nodelay(true).unwrap();
        Self { stream, unread: Vec::new() }
    }

    /// Connects, unless nobody listens any more.
    pub fn connect_if_open(service: &Service) -> Option<Self> {
        let stream = TcpStream::connect(service.address()).ok()?;
        Some(Self { stream, unread: Vec::new() })
    }

    /// Writes bytes; false when the other side has closed.
    pub fn send(&mut self, bytes: &[u8]) -> bool {
        self.stream.write_all(bytes).is_ok()
    }

    /// Writes a request with a body of known length.
    pub fn request(&mut self, line: &str, headers: &[(&str, &str)], body: &[u8]) -> bool {
        let mut head = format!("{line} HTTP/1.1\r\nhost: localhost\r\n");
        for (name, value) in headers {
            let _ = write!(head, "{name}: {value}\r\n");
        }
        let _ = write!(head, "content-length: {}\r\n\r\n", body.len());
        self.send(head.as_bytes()) && self.send(body)
    }

    /// Reads one answer; `None` when the connection is closed, or nothing whole comes within `patience`.
    pub fn answer(&mut self, patience: Duration) -> Option<RawAnswer> {
        let end = Instant::now() + patience;
        let head_length = loop {
            if let Some(at) = find(&self.unread, b"\r\n\r\n") {
                break at + 4;
            }
            if !self.read_more(end) {
                return None;
            }
        };
        let head = String::from_utf8_lossy(&self.unread[..head_length]).to_lowercase();
        self.unread.drain(..head_length);
        let status = head.split(' ').nth(1)?.parse().ok()?;
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length:"))
            .and_then(|value| value.trim().parse::<usize>().ok())
            .unwrap_or(0);
        while self.unread.len() < length {
            if !self.read_more(end) {
                break;
            }
        }
        let body = self.unread.drain(..length.min(self.unread.len())).collect();
        Some(RawAnswer { status, head, body })
    }

    /// How long it takes until the other side closes; `None` when it stays open for `patience`.
    pub fn closed_within(&mut self, patience: Duration) -> Option<Duration> {
        let start = Instant::now();
        let end = start + patience;
        while self.read_more(end) {}
        (Instant::now() < end).then(|| start.elapsed())
    }

    /// Bytes read so far that belong to no answer.
    pub fn unread(&self) -> &[u8] {
        &self.unread
    }

    fn read_more(&mut self, end: Instant) -> bool {
        let Some(left) = end.checked_duration_since(Instant::now()) else {
            return false;
        };
        self.stream.set_read_timeout(Some(left.max(Duration::from_millis(1)))).unwrap();
        let mut buffer = [0; 16 * 1024];
        match self.stream.read(&mut buffer) {
            Ok(0) | Err(_) => false,
            Ok(count) => {
                self.unread.extend_from_slice(&buffer[..count]);
                true
            }
        }
    }
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}
