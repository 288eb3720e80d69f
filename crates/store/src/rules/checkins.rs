//! Ruling R4 for one check-in of a client: what becomes of the row that is there, and which row a first report takes over. Both stores run it.

use std::sync::Arc;

use super::IdentityKey;
use crate::domain::{Checkin, CheckinStatus};
use crate::limits::SUMMARY_DAYS;

/// The row after a check-in. A policy that was only fetched says nothing of success: what a report said stays.
pub(crate) fn merged(old: Option<&CheckinStatus>, checkin: &Checkin) -> CheckinStatus {
    let told = checkin.report.as_ref();
    let (was_successful, error_message) = match (told, old) {
        (Some(report), _) => (report.was_successful, report.error_message.clone()),
        (None, Some(old)) => (old.was_successful, old.error_message.clone()),
        (None, None) => (true, None),
    };
    let version = told.and_then(|report| report.device_platform_version.clone());
    let name = checkin.user_principal_name.clone();
    CheckinStatus {
        user_principal_name: name.or_else(|| old.and_then(|old| old.user_principal_name.clone())),
        device_name: checkin.device_name.clone(),
        device_platform: Some(Arc::clone(&checkin.device_platform)),
        device_platform_version: version.or_else(|| old.and_then(|old| old.device_platform_version.clone())),
        was_successful,
        user_id: Arc::clone(&checkin.user_id),
        checkin: checkin.at,
        error_message,
        applied_policies: Some(checkin.applied.iter().map(|id| id.to_string().into()).collect()),
    }
}

/// The identity whose row a check-in may take over where it has none of its own: a report that names its device, the user's row without
/// a device. It does so only while no other device of the user on the platform has a name.
pub(crate) fn taken_over(checkin: &Checkin, identity: &IdentityKey) -> Option<IdentityKey> {
    (checkin.report.is_some() && identity.has_device()).then(|| identity.without_device())
}

/// Whether a row is of a device with a name of the user on the platform.
pub(crate) fn is_named_device(row: &CheckinStatus, checkin: &Checkin) -> bool {
    let of = IdentityKey::of(row);
    of.has_device() && of.without_device() == IdentityKey::of_checkin(checkin).without_device()
}

/// The first UTC day whose rows are kept, when `newest` is the latest day on which a check-in was recorded in the configuration: as far back
/// as a summary goes (ruling R5). Rows of earlier days are neither shown nor counted, and their devices are new when they come again.
pub(crate) fn first_day_kept(newest: i32) -> i32 {
    newest.saturating_sub(i32::try_from(SUMMARY_DAYS).unwrap_or(i32::MAX) - 1)
}
