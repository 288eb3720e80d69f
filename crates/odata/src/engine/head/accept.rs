//! What the answer is written as: `Accept` and `$format` against what the target can be. Knows no body.

use http::{HeaderMap, header};

use super::media::{self, Media};
use crate::engine::target::TargetKind;
use crate::error::{Error, ErrorKind};
use crate::json::Level;

/// The form of the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Produces {
    Json(JsonFormat),
    /// CSDL XML.
    Xml,
    /// Plain text or the bytes of a stream: what is there is sent.
    AsIs,
}

/// The parameters of `application/json` that were asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct JsonFormat {
    pub(crate) level: Level,
    pub(crate) ieee754: bool,
    /// As asked; `None` where it was not mentioned.
    pub(crate) streaming: Option<bool>,
    pub(crate) charset: bool,
}

impl JsonFormat {
    pub(crate) const DEFAULT: Self = Self { level: Level::Minimal, ieee754: false, streaming: None, charset: false };
}

/// Negotiates. `$format` comes before `Accept`.
///
/// # Errors
/// 406 when nothing that is asked for can be produced.
pub(crate) fn negotiate(kind: TargetKind, format: Option<&str>, headers: &HeaderMap) -> Result<Produces, Error> {
    let is_metadata = kind == TargetKind::Metadata;
    if matches!(kind, TargetKind::Count | TargetKind::RawValue | TargetKind::Stream) {
        return Ok(Produces::AsIs);
    }
    if let Some(format) = format {
        return from_format(format, is_metadata);
    }
    let lines: Vec<&str> = headers.get_all(header::ACCEPT).iter().filter_map(|line| line.to_str().ok()).collect();
    let ranges: Vec<Media<'_>> = lines.iter().flat_map(|line| media::list(line)).filter_map(Media::parse).collect();
    if ranges.is_empty() && lines.iter().all(|line| line.trim().is_empty()) {
        return Ok(if is_metadata { Produces::Xml } else { Produces::Json(JsonFormat::DEFAULT) });
    }
    let json = best_json(&ranges);
    // Power Query asks for JSON first and breaks on anything but XML here: XML that is named at all is taken.
    let xml = ranges.iter().filter(|range| range.q > 0 && range.takes("application", "xml")).max_by_key(|r| r.q);
    if is_metadata && let Some(xml) = xml {
        let only_by_wildcard = xml.sub == "*";
        if !only_by_wildcard || json.is_none_or(|(q, _, by_name)| !by_name || q < xml.q) {
            return Ok(Produces::Xml);
        }
    }
    json.map(|(_, format, _)| Produces::Json(format)).ok_or_else(|| not_acceptable(header::ACCEPT.as_str()))
}

/// The best JSON that the ranges allow: its quality, its parameters, whether it was named and not met by a wildcard.
fn best_json(ranges: &[Media<'_>]) -> Option<(u16, JsonFormat, bool)> {
    let refused = ranges.iter().any(|range| range.q == 0 && range.is("application", "json") && range.params.is_empty());
    let mut best: Option<(u16, JsonFormat, bool)> = None;
    for range in ranges.iter().filter(|range| range.q > 0 && range.takes("application", "json")) {
        let by_name = range.sub != "*";
        if refused && !by_name {
            continue;
        }
        let Some(format) = json_format(&range.params) else { continue };
        if best.is_none_or(|(q, _, named)| (range.q, by_name) > (q, named)) {
            best = Some((range.q, format, by_name));
        }
    }
    best
}

fn from_format(format: &str, is_metadata: bool) -> Result<Produces, Error> {
    let refused = || not_acceptable("$format");
    if format.eq_ignore_ascii_case("json") {
        return Ok(Produces::Json(JsonFormat::DEFAULT));
    }
    if format.eq_ignore_ascii_case("xml") && is_metadata {
        return Ok(Produces::Xml);
    }
    let media = Media::parse(format).ok_or_else(refused)?;
    if media.is("application", "json") {
        return json_format(&media.params).map(Produces::Json).ok_or_else(refused);
    }
    if is_metadata && media.is("application", "xml") {
        return Ok(Produces::Xml);
    }
    Err(refused())
}

/// The parameters of a JSON media type; `None` when one asks for what is not produced.
pub(crate) fn json_format(params: &[(String, String)]) -> Option<JsonFormat> {
    let mut format = JsonFormat::DEFAULT;
    for (name, value) in params {
        let value = value.to_ascii_lowercase();
        match name.strip_prefix("odata.").unwrap_or(name) {
            "metadata" => {
                format.level = match value.as_str() {
                    "none" => Level::None,
                    "minimal" => Level::Minimal,
                    "full" => Level::Full,
                    _ => return None,
                };
            }
            "streaming" => format.streaming = Some(boolean(&value)?),
            "ieee754compatible" => format.ieee754 = boolean(&value)?,
            "charset" if value == "utf-8" => format.charset = true,
            "charset" => return None,
            // OData 3; some clients send it beside the others.
            "odata" if value == "verbose" => return None,
            _ => {}
        }
    }
    Some(format)
}

fn boolean(text: &str) -> Option<bool> {
    match text {
        "true" => Some(true),
        "false" => Some(false),
        _ => None,
    }
}

fn not_acceptable(target: &str) -> Error {
    let message = "A supported MIME type could not be found that matches the acceptable MIME types for the request. \
                   Data is available as application/json.";
    Error::new(ErrorKind::NotAcceptable, message).at(target)
}
