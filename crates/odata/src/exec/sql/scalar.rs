//! Values: columns, lambda elements, constants, and functions of them.

use std::fmt::Write as _;

use super::predicate::is_null;
use super::{ColumnKind, SqlParam, Translator, Untranslatable, untranslatable};
use crate::expr::{Expr, Function, IT, Node, THESE};
use crate::model::{EdmType, Primitive};
use crate::plan::OrderBy;
use crate::value::Value;

/// How a value is kept, as far as comparing goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Boolean,
    Integer,
    Double,
    Ticks,
}

impl Kind {
    pub(super) fn comparable(self, other: Self) -> bool {
        self == other
    }
}

/// A piece of SQL that gives one value.
#[derive(Debug, Clone)]
pub(super) struct Scalar {
    pub(super) sql: String,
    pub(super) kind: Kind,
    pub(super) nullable: bool,
}

/// Every character that Unicode calls white space: what `trim` takes off.
const WHITE_SPACE: &str = "\t\n\u{b}\u{c}\r \u{85}\u{a0}\u{1680}\u{2000}\u{2001}\u{2002}\u{2003}\u{2004}\u{2005}\u{2006}\u{2007}\u{2008}\u{2009}\u{200a}\u{2028}\u{2029}\u{202f}\u{205f}\u{3000}";
/// Longer than any text; keeps positions within PostgreSQL's `int4`.
const POSITION_MAX: i64 = 1_000_000_000;

