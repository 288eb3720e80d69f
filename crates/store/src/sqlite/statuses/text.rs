//! The SQL text of a query over check-in rows and its parameters.

use odata::exec::sql::{
    Column, ColumnKind, ColumnMap, Dialect, SqlParam, Untranslatable, translate_filter, translate_order,
};
use odata::expr::Step;
use odata::plan::OrderBy;
use rusqlite::ParamsFromIter;
use rusqlite::params_from_iter;
use rusqlite::types::Value;

use super::plan::{Driver, Plan, Source};
use crate::conditions::Conditions;
use crate::error::StoreError;
use crate::position::{Position, RowOrder, member};
use crate::sqlite::fleet::{FORM_OF_CLOCK, Kind, row_id};
use crate::status::StatusQuery;

/// The text of a word as a row has it ([`crate::sqlite::fleet`]).
macro_rules! word {
    ($column:literal) => {
        concat!(
            "CASE typeof(",
            $column,
            ") WHEN 'integer' THEN (SELECT w.text FROM checkin_words w WHERE w.id = ",
            $column,
            ") ELSE ",
            $column,
            " END"
        )
    };
}

const PLATFORM: &str = concat!("(", word!("c.platform"), ")");
const VERSION: &str = concat!("(", word!("c.version"), ")");
const APPLIED: &str = concat!("(", word!("h.applied"), ")");
/// The user's id as it was told.
const USER_ID: &str = "coalesce(c.user_id, user_text(c.user))";
/// The user's name as it was told.
pub(super) const USER_PRINCIPAL_NAME: &str =
    concat!("iif(c.domain IS NULL, c.upn, c.upn || '@' || (", word!("c.domain"), "))");

/// The columns of a row, in the order in which [`crate::sqlite::columns::checkin`] reads them.
pub(in crate::sqlite) fn columns() -> String {
    format!(
        "h.ticks, h.form + {FORM_OF_CLOCK}, h.ok, {USER_ID}, {USER_PRINCIPAL_NAME}, c.device_name, {PLATFORM}, {VERSION}, \
         c.error_message, {APPLIED}"
    )
}

/// Where the members of officeClientCheckinStatus are kept. The names hold in every join of [`Source::tables`].
struct CheckinColumns;

impl ColumnMap for CheckinColumns {
    // `functions` registers them on every connection.
    fn has_text_functions(&self) -> bool {
        true
    }

    fn column(&self, steps: &[Step]) -> Option<Column> {
        let &[Step::Member(number)] = steps else { return None };
        let (sql, kind, nullable) = match number {
            member::USER_PRINCIPAL_NAME => (USER_PRINCIPAL_NAME, ColumnKind::Text, true),
            member::DEVICE_NAME => ("c.device_name", ColumnKind::Text, true),
            member::DEVICE_PLATFORM => (PLATFORM, ColumnKind::Text, true),
            member::DEVICE_PLATFORM_VERSION => (VERSION, ColumnKind::Text, true),
            member::WAS_SUCCESSFUL => ("h.ok", ColumnKind::Boolean, false),
            member::USER_ID => (USER_ID, ColumnKind::Text, false),
            member::CHECKIN_DATE_TIME => ("h.ticks", ColumnKind::Ticks, false),
            member::ERROR_MESSAGE => ("c.error_message", ColumnKind::Text, true),
            member::APPLIED_POLICIES => (APPLIED, ColumnKind::JsonTexts, true),
            _ => return None,
        };
        Some(Column { sql, kind, nullable })
    }
}

/// A query being put together. First the keys of the page are found with as few tables as the conditions need, mostly in one index; then
/// the page's rows are fetched by their keys.
pub(super) struct Select {
    tenant: i64,
    owner: i64,
    source: Source,
    params: Vec<Value>,
    within: String,
    /// Whether the conditions or the order need the rows.
    hot: bool,
    /// Whether the conditions need the texts.
    cold: bool,
    /// Whether it starts behind a key.
    after_key: bool,
}

impl Select {
    pub(super) fn new(tenant: i64, owner: i64, driver: Driver, conditions: &Conditions) -> Self {
        let mut params = vec![Value::Integer(owner)];
        let source = Source::new(driver, conditions, &mut |value| {
            params.push(value);
            format!("?{}", params.len())
        });
        let within = source.within.clone();
        Self { tenant, owner, source, params, within, hot: false, cold: false, after_key: false }
    }

