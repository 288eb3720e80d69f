//! The only writer: one thread that takes commits from a bounded queue, runs the rules on each in memory, writes many in one
//! transaction, and answers all of them after one fsync. It must never answer before `COMMIT` has returned.

use std::collections::{HashMap, hash_map};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Instant;

use rusqlite::Connection;
use rusqlite::hooks::Wal;
use tokio::sync::oneshot;

use super::checkpoint::Checkpoints;
use super::columns::stored;
use super::fleet::Fleet;
use super::pending::{Pending, Settled, Shown};
use super::statements::Statements;
use super::tenants::{Found, Tenants};
use super::{background, failure, load, log, statuses, write};
use crate::changes::Retention;
use crate::command::{Command, Commit, Committed};
use crate::domain::Checkin;
use crate::error::{CommitError, What};
use crate::ids::{Caller, TenantId};
use crate::limits::{
    BUSY_RETRY_AFTER, CHECKIN_DEADLINE, CHECKIN_TIME_GOOD, CHECKIN_WINDOW_MIN, COMMIT_DEADLINE, COMMIT_QUEUE,
    HEAL_INTERVAL, MAX_BATCH, TENANT_QUEUE,
};
use crate::observer::{Nobody, Observer, Transaction};
use crate::queue::{Lanes, Refused, Waiting, Window};
use crate::snapshot::TenantSnapshot;

/// Rows that nobody sees any more that go with each transaction, and with each when there is nothing else to do.
const SWEPT_WITH_COMMITS: u32 = 100;
const SWEPT_WHEN_IDLE: u32 = 2_000;

type Answer = Result<Committed, CommitError>;

/// What came of a commit, before it is durable.
type Outcome = Result<Done, CommitError>;

/// A commit's outcome, and who waits for it.
type Executed = (oneshot::Sender<Answer>, Outcome);

struct Done {
    tenant: TenantId,
    version: u64,
    shown: Shown,
}

impl Done {
    fn answer(&self, settled: &HashMap<TenantId, Settled>) -> Answer {
        let tenant = settled.get(&self.tenant).ok_or_else(closed)?;
        Ok(Committed { version: self.version, snapshot: tenant.shown(self.shown) })
    }
}

/// A commit that waits.
struct Entry {
    tenant: TenantId,
    actor: Arc<str>,
    work: Work,
    came: Instant,
    reply: oneshot::Sender<Answer>,
}

/// What it waits for.
pub(super) enum Work {
    /// A change of the control plane.
    Commit(Commit),
    /// A client's check-in.
    Checkin(Box<Checkin>),
}

impl Waiting for Entry {
    fn came(&self) -> Option<Instant> {
        matches!(self.work, Work::Checkin(_)).then_some(self.came)
    }

    fn is_over(&self, now: Instant) -> bool {
        let waited = now.saturating_duration_since(self.came);
        match self.work {
            Work::Commit(_) => waited > COMMIT_DEADLINE,
            // Whoever waited for it and has gone took it for not done. A commit is done all the same.
            Work::Checkin(_) => waited > CHECKIN_DEADLINE || self.reply.is_closed(),
        }
    }
}

/// Why changes are not taken at the moment.
#[derive(Default)]
pub(super) struct Trouble(Mutex<Option<String>>);

impl Trouble {
    pub(super) fn get(&self) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set(&self, reason: Option<String>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = reason;
    }
}

/// The callers' side of the queue.
pub(super) struct Queue {
    lanes: Arc<Lanes<Entry>>,
    observer: Arc<dyn Observer>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Queue {
    /// Puts a commit into the queue; the answer comes when it is durable.
    pub(super) fn put(&self, caller: &Caller, work: Work) -> Result<oneshot::Receiver<Answer>, CommitError> {
        let (reply, answer) = oneshot::channel();
        let (tenant, actor) = (caller.tenant, Arc::clone(&caller.actor));
        let entry = Entry { tenant, actor, work, came: Instant::now(), reply };
        match self.lanes.put(tenant, entry) {
            Ok(()) => Ok(answer),
            Err(Refused::Full | Refused::Late) => {
                self.observer.refused();
                Err(CommitError::Busy { retry_after: BUSY_RETRY_AFTER })
            }
            Err(Refused::Closed) => Err(closed()),
        }
    }

    /// Lets the writer finish what is in the queue, and waits for it. Blocks.
    pub(super) fn close(&self) {
        self.lanes.close();
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            // Whoever waits goes first.
            if thread.join().is_err() {
                tracing::error!("the writer stopped by a fault of its own");
            }
        }
    }
}

