//! The same check-ins with millions of devices in the store, against ten thousand, in pairs; and what so many cost on disk, at the start, and for
//! the first look at them. It must never know how the store keeps them.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use load::{Client, Phase};
use population::users;
use serde::Serialize;
use serde_json::Value;

use crate::checkin::{DEVICES, EXPECT, Known, Site, prime};
use crate::compare::{Comparison, Loaded, turn};
use crate::estate;
use crate::report::{median, thousands, verdict};
use crate::server::{Kind, Programs, Server};
use crate::streams::{Stream, Streams};
use crate::{Settings, goals};

const CONNECTIONS: usize = 512;

/// The rate at which latencies are looked at, as a part of the highest.
const STEADY: f64 = 0.7;

/// For how long: some checkpoints fall into it.
const STEADY_TIME: Duration = Duration::from_secs(30);

pub(crate) const SUMMARY: &str = "/beta/officeConfiguration/tenantUserCheckinSummary";
pub(crate) const PAGE: &str = "/beta/officeConfiguration/tenantCheckinStatuses";

/// What a full store showed.
#[derive(Serialize)]
pub(crate) struct Growth {
    pub(crate) devices: u64,
    pub(crate) fill_seconds: f64,
    pub(crate) bytes_a_device: f64,
    pub(crate) cold: Cold,
    /// Check-ins a second with ten thousand devices, round by round.
    pub(crate) small_per_second: Vec<f64>,
    /// The same with all of them.
    pub(crate) full_per_second: Vec<f64>,
    pub(crate) ratios: Vec<f64>,
    pub(crate) ratio: f64,
    pub(crate) goal: f64,
    /// Nothing when other work disturbed the rounds too much to tell.
    pub(crate) met: Option<bool>,
    pub(crate) disturbed: f64,
    pub(crate) steady: Steady,
    pub(crate) resident_bytes: u64,
}

/// Milliseconds from the start of the process on files that the page cache does not hold.
#[derive(Clone, Copy, Serialize)]
#[expect(clippy::struct_field_names, reason = "units come last")]
pub(crate) struct Cold {
    /// To the first answer.
    pub(crate) answer_ms: f64,
    /// To the first answered check-in.
    pub(crate) check_in_ms: f64,
    /// The first summary took.
    pub(crate) summary_ms: f64,
    /// The first page of statuses took.
    pub(crate) page_ms: f64,
}

/// An open loop at a part of the highest rate.
#[derive(Serialize)]
pub(crate) struct Steady {
    pub(crate) per_second: f64,
    pub(crate) p50_ms: f64,
    pub(crate) p99_ms: f64,
    /// The longest stall.
    pub(crate) longest_ms: f64,
    pub(crate) bad: u64,
    /// How late the generator itself was, 99th percentile.
    pub(crate) own_delay_ms: f64,
}

/// Fills a store with `devices` and measures.
pub(crate) fn run(programs: &Programs, settings: &Settings, site: &Site, devices: u64) -> anyhow::Result<Growth> {
    let few = site.requests(DEVICES)?;
    let many = site.requests(devices)?;
    let (small, _, _) = full_service(programs, site, "small", DEVICES)?;
    let small = site.estate.start(programs, &small)?;
    let (folder, fill_seconds, bytes) = full_service(programs, site, "full", devices)?;
    forget_pages(&folder)?;
    let (full, cold) = cold_start(programs, site, &folder, &many, devices)?;

    let mut comparison = Comparison::new(format!("check-in with {devices} devices"), CONNECTIONS, goals::CHECK_IN);
    let loaded = [load_with(small, &few)?, load_with(full, &many)?];
    let (mut small_rates, mut full_rates) = (Vec::new(), Vec::new());
    for round in 0..settings.rounds {
        for index in turn(vec![0, 1], round) {
            comparison.measure(&loaded[index], settings)?;
            let series = comparison.servers.get(Kind::Service.name()).context("the service was measured")?;
            let rate = *series.per_second.last().context("a round has a rate")?;
            if index == 0 { &mut small_rates } else { &mut full_rates }.push(rate);
        }
    }
    let disturbed = comparison.finish().disturbed;
    let ratios: Vec<f64> = small_rates.iter().zip(&full_rates).map(|(small, full)| full / small).collect();
    let (ratio, goal) = (median(&ratios), goals::growth(devices));
    let [_, full] = loaded;
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52 bytes")]
    let bytes_a_device = bytes as f64 / devices as f64;
    Ok(Growth {
        devices,
        fill_seconds,
        bytes_a_device,
        cold,
        steady: steady(&full, median(&full_rates) * STEADY)?,
        small_per_second: small_rates,
        full_per_second: full_rates,
        ratios,
        ratio,
        goal,
        met: (disturbed <= goals::MAX_DISTURBED).then_some(ratio >= goal),
        disturbed,
        resident_bytes: full.server.resident()?,
    })
}

/// A folder with policies and that many devices, the seconds that filling took, and its bytes.
fn full_service(
    programs: &Programs,
    site: &Site,
    name: &str,
    devices: u64,
) -> anyhow::Result<(std::path::PathBuf, f64, u64)> {
    let folder = programs.folder(name)?;
    let server = site.estate.start(programs, &folder)?;
    let applied = estate::make_policies(&server)?;
    drop(server);
    let filled = programs.run_fill(devices, &applied, |fill| {
        fill.arg("--data").arg(&folder);
    })?;
    let (seconds, bytes) = (filled.seconds, filled.bytes.context("`fill` tells the bytes")?);
    eprintln!("  {devices} devices in {seconds:.0} s, {bytes} bytes");
    Ok((folder, seconds, bytes))
}

