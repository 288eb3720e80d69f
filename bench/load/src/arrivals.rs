//! Arrivals by chance (a Poisson process) at rates that change from phase to phase. It must never know what arrives.

use std::time::Duration;

use population::Chance;

/// A time with one rate.
#[derive(Debug, Clone, Copy)]
pub struct Phase {
    /// How long.
    pub length: Duration,
    /// Arrivals a second.
    pub per_second: f64,
}

/// The times of arrivals, in order.
#[derive(Debug, Clone)]
pub struct Arrivals {
    phases: Vec<Phase>,
    /// Seconds at which the current phase, the last of `phases`, began.
    began: f64,
    now: f64,
    chance: Chance,
}

impl Arrivals {
    /// The phases one after the other; the same seed gives the same times.
    pub fn new(phases: &[Phase], seed: u64) -> Self {
        let phases = phases.iter().rev().copied().collect();
        Self { phases, began: 0.0, now: 0.0, chance: Chance::new(seed) }
    }
}

impl Iterator for Arrivals {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        loop {
            let phase = self.phases.last()?;
            let end = self.began + phase.length.as_secs_f64();
            let next = if phase.per_second > 0.0 { self.now + self.chance.gap(phase.per_second) } else { end };
            if next < end {
                self.now = next;
                return Some(Duration::from_secs_f64(next));
            }
            // The process has no memory: at the border it begins anew with the other rate.
            self.phases.pop();
            self.began = end;
            self.now = end;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Arrivals, Phase};

    #[test]
    fn each_phase_has_its_rate() {
        let phase = |seconds, per_second| Phase { length: Duration::from_secs(seconds), per_second };
        let times: Vec<f64> = Arrivals::new(&[phase(10, 100.0), phase(5, 0.0), phase(10, 1000.0)], 1)
            .map(|at| at.as_secs_f64())
            .collect();
        assert!(times.is_sorted());
        let within = |from: f64, to: f64| times.iter().filter(|at| (from..to).contains(*at)).count();
        assert!((850..1150).contains(&within(0.0, 10.0)));
        assert_eq!(within(10.0, 15.0), 0);
        assert!((9500..10_500).contains(&within(15.0, 25.0)));
        assert_eq!(within(25.0, f64::MAX), 0);
    }
}
