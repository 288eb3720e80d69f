//! What the application answers to an operation. `render` turns it into status, headers and bytes.

use std::sync::Arc;

use bytes::Bytes;

use crate::error::Error;
use crate::model::TypeId;
use crate::value::{DynamicProperty, Record, Value};

/// The result of an operation.
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
#[derive(Debug, Clone, PartialEq)]
pub struct Removed {
    /// Its key; other members are absent.
    pub record: Arc<Record>,
    /// Deleted; else it only left the collection (`changed`).
    pub deleted: bool,
}

/// What became of a change of a collection.
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
