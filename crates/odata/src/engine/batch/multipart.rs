//! The multipart form of a batch (OData Protocol 4.01, 11.7.7): MIME parts to items. Executes nothing, resolves nothing.

use std::ops::Range;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, Method, header};

use super::{Group, Item, Limits, json, message, refer};
use crate::engine::head::media::Media;
use crate::error::{Error, shown};

const CONTENT_ID: HeaderName = HeaderName::from_static("content-id");

/// The boundary that a media type gives.
///
/// # Errors
/// 400: it gives none, or one that is none.
pub(super) fn boundary_of(media: Option<&Media<'_>>, place: &str) -> Result<String, Error> {
    let given = media.and_then(|media| media.params.iter().find(|(name, _)| name == "boundary"));
    match given {
        Some((_, boundary)) if (1..=70).contains(&boundary.len()) && boundary.is_ascii() => Ok(boundary.clone()),
        _ => Err(invalid("the media type needs a boundary of 1 to 70 characters").at(place)),
    }
}

/// Reads the envelope.
///
/// # Errors
/// 400 with the place and the offset.
pub(super) fn read(body: &Bytes, boundary: &str, limits: &Limits<'_>) -> Result<(Vec<Item>, Vec<Group>), Error> {
    let parts = split(body, boundary).map_err(|at| unended(boundary, at).at("body"))?;
    let mut reader = Reader { body, limits, items: Vec::new(), groups: Vec::new() };
    for (index, part) in parts.into_iter().enumerate() {
        reader.part(part, &format!("part {}", index + 1), None)?;
    }
    Ok((reader.items, reader.groups))
}

/// The parts between boundary lines. What stands before the first and behind the last is nothing to anybody.
///
/// # Errors
/// The offset where the text ends without the last boundary.
pub(super) fn split(body: &[u8], boundary: &str) -> Result<Vec<Range<usize>>, usize> {
    let mut parts = Vec::new();
    let mut start = None;
    let mut at = 0;
    while let Some((line, next)) = message::line(body, at) {
        if let Some(last) = delimits(line, boundary) {
            if let Some(start) = start {
                // The line break before a boundary belongs to it.
                let part: &[u8] = &body[start..at];
                let part = part.strip_suffix(b"\n").map_or(part, |part| part.strip_suffix(b"\r").unwrap_or(part));
                parts.push(start..start + part.len());
            }
            if last {
                return Ok(parts);
            }
            start = Some(next);
        }
        at = next;
    }
    Err(body.len())
}

/// Whether a line is a boundary, and whether it is the last.
fn delimits(line: &[u8], boundary: &str) -> Option<bool> {
    let rest = line.strip_prefix(b"--")?.strip_prefix(boundary.as_bytes())?;
    let (rest, last) = rest.strip_prefix(b"--").map_or((rest, false), |rest| (rest, true));
    rest.iter().all(|b| matches!(b, b' ' | b'\t')).then_some(last)
}

struct Reader<'r> {
    body: &'r Bytes,
    limits: &'r Limits<'r>,
    items: Vec<Item>,
    groups: Vec<Group>,
}

