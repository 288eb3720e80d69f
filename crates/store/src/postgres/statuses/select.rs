//! The SQL text of a query over rows that clients reported, and its parameters. Every value is a bound parameter, planned with its value: which index
//! serves is PostgreSQL's choice. It must never run anything.

use tokio_postgres::types::Type;
use uuid::Uuid;

use crate::conditions::{Conditions, Match, TextColumn, TextCondition};
use crate::ids::{ClientConfigurationId, TenantId};
use crate::position::{Position, RowOrder};
use crate::postgres::fleet::{COLUMNS, Param, above, parts, stored};

/// A value of a query.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Bound {
    Id(Uuid),
    Integer(i64),
    Double(f64),
    Text(Option<String>),
}

impl Bound {
    pub(super) fn param(&self) -> Param<'_> {
        match self {
            Self::Id(id) => (id, Type::UUID),
            Self::Integer(number) => (number, Type::INT8),
            Self::Double(number) => (number, Type::FLOAT8),
            Self::Text(text) => (text, Type::TEXT),
        }
    }
}

/// A query being put together: `h` rows, `c` their texts, `l` their lists; `$1` the tenant, `$2` the configuration.
#[derive(Debug, Clone)]
pub(super) struct Select {
    params: Vec<Bound>,
    within: String,
    /// Whether the conditions need the texts.
    with_texts: bool,
    /// Whether the conditions need the lists.
    with_lists: bool,
    /// Whether indexes answer it: the order of one is walked until the page is full, or a few rows of another are sorted.
    walks: bool,
    /// Whether rows may be sorted that no index gives in their order.
    sorts: bool,
}

const TEXTS: &str = "JOIN checkin_texts c ON c.tenant = $1 AND c.configuration = $2 AND c.key = h.key";
/// The same for the rows of a page: looked up one by one ([`Param`]), also in a table that PostgreSQL knows nothing of yet. Then it takes all rows of a
/// configuration for one, and any index that begins with it for as good as another: this is an order that only the right one has.
const TEXTS_OF_PAGE: &str = "CROSS JOIN LATERAL (
    SELECT * FROM checkin_texts c WHERE c.tenant = $1 AND c.configuration = $2 AND c.key >= h.key AND c.key <= h.key
    ORDER BY c.key OFFSET 0) c";
const LISTS: &str = "LEFT JOIN checkin_lists l ON l.tenant = $1 AND l.id = h.applied";
/// A list that is not there is no list at all, and read as such.
const LIST: &str = "CASE WHEN h.applied IS NOT NULL THEN coalesce(l.list, '') END";

impl Select {
    pub(super) fn new(tenant: TenantId, configuration: i64) -> Self {
        Self {
            params: vec![Bound::Id(tenant.0), Bound::Integer(configuration)],
            within: "h.tenant = $1 AND h.configuration = $2".to_owned(),
            with_texts: false,
            with_lists: false,
            walks: true,
            sorts: true,
        }
    }

