//! Conditions. Each has two forms: the exact one keeps OData's three values, the loose one may say NULL for false.

use super::scalar::{Kind, Scalar};
use super::{Dialect, SqlParam, Translator, Untranslatable, untranslatable};
use crate::expr::{CompareOp, Expr, Function, Node};
use crate::model::EdmType;
use crate::value::Value;

impl Translator<'_> {
    /// A condition, in parentheses wherever it is not a single comparison.
    pub(super) fn predicate(&mut self, expr: &Expr, exact: bool) -> Result<String, Untranslatable> {
        match &expr.node {
            Node::Literal(Value::Boolean(truth)) => Ok(constant(*truth)),
            Node::Literal(Value::Null) => Ok("(1 = NULL)".to_owned()),
            Node::And(left, right) => {
                Ok(format!("({} AND {})", self.predicate(left, exact)?, self.predicate(right, exact)?))
            }
            Node::Or(left, right) => {
                Ok(format!("({} OR {})", self.predicate(left, exact)?, self.predicate(right, exact)?))
            }
            Node::Not(operand) => Ok(format!("(NOT {})", self.predicate(operand, true)?)),
            Node::Compare(op, left, right) => self.compare(*op, left, right, exact),
            Node::In(operand, alternatives) => self.is_in(operand, alternatives, exact),
            Node::Call(Function::StartsWith, arguments) => self.starts_with(arguments),
            Node::Call(Function::EndsWith, arguments) => {
                let (text, end) = self.two_texts(arguments)?;
                Ok(format!(
                    "(length({text}) >= length({end}) AND substr({text}, length({text}) - length({end}) + 1) = {end})"
                ))
            }
            Node::Call(Function::Contains, arguments) => {
                let (text, part) = self.two_texts(arguments)?;
                Ok(format!("{} > 0", self.dialect.position(&text, &part)))
            }
            Node::Matches(text, pattern) if self.columns.has_text_functions() => {
                let text = self.text(text)?;
                let pattern = self.bind(SqlParam::Text(pattern.as_str().into()));
                Ok(format!("odata_matches({text}, {pattern}) = 1"))
            }
            Node::Lambda { all, source, variable, body } => self.lambda(*all, source, *variable, body.as_deref()),
            Node::Has(flags, wanted) => {
                let (flags, wanted) = (self.scalar(flags)?, self.scalar(wanted)?);
                if (flags.kind, wanted.kind) != (Kind::Integer, Kind::Integer) {
                    return untranslatable("'has' of values that are kept differently");
                }
                Ok(format!("({} & {}) = {}", flags.sql, wanted.sql, wanted.sql))
            }
            Node::Path { .. } | Node::Call(Function::Case, _) => {
                let column = self.scalar(expr)?;
                match column.kind {
                    Kind::Boolean => Ok(format!("{} = 1", column.sql)),
                    _ => untranslatable("a value that is not Boolean, as a condition"),
                }
            }
            _ => untranslatable(super::scalar::name(expr)),
        }
    }

    fn compare(&mut self, op: CompareOp, left: &Expr, right: &Expr, exact: bool) -> Result<String, Untranslatable> {
        match (is_null(left), is_null(right)) {
            (true, true) => {
                return Ok(constant(matches!(op, CompareOp::Eq | CompareOp::Ge | CompareOp::Le)));
            }
            (true, false) => return self.compare_null(op, right),
            (false, true) => return self.compare_null(op, left),
            (false, false) => {}
        }
        if let Some(bound) = whole_bound(op, left, right) {
            return match bound {
                Bound::Never => Ok(constant(false)),
                Bound::Always => Ok(constant(true)),
                Bound::At(op, number, limit) => {
                    let limit = Expr { node: Node::Literal(Value::Int(limit)), ty: number.ty };
                    self.compare(op, number, &limit, exact)
                }
            };
        }
        let (left, right) = (self.scalar(left)?, self.scalar(right)?);
        if !left.kind.comparable(right.kind) {
            return untranslatable("a comparison of values that are kept differently");
        }
        let ordered = !matches!(op, CompareOp::Eq | CompareOp::Ne);
        let ordinal = |side: &Scalar, dialect: Dialect| {
            if ordered && side.kind == Kind::Text { dialect.ordinal(&side.sql) } else { side.sql.clone() }
        };
        let (a, b) = (ordinal(&left, self.dialect), ordinal(&right, self.dialect));
        Ok(match (op, left.nullable, right.nullable) {
            (CompareOp::Eq, true, true) => format!("{a} IS NOT DISTINCT FROM {b}"),
            (CompareOp::Ne, true, _) | (CompareOp::Ne, _, true) => format!("{a} IS DISTINCT FROM {b}"),
            (CompareOp::Ne, false, false) => format!("{a} <> {b}"),
            (CompareOp::Ge | CompareOp::Le, true, true) => {
                let plain = guarded(&format!("{a} {} {b}", sign(op)), &left, &right, exact);
                format!("({plain} OR ({} IS NULL AND {} IS NULL))", left.sql, right.sql)
            }
            _ => guarded(&format!("{a} {} {b}", sign(op)), &left, &right, exact),
        })
    }

    fn compare_null(&mut self, op: CompareOp, side: &Expr) -> Result<String, Untranslatable> {
        let before = self.params.len();
        let side = self.scalar_or_array(side)?;
        Ok(match op {
            CompareOp::Eq | CompareOp::Ge | CompareOp::Le => format!("{side} IS NULL"),
            CompareOp::Ne => format!("{side} IS NOT NULL"),
            CompareOp::Gt | CompareOp::Lt => {
                self.params.truncate(before);
                constant(false)
            }
        })
    }

    fn is_in(&mut self, operand: &Expr, alternatives: &[Expr], exact: bool) -> Result<String, Untranslatable> {
        if let [only] = alternatives
            && only.ty.collection
        {
            let operand = self.scalar(operand)?;
            if operand.kind != Kind::Text {
                return untranslatable("'in' a collection that is not of texts");
            }
            let array = self.array(only)?;
            let elements = self.dialect.elements(&array, "i");
            return Ok(format!("EXISTS (SELECT 1 FROM {elements} WHERE i.value IS NOT DISTINCT FROM {})", operand.sql));
        }
        if !alternatives.iter().all(|alternative| matches!(alternative.node, Node::Literal(_))) {
            let each = alternatives.iter().map(|alternative| self.compare(CompareOp::Eq, operand, alternative, exact));
            return Ok(format!("({})", each.collect::<Result<Vec<_>, _>>()?.join(" OR ")));
        }
        if is_null(operand) {
            return Ok(constant(alternatives.iter().any(is_null)));
        }
        let before = self.params.len();
        let operand = self.scalar(operand)?;
        let mut places = Vec::with_capacity(alternatives.len());
        let mut with_null = false;
        for alternative in alternatives {
            if is_null(alternative) {
                with_null = true;
                continue;
            }
            let alternative = self.scalar(alternative)?;
            if !operand.kind.comparable(alternative.kind) {
                return untranslatable("a comparison of values that are kept differently");
            }
            places.push(alternative.sql);
        }
        let column = &operand.sql;
        let listed = format!("{column} IN ({})", places.join(", "));
        Ok(match (places.is_empty(), with_null) {
            (true, true) => format!("{column} IS NULL"),
            (true, false) => {
                self.params.truncate(before);
                constant(false)
            }
            (false, true) => format!("({column} IS NULL OR {listed})"),
            (false, false) if exact && operand.nullable => format!("({listed} AND {column} IS NOT NULL)"),
            (false, false) => listed,
        })
    }

    /// A range, which an index on the text answers.
    fn starts_with(&mut self, arguments: &[Expr]) -> Result<String, Untranslatable> {
        let [text, prefix] = arguments else { return untranslatable("startswith") };
        let Node::Literal(Value::String(prefix)) = &prefix.node else {
            let (text, start) = self.two_texts(arguments)?;
            return Ok(format!("substr({text}, 1, length({start})) = {start}"));
        };
        let text = self.text(text)?;
        if prefix.is_empty() {
            // True, or NULL for a null text.
            return Ok(format!("{text} = {text}"));
        }
        let ordinal = self.dialect.ordinal(&text);
        let low = self.bind(SqlParam::Text(prefix.clone()));
        Ok(match after_prefix(prefix) {
            Some(end) => {
                let high = self.bind(SqlParam::Text(end.into()));
                format!("({ordinal} >= {low} AND {ordinal} < {high})")
            }
            None => format!("{ordinal} >= {low}"),
        })
    }

    fn lambda(
        &mut self,
        all: bool,
        source: &Expr,
        variable: u8,
        body: Option<&Expr>,
    ) -> Result<String, Untranslatable> {
        let array = self.array(source)?;
        let elements = self.dialect.elements(&array, &format!("e{variable}"));
        let Some(body) = body else { return Ok(format!("EXISTS (SELECT 1 FROM {elements})")) };
        let body = self.predicate(body, all)?;
        Ok(if all {
            format!("NOT EXISTS (SELECT 1 FROM {elements} WHERE ({body}) IS NOT TRUE)")
        } else {
            format!("EXISTS (SELECT 1 FROM {elements} WHERE {body})")
        })
    }
}

