//! Which index drives a query over rows that clients reported. SQLite's own planner knows nothing about one configuration's rows, so the
//! choice is made here, by looking how many entries an index has, up to as many as can be sorted within the time that a page may take.

use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};

use super::conditions::{Conditions, TextColumn, TextCondition, Upto};
use crate::limits::MAX_SORTED_ROWS;
use crate::position::RowOrder;

/// Where a query starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Driver {
    /// Rows by key.
    Key,
    /// Rows by instant.
    Time,
    /// Failed rows by key.
    FailedByKey,
    /// Failed rows by instant.
    FailedByTime,
    /// Rows by a text; which condition.
    Text(TextColumn, usize),
}

impl Driver {
    /// The index with the fewest entries to visit, if they are few enough to be sorted; else the order asked for, walked until the page is
    /// full: then so many rows match that this is soon.
    pub(super) fn choose(
        connection: &Connection,
        tenant: i64,
        configuration: i64,
        conditions: &Conditions,
        order: RowOrder,
    ) -> rusqlite::Result<Self> {
        let mut best = (MAX_SORTED_ROWS + 1, None);
        for (at, condition) in conditions.texts.iter().enumerate() {
            let driver = Self::Text(condition.column, at);
            let found = entries(connection, tenant, configuration, driver, conditions, best.0)?;
            if found < best.0 {
                best = (found, Some(driver));
            }
        }
        let failed = conditions.successful == Some(false);
        if conditions.has_range() && !matches!(order, RowOrder::Time { .. }) {
            let driver = if failed { Self::FailedByTime } else { Self::Time };
            let found = entries(connection, tenant, configuration, driver, conditions, best.0)?;
            if found < best.0 {
                best = (found, Some(driver));
            }
        }
        Ok(match (best.1, order, failed) {
            (Some(driver), ..) => driver,
            (None, RowOrder::Time { .. }, true) => Self::FailedByTime,
            (None, RowOrder::Time { .. }, false) => Self::Time,
            (None, _, true) => Self::FailedByKey,
            (None, _, false) => Self::Key,
        })
    }

    /// The tables, the driving one first: `CROSS JOIN` keeps SQLite from changing that.
    pub(super) fn tables(self) -> &'static str {
        match self {
            Self::Key => {
                "checkins h CROSS JOIN checkin_texts c ON c.tenant = h.tenant AND c.configuration = h.configuration \
                 AND c.key = h.key"
            }
            Self::Time => {
                "checkins h INDEXED BY checkins_by_time CROSS JOIN checkin_texts c ON c.tenant = h.tenant \
                 AND c.configuration = h.configuration AND c.key = h.key"
            }
            Self::FailedByKey => {
                "failed_checkins f CROSS JOIN checkins h ON h.tenant = f.tenant AND h.configuration = f.configuration \
                 AND h.key = f.key CROSS JOIN checkin_texts c ON c.tenant = f.tenant \
                 AND c.configuration = f.configuration AND c.key = f.key"
            }
            Self::FailedByTime => {
                "failed_checkins f INDEXED BY failed_checkins_by_time CROSS JOIN checkins h ON h.tenant = f.tenant \
                 AND h.configuration = f.configuration AND h.key = f.key CROSS JOIN checkin_texts c \
                 ON c.tenant = f.tenant AND c.configuration = f.configuration AND c.key = f.key"
            }
            Self::Text(TextColumn::UserId, _) => {
                "checkin_texts c INDEXED BY checkin_texts_by_user CROSS JOIN checkins h ON h.tenant = c.tenant \
                 AND h.configuration = c.configuration AND h.key = c.key"
            }
            Self::Text(TextColumn::UserPrincipalName, _) => {
                "checkin_texts c INDEXED BY checkin_texts_by_upn CROSS JOIN checkins h ON h.tenant = c.tenant \
                 AND h.configuration = c.configuration AND h.key = c.key"
            }
            Self::Text(TextColumn::DeviceName, _) => {
                "checkin_texts c INDEXED BY checkin_texts_by_device CROSS JOIN checkins h ON h.tenant = c.tenant \
                 AND h.configuration = c.configuration AND h.key = c.key"
            }
        }
    }

    /// The driving table.
    pub(super) fn alias(self) -> &'static str {
        match self {
            Self::Key | Self::Time => "h",
            Self::FailedByKey | Self::FailedByTime => "f",
            Self::Text(..) => "c",
        }
    }

    /// The column with the instant that the driving index may have.
    pub(super) fn ticks(self) -> &'static str {
        match self {
            Self::FailedByKey | Self::FailedByTime => "f.failed_ticks",
            _ => "h.ticks",
        }
    }

    /// The driving table alone, to count its entries.
    fn table(self) -> &'static str {
        match self {
            Self::Key => "checkins h",
            Self::Time => "checkins h INDEXED BY checkins_by_time",
            Self::FailedByKey => "failed_checkins f",
            Self::FailedByTime => "failed_checkins f INDEXED BY failed_checkins_by_time",
            Self::Text(TextColumn::UserId, _) => "checkin_texts c INDEXED BY checkin_texts_by_user",
            Self::Text(TextColumn::UserPrincipalName, _) => "checkin_texts c INDEXED BY checkin_texts_by_upn",
            Self::Text(TextColumn::DeviceName, _) => "checkin_texts c INDEXED BY checkin_texts_by_device",
        }
    }
}

impl TextColumn {
    pub(super) fn sql(self) -> &'static str {
        match self {
            Self::UserId => "c.user_id",
            Self::UserPrincipalName => "c.user_principal_name",
            Self::DeviceName => "c.device_name",
        }
    }
}

/// What an index is entered with.
pub(super) fn bounds(driver: Driver, conditions: &Conditions, mut bind: impl FnMut(Value) -> String) -> String {
    let mut sql = String::new();
    match driver {
        Driver::Text(_, at) => {
            if let Some(TextCondition { column, from, upto }) = conditions.texts.get(at) {
                let column = column.sql();
                let from = bind(Value::Text(from.clone()));
                match upto {
                    Upto::Equal => sql = format!(" AND {column} = {from}"),
                    Upto::Open => sql = format!(" AND {column} >= {from}"),
                    Upto::Below(below) => {
                        let below = bind(Value::Text(below.clone()));
                        sql = format!(" AND {column} >= {from} AND {column} < {below}");
                    }
                }
            }
        }
        Driver::Time | Driver::FailedByTime => {
            for (op, ticks) in [(">=", conditions.since), ("<=", conditions.until)] {
                if let Some(ticks) = ticks {
                    let ticks = bind(Value::Integer(ticks));
                    sql = format!("{sql} AND {} {op} {ticks}", driver.ticks());
                }
            }
        }
        Driver::Key | Driver::FailedByKey => {}
    }
    sql
}

/// How many entries of the driver's index are within the conditions, counted up to `most`.
fn entries(
    connection: &Connection,
    tenant: i64,
    configuration: i64,
    driver: Driver,
    conditions: &Conditions,
    most: u32,
) -> rusqlite::Result<u32> {
    let mut params = vec![Value::Integer(tenant), Value::Integer(configuration), Value::Integer(i64::from(most))];
    let within = bounds(driver, conditions, |value| {
        params.push(value);
        format!("?{}", params.len())
    });
    let (table, alias) = (driver.table(), driver.alias());
    let sql = format!(
        "SELECT count(*) FROM (SELECT 1 FROM {table} WHERE {alias}.tenant = ?1 AND {alias}.configuration = ?2{within}
         LIMIT ?3)"
    );
    connection.prepare_cached(&sql)?.query_row(params_from_iter(params), |row| row.get(0))
}