/// The queue of a store that takes no changes.
pub(super) fn none() -> Queue {
    let window = Window::new(CHECKIN_WINDOW_MIN, COMMIT_QUEUE, CHECKIN_TIME_GOOD);
    let lanes = Arc::new(Lanes::new(COMMIT_QUEUE, TENANT_QUEUE, MAX_BATCH, window));
    lanes.close();
    Queue { lanes, observer: Arc::new(Nobody), thread: Mutex::new(None) }
}

/// Whoever still waits when the writer is gone, by a fault of its own too, is told so.
struct Abandon(Arc<Lanes<Entry>>);

impl Drop for Abandon {
    fn drop(&mut self) {
        self.0.abandon();
    }
}

pub(super) fn closed() -> CommitError {
    CommitError::Unavailable(Arc::new(Closed))
}

#[derive(Debug, thiserror::Error)]
#[error("the store is closed")]
struct Closed;

/// What others see of the writer's work.
pub(super) struct Watched {
    pub(super) tenants: Arc<Tenants>,
    pub(super) trouble: Arc<Trouble>,
    pub(super) observer: Arc<dyn Observer>,
}

struct Writer {
    connection: Connection,
    tenants: Arc<Tenants>,
    trouble: Arc<Trouble>,
    observer: Arc<dyn Observer>,
    lanes: Arc<Lanes<Entry>>,
    checkpoints: Checkpoints,
    frames: Arc<AtomicU32>,
    frames_at_wake: u32,
    fleet: Fleet,
    unswept: bool,
    retention: Retention,
}

/// Starts the writer's thread.
pub(super) fn start(
    mut connection: Connection,
    watched: Watched,
    checkpoints: (Checkpoints, JoinHandle<()>),
    retention: Retention,
) -> rusqlite::Result<Queue> {
    let frames = Arc::new(AtomicU32::new(0));
    let counter = Arc::clone(&frames);
    connection.wal_hook(Some(move |_: &mut Wal, pages: std::ffi::c_int| {
        counter.store(u32::try_from(pages).unwrap_or(0), Ordering::Relaxed);
        Ok(())
    }))?;
    let (checkpoints, checkpointer) = checkpoints;
    let Watched { tenants, trouble, observer } = watched;
    let window = Window::new(CHECKIN_WINDOW_MIN, COMMIT_QUEUE, CHECKIN_TIME_GOOD);
    let lanes = Arc::new(Lanes::new(COMMIT_QUEUE, TENANT_QUEUE, MAX_BATCH, window));
    let writer = Writer {
        connection,
        tenants,
        trouble,
        observer: Arc::clone(&observer),
        lanes: Arc::clone(&lanes),
        checkpoints,
        frames,
        frames_at_wake: 0,
        fleet: Fleet::default(),
        unswept: true,
        retention,
    };
    let taken = Abandon(Arc::clone(&lanes));
    let thread = std::thread::Builder::new()
        .name("writer".to_owned())
        .spawn(move || {
            background::yield_to_others();
            writer.run(&taken.0);
            // The writer has dropped its side: the checkpointer ends.
            let _ = checkpointer.join();
        })
        .map_err(|e| rusqlite::Error::ToSqlConversionFailure(Box::new(e)))?;
    Ok(Queue { lanes, observer, thread: Mutex::new(Some(thread)) })
}

impl Writer {
    fn run(mut self, lanes: &Lanes<Entry>) {
        let (mut batch, mut over) = (Vec::with_capacity(MAX_BATCH), Vec::new());
        // What waits when it is closed still goes.
        while lanes.take(HEAL_INTERVAL, &mut batch, &mut over).is_some() {
            if batch.is_empty() && over.is_empty() {
                self.idle();
            }
            for entry in over.drain(..) {
                self.observer.refused();
                let _ = entry.reply.send(Err(CommitError::Busy { retry_after: BUSY_RETRY_AFTER }));
            }
            if !batch.is_empty() {
                self.transact(&mut batch);
            }
        }
        let truncated = self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", (), |_| Ok(()));
        if let Err(error) = truncated {
            tracing::warn!(%error, "the log could not be emptied; it will be read at the next start");
        }
    }

