//! Moving a tenant between clusters: all of it is there afterwards and nowhere else, nothing that was acknowledged is missing, and a move that broke off
//! at any moment is gone on with, or undone. Databases of one server stand for clusters.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use store::placed::{ClusterName, MoveError, Moved, PlacedStore};
use store::postgres::{PostgresStore, State};
use store::sqlite::SqliteStore;
use store::transfer::{self, Transfer};
use store::{CommitError, Store, default_configuration_id};

use super::cluster::Database;
use super::fixture::{caller, checkin, create, database, id, options};
use super::placement::named;
use super::world::{self, FLEET, TENANTS, silent, today};

fn name(text: &str) -> ClusterName {
    ClusterName::try_from(text.to_owned()).unwrap()
}

/// Clusters `a`, which keeps the directory and takes new tenants, and `b`.
async fn placed(a: &Database, b: &Database) -> PlacedStore {
    PlacedStore::open(named("a", &a.app_url(), true), vec![named("b", &b.app_url(), false)]).await.unwrap()
}

async fn moved(store: &PlacedStore, tenant: u128, to: &str) -> Result<Moved, MoveError> {
    store.move_tenant(caller(tenant).tenant, &name(to), today(), &silent).await
}

/// Rows of a tenant in all tables of a database but those that say where it is.
fn left(database: &Database, tenant: u128) -> u64 {
    let tables = database.sql(
        "SELECT relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid WHERE relnamespace = 'officeconfig'::regnamespace
         AND relkind IN ('r', 'p') AND NOT relispartition AND attname = 'tenant' AND relname NOT IN ('tenant_version', 'tenant_places')",
    );
    let tenant = caller(tenant).tenant;
    let count =
        |table: &str| database.sql(&format!("SELECT count(*) FROM officeconfig.{table} WHERE tenant = '{tenant}'"));
    tables.lines().map(|table| count(table).parse::<u64>().unwrap()).sum()
}

