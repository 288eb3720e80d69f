//! Keeps what summaries are read from (R5) in step with the rows: whoever changes the rows of a user says here what they were and what they are.
//! What it comes to is appended and never changed in place, so that no batch waits for another; sums count. It must never read rows.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use tokio_postgres::types::Type;
use tokio_postgres::{Error, GenericClient, Statement};

use super::{Param, Prepares};
use crate::days::{ALL, Seen, last_days, policy_key};
use crate::domain::Summary;
use crate::ids::{ClientConfigurationId, TenantId};
use crate::limits::SUMMARY_DAYS;
use crate::transfer;

/// How many more, or fewer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Difference {
    seen: i64,
    failed: i64,
    rows: i64,
    batches: i64,
}

/// What a batch changes in the counts, by configuration, client configuration and day.
#[derive(Debug, Default)]
pub(super) struct Deltas(BTreeMap<(i64, i64, i32), Difference>);

impl Deltas {
    /// The rows of a user have changed.
    pub(super) fn moved(&mut self, configuration: i64, before: &[Seen], after: &[Seen]) {
        let mut clients = BTreeSet::from([ALL]);
        for seen in before.iter().chain(after) {
            clients.extend(seen.policies.iter());
        }
        for (rows, by) in [(before, -1), (after, 1)] {
            for seen in rows {
                self.at(configuration, ALL, seen.day).rows += by;
            }
            for client in &clients {
                let last = last_days(rows.iter(), *client);
                if let Some(day) = last.seen {
                    self.at(configuration, *client, day).seen += by;
                }
                if let Some(day) = last.failed {
                    self.at(configuration, *client, day).failed += by;
                }
            }
        }
    }

    /// A batch of check-ins was recorded.
    pub(super) fn batch(&mut self, configuration: i64, day: i32) {
        self.at(configuration, ALL, day).batches += 1;
    }

    /// What is counted of a day elsewhere is to be counted here.
    pub(super) fn take(&mut self, configuration: i64, counted: &transfer::Counted) {
        let day = self.at(configuration, counted.client, counted.day);
        day.seen += counted.seen;
        day.failed += counted.failed;
        day.rows += counted.rows;
    }

    fn at(&mut self, configuration: i64, client: i64, day: i32) -> &mut Difference {
        self.0.entry((configuration, client, day)).or_default()
    }

    /// Appends what changed.
    pub(super) async fn write<C: GenericClient + Sync>(&self, tx: &C, tenant: TenantId) -> Result<(), Error> {
        let (mut of, mut clients, mut days) = (Vec::new(), Vec::new(), Vec::new());
        let (mut seen, mut failed, mut rows, mut batches) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for ((configuration, client, day), by) in self.0.iter().filter(|(_, by)| **by != Difference::default()) {
            of.push(*configuration);
            clients.push(*client);
            days.push(*day);
            seen.push(by.seen);
            failed.push(by.failed);
            rows.push(by.rows);
            batches.push(by.batches);
        }
        if of.is_empty() {
            return Ok(());
        }
        let sql = "INSERT INTO checkin_deltas (tenant, configuration, client, day, seen, failed, rows, batches)
                   SELECT $1, n.* FROM unnest($2, $3, $4, $5, $6, $7, $8) n";
        let params: [Param<'_>; 8] = [
            (&tenant.0, Type::UUID),
            (&of, Type::INT8_ARRAY),
            (&clients, Type::INT8_ARRAY),
            (&days, Type::INT4_ARRAY),
            (&seen, Type::INT8_ARRAY),
            (&failed, Type::INT8_ARRAY),
            (&rows, Type::INT8_ARRAY),
            (&batches, Type::INT8_ARRAY),
        ];
        tx.execute_typed(sql, &params).await?;
        Ok(())
    }
}

/// What is counted of the days of a configuration from `first` on.
pub(in crate::postgres) async fn kept_days<C: GenericClient + Sync>(
    tx: &C,
    tenant: TenantId,
    configuration: i64,
    first: i32,
) -> Result<Vec<transfer::Counted>, Error> {
    let sql = "SELECT client, day, sum(seen)::int8, sum(failed)::int8, sum(rows)::int8 FROM checkin_deltas
               WHERE tenant = $1 AND configuration = $2 AND day >= $3 GROUP BY client, day
               HAVING sum(seen) <> 0 OR sum(failed) <> 0 OR sum(rows) <> 0 ORDER BY client, day";
    let params: [Param<'_>; 3] = [(&tenant.0, Type::UUID), (&configuration, Type::INT8), (&first, Type::INT4)];
    let rows = tx.query_typed(sql, &params).await?;
    let read = |row: &tokio_postgres::Row| {
        let (client, day, seen) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
        Ok(transfer::Counted { client, day, seen, failed: row.try_get(3)?, rows: row.try_get(4)? })
    };
    rows.iter().map(read).collect()
}

/// What [`counts`] asks.
pub(in crate::postgres) const COUNTS: &str =
    "SELECT r.configuration, coalesce(d.batches, 0)::int8, coalesce(d.rows, 0)::int8
     FROM checkin_reach r CROSS JOIN LATERAL (
         SELECT sum(d.batches) AS batches, sum(d.rows) FILTER (WHERE d.day > r.newest - $3) AS rows
         FROM checkin_deltas d WHERE d.tenant = $1 AND d.configuration = r.configuration AND d.client = 0) d
     WHERE r.tenant = $1 AND ($2::int8 IS NULL OR r.configuration = $2)";

/// For each configuration that clients checked in to, how many batches were recorded and how many rows are shown.
pub(super) async fn counts<C: GenericClient + Sync>(
    asked: &Statement,
    client: &C,
    tenant: TenantId,
    configuration: Option<i64>,
) -> Result<HashMap<i64, (i64, i64)>, Error> {
    let rows = client.query(asked, &[&tenant.0, &configuration, &window_days()]).await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, (row.try_get(1)?, row.try_get(2)?)))).collect()
}

