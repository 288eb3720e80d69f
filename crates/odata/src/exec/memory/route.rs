//! Segment by segment along a bound path, over a [`super::Source`]: sets, keys, casts, navigation, properties, functions.

use std::sync::Arc;

use super::expand::is_entity;
use super::read::{Reader, not_found};
use super::these::settled_filter;
use super::{Call, Patterns, Related, matches};
use crate::engine::{Outcome, Segment, ordinal};
use crate::error::{Error, ErrorKind};
use crate::limits::CROSSJOIN_ROWS_MAX;
use crate::model::{ContainerChildKind, EdmType, KeyRef, Model, OperationId, TypeId};
use crate::plan::Filter;
use crate::value::{DynamicProperty, Record, Value};

/// Ranked values.
pub(super) type Values<'s> = Box<dyn Iterator<Item = (u64, Value)> + 's>;

/// Where a walk has come to.
pub(super) enum Place<'s> {
    /// Nowhere yet, or at an import.
    Start,
    /// An entity set of the container, all of it or the entities of a type.
    Set { child: u16, cast: Option<TypeId> },
    /// A collection.
    Many(Values<'s>),
    /// An entity or a value.
    One(Value),
    /// A property that is not declared, if it is there.
    Dynamic(Option<DynamicProperty>),
    /// Behind a navigation property that leads to no entity.
    Nothing,
    /// A stream of an entity: a property's, or its own.
    Stream(Arc<Record>, Option<u16>),
}

/// A walk along a path.
pub(super) struct Walk<'r, 's> {
    reader: &'r Reader<'s>,
    pub(super) place: Place<'s>,
    /// The last entity that the path went through.
    pub(super) holder: Option<Arc<Record>>,
}

impl<'r, 's> Walk<'r, 's> {
    pub(super) fn new(reader: &'r Reader<'s>) -> Self {
        Self { reader, place: Place::Start, holder: None }
    }

    pub(super) fn along(&mut self, segments: &[Segment]) -> Result<(), Error> {
        segments.iter().try_for_each(|segment| self.step(segment))
    }

    fn step(&mut self, segment: &Segment) -> Result<(), Error> {
        match segment {
            Segment::Root { child, .. } => self.root(*child),
            Segment::Key(values) => self.key(values),
            Segment::All => {
                self.all();
                Ok(())
            }
            Segment::CrossJoin(sets) => self.cross(sets),
            Segment::AlternateKey(parts) => self.alternate_key(parts),
            Segment::Filter(filter) => self.filter(filter),
            Segment::Index(place) => self.index(*place),
            Segment::Cast(ty) => self.cast(*ty),
            Segment::Navigation { member, .. } => self.navigate(*member),
            Segment::Property { member, .. } => self.property(*member),
            Segment::Dynamic { name } => self.dynamic(name),
            Segment::Operation { id, parameters } => self.call(*id, parameters),
            Segment::Value => {
                if let Place::One(Value::Record(entity)) = &self.place {
                    self.place = Place::Stream(Arc::clone(entity), None);
                }
                Ok(())
            }
            Segment::Each | Segment::Count | Segment::Ref => Ok(()),
        }
    }

    fn root(&mut self, child: u16) -> Result<(), Error> {
        let declared = self.reader.model.container.children.get(usize::from(child)).ok_or_else(not_found)?;
        match declared.kind {
            ContainerChildKind::EntitySet { .. } => self.place = Place::Set { child, cast: None },
            ContainerChildKind::Singleton { .. } => self.arrive(self.reader.source.entity(child, &[]))?,
            ContainerChildKind::Import { .. } => {}
        }
        Ok(())
    }

    /// Every entity of the service, set by set; then the singletons.
    fn all(&mut self) {
        let (model, source) = (self.reader.model, self.reader.source);
        let children = model.container.children.iter().zip(0_u16..);
        let of_sets = children.clone().filter(|(child, _)| matches!(child.kind, ContainerChildKind::EntitySet { .. }));
        let of_sets = of_sets.flat_map(move |(_, number)| source.rows(number)).map(|(_, entity)| entity);
        let singles = children.filter(|(child, _)| matches!(child.kind, ContainerChildKind::Singleton { .. }));
        let singles = singles.filter_map(move |(_, number)| source.entity(number, &[]));
        self.place = Place::Many(Box::new((0..).zip(of_sets.chain(singles).map(Value::Record))));
    }

