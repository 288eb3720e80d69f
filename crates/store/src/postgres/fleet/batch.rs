//! What check-ins make of the rows of their users (ruling R4), in memory: all rows of the users are there, the rules run over them in the order of the
//! check-ins, and what has become of them is written once, at the end. It must never know SQL.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use tokio_postgres::{Error, GenericClient};
use uuid::Uuid;

use super::deltas::Deltas;
use super::hot::Hot;
use super::lists::Lists;
use super::reach::{self, Reach};
use super::row::{self, Of, Place, Row};
use super::{keys, users, write};
use crate::domain::{Checkin, CheckinStatus};
use crate::ids::TenantId;
use crate::rules::{self, IdentityKey};

/// Rows of users, locked.
pub(super) struct Batch {
    users: HashMap<Of, User>,
    reach: HashMap<i64, Reach>,
    lists: Lists,
    /// Rows made so far.
    made: u64,
    deltas: Deltas,
}

/// What a batch came to.
pub(super) struct Closed {
    /// The touches that found their row as it was said.
    pub(super) touched: HashSet<i64>,
    /// Users that have no rows any more.
    pub(super) empty: BTreeSet<Of>,
}

/// All rows of a user.
#[derive(Default)]
struct User {
    kept: Vec<Arc<Row>>,
    now: Vec<Arc<Row>>,
}

/// Whose rows a check-in changes.
pub(super) fn user_of(configuration: i64, identity: &IdentityKey) -> Of {
    (configuration, keys::user(identity))
}

impl Batch {
    /// Locks the users, and reads their rows and how far the days have come. `lists` are known already, and `deltas` are to be counted besides.
    pub(super) async fn open<C: GenericClient + Sync>(
        tx: &C,
        tenant: TenantId,
        configurations: &[i64],
        of: &BTreeSet<Of>,
        lists: Lists,
        deltas: Deltas,
    ) -> Result<Self, Error> {
        let (reach, rows) =
            futures_util::future::try_join(reach::read(tx, tenant, configurations), users::lock(tx, tenant, of))
                .await?;
        let mut users: HashMap<Of, User> = of.iter().map(|of| (*of, User::default())).collect();
        for (of, row) in rows {
            users.entry(of).or_default().kept.push(Arc::new(row));
        }
        for user in users.values_mut() {
            user.kept.sort_by_key(|row| row.place);
            user.now.clone_from(&user.kept);
        }
        Ok(Self { users, reach, lists, made: 0, deltas })
    }

    /// Check-ins are recorded on a day.
    pub(super) fn reach(&mut self, configuration: i64, day: i32) {
        self.reach.entry(configuration).or_default().reach(day);
    }

    /// Does what a check-in does to its row.
    pub(super) fn check_in(&mut self, configuration: i64, checkin: &Checkin) {
        let identity = IdentityKey::of_checkin(checkin);
        let list = self.lists.of_checkin(&checkin.applied);
        self.reach(configuration, checkin.at.unix_day());
        let user = self.user(configuration, &identity);
        let mut at = user.find(&identity);
        if at.is_none()
            && let Some(nameless) = rules::taken_over(checkin, &identity)
            && !user.now.iter().any(|row| rules::is_named_device(&row.status, checkin))
        {
            at = user.find(&nameless);
        }
        let old = at.and_then(|at| user.now.get(at));
        let new = rules::merged(old.map(|old| &old.status), checkin);
        let told = keys::told(checkin, list);
        self.put(configuration, at, new, Some(list), Some(told));
    }

    /// Puts a row in the place of the one of its identity.
    pub(super) fn record(&mut self, configuration: i64, row: &CheckinStatus) {
        let identity = IdentityKey::of(row);
        let list = row.applied_policies.as_ref().map(|list| self.lists.put(list));
        let at = self.user(configuration, &identity).find(&identity);
        self.put(configuration, at, row.clone(), list, None);
    }

    /// The rows of the identity's user that are not too old.
    fn user(&mut self, configuration: i64, identity: &IdentityKey) -> &mut User {
        let first_day = self.reach.get(&configuration).map_or(i32::MIN, |reach| reach.first_day());
        let user = self.users.entry(user_of(configuration, identity)).or_default();
        user.now.retain(|row| row.day() >= first_day);
        user
    }

    fn put(
        &mut self,
        configuration: i64,
        at: Option<usize>,
        status: CheckinStatus,
        list: Option<Uuid>,
        told: Option<i64>,
    ) {
        let made = self.made;
        let identity = IdentityKey::of(&status);
        let user = self.user(configuration, &identity);
        if let Some(place) = at.and_then(|at| user.now.get_mut(at)) {
            *place = Arc::new(Row::new(place.place, status, list, told));
        } else {
            user.now.push(Arc::new(Row::new(Place::New(made), status, list, told)));
            self.made += 1;
        }
    }

    /// Writes what has become of the rows, and touches others; none of them is of a user that is locked here.
    pub(super) async fn close<C: GenericClient + Sync>(
        mut self,
        tx: &C,
        tenant: TenantId,
        touched: impl Iterator<Item = Hot>,
    ) -> Result<Closed, Error> {
        for ((configuration, _), user) in &mut self.users {
            let first_day = self.reach.get(configuration).map_or(i32::MIN, |reach| reach.first_day());
            user.now.retain(|row| row.day() >= first_day);
        }
        let counted_anew = || self.users.iter().filter(|(_, user)| user.counts_anew());
        let kept = row::lists(counted_anew().flat_map(|(_, user)| user.kept.iter().map(AsRef::as_ref)));
        self.lists.know(tx, tenant, &kept).await?;
        for ((configuration, _), user) in counted_anew() {
            let seen = |rows: &[Arc<Row>]| rows.iter().map(|row| row.seen(&self.lists)).collect::<Vec<_>>();
            self.deltas.moved(*configuration, &seen(&user.kept), &seen(&user.now));
        }
        let mut changes = write::Changes::default();
        let mut empty = BTreeSet::new();
        for (of, user) in self.users {
            user.changes(of, &mut changes);
            if user.now.is_empty() {
                empty.insert(of);
            }
        }
        changes.touch(touched);
        let besides = write::Besides { lists: &self.lists, reach: &self.reach, deltas: &self.deltas };
        Ok(Closed { touched: changes.write(tx, tenant, besides).await?, empty })
    }
}

impl User {
    fn find(&self, identity: &IdentityKey) -> Option<usize> {
        self.now.iter().position(|row| row.identity == *identity)
    }

    /// Whether the user's rows count otherwise than before.
    fn counts_anew(&self) -> bool {
        let is_same = |(old, new): (&Arc<Row>, &Arc<Row>)| Arc::ptr_eq(old, new) || new.counts_as(old);
        self.kept.len() != self.now.len() || !self.kept.iter().zip(&self.now).all(is_same)
    }

    /// What is to be written of the rows.
    fn changes(&self, of: Of, changes: &mut write::Changes) {
        for old in &self.kept {
            match self.now.iter().find(|new| new.place == old.place) {
                None => changes.remove(of, old),
                Some(new) if Arc::ptr_eq(old, new) => {}
                Some(new) => changes.update(of, old, new),
            }
        }
        for new in self.now.iter().filter(|new| matches!(new.place, Place::New(_))) {
            changes.insert(of, new);
        }
    }
}
