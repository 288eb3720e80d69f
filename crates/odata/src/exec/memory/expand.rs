//! What `$select` and `$expand` ask inside a record: related entities put in, collections narrowed and paged. What is not
//! selected stays in the record; the renderer leaves it out.

use std::cell::Cell;
use std::sync::Arc;

use super::read::{Reader, count, holds_all};
use super::{Context, Patterns, Related, compute, page_in, select_computed};
use crate::engine::StreamBody;
use crate::error::Error;
use crate::limits::{EXPANDED_ENTITIES_MAX, EXPANDED_STREAM_BYTES_MAX};
use crate::model::{EdmType, TypeId};
use crate::plan::{CollectionQuery, ExpandItem, Projection, SelectItem};
use crate::value::{Record, StreamInfo, Value};

/// One answer being filled: how many more entities, and bytes of streams, it may hold.
pub(super) struct Filling<'r, 's> {
    reader: &'r Reader<'s>,
    left: Cell<usize>,
    bytes_left: Cell<usize>,
    patterns: Patterns,
}

impl<'r, 's> Filling<'r, 's> {
    pub(super) fn new(reader: &'r Reader<'s>) -> Self {
        let (left, bytes_left) = (Cell::new(EXPANDED_ENTITIES_MAX), Cell::new(EXPANDED_STREAM_BYTES_MAX));
        Self { reader, left, bytes_left, patterns: Patterns::default() }
    }

    /// A value of a page or of a property: records and the records in collections are filled, anything else is as it is.
    pub(super) fn value(&self, value: &mut Value, projection: &Projection) -> Result<(), Error> {
        if !asks_inside(projection) {
            return Ok(());
        }
        match value {
            Value::Collection(items) => {
                Arc::make_mut(items).iter_mut().try_for_each(|item| self.value(item, projection))
            }
            whole => {
                let it = whole.clone();
                Inside { filling: self, it: &it }.value(whole, projection)
            }
        }
    }

    /// The value of one row of combinations, under the options of its item in `$expand`.
    pub(super) fn single(&self, value: &mut Value, query: &CollectionQuery) -> Result<(), Error> {
        let it = value.clone();
        Inside { filling: self, it: &it }.single(value, query)
    }
}

/// One instance of an answer being filled: what `$it` is in nested options.
struct Inside<'f, 'r, 's> {
    filling: &'f Filling<'r, 's>,
    it: &'f Value,
}

