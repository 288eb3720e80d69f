//! The path of a URL: split at `/`, each segment decoded afterwards. What a name means is the binder's to say; here is only
//! what no model can change: that the first segment is a name without dots, and what nothing can follow.

use std::ops::Range;

use super::ast::{Argument, Expr, ExprKind, Root};
use super::cursor::Cursor;
use super::{SyntaxError, percent};
use crate::error::{Error, ErrorKind};
use crate::limits::PATH_SEGMENTS_MAX;

/// A resource path below the service root.
///
/// ```
/// use odata::syntax::RawPath;
/// let path = RawPath::parse("Products('a%2Fb')/Category/").expect("well-formed");
/// assert_eq!(path.segments().map(|s| s.text()).collect::<Vec<_>>(), ["Products('a/b')", "Category"]);
/// assert!(RawPath::parse("Products//Category").is_err());
/// assert_eq!(RawPath::parse("Products/$count/Name").unwrap_err().position, Some(15));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RawPath {
    text: String,
    ranges: Vec<Range<usize>>,
}

impl RawPath {
    /// Splits and decodes a path that is relative to the service root; one leading slash is taken off.
    ///
    /// ```
    /// use odata::syntax::RawPath;
    ///
    /// assert_eq!(RawPath::parse("/categories('a%2Fb')/products")?, RawPath::parse("categories('a%2Fb')/products")?);
    /// assert_eq!(RawPath::parse("products//name").unwrap_err().message, "The path has an empty segment.");
    /// # Ok::<(), odata::Error>(())
    /// ```
    ///
    /// # Errors
    /// An empty segment, a broken percent-escape, more than `PATH_SEGMENTS_MAX` segments; a first segment that is no
    /// name, and what follows `$value` and its like. Positions are bytes of the decoded path, slashes counted.
    pub fn parse(raw: &str) -> Result<Self, Error> {
        let raw = raw.strip_prefix('/').unwrap_or(raw);
        let mut path = Self { text: String::with_capacity(raw.len()), ..Self::default() };
        let (raw, trailing_slash) = raw.strip_suffix('/').map_or((raw, false), |raw| (raw, true));
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
            let offset = start + path.ranges.len();
            percent::decode_into(&mut path.text, segment).map_err(|error| error.moved(offset).into_error("path"))?;
            path.ranges.push(start..path.text.len());
        }
        path.check()?;
        Ok(path)
    }

    /// Where a segment starts in the decoded path, slashes counted.
    ///
    /// ```
    /// let path = odata::syntax::RawPath::parse("categories('a%2Fb')/products")?;
    /// assert_eq!([path.offset(0), path.offset(1)], [0, 18]);
    /// # Ok::<(), odata::Error>(())
    /// ```
    pub fn offset(&self, at: usize) -> usize {
        self.ranges.get(at).map_or(self.text.len() + self.ranges.len(), |range| range.start + at)
    }

    fn check(&self) -> Result<(), Error> {
        let Some(first) = self.segment(0) else { return Ok(()) };
        first.check_first()?;
        let mut ended = false;
        let mut queried = false;
        for (at, segment) in self.segments().enumerate() {
            if queried || (ended && segment.text() != "$query") {
                return Err(unknown(segment.text).at_position(self.offset(at) - 1));
            }
            queried = matches!(segment.text(), "$query" | "$metadata" | "$batch");
            ended |= matches!(segment.text(), "$count" | "$value" | "$ref");
            if let Some(Err(error)) = segment.filter() {
                return Err(error.moved(self.offset(at)).into_error("path"));
            }
        }
        Ok(())
    }

    /// The segments in order.
    ///
    /// ```
    /// let path = odata::syntax::RawPath::parse("products/7/name")?;
    /// assert_eq!(path.segments().map(|segment| segment.text()).collect::<Vec<_>>(), ["products", "7", "name"]);
    /// # Ok::<(), odata::Error>(())
    /// ```
    pub fn segments(&self) -> impl ExactSizeIterator<Item = RawSegment<'_>> + '_ {
        self.ranges.iter().map(|range| RawSegment { text: &self.text[range.clone()] })
    }

    /// The segment at a place.
    ///
    /// ```
    /// let path = odata::syntax::RawPath::parse("products/7")?;
    /// assert_eq!(path.segment(1).map(|segment| segment.text()), Some("7"));
    /// assert!(path.segment(2).is_none());
    /// # Ok::<(), odata::Error>(())
    /// ```
    pub fn segment(&self, at: usize) -> Option<RawSegment<'_>> {
        self.ranges.get(at).map(|range| RawSegment { text: &self.text[range.clone()] })
    }

    /// How many segments there are.
    pub(crate) fn len(&self) -> usize {
        self.ranges.len()
    }
}

fn unknown(segment: &str) -> Error {
    let message = format!("Resource not found for the segment '{}'.", crate::error::shown(segment));
    Error::new(ErrorKind::UnknownSegment, message).at("path")
}