    /// Every combination of one entity of each set.
    fn cross(&mut self, sets: &[(u16, Arc<str>)]) -> Result<(), Error> {
        let (model, source) = (self.reader.model, self.reader.source);
        let mut columns = Vec::with_capacity(sets.len());
        for (child, name) in sets {
            let kind = model.container.children.get(usize::from(*child)).map(|child| &child.kind);
            let Some(ContainerChildKind::EntitySet { ty, .. }) = kind else { return Err(not_found()) };
            let entities: Vec<Arc<Record>> = source.rows(*child).map(|(_, entity)| entity).collect();
            columns.push(Column { ty: *ty, name: Arc::clone(name), entities });
        }
        let count = columns.iter().try_fold(1_u64, |count, column| {
            count.checked_mul(column.entities.len() as u64).filter(|count| *count <= CROSSJOIN_ROWS_MAX)
        });
        let message = || format!("The sets have more than {CROSSJOIN_ROWS_MAX} combinations.");
        let count = count.ok_or_else(|| Error::bad_request(message()).at("path"))?;
        self.place = Place::Many(Box::new((0..count).map(move |rank| (rank, combination(&columns, rank)))));
        Ok(())
    }

    /// At an entity that has to exist.
    fn arrive(&mut self, entity: Option<Arc<Record>>) -> Result<(), Error> {
        let entity = entity.ok_or_else(not_found)?;
        self.holder = Some(Arc::clone(&entity));
        self.place = Place::One(Value::Record(entity));
        Ok(())
    }

    fn key(&mut self, key: &[Value]) -> Result<(), Error> {
        let found = match std::mem::replace(&mut self.place, Place::Start) {
            Place::Set { child, cast } => {
                let model = self.reader.model;
                let is_wanted = |entity: &Arc<Record>| cast.is_none_or(|cast| model.is_a(entity.type_id, cast));
                self.reader.source.entity(child, key).filter(is_wanted)
            }
            Place::Many(mut rows) => rows.find_map(|(_, row)| match row {
                Value::Record(entity) if has_key(self.reader.model, &entity, key) => Some(entity),
                _ => None,
            }),
            _ => None,
        };
        self.arrive(found)
    }

    fn alternate_key(&mut self, parts: &[(KeyRef, Value)]) -> Result<(), Error> {
        let fits = |entity: &Record| parts.iter().all(|(part, wanted)| at(entity, &part.path) == Some(wanted));
        let found = self.rows()?.find_map(|(_, row)| match row {
            Value::Record(entity) if fits(&entity) => Some(entity),
            _ => None,
        });
        self.arrive(found)
    }

    fn filter(&mut self, filter: &Filter) -> Result<(), Error> {
        let patterns = Patterns::default();
        let context = self.reader.context().with_patterns(&patterns);
        let mut rows = self.rows()?;
        let mut filter = std::borrow::Cow::Borrowed(filter);
        if filter.expr().asks_these() {
            let (ranks, all): (Vec<u64>, Vec<Value>) = rows.unzip();
            filter = std::borrow::Cow::Owned(settled_filter(&filter, &all, context)?.into_owned());
            rows = Box::new(ranks.into_iter().zip(all));
        }
        let mut left = Vec::new();
        for (rank, row) in rows {
            if matches(&filter, &row, context)? {
                left.push((rank, row));
            }
        }
        self.place = Place::Many(Box::new(left.into_iter()));
        Ok(())
    }

    /// The element at a place, from the end where it is negative.
    fn index(&mut self, place: i64) -> Result<(), Error> {
        let rows: Vec<(u64, Value)> = self.rows()?.collect();
        let found = ordinal(place, rows.len()).and_then(|place| rows.into_iter().nth(place));
        match found.ok_or_else(not_found)?.1 {
            Value::Record(entity) if is_entity(self.reader.model, EdmType::Named(entity.type_id)) => {
                self.arrive(Some(entity))
            }
            value => {
                self.place = Place::One(value);
                Ok(())
            }
        }
    }

