//! What went wrong, said once. The kind decides the status; only `engine::render` turns it into one.

use std::borrow::Cow;

/// The class of a failure. `engine::render` maps it to a status and, by profile, to a code.
///
/// ```
/// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
/// # let engine = shop::engine();
/// let error = shop::head(&engine, "GET /nothing").unwrap_err();
/// assert_eq!(error.kind, odata::ErrorKind::UnknownSegment);
/// assert_eq!(shop::refuse(&engine, &error).status(), 404);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// Malformed or inapplicable request: 400.
    BadRequest,
    /// The path names a segment that the model does not have: 404, or 400 in the `graph` profile.
    UnknownSegment,
    /// Legal OData that is not offered: 501, or 400 in the `graph` profile.
    NotImplemented,
    /// No or bad credentials: 401.
    Unauthorized,
    /// Known, but not allowed: 403.
    Forbidden,
    /// The resource does not exist: 404.
    NotFound,
    /// The target does not take this method: 405 with `Allow`.
    MethodNotAllowed,
    /// Nothing acceptable can be produced: 406.
    NotAcceptable,
    /// The request did not arrive in time: 408.
    RequestTimeout,
    /// The state forbids it, for example a key that exists: 409.
    Conflict,
    /// A token or link that was valid once: 410.
    Gone,
    /// A precondition of the request failed: 412.
    PreconditionFailed,
    /// The body is too large: 413.
    PayloadTooLarge,
    /// The URL is too long: 414.
    UriTooLong,
    /// The body's media type is not taken: 415.
    UnsupportedMediaType,
    /// The byte range cannot be satisfied: 416.
    RangeNotSatisfiable,
    /// A request of a batch that depends on one that failed: 424.
    FailedDependency,
    /// A change without the precondition that the resource requires: 428.
    PreconditionRequired,
    /// Too many requests: 429.
    TooManyRequests,
    /// A fault of the service: 500. The message says nothing of its inside.
    Internal,
    /// The service cannot do it now: 503.
    Unavailable,
    /// The service has no room to store it: 507.
    InsufficientStorage,
}

/// One further fault named beside the first.
///
/// ```
/// use odata::{Detail, Error};
///
/// let twice = Detail { code: "Duplicate".into(), message: "As 'id' at 0.".into(), target: Some("items/1/id".into()) };
/// let error = Error::bad_request("An id is given twice.").with_detail(twice);
/// assert_eq!(error.details[0].target.as_deref(), Some("items/1/id"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Detail {
    /// Code, PascalCase.
    pub code: Cow<'static, str>,
    /// For the caller.
    pub message: String,
    /// Where: a property path, an option name, a header.
    pub target: Option<String>,
}

/// An error as the caller sees it.
///
/// ```
/// use odata::{Error, ErrorKind};
///
/// let error = Error::new(ErrorKind::Conflict, "The id is taken.").with_code("IdTaken").at("id");
/// assert_eq!(error.to_string(), "The id is taken.");
/// assert_eq!((error.code.as_deref(), error.target.as_deref()), (Some("IdTaken"), Some("id")));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Error {
    /// Decides the status.
    pub kind: ErrorKind,
    /// The wire's code; `None` takes the kind's own.
    pub code: Option<Cow<'static, str>>,
    /// For the caller, in English.
    pub message: String,
    /// Where: a property path such as `tenantCheckinStatuses/0/userId`, an option such as `$filter`, a header.
    pub target: Option<String>,
    /// Byte offset in the text named by `target`, where parsing failed.
    pub position: Option<usize>,
    /// Further faults.
    pub details: Vec<Detail>,
    /// Methods for `Allow`, with [`ErrorKind::MethodNotAllowed`]; with another kind, those that the target takes if that is
    /// known all the same.
    pub allow: Vec<http::Method>,
    /// Seconds for `Retry-After`.
    pub retry_after_s: Option<u32>,
    /// URL for `Location`, with [`ErrorKind::Gone`]: where to begin again.
    pub location: Option<Box<str>>,
    /// Length in bytes of what a range was asked of, with [`ErrorKind::RangeNotSatisfiable`].
    pub length: Option<u64>,
}

/// A caller's text as an error repeats it: cut after `ERROR_TEXT_CHARS_MAX`.
pub(crate) fn shown(text: &str) -> Cow<'_, str> {
    match text.char_indices().nth(crate::limits::ERROR_TEXT_CHARS_MAX) {
        None => Cow::Borrowed(text),
        Some((end, _)) => Cow::Owned(format!("{}…", &text[..end])),
    }
}

