//! The workload, and what it was told: each acknowledged commit with the position in the record of the disk at that moment.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use odata::edm::DateTimeOffset;
use store::sqlite::SqliteStore;
use store::{
    Caller, Change, Checkin, CheckinReport, CheckinStatus, ClientConfigurationId, ClientKind, Command, Commit,
    ConfigurationId, NewClient, NewPayload, StatusQuery, Store, TenantId, default_configuration_id,
};
use uuid::Uuid;

use crate::vfs::Disk;

const TASKS: u128 = 16;
const ROUNDS: u128 = 30;
const TENANTS: u128 = 3;

/// A commit that was acknowledged when the record of the disk had `position` events.
pub(crate) struct Entry {
    position: usize,
    tenant: u128,
    version: u64,
    configuration: ConfigurationId,
}

/// A check-in that was acknowledged when the record of the disk had `position` events.
pub(crate) struct CheckedIn {
    position: usize,
    tenant: u128,
    user: Arc<str>,
    at: DateTimeOffset,
}

pub(crate) struct Ledger {
    pub(crate) entries: Vec<Entry>,
    pub(crate) checkins: Vec<CheckedIn>,
    /// Position at the end of the workload, before the store is closed.
    pub(crate) until: usize,
}

fn caller(tenant: u128) -> Caller {
    Caller { tenant: TenantId(Uuid::from_u128(tenant)), actor: "power".into() }
}

fn row(n: u128, ok: bool) -> CheckinStatus {
    CheckinStatus {
        user_principal_name: Some(format!("user{n}@contoso.example").into()),
        device_name: Some(format!("pc{n}").into()),
        device_platform: None,
        device_platform_version: None,
        was_successful: ok,
        user_id: format!("user{n}").into(),
        checkin: DateTimeOffset::from_unix_nanos(1_763_000_000_000_000_000),
        error_message: None,
        applied_policies: None,
    }
}

/// A configuration with a row and a client configuration with a payload: all or nothing.
fn create(n: u128) -> Command {
    let client = NewClient {
        id: ClientConfigurationId(Uuid::from_u128(n + 1)),
        kind: ClientKind::Windows,
        display_name: Some("c".into()),
        description: None,
        priority: None,
        policy_payload: Some(NewPayload::new("text/plain", Bytes::from(vec![b'x'; 3_000]))),
        user_preference_payload: None,
        assignments: Vec::new(),
    };
    Command::CreateConfiguration {
        id: ConfigurationId(Uuid::from_u128(n)),
        default: false,
        summary: None,
        statuses: vec![row(n, true)],
        clients: vec![client],
    }
}

