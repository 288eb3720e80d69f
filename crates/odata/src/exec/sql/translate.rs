//! A bound predicate as the text of a `WHERE`. Each piece of text is three-valued exactly where the expression is.

use std::sync::Arc;

use super::{Column, ColumnKind, ColumnMap, Dialect, Sql, SqlParam, Untranslatable};
use crate::expr::{CompareOp, Expr, Function, Node, Step};
use crate::plan::Filter;
use crate::value::Value;

/// The condition of a filter; parameters are numbered from `first`.
///
/// # Errors
/// A construct that has no translation.
pub fn translate_filter(
    filter: &Filter,
    columns: &dyn ColumnMap,
    dialect: Dialect,
    first: usize,
) -> Result<Sql, Untranslatable> {
    let mut translator = Translator::new(columns, dialect, first);
    let text = translator.condition(filter.expr())?;
    Ok(Sql { text, params: translator.params })
}

pub(super) struct Translator<'m> {
    columns: &'m dyn ColumnMap,
    dialect: Dialect,
    first: usize,
    pub(super) params: Vec<SqlParam>,
}

fn refused(what: impl Into<String>) -> Untranslatable {
    Untranslatable { what: what.into() }
}

impl<'m> Translator<'m> {
    pub(super) fn new(columns: &'m dyn ColumnMap, dialect: Dialect, first: usize) -> Self {
        Self { columns, dialect, first, params: Vec::new() }
    }

    fn bind(&mut self, param: SqlParam) -> String {
        self.params.push(param);
        let number = self.first + self.params.len() - 1;
        match self.dialect {
            Dialect::Sqlite => format!("?{number}"),
            Dialect::Postgres => format!("${number}"),
        }
    }

    /// A truth value, null where the expression is.
    fn condition(&mut self, expr: &Expr) -> Result<String, Untranslatable> {
        match &expr.node {
            Node::And(left, right) => Ok(format!("({} AND {})", self.condition(left)?, self.condition(right)?)),
            Node::Or(left, right) => Ok(format!("({} OR {})", self.condition(left)?, self.condition(right)?)),
            Node::Not(inner) => Ok(format!("(NOT {})", self.condition(inner)?)),
            Node::Compare(op, left, right) => self.comparison(*op, left, right),
            Node::In(left, list) => self.is_in(left, list),
            Node::Lambda { all, source, variable, body } => self.lambda(*all, source, *variable, body.as_deref()),
            Node::Literal(Value::Boolean(truth)) => Ok(self.truth(*truth).to_owned()),
            Node::Literal(Value::Null) => Ok("NULL".to_owned()),
            Node::Path { .. } | Node::Call(..) | Node::Matches(..) => {
                let text = self.scalar(expr)?;
                Ok(match self.dialect {
                    Dialect::Sqlite => text,
                    Dialect::Postgres => format!("({text})::boolean"),
                })
            }
            other => Err(refused(name(other))),
        }
    }

