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
use super::plan::{Driver, Plan, bounds};
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

/// A query being put together. First the keys of the page are found with as few tables as the conditions need, mostly in one index; then
/// the page's rows are fetched by their keys.
pub(super) struct Select {
    driver: Driver,
    params: Vec<Value>,
    within: String,
    /// Whether the conditions or the order need the rows.
    hot: bool,
    /// Whether the conditions need the texts.
    cold: bool,
}

const APPLIED: &str = "EXISTS (SELECT 1 FROM json_each(applied_policies) policy WHERE policy.value = ";

impl Select {
    pub(super) fn new(tenant: i64, configuration: i64, driver: Driver) -> Self {
        let alias = driver.alias();
        Self {
            driver,
            params: vec![Value::Integer(tenant), Value::Integer(configuration)],
            within: format!("{alias}.tenant = ?1 AND {alias}.configuration = ?2"),
            hot: false,
            cold: false,
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

    /// What the query asks of a row, and what the index is entered with.
    pub(super) fn conditions(
        &mut self,
        query: &StatusQuery,
        plan: &Plan,
        conditions: &Conditions,
    ) -> Result<(), StoreError> {
        if let Some(entered) = bounds(self.driver, conditions, &mut |value| self.bind(value)) {
            self.and(&entered);
        }
        if let Some(id) = query.applied_policy {
            self.cold = true;
            let id = self.bind(Value::Text(id.to_string()));
            self.and(&format!("{APPLIED}{id})"));
        }
        match &query.filter {
            None => {}
            // The same meaning, with each condition on the table where it costs least.
            Some(_) if conditions.all_indexed() => self.indexed(plan, conditions),
            Some(filter) => {
                (self.hot, self.cold) = (true, true);
                let first = self.params.len() + 1;
                let sql = translate_filter(filter, &CheckinColumns, Dialect::Sqlite, first).map_err(unsupported)?;
                self.params.extend(sql.params.into_iter().map(value));
                self.and(&sql.text);
            }
        }
        Ok(())
    }

    fn indexed(&mut self, plan: &Plan, conditions: &Conditions) {
        let key = format!("{}.key", self.driver.alias());
        for (at, condition) in conditions.texts.iter().enumerate() {
            if matches!(self.driver, Driver::Text(_, driving) if driving == at) {
                continue;
            }
            if plan.few.contains(&at) {
                let table = Driver::Text(condition.column, at).table();
                let within = condition.sql("c", &mut |value| self.bind(value));
                self.and(&in_index(&key, table, "c", &within));
            } else {
                self.cold = true;
                // The plus keeps SQLite from entering another index with it.
                let within = condition.sql("+c", &mut |value| self.bind(value));
                self.and(&within);
            }
        }
        let driven_by_time = matches!(self.driver, Driver::Time | Driver::FailedByTime);
        if conditions.has_range() && !driven_by_time {
            if plan.few_in_range {
                let within = conditions.range_sql("h.ticks", &mut |value| self.bind(value));
                self.and(&in_index(&key, Driver::Time.table(), "h", &within));
            } else {
                let column = format!("+{}", self.ticks());
                let within = conditions.range_sql(&column, &mut |value| self.bind(value));
                self.and(&within);
            }
        }
        let driven_by_failed = matches!(self.driver, Driver::FailedByKey | Driver::FailedByTime);
        if let Some(successful) = conditions.successful.filter(|_| !driven_by_failed) {
            let not = if successful { "NOT " } else { "" };
            self.and(&format!(
                "{not}EXISTS (SELECT 1 FROM failed_checkins x WHERE x.tenant = ?1 AND x.configuration = ?2 AND x.key = {key})"
            ));
        }
    }

    /// The column of the instant; the rows are joined if it is theirs.
    fn ticks(&mut self) -> &'static str {
        let column = self.driver.ticks();
        self.hot |= column.starts_with("h.");
        column
    }

    /// Where the page before ended.
    pub(super) fn after(&mut self, order: RowOrder, after: Option<Position>) {
        let alias = self.driver.alias();
        match after {
            None | Some(Position::Offset(_)) => {}
            Some(Position::Key(key)) => {
                let key = self.bind(Value::Integer(key));
                self.and(&format!("{alias}.key > {key}"));
            }
            Some(Position::Time { ticks, key }) => {
                let beyond = if order == (RowOrder::Time { descending: true }) { "<" } else { ">" };
                let (ticks, key) = (self.bind(Value::Integer(ticks)), self.bind(Value::Integer(key)));
                let column = self.ticks();
                self.and(&format!("({column}, {alias}.key) {beyond} ({ticks}, {key})"));
            }
        }
    }

    /// The rows: key, then `columns`; one more than `limit`, to tell whether there are more.
    pub(super) fn rows(
        &mut self,
        order: RowOrder,
        by: &[OrderBy],
        columns: &str,
        limit: usize,
        skip: u64,
    ) -> Result<String, StoreError> {
        let alias = self.driver.alias();
        let (ticks, descending) = match order {
            RowOrder::Other => return self.rows_in_any_order(by, columns, limit, skip),
            RowOrder::Key => ("0", ""),
            RowOrder::Time { descending } => (self.ticks(), if descending { " DESC" } else { "" }),
        };
        let inner_order = match order {
            RowOrder::Time { .. } => format!("{ticks}{descending}, {alias}.key{descending}"),
            _ => format!("{alias}.key"),
        };
        let (limit, skip) = self.extent(limit, skip);
        Ok(format!(
            "SELECT p.k, {columns} FROM (SELECT {alias}.key AS k, {ticks} AS t FROM {tables} WHERE {within}
                 ORDER BY {inner_order} LIMIT {limit} OFFSET {skip}) p
             CROSS JOIN checkins h ON h.tenant = ?1 AND h.configuration = ?2 AND h.key = p.k
             CROSS JOIN checkin_texts c ON c.tenant = ?1 AND c.configuration = ?2 AND c.key = p.k
             ORDER BY p.t{descending}, p.k{descending}",
            tables = self.tables(),
            within = self.within,
        ))
    }

