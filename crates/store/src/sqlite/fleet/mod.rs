//! What clients' check-ins make of the rows (ruling R4), and how rows become old (retention): everything that changes rows of clients goes through
//! [`Fleet`], which knows what a transaction has to write at its end. It must never decide who owns the rows.

mod days;
mod forms;
mod known;
mod owners;
mod row;
mod sweep;
#[cfg(test)]
mod tests;
mod words;

use std::sync::Arc;

use crate::domain::{Checkin, CheckinStatus};
use crate::rules::{self, IdentityKey};
use days::{Days, Moved};
pub(super) use days::{differing, summary};
pub(super) use forms::{User, above_texts, device_key, split_name, users_starting_with};
use known::{Known, Print};
use owners::Owners;
pub(super) use owners::{Of, row_id, row_number};
pub(super) use row::FORM_OF_CLOCK;
use row::Stored;
use sweep::Sweep;
pub(super) use sweep::doom;
pub(super) use words::Kind;
use words::Words;

use super::statements::{Sql, Statements};

/// The rows of clients, as the writer knows them. After a transaction that was undone nothing of it is true any more: a new one takes its place.
#[derive(Default)]
pub(super) struct Fleet {
    owners: Owners,
    words: Words,
    known: Known,
    days: Days,
    sweep: Sweep,
}

/// Whose rows, in a check-in or a command: the tenant's number and the owner's, and the first day whose rows are kept.
#[derive(Clone, Copy)]
struct Whose {
    of: Of,
    owner: i64,
    first_day: i32,
}

impl Fleet {
    /// Does what a check-in does to its row (ruling R4).
    pub(super) fn check_in(
        &mut self,
        statements: &mut Statements<'_>,
        of: Of,
        checkin: &Checkin,
    ) -> rusqlite::Result<()> {
        let day = checkin.at.unix_day();
        let whose = self.reach(statements, of, day)?;
        let print = self.known.print(of, checkin);
        if checkin.report.is_none()
            && day >= whose.first_day
            && let Some(id) = self.known.unchanged(print, day)
            && statements.get(Sql::Touch)?.execute((id, checkin.at.ticks()))? == 1
        {
            return Ok(());
        }
        self.known.forget(print);
        self.check_in_unknown(statements, whose, checkin, print)
    }

    fn check_in_unknown(
        &mut self,
        statements: &mut Statements<'_>,
        whose: Whose,
        checkin: &Checkin,
        print: Print,
    ) -> rusqlite::Result<()> {
        let identity = IdentityKey::of_checkin(checkin);
        let user = User::of(&checkin.user_id);
        let mut old = self.find(statements, whose, &user, &identity)?;
        if let Some(old) = &old
            && checkin.report.is_none()
            && self.fetched_again(statements, whose, checkin, old)?
        {
            self.keep(print, old.id, old.hot.was_successful, checkin);
            return Ok(());
        }
        if old.is_none()
            && let Some(nameless) = rules::taken_over(checkin, &identity)
            && !self.has_named_device(statements, whose, &user, &nameless)?
        {
            old = self.find(statements, whose, &user, &nameless)?;
            let without_name = Checkin { device_name: None, ..checkin.clone() };
            let print = self.known.print(whose.of, &without_name);
            self.known.forget(print);
        }
        let before = old.as_ref().map(|old| old.status(statements, &mut self.words)).transpose()?;
        let row = rules::merged(before.as_ref(), checkin);
        let id = self.put(statements, whose, old.as_ref(), &row, &identity)?;
        self.keep(print, id, row.was_successful, checkin);
        Ok(())
    }

    /// The instant of a fetch that says what the row says already; false when it says anything else.
    fn fetched_again(
        &mut self,
        statements: &mut Statements<'_>,
        whose: Whose,
        checkin: &Checkin,
        old: &Stored,
    ) -> rusqlite::Result<bool> {
        let tenant = whose.of.0;
        let applied = self.words.applied(statements, tenant, &checkin.applied)?;
        if !old.is_as_fetched(checkin, &applied, statements, (&mut self.words, tenant))? {
            return Ok(false);
        }
        let ticks = checkin.at.ticks();
        statements.get(Sql::Touch)?.execute((old.id, ticks))?;
        if !old.hot.was_successful {
            statements.get(Sql::TouchFailed)?.execute((old.id, ticks))?;
        }
        if old.day() != checkin.at.unix_day() {
            let mut new = old.clone();
            new.hot.at = checkin.at;
            self.moved(statements, whose.owner, Some(old), Some(&new))?;
        }
        Ok(true)
    }

    /// Remembers a row that is as a check-in says. Those of devices that fail are not: they are listed by their instants, too.
    fn keep(&mut self, print: Print, id: i64, was_successful: bool, checkin: &Checkin) {
        if was_successful {
            self.known.put(print, id, checkin.at.unix_day());
        }
    }

