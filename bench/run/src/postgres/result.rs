//! What a run on PostgreSQL found out, as data and as a table. It must never measure.

use std::fmt::Write as _;

use serde::Serialize;

use super::checkins::{CheckIns, Fill};
use super::replicas::Replicas;
use super::summary::Summary;
use super::writes::Writes;
use crate::machine::Machine;
use crate::report::{median, thousands, verdict};

/// The figures.
#[derive(Serialize)]
pub(crate) struct Postgres {
    pub(crate) machine: Machine,
    pub(crate) server_version: String,
    pub(crate) rounds: usize,
    pub(crate) seconds_a_round: u64,
    pub(crate) devices: u64,
    pub(crate) fill: Fill,
    pub(crate) check_ins: CheckIns,
    pub(crate) writes: Writes,
    /// Nothing where processes could not be held to a share of a core.
    pub(crate) replicas: Option<Replicas>,
    pub(crate) summary: Summary,
}

impl Postgres {
    /// The table.
    pub(crate) fn markdown(&self) -> String {
        let mut text = String::new();
        // Writing to a String cannot fail.
        let _ = self.write_markdown(&mut text);
        text
    }

    fn write_markdown(&self, text: &mut String) -> std::fmt::Result {
        let Self { machine, server_version, rounds, seconds_a_round, devices, fill, check_ins, writes, .. } = self;
        let machine = machine.line();
        writeln!(text, "{machine}; PostgreSQL {server_version}; {rounds} rounds of {seconds_a_round} s.\n")?;
        writeln!(text, "| {devices} devices | goal | officeconfig | pgbench | |\n|---|---|---|---|---|")?;
        writeln!(
            text,
            "| check-ins recorded by the store, of devices that are there | ≥ {} × pgbench | {}/s, {:.2} × | {} rows/s | {} |",
            check_ins.goal,
            thousands(median(&check_ins.store)),
            check_ins.ratio,
            thousands(median(&check_ins.pgbench)),
            verdict(check_ins.met)
        )?;
        writeln!(text, "| the same over HTTP | | {}/s | | |", thousands(median(&check_ins.over_http)))?;
        let far = format!(", commits {} µs longer", writes.far_us);
        for (which, series) in [("", &writes.near), (far.as_str(), &writes.far)] {
            writeln!(
                text,
                "| a change, one after another{which} | ≤ {} × pgbench | {:.2} ms, {:.2} × | {:.2} ms | {} |",
                writes.goal,
                median(&series.change_ms),
                series.ratio,
                median(&series.pgbench_ms),
                verdict(series.met)
            )?;
            let (change, own) = (median(&series.change_ms), median(&series.transaction_ms));
            writeln!(
                text,
                "| over pgbench's own transaction, five statements | | {:.2} × | {own:.2} ms | |",
                change / own
            )?;
            writeln!(text, "| the same, answered with the entity | | {:.2} ms | | |", median(&series.answered_ms))?;
        }
        if let Some(replicas) = &self.replicas {
            writeln!(
                text,
                "| effective policies, three servers over one, each with {} % of a core | ≥ {} × | {}/s of {}/s, {:.2} × | | {} |",
                replicas.percent_of_a_core,
                replicas.goal,
                thousands(median(&replicas.three)),
                thousands(median(&replicas.one)),
                replicas.ratio,
                verdict(replicas.met)
            )?;
            writeln!(
                text,
                "| what the database sees of an answer | | {:.3} transactions, {:.2} rows written | | |",
                replicas.transactions_an_answer, replicas.rows_an_answer
            )?;
        }
        let summary = &self.summary;
        writeln!(
            text,
            "| summary | ≤ {} ms | {:.1} ms; the first one {:.1} ms | | {} |",
            summary.goal_ms,
            summary.median_ms,
            summary.first_ms,
            verdict(summary.met)
        )?;
        writeln!(text, "| first page of statuses | | {:.1} ms | | |", summary.page_median_ms)?;
        writeln!(
            text,
            "| filling | | {}/s, {:.0} B a device on disk | | |",
            thousands(fill.per_second),
            fill.bytes_a_device
        )
    }
}
