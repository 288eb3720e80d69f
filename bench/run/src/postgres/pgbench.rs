//! What PostgreSQL itself does on this machine, as its own benchmark tells: rows a second of upserts, fifty in a statement, and how long one commit
//! takes. The table is what the service's rows of check-ins are made of, without anything that the service does besides. It must never know the
//! service.

use std::fmt::Write as _;
use std::fs;
use std::process::Command;

use anyhow::{Context as _, ensure};

use super::cluster::Cluster;
use crate::cpu;

/// Rows of a statement.
const ROWS: u64 = 50;

/// From one row of a statement to the next: a prime, so that no row comes twice in one.
const STRIDE: u64 = 20_011;

/// Connections that upsert at the same time: more bring nothing on two cores.
const CLIENTS: u64 = 8;

const UPSERT: &str = "upsert.sql";
const COMMIT: &str = "commit.sql";

/// What pgbench told.
pub(super) struct Told {
    pub(super) per_second: f64,
    pub(super) latency_ms: f64,
}

/// Makes the tables, with so many rows, and the scripts.
pub(super) fn prepare(cluster: &Cluster, rows: u64) -> anyhow::Result<()> {
    let make = format!(
        "CREATE TABLE checkins (
            tenant uuid NOT NULL, configuration bigint NOT NULL, key bigint NOT NULL, ticks bigint NOT NULL, form integer NOT NULL,
            ok boolean NOT NULL, applied uuid, told bigint, outcome bigint, PRIMARY KEY (tenant, configuration, key)
         ) WITH (fillfactor = 80);
         CREATE INDEX ON checkins (tenant, configuration, ticks, key);
         INSERT INTO checkins
         SELECT '{TENANT}', 1, key, (random() * 1e12)::bigint, 1, true, '{TENANT}', 1, 1 FROM generate_series(0, {rows} - 1) AS key;
         CREATE TABLE counter (id integer PRIMARY KEY, n bigint NOT NULL) WITH (fillfactor = 50);
         INSERT INTO counter VALUES (1, 0);"
    );
    cluster.sql("pgbench", &make)?;
    cluster.sql("pgbench", "VACUUM ANALYZE")?;
    let made = cpu::everywhere(|| cluster.pgbench().args(["-i", "-q"]).output()).context("running pgbench")?;
    ensure!(made.status.success(), "pgbench -i: {}", String::from_utf8_lossy(&made.stderr));
    fs::write(cluster.file(UPSERT), upsert(rows))?;
    fs::write(cluster.file(COMMIT), "UPDATE counter SET n = n + 1 WHERE id = 1;\n")?;
    Ok(())
}

const TENANT: &str = "8f8f2f3c-1f0e-4a55-9a4d-0d6c5b7f1a11";

fn upsert(rows: u64) -> String {
    let mut text = format!("\\set k random(0, {rows} - 1)\n\\set t random(0, 1000000000000)\n");
    text.push_str("INSERT INTO checkins VALUES\n");
    for row in 0..ROWS {
        let end = if row + 1 == ROWS { "" } else { "," };
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "('{TENANT}', 1, (:k + {}) % {rows}, :t + {row}, 1, true, '{TENANT}', {row}, {row}){end}",
            row * STRIDE
        );
    }
    text.push_str(
        "ON CONFLICT (tenant, configuration, key) DO UPDATE SET ticks = excluded.ticks, form = excluded.form, ok = excluded.ok,
            applied = excluded.applied, told = excluded.told, outcome = excluded.outcome;\n",
    );
    text
}

/// Rows a second.
pub(super) fn upserts(cluster: &Cluster, seconds: u64) -> anyhow::Result<f64> {
    let mut command = cluster.pgbench();
    command.args(["-f", UPSERT, "-c", &CLIENTS.to_string(), "-j", "2", "-M", "simple"]);
    #[expect(clippy::cast_precision_loss, reason = "a small constant")]
    let rows = ROWS as f64;
    Ok(run(command, seconds)?.per_second * rows)
}

/// One connection, one row, one commit at a time.
pub(super) fn commits(cluster: &Cluster, seconds: u64) -> anyhow::Result<Told> {
    let mut command = cluster.pgbench();
    command.args(["-f", COMMIT, "-c", "1", "-M", "prepared"]);
    run(command, seconds)
}

/// The same of its own transaction, as pgbench measures when it is told nothing else: BEGIN, five statements, COMMIT.
pub(super) fn transactions(cluster: &Cluster, seconds: u64) -> anyhow::Result<Told> {
    let mut command = cluster.pgbench();
    command.args(["-c", "1", "-M", "prepared"]);
    run(command, seconds)
}

fn run(mut command: Command, seconds: u64) -> anyhow::Result<Told> {
    command.args(["-n", "-T", &seconds.to_string()]);
    let output = cpu::everywhere(|| command.output()).context("running pgbench")?;
    let told = String::from_utf8_lossy(&output.stdout);
    ensure!(output.status.success(), "pgbench: {}", String::from_utf8_lossy(&output.stderr));
    let failed = number_after(&told, "number of failed transactions: ").unwrap_or(0.0);
    ensure!(failed == 0.0, "pgbench: {failed} transactions failed");
    Ok(Told {
        per_second: number_after(&told, "tps = ").context("pgbench tells a rate")?,
        latency_ms: number_after(&told, "latency average = ").context("pgbench tells a latency")?,
    })
}

fn number_after(text: &str, label: &str) -> Option<f64> {
    let (_, rest) = text.split_once(label)?;
    rest.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::{ROWS, number_after, upsert};

    #[test]
    fn a_statement_has_all_its_rows_and_one_end() {
        let text = upsert(1_000_000);
        assert_eq!(u64::try_from(text.matches("% 1000000").count()), Ok(ROWS));
        assert_eq!(text.matches(';').count(), 1);
    }

    #[test]
    fn figures_are_found_by_their_names() {
        let told = "latency average = 0.512 ms\ntps = 1953.1 (without initial connection time)\n";
        assert_eq!(number_after(told, "tps = "), Some(1953.1));
        assert_eq!(number_after(told, "latency average = "), Some(0.512));
        assert_eq!(number_after(told, "missing"), None);
    }
}
