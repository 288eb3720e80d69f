//! Any query options on collections: bound and run over the data, or refused with the place. Filters go to SQL as well.

use odata::exec::sql::{Column, ColumnKind, ColumnMap, Dialect, translate_filter, translate_order};
use odata::expr::Step;

use crate::url::read;
use crate::world::World;

/// What stands behind the question mark.
pub fn options(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    for world in World::all() {
        for set in world.sets() {
            read(world, &format!("/{set}?{text}"));
            to_sql(world, set, text);
        }
    }
}

/// Every member is a column, so that as much as can be is translated. What the database would say is not asked.
struct Columns;

impl ColumnMap for Columns {
    fn column(&self, steps: &[Step]) -> Option<Column> {
        let [Step::Member(member)] = steps else { return None };
        let kinds = [ColumnKind::Text, ColumnKind::Integer, ColumnKind::Double, ColumnKind::Ticks, ColumnKind::Boolean];
        let kind = kinds[usize::from(*member) % kinds.len()];
        Some(Column { sql: "t.c", kind, nullable: member % 2 == 0 })
    }

    fn has_text_functions(&self) -> bool {
        true
    }
}

fn to_sql(world: &World, set: &str, text: &str) {
    let Some(query) = world.query(set, text) else { return };
    for dialect in [Dialect::Sqlite, Dialect::Postgres] {
        if let Some(filter) = &query.filter
            && let Ok(sql) = translate_filter(filter, &Columns, dialect, 1)
        {
            let last = sql.params.len();
            assert!(last == 0 || sql.text.contains(&last.to_string()), "{} lacks its parameter {last}", sql.text);
        }
        let _ = translate_order(&query.order, &Columns, dialect, 1);
    }
}
