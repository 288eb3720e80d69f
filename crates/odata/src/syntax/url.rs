//! A URL relative to the service root, as a whole: path, query, and what the one says of the other.

use super::{Query, RawPath, SystemOption};
use crate::error::Error;

/// A path and its query, parsed.
///
/// ```
/// use odata::syntax::{RelativeUrl, SystemOption};
/// let url = RelativeUrl::parse("Products(1)/Category?$select=Name").expect("well-formed");
/// assert_eq!(url.path.segments().len(), 2);
/// assert_eq!(url.query.text(SystemOption::Select), Some("Name"));
/// assert!(RelativeUrl::parse("$entity?$select=Name").is_err(), "it lacks $id");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RelativeUrl {
    /// What stands before `?`.
    pub path: RawPath,
    /// What stands after it.
    pub query: Query,
}

impl RelativeUrl {
    /// Splits and decodes. A fragment is refused: none reaches a server.
    ///
    /// ```
    /// use odata::syntax::RelativeUrl;
    ///
    /// assert_eq!(RelativeUrl::parse("products?$top=2")?.query.options()?.top, Some(2));
    /// assert_eq!(RelativeUrl::parse("products?$top=2#x").unwrap_err().target.as_deref(), Some("$top"));
    /// # Ok::<(), odata::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`RawPath::parse`] and [`Query::parse`]; `$entity` without `$id`, or with options that need a type behind it.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let (path, query) = text.split_once('?').unwrap_or((text, ""));
        let url = Self { path: RawPath::parse(path)?, query: Query::parse(query)? };
        check(&url.path, &url.query)?;
        Ok(url)
    }
}

/// What a path says of its query: `$entity` needs `$id`, and a type segment before it takes `$select` or `$expand`.
///
/// # Errors
/// The option that is missing or does not fit.
pub(crate) fn check(path: &RawPath, query: &Query) -> Result<(), Error> {
    if path.segment(0).is_none_or(|first| first.text() != "$entity") {
        return Ok(());
    }
    let taken = |option: &SystemOption| matches!(option, SystemOption::Id | SystemOption::Format);
    if path.len() == 1
        && let Some(other) = query.given().find(|option| !taken(option))
    {
        let name = other.name();
        let message = format!("'{name}' needs a type segment after '$entity', as in '$entity/Namespace.Type'.");
        return Err(Error::bad_request(message).at(name));
    }
    if query.text(SystemOption::Id).is_none() {
        return Err(Error::bad_request("'$entity' needs the query option '$id'.").at("$id"));
    }
    Ok(())
}
