//! The `Prefer` header (RFC 7240) as OData uses it. Unknown and malformed preferences are ignored, never an error.

use http::{HeaderMap, HeaderName};

use super::media;

/// Preferences that the engine knows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Prefer {
    /// `return=`.
    pub returns: Option<Return>,
    /// `maxpagesize` (with or without `odata.`), at least 1.
    pub max_page_size: Option<u32>,
    /// Whether `maxpagesize` was written with `odata.`.
    pub(crate) max_page_size_prefixed: bool,
    /// `omit-values=nulls`.
    pub omit_nulls: bool,
    /// `omit-values=defaults`: default values are left out; where the model declares none, that is null.
    pub omit_defaults: bool,
    /// `handling=strict`.
    pub handling_strict: bool,
    /// `handling=lenient`.
    pub handling_lenient: bool,
    /// `include-annotations`, as written.
    pub include_annotations: Option<String>,
    /// `continue-on-error` (with or without `odata.`).
    pub continue_on_error: bool,
    /// `respond-async`: whether to is the application's to say ([`crate::engine::Engine::accepted`]).
    pub respond_async: bool,
    /// `wait`: seconds that the client waits before it prefers to be answered later.
    pub wait_s: Option<u32>,
    /// `track-changes` (with or without `odata.`).
    pub track_changes: bool,
    /// How `track-changes` was written.
    pub(crate) track_changes_prefixed: bool,
    /// `allow-entityreferences`: references may stand in for entities that were sent before. Never needed here.
    pub allow_entity_references: bool,
    /// `callback; url="…"`: where the client wants to be told that a result is there. Not followed by the engine.
    pub callback: Option<String>,
}

/// `return=`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Return {
    /// `return=minimal`.
    Minimal,
    /// `return=representation`.
    Representation,
}

impl Prefer {
    /// Reads the header; of a preference given twice the first counts.
    pub fn from_headers(headers: &HeaderMap) -> Self {
        let mut prefer = Self::default();
        for line in headers.get_all(HeaderName::from_static("prefer")) {
            for preference in media::list(line.to_str().unwrap_or("")) {
                prefer.apply(preference);
            }
        }
        prefer
    }

    fn apply(&mut self, preference: &str) {
        let mut parts = media::split(preference, ';');
        let (name, value) = pair(parts.next().unwrap_or(""));
        let name = name.trim().to_ascii_lowercase();
        let (name, prefixed) = match name.strip_prefix("odata.") {
            Some(rest) => (rest, true),
            None => (name.as_str(), false),
        };
        match name {
            "return" if self.returns.is_none() => {
                self.returns = match value.to_ascii_lowercase().as_str() {
                    "minimal" => Some(Return::Minimal),
                    "representation" => Some(Return::Representation),
                    _ => None,
                };
            }
            "maxpagesize" if self.max_page_size.is_none() => {
                self.max_page_size = value.parse().ok().filter(|n| *n > 0);
                self.max_page_size_prefixed = prefixed;
            }
            "omit-values" => {
                self.omit_defaults |= value.eq_ignore_ascii_case("defaults");
                self.omit_nulls |= value.eq_ignore_ascii_case("nulls");
            }
            "handling" if !self.handling_strict && !self.handling_lenient => {
                self.handling_strict = value.eq_ignore_ascii_case("strict");
                self.handling_lenient = value.eq_ignore_ascii_case("lenient");
            }
            "include-annotations" if self.include_annotations.is_none() => {
                self.include_annotations = Some(value.to_owned());
            }
            "continue-on-error" => self.continue_on_error = !value.eq_ignore_ascii_case("false"),
            "respond-async" => self.respond_async = true,
            "wait" if self.wait_s.is_none() => self.wait_s = value.parse().ok(),
            "track-changes" if !self.track_changes => {
                self.track_changes = true;
                self.track_changes_prefixed = prefixed;
            }
            "allow-entityreferences" => self.allow_entity_references = true,
            "callback" if self.callback.is_none() => {
                let url = parts.map(pair).find(|(name, _)| name.trim().eq_ignore_ascii_case("url"));
                self.callback = url.map(|(_, url)| url.to_owned());
            }
            _ => {}
        }
    }
}

/// `name=value` without the quotes around the value.
fn pair(text: &str) -> (&str, &str) {
    let (name, value) = text.split_once('=').unwrap_or((text, ""));
    (name, value.trim().trim_matches('"'))
}
