//! What waits for the writer: one lane a tenant, served in turns, so that a tenant that floods waits for itself. Bounded in all, for each
//! tenant, and in time: who would wait too long is turned away on coming. It must never know what waits.

use std::collections::{HashMap, VecDeque};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::window::Window;
use crate::ids::TenantId;

/// Entries that wait, for one who takes them.
pub(crate) struct Lanes<T> {
    state: Mutex<State<T>>,
    came: Condvar,
    most: usize,
    /// Of one tenant.
    most_of_one: usize,
    /// Taken at once.
    batch: usize,
}

struct State<T> {
    lanes: HashMap<TenantId, VecDeque<T>>,
    /// Tenants that have something waiting, in the order of their turns.
    turns: VecDeque<TenantId>,
    len: usize,
    closed: bool,
    window: Window,
    /// When the first came of those who are being served.
    serving: Option<Instant>,
}

/// What can wait.
pub(crate) trait Waiting {
    /// When it came, if it wants to be done in good time.
    fn came(&self) -> Option<Instant>;

    /// Whether it need not be done any more.
    fn is_over(&self, now: Instant) -> bool;
}

/// What [`Lanes::turn`] came to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    /// Entries of this tenant were taken, or were over.
    Of(TenantId),
    /// Nothing waits.
    Idle,
    /// It is closed and nothing is left.
    Closed,
}

/// Why an entry was not put.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    Full,
    /// It would not be done in good time.
    Late,
    Closed,
}

