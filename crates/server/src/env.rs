//! The world outside the process as arguments: the time, fresh ids, chance.
//!
//! The only file that reads the wall clock or the system's random source. It must never know what its answers are for.

use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use uuid::Uuid;

/// Tells the time.
pub trait Clock: Send + Sync {
    /// Time since 1970-01-01T00:00:00Z, to the precision the source has. Never negative.
    fn since_epoch(&self) -> Duration;

    /// Whole seconds since 1970-01-01T00:00:00Z.
    fn unix_seconds(&self) -> i64 {
        i64::try_from(self.since_epoch().as_secs()).unwrap_or(i64::MAX)
    }

    /// The instant as a timestamp, for calendars and formatting.
    fn timestamp(&self) -> jiff::Timestamp {
        let now = self.since_epoch();
        let nanos = i32::try_from(now.subsec_nanos()).unwrap_or(0);
        jiff::Timestamp::new(self.unix_seconds(), nanos).unwrap_or(jiff::Timestamp::MAX)
    }
}

/// Makes what nobody can guess and nobody had before.
pub trait IdSource: Send + Sync {
    /// Fills `bytes` with values that nobody outside can predict.
    fn fill(&self, bytes: &mut [u8]);

    /// A fresh random GUID (version 4).
    fn uuid(&self) -> Uuid {
        let mut bytes = [0; 16];
        self.fill(&mut bytes);
        uuid::Builder::from_random_bytes(bytes).into_uuid()
    }
}

/// What a part of the service gets instead of reaching out by itself. Cheap to clone.
#[derive(Clone)]
pub struct Env {
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Fresh ids and random bytes.
    pub ids: Arc<dyn IdSource>,
}

impl Env {
    /// The machine's clock and the system's random source.
    pub fn real() -> Self {
        Self { clock: Arc::new(WallClock), ids: Arc::new(SystemRandom) }
    }

    /// From `least` to `least + spread`, by chance: whoever was turned away together does not come back together.
    pub(crate) fn spread(&self, least: u32, spread: u8) -> u32 {
        let mut byte = [0];
        self.ids.fill(&mut byte);
        least.saturating_add(u32::from(byte[0]) % (u32::from(spread) + 1))
    }
}

impl std::fmt::Debug for Env {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Env").finish_non_exhaustive()
    }
}

/// The machine's clock.
#[derive(Debug, Clone, Copy)]
pub struct WallClock;

impl Clock for WallClock {
    #[expect(clippy::disallowed_methods, reason = "this file owns the wall clock")]
    fn since_epoch(&self) -> Duration {
        // A clock set before 1970 is a broken machine; every token is then "not yet valid", which is the safe side.
        std::time::SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO)
    }
}

/// The random source of the system.
#[derive(Debug, Clone, Copy)]
pub struct SystemRandom;

impl IdSource for SystemRandom {
    fn fill(&self, bytes: &mut [u8]) {
        getrandom::fill(bytes).expect("the system's random source works, or nothing here is safe");
    }
}

/// A clock that stands still until it is told, and ids that come in order: for tests.
pub mod fake {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::{Arc, Clock, Duration, Env, IdSource};

    /// A clock that moves only when told.
    #[derive(Debug)]
    pub struct FakeClock(AtomicU64);

    impl FakeClock {
        /// Stands at `unix_seconds`.
        pub fn at(unix_seconds: u64) -> Self {
            Self(AtomicU64::new(unix_seconds.saturating_mul(1_000_000_000)))
        }

        /// Moves forward.
        pub fn advance(&self, by: Duration) {
            self.0.fetch_add(u64::try_from(by.as_nanos()).unwrap_or(u64::MAX), Ordering::SeqCst);
        }

        /// Jumps, backwards too.
        pub fn set(&self, unix_seconds: u64) {
            self.0.store(unix_seconds.saturating_mul(1_000_000_000), Ordering::SeqCst);
        }
    }

    impl Clock for FakeClock {
        fn since_epoch(&self) -> Duration {
            Duration::from_nanos(self.0.load(Ordering::SeqCst))
        }
    }

    /// Bytes that follow from a seed: equal seeds give equal ids, different ones different ids.
    #[derive(Debug)]
    pub struct SeededIds(AtomicU64);

    impl SeededIds {
        /// Starts at `seed`.
        pub fn new(seed: u64) -> Self {
            Self(AtomicU64::new(seed))
        }
    }

    impl IdSource for SeededIds {
        fn fill(&self, bytes: &mut [u8]) {
            for chunk in bytes.chunks_mut(8) {
                // SplitMix64: well spread from consecutive states, and four lines long.
                let state = self.0.fetch_add(0x9E37_79B9_7F4A_7C15, Ordering::SeqCst);
                let mut z = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
                z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
                z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
                chunk.copy_from_slice(&(z ^ (z >> 31)).to_le_bytes()[..chunk.len()]);
            }
        }
    }

    /// A world that stands at `unix_seconds`, with its clock to move it.
    pub fn env(unix_seconds: u64, seed: u64) -> (Env, Arc<FakeClock>) {
        let clock = Arc::new(FakeClock::at(unix_seconds));
        (Env { clock: clock.clone(), ids: Arc::new(SeededIds::new(seed)) }, clock)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_seeds_give_equal_ids_and_ids_differ_among_themselves() {
        let (a, b) = (fake::SeededIds::new(7), fake::SeededIds::new(7));
        let first = a.uuid();
        assert_eq!(first, b.uuid());
        assert_ne!(first, a.uuid());
        assert_eq!(first.get_version_num(), 4);
    }

    #[test]
    fn the_real_clock_is_past_2026_and_real_ids_differ() {
        let env = Env::real();
        assert!(env.clock.unix_seconds() > 1_767_225_600);
        assert_ne!(env.ids.uuid(), env.ids.uuid());
    }

    #[test]
    fn chance_spreads_over_all_that_it_may() {
        let (env, _) = fake::env(0, 7);
        let drawn: std::collections::BTreeSet<u32> = (0..200).map(|_| env.spread(5, 3)).collect();
        assert_eq!(drawn.into_iter().collect::<Vec<_>>(), [5, 6, 7, 8]);
        assert_eq!(env.spread(u32::MAX, u8::MAX), u32::MAX);
    }

    #[test]
    fn a_fake_clock_moves_only_when_told() {
        let (env, clock) = fake::env(1_700_000_000, 1);
        assert_eq!(env.clock.unix_seconds(), 1_700_000_000);
        clock.advance(Duration::from_millis(1500));
        assert_eq!(env.clock.timestamp().to_string(), "2023-11-14T22:13:21.5Z");
    }
}