    /// One transaction for all commits in the batch.
    fn transact(&mut self, batch: &mut Vec<Entry>) {
        let start = Instant::now();
        let mut pending = HashMap::new();
        // What it knows is true no more when the transaction is undone: then it does not come back.
        let mut fleet = std::mem::take(&mut self.fleet);
        let (outcomes, executed) = self.execute_all(&mut fleet, &mut pending, batch);
        match executed.and_then(|()| self.finish(&mut fleet, &mut pending).map_err(failure::commit)) {
            Ok(()) => {
                fleet.shrink();
                self.fleet = fleet;
                self.tell(start, pending.values().map(Pending::entries), true);
                let changed = pending.into_iter().filter(|(_, tenant)| tenant.is_changed());
                let settled: HashMap<TenantId, Settled> = changed.map(|(id, tenant)| (id, tenant.settle())).collect();
                self.tenants.publish(settled.values().map(|tenant| (tenant.id, Arc::clone(&tenant.last))));
                if self.trouble.get().is_some() {
                    tracing::info!("changes are taken again");
                    self.trouble.set(None);
                }
                for (reply, outcome) in outcomes {
                    let answer = outcome.and_then(|done| done.answer(&settled));
                    // A caller that went away does not undo its commit.
                    let _ = reply.send(answer);
                }
                let frames = self.frames.load(Ordering::Relaxed);
                self.frames_at_wake = self.checkpoints.after_commit(&self.connection, frames, self.frames_at_wake);
            }
            Err(error) => {
                self.roll_back();
                self.tell(start, std::iter::empty(), false);
                self.report(&error);
                // What the rules said of any of them was said of a state that is no more.
                for (reply, _) in outcomes {
                    let _ = reply.send(Err(error.clone()));
                }
            }
        }
    }

    fn tell(&self, start: Instant, entries: impl Iterator<Item = (u64, u64)>, is_durable: bool) {
        let (commits, checkins) = entries.fold((0, 0), |(a, b), (commits, checkins)| (a + commits, b + checkins));
        let waiting = self.lanes.len();
        self.observer.transaction(Transaction { commits, checkins, waiting, took: start.elapsed(), is_durable });
    }

    /// Executes the batch, until the database fails; each caller has its outcome, whatever happens.
    fn execute_all(
        &self,
        fleet: &mut Fleet,
        pending: &mut HashMap<TenantId, Pending>,
        batch: &mut Vec<Entry>,
    ) -> (Vec<Executed>, Result<(), CommitError>) {
        let mut outcomes = Vec::with_capacity(batch.len());
        let mut statements = Statements::new(&self.connection);
        let mut state = self.begin();
        for entry in batch.drain(..) {
            let Entry { tenant, actor, work, reply, .. } = entry;
            let outcome = match &state {
                Err(error) => Err(error.clone()),
                Ok(()) => {
                    self.execute((&mut statements, fleet), pending, tenant, &actor, work).unwrap_or_else(|error| {
                        let error = failure::commit(error);
                        state = Err(error.clone());
                        Err(error)
                    })
                }
            };
            outcomes.push((reply, outcome));
        }
        (outcomes, state)
    }

    fn begin(&self) -> Result<(), CommitError> {
        self.run_sql("BEGIN IMMEDIATE").map_err(failure::commit)
    }

    fn run_sql(&self, sql: &str) -> rusqlite::Result<()> {
        self.connection.prepare_cached(sql)?.execute(()).map(|_| ())
    }

