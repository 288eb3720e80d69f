//! What a copy reads of a store beside what everybody does: all its tenants, and of a tenant what no answer shows, in pieces that fit into memory. Only
//! the command line has one: a service never asks across tenants. It must never change anything.

use std::sync::Arc;

use futures_util::future::BoxFuture;

use crate::Store;
use crate::domain::CheckinStatus;
use crate::error::StoreError;
use crate::ids::{ConfigurationId, TenantId};
use crate::limits::COPY_ASKS;

/// A commit in the change log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoggedCommit {
    /// The tenant's version that it led to.
    pub version: u64,
    /// When, in ticks of 100 ns.
    pub ticks: i64,
    /// Who made it.
    pub actor: String,
    /// What it changed, in the text of the log.
    pub changes: String,
}

/// How many users were last seen on a day, how many of them had a device that failed last on it, and how many rows are of the day. Of all rows
/// (`client` 0), or of those that hold a client configuration, by a hash of its id that all stores have alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counted {
    /// The client configuration.
    pub client: i64,
    /// The UTC day, in days since 1970-01-01.
    pub day: i32,
    /// Users.
    pub seen: i64,
    /// Users with a failing device.
    pub failed: i64,
    /// Rows.
    pub rows: i64,
}

/// What is kept of the rows of a configuration that clients check in to, as far as they are shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fleet {
    /// The latest UTC day on which a check-in was recorded: what is older than the window before it is not shown.
    pub newest: i32,
    /// What summaries are read from.
    pub counts: Vec<Counted>,
}

/// A check-in row with its number in the default order.
pub type Numbered = (i64, Arc<CheckinStatus>);

/// Asks until there is an answer, a few times, where it comes late or the store has too much to do.
pub(crate) async fn patiently<T, F>(ask: impl Fn() -> F) -> Result<T, StoreError>
where
    F: Future<Output = Result<T, StoreError>>,
{
    for _ in 0..COPY_ASKS {
        match ask().await {
            Err(StoreError::Deadline { .. }) => {}
            Err(StoreError::Busy { retry_after }) => tokio::time::sleep(retry_after).await,
            answer => return answer,
        }
    }
    ask().await
}

/// A store that can be copied.
pub trait Source: Store {
    /// All tenants that wrote, in order.
    fn tenants(&self) -> BoxFuture<'_, Result<Vec<TenantId>, StoreError>>;

    /// Some commits that are still in the change log, behind a version; none when there are no more.
    fn log(&self, tenant: TenantId, after: u64) -> BoxFuture<'_, Result<Vec<LoggedCommit>, StoreError>>;

    /// What is kept of a configuration's rows; `None` when clients never checked in.
    fn fleet(
        &self,
        tenant: TenantId,
        configuration: ConfigurationId,
    ) -> BoxFuture<'_, Result<Option<Fleet>, StoreError>>;

    /// Some rows that clients reported and that are shown, in the default order, behind a number; none when there are no more.
    fn rows(
        &self,
        tenant: TenantId,
        configuration: ConfigurationId,
        after: Option<i64>,
    ) -> BoxFuture<'_, Result<Vec<Numbered>, StoreError>>;
}
