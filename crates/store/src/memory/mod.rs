//! The oracle: a store in memory, simple and obviously right. Nothing is durable. The tests hold the other stores against it, so it
//! must never be clever.

mod data;
mod rows;

use std::collections::{HashMap, VecDeque};
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, ready};

use crate::changes::follow::{Entry, Follower};
use crate::changes::{ChangeQuery, Changes, Retention};
use crate::command::{Command, Commit, Committed};
use crate::domain::{Checkin, Payload, PayloadKind, Summary};
use crate::error::{CommitError, StoreError, What};
use crate::ids::{Caller, ClientConfigurationId, ConfigurationId, TenantId};
use crate::rules;
use crate::snapshot::TenantSnapshot;
use crate::status::{StatusPage, StatusQuery};
use crate::{Health, Store};
pub(crate) use data::Data;
pub(crate) use rows::Rows;

/// A store whose content goes with it.
#[derive(Default)]
pub struct MemoryStore {
    tenants: Mutex<HashMap<TenantId, Tenant>>,
    retention: Retention,
}

struct Tenant {
    snapshot: Arc<TenantSnapshot>,
    data: Data,
    log: VecDeque<Entry>,
}

impl MemoryStore {
    /// An empty one.
    pub fn new() -> Self {
        Self::default()
    }

    /// How much of the change log is kept.
    #[must_use]
    pub fn retention(mut self, retention: Retention) -> Self {
        self.retention = retention;
        self
    }

    fn tenants(&self) -> MutexGuard<'_, HashMap<TenantId, Tenant>> {
        self.tenants.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn current(&self, tenant: TenantId) -> Arc<TenantSnapshot> {
        let found = self.tenants().get(&tenant).map(|t| Arc::clone(&t.snapshot));
        found.unwrap_or_else(|| Arc::new(TenantSnapshot::empty(tenant)))
    }

    fn commit_now(&self, tenant: TenantId, commit: Commit) -> Result<Committed, CommitError> {
        let mut tenants = self.tenants();
        let current = tenants.get(&tenant).map(|t| Arc::clone(&t.snapshot));
        let current = current.unwrap_or_else(|| Arc::new(TenantSnapshot::empty(tenant)));
        let rows = |configuration, today| {
            let summary = tenants.get(&tenant).and_then(|t| t.data.summary(configuration, None, today));
            Ok(summary.unwrap_or_default())
        };
        let ticks = commit.now.ticks();
        let (mut next, effects) = rules::apply(&current, commit, &rows)?;
        let made = || Tenant { snapshot: current, data: Data::default(), log: VecDeque::new() };
        let kept = tenants.entry(tenant).or_insert_with(made);
        let newest = next.version();
        kept.log.push_back(Entry { version: newest, ticks, changes: effects.log.text().to_owned() });
        while kept.log.front().is_some_and(|old| self.retention.is_over(old.version, old.ticks, newest, ticks)) {
            kept.log.pop_front();
        }
        for effect in effects.data {
            kept.data.write(&mut next, effect);
        }
        kept.snapshot = Arc::new(next);
        Ok(Committed { version: kept.snapshot.version(), snapshot: Arc::clone(&kept.snapshot) })
    }

    fn record_now(&self, tenant: TenantId, checkin: &Checkin) -> Result<(), CommitError> {
        let id = checkin.configuration;
        if self.current(tenant).configuration(id).is_none_or(|found| !found.has_checkins_from_clients) {
            let command = Command::RecordCheckins { configuration: id, checkins: Vec::new() };
            self.commit_now(tenant, Commit::of(checkin.at, command))?;
        }
        let mut tenants = self.tenants();
        let not_there = CommitError::NotFound { what: What::Configuration };
        let Some(kept) = tenants.get_mut(&tenant) else { return Err(not_there) };
        let mut next = TenantSnapshot::clone(&kept.snapshot);
        let Some(seq) = next.configuration(id).map(|found| found.seq) else { return Err(not_there) };
        let count = kept.data.check_in(seq, checkin);
        next.checked_in(seq, count);
        kept.snapshot = Arc::new(next);
        Ok(())
    }

