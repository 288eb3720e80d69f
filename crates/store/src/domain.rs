//! What is stored, as typed immutable structs. It must never know JSON, the engine's values, or SQL.

use std::sync::Arc;

use bytes::Bytes;
use odata::edm::DateTimeOffset;
use uuid::Uuid;

use crate::clients::Clients;
use crate::ids::{AssignmentId, ClientConfigurationId, ConfigurationId};

/// When a thing was made and last changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    /// When it was made.
    pub created: DateTimeOffset,
    /// When it last changed.
    pub modified: DateTimeOffset,
    /// The tenant's version with its last change: the entity tag follows from it. Never 0 for what is stored.
    pub version: u64,
}

/// An officeConfiguration. Its check-in rows live in the data plane ([`crate::Store::statuses`]).
#[derive(Debug, Clone, PartialEq)]
pub struct OfficeConfiguration {
    /// Its id.
    pub id: ConfigurationId,
    /// Its place in the order of creation; never used again.
    pub seq: u64,
    /// When it was made and changed. A client's check-in does not move it.
    pub stamp: Stamp,
    /// Whether it is the tenant's default one (ruling R2).
    pub is_default: bool,
    /// The summary as an administrator wrote it; counts only until a client checks in (ruling R5).
    pub written_summary: Option<Summary>,
    /// Whether the client plane has recorded a check-in here (ruling R4).
    pub has_checkins_from_clients: bool,
    /// Moves with each change of its check-in rows: to the tenant's version where an administrator writes them, by one where clients report them; 0 when
    /// there never was one.
    pub status_version: u64,
    /// How many check-in rows it has.
    pub status_count: u64,
    /// Its client configurations.
    pub clients: Clients,
}

impl OfficeConfiguration {
    /// The summary as written, where that is what counts (ruling R5): for the configuration as a whole, until a client checks in.
    pub fn summary_as_written(&self, client: Option<ClientConfigurationId>) -> Option<Summary> {
        self.written_summary.filter(|_| client.is_none() && !self.has_checkins_from_clients)
    }
}

/// The concrete types of officeClientConfiguration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ClientKind {
    /// windowsOfficeClientConfiguration
    Windows,
    /// windowsOfficeClientSecurityConfiguration
    WindowsSecurity,
}

/// An officeClientConfiguration.
#[derive(Debug, Clone, PartialEq)]
pub struct ClientConfiguration {
    /// Its id.
    pub id: ClientConfigurationId,
    /// Its place in the order of creation within the tenant.
    pub seq: u64,
    /// Its concrete type, fixed at creation.
    pub kind: ClientKind,
    /// What people call it.
    pub display_name: Option<Arc<str>>,
    /// What people say about it.
    pub description: Option<Arc<str>>,
    /// 0 is the highest; unique in its configuration (ruling R8).
    pub priority: i32,
    /// The stream of settings that users cannot change.
    pub policy_payload: Option<Arc<Payload>>,
    /// The stream of settings that users can change.
    pub user_preference_payload: Option<Arc<Payload>>,
    /// Its assignments, in the order in which they were made.
    pub assignments: imbl::Vector<Arc<Assignment>>,
    /// When it was made and changed. Payloads are part of it, assignments are not.
    pub stamp: Stamp,
}

impl ClientConfiguration {
    /// One of its two payloads.
    pub fn payload(&self, which: PayloadKind) -> Option<&Arc<Payload>> {
        match which {
            PayloadKind::Policy => self.policy_payload.as_ref(),
            PayloadKind::UserPreference => self.user_preference_payload.as_ref(),
        }
    }

    /// Its own id and those of its assignments.
    pub(crate) fn ids(&self) -> impl Iterator<Item = Uuid> {
        std::iter::once(self.id.0).chain(self.assignments.iter().map(|a| a.id.0))
    }

    /// The assignment with this id.
    pub fn assignment(&self, id: AssignmentId) -> Option<&Arc<Assignment>> {
        self.assignments.iter().find(|a| a.id == id)
    }
}

