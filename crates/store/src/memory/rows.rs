//! The check-in rows of one configuration in memory: a sorted map by key, walked whole for every question.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::domain::CheckinStatus;
use crate::error::StoreError;
use crate::limits::MAX_PAGE;
use crate::position::{Position, RowOrder};
use crate::predicate::{self, Predicate};
use crate::rules::IdentityKey;
use crate::status::{StatusPage, StatusQuery};

#[derive(Default)]
pub(super) struct Rows {
    by_key: BTreeMap<i64, Arc<CheckinStatus>>,
}

impl Rows {
    /// Rows as an administrator wrote them: the position is the key.
    pub(super) fn written(rows: Vec<Arc<CheckinStatus>>) -> Self {
        Self { by_key: (0..).zip(rows).collect() }
    }

    /// Gives every row the key of its identity.
    pub(super) fn rekey(&mut self) {
        for (_, row) in std::mem::take(&mut self.by_key) {
            self.record(row);
        }
    }

    /// Adds a row or replaces the one of its identity.
    pub(super) fn record(&mut self, row: Arc<CheckinStatus>) {
        let identity = IdentityKey::of(&row);
        let mut key = identity.first_key();
        while self.by_key.get(&key).is_some_and(|other| IdentityKey::of(other) != identity) {
            key = IdentityKey::next_key(key);
        }
        self.by_key.insert(key, row);
    }

    pub(super) fn len(&self) -> usize {
        self.by_key.len()
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &CheckinStatus> {
        self.by_key.values().map(Arc::as_ref)
    }

    pub(super) fn page(&self, query: &StatusQuery) -> Result<StatusPage, StoreError> {
        let order = RowOrder::of(&query.order);
        let after = query.after.as_ref().map(|c| Position::open(order, c)).transpose()?;
        let predicate = Predicate::of(query)?;
        let mut found: Vec<(i64, &Arc<CheckinStatus>)> =
            self.by_key.iter().filter(|(_, row)| predicate.takes(row)).map(|(key, row)| (*key, row)).collect();
        let count = query.count.then_some(found.len() as u64);
        predicate::sort(&mut found, order, &query.order)?;
        let start = match after {
            None => 0,
            Some(Position::Offset(passed)) => usize::try_from(passed).unwrap_or(usize::MAX),
            Some(at) => found.iter().position(|(key, row)| is_after(order, at, *key, row)).unwrap_or(found.len()),
        };
        let start = start.saturating_add(usize::try_from(query.skip).unwrap_or(usize::MAX)).min(found.len());
        let end = start.saturating_add(query.limit.min(MAX_PAGE)).min(found.len());
        let page = &found[start..end];
        let next = match page.last() {
            Some((key, row)) if end < found.len() => {
                Some(Position::seal(order, row.checkin.ticks(), *key, end as u64))
            }
            _ => None,
        };
        Ok(StatusPage { rows: page.iter().map(|(_, row)| Arc::clone(row)).collect(), count, next })
    }
}

fn is_after(order: RowOrder, at: Position, key: i64, row: &CheckinStatus) -> bool {
    match at {
        Position::Key(last) => key > last,
        Position::Time { ticks, key: last } => {
            let (this, that) = ((row.checkin.ticks(), key), (ticks, last));
            if order == (RowOrder::Time { descending: true }) { this < that } else { this > that }
        }
        Position::Offset(_) => true,
    }
}
