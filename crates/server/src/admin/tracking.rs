//! Change tracking in Graph's way, the function `delta()` of a collection: what of a request says where to go on, and what of an
//! answer does. What changed is the store's to say; what an entity shows, its handler's. It knows no resource.

use std::sync::Arc;

use odata::engine::{Outcome, Page, Removed};
use odata::model::TypeId;
use odata::plan::CollectionQuery;
use odata::{Error, ErrorKind, Value};
use store::{ChangePoint, ChangeQuery, Changes, Since, StoreError, Tracked};

use super::cx::Cx;
use super::error::store_error;
use super::represent;

/// What of a collection is to be told next. The request goes on with the snapshot that it is in.
///
/// # Errors
/// 400 for an option that is not offered here, 404, 410 with where to begin anew when the token is of no use any more.
pub(crate) async fn changes(cx: &mut Cx<'_>, of: Tracked, query: &CollectionQuery) -> Result<Changes, Error> {
    refuse_options(query, "delta()")?;
    let limit = query.page_size.unwrap_or(cx.page_size_max).min(cx.page_size_max);
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let fault = |fault: StoreError| {
        let error = store_error(fault);
        if error.kind == ErrorKind::Gone { error.with_location(cx.head.defining_url()) } else { error }
    };
    let since = since(query).map_err(fault)?;
    let found = cx.store.changes(cx.caller, ChangeQuery { of, since, limit }).await.map_err(fault)?;
    cx.snapshot = Arc::clone(&found.snapshot);
    Ok(found)
}

/// The page that tells them: `items` are there, of the others only the id is known. `key` is that member, of which type.
pub(crate) fn page(cx: &Cx<'_>, changes: &Changes, items: Vec<Value>, key: (TypeId, u16)) -> Outcome {
    let gone = |id| Removed { record: Arc::new(represent::key(cx.office, key, id)), deleted: true };
    let point: Arc<[u8]> = changes.point.to_bytes().into();
    let (next, delta) = if changes.more { (Some(point), None) } else { (None, Some(point)) };
    let removed = changes.removed.iter().copied().map(gone).collect();
    Outcome::Collection(Page { items, count: None, next, removed, delta })
}

fn since(query: &CollectionQuery) -> Result<Since, StoreError> {
    match (&query.after, &query.since) {
        (Some(position), _) => ChangePoint::from_bytes(position).map(Since::Point),
        // `$deltatoken=latest`
        (None, Some(state)) if state.is_empty() => Ok(Since::Now),
        (None, Some(state)) => ChangePoint::from_bytes(state).map(Since::Point),
        (None, None) => Ok(Since::Start),
    }
}

/// Refuses what a function that pages through a collection in an order of its own does not do: who asks it selects, and chooses the size of
/// pages. What is followed would have to be true of the copy, too.
///
/// # Errors
/// 501 names the option.
pub(crate) fn refuse_options(query: &CollectionQuery, function: &str) -> Result<(), Error> {
    let given = [
        ("$filter", query.filter.is_some()),
        ("$search", query.search.is_some()),
        ("$orderby", !query.order.is_empty()),
        ("$skip", query.skip > 0),
        ("$count", query.count),
        ("$expand", !query.projection.expand.is_empty()),
    ];
    match given.into_iter().find(|(_, given)| *given) {
        None => Ok(()),
        Some((name, _)) => {
            let message = format!("The query option '{name}' is not supported by {function}.");
            Err(Error::new(ErrorKind::NotImplemented, message).at(name))
        }
    }
}
