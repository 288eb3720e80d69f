//! Writes what a transaction leaves to be written: one statement a table, whatever number of commits there were, all sent together with COMMIT. It
//! must never read.

use odata::edm::DateTimeOffset;
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use super::columns::{kind_number, stored, target_columns, which_number};
use super::connect::Session;
use super::draft::{Draft, LogRows, Payloads};
use super::standing::State;
use super::tx::Write;
use crate::changes::Retention;
use crate::domain::Stamp;
use crate::ids::TenantId;
use crate::limits::LOG_ROWS_TRIMMED;
use crate::snapshot::TenantSnapshot;

const DELETE_CONFIGURATIONS: &str = "DELETE FROM configurations WHERE tenant = $1 AND seq = ANY ($2)";
const DELETE_CLIENTS: &str = "DELETE FROM client_configurations WHERE tenant = $1 AND seq = ANY ($2)";
const DELETE_ASSIGNMENTS: &str = "DELETE FROM assignments WHERE tenant = $1 AND client = ANY ($2)";
const DELETE_PAYLOADS_OF: &str = "DELETE FROM payloads WHERE tenant = $1 AND client = ANY ($2)";
const DELETE_PAYLOADS: &str = "DELETE FROM payloads WHERE tenant = $1
    AND (client, which) IN (SELECT * FROM unnest($2::bigint[], $3::smallint[]))";
const PUT_CONFIGURATIONS: &str =
    "INSERT INTO configurations (tenant, seq, id, created_ticks, created_form, modified_ticks, modified_form, version,
        summary_succeeded, summary_failed, recorded, status_version, status_count)
     SELECT $1, * FROM unnest($2::bigint[], $3::uuid[], $4::bigint[], $5::integer[], $6::bigint[], $7::integer[], $8::bigint[],
        $9::integer[], $10::integer[], $11::boolean[], $12::bigint[], $13::bigint[])
     ON CONFLICT (tenant, seq) DO UPDATE SET modified_ticks = excluded.modified_ticks, modified_form = excluded.modified_form,
        version = excluded.version, summary_succeeded = excluded.summary_succeeded, summary_failed = excluded.summary_failed,
        recorded = excluded.recorded, status_version = excluded.status_version, status_count = excluded.status_count";
const PUT_CLIENTS: &str =
    "INSERT INTO client_configurations (tenant, configuration, seq, id, kind, display_name, description, priority,
        created_ticks, created_form, modified_ticks, modified_form, version)
     SELECT $1, * FROM unnest($2::bigint[], $3::bigint[], $4::uuid[], $5::smallint[], $6::text[], $7::text[], $8::integer[],
        $9::bigint[], $10::integer[], $11::bigint[], $12::integer[], $13::bigint[])
     ON CONFLICT (tenant, seq) DO UPDATE SET display_name = excluded.display_name, description = excluded.description,
        priority = excluded.priority, modified_ticks = excluded.modified_ticks, modified_form = excluded.modified_form,
        version = excluded.version";
const INSERT_ASSIGNMENTS: &str = "INSERT INTO assignments (tenant, client, seq, id, target, group_id, created_ticks, created_form,
        modified_ticks, modified_form, version)
     SELECT $1, * FROM unnest($2::bigint[], $3::bigint[], $4::uuid[], $5::smallint[], $6::text[], $7::bigint[], $8::integer[],
        $9::bigint[], $10::integer[], $11::bigint[])";
const PUT_PAYLOADS: &str =
    "INSERT INTO payloads (tenant, client, which, media_type, sha256, modified_ticks, modified_form, version, content)
     SELECT $1, * FROM unnest($2::bigint[], $3::smallint[], $4::text[], $5::bytea[], $6::bigint[], $7::integer[], $8::bigint[],
        $9::bytea[])
     ON CONFLICT (tenant, client, which) DO UPDATE SET media_type = excluded.media_type, sha256 = excluded.sha256,
        modified_ticks = excluded.modified_ticks, modified_form = excluded.modified_form, version = excluded.version,
        content = excluded.content";
const PUT_TENANT: &str = "INSERT INTO tenants (tenant, next_seq) VALUES ($1, $2)
     ON CONFLICT (tenant) DO UPDATE SET next_seq = excluded.next_seq";
