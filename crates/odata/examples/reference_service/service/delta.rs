//! Change tracking on `Products`: states, and what changed since one.
//!
//! A state is the number of changes so far. Rows remember the change that touched them last, and deletions are kept
//! apart, so a delta is the rows touched since then in the order of their changes.

use std::sync::Arc;

use odata::engine::{Page, Removed};
use odata::exec::memory::page;
use odata::plan::CollectionQuery;
use odata::{Error, ErrorKind, RecordBuilder, Value};

use super::env;
use super::schema::Set;
use super::store::{Row, Store};

/// The state to put into a delta link.
pub(crate) fn state(store: &Store) -> Arc<[u8]> {
    store.state().to_be_bytes().into()
}

/// Products that were added, changed or deleted since a state.
pub(crate) fn since(store: &Store, state: &[u8], query: &CollectionQuery) -> Result<Page, Error> {
    let gone = || Error::new(ErrorKind::Gone, "The delta link is too old: read the collection again.");
    let from = state.try_into().map(u64::from_be_bytes).map_err(|_| gone())?;
    let deleted = store.deleted_since(from).ok_or_else(gone)?;
    let model = &store.schema.model;
    let mut changed: Vec<&Row> =
        store.rows(Set::Products).map(|(_, row)| row).filter(|row| row.changed > from).collect();
    changed.sort_by_key(|row| row.changed);
    let fitting = CollectionQuery { since: None, top: None, skip: 0, ..query.clone() };
    let ranked = |row: &&Row| (row.changed, Value::Record(Arc::clone(&row.record)));
    let mut found = page(model, changed.iter().map(ranked), &fitting, env::now())?;
    let removed = |id: Value, deleted: bool| {
        let record = RecordBuilder::new(model, store.schema.type_of(Set::Products)).set(store.schema.product.id, id);
        Removed { record: Arc::new(record.build()), deleted }
    };
    let id_of = |record: &odata::Record| record.get(store.schema.product.id).cloned().unwrap_or(Value::Null);
    found.removed = deleted.map(|key| removed(Value::Guid(key.id), true)).collect();
    if query.filter.is_some() || query.search.is_some() {
        // What was changed and does not fit (any more) has left the collection.
        let unfiltered = CollectionQuery { page_size: None, ..fitting };
        let kept = page(model, changed.iter().map(ranked), &unfiltered, env::now())?.items;
        let kept: Vec<Value> = kept.iter().filter_map(Value::as_record).map(id_of).collect();
        let left = changed.iter().map(|row| id_of(&row.record)).filter(|id| !kept.contains(id));
        found.removed.extend(left.map(|id| removed(id, false)));
    }
    if found.next.is_none() {
        found.delta = Some(self::state(store));
    }
    Ok(found)
}
