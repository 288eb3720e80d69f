//! The first step: method, URL and headers to a [`Head`]. Reads no body and no store.

mod accept;
pub(crate) mod content;
mod index;
mod links;
pub(crate) mod media;
mod methods;
mod posted;
mod preconditions;
mod prefer;
mod range;
mod tracking;
mod understood;
mod version;

use std::sync::Arc;

use http::{HeaderMap, Method};

pub(crate) use accept::{JsonFormat, Produces};
pub use index::ordinal;
pub(crate) use links::Carried;
pub(crate) use methods::allowed as allowed_methods;
pub(crate) use methods::{child_type, is_editable};
pub(crate) use preconditions::failed;
pub use preconditions::{Current, EntityTags, Preconditions};
pub use prefer::{Prefer, Return};
pub(crate) use range::RangeRequest;
pub use understood::{Access, BodyKind, Head};
pub(crate) use version::{Version, negotiate as negotiate_version, of_answer as version_of_answer};

use super::Engine;
use super::target::{Segment, Target, TargetKind};
use super::tokens::TokenSeal;
use crate::bind;
use crate::error::{Error, ErrorKind, shown};
use crate::limits::URL_BYTES_MAX;
use crate::model::{EdmType, Model, TypeId};
use crate::plan::CollectionQuery;
use crate::profile::Profile;
use crate::syntax::{Query, RawPath, SystemOption};

impl Engine {
    /// Understands the URL and the headers. Call it once the caller is known (except where [`Self::is_document`]).
    ///
    /// - `path_and_query` stands below the service root: `/officeConfigurations?$top=1`.
    /// - `root` is the absolute service root without a trailing slash: `https://h/beta`.
    ///
    /// ```
    /// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
    /// # let engine = shop::engine();
    /// use http::{HeaderMap, Method};
    /// use odata::engine::Unsealed;
    ///
    /// let head = |url| engine.head(&Method::GET, url, &HeaderMap::new(), "https://example.org", &Unsealed);
    /// assert!(head("/products?$filter=price gt 4")?.query().filter.is_some());
    /// let error = head("/products?$filter=cost gt 4").unwrap_err();
    /// assert_eq!(error.message, "Could not find a property named 'cost' on type 'shop.product'.");
    /// # Ok::<(), odata::Error>(())
    /// ```
    ///
    /// # Errors
    /// 400, 404, 405, 406, 412, 414, 415, 501: what the URL or a header gets wrong; it is named in `target`.
    pub fn head(
        &self,
        method: &Method,
        path_and_query: &str,
        headers: &HeaderMap,
        root: &str,
        tokens: &dyn TokenSeal,
    ) -> Result<Head, Error> {
        if path_and_query.len() > URL_BYTES_MAX {
            let message = format!("The URL is longer than {URL_BYTES_MAX} bytes.");
            return Err(Error::new(ErrorKind::UriTooLong, message));
        }
        if let Some(resource) = posted::queried(path_and_query) {
            return self.posted_head(method, resource, headers, root, tokens);
        }
        self.understand(method, path_and_query, headers, root, tokens)
    }

