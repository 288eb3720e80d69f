//! `cargo xtask bench`: builds the service and the `bench/` workspace in release and hands over to its runner. What is measured, and how,
//! is the runner's business.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, ensure};

/// Runs the benchmarks. `args` go to the runner as they are (`--help` lists them); with `--service FILE` or `--baselines-only` the service is
/// not built.
pub(crate) fn run(args: &[String]) -> anyhow::Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .context("xtask lies directly below the repository's root")?;
    let given = |name: &str| {
        args.iter()
            .any(|arg| arg == name || arg.starts_with(&format!("{name}=")))
    };

    let bench = root.join("bench");
    let bench_target = bench.join("target");
    let mut build = cargo(&bench);
    build
        .args(["build", "--release", "--locked", "--target-dir"])
        .arg(&bench_target);
    succeed(build, "building bench/")?;

    let mut runner = Command::new(bench_target.join("release/run"));
    runner.arg("--bench-dir").arg(&bench);
    if !given("--service") && !given("--baselines-only") && !given("--help") {
        let mut build = cargo(root);
        build.args(["build", "--release", "-p", "officeconfig"]);
        succeed(build, "building the service")?;
        runner
            .arg("--service")
            .arg(target_directory(root)?.join("release/officeconfig"));
    }
    runner.args(args).current_dir(root);
    succeed(runner, "the benchmark")
}

fn cargo(folder: &Path) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(folder);
    command
}

fn target_directory(root: &Path) -> anyhow::Result<PathBuf> {
    let output = cargo(root)
        .args(["metadata", "--no-deps", "--format-version", "1"])
        .output()
        .context("running cargo metadata")?;
    ensure!(output.status.success(), "cargo metadata failed");
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout)?;
    let folder = metadata["target_directory"]
        .as_str()
        .context("cargo metadata names the target directory")?;
    Ok(PathBuf::from(folder))
}

fn succeed(mut command: Command, what: &str) -> anyhow::Result<()> {
    let status = command.status().with_context(|| what.to_owned())?;
    ensure!(status.success(), "{what} failed: {status}");
    Ok(())
}