impl<T: Waiting> Lanes<T> {
    pub(crate) fn new(most: usize, most_of_one: usize, batch: usize, window: Window) -> Self {
        let (lanes, turns) = (HashMap::new(), VecDeque::new());
        let state = State { lanes, turns, len: 0, closed: false, window, serving: None };
        Self { state: Mutex::new(state), came: Condvar::new(), most, most_of_one, batch }
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts an entry at the end of its tenant's lane.
    pub(crate) fn put(&self, tenant: TenantId, entry: T) -> Result<(), Refused> {
        let state = &mut *self.lock();
        if state.closed {
            return Err(Refused::Closed);
        }
        if state.len >= self.most {
            return Err(Refused::Full);
        }
        let own = state.lanes.get(&tenant).map_or(0, VecDeque::len);
        if own >= self.most_of_one {
            return Err(Refused::Full);
        }
        let lanes = state.turns.len() + usize::from(own == 0);
        // What waits in other lanes comes before it as far as their turns come before its own.
        let before = state.len.min((own + 1).saturating_mul(lanes));
        if entry.came().is_some() && !state.window.has_room(own, before, lanes) {
            return Err(Refused::Late);
        }
        let lane = state.lanes.entry(tenant).or_default();
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

    /// Takes what is done at once, the tenants in turns, and what is over on the way; waits for the first entry for a while. `None`: it is
    /// closed and nothing is left.
    pub(crate) fn take(&self, within: Duration, into: &mut Vec<T>, over: &mut Vec<T>) -> Option<()> {
        let mut state = self.lock();
        if let Some(came) = state.serving.take() {
            state.window.served(came, Instant::now());
        }
        let waits = |state: &mut State<T>| state.len == 0 && !state.closed;
        let (mut state, _) = self.came.wait_timeout_while(state, within, waits).unwrap_or_else(PoisonError::into_inner);
        if state.len == 0 && state.closed {
            return None;
        }
        let now = Instant::now();
        while into.len() < self.batch
            && let Some(tenant) = state.turns.pop_front()
        {
            let Some(lane) = state.lanes.get_mut(&tenant) else { continue };
            match lane.pop_front() {
                Some(entry) if entry.is_over(now) => over.push(entry),
                entry => into.extend(entry),
            }
            if lane.is_empty() {
                state.lanes.remove(&tenant);
            } else {
                state.turns.push_back(tenant);
            }
            state.len -= 1;
        }
        if let Some(came) = over.iter().filter_map(Waiting::came).min() {
            state.window.served(came, now);
        }
        state.serving = into.iter().filter_map(Waiting::came).min();
        Some(())
    }

    /// Takes what is done at once of the tenant whose turn it is, and what is over on the way, without waiting for anything.
    pub(crate) fn turn(&self, into: &mut Vec<T>, over: &mut Vec<T>) -> Turn {
        let state = &mut *self.lock();
        let now = Instant::now();
        if let Some(came) = state.serving.take() {
            state.window.served(came, now);
        }
        let Some(tenant) = state.turns.pop_front() else {
            return if state.closed { Turn::Closed } else { Turn::Idle };
        };
        let mut lane = state.lanes.remove(&tenant).unwrap_or_default();
        while into.len() < self.batch
            && let Some(entry) = lane.pop_front()
        {
            state.len -= 1;
            if entry.is_over(now) { over.push(entry) } else { into.push(entry) }
        }
        if !lane.is_empty() {
            state.lanes.insert(tenant, lane);
            state.turns.push_back(tenant);
        }
        if let Some(came) = over.iter().filter_map(Waiting::came).min() {
            state.window.served(came, now);
        }
        state.serving = into.iter().filter_map(Waiting::came).min();
        Turn::Of(tenant)
    }

    /// How many wait.
    pub(crate) fn len(&self) -> usize {
        self.lock().len
    }

    /// Takes no more and lets go of what waits.
    pub(crate) fn abandon(&self) {
        let mut state = self.lock();
        state.closed = true;
        state.lanes.clear();
        state.turns.clear();
        state.len = 0;
    }

    /// Takes no more.
    pub(crate) fn close(&self) {
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

    fn lanes(most: usize, most_of_one: usize, batch: usize) -> Lanes<&'static str> {
        Lanes::new(most, most_of_one, batch, Window::new(most, most, Duration::from_hours(1)))
    }

    impl Waiting for &'static str {
        fn came(&self) -> Option<Instant> {
            (*self == "quick").then(Instant::now)
        }

        fn is_over(&self, _: Instant) -> bool {
            self.starts_with("over")
        }
    }

    fn taken(lanes: &Lanes<&'static str>) -> Option<Vec<&'static str>> {
        let (mut taken, mut over) = (Vec::new(), Vec::new());
        lanes.take(SOON, &mut taken, &mut over)?;
        assert!(over.iter().all(|entry| entry.starts_with("over")), "{over:?}");
        Some(taken)
    }

    #[test]
    fn tenants_take_turns_and_each_keeps_its_order() {
        let lanes = lanes(100, 50, 4);
        for entry in ["a1", "a2", "a3", "a4"] {
            lanes.put(tenant(1), entry).expect("room");
        }
        lanes.put(tenant(2), "b1").expect("room");
        lanes.put(tenant(3), "c1").expect("room");
        assert_eq!(taken(&lanes), Some(vec!["a1", "b1", "c1", "a2"]));
        lanes.put(tenant(2), "b2").expect("room");
        assert_eq!(taken(&lanes), Some(vec!["a3", "b2", "a4"]));
        assert_eq!((taken(&lanes), lanes.len()), (Some(vec![]), 0));
    }

    #[test]
    fn one_tenant_cannot_take_the_room_of_the_others() {
        let lanes = lanes(3, 2, 9);
        assert_eq!([1, 1, 1].map(|n| lanes.put(tenant(n), "x").is_ok()), [true, true, false]);
        assert_eq!(lanes.put(tenant(2), "y"), Ok(()));
        assert_eq!(lanes.put(tenant(3), "z"), Err(Refused::Full), "there is a bound for all, too");
    }

    #[test]
    fn what_waits_when_it_is_closed_is_taken_still() {
        let lanes = lanes(3, 2, 9);
        lanes.put(tenant(1), "x").expect("room");
        lanes.close();
        assert_eq!(lanes.put(tenant(1), "y"), Err(Refused::Closed));
        assert_eq!((taken(&lanes), taken(&lanes)), (Some(vec!["x"]), None));
    }

    #[test]
    fn a_turn_takes_one_tenants_entries_only() {
        let lanes = lanes(100, 50, 2);
        for (of, entry) in [(1, "a1"), (2, "b1"), (1, "over"), (1, "a2"), (1, "a3")] {
            lanes.put(tenant(of), entry).expect("room");
        }
        lanes.close();
        let mut turns = Vec::new();
        loop {
            let (mut taken, mut over) = (Vec::new(), Vec::new());
            match lanes.turn(&mut taken, &mut over) {
                Turn::Of(of) => turns.push((of, taken, over.len())),
                end => break assert_eq!((end, lanes.len()), (Turn::Closed, 0)),
            }
        }
        let expected = [(tenant(1), vec!["a1", "a2"], 1), (tenant(2), vec!["b1"], 0), (tenant(1), vec!["a3"], 0)];
        assert_eq!(turns, expected);
    }

    #[test]
    fn what_is_over_takes_no_room_in_a_batch() {
        let lanes = lanes(100, 50, 2);
        for entry in ["over1", "a", "over2", "over3", "b", "c"] {
            lanes.put(tenant(1), entry).expect("room");
        }
        assert_eq!((taken(&lanes), lanes.len()), (Some(vec!["a", "b"]), 1));
    }

    #[test]
    fn what_wants_to_be_done_in_good_time_is_turned_away_on_coming_and_the_rest_may_wait() {
        let lanes = Lanes::new(100, 50, 4, Window::new(1, 2, Duration::from_hours(1)));
        assert_eq!(
            ["quick", "quick", "quick"].map(|entry| lanes.put(tenant(1), entry)),
            [Ok(()), Ok(()), Err(Refused::Late)]
        );
        assert_eq!(lanes.put(tenant(1), "x"), Ok(()));
        for _ in 0..20 {
            lanes.put(tenant(1), "x").expect("room");
        }
        assert_eq!(lanes.put(tenant(2), "quick"), Ok(()), "its turn comes soon, whatever waits for others");
    }

    #[test]
    fn who_waited_too_long_makes_the_window_smaller() {
        let lanes = Lanes::new(100, 50, 4, Window::new(1, 4, Duration::ZERO));
        for left in [2, 1, 1] {
            lanes.put(tenant(1), "quick").expect("room");
            assert_eq!(taken(&lanes), Some(vec!["quick"]));
            assert_eq!(taken(&lanes), Some(vec![]), "it comes back, having served");
            let put = std::iter::from_fn(|| lanes.put(tenant(1), "quick").ok()).count();
            assert_eq!(put, left);
            lanes.lock().lanes.clear();
            lanes.lock().turns.clear();
            lanes.lock().len = 0;
        }
    }
}
