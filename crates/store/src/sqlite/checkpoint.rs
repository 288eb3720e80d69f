//! Moves the write-ahead log into the database, off the writer's path and in small steps. A failure here loses nothing: the log stays.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;

use rusqlite::Connection;

use super::connect::Connector;
use crate::limits::{CHECKPOINT_STEP_FRAMES, WAL_RESTART_FRAMES};

/// Lengths of the log, in frames.
#[derive(Debug, Clone, Copy)]
pub(super) struct CheckpointFrames {
    /// Growth after which a step is taken.
    pub(super) step: u32,
    /// Length after which the log is made to start anew.
    pub(super) restart: u32,
}

impl Default for CheckpointFrames {
    fn default() -> Self {
        Self { step: CHECKPOINT_STEP_FRAMES, restart: WAL_RESTART_FRAMES }
    }
}

/// The writer's side: tells how long the log is.
pub(super) struct Checkpoints {
    wake: SyncSender<()>,
    tail: Arc<AtomicBool>,
    step: u32,
}

/// Starts the thread. It ends when the writer's side is dropped.
pub(super) fn start(
    connector: &Connector,
    path: &Path,
    frames: CheckpointFrames,
) -> rusqlite::Result<(Checkpoints, JoinHandle<()>)> {
    let connection = connector.checkpointer(path)?;
    let (wake, work) = sync_channel(1);
    let tail = Arc::new(AtomicBool::new(false));
    let wanted = Arc::clone(&tail);
    let thread = std::thread::Builder::new()
        .name("checkpoints".to_owned())
        .spawn(move || run(&connection, &work, &wanted, frames.restart))
        .map_err(|e| rusqlite::Error::ToSqlConversionFailure(Box::new(e)))?;
    Ok((Checkpoints { wake, tail, step: frames.step }, thread))
}

fn run(connection: &Connection, work: &Receiver<()>, tail: &AtomicBool, restart: u32) {
    while work.recv().is_ok() {
        match step(connection) {
            // The log only starts again from its beginning when all of it has moved. Under load it grows while it is moved, so the
            // writer moves the last bit between two transactions.
            Ok(frames) => tail.store(frames >= restart, Ordering::Relaxed),
            Err(error) => tracing::warn!(%error, "a checkpoint failed; it will be tried again"),
        }
    }
}

/// Moves what can be moved without making anybody wait, and tells how many frames the log has.
pub(super) fn step(connection: &Connection) -> rusqlite::Result<u32> {
    connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", (), |row| row.get::<_, i64>(1)).map(|frames| {
        // -1 when there is no log.
        u32::try_from(frames).unwrap_or(0)
    })
}

impl Checkpoints {
    /// Called by the writer between transactions, with the length of the log and the length at the last wake-up, which it gives back.
    pub(super) fn after_commit(&self, connection: &Connection, frames: u32, last: u32) -> u32 {
        if self.tail.swap(false, Ordering::Relaxed)
            && let Err(error) = step(connection)
        {
            tracing::warn!(%error, "the end of the log could not be moved; it will be tried again");
        }
        let grown = if frames < last { frames } else { frames - last };
        if grown < self.step {
            return if frames < last { 0 } else { last };
        }
        match self.wake.try_send(()) {
            Ok(()) | Err(TrySendError::Disconnected(())) => frames,
            Err(TrySendError::Full(())) => last,
        }
    }
}
