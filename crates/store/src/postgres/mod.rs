//! PostgreSQL, for more than one machine: several servers on one database, none of which keeps anything that is not there. The control plane is read
//! from memory once its version is confirmed; changes are made under a lock of the tenant's version; SQL is portable, with the tenant first in every
//! key. It must never rely on a hint, an advisory lock or an extension to be right.

mod address;
mod arrive;
mod at_once;
mod checkins;
#[cfg(test)]
#[path = "../../tests/support/cluster.rs"]
mod cluster;
mod columns;
mod commits;
mod connect;
mod control;
mod directory;
mod draft;
mod engine;
mod failure;
mod fleet;
mod health;
mod hints;
mod line;
mod load;
mod loaded;
mod log;
mod membership;
mod replicas;
mod retry;
mod schema;
mod secrets;
mod security;
mod source;
mod standing;
mod statuses;
mod tls;
mod transaction;
mod tx;
mod write;

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, ready};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use uuid::Uuid;

use crate::changes::follow::Follower;
use crate::changes::{ChangeQuery, Changes, Retention};
use crate::command::{Commit, Committed};
use crate::domain::{Checkin, Payload, PayloadContent, PayloadKind, Summary};
use crate::error::{CommitError, OpenError, StoreError, What};
use crate::ids::{Caller, ClientConfigurationId, ConfigurationId, TenantId};
use crate::limits::{MAX_HINTS, SNAPSHOT_BUDGET};
use crate::observer::{Nobody, Observer};
use crate::placed::ClusterName;
use crate::shape::{SlowReads, shape};
use crate::snapshot::TenantSnapshot;
use crate::status::{StatusPage, StatusQuery};
use crate::{Health, Store};
pub(crate) use arrive::Arrival;
use checkins::Checkins;
use commits::Commits;
use connect::{Connector, Pool};
use control::Control;
pub(crate) use directory::{Cluster, Found};
use engine::{Counting, Engine};
use failure::Failure;
pub(crate) use membership::Part;
pub use schema::{Migrated, finish, migrate};
pub use standing::{Standing, State};

/// How to open a store.
#[derive(Clone)]
pub struct PostgresOptions {
    url: String,
    ids: retry::Ids,
    snapshot_budget: usize,
    retention: Retention,
    observer: Arc<dyn Observer>,
    part: Part,
}

impl PostgresOptions {
    /// A store in the database that a URL names, with any number of hosts. `ids` makes random ids, which nobody else makes (version 4).
    pub fn new(url: impl Into<String>, ids: impl Fn() -> Uuid + Send + Sync + 'static) -> Self {
        Self {
            url: url.into(),
            ids: Arc::new(ids),
            snapshot_budget: SNAPSHOT_BUDGET,
            retention: Retention::default(),
            observer: Arc::new(Nobody),
            part: Part::Only,
        }
    }

    /// The database is the first of several clusters: for who wants the secrets in it and serves no tenant. Without this, one of several is refused,
    /// because tenants that live in the others would be made anew.
    #[must_use]
    pub fn first_cluster(self, name: &ClusterName) -> Self {
        self.part(Part::First { name: name.to_string() })
    }

    pub(crate) fn part(mut self, part: Part) -> Self {
        self.part = part;
        self
    }

    /// Who is told of the writers' work.
    #[must_use]
    pub fn observer(mut self, observer: Arc<dyn Observer>) -> Self {
        self.observer = observer;
        self
    }

    /// Bytes of loaded tenants past which the least recently used leave memory.
    #[must_use]
    pub fn snapshot_budget(mut self, bytes: usize) -> Self {
        self.snapshot_budget = bytes;
        self
    }

    /// How much of the change log is kept.
    #[must_use]
    pub fn retention(mut self, retention: Retention) -> Self {
        self.retention = retention;
        self
    }
}

