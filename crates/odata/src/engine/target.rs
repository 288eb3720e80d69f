//! A resource path bound to the model: what the URL addresses.

use std::sync::Arc;

use crate::model::{KeyRef, OperationId, TypeId, TypeRef};
use crate::plan::Filter;
use crate::value::Value;

/// A bound path and what stands at its end.
///
/// ```
/// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
/// # let engine = shop::engine();
/// use odata::engine::TargetKind;
///
/// let head = shop::head(&engine, "GET /categories('kitchen')/products")?;
/// let target = head.target();
/// assert_eq!((target.segments.len(), target.kind), (3, TargetKind::EntityCollection));
/// assert!(target.ty.as_ref().is_some_and(|ty| ty.collection));
/// # Ok::<(), odata::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Target {
    /// Steps from the service root.
    pub segments: Vec<Segment>,
    /// What is addressed.
    pub kind: TargetKind,
    /// Type of the addressed value (element type in `base` with `collection` set for collections); `None` for documents.
    pub ty: Option<TypeRef>,
}

/// An entity that a write names by its URL: the bound path of the entity.
///
/// ```
/// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
/// # let engine = shop::engine();
/// use odata::engine::{Operation, Segment};
///
/// let body = r#"{"@odata.id":"products(7)"}"#;
/// let Operation::AddReference(product) = shop::bind(&engine, "POST /categories('kitchen')/products/$ref", body)? else {
///     panic!("a reference")
/// };
/// assert_eq!(product.segments[1], Segment::Key(vec![7.into()]));
/// # Ok::<(), odata::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct EntityReference {
    /// Steps from the service root to one entity.
    pub segments: Arc<[Segment]>,
}

/// A bound segment.
///
/// ```
/// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
/// # let engine = shop::engine();
/// use odata::engine::Segment;
///
/// let head = shop::head(&engine, "GET /products(7)/shop.book/author")?;
/// let [Segment::Root { child: 0, .. }, Segment::Key(key), Segment::Cast(book), Segment::Property { member: 8, .. }] =
///     &head.target().segments[..]
/// else {
///     panic!("four segments")
/// };
/// assert_eq!((&key[..], Some(*book)), (&[7.into()][..], engine.model().type_by_name("book")));
/// # Ok::<(), odata::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub enum Segment {
    /// A child of the container, by index.
    Root {
        /// Index in the container.
        child: u16,
        /// Its name.
        name: Arc<str>,
    },
    /// `$all`: every entity of the service.
    All,
    /// `$crossjoin(…)`: the entity sets, by index in the container and name. A row is a record without members whose
    /// [dynamic properties](crate::Record::dynamic) are the entities.
    CrossJoin(Vec<(u16, Arc<str>)>),
    /// A key: values in the order of the type's key.
    Key(Vec<Value>),
    /// An alternate key: its parts, as the model declares them, and their values.
    AlternateKey(Vec<(KeyRef, Value)>),
    /// The elements of the collection that pass (`$filter(…)`).
    Filter(Filter),
    /// The element at a place of an ordered collection, counted from its end where it is negative.
    Index(i64),
    /// A type cast.
    Cast(TypeId),
    /// A navigation property.
    Navigation {
        /// Number in the type reached.
        member: u16,
        /// Its name.
        name: Arc<str>,
    },
    /// A structural property, streams included.
    Property {
        /// Number in the type reached.
        member: u16,
        /// Its name.
        name: Arc<str>,
    },
    /// A property that the open type reached does not declare, or of the value of such a property: what it is, and whether
    /// the value's type declares it, only the value tells. A cast behind it says of which complex type the value has to be.
    ///
    /// ```
    /// # mod garden { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/garden.rs")); }
    /// # let engine = garden::engine();
    /// use odata::engine::Segment;
    ///
    /// let head = garden::head(&engine, "GET /plants(1)/colour")?;
    /// assert_eq!(head.target().segments[2], Segment::Dynamic { name: "colour".into() });
    /// # Ok::<(), odata::Error>(())
    /// ```
    Dynamic {
        /// Its name.
        name: Arc<str>,
    },
    /// A bound operation or an import; parameters given in the path, by number of the parameter (binding one excluded).
    Operation {
        /// The overload.
        id: OperationId,
        /// Values in the order of the non-binding parameters; `None` where not given.
        parameters: Vec<Option<Value>>,
    },
    /// `/$each`: what a write does, it does to every member of the collection.
    Each,
    /// `/$count`.
    Count,
    /// `/$value`.
    Value,
    /// `/$ref`.
    Ref,
}

/// What the end of a path is.
///
/// ```
/// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
/// # let engine = shop::engine();
/// use odata::engine::TargetKind;
///
/// let kind = |path| shop::head(&engine, &format!("GET {path}")).map(|head| head.target().kind);
/// assert_eq!(kind("/")?, TargetKind::ServiceDocument);
/// assert_eq!(kind("/best")?, TargetKind::Entity);
/// assert_eq!(kind("/products/$count")?, TargetKind::Count);
/// assert_eq!(kind("/products(1)/photo")?, TargetKind::Stream);
/// # Ok::<(), odata::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TargetKind {
    /// `/`.
    ServiceDocument,
    /// `/$metadata`.
    Metadata,
    /// `/$batch`.
    Batch,
    /// A collection of entities (set, collection navigation, cast of one).
    EntityCollection,
    /// One entity (by key, singleton, single navigation).
    Entity,
    /// A primitive or enum property, or one that is not declared.
    Primitive,
    /// A complex property.
    Complex,
    /// A collection of primitive or complex values.
    ValueCollection,
    /// A stream property, or the media of a media entity.
    Stream,
    /// `/$each`: the members of a collection, to be changed or deleted.
    Members,
    /// `/$count` of a collection.
    Count,
    /// `/$value` of a primitive property.
    RawValue,
    /// `/$ref` of an entity or collection.
    Reference,
    /// An action.
    Action,
    /// A function.
    Function,
}
