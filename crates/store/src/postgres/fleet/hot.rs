//! Writes what changes with each check-in, of rows that a batch has made anew and of those that are only touched: one statement, sorted by key, so that
//! two batches do not wait for each other in a ring. It must never decide what becomes of a row.

use std::collections::{HashMap, HashSet};

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
    /// Of no account where it is only touched.
    ok: bool,
    /// [`TOUCHED`] where it is only touched.
    list: Option<Uuid>,
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
            ok: row.status.was_successful,
            list: row.list,
            told: row.told,
            outcome: row.outcome(),
            touch: None,
        }
    }

    pub(super) fn touch(&self) -> Option<i64> {
        self.touch
    }

    /// The list that it has from now on.
    pub(super) fn list(&self) -> Option<Uuid> {
        self.list.filter(|list| *list != TOUCHED)
    }

    /// A row that is touched, if it still is as it was said.
    pub(super) fn touched(configuration: i64, key: i64, nth: i64, touch: Touch) -> Self {
        Self {
            of: configuration,
            key,
            ticks: touch.ticks,
            form: touch.form,
            ok: false,
            list: Some(TOUCHED),
            told: Some(touch.told),
            outcome: touch.outcome,
            touch: Some(nth),
        }
    }
}

/// Adds rows.
pub(super) async fn insert<C: GenericClient + Sync>(tx: &C, tenant: TenantId, rows: &[Hot]) -> Result<(), Error> {
    let sql = "INSERT INTO checkins (tenant, configuration, key, ticks, form, ok, applied, told, outcome)
               SELECT $1, n.* FROM unnest($2, $3, $4, $5, $6, $7, $8, $9) n";
    write(tx, tenant, rows, sql, None).await.map(drop)
}

/// Changes rows, and says which touches found a row that was as it was said. PostgreSQL finds the rows of an upsert by their key whatever it knows of
/// the table, which it does not those of an `UPDATE` that is joined with something. What upserts add was not there, and is not wanted: it is known
/// by a form below 0, which no instant has. Touches are known by a list that no row has.
pub(super) async fn update<C: GenericClient + Sync>(
    tx: &C,
    tenant: TenantId,
    rows: &mut [Hot],
) -> Result<HashSet<i64>, Error> {
    rows.sort_unstable_by_key(|row| (row.of, row.key));
    let sql = "INSERT INTO checkins AS h (tenant, configuration, key, ticks, form, ok, applied, told, outcome)
               SELECT $1, n.configuration, n.key, n.ticks, -n.form, n.ok, n.applied, n.told, n.outcome
               FROM unnest($2, $3, $4, $5, $6, $7, $8, $9) n (configuration, key, ticks, form, ok, applied, told, outcome)
               ON CONFLICT (tenant, configuration, key) DO UPDATE SET ticks = excluded.ticks, form = -excluded.form,
                   ok = CASE WHEN excluded.applied = $10 THEN h.ok ELSE excluded.ok END,
                   applied = CASE WHEN excluded.applied = $10 THEN h.applied ELSE excluded.applied END,
                   told = CASE WHEN excluded.applied = $10 THEN h.told ELSE excluded.told END,
                   outcome = CASE WHEN excluded.applied = $10 THEN h.outcome ELSE excluded.outcome END
               WHERE excluded.applied IS DISTINCT FROM $10 OR h.told = excluded.told
                   AND (excluded.outcome IS NULL OR h.outcome = excluded.outcome)
                   AND h.ticks / 864000000000 = excluded.ticks / 864000000000
               RETURNING configuration, key, form < 0";
    let touches: HashMap<(i64, i64), i64> =
        rows.iter().filter_map(|row| Some(((row.of, row.key), row.touch?))).collect();
    let (mut touched, mut added) = (HashSet::with_capacity(touches.len()), Vec::new());
    for row in write(tx, tenant, rows, sql, Some((&TOUCHED, Type::UUID))).await? {
        let place = (row.try_get(0)?, row.try_get(1)?);
        if row.try_get(2)? {
            added.push(place);
        } else {
            touched.extend(touches.get(&place));
        }
    }
    super::write::remove_from(tx, tenant, &["checkins"], &added).await?;
    Ok(touched)
}

/// Stands for the list of a row that is only touched.
const TOUCHED: Uuid = Uuid::nil();

async fn write<C: GenericClient + Sync>(
    tx: &C,
    tenant: TenantId,
    rows: &[Hot],
    sql: &str,
    besides: Option<Param<'_>>,
) -> Result<Vec<tokio_postgres::Row>, Error> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let of: Vec<i64> = rows.iter().map(|row| row.of).collect();
    let keys: Vec<i64> = rows.iter().map(|row| row.key).collect();
    let ticks: Vec<i64> = rows.iter().map(|row| row.ticks).collect();
    let forms: Vec<i32> = rows.iter().map(|row| row.form).collect();
    let ok: Vec<bool> = rows.iter().map(|row| row.ok).collect();
    let lists: Vec<Option<Uuid>> = rows.iter().map(|row| row.list).collect();
    let told: Vec<Option<i64>> = rows.iter().map(|row| row.told).collect();
    let outcomes: Vec<Option<i64>> = rows.iter().map(|row| row.outcome).collect();
    let mut params: Vec<Param<'_>> = vec![
        (&tenant.0, Type::UUID),
        (&of, Type::INT8_ARRAY),
        (&keys, Type::INT8_ARRAY),
        (&ticks, Type::INT8_ARRAY),
        (&forms, Type::INT4_ARRAY),
        (&ok, Type::BOOL_ARRAY),
        (&lists, Type::UUID_ARRAY),
        (&told, Type::INT8_ARRAY),
        (&outcomes, Type::INT8_ARRAY),
    ];
    params.extend(besides);
    tx.query_typed(sql, &params).await
}
