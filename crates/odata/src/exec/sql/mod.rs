//! Translation to SQL: a bound filter and order to text and parameters, through a column map that the store owns.
//! Nothing is ever spliced into the text but what the map gives. Runs nothing.
//!
//! ```
//! # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
//! # let model = shop::model();
//! use odata::exec::sql::{Column, ColumnKind, ColumnMap, Dialect, translate_filter};
//! use odata::expr::Step;
//!
//! struct Products;
//! impl ColumnMap for Products {
//!     fn column(&self, steps: &[Step]) -> Option<Column> {
//!         (steps == [Step::Member(0)]).then_some(Column { sql: "p.id", kind: ColumnKind::Integer, nullable: false })
//!     }
//! }
//! let sql = translate_filter(&shop::filter(&model, "id gt 7"), &Products, Dialect::Sqlite, 1).expect("a column");
//! assert_eq!(sql.text, "p.id > ?1");
//! ```

mod dialect;
mod predicate;
mod scalar;

use crate::expr::Step;
use crate::plan::{Filter, OrderBy};

/// How a property is kept in a column.
///
/// ```
/// use odata::exec::sql::{Column, ColumnKind};
///
/// let active = Column { sql: "p.active", kind: ColumnKind::Boolean, nullable: false };
/// assert_ne!(active.kind, ColumnKind::Integer, "both are integers, but one is compared with true");
/// ```
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
///
/// ```
/// use odata::exec::sql::{Column, ColumnKind};
///
/// let note = Column { sql: "p.note", kind: ColumnKind::Text, nullable: true };
/// assert!(note.nullable, "so that 'ne' is translated with it in mind");
/// ```
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
///
/// ```
/// use odata::exec::sql::{Column, ColumnKind, ColumnMap};
/// use odata::expr::Step;
///
/// struct Products;
/// impl ColumnMap for Products {
///     fn column(&self, steps: &[Step]) -> Option<Column> {
///         match steps {
///             [Step::Member(0)] => Some(Column { sql: "p.id", kind: ColumnKind::Integer, nullable: false }),
///             [Step::Member(1)] => Some(Column { sql: "p.name", kind: ColumnKind::Text, nullable: false }),
///             _ => None,
///         }
///     }
/// }
/// assert_eq!(Products.column(&[Step::Member(1)]).map(|column| column.sql), Some("p.name"));
/// ```
pub trait ColumnMap {
    /// The column for a path from the row, `None` when the store keeps none.
    ///
    /// ```
    /// use odata::exec::sql::{Column, ColumnMap};
    /// use odata::expr::Step;
    ///
    /// struct Nothing;
    /// impl ColumnMap for Nothing {
    ///     fn column(&self, _steps: &[Step]) -> Option<Column> {
    ///         None
    ///     }
    /// }
    /// assert_eq!(Nothing.column(&[Step::Member(0)]), None, "filters on it are not translated");
    /// ```
    fn column(&self, steps: &[Step]) -> Option<Column>;

    /// Whether the database has the text functions that SQL lacks an equal for, registered by the store: `odata_lower(text)`,
    /// `odata_upper(text)` (as Rust's `str::to_lowercase` and `to_uppercase`; databases fold case in ways of their own) and
    /// `odata_matches(text, pattern)` ([`crate::expr::Pattern`], 1 or 0). Each gives NULL for NULL. Without them `tolower`,
    /// `toupper` and `matchesPattern` are not translated.
    ///
    /// ```
    /// use odata::exec::sql::{Column, ColumnMap};
    /// # use odata::expr::Step;
    ///
    /// struct Plain;
    /// impl ColumnMap for Plain {
    /// #   fn column(&self, _steps: &[Step]) -> Option<Column> { None }
    ///     // Nothing is registered with the database.
    /// }
    /// assert!(!Plain.has_text_functions());
    /// ```
    fn has_text_functions(&self) -> bool {
        false
    }
}

