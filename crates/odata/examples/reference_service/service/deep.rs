//! Related entities inside a change: which are changed, made, linked and let go (OData 4.01, deep update).

use std::collections::HashSet;
use std::sync::Arc;

use odata::engine::Engine;
use odata::{Error, NestedChanges, Record, Value};

use super::create::{add_link, insert, point, referenced};
use super::references::unlink;
use super::rules::{self, not_found};
use super::schema::{Schema, Set};
use super::store::{Key, Store};
use super::walk::{related, single};
use super::write::amend;

/// What a change says of one navigation collection.
pub(crate) struct Collection {
    member: u16,
    /// What is given is all that stays.
    whole: bool,
    entities: Vec<Record>,
    linked: Vec<Key>,
    removed: Vec<(Key, bool)>,
}

/// Takes what a change says of related entities out of it. Single ones are done at once, since the change itself says
/// with a property where they are; collections are done once the entity is changed.
pub(crate) fn take(
    store: &mut Store,
    engine: &Engine,
    set: Set,
    key: &Key,
    change: &mut Record,
) -> Result<Vec<Collection>, Error> {
    let schema = Arc::clone(&store.schema);
    let mut collections: Vec<Collection> = Vec::new();
    let members = schema.model.structured(change.type_id).map_or(&[][..], |ty| &ty.members);
    for (number, _) in (0_u16..).zip(members).filter(|(_, member)| member.is_navigation()) {
        let given = change.members.get_mut(usize::from(number)).and_then(Option::take);
        match given {
            Some(Value::Null) => point(&schema, set, number, None, change),
            Some(Value::Record(inner)) => {
                let target = one(store, engine, set, key, number, Arc::unwrap_or_clone(inner))?;
                point(&schema, set, number, Some(&target), change);
            }
            Some(Value::Collection(items)) => {
                let found = of(&mut collections, number);
                found.whole = true;
                found.entities = items.iter().filter_map(Value::as_record).cloned().collect();
            }
            _ => {}
        }
    }
    for (number, references) in std::mem::take(&mut change.bindings) {
        let keys = references.iter().map(|one| referenced(store, one)).collect::<Result<Vec<_>, _>>()?;
        if single(&schema, set, number) {
            point(&schema, set, number, keys.last(), change);
        } else {
            of(&mut collections, number).linked.extend(keys);
        }
    }
    for NestedChanges { member, entities, added, removed } in std::mem::take(&mut change.changes) {
        let found = of(&mut collections, member);
        found.entities.extend(entities);
        for reference in added {
            found.linked.push(referenced(store, &reference)?);
        }
        for (reference, delete) in removed {
            found.removed.push((referenced(store, &reference)?, delete));
        }
    }
    Ok(collections)
}

fn of(collections: &mut Vec<Collection>, member: u16) -> &mut Collection {
    let at = collections.iter().position(|known| known.member == member).unwrap_or(collections.len());
    if at == collections.len() {
        let (entities, linked, removed) = (Vec::new(), Vec::new(), Vec::new());
        collections.push(Collection { member, whole: false, entities, linked, removed });
    }
    &mut collections[at]
}

/// The entity of a single navigation property: the one named by its key, else the one that is there, else a new one.
fn one(store: &mut Store, engine: &Engine, set: Set, key: &Key, member: u16, mut given: Record) -> Result<Key, Error> {
    let target = store.schema.target(set, member).ok_or_else(not_found)?;
    let row = store.get(set, key).ok_or_else(not_found)?;
    let there = related(store, set, row, member).into_iter().next();
    let named = Key::of(&store.schema, &given);
    let found = named.or(there).filter(|key| store.get(target, key).is_some());
    given.type_named = false;
    amend_or_make(store, engine, target, found, given)
}

/// Does what a change says of a collection of an entity that was just changed.
pub(crate) fn finish(
    store: &mut Store,
    engine: &Engine,
    set: Set,
    key: &Key,
    collection: Collection,
) -> Result<(), Error> {
    let schema = Arc::clone(&store.schema);
    let Collection { member, whole, entities, mut linked, removed } = collection;
    let target = schema.target(set, member).ok_or_else(not_found)?;
    for mut entity in entities {
        belong(&schema, set, target, key, &mut entity);
        let named = Key::of(&schema, &entity).filter(|key| store.get(target, key).is_some());
        linked.push(amend_or_make(store, engine, target, named, entity)?);
    }
    let row = store.get(set, key).ok_or_else(not_found)?;
    let there = related(store, set, row, member);
    for target in &linked {
        add_link(store, set, key, member, target)?;
    }
    let kept: HashSet<Key> = linked.into_iter().collect();
    let gone = there.into_iter().filter(|key| whole && !kept.contains(key)).map(|key| (key, false));
    for (gone, delete) in gone.chain(removed).collect::<Vec<_>>() {
        if delete || target == Set::ProductDescriptions {
            rules::delete(store, target, &gone);
        } else {
            unlink(store, set, key, member, &gone)?;
        }
    }
    Ok(())
}

/// A description is of the product that it is given in.
fn belong(schema: &Schema, set: Set, target: Set, key: &Key, entity: &mut Record) {
    if (set, target) == (Set::Products, Set::ProductDescriptions) {
        entity.set(schema.other.description_product_id, Value::Guid(key.id));
    }
}

fn amend_or_make(
    store: &mut Store,
    engine: &Engine,
    set: Set,
    found: Option<Key>,
    given: Record,
) -> Result<Key, Error> {
    match found {
        Some(key) => amend(store, engine, set, &key, given, false).map(|_| key),
        None => insert(store, engine, set, given).map(|(_, key)| key),
    }
}