    /// All rows of an owner by time, or those whose applied policies hold an id.
    pub(super) fn of_policy(tenant: i64, owner: i64, id: Option<String>) -> Self {
        let mut select = Self::new(tenant, owner, Driver::Time, &Conditions::default());
        if let Some(id) = id {
            select.applied(id);
        }
        select
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

    /// What the query asks of a row.
    pub(super) fn conditions(
        &mut self,
        query: &StatusQuery,
        plan: &Plan,
        conditions: &Conditions,
    ) -> Result<(), StoreError> {
        if let Some(id) = query.applied_policy {
            self.applied(id.to_string());
        }
        match &query.filter {
            // The same meaning, with each condition on the table where it costs least.
            Some(filter) if !conditions.all_indexed() => {
                (self.hot, self.cold) = (true, true);
                let first = self.params.len() + 1;
                let sql = translate_filter(filter, &CheckinColumns, Dialect::Sqlite, first).map_err(unsupported)?;
                self.params.extend(sql.params.into_iter().map(value));
                self.and(&sql.text);
                self.in_range(plan, conditions);
            }
            _ => self.indexed(plan, conditions),
        }
        Ok(())
    }

    /// Rows whose applied policies hold an id: the few lists that hold it are found first.
    fn applied(&mut self, id: String) {
        self.hot = true;
        let (tenant, id) = (self.bind(Value::Integer(self.tenant)), self.bind(Value::Text(id)));
        let holds = |list: &str| format!("EXISTS (SELECT 1 FROM json_each({list}) policy WHERE policy.value = {id})");
        self.and(&format!(
            "(h.applied IN (SELECT w.id FROM checkin_words w WHERE w.tenant = {tenant} AND w.kind = {kind} AND {known})
              OR typeof(h.applied) = 'text' AND {own})",
            kind = Kind::Applied as i64,
            known = holds("w.text"),
            own = holds("h.applied"),
        ));
    }

    fn indexed(&mut self, plan: &Plan, conditions: &Conditions) {
        let key = format!("{}.id", self.source.driver.alias());
        for (at, condition) in conditions.texts.iter().enumerate() {
            let within = if matches!(self.source.driver, Driver::Text(_, driving) if driving == at) {
                condition.residual(&mut |value| self.bind(value))
            } else if plan.few.contains(&at) {
                let few = Driver::Text(condition.column, at);
                let source = Source::new(few, conditions, &mut |value| self.bind(value));
                let rest = condition.residual(&mut |value| self.bind(value));
                Some(in_index(&key, &source, rest.as_deref()))
            } else {
                self.cold = true;
                Some(condition.exact(&mut |value| self.bind(value)))
            };
            if let Some(within) = within {
                self.and(&within);
            }
        }
        self.in_range(plan, conditions);
        let driven_by_failed = matches!(self.source.driver, Driver::FailedByKey | Driver::FailedByTime);
        if let Some(successful) = conditions.successful.filter(|_| !driven_by_failed) {
            let not = if successful { "NOT " } else { "" };
            self.and(&format!("{not}EXISTS (SELECT 1 FROM failed_checkins x WHERE x.id = {key})"));
        }
    }

    /// The range of instants, where it does not drive.
    fn in_range(&mut self, plan: &Plan, conditions: &Conditions) {
        let driver = self.source.driver;
        if !conditions.has_range() || matches!(driver, Driver::Time | Driver::FailedByTime) {
            return;
        }
        let within = if plan.few_in_range {
            let source = Source::new(Driver::Time, conditions, &mut |value| self.bind(value));
            in_index(&format!("{}.id", driver.alias()), &source, None)
        } else {
            let column = format!("+{}", self.ticks());
            conditions.range_sql(&column, &mut |value| self.bind(value))
        };
        self.and(&within);
    }

