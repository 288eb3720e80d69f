//! A tenant in the middle of a transaction: what the commits in it have made of it so far. Nobody sees it before `COMMIT`; it must never run SQL.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::Arc;

use crate::command::Commit;
use crate::domain::OfficeConfiguration;
use crate::error::CommitError;
use crate::rules::{self, Effects, WrittenSummary};
use crate::snapshot::TenantSnapshot;

/// The tenant, and what its commits will be shown of it.
pub(super) struct Pending {
    /// Its number in the database.
    pub(super) id: i64,
    /// As the last commit left it. Commits that only add work in it: copying the paths to what changed for each would cost more than the rest.
    pub(super) now: TenantSnapshot,
    /// What is the answer of commits before the last that could change what they left.
    kept: Vec<Arc<TenantSnapshot>>,
    /// Commits after the last of `kept`.
    since_kept: bool,
    /// The `seq` of each configuration that clients checked in to.
    checked_in: BTreeSet<u64>,
    checkins: u64,
    log: Log,
}

/// The entries of the change log of one transaction: `[ticks, actor, changes]` for each commit, as JSON.
#[derive(Default)]
struct Log {
    commits: i64,
    /// Of the last commit.
    ticks: i64,
    entries: String,
}

/// Which snapshot is a commit's answer.
#[derive(Clone, Copy)]
pub(super) struct Shown(usize);

impl Pending {
    pub(super) fn new(id: i64, snapshot: &TenantSnapshot) -> Self {
        Self {
            id,
            now: snapshot.clone(),
            kept: Vec::new(),
            since_kept: false,
            checked_in: BTreeSet::new(),
            checkins: 0,
            log: Log::default(),
        }
    }

    /// Whether a commit was applied or a check-in recorded.
    pub(super) fn is_changed(&self) -> bool {
        self.has_commits() || !self.checked_in.is_empty()
    }

    /// How many commits and how many check-ins there were.
    pub(super) fn entries(&self) -> (u64, u64) {
        (self.log.commits.cast_unsigned(), self.checkins)
    }

    /// Whether a commit was applied.
    pub(super) fn has_commits(&self) -> bool {
        self.log.commits > 0
    }

    /// A check-in was recorded. The snapshot learns it in [`Self::count_rows`], once for all of a transaction.
    pub(super) fn checked_in(&mut self, seq: u64) -> Shown {
        self.checkins += 1;
        self.checked_in.insert(seq);
        Shown(self.kept.len())
    }

    /// Puts what check-ins did into the snapshot, and gives the configurations that they were in and that are still there. `count` tells how
    /// many rows one has.
    pub(super) fn count_rows<E>(
        &mut self,
        mut count: impl FnMut(u64) -> Result<u64, E>,
    ) -> Result<Vec<Arc<OfficeConfiguration>>, E> {
        let mut changed = Vec::new();
        for &seq in &self.checked_in {
            if self.now.by_seq(seq).is_some() {
                self.now.checked_in(seq, count(seq)?);
                changed.extend(self.now.by_seq(seq).cloned());
            }
        }
        Ok(changed)
    }

    /// Runs the rules on a commit. On an error the tenant is as it was.
    pub(super) fn apply(
        &mut self,
        actor: &str,
        commit: Commit,
        rows: &WrittenSummary<'_>,
    ) -> Result<(Effects, Shown), CommitError> {
        let ticks = commit.now.ticks();
        let effects = if rules::only_adds(&commit) {
            rules::add(&mut self.now, commit, rows)?
        } else {
            let (next, effects) = rules::apply(&self.now, commit, rows)?;
            if self.since_kept {
                self.kept.push(Arc::new(std::mem::replace(&mut self.now, next)));
            } else {
                self.now = next;
            }
            effects
        };
        self.since_kept = true;
        self.log.add(ticks, actor, effects.log.text());
        Ok((effects, Shown(self.kept.len())))
    }

    /// What the change log says of the transaction: how many commits, and their entries.
    pub(super) fn log(&self) -> (i64, String) {
        (self.log.commits, format!("[{}]", self.log.entries))
    }

    /// When the last commit was.
    pub(super) fn log_ticks(&self) -> i64 {
        self.log.ticks
    }

    /// The snapshots that are shown, once all is durable.
    pub(super) fn settle(self) -> Settled {
        Settled { id: self.id, kept: self.kept, last: Arc::new(self.now) }
    }
}