/// What the comparison of a whole number with a fraction comes to.
enum Bound<'e> {
    Never,
    Always,
    At(CompareOp, &'e Expr, i64),
}

/// A whole number against a decimal constant, said with whole numbers alone; `None` for anything else.
fn whole_bound<'e>(op: CompareOp, left: &'e Expr, right: &'e Expr) -> Option<Bound<'e>> {
    let (number, constant, op) = match (&left.node, &right.node) {
        (Node::Cast(number, _), Node::Literal(Value::Decimal(constant))) => (&**number, constant, op),
        (Node::Literal(Value::Decimal(constant)), Node::Cast(number, _)) => (&**number, constant, mirrored(op)),
        _ => return None,
    };
    if !matches!(number.ty.base, Some(EdmType::Primitive(primitive)) if primitive.is_integer()) {
        return None;
    }
    if let Some(whole) = constant.to_i64() {
        return Some(Bound::At(op, number, whole));
    }
    let unit = 10_i128.checked_pow(constant.scale.into())?;
    let below = i64::try_from(constant.mantissa.div_euclid(unit)).ok()?;
    Some(match op {
        CompareOp::Eq => Bound::Never,
        CompareOp::Ne => Bound::Always,
        CompareOp::Gt | CompareOp::Ge => Bound::At(CompareOp::Gt, number, below),
        CompareOp::Lt | CompareOp::Le => Bound::At(CompareOp::Le, number, below),
    })
}

