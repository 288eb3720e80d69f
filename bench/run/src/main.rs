//! Runs the baselines and the service in pairs on one machine and writes what came out. It must never hold more than the order of things.

mod bodies;
mod chart;
mod checkin;
mod compare;
mod cpu;
mod estate;
mod fleet;
mod goals;
mod growth;
mod machine;
mod million;
mod overload;
mod postgres;
mod progress;
mod report;
mod results;
mod server;
mod still;
mod streams;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use clap::{Parser, ValueEnum};
use identity::Algorithm;

use crate::report::Report;
use crate::results::{Results, Section};
use crate::server::{Kind, Programs};

/// Measures officeconfig against the bound (its unavoidable work) and against an afternoon's program, in pairs.
#[derive(Parser)]
#[command(name = "cargo xtask bench", version)]
struct Arguments {
    /// What to measure; all paths and the check-ins by default.
    what: Vec<What>,
    /// Fewer and shorter rounds: 3 of 2 seconds instead of 5 of 4.
    #[arg(long)]
    quick: bool,
    /// Also fill a store with a million entities and compare the millionth POST with the thousandth.
    #[arg(long)]
    million: bool,
    /// Rounds.
    #[arg(long)]
    rounds: Option<usize>,
    /// Seconds a round, the warm-up not counted.
    #[arg(long)]
    seconds: Option<u64>,
    /// Devices: in the store for the check-ins (several numbers, parted by commas), or in the fleet (a million by default).
    #[arg(long, value_delimiter = ',')]
    devices: Vec<u64>,
    /// Minutes that the fleet's morning takes.
    #[arg(long, default_value_t = 2.0)]
    minutes: f64,
    /// Connections that the fleet shares.
    #[arg(long, default_value_t = 1024)]
    connections: usize,
    /// Sign the fleet's tokens as Entra does instead of with Ed25519: a million take minutes.
    #[arg(long)]
    rs256: bool,
    /// Milliseconds by which the overload test delays a sync, to begin with.
    #[arg(long, default_value_t = 50)]
    delay_ms: u32,
    /// The name of the results: results/<date>-<label>.json and the like.
    #[arg(long, default_value = "local")]
    label: String,
    /// Print the table, write no result.
    #[arg(long)]
    discard: bool,
    /// The binary to measure instead of the one of this tree.
    #[arg(long)]
    service: Option<PathBuf>,
    /// Without the service.
    #[arg(long, conflicts_with = "service")]
    baselines_only: bool,
    /// Let the generator sleep between events on reads too, instead of polling.
    #[arg(long)]
    sleep: bool,
    /// Where bench/ is; set by the xtask.
    #[arg(long, hide = true)]
    bench_dir: PathBuf,
}

/// One thing to measure.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum What {
    /// POST officeConfigurations at 512 and 64 connections.
    Post,
    /// GET by id at 64 connections.
    Get,
    /// A filtered page over 10,000 check-ins at 64 connections.
    Page,
    /// Idle memory.
    Memory,
    /// First answer after start.
    Start,
    /// Size of the binary.
    Size,
    /// Check-ins with tokens seen before and fresh ones; with --devices also with so many devices in the store.
    Checkin,
    /// Only the check-ins with --devices.
    Growth,
    /// The millionth POST against the thousandth.
    Million,
    /// A fleet's morning, open loop.
    Fleet,
    /// Three times the load that saturates, and a tenant beside another one's flood.
    Overload,
    /// The service on PostgreSQL against pgbench, with --devices in the database (a million by default).
    Postgres,
}

impl What {
    /// Measured when nothing is named.
    fn is_usual(self) -> bool {
        !matches!(self, Self::Growth | Self::Million | Self::Fleet | Self::Overload | Self::Postgres)
    }
}

/// How long and how often.
pub(crate) struct Settings {
    pub(crate) rounds: usize,
    pub(crate) seconds: u64,
    pub(crate) spin: bool,
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let (rounds, seconds) = if arguments.quick { (3, 2) } else { (5, 4) };
    let settings = Settings {
        rounds: arguments.rounds.unwrap_or(rounds),
        seconds: arguments.seconds.unwrap_or(seconds),
        spin: !arguments.sleep,
    };
    let wanted = |what: What| {
        arguments.what.contains(&what)
            || (what == What::Million && arguments.million)
            || (what.is_usual() && arguments.what.is_empty())
    };

