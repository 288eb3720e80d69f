//! The default store: SQLite in write-ahead mode with `synchronous=FULL`, one writer with group commit, readers beside it. The control plane
//! is read from memory; SQL is for check-in rows, large payloads and loading.

mod background;
mod backup;
mod cached;
mod checkpoint;
mod columns;
mod connect;
mod failure;
mod fleet;
mod folder;
mod functions;
mod load;
mod log;
mod pending;
mod readers;
mod schema;
mod source;
mod statements;
mod statuses;
mod tenants;
mod verify;
mod write;
mod writer;
mod written;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, ready};

use crate::changes::follow::Follower;
use crate::changes::{ChangeQuery, Changes, Retention};
use crate::command::{Commit, Committed};
use crate::domain::{Checkin, Payload, PayloadContent, PayloadKind, Summary};
use crate::error::{CommitError, OpenError, StoreError, What};
use crate::ids::{Caller, ClientConfigurationId, ConfigurationId, TenantId};
use crate::limits::SNAPSHOT_BUDGET;
use crate::observer::{Nobody, Observer};
use crate::shape::{Shape, shape};
use crate::snapshot::TenantSnapshot;
use crate::status::{StatusPage, StatusQuery};
use crate::{Health, Store};
pub use backup::{CopyReport, backup, restore};
use cached::Cached;
use checkpoint::CheckpointFrames;
use connect::Connector;
use folder::Folder;
use readers::Readers;
use tenants::{Found, Tenants};
pub use verify::{Finding, VerifyReport, verify};
use writer::{Queue, Trouble, Work};

/// Whether commits reach the disk.
#[expect(clippy::manual_non_exhaustive, reason = "the hidden variant is for the power-cut test, not for growth")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Durability {
    /// `synchronous=FULL`: a commit is answered after the fsync.
    #[default]
    Synced,
    /// `synchronous=OFF`: a power cut loses commits that were answered. It exists so that the power-cut test can show that it would
    /// notice; nothing else may use it.
    #[doc(hidden)]
    Unsynced,
}

/// How to open a store.
#[derive(Clone)]
pub struct SqliteOptions {
    folder: PathBuf,
    vfs: Option<String>,
    durability: Durability,
    snapshot_budget: usize,
    checkpoint_frames: CheckpointFrames,
    retention: Retention,
    observer: Arc<dyn Observer>,
}

impl SqliteOptions {
    /// A store in this folder, which is made if it is not there.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
            vfs: None,
            durability: Durability::Synced,
            snapshot_budget: SNAPSHOT_BUDGET,
            checkpoint_frames: CheckpointFrames::default(),
            retention: Retention::default(),
            observer: Arc::new(Nobody),
        }
    }

    /// Who is told of the writer's work.
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

    /// The registered SQLite VFS that the database's files are opened with: tests record and fail its calls.
    #[doc(hidden)]
    #[must_use]
    pub fn vfs(mut self, name: impl Into<String>) -> Self {
        self.vfs = Some(name.into());
        self
    }

    /// After how many frames the log is moved, and after how many it starts anew: tests have short logs.
    #[doc(hidden)]
    #[must_use]
    pub fn checkpoint_frames(mut self, step: u32, restart: u32) -> Self {
        self.checkpoint_frames = CheckpointFrames { step, restart };
        self
    }

    /// See [`Durability`].
    #[doc(hidden)]
    #[must_use]
    pub fn durability(mut self, durability: Durability) -> Self {
        self.durability = durability;
        self
    }
}

/// A store in a data folder that this process alone uses.
pub struct SqliteStore {
    tenants: Arc<Tenants>,
    readers: Arc<Readers>,
    queue: Arc<Queue>,
    trouble: Arc<Trouble>,
    cached: Arc<Cached>,
    loading: [tokio::sync::Mutex<()>; LOADING_LOCKS],
    _folder: Folder,
}

/// Locks that keep two readers from loading one tenant at the same time.
const LOADING_LOCKS: usize = 16;

