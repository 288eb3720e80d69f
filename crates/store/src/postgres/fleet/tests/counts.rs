//! Counts the rows of a tenant anew, and compares what the tables keep.

use std::collections::BTreeMap;

use tokio_postgres::Transaction;
use uuid::Uuid;

use crate::days::{ALL, Seen, last_days, policies};
use crate::ids::TenantId;
use crate::postgres::fleet::{lists, row};

type Days = BTreeMap<(i64, i64, i32), (i64, i64, i64)>;

/// What the rows come to: users last seen on a day, users whose last failing device was seen on it, rows.
async fn recounted(tx: &Transaction<'_>, tenant: TenantId) -> Days {
    let sql = "SELECT h.configuration, c.user_key, h.ticks, h.form, h.ok, l.list FROM checkins h
               JOIN checkin_texts c USING (tenant, configuration, key)
               LEFT JOIN checkin_lists l ON l.tenant = h.tenant AND l.id = h.applied WHERE h.tenant = $1";
    let mut users: BTreeMap<(i64, Uuid), Vec<Seen>> = BTreeMap::new();
    for found in tx.query(sql, &[&tenant.0]).await.unwrap() {
        let list = found.get::<_, Option<&str>>(5).map(|json| lists::read(json).unwrap()).unwrap_or_default();
        let seen = Seen {
            day: row::instant(&found, 2).unwrap().unix_day(),
            was_successful: found.get(4),
            policies: policies(list.iter().map(AsRef::as_ref)),
        };
        users.entry((found.get(0), found.get(1))).or_default().push(seen);
    }
    let mut days = Days::new();
    for ((of, _), rows) in users {
        let mut clients: Vec<i64> = rows.iter().flat_map(|seen| seen.policies.iter().copied()).chain([ALL]).collect();
        clients.sort_unstable();
        clients.dedup();
        for seen in &rows {
            days.entry((of, ALL, seen.day)).or_default().2 += 1;
        }
        for client in clients {
            let last = last_days(rows.iter(), client);
            days.entry((of, client, last.seen.unwrap())).or_default().0 += 1;
            if let Some(day) = last.failed {
                days.entry((of, client, day)).or_default().1 += 1;
            }
        }
    }
    days
}

async fn kept(tx: &Transaction<'_>, tenant: TenantId) -> Days {
    let sql =
        "SELECT configuration, client, day, sum(seen)::int8, sum(failed)::int8, sum(rows)::int8 FROM checkin_deltas
               WHERE tenant = $1 GROUP BY 1, 2, 3 HAVING sum(seen) <> 0 OR sum(failed) <> 0 OR sum(rows) <> 0";
    let rows = tx.query(sql, &[&tenant.0]).await.unwrap();
    rows.iter().map(|row| ((row.get(0), row.get(1), row.get(2)), (row.get(3), row.get(4), row.get(5)))).collect()
}

/// Every row has its texts and its user, and the counts are those of the rows.
pub(super) async fn check(tx: &Transaction<'_>, tenant: TenantId) {
    assert_eq!(kept(tx, tenant).await, recounted(tx, tenant).await);
    let sql = "SELECT (SELECT count(*) FROM checkins h FULL JOIN checkin_texts c USING (tenant, configuration, key)
                       WHERE h.tenant IS NULL OR c.tenant IS NULL)
                    + (SELECT count(*) FROM checkin_texts c LEFT JOIN checkin_users u USING (tenant, configuration, user_key)
                       WHERE u.tenant IS NULL)";
    assert_eq!(tx.query_one(sql, &[]).await.unwrap().get::<_, i64>(0), 0);
}