    fn truth(&self, truth: bool) -> &'static str {
        match (self.dialect, truth) {
            (Dialect::Sqlite, true) => "1",
            (Dialect::Sqlite, false) => "0",
            (Dialect::Postgres, true) => "TRUE",
            (Dialect::Postgres, false) => "FALSE",
        }
    }

    /// A value.
    pub(super) fn scalar(&mut self, expr: &Expr) -> Result<String, Untranslatable> {
        match &expr.node {
            Node::Literal(value) => {
                let param = param(value)?;
                Ok(self.bind(param))
            }
            Node::Path { root: 0, steps } => {
                let column = self.column(steps)?;
                if column.kind == ColumnKind::JsonTexts {
                    Err(refused("a collection as a value"))
                } else {
                    Ok(column.sql.to_owned())
                }
            }
            // The element of the collection that a lambda runs over.
            Node::Path { root, steps } if steps.is_empty() => Ok(element(*root)),
            Node::Call(function, arguments) => self.call(*function, arguments),
            Node::Matches(inner, pattern) => {
                let text = self.scalar(inner)?;
                let pattern = self.bind(SqlParam::Text(pattern.as_str().into()));
                Ok(format!("odata_matches({text}, {pattern})"))
            }
            other => Err(refused(name(other))),
        }
    }

    fn column(&self, steps: &[Step]) -> Result<Column, Untranslatable> {
        self.columns.column(steps).ok_or_else(|| refused("a property that is not stored as a column"))
    }

    fn nullable(&self, expr: &Expr) -> bool {
        match &expr.node {
            Node::Literal(value) => value.is_null(),
            Node::Path { root: 0, steps } => self.columns.column(steps).is_none_or(|column| column.nullable),
            _ => true,
        }
    }

    /// Never null: null equals only null, and is neither less nor greater.
    fn comparison(&mut self, op: CompareOp, left: &Expr, right: &Expr) -> Result<String, Untranslatable> {
        if is_condition(left) || is_condition(right) {
            return Err(refused("a comparison of conditions"));
        }
        let (with_null, nullable) =
            (literal_null(left) || literal_null(right), self.nullable(left) && self.nullable(right));
        if with_null {
            let other = if literal_null(left) { right } else { left };
            return self.against_null(op, other);
        }
        let either = self.nullable(left) || self.nullable(right);
        let (a, b) = (self.scalar(left)?, self.scalar(right)?);
        Ok(match op {
            CompareOp::Eq if either => self.same(&a, &b),
            CompareOp::Eq => format!("({a} = {b})"),
            CompareOp::Ne if either => format!("(NOT {})", self.same(&a, &b)),
            CompareOp::Ne => format!("({a} <> {b})"),
            CompareOp::Gt => self.known(&format!("{a} > {b}"), either),
            CompareOp::Lt => self.known(&format!("{a} < {b}"), either),
            CompareOp::Ge if nullable => {
                format!("({} OR ({a} IS NULL AND {b} IS NULL))", self.known(&format!("{a} >= {b}"), true))
            }
            CompareOp::Le if nullable => {
                format!("({} OR ({a} IS NULL AND {b} IS NULL))", self.known(&format!("{a} <= {b}"), true))
            }
            CompareOp::Ge => self.known(&format!("{a} >= {b}"), either),
            CompareOp::Le => self.known(&format!("{a} <= {b}"), either),
        })
    }

    fn same(&self, a: &str, b: &str) -> String {
        match self.dialect {
            Dialect::Sqlite => format!("({a} IS {b})"),
            Dialect::Postgres => format!("({a} IS NOT DISTINCT FROM {b})"),
        }
    }

    fn known(&self, text: &str, nullable: bool) -> String {
        if nullable { format!("COALESCE({text}, {})", self.truth(false)) } else { format!("({text})") }
    }

    fn against_null(&mut self, op: CompareOp, other: &Expr) -> Result<String, Untranslatable> {
        let null_too = literal_null(other);
        let text = match (&other.node, null_too) {
            (Node::Path { root: 0, steps }, _) => self.column(steps)?.sql.to_owned(),
            (_, true) => "NULL".to_owned(),
            _ => self.scalar(other)?,
        };
        Ok(match op {
            CompareOp::Eq | CompareOp::Ge | CompareOp::Le => format!("({text} IS NULL)"),
            CompareOp::Ne => format!("({text} IS NOT NULL)"),
            CompareOp::Gt | CompareOp::Lt => self.truth(false).to_owned(),
        })
    }

    fn is_in(&mut self, left: &Expr, list: &[Expr]) -> Result<String, Untranslatable> {
        if let [only] = list
            && only.ty.collection
        {
            return self.is_in_column(left, only);
        }
        if list.is_empty() {
            return Ok(self.truth(false).to_owned());
        }
        let value = self.scalar(left)?;
        let mut alternatives = Vec::with_capacity(list.len());
        for item in list {
            alternatives.push(if literal_null(item) {
                format!("{value} IS NULL")
            } else {
                let item = self.scalar(item)?;
                self.same(&value, &item)
            });
        }
        Ok(format!("({})", alternatives.join(" OR ")))
    }

    fn is_in_column(&mut self, left: &Expr, collection: &Expr) -> Result<String, Untranslatable> {
        let value = self.scalar(left)?;
        let column = self.texts(collection)?;
        let test = self.same("item.value", &value);
        Ok(match self.dialect {
            Dialect::Sqlite => format!("EXISTS (SELECT 1 FROM json_each({column}) item WHERE {test})"),
            Dialect::Postgres => {
                format!("EXISTS (SELECT 1 FROM jsonb_array_elements_text({column}) item(value) WHERE {test})")
            }
        })
    }

    /// The column of a collection of strings.
    fn texts(&self, source: &Expr) -> Result<&'static str, Untranslatable> {
        let Node::Path { root: 0, steps } = &source.node else { return Err(refused("a lambda over an expression")) };
        let column = self.column(steps)?;
        if column.kind == ColumnKind::JsonTexts { Ok(column.sql) } else { Err(refused("a lambda over this property")) }
    }

    fn lambda(
        &mut self,
        all: bool,
        source: &Expr,
        variable: u8,
        body: Option<&Expr>,
    ) -> Result<String, Untranslatable> {
        let column = self.texts(source)?;
        let alias = format!("e{variable}");
        let from = match self.dialect {
            Dialect::Sqlite => format!("json_each({column}) {alias}"),
            Dialect::Postgres => format!("jsonb_array_elements_text({column}) {alias}(value)"),
        };
        let Some(body) = body else { return Ok(format!("EXISTS (SELECT 1 FROM {from})")) };
        // Inside a lambda null counts as false.
        let test = self.condition(body)?;
        let test = self.known(&test, true);
        Ok(if all {
            format!("NOT EXISTS (SELECT 1 FROM {from} WHERE NOT {test})")
        } else {
            format!("EXISTS (SELECT 1 FROM {from} WHERE {test})")
        })
    }

    fn call(&mut self, function: Function, arguments: &[Expr]) -> Result<String, Untranslatable> {
        let values = arguments.iter().map(|argument| self.scalar(argument)).collect::<Result<Vec<_>, _>>()?;
        let position = |text: &str, part: &str| match self.dialect {
            Dialect::Sqlite => format!("instr({text}, {part})"),
            Dialect::Postgres => format!("strpos({text}, {part})"),
        };
        Ok(match (function, values.as_slice()) {
            (Function::Concat, [a, b]) => format!("({a} || {b})"),
            (Function::Contains, [a, b]) => format!("({} > 0)", position(a, b)),
            (Function::StartsWith, [a, b]) => format!("(substr({a}, 1, length({b})) = {b})"),
            (Function::EndsWith, [a, b]) => format!(
                "(CASE WHEN {a} IS NULL OR {b} IS NULL THEN NULL WHEN length({b}) > length({a}) THEN 0 = 1 \
                 ELSE substr({a}, length({a}) - length({b}) + 1) = {b} END)"
            ),
            (Function::IndexOf, [a, b]) => format!("({} - 1)", position(a, b)),
            (Function::Length, [a]) => format!("length({a})"),
            (Function::ToLower, [a]) => format!("odata_lower({a})"),
            (Function::ToUpper, [a]) => format!("odata_upper({a})"),
            (Function::Trim, [a]) => format!("odata_trim({a})"),
            (Function::Substring, [a, start]) => format!("substr({a}, {})", from_position(a, start)),
            (Function::Substring, [a, start, length]) => {
                format!("substr({a}, {}, CASE WHEN {length} < 0 THEN 0 ELSE {length} END)", from_position(a, start))
            }
            (other, _) => return Err(refused(format!("the function {other:?}"))),
        })
    }
}

