//! A store with one caller, and short ways to say what the cases need.

use std::sync::Arc;

use odata::edm::DateTimeOffset;
use store::memory::MemoryStore;
use store::placed::{ClusterName, ClusterOptions, PlacedStore};
use store::postgres::{PostgresOptions, PostgresStore};
use store::sqlite::{SqliteOptions, SqliteStore};
use store::{
    AssignmentId, Caller, Change, CheckinStatus, ClientConfigurationId, ClientKind, Command, Commit, CommitError,
    Committed, Conditional, ConfigurationId, NewAssignment, NewClient, OfficeConfiguration, Precondition, Retention,
    StatusPage, StatusQuery, Store, Target, TenantId, TenantSnapshot, default_configuration_id,
};
use uuid::Uuid;

use super::cluster::{self, Database};

pub(crate) struct Fixture {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) caller: Caller,
    kept: Kept,
}

/// Where the store is; gone with it.
enum Kept {
    Nowhere,
    Folder { _folder: tempfile::TempDir },
    Database(Database),
    Databases { first: Database, _second: Database },
}

impl Fixture {
    pub(crate) fn memory() -> Self {
        Self { store: Arc::new(MemoryStore::new()), caller: caller(1), kept: Kept::Nowhere }
    }

    pub(crate) fn sqlite() -> Self {
        Self::sqlite_keeping(Retention::default())
    }

    fn sqlite_keeping(retention: Retention) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(SqliteOptions::new(folder.path()).retention(retention)).unwrap();
        Self { store: Arc::new(store), caller: caller(1), kept: Kept::Folder { _folder: folder } }
    }

    /// `None` where there is no PostgreSQL.
    pub(crate) async fn postgres() -> Option<Self> {
        Some(Self::postgres_keeping(Self::migrated().await?, Retention::default()).await)
    }

    async fn migrated() -> Option<Database> {
        let prepare = async |url: String| {
            store::postgres::migrate(&url, cluster::APP).await.unwrap();
        };
        Some(cluster::shared()?.prepared("migrated", prepare).await)
    }

    async fn postgres_keeping(database: Database, retention: Retention) -> Self {
        let options = PostgresOptions::new(database.app_url(), ids()).retention(retention);
        let store = PostgresStore::open(options).await.unwrap();
        Self { store: Arc::new(store), caller: caller(1), kept: Kept::Database(database) }
    }

    /// Over two databases that stand for clusters; `None` where there is no PostgreSQL.
    pub(crate) async fn placed() -> Option<Self> {
        let (first, second) = (Self::migrated().await?, Self::migrated().await?);
        Some(Self::placed_keeping(first, second, Retention::default()).await)
    }

    async fn placed_keeping(first: Database, second: Database, retention: Retention) -> Self {
        // Whoever is new goes to the second: the first has the directory, and what was there before.
        let cluster = |name: &str, database: &Database, new_tenants| ClusterOptions {
            name: ClusterName::try_from(name.to_owned()).unwrap(),
            database: PostgresOptions::new(database.app_url(), ids()).retention(retention),
            new_tenants,
        };
        let store = PlacedStore::open(cluster("a", &first, false), vec![cluster("b", &second, true)]).await.unwrap();
        Self { store: Arc::new(store), caller: caller(1), kept: Kept::Databases { first, _second: second } }
    }

    /// An empty store of the same kind, which keeps so much of its log.
    pub(crate) async fn keeping(&self, retention: Retention) -> Self {
        match &self.kept {
            Kept::Nowhere => Self { store: Arc::new(MemoryStore::new().retention(retention)), ..Self::memory() },
            Kept::Folder { .. } => Self::sqlite_keeping(retention),
            Kept::Database(database) => {
                let database = database.cluster().prepared("migrated", async |_| {}).await;
                Self::postgres_keeping(database, retention).await
            }
            Kept::Databases { first, .. } => {
                let cluster = first.cluster();
                let (first, second) = (
                    cluster.prepared("migrated", async |_| {}).await,
                    cluster.prepared("migrated", async |_| {}).await,
                );
                Self::placed_keeping(first, second, retention).await
            }
        }
    }

    /// Whether tenants are placed by what they write first.
    pub(crate) fn is_placed(&self) -> bool {
        matches!(self.kept, Kept::Databases { .. })
    }

    /// The same store, asked by somebody else.
    pub(crate) fn as_caller(&self, caller: Caller) -> Self {
        Self { store: Arc::clone(&self.store), caller, kept: Kept::Nowhere }
    }

    pub(crate) fn default_id(&self) -> ConfigurationId {
        default_configuration_id(self.caller.tenant)
    }

    pub(crate) async fn commit(&self, command: Command) -> Result<Committed, CommitError> {
        self.store.commit(&self.caller, Commit::of(at("2026-11-23T10:00:00Z"), command)).await
    }

    pub(crate) async fn commit_if(
        &self,
        precondition: Precondition,
        command: Command,
    ) -> Result<Committed, CommitError> {
        let commit = Commit::new(at("2026-11-23T11:00:00Z"), vec![Conditional { precondition, command }]);
        self.store.commit(&self.caller, commit).await
    }

    pub(crate) async fn snapshot(&self) -> Arc<TenantSnapshot> {
        self.store.snapshot(&self.caller).await.unwrap()
    }

    pub(crate) async fn configuration(&self, id: ConfigurationId) -> Arc<OfficeConfiguration> {
        Arc::clone(self.snapshot().await.configuration(id).expect("it is there"))
    }

    /// An empty configuration.
    pub(crate) async fn created(&self, n: u128) -> ConfigurationId {
        self.commit(create(n)).await.unwrap();
        configuration(n)
    }

    pub(crate) async fn page(&self, query: StatusQuery) -> StatusPage {
        self.store.statuses(&self.caller, query).await.unwrap()
    }

    /// All rows, read in pages of `size`.
    pub(crate) async fn all_pages(&self, mut query: StatusQuery, size: usize) -> Vec<CheckinStatus> {
        query.limit = size;
        let mut all = Vec::new();
        loop {
            let page = self.page(query.clone()).await;
            assert!(page.rows.len() <= size, "a page is no longer than asked for");
            all.extend(page.rows.iter().map(|row| CheckinStatus::clone(row)));
            match page.next {
                Some(next) => query.after = Some(next),
                None => return all,
            }
        }
    }
}

