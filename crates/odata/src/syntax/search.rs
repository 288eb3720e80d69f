//! `$search`: words, phrases, `AND`, `OR`, `NOT`. Two terms side by side mean both.

use std::sync::Arc;

use super::SyntaxError;
use super::cursor::Cursor;
use crate::plan::Search;

impl Cursor<'_> {
    /// A search expression, up to the end, `;` or an unmatched `)`.
    pub(super) fn search(&mut self) -> Result<Search, SyntaxError> {
        self.enter()?;
        self.spaces();
        let mut either = self.search_and()?;
        loop {
            let start = self.pos;
            self.spaces();
            if !self.search_operator("OR") {
                self.pos = start;
                break;
            }
            self.node()?;
            either = Search::Or(Box::new(either), Box::new(self.search_and()?));
        }
        self.leave(1);
        Ok(either)
    }

    fn search_and(&mut self) -> Result<Search, SyntaxError> {
        let mut all = self.search_not()?;
        loop {
            let start = self.pos;
            let spaced = self.spaces();
            let explicit = self.search_operator("AND");
            let implied = spaced && !explicit && !self.at_operator("OR") && self.at_term();
            if !explicit && !implied {
                self.pos = start;
                return Ok(all);
            }
            self.node()?;
            all = Search::And(Box::new(all), Box::new(self.search_not()?));
        }
    }

    fn search_not(&mut self) -> Result<Search, SyntaxError> {
        if self.search_operator("NOT") {
            self.enter()?;
            let inner = self.search_not()?;
            self.leave(1);
            return Ok(Search::Not(Box::new(inner)));
        }
        if self.eat(b'(') {
            let inner = self.search()?;
            self.spaces();
            self.expect(b')')?;
            return Ok(inner);
        }
        self.search_term()
    }

    fn search_term(&mut self) -> Result<Search, SyntaxError> {
        self.node()?;
        let term = match self.peek() {
            Some(b'"') => self.json_string()?.into_owned(),
            Some(b'\'') => self.quoted()?.into_owned(),
            _ => {
                let rest = self.rest();
                let ends = |(at, byte): (usize, u8)| match byte {
                    b' ' | b'\t' | b'(' | b')' | b'"' => true,
                    b';' => !self.is_escaped(self.pos + at),
                    _ => false,
                };
                let end = rest.bytes().enumerate().position(ends).unwrap_or(rest.len());
                self.pos += end;
                rest[..end].to_owned()
            }
        };
        if term.is_empty() { self.expected("a search term") } else { Ok(Search::Term(Arc::from(term))) }
    }

    fn at_term(&self) -> bool {
        !self.ends_at(self.pos)
    }

    /// Whether the search ends at a place: at a `)`, at a `;` that separates options, at the end.
    fn ends_at(&self, place: usize) -> bool {
        match self.text.as_bytes().get(place) {
            None | Some(b')') => true,
            Some(b';') => !self.is_escaped(place),
            _ => false,
        }
    }

    /// An operator counts only where an operand follows; elsewhere `AND`, `OR` and `NOT` are words.
    fn at_operator(&self, word: &str) -> bool {
        let Some(rest) = self.rest().strip_prefix(word) else { return false };
        let operand = rest.trim_start_matches([' ', '\t']);
        (rest.len() > operand.len() && !self.ends_at(self.text.len() - operand.len()))
            || (rest.starts_with('(') && word != "NOT")
    }

    fn search_operator(&mut self, word: &str) -> bool {
        if !self.at_operator(word) {
            return false;
        }
        self.pos += word.len();
        self.spaces();
        true
    }
}
