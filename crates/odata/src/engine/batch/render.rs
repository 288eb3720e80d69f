//! The answer to a batch: the answers of its requests, in the form that was asked for. Decides no inner status.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Response, header};

use super::json::is_json_media;
use super::{BatchRun, Form, Item};
use crate::engine::head::media::Media;
use crate::engine::render::message;
use crate::json::{check, push_string};
use crate::profile::Profile;

/// About one connection or one message, and nothing inside a batch.
const OUTER_ONLY: [HeaderName; 4] =
    [header::CONNECTION, header::CONTENT_LENGTH, header::DATE, header::TRANSFER_ENCODING];

impl BatchRun {
    /// Puts the answers together, once [`Self::next`] gave `None`.
    ///
    /// ```
    /// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
    /// # let engine = shop::engine();
    /// use odata::engine::BatchStep;
    ///
    /// let body = r#"{"requests":[{"id":"1","method":"delete","url":"products(1)"}]}"#;
    /// let mut run = shop::batch(&engine, body)?.start();
    /// while let Some(BatchStep::Execute(_)) = run.next() {
    ///     run.answer(http::Response::builder().status(204).body(bytes::Bytes::new()).expect("a response"));
    /// }
    /// assert_eq!(run.response().body(), r#"{"responses":[{"id":"1","status":204,"headers":{}}]}"#);
    /// # Ok::<(), odata::Error>(())
    /// ```
    pub fn response(self) -> Response<Bytes> {
        let answer = &self.batch.answer;
        let (body, content_type) = match answer.form {
            Form::Json => (self.json(), "application/json".to_owned()),
            Form::Multipart => {
                let mut boundaries = Boundaries::of(self.answers.iter().flatten().map(|answer| &**answer.body()));
                let boundary = boundaries.next();
                let body = self.multipart(&boundary, &mut boundaries);
                (body, format!("multipart/mixed; boundary={boundary}"))
            }
        };
        let mut response = Response::new(Bytes::from(body));
        let headers = response.headers_mut();
        if let Ok(value) = HeaderValue::from_str(&content_type) {
            headers.insert(header::CONTENT_TYPE, value);
        }
        headers.insert(HeaderName::from_static("odata-version"), HeaderValue::from_static(answer.version));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
        if answer.applied {
            let name = HeaderName::from_static("preference-applied");
            headers.insert(name, HeaderValue::from_static("continue-on-error"));
        }
        response
    }

    fn answered(&self) -> impl Iterator<Item = (usize, &Item, &Response<Bytes>)> {
        let answered = self.batch.items.iter().zip(&self.answers).enumerate();
        answered.filter_map(|(index, (item, answer))| Some((index, item, answer.as_ref()?)))
    }

    fn json(&self) -> Vec<u8> {
        let size: usize = self.answers.iter().flatten().map(|answer| answer.body().len() + 512).sum();
        let mut out = Vec::with_capacity(size + 32);
        out.extend_from_slice(b"{\"responses\":[");
        for (number, (index, item, answer)) in self.answered().enumerate() {
            out.extend_from_slice(if number == 0 { b"{\"id\":" } else { b",{\"id\":" });
            // A part of a multipart batch may have no id of its own: its place tells it then.
            if item.id.is_empty() {
                push_string(&mut out, &(index + 1).to_string());
            } else {
                push_string(&mut out, &item.id);
            }
            if let Some(group) = item.group {
                out.extend_from_slice(b",\"atomicityGroup\":");
                push_string(&mut out, &self.group_name(group));
            }
            out.extend_from_slice(b",\"status\":");
            out.extend_from_slice(answer.status().as_str().as_bytes());
            out.extend_from_slice(b",\"headers\":");
            push_headers(&mut out, answer.headers(), self.batch.answer.profile);
            if !answer.body().is_empty() {
                out.extend_from_slice(b",\"body\":");
                push_body(&mut out, answer, self.batch.answer.profile);
            }
            out.push(b'}');
        }
        out.extend_from_slice(b"]}");
        out
    }

    /// A change set has no name of its own: it gets one that no request has.
    fn group_name(&self, group: usize) -> Cow<'_, str> {
        let given = &*self.batch.groups[group].name;
        if !given.is_empty() {
            return Cow::Borrowed(given);
        }
        let mut name = format!("changeset{}", group + 1);
        while self.batch.items.iter().any(|item| item.id.eq_ignore_ascii_case(&name)) {
            name.push('_');
        }
        Cow::Owned(name)
    }

    fn multipart(&self, boundary: &str, boundaries: &mut Boundaries) -> Vec<u8> {
        let size: usize = self.answers.iter().flatten().map(|answer| answer.body().len() + 512).sum();
        let mut out = Vec::with_capacity(size + 128);
        // The group being written, and its boundary.
        let mut inside: Option<(usize, String)> = None;
        for (_, item, answer) in self.answered() {
            let group = item.group.filter(|group| self.failed[*group].is_none());
            if inside.as_ref().map(|(open, _)| *open) != group {
                close(&mut out, inside.take().as_ref());
                if let Some(group) = group {
                    let inner = boundaries.next();
                    push(&mut out, &format!("--{boundary}\r\nContent-Type: multipart/mixed; boundary={inner}\r\n\r\n"));
                    inside = Some((group, inner));
                }
            }
            part(&mut out, inside.as_ref().map_or(boundary, |(_, inner)| inner), item, answer);
        }
        close(&mut out, inside.as_ref());
        push(&mut out, &format!("--{boundary}--\r\n"));
        out
    }
}

