//! Check-in rows that an administrator wrote: few, replaced whole, in their order. It must never decide who owns them.

use std::sync::Arc;

use rusqlite::{CachedStatement, Connection, params};

use super::columns::{WRITTEN, checkin, json};
use crate::domain::CheckinStatus;

/// Removes the rows of a configuration.
pub(super) fn clear(connection: &Connection, tenant: i64, configuration: i64) -> rusqlite::Result<()> {
    connection
        .prepare_cached("DELETE FROM written_checkins WHERE tenant = ?1 AND configuration = ?2")?
        .execute(params![tenant, configuration])?;
    Ok(())
}

/// Writes the rows of a configuration that has none.
pub(super) fn insert(
    insert: &mut CachedStatement<'_>,
    tenant: i64,
    configuration: i64,
    rows: &[Arc<CheckinStatus>],
) -> rusqlite::Result<()> {
    for (key, row) in (0_i64..).zip(rows) {
        insert.execute(params![
            tenant,
            configuration,
            key,
            row.checkin.ticks(),
            row.checkin.form(),
            row.was_successful,
            row.user_id,
            row.user_principal_name,
            row.device_name,
            row.device_platform,
            row.device_platform_version,
            row.error_message,
            row.applied_policies.as_deref().map(json),
        ])?;
    }
    Ok(())
}

/// The rows of a configuration by key.
pub(super) fn all(
    connection: &Connection,
    tenant: i64,
    configuration: i64,
) -> rusqlite::Result<Vec<(i64, Arc<CheckinStatus>)>> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT key, {WRITTEN} FROM written_checkins WHERE tenant = ?1 AND configuration = ?2 ORDER BY key"
    ))?;
    let rows =
        statement.query_map(params![tenant, configuration], |row| Ok((row.get(0)?, Arc::new(checkin(row, 1)?))))?;
    rows.collect()
}
