//! Follows the log of one collection from a point on: pure, so that both stores tell the same. Entries are given to it in order,
//! as long as it takes them.

use std::collections::HashSet;
use std::ops::ControlFlow;
use std::sync::Arc;

use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::{ChangePoint, ChangeQuery, Changes, Since, Tracked};
use crate::domain::{ClientConfiguration, OfficeConfiguration};
use crate::error::{StoreError, What};
use crate::ids::{AssignmentId, ClientConfigurationId, ConfigurationId};
use crate::limits::{MAX_COMMITS_FOLLOWED, MAX_PAGE};
use crate::log::{Kind, Logged};
use crate::snapshot::TenantSnapshot;

/// A commit in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) version: u64,
    /// When, in ticks.
    pub(crate) ticks: i64,
    /// See [`crate::log`].
    pub(crate) changes: String,
}

impl Entry {
    /// Tells the commit from one with the same version in another history.
    fn mark(&self) -> u64 {
        let digest = Sha256::new().chain_update(self.ticks.to_le_bytes()).chain_update(&self.changes).finalize();
        digest.iter().take(8).fold(0, |mark, byte| mark << 8 | u64::from(*byte))
    }
}

/// A commit that is known, and up to which `seq`.
struct Reached {
    entry: Entry,
    after: u64,
}

/// All of a commit.
const WHOLE: u64 = u64::MAX;

pub(crate) struct Follower {
    snapshot: Arc<TenantSnapshot>,
    members: Members,
    since: Since,
    limit: usize,
    /// Where it began.
    from: ChangePoint,
    reached: Option<Reached>,
    scanned: usize,
    present: Vec<Uuid>,
    removed: Vec<Uuid>,
    told_removed: HashSet<Uuid>,
    more: bool,
}

impl Follower {
    /// Begins to follow, in a tenant as it is now.
    pub(crate) fn new(snapshot: Arc<TenantSnapshot>, query: &ChangeQuery) -> Result<Self, StoreError> {
        let members = Members::of(&snapshot, query.of)?;
        let owner = members.owner();
        let from = match query.since {
            Since::Point(point) => {
                // What was in another owner before says nothing of this one's. Before there was any, there was nothing.
                if point.owner != 0 && point.owner != owner {
                    return Err(StoreError::PointNotFound);
                }
                ChangePoint { owner, ..point }
            }
            Since::Start | Since::Now => {
                let listing = query.since == Since::Start;
                let after = if listing { 0 } else { WHOLE };
                ChangePoint { version: snapshot.version(), mark: 0, owner, after, listing }
            }
        };
        if from.version > snapshot.version() {
            return Err(StoreError::PointNotFound);
        }
        Ok(Self {
            snapshot,
            members,
            since: query.since,
            limit: query.limit.clamp(1, MAX_PAGE),
            from,
            reached: None,
            scanned: 0,
            present: Vec::new(),
            removed: Vec::new(),
            told_removed: HashSet::new(),
            more: false,
        })
    }

    /// The version from which on entries have to be given, one after the other; `None` when none is needed.
    pub(crate) fn entries_from(&self) -> Option<u64> {
        match self.since {
            Since::Point(point) if point.listing => None,
            _ => Some(self.from.version.max(1)),
        }
    }

    /// Takes the next entry.
    pub(crate) fn take(&mut self, entry: Entry) -> Result<ControlFlow<()>, StoreError> {
        if entry.version > self.snapshot.version() {
            return Ok(ControlFlow::Break(()));
        }
        let mut after = 0;
        match &self.reached {
            None if self.from.version == 0 && entry.version == 1 => {}
            None if self.from.version == 0 || entry.version != self.from.version => {
                return Err(StoreError::PointNotFound);
            }
            None => {
                if matches!(self.since, Since::Start | Since::Now) {
                    self.from.mark = entry.mark();
                    self.reached = Some(Reached { entry, after: WHOLE });
                    return Ok(ControlFlow::Break(()));
                }
                if entry.mark() != self.from.mark {
                    return Err(StoreError::PointNotFound);
                }
                after = self.from.after;
            }
            Some(before) if entry.version != before.entry.version + 1 => return Err(StoreError::PointNotFound),
            Some(_) => {}
        }
        self.scanned += 1;
        for (seq, hit) in self.members.hits(&entry)? {
            if seq <= after {
                continue;
            }
            if self.present.len() + self.removed.len() == self.limit {
                self.more = true;
                if after > 0 {
                    self.reached = Some(Reached { entry, after });
                }
                return Ok(ControlFlow::Break(()));
            }
            after = seq;
            match hit {
                Hit::Present(id) => self.present.push(id),
                Hit::Removed(id) if self.told_removed.insert(id) => self.removed.push(id),
                Hit::Removed(_) => {}
            }
        }
        self.more = entry.version < self.snapshot.version();
        self.reached = Some(Reached { entry, after: WHOLE });
        Ok(if self.scanned < MAX_COMMITS_FOLLOWED { ControlFlow::Continue(()) } else { ControlFlow::Break(()) })
    }

    /// What was found.
    pub(crate) fn finish(mut self) -> Result<Changes, StoreError> {
        if self.reached.is_none() && self.entries_from().is_some() && self.snapshot.version() > 0 {
            return Err(StoreError::PointNotFound);
        }
        let point = match &self.reached {
            _ if self.from.listing => self.list(),
            Some(Reached { entry, after }) => {
                ChangePoint { version: entry.version, mark: entry.mark(), after: *after, ..self.from }
            }
            None => self.from,
        };
        let Self { snapshot, present, removed, more, .. } = self;
        Ok(Changes { snapshot, present, removed, point, more })
    }

