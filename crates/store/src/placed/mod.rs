//! A store over several PostgreSQL clusters that know nothing of one another, a tenant in each: the directory in the first says which. Every call goes to
//! the tenant's cluster alone. It must never ask a cluster for a tenant that the directory does not have there, nor place one because it was read.

mod cluster;
mod moving;
mod name;
mod routes;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, join_all};
use tokio::task::JoinHandle;

use crate::changes::{ChangeQuery, Changes};
use crate::command::{Commit, Committed};
use crate::domain::{Checkin, Payload, PayloadKind, Summary};
use crate::error::{CommitError, OpenError, StoreError};
use crate::ids::{Caller, ClientConfigurationId, ConfigurationId, TenantId};
use crate::limits::{BUSY_RETRY_AFTER, COMMIT_DEADLINE, SNAPSHOT_BUDGET};
use crate::postgres::{self, Found, Part, PostgresStore};
use crate::snapshot::TenantSnapshot;
use crate::status::{StatusPage, StatusQuery};
use crate::{Health, Store};
use cluster::Cluster;
pub use cluster::ClusterOptions;
pub use moving::{MoveError, Moved};
pub use name::{ClusterName, NoClusterName};
use routes::{At, Routes};

/// The cluster that keeps the directory.
const FIRST: At = 0;

/// Locks that keep two writers from placing one tenant at the same time; a new tenant waits for few others.
const PLACING_LOCKS: usize = 64;

/// Tenants over several clusters.
pub struct PlacedStore {
    first: Arc<PostgresStore>,
    /// In the order of the configuration.
    clusters: Vec<Arc<Cluster>>,
    routes: Routes,
    placing: [tokio::sync::Mutex<()>; PLACING_LOCKS],
    /// Opens clusters that were away.
    opening: Mutex<Vec<JoinHandle<()>>>,
}

impl PlacedStore {
    /// Opens the clusters. The first one, which keeps the directory, must be there; another that cannot be reached is opened when it is, and does not
    /// keep the tenants of the others waiting.
    ///
    /// # Errors
    /// When a cluster cannot be opened for another reason than that, or is not the one that it was named; when tenants live in one that is not named;
    /// when none takes new tenants.
    pub async fn open(first: ClusterOptions, others: Vec<ClusterOptions>) -> Result<Self, OpenError> {
        let all: Vec<&ClusterOptions> = std::iter::once(&first).chain(&others).collect();
        check(&all)?;
        let budget = SNAPSHOT_BUDGET / all.len();
        let part = Part::First { name: first.name.to_string() };
        let database = first.database.snapshot_budget(budget).part(part);
        let opened = Box::pin(PostgresStore::open(database)).await;
        let store = Arc::new(opened.map_err(|source| in_cluster(&first.name, source))?);
        let directory = store.directory().unwrap_or_default();
        let mut placed = Self {
            first: Arc::clone(&store),
            clusters: vec![Arc::new(Cluster::open(first.name, first.new_tenants, store))],
            routes: Routes::new(),
            placing: std::array::from_fn(|_| tokio::sync::Mutex::default()),
            opening: Mutex::default(),
        };
        for ClusterOptions { name, database, new_tenants } in others {
            let part = Part::Other { name: name.to_string(), directory };
            let database = database.snapshot_budget(budget).part(part);
            let cluster = match Box::pin(PostgresStore::open(database.clone())).await {
                Ok(store) => Arc::new(Cluster::open(name, new_tenants, Arc::new(store))),
                Err(error @ OpenError::Unreachable { .. }) => {
                    let cluster = Arc::new(Cluster::away(name, new_tenants, &error));
                    let opening = tokio::spawn(Arc::clone(&cluster).come(database));
                    placed.opening.get_mut().unwrap_or_else(PoisonError::into_inner).push(opening);
                    cluster
                }
                Err(source) => {
                    placed.close().await;
                    return Err(in_cluster(&name, source));
                }
            };
            placed.clusters.push(cluster);
        }
        if let Err(error) = placed.check_names().await {
            placed.close().await;
            return Err(error);
        }
        Ok(placed)
    }

    /// Refuses to start where tenants live in a cluster that is not named: they would be as if they were away.
    async fn check_names(&self) -> Result<(), OpenError> {
        let names: Vec<&str> = self.clusters.iter().map(|cluster| cluster.name.as_str()).collect();
        let besides = self.first.lived_in_besides(&names).await;
        let besides = besides.map_err(|error| OpenError::Database(Arc::new(error)))?;
        let Some(name) = besides.into_iter().next() else { return Ok(()) };
        let what = "tenants live in it, but the configuration does not name it".to_owned();
        Err(OpenError::Clusters { name, what })
    }

    /// The cluster that keeps the directory, and the secrets that servers share.
    pub fn first(&self) -> &PostgresStore {
        &self.first
    }

    /// The clusters in the order of the configuration. One that is not open is `Unavailable`.
    pub fn clusters(&self) -> impl Iterator<Item = (&ClusterName, Result<&PostgresStore, StoreError>)> {
        self.clusters.iter().map(|cluster| (&cluster.name, cluster.store()))
    }

