//! Pages of check-in rows and their summaries, from SQL. Every value is a bound parameter; text is only ever from this module and the
//! column map.

mod entered;
mod plan;
#[cfg(test)]
mod tests;
mod text;

use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension as _, params};

use super::columns::{checkin, stored};
use super::{failure, fleet, written};
use crate::conditions::Conditions;
use crate::days::first_tick;
use crate::domain::{CheckinStatus, Summary};
use crate::error::StoreError;
use crate::ids::ClientConfigurationId;
use crate::limits::{MAX_PAGE, MAX_WRITTEN_STATUSES};
use crate::paging;
use crate::position::{Position, RowOrder};
use crate::rules;
use crate::status::{StatusPage, StatusQuery};
use crate::summary::{Tally, summarize, window};
use plan::Plan;
use text::Select;
pub(super) use text::columns;

/// The page of a configuration that has no rows.
pub(super) fn none(query: &StatusQuery) -> Result<StatusPage, StoreError> {
    let order = RowOrder::of(&query.order);
    query.after.as_ref().map(|c| Position::open(order, c)).transpose()?;
    Ok(StatusPage { count: query.count.then_some(0), ..StatusPage::default() })
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
        let rows = written::all(connection, tenant, stored(seq)).map_err(failure::read)?;
        return paging::page(rows.iter().map(|(key, row)| (*key, row)), query);
    }
    let Some(fleet) = Fleet::find(connection, tenant, stored(seq)).map_err(failure::read)? else { return none(query) };
    match page_by_sql(connection, fleet, query, total) {
        // What SQL cannot say is done over the rows themselves, where they are few.
        Err(StoreError::Unsupported { .. }) if total <= MAX_WRITTEN_STATUSES as u64 => {
            let rows = fleet.all(connection).map_err(failure::read)?;
            paging::page(rows.iter().map(|(key, row)| (*key, row)), query)
        }
        answer => answer,
    }
}

fn page_by_sql(
    connection: &Connection,
    fleet: Fleet,
    query: &StatusQuery,
    total: u64,
) -> Result<StatusPage, StoreError> {
    let order = RowOrder::of(&query.order);
    let after = query.after.as_ref().map(|c| Position::open(order, c)).transpose()?;
    let mut conditions = Conditions::of(query.filter.as_ref());
    if let Some(first) = fleet.hides(connection).map_err(failure::read)? {
        conditions.not_before(first);
    }
    let plan = Plan::choose(connection, fleet.owner, &conditions, order).map_err(failure::read)?;
    let plain = query.filter.is_none() && query.applied_policy.is_none();
    let count = match (query.count, plain) {
        (false, _) => None,
        (true, true) => Some(total),
        (true, false) => Some(count(connection, fleet, query, &plan, &conditions)?),
    };
    let limit = query.limit.min(MAX_PAGE);
    let mut select = Select::new(fleet.tenant, fleet.owner, plan.driver, &conditions);
    select.conditions(query, &plan, &conditions)?;
    select.after(order, after);
    let passed = if let Some(Position::Offset(passed)) = after { passed } else { 0 };
    let skip = query.skip.saturating_add(passed);
    let sql = select.rows(order, &query.order, limit, skip)?;
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
        last = Some((status.checkin.ticks(), fleet::row_number(row.get(0).map_err(failure::read)?)));
        page.rows.push(Arc::new(status));
    }
    Ok(page)
}

/// The version of a configuration's rows and all of them by key, if an administrator wrote them.
pub(super) fn written(connection: &Connection, tenant: i64, seq: u64) -> Result<Option<Written>, StoreError> {
    match owner(connection, tenant, stored(seq))? {
        Some(owner) if !owner.recorded => {
            let rows = written::all(connection, tenant, stored(seq)).map_err(failure::read)?;
            Ok(Some((owner.version, rows)))
        }
        _ => Ok(None),
    }
}

/// The version of rows, and the rows by key.
pub(super) type Written = (u64, Vec<(i64, Arc<CheckinStatus>)>);

