//! Changes of whole collections: of each of their members (`/$each`), change by change, or all at once. An error leaves changes behind,
//! which the caller takes back.

use std::collections::HashSet;
use std::sync::Arc;

use odata::engine::{
    Changed, Current, Engine, EntityReference, FailedOperation, Head, MemberChange, Outcome, Removed, Segment,
};
use odata::{Error, ErrorKind, Record, Value};

use super::create::{add_link, insert, referenced};
use super::read::reader;
use super::references::unlink;
use super::rules::{self, not_found};
use super::schema::{Schema, Set};
use super::store::{Key, Store};
use super::walk::{Place, related, walk};
use super::write::amend;

/// PATCH of a collection: one change after the other.
pub(crate) fn update(
    store: &mut Store,
    engine: &Engine,
    head: &Head,
    changes: Vec<MemberChange>,
) -> Result<Outcome, Error> {
    let place = walk(store, &head.target().segments, false)?;
    let mut done = Vec::with_capacity(changes.len());
    for (index, change) in changes.into_iter().enumerate() {
        let before = head.prefer().continue_on_error.then(|| store.clone());
        match apply(store, engine, head, &place, &change, false) {
            Ok(changed) => done.push(changed),
            Err(error) => {
                let error = in_value(index, error);
                *store = before.ok_or_else(|| error.clone())?;
                done.push(failed(store, place.set, &change, error));
            }
        }
    }
    Ok(Outcome::UpdatedCollection(done))
}

/// PUT of a collection: what is not named goes first, so that it stands in nobody's way.
pub(crate) fn replace(
    store: &mut Store,
    engine: &Engine,
    head: &Head,
    whole: &[MemberChange],
) -> Result<Outcome, Error> {
    let place = walk(store, &head.target().segments, false)?;
    let mut named = HashSet::new();
    for change in whole {
        named.extend(match change {
            MemberChange::Add(entity) => Some(referenced(store, entity)?),
            MemberChange::Upsert(record) => Key::of(&store.schema, record),
            MemberChange::Remove { .. } => None,
        });
    }
    for key in held(store, &place)?.into_iter().filter(|key| !named.contains(key)) {
        let row = store.get(place.set, &key).ok_or_else(not_found)?;
        rules::check_etag(head.preconditions(), row)?;
        leave(store, &place, &key, false)?;
    }
    for (index, change) in whole.iter().enumerate() {
        apply(store, engine, head, &place, change, true).map_err(|error| in_value(index, error))?;
    }
    let rows = held(store, &place)?.into_iter().filter_map(|key| store.get(place.set, &key));
    Ok(Outcome::UpdatedMembers(rows.map(|row| Value::Record(Arc::clone(&row.record))).collect()))
}

/// The members of a collection.
fn held(store: &Store, place: &Place) -> Result<Vec<Key>, Error> {
    match &place.parent {
        None => Ok(rules::keys_where(store, place.set, |_| true)),
        Some((set, parent, member)) => {
            Ok(related(store, *set, store.get(*set, parent).ok_or_else(not_found)?, *member))
        }
    }
}

/// Takes a member out of a collection, which deletes it where it has no other place.
fn leave(store: &mut Store, place: &Place, key: &Key, delete: bool) -> Result<(), Error> {
    match &place.parent {
        // A description is of one product for good.
        Some((set, parent, member)) if !delete && place.set != Set::ProductDescriptions => {
            unlink(store, *set, parent, *member, key)
        }
        _ => {
            rules::delete(store, place.set, key);
            Ok(())
        }
    }
}

/// An error in an element of the body.
fn in_value(index: usize, error: Error) -> Error {
    let place = error.target.as_ref().map_or_else(String::new, |target| format!("/{target}"));
    error.at(format!("value/{index}{place}"))
}

fn apply(
    store: &mut Store,
    engine: &Engine,
    head: &Head,
    place: &Place,
    change: &MemberChange,
    replace: bool,
) -> Result<Changed, Error> {
    let key = match change {
        MemberChange::Remove { entity, etag, delete } => {
            let key = member(store, place, entity)?;
            let row = store.get(place.set, &key).ok_or_else(not_found)?;
            let current = Current::Present(row.record.etag.as_deref());
            head.preconditions().check_tagged(etag.as_deref(), current)?;
            let record = Arc::new(key_of(&store.schema, &row.record));
            leave(store, place, &key, *delete)?;
            return Ok(Changed::Removed(Removed { record, deleted: *delete }));
        }
        MemberChange::Add(entity) => referenced(store, entity)?,
        MemberChange::Upsert(record) => upsert(store, engine, head, place.set, record, replace)?,
    };
    if let Some((set, parent, member)) = &place.parent {
        add_link(store, *set, parent, *member, &key)?;
    }
    let row = store.get(place.set, &key).ok_or_else(not_found)?;
    Ok(Changed::Entity(Arc::clone(&row.record)))
}

