//! What a long run shows while it lasts. It must never be the only place of a figure.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use load::{Arrival, End};

/// A line with what came since the line before.
pub(crate) struct Progress {
    bar: ProgressBar,
    shown: Duration,
    good: u64,
    busy: u64,
    other: u64,
    slowest: Duration,
}

/// How often the line changes.
const EVERY: Duration = Duration::from_millis(500);

impl Progress {
    /// Of a run that takes that long.
    pub(crate) fn new(what: &str, length: Duration) -> Self {
        let bar = ProgressBar::new(u64::try_from(length.as_millis()).unwrap_or(u64::MAX));
        // The template is a constant that is well formed; without it the bar only looks different.
        if let Ok(style) = ProgressStyle::with_template("  {prefix} {wide_bar} {elapsed}/{duration}  {msg}") {
            bar.set_style(style);
        }
        bar.set_prefix(what.to_owned());
        Self { bar, shown: Duration::ZERO, good: 0, busy: 0, other: 0, slowest: Duration::ZERO }
    }

    /// A request has ended.
    pub(crate) fn count(&mut self, arrival: &Arrival) {
        self.slowest = self.slowest.max(arrival.latency());
        match arrival.end {
            _ if arrival.is_good() => self.good += 1,
            End::Answered(reply) if matches!(reply.status, 429 | 503) => self.busy += 1,
            _ => self.other += 1,
        }
    }

    /// Shows what came, now and then.
    pub(crate) fn show(&mut self, now: Duration) {
        let since = now.saturating_sub(self.shown);
        if since < EVERY {
            return;
        }
        self.shown = now;
        #[expect(clippy::cast_precision_loss, reason = "counts of half a second")]
        let rate = |count: u64| count as f64 / since.as_secs_f64();
        self.bar.set_position(u64::try_from(now.as_millis()).unwrap_or(u64::MAX));
        self.bar.set_message(format!(
            "{:.0}/s, {:.0}/s busy, {:.0}/s other, slowest {:.0?}",
            rate(self.good),
            rate(self.busy),
            rate(self.other),
            self.slowest
        ));
        (self.good, self.busy, self.other, self.slowest) = (0, 0, 0, Duration::ZERO);
    }

    /// Takes the line away.
    pub(crate) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}