/// The SQL that differs between databases.
///
/// ```
/// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
/// # let model = shop::model();
/// use odata::exec::sql::{Column, ColumnKind, ColumnMap, Dialect, translate_filter};
/// # use odata::expr::Step;
/// # struct Ids;
/// # impl ColumnMap for Ids {
/// #     fn column(&self, _steps: &[Step]) -> Option<Column> {
/// #         Some(Column { sql: "p.id", kind: ColumnKind::Integer, nullable: false })
/// #     }
/// # }
///
/// let filter = shop::filter(&model, "id gt 7");
/// let text = |dialect| translate_filter(&filter, &Ids, dialect, 1).map(|sql| sql.text);
/// assert_eq!(text(Dialect::Sqlite).as_deref(), Ok("p.id > ?1"));
/// assert_eq!(text(Dialect::Postgres).as_deref(), Ok("p.id > $1"));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// SQLite: `?1`.
    Sqlite,
    /// PostgreSQL: `$1`.
    Postgres,
}

/// A bound parameter.
///
/// ```
/// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
/// # let model = shop::model();
/// use odata::exec::sql::{Column, ColumnKind, ColumnMap, Dialect, SqlParam, translate_filter};
/// # use odata::expr::Step;
/// # struct Names;
/// # impl ColumnMap for Names {
/// #     fn column(&self, _steps: &[Step]) -> Option<Column> {
/// #         Some(Column { sql: "p.name", kind: ColumnKind::Text, nullable: false })
/// #     }
/// # }
///
/// let sql = translate_filter(&shop::filter(&model, "name eq 'tea'"), &Names, Dialect::Sqlite, 1).expect("a column");
/// assert_eq!(sql.params, [SqlParam::Text("tea".into())]);
/// ```
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
///
/// ```
/// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
/// # let model = shop::model();
/// use odata::exec::sql::{Column, ColumnKind, ColumnMap, Dialect, translate_filter};
/// # use odata::expr::Step;
/// # struct Ids;
/// # impl ColumnMap for Ids {
/// #     fn column(&self, _steps: &[Step]) -> Option<Column> {
/// #         Some(Column { sql: "p.id", kind: ColumnKind::Integer, nullable: false })
/// #     }
/// # }
///
/// let sql = translate_filter(&shop::filter(&model, "id gt 7"), &Ids, Dialect::Sqlite, 3).expect("a column");
/// let statement = format!("SELECT * FROM p WHERE tenant = ?1 AND kind = ?2 AND {}", sql.text);
/// assert!(statement.ends_with("p.id > ?3") && sql.params.len() == 1);
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Sql {
    /// Text.
    pub text: String,
    /// Parameters in order.
    pub params: Vec<SqlParam>,
}

/// Why an expression has no translation; the caller answers 501/400 or filters in memory.
///
/// ```
/// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
/// # let model = shop::model();
/// use odata::exec::sql::{Column, ColumnMap, Dialect, translate_filter};
/// # use odata::expr::Step;
/// # struct Nothing;
/// # impl ColumnMap for Nothing {
/// #     fn column(&self, _steps: &[Step]) -> Option<Column> { None }
/// # }
///
/// let error = translate_filter(&shop::filter(&model, "id gt 7"), &Nothing, Dialect::Sqlite, 1).unwrap_err();
/// assert!(error.to_string().ends_with(" cannot be translated"));
/// ```
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
/// ```
/// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
/// # let model = shop::model();
/// use odata::exec::sql::{Column, ColumnKind, ColumnMap, Dialect, translate_order};
/// # use odata::expr::Step;
/// # struct Names;
/// # impl ColumnMap for Names {
/// #     fn column(&self, _steps: &[Step]) -> Option<Column> {
/// #         Some(Column { sql: "p.name", kind: ColumnKind::Text, nullable: false })
/// #     }
/// # }
///
/// let order = shop::query(&model, "products?$orderby=name desc")?.order;
/// let sql = translate_order(&order, &Names, Dialect::Sqlite, 1).expect("a column");
/// assert_eq!(sql.text, "p.name DESC");
/// # Ok::<(), odata::Error>(())
/// ```
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
