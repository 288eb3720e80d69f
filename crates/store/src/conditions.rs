//! What a filter asks for that an index can answer: the conjuncts of the forms that ruling R4 names, the same for every database. A filter with
//! anything else in it is applied besides, so that a condition missed here costs time and never a wrong row. It must never know SQL.

use odata::Value;
use odata::expr::{CompareOp, Expr, Function, Node, Step};
use odata::plan::Filter;

use crate::domain::CheckinStatus;
use crate::position::member;

/// A text column with an index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TextColumn {
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
pub(crate) struct TextCondition {
    pub(crate) column: TextColumn,
    pub(crate) text: String,
    pub(crate) is: Match,
}

/// How a text is to be like another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Match {
    Equal,
    StartsWith,
}

impl TextCondition {
    fn holds(&self, row: &CheckinStatus) -> bool {
        let text = match self.column {
            TextColumn::UserId => Some(&row.user_id),
            TextColumn::UserPrincipalName => row.user_principal_name.as_ref(),
            TextColumn::DeviceName => row.device_name.as_ref(),
        };
        text.is_some_and(|text| match self.is {
            Match::Equal => **text == *self.text,
            Match::StartsWith => text.starts_with(&self.text),
        })
    }
}

/// The conjuncts of a filter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Conditions {
    pub(crate) texts: Vec<TextCondition>,
    pub(crate) successful: Option<bool>,
    /// Inclusive ticks.
    pub(crate) since: Option<i64>,
    /// Inclusive ticks.
    pub(crate) until: Option<i64>,
    other: bool,
}

impl Conditions {
    pub(crate) fn of(filter: Option<&Filter>) -> Self {
        let mut conditions = Self::default();
        if let Some(filter) = filter {
            conditions.add(filter.expr());
        }
        conditions
    }

    /// Whether every conjunct is of a form that has an index.
    pub(crate) fn all_indexed(&self) -> bool {
        !self.other
    }

    pub(crate) fn has_equal_text(&self) -> bool {
        self.texts.iter().any(|condition| condition.is == Match::Equal)
    }

    pub(crate) fn has_range(&self) -> bool {
        self.since.is_some() || self.until.is_some()
    }

    /// Whether a row meets all of them.
    pub(crate) fn hold(&self, row: &CheckinStatus) -> bool {
        let ticks = row.checkin.ticks();
        self.successful.is_none_or(|wanted| row.was_successful == wanted)
            && self.since.is_none_or(|since| ticks >= since)
            && self.until.is_none_or(|until| ticks <= until)
            && self.texts.iter().all(|condition| condition.holds(row))
    }

    /// Takes no row from before an instant.
    pub(crate) fn not_before(&mut self, ticks: i64) {
        self.since = self.since.max(Some(ticks));
    }

    /// Takes no row from behind an instant.
    pub(crate) fn not_after(&mut self, ticks: i64) {
        self.until = Some(self.until.map_or(ticks, |until| until.min(ticks)));
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
                if let Some(until) = until {
                    self.not_after(until);
                }
                Some(())
            }
            (_, Value::String(text), CompareOp::Eq) => {
                let column = TextColumn::of(number)?;
                self.texts.push(TextCondition { column, text: text.to_string(), is: Match::Equal });
                Some(())
            }
            _ => None,
        }
    }

    fn starts_with(&mut self, arguments: &[Expr]) -> Option<()> {
        let [path, prefix] = arguments else { return None };
        let column = TextColumn::of(property(path)?)?;
        let Node::Literal(Value::String(prefix)) = &peel(prefix).node else { return None };
        self.texts.push(TextCondition { column, text: prefix.to_string(), is: Match::StartsWith });
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
