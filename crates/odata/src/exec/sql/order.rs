//! `$orderby` as `ORDER BY`: null lowest, text by code point.

use super::translate::Translator;
use super::{ColumnMap, Dialect, Sql, Untranslatable};
use crate::plan::OrderBy;

/// The items of an `ORDER BY`, without the keyword; parameters are numbered from `first`. The caller appends its tie-break.
///
/// # Errors
/// An item that has no translation.
pub fn translate_order(
    order: &[OrderBy],
    columns: &dyn ColumnMap,
    dialect: Dialect,
    first: usize,
) -> Result<Sql, Untranslatable> {
    let mut translator = Translator::new(columns, dialect, first);
    let mut items = Vec::with_capacity(order.len());
    for item in order {
        let text = translator.scalar(&item.expr)?;
        items.push(match (dialect, item.descending) {
            (Dialect::Sqlite, false) => format!("{text} ASC"),
            (Dialect::Sqlite, true) => format!("{text} DESC"),
            (Dialect::Postgres, false) => format!("{text} ASC NULLS FIRST"),
            (Dialect::Postgres, true) => format!("{text} DESC NULLS LAST"),
        });
    }
    Ok(Sql { text: items.join(", "), params: translator.params })
}
