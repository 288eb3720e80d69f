//! `Content-Type` and `Content-Encoding` of a request body. Reads none of it.

use std::sync::Arc;

use http::{HeaderMap, header};

use super::accept;
use super::media::Media;
use crate::error::{Error, ErrorKind};

/// What is known of a body before it is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Content {
    /// As given.
    pub(crate) media_type: Arc<str>,
    /// `IEEE754Compatible=true`.
    pub(crate) ieee754: bool,
}

/// A JSON body's; `None` when the header is missing, which only matters once there is a body.
pub(crate) fn json(headers: &HeaderMap) -> Result<Option<Content>, Error> {
    let Some(text) = content_type(headers)? else { return Ok(None) };
    let unsupported = || {
        let message = format!("The media type '{text}' is not supported: send application/json in UTF-8.");
        Error::new(ErrorKind::UnsupportedMediaType, message).at("Content-Type")
    };
    let media = Media::parse(text).ok_or_else(unsupported)?;
    if !media.is("application", "json") {
        return Err(unsupported());
    }
    let format = accept::json_format(&media.params).ok_or_else(unsupported)?;
    Ok(Some(Content { media_type: text.into(), ieee754: format.ieee754 }))
}

/// That of query options in a body: plain text.
pub(crate) fn plain_text(headers: &HeaderMap) -> Result<(), Error> {
    let media = content_type(headers)?.and_then(Media::parse);
    if media.is_some_and(|media| media.is("text", "plain")) {
        return Ok(());
    }
    let message = "The body holds query options: send them as text/plain.";
    Err(Error::new(ErrorKind::UnsupportedMediaType, message).at("Content-Type"))
}

/// A stream's: any type.
pub(crate) fn stream(headers: &HeaderMap) -> Result<Option<Content>, Error> {
    let Some(text) = content_type(headers)? else { return Ok(None) };
    if Media::parse(text).is_none() {
        let message = format!("The header Content-Type '{text}' is not a media type.");
        return Err(Error::new(ErrorKind::UnsupportedMediaType, message).at("Content-Type"));
    }
    Ok(Some(Content { media_type: text.into(), ieee754: false }))
}

/// Whether the header says JSON.
pub(crate) fn is_json(headers: &HeaderMap) -> bool {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    value.and_then(Media::parse).is_some_and(|media| media.is("application", "json"))
}

fn content_type(headers: &HeaderMap) -> Result<Option<&str>, Error> {
    if let Some(encoding) = headers.get(header::CONTENT_ENCODING)
        && !encoding.as_bytes().eq_ignore_ascii_case(b"identity")
    {
        let message = "The body is encoded in a way that is not supported.";
        return Err(Error::new(ErrorKind::UnsupportedMediaType, message).at("Content-Encoding"));
    }
    let Some(value) = headers.get(header::CONTENT_TYPE) else { return Ok(None) };
    let text = value.to_str().map(str::trim).ok();
    text.map(Some).ok_or_else(|| {
        let message = "The header Content-Type is not a media type.";
        Error::new(ErrorKind::UnsupportedMediaType, message).at("Content-Type")
    })
}
