//! The rules of this model that hold for every way of writing: versions and entity tags, the discriminator, the relation
//! of a product to its category, keys and names that must be unique, and what a deletion takes with it.

use std::sync::Arc;

use bytes::Bytes;
use odata::engine::{Current, Preconditions};
use odata::model::TypeId;
use odata::{Error, ErrorKind, Record, StreamInfo, Value};

use super::env;
use super::schema::{Schema, Set};
use super::store::{Key, Row, Store, Stream};

/// 404 for an entity.
pub(crate) fn not_found() -> Error {
    Error::new(ErrorKind::NotFound, "The resource does not exist.")
}

/// The stream that every product starts with.
pub(crate) fn empty_stream() -> Stream {
    Stream { media_type: "application/octet-stream".into(), bytes: Bytes::new() }
}

/// Brings what a record says of itself up to date: its entity tag, and the description of its stream.
pub(crate) fn describe(schema: &Schema, set: Set, row: &mut Row) {
    if let Some(Value::Int(version)) = version_member(schema, set).and_then(|member| row.record.get(member)) {
        let etag = format!("W/\"{version}\"");
        Arc::make_mut(&mut row.record).etag = Some(etag.into());
    }
    let info = |stream: &Stream| {
        let (media_type, length) = (Arc::clone(&stream.media_type), stream.bytes.len() as u64);
        Arc::new(StreamInfo { media_type, etag: None, length, inline: None })
    };
    if set == Set::Products {
        let photo = info(row.stream.get_or_insert_with(empty_stream));
        row.set(schema.product.photo, Value::Stream(photo));
    } else if let Some(media) = &mut row.stream {
        if let Some(Value::String(media_type)) = row.record.get(schema.other.media_content_type) {
            media.media_type = Arc::clone(media_type);
        }
        Arc::make_mut(&mut row.record).media = Some(info(media));
    }
}

/// A photo is written at its own URL alone.
pub(crate) fn refuse_photo(schema: &Schema, set: Set, given: &Record) -> Result<(), Error> {
    if set == Set::Products && given.get(schema.product.photo).is_some() {
        return Err(Error::bad_request("A photo is written at its own URL.").at("Photo"));
    }
    Ok(())
}

/// `Version` of the sets that have entity tags.
pub(crate) fn version_member(schema: &Schema, set: Set) -> Option<u16> {
    match set {
        Set::Products => Some(schema.product.version),
        Set::Company => Some(schema.other.company_version),
        _ => None,
    }
}

/// Checks `If-Match` and `If-None-Match` against an entity that exists.
pub(crate) fn check_etag(conditions: &Preconditions, row: &Row) -> Result<(), Error> {
    conditions.check_change(Current::Present(row.record.etag.as_deref()))
}

/// Changes a row: one more in `Version`, `UpdatedAt` of the company, and what follows from them.
pub(crate) fn change(
    store: &mut Store,
    set: Set,
    key: &Key,
    edit: impl FnOnce(&mut Row),
) -> Result<Arc<Record>, Error> {
    let schema = Arc::clone(&store.schema);
    let row = store.change(set, key).ok_or_else(not_found)?;
    edit(row);
    if let Some(member) = version_member(&schema, set)
        && let Some(Value::Int(version)) = row.record.get(member)
    {
        let next = version + 1;
        row.set(member, Value::Int(next));
    }
    if set == Set::Company {
        row.set(schema.other.company_updated_at, Value::DateTimeOffset(env::now()));
    }
    describe(&schema, set, row);
    Ok(row.record.clone())
}

