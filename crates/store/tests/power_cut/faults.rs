//! A disk that is full, and one that stands still.

use std::sync::Arc;
use std::time::{Duration, Instant};

use odata::edm::DateTimeOffset;
use store::limits::{BUSY_RETRY_AFTER, CHECKIN_DEADLINE, COMMIT_DEADLINE, TENANT_QUEUE};
use store::sqlite::{SqliteOptions, SqliteStore, verify};
use store::{
    Caller, Checkin, CheckinReport, CheckinStatus, Command, Commit, CommitError, ConfigurationId, StatusQuery, Store,
    TenantId,
};
use uuid::Uuid;

use crate::vfs::{self, Disk};

struct Fixture {
    store: SqliteStore,
    disk: Arc<Disk>,
    caller: Caller,
    folder: tempfile::TempDir,
}

impl Fixture {
    fn new(name: &str) -> Self {
        let disk = vfs::register(name, false);
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(SqliteOptions::new(folder.path()).vfs(name)).unwrap();
        let caller = Caller { tenant: TenantId(Uuid::from_u128(1)), actor: "a".into() };
        Self { store, disk, caller, folder }
    }

    async fn create(&self, n: u128) -> Result<u64, CommitError> {
        self.store.commit(&self.caller, create(n)).await.map(|committed| committed.version)
    }
}

fn create(n: u128) -> Commit {
    let row = CheckinStatus {
        user_principal_name: None,
        device_name: None,
        device_platform: None,
        device_platform_version: None,
        was_successful: true,
        user_id: "u".into(),
        checkin: DateTimeOffset::from_unix_nanos(0),
        error_message: None,
        applied_policies: None,
    };
    let id = ConfigurationId(Uuid::from_u128(n));
    let command =
        Command::CreateConfiguration { id, default: false, summary: None, statuses: vec![row], clients: vec![] };
    Commit::of(DateTimeOffset::from_unix_nanos(0), command)
}

