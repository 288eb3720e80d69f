//! The identity of a check-in row: user, device and platform, compared without case (ruling R4).

use std::collections::HashMap;

use sha2::{Digest, Sha256};

use crate::domain::{Checkin, CheckinStatus};
use crate::error::CommitError;

/// Keys of rows that clients reported begin here; below it are positions of written rows.
const LOWEST_KEY: i64 = 1 << 32;

/// A row's identity in lower case. Absent and empty are the same.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct IdentityKey {
    user: String,
    device: String,
    platform: String,
}

impl IdentityKey {
    pub(crate) fn of(row: &CheckinStatus) -> Self {
        let lower = |text: &Option<std::sync::Arc<str>>| text.as_deref().unwrap_or_default().to_lowercase();
        Self {
            user: row.user_id.to_lowercase(),
            device: lower(&row.device_name),
            platform: lower(&row.device_platform),
        }
    }

    pub(crate) fn of_checkin(checkin: &Checkin) -> Self {
        Self {
            user: checkin.user_id.to_lowercase(),
            device: checkin.device_name.as_deref().unwrap_or_default().to_lowercase(),
            platform: checkin.device_platform.to_lowercase(),
        }
    }

    pub(crate) fn has_device(&self) -> bool {
        !self.device.is_empty()
    }

    /// The user's row on the platform without a device.
    pub(crate) fn without_device(&self) -> Self {
        Self { device: String::new(), ..self.clone() }
    }

    /// Where the row is looked for first: 63 bits of a cryptographic hash, which nobody can steer. Rows whose hashes collide take
    /// the next free key. Keys of rows that an administrator wrote are their positions, which are far below any hash.
    pub(crate) fn first_key(&self) -> i64 {
        let mut hash = Sha256::new();
        for part in [&self.user, &self.device, &self.platform] {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part.as_bytes());
        }
        let digest: [u8; 32] = hash.finalize().into();
        let mut first = [0; 8];
        first.copy_from_slice(&digest[..8]);
        (i64::from_be_bytes(first) & i64::MAX) | LOWEST_KEY
    }

    /// Where it is looked for when another identity has `key`.
    pub(crate) fn next_key(key: i64) -> i64 {
        key.checked_add(1).unwrap_or(LOWEST_KEY)
    }
}

/// Refuses two rows of one identity, naming the positions of both.
pub(super) fn check_distinct(rows: &[CheckinStatus]) -> Result<(), CommitError> {
    if rows.len() < 2 {
        return Ok(());
    }
    let mut seen = HashMap::with_capacity(rows.len());
    for (second, row) in rows.iter().enumerate() {
        if let Some(first) = seen.insert(IdentityKey::of(row), second) {
            return Err(CommitError::DuplicateStatus { first, second });
        }
    }
    Ok(())
}
