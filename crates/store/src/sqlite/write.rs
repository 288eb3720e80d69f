//! Writes the effects of one applied commit, inside the writer's transaction. It must never check a rule: the rules have run.

use rusqlite::{CachedStatement, Connection, params};

use super::columns::{kind_number, stored, target_columns, which_number};
use super::fleet::{self, Fleet};
use super::pending::Pending;
use super::statements::{Sql, Statements};
use super::written;
use crate::domain::{ClientConfiguration, OfficeConfiguration, Payload, PayloadKind};
use crate::rules::{DataEffect, Effects, Touched};
use crate::snapshot::TenantSnapshot;

/// Rows of a removed configuration up to which they are removed at once; more are left to [`Fleet::sweep`], because others wait.
const REMOVED_AT_ONCE: u64 = 1_000;

/// Writes what a commit of the tenant with the number `tenant` leaves to be written, and completes `next`.
pub(super) fn effects(
    statements: &mut Statements<'_>,
    fleet: &mut Fleet,
    tenant: i64,
    next: &mut TenantSnapshot,
    effects: Effects,
) -> rusqlite::Result<()> {
    for effect in effects.data {
        data(statements, fleet, tenant, next, effect)?;
    }
    let connection = statements.connection();
    for touched in &effects.touched {
        match touched {
            Touched::Configuration(seq) => {
                if let Some(found) = next.by_seq(*seq) {
                    configuration(statements.get(Sql::PutConfiguration)?, tenant, found)?;
                }
            }
            Touched::Client { configuration, client: id } => {
                if let Some(found) = next.by_seq(*configuration).and_then(|owner| owner.clients.get(*id)) {
                    client(connection, tenant, *configuration, found)?;
                }
            }
            Touched::Assignments { configuration, client: id } => {
                if let Some(found) = next.by_seq(*configuration).and_then(|owner| owner.clients.get(*id)) {
                    assignments(connection, tenant, found)?;
                }
            }
        }
    }
    Ok(())
}

/// Makes a tenant known and gives its number.
pub(super) fn new_tenant(connection: &Connection, snapshot: &TenantSnapshot) -> rusqlite::Result<i64> {
    connection.prepare_cached("INSERT INTO tenants (guid, version, next_seq) VALUES (?1, ?2, ?3)")?.insert(params![
        &snapshot.tenant().0.as_bytes()[..],
        stored(snapshot.version()),
        stored(snapshot.next_seq())
    ])
}

/// Writes where a tenant has got to: once for all its commits in a transaction.
pub(super) fn tenant(connection: &Connection, tenant: &Pending) -> rusqlite::Result<()> {
    connection.prepare_cached("UPDATE tenants SET version = ?2, next_seq = ?3 WHERE id = ?1")?.execute(params![
        tenant.id,
        stored(tenant.now.version()),
        stored(tenant.now.next_seq())
    ])?;
    Ok(())
}

/// Writes what check-ins made of a configuration's row.
pub(super) fn status_counts(connection: &Connection, tenant: i64, of: &OfficeConfiguration) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "UPDATE configurations SET status_version = ?3, status_count = ?4 WHERE tenant = ?1 AND seq = ?2",
        )?
        .execute(params![tenant, stored(of.seq), stored(of.status_version), stored(of.status_count)])?;
    Ok(())
}

fn data(
    statements: &mut Statements<'_>,
    fleet: &mut Fleet,
    tenant: i64,
    next: &mut TenantSnapshot,
    effect: DataEffect,
) -> rusqlite::Result<()> {
    let connection = statements.connection();
    match effect {
        DataEffect::ReplaceRows { configuration, had, rows } => {
            if had > 0 {
                written::clear(connection, tenant, stored(configuration))?;
            }
            written::insert(statements.get(Sql::InsertWritten)?, tenant, stored(configuration), &rows)
        }
        DataEffect::RecordRows { configuration, rekey, day, rows } => {
            let of = (tenant, stored(configuration));
            let mut all = Vec::new();
            if rekey {
                all.extend(written::all(connection, tenant, of.1)?.into_iter().map(|(_, row)| row));
                written::clear(connection, tenant, of.1)?;
            }
            all.extend(rows);
            fleet.record(statements, of, day, &all)?;
            fleet.flush(statements)?;
            next.set_status_count(configuration, fleet.count(statements, of)?);
            Ok(())
        }
        DataEffect::DeleteConfiguration { configuration, had, recorded, clients } => {
            let seq = stored(configuration);
            let one = params![tenant, seq];
            connection.prepare_cached("DELETE FROM configurations WHERE tenant = ?1 AND seq = ?2")?.execute(one)?;
            for client in clients {
                delete_client(connection, tenant, configuration, client)?;
            }
            if recorded || had > REMOVED_AT_ONCE {
                fleet::doom(connection, (tenant, seq))
            } else {
                written::clear(connection, tenant, seq)
            }
        }
        DataEffect::DeleteClient { configuration, client } => delete_client(connection, tenant, configuration, client),
        DataEffect::PutPayload { client, which, payload: meta, content } => {
            payload(connection, tenant, client, which, &meta, &content)
        }
        DataEffect::DeletePayload { client, which } => {
            connection
                .prepare_cached("DELETE FROM payloads WHERE tenant = ?1 AND client = ?2 AND which = ?3")?
                .execute(params![tenant, stored(client), which_number(which)])?;
            Ok(())
        }
    }
}

