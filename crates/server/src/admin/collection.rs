//! Collections of the control plane: the snapshot's rows as records, filtered and paged in memory (invariant 2).

use std::sync::Arc;

use odata::engine::{Outcome, Page};
use odata::plan::{CollectionQuery, Projection, SelectItem};
use odata::{Error, Record, Value};

use super::cx::{Cx, Wanted};

/// One page of records, each with its rank in the default order.
///
/// # Errors
/// What evaluating the query gives.
pub(crate) fn page(
    cx: &Cx<'_>,
    records: impl Iterator<Item = (u64, Record)>,
    query: &CollectionQuery,
) -> Result<Page, Error> {
    let items = records.map(|(rank, record)| (rank, Value::Record(Arc::new(record))));
    odata::exec::memory::page(&cx.office.model, items, query, cx.now)
}

/// The answer to `/$count`.
///
/// # Errors
/// What evaluating the query gives.
pub(crate) fn count(
    cx: &Cx<'_>,
    records: impl Iterator<Item = (u64, Record)>,
    query: &CollectionQuery,
) -> Result<Outcome, Error> {
    let counting = CollectionQuery { count: true, top: Some(0), ..query.clone() };
    Ok(Outcome::Count(page(cx, records, &counting)?.count.unwrap_or_default()))
}

/// Which computed members a projection shows, and a query looks at.
pub(crate) fn wanted(projection: &Projection, query: Option<&CollectionQuery>, statuses: u16, summary: u16) -> Wanted {
    let mentions = |member| query.is_some_and(|query| query.mentions(member));
    let summary = selects(projection, summary) || mentions(summary);
    Wanted { statuses: selects(projection, statuses) || mentions(statuses), summary, day: summary }
}

fn selects(projection: &Projection, wanted: u16) -> bool {
    projection.select.as_ref().is_none_or(|items| {
        items.iter().any(|item| match item {
            SelectItem::All => true,
            SelectItem::Member { member, .. } => *member == wanted,
            SelectItem::Operation(_)
            | SelectItem::Annotation
            | SelectItem::Dynamic(_)
            | SelectItem::DynamicPart(..) => false,
        })
    })
}
