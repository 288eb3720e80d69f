//! The millionth POST against the thousandth: a store is filled once, then fresh stores and the full one take turns. It must never know how the
//! store keeps what it has.

use std::time::Duration;

use anyhow::ensure;
use bytes::Bytes;
use load::{Outcome, Plan, Stop};
use serde::Serialize;

use crate::report::median;
use crate::server::{Kind, Programs, Server};
use crate::{Settings, bodies, goals, machine};

/// Entities in the full store.
const FULL: u64 = 1_000_000;

/// Entities in a fresh store before its POSTs are timed.
const FRESH: u64 = 1000;

/// POSTs timed in a turn.
const TIMED: u64 = 20_000;

/// The fill is noted at every so many POSTs.
const WINDOW: u64 = 10_000;

const CONNECTIONS: usize = 512;

/// Lets the disk and the server before become quiet.
const PAUSE: Duration = Duration::from_secs(1);

/// What the fill and the turns showed.
#[derive(Serialize)]
pub(crate) struct Million {
    /// The server that was filled.
    pub(crate) server: &'static str,
    /// POSTs a second after a thousand, turn by turn.
    pub(crate) fresh_per_second: Vec<f64>,
    /// POSTs a second after a million, turn by turn.
    pub(crate) full_per_second: Vec<f64>,
    /// The time of one POST after a million over that after a thousand, turn by turn.
    pub(crate) time_ratios: Vec<f64>,
    pub(crate) time_ratio: f64,
    pub(crate) goal: f64,
    pub(crate) met: bool,
    /// POSTs a second in each window of the fill.
    pub(crate) fill_per_second: Vec<f64>,
    pub(crate) window: u64,
    /// Resident bytes of the full server.
    pub(crate) resident_bytes: u64,
    /// Bytes in its folder.
    pub(crate) disk_bytes: u64,
}

/// Fills a store of that kind and times it.
pub(crate) fn run(programs: &Programs, kind: Kind, settings: &Settings) -> anyhow::Result<Million> {
    eprintln!("the millionth POST, {CONNECTIONS}");
    let full = programs.start(kind)?;
    let fill = send(&full, FULL)?;
    let fill_per_second = rates(&fill.marks);
    eprintln!("  filled at {:.0}/s", fill.rate());
    let (mut thousand, mut million) = (Vec::new(), Vec::new());
    for _ in 0..settings.rounds {
        let fresh = programs.start_named(kind, "fresh")?;
        send(&fresh, FRESH)?;
        std::thread::sleep(PAUSE);
        thousand.push(send(&fresh, TIMED)?.rate());
        drop(fresh);
        std::thread::sleep(PAUSE);
        million.push(send(&full, TIMED)?.rate());
        if let (Some(first), Some(last)) = (thousand.last(), million.last()) {
            eprintln!("  after a thousand {first:>7.0}/s, after a million {last:>7.0}/s");
        }
    }
    let time_ratios: Vec<f64> = thousand.iter().zip(&million).map(|(thousand, million)| thousand / million).collect();
    let time_ratio = median(&time_ratios);
    Ok(Million {
        server: kind.name(),
        fresh_per_second: thousand,
        full_per_second: million,
        time_ratios,
        time_ratio,
        goal: goals::MILLION,
        met: time_ratio <= goals::MILLION,
        fill_per_second,
        window: WINDOW,
        resident_bytes: full.resident()?,
        disk_bytes: machine::bytes_below(&full.folder)?,
    })
}

fn send(server: &Server, requests: u64) -> anyhow::Result<Outcome> {
    let body = bodies::example();
    let request: Bytes = bodies::request("POST", "/beta/officeConfigurations", server.token.as_deref(), &body);
    let outcome = load::run(&Plan {
        address: server.address,
        connections: CONNECTIONS,
        requests: &[request],
        expect: &[201],
        once: false,
        faults_max: load::FAULTS_MAX,
        warm_up: Duration::ZERO,
        stop: Stop::Requests(requests),
        spin: false,
        mark_every: WINDOW,
    })?;
    ensure!(outcome.faults == 0, "{} faults, the first: {:?}", outcome.faults, outcome.first_fault);
    Ok(outcome)
}

fn rates(marks: &[Duration]) -> Vec<f64> {
    #[expect(clippy::cast_precision_loss, reason = "a small constant")]
    let window = WINDOW as f64;
    let mut last = Duration::ZERO;
    marks
        .iter()
        .map(|mark| {
            let rate = window / mark.saturating_sub(last).as_secs_f64();
            last = *mark;
            rate.round()
        })
        .collect()
}
