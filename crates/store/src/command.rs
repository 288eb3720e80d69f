//! What a caller can ask to be changed: the vocabulary of the domain. Ids and times come in with the command (invariant 6),
//! and preconditions travel with it, because they are checked inside the commit. It must never know HTTP or SQL.

use std::sync::Arc;

use bytes::Bytes;
use odata::edm::DateTimeOffset;
use sha2::{Digest, Sha256};

use crate::domain::{CheckinStatus, ClientKind, PayloadKind, Summary, Target};
use crate::ids::{AssignmentId, ClientConfigurationId, ConfigurationId};
use crate::snapshot::TenantSnapshot;

/// Commands that happen together or not at all.
#[derive(Debug, Clone, PartialEq)]
pub struct Commit {
    /// When: the stamps of everything that changes.
    pub now: DateTimeOffset,
    /// The only version of the tenant that it may be made on, checked inside the commit; `None` is any. With it, the commands do
    /// exactly what they did to a snapshot of that version.
    pub expected_version: Option<u64>,
    /// What, in order; each sees what those before it did.
    pub commands: Vec<Conditional>,
}

impl Commit {
    /// A commit on whatever version the tenant has.
    pub fn new(now: DateTimeOffset, commands: Vec<Conditional>) -> Self {
        Self { now, expected_version: None, commands }
    }

    /// A commit of one command without a precondition.
    pub fn of(now: DateTimeOffset, command: Command) -> Self {
        Self::new(now, vec![command.into()])
    }
}

/// A command with its precondition.
#[derive(Debug, Clone, PartialEq)]
pub struct Conditional {
    /// Must hold for the thing that the command addresses, inside the commit.
    pub precondition: Precondition,
    /// The command.
    pub command: Command,
}

impl From<Command> for Conditional {
    fn from(command: Command) -> Self {
        Self { precondition: Precondition::None, command }
    }
}

/// `If-Match` and `If-None-Match`, against the version of the thing addressed: the configuration, the client configuration,
/// the assignment or the payload. A command that adds to or orders a collection addresses the collection's owner. The default
/// configuration has version 0 until it is written.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Precondition {
    /// None.
    #[default]
    None,
    /// Holds when the thing is there at one of these versions.
    IfMatch(Versions),
    /// Holds when the thing is not there at one of these versions.
    IfNoneMatch(Versions),
}

impl Precondition {
    /// Whether it holds for a thing at this version (`None`: it is not there).
    pub fn holds(&self, current: Option<u64>) -> bool {
        match self {
            Self::None => true,
            Self::IfMatch(versions) => current.is_some_and(|v| versions.contains(v)),
            Self::IfNoneMatch(versions) => !current.is_some_and(|v| versions.contains(v)),
        }
    }
}

/// The versions of a precondition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Versions {
    /// `*`
    Any,
    /// These. A tag that names no version of ours is left out by the caller; the list may be empty.
    List(Vec<u64>),
}

impl Versions {
    fn contains(&self, version: u64) -> bool {
        match self {
            Self::Any => true,
            Self::List(list) => list.contains(&version),
        }
    }
}

/// A new value, or none: absent is not null.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Change<T> {
    /// As it is.
    #[default]
    Keep,
    /// This.
    Set(T),
}

/// Members of a summary that are written. What is left out stays as it is shown at the time of the commit: as written before, as
/// computed that day from the rows, or 0 where there is nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SummaryPatch {
    /// `succeededUserCount`
    pub succeeded: Option<i32>,
    /// `failedUserCount`
    pub failed: Option<i32>,
}

impl SummaryPatch {
    /// Whether nothing is left out.
    pub fn is_whole(self) -> bool {
        self.succeeded.is_some() && self.failed.is_some()
    }

    /// The summary that results when `shown` was there.
    #[must_use]
    pub fn over(self, shown: Summary) -> Summary {
        Summary { succeeded: self.succeeded.unwrap_or(shown.succeeded), failed: self.failed.unwrap_or(shown.failed) }
    }
}

impl From<Summary> for SummaryPatch {
    fn from(whole: Summary) -> Self {
        Self { succeeded: Some(whole.succeeded), failed: Some(whole.failed) }
    }
}

/// What becomes of an assignment's target.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum TargetChange {
    /// It stays.
    #[default]
    Keep,
    /// This instead of whatever there was.
    Replace(Option<Target>),
    /// These members of a target of the same type; where there was none, a target of them. Another type is refused.
    Merge(TargetPatch),
}

/// Members of a target, by its type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TargetPatch {
    /// See [`Target::Abstract`].
    Abstract,
    /// See [`Target::AllUsers`].
    AllUsers,
    /// See [`Target::Group`].
    Group {
        /// The group's id, if it was given.
        group_id: Option<Arc<str>>,
    },
}

/// A client configuration to be made.
#[derive(Debug, Clone, PartialEq)]
pub struct NewClient {
    /// Its id.
    pub id: ClientConfigurationId,
    /// Its concrete type.
    pub kind: ClientKind,
    /// `displayName`
    pub display_name: Option<Arc<str>>,
    /// `description`
    pub description: Option<Arc<str>>,
    /// `priority`; `None` takes the lowest place (ruling R8).
    pub priority: Option<i32>,
    /// `policyPayload`
    pub policy_payload: Option<NewPayload>,
    /// `userPreferencePayload`
    pub user_preference_payload: Option<NewPayload>,
    /// Its assignments, in order.
    pub assignments: Vec<NewAssignment>,
}

