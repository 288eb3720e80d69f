//! The suites in JavaScript: the Graph client over TLS, and a client generated from our `$metadata`. They run from a copy under the
//! target folder, so that the packages are not installed into the source tree.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;

use crate::python::skips;
use crate::tally::{self, Tally};
use crate::test::Bench;
use crate::tools::{self, Repo, succeed};

/// Runs `tests/js` against a service of its own, over TLS: the SDK sends no token otherwise.
pub(crate) fn run(bench: &Bench<'_>, tally: &mut Tally) -> anyhow::Result<()> {
    if !tools::is_there("node", &["--version"]) || !tools::is_there(NPM, &["--version"]) {
        tally.skip("tests/js", "no node with npm on this machine");
        return Ok(());
    }
    let folder = match install(bench.repo) {
        Ok(folder) => folder,
        Err(error) => {
            tally.fail("tests/js: installing its packages", &error);
            return Ok(());
        }
    };
    let mut command = bench.with_service(&["--tls"], Path::new("node"));
    command.arg("run.js").current_dir(&folder);
    let (status, lines) = tools::run_and_read(command)?;
    skips(&lines, tally);
    tally.add("tests/js", status, tally::plain(&lines));
    Ok(())
}

const NPM: &str = if cfg!(windows) { "npm.cmd" } else { "npm" };

/// Copies the suite and installs exactly what its lock file names.
fn install(repo: &Repo) -> anyhow::Result<PathBuf> {
    let source = repo.root.join("tests/js");
    let folder = repo.target.join("js");
    fs::create_dir_all(&folder)?;
    for entry in fs::read_dir(&source).context("reading tests/js")? {
        let entry = entry?;
        if entry.file_type()?.is_file() {
            fs::copy(entry.path(), folder.join(entry.file_name()))?;
        }
    }
    let wanted = fs::read_to_string(source.join("package-lock.json"))?;
    let stamp = folder.join("node_modules/installed.json");
    if fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(folder);
    }
    println!("installing tests/js/package-lock.json under {}", folder.display());
    succeed(Command::new(NPM).args(["ci", "--no-audit", "--no-fund", "--loglevel=error"]).current_dir(&folder))?;
    fs::write(stamp, wanted)?;
    Ok(folder)
}