impl SqliteStore {
    /// Opens the store in a data folder, makes it if there is none, and brings its schema up to date.
    ///
    /// # Errors
    /// When the folder is in use, is not ours, or its schema is newer or altered.
    pub fn open(options: SqliteOptions) -> Result<Self, OpenError> {
        let mut folder = Folder::lock(&options.folder)?;
        let path = &folder.database();
        let shown = path.display().to_string();
        let failed = |error| failure::open(error, &shown);
        let connector = Connector { vfs: options.vfs, durability: options.durability };
        let fresh = !path.exists();
        let mut connection = connector.writer(path).map_err(failed)?;
        schema::migrate(&mut connection, &shown)?;
        if fresh && connector.durability == Durability::Synced {
            folder::sync_folder(&options.folder)?;
        }
        // Files of another VFS are its own.
        if connector.vfs.is_none() && connector.durability == Durability::Synced {
            folder.hold_database()?;
        }
        let numbers = load::tenants(&connection).map_err(failed)?;
        let tenants = Arc::new(Tenants::new(numbers, options.snapshot_budget));
        let trouble = Arc::new(Trouble::default());
        let checkpoints =
            checkpoint::start(&connector, path, options.checkpoint_frames, folder.file()).map_err(failed)?;
        let watched = writer::Watched {
            tenants: Arc::clone(&tenants),
            trouble: Arc::clone(&trouble),
            observer: options.observer,
        };
        let queue = writer::start(connection, watched, checkpoints, options.retention);
        Ok(Self {
            tenants,
            readers: Arc::new(Readers::new(path.to_owned(), connector)),
            queue: Arc::new(queue.map_err(failed)?),
            trouble,
            cached: Arc::new(Cached::new()),
            loading: Default::default(),
            _folder: folder,
        })
    }

    /// The tenant and its number in the database; `None` when it never wrote.
    async fn load(&self, tenant: TenantId) -> Result<Option<(i64, Arc<TenantSnapshot>)>, StoreError> {
        let _one_at_a_time = match self.tenants.find(tenant) {
            Found::Loaded(id, snapshot) => return Ok(Some((id, snapshot))),
            Found::Unknown => return Ok(None),
            Found::NotLoaded { .. } => {
                let lock = tenant.0.as_u128() % (LOADING_LOCKS as u128);
                self.loading[usize::try_from(lock).unwrap_or(0)].lock().await
            }
        };
        loop {
            let (id, epoch) = match self.tenants.find(tenant) {
                Found::Loaded(id, snapshot) => return Ok(Some((id, snapshot))),
                Found::Unknown => return Ok(None),
                Found::NotLoaded { id, epoch } => (id, epoch),
            };
            let work =
                move |connection: &rusqlite::Connection| load::snapshot(connection, tenant, id).map_err(failure::read);
            let read = Arc::new(self.readers.read(Shape::Quick, work).await?);
            if let Some(kept) = self.tenants.insert(tenant, id, epoch, read) {
                return Ok(Some((id, kept)));
            }
        }
    }

    async fn read_payload(
        &self,
        tenant: TenantId,
        configuration: ConfigurationId,
        client: ClientConfigurationId,
        which: PayloadKind,
    ) -> Result<Option<(Payload, Bytes)>, StoreError> {
        let Some((id, snapshot)) = self.load(tenant).await? else {
            TenantSnapshot::empty(tenant).owner_of_rows(configuration)?;
            return Err(StoreError::NotFound { what: What::ClientConfiguration });
        };
        let Some(found) = snapshot.client(configuration, client)? else {
            return Err(StoreError::NotFound { what: What::ClientConfiguration });
        };
        let Some(payload) = found.payload(which) else { return Ok(None) };
        if let PayloadContent::Inline(bytes) = &payload.content {
            return Ok(Some((Payload::clone(payload), bytes.clone())));
        }
        let seq = found.seq;
        let work =
            move |connection: &rusqlite::Connection| load::payload(connection, id, seq, which).map_err(failure::read);
        self.readers.read(Shape::Quick, work).await
    }

    async fn read_statuses(&self, tenant: TenantId, query: StatusQuery) -> Result<StatusPage, StoreError> {
        let known = self.load(tenant).await?;
        let (id, snapshot) = known.unwrap_or_else(|| (0, Arc::new(TenantSnapshot::empty(tenant))));
        let Some(found) = snapshot.owner_of_rows(query.configuration)? else {
            return statuses::none(&query);
        };
        let shape = shape(&query, found);
        let seq = found.seq;
        let written = !found.has_checkins_from_clients;
        let cached = Arc::clone(&self.cached);
        self.readers
            .read(shape, move |connection| {
                if written && let Some((version, rows)) = statuses::written(connection, id, seq)? {
                    return cached.keep((id, seq), version, rows).page(&query);
                }
                statuses::page(connection, id, seq, &query)
            })
            .await
    }

    /// The page, if the rows are in memory.
    fn cached_statuses(&self, tenant: TenantId, query: &StatusQuery) -> Option<Result<StatusPage, StoreError>> {
        let Found::Loaded(id, snapshot) = self.tenants.find(tenant) else { return None };
        let found = snapshot.configuration(query.configuration)?;
        let rows = self.cached.rows((id, found.seq), found.status_version)?;
        Some(rows.page(query))
    }

