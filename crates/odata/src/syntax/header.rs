//! The headers that OData defines, from their text: what a client or a batch part says beside its body. Knows no request.
//!
//! ```
//! use odata::syntax::header::Header;
//!
//! assert_eq!(Header::parse("Content-ID: 1"), Ok(Header::ContentId("1")));
//! assert_eq!(Header::parse("Isolation: snapshot"), Ok(Header::Isolation));
//! assert_eq!(Header::parse("Accept: */*").map_err(|error| error.position), Err(0));
//! ```

use super::SyntaxError;

/// A header of OData. Names are taken in any case, with `OData-` and, where 4.01 says so, without.
///
/// ```
/// use odata::syntax::header::Header;
///
/// assert_eq!(Header::parse("asyncresult: 204"), Ok(Header::AsyncResult(204)));
/// let entity = "https://example.org/products(1)";
/// assert_eq!(Header::parse(&format!("OData-EntityId: {entity}")), Ok(Header::EntityId(entity)));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Header<'t> {
    /// `AsyncResult`: the status of what was asynchronous.
    AsyncResult(u16),
    /// `Content-ID` of a batch part.
    ContentId(&'t str),
    /// `OData-EntityId`.
    EntityId(&'t str),
    /// `OData-Error`: an error in JSON, in the trailer of an answer.
    Error(&'t str),
    /// `OData-Isolation: snapshot`.
    Isolation,
    /// `OData-MaxVersion`.
    MaxVersion(Version),
    /// `OData-Version`.
    Version(Version),
}

/// A version of the protocol: `4.01` is 4 and 1.
///
/// ```
/// use odata::syntax::header::{Header, Version};
///
/// let Ok(Header::MaxVersion(most)) = Header::parse("OData-MaxVersion: 4.0") else { panic!("a version") };
/// assert!(most < Version { major: 4, minor: 1 });
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    /// Before the dot.
    pub major: u32,
    /// After it.
    pub minor: u32,
}

impl Version {
    /// Parses `4.01`; digits after the dot that change nothing may follow a semicolon, as old clients write it.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let text = text.split(';').next()?.trim();
        let (major, minor) = text.split_once('.').unwrap_or((text, "0"));
        let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit()).then(|| part.parse().ok()).flatten();
        Some(Self { major: digits(major)?, minor: digits(minor)? })
    }
}

impl<'t> Header<'t> {
    /// Parses one line.
    ///
    /// ```
    /// use odata::syntax::header::{Header, Version};
    /// assert_eq!(Header::parse("odata-version: 4.01"), Ok(Header::Version(Version { major: 4, minor: 1 })));
    /// assert!(Header::parse("OData-Version: four").is_err());
    /// ```
    ///
    /// # Errors
    /// A name that OData does not define, and a value that does not fit it.
    pub fn parse(line: &'t str) -> Result<Self, SyntaxError> {
        let Some((name, value)) = line.split_once(':') else {
            return Err(SyntaxError::new(line.len(), "expected ':'"));
        };
        let lower = name.to_ascii_lowercase();
        let value_at = name.len() + 1 + (value.len() - value.trim_start().len());
        let value = value.trim();
        let fail = |message: &'static str| Err(SyntaxError::new(value_at, message));
        let version =
            || Version::parse(value).ok_or_else(|| SyntaxError::new(value_at, "expected a version such as 4.01"));
        match lower.as_str() {
            "asyncresult" => match value.parse() {
                Ok(status @ 100..=599) => Ok(Self::AsyncResult(status)),
                _ => fail("expected a status"),
            },
            "content-id" if is_request_id(value) => Ok(Self::ContentId(value)),
            "odata-entityid" => match check_scheme(value) {
                Ok(()) => Ok(Self::EntityId(value)),
                Err(at) => Err(SyntaxError::new(value_at + at, "expected a scheme and ':'")),
            },
            "odata-error" => match crate::json::parse(value.as_bytes()) {
                Ok(_) => Ok(Self::Error(value)),
                Err(_) => fail("expected an error in JSON"),
            },
            "isolation" | "odata-isolation" if value.eq_ignore_ascii_case("snapshot") => Ok(Self::Isolation),
            "odata-maxversion" => version().map(Self::MaxVersion),
            "odata-version" => version().map(Self::Version),
            "content-id" | "isolation" | "odata-isolation" => fail("expected another value"),
            _ => Err(SyntaxError::new(0, "expected the name of a header of OData")),
        }
    }
}

/// Whether a text names a request of a batch (`request-id` of the ABNF): unreserved characters.
fn is_request_id(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'~'))
}

/// Refuses what does not start with a scheme and its colon; the fault is where it stops being one.
fn check_scheme(text: &str) -> Result<(), usize> {
    let end = text.find(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '+' | '-' | '.')).unwrap_or(text.len());
    match text.as_bytes() {
        [first, ..] if !first.is_ascii_alphabetic() => Err(0),
        bytes if bytes.get(end) == Some(&b':') => Ok(()),
        _ => Err(end),
    }
}