/// Which of the two streams of a client configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PayloadKind {
    /// `policyPayload`
    Policy,
    /// `userPreferencePayload`
    UserPreference,
}

/// A stored stream.
#[derive(Debug, Clone, PartialEq)]
pub struct Payload {
    /// As the writer gave it.
    pub media_type: Arc<str>,
    /// Bytes.
    pub len: u64,
    /// The tenant's version with its last change: the stream's entity tag follows from it.
    pub version: u64,
    /// SHA-256 of the bytes.
    pub sha256: [u8; 32],
    /// When it was written.
    pub modified: DateTimeOffset,
    /// The bytes, where they are small.
    pub content: PayloadContent,
}

/// Where the bytes of a payload are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PayloadContent {
    /// Here ([`crate::limits::MAX_INLINE_PAYLOAD`] at most).
    Inline(Bytes),
    /// In the store: ask [`crate::Store::payload`].
    Stored,
}

/// An assignment of a client configuration.
#[derive(Debug, Clone, PartialEq)]
pub struct Assignment {
    /// Its id.
    pub id: AssignmentId,
    /// Its place in the order of creation within the tenant; never used again.
    pub seq: u64,
    /// Whom it is for; `None` is nobody.
    pub target: Option<Target>,
    /// When it was made and changed.
    pub stamp: Stamp,
}

/// Whom an assignment is for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Target {
    /// A target of the abstract type, kept under lenient rules (ruling R10): applies to nobody.
    Abstract,
    /// The members of a group.
    Group {
        /// The group's id as written.
        group_id: Arc<str>,
    },
    /// Every user of the tenant (ruling R7).
    AllUsers,
}

/// One check-in row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckinStatus {
    /// `userPrincipalName`
    pub user_principal_name: Option<Arc<str>>,
    /// `deviceName`
    pub device_name: Option<Arc<str>>,
    /// `devicePlatform`
    pub device_platform: Option<Arc<str>>,
    /// `devicePlatformVersion`
    pub device_platform_version: Option<Arc<str>>,
    /// `wasSuccessful`
    pub was_successful: bool,
    /// `userId`
    pub user_id: Arc<str>,
    /// `checkinDateTime`, with the offset it was given (ruling R13).
    pub checkin: DateTimeOffset,
    /// `errorMessage`
    pub error_message: Option<Arc<str>>,
    /// `appliedPolicies`; null and empty are both kept as written.
    pub applied_policies: Option<Vec<Arc<str>>>,
}

/// What a client says when it fetches its policies, or reports how applying them went (ruling R4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkin {
    /// Where; the default configuration is made when it is not there yet.
    pub configuration: ConfigurationId,
    /// The user.
    pub user_id: Arc<str>,
    /// The user's name, if the client's token tells it.
    pub user_principal_name: Option<Arc<str>>,
    /// The device; `None` when it has not said its name.
    pub device_name: Option<Arc<str>>,
    /// The platform.
    pub device_platform: Arc<str>,
    /// When, by the server's clock.
    pub at: DateTimeOffset,
    /// The client configurations that give the user a setting.
    pub applied: Vec<ClientConfigurationId>,
    /// How it went; `None` when the policies were only fetched.
    pub report: Option<CheckinReport>,
}

/// How applying the policies went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckinReport {
    /// Whether it went well.
    pub was_successful: bool,
    /// Why not.
    pub error_message: Option<Arc<str>>,
    /// The version of the platform, if it was told.
    pub device_platform_version: Option<Arc<str>>,
}

impl CheckinStatus {
    /// Whether `appliedPolicies` holds this id, spelt as ids are.
    pub(crate) fn applies(&self, id: &str) -> bool {
        self.applied_policies.iter().flatten().any(|policy| **policy == *id)
    }
}

/// `tenantUserCheckinSummary` and `userCheckinSummary`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Summary {
    /// `succeededUserCount`
    pub succeeded: i32,
    /// `failedUserCount`
    pub failed: i32,
}
