//! `If-Match` and `If-None-Match`: read from headers, compared weakly. Knows no method: who checks says what it means.

use http::{HeaderMap, header};

use crate::error::{Error, ErrorKind};
use crate::value::Record;

/// The conditional headers of a request.
///
/// ```
/// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
/// # let engine = shop::engine();
/// use http::Method;
/// use odata::engine::{EntityTags, Unsealed};
///
/// let headers = shop::headers(&[("if-none-match", "*"), ("content-type", "application/json")]);
/// let head = engine.head(&Method::PUT, "/best", &headers, shop::ROOT, &Unsealed)?;
/// assert_eq!(head.preconditions().if_none_match, Some(EntityTags::Any));
/// # Ok::<(), odata::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Preconditions {
    /// `If-Match`.
    pub if_match: Option<EntityTags>,
    /// `If-None-Match`.
    pub if_none_match: Option<EntityTags>,
}

/// The value of a conditional header.
///
/// ```
/// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
/// # let engine = shop::engine();
/// use http::Method;
/// use odata::engine::{EntityTags, Unsealed};
///
/// let headers = shop::headers(&[("if-match", "W/\"7\", \"8\"")]);
/// let head = engine.head(&Method::DELETE, "/products(1)", &headers, shop::ROOT, &Unsealed)?;
/// assert_eq!(head.preconditions().if_match, Some(EntityTags::List(vec!["7".into(), "8".into()])));
/// # Ok::<(), odata::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EntityTags {
    /// `*`.
    Any,
    /// Opaque tags without quotes and without `W/` (comparison is weak).
    List(Vec<String>),
}

/// What the request's target is at the moment.
///
/// ```
/// use odata::engine::{Current, EntityTags, Preconditions};
///
/// // PUT with `If-None-Match: *` creates and never replaces.
/// let creates = Preconditions { if_none_match: Some(EntityTags::Any), ..Preconditions::default() };
/// assert!(creates.check_change(Current::Absent).is_ok());
/// assert!(creates.check_change(Current::Present(None)).is_err());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Current<'a> {
    /// It does not exist.
    Absent,
    /// It exists, with this entity tag as it stands on the wire (`W/"7"`) if it has one.
    Present(Option<&'a str>),
}

impl EntityTags {
    /// Whether the current state is among the tags. A quoted wire tag matches by its opaque part.
    pub(crate) fn matches(&self, current: Current<'_>) -> bool {
        match (self, current) {
            (_, Current::Absent) | (Self::List(_), Current::Present(None)) => false,
            (Self::Any, Current::Present(_)) => true,
            (Self::List(tags), Current::Present(Some(tag))) => tags.iter().any(|t| t == opaque(tag)),
        }
    }
}

impl Preconditions {
    /// Reads the headers.
    ///
    /// # Errors
    /// 400 when a tag is not quoted or otherwise malformed.
    pub(crate) fn from_headers(headers: &HeaderMap) -> Result<Self, Error> {
        Ok(Self { if_match: tags(headers, &header::IF_MATCH)?, if_none_match: tags(headers, &header::IF_NONE_MATCH)? })
    }

    /// Whether no condition was given.
    pub(crate) fn is_empty(&self) -> bool {
        self.if_match.is_none() && self.if_none_match.is_none()
    }

    /// Checks a change against the current state; call it inside the commit.
    ///
    /// ```
    /// use odata::engine::{Current, EntityTags, Preconditions};
    ///
    /// let seven = Preconditions { if_match: Some(EntityTags::List(vec!["7".into()])), ..Preconditions::default() };
    /// assert_eq!(seven.check_change(Current::Present(Some("W/\"7\""))), Ok(()));
    /// let error = seven.check_change(Current::Present(Some("W/\"8\""))).unwrap_err();
    /// assert_eq!((error.kind, error.target.as_deref()), (odata::ErrorKind::PreconditionFailed, Some("If-Match")));
    /// ```
    ///
    /// # Errors
    /// 412 when `If-Match` does not match or `If-None-Match` does.
    pub fn check_change(&self, current: Current<'_>) -> Result<(), Error> {
        let matched = self.if_match.as_ref().is_none_or(|tags| tags.matches(current));
        let hit = self.if_none_match.as_ref().is_some_and(|tags| tags.matches(current));
        if matched && !hit { Ok(()) } else { Err(failed(if matched { "If-None-Match" } else { "If-Match" })) }
    }
}

