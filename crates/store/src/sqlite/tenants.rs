//! The tenants in memory: the newest durable snapshot of each, which leave by a byte budget, least recently used first. It must never
//! show what is not durable.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use arc_swap::ArcSwap;

use crate::ids::TenantId;
use crate::snapshot::TenantSnapshot;

/// What a look into memory finds.
pub(super) enum Found {
    /// The tenant.
    Loaded(i64, Arc<TenantSnapshot>),
    /// It never wrote.
    Unknown,
    /// It is in the database; `epoch` goes to [`Tenants::insert`].
    NotLoaded { id: i64, epoch: u64 },
}

pub(super) struct Tenants {
    map: RwLock<Map>,
    clock: AtomicU64,
    budget: usize,
}

struct Map {
    numbers: HashMap<TenantId, i64>,
    loaded: HashMap<TenantId, Cell>,
    bytes: usize,
    /// Moves when tenants leave: what was read from the database before that may be old.
    epoch: u64,
}

struct Cell {
    id: i64,
    snapshot: ArcSwap<TenantSnapshot>,
    used: AtomicU64,
}

impl Tenants {
    pub(super) fn new(numbers: HashMap<TenantId, i64>, budget: usize) -> Self {
        let map = Map { numbers, loaded: HashMap::new(), bytes: 0, epoch: 0 };
        Self { map: RwLock::new(map), clock: AtomicU64::new(0), budget }
    }

    fn read(&self) -> RwLockReadGuard<'_, Map> {
        self.map.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Map> {
        self.map.write().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn find(&self, tenant: TenantId) -> Found {
        let map = self.read();
        if let Some(cell) = map.loaded.get(&tenant) {
            cell.used.store(self.clock.load(Ordering::Relaxed), Ordering::Relaxed);
            return Found::Loaded(cell.id, cell.snapshot.load_full());
        }
        match map.numbers.get(&tenant) {
            Some(id) => Found::NotLoaded { id: *id, epoch: map.epoch },
            None => Found::Unknown,
        }
    }

    /// Keeps a tenant that was read from the database, unless a newer one came or tenants left in the meantime; gives what is kept.
    pub(super) fn insert(
        &self,
        tenant: TenantId,
        id: i64,
        epoch: u64,
        snapshot: Arc<TenantSnapshot>,
    ) -> Option<Arc<TenantSnapshot>> {
        let mut map = self.write();
        if let Some(cell) = map.loaded.get(&tenant) {
            return Some(cell.snapshot.load_full());
        }
        if map.epoch != epoch {
            return None;
        }
        map.bytes += snapshot.weight();
        map.loaded.insert(tenant, self.cell(id, Arc::clone(&snapshot)));
        self.shrink(&mut map);
        Some(snapshot)
    }

    /// Shows what has become durable. Only the writer calls it.
    pub(super) fn publish(&self, changed: impl Iterator<Item = (i64, Arc<TenantSnapshot>)>) {
        self.clock.fetch_add(1, Ordering::Relaxed);
        let mut missing = Vec::new();
        let mut grown = 0_isize;
        {
            let map = self.read();
            for (id, snapshot) in changed {
                match map.loaded.get(&snapshot.tenant()) {
                    Some(cell) => {
                        let new = snapshot.weight().cast_signed();
                        grown += new - cell.snapshot.swap(snapshot).weight().cast_signed();
                    }
                    None => missing.push((id, snapshot)),
                }
            }
            if grown <= 0 && missing.is_empty() {
                return;
            }
        }
        let mut map = self.write();
        map.bytes = map.bytes.saturating_add_signed(grown);
        for (id, snapshot) in missing {
            map.numbers.insert(snapshot.tenant(), id);
            map.bytes += snapshot.weight();
            map.loaded.insert(snapshot.tenant(), self.cell(id, snapshot));
        }
        self.shrink(&mut map);
    }

    fn cell(&self, id: i64, snapshot: Arc<TenantSnapshot>) -> Cell {
        let used = AtomicU64::new(self.clock.load(Ordering::Relaxed));
        Cell { id, snapshot: ArcSwap::new(snapshot), used }
    }

    /// Lets the least recently used go until nine tenths of the budget are kept; the last one always stays.
    fn shrink(&self, map: &mut Map) {
        if map.bytes <= self.budget || map.loaded.len() < 2 {
            return;
        }
        let mut by_use: Vec<(u64, TenantId)> =
            map.loaded.iter().map(|(id, cell)| (cell.used.load(Ordering::Relaxed), *id)).collect();
        by_use.sort_unstable();
        by_use.pop();
        for (_, tenant) in by_use {
            if map.bytes <= self.budget / 10 * 9 {
                break;
            }
            if let Some(cell) = map.loaded.remove(&tenant) {
                map.bytes = map.bytes.saturating_sub(cell.snapshot.load().weight());
            }
        }
        map.epoch += 1;
    }
}