    /// The column of the instant; the rows are joined if it is theirs.
    fn ticks(&mut self) -> &'static str {
        let column = self.source.driver.ticks();
        self.hot |= column.starts_with("h.");
        column
    }

    /// Where the page before ended.
    pub(super) fn after(&mut self, order: RowOrder, after: Option<Position>) {
        let alias = self.source.driver.alias();
        match after {
            None | Some(Position::Offset(_)) => {}
            Some(Position::Key(key)) => {
                let key = self.bind(Value::Integer(row_id(self.owner, key)));
                self.and(&format!("{alias}.id > {key}"));
                self.after_key = true;
            }
            Some(Position::Time { ticks, key }) => {
                let beyond = if order == (RowOrder::Time { descending: true }) { "<" } else { ">" };
                let id = row_id(self.owner, key);
                let (ticks, id) = (self.bind(Value::Integer(ticks)), self.bind(Value::Integer(id)));
                let column = self.ticks();
                self.and(&format!("({column}, {alias}.id) {beyond} ({ticks}, {id})"));
            }
        }
    }

    /// The rows: key, then `columns`; one more than `limit`, to tell whether there are more.
    pub(super) fn rows(
        &mut self,
        order: RowOrder,
        by: &[OrderBy],
        limit: usize,
        skip: u64,
    ) -> Result<String, StoreError> {
        let alias = self.source.driver.alias();
        let (ticks, descending) = match order {
            RowOrder::Other => return self.rows_in_any_order(by, limit, skip),
            RowOrder::Key => ("0", ""),
            RowOrder::Time { descending } => (self.ticks(), if descending { " DESC" } else { "" }),
        };
        let inner_order = match order {
            RowOrder::Time { .. } => format!("{ticks}{descending}, {alias}.id{descending}"),
            _ => format!("{alias}.id"),
        };
        let (limit, skip) = self.extent(limit, skip);
        Ok(format!(
            "SELECT p.k, {columns} FROM (SELECT {alias}.id AS k, {ticks} AS t FROM {tables} WHERE {within}
                 ORDER BY {inner_order} LIMIT {limit} OFFSET {skip}) p
             CROSS JOIN checkins h ON h.id = p.k CROSS JOIN checkin_texts c ON c.id = p.k
             ORDER BY p.t{descending}, p.k{descending}",
            columns = columns(),
            tables = self.tables(),
            within = self.within(),
        ))
    }

    fn rows_in_any_order(&mut self, by: &[OrderBy], limit: usize, skip: u64) -> Result<String, StoreError> {
        (self.hot, self.cold) = (true, true);
        let first = self.params.len() + 1;
        let order = translate_order(by, &CheckinColumns, Dialect::Sqlite, first).map_err(unsupported)?;
        self.params.extend(order.params.into_iter().map(value));
        let (limit, skip) = self.extent(limit, skip);
        Ok(format!(
            "SELECT {alias}.id, {columns} FROM {tables} WHERE {within}
             ORDER BY {order}, {alias}.id LIMIT {limit} OFFSET {skip}",
            alias = self.source.driver.alias(),
            columns = columns(),
            tables = self.tables(),
            within = self.within(),
            order = order.text,
        ))
    }

    fn extent(&mut self, limit: usize, skip: u64) -> (String, String) {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1);
        let skip = i64::try_from(skip).unwrap_or(i64::MAX);
        (self.bind(Value::Integer(limit)), self.bind(Value::Integer(skip)))
    }

    fn tables(&self) -> String {
        self.source.tables(self.hot, self.cold)
    }

    /// All conditions. Rows by id begin with the owner's first, or behind the last of the page before: SQLite enters with one of both.
    fn within(&self) -> String {
        if self.source.driver.is_by_key() && !self.after_key {
            let alias = self.source.driver.alias();
            return format!("{alias}.id >= ?1 << 32 AND {}", self.within);
        }
        self.within.clone()
    }

    pub(super) fn count(&self) -> String {
        format!("SELECT count(*) FROM {} WHERE {}", self.tables(), self.within())
    }
}

/// Whether a key is among the few that an index has within its conditions and `rest`.
fn in_index(key: &str, source: &Source, rest: Option<&str>) -> String {
    let (tables, within, alias) = (source.tables(false, false), &source.within, source.driver.alias());
    let rest = rest.map_or_else(String::new, |rest| format!(" AND {rest}"));
    format!("{key} IN (SELECT {alias}.id FROM {tables} WHERE {within}{rest})")
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

/// User and outcome of what `select` selects with an instant from one to before another.
pub(super) fn in_window(mut select: Select, from: i64, to: i64) -> (String, Vec<Value>) {
    select.hot = true;
    select.cold = true;
    let (from, to) = (select.bind(Value::Integer(from)), select.bind(Value::Integer(to)));
    select.and(&format!("h.ticks >= {from} AND h.ticks < {to}"));
    (format!("SELECT {USER_ID}, h.ok FROM {} WHERE {}", select.tables(), select.within()), select.params)
}
