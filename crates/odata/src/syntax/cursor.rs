//! The reading head over decoded text: characters, names, spaces, and the limits that every parser shares.

use super::SyntaxError;
use super::ast::Span;
use crate::limits::{EXPRESSION_DEPTH_MAX, EXPRESSION_NODES_MAX, IDENTIFIER_CHARS_MAX};

/// A place in a text, and how much of the limits is used.
#[derive(Debug, Clone)]
pub(super) struct Cursor<'t> {
    pub(super) text: &'t str,
    pub(super) pos: usize,
    depth: usize,
    nodes: usize,
    /// Nesting of `$expand` and `$select` options.
    pub(super) option_depth: usize,
    /// Nesting of transformations.
    pub(super) apply_depth: usize,
    /// Places of semicolons that are data in a search, ascending, and what to add to a place here to compare.
    semicolons: &'t [usize],
    semicolons_from: usize,
}

impl<'t> Cursor<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self { text, pos: 0, depth: 0, nodes: 0, option_depth: 0, apply_depth: 0, semicolons: &[], semicolons_from: 0 }
    }

    /// Knows which semicolons were percent-encoded; `from` is where the text starts in theirs.
    pub(super) fn with_semicolons(mut self, semicolons: &'t [usize], from: usize) -> Self {
        self.semicolons = semicolons;
        self.semicolons_from = from;
        self
    }

    /// Whether a semicolon at a place was percent-encoded, and so is data.
    pub(super) fn is_escaped(&self, place: usize) -> bool {
        !self.semicolons.is_empty() && self.semicolons.binary_search(&(place + self.semicolons_from)).is_ok()
    }

    pub(super) fn error<T>(&self, message: impl Into<std::borrow::Cow<'static, str>>) -> Result<T, SyntaxError> {
        Err(SyntaxError::new(self.pos, message))
    }

    /// The error that something else was expected here.
    pub(super) fn expected<T>(&self, what: &str) -> Result<T, SyntaxError> {
        let found = self.rest().chars().next().map_or_else(|| "the end".to_owned(), |found| format!("'{found}'"));
        self.error(format!("expected {what}, found {found}"))
    }

    pub(super) fn rest(&self) -> &'t str {
        &self.text[self.pos..]
    }

    pub(super) fn bytes(&self) -> &'t [u8] {
        &self.text.as_bytes()[self.pos..]
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.pos).copied()
    }

    /// Steps over a byte, if it is the next one.
    pub(super) fn eat(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.pos += usize::from(found);
        found
    }

    pub(super) fn expect(&mut self, byte: u8) -> Result<(), SyntaxError> {
        if self.eat(byte) { Ok(()) } else { self.expected(&format!("'{}'", char::from(byte))) }
    }

    /// Steps over spaces and tabs; whether there were any.
    pub(super) fn spaces(&mut self) -> bool {
        let start = self.pos;
        while matches!(self.peek(), Some(b' ' | b'\t')) {
            self.pos += 1;
        }
        self.pos > start
    }

    /// A comma with optional spaces around it. Leaves the place when there is none.
    pub(super) fn comma(&mut self) -> bool {
        let start = self.pos;
        self.spaces();
        if self.eat(b',') {
            self.spaces();
            return true;
        }
        self.pos = start;
        false
    }

    pub(super) fn finish(&self) -> Result<(), SyntaxError> {
        if self.pos == self.text.len() { Ok(()) } else { self.expected("an operator or the end") }
    }

    pub(super) fn span_from(&self, start: usize) -> Span {
        let place = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        Span { start: place(start), end: place(self.pos) }
    }

    /// An `odataIdentifier`; leaves the place when there is none.
    pub(super) fn identifier(&mut self) -> Option<&'t str> {
        let rest = self.rest();
        let ascii = rest.bytes().take_while(|b| b.is_ascii_alphanumeric() || *b == b'_').count();
        let end = match rest.as_bytes().get(ascii) {
            Some(0x80..) => rest.find(|c: char| !is_identifier_char(c)).unwrap_or(rest.len()),
            _ => ascii,
        };
        let name = &rest[..end];
        let leads = name.chars().next().is_some_and(|c| !c.is_numeric());
        if !leads || (end > IDENTIFIER_CHARS_MAX && name.chars().count() > IDENTIFIER_CHARS_MAX) {
            return None;
        }
        self.pos += end;
        Some(name)
    }

    /// Identifiers joined by dots; leaves the place when there is none.
    pub(super) fn qualified_name(&mut self) -> Option<&'t str> {
        let start = self.pos;
        self.identifier()?;
        while self.peek() == Some(b'.') {
            let dot = self.pos;
            self.pos += 1;
            if self.identifier().is_none() {
                self.pos = dot;
                break;
            }
        }
        Some(&self.text[start..self.pos])
    }

    /// Counts a level of nesting; [`Self::leave`] gives it back.
    pub(super) fn enter(&mut self) -> Result<(), SyntaxError> {
        self.depth += 1;
        if self.depth > EXPRESSION_DEPTH_MAX {
            return self.error(format!("the expression is nested deeper than {EXPRESSION_DEPTH_MAX} levels"));
        }
        Ok(())
    }

    pub(super) fn leave(&mut self, levels: usize) {
        self.depth -= levels;
    }

    /// Counts a node of the tree.
    pub(super) fn node(&mut self) -> Result<(), SyntaxError> {
        self.nodes += 1;
        if self.nodes > EXPRESSION_NODES_MAX {
            return self.error(format!("the expression has more than {EXPRESSION_NODES_MAX} parts"));
        }
        Ok(())
    }
}

fn is_identifier_char(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || (c > '\u{7f}' && !c.is_whitespace() && !c.is_control())
}
