//! The `Prefer` header (RFC 7240) as OData uses it. Unknown and malformed preferences are ignored, never an error.

use http::{HeaderMap, HeaderName};

use crate::syntax::preference::Preference;

/// Preferences that the engine knows.
///
/// ```
/// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
/// use odata::engine::Prefer;
///
/// let prefer = Prefer::from_headers(&shop::headers(&[("prefer", "handling=strict, omit-values=nulls, foo")]));
/// assert!(prefer.handling_strict && prefer.omit_nulls);
/// assert_eq!(prefer.max_page_size, None);
/// ```
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
    /// `include-annotations` (with or without `odata.`), as written.
    pub include_annotations: Option<String>,
    /// How `include-annotations` was written.
    pub(crate) include_annotations_prefixed: bool,
    /// `continue-on-error` (with or without `odata.`).
    pub continue_on_error: bool,
    /// `continue-on-error=false`.
    pub(crate) stop_on_error: bool,
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
///
/// ```
/// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
/// use odata::engine::{Prefer, Return};
///
/// let prefer = Prefer::from_headers(&shop::headers(&[("prefer", "return=minimal")]));
/// assert_eq!(prefer.returns, Some(Return::Minimal));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Return {
    /// `return=minimal`.
    Minimal,
    /// `return=representation`.
    Representation,
}

impl Prefer {
    /// Reads the header; of a preference given twice the first counts, or the one without `odata.`.
    ///
    /// ```
    /// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
    /// use odata::engine::Prefer;
    ///
    /// let headers = shop::headers(&[("prefer", "odata.maxpagesize=50, maxpagesize=20")]);
    /// assert_eq!(Prefer::from_headers(&headers).max_page_size, Some(20));
    /// ```
    pub fn from_headers(headers: &HeaderMap) -> Self {
        let mut prefer = Self::default();
        for line in headers.get_all(HeaderName::from_static("prefer")) {
            for text in Preference::split(line.to_str().unwrap_or("")) {
                if let Ok(preference) = Preference::parse(text) {
                    prefer.apply(&preference);
                }
            }
        }
        prefer
    }

    fn apply(&mut self, preference: &Preference<'_>) {
        match *preference {
            Preference::ReturnMinimal(minimal) => {
                self.returns.get_or_insert(if minimal { Return::Minimal } else { Return::Representation });
            }
            Preference::MaxPageSize { size, prefixed }
                if self.max_page_size.is_none() || (self.max_page_size_prefixed && !prefixed) =>
            {
                self.max_page_size = Some(size);
                self.max_page_size_prefixed = prefixed;
            }
            Preference::OmitNulls(nulls) => {
                self.omit_nulls |= nulls;
                self.omit_defaults |= !nulls;
            }
            Preference::HandlingStrict(strict) if !self.handling_strict && !self.handling_lenient => {
                self.handling_strict = strict;
                self.handling_lenient = !strict;
            }
            Preference::IncludeAnnotations { list, prefixed }
                if self.include_annotations.is_none() || (self.include_annotations_prefixed && !prefixed) =>
            {
                self.include_annotations = Some(list.to_owned());
                self.include_annotations_prefixed = prefixed;
            }
            Preference::ContinueOnError(yes) => {
                self.continue_on_error = yes;
                self.stop_on_error = !yes;
            }
            Preference::RespondAsync => self.respond_async = true,
            Preference::Wait(seconds) => {
                self.wait_s.get_or_insert(seconds);
            }
            Preference::TrackChanges { prefixed } if !self.track_changes => {
                self.track_changes = true;
                self.track_changes_prefixed = prefixed;
            }
            Preference::AllowEntityReferences => self.allow_entity_references = true,
            Preference::Callback(url) if self.callback.is_none() => self.callback = Some(url.to_owned()),
            // Given before: the first counts.
            Preference::MaxPageSize { .. }
            | Preference::HandlingStrict(_)
            | Preference::IncludeAnnotations { .. }
            | Preference::TrackChanges { .. }
            | Preference::Callback(_) => {}
        }
    }
}