    fn understand(
        &self,
        method: &Method,
        path_and_query: &str,
        headers: &HeaderMap,
        root: &str,
        tokens: &dyn TokenSeal,
    ) -> Result<Head, Error> {
        let (model, profile) = (&*self.model, self.settings.profile);
        let (version, body_version) = version::negotiate(headers, profile)?;
        let (raw_path, raw_query) = path_and_query.split_once('?').unwrap_or((path_and_query, ""));
        let query = match profile {
            Profile::Graph => Query::parse_prefixed(raw_query)?,
            Profile::Strict => Query::parse(raw_query)?,
        };
        let named = self.dereferenced(raw_path, query.text(SystemOption::Id), root)?;
        let is_options = *method == Method::OPTIONS;
        let target = self.target(named.as_deref().unwrap_or(raw_path), &query).map_err(|error| {
            let takes = error.allow.is_empty() || is_options || error.allow.contains(method);
            if takes { error } else { not_allowed(error.allow) }
        })?;
        if named.is_some() && target.kind != TargetKind::Entity {
            return Err(Error::bad_request("The URL of '$id' is not that of an entity.").at("$id"));
        }
        let changes = self.settings.collection_changes;
        if target.kind == TargetKind::Members && !changes {
            let message = "The segment '$each' is not offered.";
            return Err(Error::new(ErrorKind::NotImplemented, message).at("path"));
        }
        let allow = methods::allowed(model, profile, changes, &target);
        if !is_options && !allow.contains(method) {
            return Err(not_allowed(allow));
        }
        if target.kind == TargetKind::Batch && !is_options {
            return Err(Error::new(ErrorKind::NotImplemented, "Batch requests are not supported."));
        }
        let prefer = Prefer::from_headers(headers);
        let is_read = *method == Method::GET || *method == Method::HEAD;
        let body = self.body_kind(method, &target, headers);
        let content = match body {
            BodyKind::None => None,
            BodyKind::Json { .. } => content::json(headers)?,
            BodyKind::Stream { .. } => content::stream(headers)?,
        };
        // What has no body to answer with cannot fail for its form.
        let produces = if is_options || *method == Method::DELETE {
            Produces::Json(JsonFormat::DEFAULT)
        } else {
            let taken = bind::taken_by_function(model, &target, &query);
            let format = query.text(SystemOption::Format).filter(|_| !taken.contains(&"format"));
            accept::negotiate(target.kind, format, headers, profile)?
        };
        let path: Arc<str> = raw_path.trim_matches('/').into();
        // The number of changes is that of the delta link, to whose path `/$count` was appended.
        let counted = (target.kind == TargetKind::Count).then(|| Arc::from(path.trim_end_matches("/$count")));
        let carried = Carried::new(counted.as_ref().unwrap_or(&path), raw_query);
        let mut bound = if is_options {
            CollectionQuery::default()
        } else {
            self.options(method, &target, &query, named.is_some())?
        };
        if let (TargetKind::Count, Some(token)) = (target.kind, query.text(SystemOption::DeltaToken)) {
            bound.since = Some(self.since(token, &carried, tokens)?);
        } else if target.ty.as_ref().is_some_and(|ty| ty.collection) {
            let may_track = is_read && target.kind != TargetKind::Count;
            bound.track_changes = may_track
                && prefer.track_changes
                && self.is_tracked(&target)
                && tracking::covers_expanded(model, &target, &bound.projection);
            self.page(&mut bound, &target, &query, &carried, &prefer, tokens)?;
        }
        if is_read && prefer.max_page_size.is_some() {
            page_expanded(&mut bound, prefer.max_page_size);
        }
        let index = index::of(model, method, &target, &query)?;
        let preconditions = Preconditions::from_headers(headers)?;
        if self.settings.require_preconditions
            && preconditions.is_empty()
            && methods::needs_precondition(model, method, &target)
        {
            let message = "A change of this resource needs the header If-Match with its entity tag.";
            return Err(Error::new(ErrorKind::PreconditionRequired, message).at("If-Match"));
        }
        let access = match (target.kind, is_read) {
            (TargetKind::Metadata, _) => Access::Document,
            _ if is_options => Access::Document,
            (_, true) => Access::Read,
            (_, false) => Access::Write,
        };
        Ok(Head {
            method: method.clone(),
            access,
            body,
            preconditions,
            prefer,
            root: root.into(),
            query: bound,
            produces,
            version,
            body_version,
            tags_in_body: body_version == Version::V4_01 && headers.contains_key("odata-version"),
            referenced: query.text(SystemOption::Id).map(Arc::from),
            path,
            carried,
            range: if is_read { RangeRequest::from_headers(headers) } else { None },
            content,
            index,
            allow: if is_options { allow } else { Vec::new() },
            posted: None,
            target,
        })
    }

    fn target(&self, raw_path: &str, query: &Query) -> Result<Target, Error> {
        let model = &*self.model;
        let target = bind::path(model, &RawPath::parse(raw_path)?, query)?;
        if let Some(wanted) = query.text(SystemOption::SchemaVersion)
            && wanted != "*"
            && model.schema_version.as_ref().is_none_or(|served| **served != *wanted)
        {
            let message = format!("The schema version '{wanted}' is not served.");
            return Err(Error::new(ErrorKind::NotFound, message).at("$schemaversion"));
        }
        Ok(target)
    }

    fn body_kind(&self, method: &Method, target: &Target, headers: &HeaderMap) -> BodyKind {
        let json = BodyKind::Json { bytes_max: self.settings.body_bytes_max };
        let stream = BodyKind::Stream { bytes_max: self.settings.stream_bytes_max };
        let is_media = || {
            let ty = target.ty.as_ref().map(|ty| ty.base);
            matches!(ty, Some(EdmType::Named(id)) if self.model.structured(id).is_some_and(|ty| ty.has_stream))
        };
        match (method, target.kind) {
            (&Method::PUT, TargetKind::Stream | TargetKind::RawValue) => stream,
            (&Method::POST, TargetKind::EntityCollection) if is_media() && !content::is_json(headers) => stream,
            (&Method::POST | &Method::PATCH | &Method::PUT, _) => json,
            _ => BodyKind::None,
        }
    }

