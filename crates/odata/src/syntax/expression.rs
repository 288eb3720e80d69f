//! Common expressions: precedence climbing over the operators of OData 4.01 (part 2, section 5.1.1.17).

use super::SyntaxError;
use super::ast::{Argument, Builtin, Expr, ExprKind, Literal, Path, Root, Segment, SegmentKind};
use super::cursor::Cursor;
use super::member::builtin;
use crate::expr::{ArithmeticOp, CompareOp};
use crate::limits::EXPRESSION_BYTES_MAX;

/// Parses one whole expression, such as the value of `$filter` or of a parameter alias.
///
/// ```
/// use odata::syntax::{ast::ExprKind, parse_expression};
/// let tree = parse_expression("price gt 5 and not endswith(name,'ilk')").expect("well-formed");
/// assert!(matches!(tree.kind, ExprKind::And(..)));
/// assert_eq!(parse_expression("price gt").map_err(|e| e.position).unwrap_err(), 8);
/// ```
///
/// # Errors
/// What was expected and where; also what is too long, too deep or too large.
pub fn parse_expression(text: &str) -> Result<Expr<'_>, SyntaxError> {
    if text.len() > EXPRESSION_BYTES_MAX {
        return Err(SyntaxError::new(EXPRESSION_BYTES_MAX, "the expression is too long"));
    }
    let mut cursor = Cursor::new(text);
    let expr = cursor.expression()?;
    cursor.spaces();
    cursor.finish()?;
    Ok(expr)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Operator {
    Or,
    And,
    Compare(CompareOp),
    Arithmetic(ArithmeticOp),
    Has,
    In,
}

impl Operator {
    fn by_name(word: &str) -> Option<(Self, u8)> {
        let bytes = word.as_bytes();
        if !(2..=5).contains(&bytes.len()) {
            return None;
        }
        let mut lower = [0_u8; 5];
        for (to, from) in lower.iter_mut().zip(bytes) {
            *to = from.to_ascii_lowercase();
        }
        Some(match &lower[..bytes.len()] {
            b"or" => (Self::Or, 1),
            b"and" => (Self::And, 2),
            b"eq" => (Self::Compare(CompareOp::Eq), 3),
            b"ne" => (Self::Compare(CompareOp::Ne), 3),
            b"gt" => (Self::Compare(CompareOp::Gt), 4),
            b"ge" => (Self::Compare(CompareOp::Ge), 4),
            b"lt" => (Self::Compare(CompareOp::Lt), 4),
            b"le" => (Self::Compare(CompareOp::Le), 4),
            b"add" => (Self::Arithmetic(ArithmeticOp::Add), 5),
            b"sub" => (Self::Arithmetic(ArithmeticOp::Sub), 5),
            b"mul" => (Self::Arithmetic(ArithmeticOp::Mul), 6),
            b"div" => (Self::Arithmetic(ArithmeticOp::Div), 6),
            b"divby" => (Self::Arithmetic(ArithmeticOp::DivBy), 6),
            b"mod" => (Self::Arithmetic(ArithmeticOp::Mod), 6),
            b"has" => (Self::Has, 8),
            b"in" => (Self::In, 8),
            _ => return None,
        })
    }
}

const UNARY: u8 = 7;

