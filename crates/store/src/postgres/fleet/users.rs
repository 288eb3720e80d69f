//! Locks users, so that whoever changes a user's rows has read all of them and nobody else changes them meanwhile: with any number of servers, what
//! is counted of a user is exact. Always in one order, so that two never wait for each other. The transaction must be READ COMMITTED: what is read
//! behind a lock has to be what was written before it.

use std::collections::BTreeSet;

use tokio_postgres::types::Type;
use tokio_postgres::{Error, GenericClient};
use uuid::Uuid;

use super::Param;
use super::row::{self, Of, Row};
use crate::ids::TenantId;

/// Locks users, making them known where they are not, and gives all their rows.
pub(super) async fn lock<C: GenericClient + Sync>(
    tx: &C,
    tenant: TenantId,
    users: &BTreeSet<Of>,
) -> Result<Vec<(Of, Row)>, Error> {
    let mut all = Vec::new();
    let mut missing = users.clone();
    while !missing.is_empty() {
        let (configurations, digests): (Vec<i64>, Vec<Uuid>) = missing.iter().copied().unzip();
        let of = (&configurations[..], &digests[..]);
        // Both are sent at once; the rows are looked for when the locks are there.
        let (locked, rows) =
            futures_util::future::try_join(lock_known(tx, tenant, of), row::of_users(tx, tenant, of)).await?;
        all.extend(rows.into_iter().filter(|(of, _)| locked.contains(of)));
        missing.retain(|of| !locked.contains(of));
        // The first check-in of a user; or a sweep has just removed it.
        make_known(tx, tenant, &missing).await?;
    }
    Ok(all)
}

/// Locks those that are known, and says which they are.
async fn lock_known<C: GenericClient + Sync>(
    tx: &C,
    tenant: TenantId,
    (configurations, users): (&[i64], &[Uuid]),
) -> Result<BTreeSet<Of>, Error> {
    let sql = "SELECT u.configuration, u.user_key
               FROM (SELECT * FROM unnest($2, $3) w (configuration, user_key) ORDER BY 1, 2) w
               CROSS JOIN LATERAL (
                   SELECT u.configuration, u.user_key FROM checkin_users u
                   WHERE u.tenant = $1 AND u.configuration = w.configuration AND u.user_key = w.user_key FOR UPDATE) u";
    let params: [Param<'_>; 3] =
        [(&tenant.0, Type::UUID), (&configurations, Type::INT8_ARRAY), (&users, Type::UUID_ARRAY)];
    let rows = tx.query_typed(sql, &params).await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
}

/// Makes users known that are not yet.
pub(super) async fn make_known<C: GenericClient + Sync>(
    tx: &C,
    tenant: TenantId,
    users: &BTreeSet<Of>,
) -> Result<(), Error> {
    if users.is_empty() {
        return Ok(());
    }
    let (configurations, users): (Vec<i64>, Vec<Uuid>) = users.iter().copied().unzip();
    let sql = "INSERT INTO checkin_users (tenant, configuration, user_key)
               SELECT $1, w.* FROM unnest($2, $3) w (configuration, user_key) ORDER BY 2, 3
               ON CONFLICT DO NOTHING";
    let params: [Param<'_>; 3] =
        [(&tenant.0, Type::UUID), (&configurations, Type::INT8_ARRAY), (&users, Type::UUID_ARRAY)];
    tx.execute_typed(sql, &params).await?;
    Ok(())
}

/// Forgets locked users that have no rows any more. Who waits for one makes it known again.
pub(super) async fn forget<C: GenericClient + Sync>(
    tx: &C,
    tenant: TenantId,
    users: &BTreeSet<Of>,
) -> Result<(), Error> {
    if users.is_empty() {
        return Ok(());
    }
    let (configurations, users): (Vec<i64>, Vec<Uuid>) = users.iter().copied().unzip();
    let sql = "DELETE FROM checkin_users u USING unnest($2, $3) w (configuration, user_key)
               WHERE u.tenant = $1 AND u.configuration = w.configuration AND u.user_key = w.user_key";
    let params: [Param<'_>; 3] =
        [(&tenant.0, Type::UUID), (&configurations, Type::INT8_ARRAY), (&users, Type::UUID_ARRAY)];
    tx.execute_typed(sql, &params).await?;
    Ok(())
}
