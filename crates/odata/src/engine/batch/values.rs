//! `$id` and `$id/path` in expressions: values of earlier answers, put where a later request names them (OData 4.01 part 1,
//! 11.7.6; JSON format 4.01, 19.1). Knows no model: what the values mean is for the expression to say.

use std::fmt::Write as _;
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use http::{Response, header};

use super::json::is_json_media;
use crate::engine::head::media::Media;
use crate::json::{self, Json, JsonKind};

/// A place in an expression that names an earlier request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mention {
    /// From `$` to the end of the path.
    pub(super) range: Range<usize>,
    /// As given, without `$`.
    pub(super) id: Arc<str>,
    /// Segments behind the id.
    pub(super) path: Arc<str>,
    /// The item of that id, once resolved.
    pub(super) item: usize,
}

/// Everything in an expression, or in the query part of a URL, that looks like a mention: not in strings, not the name of an
/// option, not a segment behind others. Which are, only the ids can tell.
pub(super) fn mentions(text: &str, from: usize) -> Vec<Mention> {
    let mut found = Vec::new();
    let mut quoted = false;
    let mut at = from;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        if rest.starts_with('\'') || rest.starts_with("%27") {
            quoted = !quoted;
        }
        let is_behind = text[from..at].ends_with(['/', '$']);
        let Some(named) = rest.strip_prefix('$').filter(|_| !quoted && !is_behind) else {
            at += rest.chars().next().map_or(1, char::len_utf8);
            continue;
        };
        let id = &named[..end_of(named, |b| b.is_ascii_alphanumeric() || b"-_~".contains(&b))];
        let path = path_of(&named[id.len()..]);
        let end = at + 1 + id.len() + path.len();
        if !id.is_empty() && !text[end..].starts_with('=') {
            let path = path.trim_start_matches('/').into();
            found.push(Mention { range: at..end, id: id.into(), path, item: 0 });
        }
        at = end;
    }
    found
}

/// `/name/0/name` at the start of a text.
fn path_of(text: &str) -> &str {
    let mut end = 0;
    while let Some(segment) = text[end..].strip_prefix('/') {
        let length = end_of(segment, |b| b.is_ascii_alphanumeric() || b"_$@".contains(&b) || !b.is_ascii());
        if length == 0 {
            break;
        }
        end += 1 + length;
    }
    &text[..end]
}

fn end_of(text: &str, is_part: impl Fn(u8) -> bool) -> usize {
    text.bytes().position(|b| !is_part(b)).unwrap_or(text.len())
}

/// The text with every mention replaced by what `literal` makes of it.
///
/// # Errors
/// The id whose request gave no such value.
pub(super) fn fill(
    text: &str,
    mentions: &[Mention],
    literal: impl Fn(&Mention) -> Option<String>,
) -> Result<String, Arc<str>> {
    let mut filled = String::with_capacity(text.len());
    let mut copied = 0;
    for mention in mentions {
        filled.push_str(&text[copied..mention.range.start]);
        filled.push_str(&literal(mention).ok_or_else(|| Arc::clone(&mention.id))?);
        copied = mention.range.end;
    }
    filled.push_str(&text[copied..]);
    Ok(filled)
}

/// The value at a path of an answer's body as an expression writes it; of no path the whole body. `None` where there is none.
pub(super) fn literal(answer: &Response<Bytes>, path: &str) -> Option<String> {
    let body = answer.body();
    let given = answer.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    if !given.and_then(Media::parse).is_some_and(|media| is_json_media(&media)) {
        // A raw value or a count; with no body, null.
        let text = std::str::from_utf8(body).ok().filter(|_| path.is_empty())?;
        return Some(match text.parse::<f64>() {
            _ if text.is_empty() => "null".to_owned(),
            Ok(_) => text.to_owned(),
            Err(_) => quoted(text),
        });
    }
    let tree = json::parse(body).ok()?;
    let mut value = &tree;
    for segment in path.split('/').filter(|segment| !segment.is_empty()) {
        value = inside(value, segment)?;
    }
    // What a property or an operation gives is wrapped where it is no object.
    if path.is_empty()
        && let JsonKind::Object(members) = &value.kind
        && members.iter().all(|member| &*member.name == "value" || member.name.starts_with('@'))
    {
        value = inside(value, "value")?;
    }
    Some(match &value.kind {
        JsonKind::String(text) => quoted(text),
        _ => std::str::from_utf8(body.get(value.at..value.end)?).ok()?.to_owned(),
    })
}

fn inside<'j>(value: &'j Json<'j>, segment: &str) -> Option<&'j Json<'j>> {
    match &value.kind {
        JsonKind::Object(members) => members.iter().find(|member| &*member.name == segment).map(|member| &member.value),
        JsonKind::Array(elements) => elements.get(segment.parse::<usize>().ok()?),
        _ => None,
    }
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// A literal as the query part of a URL holds it.
pub(super) fn encoded(literal: &str) -> String {
    let mut out = String::with_capacity(literal.len());
    for byte in literal.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~'(),:".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing to a `String` cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::Response;

    use super::{encoded, literal, mentions};

    #[test]
    fn mentions_are_found_where_expressions_stand() {
        let found = |text: &str| -> Vec<(String, String)> {
            mentions(text, 0).iter().map(|mention| (mention.id.to_string(), mention.path.to_string())).collect()
        };
        let pair = |id: &str, path: &str| (id.to_owned(), path.to_owned());
        assert_eq!(found("?$filter=Price gt $1/Price"), [pair("1", "Price")]);
        assert_eq!(found("contains($a-b/value/0/Name,'$2') and $3"), [pair("a-b", "value/0/Name"), pair("3", "")]);
        assert_eq!(found("$1/$succeeded"), [pair("1", "$succeeded")]);
        for text in
            ["?$top=1&$skip=2", "Parts/$count gt 1", "?$expand=A($select=b)", "Name eq %27$1%27", "$", "$$1", "ä"]
        {
            assert_eq!(found(text), [], "{text}");
        }
    }

    #[test]
    fn values_are_literals() {
        let answer = |media_type: &str, body: &'static str| {
            Response::builder()
                .header("content-type", media_type)
                .body(Bytes::from_static(body.as_bytes()))
                .expect("a response")
        };
        let json =
            answer("application/json;metadata=minimal", r#"{"@c":"x","a":"O'N","b":[1.50,{"c":null}],"d":true}"#);
        for (path, wanted) in
            [("a", Some("'O''N'")), ("b/0", Some("1.50")), ("b/1/c", Some("null")), ("d", Some("true"))]
        {
            assert_eq!(literal(&json, path).as_deref(), wanted, "{path}");
        }
        assert_eq!(literal(&json, "b/2"), None);
        assert_eq!(literal(&answer("application/json", r#"{"@c":"x","value":7}"#), "").as_deref(), Some("7"));
        assert_eq!(literal(&answer("text/plain", "7"), "").as_deref(), Some("7"));
        assert_eq!(literal(&answer("text/plain", "seven"), "").as_deref(), Some("'seven'"));
        assert_eq!(encoded("'a b&c'"), "'a%20b%26c'");
    }
}
