//! Creating, changing and deleting entities, and their properties by their own URLs.

use std::sync::Arc;

use odata::engine::{Current, Engine, EntityReference, Head, Outcome, Return};
use odata::{Error, ErrorKind, Record, Value};

use super::rules::{self, not_found};
use super::schema::{Schema, Set};
use super::store::{Key, Row, Store};
use super::walk::{Place, related, single, walk};

/// POST to a set, or to a collection below an entity.
pub(crate) fn create(store: &mut Store, engine: &Engine, head: &Head, record: Record) -> Result<Outcome, Error> {
    let place = walk(store, &head.target().segments, false)?;
    let mut record = record;
    link_parent(store, &place, &mut record);
    let (set, key) = insert(store, engine, place.set, record)?;
    if let Some((_, parent, member)) = &place.parent
        && *member == store.schema.product.related
        && place.set == Set::Products
    {
        add_link(store, Set::Products, parent, *member, &key)?;
    }
    created(store, set, &key)
}

/// The answer to a creation: the entity, with what was created inside it.
fn created(store: &Store, set: Set, key: &Key) -> Result<Outcome, Error> {
    let row = store.get(set, key).ok_or_else(not_found)?;
    Ok(Outcome::Created { record: Arc::clone(&row.record), path: path_of(set, key) })
}

/// The canonical path of an entity.
pub(crate) fn path_of(set: Set, key: &Key) -> String {
    match &key.language {
        Some(language) => {
            let text = language.replace('\'', "''");
            let encoded: String = text.bytes().fold(String::new(), |out, byte| match byte {
                b if b.is_ascii_alphanumeric() || b"-_.~'".contains(&b) => out + &char::from(b).to_string(),
                other => out + &format!("%{other:02X}"),
            });
            format!("{}(ProductID={},LanguageKey='{encoded}')", set.name(), key.id)
        }
        None => format!("{}({})", set.name(), key.id),
    }
}

/// An entity created below another one refers to it.
fn link_parent(store: &Store, place: &Place, record: &mut Record) {
    let schema = &store.schema;
    let Some((_, parent, member)) = &place.parent else { return };
    if place.set == Set::ProductDescriptions {
        record.set(schema.other.description_product_id, Value::Guid(parent.id));
    } else if *member == schema.other.category_products && place.set == Set::Products && parent.language.is_none() {
        let of_category = store.get(Set::Categories, parent).is_some();
        if of_category {
            record.set(schema.product.category_id, Value::Guid(parent.id));
        }
    }
}

/// Stores a new entity, first what it refers to, then itself, then what refers to it.
fn insert(store: &mut Store, engine: &Engine, set: Set, mut record: Record) -> Result<(Set, Key), Error> {
    let schema = Arc::clone(&store.schema);
    rules::make(&schema, set, &mut record);
    let mut after: Vec<(u16, Vec<Record>)> = Vec::new();
    let navigation = schema.model.structured(record.type_id).map_or(&[][..], |ty| &ty.members);
    for (number, _) in (0_u16..).zip(navigation).filter(|(_, member)| member.is_navigation()) {
        let Some(value) = record.members.get_mut(usize::from(number)).and_then(Option::take) else { continue };
        let inner = match value {
            Value::Record(inner) => vec![Arc::unwrap_or_clone(inner)],
            Value::Collection(items) => items.iter().filter_map(Value::as_record).cloned().collect(),
            _ => continue,
        };
        if single(&schema, set, number) {
            for inner in inner {
                let target = schema.target(set, number).ok_or_else(not_found)?;
                let (_, key) = insert(store, engine, target, inner)?;
                point(&schema, set, number, Some(&key), &mut record);
            }
        } else {
            after.push((number, inner));
        }
    }
    let bindings = std::mem::take(&mut record.bindings);
    let mut links: Vec<(u16, Vec<Key>)> = Vec::new();
    for (number, references) in bindings {
        let keys = references.iter().map(|one| referenced(store, one)).collect::<Result<Vec<_>, _>>()?;
        if single(&schema, set, number) {
            point(&schema, set, number, keys.last(), &mut record);
        } else {
            links.push((number, keys));
        }
    }
    rules::fill(&schema, &mut record);
    engine.check_complete(&record)?;
    rules::check(store, set, &record, None)?;
    let key = Key::of(&schema, &record).ok_or_else(|| Error::bad_request("The key is not whole."))?;
    let stream = (set == Set::MediaItems).then(|| super::stream::empty_media(&schema, &record));
    let mut row = Row { record: Arc::new(record), stream, related: Vec::new(), changed: 0 };
    rules::describe(&schema, set, &mut row);
    if !store.insert(set, &key, row) {
        return Err(Error::new(ErrorKind::Conflict, "An entity with this key exists already."));
    }
    for (number, keys) in links {
        for target in keys {
            add_link(store, set, &key, number, &target)?;
        }
    }
    for (number, inner) in after {
        let target = schema.target(set, number).ok_or_else(not_found)?;
        for mut inner in inner {
            match (set, target) {
                (Set::Products, Set::ProductDescriptions) => {
                    inner.set(schema.other.description_product_id, Value::Guid(key.id));
                }
                (Set::Categories, Set::Products) => inner.set(schema.product.category_id, Value::Guid(key.id)),
                _ => {}
            }
            let (_, new) = insert(store, engine, target, inner)?;
            add_link(store, set, &key, number, &new)?;
        }
    }
    Ok((set, key))
}

