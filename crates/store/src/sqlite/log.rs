//! The rows of the change log: written with each transaction, read by their key, trimmed from the oldest on. It must never know what a
//! commit's text means.

use std::ops::ControlFlow;
use std::sync::Arc;

use rusqlite::{Connection, params};

use super::columns::{number, stored};
use super::failure;
use super::pending::Pending;
use crate::changes::Retention;
use crate::changes::follow::{Entry, Follower};
use crate::error::StoreError;
use crate::limits::LOG_ROWS_TRIMMED;

/// Writes the row of a transaction: one for all commits of the tenant in it.
pub(super) fn write(connection: &Connection, tenant: &Pending) -> rusqlite::Result<()> {
    let (commits, entries) = tenant.log();
    connection
        .prepare_cached(
            "INSERT INTO change_log (tenant, version, commits, ticks, entries) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![tenant.id, stored(tenant.now.version()), commits, tenant.log_ticks(), entries])?;
    Ok(())
}

/// Removes a few of the oldest rows, where they need not be kept. The newest always stays, so that the log says where it stands.
pub(super) fn trim(connection: &Connection, tenant: &Pending, retention: Retention) -> rusqlite::Result<()> {
    let (newest, now) = (tenant.now.version(), tenant.log_ticks());
    let mut statement = connection
        .prepare_cached("SELECT version, ticks FROM change_log WHERE tenant = ?1 ORDER BY version LIMIT ?2")?;
    let mut rows = statement.query(params![tenant.id, LOG_ROWS_TRIMMED])?;
    let mut last = None;
    while let Some(row) = rows.next()? {
        let version = number(row, 0)?;
        if !retention.is_over(version, row.get(1)?, newest, now) {
            break;
        }
        last = Some(version);
    }
    if let Some(last) = last {
        connection
            .prepare_cached("DELETE FROM change_log WHERE tenant = ?1 AND version <= ?2")?
            .execute(params![tenant.id, stored(last)])?;
    }
    Ok(())
}

/// Gives a follower the entries that it takes. Rows are found by their key: those before are not read.
pub(super) fn follow(connection: &Connection, tenant: i64, follower: &mut Follower) -> Result<(), StoreError> {
    let Some(from) = follower.entries_from() else { return Ok(()) };
    let mut statement = connection
        .prepare_cached(
            "SELECT version, commits, entries FROM change_log WHERE tenant = ?1 AND version >= ?2 ORDER BY version",
        )
        .map_err(failure::read)?;
    let mut rows = statement.query(params![tenant, stored(from)]).map_err(failure::read)?;
    while let Some(row) = rows.next().map_err(failure::read)? {
        let (last, commits) = (number(row, 0).map_err(failure::read)?, number(row, 1).map_err(failure::read)?);
        let entries: String = row.get(2).map_err(failure::read)?;
        let entries: Vec<(i64, String, String)> =
            serde_json::from_str(&entries).map_err(|e| StoreError::Unavailable(Arc::new(e)))?;
        let first = last.saturating_sub(commits) + 1;
        for (version, (ticks, _, changes)) in (first..).zip(entries).skip_while(|(version, _)| *version < from) {
            if follower.take(Entry { version, ticks, changes })? == ControlFlow::Break(()) {
                return Ok(());
            }
        }
    }
    Ok(())
}