fn window_days() -> i32 {
    i32::try_from(SUMMARY_DAYS).unwrap_or(i32::MAX)
}

/// What the counts say of the days from `first` to `last`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::postgres) enum Counted {
    /// The summary.
    Summary(Summary),
    /// Some user was seen later, whose earlier days nobody knows: rows have to be counted, from this day on.
    Rows { first: i32 },
}

/// The summary of the days from `first` to `last` as far as the counts tell it.
pub(in crate::postgres) async fn counted<P: Prepares>(
    tx: &P,
    tenant: TenantId,
    configuration: i64,
    client: Option<ClientConfigurationId>,
    (first, last): (i32, i32),
) -> Result<Counted, Error> {
    let client = client.map_or(ALL, |id| policy_key(&id.to_string()));
    let sql = "SELECT r.newest, coalesce(sum(d.seen) FILTER (WHERE d.day <= $5), 0)::int8,
                   coalesce(sum(d.failed) FILTER (WHERE d.day <= $5), 0)::int8,
                   coalesce(sum(d.seen) FILTER (WHERE d.day > $5), 0)::int8
               FROM checkin_reach r LEFT JOIN checkin_deltas d
                   ON d.tenant = $1 AND d.configuration = $2 AND d.client = $3 AND d.day >= $4 AND d.day > r.newest - $6
               WHERE r.tenant = $1 AND r.configuration = $2 GROUP BY r.newest";
    let asked = tx.prepared(sql).await?;
    let row =
        tx.client().query_opt(&asked, &[&tenant.0, &configuration, &client, &first, &last, &window_days()]).await?;
    let Some(row) = row else { return Ok(Counted::Summary(Summary::default())) };
    let (seen, failed, later): (i64, i64, i64) = (row.try_get(1)?, row.try_get(2)?, row.try_get(3)?);
    if later != 0 {
        return Ok(Counted::Rows { first: first.max(crate::rules::first_day_kept(row.try_get(0)?)) });
    }
    let number = |count: i64| i32::try_from(count).unwrap_or(i32::MAX);
    Ok(Counted::Summary(Summary { succeeded: number(seen - failed), failed: number(failed) }))
}

/// Sums up what was appended to some days, and says whether that is all. Who does it at the same time waits, and finds the rest.
pub(super) async fn fold<C: GenericClient + Sync>(tx: &C, tenant: TenantId, most: i64) -> Result<bool, Error> {
    let sql = "SELECT configuration, client, day FROM checkin_deltas WHERE tenant = $1
               GROUP BY configuration, client, day HAVING count(*) > 1 ORDER BY 1, 2, 3 LIMIT $2";
    let (mut of, mut clients, mut days): (Vec<i64>, Vec<i64>, Vec<i32>) = (Vec::new(), Vec::new(), Vec::new());
    for row in tx.query_typed(sql, &[(&tenant.0, Type::UUID), (&most, Type::INT8)]).await? {
        of.push(row.try_get(0)?);
        clients.push(row.try_get(1)?);
        days.push(row.try_get(2)?);
    }
    if of.is_empty() {
        return Ok(true);
    }
    let sql = "WITH gone AS (
                   DELETE FROM checkin_deltas d USING unnest($2, $3, $4) w (configuration, client, day)
                   WHERE d.tenant = $1 AND d.configuration = w.configuration AND d.client = w.client AND d.day = w.day
                   RETURNING d.configuration, d.client, d.day, d.seen, d.failed, d.rows, d.batches)
               INSERT INTO checkin_deltas (tenant, configuration, client, day, seen, failed, rows, batches)
               SELECT $1, configuration, client, day, sum(seen), sum(failed), sum(rows), sum(batches) FROM gone
               GROUP BY configuration, client, day
               HAVING sum(seen) <> 0 OR sum(failed) <> 0 OR sum(rows) <> 0 OR sum(batches) <> 0";
    let params: [Param<'_>; 4] =
        [(&tenant.0, Type::UUID), (&of, Type::INT8_ARRAY), (&clients, Type::INT8_ARRAY), (&days, Type::INT4_ARRAY)];
    tx.execute_typed(sql, &params).await?;
    Ok(i64::try_from(of.len()).is_ok_and(|folded| folded < most))
}
