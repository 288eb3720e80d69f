//! What an operator relies on: reopening, the lock, the schema check, backup, restore, verify.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::fs;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use odata::edm::DateTimeOffset;
use rusqlite::Connection;
use store::sqlite::{SqliteOptions, SqliteStore, backup, restore, verify};
use store::{
    Caller, CheckinStatus, ClientConfigurationId, ClientKind, Command, Commit, ConfigurationId, NewAssignment,
    NewClient, NewPayload, OpenError, Retention, StatusQuery, Store, Target, TenantId, TenantSnapshot,
};
use uuid::Uuid;

fn caller(n: u128) -> Caller {
    Caller { tenant: TenantId(Uuid::from_u128(n)), actor: "a".into() }
}

fn open(folder: &Path) -> Result<SqliteStore, OpenError> {
    SqliteStore::open(SqliteOptions::new(folder))
}

fn row(n: u128, ok: bool) -> CheckinStatus {
    CheckinStatus {
        user_principal_name: Some(format!("u{n}@x").into()),
        device_name: Some("pc".into()),
        device_platform: None,
        device_platform_version: Some("1".into()),
        was_successful: ok,
        user_id: format!("u{n}").into(),
        checkin: DateTimeOffset::parse("2026-11-23T10:00:00.5+01:00").unwrap(),
        error_message: (!ok).then(|| "e".into()),
        applied_policies: Some(vec!["p".into()]),
    }
}

fn commit(command: Command) -> Commit {
    Commit::of(DateTimeOffset::parse("2026-11-23T10:00:00Z").unwrap(), command)
}

fn client_id(n: u128) -> ClientConfigurationId {
    ClientConfigurationId(Uuid::from_u128(n << 32))
}

fn full_client(n: u128) -> NewClient {
    NewClient {
        id: client_id(n),
        kind: ClientKind::WindowsSecurity,
        display_name: Some("näme".into()),
        description: Some("d".into()),
        priority: None,
        policy_payload: Some(NewPayload::new("application/json", Bytes::from_static(b"[]"))),
        user_preference_payload: Some(NewPayload::new("x/y", Bytes::from(vec![7; 100_000]))),
        assignments: vec![
            NewAssignment { id: store::AssignmentId(Uuid::from_u128(n << 64 | 1)), target: None },
            NewAssignment {
                id: store::AssignmentId(Uuid::from_u128(n << 64 | 2)),
                target: Some(Target::Group { group_id: "g".into() }),
            },
        ],
    }
}

/// Something of every kind, in two tenants.
async fn fill(store: &SqliteStore) {
    for tenant in [1, 2] {
        for n in 1..=20_u128 {
            let command = Command::CreateConfiguration {
                id: ConfigurationId(Uuid::from_u128(n)),
                default: false,
                summary: None,
                statuses: vec![row(n, n % 2 == 0)],
                clients: vec![full_client(n), full_client(n + 100)],
            };
            store.commit(&caller(tenant), commit(command)).await.unwrap();
        }
        let delete = Command::DeleteConfiguration { id: ConfigurationId(Uuid::from_u128(3)) };
        store.commit(&caller(tenant), commit(delete)).await.unwrap();
        let configuration = store::default_configuration_id(caller(tenant).tenant);
        let checkins = (0..50).map(|n| row(n, n % 7 != 0)).collect();
        store.commit(&caller(tenant), commit(Command::RecordCheckins { configuration, checkins })).await.unwrap();
    }
}

async fn state(store: &SqliteStore) -> Vec<(Arc<TenantSnapshot>, Vec<CheckinStatus>)> {
    let mut all = Vec::new();
    for tenant in [1, 2] {
        let who = caller(tenant);
        let query = StatusQuery::all(store::default_configuration_id(who.tenant), 1000);
        let rows = store.statuses(&who, query).await.unwrap().rows;
        let snapshot = store.snapshot(&who).await.unwrap();
        all.push((snapshot, rows.iter().map(|r| CheckinStatus::clone(r)).collect()));
    }
    all
}