/// A store in a database that other servers may use at the same time.
pub struct PostgresStore {
    engine: Arc<Engine>,
    commits: Arc<Commits>,
    checkins: Checkins,
    slow: SlowReads,
    /// The id of the directory, where the database is one of several clusters.
    directory: Option<Uuid>,
    background: Mutex<Vec<JoinHandle<()>>>,
}

impl PostgresStore {
    /// Opens the store. A schema that is older is brought up to date only where the role may: else [`migrate`] does, as another one.
    ///
    /// # Errors
    /// When the database cannot be reached, the server is too old, the role may do too much or too little, or the schema is missing, newer, altered
    /// or not ours. Nothing has changed then.
    pub async fn open(options: PostgresOptions) -> Result<Self, OpenError> {
        let connector = Connector::new(&options.url)?;
        let mut first = connector.first().await?;
        schema::ready(&mut first, connector.shown()).await?;
        let directory = membership::join(&first, connector.shown(), &options.part, &options.ids).await?;
        drop(first);
        let (heard, hints) = mpsc::channel(MAX_HINTS);
        let control = Control::new(connector.clone(), heard);
        let PostgresOptions { ids, snapshot_budget, retention, observer, .. } = options;
        let engine = Engine::new(Pool::new(connector)?, control, snapshot_budget, ids, observer, retention);
        if let Err(failure) = engine.warm().await {
            tracing::debug!(?failure, "no connection is ready yet; who needs one makes it");
        }
        let engine = Arc::new(engine);
        let commits = Arc::new(Commits::start(&engine));
        let checkins = Checkins::start(&engine, &commits);
        let background = vec![
            tokio::spawn(replicas::follow(Arc::clone(&engine), hints)),
            tokio::spawn(replicas::tidy(Arc::clone(&engine))),
            tokio::spawn(health::watch(Arc::clone(&engine))),
        ];
        let slow = SlowReads::default();
        Ok(Self { engine, commits, checkins, slow, directory, background: Mutex::new(background) })
    }

    /// The id of the directory, where the database is one of several clusters.
    pub(crate) fn directory(&self) -> Option<Uuid> {
        self.directory
    }

    /// Where the directory, which this database keeps, has a tenant.
    pub(crate) async fn find_place(&self, tenant: TenantId) -> Result<Found, StoreError> {
        directory::find(&self.engine, tenant).await.map_err(Failure::of_read)
    }

    /// Puts a tenant into the directory that is nowhere yet, and gives where it is then.
    pub(crate) async fn place(&self, tenant: TenantId, into: &str, is_here: bool) -> Result<Found, StoreError> {
        directory::place(&self.engine, tenant, into, is_here).await.map_err(Failure::of_read)
    }

    /// Has the directory say that a tenant lives in another cluster; `false` when it lived in neither.
    pub(crate) async fn relocate(
        &self,
        tenant: TenantId,
        from: directory::Cluster<'_>,
        to: &str,
    ) -> Result<bool, StoreError> {
        directory::relocate(&self.engine, tenant, from, to).await.map_err(Failure::of_read)
    }

    /// Names of clusters in which tenants live, but for these. Others are forgotten.
    pub(crate) async fn lived_in_besides(&self, names: &[&str]) -> Result<Vec<String>, StoreError> {
        directory::lived_in_besides(&self.engine, names).await.map_err(Failure::of_read)
    }

