//! Persistence of officeconfig behind one trait, [`Store`]: the control plane as immutable snapshots in memory, the check-in rows
//! as a data plane that is queried, and durable atomic commits. Three stores keep one meaning: `sqlite` is the default, `postgres` is for
//! more than one machine, `memory` is the oracle that the tests hold both against. `placed` is tenants over several of the second. The only crate with SQL; it knows neither HTTP nor JSON requests.

pub mod changes;
mod clients;
pub mod command;
mod conditions;
mod days;
mod digest;
pub mod domain;
pub mod error;
pub mod ids;
pub mod limits;
mod log;
pub mod memory;
mod observer;
mod paging;
pub mod placed;
mod position;
pub mod postgres;
mod predicate;
mod queue;
mod rules;
mod shape;
pub mod snapshot;
pub mod sqlite;
mod staged;
pub mod status;
mod summary;
pub mod transfer;

use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::BoxFuture;

pub use changes::{ChangePoint, ChangeQuery, Changes, Retention, Since, Tracked};
pub use clients::Clients;
pub use command::{
    Change, Command, Commit, Committed, Conditional, NewAssignment, NewClient, NewPayload, Precondition, SummaryPatch,
    TargetChange, TargetPatch, Versions,
};
pub use domain::{
    Assignment, Checkin, CheckinReport, CheckinStatus, ClientConfiguration, ClientKind, OfficeConfiguration, Payload,
    PayloadContent, PayloadKind, Stamp, Summary, Target,
};
pub use error::{CommitError, OpenError, StoreError, What};
pub use ids::{AssignmentId, Caller, ClientConfigurationId, ConfigurationId, TenantId, default_configuration_id};
pub use observer::{Observer, Transaction};
pub use snapshot::TenantSnapshot;
pub use staged::Staged;
pub use status::{Continuation, StatusPage, StatusQuery};

/// Whether the store does its work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Health {
    /// Whether changes are taken. Of several clusters one that takes them is enough.
    pub writable: bool,
    /// Why not, or what is wrong for some tenants though they are taken, for an operator.
    pub reason: Option<String>,
}

/// A store. Every call takes the caller's tenant and sees nothing else.
pub trait Store: Send + Sync {
    /// The tenant at its newest durable version. A tenant that never wrote gets an empty snapshot, and nothing is created.
    fn snapshot<'a>(&'a self, caller: &'a Caller) -> BoxFuture<'a, Result<Arc<TenantSnapshot>, StoreError>>;

    /// The newest at once, when what is in memory is known to be the newest. Where others write to the same database nothing is, without asking
    /// it: then it is `None`.
    fn loaded_snapshot(&self, caller: &Caller) -> Option<Arc<TenantSnapshot>>;

    /// The tenant as it was last known here, at once and whatever the database does: a change that was made through another server may be missing
    /// for up to two seconds, or for as long as the database is not reached. It never goes back. `None` when the tenant is not in memory.
    fn last_snapshot(&self, caller: &Caller) -> Option<Arc<TenantSnapshot>> {
        self.loaded_snapshot(caller)
    }

    /// Makes the changes, atomically. Answers after they are durable; dropping the future does not undo them.
    fn commit<'a>(&'a self, caller: &'a Caller, commit: Commit) -> BoxFuture<'a, Result<Committed, CommitError>>;

    /// Records a check-in of a client (ruling R4). Answers after it is durable; dropping the future does not undo it. It is no change that
    /// others follow: the tenant's version and its change log stay, but for the first one in a configuration, whose rows are the clients'
    /// from then on.
    fn record<'a>(&'a self, caller: &'a Caller, checkin: Checkin) -> BoxFuture<'a, Result<(), CommitError>>;

    /// A payload with its bytes; `None` when the client configuration has none.
    fn payload<'a>(
        &'a self,
        caller: &'a Caller,
        configuration: ConfigurationId,
        client: ClientConfigurationId,
        which: PayloadKind,
    ) -> BoxFuture<'a, Result<Option<(Payload, Bytes)>, StoreError>>;

    /// A page of check-in rows. The unwritten default configuration has none.
    fn statuses<'a>(&'a self, caller: &'a Caller, query: StatusQuery) -> BoxFuture<'a, Result<StatusPage, StoreError>>;

    /// The summary of a configuration, or of one of its client configurations (ruling R5). `today` is the UTC day, in days since
    /// 1970-01-01 ([`odata::edm::DateTimeOffset::unix_day`]).
    fn summary<'a>(
        &'a self,
        caller: &'a Caller,
        configuration: ConfigurationId,
        client: Option<ClientConfigurationId>,
        today: i32,
    ) -> BoxFuture<'a, Result<Summary, StoreError>>;

    /// What changed in a collection since a point, as far as the change log goes back.
    fn changes<'a>(&'a self, caller: &'a Caller, query: ChangeQuery) -> BoxFuture<'a, Result<Changes, StoreError>>;

    /// Whether changes are taken, and if not, why.
    fn health(&self) -> Health;

    /// Finishes what was accepted and lets go of the files. Calls after it are answered `Unavailable`.
    fn close(&self) -> BoxFuture<'_, ()>;
}
