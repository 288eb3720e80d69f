//! Which index drives a query over rows that clients reported. SQLite's own planner knows nothing about one configuration's rows, so the
//! choice is made here, by looking how many entries an index has, up to as many as can be sorted within the time that a page may take.

use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};

use super::conditions::{Conditions, TextColumn, TextCondition, Upto};
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
        tenant: i64,
        configuration: i64,
        conditions: &Conditions,
        order: RowOrder,
    ) -> rusqlite::Result<Self> {
        let count = |driver| entries(connection, tenant, configuration, driver, conditions);
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
    /// The driving table, by its name in the query.
    pub(super) fn table(self) -> &'static str {
        match self {
            Self::Key => "checkins h",
            Self::TextsByKey => "checkin_texts c",
            Self::Time => "checkins h INDEXED BY checkins_by_time",
            Self::FailedByKey => "failed_checkins f",
            Self::FailedByTime => "failed_checkins f INDEXED BY failed_checkins_by_time",
            Self::Text(TextColumn::UserId, _) => "checkin_texts c INDEXED BY checkin_texts_by_user",
            Self::Text(TextColumn::UserPrincipalName, _) => "checkin_texts c INDEXED BY checkin_texts_by_upn",
            Self::Text(TextColumn::DeviceName, _) => "checkin_texts c INDEXED BY checkin_texts_by_device",
        }
    }

    /// The name of the driving table: `h` rows, `c` their texts, `f` failed rows.
    pub(super) fn alias(self) -> &'static str {
        match self {
            Self::Key | Self::Time => "h",
            Self::FailedByKey | Self::FailedByTime => "f",
            Self::TextsByKey | Self::Text(..) => "c",
        }
    }

    /// The column with the instant that the driving index may have.
    pub(super) fn ticks(self) -> &'static str {
        match self {
            Self::FailedByKey | Self::FailedByTime => "f.failed_ticks",
            _ => "h.ticks",
        }
    }

    /// The driving table, joined with rows and texts where they are needed besides. `CROSS JOIN` keeps SQLite from changing the order.
    pub(super) fn tables(self, hot: bool, cold: bool) -> String {
        let alias = self.alias();
        let mut sql = self.table().to_owned();
        for (needed, table, name) in [(hot, "checkins", "h"), (cold, "checkin_texts", "c")] {
            if needed && name != alias {
                sql = format!(
                    "{sql} CROSS JOIN {table} {name} ON {name}.tenant = {alias}.tenant \
                     AND {name}.configuration = {alias}.configuration AND {name}.key = {alias}.key"
                );
            }
        }
        sql
    }
}

impl TextColumn {
    fn name(self) -> &'static str {
        match self {
            Self::UserId => "user_id",
            Self::UserPrincipalName => "user_principal_name",
            Self::DeviceName => "device_name",
        }
    }
}

impl TextCondition {
    /// The condition on the column of the table `alias`.
    pub(super) fn sql(&self, alias: &str, bind: &mut dyn FnMut(Value) -> String) -> String {
        let column = self.column.name();
        let from = bind(Value::Text(self.from.clone()));
        match &self.upto {
            Upto::Equal => format!("{alias}.{column} = {from}"),
            Upto::Open => format!("{alias}.{column} >= {from}"),
            Upto::Below(below) => {
                let below = bind(Value::Text(below.clone()));
                format!("{alias}.{column} >= {from} AND {alias}.{column} < {below}")
            }
        }
    }
}

impl Conditions {
    /// The range of instants, on a column.
    pub(super) fn range_sql(&self, column: &str, bind: &mut dyn FnMut(Value) -> String) -> String {
        let ends = [(">=", self.since), ("<=", self.until)];
        let ends = ends.into_iter().filter_map(|(op, ticks)| Some((op, ticks?)));
        let conditions: Vec<String> =
            ends.map(|(op, ticks)| format!("{column} {op} {}", bind(Value::Integer(ticks)))).collect();
        conditions.join(" AND ")
    }
}

/// What the driving index is entered with, if anything.
pub(super) fn bounds(driver: Driver, conditions: &Conditions, bind: &mut dyn FnMut(Value) -> String) -> Option<String> {
    match driver {
        Driver::Text(_, at) => conditions.texts.get(at).map(|text| text.sql("c", bind)),
        Driver::Time | Driver::FailedByTime if conditions.has_range() => {
            Some(conditions.range_sql(driver.ticks(), bind))
        }
        _ => None,
    }
}

/// How many entries of the driver's index are within the conditions, counted up to one more than matters.
fn entries(
    connection: &Connection,
    tenant: i64,
    configuration: i64,
    driver: Driver,
    conditions: &Conditions,
) -> rusqlite::Result<u32> {
    let most = i64::from(MAX_KEY_SET) + 1;
    let mut params = vec![Value::Integer(tenant), Value::Integer(configuration), Value::Integer(most)];
    let within = bounds(driver, conditions, &mut |value| {
        params.push(value);
        format!("?{}", params.len())
    });
    let within = within.map_or_else(String::new, |within| format!(" AND {within}"));
    let (table, alias) = (driver.table(), driver.alias());
    let sql = format!(
        "SELECT count(*) FROM (SELECT 1 FROM {table} WHERE {alias}.tenant = ?1 AND {alias}.configuration = ?2{within}
         LIMIT ?3)"
    );
    connection.prepare_cached(&sql)?.query_row(params_from_iter(params), |row| row.get(0))
}
