//! Moves a tenant to another cluster: at every moment it takes changes in one cluster at most and can be read in one at least, whatever breaks
//! off. The directory decides where it lives; a move that came to no end is run again, or undone by moving the tenant to where it lives. It must
//! never resume a tenant anywhere else.

use std::time::Duration;

use super::PlacedStore;
use super::name::ClusterName;
use super::routes::At;
use crate::error::StoreError;
use crate::ids::TenantId;
use crate::limits::POLL_INTERVAL;
use crate::postgres::{PostgresStore, State};
use crate::transfer::{Report, Tell, Transfer, TransferError};

/// Until every server that had the tenant in memory has seen that it left its old cluster.
const SEEN_BY_ALL: Duration = POLL_INTERVAL.saturating_mul(2);

/// What a move came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moved {
    /// Where the tenant lived; `None` when it lived where it was to go already.
    pub from: Option<ClusterName>,
    /// What was copied and found to be equal.
    pub report: Report,
}

/// Why a tenant was not moved.
#[derive(Debug, thiserror::Error)]
pub enum MoveError {
    /// No such cluster is named.
    #[error("the configuration names no cluster {0}")]
    NoCluster(ClusterName),
    /// Nobody by that id ever wrote.
    #[error("there is no tenant {0}")]
    NoTenant(TenantId),
    /// It was not copied, or the copy is not equal. It takes changes where it was.
    #[error("tenant {tenant} was not moved, and takes changes where it was")]
    Copy {
        /// The tenant.
        tenant: TenantId,
        /// Why not.
        #[source]
        source: TransferError,
    },
    /// A cluster or the directory was not reached on the way. The tenant may be paused.
    #[error(
        "tenant {tenant} may be paused: run the same again when all clusters are there, or move it to where it lives"
    )]
    Unfinished {
        /// The tenant.
        tenant: TenantId,
        /// Why not.
        #[source]
        source: StoreError,
    },
}

impl PlacedStore {
    /// Moves a tenant, with all it has, to another cluster. It takes no changes meanwhile, and is read. Where it lives there already, what a move
    /// that broke off has left is put in order. `today` is the UTC day of the summaries that are compared, in days since 1970-01-01.
    ///
    /// # Errors
    /// When the cluster or the tenant is not there, it could not be copied, or a cluster is not reached.
    pub async fn move_tenant(
        &self,
        tenant: TenantId,
        to: &ClusterName,
        today: i32,
        tell: &Tell<'_>,
    ) -> Result<Moved, MoveError> {
        let unfinished = |source| MoveError::Unfinished { tenant, source };
        let to_at = self.clusters.iter().position(|cluster| cluster.name == *to);
        let to_at = to_at.ok_or_else(|| MoveError::NoCluster(to.clone()))?;
        let at = self.ask_directory(tenant).await.map_err(unfinished)?.ok_or(MoveError::NoTenant(tenant))?;
        if at == to_at {
            let others: Vec<At> = (0..self.clusters.len()).filter(|other| *other != at).collect();
            self.settle(tenant, at, &others).await.map_err(unfinished)?;
            return Ok(Moved { from: None, report: Report::default() });
        }
        let from = self.clusters[at].store().map_err(unfinished)?;
        let there = self.clusters[to_at].store().map_err(unfinished)?;
        from.pause(tenant).await.map_err(unfinished)?;
        let copied = Transfer::of_moved(tenant, from, there, today, tell).run().await;
        let report = match copied {
            Ok(report) => report,
            Err(source) => {
                self.settle(tenant, at, &[to_at]).await.map_err(unfinished)?;
                return Err(MoveError::Copy { tenant, source });
            }
        };
        let from = self.clusters[at].name.clone();
        self.relocate(tenant, &from, to).await.map_err(unfinished)?;
        self.settle(tenant, to_at, &[at]).await.map_err(unfinished)?;
        Ok(Moved { from: Some(from), report })
    }

    /// Has the cluster in which the directory has a tenant be the only one: the others say that it left, then it takes changes there, and what is left
    /// elsewhere is removed.
    async fn settle(&self, tenant: TenantId, at: At, others: &[At]) -> Result<(), StoreError> {
        let here = self.clusters[at].store()?;
        let others: Vec<&PostgresStore> =
            others.iter().map(|other| self.clusters[*other].store()).collect::<Result<_, _>>()?;
        let mut left = Vec::new();
        for other in others {
            match other.state(tenant).await?.map(|standing| standing.state) {
                Some(State::Paused) => {
                    other.leave(tenant).await?;
                    left.push(other);
                }
                Some(State::Gone) => left.push(other),
                // It was never there.
                Some(State::Here) | None => {}
            }
        }
        here.resume(tenant).await?;
        if !left.is_empty() {
            tokio::time::sleep(SEEN_BY_ALL).await;
        }
        for other in left {
            other.clear_left(tenant).await?;
        }
        Ok(())
    }
}
