//! Check-ins whose answer is lost, and check-ins through several stores: each device has one row, and every store tells the same.

use std::sync::Arc;

use odata::edm::DateTimeOffset;
use store::postgres::PostgresStore;
use store::{Checkin, CommitError, ConfigurationId, StatusQuery, Store as _, StoreError, default_configuration_id};

use super::fixture::{self, behind_a_proxy, caller, commit, database, id, open, snapshot, until};
use super::proxy::Cut;

fn checkin(configuration: ConfigurationId, n: u64) -> Checkin {
    fixture::checkin(configuration, format!("user{n}"))
}

async fn rows(store: &PostgresStore, configuration: ConfigurationId) -> usize {
    store.statuses(&caller(1), StatusQuery::all(configuration, 1_000)).await.unwrap().rows.len()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_in_whose_answer_is_lost_is_recorded_once() {
    let Some(database) = database().await else { return };
    let (proxy, store) = behind_a_proxy(&database).await;
    commit(&store, 1, 1).await.unwrap();
    for n in 1..=4 {
        proxy.set(if n % 2 == 0 { Cut::Answer } else { Cut::Question });
        store.record(&caller(1), checkin(id(1), n)).await.unwrap();
        assert!(proxy.has_cut());
        assert_eq!(u64::try_from(rows(&store, id(1)).await).unwrap(), n);
    }
    let told = snapshot(&store, 1).await;
    assert_eq!((told.version(), told.configuration(id(1)).unwrap().status_count), (2, 4));
}

#[tokio::test(flavor = "multi_thread")]
async fn first_check_ins_through_several_at_once_make_the_rows_the_clients_once() {
    let Some(database) = database().await else { return };
    let stores = [open(&database.app_url()).await, open(&database.app_url()).await].map(Arc::new);
    let default = default_configuration_id(caller(1).tenant);
    let tasks: Vec<_> = (0..200_u64)
        .map(|n| {
            let store = Arc::clone(&stores[usize::try_from(n % 2).unwrap()]);
            tokio::spawn(async move { store.record(&caller(1), checkin(default, n / 4)).await })
        })
        .collect();
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    for store in &stores {
        let told = snapshot(store, 1).await;
        let found = told.configuration(default).unwrap();
        assert!(found.has_checkins_from_clients && told.version() <= 2, "{}", told.version());
        assert_eq!((found.status_count, rows(store, default).await), (50, 50));
        assert_eq!(*told, *snapshot(&stores[0], 1).await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_in_to_what_went_through_another_store_is_refused() {
    let Some(database) = database().await else { return };
    let (one, other) = (open(&database.app_url()).await, open(&database.app_url()).await);
    commit(&one, 1, 1).await.unwrap();
    // It is there at once, although the other store has not heard of it.
    assert_eq!(snapshot(&other, 2).await.version(), 0);
    other.record(&caller(1), checkin(id(1), 1)).await.unwrap();
    let gone = store::Command::DeleteConfiguration { id: id(1) };
    let at = DateTimeOffset::parse("2026-11-23T11:00:00Z").unwrap();
    one.commit(&caller(1), store::Commit::of(at, gone)).await.unwrap();
    assert!(matches!(other.record(&caller(1), checkin(id(1), 1)).await, Err(CommitError::NotFound { .. })));
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_database_is_away_check_ins_are_refused_at_once() {
    let Some(database) = database().await else { return };
    let (proxy, store) = behind_a_proxy(&database).await;
    store.record(&caller(1), checkin(default_configuration_id(caller(1).tenant), 1)).await.unwrap();
    proxy.set(Cut::Everything);
    until("it says that changes are not taken", || !store.health().writable).await;
    let refused = store.record(&caller(1), checkin(default_configuration_id(caller(1).tenant), 1)).await;
    assert!(matches!(refused, Err(CommitError::Unavailable(_))));
    proxy.set(Cut::Nothing);
    until("changes are taken again", || store.health().writable).await;
    store.record(&caller(1), checkin(default_configuration_id(caller(1).tenant), 1)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn r4_past_four_slow_reads_at_once_one_is_told_to_come_again() {
    let Some(database) = database().await else { return };
    let store = Arc::new(open(&database.app_url()).await);
    commit(&store, 1, 1).await.unwrap();
    store.record(&caller(1), checkin(id(1), 1)).await.unwrap();
    let of = snapshot(&store, 1).await.configuration(id(1)).unwrap().seq;
    // As many rows as make a collection a large one.
    database.sql(&format!(
        "INSERT INTO officeconfig.checkin_deltas (tenant, configuration, client, day, seen, failed, rows, batches)
         SELECT tenant, {of}, 0, newest, 0, 0, 1000000, 0 FROM officeconfig.checkin_reach"
    ));
    let slow = || StatusQuery { skip: 1_000_000, ..StatusQuery::all(id(1), 10) };
    // Whoever has the texts keeps them for as long as it takes.
    let (owner, connection) = tokio_postgres::connect(&database.owner_url(), tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    owner.batch_execute("BEGIN; LOCK TABLE officeconfig.checkin_texts IN ACCESS EXCLUSIVE MODE").await.unwrap();
    let read = || {
        let store = Arc::clone(&store);
        tokio::spawn(async move { store.statuses(&caller(1), slow()).await })
    };
    let running: Vec<_> = (0..4).map(|_| read()).collect();
    let waiting = || {
        database.sql(
            "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'officeconfig.checkin_texts'::regclass",
        )
    };
    until("four reads wait", || waiting() == "4").await;
    let refused = store.statuses(&caller(1), slow()).await;
    assert!(matches!(refused, Err(StoreError::Busy { .. })), "{refused:?}");
    assert!(waiting().parse::<u32>().unwrap() <= 4, "the fifth never came to the database's tables");
    owner.batch_execute("ROLLBACK").await.unwrap();
    for read in running {
        assert!(read.await.unwrap().unwrap().rows.is_empty());
    }
    assert!(store.statuses(&caller(1), slow()).await.is_ok());
}
