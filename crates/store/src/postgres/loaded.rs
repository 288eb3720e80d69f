//! The tenants in memory: the newest state of each that is known to be durable, which leaves by a byte budget, least recently used first. It never
//! goes back: who brings an older state finds the newer one kept. It must never ask the database.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use imbl::OrdSet;

use crate::ids::TenantId;
use crate::snapshot::TenantSnapshot;

/// About what a tenant takes that has nothing.
const EMPTY_BYTES: usize = 512;

/// Batches of check-ins and rows by the `seq` of their configuration, as the data plane tells them.
pub(super) type Counts = HashMap<u64, (u64, u64)>;

/// A tenant at a version.
#[derive(Debug, Clone)]
pub(super) struct Known {
    /// Without what clients' check-ins add to it, which has no version of the tenant: what the rules work on.
    pub(super) base: Arc<TenantSnapshot>,
    /// The `seq` of each configuration whose rows are its clients'.
    pub(super) recorded: OrdSet<u64>,
    /// With what they add: what is shown.
    pub(super) shown: Arc<TenantSnapshot>,
    /// Grows with each batch of check-ins: tells the older of two of one version.
    batches: u64,
}

impl Known {
    pub(super) fn new(base: Arc<TenantSnapshot>, recorded: OrdSet<u64>, counts: &Counts) -> Self {
        let shown = with_counts(&base, &recorded, counts);
        let batches = recorded.iter().filter_map(|seq| counts.get(seq)).map(|(batches, _)| *batches).sum();
        Self { base, recorded, shown, batches }
    }

    /// A tenant as it was read.
    pub(super) fn read(base: TenantSnapshot, counts: &Counts) -> Self {
        let recorded = base.configurations().filter(|found| found.has_checkins_from_clients).map(|found| found.seq);
        let recorded = recorded.collect();
        Self::new(Arc::new(base), recorded, counts)
    }

    pub(super) fn version(&self) -> u64 {
        self.base.version()
    }

    /// What check-ins add, as it is shown.
    pub(super) fn counts(&self) -> Counts {
        let added = |seq: &u64| {
            let (base, shown) = (self.base.by_seq(*seq)?, self.shown.by_seq(*seq)?);
            Some((*seq, (shown.status_version.saturating_sub(base.status_version), shown.status_count)))
        };
        self.recorded.iter().filter_map(added).collect()
    }

    fn is_older_than(&self, other: &Self) -> bool {
        (self.version(), self.batches) < (other.version(), other.batches)
    }
}

/// A snapshot with what clients' check-ins add to it.
pub(super) fn with_counts(base: &Arc<TenantSnapshot>, recorded: &OrdSet<u64>, counts: &Counts) -> Arc<TenantSnapshot> {
    if recorded.is_empty() {
        return Arc::clone(base);
    }
    let mut shown = TenantSnapshot::clone(base);
    for seq in recorded {
        let Some(found) = base.by_seq(*seq).filter(|found| found.has_checkins_from_clients) else { continue };
        let (batches, rows) = counts.get(seq).copied().unwrap_or_default();
        shown.set_statuses(*seq, found.status_version + batches, rows);
    }
    Arc::new(shown)
}

pub(super) struct Loaded {
    map: RwLock<Map>,
    clock: AtomicU64,
    budget: usize,
}

struct Map {
    cells: HashMap<TenantId, Cell>,
    bytes: usize,
    /// Moves when tenants leave memory: what was read from the database before that may be older than what left.
    epoch: u64,
}

struct Cell {
    known: Known,
    used: AtomicU64,
}

impl Cell {
    fn bytes(&self) -> usize {
        self.known.base.weight() + EMPTY_BYTES
    }
}

impl Loaded {
    pub(super) fn new(budget: usize) -> Self {
        let map = Map { cells: HashMap::new(), bytes: 0, epoch: 0 };
        Self { map: RwLock::new(map), clock: AtomicU64::new(0), budget }
    }

