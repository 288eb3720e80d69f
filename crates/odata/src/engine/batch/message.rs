//! HTTP and MIME as text: header lines and request lines. Tolerates bare LF. Knows nothing of batches.

use http::{HeaderMap, HeaderName, HeaderValue, Method};

/// The next line without its end, and the offset behind it. `None` at the end of the text.
pub(super) fn line(text: &[u8], from: usize) -> Option<(&[u8], usize)> {
    let rest = text.get(from..).filter(|rest| !rest.is_empty())?;
    let (end, next) = match rest.iter().position(|b| *b == b'\n') {
        Some(at) => (at, from + at + 1),
        None => (rest.len(), text.len()),
    };
    let line = &rest[..end];
    Some((line.strip_suffix(b"\r").unwrap_or(line), next))
}

/// Header lines up to an empty one or the end of the text, and the offset behind them.
///
/// # Errors
/// The offset of the line that is none, and why.
pub(super) fn headers(text: &[u8], from: usize) -> Result<(HeaderMap, usize), (usize, &'static str)> {
    let mut headers = HeaderMap::new();
    let mut at = from;
    while let Some((line, next)) = line(text, at) {
        if line.is_empty() {
            return Ok((headers, next));
        }
        if line.starts_with(b" ") || line.starts_with(b"\t") {
            return Err((at, "a header line is folded"));
        }
        let colon = line.iter().position(|b| *b == b':').ok_or((at, "a header line has no colon"))?;
        let name = HeaderName::from_bytes(&line[..colon]).map_err(|_| (at, "the name of a header is malformed"))?;
        let value = HeaderValue::from_bytes(line[colon + 1..].trim_ascii())
            .map_err(|_| (at, "the value of a header is malformed"))?;
        headers.try_append(name, value).map_err(|_| (at, "there are too many headers"))?;
        at = next;
    }
    Ok((headers, text.len()))
}

/// `METHOD url HTTP/1.1`, perhaps without the version, to method and URL.
pub(super) fn request_line(line: &[u8]) -> Option<(&str, &str)> {
    let line = std::str::from_utf8(line).ok()?;
    let (method, rest) = line.split_once(' ')?;
    let url = match rest.rsplit_once(' ') {
        Some((url, "HTTP/1.1" | "HTTP/1.0" | "HTTP/2" | "HTTP/2.0")) => url.trim(),
        Some((_, version)) if version.starts_with("HTTP/") => return None,
        _ => rest.trim(),
    };
    Some((method, url))
}

/// A method that a batch may hold.
pub(super) fn method(name: &str) -> Option<Method> {
    let known = [Method::GET, Method::HEAD, Method::POST, Method::PATCH, Method::PUT, Method::DELETE];
    known.into_iter().find(|method| method.as_str().eq_ignore_ascii_case(name))
}