    /// What is there, after what was told before.
    fn list(&mut self) -> ChangePoint {
        let found = self.members.after(self.from.after, self.limit + 1);
        let has_more = found.len() > self.limit;
        // What changed since the first part is not told yet.
        self.more = has_more || self.from.version < self.snapshot.version();
        let told = &found[..found.len().min(self.limit)];
        self.present.extend(told.iter().map(|(_, id)| *id));
        match told.last() {
            Some((seq, _)) if has_more => ChangePoint { after: *seq, ..self.from },
            _ => ChangePoint { after: WHOLE, listing: false, ..self.from },
        }
    }
}

/// What a commit did to a member.
enum Hit {
    Present(Uuid),
    Removed(Uuid),
}

/// The members of a collection as they are now.
enum Members {
    Configurations(Arc<TenantSnapshot>),
    /// Of none before the default configuration is written.
    Clients(Option<Arc<OfficeConfiguration>>),
    Assignments(Arc<ClientConfiguration>),
}

impl Members {
    fn of(snapshot: &Arc<TenantSnapshot>, tracked: Tracked) -> Result<Self, StoreError> {
        Ok(match tracked {
            Tracked::Configurations => Self::Configurations(Arc::clone(snapshot)),
            Tracked::Clients(id) => Self::Clients(snapshot.owner_of_rows(id)?.cloned()),
            Tracked::Assignments(id, client) => {
                let found = snapshot.client(id, client)?.cloned();
                Self::Assignments(found.ok_or(StoreError::NotFound { what: What::ClientConfiguration })?)
            }
        })
    }

    fn kind(&self) -> Kind {
        match self {
            Self::Configurations(_) => Kind::Configuration,
            Self::Clients(_) => Kind::Client,
            Self::Assignments(_) => Kind::Assignment,
        }
    }

    /// The `seq` of what they are in.
    fn owner(&self) -> u64 {
        match self {
            Self::Configurations(_) => 0,
            Self::Clients(owner) => owner.as_ref().map_or(0, |owner| owner.seq),
            Self::Assignments(owner) => owner.seq,
        }
    }

    /// What a commit did to members, in the order of their `seq`. One that changed again later is told there.
    fn hits(&self, entry: &Entry) -> Result<Vec<(u64, Hit)>, StoreError> {
        let mut hits = Vec::new();
        for token in Logged::read(&entry.changes) {
            match token.ok_or(StoreError::PointNotFound)? {
                Logged::Put { kind, seq } if kind == self.kind() => self.put(&mut hits, seq, entry.version),
                Logged::Removed { kind, seq, id, owner } => {
                    if kind == self.kind() && owner == self.owner() && !self.has(id) {
                        hits.push((seq, Hit::Removed(id)));
                    }
                }
                Logged::Put { .. } | Logged::Other => {}
            }
        }
        hits.sort_by_key(|(seq, _)| *seq);
        hits.dedup_by_key(|(seq, _)| *seq);
        Ok(hits)
    }

    /// Members with this `seq` in the log that have not changed after the commit.
    fn put(&self, hits: &mut Vec<(u64, Hit)>, seq: u64, version: u64) {
        match self {
            Self::Configurations(snapshot) => {
                let found = snapshot.by_seq(seq).filter(|found| found.stamp.version == version);
                hits.extend(found.map(|found| (seq, Hit::Present(found.id.0))));
            }
            Self::Clients(owner) => {
                let found = owner.as_ref().and_then(|owner| owner.clients.by_seq(seq));
                let found = found.filter(|found| found.stamp.version == version);
                hits.extend(found.map(|found| (seq, Hit::Present(found.id.0))));
            }
            Self::Assignments(owner) if owner.seq == seq => {
                let found = owner.assignments.iter().filter(|found| found.stamp.version == version);
                hits.extend(found.map(|found| (found.seq, Hit::Present(found.id.0))));
            }
            Self::Assignments(_) => {}
        }
    }

    fn has(&self, id: Uuid) -> bool {
        match self {
            Self::Configurations(snapshot) => snapshot.configuration(ConfigurationId(id)).is_some(),
            Self::Clients(owner) => {
                owner.as_ref().is_some_and(|owner| owner.clients.get(ClientConfigurationId(id)).is_some())
            }
            Self::Assignments(owner) => owner.assignment(AssignmentId(id)).is_some(),
        }
    }

    /// Up to `limit` of those with a greater `seq`, in its order.
    fn after(&self, seq: u64, limit: usize) -> Vec<(u64, Uuid)> {
        match self {
            Self::Configurations(snapshot) => {
                snapshot.configurations_after(seq).take(limit).map(|found| (found.seq, found.id.0)).collect()
            }
            Self::Clients(owner) => {
                let found = owner.iter().flat_map(|owner| owner.clients.after(seq));
                found.take(limit).map(|found| (found.seq, found.id.0)).collect()
            }
            Self::Assignments(owner) => {
                let found = owner.assignments.iter().filter(|found| found.seq > seq);
                found.take(limit).map(|found| (found.seq, found.id.0)).collect()
            }
        }
    }
}
