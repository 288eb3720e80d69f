//! What the application answers to an operation. `render` turns it into status, headers and bytes.

use std::sync::Arc;

use bytes::Bytes;

use crate::error::Error;
use crate::model::TypeId;
use crate::value::{DynamicProperty, Record, Value};

/// The result of an operation.
///
/// ```
/// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
/// # let engine = shop::engine();
/// use odata::engine::{Outcome, Unsealed};
///
/// let record = shop::product(engine.model(), 4, "jug", "9.00").into();
/// let head = shop::head(&engine, "POST /products")?;
/// let response = engine.render(&head, Outcome::Created { record, path: "products(4)".into() }, &Unsealed)?;
/// assert_eq!(response.status(), 201);
/// assert_eq!(response.headers()["location"], "https://example.org/products(4)");
/// # Ok::<(), odata::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// The engine's own documents.
    ServiceDocument,
    /// The engine's own documents.
    Metadata,
    /// The methods that the target takes (204 with `Allow`).
    Options,
    /// An entity that was read (200, or 304 by its etag).
    Entity(Arc<Record>),
    /// An entity that was rendered before with [`super::Engine::render_item`] (200, or 304). Only when
    /// [`super::Head::is_plain`] says so.
    RenderedEntity {
        /// The JSON object, without context.
        body: Bytes,
        /// Its actual type.
        type_id: TypeId,
        /// Quoted, ready for the wire.
        etag: Option<Arc<str>>,
    },
    /// An entity that was created (201 with `Location`, or 204).
    Created {
        /// The entity.
        record: Arc<Record>,
        /// Its canonical path below the service root, without a leading slash.
        path: String,
    },
    /// An entity after a change (200, or 204).
    Updated(Arc<Record>),
    /// What became of the changes of a collection, in their order (200, or 204).
    UpdatedCollection(Vec<Changed>),
    /// The members of a collection after a change of each (200, or 204).
    UpdatedMembers(Vec<Value>),
    /// A page.
    Collection(Page),
    /// `/$count`.
    Count(u64),
    /// A property's value, typed by the target; `Null` gives 204.
    Property {
        /// The value.
        value: Value,
        /// Entity tag of the entity that holds it.
        etag: Option<Arc<str>>,
    },
    /// A property that the type does not declare, with its own type. One that is not there is a [`Self::Property`] that is
    /// null.
    ///
    /// ```
    /// # mod garden { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/garden.rs")); }
    /// # let engine = garden::engine();
    /// use odata::engine::{Outcome, Unsealed};
    ///
    /// let head = garden::head(&engine, "GET /plants(1)/colour/$value")?;
    /// let property = garden::rose(engine.model()).dynamic.remove(0);
    /// let response = engine.render(&head, Outcome::DynamicProperty { property, etag: None }, &Unsealed)?;
    /// assert_eq!(response.body(), "red");
    /// # Ok::<(), odata::Error>(())
    /// ```
    DynamicProperty {
        /// The property.
        property: DynamicProperty,
        /// Entity tag of the entity that holds it.
        etag: Option<Arc<str>>,
    },
    /// A stream.
    Stream(StreamBody),
    /// Done, nothing to say (204), with the new entity tag where there is one.
    NoContent {
        /// Of the entity or stream after the change.
        etag: Option<Arc<str>>,
    },
    /// What an operation returned: a single value.
    Value(Value),
}

/// A page of a collection.
///
/// ```
/// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
/// # let engine = shop::engine();
/// use odata::engine::{Outcome, Page};
///
/// let items = shop::products(engine.model()).into_iter().take(2).map(Into::into).collect();
/// let page = Page { items, count: Some(3), next: Some(b"behind 2".as_slice().into()), ..Page::default() };
/// let text = shop::text(&engine, "GET /products?$count=true", Outcome::Collection(page))?;
/// assert!(text.contains(r#""@odata.count":3,"#));
/// assert!(text.contains(r#""@odata.nextLink":"https://example.org/products?$count=true&$skiptoken="#));
/// # Ok::<(), odata::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Page {
    /// Entities (records) or values.
    pub items: Vec<Value>,
    /// The whole count, when it was asked for.
    pub count: Option<u64>,
    /// Where the next page starts, for the application to understand again; `None` on the last page.
    pub next: Option<Arc<[u8]>>,
    /// Entities that a delta response reports as gone, beside `items` that were added or changed.
    pub removed: Vec<Removed>,
    /// On the last page of a tracked collection: the state that the next delta request starts from. The renderer makes
    /// the delta link; the application understands it again as [`crate::plan::CollectionQuery::since`].
    pub delta: Option<Arc<[u8]>>,
}