    /// Records rows on a day, each in the place of the one of its identity.
    pub(super) fn record(
        &mut self,
        statements: &mut Statements<'_>,
        of: Of,
        day: i32,
        rows: &[Arc<CheckinStatus>],
    ) -> rusqlite::Result<()> {
        let whose = self.reach(statements, of, day)?;
        if !rows.is_empty() {
            self.known.forget_all();
        }
        for row in rows {
            let identity = IdentityKey::of(row);
            let old = self.find(statements, whose, &User::of(&row.user_id), &identity)?;
            self.put(statements, whose, old.as_ref(), row, &identity)?;
        }
        Ok(())
    }

    /// The owner, on a day: rows that are too old by it no longer count.
    fn reach(&mut self, statements: &mut Statements<'_>, of: Of, day: i32) -> rusqlite::Result<Whose> {
        let owner = self.owners.get(statements, of, day)?;
        if owner.reach(day) {
            self.sweep.is_due(of);
        }
        Ok(Whose { of, owner: owner.number, first_day: owner.first_day() })
    }

    /// The row of an identity. One that is too old is removed: its device comes as a new one.
    fn find(
        &mut self,
        statements: &mut Statements<'_>,
        whose: Whose,
        user: &User,
        identity: &IdentityKey,
    ) -> rusqlite::Result<Option<Stored>> {
        for found in row::candidates(statements, whose.owner, user, identity)? {
            if found.texts.is_of(identity, statements, &mut self.words)? {
                if found.day() >= whose.first_day {
                    return Ok(Some(found));
                }
                self.remove(statements, whose.owner, &found)?;
            }
        }
        Ok(None)
    }

    /// Whether the user has a device with a name on the platform of an identity.
    fn has_named_device(
        &mut self,
        statements: &mut Statements<'_>,
        whose: Whose,
        user: &User,
        identity: &IdentityKey,
    ) -> rusqlite::Result<bool> {
        for found in row::of_user(statements, whose.owner, user)? {
            let is_named = found.texts.has_device() && found.day() >= whose.first_day;
            if is_named && found.texts.is_on(identity, statements, &mut self.words)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Puts a row in the place of an old one, or behind all others, and gives its id.
    fn put(
        &mut self,
        statements: &mut Statements<'_>,
        whose: Whose,
        old: Option<&Stored>,
        row: &CheckinStatus,
        identity: &IdentityKey,
    ) -> rusqlite::Result<i64> {
        let id = match old {
            Some(old) => old.id,
            None => self.owners.get(statements, whose.of, whose.first_day)?.take_id()?,
        };
        let new = Stored::of(statements, (&mut self.words, whose.of.0), id, row)?;
        match old {
            Some(old) => new.update(statements, whose.owner, old, identity)?,
            None => new.insert(statements, whose.owner, identity)?,
        }
        self.moved(statements, whose.owner, old, Some(&new))?;
        Ok(id)
    }

    fn remove(&mut self, statements: &mut Statements<'_>, owner: i64, row: &Stored) -> rusqlite::Result<()> {
        row.delete(statements)?;
        self.moved(statements, owner, Some(row), None)
    }

    /// Counts anew what a row that has changed counts for.
    fn moved(
        &mut self,
        statements: &mut Statements<'_>,
        owner: i64,
        old: Option<&Stored>,
        new: Option<&Stored>,
    ) -> rusqlite::Result<()> {
        let words = &mut self.words;
        let mut seen = |row: Option<&Stored>| row.map(|row| row.seen(statements, words)).transpose();
        let (before, after) = (seen(old)?, seen(new)?);
        let Some(row) = new.or(old) else { return Ok(()) };
        let moved = Moved { owner, user: &row.texts.user, id: row.id, before, after };
        self.days.moved(statements, words, &moved)
    }

    /// Writes what the transaction has come to so far.
    pub(super) fn flush(&mut self, statements: &mut Statements<'_>) -> rusqlite::Result<()> {
        self.days.flush(statements)?;
        self.owners.flush(statements)
    }

    /// How many rows of a configuration are shown. What it comes to was written.
    pub(super) fn count(&mut self, statements: &mut Statements<'_>, of: Of) -> rusqlite::Result<u64> {
        let Some(owner) = self.owners.find(statements, of)? else { return Ok(0) };
        let (number, first_day) = (owner.number, owner.first_day());
        let count: i64 = statements.get(Sql::CountShown)?.query_row((number, first_day), |row| row.get(0))?;
        Ok(u64::try_from(count).unwrap_or(0))
    }

    /// Lets go of what is known where it has become much. Between transactions.
    pub(super) fn shrink(&mut self) {
        self.words.shrink();
        self.owners.shrink();
    }
}