/// Rows that clients reported, as far as they are shown.
#[derive(Clone, Copy)]
struct Fleet {
    tenant: i64,
    owner: i64,
    /// The first UTC day whose rows are shown.
    first_day: i32,
}

impl Fleet {
    fn find(connection: &Connection, tenant: i64, configuration: i64) -> rusqlite::Result<Option<Self>> {
        connection
            .prepare_cached("SELECT owner, newest FROM checkin_owners WHERE tenant = ?1 AND configuration = ?2")?
            .query_row((tenant, configuration), |row| {
                Ok(Self { tenant, owner: row.get(0)?, first_day: rules::first_day_kept(row.get(1)?) })
            })
            .optional()
    }

    fn first_tick(self) -> i64 {
        first_tick(self.first_day.into())
    }

    /// The first instant that is shown, while there are rows from before it that have not been removed yet.
    fn hides(self, connection: &Connection) -> rusqlite::Result<Option<i64>> {
        let first = self.first_tick();
        connection
            .prepare_cached(
                "SELECT 1 FROM checkins INDEXED BY checkins_by_time WHERE owner = ?1 AND ticks < ?2 LIMIT 1",
            )?
            .query_row((self.owner, first), |_| Ok(first))
            .optional()
    }

    /// All rows by key.
    fn all(self, connection: &Connection) -> rusqlite::Result<Vec<(i64, Arc<CheckinStatus>)>> {
        let mut statement = connection.prepare_cached(&format!(
            "SELECT h.id, {columns} FROM checkins h CROSS JOIN checkin_texts c ON c.id = h.id
             WHERE h.id >= ?1 << 32 AND h.id < (?1 + 1) << 32 AND h.ticks >= ?2 ORDER BY h.id",
            columns = text::columns(),
        ))?;
        let rows = statement.query_map((self.owner, self.first_tick()), |row| {
            Ok((fleet::row_number(row.get(0)?), Arc::new(checkin(row, 1)?)))
        })?;
        rows.collect()
    }
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
    fleet: Fleet,
    query: &StatusQuery,
    plan: &Plan,
    conditions: &Conditions,
) -> Result<u64, StoreError> {
    let mut select = Select::new(fleet.tenant, fleet.owner, plan.driver, conditions);
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
    let Some(Owner { recorded, version, .. }) = owner(connection, tenant, stored(seq))? else {
        return Ok((0, Summary::default()));
    };
    let summary = if recorded {
        match Fleet::find(connection, tenant, stored(seq)).map_err(failure::read)? {
            Some(fleet) => fleet.summary(connection, client, today).map_err(failure::read)?,
            None => Summary::default(),
        }
    } else {
        let rows = written::all(connection, tenant, stored(seq)).map_err(failure::read)?;
        let client = client.map(|id| id.to_string());
        let rows = rows.iter().map(|(_, row)| &**row);
        summarize(rows.filter(|row| client.as_deref().is_none_or(|id| row.applies(id))), today)
    };
    Ok((version, summary))
}

impl Fleet {
    fn summary(
        self,
        connection: &Connection,
        client: Option<ClientConfigurationId>,
        today: i32,
    ) -> rusqlite::Result<Summary> {
        let (first, last) = window(today);
        let first = first.max(self.first_day.into());
        let id = client.map(|id| id.to_string());
        if let Some(counted) = fleet::summary(connection, self.owner, id.as_deref(), (first, last))? {
            return Ok(counted);
        }
        let mut tally = Tally::default();
        let select = Select::of_policy(self.tenant, self.owner, id);
        let (sql, params) = text::in_window(select, first_tick(first), first_tick(last + 1));
        let mut statement = connection.prepare_cached(&sql)?;
        let mut rows = statement.query(rusqlite::params_from_iter(params))?;
        while let Some(row) = rows.next()? {
            tally.add(row.get_ref(0)?.as_str()?, row.get(1)?);
        }
        Ok(tally.summary())
    }
}
