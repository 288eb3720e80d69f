//! `cargo xtask ci`: what a submission must pass. The last line printed is `N passed, N failed`, summed over all test runners; a failed
//! check counts as one failure.

use std::process::ExitCode;
use std::time::Instant;

use anyhow::ensure;

use crate::examples;
use crate::tally::Tally;
use crate::test;
use crate::tools::{BENCH_MEMBERS, Repo, succeed};

type Check = fn(&Repo) -> anyhow::Result<()>;

const CHECKS: &[(&str, Check)] = &[
    ("format", format),
    ("lock files", lock_files),
    ("lints", lints),
    ("documentation", documentation),
    ("examples", examples::check),
    ("dependencies", dependencies),
];

/// Runs every check, then every test; one failure does not hide the next.
pub(crate) fn run(repo: &Repo) -> anyhow::Result<ExitCode> {
    let mut failures = Tally::default();
    for (name, check) in CHECKS {
        println!("── {name}");
        let start = Instant::now();
        match check(repo) {
            Ok(()) => println!("── {name}: ok after {:.0?}", start.elapsed()),
            Err(error) => failures.fail(name, &error),
        }
    }
    println!("── tests");
    let mut tally = test::run_all(repo, &test::Args::default())?;
    tally.failed += failures.failed;
    tally.broken.extend(failures.broken);
    tally.print();
    Ok(if tally.is_good() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn format(repo: &Repo) -> anyhow::Result<()> {
    let check = ["fmt", "--all", "--check"];
    succeed(&mut repo.cargo(&check))?;
    succeed(&mut repo.bench_cargo(&check))?;
    succeed(&mut repo.fill_cargo(&check))
}

/// What is generated and committed is what would be generated now: the lock files, which also name no registry's address.
fn lock_files(repo: &Repo) -> anyhow::Result<()> {
    let fetch = ["fetch", "--quiet", "--locked"];
    succeed(&mut repo.cargo(&fetch))?;
    succeed(&mut repo.fill_cargo(&fetch))?;
    let lock = std::fs::read_to_string(repo.root.join("tests/js/package-lock.json"))?;
    ensure!(
        !lock.contains("\"resolved\""),
        "tests/js/package-lock.json names a registry: write it with `npm install --omit-lockfile-registry-resolved`"
    );
    Ok(())
}

fn lints(repo: &Repo) -> anyhow::Result<()> {
    let flags = ["--all-targets", "--locked", "--", "-D", "warnings"];
    succeed(repo.cargo(&["clippy", "--quiet", "--workspace"]).args(flags))?;
    succeed(repo.bench_cargo(&["clippy", "--quiet"]).args(BENCH_MEMBERS).args(flags))
}

fn documentation(repo: &Repo) -> anyhow::Result<()> {
    succeed(repo.cargo(&["doc", "--quiet", "--workspace", "--no-deps", "--locked"]).env("RUSTDOCFLAGS", "-D warnings"))
}

fn dependencies(repo: &Repo) -> anyhow::Result<()> {
    let deny = repo.cargo_deny()?;
    succeed(
        std::process::Command::new(deny)
            .args(["--offline", "check", "--hide-inclusion-graph"])
            .args(["bans", "licenses", "sources"])
            .current_dir(&repo.root),
    )
}