    fn cast(&mut self, ty: TypeId) -> Result<(), Error> {
        let model = self.reader.model;
        if let Place::Dynamic(property) = &mut self.place {
            self.place = Place::One(property.take().map_or(Value::Null, |property| property.value));
        }
        let is_wanted = move |value: &Value| value.as_record().is_some_and(|record| model.is_a(record.type_id, ty));
        self.place = match std::mem::replace(&mut self.place, Place::Start) {
            Place::Set { child, .. } => Place::Set { child, cast: Some(ty) },
            Place::Many(rows) => Place::Many(Box::new(rows.filter(move |(_, row)| is_wanted(row)))),
            Place::One(value) if !value.is_null() && !is_wanted(&value) => return Err(not_found()),
            place => place,
        };
        Ok(())
    }

    fn navigate(&mut self, member: u16) -> Result<(), Error> {
        let Place::One(Value::Record(owner)) = &self.place else { return Err(not_found()) };
        match self.reader.source.related(owner, member) {
            Related::One(Some(entity)) => self.arrive(Some(entity))?,
            Related::One(None) => self.place = Place::Nothing,
            Related::Many(rows) => {
                self.place = Place::Many(Box::new(rows.map(|(rank, entity)| (rank, Value::Record(entity)))));
            }
        }
        Ok(())
    }

    /// A property; of a complex value that is null it is null.
    fn property(&mut self, number: u16) -> Result<(), Error> {
        let Place::One(value) = &self.place else { return Err(not_found()) };
        let Value::Record(owner) = value else { return Ok(()) };
        let ty = self.reader.model.structured(owner.type_id);
        let member = ty.and_then(|ty| ty.members.get(usize::from(number))).ok_or_else(not_found)?;
        self.place = match owner.get(number).cloned() {
            _ if member.is_stream() => Place::Stream(Arc::clone(owner), Some(number)),
            Some(Value::Collection(items)) => {
                let items = Arc::unwrap_or_clone(items);
                Place::Many(Box::new((0..).zip(items)))
            }
            _ if member.ty.collection => Place::Many(Box::new(std::iter::empty())),
            value => Place::One(value.unwrap_or(Value::Null)),
        };
        Ok(())
    }

    /// A property that the type does not declare, or one of the value of such a property.
    fn dynamic(&mut self, name: &str) -> Result<(), Error> {
        let found = match &self.place {
            Place::One(value) => value.as_record().and_then(|owner| owner.dynamic_property(name)).cloned(),
            Place::Dynamic(None) => None,
            Place::Dynamic(Some(property)) => self.below(&property.value, name)?,
            _ => return Err(not_found()),
        };
        self.place = Place::Dynamic(found);
        Ok(())
    }

    /// A property of a value that no type declares: the value's own type may.
    fn below(&self, value: &Value, name: &str) -> Result<Option<DynamicProperty>, Error> {
        let not_offered = |what: &str| Err(Error::new(ErrorKind::NotImplemented, format!("{what} is not offered.")));
        let owner = match value {
            Value::Record(owner) => owner,
            Value::Rendered(_) => return not_offered("A path into an untyped value"),
            _ => return Err(not_found()),
        };
        let ty = self.reader.model.structured(owner.type_id).ok_or_else(not_found)?;
        match ty.member(name) {
            Some((_, member)) if member.is_navigation() || member.is_stream() => {
                not_offered("A path that does not name the type before a navigation property or a stream")
            }
            Some((number, member)) => {
                let value = owner.get(number).filter(|value| !value.is_null()).cloned();
                Ok(value.map(|value| DynamicProperty { name: name.into(), ty: Some(member.ty.base), value }))
            }
            None if ty.is_open => Ok(owner.dynamic_property(name).cloned()),
            None => Err(not_found()),
        }
    }

