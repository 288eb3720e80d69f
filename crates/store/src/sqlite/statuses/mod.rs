//! Pages of check-in rows and their summaries, from SQL. Every value is a bound parameter; text is only ever from this module and the
//! column map.

mod conditions;
mod plan;
#[cfg(test)]
mod tests;
mod text;

use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension as _, params};

use super::columns::{CHECKIN, checkin, stored};
use super::failure;
use super::readers::Shape;
use super::users;
use crate::domain::{CheckinStatus, OfficeConfiguration, Summary};
use crate::error::StoreError;
use crate::ids::ClientConfigurationId;
use crate::limits::{MAX_PAGE, MAX_QUICK_SKIP, MAX_WRITTEN_STATUSES};
use crate::paging;
use crate::position::{Position, RowOrder};
use crate::status::{StatusPage, StatusQuery};
use crate::summary::{Tally, window};
pub(super) use conditions::Conditions;
use plan::{Driver, Plan};
use text::Select;

const TICKS_PER_DAY: i64 = 864_000_000_000;
/// Days from 0001-01-01, where ticks start, to 1970-01-01.
const DAYS_TO_UNIX: i64 = 719_162;

/// The page of a configuration that has no rows.
pub(super) fn none(query: &StatusQuery) -> Result<StatusPage, StoreError> {
    let order = RowOrder::of(&query.order);
    query.after.as_ref().map(|c| Position::open(order, c)).transpose()?;
    Ok(StatusPage { count: query.count.then_some(0), ..StatusPage::default() })
}

/// Whether an index answers the query (ruling R4), as far as its form tells. A small collection is quick in every shape.
pub(super) fn shape(query: &StatusQuery, of: &OfficeConfiguration) -> Shape {
    if !of.has_checkins_from_clients || of.status_count <= MAX_WRITTEN_STATUSES as u64 {
        return Shape::Quick;
    }
    let conditions = Conditions::of(query.filter.as_ref());
    let selective = conditions.has_equal_text();
    let counted = query.count && query.filter.is_some();
    let indexed = conditions.all_indexed()
        && query.applied_policy.is_none()
        && RowOrder::of(&query.order) != RowOrder::Other
        && query.skip <= MAX_QUICK_SKIP;
    if indexed && (selective || !counted) { Shape::Quick } else { Shape::Slow }
}

/// A page of the rows of the configuration with this `seq`. The connection is in a transaction.
pub(super) fn page(
    connection: &Connection,
    tenant: i64,
    seq: u64,
    query: &StatusQuery,
) -> Result<StatusPage, StoreError> {
    let Some(Owner { recorded, total, .. }) = owner(connection, tenant, stored(seq))? else { return none(query) };
    if !recorded {
        let rows = all(connection, tenant, stored(seq), false).map_err(failure::read)?;
        return paging::page(rows.iter().map(|(key, row)| (*key, row)), query);
    }
    match page_by_sql(connection, tenant, stored(seq), query, total) {
        // What SQL cannot say is done over the rows themselves, where they are few.
        Err(StoreError::Unsupported { .. }) if total <= MAX_WRITTEN_STATUSES as u64 => {
            let rows = all(connection, tenant, stored(seq), true).map_err(failure::read)?;
            paging::page(rows.iter().map(|(key, row)| (*key, row)), query)
        }
        answer => answer,
    }
}

fn page_by_sql(
    connection: &Connection,
    tenant: i64,
    configuration: i64,
    query: &StatusQuery,
    total: u64,
) -> Result<StatusPage, StoreError> {
    let order = RowOrder::of(&query.order);
    let after = query.after.as_ref().map(|c| Position::open(order, c)).transpose()?;
    let conditions = Conditions::of(query.filter.as_ref());
    let plan = Plan::choose(connection, tenant, configuration, &conditions, order).map_err(failure::read)?;
    let plain = query.filter.is_none() && query.applied_policy.is_none();
    let count = match (query.count, plain) {
        (false, _) => None,
        (true, true) => Some(total),
        (true, false) => Some(count(connection, tenant, configuration, query, &plan, &conditions)?),
    };
    let limit = query.limit.min(MAX_PAGE);
    let mut select = Select::new(tenant, configuration, plan.driver);
    select.conditions(query, &plan, &conditions)?;
    select.after(order, after);
    let passed = if let Some(Position::Offset(passed)) = after { passed } else { 0 };
    let skip = query.skip.saturating_add(passed);
    let sql = select.rows(order, &query.order, CHECKIN, limit, skip)?;
    let mut statement = connection.prepare_cached(&sql).map_err(failure::read)?;
    let mut found = statement.query(select.params()).map_err(failure::read)?;
    let mut page = StatusPage { count, ..StatusPage::default() };
    let mut last = None;
    while let Some(row) = found.next().map_err(failure::read)? {
        if page.rows.len() == limit {
            page.next = last.map(|(ticks, key)| Position::seal(order, ticks, key, skip + limit as u64));
            break;
        }
        let status = checkin(row, 1).map_err(failure::read)?;
        last = Some((status.checkin.ticks(), row.get(0).map_err(failure::read)?));
        page.rows.push(Arc::new(status));
    }
    Ok(page)
}

