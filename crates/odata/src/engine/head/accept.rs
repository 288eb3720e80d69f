//! What the answer is written as: `Accept` and `$format` against what the target can be. Knows no body.

use http::{HeaderMap, header};

use super::media::{self, Media};
use crate::engine::target::TargetKind;
use crate::error::{Error, ErrorKind};
use crate::json::Level;
use crate::profile::Profile;

/// What `application/json` can be asked for with, in lower case.
const JSON_PARAMETERS: [&str; 5] = ["metadata", "streaming", "ieee754compatible", "exponentialdecimals", "charset"];

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
pub(crate) fn negotiate(
    kind: TargetKind,
    format: Option<&str>,
    headers: &HeaderMap,
    profile: Profile,
) -> Result<Produces, Error> {
    let is_metadata = kind == TargetKind::Metadata;
    if matches!(kind, TargetKind::Count | TargetKind::RawValue | TargetKind::Stream) {
        return Ok(Produces::AsIs);
    }
    if let Some(format) = format {
        return from_format(format, is_metadata, profile);
    }
    let lines: Vec<&str> = headers.get_all(header::ACCEPT).iter().filter_map(|line| line.to_str().ok()).collect();
    let ranges: Vec<Media<'_>> = lines.iter().flat_map(|line| media::list(line)).filter_map(Media::parse).collect();
    if ranges.is_empty() && lines.iter().all(|line| line.trim().is_empty()) {
        return Ok(if is_metadata { Produces::Xml } else { Produces::Json(JsonFormat::DEFAULT) });
    }
    let json = best_json(&ranges, profile);
    let xml = ranges.iter().filter(|range| range.q > 0 && range.takes("application", "xml"));
    if is_metadata && let Some((xml_q, xml_by_name)) = xml.map(|range| (range.q, range.sub != "*")).max() {
        let json_is_wanted = json.is_some_and(|(q, _, by_name)| match profile {
            // Power Query asks for JSON first and breaks on anything but XML here: XML that is named at all is taken.
            Profile::Graph => by_name && !xml_by_name && q >= xml_q,
            Profile::Strict => (q, by_name) > (xml_q, xml_by_name),
        });
        if !json_is_wanted {
            return Ok(Produces::Xml);
        }
    }
    json.map(|(_, format, _)| Produces::Json(format)).ok_or_else(|| not_acceptable(header::ACCEPT.as_str()))
}

/// The best JSON that the ranges allow: its quality, its parameters, whether it was named and not met by a wildcard.
fn best_json(ranges: &[Media<'_>], profile: Profile) -> Option<(u16, JsonFormat, bool)> {
    let refused = ranges.iter().any(|range| range.q == 0 && range.is("application", "json") && range.params.is_empty());
    let mut best: Option<(u16, JsonFormat, bool)> = None;
    for range in ranges.iter().filter(|range| range.q > 0 && range.takes("application", "json")) {
        let by_name = range.sub != "*";
        if refused && !by_name {
            continue;
        }
        let Some(format) = wanted_format(range, profile) else { continue };
        if best.is_none_or(|(q, _, named)| (range.q, by_name) > (q, named)) {
            best = Some((range.q, format, by_name));
        }
    }
    best
}

fn from_format(format: &str, is_metadata: bool, profile: Profile) -> Result<Produces, Error> {
    let refused = || not_acceptable("$format");
    if format.eq_ignore_ascii_case("json") {
        return Ok(Produces::Json(JsonFormat::DEFAULT));
    }
    if format.eq_ignore_ascii_case("xml") && is_metadata {
        return Ok(Produces::Xml);
    }
    let media = Media::parse(format).ok_or_else(refused)?;
    if media.is("application", "json") {
        return wanted_format(&media, profile).map(Produces::Json).ok_or_else(refused);
    }
    if is_metadata && media.is("application", "xml") {
        return Ok(Produces::Xml);
    }
    Err(refused())
}

/// The parameters that an answer in JSON is to have; `None` when one asks for what is not produced. Formats with unknown
/// parameters have to be refused (OData 4.01 part 1, 8.2.1); Graph takes them.
fn wanted_format(media: &Media<'_>, profile: Profile) -> Option<JsonFormat> {
    let known = |name: &str| JSON_PARAMETERS.contains(&name.strip_prefix("odata.").unwrap_or(name));
    let is_taken = profile == Profile::Graph || media.params.iter().all(|(name, _)| known(name));
    json_format(&media.params).filter(|_| is_taken)
}

/// The parameters of a JSON media type; `None` when one has a value that it cannot have. Unknown ones are ignored.
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
            // Decimals are never written with an exponent, and always read with one.
            "exponentialdecimals" => {
                boolean(&value)?;
            }
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
