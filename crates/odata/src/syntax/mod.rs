//! The grammar of OData URLs: text in, syntax tree with positions out. Knows no model.
//!
//! A URL is split first and percent-decoded afterwards: `%2F` in a key and `%26` in a filter are data. [`RawPath`] and
//! [`Query`] hold the decoded text; the trees of [`ast`] borrow from it. Positions are byte offsets in the decoded text of
//! the one option or path that they belong to.
//!
//! ```
//! let query = odata::syntax::Query::parse("$filter=startswith(deviceName,'LAB-')&$top=20").expect("well-formed");
//! let options = query.options().expect("every option is well-formed");
//! assert!(options.filter.is_some());
//! assert_eq!(options.top, Some(20));
//! ```

pub mod apply;
pub mod ast;
pub mod context;
mod cursor;
mod expression;
pub mod header;
mod literal;
mod member;
mod options;
mod path;
mod percent;
pub mod preference;
mod query;
mod search;
mod shape;
mod url;

use std::borrow::Cow;

pub use expression::parse_expression;
pub use path::{RawPath, RawSegment};
pub use query::{Query, SystemOption};
pub use url::RelativeUrl;
pub(crate) use url::check as check_url;

use crate::error::Error;

/// Where and why a text does not fit the grammar.
///
/// ```
/// let error = odata::syntax::parse_expression("price gt").unwrap_err();
/// assert_eq!(error.position, 8);
/// assert!(error.to_string().ends_with("at position 8"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message} at position {position}")]
pub struct SyntaxError {
    /// Byte offset in the decoded text.
    pub position: usize,
    /// What was expected, for the caller.
    pub message: Cow<'static, str>,
}

impl SyntaxError {
    pub(crate) fn new(position: usize, message: impl Into<Cow<'static, str>>) -> Self {
        Self { position, message: message.into() }
    }

    /// The same fault in a text where this one starts at `offset`.
    pub(crate) fn moved(self, offset: usize) -> Self {
        Self { position: self.position + offset, ..self }
    }

    /// As the error of the option or path named `target`.
    pub(crate) fn into_error(self, target: &str) -> Error {
        Error::bad_request(format!("Syntax error at position {} in '{target}': {}.", self.position, self.message))
            .at(target)
            .at_position(self.position)
    }
}