const PUT_VERSION: &str = "UPDATE tenant_version SET version = $2 WHERE tenant = $1";
const PUT_STANDING: &str = "UPDATE tenant_version SET version = $2, state = $3 WHERE tenant = $1";
const LOG: &str = "INSERT INTO change_log (tenant, version, commit_id, ticks, actor, changes)
     SELECT $1, * FROM unnest($2::bigint[], $3::uuid[], $4::bigint[], $5::text[], $6::text[])";
/// As many of the oldest as may go, up to the first that may not.
const TRIM: &str = "WITH oldest AS MATERIALIZED (
         SELECT version, $2 - version >= $3 OR ticks < $4 AS is_over FROM change_log
         WHERE tenant = $1 AND version < $2 ORDER BY version LIMIT $5)
     DELETE FROM change_log WHERE tenant = $1 AND version IN (
         SELECT version FROM oldest WHERE version < coalesce((SELECT min(version) FROM oldest WHERE NOT is_over), $2))";

/// The statements for all of a tenant that has nothing yet, but for its payloads and its log.
pub(super) async fn whole(on: &Session, tenant: &TenantSnapshot) -> Result<Vec<Write>, tokio_postgres::Error> {
    let mut writes = Writes { on, tenant: tenant.tenant(), list: Vec::new() };
    let draft = Draft::whole(tenant);
    configurations(&mut writes, tenant, &draft).await?;
    clients(&mut writes, tenant, &draft).await?;
    assignments(&mut writes, tenant, &draft).await?;
    writes.add(PUT_TENANT, vec![Box::new(stored(tenant.next_seq()))]).await?;
    Ok(writes.list)
}

/// The statements that write payloads.
pub(super) async fn of_payloads(
    on: &Session,
    tenant: TenantId,
    changed: Payloads,
) -> Result<Vec<Write>, tokio_postgres::Error> {
    let mut writes = Writes { on, tenant, list: Vec::new() };
    payloads(&mut writes, changed).await?;
    Ok(writes.list)
}

/// The statement that appends to the log.
pub(super) async fn of_log(on: &Session, tenant: TenantId, rows: LogRows) -> Result<Vec<Write>, tokio_postgres::Error> {
    let mut writes = Writes { on, tenant, list: Vec::new() };
    log(&mut writes, rows).await?;
    Ok(writes.list)
}

/// The statement that moves the version of a tenant that is locked.
pub(super) async fn version(on: &Session, tenant: TenantId, to: u64) -> Result<Write, tokio_postgres::Error> {
    let statement = on.prepared(PUT_VERSION).await?;
    Ok((statement, vec![Box::new(tenant.0), Box::new(stored(to))]))
}

/// The statement by which a tenant is there at its version.
pub(super) async fn of_version(
    on: &Session,
    tenant: &TenantSnapshot,
    becomes: State,
) -> Result<Vec<Write>, tokio_postgres::Error> {
    let mut writes = Writes { on, tenant: tenant.tenant(), list: Vec::new() };
    writes.add(PUT_STANDING, vec![Box::new(stored(tenant.version())), Box::new(becomes.stored())]).await?;
    Ok(writes.list)
}

/// Statements with their values, in the order in which they are to be executed.
struct Writes<'t> {
    on: &'t Session,
    tenant: TenantId,
    list: Vec<Write>,
}

impl Writes<'_> {
    async fn add(
        &mut self,
        sql: &'static str,
        values: Vec<Box<dyn ToSql + Sync + Send>>,
    ) -> Result<(), tokio_postgres::Error> {
        let statement = self.on.prepared(sql).await?;
        let mut all: Vec<Box<dyn ToSql + Sync + Send>> = Vec::with_capacity(values.len() + 1);
        all.push(Box::new(self.tenant.0));
        all.extend(values);
        self.list.push((statement, all));
        Ok(())
    }

    async fn delete(&mut self, sql: &'static str, keys: Vec<i64>) -> Result<(), tokio_postgres::Error> {
        if keys.is_empty() { Ok(()) } else { self.add(sql, vec![Box::new(keys)]).await }
    }
}

