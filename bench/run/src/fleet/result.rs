//! What a fleet's morning came to: as data, as a table, as a picture. It must never measure.

use std::fmt::Write as _;
use std::time::Duration;

use load::{OpenOutcome, Window};
use serde::Serialize;

use super::devices::{Books, Fleet, INTERVAL_MINUTES, MORNING_MINUTES};
use super::{Busy, Counted, Size};
use crate::chart::{Chart, Line, Panel, Scale};
use crate::growth::millis;
use crate::machine::Machine;
use crate::report::{thousands, verdict};

/// Everything a run showed.
#[derive(Serialize)]
pub(crate) struct FleetResult {
    machine: Machine,
    devices: u64,
    minutes: f64,
    connections: usize,
    /// What the minutes stand for, and the interval of a device, in minutes.
    morning_minutes: f64,
    interval_minutes: f64,
    total: Figures,
    /// Check-ins with a token never seen before.
    fresh_tokens: u64,
    algorithm: &'static str,
    /// What one bare check of such a signature takes.
    signature_check_us: f64,
    /// Check-ins of devices that were told to come later.
    retries: u64,
    /// The part of a core that the service used.
    server_busy: f64,
    generator: Generator,
    books: Compared,
    /// Second by second of the times at which check-ins were due.
    seconds: Vec<Figures>,
}

/// A part of the run.
#[derive(Serialize)]
struct Figures {
    #[serde(skip_serializing_if = "Option::is_none")]
    second: Option<usize>,
    due: u64,
    /// Answers that came in this time, whenever they were due.
    finished: u64,
    ok_200: u64,
    unmodified_304: u64,
    unrecorded: u64,
    busy_503: u64,
    busy_without_retry_after: u64,
    other: u64,
    lost: u64,
    unsent: u64,
    p50_ms: f64,
    p90_ms: f64,
    p99_ms: f64,
    p999_ms: f64,
    longest_ms: f64,
}

/// The generator's own part in what was measured.
#[derive(Serialize)]
struct Generator {
    /// How late it sent, 99th percentile and at most, with a connection at hand.
    delay_p99_ms: f64,
    delay_longest_ms: f64,
    /// The part of its core that it used, what a check-in took of it, and the part of the time in which something else had it.
    busy: f64,
    cpu_us_per_check_in: f64,
    disturbed: f64,
    /// Check-ins that found all connections in use.
    waited_for_a_connection: u64,
    reopened_connections: u64,
    signed_while_running: u64,
}

/// The fleet's books beside the service's.
#[derive(Serialize)]
struct Compared {
    asked_devices: u64,
    acknowledged_devices: u64,
    counted_devices: u64,
    acknowledged_users: u64,
    counted_users: u64,
    /// All acknowledged devices and users are counted, and none that never came.
    agree: bool,
}

impl FleetResult {
    pub(super) fn new(
        machine: Machine,
        size: Size,
        fleet: &Fleet<'_>,
        books: &Books,
        counted: Counted,
        outcome: &OpenOutcome,
        busy: &Busy,
    ) -> Self {
        let timeline = &fleet.timeline;
        let seconds = timeline.windows().iter().enumerate();
        let part = |time: Duration| time.as_secs_f64() / outcome.elapsed.as_secs_f64();
        let total = timeline.total();
        Self {
            machine,
            devices: size.devices,
            minutes: size.length.as_secs_f64() / 60.0,
            connections: size.connections,
            morning_minutes: MORNING_MINUTES,
            interval_minutes: INTERVAL_MINUTES,
            total: Figures::of(None, &total),
            fresh_tokens: fleet.counts.fresh_tokens,
            algorithm: size.algorithm.name(),
            signature_check_us: busy.check_us,
            retries: fleet.counts.retries,
            server_busy: part(busy.server),
            generator: Generator {
                delay_p99_ms: millis(outcome.own_delay(0.99)),
                delay_longest_ms: millis(outcome.own_delay(1.0)),
                busy: part(busy.generator),
                cpu_us_per_check_in: busy.generator.as_secs_f64() * 1e6 / as_f64(total.due.max(1)),
                disturbed: part(busy.generator_waited),
                waited_for_a_connection: outcome.waited,
                reopened_connections: outcome.reopened,
                signed_while_running: fleet.counts.signed_late,
            },
            books: Compared {
                asked_devices: books.asked_devices,
                acknowledged_devices: books.acknowledged_devices,
                counted_devices: counted.devices,
                acknowledged_users: books.acknowledged_users,
                counted_users: counted.users,
                agree: (books.acknowledged_devices..=books.asked_devices).contains(&counted.devices)
                    && (books.acknowledged_users..=books.asked_users).contains(&counted.users),
            },
            seconds: seconds.map(|(second, window)| Figures::of(Some(second), window)).collect(),
        }
    }

