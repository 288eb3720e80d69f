//! A read, whole: from the segments of a path over a [`Source`] to the [`Outcome`] that the engine renders. Changes nothing.

use std::sync::Arc;

use super::expand::Filling;
use super::route::{Place, Walk};
use super::{Context, Source, compute, page_in, select_computed};
use crate::edm::DateTimeOffset;
use crate::engine::{Operation, Outcome, Page, Segment, Target};
use crate::error::{Error, ErrorKind};
use crate::model::Model;
use crate::plan::{CollectionQuery, Projection};
use crate::value::{Record, Value};

/// Answers reads from entities in memory.
///
/// ```
/// use std::sync::Arc;
/// use odata::edm::DateTimeOffset;
/// use odata::engine::{Operation, Outcome};
/// use odata::exec::memory::{Reader, Rows, Source};
/// use odata::syntax::{Query, RawPath};
/// use odata::{Record, RecordBuilder, Value, bind, csdl};
///
/// let model = csdl::read(r#"<edmx:Edmx xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx" Version="4.0">
///   <edmx:DataServices><Schema xmlns="http://docs.oasis-open.org/odata/ns/edm" Namespace="shop">
///     <EntityType Name="item"><Key><PropertyRef Name="id"/></Key><Property Name="id" Type="Edm.Int32" Nullable="false"/>
///     </EntityType><EntityContainer Name="c"><EntitySet Name="items" EntityType="shop.item"/></EntityContainer>
///   </Schema></edmx:DataServices></edmx:Edmx>"#)?;
///
/// struct Shop(Vec<Arc<Record>>);
/// impl Source for Shop {
///     fn rows(&self, _child: u16) -> Rows<'_> {
///         Box::new((0..).zip(self.0.iter().cloned()))
///     }
///     fn entity(&self, _child: u16, key: &[Value]) -> Option<Arc<Record>> {
///         self.0.iter().find(|item| item.get(0) == key.first()).cloned()
///     }
/// }
///
/// let ty = model.type_by_name("shop.item").expect("declared");
/// let shop = Shop((1..=3).map(|id| RecordBuilder::new(&model, ty).set(0, id).build().into()).collect());
/// let reader = Reader { model: &model, source: &shop, now: DateTimeOffset::from_unix_nanos(0) };
///
/// // `Engine::head` and `Engine::bind` make both from a request.
/// let query = Query::parse("$filter=id ge 2")?;
/// let target = bind::path(&model, &RawPath::parse("items/$count")?, &query)?;
/// let operation = Operation::Count(bind::query(&model, &target, &query)?);
/// assert_eq!(reader.read(&target, &operation)?, Outcome::Count(2));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy)]
pub struct Reader<'s> {
    /// The model that requests were bound to.
    pub model: &'s Model,
    /// The entities.
    pub source: &'s dyn Source,
    /// The value of `now()`.
    pub now: DateTimeOffset,
}

impl<'s> Reader<'s> {
    /// Answers a read, a function included.
    ///
    /// ```
    /// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
    /// # let engine = shop::engine();
    /// # let shelves = shop::shelves(engine.model());
    /// # let now = odata::edm::DateTimeOffset::from_unix_nanos(0);
    /// use odata::engine::Outcome;
    /// use odata::exec::memory::Reader;
    ///
    /// let reader = Reader { model: engine.model(), source: &shelves, now };
    /// let head = shop::head(&engine, "GET /products(2)/name")?;
    /// let outcome = reader.read(head.target(), &engine.bind(&head, bytes::Bytes::new(), None)?)?;
    /// assert_eq!(outcome, Outcome::Property { value: "cup".into(), etag: None });
    /// # Ok::<(), odata::Error>(())
    /// ```
    ///
    /// # Errors
    /// 404 for what does not exist, what evaluation and the source give, 500 for an operation that is no read.
    pub fn read(&self, target: &Target, operation: &Operation) -> Result<Outcome, Error> {
        match operation {
            Operation::ServiceDocument => return Ok(Outcome::ServiceDocument),
            Operation::Metadata => return Ok(Outcome::Metadata),
            Operation::Options => return Ok(Outcome::Options),
            _ => {}
        }
        let mut walk = Walk::new(self);
        walk.along(&target.segments)?;
        match operation {
            Operation::ReadCollection(query) if matches!(target.segments.first(), Some(Segment::CrossJoin(_))) => {
                self.combinations(walk.rows()?, query).map(Outcome::Collection)
            }
            Operation::ReadCollection(query) => self.page(walk.rows()?, query).map(Outcome::Collection),
            Operation::Count(query) => count(self.context(), walk.rows()?, query).map(Outcome::Count),
            Operation::ReadEntity(projection) => match walk.place {
                Place::One(Value::Record(entity)) => self.project(entity, projection).map(Outcome::Entity),
                Place::Nothing => Ok(Outcome::NoContent { etag: None }),
                _ => Err(not_found()),
            },
            Operation::ReadProperty(projection) => {
                let etag = walk.holder.as_ref().and_then(|entity| entity.etag.clone());
                if let Place::Dynamic(Some(property)) = walk.place {
                    return Ok(Outcome::DynamicProperty { property, etag });
                }
                let mut value = self.computed(walk.value(), projection)?;
                Filling::new(self).value(&mut value, projection)?;
                Ok(Outcome::Property { value, etag })
            }
            Operation::ReadStream => walk.stream(),
            Operation::Invoke { query, .. } => match walk.place {
                Place::Set { .. } | Place::Many(_) => self.page(walk.rows()?, query).map(Outcome::Collection),
                Place::Nothing | Place::Stream(..) | Place::Dynamic(_) => Err(not_found()),
                Place::Start | Place::One(_) => self.returned(walk.value(), query),
            },
            _ => Err(Error::new(ErrorKind::Internal, "The operation is no read.")),
        }
    }

