//! EDM values: what bodies are read into, what expressions are evaluated over, what answers are written from.

use std::sync::Arc;

use bytes::Bytes;
use uuid::Uuid;

use crate::edm::{Date, DateTimeOffset, Decimal, Duration, TimeOfDay};
use crate::engine::EntityReference;
use crate::model::{EdmType, Member, Model, TypeId};

/// A value of any EDM type. Its type is known from where it stands; only structured values name theirs.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Null of any type.
    Null,
    /// `Edm.Boolean`.
    Boolean(bool),
    /// `Edm.SByte`, `Byte`, `Int16`, `Int32`, `Int64`.
    Int(i64),
    /// `Edm.Single` and `Edm.Double`.
    Double(f64),
    /// `Edm.Decimal`, digits kept.
    Decimal(Decimal),
    /// `Edm.String`.
    String(Arc<str>),
    /// `Edm.Guid`.
    Guid(Uuid),
    /// `Edm.Date`.
    Date(Date),
    /// `Edm.TimeOfDay`.
    TimeOfDay(TimeOfDay),
    /// `Edm.Duration`.
    Duration(Duration),
    /// `Edm.DateTimeOffset`, offset and digits kept.
    DateTimeOffset(DateTimeOffset),
    /// `Edm.Binary`.
    Binary(Bytes),
    /// An enumeration's value.
    Enum(i64),
    /// `Edm.Geography*`/`Edm.Geometry*` as a GeoJSON or WKT text, kept as written.
    Geo(Arc<str>),
    /// A stream property's description; the bytes travel apart.
    Stream(Arc<StreamInfo>),
    /// A complex value or an entity.
    Record(Arc<Record>),
    /// A collection of any of these.
    Collection(Arc<Vec<Value>>),
    /// JSON rendered before, written as it is (a hot representation).
    Rendered(Bytes),
}

/// What a representation says of a stream property, or of the media of an entity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamInfo {
    /// Media type as stored.
    pub media_type: Arc<str>,
    /// Its own entity tag, quoted, ready for the wire.
    pub etag: Option<Arc<str>>,
    /// Length in bytes.
    pub length: u64,
    /// Inline bytes given in a write (`base64` or `base64url` in JSON).
    pub inline: Option<Bytes>,
}

/// A structured value: its actual type, the type it was declared with, and its members by index.
///
/// Absent is not null: a member that was not given is `None`. Members are indexed by their place in
/// [`crate::model::StructuredType::members`] of the actual type, base types first, which is also the order on the wire.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// The actual type.
    pub type_id: TypeId,
    /// Whether the writer named the type (`@odata.type`).
    pub type_named: bool,
    /// One slot per member of the actual type.
    pub members: Box<[Option<Value>]>,
    /// `@odata.etag`, quoted, ready for the wire.
    pub etag: Option<Arc<str>>,
    /// Embedded collections that have more: the member, and where its next page starts, for the application to
    /// understand again (as in `engine::Page::next`). The renderer makes the link.
    pub next_links: Vec<(u16, Arc<[u8]>)>,
    /// Whole counts of embedded collections, where they were asked for and more than what is embedded counts.
    pub counts: Vec<(u16, u64)>,
    /// Of a media entity: what representations say of its media. The bytes travel apart.
    pub media: Option<Arc<StreamInfo>>,
    /// In a write, the entities that navigation properties are to lead to (`@odata.bind`, `{"@id": …}`). Those of a collection
    /// join what is there; in a change whose member is given too, the member and they are all that stays.
    pub bindings: Vec<(u16, Vec<EntityReference>)>,
    /// In a change, what becomes of related collections (`nav@delta`).
    pub changes: Vec<NestedChanges>,
    /// Results of `$compute` and `$apply`, in their order: properties that the type does not declare.
    pub dynamic: Vec<DynamicProperty>,
}

/// What becomes of a related collection inside a change (OData 4.01, deep update).
#[derive(Debug, Clone, PartialEq)]
pub struct NestedChanges {
    /// The navigation property.
    pub member: u16,
    /// Entities to change, found by their key, or to create.
    pub entities: Vec<Record>,
    /// Entities that exist, to be added.
    pub added: Vec<EntityReference>,
    /// Entities to be removed from the collection, and whether they are to be deleted themselves.
    pub removed: Vec<(EntityReference, bool)>,
}

/// A property that the type does not declare.
#[derive(Debug, Clone, PartialEq)]
pub struct DynamicProperty {
    /// Its name.
    pub name: Arc<str>,
    /// Its type; `None` when only the value tells it.
    pub ty: Option<EdmType>,
    /// Its value.
    pub value: Value,
}

impl Record {
    /// An empty record of a type with `member_count` members.
    pub fn new(type_id: TypeId, member_count: usize) -> Self {
        Self {
            type_id,
            type_named: false,
            members: vec![None; member_count].into_boxed_slice(),
            etag: None,
            next_links: Vec::new(),
            counts: Vec::new(),
            media: None,
            bindings: Vec::new(),
            changes: Vec::new(),
            dynamic: Vec::new(),
        }
    }

    /// The member's value, `None` when absent.
    pub fn get(&self, member: u16) -> Option<&Value> {
        self.members.get(usize::from(member)).and_then(Option::as_ref)
    }

