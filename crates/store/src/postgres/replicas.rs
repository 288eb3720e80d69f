//! Follows what other servers change: asks for the versions of the tenants in memory (the guarantee) and hears hints (so that it need not wait for
//! its next question). It must never show a tenant at an older version than before: what it reads goes where the newest is kept.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::mpsc;
use tokio::time::{MissedTickBehavior, interval};
use uuid::Uuid;

use super::engine::Engine;
use super::failure::Failure;
use super::fleet;
use super::loaded::Known;
use super::standing::Standing;
use super::tx::{Mode, Tx};
use crate::ids::TenantId;
use crate::limits::{CHANGE_DEADLINE, COMMIT_WAIT, POLL_INTERVAL, TIDY_INTERVAL};

/// Follows as long as it is polled.
pub(super) async fn follow(engine: Arc<Engine>, mut hints: mpsc::Receiver<String>) {
    let mut ticks = interval(POLL_INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let hinted = tokio::select! {
            _ = ticks.tick() => None,
            hint = hints.recv() => match hint {
                Some(hint) => Some(hint),
                None => return,
            },
        };
        let done = match hinted {
            None => every(&engine).await,
            Some(hint) => one(&engine, &hint).await,
        };
        if let Err(failure) = done {
            tracing::debug!(?failure, "the other servers' changes could not be read");
        }
    }
}

/// Asks for all tenants in memory, and loads those that moved.
async fn every(engine: &Engine) -> Result<(), Failure> {
    let tenants = engine.loaded.tenants();
    if tenants.is_empty() {
        return Ok(());
    }
    for (tenant, standing) in engine.control.standings(&tenants).await? {
        seen(engine, tenant, standing).await?;
    }
    Ok(())
}

/// A tenant in memory that moved is loaded; one that lives elsewhere leaves.
async fn seen(engine: &Engine, tenant: TenantId, standing: Standing) -> Result<(), Failure> {
    if standing.may_be_read().is_err() {
        engine.loaded.forget(tenant);
    } else if engine.loaded.is_older(tenant, standing.version) {
        match engine.load(tenant, standing.version).await {
            // It left meanwhile.
            Err(Failure::Gone) => {}
            loaded => drop(loaded?),
        }
    }
    Ok(())
}

async fn one(engine: &Engine, hint: &str) -> Result<(), Failure> {
    let (tenant, version) =
        hint.split_once(' ').map_or((hint, None), |(tenant, version)| (tenant, version.parse().ok()));
    let Ok(tenant) = Uuid::try_parse(tenant).map(TenantId) else { return Ok(()) };
    // What it changed itself a server hears of too.
    let is_news = |known: Known| version.is_none_or(|version: u64| version > known.version());
    if !engine.loaded.find(tenant).is_some_and(is_news) {
        return Ok(());
    }
    seen(engine, tenant, engine.control.standing(tenant).await?).await
}

/// Tenants that had check-ins here, and may have something to be tidied.
#[derive(Default)]
pub(super) struct Untidy(Mutex<HashSet<TenantId>>);

impl Untidy {
    pub(super) fn add(&self, tenant: TenantId) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(tenant);
    }

    fn take(&self) -> Vec<TenantId> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).drain().collect()
    }
}

/// Removes now and then what nobody sees any more, a part at a time.
pub(super) async fn tidy(engine: Arc<Engine>) {
    loop {
        tokio::time::sleep(TIDY_INTERVAL).await;
        for tenant in engine.untidy.take() {
            match tidy_one(&engine, tenant).await {
                // What lives elsewhere is tidied there.
                Ok(false) | Err(Failure::Gone) => {}
                Ok(true) => engine.untidy.add(tenant),
                Err(failure) => {
                    tracing::debug!(?failure, "a tenant was not tidied; it is tried again");
                    engine.untidy.add(tenant);
                }
            }
        }
    }
}

async fn tidy_one(engine: &Engine, tenant: TenantId) -> Result<bool, Failure> {
    let tidied = async {
        let (tx, _) = Tx::begin(&engine.pool, tenant, Mode::Record).await?;
        let more = fleet::tidy(tx.client(), tenant).await?;
        Ok::<_, Failure>((tx, more))
    };
    let (tx, more) = tokio::time::timeout(CHANGE_DEADLINE, tidied).await.unwrap_or(Err(Failure::Late))?;
    tx.commit(COMMIT_WAIT).await?;
    Ok(more)
}
