//! Copies of a data folder into a database: everything is there afterwards, whole tenants or nothing, whatever happens meanwhile.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use store::postgres::PostgresStore;
use store::sqlite::{SqliteOptions, SqliteStore};
use store::transfer::{self, Progress, Report, Source, Stage, Transfer, TransferError};
use store::{ChangeQuery, Checkin, CommitError, OpenError, Since, StatusQuery, Store};

use super::cluster::Database;
use super::fixture::{behind_a_proxy, caller, closed, commit, create, database, id, open, snapshot};
use super::proxy::Cut;
use super::world::{self, FLEET, ROWS, TENANTS, silent, today};

async fn copy(from: &dyn Source, to: &PostgresStore) -> Result<Report, TransferError> {
    Transfer::begin(from, to, today(), &silent).await?.run().await
}

async fn compare(from: &dyn Source, database: &Database) -> Result<Report, TransferError> {
    let to = open(&database.app_url()).await;
    let compared = transfer::compare(from, &to, today(), &silent).await;
    to.close().await;
    compared
}

/// A filled folder, opened to be read.
async fn folder() -> (tempfile::TempDir, SqliteStore) {
    let folder = tempfile::tempdir().unwrap();
    world::fill(folder.path()).await;
    let from = SqliteStore::open_to_read(folder.path()).unwrap();
    (folder, from)
}