    async fn read_summary(
        &self,
        tenant: TenantId,
        configuration: ConfigurationId,
        client: Option<ClientConfigurationId>,
        today: i32,
    ) -> Result<Summary, StoreError> {
        let known = self.load(tenant).await?;
        let (id, snapshot) = known.unwrap_or_else(|| (0, Arc::new(TenantSnapshot::empty(tenant))));
        let Some(found) = snapshot.owner_of_rows(configuration)? else { return Ok(Summary::default()) };
        if let Some(written) = found.summary_as_written(client) {
            return Ok(written);
        }
        let (seq, version) = (found.seq, found.status_version);
        let summed = ((id, seq), client, today);
        if let Some(summary) = self.cached.summary(summed, version) {
            return Ok(summary);
        }
        let summary = if let Some(rows) = self.cached.rows((id, seq), version) {
            rows.summary(client, today)
        } else {
            let work = move |connection: &rusqlite::Connection| statuses::summary(connection, id, seq, client, today);
            let (of, summary) = self.readers.read(Shape::Quick, work).await?;
            if of != version {
                return Ok(summary);
            }
            summary
        };
        self.cached.keep_summary(summed, version, summary);
        Ok(summary)
    }

    async fn read_changes(&self, tenant: TenantId, query: ChangeQuery) -> Result<Changes, StoreError> {
        let Some((id, snapshot)) = self.load(tenant).await? else {
            return Follower::new(Arc::new(TenantSnapshot::empty(tenant)), &query)?.finish();
        };
        let mut follower = Follower::new(snapshot, &query)?;
        let work = move |connection: &rusqlite::Connection| {
            log::follow(connection, id, &mut follower)?;
            follower.finish()
        };
        self.readers.read(Shape::Quick, work).await
    }
}

impl Drop for SqliteStore {
    fn drop(&mut self) {
        self.queue.close();
        self.readers.close();
    }
}

impl Store for SqliteStore {
    fn snapshot<'a>(&'a self, caller: &'a Caller) -> BoxFuture<'a, Result<Arc<TenantSnapshot>, StoreError>> {
        if let Some(snapshot) = self.loaded_snapshot(caller) {
            return ready(Ok(snapshot)).boxed();
        }
        async move {
            let loaded = self.load(caller.tenant).await?;
            Ok(loaded.map_or_else(|| Arc::new(TenantSnapshot::empty(caller.tenant)), |(_, snapshot)| snapshot))
        }
        .boxed()
    }

    fn loaded_snapshot(&self, caller: &Caller) -> Option<Arc<TenantSnapshot>> {
        match self.tenants.find(caller.tenant) {
            Found::Loaded(_, snapshot) => Some(snapshot),
            Found::Unknown => Some(Arc::new(TenantSnapshot::empty(caller.tenant))),
            Found::NotLoaded { .. } => None,
        }
    }

    fn commit<'a>(&'a self, caller: &'a Caller, commit: Commit) -> BoxFuture<'a, Result<Committed, CommitError>> {
        match self.queue.put(caller, Work::Commit(commit)) {
            // The writer drops an answer only when it is gone.
            Ok(answer) => async move { answer.await.unwrap_or_else(|_| Err(writer::closed())) }.boxed(),
            Err(error) => ready(Err(error)).boxed(),
        }
    }

    fn record<'a>(&'a self, caller: &'a Caller, checkin: Checkin) -> BoxFuture<'a, Result<(), CommitError>> {
        match self.queue.put(caller, Work::Checkin(Box::new(checkin))) {
            Ok(answer) => async move { answer.await.unwrap_or_else(|_| Err(writer::closed())).map(|_| ()) }.boxed(),
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
        match self.cached_statuses(caller.tenant, &query) {
            Some(page) => ready(page).boxed(),
            None => self.read_statuses(caller.tenant, query).boxed(),
        }
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
        let reason = self.trouble.get();
        Health { writable: reason.is_none(), reason }
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        let (queue, readers) = (Arc::clone(&self.queue), Arc::clone(&self.readers));
        async move {
            let closed = tokio::task::spawn_blocking(move || {
                queue.close();
                readers.close();
            });
            if closed.await.is_err() {
                tracing::error!("closing the store failed");
            }
        }
        .boxed()
    }
}

/// Whether there is a database in this folder.
pub fn exists(folder: &Path) -> bool {
    folder::database(folder).exists()
}
