//! Words to people and lines to programs: stdout for results, stderr for the rest.

use std::io::{self, Write as _};

use serde_json::Value;

/// How a result is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum OutputFormat {
    /// For people.
    #[default]
    Text,
    /// For programs: one JSON object.
    Json,
}

impl OutputFormat {
    /// Writes a result on stdout, in one of its two forms.
    pub(super) fn print(self, text: &str, json: &Value) -> io::Result<()> {
        match self {
            Self::Text => line(text),
            Self::Json => line(&json.to_string()),
        }
    }
}

/// One line on stdout, at once.
pub(super) fn line(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{text}")?;
    out.flush()
}

/// An error in one line on stderr. Nothing can be done when stderr is gone.
pub(super) fn error(error: &anyhow::Error) {
    let text = format!("{error:#}").replace(['\n', '\r'], " ");
    let _ = writeln!(io::stderr().lock(), "officeconfig: {text}");
}

/// A note on stderr, beside the result.
pub(super) fn note(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}
