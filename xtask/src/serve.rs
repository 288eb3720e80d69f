//! `cargo xtask serve`: builds the service and runs it here, with the database that is built in.

use std::process::ExitCode;

use anyhow::Context as _;

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

/// Runs the service in the foreground until it ends, and ends as it did.
pub(crate) fn run(repo: &Repo, args: &Args) -> anyhow::Result<ExitCode> {
    let mut flags = vec!["--package", "officeconfig", "--bin", "officeconfig"];
    if !args.dev {
        flags.push("--release");
    }
    let program = repo.build(&flags, "officeconfig")?;
    let status = std::process::Command::new(program)
        .arg("serve")
        .args(&args.args)
        .current_dir(&repo.root)
        .status()
        .context("running officeconfig serve")?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
