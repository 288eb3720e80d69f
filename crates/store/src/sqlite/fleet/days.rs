//! Keeps what summaries are read from (R5) in step with the rows: whoever writes a check-in row says here what it was and what it is. What a user
//! counts for follows from its rows, which are few and stand together in an index; only how many users have which day is kept. Most check-ins
//! change neither the day, nor the success, nor the policies of their row, and cost nothing here.

use std::collections::HashMap;

use rusqlite::{Connection, params};

use super::forms::User;
use super::words::{Word, Words};
use crate::days::{ALL, Seen, affected, day_of, last_days, policy_key};
use crate::domain::Summary;
use crate::sqlite::statements::{Sql, Statements};

/// A row that was added, changed or removed.
pub(super) struct Moved<'r> {
    pub(super) owner: i64,
    pub(super) user: &'r User,
    pub(super) id: i64,
    pub(super) before: Option<Seen>,
    pub(super) after: Option<Seen>,
}

/// How many more, or fewer.
#[derive(Debug, Clone, Copy, Default)]
struct Difference {
    seen: i64,
    failed: i64,
    rows: i64,
}

/// What check-ins of a transaction change in the counts: written once, at its end.
#[derive(Default)]
pub(super) struct Days(HashMap<(i64, i64, i32), Difference>);

impl Days {
    /// A row has moved, which has been written.
    pub(super) fn moved(
        &mut self,
        statements: &mut Statements<'_>,
        words: &mut Words,
        row: &Moved<'_>,
    ) -> rusqlite::Result<()> {
        let (before, after) = (row.before.as_ref(), row.after.as_ref());
        let affected = affected(before, after);
        if affected.is_empty() {
            return Ok(());
        }
        let day = |seen: Option<&Seen>| seen.map(|seen| seen.day);
        self.add(row.owner, ALL, day(before), |count| count.rows -= 1);
        self.add(row.owner, ALL, day(after), |count| count.rows += 1);
        let others = others(statements, words, row)?;
        for client in affected {
            let (old, new) =
                (last_days(others.iter().chain(before), client), last_days(others.iter().chain(after), client));
            self.add(row.owner, client, old.seen, |count| count.seen -= 1);
            self.add(row.owner, client, new.seen, |count| count.seen += 1);
            self.add(row.owner, client, old.failed, |count| count.failed -= 1);
            self.add(row.owner, client, new.failed, |count| count.failed += 1);
        }
        Ok(())
    }

    fn add(&mut self, owner: i64, client: i64, day: Option<i32>, change: impl FnOnce(&mut Difference)) {
        if let Some(day) = day {
            change(self.0.entry((owner, client, day)).or_default());
        }
    }

    /// Writes what changed.
    pub(super) fn flush(&mut self, statements: &mut Statements<'_>) -> rusqlite::Result<()> {
        for ((owner, client, day), by) in self.0.drain() {
            if (by.seen, by.failed, by.rows) != (0, 0, 0) {
                statements.get(Sql::AddDays)?.execute((owner, client, day, by.seen, by.failed, by.rows))?;
            }
        }
        Ok(())
    }
}

/// The other rows of the row's user.
fn others(statements: &mut Statements<'_>, words: &mut Words, row: &Moved<'_>) -> rusqlite::Result<Vec<Seen>> {
    let found: Vec<(i64, bool, Word)> = statements
        .get(Sql::SeenOfUser)?
        .query_map(params![row.owner, row.user, row.id], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
        .collect::<rusqlite::Result<_>>()?;
    let seen = found.into_iter().map(|(ticks, was_successful, applied)| {
        let policies = words.policies(statements, &applied)?;
        Ok(Seen { day: day_of(ticks), was_successful, policies })
    });
    seen.collect()
}

/// The summary of the days from `first` to `last`; `None` when some user was seen later, whose earlier days nobody knows: then the rows have
/// to be counted. Clients' check-ins are never later than now, but rows that an administrator wrote may be.
pub(in crate::sqlite) fn summary(
    connection: &Connection,
    owner: i64,
    client: Option<&str>,
    (first, last): (i64, i64),
) -> rusqlite::Result<Option<Summary>> {
    let client = client.map_or(ALL, policy_key);
    let (seen, failed, later): (i64, i64, i64) = connection
        .prepare_cached(
            "SELECT coalesce(sum(seen) FILTER (WHERE day <= ?4), 0), coalesce(sum(failed) FILTER (WHERE day <= ?4), 0),
                    coalesce(sum(seen) FILTER (WHERE day > ?4), 0)
             FROM checkin_days WHERE owner = ?1 AND client = ?2 AND day >= ?3",
        )?
        .query_row((owner, client, first, last), |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    let number = |count: i64| i32::try_from(count).unwrap_or(i32::MAX);
    Ok((later == 0).then(|| Summary { succeeded: number(seen - failed), failed: number(failed) }))
}

/// How many counts of an owner are not what its rows say.
pub(in crate::sqlite) fn differing(connection: &Connection, owner: i64) -> rusqlite::Result<i64> {
    connection.query_row(
        "WITH all_seen AS (
             SELECT c.user, h.ticks / 864000000000 - 719162 AS day, h.ok,
                    CASE typeof(h.applied) WHEN 'integer' THEN (SELECT w.text FROM checkin_words w WHERE w.id = h.applied)
                        ELSE h.applied END AS applied
             FROM checkins h JOIN checkin_texts c USING (id) WHERE h.owner = ?1),
         users AS (
             SELECT 0 AS client, user, max(day) AS seen, max(CASE WHEN NOT ok THEN day END) AS failed
             FROM all_seen GROUP BY user
             UNION ALL
             SELECT policy_key(p.value), user, max(day), max(CASE WHEN NOT ok THEN day END)
             FROM all_seen, json_each(applied) p GROUP BY 1, user),
         days AS (
             SELECT client, day, sum(seen) AS seen, sum(failed) AS failed, sum(rows) AS rows
             FROM (SELECT client, seen AS day, 1 AS seen, 0 AS failed, 0 AS rows FROM users
                   UNION ALL SELECT client, failed, 0, 1, 0 FROM users WHERE failed IS NOT NULL
                   UNION ALL SELECT 0, day, 0, 0, 1 FROM all_seen) GROUP BY 1, 2),
         kept AS (
             SELECT client, day, seen, failed, rows FROM checkin_days
             WHERE owner = ?1 AND (seen <> 0 OR failed <> 0 OR rows <> 0))
         SELECT (SELECT count(*) FROM (SELECT * FROM days EXCEPT SELECT * FROM kept))
              + (SELECT count(*) FROM (SELECT * FROM kept EXCEPT SELECT * FROM days))",
        [owner],
        |row| row.get(0),
    )
}
