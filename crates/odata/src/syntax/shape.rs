//! The form of well-known text in `geography'…'` and `geometry'…'`. Whether a ring closes is the binder's to say.

use super::SyntaxError;
use super::cursor::Cursor;
use crate::limits::GEO_DEPTH_MAX;

/// Refuses what is not `SRID=…;` (which may be missing) and a shape. Positions count from the start of `text`.
pub(super) fn check(text: &str) -> Result<(), SyntaxError> {
    let mut cursor = Cursor::new(text);
    if text.get(..5).is_some_and(|prefix| prefix.eq_ignore_ascii_case("SRID=")) {
        cursor.pos = 5;
        if !cursor.some_digits() {
            return cursor.expected("the digits of an SRID");
        }
        cursor.expect(b';')?;
    }
    cursor.tagged(0)?;
    if cursor.pos == text.len() { Ok(()) } else { cursor.expected("the end of the shape") }
}

impl Cursor<'_> {
    fn tagged(&mut self, depth: usize) -> Result<(), SyntaxError> {
        self.spaces();
        let start = self.pos;
        let tag = self.identifier().unwrap_or("").to_ascii_lowercase();
        let (levels, may_be_empty) = match tag.as_str() {
            "point" => {
                self.expect(b'(')?;
                self.coordinates()?;
                return self.expect(b')');
            }
            "linestring" => (1, false),
            "polygon" => (2, false),
            "multipoint" | "multilinestring" => (2, true),
            "multipolygon" => (3, true),
            "geometrycollection" | "collection" if depth < GEO_DEPTH_MAX => {
                return self.shapes(false, |cursor| cursor.tagged(depth + 1));
            }
            _ => {
                self.pos = start;
                return self.expected("a shape such as Point or Polygon");
            }
        };
        self.level(levels, may_be_empty)
    }

    /// `(…)` in `(…)`, as many as `levels`, around positions.
    fn level(&mut self, levels: usize, may_be_empty: bool) -> Result<(), SyntaxError> {
        self.shapes(
            may_be_empty,
            |cursor| if levels == 1 { cursor.coordinates() } else { cursor.level(levels - 1, false) },
        )
    }

    fn shapes(
        &mut self,
        may_be_empty: bool,
        item: impl Fn(&mut Self) -> Result<(), SyntaxError>,
    ) -> Result<(), SyntaxError> {
        self.expect(b'(')?;
        if may_be_empty && self.eat(b')') {
            return Ok(());
        }
        item(self)?;
        while self.comma() {
            item(self)?;
        }
        self.expect(b')')
    }

    /// Two to four numbers with spaces between them.
    fn coordinates(&mut self) -> Result<(), SyntaxError> {
        self.coordinate()?;
        if !self.spaces() {
            return self.expected("a space and a second number");
        }
        self.coordinate()?;
        for _ in 2..4 {
            let start = self.pos;
            if !self.spaces() || matches!(self.peek(), Some(b',' | b')')) {
                self.pos = start;
                break;
            }
            self.coordinate()?;
        }
        Ok(())
    }

    fn coordinate(&mut self) -> Result<(), SyntaxError> {
        if !self.eat(b'-') {
            self.eat(b'+');
        }
        if !self.some_digits() {
            return self.expected("a number");
        }
        if self.eat(b'.') && !self.some_digits() {
            return self.expected("a digit");
        }
        if self.eat(b'e') || self.eat(b'E') {
            if !self.eat(b'-') {
                self.eat(b'+');
            }
            if !self.some_digits() {
                return self.expected("a digit");
            }
        }
        Ok(())
    }

    fn some_digits(&mut self) -> bool {
        let start = self.pos;
        self.pos += self.bytes().iter().take_while(|b| b.is_ascii_digit()).count();
        self.pos > start
    }
}
