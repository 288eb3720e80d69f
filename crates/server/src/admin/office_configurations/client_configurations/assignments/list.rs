//! `GET …/assignments` and `/$count`: in the order in which they were made.

use std::sync::Arc;

use odata::engine::Outcome;
use odata::plan::{CollectionQuery, ExpandItem};
use odata::{Error, Record, Value};
use store::{Assignment, ClientConfiguration, ClientConfigurationId};

use crate::admin::collection;
use crate::admin::cx::Cx;
use crate::admin::represent;
use crate::admin::resource::Estate;

/// One page.
///
/// # Errors
/// 404, or what evaluating the query gives.
pub(crate) fn list(
    cx: &Cx<'_>,
    estate: Estate,
    client: ClientConfigurationId,
    query: &CollectionQuery,
) -> Result<Outcome, Error> {
    let (_, row) = cx.client(estate, client)?;
    let records = ranked(cx, row);
    Ok(Outcome::Collection(collection::page(cx, records, query)?))
}

/// How many.
///
/// # Errors
/// 404, or what evaluating the query gives.
pub(crate) fn count(
    cx: &Cx<'_>,
    estate: Estate,
    client: ClientConfigurationId,
    query: &CollectionQuery,
) -> Result<Outcome, Error> {
    let (_, row) = cx.client(estate, client)?;
    collection::count(cx, ranked(cx, row), query)
}

/// The value of `$expand=assignments(…)`.
///
/// # Errors
/// What evaluating the nested query gives.
pub(crate) fn expanded(cx: &Cx<'_>, row: &ClientConfiguration, item: &ExpandItem) -> Result<Value, Error> {
    let records = ranked(cx, row);
    Ok(Value::Collection(Arc::new(collection::page(cx, records, &item.query)?.items)))
}

/// One of them, as a value.
pub(crate) fn value(cx: &Cx<'_>, row: &Assignment) -> Value {
    Value::Record(Arc::new(represent::assignment(cx.office, row)))
}

fn ranked<'c>(cx: &'c Cx<'_>, row: &'c ClientConfiguration) -> impl Iterator<Item = (u64, Record)> + 'c {
    row.assignments.iter().map(|one| (one.seq, represent::assignment(cx.office, one)))
}
