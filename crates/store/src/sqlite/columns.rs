//! Between rows of the database and the domain's structs: instants, ids, enumerations, check-in rows.

use std::sync::Arc;

use odata::edm::DateTimeOffset;
use rusqlite::Row;
use rusqlite::types::Type;
use uuid::Uuid;

use crate::domain::{CheckinStatus, ClientKind, PayloadKind, Stamp, Target};

/// The columns of a row that an administrator wrote, in the order in which [`checkin`] reads them.
pub(super) const WRITTEN: &str = "ticks, form, ok, user_id, user_principal_name, device_name, device_platform, \
                                  device_platform_version, error_message, applied_policies";

/// Reads the columns of [`WRITTEN`], or of rows that clients reported, from column `at` on.
pub(super) fn checkin(row: &Row<'_>, at: usize) -> rusqlite::Result<CheckinStatus> {
    let applied: Option<&str> = row.get_ref(at + 9)?.as_str_or_null()?;
    let applied_policies = applied.map(|json| json_list(json, at + 9)).transpose()?;
    Ok(CheckinStatus {
        checkin: instant(row, at)?,
        was_successful: row.get(at + 2)?,
        user_id: row.get(at + 3)?,
        user_principal_name: row.get(at + 4)?,
        device_name: row.get(at + 5)?,
        device_platform: row.get(at + 6)?,
        device_platform_version: row.get(at + 7)?,
        error_message: row.get(at + 8)?,
        applied_policies,
    })
}

/// `appliedPolicies` as it is stored: a JSON array of strings.
pub(super) fn json(list: &[Arc<str>]) -> String {
    let list: Vec<&str> = list.iter().map(|text| &**text).collect();
    // A list of strings always has a JSON text.
    serde_json::to_string(&list).unwrap_or_default()
}

/// Reads a JSON array of strings, which comes from column `at`.
pub(super) fn json_list(json: &str, at: usize) -> rusqlite::Result<Vec<Arc<str>>> {
    let list: Vec<String> = serde_json::from_str(json).map_err(|e| corrupt(at, Type::Text, e))?;
    Ok(list.into_iter().map(Arc::from).collect())
}

/// Reads ticks and form from columns `at` and `at + 1`.
pub(super) fn instant(row: &Row<'_>, at: usize) -> rusqlite::Result<DateTimeOffset> {
    instant_of(row.get(at)?, row.get(at + 1)?, at)
}

/// The instant of ticks and form, which come from column `at`.
pub(super) fn instant_of(ticks: i64, form: i32, at: usize) -> rusqlite::Result<DateTimeOffset> {
    DateTimeOffset::from_parts(ticks, form).ok_or_else(|| corrupt(at, Type::Integer, OutOfRange))
}

/// Reads a stamp of five columns from column `at` on.
pub(super) fn stamp(row: &Row<'_>, at: usize) -> rusqlite::Result<Stamp> {
    Ok(Stamp { created: instant(row, at)?, modified: instant(row, at + 2)?, version: number(row, at + 4)? })
}

/// Reads a number that is never negative.
pub(super) fn number(row: &Row<'_>, at: usize) -> rusqlite::Result<u64> {
    let number: i64 = row.get(at)?;
    u64::try_from(number).map_err(|e| corrupt(at, Type::Integer, e))
}

/// A number for the database. Sequences and versions grow by one and stay far below 2^63.
pub(super) fn stored(number: u64) -> i64 {
    number.cast_signed()
}

pub(super) fn guid(row: &Row<'_>, at: usize) -> rusqlite::Result<Uuid> {
    let bytes: [u8; 16] = row.get(at)?;
    Ok(Uuid::from_bytes(bytes))
}

pub(super) fn kind_number(kind: ClientKind) -> i64 {
    match kind {
        ClientKind::Windows => 0,
        ClientKind::WindowsSecurity => 1,
    }
}

pub(super) fn kind(row: &Row<'_>, at: usize) -> rusqlite::Result<ClientKind> {
    match row.get::<_, i64>(at)? {
        0 => Ok(ClientKind::Windows),
        1 => Ok(ClientKind::WindowsSecurity),
        _ => Err(corrupt(at, Type::Integer, OutOfRange)),
    }
}

pub(super) fn which_number(which: PayloadKind) -> i64 {
    match which {
        PayloadKind::Policy => 0,
        PayloadKind::UserPreference => 1,
    }
}

pub(super) fn which(row: &Row<'_>, at: usize) -> rusqlite::Result<PayloadKind> {
    match row.get::<_, i64>(at)? {
        0 => Ok(PayloadKind::Policy),
        1 => Ok(PayloadKind::UserPreference),
        _ => Err(corrupt(at, Type::Integer, OutOfRange)),
    }
}

/// A target as kind and group.
pub(super) fn target_columns(target: Option<&Target>) -> (Option<i64>, Option<&str>) {
    match target {
        None => (None, None),
        Some(Target::Abstract) => (Some(0), None),
        Some(Target::Group { group_id }) => (Some(1), Some(group_id)),
        Some(Target::AllUsers) => (Some(2), None),
    }
}

/// Reads kind and group from columns `at` and `at + 1`.
pub(super) fn target(row: &Row<'_>, at: usize) -> rusqlite::Result<Option<Target>> {
    Ok(match row.get::<_, Option<i64>>(at)? {
        None => None,
        Some(0) => Some(Target::Abstract),
        Some(1) => Some(Target::Group { group_id: row.get(at + 1)? }),
        Some(2) => Some(Target::AllUsers),
        Some(_) => return Err(corrupt(at, Type::Integer, OutOfRange)),
    })
}

#[derive(Debug, thiserror::Error)]
#[error("a stored value is out of range")]
struct OutOfRange;

fn corrupt(at: usize, ty: Type, error: impl std::error::Error + Send + Sync + 'static) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(at, ty, Box::new(error))
}
