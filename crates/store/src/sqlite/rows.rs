//! Writes check-in rows: those an administrator wrote, and those that clients reported (hot row, cold row, failed table). It must never
//! decide who owns them.

use std::sync::Arc;

use rusqlite::{CachedStatement, Connection, OptionalExtension as _, params};

use super::columns::{CHECKIN, applied_policies, checkin};
use super::{columns, users};
use crate::domain::{Checkin, CheckinStatus};
use crate::rules::{self, IdentityKey};

/// The tables of check-in rows, all with the key (tenant, configuration, key).
pub(super) const TABLES: [&str; 4] = ["written_checkins", "checkins", "checkin_texts", "failed_checkins"];

/// What [`insert_written`] runs.
pub(super) const INSERT_WRITTEN: &str = "INSERT INTO written_checkins (tenant, configuration, key, ticks, form, ok, user_id, \
    user_principal_name, device_name, device_platform, device_platform_version, error_message, applied_policies) \
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)";

/// Removes the rows that an administrator wrote.
pub(super) fn clear(connection: &Connection, tenant: i64, configuration: i64) -> rusqlite::Result<()> {
    connection
        .prepare_cached("DELETE FROM written_checkins WHERE tenant = ?1 AND configuration = ?2")?
        .execute(params![tenant, configuration])?;
    Ok(())
}

/// Writes the rows of a configuration that has none, as an administrator gave them.
pub(super) fn insert_written(
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
            applied_policies(row),
        ])?;
    }
    Ok(())
}

/// Adds rows that clients reported, each in the place of the one of its identity, and tells how many are new. `rekey`: the rows written
/// before become the clients' first.
pub(super) fn record(
    connection: &Connection,
    tenant: i64,
    configuration: i64,
    rekey: bool,
    rows: &[Arc<CheckinStatus>],
) -> rusqlite::Result<u64> {
    if rekey {
        let written = written(connection, tenant, configuration)?;
        clear(connection, tenant, configuration)?;
        for row in &written {
            put(connection, tenant, configuration, row)?;
        }
    }
    let mut added = 0;
    for row in rows {
        added += u64::from(put(connection, tenant, configuration, row)?);
    }
    Ok(added)
}

/// Does what a check-in does to its row (ruling R4) and tells how many rows are there because of it: one more, or as many as before.
pub(super) fn check_in(
    connection: &Connection,
    tenant: i64,
    configuration: i64,
    checkin: &Checkin,
) -> rusqlite::Result<u64> {
    let identity = IdentityKey::of_checkin(checkin);
    let (key, found) = find(connection, tenant, configuration, &identity)?;
    if let Some(old) = found {
        update(connection, tenant, configuration, key, &old, &rules::merged(Some(&old), checkin))?;
        return Ok(0);
    }
    if let Some(nameless) = rules::taken_over(checkin, &identity)
        && let (at, Some(old)) = find(connection, tenant, configuration, &nameless)?
        && !has_named_device(connection, tenant, configuration, checkin)?
    {
        remove(connection, tenant, configuration, at, &old)?;
        put(connection, tenant, configuration, &rules::merged(Some(&old), checkin))?;
        return Ok(0);
    }
    insert(connection, tenant, configuration, key, &rules::merged(None, checkin))?;
    Ok(1)
}

/// Whether the user has a device with a name on the platform.
fn has_named_device(
    connection: &Connection,
    tenant: i64,
    configuration: i64,
    checkin: &Checkin,
) -> rusqlite::Result<bool> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT {CHECKIN} FROM checkin_texts c JOIN checkins h USING (tenant, configuration, key)
         WHERE c.tenant = ?1 AND c.configuration = ?2 AND c.user_id = ?3"
    ))?;
    let mut rows =
        statement.query_map(params![tenant, configuration, checkin.user_id], |row| columns::checkin(row, 0))?;
    rows.try_fold(false, |found, row| Ok(found || rules::is_named_device(&row?, checkin)))
}

/// Removes a row. One behind it that stands there only because this one had its place moves up, so that it is found as before.
fn remove(
    connection: &Connection,
    tenant: i64,
    configuration: i64,
    key: i64,
    row: &CheckinStatus,
) -> rusqlite::Result<()> {
    for table in ["checkins", "checkin_texts", "failed_checkins"] {
        let sql = format!("DELETE FROM {table} WHERE tenant = ?1 AND configuration = ?2 AND key = ?3");
        connection.prepare_cached(&sql)?.execute(params![tenant, configuration, key])?;
    }
    users::moved(connection, tenant, configuration, key, Some(row), None)?;
    let next = IdentityKey::next_key(key);
    match old(connection, tenant, configuration, next)? {
        Some(row) if IdentityKey::of(&row).first_key() != next => {
            remove(connection, tenant, configuration, next, &row)?;
            put(connection, tenant, configuration, &row).map(|_| ())
        }
        _ => Ok(()),
    }
}

fn written(connection: &Connection, tenant: i64, configuration: i64) -> rusqlite::Result<Vec<CheckinStatus>> {
    let mut statement = connection.prepare(&format!(
        "SELECT {CHECKIN} FROM written_checkins WHERE tenant = ?1 AND configuration = ?2 ORDER BY key"
    ))?;
    statement.query_map(params![tenant, configuration], |row| checkin(row, 0))?.collect()
}

/// Puts a row in the place of its identity; true when it is new.
fn put(connection: &Connection, tenant: i64, configuration: i64, row: &CheckinStatus) -> rusqlite::Result<bool> {
    match find(connection, tenant, configuration, &IdentityKey::of(row))? {
        (key, None) => insert(connection, tenant, configuration, key, row).map(|()| true),
        (key, Some(old)) => update(connection, tenant, configuration, key, &old, row).map(|()| false),
    }
}

