//! The four steps of a request: `head` and `bind` in, `render` out; the application executes in between.
//! No status code or header is decided anywhere else.

mod head;
mod operation;
mod outcome;
mod settings;
mod target;
mod tokens;

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, Method, Response};

use crate::error::{Error, ErrorKind};
use crate::model::{Model, TypeId};
use crate::value::Record;

pub use head::{Access, BodyKind, Current, EntityTags, Head, Preconditions, Prefer, Return};
pub use operation::Operation;
pub use outcome::{Outcome, Page, StreamBody};
pub use settings::Settings;
pub use target::{Segment, Target, TargetKind};
pub use tokens::TokenSeal;

/// The engine of one service: a model and the application's choices. Immutable; share it.
#[derive(Debug)]
pub struct Engine {
    model: Arc<Model>,
    settings: Settings,
}

/// What an error body tells of the request (Graph's `innerError`).
#[derive(Debug, Clone, Copy)]
pub struct ErrorContext<'a> {
    /// UTC, seconds, no zone: `2025-02-13T10:17:05`.
    pub date: &'a str,
    /// The request's own id.
    pub request_id: &'a str,
    /// The client's id for it, or the same.
    pub client_request_id: &'a str,
}

impl Engine {
    /// An engine for a model.
    pub fn new(model: Arc<Model>, settings: Settings) -> Self {
        Self { model, settings }
    }

    /// The model.
    pub fn model(&self) -> &Arc<Model> {
        &self.model
    }

    /// The settings.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Whether a request needs no identity: `$metadata` and OPTIONS. Ask it before authentication; it looks at nothing
    /// that could tell about data. `path_and_query` as in [`Self::head`].
    pub fn is_document(&self, method: &Method, path_and_query: &str) -> bool {
        let path = path_and_query.split('?').next().unwrap_or("").trim_matches('/');
        *method == Method::OPTIONS || ((*method == Method::GET || *method == Method::HEAD) && path == "$metadata")
    }

    /// Understands the URL and the headers. Call it once the caller is known (except where [`Self::is_document`]).
    ///
    /// - `path_and_query` stands below the service root: `/officeConfigurations?$top=1`.
    /// - `root` is the absolute service root without a trailing slash: `https://h/beta`.
    ///
    /// # Errors
    /// 400, 405, 406, 412, 414, 415 and their like; see [`ErrorKind`].
    pub fn head(
        &self,
        _method: &Method,
        _path_and_query: &str,
        _headers: &HeaderMap,
        _root: &str,
        _tokens: &dyn TokenSeal,
    ) -> Result<Head, Error> {
        Err(Error::new(ErrorKind::NotImplemented, "head"))
    }

    /// Adds the body. `stored_type` is the actual type of the entity that the target addresses, needed for PATCH and PUT.
    ///
    /// # Errors
    /// 400, 413, 415: what the body gets wrong, with the path to it.
    pub fn bind(&self, _head: &Head, _body: Bytes, _stored_type: Option<TypeId>) -> Result<Operation, Error> {
        Err(Error::new(ErrorKind::NotImplemented, "bind"))
    }

    /// Answers. A body is always written; for HEAD the HTTP layer leaves it out.
    ///
    /// # Errors
    /// 412 and 416, which only the current state can tell.
    pub fn render(&self, _head: &Head, _outcome: Outcome, _tokens: &dyn TokenSeal) -> Result<Response<Bytes>, Error> {
        Err(Error::new(ErrorKind::NotImplemented, "render"))
    }

    /// Renders an entity once, to be used again where [`Head::is_plain`] allows: minimal metadata, every structural
    /// member, no context. `declared` is the type of the collection that it stands in.
    pub fn render_item(&self, _record: &Record, _declared: TypeId) -> Bytes {
        Bytes::new()
    }

    /// Answers an error.
    pub fn render_error(&self, _error: &Error, _cx: &ErrorContext<'_>) -> Response<Bytes> {
        Response::new(Bytes::new())
    }
}
