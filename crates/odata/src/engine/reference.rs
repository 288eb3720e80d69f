//! URLs that a write names entities by (`@odata.bind`, `@id`, `$id`) to bound paths. Knows no body and no store.

use super::Engine;
use super::canonical::target_set;
use super::head::Head;
use super::target::{EntityReference, Segment, TargetKind};
use crate::bind;
use crate::error::{Error, ErrorKind, shown};
use crate::model::{EdmType, Model, TypeId};
use crate::syntax::{Query, RawPath};
use crate::value::Value;

/// What entity references of one request are resolved against.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Resolver<'e> {
    model: &'e Model,
    root: &'e str,
    /// The path of the request, below the root, without slashes around it.
    path: &'e str,
}

impl Engine {
    pub(crate) fn resolver<'e>(&'e self, head: &'e Head) -> Resolver<'e> {
        Resolver { model: &self.model, root: &head.root, path: &head.path }
    }
}

impl Engine {
    /// The path that `$entity?$id=…` stands for, with the type behind it; `None` for any other path.
    ///
    /// # Errors
    /// 400: `$id` is missing, or no URL of this service.
    pub(crate) fn dereferenced(&self, path: &str, id: Option<&str>, root: &str) -> Result<Option<String>, Error> {
        let Some(cast) = path.trim_matches('/').strip_prefix("$entity") else { return Ok(None) };
        if !(cast.is_empty() || cast.starts_with('/')) {
            return Ok(None);
        }
        let url = id.ok_or_else(|| Error::bad_request("'$entity' needs the query option '$id'.").at("$id"))?;
        if url.contains(['?', '#']) {
            return Err(refused(url, "must be a URL with neither query nor fragment").at("$id"));
        }
        let resolver = Resolver { model: &self.model, root, path: "" };
        let below = resolver.below_root(url).map_err(|error| error.at("$id"))?.unwrap_or(url);
        Ok(Some(format!("{below}{cast}")))
    }
}

impl Resolver<'_> {
    /// The entity of type `wanted` that a URL names: absolute, or relative to the service root or to the request.
    ///
    /// # Errors
    /// 400: it is foreign, malformed, no entity, or of another type.
    pub(crate) fn entity(&self, url: &str, wanted: TypeId) -> Result<EntityReference, Error> {
        if url.is_empty() || url.contains(['?', '#']) {
            return Err(refused(url, "must be a URL with neither query nor fragment"));
        }
        if let Some(below) = self.below_root(url)? {
            return self.bind(url, below, wanted);
        }
        // Clients mean the root, as a context URL would have it; the request's own path where that names nothing.
        let from_root = self.bind(url, url, wanted);
        let relative = if from_root.is_err() { self.relative_to_request(url) } else { None };
        match relative.map(|path| self.bind(url, &path, wanted)) {
            Some(Ok(reference)) => Ok(reference),
            _ => from_root,
        }
    }

    /// The entity with a key in the set that a navigation property leads to; `None` where that is not known.
    pub(crate) fn by_key(&self, owner: TypeId, member: u16, key: Vec<Value>) -> Option<EntityReference> {
        let name = target_set(self.model, owner, member)?;
        let (child, declared) = self.model.child(name)?;
        let root = Segment::Root { child, name: declared.name.clone() };
        Some(EntityReference { segments: [root, Segment::Key(key)].into() })
    }

    /// The path below the root of an absolute URL or absolute path; `None` for a relative one.
    fn below_root<'u>(&self, url: &'u str) -> Result<Option<&'u str>, Error> {
        let foreign = || refused(url, "is not a URL of this service");
        let (origin, root_path) = split_origin(self.root);
        let path = if url.starts_with("//") {
            return Err(foreign());
        } else if url.starts_with('/') {
            url
        } else if has_scheme(url) {
            let (own, path) = split_origin(url);
            if !own.eq_ignore_ascii_case(origin) {
                return Err(foreign());
            }
            path
        } else {
            return Ok(None);
        };
        let below = path.strip_prefix(root_path).ok_or_else(foreign)?;
        below.strip_prefix('/').map(Some).ok_or_else(foreign)
    }

    /// A relative path against the request's own (RFC 3986, 5.2.3 and 5.2.4); `None` above the root.
    fn relative_to_request(&self, url: &str) -> Option<String> {
        let mut segments: Vec<&str> = self.path.split('/').collect();
        segments.pop();
        for segment in url.split('/') {
            match segment {
                "." => {}
                ".." => {
                    segments.pop()?;
                }
                _ => segments.push(segment),
            }
        }
        Some(segments.join("/"))
    }

    fn bind(&self, url: &str, path: &str, wanted: TypeId) -> Result<EntityReference, Error> {
        let target = RawPath::parse(path).and_then(|path| bind::path(self.model, &path, &Query::default()));
        let target = match target {
            Ok(target) => target,
            Err(error) => {
                let kind = if error.kind == ErrorKind::NotImplemented { error.kind } else { ErrorKind::BadRequest };
                let message = format!("The entity reference '{}' names no entity: {}", shown(url), error.message);
                return Err(Error::new(kind, message));
            }
        };
        let is_called = target.segments.iter().any(|segment| matches!(segment, Segment::Operation { .. }));
        let found = match target.ty.as_ref().map(|ty| ty.base) {
            Some(EdmType::Named(id)) if target.kind == TargetKind::Entity && !is_called => id,
            _ => return Err(refused(url, "names no single entity")),
        };
        // What is declared with a base type may be of the wanted one: that is for the store to see.
        if !self.model.is_a(found, wanted) && !self.model.is_a(wanted, found) {
            let (found, wanted) = (self.model.named(found).name(), self.model.named(wanted).name());
            return Err(refused(url, &format!("names an entity of type '{found}' where '{wanted}' is expected")));
        }
        Ok(EntityReference { segments: target.segments.into() })
    }
}

fn refused(url: &str, why: &str) -> Error {
    Error::bad_request(format!("The entity reference '{}' {why}.", shown(url)))
}

/// Scheme and authority, and the path behind them without a slash at its end.
fn split_origin(url: &str) -> (&str, &str) {
    let authority = url.find("://").map_or(0, |at| at + 3);
    let path = url[authority..].find('/').map_or(url.len(), |at| authority + at);
    (&url[..path], url[path..].trim_end_matches('/'))
}

/// Whether a URL starts with a scheme. A key may hold a colon, a scheme no parenthesis or quote.
fn has_scheme(url: &str) -> bool {
    url.split_once(':').is_some_and(|(scheme, _)| {
        scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))
    })
}

/// The navigation property that a `…/$ref` writes to, and whether an entity of it is named by key.
pub(crate) fn written(segments: &[Segment]) -> Option<(usize, bool)> {
    let end = segments.iter().rposition(|segment| matches!(segment, Segment::Navigation { .. }))?;
    let mut behind = segments[end + 1..].iter().filter(|s| !matches!(s, Segment::Cast(_) | Segment::Ref));
    match (behind.next(), behind.next()) {
        (None, _) => Some((end, false)),
        (Some(Segment::Key(_)), None) => Some((end, true)),
        _ => None,
    }
}
