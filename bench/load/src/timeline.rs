//! What an open-loop run has shown, window by window of the time at which requests were due. It must never know what was asked.

use std::time::Duration;

use hdrhistogram::Histogram;

use crate::open::{Arrival, End};

/// The range of latencies in microseconds; beyond it they count as its end.
const LATENCY_US: (u64, u64) = (1, 120_000_000);

/// One part of a run. All but `finished` counts requests that were due in it.
#[derive(Clone)]
pub struct Window {
    /// Requests that were due.
    pub due: u64,
    /// Answered with 200.
    pub ok: u64,
    /// Answered with 204.
    pub accepted: u64,
    /// Answered with 304.
    pub unmodified: u64,
    /// Of these three, not on record.
    pub unrecorded: u64,
    /// Answered with 503 and `Retry-After`, or with 429.
    pub busy: u64,
    /// Answered with 503 that does not say when to come again.
    pub busy_for_ever: u64,
    /// Any other status.
    pub other: u64,
    /// No answer: the connection broke, or the answer did not come in time.
    pub lost: u64,
    /// Never sent: all connections were in use to the end.
    pub unsent: u64,
    /// Good answers that came in this window, whenever they were due.
    pub finished: u64,
    latencies: Histogram<u64>,
    busy_latencies: Histogram<u64>,
}

impl Window {
    fn new() -> Self {
        let (low, high) = LATENCY_US;
        // The bounds are constants that a histogram takes.
        let histogram =
            || Histogram::new_with_bounds(low, high, 2).unwrap_or_else(|_| Histogram::new(2).expect("2 digits"));
        Self {
            due: 0,
            ok: 0,
            accepted: 0,
            unmodified: 0,
            unrecorded: 0,
            busy: 0,
            busy_for_ever: 0,
            other: 0,
            lost: 0,
            unsent: 0,
            finished: 0,
            latencies: histogram(),
            busy_latencies: histogram(),
        }
    }

    /// Answered as hoped, and on record.
    pub fn good(&self) -> u64 {
        self.ok + self.accepted + self.unmodified - self.unrecorded
    }

    /// Not answered as hoped, in any way.
    pub fn bad(&self) -> u64 {
        self.due - self.good()
    }

    /// The latency that this part (0 to 1) of the answers that are not refusals stayed within, from the time they were due.
    pub fn latency(&self, quantile: f64) -> Duration {
        Duration::from_micros(self.latencies.value_at_quantile(quantile))
    }

    /// The same of the refusals.
    pub fn busy_latency(&self, quantile: f64) -> Duration {
        Duration::from_micros(self.busy_latencies.value_at_quantile(quantile))
    }

    fn take(&mut self, arrival: &Arrival) {
        self.due += 1;
        let latency = u64::try_from(arrival.latency().as_micros()).unwrap_or(u64::MAX);
        let reply = match arrival.end {
            End::Answered(reply) => reply,
            End::Lost => {
                self.lost += 1;
                return;
            }
            End::Unsent => {
                self.unsent += 1;
                return;
            }
        };
        match reply.status {
            503 if reply.retry_after.is_none() => self.busy_for_ever += 1,
            503 | 429 => self.busy += 1,
            200 => self.ok += 1,
            204 => self.accepted += 1,
            304 => self.unmodified += 1,
            _ => self.other += 1,
        }
        if matches!(reply.status, 503 | 429) {
            self.busy_latencies.saturating_record(latency);
        } else {
            self.unrecorded += u64::from(!reply.recorded);
            self.latencies.saturating_record(latency);
        }
    }

    fn add(&mut self, other: &Self) {
        self.due += other.due;
        self.ok += other.ok;
        self.accepted += other.accepted;
        self.unmodified += other.unmodified;
        self.unrecorded += other.unrecorded;
        self.busy += other.busy;
        self.busy_for_ever += other.busy_for_ever;
        self.other += other.other;
        self.lost += other.lost;
        self.unsent += other.unsent;
        self.finished += other.finished;
        // Both have the same bounds.
        let _ = self.latencies.add(&other.latencies);
        let _ = self.busy_latencies.add(&other.busy_latencies);
    }
}

/// A run as windows of one length.
pub struct Timeline {
    length: Duration,
    windows: Vec<Window>,
}

impl Timeline {
    /// An empty one.
    pub fn new(length: Duration) -> Self {
        Self { length, windows: Vec::new() }
    }

    /// A request has come to its end.
    pub fn take(&mut self, arrival: &Arrival) {
        self.window(arrival.due).take(arrival);
        if arrival.is_good() {
            self.window(arrival.ended).finished += 1;
        }
    }

    /// The windows from the start of the run.
    pub fn windows(&self) -> &[Window] {
        &self.windows
    }

    /// The length of one.
    pub fn length(&self) -> Duration {
        self.length
    }

    /// All windows that begin in this part of the run, as one.
    pub fn between(&self, from: Duration, to: Duration) -> Window {
        let mut sum = Window::new();
        for (index, window) in (0..).zip(&self.windows) {
            if (from..to).contains(&(self.length * index)) {
                sum.add(window);
            }
        }
        sum
    }

    /// The whole run as one.
    pub fn total(&self) -> Window {
        self.between(Duration::ZERO, Duration::MAX)
    }

    fn window(&mut self, at: Duration) -> &mut Window {
        let index = usize::try_from(at.as_nanos() / self.length.as_nanos().max(1)).unwrap_or(0);
        while self.windows.len() <= index {
            self.windows.push(Window::new());
        }
        &mut self.windows[index]
    }
}
