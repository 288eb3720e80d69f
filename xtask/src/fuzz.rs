//! `cargo xtask fuzz`: builds the engine's fuzz targets with coverage and runs them, guided by it. Needs a C++ compiler, no other
//! toolchain: the flags are those that cargo-fuzz gives without a sanitizer. What must hold is in `crates/odata/fuzz`.

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use crate::tools::{Repo, executable, succeed};

const TARGETS: [&str; 5] = ["url", "options", "body", "batch", "csdl"];

/// Counts of each edge, kept inline, and what is compared with what.
const COVERAGE: &str = "-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares --cfg fuzzing";

/// What `cargo xtask fuzz` takes.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Targets to run one after another; all when none is named
    #[arg(value_parser = TARGETS)]
    targets: Vec<String>,
    /// How long each runs
    #[arg(long, default_value_t = 600)]
    seconds: u32,
}

/// Runs the targets. A crash ends it, and its input lies where libFuzzer says.
pub(crate) fn run(repo: &Repo, args: &Args) -> anyhow::Result<ExitCode> {
    let folder = repo.target.join("fuzz");
    let seeds = repo.build(&["--package", "odata-fuzz", "--bin", "seeds"], "seeds")?;
    // Each by name: whatever is not linked with libFuzzer cannot be built with its coverage.
    let programs = TARGETS.iter().flat_map(|target| ["--bin", *target]);
    succeed(
        repo.cargo(&["build", "--locked", "--package", "odata-fuzz", "--features", "libfuzzer", "--profile", "fuzz"])
            .args(programs)
            // Named, so that build scripts and macros, which run without the fuzzer, are built without coverage.
            .args(["--target", &host()?, "--target-dir"])
            .arg(&folder)
            .env("RUSTFLAGS", COVERAGE),
    )?;
    let all = TARGETS.map(str::to_owned);
    for target in if args.targets.is_empty() { &all[..] } else { &args.targets } {
        let corpus = folder.join("corpus").join(target);
        fs::create_dir_all(&corpus)?;
        let reference = repo.root.join("../shared/reference");
        succeed(std::process::Command::new(&seeds).arg(target).arg(folder.join("seeds").join(target)).arg(&reference))?;
        run_one(repo, &folder, target, args.seconds)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn run_one(repo: &Repo, folder: &Path, target: &str, seconds: u32) -> anyhow::Result<()> {
    println!("── {target}: {seconds} s");
    let program = folder.join(host()?).join("fuzz").join(executable(target));
    let artifacts = format!("{}/", folder.join("artifacts").join(target).display());
    fs::create_dir_all(&artifacts)?;
    succeed(
        std::process::Command::new(program)
            .arg(folder.join("corpus").join(target))
            .arg(folder.join("seeds").join(target))
            .arg(format!("-dict={}", repo.root.join("crates/odata/fuzz/dictionary").display()))
            .arg(format!("-artifact_prefix={artifacts}"))
            .arg(format!("-max_total_time={seconds}"))
            // A slow input is a fault too: nothing of a few KiB may take seconds, or gigabytes.
            .args(["-timeout=10", "-rss_limit_mb=2048", "-max_len=16384", "-print_final_stats=1", "-verbosity=0"]),
    )
}

/// The target triple of this machine, as rustc names it.
fn host() -> anyhow::Result<String> {
    let output = std::process::Command::new("rustc").arg("-vV").output()?;
    let text = String::from_utf8(output.stdout)?;
    let line = text.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(line.ok_or_else(|| anyhow::anyhow!("rustc -vV names no host"))?.to_owned())
}
