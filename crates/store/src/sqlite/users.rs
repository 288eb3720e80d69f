//! Keeps what summaries are read from (R5) in step with the rows: whoever writes a check-in row says here what it was and what it is. Most
//! check-ins change neither the day, nor the success, nor the policies of their row, and cost nothing here.

use std::collections::BTreeSet;

use rusqlite::{Connection, OptionalExtension as _, params};
use sha2::{Digest as _, Sha256};

use super::columns::{CHECKIN, checkin};
use crate::domain::{CheckinStatus, Summary};

/// In place of a client configuration: all rows.
const ALL: i64 = 0;

/// A user, as the tables name it.
type User = [u8; 16];

/// The user with this id, whichever case its letters have.
pub(super) fn user_key(id: &str) -> User {
    let mut key = User::default();
    key.copy_from_slice(&Sha256::digest(id.to_lowercase())[..16]);
    key
}

/// An id in `appliedPolicies`; never [`ALL`].
pub(super) fn policy_key(id: &str) -> i64 {
    let mut first = [0; 8];
    first.copy_from_slice(&Sha256::digest(id)[..8]);
    (i64::from_be_bytes(first) & i64::MAX).max(1)
}

/// What of a row counts.
#[derive(Debug, PartialEq, Eq)]
struct Seen {
    day: i32,
    was_successful: bool,
    policies: BTreeSet<i64>,
}

impl Seen {
    fn of(row: &CheckinStatus) -> Self {
        let policies = row.applied_policies.iter().flatten().map(|id| policy_key(id)).collect();
        Self { day: row.checkin.unix_day(), was_successful: row.was_successful, policies }
    }

    fn counts_for(&self, client: i64) -> bool {
        client == ALL || self.policies.contains(&client)
    }
}

/// The last day that a user was seen, and the last of a device that failed.
type Days = (i32, Option<i32>);

/// A row was put at `key`, was changed there or was removed, which has been done.
pub(super) fn moved(
    connection: &Connection,
    tenant: i64,
    configuration: i64,
    key: i64,
    old: Option<&CheckinStatus>,
    new: Option<&CheckinStatus>,
) -> rusqlite::Result<()> {
    let Some(user) = new.or(old).map(|row| user_key(&row.user_id)) else { return Ok(()) };
    if old.is_none() {
        let insert = "INSERT INTO checkin_devices (tenant, configuration, user, key) VALUES (?1, ?2, ?3, ?4)";
        connection.prepare_cached(insert)?.execute(params![tenant, configuration, user, key])?;
    }
    if new.is_none() {
        let delete = "DELETE FROM checkin_devices WHERE tenant = ?1 AND configuration = ?2 AND user = ?3 AND key = ?4";
        connection.prepare_cached(delete)?.execute(params![tenant, configuration, user, key])?;
    }
    let (before, after) = (old.map(Seen::of), new.map(Seen::of));
    let affected = affected(before.as_ref(), after.as_ref());
    if affected.is_empty() {
        return Ok(());
    }
    let rows = devices(connection, tenant, configuration, user)?;
    for client in affected {
        let counting = || rows.iter().filter(|row| row.counts_for(client));
        let seen = counting().map(|row| row.day).max();
        let failed = counting().filter(|row| !row.was_successful).map(|row| row.day).max();
        set(connection, (tenant, configuration, client), user, seen.map(|seen| (seen, failed)))?;
    }
    Ok(())
}

/// For whom a row counts otherwise than before.
fn affected(before: Option<&Seen>, after: Option<&Seen>) -> BTreeSet<i64> {
    if before == after {
        return BTreeSet::new();
    }
    let state = |seen: Option<&Seen>| seen.map(|seen| (seen.day, seen.was_successful));
    let policies = |seen: Option<&Seen>| seen.map(|seen| seen.policies.clone()).unwrap_or_default();
    let (old, new) = (policies(before), policies(after));
    if state(before) == state(after) {
        return old.symmetric_difference(&new).copied().collect();
    }
    old.union(&new).copied().chain([ALL]).collect()
}

