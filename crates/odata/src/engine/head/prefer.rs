//! The `Prefer` header (RFC 7240) as OData uses it. Unknown and malformed preferences are ignored, never an error.

use http::{HeaderMap, HeaderName};

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
    /// `handling=strict`.
    pub handling_strict: bool,
    /// `include-annotations`, as written.
    pub include_annotations: Option<String>,
    /// `continue-on-error` (with or without `odata.`).
    pub continue_on_error: bool,
    /// `respond-async`: known, not offered.
    pub respond_async: bool,
    /// `track-changes`: known, not offered yet.
    pub track_changes: bool,
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
            for preference in line.to_str().unwrap_or("").split(',') {
                prefer.apply(preference.split(';').next().unwrap_or(""));
            }
        }
        prefer
    }

    fn apply(&mut self, preference: &str) {
        let (name, value) = preference.split_once('=').unwrap_or((preference, ""));
        let name = name.trim().to_ascii_lowercase();
        let value = value.trim().trim_matches('"');
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
            "omit-values" => self.omit_nulls |= value.eq_ignore_ascii_case("nulls"),
            "handling" => self.handling_strict |= value.eq_ignore_ascii_case("strict"),
            "include-annotations" => self.include_annotations = Some(value.to_owned()),
            "continue-on-error" => self.continue_on_error = !value.eq_ignore_ascii_case("false"),
            "respond-async" => self.respond_async = true,
            "track-changes" => self.track_changes = true,
            _ => {}
        }
    }
}
