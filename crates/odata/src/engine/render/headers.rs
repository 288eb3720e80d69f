//! Headers of answers: one line each, the same everywhere.

use std::fmt::Write as _;
use std::ops::Range;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode, header};

use super::{json_format, omit};
use crate::engine::Engine;
use crate::engine::head::{Head, JsonFormat, Produces, Return};
use crate::engine::outcome::StreamBody;
use crate::engine::target::TargetKind;
use crate::error::{Error, ErrorKind};
use crate::json::{Level, Omit};
use crate::profile::Profile;

const ODATA_VERSION: HeaderName = HeaderName::from_static("odata-version");
const ENTITY_ID: HeaderName = HeaderName::from_static("odata-entityid");
const PREFERENCE_APPLIED: HeaderName = HeaderName::from_static("preference-applied");
const NO_CACHE: HeaderValue = HeaderValue::from_static("private, no-cache");
const VARY: HeaderValue = HeaderValue::from_static("Accept, Accept-Encoding, Authorization, OData-MaxVersion, Prefer");

/// A header value of text that the service made.
pub(super) fn value(text: &str) -> Result<HeaderValue, Error> {
    HeaderValue::from_str(text)
        .map_err(|_| Error::new(ErrorKind::Internal, "A header of the answer could not be written."))
}

impl Engine {
    /// An answer with a JSON body.
    pub(super) fn ok(
        &self,
        head: &Head,
        status: StatusCode,
        body: Vec<u8>,
        etag: Option<&str>,
    ) -> Result<Response<Bytes>, Error> {
        let mut response = Response::new(Bytes::from(body));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.reserve(8);
        let short = self.short_names(head);
        headers.insert(header::CONTENT_TYPE, content_type(self.settings.profile, json_format(head), short)?);
        common(head, headers);
        put_etag(headers, etag);
        if let Some(applied) = applied(head, status) {
            headers.insert(PREFERENCE_APPLIED, value(&applied)?);
        }
        Ok(response)
    }
}

/// An answer of plain text.
pub(super) fn text(head: &Head, text: Bytes, etag: Option<&str>) -> Response<Bytes> {
    let mut response = Response::new(text);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain;charset=utf-8"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    common(head, headers);
    put_etag(headers, etag);
    response
}

/// 204. `entity_id` is the URL of what was created or changed.
pub(super) fn no_content(head: &Head, etag: Option<&str>, entity_id: Option<&str>) -> Response<Bytes> {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = StatusCode::NO_CONTENT;
    let headers = response.headers_mut();
    common(head, headers);
    put_etag(headers, etag);
    if let Some(url) = entity_id.and_then(|url| HeaderValue::from_str(url).ok()) {
        headers.insert(ENTITY_ID, url);
    }
    if let Some(applied) =
        applied(head, StatusCode::NO_CONTENT).and_then(|applied| HeaderValue::from_str(&applied).ok())
    {
        headers.insert(PREFERENCE_APPLIED, applied);
    }
    response
}

/// What every answer carries.
pub(super) fn common(head: &Head, headers: &mut HeaderMap) {
    headers.insert(ODATA_VERSION, head.version.header());
    headers.insert(header::CACHE_CONTROL, NO_CACHE);
    headers.insert(header::VARY, VARY);
}

pub(super) fn put_etag(headers: &mut HeaderMap, etag: Option<&str>) {
    if let Some(etag) = etag.and_then(|etag| HeaderValue::from_str(etag).ok()) {
        headers.insert(header::ETAG, etag);
    }
}

/// 304.
pub(super) fn not_modified(head: &Head, etag: Option<&str>) -> Response<Bytes> {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = StatusCode::NOT_MODIFIED;
    common(head, response.headers_mut());
    put_etag(response.headers_mut(), etag);
    response
}

/// The answer to OPTIONS.
pub(super) fn options(head: &Head) -> Response<Bytes> {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = StatusCode::NO_CONTENT;
    common(head, response.headers_mut());
    response.headers_mut().insert(header::ALLOW, allow(&head.allow));
    response
}

/// A list of methods.
pub(super) fn allow(methods: &[Method]) -> HeaderValue {
    let names: Vec<&str> = methods.iter().map(Method::as_str).collect();
    HeaderValue::from_str(&names.join(", ")).unwrap_or_else(|_| HeaderValue::from_static("GET"))
}

