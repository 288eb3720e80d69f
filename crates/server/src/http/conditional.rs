//! `If-None-Match` for the answers that are not the engine's (RFC 9110, 13.1.2): whether the client has what it asks for. It must never know
//! what is tagged.

use http::{HeaderMap, HeaderValue, header};

/// Whether the client names `tag`, or anything at all (`*`). Compared weakly, as this header asks for. What is not as the grammar says
/// names nothing from there on to the end of its line.
pub(crate) fn is_known(headers: &HeaderMap, tag: &HeaderValue) -> bool {
    let tag = tag.as_bytes();
    let opaque = tag.strip_prefix(b"W/").unwrap_or(tag);
    headers.get_all(header::IF_NONE_MATCH).iter().any(|line| names(line.as_bytes(), opaque))
}

/// Whether a line of the header names this tag, which has its quotes.
fn names(line: &[u8], opaque: &[u8]) -> bool {
    let mut rest = line.trim_ascii();
    if rest == b"*" {
        return true;
    }
    while !rest.is_empty() {
        // Elements of a list may be empty.
        if let Some(behind) = rest.strip_prefix(b",") {
            rest = behind.trim_ascii_start();
            continue;
        }
        let quoted = rest.strip_prefix(b"W/").unwrap_or(rest);
        let Some(length) = quoted_length(quoted) else { return false };
        let (tag, behind) = quoted.split_at(length);
        rest = behind.trim_ascii_start();
        if !rest.is_empty() && !rest.starts_with(b",") {
            return false;
        }
        if tag == opaque {
            return true;
        }
    }
    false
}

/// The length of the quoted text that bytes begin with, its quotes included.
fn quoted_length(bytes: &[u8]) -> Option<usize> {
    let text = bytes.strip_prefix(b"\"")?;
    let end = text.iter().position(|byte| !matches!(byte, 0x21 | 0x23..=0x7e | 0x80..))?;
    (text[end] == b'"').then_some(end + 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(lines: &[&str]) -> bool {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(header::IF_NONE_MATCH, HeaderValue::from_str(line).expect("a value"));
        }
        is_known(&headers, &HeaderValue::from_static("W/\"a1\""))
    }

    #[test]
    fn a_tag_is_known_weak_or_strong_alone_or_in_a_list() {
        for lines in [
            &["W/\"a1\""][..],
            &["\"a1\""],
            &["*"],
            &[" * "],
            &["\"x\", W/\"a1\""],
            &["\"x\",\"a1\""],
            &[", ,\"x\" ,\t\"a1\" ,"],
            &["\"a,1\", \"a1\""],
            &["\"x\"", "W/\"a1\""],
            &["broken", "\"a1\""],
        ] {
            assert!(known(lines), "{lines:?}");
        }
    }

    #[test]
    fn what_is_another_tag_or_none_is_not_known() {
        for lines in [
            &[][..],
            &[""],
            &["a1"],
            &["W/a1"],
            &["w/\"a1\""],
            &["\"a1"],
            &["a1\""],
            &["\"a1\"x"],
            &["\"a1\" \"a1\""],
            &["\"A1\""],
            &["\"W/\"a1\"\""],
            &["\"x\", *"],
            &["\"a 1\", \"a1\""],
            &["\"a\", \"1\""],
            &["\"x,\"a1\""],
        ] {
            assert!(!known(lines), "{lines:?}");
        }
    }
}