/// An assignment to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAssignment {
    /// Its id.
    pub id: AssignmentId,
    /// Whom it is for.
    pub target: Option<Target>,
}

/// Bytes to be stored. Made by [`NewPayload::new`], which hashes them on the caller's thread.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewPayload {
    pub(crate) media_type: Arc<str>,
    pub(crate) content: Bytes,
    pub(crate) sha256: [u8; 32],
}

impl NewPayload {
    /// Bytes with their media type, any of both.
    pub fn new(media_type: impl Into<Arc<str>>, content: Bytes) -> Self {
        let sha256 = Sha256::digest(&content).into();
        Self { media_type: media_type.into(), content, sha256 }
    }
}

/// A change.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// Makes an officeConfiguration.
    CreateConfiguration {
        /// Its id; for the default one it must be [`crate::default_configuration_id`].
        id: ConfigurationId,
        /// Whether it is the tenant's default one (ruling R2).
        default: bool,
        /// The summary as written.
        summary: Option<Summary>,
        /// Its check-in rows, in order.
        statuses: Vec<CheckinStatus>,
        /// Its client configurations, in order.
        clients: Vec<NewClient>,
    },
    /// Changes an officeConfiguration.
    UpdateConfiguration {
        /// Which.
        id: ConfigurationId,
        /// Whether the default one is made when it is not there yet (ruling R2).
        default_may_be_created: bool,
        /// The summary; `Set(None)` makes it computed at once (ruling R5).
        summary: Change<Option<SummaryPatch>>,
        /// All its check-in rows; refused once a client has checked in (ruling R4).
        statuses: Change<Vec<CheckinStatus>>,
    },
    /// Removes an officeConfiguration with everything in it.
    DeleteConfiguration {
        /// Which.
        id: ConfigurationId,
    },
    /// Makes a client configuration, and the default configuration if that is its owner and not there yet.
    CreateClient {
        /// Its owner.
        configuration: ConfigurationId,
        /// What.
        client: NewClient,
    },
    /// Changes a client configuration.
    UpdateClient {
        /// Its owner.
        configuration: ConfigurationId,
        /// Which.
        client: ClientConfigurationId,
        /// The concrete type that the caller takes it for.
        expected_kind: Option<ClientKind>,
        /// `displayName`
        display_name: Change<Option<Arc<str>>>,
        /// `description`
        description: Change<Option<Arc<str>>>,
        /// `priority`
        priority: Change<i32>,
        /// `policyPayload`
        policy_payload: Change<Option<NewPayload>>,
        /// `userPreferencePayload`
        user_preference_payload: Change<Option<NewPayload>>,
    },
    /// Removes a client configuration.
    DeleteClient {
        /// Its owner.
        configuration: ConfigurationId,
        /// Which.
        client: ClientConfigurationId,
    },
    /// Gives client configurations new priorities, all or none (ruling R8).
    ReorderPriorities {
        /// Their owner.
        configuration: ConfigurationId,
        /// Which gets which.
        order: Vec<(ClientConfigurationId, i32)>,
    },
    /// Replaces all assignments of a client configuration (ruling R9).
    AssignGroups {
        /// The owner of the client configuration.
        configuration: ConfigurationId,
        /// Which.
        client: ClientConfigurationId,
        /// The assignments that there are from now on, in order.
        assignments: Vec<NewAssignment>,
    },
    /// Adds an assignment.
    CreateAssignment {
        /// The owner of the client configuration.
        configuration: ConfigurationId,
        /// Which client configuration.
        client: ClientConfigurationId,
        /// What.
        assignment: NewAssignment,
    },
    /// Changes an assignment.
    UpdateAssignment {
        /// The owner of the client configuration.
        configuration: ConfigurationId,
        /// Which client configuration.
        client: ClientConfigurationId,
        /// Which assignment.
        assignment: AssignmentId,
        /// Whom it is for.
        target: TargetChange,
    },
    /// Removes an assignment.
    DeleteAssignment {
        /// The owner of the client configuration.
        configuration: ConfigurationId,
        /// Which client configuration.
        client: ClientConfigurationId,
        /// Which assignment.
        assignment: AssignmentId,
    },
    /// Writes or removes a stream. Its precondition is on the stream's own version.
    SetPayload {
        /// The owner of the client configuration.
        configuration: ConfigurationId,
        /// Which client configuration.
        client: ClientConfigurationId,
        /// Which of its streams.
        which: PayloadKind,
        /// The bytes; `None` removes.
        payload: Option<NewPayload>,
    },
    /// Takes rows as what clients reported: each replaces the one of its identity (user, device, platform; ruling R4), and the rows are the
    /// clients' from then on, also when none is given. A client's own check-in is [`crate::Store::record`].
    RecordCheckins {
        /// Where; the default configuration is made when it is not there yet.
        configuration: ConfigurationId,
        /// The rows; of two with one identity the later counts.
        checkins: Vec<CheckinStatus>,
    },
}

/// What a commit came to.
#[derive(Debug, Clone)]
pub struct Committed {
    /// The tenant's version with it.
    pub version: u64,
    /// The tenant after it. Configurations that others made at the same time may be in it too; what was there is as this commit left it.
    pub snapshot: Arc<TenantSnapshot>,
}