    /// A secret that all servers of the database share: what is kept by the name, or what is given, which is kept from then on. It is sealed before it
    /// comes here.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn shared_secret(&self, name: &str, sealed: &[u8]) -> Result<Vec<u8>, StoreError> {
        secrets::keep(&self.engine, name, sealed).await.map_err(Failure::of_read)
    }

    /// The secret that is kept by a name.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn find_secret(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        secrets::find(&self.engine, name).await.map_err(Failure::of_read)
    }

    /// Stops changes of a tenant, so that it can be moved: waits for what is under way, whichever server's it is. Afterwards nothing is acknowledged
    /// but what is there already, and the version that is given stays. Reads go on. Done again, it comes to the same.
    ///
    /// # Errors
    /// When the tenant lives elsewhere, or the database cannot be written. Changes may be stopped then, until [`Self::resume`].
    pub async fn pause(&self, tenant: TenantId) -> Result<u64, StoreError> {
        standing::pause(&self.engine, tenant).await.map_err(Failure::of_read)
    }

    /// Takes changes of a paused tenant again.
    ///
    /// # Errors
    /// When the tenant lives elsewhere, or the database cannot be written.
    pub async fn resume(&self, tenant: TenantId) -> Result<(), StoreError> {
        standing::resume(&self.engine, tenant).await.map_err(Failure::of_read)
    }

    /// Says of a paused tenant that it lives elsewhere: servers that come here ask the directory again. Its row in `tenant_version` has to stay, so
    /// that they do.
    ///
    /// # Errors
    /// When the tenant was not paused, or the database cannot be written.
    pub async fn leave(&self, tenant: TenantId) -> Result<(), StoreError> {
        standing::leave(&self.engine, tenant).await.map_err(Failure::of_read)
    }

    /// Where a tenant stands here; `None` when it never wrote.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn state(&self, tenant: TenantId) -> Result<Option<Standing>, StoreError> {
        standing::of(&self.engine, tenant).await.map_err(Failure::of_read)
    }

    /// Where all tenants stand that are or were here, in the order of their ids.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn tenants(&self) -> Result<Vec<(TenantId, Standing)>, StoreError> {
        standing::of_all(&self.engine).await.map_err(Failure::of_read)
    }

    async fn read_payload(
        &self,
        tenant: TenantId,
        configuration: ConfigurationId,
        client: ClientConfigurationId,
        which: PayloadKind,
    ) -> Result<Option<(Payload, Bytes)>, StoreError> {
        let known = self.engine.confirmed(tenant, Counting::AsKnown).await.map_err(Failure::of_read)?;
        let Some(found) = known.base.client(configuration, client)? else {
            return Err(StoreError::NotFound { what: What::ClientConfiguration });
        };
        let Some(payload) = found.payload(which) else { return Ok(None) };
        if let PayloadContent::Inline(bytes) = &payload.content {
            return Ok(Some((Payload::clone(payload), bytes.clone())));
        }
        let seq = found.seq;
        let read = self.engine.read(tenant, |tx, _| load::payload(tx, tenant, seq, which).boxed());
        read.await.map_err(Failure::of_read)
    }

    async fn read_statuses(&self, tenant: TenantId, query: StatusQuery) -> Result<StatusPage, StoreError> {
        let query = Arc::new(query);
        let read = self.engine.read(tenant, move |tx, known| {
            let (query, slow) = (Arc::clone(&query), self.slow.clone());
            async move {
                match known.shown.owner_of_rows(query.configuration).map_err(Failure::Read)? {
                    Some(found) => {
                        let _slow = slow.enter(shape(&query, found)).map_err(Failure::Read)?;
                        statuses::page(&**tx, tenant, found, &query).await
                    }
                    None => crate::paging::page(std::iter::empty(), &query).map_err(Failure::Read),
                }
            }
            .boxed()
        });
        read.await.map_err(Failure::of_read)
    }

    async fn read_summary(
        &self,
        tenant: TenantId,
        configuration: ConfigurationId,
        client: Option<ClientConfigurationId>,
        today: i32,
    ) -> Result<Summary, StoreError> {
        let read = self.engine.read(tenant, |tx, known| {
            async move {
                let Some(found) = known.shown.owner_of_rows(configuration).map_err(Failure::Read)? else {
                    return Ok(Summary::default());
                };
                match found.summary_as_written(client) {
                    Some(written) => Ok(written),
                    None => statuses::summary(&**tx, tenant, found, client, today).await,
                }
            }
            .boxed()
        });
        read.await.map_err(Failure::of_read)
    }

    async fn read_changes(&self, tenant: TenantId, query: ChangeQuery) -> Result<Changes, StoreError> {
        let read = self.engine.read(tenant, |tx, known| {
            async move {
                let mut follower = Follower::new(Arc::clone(&known.shown), &query).map_err(Failure::Read)?;
                log::follow(tx, tenant, &mut follower).await?;
                follower.finish().map_err(Failure::Read)
            }
            .boxed()
        });
        read.await.map_err(Failure::of_read)
    }

    fn stop_background(&self) {
        for task in std::mem::take(&mut *self.background.lock().unwrap_or_else(PoisonError::into_inner)) {
            task.abort();
        }
    }
}