impl<'t> Cursor<'t> {
    /// An expression of any precedence.
    pub(super) fn expression(&mut self) -> Result<Expr<'t>, SyntaxError> {
        self.binary(0)
    }

    /// An operator after the place, with its precedence and the place behind it.
    fn peek_operator(&mut self) -> Option<(Operator, u8, usize)> {
        let start = self.pos;
        self.spaces();
        let word = self.identifier();
        let after = self.pos;
        self.pos = start;
        let (operator, precedence) = Operator::by_name(word?)?;
        let separated = matches!(self.text.as_bytes()[start], b' ' | b'\t')
            || matches!(self.text.as_bytes()[start.saturating_sub(1)], b')' | b']' | b'}' | b'\'' | b'"');
        separated.then_some((operator, precedence, after))
    }

    fn binary(&mut self, min: u8) -> Result<Expr<'t>, SyntaxError> {
        self.enter()?;
        let start = self.pos;
        let mut left = self.unary()?;
        let mut chained = 0;
        while let Some((operator, precedence, after)) = self.peek_operator() {
            if precedence < min {
                break;
            }
            self.pos = after;
            if matches!(operator, Operator::And | Operator::Or) {
                left = self.chain(left, operator, precedence)?;
                continue;
            }
            self.enter()?;
            chained += 1;
            self.node()?;
            self.spaces();
            let kind = match operator {
                Operator::In => self.alternatives(left)?,
                Operator::Has => ExprKind::Has(Box::new(left), Box::new(self.binary(precedence + 1)?)),
                Operator::Compare(op) => ExprKind::Compare(op, Box::new(left), Box::new(self.binary(precedence + 1)?)),
                Operator::Arithmetic(op) => {
                    ExprKind::Arithmetic(op, Box::new(left), Box::new(self.binary(precedence + 1)?))
                }
                Operator::And | Operator::Or => return self.expected("an operand"),
            };
            left = Expr { kind, span: self.span_from(start) };
        }
        self.leave(1 + chained);
        Ok(left)
    }

    /// `a and b and c …`: joined as a balanced tree, so that a long list of alternatives is not a deep one.
    fn chain(&mut self, first: Expr<'t>, operator: Operator, precedence: u8) -> Result<Expr<'t>, SyntaxError> {
        self.node()?;
        self.spaces();
        let second = self.binary(precedence + 1)?;
        let more = |cursor: &mut Self| cursor.peek_operator().filter(|(next, ..)| *next == operator);
        let Some(mut next) = more(self) else { return Ok(join(first, second, operator)) };
        let mut operands = vec![first, second];
        loop {
            self.pos = next.2;
            self.node()?;
            self.spaces();
            operands.push(self.binary(precedence + 1)?);
            match more(self) {
                Some(again) => next = again,
                None => break,
            }
        }
        while operands.len() > 1 {
            let mut joined = Vec::with_capacity(operands.len().div_ceil(2));
            let mut rest = operands.into_iter();
            while let Some(left) = rest.next() {
                joined.push(match rest.next() {
                    Some(right) => join(left, right, operator),
                    None => left,
                });
            }
            operands = joined;
        }
        match operands.pop() {
            Some(whole) => Ok(whole),
            None => self.expected("an operand"),
        }
    }

    /// What follows `in`.
    fn alternatives(&mut self, left: Expr<'t>) -> Result<ExprKind<'t>, SyntaxError> {
        if self.peek() != Some(b'(') {
            let right = self.binary(UNARY + 1)?;
            return Ok(match right.kind {
                ExprKind::Array(items) => ExprKind::InList(Box::new(left), items),
                _ => ExprKind::In(Box::new(left), Box::new(right)),
            });
        }
        self.pos += 1;
        self.spaces();
        let mut items = Vec::new();
        if !self.eat(b')') {
            loop {
                let item = self.expression()?;
                if !items.is_empty() && !is_constant(&item) {
                    return Err(SyntaxError::new(item.span.start as usize, "a list takes only literals"));
                }
                items.push(item);
                let end = self.pos;
                if !self.comma() {
                    break;
                }
                if items.len() == 1 && !is_constant(&items[0]) {
                    return Err(SyntaxError::new(end, "expected ')': a list takes only literals"));
                }
            }
            self.spaces();
            self.expect(b')')?;
        }
        if items.len() == 1
            && !is_constant(&items[0])
            && let Some(item) = items.pop()
        {
            return Ok(ExprKind::In(Box::new(left), Box::new(item)));
        }
        Ok(ExprKind::InList(Box::new(left), items))
    }

    fn unary(&mut self) -> Result<Expr<'t>, SyntaxError> {
        let start = self.pos;
        match self.peek() {
            Some(b'-') if !self.bytes().get(1).is_some_and(|next| next.is_ascii_digit() || *next == b'I') => {
                self.pos += 1;
                self.spaces();
                self.node()?;
                let operand = self.binary(UNARY)?;
                Ok(Expr { kind: ExprKind::Negate(Box::new(operand)), span: self.span_from(start) })
            }
            Some(b'n' | b'N') if self.at_not() => {
                self.pos += 3;
                self.spaces();
                self.node()?;
                let operand = self.binary(UNARY)?;
                Ok(Expr { kind: ExprKind::Not(Box::new(operand)), span: self.span_from(start) })
            }
            _ => self.primary(),
        }
    }

    fn at_not(&self) -> bool {
        let b = self.bytes();
        b.len() > 3 && b[..3].eq_ignore_ascii_case(b"not") && matches!(b[3], b' ' | b'\t' | b'(')
    }

    fn primary(&mut self) -> Result<Expr<'t>, SyntaxError> {
        self.node()?;
        let start = self.pos;
        let kind = match self.peek() {
            Some(b'(') => {
                self.pos += 1;
                self.spaces();
                let inner = self.expression()?;
                self.spaces();
                self.expect(b')')?;
                return Ok(Expr { kind: inner.kind, span: self.span_from(start) });
            }
            Some(b'\'') => ExprKind::Literal(Literal::String(self.quoted()?)),
            Some(b'0'..=b'9' | b'-' | b'+') => ExprKind::Literal(self.digits_literal()?),
            Some(b'[') => self.array()?,
            Some(b'{') => self.object()?,
            Some(b'@' | b'$') => self.path(None)?,
            _ => self.word()?,
        };
        Ok(Expr { kind, span: self.span_from(start) })
    }

    /// A name: keyword, typed literal, function or path.
    fn word(&mut self) -> Result<ExprKind<'t>, SyntaxError> {
        if let Some(guid) = self.guid() {
            return Ok(ExprKind::Literal(Literal::Guid(guid)));
        }
        let start = self.pos;
        let Some(name) = self.qualified_name() else { return self.expected("an operand") };
        match self.peek() {
            Some(b'\'') => return Ok(ExprKind::Literal(self.typed_literal(name, start)?)),
            Some(b'(') => {
                if let Some(function) = builtin(name) {
                    let takes_type = matches!(function, Builtin::Cast | Builtin::IsOf);
                    let call = self.call(function, takes_type)?;
                    return self.after_call(call, start);
                }
                if name.eq_ignore_ascii_case("case") {
                    return self.case();
                }
                if name.eq_ignore_ascii_case("any") || name.eq_ignore_ascii_case("all") {
                    return self.error("'any' and 'all' follow a collection and a slash");
                }
            }
            Some(b'/') => {}
            _ if name.contains('.') => return self.expected("'(' or '/' after a qualified name"),
            _ => {
                if let Some(literal) = keyword(name) {
                    return Ok(ExprKind::Literal(literal));
                }
            }
        }
        self.path(Some((name, start)))
    }

    fn call(&mut self, function: Builtin, takes_type: bool) -> Result<ExprKind<'t>, SyntaxError> {
        self.pos += 1;
        self.spaces();
        let mut arguments = Vec::new();
        if !self.eat(b')') {
            loop {
                let argument = if takes_type { self.type_name() } else { None };
                arguments.push(match argument {
                    Some(name) => name,
                    None => self.expression()?,
                });
                if !self.comma() {
                    break;
                }
            }
            self.spaces();
            self.expect(b')')?;
        }
        Ok(ExprKind::Call(function, arguments))
    }

    /// A qualified name by itself, or `Collection(…)` of one; leaves the place when an expression stands here.
    fn type_name(&mut self) -> Option<Expr<'t>> {
        let start = self.pos;
        if self.qualified_name() == Some("Collection")
            && self.eat(b'(')
            && let Some(element) = self.single_type_name()
            && self.eat(b')')
        {
            let arguments = vec![Argument { name: None, value: element }];
            return Some(self.name_since(start, SegmentKind::Name("Collection", Some(arguments))));
        }
        self.pos = start;
        self.single_type_name()
    }

    fn single_type_name(&mut self) -> Option<Expr<'t>> {
        let start = self.pos;
        if let Some(name) = self.qualified_name().filter(|name| name.contains('.'))
            && matches!(self.peek(), Some(b',' | b')' | b' '))
        {
            return Some(self.name_since(start, SegmentKind::Name(name, None)));
        }
        self.pos = start;
        None
    }

    fn name_since(&self, start: usize, kind: SegmentKind<'t>) -> Expr<'t> {
        let span = self.span_from(start);
        let segments = vec![Segment { kind, span }];
        Expr { kind: ExprKind::Path(Path { root: Root::Implicit, segments }), span }
    }

    /// A path may go on from the result of `cast`.
    fn after_call(&mut self, call: ExprKind<'t>, start: usize) -> Result<ExprKind<'t>, SyntaxError> {
        if self.peek() != Some(b'/') {
            return Ok(call);
        }
        let root = Expr { kind: call, span: self.span_from(start) };
        let segments = self.segments()?;
        Ok(ExprKind::Path(Path { root: Root::Expr(Box::new(root)), segments }))
    }

    fn case(&mut self) -> Result<ExprKind<'t>, SyntaxError> {
        self.pos += 1;
        self.spaces();
        let mut branches = Vec::new();
        loop {
            let condition = self.expression()?;
            self.spaces();
            self.expect(b':')?;
            self.spaces();
            branches.push((condition, self.expression()?));
            if !self.comma() {
                break;
            }
        }
        self.spaces();
        self.expect(b')')?;
        Ok(ExprKind::Case(branches))
    }

    fn array(&mut self) -> Result<ExprKind<'t>, SyntaxError> {
        self.pos += 1;
        self.spaces();
        let mut items = Vec::new();
        if !self.eat(b']') {
            loop {
                items.push(self.json_value()?);
                if !self.comma() {
                    break;
                }
            }
            self.spaces();
            self.expect(b']')?;
        }
        Ok(ExprKind::Array(items))
    }

    /// What stands in an array or an object: there, and only there, texts are in double quotes.
    fn json_value(&mut self) -> Result<Expr<'t>, SyntaxError> {
        if self.peek() != Some(b'"') {
            return self.expression();
        }
        self.node()?;
        let start = self.pos;
        let text = self.json_string()?;
        Ok(Expr { kind: ExprKind::Literal(Literal::String(text)), span: self.span_from(start) })
    }

    fn object(&mut self) -> Result<ExprKind<'t>, SyntaxError> {
        self.pos += 1;
        self.spaces();
        let mut members = Vec::new();
        if !self.eat(b'}') {
            loop {
                let name = self.json_string()?;
                self.spaces();
                self.expect(b':')?;
                self.spaces();
                members.push((name, self.json_value()?));
                if !self.comma() {
                    break;
                }
            }
            self.spaces();
            self.expect(b'}')?;
        }
        Ok(ExprKind::Object(members))
    }
}

fn join<'t>(left: Expr<'t>, right: Expr<'t>, operator: Operator) -> Expr<'t> {
    let span = super::ast::Span { start: left.span.start, end: right.span.end };
    let (left, right) = (Box::new(left), Box::new(right));
    let kind = if operator == Operator::And { ExprKind::And(left, right) } else { ExprKind::Or(left, right) };
    Expr { kind, span }
}

fn is_constant(expr: &Expr<'_>) -> bool {
    match &expr.kind {
        ExprKind::Literal(_) | ExprKind::Array(_) | ExprKind::Object(_) => true,
        ExprKind::Path(path) => matches!(path.root, Root::At(_)) && path.segments.is_empty(),
        _ => false,
    }
}

fn keyword(name: &str) -> Option<Literal<'static>> {
    match name {
        "null" => Some(Literal::Null),
        "INF" => Some(Literal::Double("INF")),
        "NaN" => Some(Literal::Double("NaN")),
        _ if name.eq_ignore_ascii_case("true") => Some(Literal::Boolean(true)),
        _ if name.eq_ignore_ascii_case("false") => Some(Literal::Boolean(false)),
        _ => None,
    }
}