/// Position from 1; a negative start counts from the end and stops at the beginning.
fn from_position(text: &str, start: &str) -> String {
    format!(
        "(CASE WHEN {start} >= 0 THEN {start} + 1 WHEN length({text}) + {start} > 0 THEN length({text}) + {start} + 1 ELSE 1 END)"
    )
}

fn element(root: u8) -> String {
    format!("e{root}.value")
}

fn literal_null(expr: &Expr) -> bool {
    matches!(&expr.node, Node::Literal(Value::Null))
}

/// Forms that only stand where a condition stands.
fn is_condition(expr: &Expr) -> bool {
    matches!(
        expr.node,
        Node::Compare(..) | Node::And(..) | Node::Or(..) | Node::Not(_) | Node::In(..) | Node::Lambda { .. }
    )
}

fn param(value: &Value) -> Result<SqlParam, Untranslatable> {
    Ok(match value {
        Value::Null => SqlParam::Null,
        Value::Boolean(truth) => SqlParam::Integer((*truth).into()),
        Value::Int(number) => SqlParam::Integer(*number),
        Value::Double(number) => SqlParam::Double(*number),
        Value::String(text) => SqlParam::Text(Arc::clone(text)),
        Value::DateTimeOffset(at) => SqlParam::Integer(at.ticks()),
        _ => return Err(refused("a literal of this type")),
    })
}

fn name(node: &Node) -> &'static str {
    match node {
        Node::Arithmetic(..) | Node::Negate(_) => "arithmetic",
        Node::Has(..) => "has",
        Node::Count { .. } => "$count",
        Node::Cast(..) => "cast",
        Node::IsOf(..) => "isof",
        Node::Lambda { .. } => "a lambda as a value",
        _ => "a condition as a value",
    }
}
