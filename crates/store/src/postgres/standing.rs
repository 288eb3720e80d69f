//! Where a tenant stands in its cluster: at which version, and whether it is there, is being moved away, or lives elsewhere. It must never know
//! where that is.

use std::sync::Arc;

use futures_util::FutureExt as _;
use tokio_postgres::Row;
use uuid::Uuid;

use super::columns::number;
use super::engine::Engine;
use super::failure::{Failure, OutOfRange};
use super::retry::patiently;
use super::tx::{Mode, Tx};
use crate::ids::TenantId;
use crate::limits::{COMMIT_WAIT, PAUSE_DEADLINE};

/// Whether a tenant is in a cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum State {
    /// It is.
    #[default]
    Here,
    /// It is, and is read but not changed: it is being moved.
    Paused,
    /// It lives elsewhere.
    Gone,
}

impl State {
    /// As the database has it.
    pub(super) fn stored(self) -> i16 {
        match self {
            Self::Here => 0,
            Self::Paused => 1,
            Self::Gone => 2,
        }
    }

    fn read(row: &Row, at: usize) -> Result<Self, Failure> {
        match row.try_get::<_, i16>(at)? {
            0 => Ok(Self::Here),
            1 => Ok(Self::Paused),
            2 => Ok(Self::Gone),
            _ => Err(OutOfRange.into()),
        }
    }
}

/// Where a tenant stands in a cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Standing {
    /// Of the tenant's control plane; 0 when it never wrote.
    pub version: u64,
    /// Whether it is there.
    pub state: State,
}

impl Standing {
    /// Reads version and state from columns `at` and `at + 1`.
    pub(super) fn read(row: &Row, at: usize) -> Result<Self, Failure> {
        Ok(Self { version: number(row, at)?, state: State::read(row, at + 1)? })
    }

    pub(super) fn may_be_read(self) -> Result<(), Failure> {
        if self.state == State::Gone { Err(Failure::Gone) } else { Ok(()) }
    }

    pub(super) fn may_be_changed(self) -> Result<(), Failure> {
        match self.state {
            State::Here => Ok(()),
            State::Paused => Err(Failure::Paused),
            State::Gone => Err(Failure::Gone),
        }
    }
}

pub(super) async fn of(engine: &Engine, tenant: TenantId) -> Result<Option<Standing>, Failure> {
    let (tx, standing) = Tx::begin(&engine.pool, tenant, Mode::Look).await?;
    tx.end();
    Ok(standing)
}

/// Of all tenants but nobody.
pub(super) async fn of_all(engine: &Engine) -> Result<Vec<(TenantId, Standing)>, Failure> {
    let session = engine.pool.get().await?;
    let asked = "SELECT tenant, version, state FROM tenant_version WHERE tenant <> $1 ORDER BY tenant";
    let rows = session.query(asked, &[&Uuid::nil()]).await?;
    rows.iter().map(|row| Ok((TenantId(row.try_get(0)?), Standing::read(row, 1)?))).collect()
}

/// In two steps. After the first, which waits for changes only, no batch of check-ins is begun any more; else a stream of them, each beside the
/// others, would never let anybody have the row alone. Who then gets it has waited for those that were under way.
pub(super) async fn pause(engine: &Engine, tenant: TenantId) -> Result<u64, Failure> {
    set(engine, tenant, State::Paused).await?;
    patiently(&engine.ids, PAUSE_DEADLINE, || wait_for_batches(engine, tenant).boxed()).await
}

pub(super) async fn resume(engine: &Engine, tenant: TenantId) -> Result<(), Failure> {
    set(engine, tenant, State::Here).await
}

pub(super) async fn leave(engine: &Engine, tenant: TenantId) -> Result<(), Failure> {
    set(engine, tenant, State::Gone).await?;
    engine.loaded.forget(tenant);
    // So that other servers need not find out by asking.
    engine.control.hint(tenant, None).await;
    Ok(())
}

async fn set(engine: &Engine, tenant: TenantId, state: State) -> Result<(), Failure> {
    patiently(&engine.ids, PAUSE_DEADLINE, || set_once(engine, tenant, state).boxed()).await
}

async fn set_once(engine: &Engine, tenant: TenantId, state: State) -> Result<(), Failure> {
    let (tx, standing) = Tx::begin(&engine.pool, tenant, Mode::Change).await?;
    let standing = match standing {
        Some(standing) => standing,
        // Else it could come while it is thought to be away.
        None => tx.introduce(tenant).await?,
    };
    may_become(standing.state, state)?;
    tx.execute("UPDATE tenant_version SET state = $2 WHERE tenant = $1", &[&tenant.0, &state.stored()]).await?;
    tx.commit(COMMIT_WAIT).await
}

/// Has the row of a paused tenant alone for a moment, and gives its version. A batch holds it until its COMMIT has come to its end in the server, also
/// when its own has given up.
async fn wait_for_batches(engine: &Engine, tenant: TenantId) -> Result<u64, Failure> {
    let (tx, standing) = Tx::begin(&engine.pool, tenant, Mode::Change).await?;
    let standing = standing.filter(|standing| standing.state == State::Paused);
    let standing = standing.ok_or_else(|| Failure::Refused(Arc::new(Resumed)))?;
    tx.execute("SELECT FROM tenant_version WHERE tenant = $1 FOR UPDATE", &[&tenant.0]).await?;
    tx.end();
    Ok(standing.version)
}

/// A tenant leaves only after a pause, and does not come back by being paused or resumed.
fn may_become(from: State, to: State) -> Result<(), Failure> {
    match (from, to) {
        (State::Gone, State::Here | State::Paused) => Err(Failure::Gone),
        (State::Here, State::Gone) => Err(Failure::Refused(Arc::new(NotPaused))),
        _ => Ok(()),
    }
}

#[derive(Debug, thiserror::Error)]
#[error("the tenant takes changes: it has to be paused before it leaves")]
struct NotPaused;

#[derive(Debug, thiserror::Error)]
#[error("the tenant takes changes again: somebody else resumed it")]
struct Resumed;
