//! What a filter asks for that an index can answer: the conjuncts of the forms that ruling R4 names. The filter itself is applied
//! besides, so that a condition missed here costs time and never a wrong row.

use odata::Value;
use odata::expr::{CompareOp, Expr, Function, Node, Step};
use odata::plan::Filter;

use crate::domain::CheckinStatus;
use crate::position::member;

/// A text column with an index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::sqlite) enum TextColumn {
    UserId,
    UserPrincipalName,
    DeviceName,
}

impl TextColumn {
    fn of(number: u16) -> Option<Self> {
        match number {
            member::USER_ID => Some(Self::UserId),
            member::USER_PRINCIPAL_NAME => Some(Self::UserPrincipalName),
            member::DEVICE_NAME => Some(Self::DeviceName),
            _ => None,
        }
    }
}

/// What a text column must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::sqlite) struct TextCondition {
    pub(super) column: TextColumn,
    /// Inclusive.
    pub(super) from: String,
    pub(super) upto: Upto,
}

/// Where the texts of a condition end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::sqlite) enum Upto {
    /// Equal to where they start.
    Equal,
    /// No end: nothing sorts above the prefix.
    Open,
    /// Exclusive.
    Below(String),
}

impl TextCondition {
    fn holds(&self, row: &CheckinStatus) -> bool {
        let text = match self.column {
            TextColumn::UserId => Some(&row.user_id),
            TextColumn::UserPrincipalName => row.user_principal_name.as_ref(),
            TextColumn::DeviceName => row.device_name.as_ref(),
        };
        text.is_some_and(|text| match &self.upto {
            Upto::Equal => **text == *self.from,
            Upto::Open => **text >= *self.from,
            Upto::Below(end) => **text >= *self.from && **text < **end,
        })
    }
}

/// The conjuncts of a filter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::sqlite) struct Conditions {
    pub(super) texts: Vec<TextCondition>,
    pub(super) successful: Option<bool>,
    /// Inclusive ticks.
    pub(super) since: Option<i64>,
    /// Inclusive ticks.
    pub(super) until: Option<i64>,
    other: bool,
}

impl Conditions {
    pub(in crate::sqlite) fn of(filter: Option<&Filter>) -> Self {
        let mut conditions = Self::default();
        if let Some(filter) = filter {
            conditions.add(filter.expr());
        }
        conditions
    }

    /// Whether every conjunct is of a form that has an index.
    pub(in crate::sqlite) fn all_indexed(&self) -> bool {
        !self.other
    }

    pub(super) fn has_equal_text(&self) -> bool {
        self.texts.iter().any(|t| t.upto == Upto::Equal)
    }

    pub(super) fn has_range(&self) -> bool {
        self.since.is_some() || self.until.is_some()
    }

    /// Whether a row meets all of them.
    pub(in crate::sqlite) fn hold(&self, row: &CheckinStatus) -> bool {
        let ticks = row.checkin.ticks();
        self.successful.is_none_or(|wanted| row.was_successful == wanted)
            && self.since.is_none_or(|since| ticks >= since)
            && self.until.is_none_or(|until| ticks <= until)
            && self.texts.iter().all(|condition| condition.holds(row))
    }

    fn add(&mut self, expr: &Expr) {
        let known = match &expr.node {
            Node::And(left, right) => {
                self.add(left);
                self.add(right);
                Some(())
            }
            Node::Compare(op, left, right) => self.compare(*op, left, right),
            Node::Call(Function::StartsWith, arguments) => self.starts_with(arguments),
            Node::Path { .. } => self.boolean(expr, true),
            Node::Not(inner) => self.boolean(inner, false),
            _ => None,
        };
        self.other |= known.is_none();
    }

    fn compare(&mut self, op: CompareOp, left: &Expr, right: &Expr) -> Option<()> {
        if let (Some(number), Node::Literal(value)) = (property(left), &peel(right).node) {
            return self.compare_to(number, op, value);
        }
        if let (Node::Literal(value), Some(number)) = (&peel(left).node, property(right)) {
            return self.compare_to(number, mirrored(op), value);
        }
        None
    }

    fn compare_to(&mut self, number: u16, op: CompareOp, value: &Value) -> Option<()> {
        match (number, value, op) {
            (member::WAS_SUCCESSFUL, Value::Boolean(wanted), CompareOp::Eq) => {
                self.successful = Some(*wanted);
                Some(())
            }
            (member::WAS_SUCCESSFUL, Value::Boolean(unwanted), CompareOp::Ne) => {
                self.successful = Some(!*unwanted);
                Some(())
            }
            (member::CHECKIN_DATE_TIME, Value::DateTimeOffset(at), _) => {
                let ticks = at.ticks();
                let (since, until) = match op {
                    CompareOp::Eq => (Some(ticks), Some(ticks)),
                    CompareOp::Ge => (Some(ticks), None),
                    CompareOp::Gt => (Some(ticks.saturating_add(1)), None),
                    CompareOp::Le => (None, Some(ticks)),
                    CompareOp::Lt => (None, Some(ticks.saturating_sub(1))),
                    CompareOp::Ne => return None,
                };
                self.since = self.since.max(since);
                self.until = match (self.until, until) {
                    (Some(one), Some(two)) => Some(one.min(two)),
                    (one, two) => one.or(two),
                };
                Some(())
            }
            (_, Value::String(text), CompareOp::Eq) => {
                let column = TextColumn::of(number)?;
                self.texts.push(TextCondition { column, from: text.to_string(), upto: Upto::Equal });
                Some(())
            }
            _ => None,
        }
    }

    fn starts_with(&mut self, arguments: &[Expr]) -> Option<()> {
        let [path, prefix] = arguments else { return None };
        let column = TextColumn::of(property(path)?)?;
        let Node::Literal(Value::String(prefix)) = &peel(prefix).node else { return None };
        self.texts.push(TextCondition {
            column,
            from: prefix.to_string(),
            upto: next_after(prefix).map_or(Upto::Open, Upto::Below),
        });
        Some(())
    }

    fn boolean(&mut self, expr: &Expr, wanted: bool) -> Option<()> {
        (property(expr)? == member::WAS_SUCCESSFUL).then(|| self.successful = Some(wanted))
    }
}

/// The number of the row's property that the expression is.
fn property(expr: &Expr) -> Option<u16> {
    match &peel(expr).node {
        Node::Path { root: 0, steps } => match steps[..] {
            [Step::Member(number)] => Some(number),
            _ => None,
        },
        _ => None,
    }
}

/// Without conversions to the type that it has already.
fn peel(expr: &Expr) -> &Expr {
    match &expr.node {
        Node::Cast(inner, ty) if inner.ty.base == ty.base => peel(inner),
        _ => expr,
    }
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

/// The least text, by code point, above all that start with `prefix`; `None` when there is no such text.
fn next_after(prefix: &str) -> Option<String> {
    let mut chars: Vec<char> = prefix.chars().collect();
    while let Some(last) = chars.pop() {
        // Code points step over the surrogates.
        if let Some(next) = (u32::from(last) + 1..=u32::from(char::MAX)).find_map(char::from_u32) {
            chars.push(next);
            return Some(chars.into_iter().collect());
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_after_a_prefix_is_above_all_that_start_with_it() {
        assert_eq!(next_after("ab").as_deref(), Some("ac"));
        assert_eq!(next_after("a\u{d7ff}").as_deref(), Some("a\u{e000}"));
        assert_eq!(next_after("a\u{10ffff}").as_deref(), Some("b"));
        assert_eq!(next_after("\u{10ffff}"), None);
        assert_eq!(next_after(""), None);
    }
}
