//! The simulated users and devices, found by their number alone, so that a million of them take no memory and every program that
//! needs them makes the same ones. It must never know of tokens, requests or a store.

use std::fmt;

/// The tenant of the fleet, and the one that floods where tenants share a service.
pub const TENANT: &str = "6c0d5a1e-0000-4000-8000-00000000000a";

/// The tenant that only wants its share.
pub const OTHER_TENANT: &str = "6c0d5a1e-0000-4000-8000-00000000000b";

/// The platform that all devices check in for, as the path names it.
pub const PLATFORM: &str = "windows";

/// Of so many devices two belong to one user; the others have a user each.
const SHARED_EVERY: u64 = 5;

/// Device names start with these, as names of computers in a large organization do.
const SITES: [&str; 8] = ["LAB", "FIN", "HQ", "DEV", "OPS", "EDU", "MED", "LAW"];

/// A device, by its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Device(pub u64);

/// A user, by its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct User(pub u64);

impl Device {
    /// Whose it is.
    pub fn user(self) -> User {
        let doubled = self.0 / SHARED_EVERY;
        let is_second = self.0 % SHARED_EVERY == SHARED_EVERY - 1;
        User(self.0 - doubled - u64::from(is_second))
    }

    /// Writes its name.
    pub fn write_name(self, text: &mut impl fmt::Write) -> fmt::Result {
        let site = SITES[usize::try_from(self.0 % SITES.len() as u64).unwrap_or(0)];
        write!(text, "{site}-{:07}", self.0 / SITES.len() as u64)
    }

    /// Its name.
    pub fn name(self) -> String {
        text(|text| self.write_name(text))
    }
}

impl User {
    /// Writes its object id, a GUID.
    pub fn write_id(self, text: &mut impl fmt::Write) -> fmt::Result {
        let (high, low) = (mix(self.0), mix(!self.0));
        // Version 4, variant 1: what identity providers make.
        write!(
            text,
            "{:08x}-{:04x}-4{:03x}-8{:03x}-{:012x}",
            high >> 32,
            (high >> 16) & 0xffff,
            high & 0xfff,
            (low >> 48) & 0xfff,
            low & 0xffff_ffff_ffff
        )
    }

    /// Its object id.
    pub fn id(self) -> String {
        text(|text| self.write_id(text))
    }

    /// Its principal name.
    pub fn principal_name(self) -> String {
        format!("user{}@contoso.example", self.0)
    }
}

/// How many users own that many devices.
pub fn users(devices: u64) -> u64 {
    devices - devices / SHARED_EVERY
}

/// `count` devices spread evenly over a population of `devices`.
pub fn sample(devices: u64, count: u64) -> impl Iterator<Item = Device> {
    let count = count.min(devices);
    (0..count).map(move |index| Device(mul_div(index, devices, count)))
}

/// Spreads a number (splitmix64): the same result in every run.
pub fn mix(number: u64) -> u64 {
    let mut mixed = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// Numbers by chance from a seed: a sequence that repeats in every run.
#[derive(Debug, Clone)]
pub struct Chance(u64);

impl Chance {
    /// The sequence of that seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number.
    pub fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(1);
        mix(self.0)
    }

    /// The next number between 0 and 1, neither included.
    pub fn part(&mut self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "53 bits fit")]
        let part = ((self.number() >> 12) as f64 + 0.5) / (1_u64 << 52) as f64;
        part
    }

    /// The next gap between two arrivals of which `rate` come in a unit of time.
    pub fn gap(&mut self, rate: f64) -> f64 {
        -self.part().ln() / rate
    }
}

fn mul_div(value: u64, by: u64, over: u64) -> u64 {
    u64::try_from(u128::from(value) * u128::from(by) / u128::from(over)).unwrap_or(u64::MAX)
}

fn text(write: impl FnOnce(&mut String) -> fmt::Result) -> String {
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ = write(&mut text);
    text
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::{Chance, Device, User, sample, users};

    #[test]
    fn users_are_numbered_without_gaps() {
        let owners: Vec<u64> = (0..10).map(|device| Device(device).user().0).collect();
        assert_eq!(owners, [0, 1, 2, 3, 3, 4, 5, 6, 7, 7]);
        for devices in [1, 4, 5, 9, 10, 1000] {
            let owners: HashSet<u64> = (0..devices).map(|device| Device(device).user().0).collect();
            assert_eq!(owners.len() as u64, users(devices), "{devices}");
        }
    }

    #[test]
    fn names_and_ids_are_well_formed_and_different() {
        let names: HashSet<String> = (0..1000).map(|device| Device(device).name()).collect();
        let ids: HashSet<String> = (0..1000).map(|user| User(user).id()).collect();
        assert_eq!((names.len(), ids.len()), (1000, 1000));
        assert!(ids.iter().all(|id| id.len() == 36 && id.as_bytes()[14] == b'4' && id.as_bytes()[19] == b'8'));
        assert_eq!(Device(17).name(), "FIN-0000002");
    }

    #[test]
    fn a_sample_is_spread_over_all() {
        let devices: Vec<u64> = sample(10_000_000, 4).map(|device| device.0).collect();
        assert_eq!(devices, [0, 2_500_000, 5_000_000, 7_500_000]);
        assert_eq!(sample(3, 10).count(), 3);
    }

    #[test]
    fn gaps_have_the_mean_of_their_rate() {
        let mut chance = Chance::new(1);
        let sum: f64 = (0..10_000).map(|_| chance.gap(100.0)).sum();
        assert!((90.0..110.0).contains(&sum), "{sum}");
    }
}
