//! The configurations that clients check in to, by the small numbers that their rows have: which number the next row gets, and how far the days
//! have come (retention). Read once, written once a transaction.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use rusqlite::OptionalExtension as _;

use crate::limits::MAX_OWNERS_KNOWN;
use crate::rules;
use crate::sqlite::statements::{Sql, Statements};

/// Bits of a row's id below its owner's number.
const ROW_BITS: u32 = 32;

/// A tenant's number and a configuration's `seq`.
pub(in crate::sqlite) type Of = (i64, i64);

/// An owner of rows.
#[derive(Debug, Clone, Copy)]
pub(super) struct Owner {
    pub(super) number: i64,
    next: i64,
    newest: i32,
    is_changed: bool,
}

/// The id of the row with the number `n` of an owner.
pub(in crate::sqlite) fn row_id(owner: i64, n: i64) -> i64 {
    owner << ROW_BITS | n.clamp(0, (1 << ROW_BITS) - 1)
}

/// The number that a row has among its owner's.
pub(in crate::sqlite) fn row_number(id: i64) -> i64 {
    id & ((1 << ROW_BITS) - 1)
}

impl Owner {
    /// The first UTC day whose rows are kept.
    pub(super) fn first_day(&self) -> i32 {
        rules::first_day_kept(self.newest)
    }

    /// A check-in is recorded on a day; true when days are over by it.
    pub(super) fn reach(&mut self, day: i32) -> bool {
        let is_later = day > self.newest;
        if is_later {
            self.newest = day;
            self.is_changed = true;
        }
        is_later
    }

    /// The id of a row that is added.
    pub(super) fn take_id(&mut self) -> rusqlite::Result<i64> {
        if self.next >> ROW_BITS != 0 {
            // Four thousand million devices have come and gone.
            let full = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_FULL);
            return Err(rusqlite::Error::SqliteFailure(full, Some("no row numbers are left".to_owned())));
        }
        let id = row_id(self.number, self.next);
        self.next += 1;
        self.is_changed = true;
        Ok(id)
    }
}

fn read(statements: &mut Statements<'_>, of: Of) -> rusqlite::Result<Option<Owner>> {
    statements
        .get(Sql::FindOwner)?
        .query_row(of, |row| {
            Ok(Owner { number: row.get(0)?, next: row.get(1)?, newest: row.get(2)?, is_changed: false })
        })
        .optional()
}

#[derive(Default)]
pub(super) struct Owners(HashMap<Of, Owner>);

impl Owners {
    /// The owner, made on a day if it is not there.
    pub(super) fn get(&mut self, statements: &mut Statements<'_>, of: Of, day: i32) -> rusqlite::Result<&mut Owner> {
        let place = match self.0.entry(of) {
            Entry::Occupied(known) => return Ok(known.into_mut()),
            Entry::Vacant(place) => place,
        };
        let owner = if let Some(found) = read(statements, of)? {
            found
        } else {
            let number = statements.get(Sql::InsertOwner)?.insert((of.0, of.1, 1, day))?;
            Owner { number, next: 1, newest: day, is_changed: false }
        };
        Ok(place.insert(owner))
    }

    /// The owner, if it is there.
    pub(super) fn find(&mut self, statements: &mut Statements<'_>, of: Of) -> rusqlite::Result<Option<Owner>> {
        match self.0.get(&of) {
            Some(known) => Ok(Some(*known)),
            None => read(statements, of),
        }
    }

    pub(super) fn forget(&mut self, of: Of) {
        self.0.remove(&of);
    }

    /// Writes what changed.
    pub(super) fn flush(&mut self, statements: &mut Statements<'_>) -> rusqlite::Result<()> {
        for owner in self.0.values_mut().filter(|owner| owner.is_changed) {
            statements.get(Sql::UpdateOwner)?.execute((owner.number, owner.next, owner.newest))?;
            owner.is_changed = false;
        }
        Ok(())
    }

    /// Lets go of what is known where it has become much. Between transactions.
    pub(super) fn shrink(&mut self) {
        if self.0.len() > MAX_OWNERS_KNOWN {
            self.0.clear();
        }
    }
}