/// The entity that a reference names; 400 when there is none, since it stands in a body.
pub(crate) fn referenced(store: &Store, reference: &EntityReference) -> Result<Key, Error> {
    let missing = |_| Error::bad_request("A reference names an entity that does not exist.");
    walk(store, &reference.segments, false).and_then(|place| place.entity()).map(|(_, key)| key).map_err(missing)
}

/// Lets a single navigation property lead to an entity, by the property that holds its key.
pub(crate) fn point(schema: &Schema, set: Set, member: u16, to: Option<&Key>, record: &mut Record) {
    let property = match set {
        Set::Products if member == schema.product.category => schema.product.category_id,
        Set::ProductDescriptions => schema.other.description_product_id,
        _ => return,
    };
    record.set(property, to.map_or(Value::Null, |key| Value::Guid(key.id)));
}

/// Adds an entity to a navigation collection.
pub(crate) fn add_link(store: &mut Store, set: Set, key: &Key, member: u16, target: &Key) -> Result<(), Error> {
    let schema = Arc::clone(&store.schema);
    let row = store.get(set, key).ok_or_else(not_found)?;
    if related(store, set, row, member).contains(target) {
        return Ok(());
    }
    match set {
        Set::Products if member == schema.product.related => {
            let row = store.change(set, key).ok_or_else(not_found)?;
            row.related.push(target.clone());
            Ok(())
        }
        Set::Categories => {
            let id = Value::Guid(key.id);
            rules::change(store, Set::Products, target, |row| row.set(schema.product.category_id, id)).map(|_| ())
        }
        _ => Err(Error::bad_request("A description belongs to the product that its key names.")),
    }
}

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
    let schema = Arc::clone(&store.schema);
    let Some(row) = store.get(set, &key) else {
        return upsert(store, engine, head, set, &key, change);
    };
    rules::check_etag(head.preconditions(), row)?;
    let mut change = change;
    let mut links = Vec::new();
    for (number, references) in std::mem::take(&mut change.bindings) {
        let keys = references.iter().map(|one| referenced(store, one)).collect::<Result<Vec<_>, _>>()?;
        if single(&schema, set, number) {
            point(&schema, set, number, keys.last(), &mut change);
        } else {
            links.push((number, keys));
        }
    }
    cleared(&schema, set, &mut change);
    let next = if replace { replaced(store, set, row, change) } else { merged(row, &change) };
    engine.check_complete(&next)?;
    rules::check(store, set, &next, Some(&key))?;
    for (number, keys) in links {
        for target in keys {
            add_link(store, set, &key, number, &target)?;
        }
    }
    let record = rules::change(store, set, &key, |row| row.record = Arc::new(next))?;
    Ok(Outcome::Updated(record))
}

/// A single navigation property that is given as null leads nowhere any more.
fn cleared(schema: &Schema, set: Set, change: &mut Record) {
    let Some(ty) = schema.model.structured(change.type_id) else { return };
    for (number, _) in (0_u16..).zip(&ty.members).filter(|(_, member)| member.is_navigation()) {
        let given = change.members.get_mut(usize::from(number)).and_then(Option::take);
        if given.is_some_and(|value| value.is_null()) {
            point(schema, set, number, None, change);
        }
    }
}

fn merged(row: &Row, change: &Record) -> Record {
    let mut next = Record::clone(&row.record);
    next.merge(change);
    next
}

/// A replacement keeps what no client can set.
fn replaced(store: &Store, set: Set, row: &Row, change: Record) -> Record {
    let schema = &store.schema;
    let mut next = change;
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
    next
}

/// A change of what does not exist creates it where the client makes the keys, unless `If-Match` forbids it.
fn upsert(
    store: &mut Store,
    engine: &Engine,
    head: &Head,
    set: Set,
    key: &Key,
    mut record: Record,
) -> Result<Outcome, Error> {
    if set != Set::ProductDescriptions {
        return Err(not_found());
    }
    head.preconditions().check_change(Current::Absent)?;
    let other = store.schema.other;
    record.set(other.description_product_id, Value::Guid(key.id));
    record.set(other.description_language, key.language.clone().into());
    let (set, key) = insert(store, engine, set, record)?;
    created(store, set, &key)
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
