//! One large fleet, recorded by the same script into SQLite and into PostgreSQL: every shape of pages of R4, to the end, all counts and all summaries are
//! the same. How many devices: `OFFICECONFIG_AGREEMENT_DEVICES`, of which CI has few and a run by hand a million.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;
use std::time::Instant;

use futures_util::future::join_all;
use odata::edm::DateTimeOffset;
use store::{
    Caller, Checkin, CheckinReport, CheckinStatus, Command, Commit, CommitError, ConfigurationId, StatusPage,
    StatusQuery, Store, StoreError, Summary,
};

use super::commands::{caller, client_id, configuration_id, now};
use super::held::{Held, Kind};
use super::model::Office;

const DEVICES: u64 = 20_000;
/// Check-ins that are under way at once, each of another user: their order is nobody's to say.
const AT_ONCE: u64 = 250;
const PAGE: usize = 1_000;
/// Rows past which an order without an index is not walked to its end: each page sorts them all.
const SORTED_MAX: u64 = 50_000;
const TICKS_A_DAY: u64 = 864_000_000_000;
/// More than are kept, so that the first ones are too old at the end.
const DAYS: u64 = 100;

/// Few rows, many, all; by what has an index, by pairs of that, and by what has none.
const FILTERS: &[&str] = &[
    "",
    "userId eq 'user00007'",
    "userId eq 'USER00008'",
    "userId eq '00000003-0000-4000-8000-000000000000'",
    "startswith(userId,'user0001')",
    "startswith(userId,'0000')",
    "userPrincipalName eq 'person00010@contoso.example'",
    "startswith(userPrincipalName,'person0002')",
    "userPrincipalName eq null",
    "deviceName eq 'PC-00012'",
    "startswith(deviceName,'PC-0003')",
    "startswith(deviceName,'pc')",
    "wasSuccessful eq false",
    "wasSuccessful",
    "checkinDateTime ge 2026-11-01T00:00:00Z",
    "checkinDateTime ge 2026-09-10T00:00:00Z and checkinDateTime lt 2026-09-12T12:00:00+02:00",
    "startswith(userId,'user000') and wasSuccessful eq false",
    "startswith(deviceName,'PC-00') and wasSuccessful",
    "startswith(userPrincipalName,'person000') and checkinDateTime gt 2026-10-01T00:00:00Z",
    "wasSuccessful eq false and checkinDateTime ge 2026-11-15T00:00:00Z",
    "startswith(userId,'user00') and startswith(deviceName,'PC-000')",
    "contains(userPrincipalName,'77@') or endswith(deviceName,'123')",
    "devicePlatform in ('mac','web') and errorMessage ne null",
    "devicePlatformVersion eq null and length(userId) eq 9",
    "appliedPolicies/any(p:p eq '00000000-0000-0000-0000-000100000000')",
];
/// The last one has no index.
const ORDERS: &[&str] = &["", "checkinDateTime", "checkinDateTime desc", "deviceName desc,userId,devicePlatform"];

fn fleet() -> ConfigurationId {
    configuration_id(1, 1)
}

/// The `n`th check-in of a script: each device once, two of a user, then every fourth again with another outcome.
struct Script {
    devices: u64,
}

impl Script {
    fn len(&self) -> u64 {
        self.devices + self.devices / 4
    }

    fn users(&self) -> u64 {
        // Far more than are under way at once, so that these are of different users.
        self.devices.div_ceil(2)
    }

    fn checkin(&self, n: u64) -> Checkin {
        let place = if n < self.devices { n } else { (n - self.devices) * 4 + n % 3 };
        let (user, second) = (place % self.users(), place / self.users() % 2);
        let is_guid = user % 3 == 0;
        let mixed = n.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 33;
        let first = now().ticks().unsigned_abs() - DAYS * TICKS_A_DAY;
        // No two at one instant.
        let at = first + n * (DAYS * TICKS_A_DAY / self.len());
        Checkin {
            configuration: fleet(),
            user_id: if is_guid {
                format!("{user:08x}-0000-4000-8000-000000000000").into()
            } else {
                format!("user{user:05}").into()
            },
            user_principal_name: (user % 7 != 0).then(|| {
                format!("person{user:05}@{}.example", ["contoso", "fabrikam"][usize::from(user % 5 == 0)]).into()
            }),
            device_name: (user % 11 != 0 || second == 1)
                .then(|| format!("{}-{:05}", if user % 13 == 0 { "pc" } else { "PC" }, user * 2 + second).into()),
            device_platform: ["windows", "windows", "mac", "ios", "web"][usize::try_from(user % 5).unwrap()].into(),
            at: DateTimeOffset::from_ticks(at.cast_signed()).unwrap(),
            applied: (1..4_u128).filter(|client| mixed >> client & 1 == 1).map(client_id).collect(),
            report: (mixed % 5 < 3).then(|| CheckinReport {
                was_successful: mixed % 5 < 2,
                error_message: (mixed % 5 == 2).then(|| format!("it failed {}", mixed % 9).into()),
                device_platform_version: mixed.is_multiple_of(2).then(|| format!("10.0.{}", mixed % 4).into()),
            }),
        }
    }
}

/// Records the script; who is turned away comes again, as clients do.
async fn record(store: &dyn Store, who: &Caller, script: &Script) {
    for first in (0..script.len()).step_by(usize::try_from(AT_ONCE).unwrap()) {
        let window = (first..script.len().min(first + AT_ONCE)).map(|n| async move {
            loop {
                match store.record(who, script.checkin(n)).await {
                    Ok(()) => return,
                    Err(CommitError::Busy { .. }) => tokio::task::yield_now().await,
                    Err(error) => panic!("{n}: {error:?}"),
                }
            }
        });
        join_all(window).await;
    }
}

