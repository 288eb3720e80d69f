//! Removes what nobody sees any more, some of it with each call and beside the batches of any server: rows of removed configurations, and rows that
//! have become too old. Folds what batches appended to the counts. Counts stay those of the rows that are there.

use std::collections::BTreeSet;

use tokio_postgres::types::Type;
use tokio_postgres::{Error, GenericClient};

use super::batch::Batch;
use super::deltas::{self, Deltas};
use super::lists::Lists;
use super::row::Of;
use super::{Param, users};
use crate::days::first_tick;
use crate::ids::TenantId;
use crate::limits::{DOOMED_KEPT_S, TIDIED_AT_ONCE};
use crate::rules;

/// Tables with rows of a configuration, each with what its primary key has besides.
const OF_CONFIGURATION: [(&str, &str); 6] = [
    ("written_checkins", "ordinal"),
    ("checkins", "key"),
    ("checkin_texts", "key"),
    ("checkin_users", "user_key"),
    ("checkin_deltas", "client, day, id"),
    ("checkin_reach", "configuration"),
];

/// Leaves the rows of a removed configuration to [`tidy`]. Its `seq` is never used again, so nobody sees them.
pub(super) async fn doom<C: GenericClient + Sync>(tx: &C, tenant: TenantId, configuration: i64) -> Result<(), Error> {
    let of: [Param<'_>; 2] = [(&tenant.0, Type::UUID), (&configuration, Type::INT8)];
    let doom = "INSERT INTO doomed_checkins (tenant, configuration) VALUES ($1, $2) ON CONFLICT DO NOTHING";
    tx.execute_typed(doom, &of).await?;
    tx.execute_typed("DELETE FROM checkin_reach WHERE tenant = $1 AND configuration = $2", &of).await?;
    Ok(())
}

/// Does some of what is to be tidied, and says whether there is more.
pub(crate) async fn tidy<C: GenericClient + Sync>(tx: &C, tenant: TenantId) -> Result<bool, Error> {
    // What is old goes first: a batch locks users before it appends, and so does this.
    let has_old = remove_old(tx, tenant).await?;
    let has_doomed = remove_doomed(tx, tenant).await?;
    let is_folded = deltas::fold(tx, tenant, TIDIED_AT_ONCE).await?;
    Ok(has_old || has_doomed || !is_folded)
}

/// Removes some rows that are too old; false when nothing is left.
async fn remove_old<C: GenericClient + Sync>(tx: &C, tenant: TenantId) -> Result<bool, Error> {
    let sql = "SELECT configuration, newest FROM checkin_reach WHERE tenant = $1 ORDER BY configuration";
    for reach in tx.query_typed(sql, &[(&tenant.0, Type::UUID)]).await? {
        let (configuration, newest): (i64, i32) = (reach.try_get(0)?, reach.try_get(1)?);
        let before = first_tick(rules::first_day_kept(newest).into());
        let sql = "SELECT c.user_key FROM (
                       SELECT key FROM checkins WHERE tenant = $1 AND configuration = $2 AND ticks < $3 ORDER BY ticks LIMIT $4) h
                   CROSS JOIN LATERAL (
                       SELECT c.user_key FROM checkin_texts c WHERE c.tenant = $1 AND c.configuration = $2
                           AND c.key >= h.key AND c.key <= h.key ORDER BY c.key OFFSET 0) c";
        let params: [Param<'_>; 4] = [
            (&tenant.0, Type::UUID),
            (&configuration, Type::INT8),
            (&before, Type::INT8),
            (&TIDIED_AT_ONCE, Type::INT8),
        ];
        let found = tx.query_typed(sql, &params).await?;
        if found.is_empty() {
            continue;
        }
        let of: BTreeSet<Of> =
            found.iter().map(|row| Ok((configuration, row.try_get(0)?))).collect::<Result<_, Error>>()?;
        // The users' rows are read anew behind their locks, and what is too old by then goes.
        let (lists, counts) = (Lists::default(), Deltas::default());
        let rows = Batch::open(tx, tenant, &[configuration], &of, lists, counts).await?;
        let closed = rows.close(tx, tenant, std::iter::empty()).await?;
        users::forget(tx, tenant, &closed.empty).await?;
        return Ok(true);
    }
    Ok(false)
}

/// Removes some rows of removed configurations; false when nothing is left but to look again later.
async fn remove_doomed<C: GenericClient + Sync>(tx: &C, tenant: TenantId) -> Result<bool, Error> {
    let sql = "SELECT configuration, since < now() - make_interval(secs => $2) FROM doomed_checkins
               WHERE tenant = $1 ORDER BY configuration";
    for doomed in tx.query_typed(sql, &[(&tenant.0, Type::UUID), (&DOOMED_KEPT_S, Type::FLOAT8)]).await? {
        let (configuration, is_over): (i64, bool) = (doomed.try_get(0)?, doomed.try_get(1)?);
        let params: [Param<'_>; 3] =
            [(&tenant.0, Type::UUID), (&configuration, Type::INT8), (&TIDIED_AT_ONCE, Type::INT8)];
        let mut removed = 0;
        for (table, key) in OF_CONFIGURATION {
            let sql = format!(
                "DELETE FROM {table} WHERE tenant = $1 AND configuration = $2 AND ({key}) IN (
                     SELECT {key} FROM {table} WHERE tenant = $1 AND configuration = $2 ORDER BY {key} LIMIT $3)"
            );
            removed += tx.execute_typed(&sql, &params).await?;
        }
        if removed > 0 {
            return Ok(true);
        }
        if is_over {
            let sql = "DELETE FROM doomed_checkins WHERE tenant = $1 AND configuration = $2";
            tx.execute_typed(sql, &params[..2]).await?;
        }
    }
    Ok(false)
}