    fn rows_in_any_order(
        &mut self,
        by: &[OrderBy],
        columns: &str,
        limit: usize,
        skip: u64,
    ) -> Result<String, StoreError> {
        (self.hot, self.cold) = (true, true);
        let first = self.params.len() + 1;
        let order = translate_order(by, &CheckinColumns, Dialect::Sqlite, first).map_err(unsupported)?;
        self.params.extend(order.params.into_iter().map(value));
        let (limit, skip) = self.extent(limit, skip);
        Ok(format!(
            "SELECT {alias}.key, {columns} FROM {tables} WHERE {within}
             ORDER BY {order}, {alias}.key LIMIT {limit} OFFSET {skip}",
            alias = self.driver.alias(),
            tables = self.tables(),
            within = self.within,
            order = order.text,
        ))
    }

    fn extent(&mut self, limit: usize, skip: u64) -> (String, String) {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1);
        let skip = i64::try_from(skip).unwrap_or(i64::MAX);
        (self.bind(Value::Integer(limit)), self.bind(Value::Integer(skip)))
    }

    fn tables(&self) -> String {
        self.driver.tables(self.hot, self.cold)
    }

    pub(super) fn count(&self) -> String {
        format!("SELECT count(*) FROM {} WHERE {}", self.tables(), self.within)
    }
}

/// Whether a key is among the few that an index has within a condition.
fn in_index(key: &str, table: &str, alias: &str, within: &str) -> String {
    format!(
        "{key} IN (SELECT {alias}.key FROM {table} WHERE {alias}.tenant = ?1 AND {alias}.configuration = ?2 AND {within})"
    )
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
    let tables = if recorded { Driver::Time.tables(true, true) } else { WRITTEN.to_owned() };
    let policy = if of_client { format!(" AND {APPLIED}?5)") } else { String::new() };
    format!(
        "SELECT user_id, ok FROM {tables}
         WHERE h.tenant = ?1 AND h.configuration = ?2 AND h.ticks >= ?3 AND h.ticks < ?4{policy}"
    )
}
