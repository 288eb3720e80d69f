//! The suites in Python: the Graph SDK, and the published schemas. They run in a virtual environment under the target folder.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::tally::{self, Tally};
use crate::test::Bench;
use crate::tools::{self, Repo, succeed};

/// Runs `tests/python` against a service of its own.
pub(crate) fn run(bench: &Bench<'_>, tally: &mut Tally) -> anyhow::Result<()> {
    let Some(python) =
        ["python3", "python"].into_iter().find(|program| tools::is_there(program, &["-c", "import venv, ensurepip"]))
    else {
        tally.skip("tests/python", "no python3 with venv on this machine");
        return Ok(());
    };
    let interpreter = match environment(bench.repo, python) {
        Ok(interpreter) => interpreter,
        Err(error) => {
            tally.fail("tests/python: installing its requirements", &error);
            return Ok(());
        }
    };
    let mut command = bench.with_service(&[], &interpreter);
    command.arg(bench.repo.root.join("tests/python/run.py")).env("PYTHONDONTWRITEBYTECODE", "1");
    let (status, lines) = tools::run_and_read(command)?;
    skips(&lines, tally);
    tally.add("tests/python", status, tally::plain(&lines));
    Ok(())
}

/// The virtual environment with exactly `requirements.txt`; made anew when that file changes.
fn environment(repo: &Repo, python: &str) -> anyhow::Result<PathBuf> {
    let folder = repo.target.join("python");
    let interpreter = if cfg!(windows) { folder.join("Scripts/python.exe") } else { folder.join("bin/python") };
    let requirements = repo.root.join("tests/python/requirements.txt");
    let wanted = fs::read_to_string(&requirements)?;
    let stamp = folder.join("installed.txt");
    if fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(interpreter);
    }
    println!("installing tests/python/requirements.txt under {}", folder.display());
    succeed(Command::new(python).args(["-m", "venv", "--clear"]).arg(&folder))?;
    succeed(
        Command::new(&interpreter)
            .args(["-m", "pip", "install", "--quiet", "--no-deps"])
            .args(["--disable-pip-version-check", "-r"])
            .arg(&requirements),
    )?;
    fs::write(stamp, wanted)?;
    Ok(interpreter)
}

/// Runners print `skipped: WHAT: WHY` for what they leave out.
pub(crate) fn skips(lines: &[String], tally: &mut Tally) {
    for line in lines {
        if let Some((what, why)) = line.strip_prefix("skipped: ").and_then(|rest| rest.split_once(": ")) {
            tally.skip(what, why);
        }
    }
}
