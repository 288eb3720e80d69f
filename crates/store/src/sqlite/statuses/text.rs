//! The SQL text of a query over check-in rows and its parameters.

use odata::exec::sql::{
    Column, ColumnKind, ColumnMap, Dialect, SqlParam, Untranslatable, translate_filter, translate_order,
};
use odata::expr::Step;
use odata::plan::OrderBy;
use rusqlite::ParamsFromIter;
use rusqlite::params_from_iter;
use rusqlite::types::Value;

use super::conditions::Conditions;
use super::plan::{Driver, bounds};
use crate::error::StoreError;
use crate::position::{Position, RowOrder, member};
use crate::status::StatusQuery;

/// Where the members of officeClientCheckinStatus are kept. The names hold in every join of [`Driver::tables`].
struct CheckinColumns;

impl ColumnMap for CheckinColumns {
    // `functions` registers them on every connection.
    fn has_text_functions(&self) -> bool {
        true
    }

    fn column(&self, steps: &[Step]) -> Option<Column> {
        let &[Step::Member(number)] = steps else { return None };
        let (sql, kind, nullable) = match number {
            member::USER_PRINCIPAL_NAME => ("user_principal_name", ColumnKind::Text, true),
            member::DEVICE_NAME => ("device_name", ColumnKind::Text, true),
            member::DEVICE_PLATFORM => ("device_platform", ColumnKind::Text, true),
            member::DEVICE_PLATFORM_VERSION => ("device_platform_version", ColumnKind::Text, true),
            member::WAS_SUCCESSFUL => ("ok", ColumnKind::Boolean, false),
            member::USER_ID => ("user_id", ColumnKind::Text, false),
            member::CHECKIN_DATE_TIME => ("ticks", ColumnKind::Ticks, false),
            member::ERROR_MESSAGE => ("error_message", ColumnKind::Text, true),
            member::APPLIED_POLICIES => ("applied_policies", ColumnKind::JsonTexts, true),
            _ => return None,
        };
        Some(Column { sql, kind, nullable })
    }
}

/// The few rows that an administrator wrote, under the name that the driving table has in the joins.
pub(super) const WRITTEN: &str = "written_checkins h";

/// A query being put together.
pub(super) struct Select {
    params: Vec<Value>,
    within: String,
}

const APPLIED: &str = "EXISTS (SELECT 1 FROM json_each(applied_policies) policy WHERE policy.value = ";

impl Select {
    pub(super) fn new(tenant: i64, configuration: i64, driver: Driver) -> Self {
        let alias = driver.alias();
        Self {
            params: vec![Value::Integer(tenant), Value::Integer(configuration)],
            within: format!("{alias}.tenant = ?1 AND {alias}.configuration = ?2"),
        }
    }

    fn and(&mut self, condition: &str) {
        self.within.push_str(" AND ");
        self.within.push_str(condition);
    }

    fn bind(&mut self, value: Value) -> String {
        self.params.push(value);
        format!("?{}", self.params.len())
    }

    pub(super) fn params(&self) -> ParamsFromIter<&Vec<Value>> {
        params_from_iter(&self.params)
    }

    /// What the query asks of a row, and besides what the index is entered with.
    pub(super) fn conditions(
        &mut self,
        query: &StatusQuery,
        driver: Driver,
        conditions: &Conditions,
    ) -> Result<(), StoreError> {
        let entered = bounds(driver, conditions, |value| self.bind(value));
        self.within.push_str(&entered);
        if let Some(id) = query.applied_policy {
            let id = self.bind(Value::Text(id.to_string()));
            self.and(&format!("{APPLIED}{id})"));
        }
        if let Some(filter) = &query.filter {
            let first = self.params.len() + 1;
            let sql = translate_filter(filter, &CheckinColumns, Dialect::Sqlite, first).map_err(unsupported)?;
            self.params.extend(sql.params.into_iter().map(value));
            self.and(&sql.text);
        }
        Ok(())
    }

    /// Where the page before ended.
    pub(super) fn after(&mut self, driver: Driver, order: RowOrder, after: Option<Position>) {
        let alias = driver.alias();
        match after {
            None | Some(Position::Offset(_)) => {}
            Some(Position::Key(key)) => {
                let key = self.bind(Value::Integer(key));
                self.and(&format!("{alias}.key > {key}"));
            }
            Some(Position::Time { ticks, key }) => {
                let beyond = if order == (RowOrder::Time { descending: true }) { "<" } else { ">" };
                let (ticks, key) = (self.bind(Value::Integer(ticks)), self.bind(Value::Integer(key)));
                let column = driver.ticks();
                self.and(&format!("({column}, {alias}.key) {beyond} ({ticks}, {key})"));
            }
        }
    }

    /// The rows: key, then `columns`; one more than `limit`, to tell whether there are more.
    pub(super) fn rows(
        &mut self,
        driver: Driver,
        order: RowOrder,
        by: &[OrderBy],
        columns: &str,
        limit: usize,
        skip: u64,
    ) -> Result<String, StoreError> {
        let alias = driver.alias();
        let ticks = driver.ticks();
        let order = match order {
            RowOrder::Key => format!("{alias}.key"),
            RowOrder::Time { descending: false } => format!("{ticks}, {alias}.key"),
            RowOrder::Time { descending: true } => format!("{ticks} DESC, {alias}.key DESC"),
            RowOrder::Other => {
                let first = self.params.len() + 1;
                let sql = translate_order(by, &CheckinColumns, Dialect::Sqlite, first).map_err(unsupported)?;
                self.params.extend(sql.params.into_iter().map(value));
                format!("{}, {alias}.key", sql.text)
            }
        };
        let limit = self.bind(Value::Integer(i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1)));
        let skip = self.bind(Value::Integer(i64::try_from(skip).unwrap_or(i64::MAX)));
        Ok(format!(
            "SELECT {alias}.key, {columns} FROM {} WHERE {} ORDER BY {order} LIMIT {limit} OFFSET {skip}",
            driver.tables(),
            self.within
        ))
    }

    pub(super) fn count(&self, driver: Driver) -> String {
        format!("SELECT count(*) FROM {} WHERE {}", driver.tables(), self.within)
    }
}

fn value(param: SqlParam) -> Value {
    match param {
        SqlParam::Text(text) => Value::Text(text.to_string()),
        SqlParam::Integer(number) => Value::Integer(number),
        SqlParam::Double(number) => Value::Real(number),
        SqlParam::Null => Value::Null,
    }
}

#[expect(clippy::needless_pass_by_value, reason = "the shape of map_err")]
fn unsupported(error: Untranslatable) -> StoreError {
    StoreError::Unsupported { what: error.to_string() }
}

/// User and outcome of the rows of a configuration (`?1`, `?2`) with an instant from `?3` to before `?4`, and with the applied policy `?5`.
pub(super) fn in_window(recorded: bool, of_client: bool) -> String {
    let tables = if recorded { Driver::Time.tables() } else { WRITTEN };
    let policy = if of_client { format!(" AND {APPLIED}?5)") } else { String::new() };
    format!(
        "SELECT user_id, ok FROM {tables}
         WHERE h.tenant = ?1 AND h.configuration = ?2 AND h.ticks >= ?3 AND h.ticks < ?4{policy}"
    )
}