/// Commits from many tasks until each has had its rounds.
pub(crate) fn run(store: SqliteStore, disk: &Arc<Disk>) -> Ledger {
    let store: Arc<dyn Store> = Arc::new(store);
    let entries = Arc::new(Mutex::new(Vec::new()));
    let checkins = Arc::new(Mutex::new(Vec::new()));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
    runtime.block_on(async {
        let tasks: Vec<_> = (0..TASKS)
            .map(|task| {
                let (store, disk) = (Arc::clone(&store), Arc::clone(disk));
                let (entries, checkins) = (Arc::clone(&entries), Arc::clone(&checkins));
                tokio::spawn(async move {
                    let checking_in = check_in(task, &store, &disk, &checkins);
                    tokio::join!(work(task, Arc::clone(&store), Arc::clone(&disk), entries), checking_in);
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
    });
    let until = disk.len();
    drop(runtime);
    let entries = std::mem::take(&mut *entries.lock().unwrap());
    let checkins = std::mem::take(&mut *checkins.lock().unwrap());
    Ledger { entries, checkins, until }
}

/// A few devices come again and again, some of them failing, a day later each time.
async fn check_in(task: u128, store: &Arc<dyn Store>, disk: &Arc<Disk>, checkins: &Mutex<Vec<CheckedIn>>) {
    let tenant = 1 + task % TENANTS;
    let who = caller(tenant);
    for round in 0..ROUNDS * 4 {
        let user: Arc<str> = format!("device{task}-{}", round % 3).into();
        let seconds = i128::try_from(1_763_000_000 + round / 12 * 86_400 + round).unwrap();
        let at = DateTimeOffset::from_unix_nanos(seconds * 1_000_000_000);
        let report = (round % 7 == 0).then(|| CheckinReport {
            was_successful: round % 2 == 0,
            error_message: None,
            device_platform_version: Some(format!("{round}").into()),
        });
        let checkin = Checkin {
            configuration: default_configuration_id(who.tenant),
            user_id: Arc::clone(&user),
            user_principal_name: None,
            device_name: Some("pc".into()),
            device_platform: "mac".into(),
            at,
            applied: vec![ClientConfigurationId(Uuid::from_u128(round / 30))],
            report,
        };
        store.record(&who, checkin).await.unwrap();
        checkins.lock().unwrap().push(CheckedIn { position: disk.len(), tenant, user, at });
    }
}

async fn work(task: u128, store: Arc<dyn Store>, disk: Arc<Disk>, entries: Arc<Mutex<Vec<Entry>>>) {
    let tenant = 1 + task % TENANTS;
    let who = caller(tenant);
    for round in 0..ROUNDS {
        let n = (task * ROUNDS + round + 1) << 64;
        let configuration = ConfigurationId(Uuid::from_u128(n));
        let now = DateTimeOffset::from_unix_nanos(1_763_000_000_000_000_000);
        let mut commands = vec![create(n)];
        if round % 3 == 1 {
            commands.push(Command::RecordCheckins { configuration, checkins: vec![row(n, false), row(n + 1, true)] });
        }
        for command in commands {
            let committed = store.commit(&who, Commit::of(now, command)).await.unwrap();
            let entry = Entry { position: disk.len(), tenant, version: committed.version, configuration };
            entries.lock().unwrap().push(entry);
        }
        if round % 6 == 2 {
            // Pages are freed and used again.
            let id = configuration;
            let statuses = Change::Set((0..50).map(|m| row(m, true)).collect());
            let summary = Change::Keep;
            let command = Command::UpdateConfiguration { id, default_may_be_created: false, summary, statuses };
            store.commit(&who, Commit::of(now, command)).await.unwrap();
        }
    }
}

impl Ledger {
    /// Whether everything acknowledged by the instant is there, and nothing is there in part.
    pub(crate) fn check(&self, store: &SqliteStore, instant: usize) -> Result<(), String> {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            for tenant in 1..=TENANTS {
                let who = caller(tenant);
                let snapshot = store.snapshot(&who).await.map_err(|e| format!("not read: {e:?}"))?;
                let acknowledged = self.entries.iter().filter(|e| e.tenant == tenant && e.position <= instant);
                for entry in acknowledged {
                    if snapshot.version() < entry.version {
                        return Err(format!("version {} is lost, {} is there", entry.version, snapshot.version()));
                    }
                    if snapshot.configuration(entry.configuration).is_none() {
                        return Err(format!("configuration {} is lost", entry.configuration));
                    }
                }
                self.check_devices(store, tenant, instant).await?;
                for found in snapshot.configurations().filter(|found| !found.is_default) {
                    let client = found.clients.iter().next();
                    let whole = client.is_some_and(|c| c.policy_payload.as_ref().is_some_and(|p| p.len == 3_000));
                    if !whole || found.status_count == 0 {
                        return Err(format!("configuration {} is there in part", found.id));
                    }
                }
                let last = snapshot.configurations().filter(|found| !found.is_default).last();
                if let Some(last) = last {
                    let query = StatusQuery::all(last.id, 100);
                    let page = store.statuses(&who, query).await.map_err(|e| format!("rows not read: {e:?}"))?;
                    if page.rows.len() as u64 != last.status_count {
                        return Err(format!("rows of configuration {} are lost", last.id));
                    }
                }
            }
            Ok(())
        })
    }

    /// Whether no device is where it was before its last acknowledged check-in.
    async fn check_devices(&self, store: &SqliteStore, tenant: u128, instant: usize) -> Result<(), String> {
        let who = caller(tenant);
        let query = StatusQuery::all(default_configuration_id(who.tenant), 1_000);
        let page = store.statuses(&who, query).await.map_err(|e| format!("devices not read: {e:?}"))?;
        let last: HashMap<&str, DateTimeOffset> = page.rows.iter().map(|row| (&*row.user_id, row.checkin)).collect();
        for told in self.checkins.iter().filter(|told| told.tenant == tenant && told.position <= instant) {
            if last.get(&*told.user).is_none_or(|found| *found < told.at) {
                return Err(format!("the check-in of {} at {} is lost", told.user, told.at));
            }
        }
        Ok(())
    }
}