/// Ids that no two tests of a database share.
fn ids() -> impl Fn() -> Uuid + Send + Sync + 'static {
    let next = std::sync::atomic::AtomicU64::new(1);
    move || Uuid::from_u64_pair(7, next.fetch_add(1, std::sync::atomic::Ordering::Relaxed))
}

pub(crate) fn caller(n: u128) -> Caller {
    Caller { tenant: TenantId(Uuid::from_u128(n)), actor: "admin@contoso.example".into() }
}

pub(crate) fn at(text: &str) -> DateTimeOffset {
    DateTimeOffset::parse(text).unwrap()
}

pub(crate) fn configuration(n: u128) -> ConfigurationId {
    ConfigurationId(Uuid::from_u128(n << 64))
}

pub(crate) fn client_id(n: u128) -> ClientConfigurationId {
    ClientConfigurationId(Uuid::from_u128(n << 32))
}

pub(crate) fn assignment_id(n: u128) -> AssignmentId {
    AssignmentId(Uuid::from_u128(n << 16))
}

pub(crate) fn create(n: u128) -> Command {
    create_with(n, Vec::new(), Vec::new())
}

pub(crate) fn create_with(n: u128, statuses: Vec<CheckinStatus>, clients: Vec<NewClient>) -> Command {
    Command::CreateConfiguration { id: configuration(n), default: false, summary: None, statuses, clients }
}

pub(crate) fn client(n: u128, priority: Option<i32>) -> NewClient {
    NewClient {
        id: client_id(n),
        kind: ClientKind::Windows,
        display_name: Some(format!("client {n}").into()),
        description: None,
        priority,
        policy_payload: None,
        user_preference_payload: None,
        assignments: Vec::new(),
    }
}

pub(crate) fn group(n: u128, group: &str) -> NewAssignment {
    NewAssignment { id: assignment_id(n), target: Some(Target::Group { group_id: group.into() }) }
}

/// A row of a user on a device.
pub(crate) fn status(user: &str, device: &str, when: &str, ok: bool) -> CheckinStatus {
    CheckinStatus {
        user_principal_name: Some(format!("{user}@contoso.example").into()),
        device_name: Some(device.into()),
        device_platform: Some("Win32".into()),
        device_platform_version: None,
        was_successful: ok,
        user_id: user.into(),
        checkin: at(when),
        error_message: (!ok).then(|| "it failed".into()),
        applied_policies: Some(Vec::new()),
    }
}

/// A change of a client configuration that changes nothing yet.
pub(crate) fn update_client(configuration: ConfigurationId, client: ClientConfigurationId) -> Command {
    Command::UpdateClient {
        configuration,
        client,
        expected_kind: None,
        display_name: Change::Keep,
        description: Change::Keep,
        priority: Change::Keep,
        policy_payload: Change::Keep,
        user_preference_payload: Change::Keep,
    }
}

pub(crate) fn set_priority(configuration: ConfigurationId, client: ClientConfigurationId, to: i32) -> Command {
    match update_client(configuration, client) {
        Command::UpdateClient {
            configuration,
            client,
            expected_kind,
            display_name,
            description,
            policy_payload,
            user_preference_payload,
            ..
        } => Command::UpdateClient {
            configuration,
            client,
            expected_kind,
            display_name,
            description,
            priority: Change::Set(to),
            policy_payload,
            user_preference_payload,
        },
        other => other,
    }
}

pub(crate) fn set_statuses(id: ConfigurationId, statuses: Vec<CheckinStatus>) -> Command {
    Command::UpdateConfiguration {
        id,
        default_may_be_created: true,
        summary: Change::Keep,
        statuses: Change::Set(statuses),
    }
}
