//! Change tracking on `Products`: states, and what changed since one.
//!
//! A state is the number of changes so far. Rows remember the change that touched them last, and deletions are kept
//! apart, so a delta is the rows touched since then in the order of their changes.

use std::collections::HashSet;
use std::sync::Arc;

use odata::engine::{Head, Page, Removed};
use odata::plan::CollectionQuery;
use odata::{Error, ErrorKind, Record, RecordBuilder, Value};
use uuid::Uuid;

use super::read::reader;
use super::schema::Set;
use super::store::{Key, Row, Store};

/// The state to put into a delta link.
pub(crate) fn state(store: &Store) -> Arc<[u8]> {
    store.state().to_be_bytes().into()
}

/// Products that were added, changed or deleted since a state.
pub(crate) fn since(store: &Store, state: &[u8], head: &Head) -> Result<Page, Error> {
    let query = head.query();
    let gone = || {
        let message = "The delta link is too old: read the collection again.";
        Error::new(ErrorKind::Gone, message).with_location(head.defining_url())
    };
    let from = state.try_into().map(u64::from_be_bytes).map_err(|_| gone())?;
    let deleted = store.deleted_since(from).ok_or_else(gone)?;
    let model = &store.schema.model;
    let mut changed: Vec<&Row> =
        store.rows(Set::Products).map(|(_, row)| row).filter(|row| row.changed > from).collect();
    changed.sort_by_key(|row| row.changed);
    let fitting = CollectionQuery { since: None, top: None, skip: 0, ..query.clone() };
    let fits = |query: &CollectionQuery| {
        let ranked = changed.iter().map(|row| (row.changed, Value::Record(Arc::clone(&row.record))));
        reader(store).page(Box::new(ranked), query)
    };
    let mut found = fits(&fitting)?;
    let removed = |id: Uuid, deleted: bool| {
        let record = RecordBuilder::new(model, store.schema.type_of(Set::Products)).set(store.schema.product.id, id);
        Removed { record: Arc::new(record.build()), deleted }
    };
    let id_of = |record: &Record| Key::of(&store.schema, record).map(|key| key.id);
    if found.next.is_some() {
        return Ok(found);
    }
    // On the last page: what is gone, and where the next delta starts.
    found.removed = deleted.map(|key| removed(key.id, true)).collect();
    if query.filter.is_some() || query.search.is_some() {
        // What was changed and does not fit (any more) has left the collection.
        let unpaged = CollectionQuery { page_size: None, after: None, ..fitting };
        let kept: HashSet<Uuid> = fits(&unpaged)?.items.iter().filter_map(Value::as_record).filter_map(id_of).collect();
        let left = changed.iter().filter_map(|row| id_of(&row.record)).filter(|id| !kept.contains(id));
        found.removed.extend(left.map(|id| removed(id, false)));
    }
    found.delta = Some(self::state(store));
    Ok(found)
}
