//! The writer of the control plane: lines of commits, each served by a task that puts all that wait of one tenant into one transaction, which
//! holds the tenant's version locked, and answers all of them when it is durable. It must never answer before COMMIT has, nor guess what came of it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use uuid::Uuid;

use super::connect::Closed;
use super::engine::Engine;
use super::failure::Failure;
use super::hints;
use super::line::{Line, waited};
use super::retry::Attempts;
use super::transaction::{Done, Prepared, ahead, prepare};
use crate::command::{Commit, Committed};
use crate::error::CommitError;
use crate::ids::{Caller, TenantId};
use crate::limits::{
    BUSY_RETRY_AFTER, CHANGE_DEADLINE, COMMIT_DEADLINE, COMMIT_LINES, COMMIT_QUEUE, COMMIT_WAIT, COMMITS_TOGETHER,
    OUTCOME_DEADLINE, TENANT_QUEUE,
};
use crate::observer::Transaction;
use crate::queue::{Waiting, Window};

pub(super) type Answer = Result<Committed, CommitError>;

/// A commit that waits.
pub(super) struct Entry {
    pub(super) actor: Arc<str>,
    pub(super) commit: Commit,
    /// By which it is found in the log, whichever attempt made it.
    pub(super) id: Uuid,
    came: Instant,
    reply: oneshot::Sender<Answer>,
}

impl Waiting for Entry {
    fn came(&self) -> Option<Instant> {
        None
    }

    fn is_over(&self, now: Instant) -> bool {
        waited(self.came, now, COMMIT_DEADLINE)
    }
}

/// The callers' side.
pub(super) struct Commits {
    engine: Arc<Engine>,
    lines: Vec<Arc<Line<Entry>>>,
    tasks: Mutex<Vec<JoinHandle<()>>>,
}

impl Commits {
    /// Starts the tasks.
    pub(super) fn start(engine: &Arc<Engine>) -> Self {
        let mut tasks = Vec::with_capacity(COMMIT_LINES);
        let mut lines = Vec::with_capacity(COMMIT_LINES);
        for _ in 0..COMMIT_LINES {
            let window = Window::new(COMMIT_QUEUE, COMMIT_QUEUE, COMMIT_DEADLINE);
            let line =
                Arc::new(Line::new(COMMIT_QUEUE / COMMIT_LINES, TENANT_QUEUE / COMMIT_LINES, COMMITS_TOGETHER, window));
            tasks.push(tokio::spawn(serve(Arc::clone(engine), Arc::clone(&line))));
            lines.push(line);
        }
        Self { engine: Arc::clone(engine), lines, tasks: Mutex::new(tasks) }
    }

    /// Puts a commit into its tenant's line; the answer comes when it is durable.
    pub(super) fn put(&self, caller: &Caller, commit: Commit) -> Result<oneshot::Receiver<Answer>, CommitError> {
        let (reply, answer) = oneshot::channel();
        let entry =
            Entry { actor: Arc::clone(&caller.actor), commit, id: (self.engine.ids)(), came: Instant::now(), reply };
        let line = caller.tenant.0.as_u128() % (self.lines.len() as u128);
        let line = &self.lines[usize::try_from(line).unwrap_or(0)];
        match line.put(caller.tenant, entry) {
            Ok(()) => Ok(answer),
            Err(crate::queue::Refused::Closed) => Err(closed()),
            Err(_) => {
                self.engine.observer.refused();
                Err(busy())
            }
        }
    }

    /// Makes a commit.
    pub(super) async fn make(&self, caller: &Caller, commit: Commit) -> Answer {
        self.put(caller, commit)?.await.unwrap_or_else(|_| Err(closed()))
    }

    /// Takes no more.
    pub(super) fn close(&self) {
        for line in &self.lines {
            line.close();
        }
    }

    /// Waits for what was accepted.
    pub(super) async fn finished(&self) {
        let tasks = std::mem::take(&mut *self.tasks.lock().unwrap_or_else(PoisonError::into_inner));
        for task in tasks {
            if task.await.is_err() {
                tracing::error!("a writer stopped by a fault of its own");
            }
        }
    }
}

pub(super) fn closed() -> CommitError {
    CommitError::Unavailable(Arc::new(Closed))
}

pub(super) fn busy() -> CommitError {
    CommitError::Busy { retry_after: BUSY_RETRY_AFTER }
}

