//! Reads a tenant's control plane into a snapshot.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use rusqlite::{Connection, OptionalExtension as _};

use super::columns::{guid, instant, kind, number, stamp, stored, target, which};
use crate::clients::Clients;
use crate::domain::{
    Assignment, ClientConfiguration, OfficeConfiguration, Payload, PayloadContent, PayloadKind, Summary,
};
use crate::ids::{AssignmentId, ClientConfigurationId, ConfigurationId, TenantId, default_configuration_id};
use crate::limits::MAX_INLINE_PAYLOAD;
use crate::snapshot::TenantSnapshot;

/// The small numbers of all tenants.
pub(super) fn tenants(connection: &Connection) -> rusqlite::Result<HashMap<TenantId, i64>> {
    let mut statement = connection.prepare("SELECT guid, id FROM tenants")?;
    statement.query_map((), |row| Ok((TenantId(guid(row, 0)?), row.get(1)?)))?.collect()
}

/// A tenant as the database has it. The connection must be in a transaction, so that the parts fit together.
pub(super) fn snapshot(connection: &Connection, tenant: TenantId, id: i64) -> rusqlite::Result<TenantSnapshot> {
    let mut statement = connection.prepare_cached("SELECT version, next_seq FROM tenants WHERE id = ?1")?;
    let row = statement.query_row([id], |row| Ok((number(row, 0)?, number(row, 1)?))).optional()?;
    let Some((version, next_seq)) = row else { return Ok(TenantSnapshot::empty(tenant)) };
    let mut clients = clients(connection, id)?;
    let default_id = default_configuration_id(tenant);
    let mut statement = connection.prepare_cached(
        "SELECT seq, id, created_ticks, created_form, modified_ticks, modified_form, version, summary_succeeded,
                summary_failed, recorded, status_version, status_count
         FROM configurations WHERE tenant = ?1 ORDER BY seq",
    )?;
    let rows = statement.query_map([id], |row| {
        let seq = number(row, 0)?;
        let id = ConfigurationId(guid(row, 1)?);
        let summary: (Option<i32>, Option<i32>) = (row.get(7)?, row.get(8)?);
        Ok(Arc::new(OfficeConfiguration {
            id,
            seq,
            stamp: stamp(row, 2)?,
            is_default: id == default_id,
            written_summary: summary.0.zip(summary.1).map(|(succeeded, failed)| Summary { succeeded, failed }),
            has_checkins_from_clients: row.get(9)?,
            status_version: number(row, 10)?,
            status_count: number(row, 11)?,
            clients: clients.remove(&seq).unwrap_or_default(),
        }))
    })?;
    let all = rows.collect::<rusqlite::Result<_>>()?;
    Ok(TenantSnapshot::restored(tenant, version, next_seq, all))
}

/// The client configurations by their owners' `seq`.
fn clients(connection: &Connection, tenant: i64) -> rusqlite::Result<HashMap<u64, Clients>> {
    let mut assignments = assignments(connection, tenant)?;
    let mut payloads = payloads(connection, tenant)?;
    let mut statement = connection.prepare_cached(
        "SELECT configuration, seq, id, kind, display_name, description, priority, created_ticks, created_form,
                modified_ticks, modified_form, version
         FROM client_configurations WHERE tenant = ?1 ORDER BY configuration, seq",
    )?;
    let mut rows = statement.query([tenant])?;
    let mut owners: HashMap<u64, Clients> = HashMap::new();
    while let Some(row) = rows.next()? {
        let seq = number(row, 1)?;
        let client = ClientConfiguration {
            id: ClientConfigurationId(guid(row, 2)?),
            seq,
            kind: kind(row, 3)?,
            display_name: row.get(4)?,
            description: row.get(5)?,
            priority: row.get(6)?,
            policy_payload: payloads.remove(&(seq, PayloadKind::Policy)),
            user_preference_payload: payloads.remove(&(seq, PayloadKind::UserPreference)),
            assignments: assignments.remove(&seq).unwrap_or_default(),
            stamp: stamp(row, 7)?,
        };
        owners.entry(number(row, 0)?).or_default().put(Arc::new(client));
    }
    Ok(owners)
}

/// The assignments by their client configurations' `seq`.
fn assignments(connection: &Connection, tenant: i64) -> rusqlite::Result<HashMap<u64, imbl::Vector<Arc<Assignment>>>> {
    let mut statement = connection.prepare_cached(
        "SELECT client, id, target, group_id, created_ticks, created_form, modified_ticks, modified_form, version, ordinal
         FROM assignments WHERE tenant = ?1 ORDER BY client, ordinal",
    )?;
    let mut rows = statement.query([tenant])?;
    let mut of_clients: HashMap<u64, imbl::Vector<Arc<Assignment>>> = HashMap::new();
    while let Some(row) = rows.next()? {
        let assignment = Assignment {
            id: AssignmentId(guid(row, 1)?),
            seq: number(row, 9)?,
            target: target(row, 2)?,
            stamp: stamp(row, 4)?,
        };
        of_clients.entry(number(row, 0)?).or_default().push_back(Arc::new(assignment));
    }
    Ok(of_clients)
}

fn payloads(connection: &Connection, tenant: i64) -> rusqlite::Result<HashMap<(u64, PayloadKind), Arc<Payload>>> {
    let mut statement = connection.prepare_cached(
        "SELECT client, which, media_type, sha256, modified_ticks, modified_form, version, length(content),
                CASE WHEN length(content) <= ?2 THEN content END
         FROM payloads WHERE tenant = ?1",
    )?;
    let inline = i64::try_from(MAX_INLINE_PAYLOAD).unwrap_or(i64::MAX);
    let rows = statement.query_map([tenant, inline], |row| {
        let content: Option<Vec<u8>> = row.get(8)?;
        let content = content.map_or(PayloadContent::Stored, |bytes| PayloadContent::Inline(Bytes::from(bytes)));
        let payload = Payload {
            media_type: row.get(2)?,
            sha256: row.get(3)?,
            modified: instant(row, 4)?,
            version: number(row, 6)?,
            len: number(row, 7)?,
            content,
        };
        Ok(((number(row, 0)?, which(row, 1)?), Arc::new(payload)))
    })?;
    rows.collect()
}

/// One payload with its bytes, whatever their size.
pub(super) fn payload(
    connection: &Connection,
    tenant: i64,
    client: u64,
    which: PayloadKind,
) -> rusqlite::Result<Option<(Payload, Bytes)>> {
    let mut statement = connection.prepare_cached(
        "SELECT media_type, sha256, modified_ticks, modified_form, version, content
         FROM payloads WHERE tenant = ?1 AND client = ?2 AND which = ?3",
    )?;
    let key = (tenant, stored(client), super::columns::which_number(which));
    statement
        .query_row(key, |row| {
            let content = Bytes::from(row.get::<_, Vec<u8>>(5)?);
            let len = content.len();
            let payload = Payload {
                media_type: row.get(0)?,
                sha256: row.get(1)?,
                modified: instant(row, 2)?,
                version: number(row, 4)?,
                len: len as u64,
                content: if len <= MAX_INLINE_PAYLOAD {
                    PayloadContent::Inline(content.clone())
                } else {
                    PayloadContent::Stored
                },
            };
            Ok((payload, content))
        })
        .optional()
}
