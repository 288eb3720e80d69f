//! The numbers to reach. It must never hold anything else.

/// The smallest ratio of rates that is good enough, against the bound and against the afternoon's program.
#[derive(Clone, Copy)]
pub(crate) struct Goal {
    pub(crate) bound: f64,
    pub(crate) afternoon: f64,
}

/// POST officeConfigurations; asked for at 512 connections, reported at 64 too.
pub(crate) const POST: Goal = Goal { bound: 0.80, afternoon: 8.0 };

/// GET by id at 64 connections.
pub(crate) const GET: Goal = Goal { bound: 0.85, afternoon: 4.0 };

/// A filtered page over 10,000 check-ins at 64 connections.
pub(crate) const PAGE: Goal = Goal { bound: 0.35, afternoon: 6.0 };

/// A check-in with a durable record, token seen before or fresh (then with a bare signature check on top of the bound).
pub(crate) const CHECK_IN: Goal = Goal { bound: 0.80, afternoon: 0.0 };

/// The rate of check-ins with that many devices in the store over the rate with ten thousand.
pub(crate) fn growth(devices: u64) -> f64 {
    if devices <= 1_000_000 { 0.7 } else { 0.5 }
}

/// A device on disk, in bytes.
pub(crate) const DEVICE_BYTES: f64 = 250.0;

/// From the start of the process to the first answered check-in, with millions of devices on disk, in milliseconds.
pub(crate) const COLD_START_MS: f64 = 2000.0;

/// The first summary and the first page of statuses, in milliseconds.
pub(crate) const FIRST_READ_MS: f64 = 5.0;

/// The 99th percentile at 70 % of the highest rate, in milliseconds.
pub(crate) const P99_MS: f64 = 25.0;

/// The longest latency then: no checkpoint may be felt.
pub(crate) const STALL_MS: f64 = 250.0;

/// Good answers under three times the load that saturates, over those at saturation.
pub(crate) const GOODPUT: f64 = 0.8;

/// The 99th percentile of what is accepted under that load, in milliseconds.
pub(crate) const OVERLOAD_P99_MS: f64 = 1000.0;

/// From the end of that load until answers are as before, in seconds.
pub(crate) const RECOVERY_S: f64 = 10.0;

/// A tenant's 99th percentile beside another one's flood, over the same without it.
pub(crate) const FAIR_SHARE: f64 = 2.0;

/// The time of the millionth POST over that of the thousandth.
pub(crate) const MILLION: f64 = 1.5;

/// Idle memory in bytes.
pub(crate) const IDLE_BYTES: u64 = 30_000_000;

/// From the start of the process to its first answer, in milliseconds.
pub(crate) const START_MS: f64 = 50.0;

/// The stripped binary, in bytes.
pub(crate) const BINARY_BYTES: u64 = 25_000_000;

/// The part of the rounds in which other work may take the generator's core before their ratios decide nothing: a starved generator slows the
/// quickest server most, so that the others look better than they are.
pub(crate) const MAX_DISTURBED: f64 = 0.10;

/// Check-ins a second that the store records in PostgreSQL, over the rows a second of pgbench on the same server.
pub(crate) const POSTGRES_ROWS: f64 = 0.5;

/// The time of an administrator's change over that of one commit of pgbench.
pub(crate) const POSTGRES_WRITE: f64 = 1.5;

/// Effective policies a second from three servers on one database over those from one.
pub(crate) const POSTGRES_REPLICAS: f64 = 2.7;

/// The summary, in milliseconds: asked for at ten million devices.
pub(crate) const POSTGRES_SUMMARY_MS: f64 = 20.0;
