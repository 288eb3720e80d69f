//! The one place that says what a fault of the store or of identity is on the wire (R11). Nobody else maps.

use odata::{Error, ErrorKind};
use store::{CommitError, StoreError};

use crate::http::body::BodyError;

/// A fault of a commit.
#[expect(clippy::needless_pass_by_value, reason = "the shape of map_err")]
pub(crate) fn commit_error(fault: CommitError) -> Error {
    tracing::debug!(?fault, "a commit was refused");
    let message = fault.to_string();
    match &fault {
        CommitError::NotFound { .. } => super::resource::not_found(),
        CommitError::AlreadyExists { .. } => {
            Error::new(ErrorKind::Conflict, "A resource with this id exists already.").with_code("Conflict")
        }
        CommitError::PriorityTaken { .. } | CommitError::PrioritiesExhausted => {
            Error::new(ErrorKind::Conflict, message).at("priority")
        }
        CommitError::StatusesOwnedByClients => Error::new(ErrorKind::Conflict, message).at("tenantCheckinStatuses"),
        CommitError::GroupMissing => super::accept::no_group(),
        CommitError::TargetTypeMismatch => Error::bad_request(message).at("target/@odata.type"),
        CommitError::DuplicatePriority { .. }
        | CommitError::DuplicateMember { .. }
        | CommitError::InvalidPriority { .. }
        | CommitError::KindMismatch
        | CommitError::NotTheDefaultId => Error::bad_request(message),
        CommitError::DuplicateStatus { second, .. } => {
            Error::bad_request(message).at(format!("tenantCheckinStatuses/{second}"))
        }
        CommitError::TooManyStatuses { .. } => Error::bad_request(message).at("tenantCheckinStatuses"),
        CommitError::UnknownMember { index, .. } => {
            Error::bad_request(message).at(format!("officeConfigurationPolicyIds/{index}"))
        }
        CommitError::PreconditionFailed => Error::new(
            ErrorKind::PreconditionFailed,
            "The resource has changed: its ETag does not meet the precondition.",
        ),
        CommitError::Busy { retry_after } => unavailable(retry_after.as_secs()),
        CommitError::Moved | CommitError::Paused => unavailable(1),
        CommitError::Full => Error::new(ErrorKind::InsufficientStorage, "The service has no room to store the change."),
        CommitError::Unavailable(_) => {
            tracing::error!(error = %Chain(&fault), "a commit failed");
            unavailable(1)
        }
    }
}

/// A fault of a read.
#[expect(clippy::needless_pass_by_value, reason = "the shape of map_err")]
pub(crate) fn store_error(fault: StoreError) -> Error {
    match &fault {
        StoreError::Busy { retry_after } => unavailable(retry_after.as_secs()),
        StoreError::NotFound { .. } => super::resource::not_found(),
        StoreError::Deadline { .. } => unavailable(1),
        StoreError::Unsupported { what } => {
            Error::new(ErrorKind::NotImplemented, format!("{what} is not offered on check-ins."))
        }
        StoreError::BadContinuation => {
            Error::bad_request("The $skiptoken does not belong to this collection.").at("$skiptoken")
        }
        StoreError::PointNotFound => {
            let message = "What changed since then is not known any more. Read the collection again from the start.";
            Error::new(ErrorKind::Gone, message).with_code("SyncStateNotFound")
        }
        StoreError::Unavailable(_) => {
            tracing::error!(error = %Chain(&fault), "a read failed");
            unavailable(1)
        }
    }
}

/// A body that could not be had.
pub(crate) fn body_error(fault: &BodyError) -> Error {
    match fault {
        BodyError::TooLarge { limit } => {
            Error::new(ErrorKind::PayloadTooLarge, format!("The request body is larger than {limit} bytes."))
        }
        BodyError::TimedOut => Error::new(ErrorKind::RequestTimeout, "The request body did not arrive in time."),
        BodyError::Broken(_) => Error::bad_request("The request body broke off."),
    }
}

/// 503, with the seconds after which to try again.
pub(crate) fn unavailable(after_s: u64) -> Error {
    let mut error = Error::new(ErrorKind::Unavailable, "The service cannot do this right now. Try again later.");
    error.retry_after_s = Some(u32::try_from(after_s.max(1)).unwrap_or(u32::MAX));
    error
}

/// An error and its causes on one line, for the log.
struct Chain<'e>(&'e dyn std::error::Error);

impl std::fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0)?;
        let mut cause = self.0.source();
        while let Some(error) = cause {
            write!(f, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}
