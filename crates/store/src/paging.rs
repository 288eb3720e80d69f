//! A page of rows that are in memory: filter, count, order, skip, limit. It must never know where the rows are kept.

use std::sync::Arc;

use crate::domain::CheckinStatus;
use crate::error::StoreError;
use crate::limits::MAX_PAGE;
use crate::position::{Position, RowOrder};
use crate::predicate::{Predicate, compare_keys, order_keys};
use crate::status::{StatusPage, StatusQuery};

/// The page of a query over rows that come sorted by key.
pub(crate) fn page<'r>(
    rows: impl Iterator<Item = (i64, &'r Arc<CheckinStatus>)>,
    query: &StatusQuery,
) -> Result<StatusPage, StoreError> {
    let order = RowOrder::of(&query.order);
    let after = query.after.as_ref().map(|c| Position::open(order, c)).transpose()?;
    let predicate = Predicate::of(query)?;
    let mut found = Vec::new();
    for (key, row) in rows {
        if predicate.takes(row)? {
            found.push((key, row));
        }
    }
    let count = query.count.then_some(found.len() as u64);
    let found = sorted(found, order, query)?;
    let start = match after {
        None => 0,
        Some(Position::Offset(passed)) => usize::try_from(passed).unwrap_or(usize::MAX),
        Some(at) => found.iter().position(|(key, row)| is_after(order, at, *key, row)).unwrap_or(found.len()),
    };
    let start = start.saturating_add(usize::try_from(query.skip).unwrap_or(usize::MAX)).min(found.len());
    let end = start.saturating_add(query.limit.min(MAX_PAGE)).min(found.len());
    let taken = &found[start..end];
    let next = match taken.last() {
        Some((key, row)) if end < found.len() => Some(Position::seal(order, row.checkin.ticks(), *key, end as u64)),
        _ => None,
    };
    Ok(StatusPage { rows: taken.iter().map(|(_, row)| Arc::clone(row)).collect(), count, next })
}

type Rows<'r> = Vec<(i64, &'r Arc<CheckinStatus>)>;

fn sorted<'r>(mut rows: Rows<'r>, order: RowOrder, query: &StatusQuery) -> Result<Rows<'r>, StoreError> {
    match order {
        RowOrder::Key => {}
        RowOrder::Time { descending } => {
            rows.sort_by_key(|(key, row)| (row.checkin.ticks(), *key));
            if descending {
                rows.reverse();
            }
        }
        RowOrder::Other => {
            let mut keyed = Vec::with_capacity(rows.len());
            for (key, row) in rows {
                keyed.push((order_keys(&query.order, row)?, (key, row)));
            }
            keyed.sort_by(|(left, _), (right, _)| compare_keys(&query.order, left, right));
            rows = keyed.into_iter().map(|(_, row)| row).collect();
        }
    }
    Ok(rows)
}

/// Whether a row comes behind a position in the order.
pub(crate) fn is_after(order: RowOrder, at: Position, key: i64, row: &CheckinStatus) -> bool {
    match at {
        Position::Key(last) => key > last,
        Position::Time { ticks, key: last } => {
            let (this, that) = ((row.checkin.ticks(), key), (ticks, last));
            if order == (RowOrder::Time { descending: true }) { this < that } else { this > that }
        }
        Position::Offset(_) => true,
    }
}