#[tokio::test]
async fn everything_is_there_after_reopening() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).unwrap();
    fill(&store).await;
    let before = state(&store).await;
    store.close().await;
    drop(store);
    let store = open(folder.path()).unwrap();
    assert_eq!(state(&store).await, before);
    let who = caller(1);
    let (id, client) = (ConfigurationId(Uuid::from_u128(1)), client_id(1));
    let large = store.payload(&who, id, client, store::PayloadKind::UserPreference).await.unwrap().unwrap();
    assert_eq!(large.1, vec![7; 100_000]);
}

#[tokio::test]
async fn everything_is_there_after_a_process_that_just_stopped() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).unwrap();
    fill(&store).await;
    let before = state(&store).await;
    // As the files are at this moment, with the log not moved.
    let copy = tempfile::tempdir().unwrap();
    for name in ["officeconfig.db", "officeconfig.db-wal"] {
        fs::copy(folder.path().join(name), copy.path().join(name)).unwrap();
    }
    let reopened = open(copy.path()).unwrap();
    assert_eq!(state(&reopened).await, before);
    drop(reopened);
    assert!(verify(copy.path()).unwrap().is_sound());
}

#[tokio::test]
async fn tenants_leave_memory_by_the_budget_and_come_back() {
    let folder = tempfile::tempdir().unwrap();
    let options = SqliteOptions::new(folder.path()).snapshot_budget(200_000);
    let store = SqliteStore::open(options).unwrap();
    for tenant in 1..=20 {
        for n in 1..=20_u128 {
            let command = Command::CreateConfiguration {
                id: ConfigurationId(Uuid::from_u128(n)),
                default: false,
                summary: None,
                statuses: vec![],
                clients: vec![full_client(n)],
            };
            store.commit(&caller(tenant), commit(command)).await.unwrap();
        }
    }
    let loaded = (1..=20).filter(|n| store.loaded_snapshot(&caller(*n)).is_some()).count();
    assert!((1..15).contains(&loaded), "{loaded} are in memory");
    for tenant in 1..=20 {
        assert_eq!(store.snapshot(&caller(tenant)).await.unwrap().len(), 20);
        let delete = Command::DeleteConfiguration { id: ConfigurationId(Uuid::from_u128(1)) };
        let committed = store.commit(&caller(21 - tenant), commit(delete)).await.unwrap();
        assert_eq!((committed.version, committed.snapshot.len()), (21, 19));
        store
            .commit(
                &caller(21 - tenant),
                commit(Command::CreateConfiguration {
                    id: ConfigurationId(Uuid::from_u128(1)),
                    default: false,
                    summary: None,
                    statuses: vec![],
                    clients: vec![],
                }),
            )
            .await
            .unwrap();
    }
}

#[test]
fn a_folder_in_use_is_refused_and_free_afterwards() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).unwrap();
    assert!(matches!(open(folder.path()), Err(OpenError::InUse { .. })));
    assert!(matches!(verify(folder.path()), Err(OpenError::InUse { .. })));
    drop(store);
    drop(open(folder.path()).unwrap());
}

fn tampered(sql: &str) -> OpenError {
    let folder = tempfile::tempdir().unwrap();
    drop(open(folder.path()).unwrap());
    Connection::open(folder.path().join("officeconfig.db")).unwrap().execute_batch(sql).unwrap();
    let error = open(folder.path()).err().expect("refused");
    assert!(verify(folder.path()).is_err());
    error
}

#[test]
fn a_newer_schema_is_refused() {
    let error = tampered("INSERT INTO schema_migrations VALUES (99, 'future', 'x', 'y')");
    assert!(matches!(error, OpenError::Newer { found: 99, .. }));
    assert!(error.to_string().contains("use a newer program"));
}

