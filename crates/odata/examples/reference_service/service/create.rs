//! Creating entities, with what stands inside them and what they are linked to.

use std::sync::Arc;

use odata::engine::{Current, Engine, EntityReference, Head, Outcome};
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
    let inside = Inside::of(store, &record);
    let (set, key) = insert(store, engine, place.set, record)?;
    if let Some((_, parent, member)) = &place.parent
        && *member == store.schema.product.related
        && place.set == Set::Products
    {
        add_link(store, Set::Products, parent, *member, &key)?;
    }
    created(store, set, &key, &inside)
}

/// Which related entities stand inside a new one: the answer shows them as deep as the request did.
#[derive(Default)]
struct Inside(Vec<(u16, Inside)>);

impl Inside {
    fn of(store: &Store, record: &Record) -> Self {
        let Some(ty) = store.schema.model.structured(record.type_id) else { return Self::default() };
        let navigation = (0_u16..).zip(&ty.members).filter(|(_, member)| member.is_navigation());
        let given = navigation.filter_map(|(number, _)| match record.get(number)? {
            Value::Record(inner) => Some((number, Self::of(store, inner))),
            Value::Collection(items) if !items.is_empty() => {
                let each = items.iter().filter_map(Value::as_record).map(|item| Self::of(store, item));
                let widest = each.max_by_key(|inside| inside.0.len()).unwrap_or_default();
                Some((number, widest))
            }
            _ => None,
        });
        Self(given.collect())
    }

    /// The record of an entity, with what stands inside it.
    fn fill(&self, store: &Store, set: Set, row: &Row) -> Arc<Record> {
        let mut record = Arc::clone(&row.record);
        for (member, inside) in &self.0 {
            let Some(target) = store.schema.target(set, *member) else { continue };
            let rows = related(store, set, row, *member).into_iter().filter_map(|key| store.get(target, &key));
            let mut rows = rows.map(|row| Value::Record(inside.fill(store, target, row)));
            let value = if single(&store.schema, set, *member) {
                rows.next().unwrap_or(Value::Null)
            } else {
                Value::from(rows.collect::<Vec<_>>())
            };
            Arc::make_mut(&mut record).set(*member, value);
        }
        record
    }
}

/// The answer to a creation.
fn created(store: &Store, set: Set, key: &Key, inside: &Inside) -> Result<Outcome, Error> {
    let row = store.get(set, key).ok_or_else(not_found)?;
    Ok(Outcome::Created { record: inside.fill(store, set, row), path: path_of(set, key) })
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
pub(crate) fn insert(store: &mut Store, engine: &Engine, set: Set, mut record: Record) -> Result<(Set, Key), Error> {
    let schema = Arc::clone(&store.schema);
    rules::refuse_photo(&schema, set, &record)?;
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

/// A change of what does not exist creates it where the client makes the keys, unless `If-Match` forbids it.
pub(crate) fn upsert(
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
    let language = Value::from(key.language.clone());
    let ty = store.schema.model.structured(record.type_id).ok_or_else(not_found)?;
    let fits = store.schema.model.check_value(&ty.members[usize::from(other.description_language)].ty, &language);
    fits.map_err(|error| Error::bad_request(format!("The key is not valid: {error}.")).at("LanguageKey"))?;
    record.set(other.description_language, language);
    let (set, key) = insert(store, engine, set, record)?;
    created(store, set, &key, &Inside::default())
}