impl Drop for PostgresStore {
    fn drop(&mut self) {
        self.commits.close();
        self.stop_background();
    }
}

impl Store for PostgresStore {
    fn snapshot<'a>(&'a self, caller: &'a Caller) -> BoxFuture<'a, Result<Arc<TenantSnapshot>, StoreError>> {
        async move {
            let known = self.engine.confirmed(caller.tenant, Counting::Now).await.map_err(Failure::of_read)?;
            Ok(known.shown)
        }
        .boxed()
    }

    /// Nothing in memory is known to be the newest before the primary has said so.
    fn loaded_snapshot(&self, _: &Caller) -> Option<Arc<TenantSnapshot>> {
        None
    }

    fn last_snapshot(&self, caller: &Caller) -> Option<Arc<TenantSnapshot>> {
        self.engine.loaded.find(caller.tenant).map(|known| known.shown)
    }

    fn commit<'a>(&'a self, caller: &'a Caller, commit: Commit) -> BoxFuture<'a, Result<Committed, CommitError>> {
        match self.commits.put(caller, commit) {
            Ok(answer) => async move { answer.await.unwrap_or_else(|_| Err(commits::closed())) }.boxed(),
            Err(error) => ready(Err(error)).boxed(),
        }
    }

    fn record<'a>(&'a self, caller: &'a Caller, checkin: Checkin) -> BoxFuture<'a, Result<(), CommitError>> {
        match self.checkins.put(caller, checkin) {
            Ok(answer) => async move { answer.await.unwrap_or_else(|_| Err(commits::closed())) }.boxed(),
            Err(error) => ready(Err(error)).boxed(),
        }
    }

    fn payload<'a>(
        &'a self,
        caller: &'a Caller,
        configuration: ConfigurationId,
        client: ClientConfigurationId,
        which: PayloadKind,
    ) -> BoxFuture<'a, Result<Option<(Payload, Bytes)>, StoreError>> {
        self.read_payload(caller.tenant, configuration, client, which).boxed()
    }

    fn statuses<'a>(&'a self, caller: &'a Caller, query: StatusQuery) -> BoxFuture<'a, Result<StatusPage, StoreError>> {
        self.read_statuses(caller.tenant, query).boxed()
    }

    fn summary<'a>(
        &'a self,
        caller: &'a Caller,
        configuration: ConfigurationId,
        client: Option<ClientConfigurationId>,
        today: i32,
    ) -> BoxFuture<'a, Result<Summary, StoreError>> {
        self.read_summary(caller.tenant, configuration, client, today).boxed()
    }

    fn changes<'a>(&'a self, caller: &'a Caller, query: ChangeQuery) -> BoxFuture<'a, Result<Changes, StoreError>> {
        self.read_changes(caller.tenant, query).boxed()
    }

    fn health(&self) -> Health {
        let reason = self.engine.trouble.get();
        Health { writable: reason.is_none(), reason }
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        async move {
            // Check-ins may need commits still.
            self.checkins.close().await;
            self.commits.close();
            self.commits.finished().await;
            self.stop_background();
            self.engine.pool.close();
        }
        .boxed()
    }
}
