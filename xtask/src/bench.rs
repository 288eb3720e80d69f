//! `cargo xtask bench`: builds the service and the `bench/` workspace in release and hands over to its runner. What is measured, and how,
//! is the runner's business.

use std::process::ExitCode;

use anyhow::Context as _;

use crate::tools::{Repo, executable, succeed};

/// What `cargo xtask bench` takes.
#[derive(clap::Args)]
#[command(disable_help_flag = true)]
pub(crate) struct Args {
    /// Arguments for the runner, for example `--quick`, `checkin --devices 1000000` or `fleet`; `--help` lists them
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    args: Vec<String>,
}

/// Runs the benchmarks. With `--service FILE` or `--baselines-only` the service is not built.
pub(crate) fn run(repo: &Repo, args: &Args) -> anyhow::Result<ExitCode> {
    let bench = repo.root.join("bench");
    // A folder of its own: the two workspaces share no build, and their programs must not replace each other.
    let target = bench.join("target");
    succeed(repo.cargo(&["build", "--release", "--locked", "--target-dir"]).arg(&target).current_dir(&bench))?;

    let grows = args.has("--devices") && (args.has("checkin") || args.has("growth") || !args.has("fleet"));
    if grows || args.has("postgres") {
        succeed(&mut repo.fill_cargo(&["build", "--release", "--locked"]))?;
    }

    let mut runner = std::process::Command::new(target.join("release").join(executable("run")));
    runner.arg("--bench-dir").arg(&bench);
    if !["--service", "--baselines-only", "--help"].iter().any(|name| args.has(name)) {
        let service =
            repo.build(&["--release", "--package", "officeconfig", "--bin", "officeconfig"], "officeconfig")?;
        runner.arg("--service").arg(service);
    }
    let status = runner.args(&args.args).current_dir(&repo.root).status().context("running the benchmark")?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

impl Args {
    fn has(&self, name: &str) -> bool {
        self.args.iter().any(|arg| arg == name || arg.strip_prefix(name).is_some_and(|rest| rest.starts_with('=')))
    }
}
