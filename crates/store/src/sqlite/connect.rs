//! How connections are set up. One writer; readers cannot write; the checkpointer moves the log into the database.

use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use super::{Durability, functions};
use crate::limits::{LOCK_TIMEOUT, PAGE_BYTES, READER_CACHE_KIB, WRITER_CACHE_KIB};

/// Statements kept prepared on a connection: more than there are texts in this crate, queries' shapes included.
const PREPARED_STATEMENTS: usize = 128;

/// What every connection of a store needs to know.
#[derive(Debug, Clone)]
pub(super) struct Connector {
    pub(super) vfs: Option<String>,
    pub(super) durability: Durability,
}

impl Connector {
    /// The only connection that changes anything.
    pub(super) fn writer(&self, path: &Path) -> rusqlite::Result<Connection> {
        let connection = self.open(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE)?;
        // Of no effect on a database that is there.
        connection.pragma_update(None, "page_size", PAGE_BYTES)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        self.synchronous(&connection)?;
        connection.pragma_update(None, "wal_autocheckpoint", 0)?;
        connection.pragma_update(None, "cache_size", -WRITER_CACHE_KIB)?;
        connection.pragma_update(None, "temp_store", "MEMORY")?;
        functions::register_keys(&connection)?;
        Ok(connection)
    }

    /// A connection for checkpoints only.
    pub(super) fn checkpointer(&self, path: &Path) -> rusqlite::Result<Connection> {
        let connection = self.open(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        self.synchronous(&connection)?;
        connection.pragma_update(None, "wal_autocheckpoint", 0)?;
        Ok(connection)
    }

    /// A connection that cannot change anything.
    pub(super) fn reader(&self, path: &Path) -> rusqlite::Result<Connection> {
        let connection = self.open(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        connection.pragma_update(None, "query_only", true)?;
        connection.pragma_update(None, "cache_size", -READER_CACHE_KIB)?;
        functions::register(&connection)?;
        connection.pragma_update(None, "temp_store", "MEMORY")?;
        Ok(connection)
    }

    fn synchronous(&self, connection: &Connection) -> rusqlite::Result<()> {
        let mode = match self.durability {
            Durability::Synced => "FULL",
            Durability::Unsynced => "OFF",
        };
        connection.pragma_update(None, "synchronous", mode)
    }

    fn open(&self, path: &Path, flags: OpenFlags) -> rusqlite::Result<Connection> {
        let flags = flags | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = match &self.vfs {
            Some(vfs) => Connection::open_with_flags_and_vfs(path, flags, vfs.as_str()),
            None => Connection::open_with_flags(path, flags),
        }?;
        connection.busy_timeout(LOCK_TIMEOUT)?;
        connection.set_prepared_statement_cache_capacity(PREPARED_STATEMENTS);
        Ok(connection)
    }
}