/// The statements for a draft that leads from `base` to `now`, but for the one that moves the version.
pub(super) async fn statements(
    on: &Session,
    base: &TenantSnapshot,
    now: &TenantSnapshot,
    draft: Draft,
    retention: Retention,
) -> Result<Vec<Write>, tokio_postgres::Error> {
    let mut writes = Writes { on, tenant: now.tenant(), list: Vec::new() };
    let gone: Vec<i64> = draft.gone_clients.iter().copied().map(stored).collect();
    writes.delete(DELETE_CONFIGURATIONS, draft.gone_configurations.iter().copied().map(stored).collect()).await?;
    writes.delete(DELETE_CLIENTS, gone.clone()).await?;
    let assigned = draft.assigned(now).into_iter().map(|(_, client)| stored(client.seq));
    writes.delete(DELETE_ASSIGNMENTS, assigned.chain(gone.iter().copied()).collect()).await?;
    writes.delete(DELETE_PAYLOADS_OF, gone).await?;
    configurations(&mut writes, now, &draft).await?;
    clients(&mut writes, now, &draft).await?;
    assignments(&mut writes, now, &draft).await?;
    let Draft { payloads: changed, log, .. } = draft;
    payloads(&mut writes, changed).await?;
    if base.version() == 0 || base.next_seq() != now.next_seq() {
        writes.add(PUT_TENANT, vec![Box::new(stored(now.next_seq()))]).await?;
    }
    let (oldest, commits) = retention.bounds(log.ticks.last().copied().unwrap_or_default());
    // More than come, so that a log that is too long becomes shorter.
    let trimmed = i64::try_from(log.versions.len()).unwrap_or(i64::MAX).saturating_add(i64::from(LOG_ROWS_TRIMMED));
    self::log(&mut writes, log).await?;
    let bounds: Vec<Box<dyn ToSql + Sync + Send>> =
        vec![Box::new(stored(now.version())), Box::new(commits), Box::new(oldest), Box::new(trimmed)];
    writes.add(TRIM, bounds).await?;
    Ok(writes.list)
}

async fn log(writes: &mut Writes<'_>, rows: LogRows) -> Result<(), tokio_postgres::Error> {
    let LogRows { versions, commit_ids, ticks, actors, changes } = rows;
    let values: Vec<Box<dyn ToSql + Sync + Send>> =
        vec![Box::new(versions), Box::new(commit_ids), Box::new(ticks), Box::new(actors), Box::new(changes)];
    writes.add(LOG, values).await
}

/// The five columns of a stamp.
fn stamps(of: impl Iterator<Item = Stamp> + Clone) -> [Box<dyn ToSql + Sync + Send>; 5] {
    let (created, modified) = (of.clone().map(|stamp| stamp.created), of.clone().map(|stamp| stamp.modified));
    [
        Box::new(created.clone().map(DateTimeOffset::ticks).collect::<Vec<_>>()),
        Box::new(created.map(DateTimeOffset::form).collect::<Vec<_>>()),
        Box::new(modified.clone().map(DateTimeOffset::ticks).collect::<Vec<_>>()),
        Box::new(modified.map(DateTimeOffset::form).collect::<Vec<_>>()),
        Box::new(of.map(|stamp| stored(stamp.version)).collect::<Vec<_>>()),
    ]
}

async fn configurations(
    writes: &mut Writes<'_>,
    now: &TenantSnapshot,
    draft: &Draft,
) -> Result<(), tokio_postgres::Error> {
    let put = draft.configurations(now);
    if put.is_empty() {
        return Ok(());
    }
    let mut values: Vec<Box<dyn ToSql + Sync + Send>> = vec![
        Box::new(put.iter().map(|c| stored(c.seq)).collect::<Vec<_>>()),
        Box::new(put.iter().map(|c| c.id.0).collect::<Vec<Uuid>>()),
    ];
    values.extend(stamps(put.iter().map(|c| c.stamp)));
    values.push(Box::new(put.iter().map(|c| c.written_summary.map(|s| s.succeeded)).collect::<Vec<_>>()));
    values.push(Box::new(put.iter().map(|c| c.written_summary.map(|s| s.failed)).collect::<Vec<_>>()));
    values.push(Box::new(put.iter().map(|c| c.has_checkins_from_clients).collect::<Vec<_>>()));
    values.push(Box::new(put.iter().map(|c| stored(c.status_version)).collect::<Vec<_>>()));
    values.push(Box::new(put.iter().map(|c| stored(c.status_count)).collect::<Vec<_>>()));
    writes.add(PUT_CONFIGURATIONS, values).await
}

