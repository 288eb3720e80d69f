//! What SQLite's failures mean to a caller.

use std::sync::Arc;

use rusqlite::ErrorCode;

use crate::error::{CommitError, OpenError, StoreError};
use crate::limits::READ_DEADLINE;

pub(super) fn code(error: &rusqlite::Error) -> Option<ErrorCode> {
    error.sqlite_error_code()
}

/// Of a transaction that did not commit.
pub(super) fn commit(error: rusqlite::Error) -> CommitError {
    match code(&error) {
        Some(ErrorCode::DiskFull) => CommitError::Full,
        _ => CommitError::Unavailable(Arc::new(error)),
    }
}

/// Of a read.
pub(super) fn read(error: rusqlite::Error) -> StoreError {
    match code(&error) {
        Some(ErrorCode::OperationInterrupted) => StoreError::Deadline { limit: READ_DEADLINE },
        _ => StoreError::Unavailable(Arc::new(error)),
    }
}

/// Of opening or checking a database.
pub(super) fn open(error: rusqlite::Error, path: &str) -> OpenError {
    match code(&error) {
        Some(ErrorCode::NotADatabase) => OpenError::Foreign { path: path.to_owned() },
        Some(ErrorCode::DatabaseCorrupt) => OpenError::Damaged { what: error.to_string() },
        _ => OpenError::Database(Arc::new(error)),
    }
}