fn devices(connection: &Connection, tenant: i64, configuration: i64, user: User) -> rusqlite::Result<Vec<Seen>> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT {CHECKIN} FROM checkin_devices d JOIN checkins h USING (tenant, configuration, key)
             JOIN checkin_texts c USING (tenant, configuration, key)
         WHERE d.tenant = ?1 AND d.configuration = ?2 AND d.user = ?3"
    ))?;
    let rows = statement.query_map(params![tenant, configuration, user], |row| Ok(Seen::of(&checkin(row, 0)?)))?;
    rows.collect()
}

/// Gives a user its days, and moves it from its old ones.
fn set(connection: &Connection, of: (i64, i64, i64), user: User, days: Option<Days>) -> rusqlite::Result<()> {
    let (tenant, configuration, client) = of;
    let find =
        "SELECT seen, failed FROM checkin_users WHERE tenant = ?1 AND configuration = ?2 AND client = ?3 AND user = ?4";
    let old: Option<Days> = connection
        .prepare_cached(find)?
        .query_row(params![tenant, configuration, client, user], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    if old == days {
        return Ok(());
    }
    if let Some((seen, failed)) = days {
        let put = "INSERT OR REPLACE INTO checkin_users (tenant, configuration, client, user, seen, failed)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
        connection.prepare_cached(put)?.execute(params![tenant, configuration, client, user, seen, failed])?;
    } else {
        let delete = "DELETE FROM checkin_users WHERE tenant = ?1 AND configuration = ?2 AND client = ?3 AND user = ?4";
        connection.prepare_cached(delete)?.execute(params![tenant, configuration, client, user])?;
    }
    let count = |day: Option<i32>, seen: i64, failed: i64| -> rusqlite::Result<()> {
        let Some(day) = day else { return Ok(()) };
        let add = "INSERT INTO checkin_days (tenant, configuration, client, day, seen, failed)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6)
            ON CONFLICT DO UPDATE SET seen = seen + excluded.seen, failed = failed + excluded.failed";
        connection.prepare_cached(add)?.execute(params![tenant, configuration, client, day, seen, failed])?;
        Ok(())
    };
    let (old, new) = (old.unzip(), days.unzip());
    if old.0 != new.0 {
        count(old.0, -1, 0)?;
        count(new.0, 1, 0)?;
    }
    let (old, new) = (old.1.flatten(), new.1.flatten());
    if old != new {
        count(old, 0, -1)?;
        count(new, 0, 1)?;
    }
    Ok(())
}

/// The summary of the days from `first` to `last`; `None` when some user was seen later, whose earlier days nobody knows: then the rows have
/// to be counted. Clients' check-ins are never later than now, but rows that an administrator wrote may be.
pub(super) fn summary(
    connection: &Connection,
    tenant: i64,
    configuration: i64,
    client: Option<&str>,
    (first, last): (i64, i64),
) -> rusqlite::Result<Option<Summary>> {
    let client = client.map_or(ALL, policy_key);
    let of = params![tenant, configuration, client, first, last];
    let (seen, failed, later): (i64, i64, i64) = connection
        .prepare_cached(
            "SELECT coalesce(sum(seen) FILTER (WHERE day <= ?5), 0), coalesce(sum(failed) FILTER (WHERE day <= ?5), 0),
                    coalesce(sum(seen) FILTER (WHERE day > ?5), 0)
             FROM checkin_days WHERE tenant = ?1 AND configuration = ?2 AND client = ?3 AND day >= ?4",
        )?
        .query_row(of, |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    let number = |count: i64| i32::try_from(count).unwrap_or(i32::MAX);
    Ok((later == 0).then(|| Summary { succeeded: number(seen - failed), failed: number(failed) }))
}

/// Removes up to `limit` entries of a removed configuration from each table, and tells how many.
pub(super) fn sweep(connection: &Connection, tenant: i64, configuration: i64, limit: u32) -> rusqlite::Result<usize> {
    let mut removed = 0;
    for (table, rest) in
        [("checkin_devices", "user, key"), ("checkin_users", "client, user"), ("checkin_days", "client, day")]
    {
        let sql = format!(
            "DELETE FROM {table} WHERE tenant = ?1 AND configuration = ?2 AND ({rest}) IN (
                 SELECT {rest} FROM {table} WHERE tenant = ?1 AND configuration = ?2 LIMIT ?3)"
        );
        removed += connection.prepare_cached(&sql)?.execute(params![tenant, configuration, limit])?;
    }
    Ok(removed)
}

/// How many users, and days, of a configuration are not what its rows say.
pub(super) fn differing(connection: &Connection, tenant: i64, configuration: i64) -> rusqlite::Result<i64> {
    connection.query_row(
        "WITH seen AS (
             SELECT user_key(c.user_id) AS user, h.ticks / 864000000000 - 719162 AS day, h.ok, c.applied_policies
             FROM checkins h JOIN checkin_texts c USING (tenant, configuration, key)
             WHERE h.tenant = ?1 AND h.configuration = ?2),
         users AS (
             SELECT 0 AS client, user, max(day) AS seen, max(CASE WHEN NOT ok THEN day END) AS failed FROM seen GROUP BY user
             UNION ALL
             SELECT policy_key(p.value), user, max(day), max(CASE WHEN NOT ok THEN day END)
             FROM seen, json_each(applied_policies) p GROUP BY 1, user),
         days AS (
             SELECT client, day, sum(seen) AS seen, sum(failed) AS failed
             FROM (SELECT client, seen AS day, 1 AS seen, 0 AS failed FROM users
                   UNION ALL SELECT client, failed, 0, 1 FROM users WHERE failed IS NOT NULL) GROUP BY 1, 2),
         kept_users AS (
             SELECT client, user, seen, failed FROM checkin_users WHERE tenant = ?1 AND configuration = ?2),
         kept_days AS (
             SELECT client, day, seen, failed FROM checkin_days
             WHERE tenant = ?1 AND configuration = ?2 AND (seen <> 0 OR failed <> 0))
         SELECT (SELECT count(*) FROM (SELECT * FROM users EXCEPT SELECT * FROM kept_users))
              + (SELECT count(*) FROM (SELECT * FROM kept_users EXCEPT SELECT * FROM users))
              + (SELECT count(*) FROM (SELECT * FROM days EXCEPT SELECT * FROM kept_days))
              + (SELECT count(*) FROM (SELECT * FROM kept_days EXCEPT SELECT * FROM days))",
        params![tenant, configuration],
        |row| row.get(0),
    )
}

