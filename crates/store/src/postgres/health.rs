//! Whether changes are taken, told by those who tried last and by a probe that writes something that changes nothing, through to where it is durable.
//! It must never decide what a caller is answered.

use std::sync::{Arc, Mutex, PoisonError};

use uuid::Uuid;

use super::engine::Engine;
use super::failure::Failure;
use super::tx::{Mode, Tx};
use crate::ids::TenantId;
use crate::limits::{CHANGE_DEADLINE, COMMIT_WAIT, HEAL_INTERVAL, PROBE_INTERVAL};

/// Why changes are not taken at the moment.
#[derive(Default)]
pub(super) struct Trouble(Mutex<Option<String>>);

impl Trouble {
    pub(super) fn get(&self) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn is_there(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    /// A change was made.
    pub(super) fn is_over(&self) {
        if self.0.lock().unwrap_or_else(PoisonError::into_inner).take().is_some() {
            tracing::info!("changes are taken again");
        }
    }

    /// A change was not made. What the server said of one change says nothing of others.
    pub(super) fn report(&self, failure: &Failure) {
        let reason = match failure {
            Failure::Lost(cause) => format!("the database is not reached: {}", chain(&**cause)),
            Failure::Unknown(cause) => format!("the database does not say that it keeps changes: {}", chain(&**cause)),
            Failure::Late => "the database takes too long".to_owned(),
            Failure::Full => "the database's disk is full".to_owned(),
            Failure::Moved | Failure::Paused | Failure::Gone => return,
            Failure::Conflict(_) | Failure::Busy => {
                tracing::warn!(?failure, "a change was not made");
                return;
            }
            Failure::Refused(_) | Failure::Read(_) => {
                tracing::error!(?failure, "a change was not made");
                return;
            }
        };
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.as_ref() != Some(&reason) {
            tracing::error!(reason, "changes are not taken");
        }
        *kept = Some(reason);
    }
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(error) = next {
        text = format!("{text}: {error}");
        next = error.source();
    }
    text
}

/// Looks now and then whether writing works, and more often while it does not.
pub(super) async fn watch(engine: Arc<Engine>) {
    loop {
        let pause = if engine.trouble.is_there() { HEAL_INTERVAL } else { PROBE_INTERVAL };
        tokio::time::sleep(pause).await;
        match probe(&engine).await {
            Ok(()) => engine.trouble.is_over(),
            Err(failure) => engine.trouble.report(&failure),
        }
    }
}

/// Writes the row of nobody as it is.
async fn probe(engine: &Engine) -> Result<(), Failure> {
    let nobody = TenantId(Uuid::nil());
    let begun = async {
        let (tx, _) = Tx::begin(&engine.pool, nobody, Mode::Record).await?;
        let touch = tx.prepared("UPDATE tenant_version SET version = version WHERE tenant = $1").await?;
        Ok::<_, Failure>((tx, touch))
    };
    let (tx, touch) = tokio::time::timeout(CHANGE_DEADLINE, begun).await.unwrap_or(Err(Failure::Late))?;
    tx.commit_after(vec![(touch, vec![Box::new(nobody.0)])], COMMIT_WAIT).await
}
