//! `cargo xtask serve`: builds the service and runs it here, with the database that is built in.

use std::process::{Command, ExitCode};

use crate::tools::Repo;

/// What `cargo xtask serve` takes.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Build without optimisation: quicker to build, slower to run
    #[arg(long)]
    dev: bool,
    /// Arguments for `officeconfig serve`, for example `--demo`
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    args: Vec<String>,
}

/// Runs the service in the foreground until it ends.
pub(crate) fn run(repo: &Repo, args: &Args) -> anyhow::Result<ExitCode> {
    let mut flags = vec!["--package", "officeconfig", "--bin", "officeconfig"];
    if !args.dev {
        flags.push("--release");
    }
    let program = repo.build(&flags, "officeconfig")?;
    let mut service = Command::new(program);
    service.arg("serve").args(&args.args);
    hand_over(service)
}

/// Becomes the service, so that signals reach it and its exit is ours.
#[cfg(unix)]
fn hand_over(mut service: Command) -> anyhow::Result<ExitCode> {
    use std::os::unix::process::CommandExt as _;
    // Returns only when the program could not be started.
    Err(anyhow::Error::from(service.exec()).context("running officeconfig serve"))
}

/// Waits for the service.
#[cfg(not(unix))]
fn hand_over(mut service: Command) -> anyhow::Result<ExitCode> {
    use anyhow::Context as _;
    let status = service.status().context("running officeconfig serve")?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
