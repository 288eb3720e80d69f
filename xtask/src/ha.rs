//! `cargo xtask ha`: builds the service and hands over to the high-availability rig in `tests/ha`. What dies, and what must hold then, is
//! the rig's business.

use std::process::{Command, ExitCode};

use anyhow::Context as _;

use crate::tools::Repo;

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
    let mut rig = Command::new("python3");
    rig.arg(repo.root.join("tests/ha/run.py")).args(&args.args).env("PYTHONDONTWRITEBYTECODE", "1");
    if !args.args.iter().any(|arg| arg == "--help" || arg.starts_with("--service")) {
        let service =
            repo.build(&["--release", "--package", "officeconfig", "--bin", "officeconfig"], "officeconfig")?;
        rig.arg("--service").arg(service);
    }
    let status = rig.status().context("running python3 tests/ha/run.py")?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
