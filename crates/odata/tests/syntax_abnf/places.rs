//! Faults, and their places in a text as it was written: the crate counts in the decoded text of one option or path.

use odata::Error;
use odata::edm::ParseError;
use odata::syntax::{SyntaxError, SystemOption};

/// Why a text is refused.
#[derive(Debug)]
pub(crate) struct Fault {
    /// The byte of the text as written; `None` where the error names none.
    pub(crate) at: Option<usize>,
    #[expect(dead_code, reason = "shown when a test fails")]
    why: String,
}

impl Fault {
    pub(crate) fn new(at: usize, why: impl Into<String>) -> Self {
        Self { at: Some(at), why: why.into() }
    }

    /// Of a text that is parsed as it was written.
    pub(crate) fn plain(error: &SyntaxError) -> Self {
        Self::new(error.position, error.message.clone())
    }

    /// Of the text of a value.
    pub(crate) fn of_value(error: &ParseError) -> Self {
        let at = if let ParseError::Form { position, .. } = error { Some(*position) } else { None };
        Self { at, why: error.to_string() }
    }

    /// Of a text that was decoded whole.
    pub(crate) fn decoded(error: &SyntaxError, raw: &str) -> Self {
        Self::new(written(raw, error.position), error.message.clone())
    }

    /// Of a URL relative to the service root, or of its path or its query alone.
    pub(crate) fn of_url(error: &Error, url: &str) -> Self {
        let (path, query) = url.split_once('?').unwrap_or((url, ""));
        let at = match error.target.as_deref() {
            Some("path") => error.position.map(|position| written(path, position)),
            Some(option) => {
                let start = url.len() - query.len();
                in_query(query, option, error.position).map(|at| start + at)
            }
            None => None,
        };
        Self { at, why: error.message.clone() }
    }

    /// Of a query alone.
    pub(crate) fn of_query(error: &Error, query: &str) -> Self {
        let at = error.target.as_deref().and_then(|option| in_query(query, option, error.position));
        Self { at, why: error.message.clone() }
    }

    /// The same fault in a text that starts behind the first `length` bytes of this one.
    pub(crate) fn behind(self, length: usize) -> Self {
        Self { at: self.at.and_then(|at| at.checked_sub(length)), ..self }
    }

    /// The same fault in a text of which this one is what follows the first `length` bytes.
    pub(crate) fn after(self, length: usize) -> Self {
        Self { at: self.at.map(|at| at + length), ..self }
    }
}

/// The place in a text as written of a place in the decoded one.
pub(crate) fn written(raw: &str, decoded: usize) -> usize {
    let mut at = 0;
    for _ in 0..decoded {
        at += if raw.as_bytes().get(at) == Some(&b'%') { 3 } else { 1 };
    }
    at.min(raw.len())
}

/// A position counts in the value of an option that is known, in the name of any other; without one, the fault is the
/// option's being there.
fn in_query(query: &str, option: &str, position: Option<usize>) -> Option<usize> {
    let known = SystemOption::by_name(option);
    let mut start = 0;
    for part in query.split('&') {
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        let is_it = if known.is_some() { SystemOption::by_name(name) == known } else { name == option };
        if is_it {
            return Some(match position {
                None => start,
                Some(position) if known.is_some() || option.starts_with('@') => {
                    let before = part.len() - value.len();
                    start + before + written(value, position)
                }
                Some(position) => start + written(name, position),
            });
        }
        start += part.len() + 1;
    }
    None
}
