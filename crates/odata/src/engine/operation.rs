//! What a request asks, whole and valid: the application executes it. An invalid one cannot be built outside the engine.

use std::sync::Arc;

use bytes::Bytes;

use super::target::EntityReference;
use crate::model::OperationId;
use crate::plan::{CollectionQuery, Projection};
use crate::value::{DynamicProperty, Record, Value};

/// An operation on the head's target.
///
/// ```
/// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
/// # let engine = shop::engine();
/// use odata::engine::Operation;
///
/// assert!(matches!(shop::bind(&engine, "GET /products", "")?, Operation::ReadCollection(_)));
/// assert!(matches!(shop::bind(&engine, "POST /products", r#"{"id":4,"name":"jug"}"#)?, Operation::Create(_)));
/// assert_eq!(shop::bind(&engine, "DELETE /products(1)", "")?, Operation::Delete);
/// let name = shop::bind(&engine, "PUT /products(1)/name", r#"{"value":"jug"}"#)?;
/// assert_eq!(name, Operation::SetProperty("jug".into()));
/// # Ok::<(), odata::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub enum Operation {
    /// The service document: the engine renders it alone ([`super::Outcome::ServiceDocument`]).
    ServiceDocument,
    /// `$metadata`: the engine renders it alone ([`super::Outcome::Metadata`]).
    Metadata,
    /// OPTIONS: the engine renders it alone ([`super::Outcome::Options`]).
    Options,
    /// One entity.
    ReadEntity(Projection),
    /// A page of entities or of values.
    ReadCollection(CollectionQuery),
    /// `/$count`: only filter, search and `$apply` are set.
    Count(CollectionQuery),
    /// A property (primitive, enum, complex), or its `$value`.
    ReadProperty(Projection),
    /// A stream's bytes; the renderer cuts the range that was asked for.
    ReadStream,
    /// Create an entity in the target collection, at [`super::Head::insert_position`] where it has an order (or the target
    /// singleton).
    Create(Record),
    /// Change the target entity: merge, or replace when `replace` (PUT).
    Update {
        /// Members that were given; to replace, also all that were not, as [`super::Engine::complete`] has them. Its entity
        /// tag is one that a 4.01 body names, see [`super::Preconditions::check_update`].
        record: Record,
        /// PUT.
        replace: bool,
    },
    /// Change the target collection (PATCH with a delta payload), change by change in this order. All are done or none, unless
    /// the client [prefers to go on](super::Prefer::continue_on_error).
    UpdateCollection(Vec<MemberChange>),
    /// Let the target collection hold what is named here and nothing else (PUT with the whole collection): each record as one
    /// that [replaces](Self::Update), found by its key or created, or an entity that exists ([`MemberChange::Add`]).
    ReplaceCollection(Vec<MemberChange>),
    /// Change every member of the target collection (`PATCH …/$each`): the record of what is to change, or the new value of
    /// each element.
    UpdateMembers(Value),
    /// Delete every member of the target collection (`DELETE …/$each`).
    DeleteMembers,
    /// Add the entity to the collection that the target `…/$ref` names (POST).
    AddReference(EntityReference),
    /// Let the single navigation property that the target `…/$ref` names lead to the entity (PUT).
    SetReference(EntityReference),
    /// Let the navigation collection that the target `…/$ref` names lead to these entities and no other (PUT).
    SetReferences(Vec<EntityReference>),
    /// Remove the entity from the target `…/$ref` (DELETE), or clear a single navigation property when none is named.
    RemoveReference(Option<EntityReference>),
    /// Delete the target entity.
    Delete,
    /// Set the target property (PUT or PATCH on it), or the element of an ordered collection that the target ends in
    /// ([`super::Segment::Index`]).
    SetProperty(Value),
    /// Set the property that the target ends in ([`super::Segment::Dynamic`]); PATCH merges, as
    /// [`Record::merge_dynamic`] does.
    ///
    /// ```
    /// # mod garden { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/garden.rs")); }
    /// # let engine = garden::engine();
    /// use odata::engine::Operation;
    ///
    /// let head = garden::head(&engine, "PUT /plants(1)/colour")?;
    /// let operation = engine.bind(&head, r#"{"value":"white"}"#.into(), None)?;
    /// let Operation::SetDynamic(colour) = operation else { panic!("a property") };
    /// let mut rose = garden::rose(engine.model());
    /// rose.set_dynamic(colour);
    /// assert_eq!(rose.dynamic[0].value, "white".into());
    /// # Ok::<(), odata::Error>(())
    /// ```
    SetDynamic(DynamicProperty),
    /// Add an element to the target collection of values (POST on it), at [`super::Head::insert_position`].
    Append(Value),
    /// Set the target property to null, take off a dynamic one, empty the collection, or take out the element that the target ends in.
    ClearProperty,
    /// Store a stream's bytes.
    WriteStream {
        /// As given in `Content-Type`.
        media_type: Arc<str>,
        /// The bytes.
        bytes: Bytes,
    },
    /// Remove a stream.
    DeleteStream,
    /// Call an action or function; parameters in the order of the declaration, binding parameter excluded.
    Invoke {
        /// The overload.
        operation: OperationId,
        /// `None` where not given.
        parameters: Vec<Option<Value>>,
        /// Query options on the result, when it is a collection.
        query: CollectionQuery,
    },
}

/// A change of a collection of entities.
///
/// ```
/// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
/// # let engine = shop::engine_with(|settings| settings.collection_changes = true);
/// use odata::engine::{MemberChange, Operation};
///
/// let body = r##"{"@context":"#$delta","value":[{"id":1,"price":5},{"@removed":{"reason":"deleted"},"id":2}]}"##;
/// let Operation::UpdateCollection(changes) = shop::bind(&engine, "PATCH /products", body)? else { panic!("changes") };
/// assert!(matches!(&changes[0], MemberChange::Upsert(record) if record.get(0) == Some(&1.into())));
/// assert!(matches!(changes[1], MemberChange::Remove { delete: true, .. }));
/// # Ok::<(), odata::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub enum MemberChange {
    /// Change the entity that the record's key names, or create it where there is none or no key is given. An entity tag on
    /// the record is a condition, see [`super::Preconditions::check_update`].
    Upsert(Record),
    /// Put an entity that exists into the collection.
    Add(EntityReference),
    /// Take an entity out of the collection.
    Remove {
        /// The entity.
        entity: EntityReference,
        /// A condition, see [`super::Preconditions::check_tagged`].
        etag: Option<Arc<str>>,
        /// Delete the entity itself: the client says so, or the collection is an entity set or contains its entities.
        delete: bool,
    },
}
