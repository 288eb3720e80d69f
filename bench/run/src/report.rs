//! The result as data and as a table. It must never measure.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::Serialize;

use crate::Settings;
use crate::compare::Comparison;
use crate::goals;
use crate::growth::Growth;
use crate::machine::Machine;
use crate::million::Million;
use crate::server::Kind;
use crate::still::Start;

/// Everything a run found out.
#[derive(Serialize)]
pub(crate) struct Report {
    machine: Machine,
    rounds: usize,
    seconds_a_round: u64,
    generator_polls_on_reads: bool,
    comparisons: Vec<Comparison>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) million: Option<Million>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) growth: Vec<Growth>,
    #[serde(rename = "first_answer", skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) starts: BTreeMap<&'static str, Start>,
    #[serde(rename = "idle_resident_bytes", skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) memory: BTreeMap<&'static str, u64>,
    #[serde(rename = "binary_bytes", skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) sizes: BTreeMap<&'static str, u64>,
}

/// The middle value; of an even number of values the mean of the two in the middle.
pub(crate) fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    match sorted.len() {
        0 => f64::NAN,
        length if length % 2 == 0 => f64::midpoint(sorted[middle - 1], sorted[middle]),
        _ => sorted[middle],
    }
}

impl Report {
    /// An empty report.
    pub(crate) fn new(settings: &Settings, machine: Machine) -> Self {
        Self {
            machine,
            rounds: settings.rounds,
            seconds_a_round: settings.seconds,
            generator_polls_on_reads: settings.spin,
            comparisons: Vec::new(),
            million: None,
            growth: Vec::new(),
            starts: BTreeMap::new(),
            memory: BTreeMap::new(),
            sizes: BTreeMap::new(),
        }
    }

    /// Adds a measured path.
    pub(crate) fn add(&mut self, comparison: Comparison) {
        self.comparisons.push(comparison);
    }

    /// Whether it holds no figure.
    pub(crate) fn is_empty(&self) -> bool {
        self.comparisons.is_empty() && self.growth.is_empty() && !self.has_still()
    }

    fn has_still(&self) -> bool {
        self.million.is_some() || !(self.starts.is_empty() && self.memory.is_empty() && self.sizes.is_empty())
    }

    /// The tables.
    pub(crate) fn markdown(&self) -> String {
        let mut text = String::new();
        // Writing to a String cannot fail.
        let _ = self.write_markdown(&mut text);
        text
    }

    fn write_markdown(&self, text: &mut String) -> std::fmt::Result {
        writeln!(text, "{}; {} rounds of {} s.\n", self.machine.line(), self.rounds, self.seconds_a_round)?;
        if !self.comparisons.is_empty() {
            self.write_comparisons(text)?;
        }
        if self.has_still() {
            self.write_rest(text)?;
        }
        for growth in &self.growth {
            growth.write_markdown(text)?;
        }
        Ok(())
    }

    fn write_comparisons(&self, text: &mut String) -> std::fmt::Result {
        writeln!(
            text,
            "| path, connections | bound | officeconfig | afternoon | × bound (goal) | × afternoon (goal) | disturbed |"
        )?;
        writeln!(text, "|---|---|---|---|---|---|---|")?;
        for comparison in &self.comparisons {
            let rate = |kind: Kind| {
                comparison.servers.get(kind.name()).map_or_else(
                    || "–".to_owned(),
                    |series| {
                        let faults =
                            if series.faults > 0 { format!(", {} faults", series.faults) } else { String::new() };
                        let cpu = series.median_cpu_us_per_request;
                        format!("{}/s, {cpu:.0} µs{faults}", thousands(series.median_per_second))
                    },
                )
            };
            let ratio = |kind: Kind| {
                comparison.ratios.get(kind.name()).map_or_else(
                    || "–".to_owned(),
                    |ratio| {
                        format!("{:.2} (≥ {}) {}", ratio.median, ratio.goal, ratio.met.map_or("undecided", verdict))
                    },
                )
            };
            let check = median(&comparison.signature_check_us);
            let check = if check.is_nan() { String::new() } else { format!(" (bound + a check of {check:.0} µs)") };
            writeln!(
                text,
                "| {}{check} | {} | {} | {} | {} | {} | {:.0} % |",
                comparison.name,
                rate(Kind::Bound),
                rate(Kind::Service),
                rate(Kind::Afternoon),
                ratio(Kind::Bound),
                ratio(Kind::Afternoon),
                comparison.disturbed * 100.0
            )?;
        }
        writeln!(
            text,
            "\nRates are medians; µs: the server's CPU time a request; disturbed: how much of the time the generator waited for its core because of \
             other work. Above {:.0} % a ratio decides nothing.\n",
            goals::MAX_DISTURBED * 100.0
        )
    }

