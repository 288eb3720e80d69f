//! Check-in rows that an administrator wrote: few, replaced whole, in their order. It must never decide who owns them.

use std::sync::Arc;

use odata::edm::DateTimeOffset;
use tokio_postgres::types::Type;
use tokio_postgres::{Error, GenericClient};

use super::{Param, lists, row, texts};
use crate::domain::CheckinStatus;
use crate::ids::TenantId;

/// Removes the rows of a configuration.
pub(super) async fn clear<C: GenericClient + Sync>(tx: &C, tenant: TenantId, configuration: i64) -> Result<(), Error> {
    let sql = "DELETE FROM written_checkins WHERE tenant = $1 AND configuration = $2";
    tx.execute_typed(sql, &[(&tenant.0, Type::UUID), (&configuration, Type::INT8)]).await?;
    Ok(())
}

/// Writes the rows of a configuration that has none.
pub(super) async fn insert<C: GenericClient + Sync>(
    tx: &C,
    tenant: TenantId,
    configuration: i64,
    rows: &[Arc<CheckinStatus>],
) -> Result<(), Error> {
    if rows.is_empty() {
        return Ok(());
    }
    let text = |of: fn(&CheckinStatus) -> Option<&Arc<str>>| -> Vec<_> {
        rows.iter().map(|row| texts::stored_opt(of(row))).collect()
    };
    let ticks: Vec<i64> = rows.iter().map(|row| row.checkin.ticks()).collect();
    let forms: Vec<i32> = rows.iter().map(|row| row.checkin.form()).collect();
    let ok: Vec<bool> = rows.iter().map(|row| row.was_successful).collect();
    let users = text(|row| Some(&row.user_id));
    let names = text(|row| row.user_principal_name.as_ref());
    let devices = text(|row| row.device_name.as_ref());
    let platforms = text(|row| row.device_platform.as_ref());
    let versions = text(|row| row.device_platform_version.as_ref());
    let errors = text(|row| row.error_message.as_ref());
    let applied: Vec<Option<String>> =
        rows.iter().map(|row| row.applied_policies.as_deref().map(lists::json)).collect();
    let sql = "INSERT INTO written_checkins (tenant, configuration, ticks, form, ok, user_id, upn, device_name, platform, version, error,
                   applied, ordinal)
               SELECT $1, $2, n.* FROM unnest($3, $4, $5, $6, $7, $8, $9, $10, $11, $12) WITH ORDINALITY n";
    let params: [Param<'_>; 12] = [
        (&tenant.0, Type::UUID),
        (&configuration, Type::INT8),
        (&ticks, Type::INT8_ARRAY),
        (&forms, Type::INT4_ARRAY),
        (&ok, Type::BOOL_ARRAY),
        (&users, Type::TEXT_ARRAY),
        (&names, Type::TEXT_ARRAY),
        (&devices, Type::TEXT_ARRAY),
        (&platforms, Type::TEXT_ARRAY),
        (&versions, Type::TEXT_ARRAY),
        (&errors, Type::TEXT_ARRAY),
        (&applied, Type::TEXT_ARRAY),
    ];
    tx.execute_typed(sql, &params).await?;
    Ok(())
}

/// The rows of a configuration, in their order.
pub(super) async fn all<C: GenericClient + Sync>(
    tx: &C,
    tenant: TenantId,
    configuration: i64,
) -> Result<Vec<Arc<CheckinStatus>>, Error> {
    let sql =
        "SELECT ticks, form, ok, user_id, upn, device_name, platform, version, error, applied FROM written_checkins
               WHERE tenant = $1 AND configuration = $2 ORDER BY ordinal";
    let rows = tx.query_typed(sql, &[(&tenant.0, Type::UUID), (&configuration, Type::INT8)]).await?;
    let mut all = Vec::with_capacity(rows.len());
    for found in &rows {
        let text = |at: usize| Ok::<_, Error>(found.try_get::<_, Option<&str>>(at)?.map(texts::told));
        let checkin: DateTimeOffset = row::instant(found, 0)?;
        all.push(Arc::new(CheckinStatus {
            checkin,
            was_successful: found.try_get(2)?,
            user_id: texts::told(found.try_get(3)?),
            user_principal_name: text(4)?,
            device_name: text(5)?,
            device_platform: text(6)?,
            device_platform_version: text(7)?,
            error_message: text(8)?,
            applied_policies: row::applied(found, 9)?,
        }));
    }
    Ok(all)
}