impl Preconditions {
    /// As [`Self::check_change`], for an update: a body of version 4.01 that names an entity tag
    /// ([`crate::Record::etag`]) is a condition too.
    ///
    /// ```
    /// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
    /// # let model = shop::model();
    /// use odata::RecordBuilder;
    /// use odata::engine::{Current, Preconditions};
    ///
    /// let product = model.type_by_name("product").expect("declared");
    /// let change = RecordBuilder::new(&model, product).set_named("name", "pot").etag("W/\"7\"").build();
    /// let error = Preconditions::default().check_update(&change, Current::Present(Some("W/\"8\""))).unwrap_err();
    /// assert_eq!(error.target.as_deref(), Some("@odata.etag"));
    /// ```
    ///
    /// # Errors
    /// 412.
    pub fn check_update(&self, record: &Record, current: Current<'_>) -> Result<(), Error> {
        self.check_tagged(record.etag.as_deref(), current)
    }

    /// As [`Self::check_change`], for a change that names an entity tag itself; `*` is any.
    ///
    /// ```
    /// use odata::engine::{Current, Preconditions};
    ///
    /// let none = Preconditions::default();
    /// assert!(none.check_tagged(Some("*"), Current::Present(Some("W/\"8\""))).is_ok());
    /// assert!(none.check_tagged(Some("W/\"7\""), Current::Present(Some("W/\"8\""))).is_err());
    /// ```
    ///
    /// # Errors
    /// 412.
    pub fn check_tagged(&self, etag: Option<&str>, current: Current<'_>) -> Result<(), Error> {
        self.check_change(current)?;
        let named = etag.map(|tag| match tag {
            "*" => EntityTags::Any,
            tag => EntityTags::List(vec![opaque(tag).to_owned()]),
        });
        match named {
            Some(named) if !named.matches(current) => Err(failed("@odata.etag")),
            _ => Ok(()),
        }
    }
}

/// 412 for a header.
pub(crate) fn failed(name: &str) -> Error {
    Error::new(ErrorKind::PreconditionFailed, format!("The condition of {name} is not met.")).at(name)
}

/// The part of a wire tag that is compared.
fn opaque(tag: &str) -> &str {
    tag.strip_prefix("W/").unwrap_or(tag).trim_matches('"')
}

fn tags(headers: &HeaderMap, name: &header::HeaderName) -> Result<Option<EntityTags>, Error> {
    let mut list = Vec::new();
    let mut found = false;
    for value in headers.get_all(name) {
        found = true;
        let malformed = || {
            Error::bad_request(format!("The header {name} must be * or a list of quoted entity tags."))
                .with_code("MalformedEntityTag")
                .at(name.as_str())
        };
        let text = value.to_str().map_err(|_| malformed())?.trim();
        if text == "*" {
            return Ok(Some(EntityTags::Any));
        }
        parse_list(text, &mut list).ok_or_else(malformed)?;
    }
    if found && list.is_empty() {
        return Err(Error::bad_request(format!("The header {name} is empty.")).with_code("MalformedEntityTag"));
    }
    Ok(found.then_some(EntityTags::List(list)))
}

fn parse_list(mut text: &str, list: &mut Vec<String>) -> Option<()> {
    loop {
        text = text.trim_start().strip_prefix("W/").unwrap_or_else(|| text.trim_start());
        let rest = text.strip_prefix('"')?;
        let (tag, rest) = rest.split_once('"')?;
        list.push(tag.to_owned());
        let rest = rest.trim_start();
        if rest.is_empty() {
            return Some(());
        }
        text = rest.strip_prefix(',')?;
    }
}