#[test]
fn an_altered_schema_is_refused() {
    for sql in [
        "UPDATE schema_migrations SET sha256 = 'x'",
        "DELETE FROM schema_migrations",
        "ALTER TABLE configurations ADD COLUMN mine TEXT",
        "DROP INDEX checkins_by_time",
        "CREATE TABLE mine (x)",
        "CREATE TRIGGER t AFTER INSERT ON change_log BEGIN SELECT 1; END",
    ] {
        let error = tampered(sql);
        let refused = matches!(error, OpenError::Altered { .. } | OpenError::Database(_));
        assert!(refused, "{sql}: {error:?}");
    }
}

#[test]
fn a_file_that_is_not_ours_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("officeconfig.db");
    fs::write(&path, b"this is no database, but something that somebody wrote here for himself").unwrap();
    assert!(matches!(open(folder.path()), Err(OpenError::Foreign { .. })));
    assert!(fs::read(&path).unwrap().starts_with(b"this is no"));
    fs::remove_file(&path).unwrap();
    Connection::open(&path).unwrap().execute_batch("CREATE TABLE theirs (x)").unwrap();
    assert!(matches!(open(folder.path()), Err(OpenError::Foreign { .. })));
}

#[tokio::test]
async fn a_backup_taken_under_load_restores_to_one_moment() {
    let folder = tempfile::tempdir().unwrap();
    let store = Arc::new(open(folder.path()).unwrap());
    fill(&store).await;
    let writing = {
        let store = Arc::clone(&store);
        tokio::spawn(async move {
            for n in 1_000..1_300_u128 {
                let id = ConfigurationId(Uuid::from_u128(n));
                let command = Command::CreateConfiguration {
                    id,
                    default: false,
                    summary: None,
                    statuses: vec![row(n, true)],
                    clients: vec![],
                };
                store.commit(&caller(1), commit(command)).await.unwrap();
            }
        })
    };
    let copies = tempfile::tempdir().unwrap();
    let (from, to) = (folder.path().to_owned(), copies.path().join("backup"));
    let report = {
        let (from, to) = (from.clone(), to.clone());
        tokio::task::spawn_blocking(move || backup(&from, &to)).await.unwrap().unwrap()
    };
    assert_eq!(report.bytes, fs::metadata(&report.database).unwrap().len());
    assert!(matches!(backup(&from, &to), Err(OpenError::NotEmpty { .. })));
    writing.await.unwrap();

    let target = copies.path().join("restored");
    restore(&to, &target).unwrap();
    assert!(matches!(restore(&to, &target), Err(OpenError::NotEmpty { .. })));
    assert!(matches!(restore(&to, &from), Err(OpenError::InUse { .. })));
    let sound = verify(&target).unwrap();
    assert!(sound.is_sound(), "{sound:?}");
    let restored = open(&target).unwrap();
    let (old, new) = (restored.snapshot(&caller(1)).await.unwrap(), store.snapshot(&caller(1)).await.unwrap());
    assert!(old.version() <= new.version());
    for configuration in old.configurations() {
        assert_eq!(new.configuration(configuration.id), Some(configuration));
    }
    assert_eq!(state(&restored).await[1], state(&store).await[1]);
}

#[test]
fn a_damaged_backup_is_not_restored() {
    let folder = tempfile::tempdir().unwrap();
    drop(open(folder.path()).unwrap());
    let copies = tempfile::tempdir().unwrap();
    let to = copies.path().join("backup");
    backup(folder.path(), &to).unwrap();
    let path = to.join("officeconfig.db");
    let connection = Connection::open(&path).unwrap();
    let orphan = "INSERT INTO assignments VALUES (9, 9, 0, randomblob(16), NULL, NULL, 0, 524272, 0, 524272, 1)";
    connection.execute_batch(orphan).unwrap();
    drop(connection);
    let target = copies.path().join("restored");
    assert!(matches!(restore(&to, &target), Err(OpenError::Damaged { .. })));
    assert!(!store::sqlite::exists(&target));
    assert!(matches!(restore(copies.path(), &target), Err(OpenError::Missing { .. })));
}

