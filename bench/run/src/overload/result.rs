//! What overload came to: as data, as a table, as a picture. It must never measure.

use std::fmt::Write as _;
use std::time::Duration;

use load::{OpenOutcome, Timeline, Window};
use serde::Serialize;

use crate::chart::{Chart, Line, Panel, Scale};
use crate::goals;
use crate::growth::millis;
use crate::machine::Machine;
use crate::report::{thousands, verdict};

/// Everything a run showed.
#[derive(Serialize)]
pub(crate) struct Overload {
    pub(super) machine: Machine,
    pub(super) connections: usize,
    pub(super) saturation: Saturation,
    pub(super) flood: Flood,
    pub(super) fair_share: FairShare,
}

/// The most that a closed loop gets.
#[derive(Serialize)]
pub(super) struct Saturation {
    /// By how much a sync was delayed.
    pub(super) delay_ms: u32,
    pub(super) per_second: f64,
    pub(super) connections: usize,
    /// Rates by connections.
    pub(super) levels: Vec<(usize, f64)>,
}

/// An open loop of three times that.
#[derive(Serialize)]
pub(super) struct Flood {
    offered_per_second: f64,
    /// Good answers a second while it lasted.
    good_per_second: f64,
    goodput: f64,
    goodput_met: bool,
    /// Of what was not refused, from when it was due.
    accepted_p50_ms: f64,
    accepted_p99_ms: f64,
    accepted_p99_met: bool,
    refused_p99_ms: f64,
    /// Parts of what was due in the flood.
    refused_with_retry_after: f64,
    refused_without: f64,
    unrecorded: f64,
    /// Another status, no answer, or never sent.
    failed: f64,
    before_p99_ms: f64,
    /// From the end of the flood until all is as before; nothing when the run ended sooner.
    recovery_s: Option<f64>,
    recovery_met: bool,
    /// The generator's own delay and the part of the time that it waited for its core.
    own_delay_p99_ms: f64,
    disturbed: f64,
    /// Requests that found all connections in use when they were due.
    waited_for_a_connection: u64,
    windows: Vec<Part>,
}

/// Half a second.
#[derive(Serialize)]
struct Part {
    at_s: f64,
    due: u64,
    finished: u64,
    refused: u64,
    unrecorded: u64,
    failed: u64,
    p50_ms: f64,
    p99_ms: f64,
}

/// A trickle beside a flood.
#[derive(Serialize)]
pub(super) struct FairShare {
    alone_p50_ms: f64,
    alone_p99_ms: f64,
    beside_p50_ms: f64,
    beside_p99_ms: f64,
    ratio: f64,
    met: bool,
    /// Of the trickle, not answered as hoped: alone and beside the flood.
    alone_bad: u64,
    beside_bad: u64,
    beside_due: u64,
    flood_per_second: f64,
}

impl Flood {
    pub(super) fn new(
        saturation: &Saturation,
        timeline: &Timeline,
        begins: Duration,
        ends: Duration,
        whole: Duration,
        outcome: &OpenOutcome,
        disturbed: f64,
    ) -> Self {
        let before = timeline.between(Duration::ZERO, begins);
        let flood = timeline.between(begins, ends);
        let seconds = ends.saturating_sub(begins).as_secs_f64();
        let part = |count: u64| as_f64(count) / as_f64(flood.due.max(1));
        let good_per_second = as_f64(flood.finished) / seconds;
        let goodput = good_per_second / saturation.per_second;
        let accepted_p99_ms = millis(flood.latency(0.99));
        let recovery_s = recovery(timeline, &before, ends, whole).map(|time| time.as_secs_f64());
        Self {
            offered_per_second: as_f64(flood.due) / seconds,
            good_per_second,
            goodput,
            goodput_met: goodput >= goals::GOODPUT,
            accepted_p50_ms: millis(flood.latency(0.5)),
            accepted_p99_ms,
            accepted_p99_met: accepted_p99_ms <= goals::OVERLOAD_P99_MS,
            refused_p99_ms: millis(flood.busy_latency(0.99)),
            refused_with_retry_after: part(flood.busy),
            refused_without: part(flood.busy_for_ever),
            unrecorded: part(flood.unrecorded),
            failed: part(flood.other + flood.lost + flood.unsent),
            before_p99_ms: millis(before.latency(0.99)),
            recovery_s,
            recovery_met: recovery_s.is_some_and(|seconds| seconds <= goals::RECOVERY_S),
            own_delay_p99_ms: millis(outcome.own_delay(0.99)),
            disturbed,
            waited_for_a_connection: outcome.waited,
            windows: parts(timeline),
        }
    }
}

fn parts(timeline: &Timeline) -> Vec<Part> {
    let length = timeline.length().as_secs_f64();
    let windows = timeline.windows().iter().enumerate();
    windows
        .map(|(index, window)| Part {
            at_s: as_f64(index as u64) * length,
            due: window.due,
            finished: window.finished,
            refused: window.busy + window.busy_for_ever,
            unrecorded: window.unrecorded,
            failed: window.other + window.lost + window.unsent,
            p50_ms: millis(window.latency(0.5)),
            p99_ms: millis(window.latency(0.99)),
        })
        .collect()
}

/// How long after `ends` the first window begins from which on everything is answered as hoped, and not slower than twice what was usual before.
fn recovery(timeline: &Timeline, before: &Window, ends: Duration, whole: Duration) -> Option<Duration> {
    let usual = before.latency(0.99) * 2;
    let length = timeline.length();
    let mut recovered = None;
    let mut at = ends;
    while at < whole {
        let window = timeline.between(at, at + length);
        if window.bad() > 0 || window.latency(0.99) > usual {
            recovered = None;
        } else if window.due > 0 {
            recovered.get_or_insert(at.saturating_sub(ends));
        }
        at += length;
    }
    recovered
}