    /// Answers with what an operation that the application ran gave, under the options of its call: a collection is
    /// filtered, ordered and paged, an entity expanded.
    ///
    /// ```
    /// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
    /// # let model = shop::model();
    /// # let shelves = shop::shelves(&model);
    /// # let now = odata::edm::DateTimeOffset::from_unix_nanos(0);
    /// use odata::engine::Outcome;
    /// use odata::exec::memory::Reader;
    ///
    /// let reader = Reader { model: &model, source: &shelves, now };
    /// let found = shop::products(&model).into_iter().map(Into::into).collect::<Vec<_>>();
    /// let query = shop::query(&model, "products?$filter=price gt 4")?;
    /// let Outcome::Collection(page) = reader.returned(found.into(), &query)? else { panic!("a page") };
    /// assert_eq!(page.items.len(), 2);
    /// # Ok::<(), odata::Error>(())
    /// ```
    ///
    /// # Errors
    /// What evaluation gives.
    pub fn returned(&self, value: Value, query: &CollectionQuery) -> Result<Outcome, Error> {
        match value {
            Value::Collection(items) => {
                let rows: Vec<Value> = items.to_vec();
                self.page(Box::new((0..).zip(rows)), query).map(Outcome::Collection)
            }
            Value::Record(record) => {
                let is_entity = self.model.structured(record.type_id).is_some_and(|ty| ty.is_entity);
                let record = self.project(record, &query.projection)?;
                Ok(if is_entity { Outcome::Entity(record) } else { Outcome::Value(Value::Record(record)) })
            }
            value => Ok(Outcome::Value(value)),
        }
    }

    /// The last entity that a path goes through: of `Products(1)/Name` and `Products(1)/Parts` the product, of
    /// `Products(1)/Parts(2)` the part. What a write changes, or adds something to.
    ///
    /// ```
    /// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
    /// # let engine = shop::engine();
    /// # let shelves = shop::shelves(engine.model());
    /// # let now = odata::edm::DateTimeOffset::from_unix_nanos(0);
    /// use odata::exec::memory::Reader;
    ///
    /// let reader = Reader { model: engine.model(), source: &shelves, now };
    /// let head = shop::head(&engine, "PUT /products(2)/name")?;
    /// let cup = reader.entity(&head.target().segments)?;
    /// assert_eq!(cup.get(0), Some(&2.into()));
    /// # Ok::<(), odata::Error>(())
    /// ```
    ///
    /// # Errors
    /// 404 when an entity on the way does not exist, or the path goes through none.
    pub fn entity(&self, segments: &[Segment]) -> Result<Arc<Record>, Error> {
        let mut walk = Walk::new(self);
        walk.along(segments)?;
        match walk.place {
            Place::Nothing => Err(not_found()),
            _ => walk.holder.ok_or_else(not_found),
        }
    }

    /// A record with everything that `$select` and `$expand` ask inside it: related entities, narrowed collections.
    ///
    /// ```
    /// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
    /// # let model = shop::model();
    /// # let shelves = shop::shelves(&model);
    /// # let now = odata::edm::DateTimeOffset::from_unix_nanos(0);
    /// use odata::exec::memory::Reader;
    ///
    /// let reader = Reader { model: &model, source: &shelves, now };
    /// let projection = shop::query(&model, "products?$expand=category")?.projection;
    /// let tea = reader.project(shop::product(&model, 1, "tea", "4.50").into(), &projection)?;
    /// let category = tea.get(7).and_then(|value| value.as_record()).expect("expanded");
    /// assert_eq!(category.get(0), Some(&"kitchen".into()));
    /// # Ok::<(), odata::Error>(())
    /// ```
    ///
    /// # Errors
    /// What evaluating nested options gives, and an answer that grows beyond
    /// `EXPANDED_ENTITIES_MAX`.
    pub fn project(&self, record: Arc<Record>, projection: &Projection) -> Result<Arc<Record>, Error> {
        let mut value = self.computed(Value::Record(record), projection)?;
        Filling::new(self).value(&mut value, projection)?;
        match value {
            Value::Record(record) => Ok(record),
            _ => Err(Error::new(ErrorKind::Internal, "A record stays a record.")),
        }
    }

