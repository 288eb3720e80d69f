//! `$search` over a row: a term is found when a string property holds it, without regard to case.

use super::Source;
use crate::plan::Search;
use crate::value::Value;

/// A search with its terms in lower case.
pub(super) enum Terms {
    One(String),
    Not(Box<Terms>),
    And(Box<Terms>, Box<Terms>),
    Or(Box<Terms>, Box<Terms>),
}

impl Terms {
    pub(super) fn new(search: &Search) -> Self {
        let boxed = |inner: &Search| Box::new(Self::new(inner));
        match search {
            Search::Term(term) => Self::One(term.to_lowercase()),
            Search::Not(inner) => Self::Not(boxed(inner)),
            Search::And(left, right) => Self::And(boxed(left), boxed(right)),
            Search::Or(left, right) => Self::Or(boxed(left), boxed(right)),
        }
    }

    /// Whether the row fits. Looks at the row's own texts that the source lets it see, not into complex values or related
    /// entities.
    pub(super) fn fit(&self, row: &Value, source: Option<&dyn Source>) -> bool {
        match self {
            Self::One(term) => holds(row, term, source),
            Self::Not(inner) => !inner.fit(row, source),
            Self::And(left, right) => left.fit(row, source) && right.fit(row, source),
            Self::Or(left, right) => left.fit(row, source) || right.fit(row, source),
        }
    }
}

fn holds(row: &Value, lower: &str, source: Option<&dyn Source>) -> bool {
    let text_holds = |value: &Value| value.as_str().is_some_and(|text| text.to_lowercase().contains(lower));
    match row {
        Value::Record(record) => record.members.iter().zip(0..).any(|(value, number)| {
            value.as_ref().is_some_and(text_holds)
                && source.is_none_or(|source| source.is_searched(record.type_id, number))
        }),
        other => text_holds(other),
    }
}
