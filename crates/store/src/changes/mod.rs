//! What changed in a collection since a point: the questions and the answers. Both stores answer with `follow::Follower`; this
//! file must never know where the log is.

pub(crate) mod follow;
mod point;

use std::sync::Arc;
use std::time::Duration;

use uuid::Uuid;

use crate::ids::{ClientConfigurationId, ConfigurationId};
use crate::limits::{MAX_LOG_AGE, MAX_LOG_COMMITS};
use crate::snapshot::TenantSnapshot;
pub use point::ChangePoint;

/// A collection whose changes can be followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tracked {
    /// The officeConfigurations. The unwritten default one is none of them (ruling R2).
    Configurations,
    /// The client configurations of one.
    Clients(ConfigurationId),
    /// The assignments of a client configuration.
    Assignments(ConfigurationId, ClientConfigurationId),
}

/// Where to follow from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Since {
    /// Nothing is known: what is there comes first, and nothing of what changes meanwhile is lost.
    Start,
    /// Nothing is to come but the point that is reached now.
    Now,
    /// Where an answer before ended.
    Point(ChangePoint),
}

/// What changed in a collection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChangeQuery {
    /// Which.
    pub of: Tracked,
    /// Since when.
    pub since: Since,
    /// Entities to answer at most: at least 1, bounded by [`crate::limits::MAX_PAGE`].
    pub limit: usize,
}

/// A part of what changed, or all of it. Who does to a copy what each part says, in order, has the collection as it is at the
/// last point. A change may be told twice, never not at all; a part may tell nothing and yet not be the last.
#[derive(Debug, Clone)]
pub struct Changes {
    /// What `present` are in.
    pub snapshot: Arc<TenantSnapshot>,
    /// Ids of entities that were made or changed, and are there.
    pub present: Vec<Uuid>,
    /// Ids of entities that went. The asker may not have known them.
    pub removed: Vec<Uuid>,
    /// Where the next part begins, or on the last what changes later.
    pub point: ChangePoint,
    /// Whether there is more by now.
    pub more: bool,
}

/// How much of a tenant's change log is kept for those who follow it. What is too old goes with later commits of the tenant, and
/// who asks from before then is answered [`crate::StoreError::PointNotFound`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// How old a commit becomes, at the time of a later one.
    pub age: Duration,
    /// How many of the newest commits are kept.
    pub commits: u64,
}

impl Default for Retention {
    fn default() -> Self {
        Self { age: MAX_LOG_AGE, commits: MAX_LOG_COMMITS }
    }
}

impl Retention {
    /// The oldest ticks that are kept at `now`, and how many of the newest commits, as numbers for a database.
    pub(crate) fn bounds(&self, now: i64) -> (i64, i64) {
        const TICKS_PER_SECOND: u64 = 10_000_000;
        let age = i64::try_from(self.age.as_secs().saturating_mul(TICKS_PER_SECOND)).unwrap_or(i64::MAX);
        (now.saturating_sub(age), i64::try_from(self.commits).unwrap_or(i64::MAX))
    }

    /// Whether a commit may go, when the newest one has version `newest` and was made at `now`.
    pub(crate) fn is_over(&self, version: u64, ticks: i64, newest: u64, now: i64) -> bool {
        let (oldest, _) = self.bounds(now);
        version < newest && (newest - version >= self.commits || ticks < oldest)
    }
}