    /// The table, with the picture.
    pub(crate) fn markdown(&self, picture: &str) -> String {
        let mut text = String::new();
        // Writing to a String cannot fail.
        let _ = self.write_markdown(picture, &mut text);
        text
    }

    fn write_markdown(&self, picture: &str, text: &mut String) -> std::fmt::Result {
        let Self { total, books, generator, .. } = self;
        writeln!(text, "{}.\n", self.machine.line())?;
        writeln!(
            text,
            "{} devices in {} minutes, open loop: {} check-ins, {} of them with a fresh token ({}, a check takes {:.0} µs); the service used {:.0} % of a core.\n",
            self.devices,
            self.minutes,
            total.due,
            self.fresh_tokens,
            self.algorithm,
            self.signature_check_us,
            self.server_busy * 100.0
        )?;
        writeln!(text, "| 200 | 304 | unrecorded | 503 | other or lost | p50 | p99 | p99.9 | longest |")?;
        writeln!(text, "|---|---|---|---|---|---|---|---|---|")?;
        writeln!(
            text,
            "| {} | {} | {} | {} | {} | {:.1} ms | {:.1} ms | {:.1} ms | {:.0} ms |\n",
            total.ok_200,
            total.unmodified_304,
            total.unrecorded,
            total.busy_503 + total.busy_without_retry_after,
            total.other + total.lost + total.unsent,
            total.p50_ms,
            total.p99_ms,
            total.p999_ms,
            total.longest_ms
        )?;
        writeln!(
            text,
            "Acknowledged: {} devices of {} users; the service counts {} and {}: {}. The generator's own delay: p99 {:.2} ms; it used {:.0} % of its core, {:.0} µs a check-in.\n",
            books.acknowledged_devices,
            books.acknowledged_users,
            books.counted_devices,
            books.counted_users,
            verdict(books.agree),
            generator.delay_p99_ms,
            generator.busy * 100.0,
            generator.cpu_us_per_check_in
        )?;
        writeln!(text, "![Rates and latencies over time]({picture})")
    }

    /// Rates and latencies over time.
    pub(crate) fn picture(&self) -> String {
        let series = |value: fn(&Figures) -> f64| series_of(&self.seconds, value);
        let answered = |value: fn(&Figures) -> f64| {
            let has_any = |figures: &Figures| figures.ok_200 + figures.unmodified_304 > 0;
            series_of(&self.seconds, |figures| if has_any(figures) { value(figures) } else { f64::NAN })
        };
        Chart {
            title: format!("{} devices, {} minutes, open loop", thousands_of(self.devices), self.minutes),
            step_seconds: 1.0,
            panels: vec![
                Panel {
                    title: "check-ins a second".into(),
                    scale: Scale::Linear,
                    lines: vec![
                        Line::new("due", "#9aa5b1", series(|figures| as_f64(figures.due))),
                        Line::new("answered, on record", "#1f77b4", series(|figures| as_f64(figures.finished))),
                        Line::new("not on record", "#ff7f0e", series(|figures| as_f64(figures.unrecorded))),
                        Line::new("503", "#d62728", series(|figures| as_f64(figures.busy_503))),
                        Line::new(
                            "lost or never sent",
                            "#000",
                            series(|figures| as_f64(figures.lost + figures.unsent)),
                        ),
                    ],
                },
                Panel {
                    title: "milliseconds from when it was due to the answer".into(),
                    scale: Scale::Logarithmic,
                    lines: vec![
                        Line::new("longest", "#d9c2c2", answered(|figures| figures.longest_ms)),
                        Line::new("p99", "#d62728", answered(|figures| figures.p99_ms)),
                        Line::new("p90", "#ff7f0e", answered(|figures| figures.p90_ms)),
                        Line::new("p50", "#1f77b4", answered(|figures| figures.p50_ms)),
                    ],
                },
            ],
        }
        .svg()
    }
}

impl Figures {
    fn of(second: Option<usize>, window: &Window) -> Self {
        Self {
            second,
            due: window.due,
            finished: window.finished,
            ok_200: window.ok,
            unmodified_304: window.unmodified,
            unrecorded: window.unrecorded,
            busy_503: window.busy,
            busy_without_retry_after: window.busy_for_ever,
            other: window.other + window.accepted,
            lost: window.lost,
            unsent: window.unsent,
            p50_ms: millis(window.latency(0.5)),
            p90_ms: millis(window.latency(0.9)),
            p99_ms: millis(window.latency(0.99)),
            p999_ms: millis(window.latency(0.999)),
            longest_ms: millis(window.latency(1.0)),
        }
    }
}

fn series_of(seconds: &[Figures], value: impl Fn(&Figures) -> f64) -> Vec<f64> {
    seconds.iter().map(value).collect()
}

fn thousands_of(count: u64) -> String {
    thousands(as_f64(count))
}

#[expect(clippy::cast_precision_loss, reason = "counts far below 2^52")]
fn as_f64(count: u64) -> f64 {
    count as f64
}