    fn read(&self) -> RwLockReadGuard<'_, Map> {
        self.map.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Map> {
        self.map.write().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn find(&self, tenant: TenantId) -> Option<Known> {
        let map = self.read();
        let cell = map.cells.get(&tenant)?;
        cell.used.store(self.clock.fetch_add(1, Ordering::Relaxed), Ordering::Relaxed);
        Some(cell.known.clone())
    }

    /// Goes to [`Self::keep`] with what is read from the database from now on.
    pub(super) fn epoch(&self) -> u64 {
        self.read().epoch
    }

    /// Keeps a state, unless a newer one is there; gives the newer of both. One that is not there is kept only if no tenant has left since `epoch`.
    pub(super) fn keep(&self, known: Known, epoch: u64) -> Known {
        let tenant = known.base.tenant();
        let map = &mut *self.write();
        let used = self.clock.fetch_add(1, Ordering::Relaxed);
        let (before, after) = match map.cells.get_mut(&tenant) {
            Some(cell) if known.is_older_than(&cell.known) => return cell.known.clone(),
            Some(cell) => {
                let before = cell.bytes();
                cell.known = known.clone();
                (before, cell.bytes())
            }
            None if map.epoch != epoch => return known,
            None => {
                let cell = Cell { known: known.clone(), used: AtomicU64::new(used) };
                let bytes = cell.bytes();
                map.cells.insert(tenant, cell);
                (0, bytes)
            }
        };
        map.bytes = map.bytes.saturating_sub(before).saturating_add(after);
        self.shrink(map);
        known
    }

    /// All tenants in memory.
    pub(super) fn tenants(&self) -> Vec<TenantId> {
        self.read().cells.keys().copied().collect()
    }

    /// Whether a tenant is in memory at an older version.
    pub(super) fn is_older(&self, tenant: TenantId, version: u64) -> bool {
        self.read().cells.get(&tenant).is_some_and(|cell| cell.known.version() < version)
    }

    /// Lets a tenant go that is not here any more. What was read of it before is not kept.
    pub(super) fn forget(&self, tenant: TenantId) {
        let map = &mut *self.write();
        if let Some(cell) = map.cells.remove(&tenant) {
            map.bytes = map.bytes.saturating_sub(cell.bytes());
            map.epoch += 1;
        }
    }

    /// Lets the least recently used go until nine tenths of the budget are kept; the last one always stays.
    fn shrink(&self, map: &mut Map) {
        if map.bytes <= self.budget || map.cells.len() < 2 {
            return;
        }
        let mut by_use: Vec<(u64, TenantId)> =
            map.cells.iter().map(|(id, cell)| (cell.used.load(Ordering::Relaxed), *id)).collect();
        by_use.sort_unstable();
        by_use.pop();
        for (_, tenant) in by_use {
            if map.bytes <= self.budget / 10 * 9 {
                break;
            }
            if let Some(cell) = map.cells.remove(&tenant) {
                map.bytes = map.bytes.saturating_sub(cell.bytes());
            }
        }
        map.epoch += 1;
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn at(tenant: u128, version: u64) -> Known {
        Known::read(TenantSnapshot::restored(TenantId(Uuid::from_u128(tenant)), version, 1, Vec::new()), &Counts::new())
    }

    #[test]
    fn an_older_state_never_takes_the_place_of_a_newer_one() {
        let loaded = Loaded::new(usize::MAX);
        for (brought, kept) in [(2, 2), (1, 2), (3, 3), (3, 3), (0, 3)] {
            assert_eq!(loaded.keep(at(1, brought), loaded.epoch()).version(), kept);
            assert_eq!(loaded.find(TenantId(Uuid::from_u128(1))).expect("kept").version(), kept);
        }
    }

    #[test]
    fn what_was_read_before_a_tenant_left_is_not_kept_in_its_place() {
        let loaded = Loaded::new(3 * EMPTY_BYTES);
        let before = loaded.epoch();
        for tenant in 1..=4 {
            loaded.keep(at(tenant, 7), loaded.epoch());
        }
        let gone = TenantId(Uuid::from_u128(1));
        assert!(loaded.find(gone).is_none());
        assert_eq!(loaded.keep(at(1, 6), before).version(), 6, "it is told");
        assert!(loaded.find(gone).is_none(), "but not kept");
    }

    #[test]
    fn what_was_read_before_a_tenant_was_forgotten_is_not_kept() {
        let loaded = Loaded::new(usize::MAX);
        loaded.keep(at(1, 7), loaded.epoch());
        let before = loaded.epoch();
        loaded.forget(TenantId(Uuid::from_u128(1)));
        loaded.keep(at(1, 7), before);
        assert!(loaded.tenants().is_empty());
        assert_eq!(loaded.read().bytes, 0);
        loaded.keep(at(1, 8), loaded.epoch());
        assert_eq!(loaded.tenants().len(), 1, "it may come back");
    }
}
