//! The file of test cases. Knows no grammar.

use std::collections::HashMap;
use std::fmt;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// The names that the cases take as declared, by the kind of thing that each names.
pub(crate) type Constraints = HashMap<String, Vec<String>>;

/// A text and what OASIS says of it.
pub(crate) struct Case {
    pub(crate) rule: String,
    pub(crate) input: String,
    /// The byte at which a refused text fails.
    pub(crate) fail_at: Option<usize>,
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { rule, input, fail_at } = self;
        match fail_at {
            Some(at) => write!(f, "{rule} {input:?} is to fail at {at}"),
            None => write!(f, "{rule} {input:?} is to be taken"),
        }
    }
}

/// All cases; `None` after noting, as the workspace's end-to-end tests do, that `test` could not run.
pub(crate) fn cases(test: &str) -> Option<(Constraints, Vec<Case>)> {
    let folder = std::env::var_os("OFFICECONFIG_REFERENCE")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/reference"), PathBuf::from);
    let file = folder.join("data/odata-abnf-testcases.json");
    if !file.exists() {
        skip(test, "odata-abnf-testcases.json is not beside this repository");
        return None;
    }
    let mut whole: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    let constraints = serde_json::from_value(whole["Constraints"].take()).unwrap();
    let text = |case: &Value, member: &str| case[member].as_str().unwrap().to_owned();
    let cases = whole["TestCases"].as_array().unwrap().iter().map(|case| Case {
        rule: text(case, "Rule"),
        input: text(case, "Input"),
        fail_at: case.get("FailAt").map(|at| usize::try_from(at.as_u64().unwrap()).unwrap()),
    });
    Some((constraints, cases.collect()))
}

#[expect(clippy::print_stderr, reason = "says what it could not do")]
fn skip(test: &str, why: &str) {
    eprintln!("skipped: {test}: {why}");
    if let Some(file) = std::env::var_os("OFFICECONFIG_SKIPS") {
        let mut file = std::fs::OpenOptions::new().create(true).append(true).open(file).unwrap();
        writeln!(file, "{test}\t{why}").unwrap();
    }
}