impl Inside<'_, '_, '_> {
    fn value(&self, value: &mut Value, projection: &Projection) -> Result<(), Error> {
        match value {
            Value::Record(record) if asks_inside(projection) => self.record(Arc::make_mut(record), projection),
            _ => Ok(()),
        }
    }

    fn record(&self, record: &mut Record, projection: &Projection) -> Result<(), Error> {
        for item in projection.select.iter().flatten() {
            if let SelectItem::Member { cast, member, nested: Some(query) } = item
                && self.fits(record, *cast)
            {
                self.inside(record, *member, query)?;
            }
        }
        for item in &projection.expand {
            if self.fits(record, item.cast) {
                self.expand(record, item)?;
            }
        }
        if projection.media {
            record.media = self.stream(record, None)?;
        }
        Ok(())
    }

    /// A stream with its bytes, while there is room for them.
    fn stream(&self, record: &Record, member: Option<u16>) -> Result<Option<Arc<StreamInfo>>, Error> {
        let Some(StreamBody { media_type, bytes, etag, .. }) = self.filling.reader.source.stream(record, member) else {
            return Ok(None);
        };
        let left = self.filling.bytes_left.get().checked_sub(bytes.len()).ok_or_else(|| {
            let message = format!("The answer would hold more than {EXPANDED_STREAM_BYTES_MAX} bytes of streams.");
            Error::bad_request(message).at("$expand")
        })?;
        self.filling.bytes_left.set(left);
        Ok(Some(Arc::new(StreamInfo { media_type, etag, length: bytes.len() as u64, inline: Some(bytes) })))
    }

    /// What options ask of a structural property.
    fn inside(&self, record: &mut Record, member: u16, query: &CollectionQuery) -> Result<(), Error> {
        let Some(slot) = record.members.get_mut(usize::from(member)) else { return Ok(()) };
        match slot.take() {
            Some(Value::Collection(items)) => {
                let rows = (0..).zip(items.iter().cloned());
                self.page(record, member, rows, query)?;
            }
            Some(mut value) => {
                self.single(&mut value, query)?;
                record.set(member, value);
            }
            None => {}
        }
        Ok(())
    }

    fn expand(&self, record: &mut Record, item: &ExpandItem) -> Result<(), Error> {
        let reader = self.filling.reader;
        let ty = reader.model.structured(record.type_id);
        let Some(member) = ty.and_then(|ty| ty.members.get(usize::from(item.member))) else { return Ok(()) };
        if member.is_stream() {
            let stream = self.stream(record, Some(item.member))?;
            record.set(item.member, stream.map_or(Value::Null, Value::Stream));
            return Ok(());
        }
        if !member.is_navigation() {
            return self.inside(record, item.member, &item.query);
        }
        let is_wanted = |entity: &Record| self.fits(entity, item.target_cast);
        match reader.source.related(record, item.member) {
            Related::One(entity) => {
                let mut value = entity.filter(|entity| is_wanted(entity)).map_or(Value::Null, Value::Record);
                self.count_in(usize::from(!value.is_null()))?;
                if !item.reference {
                    self.single(&mut value, &item.query)?;
                }
                record.set(item.member, value);
            }
            Related::Many(rows) => {
                let rows = rows.filter(|(_, entity)| is_wanted(entity));
                let rows = rows.map(|(rank, entity)| (rank, Value::Record(entity)));
                if item.count_only {
                    record.counts.push((item.member, count(self.context(), rows, &item.query)?));
                } else {
                    self.page(record, item.member, rows, &item.query)?;
                }
            }
        }
        Ok(())
    }

    fn single(&self, value: &mut Value, query: &CollectionQuery) -> Result<(), Error> {
        if !query.compute.is_empty() {
            let whole = std::mem::replace(value, Value::Null);
            *value = compute(&query.compute, whole, self.context())?;
            select_computed(&query.projection, value);
        }
        self.value(value, &query.projection)
    }

    /// Puts a page of rows into a record.
    fn page(
        &self,
        record: &mut Record,
        member: u16,
        rows: impl Iterator<Item = (u64, Value)>,
        query: &CollectionQuery,
    ) -> Result<(), Error> {
        let mut page = page_in(self.context(), rows, query)?;
        self.count_in(page.items.len())?;
        if !holds_all(query) {
            page.items.iter_mut().try_for_each(|item| self.value(item, &query.projection))?;
        }
        record.counts.extend(page.count.map(|count| (member, count)));
        record.next_links.extend(page.next.map(|next| (member, next)));
        record.set(member, page.items.into());
        Ok(())
    }

    fn context(&self) -> Context<'_> {
        self.filling.reader.context().with_it(self.it).with_patterns(&self.filling.patterns)
    }

    fn fits(&self, record: &Record, cast: Option<TypeId>) -> bool {
        cast.is_none_or(|cast| self.filling.reader.model.is_a(record.type_id, cast))
    }

    /// Entities that lead to each other make an answer grow with each level.
    fn count_in(&self, entities: usize) -> Result<(), Error> {
        let left = self.filling.left.get().checked_sub(entities).ok_or_else(|| {
            let message = format!("The answer would hold more than {EXPANDED_ENTITIES_MAX} expanded entities.");
            Error::bad_request(message).at("$expand")
        })?;
        self.filling.left.set(left);
        Ok(())
    }
}

/// A stream with its bytes.
/// Whether anything has to be put in or narrowed.
fn asks_inside(projection: &Projection) -> bool {
    let nested = |item: &SelectItem| matches!(item, SelectItem::Member { nested: Some(_), .. });
    !projection.expand.is_empty() || projection.media || projection.select.iter().flatten().any(nested)
}

/// Whether a value of this type is an entity.
pub(super) fn is_entity(model: &crate::model::Model, base: EdmType) -> bool {
    matches!(base, EdmType::Named(id) if model.structured(id).is_some_and(|ty| ty.is_entity))
}
