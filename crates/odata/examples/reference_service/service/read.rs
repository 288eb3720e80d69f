//! Reads: what a path leads to, as the outcome that the engine renders.

use std::sync::Arc;

use odata::engine::{Head, Operation, Outcome, StreamBody};
use odata::exec::memory::{Call, Source as _, page};
use odata::plan::CollectionQuery;
use odata::{Error, Value};

use super::rules::not_found;
use super::schema::Set;
use super::store::{Row, Store};
use super::walk::{Place, related, walk};
use super::{delta, env};

/// Answers a read.
pub(crate) fn read(store: &Store, head: &Head, operation: &Operation) -> Result<Outcome, Error> {
    let place = walk(store, &head.target().segments, false)?;
    match operation {
        Operation::ReadCollection(query) => tracked(store, &place, query).map(Outcome::Collection),
        Operation::Count(query) => {
            let query = CollectionQuery { count: true, ..query.clone() };
            Ok(Outcome::Count(collection(store, &place, &query)?.count.unwrap_or(0)))
        }
        Operation::ReadEntity(_) => Ok(Outcome::Entity(Arc::clone(&row(store, &place)?.record))),
        Operation::ReadProperty(_) => property(store, &place),
        Operation::ReadStream => stream(store, &place),
        _ => Err(Error::new(odata::ErrorKind::Internal, "This is no read.")),
    }
}

/// A page of a collection; of the products that are tracked with the state, or only what changed since one.
fn tracked(store: &Store, place: &Place, query: &CollectionQuery) -> Result<odata::engine::Page, Error> {
    if let Some(state) = &query.since {
        return delta::since(store, state, query);
    }
    let mut page = collection(store, place, query)?;
    let is_tracked = query.track_changes && place.set == Set::Products && place.parent.is_none();
    page.delta = (is_tracked && page.next.is_none()).then(|| delta::state(store));
    Ok(page)
}

fn row<'s>(store: &'s Store, place: &Place) -> Result<&'s Row, Error> {
    let (set, key) = place.entity()?;
    store.get(set, &key).ok_or_else(not_found)
}

fn collection(store: &Store, place: &Place, query: &CollectionQuery) -> Result<odata::engine::Page, Error> {
    let fits = |row: &Row| place.cast.is_none_or(|ty| store.schema.model.is_a(row.record.type_id, ty));
    let numbered = |(rank, row): (u64, &Row)| (rank, Value::Record(Arc::clone(&row.record)));
    let model = &store.schema.model;
    match &place.parent {
        None => page(model, store.rows(place.set).filter(|(_, row)| fits(row)).map(numbered), query, env::now()),
        Some((set, key, member)) => {
            let parent = store.get(*set, key).ok_or_else(not_found)?;
            let keys = related(store, *set, parent, *member);
            let rows = keys.iter().filter_map(|key| Some((store.rank(place.set, key)?, store.get(place.set, key)?)));
            page(model, rows.filter(|(_, row)| fits(row)).map(numbered), query, env::now())
        }
    }
}

fn property(store: &Store, place: &Place) -> Result<Outcome, Error> {
    let row = row(store, place)?;
    let mut record = &*row.record;
    let mut value = &Value::Null;
    for member in &place.properties {
        value = record.get(*member).unwrap_or(&Value::Null);
        match value.as_record() {
            Some(inner) => record = inner,
            None => break,
        }
    }
    Ok(Outcome::Property { value: value.clone(), etag: row.record.etag.clone() })
}

fn stream(store: &Store, place: &Place) -> Result<Outcome, Error> {
    let row = row(store, place)?;
    let stream = row.stream.as_ref().ok_or_else(not_found)?;
    // A media item has no entity tag; the photo shares that of its product.
    let etag = row.record.etag.clone().filter(|_| place.set == Set::Products);
    let (media_type, bytes) = (stream.media_type.clone(), stream.bytes.clone());
    Ok(Outcome::Stream(StreamBody { media_type, bytes, etag, modified_unix_s: None }))
}

/// The result of a function.
pub(crate) fn function(store: &Store, head: &Head, operation: &Operation) -> Result<Outcome, Error> {
    let Operation::Invoke { operation, parameters, query } = operation else { return Err(not_found()) };
    let place = if store.schema.model.operation(*operation).is_bound {
        Some(walk(store, &head.target().segments, false)?)
    } else {
        None
    };
    let entity = place.as_ref().and_then(|place| row(store, place).ok());
    let binding = entity.map_or(Value::Null, |row| Value::Record(Arc::clone(&row.record)));
    let binding = place.as_ref().map(|_| &binding);
    match store.call(&Call { operation: *operation, binding, parameters })? {
        Value::Collection(items) => {
            let ranked = (0..).zip(items.iter().cloned());
            page(&store.schema.model, ranked, query, env::now()).map(Outcome::Collection)
        }
        value => Ok(Outcome::Value(value)),
    }
}
