//! `$ref`: which entities a navigation property leads to, changed without touching the entities themselves.

use std::sync::Arc;

use odata::engine::{EntityReference, Head, Outcome};
use odata::{Error, Value};

use super::create::{add_link, point, referenced};
use super::rules::{self, not_found};
use super::schema::Set;
use super::store::{Key, Store};
use super::walk::{related, single, walk};

/// An entity and a navigation property of it.
type Owner = (Set, Key, u16);

/// The entity whose navigation property the target is, the property, and the entity that a key after it names.
fn owner(store: &Store, head: &Head) -> Result<(Owner, Option<Key>), Error> {
    let segments = &head.target().segments;
    let at = segments.iter().rposition(|segment| matches!(segment, odata::engine::Segment::Navigation { .. }));
    let place = walk(store, &segments[..=at.ok_or_else(not_found)?], false)?;
    let (set, key, member) = place.parent.ok_or_else(not_found)?;
    let row = store.get(set, &key).ok_or_else(not_found)?;
    rules::check_etag(head.preconditions(), row)?;
    let named = walk(store, segments, false)?.key.filter(|_| !single(&store.schema, set, member));
    Ok(((set, key, member), named))
}

/// POST: one more in a collection.
pub(crate) fn add(store: &mut Store, head: &Head, reference: &EntityReference) -> Result<Outcome, Error> {
    let ((set, key, member), _) = owner(store, head)?;
    let target = referenced(store, reference)?;
    add_link(store, set, &key, member, &target)?;
    done(store, set, &key)
}

/// PUT: another one, or none.
pub(crate) fn set(store: &mut Store, head: &Head, reference: Option<&EntityReference>) -> Result<Outcome, Error> {
    let ((set, key, member), _) = owner(store, head)?;
    let target = reference.map(|reference| referenced(store, reference)).transpose()?;
    if set == Set::ProductDescriptions {
        return Err(Error::bad_request("A description belongs to the product that its key names."));
    }
    let schema = Arc::clone(&store.schema);
    let record = rules::change(store, set, &key, |row| {
        point(&schema, set, member, target.as_ref(), Arc::make_mut(&mut row.record));
    })?;
    Ok(Outcome::NoContent { etag: record.etag.clone() })
}

/// PUT of a collection: these and no other.
pub(crate) fn set_all(store: &mut Store, head: &Head, references: &[EntityReference]) -> Result<Outcome, Error> {
    let ((set, key, member), _) = owner(store, head)?;
    let wanted = references.iter().map(|one| referenced(store, one)).collect::<Result<Vec<_>, _>>()?;
    let there = related(store, set, store.get(set, &key).ok_or_else(not_found)?, member);
    for gone in there.iter().filter(|key| !wanted.contains(key)) {
        unlink(store, set, &key, member, gone)?;
    }
    for target in &wanted {
        add_link(store, set, &key, member, target)?;
    }
    done(store, set, &key)
}

/// DELETE: one less in a collection, or none any more.
pub(crate) fn remove(store: &mut Store, head: &Head, reference: Option<&EntityReference>) -> Result<Outcome, Error> {
    let ((set, key, member), named) = owner(store, head)?;
    if single(&store.schema, set, member) {
        return self::set(store, head, None);
    }
    let target = match reference {
        Some(reference) => Some(referenced(store, reference)?),
        None => named,
    };
    let target = target.ok_or_else(|| Error::bad_request("Say with $id which entity is to be removed.").at("$id"))?;
    let row = store.get(set, &key).ok_or_else(not_found)?;
    if !related(store, set, row, member).contains(&target) {
        return Err(not_found());
    }
    unlink(store, set, &key, member, &target)?;
    done(store, set, &key)
}

/// Takes an entity out of a navigation collection.
pub(crate) fn unlink(store: &mut Store, set: Set, key: &Key, member: u16, target: &Key) -> Result<(), Error> {
    let schema = Arc::clone(&store.schema);
    match set {
        Set::Products if member == schema.product.related => {
            store.change(set, key).ok_or_else(not_found)?.related.retain(|known| known != target);
        }
        Set::Categories => {
            rules::change(store, Set::Products, target, |row| row.set(schema.product.category_id, Value::Null))?;
        }
        _ => return Err(Error::bad_request("A description belongs to the product that its key names.")),
    }
    Ok(())
}

fn done(store: &Store, set: Set, key: &Key) -> Result<Outcome, Error> {
    let etag = store.get(set, key).ok_or_else(not_found)?.record.etag.clone();
    Ok(Outcome::NoContent { etag })
}
