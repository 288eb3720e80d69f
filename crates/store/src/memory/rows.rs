//! The check-in rows of one configuration in memory: a sorted map by key, walked whole for every question.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::domain::{Checkin, CheckinStatus};
use crate::error::StoreError;
use crate::paging;
use crate::rules::{self, IdentityKey};
use crate::status::{StatusPage, StatusQuery};

#[derive(Default)]
pub(crate) struct Rows {
    by_key: BTreeMap<i64, Arc<CheckinStatus>>,
    /// The key of the row that was added last.
    last: i64,
    /// The latest UTC day on which a check-in was recorded; `None` before the first.
    newest: Option<i32>,
}

impl Rows {
    /// Rows as an administrator wrote them: the position is the key.
    pub(super) fn written(rows: Vec<Arc<CheckinStatus>>) -> Self {
        Self { by_key: (0..).zip(rows).collect(), ..Self::default() }
    }

    /// Makes the clients' rows of written ones, in their order.
    pub(super) fn rekey(&mut self) {
        for (_, row) in std::mem::take(&mut self.by_key) {
            self.record(row);
        }
    }

    /// Check-ins are recorded on a day: what is too old by then is gone.
    pub(super) fn reach(&mut self, day: i32) {
        self.newest = self.newest.max(Some(day));
        self.forget();
    }

    fn forget(&mut self) {
        let Some(newest) = self.newest else { return };
        let first = rules::first_day_kept(newest);
        self.by_key.retain(|_, row| row.checkin.unix_day() >= first);
    }

    /// Does what a check-in does to its row (ruling R4).
    pub(super) fn check_in(&mut self, checkin: &Checkin) {
        self.reach(checkin.at.unix_day());
        let identity = IdentityKey::of_checkin(checkin);
        let mut place = self.place(&identity);
        if place.is_none()
            && let Some(nameless) = rules::taken_over(checkin, &identity)
            && !self.all().any(|row| rules::is_named_device(row, checkin))
        {
            place = self.place(&nameless);
        }
        let old = place.and_then(|key| self.by_key.get(&key));
        let new = rules::merged(old.map(Arc::as_ref), checkin);
        self.put(place, Arc::new(new));
    }

    /// The key of the row of an identity.
    fn place(&self, identity: &IdentityKey) -> Option<i64> {
        self.by_key.iter().find(|(_, row)| IdentityKey::of(row) == *identity).map(|(key, _)| *key)
    }

    /// Puts a row in a place, or behind all others.
    fn put(&mut self, place: Option<i64>, row: Arc<CheckinStatus>) {
        let key = place.unwrap_or_else(|| {
            self.last += 1;
            self.last
        });
        self.by_key.insert(key, row);
        self.forget();
    }

    /// Adds a row or replaces the one of its identity.
    pub(super) fn record(&mut self, row: Arc<CheckinStatus>) {
        self.put(self.place(&IdentityKey::of(&row)), row);
    }

    pub(super) fn len(&self) -> usize {
        self.by_key.len()
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &CheckinStatus> {
        self.by_key.values().map(Arc::as_ref)
    }

    pub(crate) fn page(&self, query: &StatusQuery) -> Result<StatusPage, StoreError> {
        paging::page(self.by_key.iter().map(|(key, row)| (*key, row)), query)
    }
}