fn count(database: &Database, what: &str) -> String {
    database.sql(&format!("SELECT count(*) FROM officeconfig.{what}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_of_a_data_folder_is_in_the_database_afterwards_and_goes_on_there() {
    let Some(database) = database().await else { return };
    let folder = tempfile::tempdir().unwrap();
    let points = world::fill(folder.path()).await;
    let before = std::fs::read(folder.path().join("officeconfig.db")).unwrap();
    let from = SqliteStore::open_to_read(folder.path()).unwrap();
    let to = open(&database.app_url()).await;
    let report = copy(&from, &to).await.unwrap();
    assert_eq!((report.tenants, report.copied, report.configurations, report.clients), (3, 3, 5, 6));
    // The fleet's, one of its other configuration, and those that an administrator wrote.
    assert_eq!((report.rows, report.payload_bytes), (ROWS as u64 + 1 + 4, 300_008));
    assert_eq!(compare(&from, &database).await.unwrap(), Report { copied: 0, ..report });

    // Links from before go on, after changes and in the middle of pages.
    for (of, point) in points {
        let query = ChangeQuery { of, since: Since::Point(point), limit: 100 };
        let (one, other) =
            (from.changes(&caller(1), query).await.unwrap(), to.changes(&caller(1), query).await.unwrap());
        assert_eq!((&one.present, &one.removed, one.point), (&other.present, &other.removed, other.point));
        assert!(!one.removed.is_empty(), "{of:?}");
    }
    let page = from.statuses(&caller(FLEET), StatusQuery::all(id(1), 777)).await.unwrap();
    let next = StatusQuery { after: page.next, ..StatusQuery::all(id(1), 777) };
    let (one, other) =
        (from.statuses(&caller(FLEET), next.clone()).await.unwrap(), to.statuses(&caller(FLEET), next).await.unwrap());
    assert_eq!(one, other);

    // A device that is known has its row, and one that is not comes last.
    let versions = (snapshot(&to, FLEET).await.version(), rows(&to).await.len());
    to.record(&caller(FLEET), known()).await.unwrap();
    to.record(&caller(FLEET), world::checkin(id(1), "somebody", Some("new".into()))).await.unwrap();
    let now = rows(&to).await;
    assert_eq!((snapshot(&to, FLEET).await.version(), now.len()), (versions.0, versions.1 + 1));
    assert_eq!(now.last().map(String::as_str), Some("somebody"));
    // No number is given twice.
    let made = to.commit(&caller(1), create(77)).await.unwrap();
    let latest = from.snapshot(&caller(1)).await.unwrap().configurations().map(|c| c.seq).max().unwrap();
    assert!(made.snapshot.configuration(id(77)).unwrap().seq > latest);

    from.close().await;
    drop(from);
    assert_eq!(std::fs::read(folder.path().join("officeconfig.db")).unwrap(), before, "the folder is as it was");
}

fn known() -> Checkin {
    world::checkin(id(1), "LATE", Some("PC".into()))
}

/// The users of the fleet's rows, in order.
async fn rows(store: &dyn Store) -> Vec<String> {
    let page = store.statuses(&caller(FLEET), StatusQuery::all(id(1), 10_000)).await.unwrap();
    page.rows.iter().map(|row| row.user_id.to_string()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_copy_has_whole_tenants_only_and_is_gone_on_with() {
    let Some(database) = database().await else { return };
    let (_folder, from) = folder().await;
    let (proxy, to) = behind_a_proxy(&database).await;
    let cut = |progress| {
        if let Progress::Rows(2_000..) = progress {
            proxy.set(Cut::Everything);
        }
    };
    let refused = Transfer::begin(&from, &to, today(), &cut).await.unwrap().run().await;
    let fleet = caller(FLEET).tenant;
    assert!(matches!(refused, Err(TransferError::Write { tenant, .. }) if tenant == fleet), "{refused:?}");
    assert_eq!(count(&database, "tenants"), "1", "the one before it");
    assert_eq!(count(&database, "checkins"), "0");
    proxy.set(Cut::Nothing);
    let to = open(&database.app_url()).await;
    let stages = Mutex::new(Vec::new());
    let tell = |progress| {
        if let Progress::Tenant { stage, .. } = progress {
            stages.lock().unwrap().push(stage);
        }
    };
    let report = Transfer::begin(&from, &to, today(), &tell).await.unwrap().run().await.unwrap();
    assert_eq!((report.tenants, report.copied), (3, 2));
    assert_eq!(
        *stages.lock().unwrap(),
        [Stage::Found, Stage::Copying, Stage::Copying, Stage::Comparing, Stage::Comparing]
    );
    let again = copy(&from, &to).await.unwrap();
    assert_eq!(again, Report { copied: 0, ..report });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_whose_commit_has_no_answer_happens_once() {
    let Some(database) = database().await else { return };
    let (_folder, from) = folder().await;
    let (proxy, to) = behind_a_proxy(&database).await;
    // Each tenant's, one way after the other.
    let cuts = Mutex::new(vec![Cut::Question, Cut::Answer, Cut::Question]);
    let tell = |progress| {
        if let Progress::Tenant { stage: Stage::Copying, .. } = progress {
            proxy.set(cuts.lock().unwrap().pop().unwrap());
        }
    };
    let report = Transfer::begin(&from, &to, today(), &tell).await.unwrap().run().await.unwrap();
    assert!(proxy.has_cut() && cuts.lock().unwrap().is_empty());
    assert_eq!((report.tenants, report.copied), (3, 3));
    assert_eq!(count(&database, "checkins"), (ROWS + 1).to_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_that_is_there_and_differs_is_refused_by_name_before_anything_is_changed() {
    let Some(database) = database().await else { return };
    let (_folder, from) = folder().await;
    let to = open(&database.app_url()).await;
    commit(&to, TENANTS, 5).await.unwrap();
    let refused = copy(&from, &to).await.unwrap_err();
    let name = caller(TENANTS).tenant;
    assert!(matches!(&refused, TransferError::Taken(difference) if difference.tenant == name), "{refused}");
    assert!(refused.to_string().contains(&name.to_string()), "{refused}");
    assert_eq!((count(&database, "tenants"), count(&database, "configurations")), ("1".into(), "1".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_left_of_a_tenant_that_is_not_there_is_removed_and_nothing_of_others() {
    let Some(database) = database().await else { return };
    let (_folder, from) = folder().await;
    let to = open(&database.app_url()).await;
    commit(&to, 9, 1).await.unwrap();
    copy(&from, &to).await.unwrap();
    database.sql(&format!(
        "DELETE FROM officeconfig.tenant_version WHERE tenant = '{}'; UPDATE officeconfig.checkins SET ok = NOT ok",
        caller(FLEET).tenant
    ));
    // A server that has seen a tenant refuses one that went back.
    let to = open(&database.app_url()).await;
    let report = copy(&from, &to).await.unwrap();
    assert_eq!((report.tenants, report.copied), (3, 1));
    assert_eq!(count(&database, "checkins"), (ROWS + 1).to_string());
    assert_eq!(snapshot(&to, 9).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_meets_the_tenant_meanwhile_changes_nothing_of_it() {
    let Some(database) = database().await else { return };
    let (_folder, from) = folder().await;
    let (to, server) = (open(&database.app_url()).await, Arc::new(open(&database.app_url()).await));
    let met = Mutex::new(Vec::new());
    let tell = |progress| {
        if let Progress::Rows(2_000..) = progress
            && met.lock().unwrap().is_empty()
        {
            let server = Arc::clone(&server);
            let task = tokio::spawn(async move { commit(&server, FLEET, 50).await });
            met.lock().unwrap().push(task);
            // Until it waits.
            std::thread::sleep(std::time::Duration::from_millis(300));
        }
    };
    let report = Transfer::begin(&from, &to, today(), &tell).await.unwrap().run().await;
    let task = met.lock().unwrap().pop().unwrap();
    match task.await.unwrap() {
        // It was turned away while the tenant was on its way.
        Err(CommitError::Busy { .. }) => assert_eq!(report.unwrap().copied, 3),
        // It waited, and its change came to the tenant that was copied: the comparison says so.
        Ok(made) => {
            assert_eq!(made.version, from.snapshot(&caller(FLEET)).await.unwrap().version() + 1);
            assert!(matches!(report, Err(TransferError::Differs(_))) || report.is_ok());
        }
        Err(other) => panic!("{other}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_changed_in_the_database_is_found_and_named() {
    let Some(database) = database().await else { return };
    let (_folder, from) = folder().await;
    let to = open(&database.app_url()).await;
    copy(&from, &to).await.unwrap();
    to.close().await;
    let changes = [
        ("checkins SET ok = NOT ok WHERE key = 6000", "check-in row", "wasSuccessful"),
        ("checkins SET form = form + 1 WHERE key = 7051", "check-in row 7001 ", "checkinDateTime"),
        ("checkin_texts SET device_name = device_name || 'x' WHERE key = 17", "check-in row 17 ", "deviceName"),
        ("written_checkins SET applied = '[]' WHERE ordinal = 1", "check-in row 1 ", "appliedPolicies"),
        (
            "payloads SET content = set_byte(content, 299999, 0) WHERE length(content) = 300000",
            "policyPayload",
            "bytes",
        ),
        ("change_log SET changes = changes || ' ~o1' WHERE version = 6", "version 6 in the change log", "what changed"),
        ("assignments SET modified_form = modified_form + 1 WHERE target = 2", "client configuration", "assigned"),
        (
            "configurations SET status_version = 99 WHERE NOT recorded AND status_version > 0",
            "officeConfiguration",
            "99",
        ),
        ("checkin_reach SET newest = newest - 1 WHERE configuration = 1", "officeConfiguration", "latest day"),
        (
            "checkin_deltas SET seen = seen + 1, failed = failed + 1 WHERE client <> 0",
            "client configuration",
            "summary",
        ),
        ("tenants SET next_seq = next_seq + 1", "the tenant itself", "next place"),
    ];
    for (change, place, what) in changes {
        let (table, _) = change.split_once(' ').unwrap();
        database.sql(&format!("CREATE TABLE public.kept AS TABLE officeconfig.{table}"));
        let changed = database.sql(&format!("UPDATE officeconfig.{change} RETURNING 1"));
        assert!(changed.contains('1'), "{change}");
        match compare(&from, &database).await {
            Err(TransferError::Differs(found)) => {
                assert!(found.place.contains(place) && found.what.contains(what), "{change}: {found}");
            }
            other => panic!("{change}: {other:?}"),
        }
        let overriding = if table == "checkin_deltas" { "OVERRIDING SYSTEM VALUE" } else { "" };
        database.sql(&format!(
            "DELETE FROM officeconfig.{table}; INSERT INTO officeconfig.{table} {overriding} TABLE public.kept; DROP TABLE public.kept"
        ));
    }
    compare(&from, &database).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_comes_from_another_database_as_well() {
    let (Some(one), Some(other)) = (database().await, database().await) else { return };
    let (_folder, from) = folder().await;
    let (between, to) = (open(&one.app_url()).await, open(&other.app_url()).await);
    copy(&from, &between).await.unwrap();
    let report = copy(&between, &to).await.unwrap();
    assert_eq!(report, copy(&from, &to).await.map(|found| Report { copied: 3, ..found }).unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_are_told_as_they_are_copied() {
    let Some(database) = database().await else { return };
    let (_folder, from) = folder().await;
    let to = open(&database.app_url()).await;
    let done = AtomicUsize::new(0);
    let tell = |progress| {
        if let Progress::Rows(rows) = progress {
            done.fetch_add(rows, Ordering::Relaxed);
        }
    };
    let report = Transfer::begin(&from, &to, today(), &tell).await.unwrap().run().await.unwrap();
    assert_eq!(done.into_inner() as u64, 2 * report.rows, "copied, and compared");
}

/// PostgreSQL knows nothing of rows that have just come, and takes all of a configuration for one.
#[tokio::test(flavor = "multi_thread")]
async fn rows_of_a_page_are_looked_up_one_by_one_in_tables_that_were_never_analysed() {
    let Some(database) = database().await else { return };
    database.sql("ALTER TABLE officeconfig.checkin_texts SET (autovacuum_enabled = false)");
    let (_folder, from) = folder().await;
    let to = open(&database.app_url()).await;
    let report = copy(&from, &to).await.unwrap();
    closed(to, &database).await;
    let read = "SELECT sum(idx_tup_read) FROM pg_stat_user_indexes WHERE relname = 'checkin_texts'";
    let read: u64 = database.sql(read).parse().unwrap();
    assert!((report.rows - 4..3 * report.rows).contains(&read), "{read} entries were read for {} rows", report.rows);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_is_in_use_or_has_no_database_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("missing");
    assert!(matches!(SqliteStore::open_to_read(&missing), Err(OpenError::Missing { .. })));
    assert!(!missing.exists());
    let used = SqliteStore::open(SqliteOptions::new(folder.path())).unwrap();
    assert!(matches!(SqliteStore::open_to_read(folder.path()), Err(OpenError::InUse { .. })));
    used.commit(&caller(1), create(1)).await.unwrap();
    used.close().await;
    drop(used);
    let read = SqliteStore::open_to_read(folder.path()).unwrap();
    assert!(matches!(read.commit(&caller(1), create(2)).await, Err(CommitError::Unavailable(_))));
    assert_eq!(read.snapshot(&caller(1)).await.unwrap().len(), 1);
}
