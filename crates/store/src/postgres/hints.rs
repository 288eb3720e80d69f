//! Hints to the other servers that tenants were changed: one at once, and for those changes that follow on it closely one together, so that a stream of changes
//! is not one of hints too. It must never be what anything depends on.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::engine::Engine;
use crate::ids::TenantId;
use crate::limits::HINT_PAUSE;

/// The newest version of each tenant of which a hint was given a moment ago.
#[derive(Default)]
pub(super) struct Hints(Mutex<HashMap<TenantId, u64>>);

impl Hints {
    fn newest(&self) -> MutexGuard<'_, HashMap<TenantId, u64>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes note of a change; whether nobody is about to give a hint of it.
    fn note(&self, tenant: TenantId, version: u64) -> bool {
        match self.newest().entry(tenant) {
            Entry::Occupied(mut known) => {
                let newest = known.get_mut();
                *newest = version.max(*newest);
                false
            }
            Entry::Vacant(place) => {
                place.insert(version);
                true
            }
        }
    }

    /// What came after `told`, if anything did; else the tenant is forgotten.
    fn after(&self, tenant: TenantId, told: u64) -> Option<u64> {
        let mut all = self.newest();
        let newest = all.get(&tenant).copied().filter(|newest| *newest > told);
        if newest.is_none() {
            all.remove(&tenant);
        }
        newest
    }
}

/// Has a hint be given that a tenant is at a version.
pub(super) fn give(engine: &Arc<Engine>, tenant: TenantId, version: u64) {
    if !engine.hints.note(tenant, version) {
        return;
    }
    let engine = Arc::clone(engine);
    tokio::spawn(async move {
        // Whoever was answered goes first.
        tokio::task::yield_now().await;
        let mut told = 0;
        while let Some(version) = engine.hints.after(tenant, told) {
            engine.control.hint(tenant, Some(version)).await;
            told = version;
            tokio::time::sleep(HINT_PAUSE).await;
        }
    });
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::{Hints, TenantId};

    #[test]
    fn changes_that_follow_closely_share_a_hint_and_none_is_left_out() {
        let (hints, tenant) = (Hints::default(), TenantId(Uuid::from_u128(1)));
        assert!(hints.note(tenant, 5), "the first is told at once");
        assert_eq!(hints.after(tenant, 0), Some(5));
        assert!(!hints.note(tenant, 7) && !hints.note(tenant, 6), "they wait for the one that told");
        assert!(hints.note(TenantId(Uuid::from_u128(2)), 1), "another tenant does not");
        assert_eq!(hints.after(tenant, 5), Some(7));
        assert_eq!(hints.after(tenant, 7), None);
        assert!(hints.note(tenant, 8), "it is forgotten when nothing came");
    }
}
