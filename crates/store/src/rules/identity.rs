//! The identity of a check-in row: user, device and platform, compared without case (ruling R4).

use std::collections::HashMap;

use crate::domain::{Checkin, CheckinStatus};
use crate::error::CommitError;

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

    /// A device on a platform, of nobody.
    pub(crate) fn of_device(device: &str, platform: &str) -> Self {
        Self { user: String::new(), device: device.to_lowercase(), platform: platform.to_lowercase() }
    }

    /// In lower case.
    pub(crate) fn user(&self) -> &str {
        &self.user
    }

    /// In lower case.
    pub(crate) fn device(&self) -> &str {
        &self.device
    }

    /// In lower case.
    pub(crate) fn platform(&self) -> &str {
        &self.platform
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
