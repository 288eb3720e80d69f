//! Moves the write-ahead log into the database, off the writer's path and in small steps. A failure here loses nothing: the log stays.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;

use rusqlite::Connection;

use super::connect::Connector;
use crate::limits::{CHECKPOINT_STEP_FRAMES, WAL_FRAMES_MAX, WAL_RESTART_FRAMES, WAL_TAIL_FRAMES};

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
    moved: Arc<AtomicU32>,
    frames: CheckpointFrames,
}

/// Starts the thread. It ends when the writer's side is dropped. `database` is synced after each step: SQLite does it only when all of the log
/// has moved, and what was not synced by then would be synced by the writer, while everybody waits.
pub(super) fn start(
    connector: &Connector,
    path: &Path,
    frames: CheckpointFrames,
    database: Option<Arc<File>>,
) -> rusqlite::Result<(Checkpoints, JoinHandle<()>)> {
    let connection = connector.checkpointer(path)?;
    let (wake, work) = sync_channel(1);
    let moved = Arc::new(AtomicU32::new(0));
    let told = Arc::clone(&moved);
    let thread = std::thread::Builder::new()
        .name("checkpoints".to_owned())
        .spawn(move || run(&connection, &work, &told, database.as_deref()))
        .map_err(|e| rusqlite::Error::ToSqlConversionFailure(Box::new(e)))?;
    Ok((Checkpoints { wake, moved, frames }, thread))
}

fn run(connection: &Connection, work: &Receiver<()>, moved: &AtomicU32, database: Option<&File>) {
    while work.recv().is_ok() {
        let frames = match step(connection) {
            Ok(frames) => frames,
            Err(error) => {
                tracing::warn!(%error, "a checkpoint failed; it will be tried again");
                continue;
            }
        };
        // SQLite syncs it again before it counts on it: a failure here costs time only.
        if let Some(Err(error)) = database.map(File::sync_data) {
            tracing::warn!(%error, "the database could not be synced ahead");
        }
        moved.store(frames, Ordering::Relaxed);
    }
}

/// Moves what can be moved without making anybody wait, and tells how many frames of the log have moved.
pub(super) fn step(connection: &Connection) -> rusqlite::Result<u32> {
    connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", (), |row| row.get::<_, i64>(2)).map(|frames| {
        // -1 when there is no log.
        u32::try_from(frames).unwrap_or(0)
    })
}

impl Checkpoints {
    /// Called by the writer between transactions, with the length of the log and the length at the last wake-up, which it gives back.
    pub(super) fn after_commit(&self, connection: &Connection, frames: u32, last: u32) -> u32 {
        let is_long = frames >= self.frames.restart;
        if is_long && self.is_moved_but_for_its_tail(frames) {
            // The next transaction starts the log from its beginning.
            match step(connection) {
                Ok(_) => self.moved.store(0, Ordering::Relaxed),
                Err(error) => {
                    tracing::warn!(%error, "the end of the log could not be moved; it will be tried again");
                }
            }
            return frames;
        }
        let grown = if frames < last { frames } else { frames - last };
        // Of a long log what came during a step is moved at once by another, until little is left.
        if grown < if is_long { WAL_TAIL_FRAMES } else { self.frames.step } {
            return if frames < last { 0 } else { last };
        }
        match self.wake.try_send(()) {
            Ok(()) | Err(TrySendError::Disconnected(())) => frames,
            Err(TrySendError::Full(())) => last,
        }
    }

    /// Whether so little of the log has not moved that the writer may move it: the log only starts again from its beginning when all of it
    /// has, and under load it grows while it is moved. Where the checkpointer does not keep up, the log has an end nevertheless.
    fn is_moved_but_for_its_tail(&self, frames: u32) -> bool {
        let moved = self.moved.load(Ordering::Relaxed);
        (moved <= frames && frames - moved <= WAL_TAIL_FRAMES) || frames >= WAL_FRAMES_MAX.max(self.frames.restart)
    }
}