/// What a walk through the pages of a query came to.
#[derive(Debug, PartialEq, Eq)]
struct Walked {
    rows: u64,
    count: Option<u64>,
    /// Of the rows in their order, or whatever their order is.
    digest: u64,
}

/// Walks through the pages, at most so many.
async fn walk(store: &dyn Store, who: &Caller, mut query: StatusQuery, pages: u64) -> Result<Walked, StoreError> {
    let in_order = !query.order.is_empty();
    let mut walked = Walked { rows: 0, count: None, digest: 0 };
    for n in 0..pages {
        let StatusPage { rows, count, next } = store.statuses(who, query.clone()).await?;
        assert!(rows.len() == query.limit || next.is_none(), "a page that is not the last is full");
        walked.count = if n == 0 { count } else { walked.count };
        walked.rows += rows.len() as u64;
        for row in &rows {
            let carried = if in_order { walked.digest.rotate_left(7) } else { walked.digest };
            walked.digest = carried.wrapping_add(digest(row));
        }
        (query.count, query.after) = (false, next);
        if query.after.is_none() {
            // Everything that the filter takes was there, once.
            assert!(walked.count.is_none_or(|count| count == walked.rows), "{walked:?}");
            break;
        }
    }
    Ok(walked)
}

fn digest(row: &Arc<CheckinStatus>) -> u64 {
    let mut hasher = DefaultHasher::new();
    format!("{row:?}").hash(&mut hasher);
    hasher.finish()
}

/// Both stores with one fleet.
struct Estate {
    stores: [Held; 2],
    who: Caller,
    office: Office,
}

impl Estate {
    /// How many shapes were compared, and how many rows in them; those that took a store too long are named.
    async fn compare_pages(&self, devices: u64) -> (usize, u64, Vec<String>) {
        let (mut shapes, mut rows, mut late) = (0, 0, Vec::new());
        for (n, filter) in FILTERS.iter().enumerate() {
            for order in ORDERS {
                let query = StatusQuery {
                    filter: (!filter.is_empty()).then(|| self.office.filter(filter)),
                    order: self.office.order(order),
                    applied_policy: (n % 3 == 1).then(|| client_id(2)),
                    count: true,
                    ..StatusQuery::all(fleet(), PAGE)
                };
                let pages = if order.contains(',') && devices > SORTED_MAX { 2 } else { u64::MAX };
                let [one, two] = [&self.stores[0], &self.stores[1]].map(|held| self.walked(held, &query, pages));
                match (one.await, two.await) {
                    (Some(one), Some(two)) => {
                        assert_eq!(one, two, "{filter:?} by {order:?}");
                        (shapes, rows) = (shapes + 1, rows + one.rows);
                    }
                    _ => late.push(format!("{filter:?} by {order:?}")),
                }
            }
        }
        (shapes, rows, late)
    }

    /// `None` when the store takes too long for it, again and again: the machine may do much else.
    async fn walked(&self, held: &Held, query: &StatusQuery, pages: u64) -> Option<Walked> {
        for _ in 0..3 {
            match walk(held.store(), &self.who, query.clone(), pages).await {
                Ok(walked) => return Some(walked),
                Err(StoreError::Deadline { .. }) => {}
                Err(error) => panic!("{query:?}: {error:?}"),
            }
        }
        None
    }

    async fn compare_counts(&self) -> u64 {
        let mut told = Vec::new();
        for held in &self.stores {
            let (store, mut all) = (held.store(), Vec::<Summary>::new());
            for client in [None, Some(1), Some(2), Some(3), Some(9)] {
                for days in [0, 1, 7, 40, 91, 92, 120] {
                    let today = now().unix_day() - days;
                    all.push(store.summary(&self.who, fleet(), client.map(client_id), today).await.unwrap());
                }
            }
            let rows = store.snapshot(&self.who).await.unwrap().configuration(fleet()).unwrap().status_count;
            told.push((all, rows));
        }
        assert_eq!(told[0], told[1]);
        assert!(told[0].0[0].succeeded > 0 && told[0].0[0].failed > 0, "{:?}", told[0]);
        told[0].1
    }
}

#[test]
fn r4_r5_a_large_fleet_is_told_alike_by_sqlite_and_by_postgres() {
    let asked = std::env::var("OFFICECONFIG_AGREEMENT_DEVICES");
    let devices = asked.map_or(DEVICES, |asked| asked.parse().expect("a number of devices"));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let Some(postgres) = Held::new(Kind::Postgres).await else { return };
        let stores = [Held::new(Kind::Sqlite).await.unwrap(), postgres];
        let estate = Estate { stores, who: caller(1), office: Office::new() };
        let script = Script { devices };
        for (held, name) in estate.stores.iter().zip(["SQLite", "PostgreSQL"]) {
            let id = fleet();
            let made = Command::CreateConfiguration { id, default: false, summary: None, statuses: vec![], clients: vec![] };
            held.store().commit(&estate.who, Commit::of(now(), made)).await.unwrap();
            let start = Instant::now();
            record(held.store(), &estate.who, &script).await;
            eprintln!("{name}: {} check-ins after {:.1?}", script.len(), start.elapsed());
        }
        let start = Instant::now();
        let kept = estate.compare_counts().await;
        let (shapes, rows, late) = estate.compare_pages(devices).await;
        eprintln!("{kept} rows; {shapes} shapes with {rows} rows in all are the same, after {:.1?}; past their time: {late:?}", start.elapsed());
        assert!(kept > devices / 2, "{kept} of {devices} devices");
        assert!(late.len() * 4 < shapes, "too few shapes were compared");
    });
}