/// The bytes of a stream, whole or a part. Never to be run or shown by a browser: they are anybody's.
pub(super) fn stream(head: &Head, stream: &StreamBody, part: Option<Range<usize>>) -> Result<Response<Bytes>, Error> {
    let length = stream.bytes.len();
    let mut response = Response::new(stream.bytes.clone());
    if let Some(part) = part {
        let range = format!("bytes {}-{}/{length}", part.start, part.end.saturating_sub(1));
        *response.status_mut() = StatusCode::PARTIAL_CONTENT;
        *response.body_mut() = stream.bytes.slice(part);
        response.headers_mut().insert(header::CONTENT_RANGE, value(&range)?);
    }
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_str(&stream.media_type)
            .unwrap_or_else(|_| HeaderValue::from_static("application/octet-stream")),
    );
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::CONTENT_DISPOSITION, HeaderValue::from_static("attachment"));
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    if let Some(seconds) = stream.modified_unix_s {
        headers.insert(header::LAST_MODIFIED, value(&super::documents::http_date(seconds))?);
    }
    common(head, headers);
    put_etag(headers, stream.etag.as_deref());
    Ok(response)
}

/// `Content-Type` of a JSON answer: Graph's long form, or what OData asks for and no more. `short` is without `odata.`.
pub(super) fn content_type(profile: Profile, format: JsonFormat, short: bool) -> Result<HeaderValue, Error> {
    let level = match format.level {
        Level::None => "none",
        Level::Minimal => "minimal",
        Level::Full => "full",
    };
    if profile == Profile::Graph {
        if format == JsonFormat::DEFAULT {
            return Ok(HeaderValue::from_static(
                "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8",
            ));
        }
        let streaming = format.streaming.unwrap_or(true);
        return value(&format!(
            "application/json;odata.metadata={level};odata.streaming={streaming};IEEE754Compatible={};charset=utf-8",
            format.ieee754
        ));
    }
    let prefix = if short { "" } else { "odata." };
    let mut text = format!("application/json;{prefix}metadata={level}");
    if let Some(streaming) = format.streaming {
        // Writing to a `String` cannot fail.
        let _ = write!(text, ";{prefix}streaming={streaming}");
    }
    if format.ieee754 {
        text += ";IEEE754Compatible=true";
    }
    if format.charset {
        text += ";charset=utf-8";
    }
    value(&text)
}

/// The preferences that this answer kept.
fn applied(head: &Head, status: StatusCode) -> Option<String> {
    let mut kept: Vec<String> = Vec::new();
    let is_change = matches!(head.method, Method::POST | Method::PATCH | Method::PUT);
    let returns = !matches!(head.target.kind, TargetKind::Stream | TargetKind::Reference | TargetKind::RawValue);
    if is_change && returns {
        match (head.prefer.returns, status) {
            (Some(Return::Minimal), StatusCode::NO_CONTENT) => kept.push("return=minimal".to_owned()),
            (Some(Return::Representation), StatusCode::OK | StatusCode::CREATED) => {
                kept.push("return=representation".to_owned());
            }
            _ => {}
        }
    }
    if head.target.kind == TargetKind::Stream && is_change && head.prefer.handling_strict {
        kept.push("handling=strict".to_owned());
    }
    let has_body = status != StatusCode::NO_CONTENT && matches!(head.produces, Produces::Json(_));
    match omit(head) {
        Omit::Defaults if has_body => kept.push("omit-values=defaults".to_owned()),
        Omit::Nulls if has_body => kept.push("omit-values=nulls".to_owned()),
        _ => {}
    }
    if has_body && head.prefer.track_changes && head.query.track_changes {
        let prefix = if head.prefer.track_changes_prefixed { "odata." } else { "" };
        kept.push(format!("{prefix}track-changes"));
    }
    // There are no annotations but control information, which the preference says nothing of.
    if has_body && let Some(pattern) = &head.prefer.include_annotations {
        let prefix = if head.prefer.include_annotations_prefixed { "odata." } else { "" };
        kept.push(format!("{prefix}include-annotations=\"{}\"", pattern.replace(['"', '\\'], "")));
    }
    if has_body
        && head.target.ty.as_ref().is_some_and(|ty| ty.collection)
        && let (Some(_), Some(size)) = (head.prefer.max_page_size, head.query.page_size)
    {
        let prefix = if head.prefer.max_page_size_prefixed { "odata." } else { "" };
        kept.push(format!("{prefix}maxpagesize={size}"));
    }
    (!kept.is_empty()).then(|| kept.join(", "))
}
