//! What waits for the writer: one lane a tenant, served in turns, so that a tenant that floods waits for itself. Bounded in all and for each
//! tenant. It must never know what waits.

use std::collections::{HashMap, VecDeque};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::ids::TenantId;

/// Entries that wait, for one who takes them.
pub(super) struct Lanes<T> {
    state: Mutex<State<T>>,
    came: Condvar,
    most: usize,
    /// Of one tenant.
    most_of_one: usize,
}

struct State<T> {
    lanes: HashMap<TenantId, VecDeque<T>>,
    /// Tenants that have something waiting, in the order of their turns.
    turns: VecDeque<TenantId>,
    len: usize,
    closed: bool,
}

/// Why an entry was not put.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Refused {
    Full,
    Closed,
}

impl<T> Lanes<T> {
    pub(super) fn new(most: usize, most_of_one: usize) -> Self {
        let state = State { lanes: HashMap::new(), turns: VecDeque::new(), len: 0, closed: false };
        Self { state: Mutex::new(state), came: Condvar::new(), most, most_of_one }
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts an entry at the end of its tenant's lane.
    pub(super) fn put(&self, tenant: TenantId, entry: T) -> Result<(), Refused> {
        let mut state = self.lock();
        if state.closed {
            return Err(Refused::Closed);
        }
        if state.len >= self.most {
            return Err(Refused::Full);
        }
        let lane = state.lanes.entry(tenant).or_default();
        if lane.len() >= self.most_of_one {
            return Err(Refused::Full);
        }
        lane.push_back(entry);
        if lane.len() == 1 {
            state.turns.push_back(tenant);
        }
        state.len += 1;
        if state.len == 1 {
            self.came.notify_one();
        }
        Ok(())
    }

    /// Takes up to `most` entries, the tenants in turns; waits for the first one for a while. `None`: it is closed and nothing is left.
    pub(super) fn take(&self, most: usize, within: Duration, into: &mut Vec<T>) -> Option<()> {
        let state = self.lock();
        let waits = |state: &mut State<T>| state.len == 0 && !state.closed;
        let (mut state, _) = self.came.wait_timeout_while(state, within, waits).unwrap_or_else(PoisonError::into_inner);
        if state.len == 0 && state.closed {
            return None;
        }
        while into.len() < most
            && let Some(tenant) = state.turns.pop_front()
        {
            let Some(lane) = state.lanes.get_mut(&tenant) else { continue };
            into.extend(lane.pop_front());
            if lane.is_empty() {
                state.lanes.remove(&tenant);
            } else {
                state.turns.push_back(tenant);
            }
            state.len -= 1;
        }
        Some(())
    }

    /// How many wait.
    pub(super) fn len(&self) -> usize {
        self.lock().len
    }

    /// Takes no more and lets go of what waits.
    pub(super) fn abandon(&self) {
        let mut state = self.lock();
        state.closed = true;
        state.lanes.clear();
        state.turns.clear();
        state.len = 0;
    }

    /// Takes no more.
    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.came.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    const SOON: Duration = Duration::from_millis(1);

    fn tenant(n: u128) -> TenantId {
        TenantId(Uuid::from_u128(n))
    }

    fn taken(lanes: &Lanes<&'static str>, most: usize) -> Option<Vec<&'static str>> {
        let mut taken = Vec::new();
        lanes.take(most, SOON, &mut taken).map(|()| taken)
    }

    #[test]
    fn tenants_take_turns_and_each_keeps_its_order() {
        let lanes = Lanes::new(100, 50);
        for entry in ["a1", "a2", "a3", "a4"] {
            lanes.put(tenant(1), entry).expect("room");
        }
        lanes.put(tenant(2), "b1").expect("room");
        lanes.put(tenant(3), "c1").expect("room");
        assert_eq!(taken(&lanes, 4), Some(vec!["a1", "b1", "c1", "a2"]));
        lanes.put(tenant(2), "b2").expect("room");
        assert_eq!(taken(&lanes, 4), Some(vec!["a3", "b2", "a4"]));
        assert_eq!((taken(&lanes, 4), lanes.len()), (Some(vec![]), 0));
    }

    #[test]
    fn one_tenant_cannot_take_the_room_of_the_others() {
        let lanes = Lanes::new(3, 2);
        assert_eq!([1, 1, 1].map(|n| lanes.put(tenant(n), "x").is_ok()), [true, true, false]);
        assert_eq!(lanes.put(tenant(2), "y"), Ok(()));
        assert_eq!(lanes.put(tenant(3), "z"), Err(Refused::Full), "there is a bound for all, too");
    }

    #[test]
    fn what_waits_when_it_is_closed_is_taken_still() {
        let lanes = Lanes::new(3, 2);
        lanes.put(tenant(1), "x").expect("room");
        lanes.close();
        assert_eq!(lanes.put(tenant(1), "y"), Err(Refused::Closed));
        assert_eq!((taken(&lanes, 9), taken(&lanes, 9)), (Some(vec!["x"]), None));
    }
}