#[tokio::test]
async fn on_a_full_disk_writes_are_refused_reads_go_on_and_it_heals_by_itself() {
    let f = Fixture::new("full-disk");
    f.create(1).await.unwrap();
    f.disk.set_full(true);
    for _ in 0..3 {
        assert!(matches!(f.create(2).await, Err(CommitError::Full)));
    }
    let health = f.store.health();
    assert!(!health.writable && health.reason.is_some());
    let snapshot = f.store.snapshot(&f.caller).await.unwrap();
    assert_eq!((snapshot.version(), snapshot.len()), (1, 1), "what was refused is not seen");
    let query = StatusQuery::all(ConfigurationId(Uuid::from_u128(1)), 5);
    assert_eq!(f.store.statuses(&f.caller, query).await.unwrap().rows.len(), 1);
    f.disk.set_full(false);
    let started = Instant::now();
    while !f.store.health().writable {
        assert!(started.elapsed() < Duration::from_secs(10), "it heals without a commit");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(f.create(2).await.unwrap(), 2);
    f.store.close().await;
    drop(f.store);
    let report = verify(f.folder.path()).unwrap();
    assert!(report.is_sound(), "{report:?}");
    assert_eq!((report.configurations, report.commits), (2, 2));
}

#[tokio::test]
async fn a_commit_heals_it_too() {
    let f = Fixture::new("full-disk-commit");
    f.disk.set_full(true);
    assert!(matches!(f.create(1).await, Err(CommitError::Full)));
    f.disk.set_full(false);
    f.create(1).await.unwrap();
    assert!(f.store.health().writable);
}

#[tokio::test]
async fn a_full_queue_and_a_passed_deadline_are_answered_busy() {
    let f = Fixture::new("stalled");
    f.create(1).await.unwrap();
    f.disk.set_stalled(true);
    let first = f.store.commit(&f.caller, create(2));
    // The writer has taken it and waits for the disk.
    tokio::time::sleep(Duration::from_millis(300)).await;
    let other = Caller { tenant: TenantId(Uuid::from_u128(77)), actor: "other".into() };
    let mut waiting = Vec::new();
    let refused = loop {
        let n = 3 + waiting.len() as u128;
        let mut answer = f.store.commit(&f.caller, create(n));
        match futures_util::FutureExt::now_or_never(&mut answer) {
            None => waiting.push(answer),
            Some(answer) => break answer,
        }
        assert!(waiting.len() <= TENANT_QUEUE, "a tenant's queue has an end");
    };
    assert!(matches!(refused, Err(CommitError::Busy { retry_after }) if retry_after == BUSY_RETRY_AFTER));
    assert_eq!(waiting.len(), TENANT_QUEUE);
    let mut others = f.store.commit(&other, create(1));
    assert!(futures_util::FutureExt::now_or_never(&mut others).is_none(), "another tenant has room");
    waiting.push(others);
    tokio::time::sleep(COMMIT_DEADLINE + Duration::from_millis(200)).await;
    f.disk.set_stalled(false);
    assert_eq!(first.await.unwrap().version, 2, "what the writer had taken is done");
    for answer in waiting {
        assert!(matches!(answer.await, Err(CommitError::Busy { .. })), "what waited too long is not");
    }
    assert_eq!(f.create(3).await.unwrap(), 3);
}

/// A report of a device.
fn report(device: &str) -> Checkin {
    let report = CheckinReport { was_successful: true, error_message: None, device_platform_version: None };
    Checkin {
        configuration: ConfigurationId(Uuid::from_u128(1)),
        user_id: "u".into(),
        user_principal_name: None,
        device_name: Some(device.into()),
        device_platform: "windows".into(),
        at: DateTimeOffset::from_unix_nanos(0),
        applied: Vec::new(),
        report: Some(report),
    }
}

#[tokio::test]
async fn a_check_in_that_is_late_or_that_nobody_waits_for_any_more_is_left_undone() {
    let f = Fixture::new("late");
    let command = Command::CreateConfiguration {
        id: ConfigurationId(Uuid::from_u128(1)),
        default: false,
        summary: None,
        statuses: vec![],
        clients: vec![],
    };
    f.store.commit(&f.caller, Commit::of(DateTimeOffset::from_unix_nanos(0), command)).await.unwrap();
    f.disk.set_stalled(true);
    let first = f.store.record(&f.caller, report("first"));
    // The writer has taken it and waits for the disk.
    tokio::time::sleep(Duration::from_millis(300)).await;
    let late = f.store.record(&f.caller, report("late"));
    tokio::time::sleep(CHECKIN_DEADLINE + Duration::from_millis(200)).await;
    let patient = f.store.record(&f.caller, report("patient"));
    drop(f.store.record(&f.caller, report("forsaken")));
    // Of a commit only its end tells whether it was made.
    drop(f.store.commit(&f.caller, create(2)));
    f.disk.set_stalled(false);
    first.await.unwrap();
    assert!(matches!(late.await, Err(CommitError::Busy { .. })));
    patient.await.unwrap();
    let query = StatusQuery::all(ConfigurationId(Uuid::from_u128(1)), 9);
    let rows = f.store.statuses(&f.caller, query).await.unwrap().rows;
    let mut devices: Vec<_> = rows.iter().filter_map(|row| row.device_name.clone()).collect();
    devices.sort();
    assert_eq!(devices.iter().map(|name| &**name).collect::<Vec<_>>(), ["first", "patient"]);
    assert_eq!(f.store.snapshot(&f.caller).await.unwrap().len(), 2);
}

#[tokio::test]
async fn closing_finishes_what_was_accepted_and_refuses_the_rest() {
    let f = Fixture::new("closing");
    let accepted: Vec<_> = (1..=500).map(|n| f.store.commit(&f.caller, create(n))).collect();
    f.store.close().await;
    for answer in accepted {
        answer.await.unwrap();
    }
    assert!(matches!(f.create(501).await, Err(CommitError::Unavailable(_))));
    drop(f.store);
    let reopened = SqliteStore::open(SqliteOptions::new(f.folder.path())).unwrap();
    assert_eq!(reopened.snapshot(&f.caller).await.unwrap().len(), 500);
}
