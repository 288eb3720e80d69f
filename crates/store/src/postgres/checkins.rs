//! The writer of check-ins: lines by tenant and user, each served by a task that records all that wait of one tenant in one transaction. Check-ins are
//! idempotent, so that one whose outcome is not known is recorded again. It must never write a row itself, nor make the rows the clients' but by a
//! commit.

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::commits::{Commits, busy, closed};
use super::engine::Engine;
use super::failure::Failure;
use super::fleet;
use super::line::{Line, waited};
use super::loaded::Known;
use super::retry::Attempts;
use super::tx::{Mode, Tx};
use crate::command::{Command, Commit};
use crate::domain::{Checkin, OfficeConfiguration};
use crate::error::{CommitError, What};
use crate::ids::{Caller, ConfigurationId, TenantId};
use crate::limits::{
    CHANGE_DEADLINE, CHECKIN_COMMIT_WAIT, CHECKIN_DEADLINE, CHECKIN_LINES, CHECKIN_TIME_GOOD, CHECKIN_WINDOW_MIN,
    CHECKINS_TOGETHER, COMMIT_QUEUE, TENANT_QUEUE,
};
use crate::observer::Transaction;
use crate::queue::{Refused, Waiting, Window};

type Answer = Result<(), CommitError>;

/// A check-in that waits.
struct Entry {
    actor: Arc<str>,
    checkin: Checkin,
    came: Instant,
    reply: oneshot::Sender<Answer>,
}

impl Waiting for Entry {
    fn came(&self) -> Option<Instant> {
        Some(self.came)
    }

    fn is_over(&self, now: Instant) -> bool {
        // Whoever waited for it and has gone took it for not done.
        waited(self.came, now, CHECKIN_DEADLINE) || self.reply.is_closed()
    }
}

/// The callers' side.
pub(super) struct Checkins {
    engine: Arc<Engine>,
    lines: Vec<Arc<Line<Entry>>>,
    tasks: Mutex<Vec<JoinHandle<()>>>,
}

impl Checkins {
    /// Starts the tasks.
    pub(super) fn start(engine: &Arc<Engine>, commits: &Arc<Commits>) -> Self {
        let mut tasks = Vec::with_capacity(CHECKIN_LINES);
        let mut lines = Vec::with_capacity(CHECKIN_LINES);
        for _ in 0..CHECKIN_LINES {
            let (least, most) = (CHECKIN_WINDOW_MIN / CHECKIN_LINES, COMMIT_QUEUE / CHECKIN_LINES);
            let window = Window::new(least, most, CHECKIN_TIME_GOOD);
            let line = Arc::new(Line::new(most, TENANT_QUEUE / CHECKIN_LINES, CHECKINS_TOGETHER, window));
            let server = Server { engine: Arc::clone(engine), commits: Arc::clone(commits), line: Arc::clone(&line) };
            tasks.push(tokio::spawn(server.serve()));
            lines.push(line);
        }
        Self { engine: Arc::clone(engine), lines, tasks: Mutex::new(tasks) }
    }

    /// Puts a check-in into its user's line: check-ins of one user keep their order. The answer comes when it is durable.
    pub(super) fn put(&self, caller: &Caller, checkin: Checkin) -> Result<oneshot::Receiver<Answer>, CommitError> {
        if let Some(reason) = self.engine.trouble.get() {
            // Clients come again by themselves; their policies do not wait for what cannot be.
            return Err(CommitError::Unavailable(Arc::new(InTrouble(reason))));
        }
        let mut hasher = DefaultHasher::new();
        (caller.tenant, checkin.user_id.to_lowercase()).hash(&mut hasher);
        let line = hasher.finish() % (self.lines.len() as u64);
        let line = &self.lines[usize::try_from(line).unwrap_or(0)];
        let (reply, answer) = oneshot::channel();
        let entry = Entry { actor: Arc::clone(&caller.actor), checkin, came: Instant::now(), reply };
        match line.put(caller.tenant, entry) {
            Ok(()) => Ok(answer),
            Err(Refused::Closed) => Err(closed()),
            Err(Refused::Full | Refused::Late) => {
                self.engine.observer.refused();
                Err(busy())
            }
        }
    }

    /// Takes no more, and waits for what was accepted.
    pub(super) async fn close(&self) {
        for line in &self.lines {
            line.close();
        }
        let tasks = std::mem::take(&mut *self.tasks.lock().unwrap_or_else(PoisonError::into_inner));
        for task in tasks {
            if task.await.is_err() {
                tracing::error!("a writer of check-ins stopped by a fault of its own");
            }
        }
    }
}

impl Drop for Checkins {
    fn drop(&mut self) {
        for line in &self.lines {
            line.close();
        }
    }
}

#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct InTrouble(String);

#[derive(Debug, thiserror::Error)]
#[error("the tenant was changed again and again meanwhile")]
struct Moved;

struct Server {
    engine: Arc<Engine>,
    commits: Arc<Commits>,
    line: Arc<Line<Entry>>,
}

