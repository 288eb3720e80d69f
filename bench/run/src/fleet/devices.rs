//! The devices of a fleet: the token each has and for how long, whether it has its policies' entity tag, when it comes again, and
//! what it was told. It must never know how requests are sent.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use identity::{Issuer, Subject};
use load::{Arrival, End, Source, Timeline};
use population::{Chance, Device, TENANT, mix};

use super::morning::Morning;
use crate::estate;
use crate::progress::Progress;

/// What the run's length stands for, and the time after which a device comes again, in minutes.
pub(crate) const MORNING_MINUTES: f64 = 100.0;
/// See [`MORNING_MINUTES`].
pub(crate) const INTERVAL_MINUTES: f64 = 90.0;

/// By how much of it the interval differs from device to device, up or down.
const JITTER: f64 = 0.1;

/// How long tokens live, in minutes: as Entra's.
const TOKEN_MINUTES: std::ops::Range<f64> = 60.0..90.0;

/// The part of the fleet that still has the policies of the day before, out of 256.
const KNOWS_ETAG: u64 = 205;

/// How long after the morning devices that were told to come again still do.
const AFTERMATH: Duration = Duration::from_secs(30);

/// The windows of the books.
const WINDOW: Duration = Duration::from_secs(1);

/// What is known of one device: bits.
mod flag {
    /// It has the entity tag of its policies.
    pub(super) const ETAG: u8 = 1;
    /// A check-in of it was sent.
    pub(super) const ASKED: u8 = 2;
    /// One was answered and is on record.
    pub(super) const ACKNOWLEDGED: u8 = 4;
}

/// A fleet and its books.
pub(crate) struct Fleet<'a> {
    issuer: &'a Issuer,
    etag: String,
    length: Duration,
    first: std::iter::Peekable<Morning>,
    /// Devices that come again: the time in nanoseconds, the number.
    again: BinaryHeap<Reverse<(u64, u64)>>,
    /// Made ahead for the first token of each; replaced by that of the token in use.
    signatures: Signatures,
    /// Seconds from the start at which the token in use ends; 0 before the first.
    token_ends: Vec<f32>,
    serials: Vec<u8>,
    flags: Vec<u8>,
    chance: Chance,
    pub(crate) timeline: Timeline,
    pub(crate) counts: Counts,
    progress: Progress,
}

/// What the windows do not tell.
#[derive(Default)]
pub(crate) struct Counts {
    /// Check-ins with a token that the service had not seen.
    pub(crate) fresh_tokens: u64,
    /// Signatures that were made while the fleet ran.
    pub(crate) signed_late: u64,
    /// Check-ins by devices that were told to come again.
    pub(crate) retries: u64,
}

/// What the fleet knows that the service must know, too.
pub(crate) struct Books {
    pub(crate) asked_devices: u64,
    pub(crate) acknowledged_devices: u64,
    pub(crate) asked_users: u64,
    pub(crate) acknowledged_users: u64,
}

/// The first token of a device.
pub(crate) fn first_subject(device: Device) -> Subject {
    subject(device, 0)
}

fn subject(device: Device, serial: u8) -> Subject {
    // Two devices of a user have tokens of their own.
    Subject { tenant: TENANT, user: device.user(), serial: (device.0 << 8) | u64::from(serial) }
}

impl<'a> Fleet<'a> {
    /// A fleet whose first tokens are signed.
    pub(crate) fn new(issuer: &'a Issuer, etag: String, length: Duration, signatures: Signatures) -> Self {
        let devices = signatures.bytes.len() / signatures.length;
        let knows = |device: u64| if mix(!device) % 256 < KNOWS_ETAG { flag::ETAG } else { 0 };
        Self {
            issuer,
            etag,
            length,
            first: Morning::new(devices as u64, length).peekable(),
            again: BinaryHeap::new(),
            signatures,
            token_ends: vec![0.0; devices],
            serials: vec![0; devices],
            flags: (0..devices as u64).map(knows).collect(),
            chance: Chance::new(7),
            timeline: Timeline::new(WINDOW),
            counts: Counts::default(),
            progress: Progress::new("fleet", length),
        }
    }

    /// Closes the books.
    pub(crate) fn books(&self) -> Books {
        self.progress.finish();
        let count = |flag: u8| self.flags.iter().filter(|flags| *flags & flag != 0).count() as u64;
        let users = |flag: u8| {
            // Devices of one user are neighbours.
            let owners = (0..).zip(&self.flags).filter(|(_, flags)| *flags & flag != 0);
            let (mut count, mut last) = (0, None);
            for (device, _) in owners {
                let owner = Device(device).user();
                count += u64::from(last != Some(owner));
                last = Some(owner);
            }
            count
        };
        Books {
            asked_devices: count(flag::ASKED),
            acknowledged_devices: count(flag::ACKNOWLEDGED),
            asked_users: users(flag::ASKED),
            acknowledged_users: users(flag::ACKNOWLEDGED),
        }
    }