impl FairShare {
    pub(super) fn new(trickle: &Timeline, flood: &Timeline, alone_ends: Duration, ends: Duration) -> Self {
        let (alone, beside) = (trickle.between(Duration::ZERO, alone_ends), trickle.between(alone_ends, ends));
        let ratio = beside.latency(0.99).as_secs_f64() / alone.latency(0.99).as_secs_f64();
        Self {
            alone_p50_ms: millis(alone.latency(0.5)),
            alone_p99_ms: millis(alone.latency(0.99)),
            beside_p50_ms: millis(beside.latency(0.5)),
            beside_p99_ms: millis(beside.latency(0.99)),
            ratio,
            // Who is refused is answered soon, and has not had its share.
            met: ratio < goals::FAIR_SHARE && beside.bad() == 0,
            alone_bad: alone.bad(),
            beside_bad: beside.bad(),
            beside_due: beside.due,
            flood_per_second: as_f64(flood.total().due) / ends.saturating_sub(alone_ends).as_secs_f64(),
        }
    }
}

impl Overload {
    /// The table, with the picture.
    pub(crate) fn markdown(&self, picture: &str) -> String {
        let mut text = String::new();
        // Writing to a String cannot fail.
        let _ = self.write_markdown(picture, &mut text);
        text
    }

    fn write_markdown(&self, picture: &str, text: &mut String) -> std::fmt::Result {
        let Self { saturation, flood, fair_share, .. } = self;
        writeln!(text, "{}.\n", self.machine.line())?;
        writeln!(
            text,
            "With syncs {} ms slower a closed loop of {} connections gets {} answers a second, fetches and reports in turn. Three times that, open loop:\n",
            saturation.delay_ms,
            saturation.connections,
            thousands(saturation.per_second)
        )?;
        writeln!(text, "| | goal | | |\n|---|---|---|---|")?;
        let mut row = |name: &str, goal: String, figure: String, met: bool| {
            writeln!(text, "| {name} | {goal} | {figure} | {} |", verdict(met))
        };
        let goodput = format!("{:.2} ({}/s)", flood.goodput, thousands(flood.good_per_second));
        row("good answers over those at saturation", format!("≥ {}", goals::GOODPUT), goodput, flood.goodput_met)?;
        let accepted = format!("{:.0} ms", flood.accepted_p99_ms);
        row(
            "p99 of what is not refused",
            format!("≤ {} ms", goals::OVERLOAD_P99_MS),
            accepted,
            flood.accepted_p99_met,
        )?;
        let recovery = flood.recovery_s.map_or("not within the run".into(), |seconds| format!("{seconds:.1} s"));
        row("as before again after", format!("≤ {} s", goals::RECOVERY_S), recovery, flood.recovery_met)?;
        let share = format!(
            "{:.2} ({:.0} of {:.0} ms), {} of {} not answered as hoped",
            fair_share.ratio,
            fair_share.beside_p99_ms,
            fair_share.alone_p99_ms,
            fair_share.beside_bad,
            fair_share.beside_due
        );
        row(
            "another tenant's p99 beside the flood over without",
            format!("< {}, all answered", goals::FAIR_SHARE),
            share,
            fair_share.met,
        )?;
        let percent = |part: f64| format!("{:.1} %", part * 100.0);
        writeln!(
            text,
            "\nOf the flood {} were told 503 with Retry-After (p99 {:.0} ms), {} 503 without, {} got policies without a record, {} failed. {} found all {} connections in use. The generator's own delay: p99 {:.2} ms.\n",
            percent(flood.refused_with_retry_after),
            flood.refused_p99_ms,
            percent(flood.refused_without),
            percent(flood.unrecorded),
            percent(flood.failed),
            flood.waited_for_a_connection,
            self.connections,
            flood.own_delay_p99_ms
        )?;
        writeln!(text, "![Rates and latencies over time]({picture})")
    }

    /// Rates and latencies over time.
    pub(crate) fn picture(&self) -> String {
        let windows = &self.flood.windows;
        let step = windows.get(1).map_or(1.0, |window| window.at_s);
        let rate =
            |value: fn(&Part) -> u64| windows.iter().map(|part| as_f64(value(part)) / step).collect::<Vec<f64>>();
        let time = |value: fn(&Part) -> f64| {
            windows
                .iter()
                .map(|part| if part.due > part.refused + part.failed { value(part) } else { f64::NAN })
                .collect::<Vec<f64>>()
        };
        Chart {
            title: "Three times what saturates, open loop".into(),
            step_seconds: step,
            panels: vec![
                Panel {
                    title: "a second".into(),
                    scale: Scale::Linear,
                    lines: vec![
                        Line::new("due", "#9aa5b1", rate(|part| part.due)),
                        Line::new("good", "#1f77b4", rate(|part| part.finished)),
                        Line::new("not on record", "#ff7f0e", rate(|part| part.unrecorded)),
                        Line::new("503", "#d62728", rate(|part| part.refused)),
                        Line::new("failed", "#000", rate(|part| part.failed)),
                    ],
                },
                Panel {
                    title: "milliseconds from when it was due, of what was not refused".into(),
                    scale: Scale::Logarithmic,
                    lines: vec![
                        Line::new("p99", "#d62728", time(|part| part.p99_ms)),
                        Line::new("p50", "#1f77b4", time(|part| part.p50_ms)),
                    ],
                },
            ],
        }
        .svg()
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts far below 2^52")]
fn as_f64(count: u64) -> f64 {
    count as f64
}