impl Server {
    async fn serve(self) {
        let (mut batch, mut over) = (Vec::new(), Vec::new());
        while let Some(tenant) = self.line.next(&mut batch, &mut over).await {
            for entry in over.drain(..) {
                self.engine.observer.refused();
                let _ = entry.reply.send(Err(busy()));
            }
            if batch.is_empty() {
                continue;
            }
            let start = Instant::now();
            let recorded = self.record(tenant, &mut batch).await;
            let (waiting, took, is_durable) = (self.line.len(), start.elapsed(), recorded.is_ok());
            let checkins = if is_durable { batch.len() as u64 } else { 0 };
            self.engine.observer.transaction(Transaction { commits: 0, checkins, waiting, took, is_durable });
            let answer = recorded.map_err(|failure| {
                self.engine.trouble.report(&failure);
                failure.of_commit()
            });
            for entry in batch.drain(..) {
                let _ = entry.reply.send(answer.clone());
            }
        }
    }

    /// Records a batch, of which those are left that share the answer: others have theirs.
    async fn record(&self, tenant: TenantId, batch: &mut Vec<Entry>) -> Result<(), Failure> {
        let mut attempts = Attempts::new(&self.engine.ids, CHECKIN_COMMIT_WAIT);
        loop {
            let mut known = match self.engine.loaded.find(tenant) {
                Some(known) => known,
                None => self.engine.load(tenant, 0).await?,
            };
            if self.open_to_clients(tenant, &known, batch).await {
                known = match self.engine.loaded.find(tenant) {
                    Some(known) => known,
                    None => self.engine.load(tenant, 0).await?,
                };
            }
            if batch.is_empty() {
                return Ok(());
            }
            match self.record_once(tenant, &known, batch).await {
                Ok(true) => {
                    self.engine.trouble.is_over();
                    self.engine.untidy.add(tenant);
                    return Ok(());
                }
                // The tenant was changed meanwhile. Again and again is no fault of the database's: others hold what the batch waits for.
                Ok(false) => {
                    attempts.after(Failure::Conflict(Arc::new(Moved))).await.map_err(|_| Failure::Busy)?;
                }
                // The same rows again come to the same.
                Err(Failure::Unknown(cause)) => match attempts.after(Failure::Lost(Arc::clone(&cause))).await {
                    Ok(()) => {}
                    Err(_) => return Err(Failure::Unknown(cause)),
                },
                Err(failure) => attempts.after(failure).await?,
            }
        }
    }

    /// Makes the rows of each configuration the clients' where they are not yet; who checked in to what is not there is told so. Whether anything
    /// was made.
    async fn open_to_clients(&self, tenant: TenantId, known: &Known, batch: &mut Vec<Entry>) -> bool {
        let is_open = |id| known.base.configuration(id).is_some_and(|found| found.has_checkins_from_clients);
        let closed: BTreeSet<ConfigurationId> =
            batch.iter().map(|entry| entry.checkin.configuration).filter(|id| !is_open(*id)).collect();
        for id in &closed {
            let Some(first) = batch.iter().find(|entry| entry.checkin.configuration == *id) else { continue };
            let caller = Caller { tenant, actor: Arc::clone(&first.actor) };
            let command = Command::RecordCheckins { configuration: *id, checkins: Vec::new() };
            // Of several servers' and lines' first ones only one counts: nobody would learn anything from the others' versions.
            let expected_version = Some(known.version());
            let commit = Commit { expected_version, ..Commit::of(first.checkin.at, command) };
            let made = self.commits.make(&caller, commit).await;
            if let Err(CommitError::Moved) = made {
                // What came of it is seen, or the batch is tried again.
                let _ = self.engine.load(tenant, known.version() + 1).await;
                return true;
            }
            if let Err(refused) = made {
                let (told, left) = batch.drain(..).partition(|entry| entry.checkin.configuration == *id);
                *batch = left;
                for entry in Vec::from_iter::<Vec<Entry>>(told) {
                    let _ = entry.reply.send(Err(refused.clone()));
                }
            }
        }
        !closed.is_empty()
    }

    /// Records a batch in one transaction; false when the tenant is not known at the version that it has there.
    async fn record_once(&self, tenant: TenantId, known: &Known, batch: &mut Vec<Entry>) -> Result<bool, Failure> {
        let written = tokio::time::timeout(CHANGE_DEADLINE, self.write(tenant, known, batch)).await;
        match written.unwrap_or(Err(Failure::Late))? {
            Some(tx) => tx.commit(CHECKIN_COMMIT_WAIT).await.map(|()| true),
            None => Ok(false),
        }
    }

    async fn write(&self, tenant: TenantId, known: &Known, batch: &mut Vec<Entry>) -> Result<Option<Tx>, Failure> {
        let (tx, standing) = Tx::begin(&self.engine.pool, tenant, Mode::Record).await?;
        let version = standing.unwrap_or_default().version;
        if version > known.version() {
            tx.end();
            self.engine.load(tenant, version).await?;
            return Ok(None);
        }
        let place = |entry: &Entry| -> Option<&OfficeConfiguration> {
            known.base.configuration(entry.checkin.configuration).map(Arc::as_ref)
        };
        // What went while it waited.
        let (left, gone) = batch.drain(..).partition(|entry| place(entry).is_some());
        *batch = left;
        for entry in Vec::from_iter::<Vec<Entry>>(gone) {
            let _ = entry.reply.send(Err(CommitError::NotFound { what: What::Configuration }));
        }
        if batch.iter().filter_map(place).any(|found| !found.has_checkins_from_clients) {
            tx.end();
            return Ok(None);
        }
        let rows: Vec<(u64, &Checkin)> =
            batch.iter().filter_map(|entry| Some((place(entry)?.seq, &entry.checkin))).collect();
        if !rows.is_empty() {
            fleet::record(tx.client(), tenant, &rows).await?;
        }
        Ok(Some(tx))
    }
}
