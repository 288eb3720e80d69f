//! Tenants over several clusters: who is where, that all servers agree on it, and that a cluster which is away harms its own tenants only. Databases of
//! one server stand for clusters, but where one is stopped.

use std::collections::BTreeMap;
use std::process::Command;
use std::sync::Arc;

use store::placed::{ClusterName, ClusterOptions, PlacedStore};
use store::postgres::{PostgresStore, State};
use store::{Caller, CommitError, Committed, OpenError, Store, StoreError, TenantSnapshot};

use super::cluster::{self, Database};
use super::fixture::{caller, checkin, commit, create, database, id, open, options, snapshot, until};
use super::proxy::{Cut, Proxy};

pub(super) fn named(name: &str, url: &str, new_tenants: bool) -> ClusterOptions {
    ClusterOptions { name: ClusterName::try_from(name.to_owned()).unwrap(), database: options(url), new_tenants }
}

/// Two of them, `a` and `b`; those in `takes` take new tenants.
async fn placed(a: &Database, b: &Database, takes: &str) -> PlacedStore {
    let two = |name: &str, database: &Database| named(name, &database.app_url(), takes.contains(name));
    PlacedStore::open(two("a", a), vec![two("b", b)]).await.unwrap()
}

async fn refused(first: ClusterOptions, others: Vec<ClusterOptions>) -> String {
    let Err(error) = PlacedStore::open(first, others).await else { panic!("it was opened") };
    assert!(matches!(error, OpenError::Clusters { .. } | OpenError::InCluster { .. }), "{error}");
    error.to_string()
}

async fn made(store: &PlacedStore, tenant: u128, n: u128) -> Result<Committed, CommitError> {
    store.commit(&caller(tenant), create(n)).await
}

async fn read(store: &PlacedStore, tenant: u128) -> Result<Arc<TenantSnapshot>, StoreError> {
    store.snapshot(&caller(tenant)).await
}

async fn place(store: &PlacedStore, tenant: u128) -> Option<String> {
    store.place_of(caller(tenant).tenant).await.unwrap().map(ToString::to_string)
}

