//! Paths in expressions: segments, arguments, lambdas. Which name is a property and which a type is the binder's to say.

use super::SyntaxError;
use super::ast::{Argument, Builtin, ExprKind, Path, Root, Segment, SegmentKind};
use super::cursor::Cursor;
use super::options;
use crate::expr::Function;

impl<'t> Cursor<'t> {
    /// A path; `first` is its first name when that was read already.
    pub(super) fn path(&mut self, first: Option<(&'t str, usize)>) -> Result<ExprKind<'t>, SyntaxError> {
        let mut segments = Vec::new();
        let root = match (first, self.peek()) {
            (Some((name, start)), _) => {
                self.named(name, start, &mut segments)?;
                Root::Implicit
            }
            (None, Some(b'@')) => Root::At(self.at_name()?),
            _ => self.dollar_root(&mut segments)?,
        };
        if self.peek() == Some(b'/') {
            segments.append(&mut self.segments()?);
        }
        Ok(ExprKind::Path(Path { root, segments }))
    }

    /// Segments, each after a slash.
    pub(super) fn segments(&mut self) -> Result<Vec<Segment<'t>>, SyntaxError> {
        let mut segments = Vec::new();
        while self.eat(b'/') {
            match segments.last().map(|last: &Segment<'_>| &last.kind) {
                Some(SegmentKind::Lambda { .. }) => return self.error("nothing can follow 'any' or 'all'"),
                Some(SegmentKind::Aggregate(_)) => return self.error("nothing can follow 'aggregate'"),
                _ => {}
            }
            self.node()?;
            let start = self.pos;
            match self.peek() {
                Some(b'$') => {
                    let segment = self.dollar_segment()?;
                    let filters = matches!(segment.kind, SegmentKind::Filter(_));
                    segments.push(segment);
                    if filters {
                        self.keys(&mut segments)?;
                    }
                }
                Some(b'@') => {
                    let kind = SegmentKind::Annotation(self.at_name()?);
                    segments.push(Segment { kind, span: self.span_from(start) });
                }
                _ => {
                    let Some(name) = self.qualified_name() else { return self.expected("a path segment") };
                    if name.eq_ignore_ascii_case("aggregate") && self.peek() == Some(b'(') {
                        let kind = SegmentKind::Aggregate(Box::new(self.aggregate_function()?));
                        segments.push(Segment { kind, span: self.span_from(start) });
                        continue;
                    }
                    self.named(name, start, &mut segments)?;
                }
            }
        }
        Ok(segments)
    }

    fn named(&mut self, name: &'t str, start: usize, into: &mut Vec<Segment<'t>>) -> Result<(), SyntaxError> {
        if self.peek() != Some(b'(') {
            into.push(Segment { kind: SegmentKind::Name(name, None), span: self.span_from(start) });
            return Ok(());
        }
        let all = name.eq_ignore_ascii_case("all");
        if all || name.eq_ignore_ascii_case("any") {
            let kind = self.lambda(all)?;
            into.push(Segment { kind, span: self.span_from(start) });
            return Ok(());
        }
        let arguments = self.arguments()?;
        into.push(Segment { kind: SegmentKind::Name(name, Some(arguments)), span: self.span_from(start) });
        self.keys(into)
    }

    /// Further pairs of parentheses.
    fn keys(&mut self, into: &mut Vec<Segment<'t>>) -> Result<(), SyntaxError> {
        while self.peek() == Some(b'(') {
            self.node()?;
            let start = self.pos;
            let key = self.arguments()?;
            into.push(Segment { kind: SegmentKind::Key(key), span: self.span_from(start) });
        }
        Ok(())
    }

    fn lambda(&mut self, all: bool) -> Result<SegmentKind<'t>, SyntaxError> {
        self.expect(b'(')?;
        self.spaces();
        if !all && self.eat(b')') {
            return Ok(SegmentKind::Lambda { all, body: None });
        }
        let Some(variable) = self.identifier() else { return self.expected("a lambda variable") };
        self.spaces();
        self.expect(b':')?;
        self.spaces();
        let body = self.expression()?;
        self.spaces();
        self.expect(b')')?;
        Ok(SegmentKind::Lambda { all, body: Some((variable, Box::new(body))) })
    }

