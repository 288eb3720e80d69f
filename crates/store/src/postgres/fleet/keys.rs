//! Digests by which rows are found: of the user, of the identity (user, device and platform), of a list of applied policies. 128 bits, so that no
//! two are ever alike by chance or on purpose. And shorter ones of what a check-in says, which are only compared with the one of the same row
//! before. It must never know where they are kept.

use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::domain::{Checkin, CheckinStatus};
use crate::rules::IdentityKey;

fn first_half(digest: &[u8]) -> Uuid {
    let mut half = [0; 16];
    half.copy_from_slice(&digest[..16]);
    Uuid::from_bytes(half)
}

/// Of the identity's user.
pub(super) fn user(identity: &IdentityKey) -> Uuid {
    first_half(&Sha256::digest(identity.user()))
}

/// Of the whole identity.
pub(super) fn identity(of: &IdentityKey) -> Uuid {
    first_half(&digest([of.user(), of.device(), of.platform()].map(Some)).finalize())
}

/// Of a list as it is kept.
pub(super) fn list(json: &str) -> Uuid {
    first_half(&Sha256::digest(json))
}

/// Texts one behind the other, each with its length, or none.
fn digest<'t>(texts: impl IntoIterator<Item = Option<&'t str>>) -> Sha256 {
    let mut digest = Sha256::new();
    for text in texts {
        digest.update(text.map_or(u64::MAX, |text| text.len() as u64).to_be_bytes());
        digest.update(text.unwrap_or_default());
    }
    digest
}

fn first_bytes(digest: Sha256) -> i64 {
    let mut first = [0; 8];
    first.copy_from_slice(&digest.finalize()[..8]);
    i64::from_be_bytes(first)
}

/// Of all that a check-in says of its row but when, and how it went. A row that one check-in has made is not changed by the next one of the
/// same digest that is only a fetch, but for the instant.
pub(super) fn told(checkin: &Checkin, list: Uuid) -> i64 {
    let name = checkin.user_principal_name.as_deref();
    let texts = [Some(&*checkin.user_id), name, checkin.device_name.as_deref(), Some(&*checkin.device_platform)];
    let mut digest = digest(texts);
    digest.update(list.as_bytes());
    first_bytes(digest)
}

/// Of how it went, as a row says it.
pub(super) fn outcome_of(row: &CheckinStatus) -> i64 {
    outcome(row.was_successful, row.error_message.as_deref(), row.device_platform_version.as_deref())
}

/// Of how it went.
pub(super) fn outcome(was_successful: bool, error: Option<&str>, version: Option<&str>) -> i64 {
    let mut digest = digest([error, version]);
    digest.update([u8::from(was_successful)]);
    first_bytes(digest)
}