/// How many configurations a tenant has in a database.
fn count(database: &Database, tenant: u128) -> String {
    database
        .sql(&format!("SELECT count(*) FROM officeconfig.configurations WHERE tenant = '{}'", caller(tenant).tenant))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_is_placed_by_its_first_write_and_never_by_a_read() {
    let (Some(a), Some(b)) = (database().await, database().await) else { return };
    let store = placed(&a, &b, "b").await;
    for _ in 0..2 {
        assert_eq!(read(&store, 1).await.unwrap().version(), 0);
        assert!(store.last_snapshot(&caller(1)).is_none(), "nothing is kept of it");
        assert_eq!(place(&store, 1).await, None);
    }
    for database in [&a, &b] {
        let known = "SELECT (SELECT count(*) FROM officeconfig.tenant_version), (SELECT count(*) FROM officeconfig.tenant_places)";
        assert_eq!(database.sql(known), "1|0", "but nobody");
    }
    assert_eq!(made(&store, 1, 1).await.unwrap().version, 1);
    assert_eq!((count(&a, 1).as_str(), count(&b, 1).as_str()), ("0", "1"));
    assert_eq!(place(&store, 1).await.as_deref(), Some("b"));
    assert_eq!(read(&store, 1).await.unwrap().version(), 1);
    assert_eq!(store.last_snapshot(&caller(1)).unwrap().version(), 1);
    store.record(&caller(1), checkin(id(1), "ann".to_owned())).await.unwrap();
    // A check-in is a write, too.
    let default = store::default_configuration_id(caller(2).tenant);
    store.record(&caller(2), checkin(default, "ann".to_owned())).await.unwrap();
    assert_eq!(place(&store, 2).await.as_deref(), Some("b"));
}

#[tokio::test(flavor = "multi_thread")]
async fn servers_that_meet_agree_on_where_a_tenant_lives() {
    let (Some(a), Some(b)) = (database().await, database().await) else { return };
    // They would not choose alike.
    let stores = tokio::join!(placed(&a, &b, "a"), placed(&a, &b, "b"));
    let stores = [Arc::new(stores.0), Arc::new(stores.1)];
    let tasks: Vec<_> = (0..120_u128)
        .map(|n| {
            let store = Arc::clone(&stores[usize::try_from(n % 2).unwrap()]);
            tokio::spawn(async move { made(&store, 1 + n / 4, n).await.unwrap() })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    let mut lived_in = BTreeMap::new();
    for tenant in 1..=30 {
        let counts = (count(&a, tenant), count(&b, tenant));
        let is = if counts.0 == "4" { "a" } else { "b" };
        assert!(counts == ("4".to_owned(), "0".to_owned()) || counts == ("0".to_owned(), "4".to_owned()), "{counts:?}");
        for store in &stores {
            assert_eq!(place(store, tenant).await.as_deref(), Some(is));
            assert_eq!(read(store, tenant).await.unwrap().len(), 4);
        }
        *lived_in.entry(is).or_insert(0) += 1;
    }
    // Whoever knows nothing of a directory sees that it lives elsewhere.
    let gone = "SELECT count(*) FROM officeconfig.tenant_version WHERE state = 2";
    assert_eq!(a.sql(gone), lived_in.get("b").copied().unwrap_or(0).to_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn tenants_of_a_database_that_became_the_first_cluster_stay_there() {
    let (Some(a), Some(b)) = (database().await, database().await) else { return };
    // It goes on as it was started, for a while.
    let old = open(&a.app_url()).await;
    commit(&old, 1, 1).await.unwrap();
    let store = placed(&a, &b, "b").await;
    assert_eq!(read(&store, 1).await.unwrap().version(), 1);
    assert_eq!(made(&store, 1, 2).await.unwrap().version, 2);
    assert_eq!((count(&a, 1).as_str(), place(&store, 1).await.as_deref()), ("2", Some("a")));
    assert_eq!(snapshot(&old, 1).await.version(), 2);
    // A tenant that went elsewhere is not made anew by the old one, and what that makes is found.
    made(&store, 2, 1).await.unwrap();
    assert!(matches!(commit(&old, 2, 2).await, Err(CommitError::Unavailable(_))));
    commit(&old, 3, 1).await.unwrap();
    assert_eq!(read(&store, 3).await.unwrap().version(), 1);
    assert_eq!((count(&a, 2).as_str(), count(&b, 2).as_str(), count(&a, 3).as_str()), ("0", "1", "1"));
    // Started again, it has to name all.
    let Err(again) = PostgresStore::open(options(&a.app_url())).await else { panic!("it was opened") };
    assert!(matches!(again, OpenError::OneOfSeveral { .. }), "{again}");
    PostgresStore::open(options(&a.app_url()).first_cluster(&named("a", "", true).name)).await.unwrap();
}

/// Moves all that a tenant without check-ins has, as far as rows go.
fn copy(from: &Database, to: &Database, tenant: u128) {
    let tenant = caller(tenant).tenant;
    for table in ["tenants", "configurations", "change_log", "tenant_version"] {
        let rows = from
            .sql(&format!("SELECT coalesce(json_agg(t), '[]') FROM officeconfig.{table} t WHERE tenant = '{tenant}'"));
        to.sql(&format!("DELETE FROM officeconfig.{table} WHERE tenant = '{tenant}'"));
        to.sql(&format!(
            "INSERT INTO officeconfig.{table} SELECT * FROM json_populate_recordset(null::officeconfig.{table}, $rows${rows}$rows$)"
        ));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_that_moved_is_found_by_those_who_have_an_old_route() {
    let (Some(a), Some(b)) = (database().await, database().await) else { return };
    let (one, other) = (placed(&a, &b, "a").await, placed(&a, &b, "a").await);
    let tenant = caller(1).tenant;
    made(&one, 1, 1).await.unwrap();
    assert_eq!(read(&other, 1).await.unwrap().version(), 1);
    let names: Vec<ClusterName> = one.clusters().map(|(name, _)| name.clone()).collect();
    // There and back again.
    for (n, (from, to)) in [(0, 1), (1, 0), (0, 1)].into_iter().enumerate() {
        let n = n as u64;
        let databases = [&a, &b];
        let stores: Vec<&PostgresStore> = one.clusters().map(|(_, store)| store.unwrap()).collect();
        assert_eq!(stores[from].pause(tenant).await.unwrap(), 2 * n + 1);
        assert!(matches!(made(&other, 1, 99).await, Err(CommitError::Paused)));
        copy(databases[from], databases[to], 1);
        for _ in 0..2 {
            one.relocate(tenant, &names[from], &names[to]).await.unwrap();
        }
        assert_eq!(read(&other, 1).await.unwrap().version(), 2 * n + 1, "from where it was, which nobody changes");
        stores[from].leave(tenant).await.unwrap();
        assert!(matches!(made(&other, 1, 99).await, Err(CommitError::Paused)), "it is there, but nobody said so yet");
        stores[to].resume(tenant).await.unwrap();
        until("the client plane lets the old one go", || {
            other.last_snapshot(&caller(1)).is_none_or(|known| known.version() == 2 * n + 1)
        })
        .await;
        assert_eq!(made(&other, 1, u128::from(2 * n + 2)).await.unwrap().version, 2 * n + 2);
        assert_eq!(made(&one, 1, u128::from(2 * n + 3)).await.unwrap().version, 2 * n + 3);
        for store in [&one, &other] {
            assert_eq!(read(store, 1).await.unwrap().version(), 2 * n + 3);
            assert_eq!(place(store, 1).await, Some(names[to].to_string()));
        }
        assert_eq!(stores[from].state(tenant).await.unwrap().unwrap().state, State::Gone);
    }
    let nowhere = one.relocate(caller(9).tenant, &names[0], &names[1]).await;
    assert!(matches!(nowhere, Err(StoreError::Unavailable(_))), "it lives in neither");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_request_ever_changes_a_cluster_where_the_tenant_is_not_and_no_tenant_sees_another() {
    let (Some(a), Some(b)) = (database().await, database().await) else { return };
    let store = placed(&a, &b, "ab").await;
    for tenant in 1..=12 {
        made(&store, tenant, tenant).await.unwrap();
    }
    for tenant in 1..=12 {
        let told = read(&store, tenant).await.unwrap();
        assert_eq!((told.len(), told.configuration(id(tenant)).is_some()), (1, true));
        let has = |database: &Database| {
            let all = "configurations change_log tenants".split(' ');
            all.filter(|table| {
                let asked =
                    format!("SELECT count(*) FROM officeconfig.{table} WHERE tenant = '{}'", caller(tenant).tenant);
                database.sql(&asked) != "0"
            })
            .count()
        };
        let mut found = [has(&a), has(&b)];
        found.sort_unstable();
        assert_eq!(found, [0, 3]);
    }
    let spread =
        |database: &Database| database.sql("SELECT count(*) FROM officeconfig.tenants").parse::<u32>().unwrap();
    assert!(spread(&a) > 0 && spread(&b) > 0 && spread(&a) + spread(&b) == 12);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_cluster_that_stops_does_not_harm_the_tenants_of_the_first() {
    let (Some(a), Some(own)) = (database().await, cluster::own(&["fsync=off"])) else { return };
    let prepare = async |url: String| {
        store::postgres::migrate(&url, cluster::APP).await.unwrap();
    };
    let b = own.prepared("migrated", prepare).await;
    let store = placed(&a, &b, "b").await;
    made(&store, 2, 1).await.unwrap();
    store.close().await;
    let store = placed(&a, &b, "ab").await;
    let mut of_a = (10..).filter(|_| true);
    let mut of_a = async || {
        loop {
            let tenant = of_a.next().unwrap();
            made(&store, tenant, 1).await.unwrap();
            if place(&store, tenant).await.as_deref() == Some("a") {
                return tenant;
            }
        }
    };
    let tenant = of_a().await;
    assert_eq!(read(&store, 2).await.unwrap().version(), 1);
    assert!(store.health().writable && store.health().reason.is_none());

    let stopped = Command::new("kill").args(["-INT", &own.postmaster().unwrap().to_string()]).status().unwrap();
    assert!(stopped.success());
    until("it is told", || store.health().reason.is_some_and(|reason| reason.contains("the cluster b: "))).await;
    assert!(store.health().writable, "the other one takes changes");
    assert_eq!(made(&store, tenant, 2).await.unwrap().version, 2);
    assert_eq!(read(&store, tenant).await.unwrap().version(), 2);
    assert!(matches!(read(&store, 2).await, Err(StoreError::Unavailable(_) | StoreError::Deadline { .. })));
    assert!(matches!(made(&store, 2, 2).await, Err(CommitError::Unavailable(_))));
    assert_eq!(store.last_snapshot(&caller(2)).unwrap().version(), 1, "policies go on");
    for tenant in 100..110 {
        made(&store, tenant, 1).await.unwrap();
        assert_eq!(
            place(&store, tenant).await.as_deref(),
            Some("a"),
            "nobody new is placed where it could not be made"
        );
    }

    // Nor does it keep the service from being started.
    let (first, other) = (named("a", &a.app_url(), true), named("b", &b.app_url(), true));
    let late = PlacedStore::open(first, vec![other]).await.unwrap();
    assert!(late.health().writable && late.health().reason.unwrap().contains("the cluster b: "));
    assert_eq!(made(&late, tenant, 3).await.unwrap().version, 3);
    assert!(matches!(read(&late, 2).await, Err(StoreError::Unavailable(_))));
    std::mem::forget(b);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_that_was_away_at_the_start_is_opened_when_it_is_there() {
    let (Some(a), Some(b)) = (database().await, database().await) else { return };
    made(&placed(&a, &b, "b").await, 1, 1).await.unwrap();
    let port = b.cluster().port();
    let proxy = Proxy::to(port).await;
    proxy.set(Cut::Everything);
    let url = proxy.url(&b.app_url(), port);
    let store = PlacedStore::open(named("a", &a.app_url(), true), vec![named("b", &url, true)]).await.unwrap();
    assert!(matches!(read(&store, 1).await, Err(StoreError::Unavailable(_))));
    proxy.set(Cut::Nothing);
    until("it is opened", || store.health().reason.is_none()).await;
    assert_eq!(made(&store, 1, 2).await.unwrap().version, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_directory_is_away_tenants_whose_place_is_known_are_served() {
    let (Some(a), Some(b)) = (database().await, database().await) else { return };
    let port = a.cluster().port();
    let proxy = Proxy::to(port).await;
    let first = named("a", &proxy.url(&a.app_url(), port), false);
    let store = PlacedStore::open(first, vec![named("b", &b.app_url(), true)]).await.unwrap();
    made(&store, 1, 1).await.unwrap();
    proxy.set(Cut::Everything);
    assert_eq!(made(&store, 1, 2).await.unwrap().version, 2);
    assert_eq!(read(&store, 1).await.unwrap().version(), 2);
    assert_eq!(store.last_snapshot(&caller(1)).unwrap().version(), 2);
    until("it is told", || store.health().reason.is_some()).await;
    assert!(store.health().writable);
    assert!(
        matches!(read(&store, 2).await, Err(StoreError::Unavailable(_) | StoreError::Deadline { .. })),
        "who is to say where it is"
    );
    assert!(matches!(made(&store, 2, 1).await, Err(CommitError::Unavailable(_))));
    proxy.set(Cut::Nothing);
    until("it is back", || store.health().reason.is_none()).await;
    made(&store, 2, 1).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn clusters_that_do_not_belong_together_as_they_are_named_are_refused() {
    let (Some(a), Some(b), Some(c)) = (database().await, database().await, database().await) else { return };
    let store = placed(&a, &b, "b").await;
    made(&store, 1, 1).await.unwrap();
    store.close().await;
    let one = |name: &str, database: &Database| named(name, &database.app_url(), true);

    let renamed = refused(one("a", &a), vec![one("c", &b)]).await;
    assert!(renamed.contains("`c`") && renamed.contains("`b`"), "{renamed}");
    let renamed = refused(one("x", &a), vec![one("b", &b)]).await;
    assert!(renamed.contains("`x`") && renamed.contains("`a`"), "{renamed}");
    let turned = refused(one("b", &b), vec![one("a", &a)]).await;
    assert!(turned.contains("named first"), "{turned}");
    let swapped = refused(one("a", &b), vec![one("b", &a)]).await;
    assert!(swapped.contains("is the cluster `b`"), "{swapped}");
    let twice = refused(one("a", &a), vec![one("b", &a)]).await;
    assert!(twice.contains("is the cluster `a`"), "{twice}");
    let twice = refused(one("a", &a), vec![one("a", &b)]).await;
    assert!(twice.contains("named twice"), "{twice}");
    let closed = refused(named("a", &a.app_url(), false), vec![named("b", &b.app_url(), false)]).await;
    assert!(closed.contains("takes new tenants"), "{closed}");
    let left_out = refused(one("a", &a), vec![]).await;
    assert!(left_out.contains("`b`") && left_out.contains("does not name it"), "{left_out}");

    // One that has tenants already can only be the first.
    let plain = open(&c.app_url()).await;
    commit(&plain, 7, 1).await.unwrap();
    plain.close().await;
    let filled = refused(one("a", &a), vec![one("b", &b), one("c", &c)]).await;
    assert!(filled.contains("`c`") && filled.contains("only be the first"), "{filled}");
    let other = refused(one("c", &c), vec![one("b", &b)]).await;
    assert!(other.contains("another first cluster"), "{other}");

    // Where nobody lives any more, the name may go.
    let store = placed(&a, &b, "a").await;
    let names: Vec<ClusterName> = store.clusters().map(|(name, _)| name.clone()).collect();
    store.relocate(caller(1).tenant, &names[1], &names[0]).await.unwrap();
    store.close().await;
    PlacedStore::open(one("a", &a), vec![]).await.unwrap();
}

/// Callers are taken apart by their tenant alone.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_asks_for_a_tenant_is_led_to_the_same_cluster() {
    let (Some(a), Some(b)) = (database().await, database().await) else { return };
    let store: Arc<dyn Store> = Arc::new(placed(&a, &b, "ab").await);
    let one = caller(1);
    let other = Caller { actor: "somebody@else.example".into(), ..caller(1) };
    store.commit(&one, create(1)).await.unwrap();
    assert_eq!(store.commit(&other, create(2)).await.unwrap().version, 2);
    store.close().await;
    assert!(store.commit(&other, create(3)).await.is_err());
}
