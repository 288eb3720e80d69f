//! Another try of a whole transaction: after a conflict with another one, or on another connection when the server has gone. It must never try
//! again what may have happened.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::BoxFuture;
use uuid::Uuid;

use super::failure::Failure;
use crate::limits::{CHANGE_DEADLINE, COMMIT_WAIT, RETRIES, RETRY_PAUSE};

/// Where ids that nobody can guess come from: whoever opens the store brings it.
pub(super) type Ids = Arc<dyn Fn() -> Uuid + Send + Sync>;

/// The tries of one transaction.
pub(super) struct Attempts<'i> {
    ids: &'i Ids,
    done: u32,
    until: Instant,
}

impl<'i> Attempts<'i> {
    /// None begins later than after so long.
    pub(super) fn new(ids: &'i Ids, within: Duration) -> Self {
        Self { ids, done: 0, until: Instant::now() + within }
    }

    /// Waits until the next try, when the failure allows one; else gives it back.
    pub(super) async fn after(&mut self, failure: Failure) -> Result<(), Failure> {
        if !failure.is_transient() || self.done >= RETRIES || Instant::now() > self.until {
            return Err(failure);
        }
        tracing::debug!(?failure, tries = self.done + 1, "a transaction is tried again");
        self.pause().await;
        Ok(())
    }

    /// Waits: twice as long each time, and each for a time of its own, so that two that met do not meet again.
    pub(super) async fn pause(&mut self) {
        let longest = RETRY_PAUSE.saturating_mul(1 << self.done.min(5));
        self.done += 1;
        let (_, low) = (self.ids)().as_u64_pair();
        let part = u32::try_from(low & 0xff).unwrap_or(0);
        tokio::time::sleep(longest / 2 + (longest / 512).saturating_mul(part)).await;
    }
}

/// Does what comes to the same when it is done again, until it is known to be done, or for so long.
pub(super) async fn patiently<'w, T>(
    ids: &Ids,
    within: Duration,
    once: impl Fn() -> BoxFuture<'w, Result<T, Failure>>,
) -> Result<T, Failure> {
    let until = Instant::now() + within;
    let mut attempts = Attempts::new(ids, within);
    loop {
        let limit = (CHANGE_DEADLINE + COMMIT_WAIT).min(within);
        match tokio::time::timeout(limit, once()).await.unwrap_or(Err(Failure::Late)) {
            // Others may hold what it needs for longer than a statement waits.
            Err(Failure::Unknown(_) | Failure::Busy | Failure::Late) if Instant::now() < until => {
                attempts.pause().await;
            }
            Err(failure) => attempts.after(failure).await?,
            done => return done,
        }
    }
}

/// The pause before a retry is bounded, whatever number it is.
const _: () = assert!(RETRY_PAUSE.as_millis() << 5 < Duration::from_secs(2).as_millis());