/// The row of an identity, or the key that it is to get.
fn find(
    connection: &Connection,
    tenant: i64,
    configuration: i64,
    identity: &IdentityKey,
) -> rusqlite::Result<(i64, Option<CheckinStatus>)> {
    let mut key = identity.first_key();
    loop {
        match old(connection, tenant, configuration, key)? {
            Some(row) if IdentityKey::of(&row) != *identity => key = IdentityKey::next_key(key),
            found => return Ok((key, found)),
        }
    }
}

fn old(connection: &Connection, tenant: i64, configuration: i64, key: i64) -> rusqlite::Result<Option<CheckinStatus>> {
    connection
        .prepare_cached(
            "SELECT ticks, form, ok, user_id, user_principal_name, device_name, device_platform,
                    device_platform_version, error_message, applied_policies
             FROM checkins h JOIN checkin_texts c USING (tenant, configuration, key)
             WHERE h.tenant = ?1 AND h.configuration = ?2 AND h.key = ?3",
        )?
        .query_row(params![tenant, configuration, key], |row| checkin(row, 0))
        .optional()
}

fn insert(
    connection: &Connection,
    tenant: i64,
    configuration: i64,
    key: i64,
    row: &CheckinStatus,
) -> rusqlite::Result<()> {
    let at = row.checkin;
    connection
        .prepare_cached(
            "INSERT INTO checkins (tenant, configuration, key, ticks, form, ok) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![tenant, configuration, key, at.ticks(), at.form(), row.was_successful])?;
    put_texts(connection, tenant, configuration, key, row)?;
    if !row.was_successful {
        put_failed(connection, tenant, configuration, key, at.ticks())?;
    }
    users::moved(connection, tenant, configuration, key, None, Some(row))
}

/// Writes only what changed: mostly the hot row alone.
fn update(
    connection: &Connection,
    tenant: i64,
    configuration: i64,
    key: i64,
    old: &CheckinStatus,
    new: &CheckinStatus,
) -> rusqlite::Result<()> {
    let at = new.checkin;
    connection
        .prepare_cached(
            "UPDATE checkins SET ticks = ?4, form = ?5, ok = ?6 WHERE tenant = ?1 AND configuration = ?2 AND key = ?3",
        )?
        .execute(params![tenant, configuration, key, at.ticks(), at.form(), new.was_successful])?;
    let texts_changed = old.user_id != new.user_id
        || old.user_principal_name != new.user_principal_name
        || old.device_name != new.device_name
        || old.device_platform != new.device_platform
        || old.device_platform_version != new.device_platform_version
        || old.error_message != new.error_message
        || old.applied_policies != new.applied_policies;
    if texts_changed {
        put_texts(connection, tenant, configuration, key, new)?;
    }
    if !new.was_successful {
        put_failed(connection, tenant, configuration, key, at.ticks())?;
    } else if !old.was_successful {
        connection
            .prepare_cached("DELETE FROM failed_checkins WHERE tenant = ?1 AND configuration = ?2 AND key = ?3")?
            .execute(params![tenant, configuration, key])?;
    }
    users::moved(connection, tenant, configuration, key, Some(old), Some(new))
}

fn put_texts(
    connection: &Connection,
    tenant: i64,
    configuration: i64,
    key: i64,
    row: &CheckinStatus,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT OR REPLACE INTO checkin_texts (tenant, configuration, key, user_id, user_principal_name,
                device_name, device_platform, device_platform_version, error_message, applied_policies)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        )?
        .execute(params![
            tenant,
            configuration,
            key,
            row.user_id,
            row.user_principal_name,
            row.device_name,
            row.device_platform,
            row.device_platform_version,
            row.error_message,
            applied_policies(row),
        ])?;
    Ok(())
}

fn put_failed(connection: &Connection, tenant: i64, configuration: i64, key: i64, ticks: i64) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT OR REPLACE INTO failed_checkins (tenant, configuration, key, failed_ticks)
             VALUES (?1, ?2, ?3, ?4)",
        )?
        .execute(params![tenant, configuration, key, ticks])?;
    Ok(())
}

/// Leaves the rows of a removed configuration to [`sweep`]. Its `seq` is never used again, so nobody sees them.
pub(super) fn doom(connection: &Connection, tenant: i64, configuration: i64) -> rusqlite::Result<()> {
    connection
        .prepare_cached("INSERT OR IGNORE INTO doomed_checkins (tenant, configuration) VALUES (?1, ?2)")?
        .execute(params![tenant, configuration])?;
    Ok(())
}

/// Removes up to `limit` rows of removed configurations from each table; false when nothing is left.
pub(super) fn sweep(connection: &Connection, limit: u32) -> rusqlite::Result<bool> {
    let next: Option<(i64, i64)> = connection
        .prepare_cached("SELECT tenant, configuration FROM doomed_checkins LIMIT 1")?
        .query_row((), |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let Some((tenant, configuration)) = next else { return Ok(false) };
    let mut removed = 0;
    for table in TABLES {
        removed += connection
            .prepare_cached(&format!(
                "DELETE FROM {table} WHERE tenant = ?1 AND configuration = ?2 AND key IN (
                     SELECT key FROM {table} WHERE tenant = ?1 AND configuration = ?2 ORDER BY key LIMIT ?3)"
            ))?
            .execute(params![tenant, configuration, limit])?;
    }
    removed += users::sweep(connection, tenant, configuration, limit)?;
    if removed == 0 {
        connection
            .prepare_cached("DELETE FROM doomed_checkins WHERE tenant = ?1 AND configuration = ?2")?
            .execute(params![tenant, configuration])?;
    }
    Ok(true)
}
