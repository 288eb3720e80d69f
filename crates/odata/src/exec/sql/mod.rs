//! Translation to SQL: a bound filter and order to text and parameters, through a column map that the store owns.
//! Nothing is ever spliced into the text but what the map gives. Runs nothing.
//!
//! Meaning is that of `exec::memory`, to the row. Four functions have no equal in SQL databases; whoever runs the text provides
//! them as `odata_lower(text)`, `odata_upper(text)`, `odata_trim(text)` (Unicode, as Rust's `str`) and
//! `odata_matches(text, pattern)` ([`crate::expr::Pattern`]); each gives null for null.

mod order;
mod translate;

use crate::expr::Step;

pub use order::translate_order;
pub use translate::translate_filter;

/// How a property is kept in a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnKind {
    /// Text, compared by code point.
    Text,
    /// Integer 0 or 1.
    Boolean,
    /// Integer.
    Integer,
    /// Real.
    Double,
    /// Ticks of a `DateTimeOffset`.
    Ticks,
    /// A JSON array of strings in a text column (null when the collection is null).
    JsonTexts,
}

/// A column that a path maps to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// SQL text of the column, trusted (`c.user_id`).
    pub sql: &'static str,
    /// How it is kept.
    pub kind: ColumnKind,
    /// Whether it may hold NULL.
    pub nullable: bool,
}

/// The store's knowledge of where members are kept.
pub trait ColumnMap {
    /// The column for a path from the row, `None` when the store keeps none.
    fn column(&self, steps: &[Step]) -> Option<Column>;
}

/// The SQL that differs between databases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// SQLite: `?1`.
    Sqlite,
    /// PostgreSQL: `$1`.
    Postgres,
}

/// A bound parameter.
#[derive(Debug, Clone, PartialEq)]
pub enum SqlParam {
    /// Text.
    Text(std::sync::Arc<str>),
    /// Integer (booleans and ticks too).
    Integer(i64),
    /// Real.
    Double(f64),
    /// NULL.
    Null,
}

/// A piece of SQL with its parameters, numbered from the `first` that the caller gave.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Sql {
    /// Text.
    pub text: String,
    /// Parameters in order.
    pub params: Vec<SqlParam>,
}

/// Why an expression has no translation; the caller answers 501/400 or filters in memory.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} cannot be translated")]
pub struct Untranslatable {
    /// The construct.
    pub what: String,
}
