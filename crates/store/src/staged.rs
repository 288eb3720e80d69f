//! Changes that happen together although they are asked for one after the other: a store over another one, which sees what was
//! committed to it and keeps that to itself until [`Staged::finish`] makes one commit of all of it. Nobody else sees anything before,
//! and nothing is durable. It must never write to the store below but there.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, ready};
use odata::edm::DateTimeOffset;

use crate::changes::{ChangeQuery, Changes};
use crate::command::{Change, Command, Commit, Committed, Conditional};
use crate::domain::{Checkin, OfficeConfiguration, Payload, PayloadContent, PayloadKind, Summary};
use crate::error::{Cause, CommitError, StoreError, What};
use crate::ids::{Caller, ClientConfigurationId, ConfigurationId};
use crate::limits::MAX_WRITTEN_STATUSES;
use crate::memory::{Data, Rows};
use crate::rules;
use crate::snapshot::TenantSnapshot;
use crate::status::{StatusPage, StatusQuery};
use crate::summary::summarize;
use crate::{Health, Store};

/// The changes of one caller at one instant, on the tenant as it was when they began. Dropping it forgets them.
pub struct Staged<'s> {
    store: &'s dyn Store,
    caller: Caller,
    now: DateTimeOffset,
    base: Arc<TenantSnapshot>,
    draft: Mutex<Draft>,
}

/// What became of the tenant.
struct Draft {
    snapshot: Arc<TenantSnapshot>,
    commands: Vec<Conditional>,
    /// What the commands wrote. What they did not touch is in the store below.
    data: Data,
}

impl Draft {
    /// Applies commands as the next of the one commit that all are going to be.
    fn apply(
        &mut self,
        now: DateTimeOffset,
        commands: Vec<Conditional>,
        shown: &HashMap<u64, Summary>,
    ) -> Result<(), CommitError> {
        let rows = |configuration, today| {
            let here = self.data.summary(configuration, None, today);
            Ok(here.or_else(|| shown.get(&configuration).copied()).unwrap_or_default())
        };
        let (mut next, effects) = if self.commands.is_empty() {
            rules::apply(&self.snapshot, Commit::new(now, commands.clone()), &rows)?
        } else {
            rules::apply_further(&self.snapshot, now, commands.clone(), &rows)?
        };
        for effect in effects.data {
            self.data.write(&mut next, effect);
        }
        self.snapshot = Arc::new(next);
        self.commands.extend(commands);
        Ok(())
    }
}

impl<'s> Staged<'s> {
    /// Begins with the tenant's newest version. All changes get the time `now`.
    ///
    /// # Errors
    /// When the tenant cannot be read.
    pub async fn begin(store: &'s dyn Store, caller: Caller, now: DateTimeOffset) -> Result<Self, StoreError> {
        let base = store.snapshot(&caller).await?;
        let draft = Draft { snapshot: Arc::clone(&base), commands: Vec::new(), data: Data::default() };
        Ok(Self { store, caller, now, base, draft: Mutex::new(draft) })
    }

    /// The time that all changes get.
    pub fn now(&self) -> DateTimeOffset {
        self.now
    }

    /// Makes all changes, at once and durably, unless the tenant has moved since they began.
    ///
    /// # Errors
    /// [`CommitError::Moved`] when it has: what was read and answered meanwhile is of a version that is no more. Otherwise as a commit.
    pub async fn finish(self) -> Result<(), CommitError> {
        let draft = self.draft.into_inner().unwrap_or_else(PoisonError::into_inner);
        if draft.commands.is_empty() {
            return Ok(());
        }
        let expected_version = Some(self.base.version());
        let commit = Commit { now: self.now, expected_version, commands: draft.commands };
        let committed = self.store.commit(&self.caller, commit).await?;
        debug_assert_eq!(
            committed.version,
            draft.snapshot.version(),
            "the entity tags that were shown are the real ones"
        );
        Ok(())
    }