/// An entity that a delta response reports as gone.
///
/// ```
/// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
/// # let engine = shop::engine();
/// use odata::engine::{Outcome, Page, Removed};
///
/// let record = shop::product(engine.model(), 2, "cup", "3.00").into();
/// let page = Page { removed: vec![Removed { record, deleted: true }], ..Page::default() };
/// let text = shop::text(&engine, "GET /products", Outcome::Collection(page))?;
/// assert!(text.contains(r#""@removed":{"reason":"deleted"}"#));
/// # Ok::<(), odata::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Removed {
    /// Its key; other members are absent.
    pub record: Arc<Record>,
    /// Deleted; else it only left the collection (`changed`).
    pub deleted: bool,
}

/// What became of a change of a collection.
///
/// ```
/// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
/// # let engine = shop::engine_with(|settings| settings.collection_changes = true);
/// use odata::engine::{Changed, Outcome, Removed};
///
/// let [tea, cup, _] = shop::products(engine.model()).try_into().expect("three");
/// let gone = Changed::Removed(Removed { record: cup.into(), deleted: false });
/// let outcome = Outcome::UpdatedCollection(vec![Changed::Entity(tea.into()), gone]);
/// let text = shop::text(&engine, "PATCH /products", outcome)?;
/// assert!(text.contains(r#""name":"tea""#) && text.contains(r#""reason":"changed""#));
/// # Ok::<(), odata::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub enum Changed {
    /// The entity as it is now.
    Entity(Arc<Record>),
    /// An entity that is gone.
    Removed(Removed),
    /// A change that could not be done, where the client wants to go on then.
    Failed {
        /// What was to be done.
        operation: FailedOperation,
        /// The entity: as it is where it was to be updated, else its key.
        record: Arc<Record>,
        /// Why not.
        error: Error,
    },
}

/// `Core.DataModificationOperationKind`, of what a collection's change can be.
///
/// ```
/// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
/// # let engine = shop::engine_with(|settings| settings.collection_changes = true);
/// use odata::engine::{Changed, FailedOperation, Outcome};
///
/// let record = shop::product(engine.model(), 2, "cup", "3.00").into();
/// let error = odata::Error::bad_request("It is sold.");
/// let failed = Changed::Failed { operation: FailedOperation::Delete, record, error };
/// let text = shop::text(&engine, "PATCH /products", Outcome::UpdatedCollection(vec![failed]))?;
/// assert!(text.contains(r#""failedOperation":"delete""#));
/// # Ok::<(), odata::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailedOperation {
    /// A new entity.
    Insert,
    /// An entity that exists.
    Update,
    /// An entity with all that it is.
    Delete,
    /// An entity into the collection.
    Link,
    /// An entity out of the collection.
    Unlink,
}

/// A stream to send.
///
/// ```
/// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
/// # let engine = shop::engine();
/// use odata::engine::{Outcome, StreamBody, Unsealed};
///
/// let (media_type, bytes) = ("image/png".into(), b"PNG".as_slice().into());
/// let photo = StreamBody { media_type, bytes, etag: None, modified_unix_s: None };
/// let head = shop::head(&engine, "GET /products(1)/photo")?;
/// let response = engine.render(&head, Outcome::Stream(photo), &Unsealed)?;
/// assert_eq!(response.headers()["content-type"], "image/png");
/// assert_eq!(response.body(), "PNG");
/// # Ok::<(), odata::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamBody {
    /// Media type as stored.
    pub media_type: Arc<str>,
    /// All bytes; the renderer cuts the range.
    pub bytes: Bytes,
    /// Quoted, ready for the wire.
    pub etag: Option<Arc<str>>,
    /// Seconds since 1970 for `Last-Modified`.
    pub modified_unix_s: Option<u64>,
}