async fn clients(writes: &mut Writes<'_>, now: &TenantSnapshot, draft: &Draft) -> Result<(), tokio_postgres::Error> {
    let put = draft.clients(now);
    if put.is_empty() {
        return Ok(());
    }
    let text = |text: &Option<std::sync::Arc<str>>| text.as_deref().map(str::to_owned);
    let mut values: Vec<Box<dyn ToSql + Sync + Send>> = vec![
        Box::new(put.iter().map(|(owner, _)| stored(*owner)).collect::<Vec<_>>()),
        Box::new(put.iter().map(|(_, c)| stored(c.seq)).collect::<Vec<_>>()),
        Box::new(put.iter().map(|(_, c)| c.id.0).collect::<Vec<Uuid>>()),
        Box::new(put.iter().map(|(_, c)| kind_number(c.kind)).collect::<Vec<_>>()),
        Box::new(put.iter().map(|(_, c)| text(&c.display_name)).collect::<Vec<_>>()),
        Box::new(put.iter().map(|(_, c)| text(&c.description)).collect::<Vec<_>>()),
        Box::new(put.iter().map(|(_, c)| c.priority).collect::<Vec<_>>()),
    ];
    values.extend(stamps(put.iter().map(|(_, c)| c.stamp)));
    writes.add(PUT_CLIENTS, values).await
}

/// All assignments of the client configurations that have others than before: there are few, and their order counts.
async fn assignments(
    writes: &mut Writes<'_>,
    now: &TenantSnapshot,
    draft: &Draft,
) -> Result<(), tokio_postgres::Error> {
    let assigned = draft.assigned(now);
    let put: Vec<_> = assigned.iter().flat_map(|(_, c)| c.assignments.iter().map(|a| (c.seq, a))).collect();
    if put.is_empty() {
        return Ok(());
    }
    let (targets, groups): (Vec<_>, Vec<_>) = put.iter().map(|(_, a)| target_columns(a.target.as_ref())).unzip();
    let mut values: Vec<Box<dyn ToSql + Sync + Send>> = vec![
        Box::new(put.iter().map(|(client, _)| stored(*client)).collect::<Vec<_>>()),
        Box::new(put.iter().map(|(_, a)| stored(a.seq)).collect::<Vec<_>>()),
        Box::new(put.iter().map(|(_, a)| a.id.0).collect::<Vec<Uuid>>()),
        Box::new(targets),
        Box::new(groups),
    ];
    values.extend(stamps(put.iter().map(|(_, a)| a.stamp)));
    writes.add(INSERT_ASSIGNMENTS, values).await
}

async fn payloads(writes: &mut Writes<'_>, changed: Payloads) -> Result<(), tokio_postgres::Error> {
    let (mut gone_of, mut gone) = (Vec::new(), Vec::new());
    let mut put = Vec::new();
    for ((client, which), payload) in changed {
        if let Some((payload, content)) = payload {
            put.push((stored(client), which_number(which), payload, content));
        } else {
            gone_of.push(stored(client));
            gone.push(which_number(which));
        }
    }
    if !gone.is_empty() {
        writes.add(DELETE_PAYLOADS, vec![Box::new(gone_of), Box::new(gone)]).await?;
    }
    if put.is_empty() {
        return Ok(());
    }
    let values: Vec<Box<dyn ToSql + Sync + Send>> = vec![
        Box::new(put.iter().map(|(client, ..)| *client).collect::<Vec<_>>()),
        Box::new(put.iter().map(|(_, which, ..)| *which).collect::<Vec<_>>()),
        Box::new(put.iter().map(|(.., payload, _)| payload.media_type.as_ref().to_owned()).collect::<Vec<_>>()),
        Box::new(put.iter().map(|(.., payload, _)| payload.sha256.to_vec()).collect::<Vec<_>>()),
        Box::new(put.iter().map(|(.., payload, _)| payload.modified.ticks()).collect::<Vec<_>>()),
        Box::new(put.iter().map(|(.., payload, _)| payload.modified.form()).collect::<Vec<_>>()),
        Box::new(put.iter().map(|(.., payload, _)| stored(payload.version)).collect::<Vec<_>>()),
        Box::new(put.iter().map(|(.., content)| content.to_vec()).collect::<Vec<_>>()),
    ];
    writes.add(PUT_PAYLOADS, values).await
}