    /// The name of the cluster that a tenant lives in; `None` when it never wrote.
    ///
    /// # Errors
    /// When the directory cannot be read, or names a cluster that is not among these.
    pub async fn place_of(&self, tenant: TenantId) -> Result<Option<&ClusterName>, StoreError> {
        Ok(self.ask_directory(tenant).await?.map(|at| &self.clusters[at].name))
    }

    /// Has the directory say that a tenant, which lives in `from`, lives in `to`, where all it has must be already, paused. Servers notice when `from` says
    /// that the tenant left ([`PostgresStore::leave`]). Done again, it comes to the same.
    ///
    /// # Errors
    /// When one of the names is none of these clusters', the tenant lives in neither, or the directory cannot be written.
    pub async fn relocate(&self, tenant: TenantId, from: &ClusterName, to: &ClusterName) -> Result<(), StoreError> {
        let at = |name: &ClusterName| {
            let at = self.clusters.iter().position(|cluster| cluster.name == *name);
            at.ok_or_else(|| elsewhere(name.as_str()))
        };
        let (from_at, to_at) = (at(from)?, at(to)?);
        let from = postgres::Cluster { name: from.as_str(), is_here: from_at == FIRST };
        if !self.first.relocate(tenant, from, to.as_str()).await? {
            return Err(StoreError::Unavailable(Arc::new(NotThere)));
        }
        self.routes.put(tenant, to_at);
        Ok(())
    }

    /// Where a tenant is; `None` when it is nowhere, which is not kept in mind.
    async fn route(&self, tenant: TenantId) -> Result<Option<At>, StoreError> {
        match self.routes.get(tenant) {
            Some(at) => Ok(Some(at)),
            None => self.ask_directory(tenant).await,
        }
    }

    async fn ask_directory(&self, tenant: TenantId) -> Result<Option<At>, StoreError> {
        let found = self.first.find_place(tenant).await?;
        self.found(tenant, found)
    }

    fn found(&self, tenant: TenantId, found: Found) -> Result<Option<At>, StoreError> {
        let at = match found {
            Found::Nowhere => return Ok(None),
            Found::Here => FIRST,
            Found::In(name) => {
                let at = self.clusters.iter().position(|cluster| cluster.name.as_str() == name);
                at.ok_or_else(|| elsewhere(&name))?
            }
        };
        self.routes.put(tenant, at);
        Ok(Some(at))
    }

    /// Where a tenant is that is to be changed. One that is nowhere is placed now, in a cluster that takes changes.
    async fn place(&self, tenant: TenantId) -> Result<At, StoreError> {
        if let Some(at) = self.routes.get(tenant) {
            return Ok(at);
        }
        // Of many that come together for a new tenant one asks: the others' questions would take all connections.
        let turn = self.placing[usize::try_from(tenant.0.as_u128() % (PLACING_LOCKS as u128)).unwrap_or(0)].lock();
        let busy = |_| StoreError::Busy { retry_after: BUSY_RETRY_AFTER };
        let _one_at_a_time = tokio::time::timeout(COMMIT_DEADLINE, turn).await.map_err(busy)?;
        if let Some(at) = self.route(tenant).await? {
            return Ok(at);
        }
        let fit = self.clusters.iter().enumerate().filter(|(_, one)| one.new_tenants && one.trouble().is_none());
        let chosen = routes::choose(tenant, fit.map(|(at, cluster)| (at, &cluster.name)));
        let Some((at, name)) = chosen else { return Err(StoreError::Unavailable(Arc::new(NoRoom))) };
        let found = self.first.place(tenant, name.as_str(), at == FIRST).await?;
        Ok(self.found(tenant, found)?.unwrap_or(at))
    }

    /// Asks the tenant's cluster. A tenant that is nowhere is empty, and the first cluster knows how to say so.
    async fn read<'a, T>(
        &'a self,
        tenant: TenantId,
        ask: impl Fn(&'a PostgresStore) -> BoxFuture<'a, Result<T, StoreError>> + Send,
    ) -> Result<T, StoreError> {
        let at = self.route(tenant).await?.unwrap_or(FIRST);
        match ask(self.clusters[at].store()?).await {
            Err(error) if error.is_gone() => {}
            answer => return answer,
        }
        // The route was old. Once: the directory knew before the cluster said so.
        self.routes.forget(tenant);
        let at = self.route(tenant).await?.unwrap_or(FIRST);
        ask(self.clusters[at].store()?).await
    }

    /// Has the tenant's cluster change something.
    async fn change<'a, T>(
        &'a self,
        tenant: TenantId,
        make: impl Fn(&'a PostgresStore) -> BoxFuture<'a, Result<T, CommitError>> + Send,
    ) -> Result<T, CommitError> {
        let at = self.place(tenant).await.map_err(of_change)?;
        match make(self.clusters[at].store().map_err(of_change)?).await {
            // Nothing of it happened there.
            Err(error) if error.is_gone() => {}
            answer => return answer,
        }
        self.routes.forget(tenant);
        let at = self.place(tenant).await.map_err(of_change)?;
        make(self.clusters[at].store().map_err(of_change)?).await
    }
}

