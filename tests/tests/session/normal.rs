//! What two services cannot have in common is put in one form: ids and continuation tokens are numbered as they are first seen, times and dates that the
//! service made lose their digits, its address its port, lists of ids their order. Entity tags and the hashes of policies stay: they are made of versions
//! and contents, which are the same. It must never know what an answer is about.

use std::collections::{HashMap, HashSet};

use e2e::Answer;

/// What was seen so far in a session.
pub(crate) struct Normal {
    address: String,
    ids: HashMap<String, usize>,
    tokens: HashMap<String, usize>,
    /// Times that the session gave: they come back as they were.
    given: HashSet<String>,
}

impl Normal {
    pub(crate) fn new(address: String) -> Self {
        Self { address, ids: HashMap::new(), tokens: HashMap::new(), given: HashSet::new() }
    }

    /// Notes the times in what is sent.
    pub(crate) fn give(&mut self, sent: &str) {
        let starts = (0..sent.len()).filter(|&at| sent.is_char_boundary(at));
        self.given.extend(starts.filter_map(|at| time(&sent[at..])).map(str::to_owned));
    }

    /// Status, headers by name, body.
    pub(crate) fn answer(&mut self, answer: &Answer) -> String {
        let mut headers: Vec<String> =
            answer.headers.iter().map(|(name, value)| self.header(answer, name, value)).collect();
        headers.sort_unstable();
        let body = match std::str::from_utf8(&answer.body) {
            Ok(text) => self.text(text),
            Err(_) => answer.body.escape_ascii().to_string(),
        };
        format!("{}\n{}\n\n{body}", answer.status, headers.join("\n"))
    }

    fn header(
        &mut self,
        answer: &Answer,
        name: &reqwest::header::HeaderName,
        value: &reqwest::header::HeaderValue,
    ) -> String {
        let value = String::from_utf8_lossy(value.as_bytes());
        let shown = match name.as_str() {
            "date" | "last-modified" => "<date>".to_owned(),
            // Tokens have another length on each store.
            "content-length" if value == answer.body.len().to_string() => "<that of the body>".to_owned(),
            _ => self.text(&value),
        };
        format!("{name}: {shown}")
    }

    pub(crate) fn text(&mut self, text: &str) -> String {
        let text = text.replace(&self.address, "<service>");
        let mut out = String::with_capacity(text.len());
        let mut rest = text.as_str();
        let mut before = ' ';
        while let Some(first) = rest.chars().next() {
            let (shown, len) = self.next(&out, rest, before).unwrap_or_else(|| (first.to_string(), first.len_utf8()));
            before = rest[..len].chars().next_back().unwrap_or(first);
            out.push_str(&shown);
            rest = &rest[len..];
        }
        in_order(&out)
    }

    /// What stands for what `rest` begins with, and for how much of it.
    fn next(&mut self, out: &str, rest: &str, before: char) -> Option<(String, usize)> {
        if out.ends_with("$skiptoken=") || out.ends_with("$deltatoken=") {
            let len = rest.find(|c: char| !c.is_ascii_alphanumeric() && !"-_.~%".contains(c)).unwrap_or(rest.len());
            return (len > "latest".len()).then(|| (number(&mut self.tokens, "token", &rest[..len]), len));
        }
        if before.is_ascii_alphanumeric() {
            return None;
        }
        if let Some(id) = guid(rest) {
            return Some((number(&mut self.ids, "id", &id.to_lowercase()), id.len()));
        }
        let time = time(rest).filter(|time| !self.given.contains(*time))?;
        Some((time.replace(|c: char| c.is_ascii_digit(), "0"), time.len()))
    }
}

/// With the applied policies in the order of their numbers: a resolution tells them by their ids, which are as chance has it.
fn in_order(text: &str) -> String {
    const LIST: &str = "\"appliedPolicies\":[";
    let mut parts = text.split(LIST);
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (list, rest) = part.split_once(']').unwrap_or((part, ""));
        let mut ids: Vec<&str> = list.split(',').collect();
        if list.starts_with("\"<id ") {
            ids.sort_unstable_by_key(|id| (id.len(), *id));
        }
        out.extend([LIST, &ids.join(","), "]", rest]);
    }
    out
}

fn number(seen: &mut HashMap<String, usize>, what: &str, text: &str) -> String {
    let next = seen.len() + 1;
    format!("<{what} {}>", seen.entry(text.to_owned()).or_insert(next))
}

/// The start of a text that has this form, in which `0` stands for a digit and `x` for a hexadecimal one.
fn formed<'t>(text: &'t str, form: &str) -> Option<&'t str> {
    let start = text.get(..form.len())?;
    let fits = |(c, wanted): (u8, u8)| match wanted {
        b'0' => c.is_ascii_digit(),
        b'x' => c.is_ascii_hexdigit(),
        _ => c == wanted,
    };
    start.bytes().zip(form.bytes()).all(fits).then_some(start)
}

fn guid(text: &str) -> Option<&str> {
    let id = formed(text, "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx")?;
    let goes_on = text[id.len()..].starts_with(|c: char| c.is_ascii_alphanumeric());
    (!goes_on).then_some(id)
}

fn time(text: &str) -> Option<&str> {
    let mut len = formed(text, "0000-00-00T00:00:00")?.len();
    if let Some(fraction) = text[len..].strip_prefix('.') {
        len += 1 + fraction.find(|c: char| !c.is_ascii_digit()).unwrap_or(fraction.len());
    }
    let zone = &text[len..];
    let zone = formed(zone, "Z").or_else(|| formed(zone, "+00:00")).or_else(|| formed(zone, "-00:00"));
    Some(&text[..len + zone.map_or(0, str::len)])
}

#[test]
fn ids_and_tokens_are_numbered_as_they_are_seen() {
    let mut normal = Normal::new("http://127.0.0.1:1".to_owned());
    let (one, other) = ("0a3f0000-0000-4000-8000-000000000000", "0A3F0000-0000-4000-8000-000000000001");
    let text = format!("http://127.0.0.1:1/beta/x/{one}?$skiptoken=aB-_9x2 {other} {one} x{one} {one}0");
    let shown = format!("<service>/beta/x/<id 1>?$skiptoken=<token 1> <id 2> <id 1> x{one} {one}0");
    assert_eq!(normal.text(&text), shown);
    assert_eq!(
        normal.text("?$deltatoken=aB-_9x2&$top=1 ?$deltatoken=latest"),
        "?$deltatoken=<token 1>&$top=1 ?$deltatoken=latest"
    );
}

#[test]
fn times_that_were_given_stay_and_others_keep_their_form() {
    let mut normal = Normal::new("http://127.0.0.1:1".to_owned());
    normal.give("{\"at\":\"2026-05-05T05:05:05.10+05:30\"}");
    let text =
        "2026-05-05T05:05:05.10+05:30 2026-05-05T05:05:05.1+05:30 2026-11-29T23:44:02.1718920Z 2025-02-13T10:17:05";
    let shown =
        "2026-05-05T05:05:05.10+05:30 0000-00-00T00:00:00.0+00:00 0000-00-00T00:00:00.0000000Z 0000-00-00T00:00:00";
    assert_eq!(normal.text(text), shown);
}
