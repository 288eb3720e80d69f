//! `$id`: what a request of a batch takes over from an earlier one, at the start of its URL, in the expressions of its query,
//! in the references of its body, in `If-Match`.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Response, header};

use super::Item;
use super::values::{self, Mention};
use crate::json::{self, Json, JsonKind};

/// One place that takes something over.
#[derive(Debug, Clone)]
pub(super) struct Reference {
    /// As given, without `$`.
    pub(super) id: Arc<str>,
    /// The item of that id, once resolved.
    pub(super) item: usize,
    pub(super) place: Place,
}

impl Reference {
    fn in_query(&self) -> Option<Mention> {
        let Place::Query(mention) = &self.place else { return None };
        Some(Mention { item: self.item, ..mention.clone() })
    }
}

#[derive(Debug, Clone)]
pub(super) enum Place {
    /// The first segment of the URL; the rest follows from this offset.
    Url(usize),
    /// A value in the query part of the URL.
    Query(Mention),
    /// A string in the JSON body, from quote to quote, and what stands behind the id in it.
    Body(Range<usize>, String),
    /// A precondition: the ETag.
    Header(HeaderName),
}

/// System resources come before ids of the same name.
const RESERVED: [&str; 6] = ["batch", "crossjoin", "all", "entity", "root", "metadata"];

/// So do literals of expressions.
const LITERALS: [&str; 3] = ["it", "root", "this"];

/// All places of an item that look like references. Which are, only the ids can tell.
pub(super) fn find(item: &Item, body: Option<&Json<'_>>) -> Vec<Reference> {
    let mut found = Vec::new();
    let url = item.url.trim_start_matches('/');
    let start = item.url.len() - url.len();
    if let Some((id, rest)) = split(url).or_else(|| url.strip_prefix("%24").map(at_end)) {
        let reserved = id.split('(').next().unwrap_or(id);
        if !RESERVED.contains(&reserved) {
            let offset = start + (url.len() - rest.len());
            found.push(Reference { id: id.into(), item: 0, place: Place::Url(offset) });
        }
    }
    if let Some(query) = item.url.find('?') {
        for mention in
            values::mentions(&item.url, query + 1).into_iter().filter(|mention| !LITERALS.contains(&&*mention.id))
        {
            found.push(Reference { id: Arc::clone(&mention.id), item: 0, place: Place::Query(mention) });
        }
    }
    for name in [header::IF_MATCH, header::IF_NONE_MATCH] {
        let value = item.headers.get(&name).and_then(|value| value.to_str().ok());
        if let Some(id) = value.and_then(|value| value.strip_prefix('$')) {
            found.push(Reference { id: id.into(), item: 0, place: Place::Header(name) });
        }
    }
    if let Some(body) = body {
        in_body(body, body.at, &mut found);
    }
    found
}

/// References in a body that was not parsed yet; one that is not JSON has none.
pub(super) fn parsed(body: &[u8], headers: &HeaderMap, found: &mut Vec<Reference>) {
    let is_json = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).is_none_or(json::is_json);
    let has_any = body.windows(2).any(|pair| pair == b"\"$");
    if is_json
        && has_any
        && let Ok(tree) = json::parse(body)
    {
        in_body(&tree, 0, found);
    }
}

fn in_body(json: &Json<'_>, base: usize, found: &mut Vec<Reference>) {
    match &json.kind {
        JsonKind::Array(elements) => elements.iter().for_each(|element| in_body(element, base, found)),
        JsonKind::Object(members) => {
            for member in members {
                let name = &*member.name;
                match &member.value.kind {
                    JsonKind::String(_) if names_entity(name) => in_string(&member.value, base, found),
                    JsonKind::Array(elements) if names_entity(name) => {
                        for element in elements {
                            in_string(element, base, found);
                        }
                    }
                    _ => in_body(&member.value, base, found),
                }
            }
        }
        _ => {}
    }
}

fn names_entity(name: &str) -> bool {
    matches!(name, "@id" | "@odata.id") || name.ends_with("@bind") || name.ends_with("@odata.bind")
}

fn in_string(json: &Json<'_>, base: usize, found: &mut Vec<Reference>) {
    if let JsonKind::String(text) = &json.kind
        && let Some((id, rest)) = split(text.trim_start_matches('/'))
    {
        let place = Place::Body(json.at - base..json.end - base, rest.to_owned());
        found.push(Reference { id: id.into(), item: 0, place });
    }
}

/// `$id/rest`, `$id?rest`, `$id`.
fn split(text: &str) -> Option<(&str, &str)> {
    text.strip_prefix('$').map(at_end)
}

fn at_end(text: &str) -> (&str, &str) {
    text.split_at(text.find(['/', '?']).unwrap_or(text.len()))
}

/// What an executed request can be referred to for.
#[derive(Debug, Clone, Default)]
pub(super) struct Known {
    /// The path of its entity below the root.
    pub(super) path: Option<String>,
    pub(super) etag: Option<HeaderValue>,
}

/// The item's URL, headers and body with everything taken over. `known` and `answers` are by item.
///
/// # Errors
/// The id whose request gave nothing to refer to.
pub(super) fn fill(
    item: &Item,
    root: &str,
    known: &[Known],
    answers: &[Option<Response<Bytes>>],
) -> Result<(String, HeaderMap, Bytes), Arc<str>> {
    let mentions: Vec<Mention> = item.references.iter().filter_map(Reference::in_query).collect();
    let filled = values::fill(&item.url, &mentions, |mention| {
        let answer = answers.get(mention.item)?.as_ref()?;
        values::literal(answer, &mention.path).map(|literal| values::encoded(&literal))
    })?;
    let (mut url, mut headers) = (filled.clone(), item.headers.clone());
    let mut body = Vec::new();
    let mut copied = 0;
    for reference in &item.references {
        let of = known.get(reference.item);
        let path = || of.and_then(|known| known.path.as_deref()).ok_or_else(|| Arc::clone(&reference.id));
        match &reference.place {
            Place::Url(rest) => url = format!("/{}{}", path()?, &filled[*rest..]),
            Place::Query(_) => {}
            Place::Body(range, rest) => {
                body.extend_from_slice(&item.body[copied..range.start]);
                json::push_string(&mut body, &format!("{root}/{}{rest}", path()?));
                copied = range.end;
            }
            Place::Header(name) => {
                let etag = of.and_then(|known| known.etag.clone()).ok_or_else(|| Arc::clone(&reference.id))?;
                headers.insert(name.clone(), etag);
            }
        }
    }
    if copied == 0 {
        return Ok((url, headers, item.body.clone()));
    }
    body.extend_from_slice(&item.body[copied..]);
    Ok((url, headers, body.into()))
}
