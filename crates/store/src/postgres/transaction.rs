//! One transaction of the control plane, up to its COMMIT: locks the tenant, brings what is in memory up to date, runs the rules on each commit and
//! gathers what they leave to be written; or the same ahead, on the tenant as it is in memory. It must never end a transaction whose end others decide
//! on.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use imbl::OrdSet;
use uuid::Uuid;

use super::at_once::AtOnce;
use super::commits::{Answer, Entry};
use super::draft::Draft;
use super::engine::{Engine, counts};
use super::failure::{Failure, WentBack};
use super::loaded::{Counts, Known, Loaded, with_counts};
use super::tx::{Mode, Tx, Write};
use super::{fleet, load, write};
use crate::command::{Change, Command, Committed, Conditional};
use crate::domain::CheckinStatus;
use crate::error::CommitError;
use crate::ids::TenantId;
use crate::rules::{self, DataEffect, Effects, Touched};
use crate::snapshot::TenantSnapshot;
use crate::summary::summarize;

/// What commits came to, once they are durable.
pub(super) struct Done {
    /// The version that they were made on.
    base: u64,
    /// Of the first one: it is in the log if they all happened.
    id: Uuid,
    /// The tenant after each, without what check-ins add.
    outcomes: Vec<Result<Arc<TenantSnapshot>, CommitError>>,
    /// The tenant after the last; `None` when all were refused.
    last: Option<Last>,
    epoch: u64,
}

struct Last {
    base: Arc<TenantSnapshot>,
    recorded: OrdSet<u64>,
    counts: Counts,
}

impl Done {
    /// How many changed something.
    pub(super) fn commits(&self) -> u64 {
        self.outcomes.iter().filter(|outcome| outcome.is_ok()).count() as u64
    }

    /// That of the tenant after the last; `None` when nothing changed.
    pub(super) fn version(&self) -> Option<u64> {
        self.last.as_ref().map(|last| last.base.version())
    }

    /// Takes what check-ins add as it is by now.
    fn count(&mut self, counts: Counts) {
        if let Some(last) = &mut self.last {
            last.counts = counts;
        }
    }

    /// Shows the tenant to everybody, and gives the answers.
    pub(super) fn publish(self, loaded: &Loaded) -> impl Iterator<Item = Answer> {
        let Self { outcomes, last, epoch, .. } = self;
        if let Some(Last { base, recorded, counts }) = &last {
            loaded.keep(Known::new(Arc::clone(base), recorded.clone(), counts), epoch);
        }
        let answer = move |base: Arc<TenantSnapshot>| {
            let snapshot = match &last {
                Some(Last { recorded, counts, .. }) => with_counts(&base, recorded, counts),
                None => base,
            };
            Committed { version: snapshot.version(), snapshot }
        };
        outcomes.into_iter().map(move |outcome| outcome.map(&answer))
    }
}

/// A transaction that waits for its COMMIT, or needs none.
pub(super) enum Prepared {
    /// The rules refused everything.
    Refused(Done),
    /// What was in doubt has happened. The write changes nothing; where it is durable, so is what came before it.
    Happened(Tx, Write),
    /// What is left to be done, and what it all comes to.
    Ready(Making, Done),
}

/// How prepared commits are made.
pub(super) enum Making {
    /// The tenant is locked.
    Begun(Tx, Vec<Write>),
    /// Nothing was asked yet.
    AtOnce(AtOnce, Vec<Write>),
}

impl Making {
    /// Makes them: whether `done` has happened.
    pub(super) async fn make(self, tenant: TenantId, done: &mut Done, within: Duration) -> Result<(), Failure> {
        match self {
            Self::Begun(tx, writes) => tx.commit_after(writes, within).await,
            Self::AtOnce(at_once, writes) => {
                let to = done.version().unwrap_or(done.base);
                done.count(at_once.make(tenant, (done.base, to), writes, within).await?);
                Ok(())
            }
        }
    }
}