    fn draft(&self) -> MutexGuard<'_, Draft> {
        self.draft.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn current(&self) -> Arc<TenantSnapshot> {
        Arc::clone(&self.draft().snapshot)
    }

    fn only_for(&self, caller: &Caller) -> Result<(), Cause> {
        if caller.tenant == self.caller.tenant { Ok(()) } else { Err(Arc::new(Misuse::Tenant)) }
    }

    async fn stage(&self, commit: Commit) -> Result<Committed, CommitError> {
        if commit.commands.iter().any(|one| matches!(one.command, Command::RecordCheckins { .. })) {
            return Err(CommitError::Unavailable(Arc::new(Misuse::Checkins)));
        }
        let shown = self.shown_summaries(&commit.commands).await?;
        let mut draft = self.draft();
        if commit.expected_version.is_some_and(|expected| expected != draft.snapshot.version()) {
            return Err(CommitError::Moved);
        }
        draft.apply(self.now, commit.commands, &shown)?;
        Ok(Committed { version: draft.snapshot.version(), snapshot: Arc::clone(&draft.snapshot) })
    }

    /// Summaries of rows in the store below that the rules may ask for: a summary that is written in part is merged with them.
    async fn shown_summaries(&self, commands: &[Conditional]) -> Result<HashMap<u64, Summary>, CommitError> {
        let mut shown = HashMap::new();
        for one in commands {
            let Command::UpdateConfiguration { id, summary: Change::Set(Some(patch)), .. } = &one.command else {
                continue;
            };
            let current = self.current();
            let Some(found) = current.configuration(*id).filter(|_| !patch.is_whole()) else { continue };
            if found.status_count > 0 && !found.has_checkins_from_clients {
                let summary = self.summary_of_rows(found, None, self.now.unix_day()).await;
                shown.insert(found.seq, summary.map_err(|fault| CommitError::Unavailable(Arc::new(fault)))?);
            }
        }
        Ok(shown)
    }

    /// What the rows of a configuration add up to, whatever was written beside them.
    async fn summary_of_rows(
        &self,
        found: &OfficeConfiguration,
        client: Option<ClientConfigurationId>,
        today: i32,
    ) -> Result<Summary, StoreError> {
        if let Some(summary) = self.draft().data.summary(found.seq, client, today) {
            return Ok(summary);
        }
        let Some(before) = self.base.by_seq(found.seq) else { return Ok(Summary::default()) };
        if before.summary_as_written(client).is_none() {
            return self.store.summary(&self.caller, found.id, client, today).await;
        }
        // The store would give what is written there. Where that counts the rows are an administrator's: few enough to be read.
        let query = StatusQuery::all(found.id, MAX_WRITTEN_STATUSES);
        let page = self.store.statuses(&self.caller, query).await?;
        Ok(summarize(page.rows.iter().map(Arc::as_ref), today))
    }

    async fn read_payload(
        &self,
        configuration: ConfigurationId,
        client: ClientConfigurationId,
        which: PayloadKind,
    ) -> Result<Option<(Payload, Bytes)>, StoreError> {
        let current = self.current();
        let Some(found) = current.client(configuration, client)? else {
            return Err(StoreError::NotFound { what: What::ClientConfiguration });
        };
        let Some(payload) = found.payload(which) else { return Ok(None) };
        if let PayloadContent::Inline(bytes) = &payload.content {
            return Ok(Some((Payload::clone(payload), bytes.clone())));
        }
        if let Some(bytes) = self.draft().data.payload(found.seq, which) {
            return Ok(Some((Payload::clone(payload), bytes.clone())));
        }
        self.store.payload(&self.caller, configuration, client, which).await
    }

