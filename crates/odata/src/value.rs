//! EDM values: what bodies are read into, what expressions are evaluated over, what answers are written from.

use std::sync::Arc;

use bytes::Bytes;
use uuid::Uuid;

use crate::edm::{Date, DateTimeOffset, Decimal, Duration, TimeOfDay};
use crate::engine::EntityReference;
use crate::model::{EdmType, Member, Model, TypeId};

/// A value of any EDM type. Its type is known from where it stands; only structured values name theirs.
///
/// ```
/// use odata::Value;
///
/// assert_eq!(Value::from("tea"), Value::String("tea".into()));
/// assert_eq!(Value::from(None::<i32>), Value::Null);
/// assert_eq!(Value::from(vec![Value::from(1), Value::from(2)]).as_collection().map(<[_]>::len), Some(2));
/// ```
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
///
/// ```
/// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
/// # let engine = shop::engine();
/// # let head = shop::head(&engine, "POST /products")?;
/// use odata::{Value, engine::Operation};
///
/// let body = r#"{"id":1,"name":"tea","photo@odata.mediaContentType":"image/png","photo":"iVBO"}"#;
/// let Operation::Create(tea) = engine.bind(&head, body.into(), None)? else { panic!("a create") };
/// let Some(Value::Stream(photo)) = tea.get(6) else { panic!("a photo") };
/// assert_eq!((&*photo.media_type, photo.length), ("image/png", 3));
/// # Ok::<(), odata::Error>(())
/// ```
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
///
/// ```
/// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
/// # let model = shop::model();
/// let product = model.type_by_name("shop.product").expect("declared");
/// let mut tea = odata::Record::new(product, 8);
/// tea.etag = Some("W/\"1\"".into());
/// tea.set(0, 1.into());
/// assert_eq!((tea.get(0), tea.get(1)), (Some(&odata::Value::Int(1)), None), "absent is not null");
/// ```
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
    /// Properties that the type does not declare: results of `$compute` and `$apply`, in their order, then those that
    /// an entity or complex value of an open type has. In a change, one that is null is to go.
    pub dynamic: Vec<DynamicProperty>,
}