/// Prepares commits on the tenant as it was last known here, if that is enough to know: `None` when it is not. What the rules refuse is left to be looked
/// at again: they may have been asked about what is no more.
pub(super) async fn ahead(engine: &Engine, tenant: TenantId, entries: &[Entry]) -> Result<Option<Prepared>, Failure> {
    let epoch = engine.loaded.epoch();
    let Some(known) = engine.loaded.find(tenant).filter(|known| known.version() > 0) else { return Ok(None) };
    if !asked_for(&known.base, entries).is_empty() {
        return Ok(None);
    }
    let (base, counts) = (Arc::clone(&known.base), known.counts());
    let mut work = Work::new(known, Written::new());
    let mut outcomes = Vec::with_capacity(entries.len());
    for entry in entries {
        outcomes.push(match work.run(entry) {
            Ok((next, rows)) if rows.is_empty() => Ok(work.becomes(next)),
            Ok(_) => return Ok(None),
            Err(refused) => Err(refused),
        });
    }
    let Some(id) = work.draft.log.commit_ids.first().copied() else { return Ok(None) };
    let Work { now, recorded, draft, .. } = work;
    let at_once = AtOnce::new(&engine.pool, !recorded.is_empty()).await?;
    let writes = write::statements(&at_once, &base, &now, draft, engine.retention).await?;
    let last = Some(Last { base: now, recorded, counts });
    let done = Done { base: base.version(), id, outcomes, last, epoch };
    Ok(Some(Prepared::Ready(Making::AtOnce(at_once, writes), done)))
}

/// Prepares commits; `doubtful` is what an attempt before this one may have made of them.
pub(super) async fn prepare(
    engine: &Engine,
    tenant: TenantId,
    entries: &[Entry],
    doubtful: Option<&Done>,
) -> Result<Prepared, Failure> {
    let epoch = engine.loaded.epoch();
    let expected = engine.loaded.find(tenant).is_some_and(|known| !known.recorded.is_empty());
    let begun = Tx::begin_with(&engine.pool, tenant, Mode::Change, |session| counts(session, tenant, expected));
    let (tx, standing, mut counts) = begun.await?;
    let standing = match standing {
        Some(standing) => standing,
        None => tx.introduce(tenant).await?,
    };
    if let Some(done) = doubtful
        && has_happened(&tx, tenant, done).await?
    {
        let touch = tx.prepared("UPDATE tenant_version SET version = version WHERE tenant = $1").await?;
        return Ok(Prepared::Happened(tx, (touch, vec![Box::new(tenant.0)])));
    }
    if let Err(failure) = standing.may_be_changed() {
        tx.end();
        return Err(failure);
    }
    let known = current(engine, &tx, tenant, standing.version).await?;
    let base = Arc::clone(&known.base);
    let written = written_rows(&tx, tenant, &base, entries).await?;
    let mut work = Work::new(known, written);
    // What was asked for in the beginning holds, unless nothing was, or rows were written since.
    let mut is_counted = expected;
    let mut outcomes = Vec::with_capacity(entries.len());
    for entry in entries {
        let outcome = match work.run(entry) {
            Ok((mut next, rows)) => {
                for effect in rows {
                    is_counted = false;
                    fleet::apply(&*tx, tenant, &mut next, effect).await?;
                }
                Ok(work.becomes(next))
            }
            Err(refused) => Err(refused),
        };
        outcomes.push(outcome);
    }
    let Some(id) = work.draft.log.commit_ids.first().copied() else {
        tx.end();
        return Ok(Prepared::Refused(Done { base: base.version(), id: Uuid::nil(), outcomes, last: None, epoch }));
    };
    let Work { now, recorded, draft, .. } = work;
    if !recorded.is_empty() && !is_counted {
        counts = fleet::counts(&*tx, tenant).await?;
    }
    let mut writes = write::statements(&tx, &base, &now, draft, engine.retention).await?;
    writes.push(write::version(&tx, tenant, now.version()).await?);
    let last = Some(Last { base: now, recorded, counts });
    let done = Done { base: base.version(), id, outcomes, last, epoch };
    Ok(Prepared::Ready(Making::Begun(tx, writes), done))
}

/// Whether commits whose COMMIT had no answer are in the log. The tenant is locked: if they are not, they never will be.
async fn has_happened(tx: &Tx, tenant: TenantId, done: &Done) -> Result<bool, Failure> {
    let asked = tx.prepared("SELECT 1 FROM change_log WHERE tenant = $1 AND version > $2 AND commit_id = $3").await?;
    Ok(tx.query_opt(&asked, &[&tenant.0, &done.base.cast_signed(), &done.id]).await?.is_some())
}