    /// Real time for minutes of the morning.
    fn real_seconds(&self, minutes: f64) -> f64 {
        self.length.as_secs_f64() * minutes / MORNING_MINUTES
    }

    /// The device that comes next takes its place; with the time.
    fn next(&mut self) -> Option<(Duration, Device)> {
        let again = self.again.peek().map(|Reverse((at, _))| Duration::from_nanos(*at));
        let first = self.first.peek().map(|(at, _)| *at);
        match (first, again) {
            (Some(first), Some(again)) if again < first => self.pop_again(),
            (None, Some(_)) => self.pop_again(),
            _ => self.first.next(),
        }
    }

    fn pop_again(&mut self) -> Option<(Duration, Device)> {
        self.again.pop().map(|Reverse((at, device))| (Duration::from_nanos(at), Device(device)))
    }

    fn comes_again(&mut self, at: Duration, device: Device, until: Duration) {
        if at < until {
            self.again.push(Reverse((u64::try_from(at.as_nanos()).unwrap_or(u64::MAX), device.0)));
        }
    }

    /// Sees to it that the device has a token that is good at `now`.
    fn renew(&mut self, device: Device, place: usize, now: Duration) -> anyhow::Result<()> {
        if now.as_secs_f32() < self.token_ends[place] {
            return Ok(());
        }
        if self.token_ends[place] > 0.0 {
            self.serials[place] = self.serials[place].wrapping_add(1);
            let signature = self.issuer.tokens().sign(subject(device, self.serials[place]))?;
            self.signatures.of_mut(place).copy_from_slice(signature.as_bytes());
            self.counts.signed_late += 1;
        }
        let minutes = TOKEN_MINUTES.start + self.chance.part() * (TOKEN_MINUTES.end - TOKEN_MINUTES.start);
        self.token_ends[place] = now.as_secs_f32() + Duration::from_secs_f64(self.real_seconds(minutes)).as_secs_f32();
        self.counts.fresh_tokens += 1;
        Ok(())
    }
}

/// A signature for each device, all of one length.
pub(crate) struct Signatures {
    bytes: Vec<u8>,
    length: usize,
}

impl Signatures {
    /// Of the devices in turn.
    pub(crate) fn new(parts: &[Vec<u8>], length: usize) -> Self {
        Self { bytes: parts.concat(), length }
    }

    fn of(&self, place: usize) -> &[u8] {
        &self.bytes[place * self.length..][..self.length]
    }

    fn of_mut(&mut self, place: usize) -> &mut [u8] {
        &mut self.bytes[place * self.length..][..self.length]
    }
}

impl Source for Fleet<'_> {
    fn due(&mut self) -> Option<Duration> {
        let again = self.again.peek().map(|Reverse((at, _))| Duration::from_nanos(*at));
        let first = self.first.peek().map(|(at, _)| *at);
        first.into_iter().chain(again).min()
    }

    fn take(&mut self, request: &mut Vec<u8>) -> anyhow::Result<u64> {
        let (due, device) = self.next().ok_or_else(|| anyhow::anyhow!("nothing is due"))?;
        let place = usize::try_from(device.0)?;
        self.renew(device, place, due)?;
        let Self { issuer, etag, signatures, serials, flags, .. } = self;
        let etag = (flags[place] & flag::ETAG != 0).then_some(etag.as_str());
        let write = |text: &mut Vec<u8>| {
            issuer.tokens().write(subject(device, serials[place]), signatures.of(place), text);
        };
        estate::write_fetch(write, device, etag, request);
        flags[place] |= flag::ASKED;
        Ok(device.0)
    }

    fn ended(&mut self, arrival: &Arrival) {
        self.progress.count(arrival);
        self.timeline.take(arrival);
        let device = Device(arrival.ticket);
        let Some(flags) = usize::try_from(device.0).ok().and_then(|place| self.flags.get_mut(place)) else { return };
        if arrival.is_good() {
            *flags |= flag::ACKNOWLEDGED;
        }
        let End::Answered(reply) = arrival.end else { return };
        match reply.status {
            200 | 304 => {
                *flags |= flag::ETAG;
                let interval = INTERVAL_MINUTES * (1.0 + JITTER * (2.0 * self.chance.part() - 1.0));
                let at = arrival.ended + Duration::from_secs_f64(self.real_seconds(interval));
                self.comes_again(at, device, self.length);
            }
            // Within the second it was told, as clocks differ.
            429 | 503 => {
                let wait = f64::from(reply.retry_after.unwrap_or(60)) + self.chance.part();
                self.counts.retries += 1;
                self.comes_again(arrival.ended + Duration::from_secs_f64(wait), device, self.length + AFTERMATH);
            }
            _ => {}
        }
    }

    fn tick(&mut self, now: Duration) {
        self.progress.show(now);
    }
}
