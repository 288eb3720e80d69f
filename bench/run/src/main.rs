//! Runs the baselines and the service in pairs on one machine and writes what came out. It must never hold more than the order of things.

mod bodies;
mod compare;
mod cpu;
mod goals;
mod machine;
mod million;
mod report;
mod server;
mod still;

use std::path::PathBuf;

use anyhow::Context as _;
use clap::{Parser, ValueEnum};

use crate::report::Report;
use crate::server::{Kind, Programs};

/// Measures officeconfig against the bound (its unavoidable work) and against an afternoon's program, in pairs.
#[derive(Parser)]
#[command(name = "cargo xtask bench", version)]
struct Arguments {
    /// What to measure; everything but the million by default.
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
    /// The name of the result: results/<date>-<label>.json.
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
    /// The millionth POST against the thousandth.
    Million,
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
            || (what != What::Million && arguments.what.is_empty())
    };

    let scratch = arguments.bench_dir.join("target/data");
    let programs =
        Programs::new(&arguments.bench_dir.join("target/release"), arguments.service.clone(), scratch.clone())?;
    cpu::pin_generator();
    let mut report = Report::new(&arguments.label, &settings, machine::describe(&scratch)?);

    if wanted(What::Size) {
        report.sizes = still::sizes(&programs)?;
    }
    if wanted(What::Start) {
        report.starts = still::starts(&programs, settings.rounds)?;
    }
    if wanted(What::Memory) {
        report.memory = still::idle_memory(&programs)?;
    }
    if wanted(What::Get) {
        report.add(compare::get_by_id(&programs, &settings)?);
    }
    if wanted(What::Page) {
        report.add(compare::page(&programs, &settings)?);
    }
    if wanted(What::Post) {
        report.add(compare::post(&programs, &settings, 512)?);
        report.add(compare::post(&programs, &settings, 64)?);
    }
    if wanted(What::Million) {
        let kind = if arguments.baselines_only { Kind::Bound } else { Kind::Service };
        let million = million::run(&programs, kind, &settings);
        report.million = Some(million.context("the millionth POST against the thousandth")?);
    }

    let table = report.markdown();
    println!("\n{table}");
    if !arguments.discard {
        report.write(&arguments.bench_dir.join("results"), &table)?;
    }
    Ok(())
}
