//! Two executors of one meaning: in memory over values, and translation to SQL; and what it takes to use both for one query.
//!
//! ```
//! # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
//! # let model = shop::model();
//! use odata::exec::memory::page;
//! use odata::exec::sql::{Column, ColumnKind, ColumnMap, Dialect, translate_order};
//! # use odata::edm::DateTimeOffset;
//!
//! let query = shop::query(&model, "products?$orderby=name")?;
//! let found = page(&model, shop::rows(&model), &query, DateTimeOffset::from_unix_nanos(0))?;
//! assert_eq!(found.items[0].as_record().and_then(|cup| cup.get(1)), Some(&"cup".into()));
//!
//! struct Names;
//! impl ColumnMap for Names {
//!     fn column(&self, _steps: &[odata::expr::Step]) -> Option<Column> {
//!         Some(Column { sql: "p.name", kind: ColumnKind::Text, nullable: false })
//!     }
//! }
//! let sql = translate_order(&query.order, &Names, Dialect::Sqlite, 1).expect("a column");
//! assert!(sql.text.starts_with("p.name"));
//! # Ok::<(), odata::Error>(())
//! ```

pub mod apart;
pub mod memory;
pub mod sql;