    /// `@name`, `@ns.Term`, `@ns.Term#Qualifier`, with the `@`.
    pub(super) fn at_name(&mut self) -> Result<&'t str, SyntaxError> {
        let start = self.pos;
        self.expect(b'@')?;
        if self.qualified_name().is_none() {
            return self.expected("a name after '@'");
        }
        if self.eat(b'#') && self.identifier().is_none() {
            return self.expected("a qualifier after '#'");
        }
        Ok(&self.text[start..self.pos])
    }

    fn dollar_root(&mut self, segments: &mut Vec<Segment<'t>>) -> Result<Root<'t>, SyntaxError> {
        let start = self.pos;
        self.expect(b'$')?;
        match self.identifier() {
            Some("it") => Ok(Root::It),
            Some("this") => Ok(Root::This),
            Some("root") => Ok(Root::Service),
            Some("these") if self.peek() == Some(b'/') => Ok(Root::These),
            Some("these") => self.expected("'/$count' or '/aggregate(…)'"),
            Some("count") => {
                self.pos = start;
                segments.push(self.dollar_segment()?);
                Ok(Root::Implicit)
            }
            _ => {
                self.pos = start;
                self.expected("$it, $this, $these, $root or $count")
            }
        }
    }

    fn dollar_segment(&mut self) -> Result<Segment<'t>, SyntaxError> {
        let start = self.pos;
        self.expect(b'$')?;
        let kind = match self.identifier() {
            Some("count") => {
                let nested = if self.peek() == Some(b'(') {
                    Some(Box::new(options::nested(self, options::Place::Count)?))
                } else {
                    None
                };
                SegmentKind::Count(nested)
            }
            Some("filter") => {
                self.expect(b'(')?;
                self.spaces();
                let predicate = self.expression()?;
                self.spaces();
                self.expect(b')')?;
                SegmentKind::Filter(Box::new(predicate))
            }
            _ => {
                self.pos = start;
                return self.expected("$count or $filter");
            }
        };
        Ok(Segment { kind, span: self.span_from(start) })
    }

    /// `(…)`: positional or named arguments, or a key.
    pub(super) fn arguments(&mut self) -> Result<Vec<Argument<'t>>, SyntaxError> {
        self.expect(b'(')?;
        self.spaces();
        let mut arguments = Vec::new();
        if self.eat(b')') {
            return Ok(arguments);
        }
        loop {
            let name = self.argument_name();
            let value = self.expression()?;
            arguments.push(Argument { name, value });
            if !self.comma() {
                break;
            }
        }
        self.spaces();
        self.expect(b')')?;
        Ok(arguments)
    }

    /// `name=`; leaves the place when an expression stands here.
    fn argument_name(&mut self) -> Option<&'t str> {
        let start = self.pos;
        if let Some(name) = self.identifier() {
            self.spaces();
            if self.eat(b'=') {
                self.spaces();
                return Some(name);
            }
        }
        self.pos = start;
        None
    }
}

const FUNCTIONS: [(&str, Function); 33] = [
    ("startswith", Function::StartsWith),
    ("contains", Function::Contains),
    ("endswith", Function::EndsWith),
    ("tolower", Function::ToLower),
    ("toupper", Function::ToUpper),
    ("length", Function::Length),
    ("indexof", Function::IndexOf),
    ("substring", Function::Substring),
    ("trim", Function::Trim),
    ("concat", Function::Concat),
    ("matchesPattern", Function::MatchesPattern),
    ("date", Function::Date),
    ("day", Function::Day),
    ("fractionalseconds", Function::FractionalSeconds),
    ("hour", Function::Hour),
    ("maxdatetime", Function::MaxDateTime),
    ("mindatetime", Function::MinDateTime),
    ("minute", Function::Minute),
    ("month", Function::Month),
    ("now", Function::Now),
    ("second", Function::Second),
    ("time", Function::Time),
    ("totaloffsetminutes", Function::TotalOffsetMinutes),
    ("totalseconds", Function::TotalSeconds),
    ("year", Function::Year),
    ("ceiling", Function::Ceiling),
    ("floor", Function::Floor),
    ("round", Function::Round),
    ("hassubset", Function::HasSubset),
    ("hassubsequence", Function::HasSubsequence),
    ("geo.distance", Function::GeoDistance),
    ("geo.intersects", Function::GeoIntersects),
    ("geo.length", Function::GeoLength),
];

/// A function of the grammar by name, in any case.
pub(super) fn builtin(name: &str) -> Option<Builtin> {
    if let Some((_, function)) = FUNCTIONS.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)) {
        return Some(Builtin::Function(*function));
    }
    if name.eq_ignore_ascii_case("cast") {
        return Some(Builtin::Cast);
    }
    if name.eq_ignore_ascii_case("isdefined") {
        return Some(Builtin::IsDefined);
    }
    name.eq_ignore_ascii_case("isof").then_some(Builtin::IsOf)
}

impl Function {
    /// The name as in the specification.
    pub(crate) fn name(self) -> &'static str {
        FUNCTIONS.iter().find(|(_, function)| *function == self).map_or("case", |(name, _)| name)
    }
}
