//! What PostgreSQL's failures mean: whether the same transaction is worth another try, and what a caller is told. It must never know what a
//! transaction was for.

use std::sync::Arc;

use tokio_postgres::error::SqlState;

use crate::error::{Cause, CommitError, Gone, OpenError, StoreError};
use crate::limits::{BUSY_RETRY_AFTER, READ_DEADLINE};

/// Why a transaction did not come to its end.
#[derive(Debug, Clone)]
pub(super) enum Failure {
    /// It met another one; nothing of it happened. The same again may do.
    Conflict(Cause),
    /// The server, or the way to it, is gone; nothing of it happened. Another connection may do.
    Lost(Cause),
    /// `COMMIT` was sent and what came of it is not known.
    Unknown(Cause),
    /// It waited too long for what others hold, or for a connection; nothing of it happened.
    Busy,
    /// It took too long; nothing of it happened.
    Late,
    /// The server's disk is full; nothing of it happened.
    Full,
    /// The server refused it; nothing of it happened, and the same again would be refused again.
    Refused(Cause),
    /// A read answered with an error of its own.
    Read(StoreError),
    /// The tenant does not stand where it was taken to stand; nothing of it happened.
    Moved,
    /// The tenant is being moved away: it is not changed; nothing of it happened.
    Paused,
    /// The tenant lives in another cluster; nothing of it happened here.
    Gone,
}

impl Failure {
    /// Whether the whole transaction may be run again at once. An unknown outcome may not: it has to be asked for first.
    pub(super) fn is_transient(&self) -> bool {
        matches!(self, Self::Conflict(_) | Self::Lost(_))
    }

    /// For who asked for a change that did not happen, as far as that is known.
    pub(super) fn of_commit(self) -> CommitError {
        match self {
            Self::Busy => CommitError::Busy { retry_after: BUSY_RETRY_AFTER },
            Self::Full => CommitError::Full,
            Self::Paused => CommitError::Paused,
            Self::Read(StoreError::Busy { retry_after }) => CommitError::Busy { retry_after },
            other => CommitError::Unavailable(other.into_cause()),
        }
    }

    /// For who asked for something to be read.
    pub(super) fn of_read(self) -> StoreError {
        match self {
            Self::Read(error) => error,
            Self::Busy => StoreError::Busy { retry_after: BUSY_RETRY_AFTER },
            Self::Late => StoreError::Deadline { limit: READ_DEADLINE },
            other => StoreError::Unavailable(other.into_cause()),
        }
    }

    fn into_cause(self) -> Cause {
        match self {
            Self::Conflict(cause) | Self::Lost(cause) | Self::Refused(cause) => cause,
            Self::Unknown(cause) => Arc::new(OutcomeUnknown(cause)),
            Self::Read(error) => Arc::new(error),
            Self::Busy => Arc::new(Waited),
            Self::Late => Arc::new(TookTooLong),
            Self::Full => Arc::new(CommitError::Full),
            Self::Moved => Arc::new(CommitError::Moved),
            Self::Paused => Arc::new(CommitError::Paused),
            Self::Gone => Arc::new(Gone),
        }
    }
}

/// A change whose `COMMIT` got no answer that counts, and that could not be asked for in time. It may have happened.
#[derive(Debug, thiserror::Error)]
#[error("whether the change was made is not known: {0}")]
pub(super) struct OutcomeUnknown(Cause);

#[derive(Debug, thiserror::Error)]
#[error("the database did not answer in time")]
pub(super) struct TookTooLong;

#[derive(Debug, thiserror::Error)]
#[error("what the transaction needed was held by others for too long")]
struct Waited;

/// The server said something that counts for more than success.
#[derive(Debug, thiserror::Error)]
#[error("the server warned at COMMIT")]
pub(super) struct Warned;

/// The database tells an older version of a tenant than it did.
#[derive(Debug, thiserror::Error)]
#[error(
    "the database went back from version {known} of a tenant to {found}: it was restored to an older state; restart every server that uses it"
)]
pub(super) struct WentBack {
    pub(super) known: u64,
    pub(super) found: u64,
}

impl From<tokio_postgres::Error> for Failure {
    /// Of any statement but `COMMIT`.
    fn from(error: tokio_postgres::Error) -> Self {
        let Some(code) = error.code().cloned() else {
            // Not the server's word: the connection's, unless a value could not be read or written.
            let is_ours = !error.is_closed() && std::error::Error::source(&error).is_some_and(|source| !is_io(source));
            return if is_ours { Self::Refused(Arc::new(error)) } else { Self::Lost(Arc::new(error)) };
        };
        if code == SqlState::T_R_SERIALIZATION_FAILURE || code == SqlState::T_R_DEADLOCK_DETECTED {
            return Self::Conflict(Arc::new(error));
        }
        if code == SqlState::LOCK_NOT_AVAILABLE || code == SqlState::TOO_MANY_CONNECTIONS {
            return Self::Busy;
        }
        if code == SqlState::QUERY_CANCELED {
            return Self::Late;
        }
        if code == SqlState::DISK_FULL {
            return Self::Full;
        }
        // A server that is told to stop, has crashed, is starting, or is the primary no more.
        let is_gone = [
            SqlState::ADMIN_SHUTDOWN,
            SqlState::CRASH_SHUTDOWN,
            SqlState::CANNOT_CONNECT_NOW,
            SqlState::READ_ONLY_SQL_TRANSACTION,
            SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT,
        ];
        if is_gone.contains(&code) || code.code().starts_with("08") {
            return Self::Lost(Arc::new(error));
        }
        Self::Refused(Arc::new(error))
    }
}

fn is_io(mut error: &(dyn std::error::Error + 'static)) -> bool {
    loop {
        if error.is::<std::io::Error>() {
            return true;
        }
        match error.source() {
            Some(source) => error = source,
            None => return false,
        }
    }
}

/// A stored value that no program of ours wrote.
#[derive(Debug, thiserror::Error)]
#[error("a stored value is out of range")]
pub(super) struct OutOfRange;

impl From<OutOfRange> for Failure {
    fn from(error: OutOfRange) -> Self {
        Self::Refused(Arc::new(error))
    }
}

/// Why no connection could be made, in one line that says what to do.
pub(super) fn open(error: tokio_postgres::Error, shown: &str) -> OpenError {
    let shown = shown.to_owned();
    let Some(told) = error.as_db_error() else {
        return OpenError::Unreachable { shown, what: last_source(&error) };
    };
    let what = told.message().to_owned();
    let code = told.code();
    if *code == SqlState::INVALID_PASSWORD || *code == SqlState::INVALID_AUTHORIZATION_SPECIFICATION {
        OpenError::LoginRefused { shown, what }
    } else if *code == SqlState::INVALID_CATALOG_NAME {
        OpenError::Missing { path: shown }
    } else if *code == SqlState::INSUFFICIENT_PRIVILEGE {
        OpenError::Role { what: format!("{what}: run `officeconfig migrate` as the owner of the tables") }
    } else if *code == SqlState::CANNOT_CONNECT_NOW {
        OpenError::Unreachable { shown, what }
    } else {
        OpenError::Database(Arc::new(error))
    }
}

/// The innermost cause, which says most.
fn last_source(error: &tokio_postgres::Error) -> String {
    let mut last: &dyn std::error::Error = error;
    while let Some(source) = last.source() {
        last = source;
    }
    last.to_string()
}