/// The version of a configuration's rows and all of them by key, if an administrator wrote them.
pub(super) fn written(connection: &Connection, tenant: i64, seq: u64) -> Result<Option<Written>, StoreError> {
    match owner(connection, tenant, stored(seq))? {
        Some(owner) if !owner.recorded => {
            let rows = all(connection, tenant, stored(seq), false).map_err(failure::read)?;
            Ok(Some((owner.version, rows)))
        }
        _ => Ok(None),
    }
}

/// The version of rows, and the rows by key.
pub(super) type Written = (u64, Vec<(i64, Arc<CheckinStatus>)>);

/// All rows of a configuration by key.
fn all(
    connection: &Connection,
    tenant: i64,
    configuration: i64,
    recorded: bool,
) -> rusqlite::Result<Vec<(i64, Arc<CheckinStatus>)>> {
    let tables = if recorded { Driver::Key.tables(true, true) } else { text::WRITTEN.to_owned() };
    let mut statement = connection.prepare_cached(&format!(
        "SELECT h.key, {CHECKIN} FROM {tables} WHERE h.tenant = ?1 AND h.configuration = ?2 ORDER BY h.key"
    ))?;
    let rows =
        statement.query_map(params![tenant, configuration], |row| Ok((row.get(0)?, Arc::new(checkin(row, 1)?))))?;
    rows.collect()
}

/// What a configuration says of its rows.
struct Owner {
    recorded: bool,
    total: u64,
    version: u64,
}

fn owner(connection: &Connection, tenant: i64, configuration: i64) -> Result<Option<Owner>, StoreError> {
    let read = |row: &rusqlite::Row<'_>| {
        let (total, version) = (super::columns::number(row, 1)?, super::columns::number(row, 2)?);
        Ok(Owner { recorded: row.get(0)?, total, version })
    };
    connection
        .prepare_cached(
            "SELECT recorded, status_count, status_version FROM configurations WHERE tenant = ?1 AND seq = ?2",
        )
        .and_then(|mut statement| statement.query_row(params![tenant, configuration], read).optional())
        .map_err(failure::read)
}

fn count(
    connection: &Connection,
    tenant: i64,
    configuration: i64,
    query: &StatusQuery,
    plan: &Plan,
    conditions: &Conditions,
) -> Result<u64, StoreError> {
    let mut select = Select::new(tenant, configuration, plan.driver);
    select.conditions(query, plan, conditions)?;
    let sql = select.count();
    let mut statement = connection.prepare_cached(&sql).map_err(failure::read)?;
    statement.query_row(select.params(), |row| super::columns::number(row, 0)).map_err(failure::read)
}

/// The summary of a configuration's rows (ruling R5), or of those that one of its client configurations was delivered to, and the version of
/// the rows.
pub(super) fn summary(
    connection: &Connection,
    tenant: i64,
    seq: u64,
    client: Option<ClientConfigurationId>,
    today: i32,
) -> Result<(u64, Summary), StoreError> {
    let configuration = stored(seq);
    let Some(Owner { recorded, version, .. }) = owner(connection, tenant, configuration)? else {
        return Ok((0, Summary::default()));
    };
    let (first, last) = window(today);
    let ticks = |day: i64| (day + DAYS_TO_UNIX).saturating_mul(TICKS_PER_DAY);
    let sql = text::in_window(recorded, client.is_some());
    let client = client.map(|id| id.to_string());
    if recorded
        && let Some(counted) = users::summary(connection, tenant, configuration, client.as_deref(), (first, last))
            .map_err(failure::read)?
    {
        return Ok((version, counted));
    }
    let mut tally = Tally::default();
    let mut run = || -> rusqlite::Result<()> {
        let mut statement = connection.prepare_cached(&sql)?;
        let (from, to) = (ticks(first), ticks(last + 1));
        let mut rows = match &client {
            None => statement.query(params![tenant, configuration, from, to])?,
            Some(id) => statement.query(params![tenant, configuration, from, to, id])?,
        };
        while let Some(row) = rows.next()? {
            tally.add(row.get_ref(0)?.as_str()?, row.get(1)?);
        }
        Ok(())
    };
    run().map_err(failure::read)?;
    Ok((version, tally.summary()))
}