impl Error {
    /// An error of a kind with a message for the caller.
    ///
    /// ```
    /// let error = odata::Error::new(odata::ErrorKind::Gone, "The link is too old.");
    /// assert_eq!((error.kind, error.message.as_str()), (odata::ErrorKind::Gone, "The link is too old."));
    /// ```
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            code: None,
            message: message.into(),
            target: None,
            position: None,
            details: Vec::new(),
            allow: Vec::new(),
            retry_after_s: None,
            location: None,
            length: None,
        }
    }

    /// Shorthand for [`ErrorKind::BadRequest`].
    ///
    /// ```
    /// assert_eq!(odata::Error::bad_request("No.").kind, odata::ErrorKind::BadRequest);
    /// ```
    pub fn bad_request(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::BadRequest, message)
    }

    /// Sets the wire's code.
    ///
    /// ```
    /// let error = odata::Error::bad_request("A name is too long.").with_code("NameTooLong");
    /// assert_eq!(error.code.as_deref(), Some("NameTooLong"));
    /// ```
    #[must_use]
    pub fn with_code(mut self, code: impl Into<Cow<'static, str>>) -> Self {
        self.code = Some(code.into());
        self
    }

    /// Names the place.
    ///
    /// ```
    /// let error = odata::Error::bad_request("A name is too long.").at("items/3/name");
    /// assert_eq!(error.target.as_deref(), Some("items/3/name"));
    /// ```
    #[must_use]
    pub fn at(mut self, target: impl Into<String>) -> Self {
        self.target = Some(target.into());
        self
    }

    /// Says which methods the target takes.
    ///
    /// ```
    /// use odata::{Error, ErrorKind};
    ///
    /// let error = Error::new(ErrorKind::MethodNotAllowed, "It can only be read.").with_allow([http::Method::GET]);
    /// assert_eq!(error.allow, [http::Method::GET]);
    /// ```
    #[must_use]
    pub fn with_allow(mut self, methods: impl Into<Vec<http::Method>>) -> Self {
        self.allow = methods.into();
        self
    }

    /// Asks to come back after some seconds.
    ///
    /// ```
    /// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
    /// # let engine = shop::engine();
    /// let busy = odata::Error::new(odata::ErrorKind::Unavailable, "Too busy.").with_retry_after_s(30);
    /// assert_eq!(shop::refuse(&engine, &busy).headers()["retry-after"], "30");
    /// ```
    #[must_use]
    pub fn with_retry_after_s(mut self, seconds: u32) -> Self {
        self.retry_after_s = Some(seconds);
        self
    }

    /// Says where to begin again.
    ///
    /// ```
    /// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
    /// # let engine = shop::engine();
    /// use odata::{Error, ErrorKind};
    ///
    /// let products = "https://example.org/products";
    /// let gone = Error::new(ErrorKind::Gone, "Older changes are forgotten.").with_location(products);
    /// assert_eq!(shop::refuse(&engine, &gone).headers()["location"], products);
    /// ```
    #[must_use]
    pub fn with_location(mut self, url: impl Into<Box<str>>) -> Self {
        self.location = Some(url.into());
        self
    }

    /// Names a further fault, up to `ERROR_DETAILS_MAX` of them.
    ///
    /// ```
    /// let detail = |place| odata::Detail { code: "Range".into(), message: "Too large.".into(), target: Some(place) };
    /// let error = odata::Error::bad_request("Two are too large.");
    /// let error = error.with_detail(detail("a".into())).with_detail(detail("b".into()));
    /// assert_eq!(error.details.len(), 2);
    /// ```
    #[must_use]
    pub fn with_detail(mut self, detail: Detail) -> Self {
        if self.details.len() < crate::limits::ERROR_DETAILS_MAX {
            self.details.push(detail);
        }
        self
    }

    /// Names the byte offset within the target.
    ///
    /// ```
    /// let error = odata::Error::bad_request("Expected a number.").at("$top").at_position(2);
    /// assert_eq!((error.target.as_deref(), error.position), (Some("$top"), Some(2)));
    /// ```
    #[must_use]
    pub fn at_position(mut self, position: usize) -> Self {
        self.position = Some(position);
        self
    }
}
