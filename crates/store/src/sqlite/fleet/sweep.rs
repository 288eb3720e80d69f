//! Removes what nobody sees any more, a little with each transaction and when nothing else is to be done: rows of removed configurations, and rows
//! that have become too old. Counts stay those of the rows that are there.

use std::collections::{HashSet, VecDeque};

use rusqlite::{Connection, OptionalExtension as _, params};

use super::{Fleet, Of, row};
use crate::days::first_tick;
use crate::limits::MAX_OWNERS_KNOWN;
use crate::sqlite::statements::Statements;

/// Which configurations may have rows that are too old.
#[derive(Default)]
pub(super) struct Sweep {
    due: VecDeque<Of>,
    /// Those in `due`.
    waiting: HashSet<Of>,
    /// How far all owners have been looked through, as at the start nobody knows which are due.
    looked_through: i64,
    is_looked_through: bool,
}

impl Sweep {
    /// Days of a configuration are over.
    pub(super) fn is_due(&mut self, of: Of) {
        if self.waiting.len() >= MAX_OWNERS_KNOWN {
            // Too many to be remembered: all are looked through again.
            *self = Self::default();
        } else if self.waiting.insert(of) {
            self.due.push_back(of);
        }
    }
}

/// The tables of rows by id, and those by owner.
const BY_ID: [&str; 3] = ["checkins", "checkin_texts", "failed_checkins"];

/// Leaves the rows of a removed configuration to [`Fleet::sweep`]. Its `seq` is never used again, so nobody sees them.
pub(in crate::sqlite) fn doom(connection: &Connection, (tenant, configuration): Of) -> rusqlite::Result<()> {
    connection
        .prepare_cached("INSERT OR IGNORE INTO doomed_checkins (tenant, configuration) VALUES (?1, ?2)")?
        .execute((tenant, configuration))?;
    Ok(())
}

impl Fleet {
    /// Removes up to about `most` rows; false when nothing is left.
    pub(in crate::sqlite) fn sweep(&mut self, statements: &mut Statements<'_>, most: u32) -> rusqlite::Result<bool> {
        let has_doomed = self.sweep_doomed(statements.connection(), most)?;
        let has_old = !has_doomed && self.sweep_old(statements, most)?;
        Ok(has_doomed || has_old)
    }

    /// Removes up to `limit` rows of removed configurations from each table; false when nothing is left.
    fn sweep_doomed(&mut self, connection: &Connection, limit: u32) -> rusqlite::Result<bool> {
        let next: Option<Of> = connection
            .prepare_cached("SELECT tenant, configuration FROM doomed_checkins LIMIT 1")?
            .query_row((), |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        let Some(of) = next else { return Ok(false) };
        self.owners.forget(of);
        let mut removed = connection
            .prepare_cached(
                "DELETE FROM written_checkins WHERE tenant = ?1 AND configuration = ?2 AND key IN (
                     SELECT key FROM written_checkins WHERE tenant = ?1 AND configuration = ?2 ORDER BY key LIMIT ?3)",
            )?
            .execute(params![of.0, of.1, limit])?;
        let owner: Option<i64> = connection
            .prepare_cached("SELECT owner FROM checkin_owners WHERE tenant = ?1 AND configuration = ?2")?
            .query_row(of, |row| row.get(0))
            .optional()?;
        if let Some(owner) = owner {
            removed += sweep_owner(connection, owner, limit)?;
        }
        if removed == 0 {
            for table in ["checkin_owners", "doomed_checkins"] {
                connection
                    .prepare_cached(&format!("DELETE FROM {table} WHERE tenant = ?1 AND configuration = ?2"))?
                    .execute(of)?;
            }
        }
        Ok(true)
    }

    /// Removes up to `most` rows that are too old; false when nothing is left.
    fn sweep_old(&mut self, statements: &mut Statements<'_>, most: u32) -> rusqlite::Result<bool> {
        let mut left = most;
        // An owner with nothing to remove costs some, too.
        while left > 0 {
            if self.sweep.due.is_empty() {
                self.look_through(statements.connection(), most)?;
            }
            let Some(of) = self.sweep.due.front().copied() else { return Ok(left < most) };
            let removed = self.sweep_old_of(statements, of, left)?;
            if removed < left {
                self.sweep.due.pop_front();
                self.sweep.waiting.remove(&of);
            }
            left = left.saturating_sub(removed.max(1));
        }
        Ok(true)
    }

    fn sweep_old_of(&mut self, statements: &mut Statements<'_>, of: Of, most: u32) -> rusqlite::Result<u32> {
        let Some(owner) = self.owners.find(statements, of)? else { return Ok(0) };
        let first = first_tick(owner.first_day().into());
        let old = row::before(statements, owner.number, first, most)?;
        for row in &old {
            self.remove(statements, owner.number, row)?;
        }
        Ok(u32::try_from(old.len()).unwrap_or(most))
    }

    /// Takes the next owners of all, as long as not all were due once.
    fn look_through(&mut self, connection: &Connection, most: u32) -> rusqlite::Result<()> {
        if self.sweep.is_looked_through {
            return Ok(());
        }
        let mut statement = connection.prepare_cached(
            "SELECT owner, tenant, configuration FROM checkin_owners WHERE owner > ?1 ORDER BY owner LIMIT ?2",
        )?;
        let found: Vec<(i64, Of)> = statement
            .query_map((self.sweep.looked_through, most), |row| Ok((row.get(0)?, (row.get(1)?, row.get(2)?))))?
            .collect::<rusqlite::Result<_>>()?;
        match found.last() {
            Some((last, _)) => self.sweep.looked_through = *last,
            None => self.sweep.is_looked_through = true,
        }
        for (_, of) in found {
            self.sweep.is_due(of);
        }
        Ok(())
    }
}

fn sweep_owner(connection: &Connection, owner: i64, limit: u32) -> rusqlite::Result<usize> {
    let mut removed = 0;
    for table in BY_ID {
        let sql = format!(
            "DELETE FROM {table} WHERE id IN (
                 SELECT id FROM {table} WHERE id >= ?1 << 32 AND id < (?1 + 1) << 32 ORDER BY id LIMIT ?2)"
        );
        removed += connection.prepare_cached(&sql)?.execute((owner, limit))?;
    }
    let days = "DELETE FROM checkin_days WHERE owner = ?1 AND (client, day) IN (
                    SELECT client, day FROM checkin_days WHERE owner = ?1 LIMIT ?2)";
    removed += connection.prepare_cached(days)?.execute((owner, limit))?;
    Ok(removed)
}
