//! Check-in rows in PostgreSQL: what clients' check-ins and administrators make of them (ruling R4), and how rows become old (retention). Any number of
//! servers does it at the same time; whose rows they are was decided before. Every call runs in an open transaction (READ COMMITTED where it
//! writes) whose tenant is set, and names the tenant besides. It must never begin or end a transaction.

mod arrive;
mod batch;
mod deltas;
mod hot;
mod keys;
mod lists;
mod reach;
mod row;
#[cfg(test)]
mod tests;
mod texts;
mod tidy;
mod touch;
mod users;
mod write;
mod written;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Error, GenericClient, Statement};

use crate::domain::{Checkin, CheckinStatus};
use crate::ids::TenantId;
use crate::postgres::connect::Prepares;
use crate::rules::{DataEffect, IdentityKey};
use crate::snapshot::TenantSnapshot;
pub(crate) use arrive::{Numbers, insert_rows, insert_written, open};
use batch::{Batch, user_of};
use deltas::Deltas;
pub(super) use deltas::{COUNTS, Counted, counted, kept_days};
use hot::Hot;
use lists::Lists;
pub(super) use reach::newest;
pub(super) use row::{COLUMNS, WIDTH, applied, status};
pub(super) use texts::{FIRST_PLAIN, above, parts, stored};
pub(crate) use tidy::tidy;
use touch::Touches;

/// A parameter with its type: statements are planned with their values, and need no preparation. Those that look many rows up ask for each in a
/// `LATERAL` query of its own (`OFFSET 0` keeps it one), which is answered from an index whatever PostgreSQL knows of the table: one that was not
/// analysed yet, or knows other tenants only, would be read whole for each batch. An order that only one index has, and an identity or a key between
/// itself and itself, say which one, where sorting is not an option; rows are changed by upserts, whose conflict names it.
pub(super) type Param<'p> = (&'p (dyn ToSql + Sync), Type);

/// A number for the database. Sequences grow by one and stay far below 2^63.
pub(super) fn number(seq: u64) -> i64 {
    seq.cast_signed()
}

/// Does what check-ins do to their rows, in order. The configurations, by their `seq`, are there and their rows are the clients'.
pub(crate) async fn record<C: GenericClient + Sync>(
    tx: &C,
    tenant: TenantId,
    batch: &[(u64, &Checkin)],
) -> Result<(), Error> {
    let mut counts = Deltas::default();
    let days: BTreeMap<i64, i32> = batch.iter().map(|(of, checkin)| (number(*of), checkin.at.unix_day())).collect();
    for (of, day) in days {
        counts.batch(of, day);
    }
    let mut lists = Lists::default();
    let mut touches = Touches::of(batch, &mut lists);
    let rows = touches.find(tx, tenant).await?;
    let touched = check_in(tx, tenant, &touches, lists, counts, rows.iter().map(|(_, row)| *row)).await?;
    // Another server changed a row meanwhile. Saying once more what its user says here changes nothing that was done already.
    let missed = touches.missed(&rows, &touched);
    if !missed.others().is_empty() {
        check_in(tx, tenant, &missed, Lists::default(), Deltas::default(), std::iter::empty()).await?;
    }
    Ok(())
}

/// Does what check-ins of users do that have to be locked, and touches rows of others; gives the touches that found their row as it was said.
async fn check_in<C: GenericClient + Sync>(
    tx: &C,
    tenant: TenantId,
    touches: &Touches<'_>,
    lists: Lists,
    counts: Deltas,
    touched: impl Iterator<Item = Hot>,
) -> Result<HashSet<i64>, Error> {
    let mut configurations: Vec<i64> = touches.others().iter().map(|(of, _)| *of).collect();
    configurations.dedup();
    let mut rows = Batch::open(tx, tenant, &configurations, touches.others(), lists, counts).await?;
    for ((of, _), checkin) in touches.of_others() {
        rows.check_in(*of, checkin);
    }
    Ok(rows.close(tx, tenant, touched).await?.touched)
}

/// By `seq`, of each configuration that clients checked in to: how many batches were recorded, and how many rows are shown.
pub(crate) async fn counts<P: Prepares>(tx: &P, tenant: TenantId) -> Result<HashMap<u64, (u64, u64)>, Error> {
    counts_by(&tx.prepared(COUNTS).await?, tx.client(), tenant).await
}

/// The same by [`COUNTS`], prepared.
pub(super) async fn counts_by<C: GenericClient + Sync>(
    asked: &Statement,
    client: &C,
    tenant: TenantId,
) -> Result<HashMap<u64, (u64, u64)>, Error> {
    let counts = deltas::counts(asked, client, tenant, None).await?;
    let unsigned = |number: i64| u64::try_from(number).unwrap_or(0);
    Ok(counts.into_iter().map(|(of, (batches, rows))| (unsigned(of), (unsigned(batches), unsigned(rows)))).collect())
}

/// How many rows of a configuration are shown.
pub(super) async fn count<P: Prepares>(tx: &P, tenant: TenantId, configuration: i64) -> Result<u64, Error> {
    let asked = tx.prepared(COUNTS).await?;
    let counts = deltas::counts(&asked, tx.client(), tenant, Some(configuration)).await?;
    Ok(counts.get(&configuration).map_or(0, |(_, rows)| u64::try_from(*rows).unwrap_or(0)))
}

/// The rows of a configuration as an administrator wrote them.
pub(crate) async fn written_rows<C: GenericClient + Sync>(
    tx: &C,
    tenant: TenantId,
    seq: u64,
) -> Result<Vec<Arc<CheckinStatus>>, Error> {
    written::all(tx, tenant, number(seq)).await
}

/// Writes what a commit left to be done with check-in rows, and completes `next`. Anything else is not for here.
pub(crate) async fn apply<P: Prepares>(
    on: &P,
    tenant: TenantId,
    next: &mut TenantSnapshot,
    effect: DataEffect,
) -> Result<(), Error> {
    let tx = on.client();
    match effect {
        DataEffect::ReplaceRows { configuration, had, rows } => {
            if had > 0 {
                written::clear(tx, tenant, number(configuration)).await?;
            }
            written::insert(tx, tenant, number(configuration), &rows).await
        }
        DataEffect::RecordRows { configuration, rekey, day, rows } => {
            let of = number(configuration);
            let mut all = Vec::new();
            if rekey {
                all = written::all(tx, tenant, of).await?;
                written::clear(tx, tenant, of).await?;
            }
            all.extend(rows);
            let users = all.iter().map(|row| user_of(of, &IdentityKey::of(row))).collect();
            let mut batch = Batch::open(tx, tenant, &[of], &users, Lists::default(), Deltas::default()).await?;
            batch.reach(of, day);
            for row in &all {
                batch.record(of, row);
            }
            batch.close(tx, tenant, std::iter::empty()).await?;
            next.set_status_count(configuration, count(on, tenant, of).await?);
            Ok(())
        }
        DataEffect::DeleteConfiguration { configuration, recorded, .. } => {
            if recorded {
                tidy::doom(tx, tenant, number(configuration)).await?;
            }
            written::clear(tx, tenant, number(configuration)).await
        }
        DataEffect::DeleteClient { .. } | DataEffect::PutPayload { .. } | DataEffect::DeletePayload { .. } => Ok(()),
    }
}
