//! Queries that the database cannot say, or would say otherwise: rows are read in parts, narrowed by what it can say, and the engine's own meaning
//! is asked of each. Slow, never wrong, and ended by the deadline. It must never keep more rows than a page needs.

use std::sync::Arc;
use std::time::Instant;

use odata::Value;
use odata::plan::OrderBy;
use tokio_postgres::GenericClient;

use super::select::Select;
use super::{Found, fetch};
use crate::domain::CheckinStatus;
use crate::error::StoreError;
use crate::limits::{MAX_PAGE, MAX_SCAN_SORTED, READ_DEADLINE, SCAN_PART};
use crate::paging;
use crate::position::{Position, RowOrder};
use crate::postgres::failure::Failure;
use crate::predicate::{Predicate, compare_keys, order_keys};
use crate::status::{StatusPage, StatusQuery};

/// The page of a query. `select` has the conditions that SQL can say.
pub(super) async fn page<C: GenericClient + Sync>(
    tx: &C,
    select: &Select,
    query: &StatusQuery,
    after: Option<Position>,
) -> Result<StatusPage, Failure> {
    let started = Instant::now();
    let predicate = Predicate::of(query).map_err(Failure::Read)?;
    let order = RowOrder::of(&query.order);
    let walked = if order == RowOrder::Other { RowOrder::Key } else { order };
    let mut taken = Taken::new(query, order, after).map_err(Failure::Read)?;
    // Counted are all rows, from the first on.
    let mut at = after.filter(|_| !query.count && order != RowOrder::Other);
    loop {
        let mut part = select.clone();
        part.after(walked, at);
        let rows = fetch(tx, &part.rows(walked, SCAN_PART, 0)).await?;
        let is_last = (rows.len() as u64) < SCAN_PART;
        at = rows.last().map(|(key, row)| match walked {
            RowOrder::Time { .. } => Position::Time { ticks: row.checkin.ticks(), key: *key },
            _ => Position::Key(*key),
        });
        for (key, row) in rows {
            if predicate.takes(&row).map_err(Failure::Read)? {
                taken.take(key, row).map_err(Failure::Read)?;
            }
        }
        if is_last || taken.is_enough() {
            return Ok(taken.page());
        }
        if started.elapsed() > READ_DEADLINE {
            return Err(Failure::Late);
        }
    }
}

/// What was taken so far.
struct Taken<'q> {
    query: &'q StatusQuery,
    order: RowOrder,
    after: Option<Position>,
    /// Rows to leave out first.
    skip: u64,
    limit: usize,
    count: u64,
    passed: u64,
    rows: Vec<(Vec<Value>, Found)>,
}

impl<'q> Taken<'q> {
    fn new(query: &'q StatusQuery, order: RowOrder, after: Option<Position>) -> Result<Self, StoreError> {
        let passed = if let Some(Position::Offset(passed)) = after { passed } else { 0 };
        let skip = query.skip.saturating_add(passed);
        let limit = query.limit.min(MAX_PAGE);
        if order == RowOrder::Other && skip.saturating_add(limit as u64) > MAX_SCAN_SORTED {
            return Err(StoreError::Unsupported { what: "so many rows in this order are not supported".to_owned() });
        }
        Ok(Self { query, order, after, skip, limit, count: 0, passed: 0, rows: Vec::new() })
    }

    fn take(&mut self, key: i64, row: Arc<CheckinStatus>) -> Result<(), StoreError> {
        self.count += 1;
        if self.order == RowOrder::Other {
            self.rows.push((order_keys(&self.query.order, &row)?, (key, row)));
            if self.rows.len() > 2 * self.kept() {
                self.sort();
            }
        } else if self.after.is_none_or(|at| paging::is_after(self.order, at, key, &row)) {
            if self.passed < self.skip {
                self.passed += 1;
            } else if self.rows.len() <= self.limit {
                self.rows.push((Vec::new(), (key, row)));
            }
        }
        Ok(())
    }

    /// Rows that are kept in an order that only the rows themselves tell: up to the end of the page, and one more.
    fn kept(&self) -> usize {
        usize::try_from(self.skip).unwrap_or(usize::MAX).saturating_add(self.limit).saturating_add(1)
    }

    /// The first rows in the order. Those of equal keys come as they were read.
    fn sort(&mut self) {
        let by: &[OrderBy] = &self.query.order;
        self.rows.sort_by(|(left, _), (right, _)| compare_keys(by, left, right));
        self.rows.truncate(self.kept());
    }

    fn is_enough(&self) -> bool {
        self.order != RowOrder::Other && !self.query.count && self.rows.len() > self.limit
    }

    fn page(mut self) -> StatusPage {
        if self.order == RowOrder::Other {
            self.sort();
            let skipped = usize::try_from(self.skip).unwrap_or(usize::MAX).min(self.rows.len());
            self.rows.drain(..skipped);
        }
        let rows = self.rows.into_iter().map(|(_, found)| found).collect();
        let count = self.query.count.then_some(self.count);
        super::cut(rows, self.order, self.limit, self.skip, count)
    }
}
