//! A line of entries before a task that serves them one tenant after the other. It must never know what they are.

use std::time::Instant;

use tokio::sync::Notify;

use crate::ids::TenantId;
use crate::queue::{Lanes, Refused, Turn, Waiting, Window};

pub(super) struct Line<T> {
    lanes: Lanes<T>,
    came: Notify,
}

impl<T: Waiting> Line<T> {
    /// Room for `most`, of which `most_of_one` tenant's; `batch` are served at once.
    pub(super) fn new(most: usize, most_of_one: usize, batch: usize, window: Window) -> Self {
        Self { lanes: Lanes::new(most, most_of_one, batch, window), came: Notify::new() }
    }

    pub(super) fn put(&self, tenant: TenantId, entry: T) -> Result<(), Refused> {
        self.lanes.put(tenant, entry)?;
        self.came.notify_one();
        Ok(())
    }

    /// Waits for the next entries, which are all of one tenant; `None` when it is closed and nothing is left. Only one task may ask.
    pub(super) async fn next(&self, into: &mut Vec<T>, over: &mut Vec<T>) -> Option<TenantId> {
        loop {
            match self.lanes.turn(into, over) {
                Turn::Of(tenant) => return Some(tenant),
                Turn::Closed => return None,
                // What comes in between has left its mark.
                Turn::Idle => self.came.notified().await,
            }
        }
    }

    pub(super) fn len(&self) -> usize {
        self.lanes.len()
    }

    /// Takes no more; what waits is served still.
    pub(super) fn close(&self) {
        self.lanes.close();
        self.came.notify_one();
    }
}

/// Whether an entry has waited for too long.
pub(super) fn waited(came: Instant, now: Instant, longest: std::time::Duration) -> bool {
    now.saturating_duration_since(came) > longest
}
