//! What is wrong with a settings document, and where.

use std::fmt;

/// Why bytes are no settings document.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DocumentError {
    /// They are no JSON.
    #[error("no JSON at line {line}, column {column}: {message}")]
    Json {
        /// From 1.
        line: usize,
        /// From 1, in bytes.
        column: usize,
        /// What was expected.
        message: String,
    },
    /// They are JSON, but not such a document.
    #[error("{}", describe(faults, *count))]
    Faults {
        /// The first [`crate::limits::FAULTS_MAX`] of them, in the order of the text.
        faults: Vec<Fault>,
        /// How many there are.
        count: usize,
    },
}

/// One place that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Where: `[3].settingId`; empty for the document itself.
    pub path: String,
    /// What is wrong there, as a sentence.
    pub message: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.path.is_empty() { f.write_str(&self.message) } else { write!(f, "{}: {}", self.path, self.message) }
    }
}

impl DocumentError {
    /// The places; for what is no JSON there is one.
    ///
    /// ```
    /// let error = policy::Document::parse(b"[{},]").unwrap_err();
    /// assert_eq!(error.faults()[0].to_string(), "no JSON at line 1, column 5: expected value");
    /// ```
    pub fn faults(&self) -> Vec<Fault> {
        match self {
            Self::Json { .. } => vec![Fault { path: String::new(), message: self.to_string() }],
            Self::Faults { faults, .. } => faults.clone(),
        }
    }
}

fn describe(faults: &[Fault], count: usize) -> String {
    let mut text: Vec<String> = faults.iter().map(Fault::to_string).collect();
    if count > faults.len() {
        text.push(format!("and {} more", count - faults.len()));
    }
    text.join(" ")
}