    /// Binds the options that the method and the target take; others are refused and named.
    fn options(&self, method: &Method, target: &Target, query: &Query, by_id: bool) -> Result<CollectionQuery, Error> {
        let model = &*self.model;
        let is_read = *method == Method::GET || *method == Method::HEAD;
        let is_invocation = matches!(target.kind, TargetKind::Action | TargetKind::Function);
        let is_collection = target.ty.as_ref().is_some_and(|ty| ty.collection);
        let removes_reference = *method == Method::DELETE && target.kind == TargetKind::Reference && is_collection;
        let taken = bind::taken_by_function(model, target, query);
        if self.settings.profile == Profile::Strict {
            stray_argument(target, query, &taken)?;
        }
        for option in query.given_without(&taken) {
            match option {
                SystemOption::Id if removes_reference || by_id => {}
                SystemOption::Apply | SystemOption::Compute if !self.settings.compute => return Err(not_run(option)),
                SystemOption::DeltaToken if is_collection && is_read && self.is_tracked(target) => {}
                SystemOption::DeltaToken => {
                    let message = format!("The query option '{}' is not supported.", option.name());
                    return Err(Error::new(ErrorKind::NotImplemented, message).at(option.name()));
                }
                SystemOption::SkipToken if is_collection && is_read => {}
                SystemOption::SkipToken | SystemOption::Id | SystemOption::Levels => return Err(inapplicable(option)),
                _ => {}
            }
        }
        let is_document = matches!(
            target.kind,
            TargetKind::ServiceDocument | TargetKind::Metadata | TargetKind::Stream | TargetKind::RawValue
        );
        let changes_collection = *method != Method::POST && target.kind == TargetKind::EntityCollection;
        let takes_projection = matches!(*method, Method::POST | Method::PATCH | Method::PUT)
            && !changes_collection
            && matches!(target.kind, TargetKind::EntityCollection | TargetKind::Entity | TargetKind::Members);
        let bound = match target.ty.as_ref() {
            Some(ty) if takes_projection => {
                refuse_all_but(query, &[SystemOption::Select, SystemOption::Expand, SystemOption::Index])?;
                let EdmType::Named(id) = ty.base else { return Ok(CollectionQuery::default()) };
                let projection = bind::projection(model, id, query)?;
                CollectionQuery { projection, ..CollectionQuery::default() }
            }
            Some(_) if (is_read && !is_document) || is_invocation => bind::query(model, target, query)?,
            _ => refuse_all_but(query, if removes_reference { &[SystemOption::Id] } else { &[SystemOption::Index] })
                .map(|()| CollectionQuery::default())?,
        };
        if bound.computes() && !self.settings.compute {
            return Err(not_run(SystemOption::Compute));
        }
        if let Some(EdmType::Named(id)) = target.ty.as_ref().map(|ty| ty.base)
            && !self.settings.inline_streams
            && expands_stream(model, id, &bound)
        {
            let message = "Expanding a stream is not offered.";
            return Err(Error::new(ErrorKind::NotImplemented, message).at(SystemOption::Expand.name()));
        }
        Ok(bound)
    }

    /// Whether changes of the collection can be asked for: it is what a function called `delta` gives, or, but in Graph, its
    /// set says so (`Capabilities.ChangeTracking`).
    fn is_tracked(&self, target: &Target) -> bool {
        let is_collection = matches!(target.kind, TargetKind::EntityCollection | TargetKind::Count);
        let by_set = is_collection && !is_graph(self.settings.profile);
        calls_delta(&self.model, target) || (by_set && methods::tracks_changes(&self.model, target))
    }

    /// The state that a `$deltatoken` holds.
    fn since(&self, token: &str, carried: &Carried, tokens: &dyn TokenSeal) -> Result<Arc<[u8]>, Error> {
        let is_latest = self.settings.profile == Profile::Graph && token == "latest";
        if is_latest { Ok(Arc::default()) } else { carried.open_delta(token, tokens) }
    }

