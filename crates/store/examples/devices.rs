//! What a fleet costs the store, alone: `cargo run --profile bench -p store --example devices -- --devices 1000000 [--batch 1024] [--folder F]`.
//! Prints JSON: bytes a device on disk, microseconds of the writer for each check-in (the first of each device, the same again, the first of
//! the next day), the longest time without a commit while some waited, how long a start takes, and how long pages of ruling R4 and summaries take.
#![expect(clippy::print_stdout, reason = "it is a program that prints")]

use std::error::Error;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use odata::edm::DateTimeOffset;
use odata::expr::{Expr, ExprType, Node, Step};
use odata::model::EdmType;
use odata::plan::OrderBy;
use serde_json::{Value, json};
use store::sqlite::{SqliteOptions, SqliteStore};
use store::{
    Caller, Checkin, CheckinReport, ClientConfigurationId, ConfigurationId, Observer, StatusQuery, Store, TenantId,
    Transaction, default_configuration_id,
};
use uuid::Uuid;

type Failed = Box<dyn Error>;

const NEXT_DAY_TICKS: u64 = 864_000_000_000;
/// Pages of each shape.
const PAGES: usize = 20;

/// Filter, and order by time: none, up, down. `{name}` stands for what a device in the middle has.
const SHAPES: &[(&str, Option<bool>)] = &[
    ("", None),
    ("", Some(false)),
    ("", Some(true)),
    ("userId eq '{user}'", None),
    ("startswith(userId,'{user5}')", None),
    ("startswith(userId,'{user1}')", Some(true)),
    ("userPrincipalName eq '{upn}'", Some(true)),
    ("startswith(userPrincipalName,'anna.s')", None),
    ("startswith(userPrincipalName,'{upn12}')", None),
    ("deviceName eq '{device}'", None),
    ("startswith(deviceName,'{device9}')", Some(true)),
    ("startswith(deviceName,'LAPTOP-')", Some(false)),
    ("wasSuccessful eq true", None),
    ("wasSuccessful eq false", None),
    ("wasSuccessful eq false", Some(true)),
    ("checkinDateTime ge {early}", None),
    ("checkinDateTime ge {late}", None),
    ("checkinDateTime lt {late}", Some(true)),
    ("wasSuccessful eq false and startswith(deviceName,'{device9}')", None),
    ("wasSuccessful eq false and startswith(deviceName,'LAPTOP-')", Some(true)),
    ("wasSuccessful eq false and checkinDateTime ge {late}", None),
    ("wasSuccessful eq false and startswith(userId,'{user1}')", None),
    ("startswith(userPrincipalName,'anna.s') and startswith(deviceName,'{device9}')", None),
    ("startswith(userPrincipalName,'anna.s') and wasSuccessful eq false", None),
    ("startswith(deviceName,'{device9}') and checkinDateTime ge {late}", Some(true)),
    ("userId eq '{user}' and wasSuccessful eq true", None),
];

/// What the writer did.
#[derive(Default)]
struct Seen {
    transactions: u32,
    checkins: u64,
    took: Duration,
    longest: Duration,
    last: Option<Instant>,
}

#[derive(Default)]
struct Watch(Mutex<Seen>);

