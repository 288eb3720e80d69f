//! What the first step makes of a request: what it addresses, asks and may, and what body is to be read. Plain data with its readers; how it
//! is found out is the step's.

use std::sync::Arc;

use http::Method;

use super::accept::{JsonFormat, Produces};
use super::content::Content;
use super::links::Carried;
use super::posted::Posted;
use super::preconditions::Preconditions;
use super::prefer::{Prefer, Return};
use super::range::RangeRequest;
use super::version::Version;
use crate::engine::target::Target;
use crate::json::Level;
use crate::model::{EdmType, TypeId};
use crate::plan::CollectionQuery;

/// A request whose URL and headers are understood.
///
/// ```
/// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
/// # let engine = shop::engine();
/// use odata::engine::{Access, BodyKind, TargetKind};
///
/// let head = shop::head(&engine, "GET /products(1)/name?$format=json")?;
/// assert_eq!(head.target().kind, TargetKind::Primitive);
/// assert_eq!((head.access(), head.body()), (Access::Read, BodyKind::None));
/// # Ok::<(), odata::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Head {
    pub(crate) method: Method,
    pub(crate) target: Target,
    pub(crate) access: Access,
    pub(crate) body: BodyKind,
    pub(crate) preconditions: Preconditions,
    pub(crate) prefer: Prefer,
    pub(crate) root: Arc<str>,
    /// Of a read or of what an operation returns; of a write only the projection.
    pub(crate) query: CollectionQuery,
    pub(crate) produces: Produces,
    pub(crate) version: Version,
    /// What the body is written in.
    pub(crate) body_version: Version,
    /// An entity tag in the body is a condition: only where the request says that it is of 4.01 itself.
    pub(crate) tags_in_body: bool,
    /// `$id` of a DELETE on references.
    pub(crate) referenced: Option<Arc<str>>,
    /// The path as it was asked, without slashes around it.
    pub(crate) path: Arc<str>,
    pub(crate) carried: Carried,
    pub(crate) range: Option<RangeRequest>,
    pub(crate) content: Option<Content>,
    /// `$index` of an insert.
    pub(crate) index: Option<i64>,
    /// For OPTIONS.
    pub(crate) allow: Vec<Method>,
    /// The options of this read come in its body.
    pub(super) posted: Option<Box<Posted>>,
}

/// What a request needs to be allowed.
///
/// ```
/// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
/// # let engine = shop::engine();
/// use odata::engine::Access;
///
/// let access = |request| shop::head(&engine, request).map(|head| head.access());
/// assert_eq!(access("GET /$metadata")?, Access::Document);
/// assert_eq!(access("GET /products")?, Access::Read);
/// assert_eq!(access("POST /products(1)/shop.discount")?, Access::Write);
/// # Ok::<(), odata::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Access {
    /// Nothing: a public document.
    Document,
    /// Reading.
    Read,
    /// Changing.
    Write,
}

/// What body the application has to read before `bind`.
///
/// ```
/// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
/// # let engine = shop::engine_with(|settings| (settings.body_bytes_max, settings.stream_bytes_max) = (1_000, 9_000));
/// use odata::engine::BodyKind;
///
/// let body = |request| shop::head(&engine, request).map(|head| head.body());
/// assert_eq!(body("DELETE /products(1)")?, BodyKind::None);
/// assert_eq!(body("PATCH /products(1)")?, BodyKind::Json { bytes_max: 1_000 });
/// assert_eq!(body("PUT /products(1)/photo")?, BodyKind::Stream { bytes_max: 9_000 });
/// # Ok::<(), odata::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BodyKind {
    /// None; one that was sent is ignored.
    None,
    /// JSON.
    Json {
        /// Largest size in bytes; more is 413.
        bytes_max: usize,
    },
    /// Any bytes.
    Stream {
        /// Largest size in bytes; more is 413.
        bytes_max: usize,
    },
}

impl Head {
    /// What the URL addresses.
    ///
    /// ```
    /// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
    /// # let engine = shop::engine();
    /// use odata::engine::{Segment, TargetKind};
    ///
    /// let head = shop::head(&engine, "GET /products(7)/category")?;
    /// assert_eq!(head.target().kind, TargetKind::Entity);
    /// assert_eq!(head.target().segments[1], Segment::Key(vec![7.into()]));
    /// # Ok::<(), odata::Error>(())
    /// ```
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// What it takes to be allowed.
    ///
    /// ```
    /// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
    /// # let engine = shop::engine();
    /// use odata::engine::Access;
    ///
    /// // An application with a role for readers refuses here, before it reads the body.
    /// assert_eq!(shop::head(&engine, "PATCH /products(1)")?.access(), Access::Write);
    /// # Ok::<(), odata::Error>(())
    /// ```
    pub fn access(&self) -> Access {
        self.access
    }

    /// What body to read.
    ///
    /// ```
    /// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
    /// # let engine = shop::engine();
    /// use odata::engine::BodyKind;
    ///
    /// let BodyKind::Json { bytes_max } = shop::head(&engine, "POST /products")?.body() else { panic!("JSON") };
    /// assert_eq!(bytes_max, 8 << 20, "more of it need not be read");
    /// # Ok::<(), odata::Error>(())
    /// ```
    pub fn body(&self) -> BodyKind {
        self.body
    }