    async fn read_statuses(&self, query: StatusQuery) -> Result<StatusPage, StoreError> {
        let current = self.current();
        let Some(found) = current.owner_of_rows(query.configuration)? else { return Rows::default().page(&query) };
        if let Some(page) = self.draft().data.page(found.seq, &query) {
            return page;
        }
        if self.base.by_seq(found.seq).is_none() {
            return Rows::default().page(&query);
        }
        self.store.statuses(&self.caller, query).await
    }

    async fn read_summary(
        &self,
        configuration: ConfigurationId,
        client: Option<ClientConfigurationId>,
        today: i32,
    ) -> Result<Summary, StoreError> {
        let current = self.current();
        let Some(found) = current.owner_of_rows(configuration)? else { return Ok(Summary::default()) };
        match found.summary_as_written(client) {
            Some(written) => Ok(written),
            None => self.summary_of_rows(found, client, today).await,
        }
    }
}

/// What is never asked of it.
#[derive(Debug, thiserror::Error)]
enum Misuse {
    #[error("the changes that wait are another tenant's")]
    Tenant,
    /// They are recorded one by one: what they add to is not here.
    #[error("check-ins do not wait for other changes")]
    Checkins,
}

impl Store for Staged<'_> {
    fn snapshot<'a>(&'a self, caller: &'a Caller) -> BoxFuture<'a, Result<Arc<TenantSnapshot>, StoreError>> {
        ready(self.only_for(caller).map(|()| self.current()).map_err(StoreError::Unavailable)).boxed()
    }

    fn loaded_snapshot(&self, caller: &Caller) -> Option<Arc<TenantSnapshot>> {
        self.only_for(caller).ok().map(|()| self.current())
    }

    fn commit<'a>(&'a self, caller: &'a Caller, commit: Commit) -> BoxFuture<'a, Result<Committed, CommitError>> {
        async move {
            self.only_for(caller).map_err(CommitError::Unavailable)?;
            self.stage(commit).await
        }
        .boxed()
    }

    fn record<'a>(&'a self, _caller: &'a Caller, _checkin: Checkin) -> BoxFuture<'a, Result<(), CommitError>> {
        ready(Err(CommitError::Unavailable(Arc::new(Misuse::Checkins)))).boxed()
    }

    fn payload<'a>(
        &'a self,
        caller: &'a Caller,
        configuration: ConfigurationId,
        client: ClientConfigurationId,
        which: PayloadKind,
    ) -> BoxFuture<'a, Result<Option<(Payload, Bytes)>, StoreError>> {
        async move {
            self.only_for(caller).map_err(StoreError::Unavailable)?;
            self.read_payload(configuration, client, which).await
        }
        .boxed()
    }

    fn statuses<'a>(&'a self, caller: &'a Caller, query: StatusQuery) -> BoxFuture<'a, Result<StatusPage, StoreError>> {
        async move {
            self.only_for(caller).map_err(StoreError::Unavailable)?;
            self.read_statuses(query).await
        }
        .boxed()
    }

    fn summary<'a>(
        &'a self,
        caller: &'a Caller,
        configuration: ConfigurationId,
        client: Option<ClientConfigurationId>,
        today: i32,
    ) -> BoxFuture<'a, Result<Summary, StoreError>> {
        async move {
            self.only_for(caller).map_err(StoreError::Unavailable)?;
            self.read_summary(configuration, client, today).await
        }
        .boxed()
    }

    /// As the store below tells it: what is staged is no commit that could be followed. It is told to whoever asks later.
    fn changes<'a>(&'a self, caller: &'a Caller, query: ChangeQuery) -> BoxFuture<'a, Result<Changes, StoreError>> {
        match self.only_for(caller) {
            Ok(()) => self.store.changes(caller, query),
            Err(misuse) => ready(Err(StoreError::Unavailable(misuse))).boxed(),
        }
    }

    fn health(&self) -> Health {
        self.store.health()
    }

    /// There is nothing to let go of: the files are the store's below.
    fn close(&self) -> BoxFuture<'_, ()> {
        ready(()).boxed()
    }
}