fn configuration(put: &mut CachedStatement<'_>, tenant: i64, c: &OfficeConfiguration) -> rusqlite::Result<()> {
    let summary = c.written_summary;
    put.execute(params![
        tenant,
        stored(c.seq),
        &c.id.0.as_bytes()[..],
        c.stamp.created.ticks(),
        c.stamp.created.form(),
        c.stamp.modified.ticks(),
        c.stamp.modified.form(),
        stored(c.stamp.version),
        summary.map(|s| s.succeeded),
        summary.map(|s| s.failed),
        c.has_checkins_from_clients,
        stored(c.status_version),
        stored(c.status_count),
    ])?;
    Ok(())
}

fn client(connection: &Connection, tenant: i64, owner: u64, c: &ClientConfiguration) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT OR REPLACE INTO client_configurations (tenant, configuration, seq, id, kind, display_name,
                description, priority, created_ticks, created_form, modified_ticks, modified_form, version)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
        )?
        .execute(params![
            tenant,
            stored(owner),
            stored(c.seq),
            &c.id.0.as_bytes()[..],
            kind_number(c.kind),
            c.display_name,
            c.description,
            c.priority,
            c.stamp.created.ticks(),
            c.stamp.created.form(),
            c.stamp.modified.ticks(),
            c.stamp.modified.form(),
            stored(c.stamp.version),
        ])?;
    Ok(())
}

fn delete_client(connection: &Connection, tenant: i64, owner: u64, client: u64) -> rusqlite::Result<()> {
    let of_client = params![tenant, stored(client)];
    connection
        .prepare_cached("DELETE FROM client_configurations WHERE tenant = ?1 AND configuration = ?2 AND seq = ?3")?
        .execute(params![tenant, stored(owner), stored(client)])?;
    connection.prepare_cached("DELETE FROM assignments WHERE tenant = ?1 AND client = ?2")?.execute(of_client)?;
    connection.prepare_cached("DELETE FROM payloads WHERE tenant = ?1 AND client = ?2")?.execute(of_client)?;
    Ok(())
}

/// Writes all assignments of a client configuration anew: there are few, and their order counts.
fn assignments(connection: &Connection, tenant: i64, c: &ClientConfiguration) -> rusqlite::Result<()> {
    connection
        .prepare_cached("DELETE FROM assignments WHERE tenant = ?1 AND client = ?2")?
        .execute(params![tenant, stored(c.seq)])?;
    let mut insert = connection.prepare_cached(
        "INSERT INTO assignments (tenant, client, ordinal, id, target, group_id, created_ticks, created_form,
            modified_ticks, modified_form, version)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
    )?;
    for assignment in &c.assignments {
        let (target, group) = target_columns(assignment.target.as_ref());
        let stamp = assignment.stamp;
        insert.execute(params![
            tenant,
            stored(c.seq),
            stored(assignment.seq),
            &assignment.id.0.as_bytes()[..],
            target,
            group,
            stamp.created.ticks(),
            stamp.created.form(),
            stamp.modified.ticks(),
            stamp.modified.form(),
            stored(stamp.version),
        ])?;
    }
    Ok(())
}

fn payload(
    connection: &Connection,
    tenant: i64,
    client: u64,
    which: PayloadKind,
    payload: &Payload,
    content: &[u8],
) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT OR REPLACE INTO payloads (tenant, client, which, media_type, sha256, modified_ticks, modified_form,
                version, content)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        )?
        .execute(params![
            tenant,
            stored(client),
            which_number(which),
            payload.media_type,
            &payload.sha256[..],
            payload.modified.ticks(),
            payload.modified.form(),
            stored(payload.version),
            content,
        ])?;
    Ok(())
}