    /// Runs one commit against the tenant as the commits before it left it. The outer error is the database's.
    fn execute(
        &self,
        to: (&mut Statements<'_>, &mut Fleet),
        pending: &mut HashMap<TenantId, Pending>,
        tenant: TenantId,
        actor: &str,
        work: Work,
    ) -> rusqlite::Result<Outcome> {
        let known = match pending.entry(tenant) {
            hash_map::Entry::Occupied(known) => known.into_mut(),
            hash_map::Entry::Vacant(place) => place.insert(self.known(tenant)?),
        };
        let done = match work {
            Work::Commit(commit) => self.commit(to, known, actor, commit)?,
            Work::Checkin(checkin) => self.check_in(to, known, actor, &checkin)?,
        };
        Ok(done.map(|shown| Done { tenant, version: known.now.version(), shown }))
    }

    fn commit(
        &self,
        (statements, fleet): (&mut Statements<'_>, &mut Fleet),
        known: &mut Pending,
        actor: &str,
        commit: Commit,
    ) -> rusqlite::Result<Result<Shown, CommitError>> {
        let (id, connection) = (known.id, &self.connection);
        let rows = |configuration, today| {
            let summary = statuses::summary(connection, id, configuration, None, today);
            summary.map(|(_, summary)| summary).map_err(|e| CommitError::Unavailable(Arc::new(e)))
        };
        let (effects, shown) = match known.apply(actor, commit, &rows) {
            Ok(applied) => applied,
            Err(refused) => return Ok(Err(refused)),
        };
        if known.id == NEW_TENANT {
            known.id = write::new_tenant(&self.connection, &known.now)?;
        }
        write::effects(statements, fleet, known.id, &mut known.now, effects)?;
        Ok(Ok(shown))
    }

    fn check_in(
        &self,
        (statements, fleet): (&mut Statements<'_>, &mut Fleet),
        known: &mut Pending,
        actor: &str,
        checkin: &Checkin,
    ) -> rusqlite::Result<Result<Shown, CommitError>> {
        let id = checkin.configuration;
        if known.now.configuration(id).is_none_or(|found| !found.has_checkins_from_clients) {
            // The first one: the rows become the clients', which is a change that others see.
            let command = Command::RecordCheckins { configuration: id, checkins: Vec::new() };
            if let Err(refused) = self.commit((statements, fleet), known, actor, Commit::of(checkin.at, command))? {
                return Ok(Err(refused));
            }
        }
        let Some(seq) = known.now.configuration(id).map(|found| found.seq) else {
            return Ok(Err(CommitError::NotFound { what: What::Configuration }));
        };
        fleet.check_in(statements, (known.id, stored(seq)), checkin)?;
        Ok(Ok(known.checked_in(seq)))
    }

    fn known(&self, tenant: TenantId) -> rusqlite::Result<Pending> {
        Ok(match self.tenants.find(tenant) {
            Found::Loaded(id, snapshot) => Pending::new(id, &snapshot),
            Found::NotLoaded { id, .. } => Pending::new(id, &load::snapshot(&self.connection, tenant, id)?),
            Found::Unknown => Pending::new(NEW_TENANT, &TenantSnapshot::empty(tenant)),
        })
    }

    fn finish(&mut self, fleet: &mut Fleet, pending: &mut HashMap<TenantId, Pending>) -> rusqlite::Result<()> {
        let mut changed = pending.values_mut().filter(|p| p.is_changed()).peekable();
        if changed.peek().is_none() {
            return self.run_sql("ROLLBACK");
        }
        let statements = &mut Statements::new(&self.connection);
        fleet.flush(statements)?;
        for tenant in changed {
            let id = tenant.id;
            for configuration in tenant.count_rows(|seq| fleet.count(statements, (id, stored(seq))))? {
                write::status_counts(&self.connection, tenant.id, &configuration)?;
            }
            if !tenant.has_commits() {
                continue;
            }
            write::tenant(&self.connection, tenant)?;
            log::write(&self.connection, tenant)?;
            log::trim(&self.connection, tenant, self.retention)?;
        }
        // Commits may have left rows to sweep; the question costs little.
        self.unswept = fleet.sweep(statements, SWEPT_WITH_COMMITS)?;
        fleet.flush(statements)?;
        self.run_sql("COMMIT")
    }

    fn roll_back(&self) {
        if !self.connection.is_autocommit()
            && let Err(error) = self.run_sql("ROLLBACK")
        {
            tracing::error!(%error, "a transaction could not be undone");
        }
    }

    fn report(&self, error: &CommitError) {
        let reason = match error {
            CommitError::Unavailable(cause) => format!("{error}: {cause}"),
            _ => error.to_string(),
        };
        tracing::error!(reason, "changes were not taken");
        self.trouble.set(Some(reason));
    }

    /// Nothing waits: remove what nobody sees any more, or see whether writing works again.
    fn idle(&mut self) {
        if self.unswept && self.trouble.get().is_none() {
            let mut fleet = std::mem::take(&mut self.fleet);
            match self.sweep(&mut fleet) {
                Ok(more) => (self.unswept, self.fleet) = (more, fleet),
                Err(error) => {
                    self.roll_back();
                    self.report(&failure::commit(error));
                }
            }
            // One step at a time when there is much: a commit may have come.
            return;
        }
        if self.trouble.get().is_some() {
            match self.probe() {
                Ok(()) => {
                    tracing::info!("changes are taken again");
                    self.trouble.set(None);
                }
                Err(error) => {
                    self.roll_back();
                    self.trouble.set(Some(failure::commit(error).to_string()));
                }
            }
        }
    }

    fn sweep(&self, fleet: &mut Fleet) -> rusqlite::Result<bool> {
        self.run_sql("BEGIN IMMEDIATE")?;
        let statements = &mut Statements::new(&self.connection);
        let more = fleet.sweep(statements, SWEPT_WHEN_IDLE)?;
        fleet.flush(statements)?;
        self.run_sql("COMMIT")?;
        Ok(more)
    }

    /// Writes something that changes nothing, through to the disk.
    fn probe(&self) -> rusqlite::Result<()> {
        self.run_sql("BEGIN IMMEDIATE")?;
        self.run_sql("INSERT INTO doomed_checkins (tenant, configuration) VALUES (0, 0)")?;
        self.run_sql("DELETE FROM doomed_checkins WHERE tenant = 0 AND configuration = 0")?;
        self.run_sql("COMMIT")
    }
}

/// The number of a tenant that has none yet; the database gives numbers from 1.
const NEW_TENANT: i64 = 0;