    pub(super) fn params(&self) -> Vec<Param<'_>> {
        self.params.iter().map(Bound::param).collect()
    }

    /// The number of the next parameter.
    pub(super) fn next_param(&self) -> usize {
        self.params.len() + 1
    }

    fn bind(&mut self, value: Bound) -> String {
        self.params.push(value);
        format!("${}", self.params.len())
    }

    fn and(&mut self, condition: &str) {
        self.within.push_str(" AND ");
        self.within.push_str(condition);
    }

    /// The conditions of forms that have an index.
    pub(super) fn conditions(&mut self, conditions: &Conditions) {
        for condition in &conditions.texts {
            self.text(condition);
        }
        match conditions.successful {
            Some(true) => self.and("h.ok"),
            Some(false) => self.and("NOT h.ok"),
            None => {}
        }
        for (op, ticks) in [(">=", conditions.since), ("<=", conditions.until)] {
            if let Some(ticks) = ticks {
                let ticks = self.bind(Bound::Integer(ticks));
                self.and(&format!("h.ticks {op} {ticks}"));
            }
        }
    }

    /// All rows of an instant or later, to be read by their keys. Nearly all rows are, so that no index shall answer that; nor shall they be found by
    /// another one and sorted, which looks cheap where PostgreSQL takes all of them for a few.
    pub(super) fn all_since(&mut self, ticks: i64) {
        self.sorts = false;
        let ticks = self.bind(Bound::Integer(ticks));
        self.and(&format!("h.ticks + 0 >= {ticks}"));
    }

    fn text(&mut self, condition: &TextCondition) {
        self.with_texts = true;
        let column = match condition.column {
            TextColumn::UserId => "c.user_id",
            TextColumn::UserPrincipalName => "c.upn",
            TextColumn::DeviceName => "c.device_name",
        };
        let (first, rest) = parts(stored(&condition.text));
        let rest_column = format!("{column}_rest");
        match (condition.is, rest) {
            (Match::Equal, None) => {
                self.compared(column, Match::Equal, &first);
                self.and(&format!("{rest_column} IS NULL"));
            }
            (Match::StartsWith, None) => self.compared(column, Match::StartsWith, &first),
            (is, Some(rest)) => {
                self.compared(column, Match::Equal, &first);
                self.compared(&rest_column, is, &rest);
            }
        }
    }

    fn compared(&mut self, column: &str, is: Match, text: &str) {
        let value = self.bind(Bound::Text(Some(text.to_owned())));
        match is {
            Match::Equal => self.and(&format!("{column} = {value}")),
            Match::StartsWith => {
                self.and(&format!("{column} >= {value}"));
                if let Some(end) = above(text) {
                    let end = self.bind(Bound::Text(Some(end)));
                    self.and(&format!("{column} < {end}"));
                }
            }
        }
    }

    /// A condition that was translated, with its parameters from [`Self::next_param`] on.
    pub(super) fn translated(&mut self, (sql, params): (String, Vec<Bound>)) {
        (self.with_texts, self.with_lists, self.walks) = (true, true, false);
        self.params.extend(params);
        self.and(&sql);
    }

    /// Rows whose applied policies hold an id: the few lists that hold it are found first.
    pub(super) fn applied(&mut self, id: ClientConfigurationId) {
        let id = self.bind(Bound::Text(Some(id.to_string())));
        self.and(&format!(
            "h.applied IN (SELECT w.id FROM checkin_lists w WHERE w.tenant = $1 AND w.list::jsonb ? {id})"
        ));
    }

    /// Where the page before ended.
    pub(super) fn after(&mut self, order: RowOrder, after: Option<Position>) {
        match after {
            None | Some(Position::Offset(_)) => {}
            Some(Position::Key(key)) => {
                let key = self.bind(Bound::Integer(key));
                self.and(&format!("h.key > {key}"));
            }
            Some(Position::Time { ticks, key }) => {
                let beyond = if order == (RowOrder::Time { descending: true }) { "<" } else { ">" };
                let (ticks, key) = (self.bind(Bound::Integer(ticks)), self.bind(Bound::Integer(key)));
                self.and(&format!("(h.ticks, h.key) {beyond} ({ticks}, {key})"));
            }
        }
    }

    fn tables(&self) -> String {
        let mut tables = "checkins h".to_owned();
        for (needed, join) in [(self.with_texts, TEXTS), (self.with_lists, LISTS)] {
            if needed {
                tables = format!("{tables} {join}");
            }
        }
        tables
    }

    fn extent(&mut self, limit: u64, skip: u64) -> (String, String) {
        let number = |n: u64| Bound::Integer(i64::try_from(n).unwrap_or(i64::MAX));
        (self.bind(number(limit)), self.bind(number(skip)))
    }

    /// Up to `limit` rows by key or time: key, [`COLUMNS`], list. The rows of the page are found first, with as few tables as the conditions need.
    pub(super) fn rows(mut self, order: RowOrder, limit: u64, skip: u64) -> Self {
        let order = match order {
            RowOrder::Time { descending: true } => "h.ticks DESC, h.key DESC",
            RowOrder::Time { descending: false } => "h.ticks, h.key",
            RowOrder::Key | RowOrder::Other => "h.key",
        };
        let (limit, skip) = self.extent(limit, skip);
        self.within = format!(
            "SELECT h.key, {COLUMNS}, {LIST} FROM (
                 SELECT h.key, h.ticks, h.form, h.ok, h.applied FROM {tables} WHERE {within}
                 ORDER BY {order} LIMIT {limit} OFFSET {skip}) h {TEXTS_OF_PAGE} {LISTS} ORDER BY {order}",
            tables = self.tables(),
            within = self.within,
        );
        self
    }

    /// The same in an order that was translated, with its parameters from [`Self::next_param`] on.
    pub(super) fn rows_by(mut self, (order, params): (String, Vec<Bound>), limit: u64, skip: u64) -> Self {
        (self.with_texts, self.with_lists, self.walks) = (true, true, false);
        self.params.extend(params);
        let (limit, skip) = self.extent(limit, skip);
        self.within = format!(
            "SELECT h.key, {COLUMNS}, {LIST} FROM {tables} WHERE {within} ORDER BY {order}, h.key LIMIT {limit} OFFSET {skip}",
            tables = self.tables(),
            within = self.within,
        );
        self
    }

    /// How many rows there are.
    pub(super) fn count(mut self) -> Self {
        self.within = format!("SELECT count(*) FROM {} WHERE {}", self.tables(), self.within);
        self
    }

    /// How many users the rows have, and how many of them one that failed.
    pub(super) fn users(mut self) -> Self {
        self.with_texts = true;
        self.within = format!(
            "SELECT count(*), count(*) FILTER (WHERE failed)
             FROM (SELECT bool_or(NOT h.ok) AS failed FROM {} WHERE {} GROUP BY c.user_key) u",
            self.tables(),
            self.within
        );
        self
    }

    /// See the field.
    pub(super) fn walks(&self) -> bool {
        self.walks
    }

    /// See the field.
    pub(super) fn sorts(&self) -> bool {
        self.sorts
    }

    /// The statement, once it was made whole.
    pub(super) fn sql(&self) -> &str {
        &self.within
    }
}