impl Reader<'_> {
    /// A request, or outside of a change set a change set.
    fn part(&mut self, part: Range<usize>, place: &str, group: Option<usize>) -> Result<(), Error> {
        let text = &self.body[..part.end];
        let (headers, content) = message::headers(text, part.start).map_err(|fault| malformed(fault, place))?;
        let given = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let media = given.and_then(Media::parse);
        match media {
            Some(media) if media.is("application", "http") => {
                let item = self.request(&headers, content..part.end, place, group)?;
                self.items.push(item);
                self.limits.refuse_more_than_allowed(self.items.len())
            }
            Some(media) if media.is("multipart", "mixed") && group.is_none() => {
                let boundary = boundary_of(Some(&media), place)?;
                self.change_set(content..part.end, &boundary, place)
            }
            _ => {
                let wanted = if group.is_some() { "application/http" } else { "application/http or multipart/mixed" };
                Err(invalid(&format!("the Content-Type of a part must be {wanted}")).at(place).at_position(part.start))
            }
        }
    }

    fn change_set(&mut self, content: Range<usize>, boundary: &str, place: &str) -> Result<(), Error> {
        let parts = split(&self.body[content.clone()], boundary)
            .map_err(|at| unended(boundary, content.start + at).at(place))?;
        let number = self.groups.len();
        let first = self.items.len();
        self.groups.push(Group { name: "".into(), items: first..first });
        for (index, part) in parts.into_iter().enumerate() {
            let part = content.start + part.start..content.start + part.end;
            self.part(part, &format!("{place}, request {}", index + 1), Some(number))?;
        }
        self.groups[number].items.end = self.items.len();
        Ok(())
    }

    /// `POST items HTTP/1.1`, headers, body.
    fn request(
        &self,
        outer: &HeaderMap,
        content: Range<usize>,
        place: &str,
        group: Option<usize>,
    ) -> Result<Item, Error> {
        let text = &self.body[..content.end];
        let mut at = content.start;
        let line = loop {
            match message::line(text, at) {
                // A blank line too many is an old habit of clients.
                Some(([], next)) => at = next,
                Some((line, next)) => {
                    at = next;
                    break line;
                }
                None => return Err(invalid("a part holds no request").at(place).at_position(content.start)),
            }
        };
        let (name, url) = message::request_line(line).ok_or_else(|| {
            invalid("a request begins with a line such as 'GET items HTTP/1.1'").at(place).at_position(content.start)
        })?;
        let method = message::method(name).ok_or_else(|| {
            let message = format!("'{}' is not a method that a batch takes.", shown(name));
            Error::bad_request(message).at(place)
        })?;
        if group.is_some() && (method == Method::GET || method == Method::HEAD) {
            return Err(invalid("a change set holds changes only").at(place).at_position(content.start));
        }
        let (mut headers, start) = message::headers(text, at).map_err(|fault| malformed(fault, place))?;
        let url = json::relative(&self.on_host(url, &mut headers, place)?, self.limits, place)?;
        let end = length(&headers, start..content.end)
            .ok_or_else(|| invalid("the Content-Length is not that of the body").at(place).at_position(start))?;
        headers.remove(header::CONTENT_LENGTH);
        let id = outer.get(CONTENT_ID).or_else(|| headers.get(CONTENT_ID)).map(|value| value.to_str());
        let id = id.transpose().map_err(|_| invalid("the Content-ID is malformed").at(place))?;
        let mut item = Item {
            id: id.unwrap_or("").trim_matches(['<', '>']).into(),
            place: place.to_owned(),
            method,
            url,
            headers,
            body: self.body.slice(start..end),
            group,
            depends_on: Vec::new(),
            after: Vec::new(),
            condition: None,
            references: Vec::new(),
        };
        item.references = refer::find(&item, None);
        refer::parsed(&item.body, &item.headers, &mut item.references);
        Ok(item)
    }

    /// The URL with the part's own `Host` before it.
    fn on_host(&self, url: &str, headers: &mut HeaderMap, place: &str) -> Result<String, Error> {
        let Some(host) = headers.remove(header::HOST) else { return Ok(url.to_owned()) };
        let host = host.to_str().map_err(|_| invalid("the Host is malformed").at(place))?;
        match self.limits.root.split_once("://") {
            Some((scheme, _)) if url.starts_with('/') => Ok(format!("{scheme}://{host}{url}")),
            _ => Ok(url.to_owned()),
        }
    }
}

/// Where the body ends: as `Content-Length` says, else with the part.
fn length(headers: &HeaderMap, body: Range<usize>) -> Option<usize> {
    let Some(given) = headers.get(header::CONTENT_LENGTH) else { return Some(body.end) };
    let length: usize = given.to_str().ok()?.parse().ok()?;
    body.start.checked_add(length).filter(|end| *end <= body.end)
}

fn unended(boundary: &str, at: usize) -> Error {
    invalid(&format!("the last boundary, '--{boundary}--', is missing")).at_position(at)
}

fn malformed((at, why): (usize, &str), place: &str) -> Error {
    invalid(why).at(place).at_position(at)
}

fn invalid(why: &str) -> Error {
    Error::bad_request(format!("Invalid batch payload format: {why}."))
}