/// What becomes of a related collection inside a change (OData 4.01, deep update).
///
/// ```
/// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
/// # let engine = shop::engine_with(|settings| settings.deep_updates = true);
/// # let mut head = shop::head(&engine, "PATCH /categories('kitchen')")?;
/// use odata::engine::Operation;
///
/// let body = r#"{"products@delta":[{"id":1,"name":"green tea"},{"@removed":{},"@id":"products(2)"}]}"#;
/// let Operation::Update { record, .. } = engine.bind(&head, body.into(), None)? else { panic!("an update") };
/// let products = &record.changes[0];
/// assert_eq!(products.entities[0].get(1), Some(&"green tea".into()));
/// assert_eq!(products.removed.len(), 1);
/// # Ok::<(), odata::Error>(())
/// ```
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
///
/// ```
/// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
/// # let model = shop::model();
/// use odata::exec::memory::{Context, compute};
/// use odata::{bind, syntax};
///
/// # let products = bind::path(&model, &syntax::RawPath::parse("products")?, &syntax::Query::default())?;
/// let query = bind::query(&model, &products, &syntax::Query::parse("$compute=price mul 2 as pair")?)?;
/// let context = Context::new(&model, odata::edm::DateTimeOffset::from_unix_nanos(0));
/// let row = compute(&query.compute, shop::product(&model, 2, "cup", "3.00").into(), context).expect("a small number");
/// let pair = &row.as_record().expect("a product").dynamic[0];
/// assert_eq!((&*pair.name, &pair.value), ("pair", &odata::Value::Decimal(6.into())));
/// # Ok::<(), odata::Error>(())
/// ```
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
    ///
    /// ```
    /// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
    /// # let model = shop::model();
    /// let size = model.type_by_name("shop.size").expect("declared");
    /// let members = model.structured(size).map_or(0, |ty| ty.members.len());
    /// let record = odata::Record::new(size, members);
    /// assert!(record.members.iter().all(Option::is_none));
    /// ```
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
    ///
    /// ```
    /// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
    /// # let model = shop::model();
    /// let tea = shop::product(&model, 1, "tea", "4.50");
    /// assert_eq!(tea.get(1), Some(&odata::Value::from("tea")));
    /// assert_eq!(tea.get(6), None, "the photo was not given");
    /// assert_eq!(tea.get(99), None);
    /// ```
    pub fn get(&self, member: u16) -> Option<&Value> {
        self.members.get(usize::from(member)).and_then(Option::as_ref)
    }

    /// Applies a change: members and dynamic properties that it gives replace those here, single complex values of the same
    /// type are merged.
    ///
    /// ```
    /// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
    /// # let model = shop::model();
    /// let mut tea = shop::product(&model, 1, "tea", "4.50");
    /// let change = odata::RecordBuilder::new(&model, tea.type_id).set_named("name", "green tea").build();
    /// tea.merge(&change);
    /// assert_eq!((tea.get(0), tea.get(1)), (Some(&1.into()), Some(&"green tea".into())));
    /// ```
    pub fn merge(&mut self, change: &Self) {
        for (slot, given) in self.members.iter_mut().zip(&change.members) {
            match (slot.as_mut(), given) {
                (_, None) => {}
                (Some(Value::Record(here)), Some(Value::Record(there))) if here.type_id == there.type_id => {
                    Arc::make_mut(here).merge(there);
                }
                (_, Some(given)) => *slot = Some(settled(given.clone())),
            }
        }
        change.dynamic.iter().for_each(|given| self.merge_dynamic(given.clone()));
    }

    /// A property that the type does not declare, by its name.
    ///
    /// ```
    /// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
    /// # let model = shop::model();
    /// use odata::DynamicProperty;
    ///
    /// let mut tea = shop::product(&model, 1, "tea", "4.50");
    /// tea.set_dynamic(DynamicProperty { name: "colour".into(), ty: None, value: "green".into() });
    /// assert_eq!(tea.dynamic_property("colour").map(|colour| &colour.value), Some(&"green".into()));
    /// assert_eq!(tea.dynamic_property("name"), None, "declared");
    /// ```
    pub fn dynamic_property(&self, name: &str) -> Option<&DynamicProperty> {
        self.dynamic.iter().find(|property| *property.name == *name)
    }

    /// Gives it a property that the type does not declare, or takes it off where the value is null.
    ///
    /// ```
    /// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
    /// # let model = shop::model();
    /// use odata::{DynamicProperty, Value};
    ///
    /// let mut tea = shop::product(&model, 1, "tea", "4.50");
    /// for value in ["green".into(), "black".into(), Value::Null] {
    ///     tea.set_dynamic(DynamicProperty { name: "colour".into(), ty: None, value });
    ///     assert!(tea.dynamic.len() < 2, "one name, one property");
    /// }
    /// assert!(tea.dynamic.is_empty());
    /// ```
    pub fn set_dynamic(&mut self, property: DynamicProperty) {
        let place = self.dynamic.iter().position(|known| known.name == property.name);
        let property = DynamicProperty { value: settled(property.value), ..property };
        match (place, property.value.is_null()) {
            (Some(place), true) => drop(self.dynamic.remove(place)),
            (Some(place), false) => self.dynamic[place] = property,
            (None, true) => {}
            (None, false) => self.dynamic.push(property),
        }
    }

    /// As [`Self::set_dynamic`], but a complex value is merged into one of the same type: what a change of a property does.
    ///
    /// ```
    /// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
    /// # let model = shop::model();
    /// use odata::{DynamicProperty, RecordBuilder};
    ///
    /// let mut tea = shop::product(&model, 1, "tea", "4.50");
    /// let size = model.type_by_name("shop.size").expect("declared");
    /// for side in ["width", "height"] {
    ///     let value = RecordBuilder::new(&model, size).set_named(side, 3).build().into();
    ///     tea.merge_dynamic(DynamicProperty { name: "box".into(), ty: None, value });
    /// }
    /// let merged = tea.dynamic[0].value.as_record().expect("a size");
    /// assert_eq!((merged.get(0), merged.get(1)), (Some(&3.into()), Some(&3.into())));
    /// ```
    pub fn merge_dynamic(&mut self, property: DynamicProperty) {
        let here = self.dynamic.iter_mut().find(|known| known.name == property.name).map(|known| &mut known.value);
        match (here, &property.value) {
            (Some(Value::Record(here)), Value::Record(there)) if here.type_id == there.type_id => {
                Arc::make_mut(here).merge(there);
            }
            _ => self.set_dynamic(property),
        }
    }

    /// Sets a member. An index outside the type is ignored.
    ///
    /// ```
    /// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
    /// # let model = shop::model();
    /// let mut tea = shop::product(&model, 1, "tea", "4.50");
    /// tea.set(1, "mint tea".into());
    /// assert_eq!(tea.get(1), Some(&"mint tea".into()));
    /// ```
    pub fn set(&mut self, member: u16, value: Value) {
        if let Some(slot) = self.members.get_mut(usize::from(member)) {
            *slot = Some(value);
        }
    }
}

/// A value of a change that nothing was there for: what was to go from inside it is not there.
fn settled(mut value: Value) -> Value {
    if let Value::Record(record) = &mut value {
        let holds_record = |value: &Value| matches!(value, Value::Record(_));
        if !record.dynamic.is_empty() || record.members.iter().flatten().any(holds_record) {
            let record = Arc::make_mut(record);
            record.dynamic.retain(|property| !property.value.is_null());
            let dynamic = record.dynamic.iter_mut().map(|property| &mut property.value);
            for inner in record.members.iter_mut().flatten().chain(dynamic).filter(|inner| holds_record(inner)) {
                *inner = settled(std::mem::replace(inner, Value::Null));
            }
        }
    }
    value
}

impl Value {
    /// Whether it is null.
    ///
    /// ```
    /// assert!(odata::Value::from(None::<bool>).is_null());
    /// assert!(!odata::Value::from("").is_null());
    /// ```
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// The text of a string value.
    ///
    /// ```
    /// assert_eq!(odata::Value::from("tea").as_str(), Some("tea"));
    /// assert_eq!(odata::Value::from(7).as_str(), None);
    /// ```
    pub fn as_str(&self) -> Option<&str> {
        if let Self::String(text) = self { Some(text) } else { None }
    }