    /// Applies a change: members that it gives replace those here, single complex values of the same type are merged.
    pub fn merge(&mut self, change: &Self) {
        for (slot, given) in self.members.iter_mut().zip(&change.members) {
            match (slot.as_mut(), given) {
                (_, None) => {}
                (Some(Value::Record(here)), Some(Value::Record(there))) if here.type_id == there.type_id => {
                    Arc::make_mut(here).merge(there);
                }
                (_, Some(given)) => *slot = Some(given.clone()),
            }
        }
    }

    /// Sets a member. An index outside the type is ignored.
    pub fn set(&mut self, member: u16, value: Value) {
        if let Some(slot) = self.members.get_mut(usize::from(member)) {
            *slot = Some(value);
        }
    }
}

impl Value {
    /// Whether it is null.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// The text of a string value.
    pub fn as_str(&self) -> Option<&str> {
        if let Self::String(text) = self { Some(text) } else { None }
    }

    /// The record of a structured value.
    pub fn as_record(&self) -> Option<&Record> {
        if let Self::Record(record) = self { Some(record) } else { None }
    }

    /// The elements of a collection.
    pub fn as_collection(&self) -> Option<&[Value]> {
        if let Self::Collection(values) = self { Some(values) } else { None }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::String(text.into())
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Boolean(value)
    }
}

impl From<i32> for Value {
    fn from(value: i32) -> Self {
        Self::Int(i64::from(value))
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl From<f64> for Value {
    fn from(value: f64) -> Self {
        Self::Double(value)
    }
}

impl From<Arc<str>> for Value {
    fn from(text: Arc<str>) -> Self {
        Self::String(text)
    }
}

impl From<Uuid> for Value {
    fn from(value: Uuid) -> Self {
        Self::Guid(value)
    }
}

impl From<DateTimeOffset> for Value {
    fn from(value: DateTimeOffset) -> Self {
        Self::DateTimeOffset(value)
    }
}

impl From<Record> for Value {
    fn from(record: Record) -> Self {
        Self::Record(Arc::new(record))
    }
}

impl From<Vec<Value>> for Value {
    fn from(values: Vec<Value>) -> Self {
        Self::Collection(Arc::new(values))
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// Builds a record of a type. Applications resolve the names of members once and keep the numbers.
///
/// ```
/// # let model = odata::csdl::read(r#"<edmx:Edmx xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx" Version="4.0">
/// #   <edmx:DataServices><Schema xmlns="http://docs.oasis-open.org/odata/ns/edm" Namespace="shop">
/// #     <EntityType Name="item"><Key><PropertyRef Name="id"/></Key><Property Name="id" Type="Edm.String" Nullable="false"/>
/// #       <Property Name="note" Type="Edm.String"/><Property Name="tags" Type="Collection(Edm.String)"/></EntityType>
/// #     <EntityContainer Name="container"><EntitySet Name="items" EntityType="shop.item"/></EntityContainer>
/// #   </Schema></edmx:DataServices></edmx:Edmx>"#)?;
/// use odata::{RecordBuilder, Value};
///
/// let item = model.type_by_name("shop.item").expect("declared");
/// let (id, _) = model.structured(item).and_then(|ty| ty.member("id")).expect("declared");
/// let record = RecordBuilder::new(&model, item).set(id, "7").etag("W/\"1\"").whole();
/// assert_eq!(record.get(id), Some(&Value::from("7")));
/// assert_eq!(record.get(1), Some(&Value::Null));
/// assert_eq!(record.get(2), Some(&Value::from(Vec::new())));
/// # Ok::<(), odata::csdl::CsdlError>(())
/// ```
#[derive(Debug, Clone)]
pub struct RecordBuilder<'m> {
    members: &'m [Member],
    record: Record,
}

impl<'m> RecordBuilder<'m> {
    /// An empty record of a structured type; of any other type it has no members.
    pub fn new(model: &'m Model, type_id: TypeId) -> Self {
        let members = model.structured(type_id).map_or(&[][..], |ty| &ty.members);
        Self { members, record: Record::new(type_id, members.len()) }
    }

    /// Sets a member by its number. A number outside the type is ignored.
    #[must_use]
    pub fn set(mut self, member: u16, value: impl Into<Value>) -> Self {
        self.record.set(member, value.into());
        self
    }

    /// Sets a member by its name. A name that the type has not is ignored.
    #[must_use]
    pub fn set_named(self, name: &str, value: impl Into<Value>) -> Self {
        match self.members.iter().position(|member| *member.name == *name).map(u16::try_from) {
            Some(Ok(number)) => self.set(number, value),
            _ => self,
        }
    }

    /// Sets the entity tag, quoted, as it stands on the wire.
    #[must_use]
    pub fn etag(mut self, etag: impl Into<Arc<str>>) -> Self {
        self.record.etag = Some(etag.into());
        self
    }

    /// Says that a collection member holds only its first elements, and where the rest starts.
    #[must_use]
    pub fn more(mut self, member: u16, position: impl Into<Arc<[u8]>>) -> Self {
        self.record.next_links.push((member, position.into()));
        self
    }

    /// The record with what was set and nothing else: what is absent is not written.
    pub fn build(self) -> Record {
        self.record
    }

    /// The record with every structural member: what was not set is null, or empty for a collection. Streams stay out.
    pub fn whole(mut self) -> Record {
        for (slot, member) in self.record.members.iter_mut().zip(self.members) {
            if slot.is_none() && !member.is_navigation() && !member.is_stream() {
                *slot = Some(if member.ty.collection { Value::from(Vec::new()) } else { Value::Null });
            }
        }
        self.record
    }
}