impl Log {
    fn add(&mut self, ticks: i64, actor: &str, changes: &str) {
        if self.commits > 0 {
            self.entries.push(',');
        }
        self.commits += 1;
        self.ticks = ticks;
        let _ = write!(self.entries, "[{ticks},");
        push_json(&mut self.entries, actor);
        self.entries.push(',');
        push_json(&mut self.entries, changes);
        self.entries.push(']');
    }
}

/// Actors are whatever an issuer calls them.
fn push_json(to: &mut String, text: &str) {
    if text.bytes().all(|byte| byte >= b' ' && byte != b'"' && byte != b'\\') {
        to.push('"');
        to.push_str(text);
        to.push('"');
    } else {
        // A string always has a JSON text.
        to.push_str(&serde_json::to_string(text).unwrap_or_default());
    }
}

/// A tenant after `COMMIT`.
pub(super) struct Settled {
    pub(super) id: i64,
    kept: Vec<Arc<TenantSnapshot>>,
    pub(super) last: Arc<TenantSnapshot>,
}

impl Settled {
    /// The answer of a commit.
    pub(super) fn shown(&self, shown: Shown) -> Arc<TenantSnapshot> {
        Arc::clone(self.kept.get(shown.0).unwrap_or(&self.last))
    }
}

#[cfg(test)]
mod tests {
    use odata::edm::DateTimeOffset;
    use uuid::Uuid;

    use super::*;
    use crate::command::Command;
    use crate::domain::Summary;
    use crate::ids::{ConfigurationId, TenantId};

    fn id(n: u128) -> ConfigurationId {
        ConfigurationId(Uuid::from_u128(n))
    }

    fn create(n: u128) -> Commit {
        let (statuses, clients) = (Vec::new(), Vec::new());
        let command = Command::CreateConfiguration { id: id(n), default: false, summary: None, statuses, clients };
        Commit::of(DateTimeOffset::from_unix_nanos(0), command)
    }

    fn delete(n: u128) -> Commit {
        Commit::of(DateTimeOffset::from_unix_nanos(0), Command::DeleteConfiguration { id: id(n) })
    }

    fn apply(tenant: &mut Pending, actor: &str, commit: Commit) -> Result<Shown, CommitError> {
        tenant.apply(actor, commit, &|_, _| Ok(Summary::default())).map(|(_, shown)| shown)
    }

    fn pending() -> Pending {
        Pending::new(1, &TenantSnapshot::empty(TenantId(Uuid::from_u128(9))))
    }

    #[test]
    fn a_commit_is_shown_what_it_made_although_a_later_one_in_the_transaction_removed_it() {
        let mut tenant = pending();
        let shown: Vec<Shown> = [create(1), create(2), delete(1), create(3)]
            .map(|commit| apply(&mut tenant, "me", commit).expect("allowed"))
            .into();
        let settled = tenant.settle();
        assert!(settled.shown(shown[0]).configuration(id(1)).is_some());
        assert!(settled.shown(shown[1]).configuration(id(2)).is_some());
        assert!(settled.shown(shown[2]).configuration(id(1)).is_none());
        assert!(settled.shown(shown[3]).configuration(id(3)).is_some());
        assert_eq!(settled.last.version(), 4);
    }

    #[test]
    fn a_refused_creation_leaves_no_trace() {
        let mut tenant = pending();
        apply(&mut tenant, "me", create(1)).expect("allowed");
        let before = tenant.now.clone();
        assert!(apply(&mut tenant, "me", create(1)).is_err());
        assert!(tenant.now == before);
        assert_eq!(tenant.log().0, 1);
    }

    #[test]
    fn the_log_is_json_whatever_the_actor_is_called() {
        let mut tenant = pending();
        for (n, actor) in [(1, "me"), (2, "\"quoted\"\\\n")] {
            apply(&mut tenant, actor, create(n)).expect("allowed");
        }
        let entries: Vec<(i64, String, String)> = serde_json::from_str(&tenant.log().1).expect("JSON");
        let said: Vec<(&str, &str)> = entries.iter().map(|(_, actor, changes)| (&**actor, &**changes)).collect();
        assert_eq!(said, [("me", "+o1"), ("\"quoted\"\\\n", "+o2")]);
    }
}