#[cfg(test)]
mod tests {
    use odata::edm::DateTimeOffset;

    use super::*;
    use crate::domain::Checkin;
    use crate::ids::ConfigurationId;
    use crate::sqlite::{functions, rows, schema};

    fn checkin(user: &str) -> Checkin {
        Checkin {
            configuration: ConfigurationId(uuid::Uuid::nil()),
            user_id: user.into(),
            user_principal_name: None,
            device_name: None,
            device_platform: "mac".into(),
            at: DateTimeOffset::from_unix_nanos(0),
            applied: Vec::new(),
            report: None,
        }
    }

    #[test]
    fn what_is_kept_of_a_removed_configuration_goes_with_its_rows() {
        let mut connection = Connection::open_in_memory().expect("a database");
        functions::register_keys(&connection).expect("registered");
        schema::migrate(&mut connection, "new").expect("made");
        for n in 0..25 {
            for configuration in [1, 2] {
                rows::check_in(&connection, 1, configuration, &checkin(&format!("u{n}"))).expect("recorded");
            }
        }
        rows::doom(&connection, 1, 1).expect("marked");
        while rows::sweep(&connection, 10).expect("swept") {}
        for table in ["checkin_devices", "checkin_users", "checkin_days"] {
            let count = |configuration: i64| -> i64 {
                let sql = format!("SELECT count(*) FROM {table} WHERE configuration = ?1");
                connection.query_row(&sql, [configuration], |row| row.get(0)).expect("counted")
            };
            assert_eq!(count(1), 0, "{table}");
            assert_ne!(count(2), 0, "{table} of another configuration");
        }
        assert_eq!(differing(&connection, 1, 2).expect("compared"), 0);
    }
}