impl Translator<'_> {
    pub(super) fn order_item(&mut self, item: &OrderBy) -> Result<String, Untranslatable> {
        let scalar = self.scalar(&item.expr)?;
        let sql = if scalar.kind == Kind::Text { self.dialect.ordinal(&scalar.sql) } else { scalar.sql };
        let direction = if item.descending { " DESC" } else { "" };
        Ok(format!("{sql}{direction}{}", self.dialect.null_lowest(item.descending)))
    }

    pub(super) fn scalar(&mut self, expr: &Expr) -> Result<Scalar, Untranslatable> {
        match &expr.node {
            Node::Literal(value) => self.literal(value),
            Node::Path { root: IT, .. } => untranslatable("$it in nested options"),
            Node::Path { root: THESE, .. } => untranslatable("$these"),
            Node::Path { root, steps } => {
                if *root != 0 {
                    if !steps.is_empty() {
                        return untranslatable("a property of a lambda variable");
                    }
                    return Ok(Scalar { sql: format!("e{root}.value"), kind: Kind::Text, nullable: true });
                }
                let Some(column) = self.columns.column(steps) else {
                    return untranslatable("a property that has no column");
                };
                let kind = match column.kind {
                    ColumnKind::Text => Kind::Text,
                    ColumnKind::Boolean => Kind::Boolean,
                    ColumnKind::Integer => Kind::Integer,
                    ColumnKind::Double => Kind::Double,
                    ColumnKind::Ticks => Kind::Ticks,
                    ColumnKind::JsonTexts => return untranslatable("a collection as a value"),
                };
                Ok(Scalar { sql: column.sql.to_owned(), kind, nullable: column.nullable })
            }
            Node::Call(Function::Case, branches) => self.case(branches),
            Node::Call(function, arguments) => self.function(*function, arguments, expr),
            Node::Cast(operand, to) if to.base == Some(EdmType::Primitive(Primitive::Double)) => {
                let operand = self.scalar(operand)?;
                match operand.kind {
                    Kind::Double => Ok(operand),
                    Kind::Integer => Ok(Scalar {
                        sql: self.dialect.double(&operand.sql),
                        kind: Kind::Double,
                        nullable: operand.nullable,
                    }),
                    _ => untranslatable("a cast"),
                }
            }
            Node::Cast(operand, to) if to.base == Some(EdmType::Primitive(Primitive::String)) => {
                let whole = matches!(operand.ty.base, Some(EdmType::Primitive(primitive)) if primitive.is_integer());
                let operand = self.scalar(operand)?;
                match operand.kind {
                    Kind::Text => Ok(operand),
                    // Whole numbers have one text everywhere; fractions have not.
                    Kind::Integer if whole => {
                        Ok(Scalar { sql: format!("CAST({} AS TEXT)", operand.sql), kind: Kind::Text, ..operand })
                    }
                    _ => untranslatable("a cast"),
                }
            }
            Node::Count { source, variable, filter } => {
                let array = self.array(source)?;
                let elements = self.dialect.elements(&array, &format!("e{variable}"));
                let condition = match filter {
                    Some(filter) => format!(" WHERE {}", self.predicate(filter, false)?),
                    None => String::new(),
                };
                let sql = format!("(SELECT count(*) FROM {elements}{condition})");
                Ok(Scalar { sql, kind: Kind::Integer, nullable: false })
            }
            Node::Compare(..)
            | Node::And(..)
            | Node::Or(..)
            | Node::Not(_)
            | Node::In(..)
            | Node::Has(..)
            | Node::Matches(..)
            | Node::Lambda { .. } => self.condition_value(expr),
            _ => untranslatable(name(expr)),
        }
    }

    /// A condition as a value: 1, 0 or NULL.
    fn condition_value(&mut self, expr: &Expr) -> Result<Scalar, Untranslatable> {
        let condition = self.predicate(expr, true)?;
        // The condition stands twice but is bound once: placeholders are numbered.
        let sql = format!("(CASE WHEN {condition} THEN 1 WHEN NOT ({condition}) THEN 0 END)");
        Ok(Scalar { sql, kind: Kind::Boolean, nullable: true })
    }

    /// The first branch whose condition is true; NULL when none is.
    fn case(&mut self, branches: &[Expr]) -> Result<Scalar, Untranslatable> {
        let mut sql = "(CASE".to_owned();
        let mut kind = None;
        for branch in branches.chunks_exact(2) {
            let condition = self.predicate(&branch[0], false)?;
            let value = if is_null(&branch[1]) {
                "NULL".to_owned()
            } else {
                let value = self.scalar(&branch[1])?;
                if *kind.get_or_insert(value.kind) != value.kind {
                    return untranslatable("branches of 'case' that are kept differently");
                }
                value.sql
            };
            let _ = write!(sql, " WHEN {condition} THEN {value}");
        }
        sql.push_str(" END)");
        match kind {
            Some(kind) => Ok(Scalar { sql, kind, nullable: true }),
            None => untranslatable("a 'case' that is always null"),
        }
    }

    fn literal(&mut self, value: &Value) -> Result<Scalar, Untranslatable> {
        let (param, kind) = match value {
            Value::String(text) => (SqlParam::Text(text.clone()), Kind::Text),
            Value::Boolean(truth) => (SqlParam::Integer(i64::from(*truth)), Kind::Boolean),
            Value::Int(number) | Value::Enum(number) => (SqlParam::Integer(*number), Kind::Integer),
            Value::Double(number) if !number.is_nan() => (SqlParam::Double(*number), Kind::Double),
            Value::DateTimeOffset(at) => (SqlParam::Integer(at.ticks()), Kind::Ticks),
            _ => return untranslatable("a constant of this type"),
        };
        Ok(Scalar { sql: self.bind(param), kind, nullable: false })
    }

    fn function(&mut self, function: Function, arguments: &[Expr], whole: &Expr) -> Result<Scalar, Untranslatable> {
        let text = |sql: String, nullable: bool| Ok(Scalar { sql, kind: Kind::Text, nullable });
        let integer = |sql: String, nullable: bool| Ok(Scalar { sql, kind: Kind::Integer, nullable });
        match (function, arguments) {
            (Function::Contains | Function::StartsWith | Function::EndsWith, _) => self.condition_value(whole),
            (Function::Length, [of]) => {
                let of = self.text_scalar(of)?;
                integer(format!("length({})", of.sql), of.nullable)
            }
            (Function::IndexOf, [of, part]) => {
                let (of, part) = (self.text_scalar(of)?, self.text_scalar(part)?);
                integer(format!("({} - 1)", self.dialect.position(&of.sql, &part.sql)), of.nullable || part.nullable)
            }
            (Function::Concat, [a, b]) => {
                let (a, b) = (self.text_scalar(a)?, self.text_scalar(b)?);
                text(format!("({} || {})", a.sql, b.sql), a.nullable || b.nullable)
            }
            (Function::Trim, [of]) => {
                let of = self.text_scalar(of)?;
                let characters = self.bind(SqlParam::Text(WHITE_SPACE.into()));
                text(self.dialect.trim(&of.sql, &characters), of.nullable)
            }
            (Function::ToLower | Function::ToUpper, [of]) => {
                if !self.columns.has_text_functions() {
                    return untranslatable(function.name());
                }
                let of = self.text_scalar(of)?;
                let called = if function == Function::ToLower { "odata_lower" } else { "odata_upper" };
                text(format!("{called}({})", of.sql), of.nullable)
            }
            (Function::Substring, [of, start, rest @ ..]) => self.substring(of, start, rest.first()),
            _ => untranslatable(function.name()),
        }
    }

    fn substring(&mut self, of: &Expr, start: &Expr, length: Option<&Expr>) -> Result<Scalar, Untranslatable> {
        let number = |expr: &Expr| match &expr.node {
            Node::Literal(Value::Int(number)) => Some((*number).clamp(-POSITION_MAX, POSITION_MAX)),
            _ => None,
        };
        let Some(start) = number(start) else { return untranslatable("'substring' from a place that is no constant") };
        let length = match length.map(number) {
            None => None,
            Some(Some(length)) => Some(length.max(0)),
            Some(None) => return untranslatable("'substring' of a length that is no constant"),
        };
        let of = self.text_scalar(of)?;
        let from = if start < 0 {
            let back = self.bind(SqlParam::Integer(start));
            format!("{} + 1", self.dialect.greater(&format!("length({}) + {back}", of.sql), "0"))
        } else {
            self.bind(SqlParam::Integer(start + 1))
        };
        let sql = match length {
            Some(length) => {
                let length = self.bind(SqlParam::Integer(length));
                format!("substr({}, {from}, {length})", of.sql)
            }
            None => format!("substr({}, {from})", of.sql),
        };
        Ok(Scalar { sql, kind: Kind::Text, nullable: of.nullable })
    }

    fn text_scalar(&mut self, expr: &Expr) -> Result<Scalar, Untranslatable> {
        if is_null(expr) {
            return Ok(Scalar { sql: self.bind(SqlParam::Null), kind: Kind::Text, nullable: true });
        }
        let scalar = self.scalar(expr)?;
        if scalar.kind == Kind::Text { Ok(scalar) } else { untranslatable("a text function of something else") }
    }

    /// The SQL of a text.
    pub(super) fn text(&mut self, expr: &Expr) -> Result<String, Untranslatable> {
        self.text_scalar(expr).map(|scalar| scalar.sql)
    }

    pub(super) fn two_texts(&mut self, arguments: &[Expr]) -> Result<(String, String), Untranslatable> {
        let [a, b] = arguments else { return untranslatable("a text function") };
        Ok((self.text(a)?, self.text(b)?))
    }

    /// The column of a collection of texts.
    pub(super) fn array(&mut self, expr: &Expr) -> Result<String, Untranslatable> {
        if let Node::Path { root: 0, steps } = &expr.node
            && let Some(column) = self.columns.column(steps)
            && column.kind == ColumnKind::JsonTexts
        {
            return Ok(column.sql.to_owned());
        }
        untranslatable("a collection that has no column")
    }

    /// What can be asked to be null.
    pub(super) fn scalar_or_array(&mut self, expr: &Expr) -> Result<String, Untranslatable> {
        match self.array(expr) {
            Ok(array) => Ok(array),
            Err(_) => self.scalar(expr).map(|scalar| scalar.sql),
        }
    }
}

/// What an expression is, for the caller.
pub(super) fn name(expr: &Expr) -> String {
    match &expr.node {
        Node::Arithmetic(..) | Node::Negate(_) => "arithmetic".to_owned(),
        Node::Has(..) => "'has'".to_owned(),
        Node::Cast(..) => "a cast".to_owned(),
        Node::Open(..) => "a dynamic property".to_owned(),
        Node::IsOf(..) => "'isof'".to_owned(),
        Node::Matches(..) => "matchesPattern".to_owned(),
        Node::Call(function, _) => function.name().to_owned(),
        _ => "this expression".to_owned(),
    }
}
