//! `OData-Version`, `OData-MaxVersion`, `Isolation`. Knows no target.

use http::{HeaderMap, HeaderName};

use crate::error::{Error, ErrorKind};
use crate::profile::Profile;
use crate::syntax::header;

const MAX: &str = "odata-maxversion";

/// A version of the protocol that is spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Version {
    V4_0,
    V4_01,
}

impl Version {
    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::V4_0 => "4.0",
            Self::V4_01 => "4.01",
        }
    }
}

/// The version of an answer, whatever else is wrong with the request: one that asks for nothing spoken gets 4.0.
pub(crate) fn of_answer(headers: &HeaderMap, profile: Profile) -> Version {
    match version(headers, MAX) {
        Ok(max) if max.is_none_or(|max| max >= (4, 0)) => spoken(max, profile),
        _ => Version::V4_0,
    }
}

/// The version of the answer and that of the request's body, which are both ones that are spoken.
pub(crate) fn negotiate(headers: &HeaderMap, profile: Profile) -> Result<(Version, Version), Error> {
    let max = version(headers, MAX)?;
    if let Some(max) = max
        && max < (4, 0)
    {
        let message = "The header OData-MaxVersion asks for a version below 4.0, which is not spoken.";
        let kind = if profile == Profile::Strict { ErrorKind::NotAcceptable } else { ErrorKind::BadRequest };
        return Err(Error::new(kind, message).at("OData-MaxVersion"));
    }
    let own = version(headers, "odata-version")?;
    if let Some(own) = own
        && own != (4, 0)
        && own != (4, 1)
    {
        let message = "The header OData-Version names a version that is not spoken: it may be 4.0 or 4.01.";
        return Err(Error::bad_request(message).at("OData-Version"));
    }
    for name in ["isolation", "odata-isolation"] {
        if headers.contains_key(HeaderName::from_static(name)) {
            let message = "Snapshot isolation is not supported.";
            return Err(Error::new(ErrorKind::PreconditionFailed, message).at("Isolation"));
        }
    }
    let answer = spoken(max, profile);
    // A body that does not say its version has the highest that the client and the service share.
    let body = match own {
        Some((4, 0)) => Version::V4_0,
        Some(_) => Version::V4_01,
        None => answer,
    };
    Ok((answer, body))
}

/// The highest version that a client's maximum allows.
fn spoken(max: Option<(u32, u32)>, profile: Profile) -> Version {
    match (profile, max) {
        (Profile::Graph, _) | (Profile::Strict, Some((4, 0))) => Version::V4_0,
        (Profile::Strict, _) => Version::V4_01,
    }
}

/// Major and minor; `4.01` is `(4, 1)`.
fn version(headers: &HeaderMap, name: &'static str) -> Result<Option<(u32, u32)>, Error> {
    let Some(value) = headers.get(HeaderName::from_static(name)) else { return Ok(None) };
    let parsed = value.to_str().ok().and_then(header::Version::parse).map(|version| (version.major, version.minor));
    parsed.map(Some).ok_or_else(|| Error::bad_request(format!("The header {name} is not a version.")).at(name))
}
