//! Rows are found by their keys, whatever PostgreSQL knows of the tables: it has counted nothing yet, or only what others have.

use futures_util::future::join_all;
use odata::edm::DateTimeOffset;
use store::postgres::PostgresStore;
use store::{Checkin, CheckinReport, StatusQuery, Store as _, default_configuration_id};

use super::cluster::Database;
use super::fixture::{self, caller, closed, database, open};

const DEVICES: usize = 2_000;
const AT_ONCE: usize = 250;

/// A check-in of each device on a day, with a failure that another day's has not.
async fn check_in(store: &PostgresStore, tenant: u128, day: u32) {
    let checkin = |n: usize| {
        let default = default_configuration_id(caller(tenant).tenant);
        let report = CheckinReport {
            was_successful: false,
            error_message: Some(format!("of day {day}").into()),
            device_platform_version: Some("10".into()),
        };
        let at = DateTimeOffset::parse(&format!("2026-11-{day:02}T10:00:00Z")).unwrap();
        Checkin { at, report: Some(report), ..fixture::checkin(default, format!("user{n}")) }
    };
    for first in (0..DEVICES).step_by(AT_ONCE) {
        let window =
            (first..first + AT_ONCE).map(|n| async move { store.record(&caller(tenant), checkin(n)).await.unwrap() });
        join_all(window).await;
    }
}

/// New devices, the same again, and the same with something else to say; gives the entries of indexes that were read for one check-in.
async fn read_for_each(database: &Database, tenant: u128) -> usize {
    let read = || -> usize {
        let read = "SELECT (SELECT sum(seq_tup_read) FROM pg_stat_user_tables WHERE relname ~ '^checkin(s_|_texts|_users)')
                         + (SELECT sum(idx_tup_read) FROM pg_stat_user_indexes WHERE relname ~ '^checkin(s_|_texts|_users)')";
        database.sql(read).parse().unwrap()
    };
    let store = open(&database.app_url()).await;
    let before = read();
    for day in [1, 1, 2] {
        check_in(&store, tenant, day).await;
    }
    closed(store, database).await;
    (read() - before) / (3 * DEVICES)
}

/// What the indexes of the rows gave by now.
fn given(database: &Database) -> usize {
    let read = "SELECT sum(idx_tup_read) FROM pg_stat_user_indexes WHERE relname ~ '^checkins_'";
    database.sql(read).parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_in_the_default_order_reads_what_it_shows() {
    let Some(database) = database().await else { return };
    let store = open(&database.app_url()).await;
    check_in(&store, 1, 1).await;
    closed(store, &database).await;
    // As large as that of a large fleet, for all that PostgreSQL knows.
    database.sql("UPDATE pg_class SET reltuples = 1000000, relpages = 10 WHERE relname ~ '^checkins_[0-9]+$'");
    let before = given(&database);
    let store = open(&database.app_url()).await;
    let mut query = StatusQuery::all(default_configuration_id(caller(1).tenant), 200);
    for _ in 0..DEVICES / 200 {
        let page = store.statuses(&caller(1), query.clone()).await.unwrap();
        assert_eq!(page.rows.len(), 200);
        query.after = page.next;
    }
    closed(store, &database).await;
    let read = given(&database) - before;
    assert!((DEVICES..2 * DEVICES).contains(&read), "{read} entries were read for {DEVICES} rows");
}

/// A tenant whose rows are in the same partition as the first one's.
fn beside(database: &Database) -> u128 {
    let tenant = |n: &str| format!("lpad(to_hex({n}), 32, '0')::uuid");
    let within = |n: &str| {
        let tenant = tenant(n);
        format!("satisfies_hash_partition('officeconfig.checkins'::regclass, 8, r, {tenant})")
    };
    let (others, first) = (within("n"), within("1"));
    let asked =
        format!("SELECT min(n) FROM generate_series(2, 200) n, generate_series(0, 7) r WHERE {others} AND {first}");
    database.sql(&asked).parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_are_found_by_their_keys_whatever_the_tables_are_known_to_hold() {
    let Some(database) = database().await else { return };
    let tables = (0..8).map(|n| format!("checkins_{n}")).chain(["checkin_texts", "checkin_users"].map(str::to_owned));
    for table in tables {
        // Nobody counts on the quiet.
        database.sql(&format!("ALTER TABLE officeconfig.{table} SET (autovacuum_enabled = off)"));
    }
    let other = beside(&database);
    for (tenant, known) in [(1, "nothing was counted"), (other, "only another one's rows were counted")] {
        let each = read_for_each(&database, tenant).await;
        assert!(each < 30, "{known}: {each} entries and rows are read for a check-in");
        database.sql("ANALYZE");
    }
}
