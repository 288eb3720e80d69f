//! Which index drives a query over rows that clients reported. SQLite's own planner knows nothing about one configuration's rows, so the
//! choice is made here, by looking how many entries an index has, up to as many as can be sorted within the time that a page may take.

use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};

use super::entered::Bind;
use crate::conditions::{Conditions, TextColumn};
use crate::limits::{MAX_KEY_SET, MAX_SORTED_ROWS};
use crate::position::RowOrder;

/// Where a query starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Driver {
    /// Rows by key.
    Key,
    /// Texts of rows by key: for conditions on texts that most rows meet.
    TextsByKey,
    /// Rows by instant.
    Time,
    /// Failed rows by key.
    FailedByKey,
    /// Failed rows by instant.
    FailedByTime,
    /// Rows by a text; which condition.
    Text(TextColumn, usize),
}

/// How a query is answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Plan {
    pub(super) driver: Driver,
    /// Conditions on texts, besides the driving one, that few rows meet: their keys come from their own index.
    pub(super) few: Vec<usize>,
    /// Whether few rows are in the range of instants.
    pub(super) few_in_range: bool,
}

impl Plan {
    /// The index with the fewest entries to visit, if they are few enough to be sorted; else the order asked for, walked until the page is
    /// full: then so many rows match that this is soon.
    pub(super) fn choose(
        connection: &Connection,
        owner: i64,
        conditions: &Conditions,
        order: RowOrder,
    ) -> rusqlite::Result<Self> {
        let count = |driver| entries(connection, owner, driver, conditions);
        let mut best = None;
        let mut few = Vec::new();
        for (at, condition) in conditions.texts.iter().enumerate() {
            let driver = Driver::Text(condition.column, at);
            let found = count(driver)?;
            if found <= MAX_KEY_SET {
                few.push(at);
            }
            if found <= MAX_SORTED_ROWS {
                best = smaller(best, found, driver);
            }
        }
        let failed = conditions.successful == Some(false);
        let by_time = matches!(order, RowOrder::Time { .. });
        let mut few_in_range = false;
        if conditions.has_range() && !by_time {
            let driver = if failed { Driver::FailedByTime } else { Driver::Time };
            let found = count(driver)?;
            few_in_range = found <= MAX_KEY_SET;
            if found <= MAX_SORTED_ROWS {
                best = smaller(best, found, driver);
            }
        }
        let driver = match best {
            Some((_, driver)) => driver,
            None if by_time && failed => Driver::FailedByTime,
            None if by_time => Driver::Time,
            None if failed => Driver::FailedByKey,
            None if conditions.texts.is_empty() => Driver::Key,
            None => Driver::TextsByKey,
        };
        if best.is_none() {
            // Walked until the page is full: what is looked at is little, and a set of keys would cost more.
            (few, few_in_range) = (Vec::new(), false);
        }
        Ok(Self { driver, few, few_in_range })
    }
}

fn smaller(best: Option<(u32, Driver)>, found: u32, driver: Driver) -> Option<(u32, Driver)> {
    match best {
        Some((least, _)) if least <= found => best,
        _ => Some((found, driver)),
    }
}

impl Driver {
    /// The driving table, by its name in the query, and what it is entered with, if anything.
    fn source(self, conditions: &Conditions, bind: &mut Bind<'_>) -> (String, Option<String>) {
        let table = match self {
            Self::Key => "checkins h",
            Self::TextsByKey => "checkin_texts c",
            Self::Time => "checkins h INDEXED BY checkins_by_time",
            Self::FailedByKey => "failed_checkins f",
            Self::FailedByTime => "failed_checkins f INDEXED BY failed_checkins_by_time",
            Self::Text(column, at) => match conditions.texts.get(at) {
                Some(condition) => {
                    let (table, within) = condition.source(bind);
                    return (table, Some(within));
                }
                None => return (format!("checkin_texts c INDEXED BY {}", column.index()), None),
            },
        };
        let by_time = matches!(self, Self::Time | Self::FailedByTime) && conditions.has_range();
        (table.to_owned(), by_time.then(|| conditions.range_sql(self.ticks(), bind)))
    }

    /// The name of the driving table: `h` rows, `c` their texts, `f` failed rows.
    pub(super) fn alias(self) -> &'static str {
        match self {
            Self::Key | Self::Time => "h",
            Self::FailedByKey | Self::FailedByTime => "f",
            Self::TextsByKey | Self::Text(..) => "c",
        }
    }

    /// Whether rows come by their ids: then those of an owner are a range of them.
    pub(super) fn is_by_key(self) -> bool {
        matches!(self, Self::Key | Self::TextsByKey | Self::FailedByKey)
    }

    /// The column with the instant that the driving index may have.
    pub(super) fn ticks(self) -> &'static str {
        match self {
            Self::FailedByKey | Self::FailedByTime => "f.failed_ticks",
            _ => "h.ticks",
        }
    }
}

/// A driving table as a query enters it.
#[derive(Debug, Clone)]
pub(super) struct Source {
    pub(super) driver: Driver,
    table: String,
    /// The rows of the owner `?1`, and what the index is entered with.
    pub(super) within: String,
}

impl Source {
    /// `?1` is the owner's number.
    pub(super) fn new(driver: Driver, conditions: &Conditions, bind: &mut Bind<'_>) -> Self {
        let (table, entered) = driver.source(conditions, bind);
        let alias = driver.alias();
        let mut within =
            if driver.is_by_key() { format!("{alias}.id < (?1 + 1) << 32") } else { format!("{alias}.owner = ?1") };
        if let Some(entered) = entered {
            within = format!("{within} AND {entered}");
        }
        Self { driver, table, within }
    }

    /// The driving table, joined with rows and texts where they are needed besides. `CROSS JOIN` keeps SQLite from changing the order.
    pub(super) fn tables(&self, hot: bool, cold: bool) -> String {
        let alias = self.driver.alias();
        let mut sql = self.table.clone();
        for (needed, table, name) in [(hot, "checkins", "h"), (cold, "checkin_texts", "c")] {
            if needed && name != alias {
                sql = format!("{sql} CROSS JOIN {table} {name} ON {name}.id = {alias}.id");
            }
        }
        sql
    }
}

impl Conditions {
    /// The range of instants, on a column.
    pub(super) fn range_sql(&self, column: &str, bind: &mut Bind<'_>) -> String {
        let ends = [(">=", self.since), ("<=", self.until)];
        let ends = ends.into_iter().filter_map(|(op, ticks)| Some((op, ticks?)));
        let conditions: Vec<String> =
            ends.map(|(op, ticks)| format!("{column} {op} {}", bind(Value::Integer(ticks)))).collect();
        conditions.join(" AND ")
    }
}

/// How many entries of the driver's index are within the conditions, counted up to one more than matters.
fn entries(connection: &Connection, owner: i64, driver: Driver, conditions: &Conditions) -> rusqlite::Result<u32> {
    let mut params = vec![Value::Integer(owner), Value::Integer(i64::from(MAX_KEY_SET) + 1)];
    let source = Source::new(driver, conditions, &mut |value| {
        params.push(value);
        format!("?{}", params.len())
    });
    let (tables, within) = (source.tables(false, false), source.within);
    let sql = format!("SELECT count(*) FROM (SELECT 1 FROM {tables} WHERE {within} LIMIT ?2)");
    connection.prepare_cached(&sql)?.query_row(params_from_iter(params), |row| row.get(0))
}
