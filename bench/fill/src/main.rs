//! Fills a data folder or a database with the check-ins of a fleet, through the store itself: over HTTP ten million would take a quarter of an
//! hour. It must never know how the store keeps them.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::Context as _;
use clap::Parser;
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use indicatif::{ProgressBar, ProgressStyle};
use odata::edm::DateTimeOffset;
use population::Device;
use store::postgres::{PostgresOptions, PostgresStore};
use store::sqlite::{SqliteOptions, SqliteStore};
use store::{
    Caller, Checkin, CheckinReport, ClientConfigurationId, CommitError, Store, TenantId, default_configuration_id,
};
use uuid::Uuid;

/// Check-ins on their way at once: fills transactions, and stays below what one tenant may have waiting.
const IN_FLIGHT: usize = 2_048;

/// The check-ins are spread over so many days up to now, as in the store of a service that has run for a while.
const DAYS: u64 = 14;

/// Of so many devices one has failed.
const FAILED_EVERY: u64 = 50;

/// Of so many devices one has reported; the others only fetched, as most clients do.
const REPORTED_EVERY: u64 = 4;

/// From one scattered device to the next: a prime, so that all come before one comes again.
const STRIDE: u64 = 999_983;

/// Fills a data folder or a database with check-ins of the devices of a fleet, and tells the seconds that it took and the bytes of the folder.
#[derive(Parser)]
struct Arguments {
    /// The data folder of a service that does not run; made if it is not there.
    #[arg(long, required_unless_present = "database", conflicts_with = "database")]
    data: Option<PathBuf>,
    /// The PostgreSQL database of a service, as the role that the service has.
    #[arg(long)]
    database: Option<String>,
    /// Devices of the population: those from 0 on.
    #[arg(long)]
    devices: u64,
    /// So many check-ins of devices all over the population, instead of one of each in their order.
    #[arg(long)]
    scattered: Option<u64>,
    /// The client configuration that each of them gets its settings from.
    #[arg(long)]
    applied: Uuid,
    /// Seeds who failed and when.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let store = runtime.block_on(open(&arguments))?;
    let began = Instant::now();
    runtime.block_on(fill(&*store, &arguments))?;
    let seconds = began.elapsed().as_secs_f64();
    runtime.block_on(store.close());
    drop(store);
    let bytes = arguments.data.as_deref().map(bytes_below).transpose()?;
    println!("{}", serde_json::json!({ "seconds": seconds, "bytes": bytes }));
    Ok(())
}

async fn open(arguments: &Arguments) -> anyhow::Result<Box<dyn Store>> {
    if let Some(data) = &arguments.data {
        return Ok(Box::new(SqliteStore::open(SqliteOptions::new(data))?));
    }
    let url = arguments.database.as_deref().context("--data or --database")?;
    Ok(Box::new(PostgresStore::open(PostgresOptions::new(url, Uuid::new_v4)).await?))
}

async fn fill(store: &dyn Store, arguments: &Arguments) -> anyhow::Result<()> {
    let tenant = TenantId(population::TENANT.parse()?);
    let fleet = Fleet { tenant, applied: ClientConfigurationId(arguments.applied), seed: arguments.seed, now: now()? };
    let count = arguments.scattered.unwrap_or(arguments.devices);
    let bar = ProgressBar::new(count);
    let style = ProgressStyle::with_template("  filling {wide_bar} {human_pos}/{human_len}, {per_sec}, {eta} left")?;
    bar.set_style(style);
    let mut running = FuturesUnordered::new();
    for index in 0..count {
        if running.len() >= IN_FLIGHT {
            done(running.next().await)?;
            bar.inc(1);
        }
        let device = Device(if arguments.scattered.is_some() { index * STRIDE % arguments.devices } else { index });
        running.push(record(store, fleet.caller(device), fleet.checkin(device)));
    }
    while let Some(result) = running.next().await {
        done(Some(result))?;
        bar.inc(1);
    }
    bar.finish();
    Ok(())
}

/// Records a check-in. The store turns away what would wait too long; filling one has the time to come again.
async fn record(store: &dyn Store, caller: Caller, checkin: Checkin) -> Result<(), CommitError> {
    loop {
        match store.record(&caller, checkin.clone()).await {
            Err(CommitError::Busy { retry_after }) => tokio::time::sleep(retry_after).await,
            result => return result,
        }
    }
}

fn done(result: Option<Result<(), CommitError>>) -> anyhow::Result<()> {
    result.unwrap_or(Ok(())).context("recording a check-in")
}

/// What the check-ins are made of.
struct Fleet {
    tenant: TenantId,
    applied: ClientConfigurationId,
    seed: u64,
    now: Duration,
}

impl Fleet {
    fn caller(&self, device: Device) -> Caller {
        Caller { tenant: self.tenant, actor: device.user().id().into() }
    }

    /// What the service would record of this device, at some time of the last days.
    fn checkin(&self, device: Device) -> Checkin {
        let user = device.user();
        let chance = population::mix(device.0 ^ population::mix(self.seed));
        let seconds_ago = (chance >> 16) % (DAYS * 86_400);
        let at = self.now.saturating_sub(Duration::from_secs(seconds_ago));
        let failed = chance.is_multiple_of(FAILED_EVERY);
        let reported = failed || chance % REPORTED_EVERY == 1;
        Checkin {
            configuration: default_configuration_id(self.tenant),
            user_id: user.id().into(),
            user_principal_name: Some(user.principal_name().into()),
            device_name: Some(device.name().into()),
            device_platform: Arc::from(population::PLATFORM),
            at: DateTimeOffset::from_unix_nanos(i128::try_from(at.as_nanos()).unwrap_or(0)),
            applied: vec![self.applied],
            report: reported.then(|| CheckinReport {
                was_successful: !failed,
                error_message: failed.then(|| Arc::from("Access to the registry key was denied")),
                device_platform_version: Some(Arc::from("10.0.26100")),
            }),
        }
    }
}

fn now() -> anyhow::Result<Duration> {
    SystemTime::now().duration_since(UNIX_EPOCH).context("the clock")
}

fn bytes_below(folder: &Path) -> anyhow::Result<u64> {
    let mut bytes = 0;
    for entry in std::fs::read_dir(folder).context("reading the data folder")? {
        let entry = entry?;
        bytes += if entry.file_type()?.is_dir() { bytes_below(&entry.path())? } else { entry.metadata()?.len() };
    }
    Ok(bytes)
}
