//! Changing and deleting entities, and their properties by their own URLs.

use std::sync::Arc;

use odata::engine::{Current, Engine, Head, Outcome, Return};
use odata::{Error, Record, Value};

use super::create::upsert;
use super::deep;
use super::rules::{self, not_found};
use super::schema::{Schema, Set};
use super::store::{Key, Row, Store};
use super::walk::walk;

/// PATCH and PUT of an entity.
pub(crate) fn update(
    store: &mut Store,
    engine: &Engine,
    head: &Head,
    change: Record,
    replace: bool,
) -> Result<Outcome, Error> {
    let place = walk(store, &head.target().segments, true)?;
    let (set, key) = place.entity()?;
    let Some(row) = store.get(set, &key) else {
        return upsert(store, engine, head, set, &key, change);
    };
    head.preconditions().check_update(&change, Current::Present(row.record.etag.as_deref()))?;
    amend(store, engine, set, &key, change, replace).map(Outcome::Updated)
}

/// Changes an entity that exists, with what the change says of related ones.
pub(crate) fn amend(
    store: &mut Store,
    engine: &Engine,
    set: Set,
    key: &Key,
    mut change: Record,
    replace: bool,
) -> Result<Arc<Record>, Error> {
    let schema = Arc::clone(&store.schema);
    rules::refuse_photo(&schema, set, &change)?;
    let collections = deep::take(store, engine, set, key, &mut change)?;
    let row = store.get(set, key).ok_or_else(not_found)?;
    let next = if replace { replaced(&schema, set, row, &change) } else { merged(&schema, row, &change) };
    engine.check_complete(&next)?;
    rules::check(store, set, &next, Some(key))?;
    let record = rules::change(store, set, key, |row| row.record = Arc::new(next))?;
    for collection in collections {
        deep::finish(store, engine, set, key, collection)?;
    }
    Ok(record)
}

fn merged(schema: &Schema, row: &Row, change: &Record) -> Record {
    let mut next = Record::clone(&row.record);
    next.merge(change);
    complete(schema, &mut next);
    next
}

/// A complex value that was null before and is now given in part has the defaults of the rest.
fn complete(schema: &Schema, record: &mut Record) {
    for slot in record.members.iter_mut().flatten() {
        if let Value::Record(inner) = slot
            && inner.members.iter().any(Option::is_none)
        {
            rules::fill(schema, Arc::make_mut(inner));
        }
    }
}

/// A replacement keeps what no client can set, and the type.
fn replaced(schema: &Schema, set: Set, row: &Row, change: &Record) -> Record {
    let mut next = Record::new(row.record.type_id, row.record.members.len());
    next.merge(change);
    let Some(ty) = schema.model.structured(row.record.type_id) else { return next };
    for (number, member) in (0_u16..).zip(&ty.members) {
        let is_key = ty.key.iter().any(|key| key.path.first() == Some(&number));
        let kept = match &member.kind {
            odata::model::MemberKind::Structural { computed, immutable, computed_default, .. } => {
                *computed || *immutable || is_key || (*computed_default && next.get(number).is_none())
            }
            odata::model::MemberKind::Navigation(_) => false,
        };
        if (kept || member.is_stream() || (set == Set::Products && number == schema.product.product_type))
            && let Some(value) = row.record.get(number)
        {
            next.set(number, value.clone());
        }
    }
    rules::fill(schema, &mut next);
    complete(schema, &mut next);
    next
}

/// DELETE of an entity.
pub(crate) fn delete(store: &mut Store, head: &Head) -> Result<Outcome, Error> {
    let (set, key) = walk(store, &head.target().segments, false)?.entity()?;
    rules::check_etag(head.preconditions(), store.get(set, &key).ok_or_else(not_found)?)?;
    rules::delete(store, set, &key);
    Ok(Outcome::NoContent { etag: None })
}

/// PUT, PATCH and DELETE of a property by its own URL.
pub(crate) fn set_property(store: &mut Store, engine: &Engine, head: &Head, value: Value) -> Result<Outcome, Error> {
    let place = walk(store, &head.target().segments, false)?;
    let (set, key) = place.entity()?;
    let row = store.get(set, &key).ok_or_else(not_found)?;
    rules::check_etag(head.preconditions(), row)?;
    let mut next = Record::clone(&row.record);
    let merge = *head.method() == hyper::Method::PATCH;
    set_below(&store.schema, &mut next, &place.properties, value, merge)?;
    complete(&store.schema, &mut next);
    engine.check_complete(&next)?;
    if set == Set::Products
        && next.get(store.schema.product.product_type) != row.record.get(store.schema.product.product_type)
    {
        return Err(Error::bad_request("The type of an entity cannot be changed.").at("ProductType"));
    }
    rules::check(store, set, &next, Some(&key))?;
    let record = rules::change(store, set, &key, |row| row.record = Arc::new(next))?;
    if head.prefer().returns == Some(Return::Representation) {
        let value = value_at(&record, &place.properties).cloned().unwrap_or(Value::Null);
        return Ok(Outcome::Property { value, etag: record.etag.clone() });
    }
    Ok(Outcome::NoContent { etag: record.etag.clone() })
}

fn set_below(schema: &Schema, record: &mut Record, path: &[u16], value: Value, merge: bool) -> Result<(), Error> {
    let Some((member, rest)) = path.split_first() else { return Err(not_found()) };
    let slot = record.members.get_mut(usize::from(*member)).ok_or_else(not_found)?;
    match (rest.is_empty(), slot.as_mut(), value) {
        (true, Some(Value::Record(here)), Value::Record(given)) if merge => Arc::make_mut(here).merge(&given),
        (true, _, Value::Record(given)) => {
            let mut given = Arc::unwrap_or_clone(given);
            rules::fill(schema, &mut given);
            *slot = Some(given.into());
        }
        (true, _, value) => *slot = Some(value),
        (false, Some(Value::Record(here)), value) => set_below(schema, Arc::make_mut(here), rest, value, merge)?,
        // A property of what is null is not there.
        (false, ..) => return Err(not_found()),
    }
    Ok(())
}

fn value_at<'r>(record: &'r Record, path: &[u16]) -> Option<&'r Value> {
    let (member, rest) = path.split_first()?;
    let value = record.get(*member)?;
    if rest.is_empty() { Some(value) } else { value_at(value.as_record()?, rest) }
}