    fn call(&mut self, id: OperationId, parameters: &[Option<Value>]) -> Result<(), Error> {
        let (reader, operation) = (self.reader, self.reader.model.operation(id));
        if operation.is_action {
            return Err(Error::new(ErrorKind::Internal, "An action is no read."));
        }
        let binding = match &self.place {
            Place::Start => None,
            Place::One(value) => Some(value.clone()),
            Place::Nothing | Place::Stream(..) | Place::Dynamic(_) => return Err(not_found()),
            Place::Set { .. } | Place::Many(_) => Some(self.rows()?.map(|(_, row)| row).collect::<Vec<Value>>().into()),
        };
        let result = reader.source.call(&Call { operation: id, binding: binding.as_ref(), parameters })?;
        let returns = operation.returns.as_ref();
        self.place = match result {
            Value::Collection(items) => Place::Many(Box::new((0..).zip(Arc::unwrap_or_clone(items)))),
            Value::Record(record) => {
                if is_entity(reader.model, EdmType::Named(record.type_id)) {
                    self.holder = Some(Arc::clone(&record));
                }
                Place::One(Value::Record(record))
            }
            Value::Null if returns.is_some_and(|ty| is_entity(reader.model, ty.base)) => Place::Nothing,
            value => Place::One(value),
        };
        Ok(())
    }

    /// The collection that the walk has come to.
    pub(super) fn rows(&mut self) -> Result<Values<'s>, Error> {
        let (model, source) = (self.reader.model, self.reader.source);
        match std::mem::replace(&mut self.place, Place::Start) {
            Place::Set { child, cast } => {
                let rows = source.rows(child);
                let rows = rows.filter(move |(_, row)| cast.is_none_or(|cast| model.is_a(row.type_id, cast)));
                Ok(Box::new(rows.map(|(rank, entity)| (rank, Value::Record(entity)))))
            }
            Place::Many(rows) => Ok(rows),
            // A collection inside a complex value that is null.
            Place::One(Value::Null) => Ok(Box::new(std::iter::empty())),
            _ => Err(not_found()),
        }
    }

    /// The value that the walk has come to; null where there is none.
    pub(super) fn value(&mut self) -> Value {
        match std::mem::replace(&mut self.place, Place::Start) {
            Place::One(value) => value,
            _ => Value::Null,
        }
    }

    pub(super) fn stream(self) -> Result<Outcome, Error> {
        match self.place {
            Place::Stream(owner, property) => Ok(match self.reader.source.stream(&owner, property) {
                Some(body) => Outcome::Stream(body),
                None => Outcome::NoContent { etag: None },
            }),
            _ => Err(not_found()),
        }
    }
}

/// An entity set of a `$crossjoin`.
struct Column {
    ty: TypeId,
    name: Arc<str>,
    entities: Vec<Arc<Record>>,
}

/// The row with a number: the last set's entities change fastest.
fn combination(columns: &[Column], mut number: u64) -> Value {
    let mut row = Record::new(columns.first().map_or(TypeId(0), |column| column.ty), 0);
    for Column { ty, name, entities } in columns.iter().rev() {
        let place = number % entities.len() as u64;
        number /= entities.len() as u64;
        let entity = usize::try_from(place).ok().and_then(|place| entities.get(place));
        let value = entity.map_or(Value::Null, |entity| Value::Record(Arc::clone(entity)));
        row.dynamic.push(DynamicProperty { name: Arc::clone(name), ty: Some(EdmType::Named(*ty)), value });
    }
    row.dynamic.reverse();
    row.into()
}

/// Whether an entity has a key.
pub(super) fn has_key(model: &Model, entity: &Record, key: &[Value]) -> bool {
    let parts = model.key_of(entity.type_id);
    parts.len() == key.len() && parts.iter().zip(key).all(|(part, wanted)| at(entity, &part.path) == Some(wanted))
}

/// The value at a path of members.
pub(super) fn at<'v>(record: &'v Record, path: &[u16]) -> Option<&'v Value> {
    let (first, rest) = path.split_first()?;
    rest.iter().try_fold(record.get(*first)?, |value, member| value.as_record()?.get(*member))
}
