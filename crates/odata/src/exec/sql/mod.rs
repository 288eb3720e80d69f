//! Translation to SQL: a bound filter and order to text and parameters, through a column map that the store owns.
//! Nothing is ever spliced into the text but what the map gives. Runs nothing.

mod dialect;
mod predicate;
mod scalar;

use crate::expr::Step;
use crate::plan::{Filter, OrderBy};

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

    /// Whether the database has the text functions that SQL lacks an equal for, registered by the store: `odata_lower(text)`,
    /// `odata_upper(text)` (as Rust's `str::to_lowercase` and `to_uppercase`; databases fold case in ways of their own) and
    /// `odata_matches(text, pattern)` ([`crate::expr::Pattern`], 1 or 0). Each gives NULL for NULL. Without them `tolower`,
    /// `toupper` and `matchesPattern` are not translated.
    fn has_text_functions(&self) -> bool {
        false
    }
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

/// Translates a filter to a condition for `WHERE`: true exactly for the rows that pass in memory.
///
/// Where NULL and false differ (under `not`, or compared) the SQL is exact; elsewhere NULL may stand for false, so that
/// indexes are used: `eq`, `startswith` (a range), Boolean `eq` and comparisons of ticks come out bare, and joined by `AND`.
/// Texts must be kept with an ordinal collation (SQLite `BINARY`); on PostgreSQL ranges and orders say `COLLATE "C"`.
///
/// ```
/// use odata::exec::sql::{Column, ColumnKind, ColumnMap, Dialect, SqlParam, translate_filter};
/// use odata::expr::Step;
///
/// struct Boxes;
/// impl ColumnMap for Boxes {
///     fn column(&self, steps: &[Step]) -> Option<Column> {
///         (steps == [Step::Member(0)]).then_some(Column { sql: "b.id", kind: ColumnKind::Text, nullable: false })
///     }
/// }
/// let xml = r#"<edmx:Edmx xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx" Version="4.0"><edmx:DataServices>
///   <Schema xmlns="http://docs.oasis-open.org/odata/ns/edm" Namespace="ns"><EntityType Name="Box">
///     <Key><PropertyRef Name="id"/></Key><Property Name="id" Type="Edm.String" Nullable="false"/>
///   </EntityType></Schema></edmx:DataServices></edmx:Edmx>"#;
/// let model = odata::csdl::read(xml).expect("a valid model");
/// let boxes = odata::model::EdmType::Named(model.type_by_name("ns.Box").expect("declared"));
/// let filter = odata::bind::filter(&model, boxes, "startswith(id,'LAB-')").expect("valid");
/// let sql = translate_filter(&filter, &Boxes, Dialect::Sqlite, 1).expect("translatable");
/// assert_eq!(sql.text, "(b.id >= ?1 AND b.id < ?2)");
/// assert_eq!(sql.params, [SqlParam::Text("LAB-".into()), SqlParam::Text("LAB.".into())]);
/// ```
///
/// # Errors
/// [`Untranslatable`] names the construct.
pub fn translate_filter(
    filter: &Filter,
    columns: &dyn ColumnMap,
    dialect: Dialect,
    first_param: usize,
) -> Result<Sql, Untranslatable> {
    let mut translator = Translator::new(columns, dialect, first_param);
    let text = translator.predicate(filter.expr(), false)?;
    Ok(Sql { text, params: translator.params })
}

/// Translates an order to what stands behind `ORDER BY`, null lowest; empty for an empty order.
///
/// # Errors
/// [`Untranslatable`] names the construct.
pub fn translate_order(
    order: &[OrderBy],
    columns: &dyn ColumnMap,
    dialect: Dialect,
    first_param: usize,
) -> Result<Sql, Untranslatable> {
    let mut translator = Translator::new(columns, dialect, first_param);
    let mut items = Vec::with_capacity(order.len());
    for item in order {
        items.push(translator.order_item(item)?);
    }
    Ok(Sql { text: items.join(", "), params: translator.params })
}

/// A translation under way.
struct Translator<'c> {
    columns: &'c dyn ColumnMap,
    dialect: Dialect,
    first_param: usize,
    params: Vec<SqlParam>,
}

impl<'c> Translator<'c> {
    fn new(columns: &'c dyn ColumnMap, dialect: Dialect, first_param: usize) -> Self {
        Self { columns, dialect, first_param, params: Vec::new() }
    }

    /// Binds a parameter; gives its placeholder.
    fn bind(&mut self, param: SqlParam) -> String {
        let number = self.first_param + self.params.len();
        self.params.push(param);
        match self.dialect {
            Dialect::Sqlite => format!("?{number}"),
            Dialect::Postgres => format!("${number}"),
        }
    }
}

fn untranslatable<T>(what: impl Into<String>) -> Result<T, Untranslatable> {
    Err(Untranslatable { what: what.into() })
}
