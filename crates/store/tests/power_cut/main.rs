//! The power cut: `kill -9` keeps the page cache, a power cut does not. Every write and sync of the database's files is recorded while many
//! callers commit; the folder is rebuilt as it may be after a cut at random instants, from what was synced and a random part of what was not,
//! whole or torn at sectors; whatever was acknowledged by then has to be there. The same recorded disk can also be full, or stand still.
#![expect(clippy::unwrap_used, reason = "tests")]

mod faults;
mod ledger;
mod rebuild;
#[path = "../support/vfs.rs"]
mod vfs;

use ledger::Ledger;
use rebuild::{Chance, Cut};
use vfs::{Event, Name};

use store::sqlite::{Durability, SqliteOptions, SqliteStore, verify};

/// Instants at which the power is cut.
const CUTS: usize = 200;

/// Workloads to run before one is held to have moved the log too little.
const WORKLOADS: usize = 10;

/// What a workload left: where it began, what was acknowledged, what reached the disk. `None` when the log was not started anew
/// often enough to say anything.
fn workload(name: &str, durability: Durability) -> Option<(usize, Ledger, Vec<Event>)> {
    let disk = vfs::register(name, true);
    let folder = tempfile::tempdir().unwrap();
    // A short log, so that it is moved and started anew many times.
    let options = SqliteOptions::new(folder.path()).vfs(name).durability(durability).checkpoint_frames(60, 200);
    let store = SqliteStore::open(options).unwrap();
    let from = disk.len();
    let ledger = ledger::run(store, &disk);
    let events = disk.take();
    let restarts = events.iter().filter(|e| matches!(e, Event::Write { file: Name::Log, offset: 0, .. })).count();
    (restarts > 3).then_some((from, ledger, events))
}

/// Runs the workload, then counts the instants after which something acknowledged is missing or the database is unsound.
fn losses(name: &str, durability: Durability) -> Vec<String> {
    // How often the log starts anew is up to the scheduler: a machine under load may need another workload.
    let (from, ledger, events) = (1..=WORKLOADS)
        .find_map(|attempt| workload(&format!("{name}-{attempt}"), durability))
        .expect("the log was started anew several times in one of the workloads");
    assert!(ledger.until > from && ledger.entries.len() > 300, "the workload has run");
    let mut chance = Chance::new(0x0ff1_cec0);
    let mut instants: Vec<usize> = (0..CUTS).map(|_| from + chance.below(ledger.until - from)).collect();
    instants.sort_unstable();
    let mut cut = Cut::default();
    let mut found = Vec::new();
    for instant in instants {
        let folder = tempfile::tempdir().unwrap();
        cut.advance(&events, instant);
        cut.rebuild(&events, instant, &mut chance, folder.path());
        if let Err(loss) = check(folder.path(), &ledger, instant) {
            found.push(format!("at {instant}: {loss}"));
        }
    }
    found
}

fn check(folder: &std::path::Path, ledger: &Ledger, instant: usize) -> Result<(), String> {
    let store = SqliteStore::open(SqliteOptions::new(folder)).map_err(|error| format!("not opened: {error:?}"))?;
    ledger.check(&store, instant)?;
    drop(store);
    let report = verify(folder).map_err(|error| format!("not verified: {error:?}"))?;
    match report.findings.first() {
        Some(finding) => Err(finding.to_string()),
        None => Ok(()),
    }
}

#[test]
fn nothing_acknowledged_is_lost_by_a_power_cut() {
    let found = losses("power-cut-full", Durability::Synced);
    assert!(found.is_empty(), "{} of {CUTS} cuts lost something; the first: {:?}", found.len(), found.first());
}

#[test]
fn without_syncs_the_same_test_finds_losses() {
    let found = losses("power-cut-off", Durability::Unsynced);
    assert!(found.len() > CUTS / 2, "only {} of {CUTS} cuts lost something", found.len());
}