impl Watch {
    fn take(&self) -> Seen {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Observer for Watch {
    fn transaction(&self, done: Transaction) {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        // What is done between two transactions delays whoever waits, too.
        let since = seen.last.map_or(done.took, |last| now - last);
        seen.longest = seen.longest.max(since);
        seen.last = Some(now);
        seen.transactions += 1;
        seen.checkins += done.checkins;
        seen.took += done.took;
    }

    fn refused(&self) {}
}

/// A device, by its number: everything about it looks random and is the same each time.
struct Device {
    user: u128,
    number: u64,
    mixed: u64,
}

fn mix(n: u64) -> u64 {
    let n = (n ^ (n >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let n = (n ^ (n >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    n ^ (n >> 31)
}

impl Device {
    /// 1.3 devices a user.
    fn new(number: u64, devices: u64) -> Self {
        let users = (devices * 10 / 13).max(1);
        let user = if number < users { number } else { mix(number) % users };
        let (high, low) = (mix(user + 1), mix(user + 0x5000_0000_0000));
        Self { user: u128::from(high) << 64 | u128::from(low), number, mixed: mix(number + 0x9000_0000_0000) }
    }

    fn user_id(&self) -> String {
        Uuid::from_u128(self.user).to_string()
    }

    /// 26 to 31 characters.
    fn upn(&self) -> String {
        const FIRST: [&str; 8] = ["anna", "bert", "carla", "dieter", "emma", "fritz", "gerda", "hugo"];
        const LAST: [&str; 8] = ["schmid", "weber", "keller", "huber", "lang", "berg", "vogt", "roth"];
        let pick = |at: u32| usize::try_from(self.user >> at & 7).unwrap_or(0);
        format!("{}.{}{:05}@contoso.com", FIRST[pick(0)], LAST[pick(3)], (self.user >> 20) % 100_000)
    }

    /// 14 characters.
    fn name(&self) -> String {
        format!("LAPTOP-{:07X}", self.mixed & 0xfff_ffff)
    }

    fn checkin(&self, of: ConfigurationId, ticks: i64, is_report: bool) -> Checkin {
        // Two of thirty configurations, in three dozen sets.
        let set = self.mixed >> 32 & 31;
        let report = is_report.then(|| {
            let was_successful = !self.number.is_multiple_of(20);
            CheckinReport {
                was_successful,
                error_message: (!was_successful).then(|| "The registry could not be written: 0x80070005".into()),
                device_platform_version: Some(format!("10.0.{}", 26_100 + (self.mixed >> 40) % 7).into()),
            }
        });
        let client = |n: u64| ClientConfigurationId(Uuid::from_u128(u128::from(mix(n)) << 64 | 7));
        Checkin {
            configuration: of,
            user_id: self.user_id().into(),
            user_principal_name: Some(self.upn().into()),
            device_name: Some(self.name().into()),
            device_platform: "windows".into(),
            at: DateTimeOffset::from_unix_nanos(i128::from(ticks) * 100),
            applied: vec![client(set % 15), client(15 + set / 3)],
            report,
        }
    }
}

struct Bench {
    store: SqliteStore,
    watch: Arc<Watch>,
    caller: Caller,
    of: ConfigurationId,
    devices: u64,
    batch: usize,
}

impl Bench {
    /// Sends check-ins, two batches under way at once, and tells what they cost.
    async fn send(&self, checkins: impl Iterator<Item = Checkin>) -> Result<Value, Failed> {
        self.watch.take();
        let ran = writer_ran();
        let mut checkins = checkins;
        let mut waiting = FuturesUnordered::new();
        let (mut sent, mut answers) = (0_u32, 0_u32);
        let started = Instant::now();
        loop {
            while waiting.len() < 2 * self.batch
                && let Some(checkin) = checkins.next()
            {
                waiting.push(self.store.record(&self.caller, checkin));
                sent += 1;
            }
            let Some(answer) = waiting.next().await else { break };
            answer?;
            answers += 1;
        }
        let seconds = started.elapsed().as_secs_f64();
        let seen = self.watch.take();
        if answers != sent {
            return Err("some were not answered".into());
        }
        let ran = writer_ran().zip(ran).and_then(|(now, then)| u32::try_from((now - then) / 1_000).ok());
        let micros = seen.took.as_secs_f64() * 1e6;
        Ok(json!({
            "checkIns": sent,
            "writerMicrosEach": round(micros / f64::from(sent)),
            "writerCpuMicrosEach": ran.map(|micros| round(f64::from(micros) / f64::from(sent))),
            "wallMicrosEach": round(seconds * 1e6 / f64::from(sent)),
            "eachTransaction": round(f64::from(sent) / f64::from(seen.transactions)),
            "longestMillis": millis(seen.longest),
        }))
    }

    /// The store closed and opened again.
    async fn reopened(self, folder: &Path) -> Result<Self, Failed> {
        let Self { store, watch, caller, of, devices, batch } = self;
        store.close().await;
        drop(store);
        let store = open(folder, &watch)?;
        Ok(Self { store, watch, caller, of, devices, batch })
    }

    fn random(&self, count: u64, ticks: u64) -> impl Iterator<Item = Checkin> {
        let (of, devices) = (self.of, self.devices);
        (0..count).map(move |n| {
            let at = i64::try_from(ticks + n * 500).unwrap_or(i64::MAX);
            Device::new(mix(n ^ ticks) % devices, devices).checkin(of, at, false)
        })
    }

    async fn shapes(&self) -> Result<Vec<Value>, Failed> {
        let mut all = Vec::new();
        for (filter, by_time) in SHAPES {
            let filter = self.filled(filter);
            let mut times = self.pages(query(self.of, &filter, *by_time)?).await?;
            let found = times.len();
            times.sort_unstable();
            let order = by_time.map_or("default", |down| if down { "time desc" } else { "time" });
            let (median, worst) = (millis(times[found / 2]), millis(times[found - 1]));
            all.push(
                json!({"filter": filter, "order": order, "pages": found, "medianMillis": median, "worstMillis": worst}),
            );
        }
        Ok(all)
    }

    fn filled(&self, filter: &str) -> String {
        let one = Device::new(self.devices / 2 + 1, self.devices);
        let (user, upn, name) = (one.user_id(), one.upn(), one.name());
        // Check-ins begin at noon; those of the next day are the latest.
        filter
            .replace("{user}", &user)
            .replace("{user1}", &user[..1])
            .replace("{user5}", &user[..5])
            .replace("{upn}", &upn)
            .replace("{upn12}", &upn[..12])
            .replace("{device}", &name)
            .replace("{device9}", &name[..9])
            .replace("{early}", "2026-11-01T00:00:00Z")
            .replace("{late}", "2026-11-24T12:00:00Z")
    }

    /// Pages of a query, each asked for twice: the second time the operating system has what it needs.
    async fn pages(&self, mut query: StatusQuery) -> Result<Vec<Duration>, Failed> {
        let mut times = Vec::new();
        while times.len() < PAGES {
            self.store.statuses(&self.caller, query.clone()).await?;
            let started = Instant::now();
            let page = self.store.statuses(&self.caller, query.clone()).await?;
            times.push(started.elapsed());
            query.after = page.next;
            if query.after.is_none() {
                break;
            }
        }
        Ok(times)
    }

    async fn summary(&self, today: i32) -> Result<(Duration, Value), Failed> {
        let started = Instant::now();
        let found = self.store.summary(&self.caller, self.of, None, today).await?;
        Ok((started.elapsed(), json!([found.succeeded, found.failed])))
    }
}

fn query(of: ConfigurationId, filter: &str, by_time: Option<bool>) -> Result<StatusQuery, Failed> {
    let model = odata::csdl::read(include_str!("../../server/src/office.csdl.xml")).map_err(|e| format!("{e:?}"))?;
    let ty = model.type_names.get("microsoft.graph.officeClientCheckinStatus").ok_or("not in the model")?;
    let bind = |text| odata::bind::filter(&model, EdmType::Named(*ty), text).map_err(|e| format!("{text}: {e:?}"));
    let filter = if filter.is_empty() { None } else { Some(bind(filter)?) };
    let key = |descending| {
        let node = Node::Path { root: 0, steps: vec![Step::Member(6)] };
        OrderBy { expr: Expr { node, ty: ExprType { base: None, collection: false } }, descending }
    };
    let order = by_time.map(key).into_iter().collect();
    Ok(StatusQuery { filter, order, ..StatusQuery::all(of, 20) })
}

fn round(number: f64) -> f64 {
    (number * 100.0).round() / 100.0
}

fn millis(time: Duration) -> f64 {
    round(time.as_secs_f64() * 1e3)
}

/// Bytes a device in the database's file, once the log has been moved into it.
async fn bytes_each(bench: Bench, folder: &Path) -> Result<(Bench, f64), Failed> {
    let bench = bench.reopened(folder).await?;
    let mut bytes = 0.0;
    for file in std::fs::read_dir(folder)? {
        let file = file?;
        if file.file_name().to_string_lossy().ends_with(".db") {
            bytes += f64::from(u32::try_from(file.metadata()?.len() / 1024)?) * 1024.0;
        }
    }
    let devices = f64::from(u32::try_from(bench.devices)?);
    Ok((bench, round(bytes / devices)))
}

/// Nanoseconds that the writer's thread ran, where the system tells (Linux): on a machine that is shared it says more than the clock.
fn writer_ran() -> Option<u64> {
    for task in std::fs::read_dir("/proc/self/task").ok()? {
        let folder = task.ok()?.path();
        if std::fs::read_to_string(folder.join("comm")).ok()?.trim() == "writer" {
            let text = std::fs::read_to_string(folder.join("schedstat")).ok()?;
            return text.split(' ').next()?.parse().ok();
        }
    }
    None
}

fn open(folder: &Path, watch: &Arc<Watch>) -> Result<SqliteStore, Failed> {
    let observer: Arc<dyn Observer> = Arc::clone(watch) as Arc<dyn Observer>;
    Ok(SqliteStore::open(SqliteOptions::new(folder).observer(observer))?)
}

async fn run(folder: &Path, devices: u64, batch: usize) -> Result<Value, Failed> {
    let watch = Arc::new(Watch::default());
    let caller = Caller { tenant: TenantId(Uuid::from_u128(7)), actor: "devices".into() };
    let of = default_configuration_id(caller.tenant);
    let bench = Bench { store: open(folder, &watch)?, watch, caller, of, devices, batch };
    let noon = u64::try_from(DateTimeOffset::parse("2026-11-23T12:00:00Z")?.ticks())? - 621_355_968_000_000_000;
    let rows = bench.store.statuses(&bench.caller, StatusQuery { count: true, ..StatusQuery::all(of, 0) }).await?.count;
    let is_filled = rows == Some(devices);
    let new = if is_filled { 0..0 } else { 0..devices };
    let first = bench
        .send(new.map(|n| {
            let at = i64::try_from(noon + n * 500).unwrap_or(i64::MAX);
            Device::new(n, devices).checkin(of, at, true)
        }))
        .await?;
    let (bench, bytes_first) = bytes_each(bench, folder).await?;
    // After a start nothing is known of any device; then each has come once or twice; then mostly again.
    let some = devices.clamp(200_000, 2_000_000);
    let after_start = bench.send(bench.random(some.min(devices), noon + NEXT_DAY_TICKS / 4)).await?;
    let again = bench.send(bench.random(some, noon + NEXT_DAY_TICKS * 2 / 5)).await?;
    let repeated = bench.send(bench.random(some, noon + NEXT_DAY_TICKS * 9 / 20)).await?;
    let next_day = bench.send(bench.random(some / 4, noon + NEXT_DAY_TICKS)).await?;
    let ((bench, bytes_last), started) = (bytes_each(bench, folder).await?, Instant::now());
    let bench = bench.reopened(folder).await?;
    let page = bench.store.statuses(&bench.caller, StatusQuery::all(of, 20)).await?;
    let one = Device::new(1, devices).checkin(of, i64::try_from(noon + 2 * NEXT_DAY_TICKS)?, false);
    bench.store.record(&bench.caller, one).await?;
    let start = started.elapsed();
    if page.rows.len() != 20 {
        return Err("a page is not full".into());
    }
    let (summary, counts) = bench.summary(DateTimeOffset::parse("2026-11-25T13:00:00Z")?.unix_day()).await?;
    let shapes = bench.shapes().await?;
    bench.store.close().await;
    Ok(json!({
        "devices": devices,
        "batch": batch,
        "bytesEach": {"afterFirst": bytes_first, "afterAll": bytes_last},
        "first": first,
        "repeatedAfterStart": after_start,
        "repeatedAgain": again,
        "repeated": repeated,
        "nextDay": next_day,
        "startMillis": millis(start),
        "summaryMillis": millis(summary),
        "summary": counts,
        "shapes": shapes,
    }))
}

fn main() -> Result<(), Failed> {
    let (mut devices, mut batch, mut is_kept) = (100_000, 1_024, false);
    let mut folder = std::env::temp_dir().join("officeconfig-devices");
    let mut arguments = std::env::args().skip(1);
    while let Some(name) = arguments.next() {
        let value = arguments.next().ok_or("an option has a value")?;
        match &*name {
            "--devices" => devices = value.parse()?,
            "--batch" => batch = value.parse()?,
            // Kept, so that it need not be filled again.
            "--folder" => (folder, is_kept) = (PathBuf::from(value), true),
            _ => return Err(format!("{name} is no option").into()),
        }
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let result = runtime.block_on(run(&folder, devices, batch));
    if !is_kept && folder.exists() {
        std::fs::remove_dir_all(&folder)?;
    }
    println!("{:#}", result?);
    Ok(())
}
