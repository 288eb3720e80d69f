//! `GET …/tenantCheckinStatuses` and `…/checkinStatuses`, with query options and `/$count`: the data plane, by SQL (R4).

use odata::engine::{Outcome, Page};
use odata::plan::CollectionQuery;
use odata::{Error, ErrorKind};
use store::{ClientConfigurationId, Continuation, StatusQuery};

use crate::admin::cx::Cx;
use crate::admin::error::store_error;
use crate::admin::represent;
use crate::admin::resource::Estate;

/// One page of rows.
///
/// # Errors
/// 404, or as the store's.
pub(crate) async fn list(
    cx: &Cx<'_>,
    estate: Estate,
    client: Option<ClientConfigurationId>,
    query: &CollectionQuery,
) -> Result<Outcome, Error> {
    refuse_search(query)?;
    let Some(row) = cx.estate(estate)? else { return Ok(Outcome::Collection(empty(query))) };
    let page_size = u64::from(query.page_size.unwrap_or(cx.page_size_max).min(cx.page_size_max));
    let limit = query.top.map_or(page_size, |top| top.min(page_size));
    let asked = StatusQuery {
        applied_policy: client,
        filter: query.filter.clone(),
        order: query.order.clone(),
        skip: query.skip,
        count: query.count,
        after: query.after.clone().map(Continuation),
        ..StatusQuery::all(row.id, usize::try_from(limit).unwrap_or(usize::MAX))
    };
    let page = cx.store.statuses(cx.caller, asked).await.map_err(store_error)?;
    let all_given = query.top == Some(page.rows.len() as u64);
    Ok(Outcome::Collection(Page {
        items: page.rows.iter().map(|status| represent::status(cx.office, status)).collect(),
        count: page.count,
        next: page.next.filter(|_| !all_given).map(|next| next.0),
        ..Page::default()
    }))
}

/// How many rows.
///
/// # Errors
/// 404, or as the store's.
pub(crate) async fn count(
    cx: &Cx<'_>,
    estate: Estate,
    client: Option<ClientConfigurationId>,
    query: &CollectionQuery,
) -> Result<Outcome, Error> {
    refuse_search(query)?;
    let Some(row) = cx.estate(estate)? else { return Ok(Outcome::Count(0)) };
    let asked = StatusQuery {
        applied_policy: client,
        filter: query.filter.clone(),
        count: true,
        ..StatusQuery::all(row.id, 0)
    };
    let page = cx.store.statuses(cx.caller, asked).await.map_err(store_error)?;
    Ok(Outcome::Count(page.count.unwrap_or_default()))
}

/// The model says that check-ins cannot be searched: the store has no index of words.
fn refuse_search(query: &CollectionQuery) -> Result<(), Error> {
    if query.search.is_none() {
        return Ok(());
    }
    let message = "The query option '$search' is not supported for check-ins.";
    Err(Error::new(ErrorKind::NotImplemented, message).at("$search"))
}

fn empty(query: &CollectionQuery) -> Page {
    Page { count: query.count.then_some(0), ..Page::default() }
}
