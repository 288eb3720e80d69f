//! Changes of whole collections: of each of their members (`/$each`). An error leaves changes behind, which the caller takes
//! back.

use odata::engine::{Engine, Head, Outcome};
use odata::{Error, Value};

use super::read::reader;
use super::rules::{self, not_found};
use super::schema::Set;
use super::store::{Key, Store};
use super::write::amend;

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
