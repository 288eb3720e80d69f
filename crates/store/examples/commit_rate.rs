//! How many single-status `CreateConfiguration` commits a second the SQLite store takes, durable, from 512 callers at once:
//! `cargo run --release -p store --example commit_rate -- [FOLDER] [COMMITS]`. Prints one line for each tenth of the commits.
#![expect(clippy::print_stdout, reason = "it is a program that prints")]

use std::error::Error;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use odata::edm::DateTimeOffset;
use store::sqlite::{SqliteOptions, SqliteStore};
use store::{Caller, CheckinStatus, Command, Commit, CommitError, ConfigurationId, Store, Summary, TenantId};
use uuid::Uuid;

const CALLERS: u64 = 512;
const COMMITS: u64 = 200_000;

/// An id that looks random, so that the indexes by id are met everywhere.
fn id(n: u64) -> ConfigurationId {
    let mixed = u128::from(n + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
    ConfigurationId(Uuid::from_u128(mixed ^ (mixed >> 61)))
}

fn commit(n: u64) -> Commit {
    let now = DateTimeOffset::from_unix_nanos(1_795_428_000_000_000_000);
    let status = CheckinStatus {
        user_principal_name: Some("User Principal Name value".into()),
        device_name: Some("Device Name value".into()),
        device_platform: Some("Device Platform value".into()),
        device_platform_version: Some("Device Platform Version value".into()),
        was_successful: true,
        user_id: "User Id value".into(),
        checkin: now,
        error_message: Some("Error Message value".into()),
        applied_policies: Some(vec!["Applied Policies value".into()]),
    };
    let summary = Some(Summary { succeeded: 2, failed: 15 });
    let (statuses, clients) = (vec![status], Vec::new());
    Commit::of(now, Command::CreateConfiguration { id: id(n), default: false, summary, statuses, clients })
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().map_or_else(|| std::env::temp_dir().join("officeconfig-commit-rate"), PathBuf::from);
    let commits = arguments.next().map_or(Ok(COMMITS), |text| text.parse::<u64>())?;
    let store: Arc<dyn Store> = Arc::new(SqliteStore::open(SqliteOptions::new(&folder))?);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let next = Arc::new(AtomicU64::new(0));
    let caller = Caller { tenant: TenantId(Uuid::from_u128(7)), actor: "commit_rate".into() };
    runtime.block_on(async {
        for tenth in 1..=10 {
            let started = Instant::now();
            let until = commits * tenth / 10;
            let from = next.load(Ordering::Relaxed);
            let tasks: Vec<_> = (0..CALLERS)
                .map(|_| {
                    let (store, next, caller) = (Arc::clone(&store), Arc::clone(&next), caller.clone());
                    tokio::spawn(async move {
                        loop {
                            let n = next.fetch_add(1, Ordering::Relaxed);
                            if n >= until {
                                return Ok::<(), CommitError>(());
                            }
                            store.commit(&caller, commit(n)).await?;
                        }
                    })
                })
                .collect();
            for task in tasks {
                task.await??;
            }
            next.store(until, Ordering::Relaxed);
            let seconds = started.elapsed().as_secs_f64();
            let done = u32::try_from(until - from).unwrap_or(u32::MAX);
            println!("{until:>9} commits: {:>7.0} a second", f64::from(done) / seconds);
        }
        store.close().await;
        Ok::<(), Box<dyn Error>>(())
    })?;
    std::fs::remove_dir_all(&folder)?;
    Ok(())
}