    fn write_rest(&self, text: &mut String) -> std::fmt::Result {
        writeln!(text, "| | goal | bound | officeconfig | afternoon | |")?;
        writeln!(text, "|---|---|---|---|---|---|")?;
        let columns = [Kind::Bound, Kind::Service, Kind::Afternoon];
        let mut row = |name: &str, goal: String, cells: [Option<String>; 3], met: Option<bool>| {
            let [bound, service, afternoon] = cells.map(|cell| cell.unwrap_or_else(|| "–".into()));
            writeln!(text, "| {name} | {goal} | {bound} | {service} | {afternoon} | {} |", met.map_or("", verdict))
        };
        let service = Kind::Service.name();
        if !self.memory.is_empty() {
            let cells = columns.map(|kind| self.memory.get(kind.name()).copied().map(megabytes));
            let met = self.memory.get(service).map(|bytes| *bytes <= goals::IDLE_BYTES);
            row("idle memory (resident)", format!("≤ {}", megabytes(goals::IDLE_BYTES)), cells, met)?;
        }
        if !self.starts.is_empty() {
            let goal = format!("≤ {} ms", goals::START_MS);
            let cells = columns.map(|kind| {
                let start = self.starts.get(kind.name())?;
                Some(format!("{:.1} ms", start.new_folder_ms))
            });
            let start = self.starts.get(service);
            let met = start.map(|start| start.new_folder_ms <= goals::START_MS);
            row("first answer, new folder", goal.clone(), cells, met)?;
            let cells = columns.map(|kind| {
                let start = self.starts.get(kind.name())?;
                Some(format!("{:.1} ms", start.again_ms))
            });
            let met = start.map(|start| start.again_ms <= goals::START_MS);
            row("first answer, after a kill", goal, cells, met)?;
        }
        if !self.sizes.is_empty() {
            let cells = columns.map(|kind| self.sizes.get(kind.name()).copied().map(megabytes));
            let met = self.sizes.get(service).map(|bytes| *bytes <= goals::BINARY_BYTES);
            row("binary, stripped", format!("≤ {}", megabytes(goals::BINARY_BYTES)), cells, met)?;
        }
        if let Some(million) = &self.million {
            let cell = format!(
                "{:.2} ({} MB resident, {} B an entity on disk)",
                million.time_ratio,
                million.resident_bytes / 1_000_000,
                million.disk_bytes / 1_000_000
            );
            let cells = columns.map(|kind| (kind.name() == million.server).then(|| cell.clone()));
            let goal = format!("≤ {}", million.goal);
            row("time of the millionth POST over the thousandth", goal, cells, Some(million.met))?;
        }
        Ok(())
    }
}

pub(crate) fn verdict(met: bool) -> &'static str {
    if met { "reached" } else { "**missed**" }
}

fn megabytes(bytes: u64) -> String {
    format!("{}.{} MB", bytes / 1_000_000, bytes / 100_000 % 10)
}

pub(crate) fn thousands(rate: f64) -> String {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a rate is positive and far below 2^53"
    )]
    let rate = rate.round() as u64;
    if rate < 1000 { rate.to_string() } else { format!("{},{:03}", rate / 1000, rate % 1000) }
}

#[cfg(test)]
mod tests {
    use super::{median, thousands};

    #[test]
    fn the_median_is_the_middle_or_the_mean_of_the_two() {
        let close = |a: f64, b: f64| (a - b).abs() < 1e-9;
        assert!(close(median(&[3.0, 1.0, 2.0]), 2.0));
        assert!(close(median(&[4.0, 1.0, 2.0, 3.0]), 2.5));
        assert!(median(&[]).is_nan());
    }

    #[test]
    fn rates_have_separators() {
        assert_eq!(thousands(12_345.4), "12,345");
        assert_eq!(thousands(999.4), "999");
    }
}