async fn serve(engine: Arc<Engine>, line: Arc<Line<Entry>>) {
    let (mut batch, mut over) = (Vec::new(), Vec::new());
    while let Some(tenant) = line.next(&mut batch, &mut over).await {
        for entry in over.drain(..) {
            engine.observer.refused();
            let _ = entry.reply.send(Err(busy()));
        }
        if !batch.is_empty() {
            let start = Instant::now();
            let made = make(&engine, tenant, &batch).await;
            let commits = made.as_ref().map_or(0, Done::commits);
            let version = made.as_ref().ok().and_then(Done::version);
            let (waiting, took, is_durable) = (line.len(), start.elapsed(), made.is_ok());
            engine.observer.transaction(Transaction { commits, checkins: 0, waiting, took, is_durable });
            answer(&engine, batch.drain(..), made);
            if let Some(version) = version {
                hints::give(&engine, tenant, version);
            }
        }
    }
}

fn answer(engine: &Engine, batch: impl Iterator<Item = Entry>, made: Result<Done, Failure>) {
    match made {
        Ok(done) => {
            // Shown before it is answered, so that whoever was answered sees it.
            let answers = done.publish(&engine.loaded);
            for (entry, answer) in batch.zip(answers) {
                // A caller that went away does not undo its commit.
                let _ = entry.reply.send(answer);
            }
        }
        Err(failure) => {
            engine.trouble.report(&failure);
            let error = failure.of_commit();
            // What the rules said of any of them was said of a state that is no more.
            for entry in batch {
                let _ = entry.reply.send(Err(error.clone()));
            }
        }
    }
}

/// Makes commits of a tenant, each once, whatever becomes of the connection.
async fn make(engine: &Engine, tenant: TenantId, entries: &[Entry]) -> Result<Done, Failure> {
    let mut attempts = Attempts::new(&engine.ids, COMMIT_DEADLINE);
    // Made, perhaps: the server has not said so in a way that counts.
    let mut doubtful: Option<Doubtful> = None;
    // Mostly the tenant is as it was left.
    let mut is_first = true;
    loop {
        let within = doubtful.as_ref().map_or(CHANGE_DEADLINE, Doubtful::time_left);
        let known = doubtful.as_ref().map(|doubtful| &doubtful.done);
        let preparing = async {
            if std::mem::take(&mut is_first)
                && let Some(prepared) = ahead(engine, tenant, entries).await?
            {
                return Ok(prepared);
            }
            prepare(engine, tenant, entries, known).await
        };
        let prepared = tokio::time::timeout(within, preparing).await;
        let failure = match prepared.unwrap_or(Err(Failure::Late)) {
            Ok(Prepared::Refused(done)) => return Ok(done),
            // It is there. What is written after it is durable only when it is, too.
            Ok(Prepared::Happened(tx, touch)) => {
                match (tx.commit_after(vec![touch], COMMIT_WAIT).await, doubtful.take()) {
                    (Ok(()), Some(Doubtful { done, .. })) => {
                        engine.trouble.is_over();
                        return Ok(done);
                    }
                    (ended, still) => {
                        doubtful = still;
                        ended.err().unwrap_or(Failure::Late)
                    }
                }
            }
            Ok(Prepared::Ready(making, mut done)) => match making.make(tenant, &mut done, COMMIT_WAIT).await {
                Ok(()) => {
                    engine.trouble.is_over();
                    return Ok(done);
                }
                Err(Failure::Moved) => continue,
                Err(failure @ Failure::Unknown(_)) => {
                    tracing::warn!(?failure, "the outcome of a commit is not known; it is asked for");
                    let since = doubtful.map_or_else(Instant::now, |doubtful| doubtful.since);
                    doubtful = Some(Doubtful { done, failure: failure.clone(), since });
                    failure
                }
                Err(failure) => failure,
            },
            Err(failure) => failure,
        };
        match &doubtful {
            None => attempts.after(failure).await?,
            // Of a paused tenant it is not there, but may still be on its way to the server, and be done when the tenant is changed again. Of one that
            // left, the log went with it: said to have done nothing, it would be done again where that lives.
            Some(doubtful) if matches!(failure, Failure::Paused | Failure::Gone) => {
                return Err(doubtful.failure.clone());
            }
            // Whatever happens to those who ask says nothing of what was asked for.
            Some(doubtful) if doubtful.time_left().is_zero() => return Err(doubtful.failure.clone()),
            Some(_) => attempts.pause().await,
        }
    }
}

/// Commits whose COMMIT had no answer that counts.
struct Doubtful {
    done: Done,
    failure: Failure,
    since: Instant,
}

impl Doubtful {
    /// How long it is still tried to find out.
    fn time_left(&self) -> Duration {
        OUTCOME_DEADLINE.saturating_sub(self.since.elapsed())
    }
}