fn close(out: &mut Vec<u8>, inside: Option<&(usize, String)>) {
    if let Some((_, inner)) = inside {
        push(out, &format!("--{inner}--\r\n"));
    }
}

fn part(out: &mut Vec<u8>, boundary: &str, item: &Item, answer: &Response<Bytes>) {
    push(out, &format!("--{boundary}\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n"));
    if !item.id.is_empty() {
        push(out, &format!("Content-ID: {}\r\n", item.id));
    }
    push(out, "\r\n");
    let mut inner = answer.clone();
    for name in OUTER_ONLY {
        inner.headers_mut().remove(name);
    }
    out.extend_from_slice(&message(&inner));
    push(out, "\r\n");
}

fn push(out: &mut Vec<u8>, text: &str) {
    out.extend_from_slice(text.as_bytes());
}

/// Boundaries that no line of any answer is: there is no chance to draw from, so those that occur are left out.
pub(super) struct Boundaries {
    used: HashSet<u64>,
    last: u64,
}

impl Boundaries {
    pub(super) fn of<'b>(bodies: impl Iterator<Item = &'b [u8]>) -> Self {
        let mut used = HashSet::new();
        for line in bodies.flat_map(|body| body.split(|b| *b == b'\n')) {
            let digits = line.strip_prefix(b"--batch_").map(|rest| {
                let end = rest.iter().position(|b| !b.is_ascii_digit()).unwrap_or(rest.len());
                &rest[..end]
            });
            used.extend(digits.and_then(|digits| std::str::from_utf8(digits).ok()?.parse::<u64>().ok()));
        }
        Self { used, last: 0 }
    }

    pub(super) fn next(&mut self) -> String {
        loop {
            self.last += 1;
            if !self.used.contains(&self.last) {
                return format!("batch_{}", self.last);
            }
        }
    }
}

fn push_headers(out: &mut Vec<u8>, headers: &HeaderMap, profile: Profile) {
    out.push(b'{');
    let mut first = true;
    for name in headers.keys().filter(|name| !OUTER_ONLY.contains(name)) {
        if !std::mem::take(&mut first) {
            out.push(b',');
        }
        match profile {
            Profile::Strict => push_string(out, name.as_str()),
            // SDKs look some of them up as they are usually written.
            Profile::Graph => push_string(out, &usual(name)),
        }
        out.push(b':');
        let values: Vec<_> =
            headers.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes())).collect();
        push_string(out, &values.join(", "));
    }
    out.push(b'}');
}

/// `content-type` as `Content-Type`.
fn usual(name: &HeaderName) -> String {
    match name.as_str() {
        "etag" => return "ETag".to_owned(),
        "odata-version" => return "OData-Version".to_owned(),
        "odata-entityid" => return "OData-EntityId".to_owned(),
        "www-authenticate" => return "WWW-Authenticate".to_owned(),
        "request-id" | "client-request-id" => return name.as_str().to_owned(),
        _ => {}
    }
    let mut usual = String::with_capacity(name.as_str().len());
    for (index, word) in name.as_str().split('-').enumerate() {
        let (head, tail) = word.split_at(word.len().min(1));
        let _ = write!(usual, "{}{}{tail}", if index == 0 { "" } else { "-" }, head.to_ascii_uppercase());
    }
    usual
}

/// JSON as it is, text as a string, anything else in base64.
fn push_body(out: &mut Vec<u8>, answer: &Response<Bytes>, profile: Profile) {
    let given = answer.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let media = given.and_then(Media::parse);
    let body = answer.body().strip_prefix("\u{feff}".as_bytes()).unwrap_or(answer.body());
    let is_json = media.as_ref().is_some_and(is_json_media);
    // Bytes of a stream may only say that they are JSON.
    if is_json && check(body).is_ok() {
        out.extend_from_slice(body);
        return;
    }
    let is_text = media.is_some_and(|media| media.main.eq_ignore_ascii_case("text"));
    match std::str::from_utf8(answer.body()) {
        Ok(text) if is_text => push_string(out, text),
        _ => push_string(
            out,
            &match profile {
                Profile::Strict => URL_SAFE_NO_PAD.encode(answer.body()),
                Profile::Graph => STANDARD.encode(answer.body()),
            },
        ),
    }
}