/// The tenant at the version that is locked.
async fn current(engine: &Engine, tx: &Tx, tenant: TenantId, version: u64) -> Result<Known, Failure> {
    match engine.loaded.find(tenant) {
        Some(known) if known.version() == version => Ok(known),
        Some(known) if known.version() > version => {
            Err(Failure::Refused(Arc::new(WentBack { known: known.version(), found: version })))
        }
        _ if version == 0 => Ok(Known::read(TenantSnapshot::empty(tenant), &HashMap::new())),
        _ => Ok(Known::read(load::snapshot(tx, tenant, version).await?, &HashMap::new())),
    }
}

/// Rows that an administrator wrote, by the `seq` of their configuration.
type Written = HashMap<u64, Vec<Arc<CheckinStatus>>>;

/// The configurations of whose rows the rules may ask what they come to: a summary that is written in part is merged with that.
fn asked_for(base: &TenantSnapshot, entries: &[Entry]) -> BTreeSet<u64> {
    let asks = |one: &Conditional| {
        let Command::UpdateConfiguration { id, summary: Change::Set(Some(patch)), .. } = &one.command else {
            return None;
        };
        let found = base.configuration(*id).filter(|_| !patch.is_whole())?;
        (found.status_count > 0 && !found.has_checkins_from_clients).then_some(found.seq)
    };
    entries.iter().flat_map(|entry| &entry.commit.commands).filter_map(asks).collect()
}

async fn written_rows(tx: &Tx, tenant: TenantId, base: &TenantSnapshot, entries: &[Entry]) -> Result<Written, Failure> {
    let mut written = Written::new();
    for seq in asked_for(base, entries) {
        written.insert(seq, fleet::written_rows(tx.client(), tenant, seq).await?);
    }
    Ok(written)
}

/// A tenant in the middle of the transaction.
struct Work {
    written: Written,
    now: Arc<TenantSnapshot>,
    recorded: OrdSet<u64>,
    draft: Draft,
}

impl Work {
    fn new(known: Known, written: Written) -> Self {
        Self { written, now: known.base, recorded: known.recorded, draft: Draft::default() }
    }

    /// Runs the rules on a commit: gives the tenant after it, which lacks what becomes of check-in rows, and what that is.
    fn run(&mut self, entry: &Entry) -> Result<(TenantSnapshot, Vec<DataEffect>), CommitError> {
        let written = |seq: u64, today: i32| {
            let rows = self.written.get(&seq).map(Vec::as_slice).unwrap_or_default();
            Ok(summarize(rows.iter().map(Arc::as_ref), today))
        };
        let (next, effects) = rules::apply(&self.now, entry.commit.clone(), &written)?;
        let ticks = entry.commit.now.ticks();
        self.draft.log(next.version(), entry.id, ticks, &entry.actor, effects.log.text());
        let rows = self.take(&next, effects);
        Ok((next, rows))
    }

    /// Takes what a commit left, and gives what is to be done with check-in rows.
    fn take(&mut self, next: &TenantSnapshot, effects: Effects) -> Vec<DataEffect> {
        let mut of_rows = Vec::new();
        for effect in effects.data {
            if let DataEffect::DeleteConfiguration { configuration, .. } = &effect {
                self.recorded.remove(configuration);
            }
            if let DataEffect::ReplaceRows { configuration, rows, .. } = &effect {
                self.written.insert(*configuration, rows.clone());
            }
            of_rows.extend(self.draft.data(effect));
        }
        for touched in &effects.touched {
            if let Touched::Configuration(seq) = touched
                && next.by_seq(*seq).is_some_and(|found| found.has_checkins_from_clients)
            {
                self.recorded.insert(*seq);
            }
            self.draft.touch(touched);
        }
        of_rows
    }

    /// The tenant after a commit.
    fn becomes(&mut self, next: TenantSnapshot) -> Arc<TenantSnapshot> {
        self.now = Arc::new(next);
        Arc::clone(&self.now)
    }
}
