//! Reads a tenant's control plane into a snapshot. The transaction must show one state: a read does, and one that has locked the tenant's version.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::try_join_all;
use tokio_postgres::Row;

use super::columns::{instant, kind, number, stamp, stored, target, text, which, which_number};
use super::failure::{Failure, OutOfRange};
use super::tx::Tx;
use crate::clients::Clients;
use crate::domain::{
    Assignment, ClientConfiguration, OfficeConfiguration, Payload, PayloadContent, PayloadKind, Summary,
};
use crate::ids::{AssignmentId, ClientConfigurationId, ConfigurationId, TenantId, default_configuration_id};
use crate::limits::MAX_INLINE_PAYLOAD;
use crate::snapshot::TenantSnapshot;

const TENANT: &str = "SELECT next_seq FROM tenants WHERE tenant = $1";
const CONFIGURATIONS: &str =
    "SELECT seq, id, created_ticks, created_form, modified_ticks, modified_form, version, summary_succeeded,
            summary_failed, recorded, status_version, status_count
     FROM configurations WHERE tenant = $1 ORDER BY seq";
const CLIENTS: &str =
    "SELECT configuration, seq, id, kind, display_name, description, priority, created_ticks, created_form,
            modified_ticks, modified_form, version
     FROM client_configurations WHERE tenant = $1 ORDER BY seq";
const ASSIGNMENTS: &str =
    "SELECT client, id, target, group_id, created_ticks, created_form, modified_ticks, modified_form, version, seq
     FROM assignments WHERE tenant = $1 ORDER BY client, seq";
/// The number is [`MAX_INLINE_PAYLOAD`].
const PAYLOADS: &str =
    "SELECT client, which, media_type, sha256, modified_ticks, modified_form, version, length(content)::bigint,
            CASE WHEN length(content) <= 65536 THEN content END
     FROM payloads WHERE tenant = $1";
const _: () = assert!(MAX_INLINE_PAYLOAD == 65_536, "as the statement above has it");

/// A tenant at a version as the database has it, without what clients' check-ins add to it.
pub(super) async fn snapshot(tx: &Tx, tenant: TenantId, version: u64) -> Result<TenantSnapshot, Failure> {
    let mut statements = Vec::with_capacity(5);
    for sql in [TENANT, CONFIGURATIONS, CLIENTS, ASSIGNMENTS, PAYLOADS] {
        statements.push(tx.prepared(sql).await?);
    }
    let values: [&(dyn tokio_postgres::types::ToSql + Sync); 1] = [&tenant.0];
    let read = try_join_all(statements.iter().map(|statement| tx.query(statement, &values))).await?;
    let [numbers, configurations, clients, assignments, payloads] = &read[..] else { return Err(OutOfRange.into()) };
    let next_seq = numbers.first().map_or(Ok(1), |row| number(row, 0))?;
    let mut clients = read_clients(clients, read_assignments(assignments)?, read_payloads(payloads)?)?;
    let default_id = default_configuration_id(tenant);
    let mut all = Vec::with_capacity(configurations.len());
    for row in configurations {
        let seq = number(row, 0)?;
        let id = ConfigurationId(row.try_get(1)?);
        let summary: (Option<i32>, Option<i32>) = (row.try_get(7)?, row.try_get(8)?);
        all.push(Arc::new(OfficeConfiguration {
            id,
            seq,
            stamp: stamp(row, 2)?,
            is_default: id == default_id,
            written_summary: summary.0.zip(summary.1).map(|(succeeded, failed)| Summary { succeeded, failed }),
            has_checkins_from_clients: row.try_get(9)?,
            status_version: number(row, 10)?,
            status_count: number(row, 11)?,
            clients: clients.remove(&seq).unwrap_or_default(),
        }));
    }
    Ok(TenantSnapshot::restored(tenant, version, next_seq, all))
}

type Assignments = HashMap<u64, imbl::Vector<Arc<Assignment>>>;
type Payloads = HashMap<(u64, PayloadKind), Arc<Payload>>;

/// The client configurations by their owners' `seq`.
fn read_clients(
    rows: &[Row],
    mut assignments: Assignments,
    mut payloads: Payloads,
) -> Result<HashMap<u64, Clients>, Failure> {
    let mut owners: HashMap<u64, Clients> = HashMap::new();
    for row in rows {
        let seq = number(row, 1)?;
        let client = ClientConfiguration {
            id: ClientConfigurationId(row.try_get(2)?),
            seq,
            kind: kind(row, 3)?,
            display_name: text(row, 4)?,
            description: text(row, 5)?,
            priority: row.try_get(6)?,
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
fn read_assignments(rows: &[Row]) -> Result<Assignments, Failure> {
    let mut of_clients = Assignments::new();
    for row in rows {
        let assignment = Assignment {
            id: AssignmentId(row.try_get(1)?),
            seq: number(row, 9)?,
            target: target(row, 2)?,
            stamp: stamp(row, 4)?,
        };
        of_clients.entry(number(row, 0)?).or_default().push_back(Arc::new(assignment));
    }
    Ok(of_clients)
}

fn read_payloads(rows: &[Row]) -> Result<Payloads, Failure> {
    let mut payloads = Payloads::new();
    for row in rows {
        let content: Option<&[u8]> = row.try_get(8)?;
        let content =
            content.map_or(PayloadContent::Stored, |bytes| PayloadContent::Inline(Bytes::copy_from_slice(bytes)));
        let payload = Payload {
            media_type: text(row, 2)?.unwrap_or_default(),
            sha256: sha256(row, 3)?,
            modified: instant(row, 4)?,
            version: number(row, 6)?,
            len: number(row, 7)?,
            content,
        };
        payloads.insert((number(row, 0)?, which(row, 1)?), Arc::new(payload));
    }
    Ok(payloads)
}

fn sha256(row: &Row, at: usize) -> Result<[u8; 32], Failure> {
    Ok(row.try_get::<_, &[u8]>(at)?.try_into().map_err(|_| OutOfRange)?)
}

/// One payload with its bytes, whatever their size.
pub(super) async fn payload(
    tx: &Tx,
    tenant: TenantId,
    client: u64,
    which: PayloadKind,
) -> Result<Option<(Payload, Bytes)>, Failure> {
    let statement = tx
        .prepared(
            "SELECT media_type, sha256, modified_ticks, modified_form, version, content
             FROM payloads WHERE tenant = $1 AND client = $2 AND which = $3",
        )
        .await?;
    let Some(row) = tx.query_opt(&statement, &[&tenant.0, &stored(client), &which_number(which)]).await? else {
        return Ok(None);
    };
    let content = Bytes::from(row.try_get::<_, Vec<u8>>(5)?);
    let len = content.len();
    let payload = Payload {
        media_type: text(&row, 0)?.unwrap_or_default(),
        sha256: sha256(&row, 1)?,
        modified: instant(&row, 2)?,
        version: number(&row, 4)?,
        len: len as u64,
        content: if len <= MAX_INLINE_PAYLOAD {
            PayloadContent::Inline(content.clone())
        } else {
            PayloadContent::Stored
        },
    };
    Ok(Some((payload, content)))
}