    /// Adds what the request says of pages: the size, and where the page starts.
    fn page(
        &self,
        bound: &mut CollectionQuery,
        target: &Target,
        query: &Query,
        carried: &Carried,
        prefer: &Prefer,
        tokens: &dyn TokenSeal,
    ) -> Result<(), Error> {
        let mut wanted = prefer.max_page_size;
        if is_graph(self.settings.profile) && calls_delta(&self.model, target) {
            // Graph's `$top` is the size of a page here: what is left out of changes would never be told.
            let top = bound.top.take().map(|top| u32::try_from(top).unwrap_or(u32::MAX));
            if top == Some(0) {
                return Err(Error::bad_request("A page of changes has at least one entity.").at("$top"));
            }
            wanted = wanted.into_iter().chain(top).min();
        }
        if let Some(token) = query.text(SystemOption::DeltaToken) {
            bound.since = Some(self.since(token, carried, tokens)?);
        }
        if let Some(token) = query.text(SystemOption::SkipToken) {
            let continuation = carried.open(token, tokens)?;
            wanted = wanted.or(continuation.page_size);
            bound.top = continuation.top;
            bound.skip = 0;
            bound.after = Some(continuation.position);
            bound.track_changes |= continuation.track_changes;
        }
        bound.page_size = match (wanted, self.settings.page_size_max) {
            (Some(wanted), Some(max)) => Some(wanted.min(max)),
            (wanted, max) => wanted.or(max),
        };
        Ok(())
    }
}

/// Whether the content of a stream is wanted anywhere in what is expanded.
fn expands_stream(model: &Model, ty: TypeId, query: &CollectionQuery) -> bool {
    query.projection.media
        || query.projection.expand.iter().any(|item| {
            let owner = model.structured(item.cast.unwrap_or(ty));
            let Some(member) = owner.and_then(|owner| owner.members.get(usize::from(item.member))) else {
                return false;
            };
            let inner = item.target_cast.or(match member.ty.base {
                EdmType::Named(id) => Some(id),
                _ => None,
            });
            member.is_stream() || inner.is_some_and(|inner| expands_stream(model, inner, &item.query))
        })
}

/// The preferred page size is one of each collection in the answer. The link to what follows does not tell options of an
/// expansion, so one with any stays whole.
fn page_expanded(bound: &mut CollectionQuery, size: Option<u32>) {
    let size = bound.page_size.or(size);
    for item in &mut bound.projection.expand {
        if !item.count_only && !item.reference && item.query == CollectionQuery::default() {
            item.query.page_size = size;
        }
    }
}

fn not_allowed(allow: Vec<Method>) -> Error {
    let message = "Specified HTTP method is not allowed for the request target.";
    Error::new(ErrorKind::MethodNotAllowed, message).with_allow(allow)
}

/// On a call of a function every bare name is an argument: one that the function does not take is an error.
fn stray_argument(target: &Target, query: &Query, taken: &[&str]) -> Result<(), Error> {
    if target.kind != TargetKind::Function {
        return Ok(());
    }
    match query.bare().find(|(name, _)| !taken.contains(name)) {
        None => Ok(()),
        Some((name, _)) => {
            let name = shown(name);
            Err(Error::bad_request(format!(
                "No overload of the function takes an argument '{name}' beside those given."
            ))
            .at(name))
        }
    }
}

fn refuse_all_but(query: &Query, taken: &[SystemOption]) -> Result<(), Error> {
    let judged = |option: &SystemOption| !matches!(option, SystemOption::Format | SystemOption::SchemaVersion);
    match query.given().filter(judged).find(|option| !taken.contains(option)) {
        None => Ok(()),
        Some(option) => Err(inapplicable(option)),
    }
}

/// A transformation of rows that the application does not execute.
fn not_run(option: SystemOption) -> Error {
    let name = option.name();
    Error::new(ErrorKind::NotImplemented, format!("The query option '{name}' is not supported.")).at(name)
}

fn inapplicable(option: SystemOption) -> Error {
    let name = option.name();
    Error::bad_request(format!("The query option '{name}' does not apply to this request.")).at(name)
}

/// Whether a path calls the function that tells changes.
pub(crate) fn calls_delta(model: &Model, target: &Target) -> bool {
    called(target).is_some_and(|(id, _)| model.operation(id).short_name() == "delta")
}

/// The operation that a path calls, with the parameters given in it.
pub(crate) fn called(target: &Target) -> Option<(crate::model::OperationId, &[Option<crate::value::Value>])> {
    target.segments.iter().rev().find_map(|segment| match segment {
        Segment::Operation { id, parameters } => Some((*id, parameters.as_slice())),
        _ => None,
    })
}

/// Whether the profile writes types always.
pub(crate) fn is_graph(profile: Profile) -> bool {
    profile == Profile::Graph
}
