//! The head of an answer: its status, what it says of a check-in, and where it ends. It must never look at the body.

use std::io;

use memchr::memmem;

/// What an answer says before its body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// False when the answer says that the check-in is not on record (`officeconfig-recorded: false`).
    pub recorded: bool,
    /// Seconds of `Retry-After`.
    pub retry_after: Option<u32>,
    /// The server closes the connection after this answer.
    pub(crate) closes: bool,
}

/// What counts of a head.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) reply: Reply,
    /// Bytes of head and body together.
    pub(crate) total: usize,
    /// Bytes of the head.
    pub(crate) length: usize,
}

/// `None` until the head is complete. An answer without a length (chunked) is an error: none of the servers sends one on the measured paths.
pub(crate) fn parse(bytes: &[u8]) -> io::Result<Option<Head>> {
    let Some(end) = memmem::find(bytes, b"\r\n\r\n") else {
        return Ok(None);
    };
    let status = bytes
        .get(9..12)
        .filter(|_| bytes.starts_with(b"HTTP/1.1 "))
        .and_then(number)
        .and_then(|status| u16::try_from(status).ok())
        .ok_or_else(|| invalid("no status line"))?;
    let mut body = None;
    let mut reply = Reply { status, recorded: true, retry_after: None, closes: false };
    let mut rest = &bytes[..end];
    while let Some(line_end) = memchr::memchr(b'\n', rest) {
        rest = &rest[line_end + 1..];
        match rest.first() {
            Some(b'c' | b'C' | b'o' | b'O' | b'r' | b'R') => {}
            _ => continue,
        }
        if let Some(value) = value_of(rest, b"content-length:") {
            body = number(value);
        } else if let Some(value) = value_of(rest, b"connection:") {
            reply.closes = value.eq_ignore_ascii_case(b"close");
        } else if let Some(value) = value_of(rest, b"officeconfig-recorded:") {
            reply.recorded = !value.eq_ignore_ascii_case(b"false");
        } else if let Some(value) = value_of(rest, b"retry-after:") {
            reply.retry_after = number(value).and_then(|seconds| seconds.try_into().ok());
        }
    }
    let length = end + 4;
    let body = match (body, status) {
        (Some(body), _) => body,
        (None, 204 | 304) => 0,
        (None, _) => return Err(invalid("an answer without a content-length")),
    };
    Ok(Some(Head { reply, total: length + body, length }))
}

fn value_of<'a>(lines: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    let start = lines.get(..name.len())?;
    if !start.eq_ignore_ascii_case(name) {
        return None;
    }
    let value = &lines[name.len()..];
    let end = memchr::memchr(b'\r', value).unwrap_or(value.len());
    Some(value[..end].trim_ascii())
}

fn number(digits: &[u8]) -> Option<usize> {
    std::str::from_utf8(digits).ok()?.parse().ok()
}

fn invalid(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

#[cfg(test)]
mod tests {
    use super::{Head, Reply, parse};

    #[test]
    fn a_head_gives_status_and_total_length() {
        let answer = b"HTTP/1.1 201 Created\r\ncache-control: no-store\r\nContent-Length: 12\r\nx: y\r\n\r\n{";
        let head = parse(answer).expect("well formed");
        let reply = Reply { status: 201, recorded: true, retry_after: None, closes: false };
        let expected = Head { reply, total: answer.len() - 1 + 12, length: answer.len() - 1 };
        assert_eq!(head, Some(expected));
    }

    #[test]
    fn an_incomplete_head_waits_for_more() {
        let head = parse(b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\n").expect("well formed so far");
        assert_eq!(head, None);
    }

    #[test]
    fn a_closing_answer_is_noticed() {
        let head = parse(b"HTTP/1.1 503 X\r\nconnection: close\r\ncontent-length: 0\r\n\r\n")
            .expect("well formed")
            .expect("complete");
        assert!(head.reply.closes);
    }

    #[test]
    fn what_is_said_of_a_check_in_is_noticed() {
        let parsed = |head: &[u8]| parse(head).expect("well formed").expect("complete").reply;
        let unrecorded = parsed(b"HTTP/1.1 304 Not Modified\r\nofficeconfig-recorded: false\r\netag: x\r\n\r\n");
        assert_eq!((unrecorded.status, unrecorded.recorded), (304, false));
        let busy = parsed(b"HTTP/1.1 503 X\r\nRetry-After: 17\r\ncontent-length: 0\r\n\r\n");
        assert_eq!((busy.recorded, busy.retry_after), (true, Some(17)));
    }

    #[test]
    fn an_answer_without_a_length_is_an_error() {
        assert!(parse(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n").is_err());
    }
}
