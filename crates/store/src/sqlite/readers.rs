//! Reads off the writer's path: a few read-only connections on blocking threads. A read has a deadline; reads of shapes without an index
//! are few at a time (ruling R4).

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use rusqlite::Connection;
use tokio::sync::Semaphore;

use super::connect::Connector;
use super::failure;
use crate::error::StoreError;
use crate::limits::{MAX_IDLE_READERS, MAX_READS, READ_DEADLINE};
use crate::shape::{Shape, SlowReads};

/// Steps of SQLite's machine between two looks at the clock: some tens of microseconds.
const STEPS_BETWEEN_CHECKS: i32 = 10_000;

pub(super) struct Readers {
    path: PathBuf,
    connector: Connector,
    idle: Mutex<Vec<Connection>>,
    all: Semaphore,
    slow: SlowReads,
}

impl Readers {
    pub(super) fn new(path: PathBuf, connector: Connector) -> Self {
        Self {
            path,
            connector,
            idle: Mutex::new(Vec::new()),
            all: Semaphore::new(MAX_READS),
            slow: SlowReads::default(),
        }
    }

    /// Runs a read on a blocking thread, in one transaction.
    pub(super) async fn read<T: Send + 'static>(
        self: &Arc<Self>,
        shape: Shape,
        work: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let _slow = self.slow.enter(shape)?;
        let _permit = self.all.acquire().await.map_err(|e| StoreError::Unavailable(Arc::new(e)))?;
        let readers = Arc::clone(self);
        tokio::task::spawn_blocking(move || readers.run(work))
            .await
            .map_err(|e| StoreError::Unavailable(Arc::new(e)))?
    }

    /// Runs a read here and now.
    pub(super) fn run<T>(&self, work: impl FnOnce(&Connection) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let mut connection = self.take()?;
        let started = Instant::now();
        let late = move || started.elapsed() > READ_DEADLINE;
        connection.progress_handler(STEPS_BETWEEN_CHECKS, Some(late)).map_err(failure::read)?;
        let result = in_transaction(&connection, work);
        // A connection that failed may be of use no more.
        if result.is_ok() {
            self.give_back(connection);
        }
        result
    }

    fn take(&self) -> Result<Connection, StoreError> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        match idle {
            Some(connection) => Ok(connection),
            None => self.connector.reader(&self.path).map_err(failure::read),
        }
    }

    fn give_back(&self, connection: Connection) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < MAX_IDLE_READERS {
            idle.push(connection);
        }
    }

    /// Lets go of the idle connections.
    pub(super) fn close(&self) {
        self.all.close();
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

fn in_transaction<T>(
    connection: &Connection,
    work: impl FnOnce(&Connection) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    let run = |sql| connection.prepare_cached(sql).and_then(|mut s| s.execute(())).map_err(failure::read);
    run("BEGIN")?;
    let result = work(connection);
    let ended = run("COMMIT");
    let value = result?;
    ended?;
    Ok(value)
}
