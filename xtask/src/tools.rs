//! Running other programs, and getting the ones that a fresh machine lacks. It knows nothing of what is tested.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};

use anyhow::{Context as _, bail, ensure};

/// cargo-deny as it is built for `ci`; the version is pinned so that the same tree gives the same verdict.
const CARGO_DENY: &str = "0.20.2";

/// What is checked and tested of the benchmarks: all but `afternoon`, which has no tests, depends on nothing of ours, and compiles an
/// SQLite of its own, which costs a fresh machine as much again as the others together.
pub(crate) const BENCH_MEMBERS: [&str; 3] = ["--workspace", "--exclude", "afternoon"];

/// Where things are: the repository, and the folder for all that is built or installed.
pub(crate) struct Repo {
    /// The folder of the workspace's `Cargo.toml`.
    pub(crate) root: PathBuf,
    /// Cargo's target folder, wherever the environment puts it.
    pub(crate) target: PathBuf,
}

impl Repo {
    /// Asks Cargo, so that `CARGO_TARGET_DIR` and configuration files count.
    pub(crate) fn find() -> anyhow::Result<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"))
            .parent()
            .context("xtask lies directly below the repository's root")?
            .to_owned();
        let output = Command::new(cargo_program())
            .args(["metadata", "--no-deps", "--format-version", "1"])
            .current_dir(&root)
            .output()
            .context("running cargo metadata")?;
        ensure!(output.status.success(), "cargo metadata failed: {}", String::from_utf8_lossy(&output.stderr));
        let metadata: serde_json::Value = serde_json::from_slice(&output.stdout)?;
        let target = metadata["target_directory"].as_str().context("cargo metadata names the target directory")?;
        Ok(Self { target: PathBuf::from(target), root })
    }

    /// A Cargo command in the repository's root.
    pub(crate) fn cargo(&self, args: &[&str]) -> Command {
        let mut command = Command::new(cargo_program());
        command.current_dir(&self.root).args(args);
        command
    }

    /// A Cargo command in the workspace of the benchmarks, which shares no dependency with the product.
    pub(crate) fn bench_cargo(&self, args: &[&str]) -> Command {
        let bench = self.root.join("bench");
        let mut command = self.cargo(args);
        command.env("CARGO_TARGET_DIR", bench.join("target")).current_dir(bench);
        command
    }

    /// A Cargo command in the workspace of the benchmarks' filler, which is alone because it needs the store.
    pub(crate) fn fill_cargo(&self, args: &[&str]) -> Command {
        let fill = self.root.join("bench/fill");
        let mut command = self.cargo(args);
        command.env("CARGO_TARGET_DIR", self.root.join("bench/target/fill")).current_dir(fill);
        command
    }

    /// Builds `package`'s programs with `flags` and returns the path of the one named `program`.
    pub(crate) fn build(&self, flags: &[&str], program: &str) -> anyhow::Result<PathBuf> {
        let output = self
            .cargo(&["build", "--message-format=json-render-diagnostics"])
            .args(flags)
            .stderr(std::process::Stdio::inherit())
            .output()
            .context("running cargo build")?;
        ensure!(output.status.success(), "cargo build failed");
        for line in output.stdout.split(|&byte| byte == b'\n') {
            let Ok(message) = serde_json::from_slice::<serde_json::Value>(line) else {
                continue;
            };
            if message["target"]["name"] == program
                && let Some(path) = message["executable"].as_str()
            {
                return Ok(PathBuf::from(path));
            }
        }
        bail!("cargo build made no program called {program}")
    }

    /// cargo-deny: the pinned version under the target folder, built from the registry the first time (about two minutes on one core).
    pub(crate) fn cargo_deny(&self) -> anyhow::Result<PathBuf> {
        let tools = self.target.join("tools");
        let program = tools.join("bin").join(executable("cargo-deny"));
        let here = Command::new(&program).arg("--version").output();
        if here.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).contains(CARGO_DENY)) {
            return Ok(program);
        }
        println!("installing cargo-deny {CARGO_DENY} under {}", tools.display());
        // Unoptimised builds in a third of the time, and the check still takes two seconds.
        let mut install = self.cargo(&["install", "cargo-deny", "--locked", "--debug"]);
        install
            .args(["--no-default-features", "--quiet", "--version", CARGO_DENY])
            .arg("--root")
            .arg(&tools)
            .arg("--target-dir")
            .arg(tools.join("build"));
        succeed(&mut install)?;
        // Half a gigabyte that nothing reads again.
        let _ = fs::remove_dir_all(tools.join("build"));
        Ok(program)
    }
}

/// The Cargo that runs this xtask, so that the toolchain stays the same.
fn cargo_program() -> std::ffi::OsString {
    std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}

/// A program's file name on this platform.
pub(crate) fn executable(name: &str) -> String {
    format!("{name}{}", std::env::consts::EXE_SUFFIX)
}

/// True when `program --version` can be run.
pub(crate) fn is_there(program: &str, version_flag: &[&str]) -> bool {
    Command::new(program).args(version_flag).output().is_ok_and(|output| output.status.success())
}

/// Runs a command with its output passed through; an error unless it exits 0.
pub(crate) fn succeed(command: &mut Command) -> anyhow::Result<()> {
    let name = describe(command);
    let status = command.status().with_context(|| format!("running {name}"))?;
    ensure!(status.success(), "{name} ended with {status}");
    Ok(())
}

/// Runs a command, passes its lines on as they come, and returns them with the exit status.
pub(crate) fn run_and_read(mut command: Command) -> anyhow::Result<(ExitStatus, Vec<String>)> {
    let name = describe(&command);
    let (reader, writer) = std::io::pipe()?;
    command.stdout(writer.try_clone()?).stderr(writer);
    let mut child = command.spawn().with_context(|| format!("running {name}"))?;
    // The command holds our ends of the pipe; the loop below ends when the last of them is gone.
    drop(command);
    let mut lines = Vec::new();
    let mut reader = BufReader::new(reader);
    let mut buffer = Vec::new();
    while reader.read_until(b'\n', &mut buffer)? > 0 {
        let line = String::from_utf8_lossy(&buffer).trim_end().to_owned();
        println!("{line}");
        lines.push(line);
        buffer.clear();
    }
    Ok((child.wait()?, lines))
}

fn describe(command: &Command) -> String {
    let mut text = command.get_program().to_string_lossy().into_owned();
    for arg in command.get_args() {
        text.push(' ');
        text.push_str(&arg.to_string_lossy());
    }
    text
}
