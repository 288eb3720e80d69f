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

    /// Does what a check-in does to its row (ruling R4).
    pub(super) fn check_in(&mut self, checkin: &Checkin) {
        let identity = IdentityKey::of_checkin(checkin);
        let mut old = self.take(&identity);
        if old.is_none()
            && let Some(nameless) = rules::taken_over(checkin, &identity)
            && !self.all().any(|row| rules::is_named_device(row, checkin))
        {
            old = self.take(&nameless);
        }
        self.record(Arc::new(rules::merged(old.as_deref(), checkin)));
    }

    /// Takes the row of an identity out; the others are found as before.
    fn take(&mut self, identity: &IdentityKey) -> Option<Arc<CheckinStatus>> {
        let (key, _) = self.by_key.iter().find(|(_, row)| IdentityKey::of(row) == *identity)?;
        let key = *key;
        let taken = self.by_key.remove(&key);
        self.rekey();
        taken
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

    pub(crate) fn page(&self, query: &StatusQuery) -> Result<StatusPage, StoreError> {
        paging::page(self.by_key.iter().map(|(key, row)| (*key, row)), query)
    }
}