fn empty_segment() -> Error {
    Error::bad_request("The path has an empty segment.").at("path")
}

/// One decoded segment.
///
/// ```
/// let path = odata::syntax::RawPath::parse("categories('tea%20%26%20cups')")?;
/// assert_eq!(path.segment(0).map(|segment| segment.text()), Some("categories('tea & cups')"));
/// # Ok::<(), odata::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RawSegment<'p> {
    text: &'p str,
}

impl<'p> RawSegment<'p> {
    /// The decoded text, which is a key where the path has keys as segments.
    ///
    /// ```
    /// let path = odata::syntax::RawPath::parse("categories/a%2Fb/products")?;
    /// assert_eq!(path.segment(1).map(|segment| segment.text()), Some("a/b"));
    /// # Ok::<(), odata::Error>(())
    /// ```
    pub fn text(&self) -> &'p str {
        self.text
    }

    /// What stands before the first parenthesis.
    pub(crate) fn name(&self) -> &'p str {
        self.text.split_once('(').map_or(self.text, |(name, _)| name)
    }

    /// The predicate of a `$filter(…)` segment and the keys behind it, `None` for any other.
    pub(crate) fn filter(&self) -> Option<Result<(Expr<'p>, Parentheses<'p>), SyntaxError>> {
        let inner = self.text.strip_prefix("$filter(")?;
        let mut cursor = Cursor::new(self.text);
        cursor.pos = self.text.len() - inner.len();
        Some(cursor.filter_segment())
    }

    /// The entity sets of `$crossjoin(…)`, `None` for any other.
    pub(crate) fn crossjoin(&self) -> Option<Result<Vec<&'p str>, SyntaxError>> {
        let inner = self.text.strip_prefix("$crossjoin(")?;
        let mut cursor = Cursor::new(self.text);
        cursor.pos = self.text.len() - inner.len();
        Some(cursor.crossjoin())
    }

    /// A name at the service root has no dot: entity sets, singletons and operation imports.
    fn check_first(self) -> Result<(), Error> {
        if matches!(self.text, "$metadata" | "$batch" | "$all" | "$entity") {
            return Ok(());
        }
        if let Some(crossjoin) = self.crossjoin() {
            return crossjoin.map(drop).map_err(|error| error.into_error("path"));
        }
        let mut cursor = Cursor::new(self.text);
        let named = cursor.identifier().is_some();
        if named && matches!(cursor.peek(), None | Some(b'(')) {
            return self.arguments().map(drop).map_err(|error| error.into_error("path"));
        }
        Err(unknown(self.text).at_position(cursor.pos))
    }

    /// The pairs of parentheses after the name: a key, parameters of a function, or both (`f(a=1)(2)`).
    ///
    /// # Errors
    /// What does not fit the grammar: an argument in a path is a literal, an alias, an array or an object.
    pub(crate) fn arguments(&self) -> Result<Parentheses<'p>, SyntaxError> {
        let mut cursor = Cursor::new(self.text);
        cursor.pos = self.name().len();
        cursor.argument_pairs()
    }
}

/// What stands in pairs of parentheses, one behind the other: keys, or parameters and a key.
pub(crate) type Parentheses<'p> = Vec<Vec<Argument<'p>>>;

impl<'t> Cursor<'t> {
    fn filter_segment(&mut self) -> Result<(Expr<'t>, Parentheses<'t>), SyntaxError> {
        self.spaces();
        let predicate = self.expression()?;
        self.spaces();
        self.expect(b')')?;
        Ok((predicate, self.argument_pairs()?))
    }

    /// Pairs of parentheses up to the end.
    fn argument_pairs(&mut self) -> Result<Parentheses<'t>, SyntaxError> {
        let mut pairs = Vec::new();
        while self.peek() == Some(b'(') {
            let pair = self.arguments()?;
            if let Some(other) = pair.iter().find(|argument| !fits_a_path(&argument.value)) {
                let end = other.value.span.end as usize;
                return Err(SyntaxError::new(end, "expected a literal or a parameter alias before this place"));
            }
            pairs.push(pair);
        }
        self.finish()?;
        Ok(pairs)
    }

    fn crossjoin(&mut self) -> Result<Vec<&'t str>, SyntaxError> {
        let mut sets = Vec::new();
        loop {
            let Some(set) = self.identifier() else { return self.expected("an entity set") };
            sets.push(set);
            if !self.comma() {
                break;
            }
        }
        self.expect(b')')?;
        self.finish()?;
        Ok(sets)
    }
}

fn fits_a_path(value: &Expr<'_>) -> bool {
    match &value.kind {
        ExprKind::Literal(_) | ExprKind::Array(_) | ExprKind::Object(_) => true,
        ExprKind::Path(path) => matches!(path.root, Root::At(_)) && path.segments.is_empty(),
        _ => false,
    }
}