/// Changes the entity that a record's key names, or makes a new one.
fn upsert(
    store: &mut Store,
    engine: &Engine,
    head: &Head,
    set: Set,
    given: &Record,
    replace: bool,
) -> Result<Key, Error> {
    let key = Key::of(&store.schema, given);
    if let Some((key, row)) = key.as_ref().and_then(|key| Some((key, store.get(set, key)?))) {
        head.preconditions().check_update(given, Current::Present(row.record.etag.as_deref()))?;
        if given.type_named && given.type_id != row.record.type_id {
            return Err(Error::bad_request("The type of an entity cannot be changed.").at("@odata.type"));
        }
        return amend(store, engine, set, key, given.clone(), replace).map(|_| key.clone());
    }
    head.preconditions().check_update(given, Current::Absent)?;
    if key.is_some() && set != Set::ProductDescriptions {
        return Err(Error::new(
            ErrorKind::NotFound,
            "There is no entity with this key, and the service makes the keys.",
        ));
    }
    insert(store, engine, set, Record { etag: None, ..given.clone() }).map(|(_, key)| key)
}

/// The member of a collection that a reference names.
fn member(store: &Store, place: &Place, entity: &EntityReference) -> Result<Key, Error> {
    let (set, key) = walk(store, &entity.segments, false)?.entity()?;
    let is_there = held(store, place)?.contains(&key);
    if set == place.set && is_there { Ok(key) } else { Err(not_found()) }
}

/// A change that could not be done, with what is known of its entity.
fn failed(store: &Store, set: Set, change: &MemberChange, error: Error) -> Changed {
    let named = |entity: &EntityReference| match entity.segments.last() {
        Some(Segment::Key(key)) => with_key(&store.schema, set, key),
        _ => with_key(&store.schema, set, &[]),
    };
    let (operation, record) = match change {
        MemberChange::Upsert(given) => {
            let row = Key::of(&store.schema, given).and_then(|key| store.get(set, &key));
            match row {
                Some(row) => (FailedOperation::Update, Record::clone(&row.record)),
                None => (FailedOperation::Insert, key_of(&store.schema, given)),
            }
        }
        MemberChange::Add(entity) => (FailedOperation::Link, named(entity)),
        MemberChange::Remove { entity, delete: true, .. } => (FailedOperation::Delete, named(entity)),
        MemberChange::Remove { entity, .. } => (FailedOperation::Unlink, named(entity)),
    };
    Changed::Failed { operation, record: Arc::new(record), error }
}

/// The key of an entity and nothing else.
fn key_of(schema: &Schema, entity: &Record) -> Record {
    let mut record = Record::new(entity.type_id, entity.members.len());
    for member in schema.model.key_of(entity.type_id).iter().filter_map(|part| part.path.first()) {
        if let Some(value) = entity.get(*member) {
            record.set(*member, value.clone());
        }
    }
    record
}

fn with_key(schema: &Schema, set: Set, key: &[Value]) -> Record {
    let ty = schema.type_of(set);
    let mut record = Record::new(ty, schema.model.structured(ty).map_or(0, |ty| ty.members.len()));
    for (part, value) in schema.model.key_of(ty).iter().zip(key) {
        if let Some(member) = part.path.first() {
            record.set(*member, value.clone());
        }
    }
    record
}

/// PATCH of every member.
pub(crate) fn update_members(
    store: &mut Store,
    engine: &Engine,
    head: &Head,
    change: &Value,
) -> Result<Outcome, Error> {
    let change = change.as_record().ok_or_else(not_found)?;
    let mut updated = Vec::new();
    for (set, key) in members(store, head)? {
        rules::check_etag(head.preconditions(), store.get(set, &key).ok_or_else(not_found)?)?;
        updated.push(Value::Record(amend(store, engine, set, &key, change.clone(), false)?));
    }
    Ok(Outcome::UpdatedMembers(updated))
}

/// DELETE of every member.
pub(crate) fn delete_members(store: &mut Store, head: &Head) -> Result<Outcome, Error> {
    for (set, key) in members(store, head)? {
        // It may be gone with one that was deleted before it.
        if let Some(row) = store.get(set, &key) {
            rules::check_etag(head.preconditions(), row)?;
            rules::delete(store, set, &key);
        }
    }
    Ok(Outcome::NoContent { etag: None })
}

/// The entities that the path leads to.
fn members(store: &Store, head: &Head) -> Result<Vec<(Set, Key)>, Error> {
    let found = reader(store).members(head.target())?;
    let keys = found.iter().filter_map(Value::as_record).map(|record| {
        let key = Key::of(&store.schema, record)?;
        Some((store.schema.set_of(record.type_id)?, key))
    });
    keys.map(|key| key.ok_or_else(not_found)).collect()
}
