//! Between rows of the database and the domain's structs: instants, ids, enumerations. It must never know a table.

use std::sync::Arc;

use odata::edm::DateTimeOffset;
use tokio_postgres::Row;

use super::failure::{Failure, OutOfRange};
use crate::domain::{ClientKind, PayloadKind, Stamp, Target};

/// Reads ticks and form from columns `at` and `at + 1`.
pub(super) fn instant(row: &Row, at: usize) -> Result<DateTimeOffset, Failure> {
    Ok(DateTimeOffset::from_parts(row.try_get(at)?, row.try_get(at + 1)?).ok_or(OutOfRange)?)
}

/// Reads a stamp of five columns from column `at` on.
pub(super) fn stamp(row: &Row, at: usize) -> Result<Stamp, Failure> {
    Ok(Stamp { created: instant(row, at)?, modified: instant(row, at + 2)?, version: number(row, at + 4)? })
}

/// Reads a number that is never negative.
pub(super) fn number(row: &Row, at: usize) -> Result<u64, Failure> {
    let number: i64 = row.try_get(at)?;
    Ok(u64::try_from(number).map_err(|_| OutOfRange)?)
}

/// A number for the database. Sequences and versions grow by one and stay far below 2^63.
pub(super) fn stored(number: u64) -> i64 {
    number.cast_signed()
}

pub(super) fn text(row: &Row, at: usize) -> Result<Option<Arc<str>>, Failure> {
    Ok(row.try_get::<_, Option<&str>>(at)?.map(Arc::from))
}

pub(super) fn kind_number(kind: ClientKind) -> i16 {
    match kind {
        ClientKind::Windows => 0,
        ClientKind::WindowsSecurity => 1,
    }
}

pub(super) fn kind(row: &Row, at: usize) -> Result<ClientKind, Failure> {
    match row.try_get::<_, i16>(at)? {
        0 => Ok(ClientKind::Windows),
        1 => Ok(ClientKind::WindowsSecurity),
        _ => Err(OutOfRange.into()),
    }
}

pub(super) fn which_number(which: PayloadKind) -> i16 {
    match which {
        PayloadKind::Policy => 0,
        PayloadKind::UserPreference => 1,
    }
}

pub(super) fn which(row: &Row, at: usize) -> Result<PayloadKind, Failure> {
    match row.try_get::<_, i16>(at)? {
        0 => Ok(PayloadKind::Policy),
        1 => Ok(PayloadKind::UserPreference),
        _ => Err(OutOfRange.into()),
    }
}

/// A target as kind and group.
pub(super) fn target_columns(target: Option<&Target>) -> (Option<i16>, Option<String>) {
    match target {
        None => (None, None),
        Some(Target::Abstract) => (Some(0), None),
        Some(Target::Group { group_id }) => (Some(1), Some(group_id.as_ref().to_owned())),
        Some(Target::AllUsers) => (Some(2), None),
    }
}

/// Reads kind and group from columns `at` and `at + 1`.
pub(super) fn target(row: &Row, at: usize) -> Result<Option<Target>, Failure> {
    Ok(match row.try_get::<_, Option<i16>>(at)? {
        None => None,
        Some(0) => Some(Target::Abstract),
        Some(1) => Some(Target::Group { group_id: text(row, at + 1)?.ok_or(OutOfRange)? }),
        Some(2) => Some(Target::AllUsers),
        Some(_) => return Err(OutOfRange.into()),
    })
}
