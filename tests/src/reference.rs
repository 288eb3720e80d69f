//! Published examples and schemas, which lie beside the repository and may be absent.

use std::io::Write as _;
use std::path::{Path, PathBuf};

/// The path of `name` among the reference files, or `None` after noting that `test` could not run in full.
pub fn reference(test: &str, name: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("OFFICECONFIG_REFERENCE")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/reference"), PathBuf::from);
    let path = folder.join(name);
    if path.exists() {
        return Some(path);
    }
    skip(test, &format!("{name} is not beside this repository"));
    None
}

/// Tells the person at the terminal, and `cargo xtask test`, that `test` did not run. The caller returns at once.
pub fn skip(test: &str, why: &str) {
    eprintln!("skipped: {test}: {why}");
    if let Some(file) = std::env::var_os("OFFICECONFIG_SKIPS") {
        let mut file = std::fs::OpenOptions::new().create(true).append(true).open(file).unwrap();
        writeln!(file, "{test}\t{why}").unwrap();
    }
}