    let grows = (wanted(What::Checkin) || wanted(What::Growth)) && !arguments.devices.is_empty();
    ensure!(!wanted(What::Growth) || grows, "growth needs --devices");

    let scratch = arguments.bench_dir.join("target/data");
    let programs =
        Programs::new(&arguments.bench_dir.join("target/release"), arguments.service.clone(), scratch.clone())?;
    let fills = grows || wanted(What::Postgres);
    ensure!(!fills || programs.fill().exists(), "{} is not built", programs.fill().display());
    cpu::pin_generator();
    let machine = machine::describe(&scratch)?;
    let results = Results::new(&arguments.bench_dir, &arguments.label, arguments.discard);

    let mut paths = Report::new(&settings, machine.clone());
    if wanted(What::Size) {
        paths.sizes = still::sizes(&programs)?;
    }
    if wanted(What::Start) {
        paths.starts = still::starts(&programs, settings.rounds)?;
    }
    if wanted(What::Memory) {
        paths.memory = still::idle_memory(&programs)?;
    }
    if wanted(What::Get) {
        paths.add(compare::get_by_id(&programs, &settings)?);
    }
    if wanted(What::Page) {
        paths.add(compare::page(&programs, &settings)?);
    }
    if wanted(What::Post) {
        paths.add(compare::post(&programs, &settings, 512)?);
        paths.add(compare::post(&programs, &settings, 64)?);
    }
    if wanted(What::Million) {
        let kind = if arguments.baselines_only { Kind::Bound } else { Kind::Service };
        let million = million::run(&programs, kind, &settings);
        paths.million = Some(million.context("the millionth POST against the thousandth")?);
    }
    if !paths.is_empty() {
        results.keep(Section::Paths, &paths, &paths.markdown())?;
    }
    if wanted(What::Checkin) && !arguments.baselines_only {
        let mut check_ins = Report::new(&settings, machine.clone());
        let site = checkin::Site::new(&programs)?;
        checkin::all(&programs, &settings, &site)?.into_iter().for_each(|comparison| check_ins.add(comparison));
        results.keep(Section::CheckIns, &check_ins, &check_ins.markdown())?;
    }
    if grows {
        let mut report = Report::new(&settings, machine.clone());
        let site = checkin::Site::new(&programs)?;
        for devices in &arguments.devices {
            report.growth.push(growth::run(&programs, &settings, &site, *devices)?);
        }
        results.keep(Section::Growth, &report, &report.markdown())?;
    }
    if wanted(What::Fleet) {
        let size = fleet::Size {
            devices: arguments.devices.first().copied().unwrap_or(1_000_000),
            length: Duration::from_secs_f64(arguments.minutes * 60.0),
            connections: arguments.connections,
            algorithm: if arguments.rs256 { Algorithm::Rs256 } else { Algorithm::EdDsa },
        };
        let fleet = fleet::run(&programs, size, machine.clone()).context("the fleet")?;
        results.keep(Section::Fleet, &fleet, &fleet.markdown(&results.name(Section::Fleet, "svg")))?;
        results.keep_picture(Section::Fleet, &fleet.picture())?;
    }
    if wanted(What::Overload) {
        let lengths = overload::Lengths::new(arguments.quick);
        let machine = machine.clone();
        let overload = overload::run(&programs, &arguments.bench_dir, arguments.delay_ms, lengths, machine)?;
        if let Some(overload) = overload {
            let picture = results.name(Section::Overload, "svg");
            results.keep(Section::Overload, &overload, &overload.markdown(&picture))?;
            results.keep_picture(Section::Overload, &overload.picture())?;
        }
    }
    if wanted(What::Postgres) {
        let devices = arguments.devices.first().copied().unwrap_or(1_000_000);
        let postgres = postgres::run(&programs, &settings, machine, devices).context("the service on PostgreSQL")?;
        results.keep(Section::Postgres, &postgres, &postgres.markdown())?;
    }
    Ok(())
}
