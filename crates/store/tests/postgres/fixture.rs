//! Databases, stores and short ways to say what the tests need.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use odata::edm::DateTimeOffset;
use store::postgres::{PostgresOptions, PostgresStore};
use store::{
    Caller, Checkin, Command, Commit, CommitError, Committed, ConfigurationId, Store as _, TenantId, TenantSnapshot,
};
use uuid::Uuid;

use super::cluster::{self, Database};
use super::proxy::Proxy;

/// Longer than anything takes that comes to pass.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// A migrated database; `None` where there is no PostgreSQL.
pub(crate) async fn database() -> Option<Database> {
    let prepare = async |url: String| {
        store::postgres::migrate(&url, cluster::APP).await.unwrap();
    };
    Some(cluster::shared()?.prepared("migrated", prepare).await)
}

pub(crate) async fn open(url: &str) -> PostgresStore {
    PostgresStore::open(options(url)).await.unwrap()
}

/// A store that reaches a database through a proxy, which may cut its connections.
pub(crate) async fn behind_a_proxy(database: &Database) -> (Proxy, PostgresStore) {
    let port = database.cluster().port();
    let proxy = Proxy::to(port).await;
    let store = open(&proxy.url(&database.app_url(), port)).await;
    (proxy, store)
}

pub(crate) fn options(url: &str) -> PostgresOptions {
    static STORES: AtomicU64 = AtomicU64::new(1);
    let (of, next) = (STORES.fetch_add(1, Ordering::Relaxed), AtomicU64::new(1));
    PostgresOptions::new(url, move || Uuid::from_u64_pair(of, next.fetch_add(1, Ordering::Relaxed)))
}

pub(crate) fn caller(n: u128) -> Caller {
    Caller { tenant: TenantId(Uuid::from_u128(n)), actor: "admin@contoso.example".into() }
}

pub(crate) fn id(n: u128) -> ConfigurationId {
    ConfigurationId(Uuid::from_u128(n << 64))
}

pub(crate) fn create(n: u128) -> Commit {
    let (statuses, clients) = (Vec::new(), Vec::new());
    let command = Command::CreateConfiguration { id: id(n), default: false, summary: None, statuses, clients };
    Commit::of(DateTimeOffset::parse("2026-11-23T10:00:00Z").unwrap(), command)
}

pub(crate) async fn commit(store: &PostgresStore, of: u128, n: u128) -> Result<Committed, CommitError> {
    store.commit(&caller(of), create(n)).await
}

pub(crate) async fn snapshot(store: &PostgresStore, of: u128) -> Arc<TenantSnapshot> {
    store.snapshot(&caller(of)).await.unwrap()
}

/// Waits until something is so, looking often.
pub(crate) async fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < PATIENCE, "{what}: not within {PATIENCE:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Closes a store, and waits until its connections are gone: what they have read is counted then.
pub(crate) async fn closed(store: PostgresStore, database: &Database) {
    store.close().await;
    drop(store);
    let connected =
        "SELECT count(*) FROM pg_stat_activity WHERE usename = 'officeconfig_app' AND datname = current_database()";
    until("its connections are gone", || database.sql(connected) == "0").await;
}

/// A fetch by a user on one device.
pub(crate) fn checkin(configuration: ConfigurationId, user: String) -> Checkin {
    Checkin {
        configuration,
        user_id: user.into(),
        user_principal_name: None,
        device_name: Some("pc".into()),
        device_platform: "windows".into(),
        at: DateTimeOffset::parse("2026-11-23T10:00:00Z").unwrap(),
        applied: Vec::new(),
        report: None,
    }
}
