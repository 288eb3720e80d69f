//! When a fleet comes: who is at which place of a morning's curve, without a list of all. It must never know what a device asks.

use std::time::Duration;

use population::{Chance, Device, mix};

/// Where the peak is, and how wide (its standard deviation), as parts of the morning.
const PEAK_AT: f64 = 0.4;
/// See [`PEAK_AT`].
const PEAK_WIDTH: f64 = 0.25;

/// The rate far from the peak over the rate at it.
const LEVEL: f64 = 0.15;

/// Steps of the table that the curve is turned round with.
const STEPS: usize = 1000;

/// Each device once, in the order in which they come.
pub(crate) struct Morning {
    length: f64,
    devices: u64,
    place: u64,
    order: Order,
    chance: Chance,
    /// The part of the fleet that has come after each step.
    come: Vec<f64>,
    step: usize,
}

impl Morning {
    /// A morning compressed into `length`.
    pub(crate) fn new(devices: u64, length: Duration) -> Self {
        let mut come = Vec::with_capacity(STEPS + 1);
        let mut sum = 0.0;
        for step in 0..=STEPS {
            come.push(sum);
            sum += curve((as_f64(step as u64) + 0.5) / as_f64(STEPS as u64));
        }
        let all = come[STEPS];
        for part in &mut come {
            *part /= all;
        }
        let (order, chance) = (Order::new(devices), Chance::new(devices));
        Self { length: length.as_secs_f64(), devices, place: 0, order, chance, come, step: 0 }
    }

    /// The time at which this part of the fleet has come; parts are asked for in order.
    fn time(&mut self, part: f64) -> f64 {
        while self.step + 1 < STEPS && self.come[self.step + 1] < part {
            self.step += 1;
        }
        let (from, to) = (self.come[self.step], self.come[self.step + 1]);
        let within = ((part - from) / (to - from)).clamp(0.0, 1.0);
        (as_f64(self.step as u64) + within) / as_f64(STEPS as u64) * self.length
    }
}

impl Iterator for Morning {
    type Item = (Duration, Device);

    fn next(&mut self) -> Option<Self::Item> {
        if self.place == self.devices {
            return None;
        }
        // Each at a random point of its own slice of the fleet: nearly as random as if all had chosen freely, and in order.
        let part = (as_f64(self.place) + self.chance.part()) / as_f64(self.devices);
        let device = Device(self.order.at(self.place));
        self.place += 1;
        Some((Duration::from_secs_f64(self.time(part)), device))
    }
}

/// The rate at a point of the morning over that at the peak: a level with a bell on it.
fn curve(at: f64) -> f64 {
    let distance = (at - PEAK_AT) / PEAK_WIDTH;
    LEVEL + (1.0 - LEVEL) * (-0.5 * distance * distance).exp()
}

/// A shuffled order of the numbers below a limit, found number by number: a Feistel network over the next power of four, walked until it
/// comes back below the limit.
struct Order {
    limit: u64,
    half_bits: u32,
}

impl Order {
    fn new(limit: u64) -> Self {
        let bits = u64::BITS - limit.saturating_sub(1).leading_zeros();
        Self { limit, half_bits: bits.div_ceil(2).max(1) }
    }

    fn at(&self, place: u64) -> u64 {
        let mut number = place;
        loop {
            number = self.shuffled(number);
            if number < self.limit {
                return number;
            }
        }
    }

    fn shuffled(&self, number: u64) -> u64 {
        let mask = (1 << self.half_bits) - 1;
        let (mut left, mut right) = (number >> self.half_bits, number & mask);
        for round in 0..4 {
            (left, right) = (right, left ^ (mix(right ^ (round << 48)) & mask));
        }
        (left << self.half_bits) | right
    }
}

#[expect(clippy::cast_precision_loss, reason = "fleets are far below 2^52")]
fn as_f64(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::time::Duration;

    use super::Morning;

    #[test]
    fn each_device_comes_once_and_in_order() {
        for devices in [1, 2, 7, 1000, 4097] {
            let arrivals: Vec<_> = Morning::new(devices, Duration::from_secs(100)).collect();
            let all: HashSet<u64> = arrivals.iter().map(|(_, device)| device.0).collect();
            assert_eq!((arrivals.len() as u64, all.len() as u64), (devices, devices));
            assert!(arrivals.is_sorted_by_key(|(at, _)| *at), "{devices}");
            assert!(arrivals.iter().all(|(at, device)| *at <= Duration::from_secs(100) && device.0 < devices));
        }
    }

    #[test]
    fn the_morning_has_a_peak() {
        let arrivals: Vec<f64> =
            Morning::new(100_000, Duration::from_secs(100)).map(|(at, _)| at.as_secs_f64()).collect();
        let within = |from: f64, to: f64| arrivals.iter().filter(|at| (from..to).contains(*at)).count();
        // One and a half times the mean at the peak, a third of it at the end.
        assert!((3000..3150).contains(&within(39.0, 41.0)), "{}", within(39.0, 41.0));
        assert!((550..700).contains(&within(98.0, 100.0)), "{}", within(98.0, 100.0));
    }
}
