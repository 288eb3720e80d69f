//! `Range` and `If-Range` (RFC 9110). What is malformed or of several parts is ignored, as the standard has it.

use std::ops::Range;

use http::{HeaderMap, header};

/// A single byte range as asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ByteRange {
    /// `bytes=a-b` or `bytes=a-`.
    From(u64, Option<u64>),
    /// `bytes=-n`.
    Last(u64),
}

/// The range and the entity tag that it depends on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RangeRequest {
    pub(crate) range: ByteRange,
    pub(crate) if_range: Option<String>,
}

impl RangeRequest {
    pub(crate) fn from_headers(headers: &HeaderMap) -> Option<Self> {
        let text = headers.get(header::RANGE)?.to_str().ok()?.trim();
        let (unit, range) = text.split_once('=')?;
        if !unit.trim().eq_ignore_ascii_case("bytes") {
            return None;
        }
        let (from, to) = range.trim().split_once('-')?;
        let number = |text: &str| text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse::<u64>().ok()).flatten();
        let range = match (from.trim(), to.trim()) {
            ("", last) => ByteRange::Last(number(last)?),
            (from, "") => ByteRange::From(number(from)?, None),
            (from, to) => {
                let (from, to) = (number(from)?, number(to)?);
                if to < from {
                    return None;
                }
                ByteRange::From(from, Some(to))
            }
        };
        let if_range = headers.get(header::IF_RANGE).and_then(|value| value.to_str().ok()).map(|v| v.trim().to_owned());
        Some(Self { range, if_range })
    }

    /// Whether the range counts for a representation with this tag; `If-Range` compares strongly and a date never fits.
    pub(crate) fn applies(&self, etag: Option<&str>) -> bool {
        match &self.if_range {
            None => true,
            Some(wanted) => etag.is_some_and(|etag| !etag.starts_with("W/") && etag == wanted),
        }
    }
}

impl ByteRange {
    /// The bytes within a length; `None` when it cannot be satisfied.
    pub(crate) fn within(self, length: usize) -> Option<Range<usize>> {
        let clip = |at: u64| usize::try_from(at).unwrap_or(usize::MAX).min(length);
        let range = match self {
            Self::From(from, to) => clip(from)..to.map_or(length, |to| clip(to.saturating_add(1))),
            Self::Last(last) => length - clip(last)..length,
        };
        (!range.is_empty()).then_some(range)
    }
}
