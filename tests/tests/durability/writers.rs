//! What the writers of a round have come to while they write, so that a fault comes when there is something to lose. It must never know what a write is.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::ledger::Kind;

/// Longer than anything takes that comes to pass on any machine.
const PATIENCE: Duration = Duration::from_mins(2);
/// How often is looked, and between two writes of one kind while the database is away: a change that is refused at once is not tried thousands of
/// times a second.
pub(crate) const PACE: Duration = Duration::from_millis(5);

/// How many writes of each kind were acknowledged in a round.
pub(crate) struct Taken(pub(crate) [AtomicUsize; Kind::ALL.len()]);

impl Taken {
    pub(crate) fn new() -> Self {
        Self(std::array::from_fn(|_| AtomicUsize::new(0)))
    }

    /// Waits until so many kinds have been taken once more.
    pub(crate) fn wait_for(&self, kinds: usize, service_says: impl Fn() -> String) {
        let counts = || self.0.each_ref().map(|count| count.load(Ordering::Relaxed));
        let (before, start) = (counts(), Instant::now());
        loop {
            let now = counts();
            if now.iter().zip(&before).filter(|(now, before)| now > before).count() >= kinds {
                return;
            }
            assert!(start.elapsed() < PATIENCE, "{before:?}, then {now:?}: the service says {}", service_says());
            std::thread::sleep(PACE);
        }
    }
}

/// Says that it is over, also when a test stops half-way.
pub(crate) struct Done<'d>(pub(crate) &'d AtomicBool);

impl Drop for Done<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