    fn payload_now(
        &self,
        tenant: TenantId,
        configuration: ConfigurationId,
        client: ClientConfigurationId,
        which: PayloadKind,
    ) -> Result<Option<(Payload, Bytes)>, StoreError> {
        let snapshot = self.current(tenant);
        let Some(found) = snapshot.client(configuration, client)? else {
            return Err(StoreError::NotFound { what: What::ClientConfiguration });
        };
        let tenants = self.tenants();
        let content = tenants.get(&tenant).and_then(|t| t.data.payload(found.seq, which));
        Ok(found.payload(which).zip(content).map(|(payload, bytes)| (Payload::clone(payload), bytes.clone())))
    }

    fn statuses_now(&self, tenant: TenantId, query: &StatusQuery) -> Result<StatusPage, StoreError> {
        let snapshot = self.current(tenant);
        let Some(found) = snapshot.owner_of_rows(query.configuration)? else {
            return Rows::default().page(query);
        };
        let tenants = self.tenants();
        let page = tenants.get(&tenant).and_then(|t| t.data.page(found.seq, query));
        page.unwrap_or_else(|| Rows::default().page(query))
    }

    fn summary_now(
        &self,
        tenant: TenantId,
        configuration: ConfigurationId,
        client: Option<ClientConfigurationId>,
        today: i32,
    ) -> Result<Summary, StoreError> {
        let snapshot = self.current(tenant);
        let Some(found) = snapshot.owner_of_rows(configuration)? else { return Ok(Summary::default()) };
        if let Some(written) = found.summary_as_written(client) {
            return Ok(written);
        }
        let tenants = self.tenants();
        Ok(tenants.get(&tenant).and_then(|t| t.data.summary(found.seq, client, today)).unwrap_or_default())
    }

    fn changes_now(&self, tenant: TenantId, query: &ChangeQuery) -> Result<Changes, StoreError> {
        let tenants = self.tenants();
        let found = tenants.get(&tenant);
        let snapshot = found.map_or_else(|| Arc::new(TenantSnapshot::empty(tenant)), |t| Arc::clone(&t.snapshot));
        let mut follower = Follower::new(snapshot, query)?;
        if let Some(from) = follower.entries_from() {
            for entry in found.iter().flat_map(|t| &t.log).filter(|entry| entry.version >= from) {
                if follower.take(entry.clone())? == ControlFlow::Break(()) {
                    break;
                }
            }
        }
        follower.finish()
    }
}

impl Store for MemoryStore {
    fn snapshot<'a>(&'a self, caller: &'a Caller) -> BoxFuture<'a, Result<Arc<TenantSnapshot>, StoreError>> {
        ready(Ok(self.current(caller.tenant))).boxed()
    }

    fn loaded_snapshot(&self, caller: &Caller) -> Option<Arc<TenantSnapshot>> {
        Some(self.current(caller.tenant))
    }

    fn commit<'a>(&'a self, caller: &'a Caller, commit: Commit) -> BoxFuture<'a, Result<Committed, CommitError>> {
        ready(self.commit_now(caller.tenant, commit)).boxed()
    }

    fn record<'a>(&'a self, caller: &'a Caller, checkin: Checkin) -> BoxFuture<'a, Result<(), CommitError>> {
        ready(self.record_now(caller.tenant, &checkin)).boxed()
    }

    fn payload<'a>(
        &'a self,
        caller: &'a Caller,
        configuration: ConfigurationId,
        client: ClientConfigurationId,
        which: PayloadKind,
    ) -> BoxFuture<'a, Result<Option<(Payload, Bytes)>, StoreError>> {
        ready(self.payload_now(caller.tenant, configuration, client, which)).boxed()
    }

    fn statuses<'a>(&'a self, caller: &'a Caller, query: StatusQuery) -> BoxFuture<'a, Result<StatusPage, StoreError>> {
        ready(self.statuses_now(caller.tenant, &query)).boxed()
    }

    fn summary<'a>(
        &'a self,
        caller: &'a Caller,
        configuration: ConfigurationId,
        client: Option<ClientConfigurationId>,
        today: i32,
    ) -> BoxFuture<'a, Result<Summary, StoreError>> {
        ready(self.summary_now(caller.tenant, configuration, client, today)).boxed()
    }

    fn changes<'a>(&'a self, caller: &'a Caller, query: ChangeQuery) -> BoxFuture<'a, Result<Changes, StoreError>> {
        ready(self.changes_now(caller.tenant, &query)).boxed()
    }

    fn health(&self) -> Health {
        Health { writable: true, reason: None }
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        ready(()).boxed()
    }
}
