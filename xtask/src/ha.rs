//! `cargo xtask ha`: builds the service and hands over to the high-availability rig in `tests/ha`. What dies, and what must hold then, is
//! the rig's business.

use std::process::{Command, ExitCode, Stdio};

use anyhow::Context as _;

use crate::python;
use crate::tally::{self, Tally};
use crate::test::Bench;
use crate::tools::{self, Repo};

/// What `cargo xtask ha` takes.
#[derive(clap::Args)]
#[command(disable_help_flag = true)]
pub(crate) struct Args {
    /// Arguments for the rig, for example `--rounds 1 --kinds primary,frozen`; `--help` lists them
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    args: Vec<String>,
}

/// Runs the rig. With `--service FILE` the service is not built.
pub(crate) fn run(repo: &Repo, args: &Args) -> anyhow::Result<ExitCode> {
    let mut rig = rig(repo);
    rig.args(&args.args);
    if !args.args.iter().any(|arg| arg == "--help" || arg.starts_with("--service")) {
        let service =
            repo.build(&["--release", "--package", "officeconfig", "--bin", "officeconfig"], "officeconfig")?;
        rig.arg("--service").arg(service);
    }
    let status = rig.status().context("running python3 tests/ha/run.py")?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// What it takes: PostgreSQL, etcd, HAProxy and Patroni. Where they cannot be had the suites that need them say so.
pub(crate) fn install(repo: &Repo) {
    // Whoever has no Python is told by the rounds.
    let _ = rig(repo).arg("--install-only").stdin(Stdio::null()).status();
}

/// A round each of the two ways in which a primary is lost: dead, and frozen past its lease.
pub(crate) fn test(bench: &Bench<'_>, tally: &mut Tally) -> anyhow::Result<()> {
    const NAME: &str = "tests/ha";
    if !tools::is_there("python3", &["--version"]) {
        tally.skip(NAME, "no python3 on this machine");
        return Ok(());
    }
    let mut rounds = rig(bench.repo);
    rounds.args(["--rounds", "1", "--kinds", "primary,frozen", "--no-install", "--service"]).arg(&bench.service);
    let (status, lines) = tools::run_and_read(rounds)?;
    python::skips(&lines, tally);
    let counts = tally::plain(&lines);
    // Where nothing could be run the reason is among the skips.
    if !status.success() || counts.passed + counts.failed > 0 {
        tally.add(NAME, status, counts);
    }
    Ok(())
}

fn rig(repo: &Repo) -> Command {
    let mut rig = Command::new("python3");
    rig.arg(repo.root.join("tests/ha/run.py")).env("PYTHONDONTWRITEBYTECODE", "1");
    rig
}