    /// The members that a path to a collection leads to, behind its casts and filters: what `/$each` is done to.
    ///
    /// ```
    /// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
    /// # let engine = shop::engine();
    /// # let shelves = shop::shelves(engine.model());
    /// # let now = odata::edm::DateTimeOffset::from_unix_nanos(0);
    /// use odata::exec::memory::Reader;
    /// # use odata::syntax::{Query, RawPath};
    ///
    /// let reader = Reader { model: engine.model(), source: &shelves, now };
    /// let path = RawPath::parse("products/$filter(price gt 4)/$each")?;
    /// let target = odata::bind::path(engine.model(), &path, &Query::default())?;
    /// assert_eq!(reader.members(&target)?.len(), 2);
    /// # Ok::<(), odata::Error>(())
    /// ```
    ///
    /// # Errors
    /// 404 where a key in the path names nothing; what a filter in the path gives.
    pub fn members(&self, target: &Target) -> Result<Vec<Value>, Error> {
        let mut walk = Walk::new(self);
        walk.along(&target.segments)?;
        Ok(walk.rows()?.map(|(_, member)| member).collect())
    }

    /// A page of ranked rows (see [`super::page()`]), with what `$select` and `$expand` ask inside each.
    ///
    /// ```
    /// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
    /// # let model = shop::model();
    /// # let shelves = shop::shelves(&model);
    /// # let now = odata::edm::DateTimeOffset::from_unix_nanos(0);
    /// use odata::exec::memory::Reader;
    ///
    /// let reader = Reader { model: &model, source: &shelves, now };
    /// let query = shop::query(&model, "products?$top=1&$expand=category")?;
    /// let page = reader.page(Box::new(shop::rows(&model)), &query)?;
    /// assert!(page.items[0].as_record().is_some_and(|tea| tea.get(7).is_some()));
    /// # Ok::<(), odata::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`super::page()`] and [`Self::project`].
    pub fn page(
        &self,
        rows: Box<dyn Iterator<Item = (u64, Value)> + '_>,
        query: &CollectionQuery,
    ) -> Result<Page, Error> {
        let mut page = page_in(self.context(), rows, query)?;
        if holds_all(query) {
            return Ok(page);
        }
        let filling = Filling::new(self);
        page.items.iter_mut().try_for_each(|item| filling.value(item, &query.projection))?;
        Ok(page)
    }

    /// A single value with the properties that `$compute` gives it and `$select` wants.
    fn computed(&self, value: Value, projection: &Projection) -> Result<Value, Error> {
        if projection.compute.is_empty() {
            return Ok(value);
        }
        let mut value = compute(&projection.compute, value, self.context())?;
        select_computed(projection, &mut value);
        Ok(value)
    }

    /// A page of the rows of `$crossjoin`: what is expanded are their dynamic properties.
    fn combinations(&self, rows: impl Iterator<Item = (u64, Value)>, query: &CollectionQuery) -> Result<Page, Error> {
        let mut page = page_in(self.context(), rows, query)?;
        let filling = Filling::new(self);
        for row in &mut page.items {
            let Value::Record(row) = row else { continue };
            for item in &query.projection.expand {
                if let Some(property) = Arc::make_mut(row).dynamic.get_mut(usize::from(item.member)) {
                    filling.single(&mut property.value, &item.query)?;
                }
            }
        }
        Ok(page)
    }

    pub(super) fn context(&self) -> Context<'s> {
        Context::new(self.model, self.now).with_source(self.source)
    }
}

pub(super) fn count(
    context: Context<'_>,
    rows: impl Iterator<Item = (u64, Value)>,
    query: &CollectionQuery,
) -> Result<u64, Error> {
    let counting = CollectionQuery { count: true, top: Some(0), ..query.clone() };
    Ok(page_in(context, rows, &counting)?.count.unwrap_or_default())
}

/// Whether rows hold all that an answer shows: those that `$apply` made of others, and nobody else knows.
pub(super) fn holds_all(query: &CollectionQuery) -> bool {
    query.apply.as_ref().is_some_and(|apply| apply.rows.members.is_some())
}

pub(super) fn not_found() -> Error {
    Error::new(ErrorKind::NotFound, "The resource does not exist.")
}