/// A world in the first of two clusters, with the folder that it came from.
async fn world_in_a(a: &Database) -> (tempfile::TempDir, SqliteStore) {
    let folder = tempfile::tempdir().unwrap();
    world::fill(folder.path()).await;
    let from = SqliteStore::open_to_read(folder.path()).unwrap();
    let to = PostgresStore::open(options(&a.app_url())).await.unwrap();
    Transfer::begin(&from, &to, today(), &silent).await.unwrap().run().await.unwrap();
    to.close().await;
    (folder, from)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_that_moves_there_and_back_has_all_it_had() {
    let (Some(a), Some(b)) = (database().await, database().await) else { return };
    let (_folder, origin) = world_in_a(&a).await;
    let store = placed(&a, &b).await;
    for to in ["b", "a", "b"] {
        let (here, away) = if to == "b" { (&b, &a) } else { (&a, &b) };
        for tenant in 1..=TENANTS {
            let done = moved(&store, tenant, to).await.unwrap();
            assert!(done.from.is_some() && done.report.tenants == 1 && done.report.copied == 1);
            assert_eq!(store.place_of(caller(tenant).tenant).await.unwrap(), Some(&name(to)));
            assert!(left(here, tenant) > 0 && left(away, tenant) == 0, "nothing is left where it was");
        }
        let clusters: Vec<_> = store.clusters().map(|(_, cluster)| cluster.unwrap()).collect();
        let lives = clusters[usize::from(to == "b")];
        transfer::compare(&origin, lives, today(), &silent).await.unwrap();
    }
    // It goes on where it is, from the version that it had.
    let before = store.snapshot(&caller(FLEET)).await.unwrap().version();
    assert_eq!(store.commit(&caller(FLEET), create(77)).await.unwrap().version, before + 1);
    store
        .record(&caller(FLEET), checkin(default_configuration_id(caller(FLEET).tenant), "new".to_owned()))
        .await
        .unwrap();
    let done = moved(&store, FLEET, "b").await.unwrap();
    assert_eq!(done.from, None, "it lives there already");
    assert!(matches!(moved(&store, FLEET, "c").await, Err(MoveError::NoCluster(_))));
    assert!(matches!(moved(&store, 99, "b").await, Err(MoveError::NoTenant(_))));
}

/// Writes through a server of its own until it is told to stop; with what was acknowledged, and what other servers showed meanwhile.
async fn write_on(store: Arc<PlacedStore>, writer: u128, stop: Arc<AtomicBool>) -> (BTreeSet<u128>, BTreeSet<String>) {
    let (mut made, mut recorded) = (BTreeSet::new(), BTreeSet::new());
    for n in 0.. {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        let number = 1_000_000 * writer + n;
        match store.commit(&caller(1), create(number)).await {
            Ok(_) => drop(made.insert(number)),
            Err(CommitError::Paused | CommitError::Busy { .. }) => tokio::time::sleep(Duration::from_millis(5)).await,
            Err(error) => panic!("{error:?}"),
        }
        let user = format!("user-{number}");
        match store.record(&caller(1), checkin(default_configuration_id(caller(1).tenant), user.clone())).await {
            Ok(()) => drop(recorded.insert(user)),
            Err(CommitError::Paused | CommitError::Busy { .. }) => tokio::time::sleep(Duration::from_millis(5)).await,
            Err(error) => panic!("{error:?}"),
        }
        assert!(store.snapshot(&caller(1)).await.is_ok(), "it can always be read");
    }
    (made, recorded)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_acknowledged_while_a_tenant_moves_is_there_afterwards() {
    let (Some(a), Some(b)) = (database().await, database().await) else { return };
    let store = placed(&a, &b).await;
    store.commit(&caller(1), create(1)).await.unwrap();
    let stop = Arc::new(AtomicBool::new(false));
    let mut writers = Vec::new();
    for writer in 1..=3 {
        let server = Arc::new(placed(&a, &b).await);
        writers.push(tokio::spawn(write_on(server, writer, Arc::clone(&stop))));
    }
    for to in ["b", "a", "b"] {
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert!(moved(&store, 1, to).await.unwrap().from.is_some());
    }
    tokio::time::sleep(Duration::from_millis(300)).await;
    stop.store(true, Ordering::Relaxed);
    let (mut made, mut recorded) = (BTreeSet::from([1]), BTreeSet::new());
    for writer in writers {
        let (one, other) = writer.await.unwrap();
        made.extend(one);
        recorded.extend(other);
    }
    let found = store.snapshot(&caller(1)).await.unwrap();
    for number in &made {
        assert!(found.configuration(id(*number)).is_some(), "{number} was acknowledged");
    }
    // Nobody was told of another one: what was refused did not happen. The default one is of the check-ins.
    assert_eq!(found.len(), made.len() + 1);
    let rows = b.sql("SELECT count(DISTINCT user_id) FROM officeconfig.checkin_texts");
    assert_eq!(rows, recorded.len().to_string());
    assert!(made.len() > 20 && recorded.len() > 20, "this run proves something: {} and {}", made.len(), recorded.len());
    assert_eq!((left(&a, 1), found.version()), (0, made.len() as u64 + 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_move_that_breaks_off_at_any_moment_is_gone_on_with_or_undone() {
    let (Some(a), Some(b)) = (database().await, database().await) else { return };
    let (_folder, origin) = world_in_a(&a).await;
    let mut broke_off = 0;
    for (attempt, millis) in [1_u64, 9, 25, 60, 140, 350, 900].into_iter().enumerate() {
        // A process of its own, which ends in the middle.
        let one = placed(&a, &b).await;
        let to = if attempt % 2 == 0 { "b" } else { "a" };
        let limit = Duration::from_millis(millis);
        broke_off += usize::from(tokio::time::timeout(limit, moved(&one, FLEET, to)).await.is_err());
        drop(one);
        let other = placed(&a, &b).await;
        // Whoever lives where, it can be read.
        assert!(other.snapshot(&caller(FLEET)).await.unwrap().version() > 0);
        let lives = other.place_of(caller(FLEET).tenant).await.unwrap().unwrap().clone();
        // Every third one is undone.
        let to = if attempt % 3 == 0 { lives.to_string() } else { to.to_owned() };
        moved(&other, FLEET, &to).await.unwrap();
        let (here, away) = if to == "a" { (0, 1) } else { (1, 0) };
        let clusters: Vec<_> = other.clusters().map(|(_, cluster)| cluster.unwrap()).collect();
        let states = [here, away].map(|at| clusters[at].state(caller(FLEET).tenant));
        let [here_is, away_is] = states;
        assert_eq!(here_is.await.unwrap().unwrap().state, State::Here);
        assert!(away_is.await.unwrap().is_none_or(|standing| standing.state == State::Gone));
        let databases = [&a, &b];
        assert!(left(databases[here], FLEET) > 0 && left(databases[away], FLEET) == 0);
    }
    assert!(broke_off >= 3, "{broke_off} of the moves broke off: this run proves little");
    let store = placed(&a, &b).await;
    moved(&store, FLEET, "a").await.unwrap();
    let first = store.clusters().next().unwrap().1.unwrap();
    transfer::compare(&origin, first, today(), &silent).await.unwrap();
}