    /// The record of a structured value.
    ///
    /// ```
    /// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
    /// # let model = shop::model();
    /// let value = odata::Value::from(shop::product(&model, 1, "tea", "4.50"));
    /// assert_eq!(value.as_record().and_then(|tea| tea.get(0)), Some(&1.into()));
    /// ```
    pub fn as_record(&self) -> Option<&Record> {
        if let Self::Record(record) = self { Some(record) } else { None }
    }

    /// The elements of a collection.
    ///
    /// ```
    /// let words = odata::Value::from(vec!["hot".into(), "green".into()]);
    /// assert_eq!(words.as_collection(), Some(&["hot".into(), "green".into()][..]));
    /// ```
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
    ///
    /// ```
    /// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
    /// # let model = shop::model();
    /// let size = model.type_by_name("shop.size").expect("declared");
    /// let record = odata::RecordBuilder::new(&model, size).set(0, 3).build();
    /// assert_eq!(record.type_id, size);
    /// ```
    pub fn new(model: &'m Model, type_id: TypeId) -> Self {
        let members = model.structured(type_id).map_or(&[][..], |ty| &ty.members);
        Self { members, record: Record::new(type_id, members.len()) }
    }

    /// Sets a member by its number. A number outside the type is ignored.
    ///
    /// ```
    /// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
    /// # let model = shop::model();
    /// # let size = model.type_by_name("shop.size").expect("declared");
    /// let record = odata::RecordBuilder::new(&model, size).set(0, 3).set(1, None::<i32>).build();
    /// assert_eq!((record.get(0), record.get(1)), (Some(&3.into()), Some(&odata::Value::Null)));
    /// ```
    #[must_use]
    pub fn set(mut self, member: u16, value: impl Into<Value>) -> Self {
        self.record.set(member, value.into());
        self
    }

    /// Sets a member by its name. A name that the type has not is ignored.
    ///
    /// ```
    /// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
    /// # let model = shop::model();
    /// # let size = model.type_by_name("shop.size").expect("declared");
    /// let record = odata::RecordBuilder::new(&model, size).set_named("height", 9).build();
    /// assert_eq!(record.get(1), Some(&9.into()));
    /// ```
    #[must_use]
    pub fn set_named(self, name: &str, value: impl Into<Value>) -> Self {
        match self.members.iter().position(|member| *member.name == *name).map(u16::try_from) {
            Some(Ok(number)) => self.set(number, value),
            _ => self,
        }
    }

    /// Sets the entity tag, quoted, as it stands on the wire.
    ///
    /// ```
    /// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
    /// # let model = shop::model();
    /// # let product = model.type_by_name("shop.product").expect("declared");
    /// let record = odata::RecordBuilder::new(&model, product).etag("W/\"7\"").build();
    /// assert_eq!(record.etag.as_deref(), Some("W/\"7\""));
    /// ```
    #[must_use]
    pub fn etag(mut self, etag: impl Into<Arc<str>>) -> Self {
        self.record.etag = Some(etag.into());
        self
    }

    /// Says that a collection member holds only its first elements, and where the rest starts.
    ///
    /// ```
    /// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
    /// # let model = shop::model();
    /// # let category = model.type_by_name("shop.category").expect("declared");
    /// let first = vec![shop::product(&model, 1, "tea", "4.50").into()];
    /// let kitchen = odata::RecordBuilder::new(&model, category).set(1, first).more(1, *b"after 1").build();
    /// assert_eq!(kitchen.next_links, [(1, (*b"after 1").into())]);
    /// ```
    #[must_use]
    pub fn more(mut self, member: u16, position: impl Into<Arc<[u8]>>) -> Self {
        self.record.next_links.push((member, position.into()));
        self
    }

    /// The record with what was set and nothing else: what is absent is not written.
    ///
    /// ```
    /// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
    /// # let model = shop::model();
    /// # let size = model.type_by_name("shop.size").expect("declared");
    /// let record = odata::RecordBuilder::new(&model, size).set(0, 3).build();
    /// assert_eq!(*record.members, [Some(3.into()), None]);
    /// ```
    pub fn build(self) -> Record {
        self.record
    }

    /// The record with every structural member: what was not set is null, or empty for a collection. Streams stay out.
    ///
    /// ```
    /// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
    /// # let model = shop::model();
    /// # let size = model.type_by_name("shop.size").expect("declared");
    /// let record = odata::RecordBuilder::new(&model, size).set(0, 3).whole();
    /// assert_eq!(*record.members, [Some(3.into()), Some(odata::Value::Null)]);
    /// ```
    pub fn whole(mut self) -> Record {
        for (slot, member) in self.record.members.iter_mut().zip(self.members) {
            if slot.is_none() && !member.is_navigation() && !member.is_stream() {
                *slot = Some(if member.ty.collection { Value::from(Vec::new()) } else { Value::Null });
            }
        }
        self.record
    }
}
