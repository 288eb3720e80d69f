//! Answers that were rendered before: what a GET of an entity, a property or a payload gave, for as long as the configuration it
//! lies in stays as it is. It must never be needed for an answer to be right, and never be asked before the caller is known.

use std::hash::{Hash, Hasher};
use std::sync::{Arc, Weak};

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode, header};
use quick_cache::sync::Cache;
use quick_cache::{Equivalent, Weighter};
use store::{ConfigurationId, OfficeConfiguration, TenantId, TenantSnapshot};

use crate::limits::{RENDERED_ANSWER_BYTES_MAX, RENDERED_BYTES_MAX};

/// Headers that change what a GET gives; a request with one of them is answered anew.
const SHAPING: [HeaderName; 8] = [
    HeaderName::from_static("prefer"),
    HeaderName::from_static("odata-maxversion"),
    HeaderName::from_static("odata-version"),
    header::IF_MATCH,
    header::IF_NONE_MATCH,
    header::IF_RANGE,
    header::RANGE,
    header::CONTENT_TYPE,
];
/// Average bytes of an entry, for the cache to size itself.
const USUAL_BYTES: u64 = 2 * 1024;
/// What an entry costs beside its texts.
const ENTRY_BYTES: usize = 600;

/// What the answer to a GET depends on beside the data: everything that the engine reads of such a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Question<'r> {
    base: &'r str,
    path: &'r str,
    accept: &'r [u8],
}

impl<'r> Question<'r> {
    /// `None` when the answer depends on more. URLs with a query are left out: there are too many of them, and a page is not asked
    /// for again and again as an entity is.
    pub(super) fn of(base: &'r str, parts: &'r Parts) -> Option<Self> {
        if parts.method != Method::GET || parts.uri.query().is_some() {
            return None;
        }
        if SHAPING.iter().any(|name| parts.headers.contains_key(name)) {
            return None;
        }
        let mut accepts = parts.headers.get_all(header::ACCEPT).iter().map(HeaderValue::as_bytes);
        let accept = accepts.next().unwrap_or_default();
        if accepts.next().is_some() {
            return None;
        }
        Some(Self { base, path: parts.uri.path(), accept })
    }
}

/// A question as a caller of one tenant asks it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Asked<'r> {
    tenant: TenantId,
    question: Question<'r>,
}

#[derive(Debug, Clone)]
struct Key {
    tenant: TenantId,
    base: Box<str>,
    path: Box<str>,
    accept: Box<[u8]>,
}

impl Key {
    fn asked(&self) -> Asked<'_> {
        let question = Question { base: &self.base, path: &self.path, accept: &self.accept };
        Asked { tenant: self.tenant, question }
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.asked() == other.asked()
    }
}

impl Eq for Key {}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.asked().hash(state);
    }
}

impl Equivalent<Key> for Asked<'_> {
    fn equivalent(&self, key: &Key) -> bool {
        *self == key.asked()
    }
}

#[derive(Debug, Clone)]
struct Entry(Arc<Answer>);

#[derive(Debug)]
struct Answer {
    id: ConfigurationId,
    /// The configuration as it was; a changed one is another. Weak, so that nothing old is kept alive.
    row: Weak<OfficeConfiguration>,
    /// Summaries are of a day.
    day: i32,
    headers: HeaderMap,
    body: Bytes,
}

#[derive(Debug, Clone)]
struct ByBytes;

impl Weighter<Key, Entry> for ByBytes {
    fn weight(&self, key: &Key, Entry(answer): &Entry) -> u64 {
        (ENTRY_BYTES + key.path.len() + key.accept.len() + answer.body.len()) as u64
    }
}

/// The answers, which leave by a budget in bytes.
#[derive(Debug)]
pub(super) struct Rendered(Cache<Key, Entry, ByBytes>);

impl Rendered {
    pub(super) fn new() -> Self {
        let usual = usize::try_from(RENDERED_BYTES_MAX / USUAL_BYTES).unwrap_or(usize::MAX);
        Self(Cache::with_weighter(usual, RENDERED_BYTES_MAX, ByBytes))
    }

    /// The answer to a question, if it is here and still true.
    pub(super) fn get(&self, question: &Question<'_>, snapshot: &TenantSnapshot, day: i32) -> Option<Response<Bytes>> {
        let Entry(answer) = self.0.get(&Asked { tenant: snapshot.tenant(), question: *question })?;
        let row = snapshot.configuration(answer.id)?;
        if answer.day != day || !std::ptr::eq(answer.row.as_ptr(), Arc::as_ptr(row)) {
            return None;
        }
        let mut response = Response::new(answer.body.clone());
        *response.headers_mut() = answer.headers.clone();
        Some(response)
    }

    /// Keeps the answer that was rendered of `row`.
    pub(super) fn keep(
        &self,
        tenant: TenantId,
        question: &Question<'_>,
        row: &Arc<OfficeConfiguration>,
        day: i32,
        response: &Response<Bytes>,
    ) {
        if response.status() != StatusCode::OK || response.body().len() > RENDERED_ANSWER_BYTES_MAX {
            return;
        }
        let Question { base, path, accept } = *question;
        let key = Key { tenant, base: base.into(), path: path.into(), accept: accept.into() };
        let (headers, body) = (response.headers().clone(), response.body().clone());
        let answer = Answer { id: row.id, row: Arc::downgrade(row), day, headers, body };
        self.0.insert(key, Entry(Arc::new(answer)));
    }
}