fn check(all: &[&ClusterOptions]) -> Result<(), OpenError> {
    let refused =
        |name: &ClusterName, what: &str| Err(OpenError::Clusters { name: name.to_string(), what: what.to_owned() });
    let mut names = BTreeSet::new();
    if let Some(twice) = all.iter().find(|cluster| !names.insert(&cluster.name)) {
        return refused(&twice.name, "it is named twice");
    }
    match all {
        [first, ..] if !all.iter().any(|cluster| cluster.new_tenants) => {
            refused(&first.name, "neither it nor another one takes new tenants")
        }
        _ => Ok(()),
    }
}

fn in_cluster(name: &ClusterName, source: OpenError) -> OpenError {
    match source {
        named @ OpenError::Clusters { .. } => named,
        source => OpenError::InCluster { name: name.to_string(), source: Box::new(source) },
    }
}

fn elsewhere(name: &str) -> StoreError {
    StoreError::Unavailable(Arc::new(NotNamed(name.to_owned())))
}

fn of_change(error: StoreError) -> CommitError {
    match error {
        StoreError::Busy { retry_after } => CommitError::Busy { retry_after },
        StoreError::Unavailable(cause) => CommitError::Unavailable(cause),
        other => CommitError::Unavailable(Arc::new(other)),
    }
}

/// The configuration of this server is older than the tenant's place.
#[derive(Debug, thiserror::Error)]
#[error("the configuration does not name the cluster {0}")]
struct NotNamed(String);

#[derive(Debug, thiserror::Error)]
#[error("none of the clusters that take new tenants takes changes now")]
struct NoRoom;

#[derive(Debug, thiserror::Error)]
#[error("the tenant lives in neither of the clusters")]
struct NotThere;

impl Drop for PlacedStore {
    fn drop(&mut self) {
        self.stop_opening();
    }
}

impl PlacedStore {
    fn stop_opening(&self) {
        for task in self.opening.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            task.abort();
        }
    }
}

impl Store for PlacedStore {
    fn snapshot<'a>(&'a self, caller: &'a Caller) -> BoxFuture<'a, Result<Arc<TenantSnapshot>, StoreError>> {
        self.read(caller.tenant, |store| store.snapshot(caller)).boxed()
    }

    /// Nothing in memory is known to be the newest before the primary has said so.
    fn loaded_snapshot(&self, _: &Caller) -> Option<Arc<TenantSnapshot>> {
        None
    }

    /// Where the route is known, whether or not the directory is reached. A tenant that left its cluster leaves memory within two seconds.
    fn last_snapshot(&self, caller: &Caller) -> Option<Arc<TenantSnapshot>> {
        let at = self.routes.get(caller.tenant)?;
        self.clusters[at].opened()?.last_snapshot(caller)
    }

    fn commit<'a>(&'a self, caller: &'a Caller, commit: Commit) -> BoxFuture<'a, Result<Committed, CommitError>> {
        self.change(caller.tenant, move |store| store.commit(caller, commit.clone())).boxed()
    }

    fn record<'a>(&'a self, caller: &'a Caller, checkin: Checkin) -> BoxFuture<'a, Result<(), CommitError>> {
        self.change(caller.tenant, move |store| store.record(caller, checkin.clone())).boxed()
    }

    fn payload<'a>(
        &'a self,
        caller: &'a Caller,
        configuration: ConfigurationId,
        client: ClientConfigurationId,
        which: PayloadKind,
    ) -> BoxFuture<'a, Result<Option<(Payload, Bytes)>, StoreError>> {
        self.read(caller.tenant, move |store| store.payload(caller, configuration, client, which)).boxed()
    }

    fn statuses<'a>(&'a self, caller: &'a Caller, query: StatusQuery) -> BoxFuture<'a, Result<StatusPage, StoreError>> {
        self.read(caller.tenant, move |store| store.statuses(caller, query.clone())).boxed()
    }

    fn summary<'a>(
        &'a self,
        caller: &'a Caller,
        configuration: ConfigurationId,
        client: Option<ClientConfigurationId>,
        today: i32,
    ) -> BoxFuture<'a, Result<Summary, StoreError>> {
        self.read(caller.tenant, move |store| store.summary(caller, configuration, client, today)).boxed()
    }

    fn changes<'a>(&'a self, caller: &'a Caller, query: ChangeQuery) -> BoxFuture<'a, Result<Changes, StoreError>> {
        self.read(caller.tenant, move |store| store.changes(caller, query)).boxed()
    }

    fn health(&self) -> Health {
        let away = |cluster: &Arc<Cluster>| Some(format!("the cluster {}: {}", cluster.name, cluster.trouble()?));
        let away: Vec<String> = self.clusters.iter().filter_map(away).collect();
        let writable = away.len() < self.clusters.len();
        Health { writable, reason: (!away.is_empty()).then(|| away.join("; ")) }
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        async move {
            self.stop_opening();
            join_all(self.clusters.iter().filter_map(|cluster| cluster.opened()).map(|store| store.close())).await;
        }
        .boxed()
    }
}
