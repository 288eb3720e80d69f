//! `cargo xtask test`: every test there is, summed up in one line. It installs what a suite needs under the target folder, and says
//! what it left out and why.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use crate::tally::{self, Tally};
use crate::tools::{self, BENCH_MEMBERS, Repo};
use crate::{ha, node, python};

/// What `cargo xtask test` takes.
#[derive(clap::Args, Default)]
pub(crate) struct Args {
    /// Leave out the suites that drive the service with other people's SDKs
    #[arg(long)]
    no_sdks: bool,
    /// Run only the suites with other people's SDKs
    #[arg(long, conflicts_with = "no_sdks")]
    only_sdks: bool,
}

/// What the suites share: the programs under test and where the published examples and schemas lie.
pub(crate) struct Bench<'a> {
    /// Folders.
    pub(crate) repo: &'a Repo,
    /// The service.
    pub(crate) service: PathBuf,
    /// The helper that starts a service, runs a command against it, and stops it.
    with_service: PathBuf,
}

impl Bench<'_> {
    /// `command`, to be run with a service of its own; its address and tokens are in the environment.
    pub(crate) fn with_service(&self, flags: &[&str], command: &Path) -> Command {
        let mut wrapped = Command::new(&self.with_service);
        wrapped.env("OFFICECONFIG_BIN", &self.service).args(flags).arg("--").arg(command);
        wrapped
    }
}

/// Runs all suites; fails when any test does.
pub(crate) fn run(repo: &Repo, args: &Args) -> anyhow::Result<ExitCode> {
    let tally = run_all(repo, args)?;
    tally.print();
    Ok(if tally.is_good() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Runs all suites and returns the counts.
pub(crate) fn run_all(repo: &Repo, args: &Args) -> anyhow::Result<Tally> {
    // One build for everything: the same features, so that no dependency is compiled twice.
    let build = ["--workspace", "--exclude", "xtask", "--bins"];
    let bench =
        Bench { repo, service: repo.build(&build, "officeconfig")?, with_service: repo.build(&build, "with-service")? };
    let mut tally = Tally::default();
    if args.only_sdks {
        tally.skip("the crates' own tests", "--only-sdks was given");
    } else {
        ha::install(repo);
        rust(&bench, &mut tally)?;
        ha::test(&bench, &mut tally)?;
    }
    if args.no_sdks {
        tally.skip("the SDK suites", "--no-sdks was given");
    } else {
        python::run(&bench, &mut tally)?;
        node::run(&bench, &mut tally)?;
    }
    Ok(tally)
}

/// The API's tests and the kills of the service once more, on PostgreSQL. Left out are those that reach into a data folder, into its database or by backup
/// and restore, and those that run on PostgreSQL anyway: the ends of the database itself.
fn on_postgres(bench: &Bench<'_>, tally: &mut Tally, prepare: impl Fn(Command) -> Command) -> anyhow::Result<()> {
    const NAME: &str = "the API and kill tests on PostgreSQL";
    if !postgres_is_there() {
        tally.skip(NAME, "no PostgreSQL 15 or later was found");
        return Ok(());
    }
    let mut suites = vec!["--package", "e2e", "--no-fail-fast"];
    suites.extend(["beta", "user", "wire", "durability"].iter().flat_map(|suite| ["--test", suite]));
    let is_nextest = tools::is_there("cargo", &["nextest", "--version"]);
    let mut command = if is_nextest {
        let mut command = bench.repo.cargo(&["nextest", "run"]);
        command.args(&suites).args(["--status-level", "slow", "--final-status-level", "slow"]);
        command.args(["-E", "not (test(/^(overload|away)::/) or test(backup_that_was_restored))"]);
        command
    } else {
        let mut command = bench.repo.cargo(&["test"]);
        command.args(&suites).args([
            "--",
            "--skip",
            "overload::",
            "--skip",
            "away::",
            "--skip",
            "backup_that_was_restored",
        ]);
        command
    };
    command.env("OFFICECONFIG_TEST_STORE", "postgres");
    let (status, lines) = tools::run_and_read(prepare(command))?;
    tally.add(NAME, status, if is_nextest { tally::nextest(&lines) } else { tally::libtest(&lines) });
    Ok(())
}

/// Whether the tests will find a PostgreSQL; which one, and whether it is new enough, they see for themselves.
fn postgres_is_there() -> bool {
    if std::env::var_os("OFFICECONFIG_POSTGRES_BIN").is_some() || tools::is_there("postgres", &["--version"]) {
        return true;
    }
    ["/usr/lib/postgresql", "/opt/homebrew/opt", "/usr/local/opt"].iter().any(|folder| {
        let entries = fs::read_dir(folder).into_iter().flatten().flatten();
        entries.into_iter().any(|entry| entry.path().join("bin/postgres").is_file())
    })
}

/// The crates' unit and integration tests, doc tests, and the end-to-end tests in Rust.
fn rust(bench: &Bench<'_>, tally: &mut Tally) -> anyhow::Result<()> {
    let skips = bench.repo.target.join("skipped-tests");
    let _ = fs::remove_file(&skips);
    let prepare = |mut command: Command| {
        command.env("OFFICECONFIG_BIN", &bench.service).env("OFFICECONFIG_SKIPS", &skips).env("INSTA_UPDATE", "no");
        command
    };
    if tools::is_there("cargo", &["nextest", "--version"]) {
        let (status, lines) = tools::run_and_read(prepare(bench.repo.cargo(&[
            "nextest",
            "run",
            "--workspace",
            "--no-fail-fast",
            "--status-level",
            "slow",
            "--final-status-level",
            "slow",
        ])))?;
        tally.add("cargo nextest", status, tally::nextest(&lines));
        let (status, lines) = tools::run_and_read(prepare(bench.repo.cargo(&["test", "--workspace", "--doc"])))?;
        let counts = tally::libtest(&lines);
        // A workspace without doc tests is no failure.
        if !status.success() || counts.passed + counts.failed > 0 {
            tally.add("doc tests", status, counts);
        }
    } else {
        let (status, lines) =
            tools::run_and_read(prepare(bench.repo.cargo(&["test", "--workspace", "--no-fail-fast"])))?;
        tally.add("cargo test", status, tally::libtest(&lines));
    }
    on_postgres(bench, tally, prepare)?;
    let mut benchmarks = bench.repo.bench_cargo(&["test", "--locked"]);
    benchmarks.args(BENCH_MEMBERS);
    let (status, lines) = tools::run_and_read(benchmarks)?;
    tally.add("the benchmarks' own tests", status, tally::libtest(&lines));
    // A test that could not run says so in this file and returns: it was counted as passed, and must not be.
    for line in fs::read_to_string(&skips).unwrap_or_default().lines() {
        let (what, why) = line.split_once('\t').unwrap_or((line, "no reason given"));
        tally.skip(what, why);
        tally.passed = tally.passed.saturating_sub(1);
    }
    Ok(())
}