#[tokio::test]
async fn verify_names_what_is_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).unwrap();
    fill(&store).await;
    drop(store);
    let report = verify(folder.path()).unwrap();
    assert!(report.is_sound(), "{report:?}");
    assert_eq!((report.tenants, report.configurations, report.clients), (2, 40, 76));
    assert_eq!((report.statuses, report.commits), (2 * (19 + 50), 44));
    let path = folder.path().join("officeconfig.db");
    for (sql, check) in [
        ("UPDATE client_configurations SET priority = 0 WHERE tenant = 1", "priorities"),
        ("DELETE FROM change_log WHERE tenant = 1 AND version = 5", "log"),
        ("UPDATE change_log SET entries = '[]' WHERE tenant = 1 AND version = 5", "log"),
        ("UPDATE change_log SET entries = 'gone' WHERE tenant = 1 AND version = 5", "log"),
        ("UPDATE tenants SET version = 3 WHERE id = 1", "versions"),
        ("UPDATE tenants SET next_seq = 2 WHERE id = 1", "order"),
        ("DELETE FROM written_checkins WHERE tenant = 2 AND configuration = 1", "statuses"),
        ("DELETE FROM failed_checkins WHERE owner = 2", "statuses"),
        ("DELETE FROM checkin_texts WHERE id = (SELECT max(id) FROM checkin_texts)", "statuses"),
        ("UPDATE checkin_texts SET device = device + 1", "statuses"),
        ("UPDATE checkin_texts SET user_id = 'somebody'", "statuses"),
        ("UPDATE checkin_days SET seen = seen + 1", "summaries"),
        ("UPDATE checkin_days SET rows = rows - 1", "summaries"),
        ("UPDATE checkin_owners SET next = 1", "references"),
        ("UPDATE checkin_words SET kind = kind + 4", "references"),
        ("DELETE FROM checkin_owners", "references"),
        ("UPDATE configurations SET id = (SELECT id FROM configurations LIMIT 1) WHERE tenant = 1", "ids"),
        ("DELETE FROM client_configurations WHERE tenant = 1", "references"),
    ] {
        let damaged = tempfile::tempdir().unwrap();
        let copy = damaged.path().join("officeconfig.db");
        fs::copy(&path, &copy).unwrap();
        Connection::open(&copy).unwrap().execute_batch(sql).unwrap();
        let report = verify(damaged.path()).unwrap();
        assert!(report.findings.iter().any(|f| f.check == check), "{sql}: {report:?}");
    }
}

#[tokio::test]
async fn a_log_that_is_too_long_becomes_shorter_a_few_rows_with_each_transaction() {
    let folder = tempfile::tempdir().unwrap();
    let create = |n| Command::CreateConfiguration {
        id: ConfigurationId(Uuid::from_u128(n)),
        default: false,
        summary: None,
        statuses: vec![],
        clients: vec![],
    };
    let rows = || -> i64 {
        let connection = Connection::open(folder.path().join("officeconfig.db")).unwrap();
        connection.query_row("SELECT count(*) FROM change_log", (), |row| row.get(0)).unwrap()
    };
    let store = open(folder.path()).unwrap();
    for n in 1..=20 {
        store.commit(&caller(1), commit(create(n))).await.unwrap();
    }
    drop(store);
    assert_eq!(rows(), 20);
    let retention = Retention { commits: 2, ..Retention::default() };
    let store = SqliteStore::open(SqliteOptions::new(folder.path()).retention(retention)).unwrap();
    let trimmed = i64::from(store::limits::LOG_ROWS_TRIMMED);
    for (n, left) in [(21, 21 - trimmed), (22, 22 - 2 * trimmed), (23, 23 - 3 * trimmed)] {
        store.commit(&caller(1), commit(create(n))).await.unwrap();
        assert_eq!(rows(), left);
    }
    for n in 24..=40 {
        store.commit(&caller(1), commit(create(n))).await.unwrap();
    }
    assert_eq!(rows(), 2);
    drop(store);
    let report = verify(folder.path()).unwrap();
    assert!(report.is_sound(), "{report:?}");
}