fn mirrored(op: CompareOp) -> CompareOp {
    match op {
        CompareOp::Gt => CompareOp::Lt,
        CompareOp::Ge => CompareOp::Le,
        CompareOp::Lt => CompareOp::Gt,
        CompareOp::Le => CompareOp::Ge,
        same => same,
    }
}

pub(super) fn is_null(expr: &Expr) -> bool {
    matches!(&expr.node, Node::Literal(Value::Null))
}

/// A comparison that is false, not NULL, where a side is NULL.
fn guarded(comparison: &str, left: &Scalar, right: &Scalar, exact: bool) -> String {
    let mut guards = String::new();
    for side in [left, right].into_iter().filter(|side| exact && side.nullable) {
        guards.push_str(" AND ");
        guards.push_str(&side.sql);
        guards.push_str(" IS NOT NULL");
    }
    if guards.is_empty() { comparison.to_owned() } else { format!("({comparison}{guards})") }
}

fn constant(truth: bool) -> String {
    if truth { "(1 = 1)".to_owned() } else { "(1 = 0)".to_owned() }
}

fn sign(op: CompareOp) -> &'static str {
    match op {
        CompareOp::Eq => "=",
        CompareOp::Ne => "<>",
        CompareOp::Gt => ">",
        CompareOp::Ge => ">=",
        CompareOp::Lt => "<",
        CompareOp::Le => "<=",
    }
}

/// The least text that is greater than every text with the prefix; `None` when there is none.
fn after_prefix(prefix: &str) -> Option<String> {
    let mut end = prefix.to_owned();
    while let Some(last) = end.pop() {
        let next = match last {
            '\u{d7ff}' => Some('\u{e000}'),
            other => char::from_u32(u32::from(other) + 1),
        };
        if let Some(next) = next {
            end.push(next);
            return Some(end);
        }
    }
    None
}
