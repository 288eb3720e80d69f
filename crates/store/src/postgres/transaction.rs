//! One transaction of the control plane, up to its COMMIT: locks the tenant, brings what is in memory up to date, runs the rules on each commit and
//! gathers what they leave to be written. It must never end a transaction whose end others decide on.

use std::collections::HashMap;
use std::sync::Arc;

use imbl::OrdSet;
use uuid::Uuid;

use super::commits::{Answer, Entry};
use super::draft::Draft;
use super::engine::{Engine, counts};
use super::failure::{Failure, WentBack};
use super::loaded::{Known, Loaded, with_counts};
use super::tx::{Mode, Tx, Write};
use super::{fleet, load, write};
use crate::command::{Change, Command, Commit, Committed};
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
    outcomes: Vec<Result<Arc<TenantSnapshot>, CommitError>>,
    /// The tenant after the last; `None` when all were refused.
    known: Option<Known>,
    epoch: u64,
}

impl Done {
    /// How many changed something.
    pub(super) fn commits(&self) -> u64 {
        self.outcomes.iter().filter(|outcome| outcome.is_ok()).count() as u64
    }

    /// That of the tenant after the last; `None` when nothing changed.
    pub(super) fn version(&self) -> Option<u64> {
        self.known.as_ref().map(Known::version)
    }

    /// Shows the tenant to everybody, and gives the answers.
    pub(super) fn publish(self, loaded: &Loaded) -> impl Iterator<Item = Answer> {
        if let Some(known) = self.known {
            loaded.keep(known, self.epoch);
        }
        let answer = |snapshot: Arc<TenantSnapshot>| Committed { version: snapshot.version(), snapshot };
        self.outcomes.into_iter().map(move |outcome| outcome.map(answer))
    }
}

/// A transaction that waits for its COMMIT, or needs none.
pub(super) enum Prepared {
    /// The rules refused everything.
    Refused(Done),
    /// What was in doubt has happened. The write changes nothing; where it is durable, so is what came before it.
    Happened(Tx, Write),
    /// The statements that are left, and what it all comes to.
    Ready(Tx, Vec<Write>, Done),
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
    let version = standing.version;
    let known = current(engine, &tx, tenant, version).await?;
    let mut work = Work {
        written: written_rows(&tx, tenant, &known.base, entries).await?,
        now: Arc::clone(&known.base),
        recorded: known.recorded,
        draft: Draft::default(),
        has_rows: false,
    };
    let mut outcomes = Vec::with_capacity(entries.len());
    for entry in entries {
        let outcome = match work.apply(entry.commit.clone()) {
            Ok((next, effects)) => {
                let ticks = entry.commit.now.ticks();
                work.draft.log(next.version(), (engine.ids)(), ticks, &entry.actor, effects.log.text());
                Ok(work.take(&tx, tenant, next, effects).await?)
            }
            Err(refused) => Err(refused),
        };
        outcomes.push(outcome);
    }
    let Some(id) = work.draft.log.commit_ids.first().copied() else {
        tx.end();
        return Ok(Prepared::Refused(Done { base: version, id: Uuid::nil(), outcomes, known: None, epoch }));
    };
    let Work { now, recorded, draft, has_rows, .. } = work;
    // What was asked for in the beginning still holds, unless rows were written since.
    if !recorded.is_empty() && (has_rows || !expected) {
        counts = fleet::counts(&*tx, tenant).await?;
    }
    for outcome in outcomes.iter_mut().flatten() {
        *outcome = with_counts(outcome, &recorded, &counts);
    }
    let writes = write::statements(&tx, &known.base, &now, draft, engine.retention).await?;
    let known = Some(Known::new(now, recorded, &counts));
    Ok(Prepared::Ready(tx, writes, Done { base: version, id, outcomes, known, epoch }))
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

/// The rows that the rules may ask for: a summary that is written in part is merged with what they come to.
async fn written_rows(tx: &Tx, tenant: TenantId, base: &TenantSnapshot, entries: &[Entry]) -> Result<Written, Failure> {
    let mut written = Written::new();
    for one in entries.iter().flat_map(|entry| &entry.commit.commands) {
        let Command::UpdateConfiguration { id, summary: Change::Set(Some(patch)), .. } = &one.command else { continue };
        let Some(found) = base.configuration(*id).filter(|_| !patch.is_whole()) else { continue };
        if found.status_count > 0 && !found.has_checkins_from_clients && !written.contains_key(&found.seq) {
            written.insert(found.seq, fleet::written_rows(tx.client(), tenant, found.seq).await?);
        }
    }
    Ok(written)
}

/// A tenant in the middle of the transaction.
struct Work {
    written: Written,
    now: Arc<TenantSnapshot>,
    recorded: OrdSet<u64>,
    draft: Draft,
    /// Whether rows of clients were written.
    has_rows: bool,
}

impl Work {
    /// Runs the rules on a commit.
    fn apply(&self, commit: Commit) -> Result<(TenantSnapshot, Effects), CommitError> {
        let rows = |seq: u64, today: i32| {
            let rows = self.written.get(&seq).map(Vec::as_slice).unwrap_or_default();
            Ok(summarize(rows.iter().map(Arc::as_ref), today))
        };
        rules::apply(&self.now, commit, &rows)
    }

    /// Takes what a commit left, and gives the tenant after it.
    async fn take(
        &mut self,
        tx: &Tx,
        tenant: TenantId,
        mut next: TenantSnapshot,
        effects: Effects,
    ) -> Result<Arc<TenantSnapshot>, Failure> {
        for effect in effects.data {
            if let DataEffect::DeleteConfiguration { configuration, .. } = &effect {
                self.recorded.remove(configuration);
            }
            if let DataEffect::ReplaceRows { configuration, rows, .. } = &effect {
                self.written.insert(*configuration, rows.clone());
            }
            if let Some(effect) = self.draft.data(effect) {
                self.has_rows = true;
                fleet::apply(&**tx, tenant, &mut next, effect).await?;
            }
        }
        for touched in &effects.touched {
            if let Touched::Configuration(seq) = touched
                && next.by_seq(*seq).is_some_and(|found| found.has_checkins_from_clients)
            {
                self.recorded.insert(*seq);
            }
            self.draft.touch(touched);
        }
        self.now = Arc::new(next);
        Ok(Arc::clone(&self.now))
    }
}
