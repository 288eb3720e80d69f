//! Writes what changes with each check-in, of rows that a batch has made anew and of those that are only touched: one statement, sorted by key, so that
//! two batches do not wait for each other in a ring. It must never decide what becomes of a row.

use std::collections::HashSet;

use tokio_postgres::types::Type;
use tokio_postgres::{Error, GenericClient};
use uuid::Uuid;

use super::Param;
use super::row::Row;
use super::touch::Touch;
use crate::ids::TenantId;

/// A row to be written.
#[derive(Debug, Clone, Copy)]
pub(super) struct Hot {
    of: i64,
    key: i64,
    ticks: i64,
    form: i32,
    /// `None` where it is only touched.
    ok: Option<bool>,
    pub(super) list: Option<Uuid>,
    told: Option<i64>,
    outcome: Option<i64>,
    /// Of the touches, which one.
    touch: Option<i64>,
}

impl Hot {
    /// A row as it is from now on.
    pub(super) fn of(configuration: i64, key: i64, row: &Row) -> Self {
        let at = row.status.checkin;
        Self {
            of: configuration,
            key,
            ticks: at.ticks(),
            form: at.form(),
            ok: Some(row.status.was_successful),
            list: row.list,
            told: row.told,
            outcome: row.outcome(),
            touch: None,
        }
    }

    pub(super) fn touch(&self) -> Option<i64> {
        self.touch
    }

    /// A row that is touched, if it still is as it was said.
    pub(super) fn touched(configuration: i64, key: i64, nth: i64, touch: Touch) -> Self {
        Self {
            of: configuration,
            key,
            ticks: touch.ticks,
            form: touch.form,
            ok: None,
            list: None,
            told: Some(touch.told),
            outcome: touch.outcome,
            touch: Some(nth),
        }
    }
}

/// Adds rows.
pub(super) async fn insert<C: GenericClient + Sync>(tx: &C, tenant: TenantId, rows: &[Hot]) -> Result<(), Error> {
    let sql = "INSERT INTO checkins (tenant, configuration, key, ticks, form, ok, applied, told, outcome)
               SELECT $1, n.configuration, n.key, n.ticks, n.form, n.ok, n.applied, n.told, n.outcome
               FROM unnest($2, $3, $4, $5, $6, $7, $8, $9, $10)
                   n (configuration, key, ticks, form, ok, applied, told, outcome, touch)";
    write(tx, tenant, rows, sql).await.map(drop)
}

/// Changes rows, and says which touches found a row that was as it was said.
pub(super) async fn update<C: GenericClient + Sync>(
    tx: &C,
    tenant: TenantId,
    rows: &mut [Hot],
) -> Result<HashSet<i64>, Error> {
    rows.sort_unstable_by_key(|row| (row.of, row.key));
    let sql = "UPDATE checkins h SET ticks = n.ticks, form = n.form,
                   ok = CASE WHEN n.touch IS NULL THEN n.ok ELSE h.ok END,
                   applied = CASE WHEN n.touch IS NULL THEN n.applied ELSE h.applied END,
                   told = CASE WHEN n.touch IS NULL THEN n.told ELSE h.told END,
                   outcome = CASE WHEN n.touch IS NULL THEN n.outcome ELSE h.outcome END
               FROM unnest($2, $3, $4, $5, $6, $7, $8, $9, $10)
                   n (configuration, key, ticks, form, ok, applied, told, outcome, touch)
               WHERE h.tenant = $1 AND h.configuration = n.configuration AND h.key = n.key
                   AND (n.touch IS NULL OR h.told = n.told AND (n.outcome IS NULL OR h.outcome = n.outcome)
                       AND h.ticks / 864000000000 = n.ticks / 864000000000)
               RETURNING n.touch";
    let rows = write(tx, tenant, rows, sql).await?;
    let mut touched = HashSet::with_capacity(rows.len());
    for row in &rows {
        touched.extend(row.try_get::<_, Option<i64>>(0)?);
    }
    Ok(touched)
}

async fn write<C: GenericClient + Sync>(
    tx: &C,
    tenant: TenantId,
    rows: &[Hot],
    sql: &str,
) -> Result<Vec<tokio_postgres::Row>, Error> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let of: Vec<i64> = rows.iter().map(|row| row.of).collect();
    let keys: Vec<i64> = rows.iter().map(|row| row.key).collect();
    let ticks: Vec<i64> = rows.iter().map(|row| row.ticks).collect();
    let forms: Vec<i32> = rows.iter().map(|row| row.form).collect();
    let ok: Vec<Option<bool>> = rows.iter().map(|row| row.ok).collect();
    let lists: Vec<Option<Uuid>> = rows.iter().map(|row| row.list).collect();
    let told: Vec<Option<i64>> = rows.iter().map(|row| row.told).collect();
    let outcomes: Vec<Option<i64>> = rows.iter().map(|row| row.outcome).collect();
    let touches: Vec<Option<i64>> = rows.iter().map(|row| row.touch).collect();
    let params: [Param<'_>; 10] = [
        (&tenant.0, Type::UUID),
        (&of, Type::INT8_ARRAY),
        (&keys, Type::INT8_ARRAY),
        (&ticks, Type::INT8_ARRAY),
        (&forms, Type::INT4_ARRAY),
        (&ok, Type::BOOL_ARRAY),
        (&lists, Type::UUID_ARRAY),
        (&told, Type::INT8_ARRAY),
        (&outcomes, Type::INT8_ARRAY),
        (&touches, Type::INT8_ARRAY),
    ];
    tx.query_typed(sql, &params).await
}
