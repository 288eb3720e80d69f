//! The path of a URL: split at `/`, each segment decoded afterwards. What a segment means is the binder's to say.

use std::ops::Range;

use super::ast::Argument;
use super::cursor::Cursor;
use super::{SyntaxError, percent};
use crate::error::Error;
use crate::limits::PATH_SEGMENTS_MAX;

/// A resource path below the service root.
///
/// ```
/// use odata::syntax::RawPath;
/// let path = RawPath::parse("Products('a%2Fb')/Category/").expect("well-formed");
/// assert!(path.trailing_slash());
/// assert_eq!(path.segments().map(|s| s.text()).collect::<Vec<_>>(), ["Products('a/b')", "Category"]);
/// assert!(RawPath::parse("Products//Category").is_err());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RawPath {
    text: String,
    ranges: Vec<Range<usize>>,
    trailing_slash: bool,
}

impl RawPath {
    /// Splits and decodes a path that is relative to the service root; one leading slash is taken off.
    ///
    /// # Errors
    /// An empty segment, a broken percent-escape, more than [`PATH_SEGMENTS_MAX`] segments.
    pub fn parse(raw: &str) -> Result<Self, Error> {
        let raw = raw.strip_prefix('/').unwrap_or(raw);
        let mut path = Self { text: String::with_capacity(raw.len()), ..Self::default() };
        let (raw, trailing_slash) = raw.strip_suffix('/').map_or((raw, false), |raw| (raw, true));
        path.trailing_slash = trailing_slash;
        if raw.is_empty() {
            return if trailing_slash { Err(empty_segment()) } else { Ok(path) };
        }
        for segment in raw.split('/') {
            if segment.is_empty() {
                return Err(empty_segment());
            }
            if path.ranges.len() == PATH_SEGMENTS_MAX {
                return Err(Error::bad_request(format!("The path has more than {PATH_SEGMENTS_MAX} segments.")));
            }
            let start = path.text.len();
            percent::decode_into(&mut path.text, segment).map_err(|error| error.into_error("path"))?;
            path.ranges.push(start..path.text.len());
        }
        Ok(path)
    }

    /// The segments in order.
    pub fn segments(&self) -> impl ExactSizeIterator<Item = RawSegment<'_>> + '_ {
        self.ranges.iter().map(|range| RawSegment { text: &self.text[range.clone()] })
    }

    /// The segment at a place.
    pub fn segment(&self, at: usize) -> Option<RawSegment<'_>> {
        self.ranges.get(at).map(|range| RawSegment { text: &self.text[range.clone()] })
    }

    /// How many segments there are.
    pub fn len(&self) -> usize {
        self.ranges.len()
    }

    /// Whether it addresses the service root.
    pub fn is_empty(&self) -> bool {
        self.ranges.is_empty()
    }

    /// Whether one slash stood at the end.
    pub fn trailing_slash(&self) -> bool {
        self.trailing_slash
    }
}

fn empty_segment() -> Error {
    Error::bad_request("The path has an empty segment.").at("path")
}

/// One decoded segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RawSegment<'p> {
    text: &'p str,
}

impl<'p> RawSegment<'p> {
    /// The decoded text, which is a key where the path has keys as segments.
    pub fn text(&self) -> &'p str {
        self.text
    }

    /// What stands before the first parenthesis.
    pub fn name(&self) -> &'p str {
        self.text.split_once('(').map_or(self.text, |(name, _)| name)
    }

    /// The pairs of parentheses after the name: a key, parameters of a function, or both (`f(a=1)(2)`).
    ///
    /// # Errors
    /// What does not fit the grammar.
    pub fn arguments(&self) -> Result<Vec<Vec<Argument<'p>>>, SyntaxError> {
        let mut cursor = Cursor::new(self.text);
        cursor.pos = self.name().len();
        let mut pairs = Vec::new();
        while cursor.peek() == Some(b'(') {
            pairs.push(cursor.arguments()?);
        }
        cursor.finish()?;
        Ok(pairs)
    }
}