    /// `If-Match` and `If-None-Match`. Changes check them inside the commit; reads are answered by `render`.
    ///
    /// ```
    /// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
    /// # let engine = shop::engine();
    /// use http::Method;
    /// use odata::engine::{Current, Unsealed};
    ///
    /// let headers = shop::headers(&[("if-match", "W/\"7\"")]);
    /// let head = engine.head(&Method::DELETE, "/products(1)", &headers, shop::ROOT, &Unsealed)?;
    /// assert!(head.preconditions().check_change(Current::Present(Some("W/\"7\""))).is_ok());
    /// assert!(head.preconditions().check_change(Current::Present(Some("W/\"8\""))).is_err());
    /// # Ok::<(), odata::Error>(())
    /// ```
    pub fn preconditions(&self) -> &Preconditions {
        &self.preconditions
    }

    /// The method.
    ///
    /// ```
    /// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
    /// # let engine = shop::engine();
    /// // Both bind to `Operation::SetProperty`.
    /// let head = shop::head(&engine, "PUT /products(1)/name")?;
    /// assert_eq!(head.method(), http::Method::PUT);
    /// # Ok::<(), odata::Error>(())
    /// ```
    pub fn method(&self) -> &Method {
        &self.method
    }

    /// The preferences.
    ///
    /// ```
    /// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
    /// # let engine = shop::engine();
    /// use http::Method;
    /// use odata::engine::Unsealed;
    ///
    /// let headers = shop::headers(&[("prefer", "respond-async, wait=5")]);
    /// let head = engine.head(&Method::GET, "/products", &headers, shop::ROOT, &Unsealed)?;
    /// assert_eq!((head.prefer().respond_async, head.prefer().wait_s), (true, Some(5)));
    /// # Ok::<(), odata::Error>(())
    /// ```
    pub fn prefer(&self) -> &Prefer {
        &self.prefer
    }

    /// What is asked of the collection, entity or result that is read; of a write only the projection is set.
    ///
    /// ```
    /// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
    /// # let engine = shop::engine();
    /// let head = shop::head(&engine, "GET /products?$filter=price gt 4&$top=2")?;
    /// assert_eq!(head.query().top, Some(2));
    /// assert!(head.query().mentions(2), "the store has to look at the price");
    /// # Ok::<(), odata::Error>(())
    /// ```
    pub fn query(&self) -> &CollectionQuery {
        &self.query
    }

    /// The URL that the request's delta or next link grew from: its options without tokens, `$top` and `$skip`.
    ///
    /// ```
    /// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
    /// # let engine = shop::engine();
    /// let head = shop::head(&engine, "GET /products?$orderby=name&$top=2")?;
    /// assert_eq!(head.defining_url(), "https://example.org/products?$orderby=name");
    /// # Ok::<(), odata::Error>(())
    /// ```
    pub fn defining_url(&self) -> String {
        self.carried.defining(&self.root)
    }

    /// Whether the answer is the plain one: no projection, minimal metadata, nothing left out, nothing as strings. Only
    /// then may bytes rendered before stand in ([`crate::engine::Outcome::RenderedEntity`], [`crate::Value::Rendered`]).
    ///
    /// ```
    /// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
    /// # let engine = shop::engine();
    /// assert!(shop::head(&engine, "GET /products(1)")?.is_plain());
    /// assert!(!shop::head(&engine, "GET /products(1)?$select=name")?.is_plain());
    /// # Ok::<(), odata::Error>(())
    /// ```
    pub fn is_plain(&self) -> bool {
        let is_json = matches!(self.produces, Produces::Json(JsonFormat { level: Level::Minimal, ieee754: false, .. }));
        let projection = &self.query.projection;
        is_json
            && !self.prefer.omit_nulls
            && !self.prefer.omit_defaults
            && projection.select.is_none()
            && projection.expand.is_empty()
            && !projection.media
    }

    /// Whether a change is answered without the entity: `return=minimal`, and no `$select` or `$expand` that says what of it is wanted all the
    /// same. What only the entity's body shows need not be found out then.
    ///
    /// ```
    /// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
    /// # let engine = shop::engine();
    /// use http::Method;
    /// use odata::engine::Unsealed;
    ///
    /// let headers = shop::headers(&[("prefer", "return=minimal")]);
    /// let leaves_out = |url: &str| {
    ///     let head = engine.head(&Method::PATCH, url, &headers, shop::ROOT, &Unsealed)?;
    ///     Ok::<_, odata::Error>(head.leaves_entity_out())
    /// };
    /// assert!(leaves_out("/products(1)")?);
    /// assert!(!leaves_out("/products(1)?$select=name")?);
    /// # Ok::<(), odata::Error>(())
    /// ```
    pub fn leaves_entity_out(&self) -> bool {
        let projection = &self.query.projection;
        self.prefer.returns == Some(Return::Minimal) && projection.select.is_none() && projection.expand.is_empty()
    }

    pub(crate) fn is_read(&self) -> bool {
        self.method == Method::GET || self.method == Method::HEAD
    }

    /// The type of entity or complex value that the target is declared with.
    pub(crate) fn declared_type(&self) -> Option<TypeId> {
        match self.target.ty.as_ref()?.base {
            EdmType::Named(id) => Some(id),
            _ => None,
        }
    }
}