/// What must hold of an entity's references and unique properties, before it is stored. `own` is its key when it exists.
pub(crate) fn check(store: &Store, set: Set, record: &Record, own: Option<&Key>) -> Result<(), Error> {
    let schema = &store.schema;
    match set {
        Set::Products => check_reference(store, Set::Categories, record.get(schema.product.category_id), "CategoryID"),
        Set::ProductDescriptions => {
            let product = record.get(schema.other.description_product_id);
            check_reference(store, Set::Products, product, "ProductID")
        }
        Set::Categories => {
            let name = schema.other.category_name;
            let wanted = record.get(name);
            let taken = store
                .rows(set)
                .any(|(_, row)| row.record.get(name) == wanted && Key::of(schema, &row.record).as_ref() != own);
            if taken {
                let message = "A category of this name exists already.";
                return Err(Error::new(ErrorKind::Conflict, message).at("Name"));
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

fn check_reference(store: &Store, set: Set, value: Option<&Value>, name: &str) -> Result<(), Error> {
    match value {
        Some(Value::Guid(id)) if store.get(set, &Key::from(*id)).is_none() => {
            let message = format!("The property '{name}' names an entity of '{}' that does not exist.", set.name());
            Err(Error::bad_request(message).at(name))
        }
        _ => Ok(()),
    }
}

/// The properties that the service makes when an entity is created.
pub(crate) fn make(schema: &Schema, set: Set, record: &mut Record) {
    let now = Value::DateTimeOffset(env::now());
    let id = Value::Guid(env::new_id());
    match set {
        Set::Products => {
            record.set(schema.product.id, id);
            record.set(schema.product.version, Value::Int(1));
            record.set(schema.product.created_at, now);
            record.set(schema.product.product_type, Value::from(schema.short_name(record.type_id)));
        }
        Set::MediaItems => {
            record.set(0, id);
            for member in [schema.other.media_created_at, schema.other.media_modified_at] {
                if record.get(member).is_none() {
                    record.set(member, now.clone());
                }
            }
        }
        Set::Categories | Set::DecimalSamples => record.set(0, id),
        Set::ProductDescriptions | Set::ReadOnlyItems | Set::Company => {}
    }
}

/// What is absent in a new or replaced entity is null, or the model's default.
pub(crate) fn fill(schema: &Schema, record: &mut Record) {
    let Some(ty) = schema.model.structured(record.type_id) else { return };
    for (slot, member) in record.members.iter_mut().zip(&ty.members) {
        if slot.is_some() || member.is_navigation() || member.is_stream() {
            continue;
        }
        *slot = match &member.kind {
            odata::model::MemberKind::Structural { default: Some(default), .. } => Some(default.clone()),
            _ if member.ty.nullable => Some(Value::Null),
            _ => None,
        };
    }
}

/// Removes an entity and what hangs on it.
pub(crate) fn delete(store: &mut Store, set: Set, key: &Key) {
    store.remove(set, key);
    let schema = Arc::clone(&store.schema);
    match set {
        Set::Products => {
            for description in keys_where(store, Set::ProductDescriptions, |row| {
                row.record.get(schema.other.description_product_id) == Some(&Value::Guid(key.id))
            }) {
                store.remove(Set::ProductDescriptions, &description);
            }
            for product in keys_where(store, Set::Products, |row| row.related.contains(key)) {
                if let Some(row) = store.change(Set::Products, &product) {
                    row.related.retain(|related| related != key);
                }
            }
        }
        Set::Categories => {
            let category_id = schema.product.category_id;
            let of_category = |row: &Row| row.record.get(category_id) == Some(&Value::Guid(key.id));
            for product in keys_where(store, Set::Products, of_category) {
                // The product is there: its key was just read.
                let _ = change(store, Set::Products, &product, |row| row.set(category_id, Value::Null));
            }
        }
        _ => {}
    }
}

/// Keys of the rows that a predicate holds for, in the order of insertion.
pub(crate) fn keys_where(store: &Store, set: Set, holds: impl Fn(&Row) -> bool) -> Vec<Key> {
    store.rows(set).filter(|(_, row)| holds(row)).filter_map(|(_, row)| Key::of(&store.schema, &row.record)).collect()
}

/// The type that a stored entity has, for the engine to read a change of it.
pub(crate) fn stored_type(store: &Store, set: Set, key: &Key) -> Option<TypeId> {
    store.get(set, key).map(|row| row.record.type_id)
}