/// Takes the files of a folder out of the page cache.
fn forget_pages(folder: &Path) -> anyhow::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_file() {
            let file = File::open(&path)?;
            file.sync_all()?;
            rustix::fs::fadvise(&file, 0, None, rustix::fs::Advice::DontNeed)?;
        }
    }
    Ok(())
}

fn cold_start(
    programs: &Programs,
    site: &Site,
    folder: &Path,
    known: &Known,
    devices: u64,
) -> anyhow::Result<(Server, Cold)> {
    let server = site.estate.start(programs, folder)?;
    let mut client = Client::connect(server.address)?;
    server.call(&mut client, "GET", "/healthz", &[], 200)?;
    let answer_ms = millis(server.spawned_at.elapsed());
    let (summary, summary_ms) = timed(&server, &mut client, SUMMARY)?;
    let (page, page_ms) = timed(&server, &mut client, PAGE)?;
    estate::first_check_in(&server, &known.tokens[0], known.devices[0])?;
    let check_in_ms = millis(server.spawned_at.elapsed());
    let rows = page["value"].as_array().map_or(0, Vec::len);
    ensure!(rows > 0, "the first page has no rows");
    let counted = summary["succeededUserCount"].as_u64().zip(summary["failedUserCount"].as_u64());
    let counted = counted.map(|(succeeded, failed)| succeeded + failed);
    ensure!(counted == Some(users(devices)), "the summary counts {counted:?} of {} users", users(devices));
    Ok((server, Cold { answer_ms, check_in_ms, summary_ms, page_ms }))
}

fn timed(server: &Server, client: &mut Client, path: &str) -> anyhow::Result<(Value, f64)> {
    let started = Instant::now();
    let body = server.call(client, "GET", path, &[], 200)?;
    let took = millis(started.elapsed());
    Ok((serde_json::from_slice(&body)?, took))
}

fn load_with(server: Server, known: &Known) -> anyhow::Result<Loaded> {
    let policies = estate::first_check_in(&server, &known.tokens[0], known.devices[0])?;
    let loaded = Loaded {
        server,
        requests: known.requests(&policies),
        expect: EXPECT,
        durable: true,
        once: false,
        answer_bytes: policies.body.len(),
    };
    prime(&loaded)?;
    Ok(loaded)
}

fn steady(full: &Loaded, per_second: f64) -> anyhow::Result<Steady> {
    let phases = [Phase { length: STEADY_TIME, per_second }];
    let stream = Stream::new(&full.requests, &phases, 1);
    let (streams, outcome) =
        Streams::run(vec![stream], full.server.address, CONNECTIONS, STEADY_TIME, "steady check-ins")?;
    let total = streams[0].timeline.total();
    let steady = Steady {
        per_second,
        p50_ms: millis(total.latency(0.5)),
        p99_ms: millis(total.latency(0.99)),
        longest_ms: millis(total.latency(1.0)),
        bad: total.bad(),
        own_delay_ms: millis(outcome.own_delay(0.99)),
    };
    eprintln!("  at {per_second:.0}/s: p99 {:.1} ms, longest {:.0} ms", steady.p99_ms, steady.longest_ms);
    Ok(steady)
}

impl Growth {
    /// Its table.
    pub(crate) fn write_markdown(&self, text: &mut String) -> std::fmt::Result {
        writeln!(text, "| {} devices in the store | goal | | |\n|---|---|---|---|", self.devices)?;
        let mut row = |name: &str, goal: String, figure: String, met: Option<bool>| {
            writeln!(text, "| {name} | {goal} | {figure} | {} |", met.map_or("undecided", verdict))
        };
        let rates =
            format!("{} of {}/s", thousands(median(&self.full_per_second)), thousands(median(&self.small_per_second)));
        row(
            "rate over the one with ten thousand",
            format!("≥ {}", self.goal),
            format!("{:.2} ({rates})", self.ratio),
            self.met,
        )?;
        let Cold { answer_ms, check_in_ms, summary_ms, page_ms } = self.cold;
        let mut below = |name: &str, limit: f64, unit: &str, figure: f64| {
            row(name, format!("≤ {limit} {unit}"), format!("{figure:.1} {unit}"), Some(figure <= limit))
        };
        below("a device on disk", goals::DEVICE_BYTES, "B", self.bytes_a_device)?;
        below("cold start to the first answer", goals::COLD_START_MS, "ms", answer_ms)?;
        below("cold start to the first check-in", goals::COLD_START_MS, "ms", check_in_ms)?;
        below("first summary", goals::FIRST_READ_MS, "ms", summary_ms)?;
        below("first page of statuses", goals::FIRST_READ_MS, "ms", page_ms)?;
        below("p99 at 70 % of the rate, open loop", goals::P99_MS, "ms", self.steady.p99_ms)?;
        below("longest stall then", goals::STALL_MS, "ms", self.steady.longest_ms)?;
        writeln!(text)
    }
}

pub(crate) fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}
