//! One change of an administrator after another, over HTTP, against one commit of pgbench after another, in turns: where a commit takes what the disk of
//! this machine takes, and where it takes as long as one that waits for another machine. It must never know what a change writes.

use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use load::Client;
use serde::Serialize;
use serde_json::{Value, json};

use super::cluster::Cluster;
use super::pgbench;
use crate::compare::turn;
use crate::report::median;
use crate::server::Server;
use crate::{Settings, goals};

/// About what a COMMIT waits for a standby elsewhere in a region, in µs.
const FAR_US: u32 = 2_000;

/// What is measured.
#[derive(Serialize)]
pub(crate) struct Writes {
    /// As the disk is.
    pub(crate) near: Series,
    /// With so much longer commits, pgbench's and the service's.
    pub(crate) far_us: u32,
    pub(crate) far: Series,
    pub(crate) goal: f64,
}

/// Mean latencies in milliseconds, round by round.
#[derive(Default, Serialize)]
pub(crate) struct Series {
    pub(crate) pgbench_ms: Vec<f64>,
    /// pgbench's own transaction, told besides.
    pub(crate) transaction_ms: Vec<f64>,
    /// Answered without the entity (`Prefer: return=minimal`).
    pub(crate) change_ms: Vec<f64>,
    /// Answered with the entity, its summary and a page of its check-ins.
    pub(crate) answered_ms: Vec<f64>,
    /// A change over a commit.
    pub(crate) ratios: Vec<f64>,
    pub(crate) ratio: f64,
    pub(crate) met: bool,
}

/// The rounds.
pub(super) fn run(settings: &Settings, cluster: &Cluster, server: &Server) -> anyhow::Result<Writes> {
    eprintln!("a change, one after another");
    let path = changed_path(server)?;
    let near = series(settings, cluster, server, &path)?;
    eprintln!("the same where a commit takes {FAR_US} µs more");
    cluster.set("commit_siblings", "0")?;
    cluster.set("commit_delay", &FAR_US.to_string())?;
    let far = series(settings, cluster, server, &path)?;
    cluster.set("commit_delay", "0")?;
    Ok(Writes { near, far_us: FAR_US, far, goal: goals::POSTGRES_WRITE })
}

fn series(settings: &Settings, cluster: &Cluster, server: &Server, path: &str) -> anyhow::Result<Series> {
    let mut all = Series::default();
    for round in 0..settings.rounds {
        for who in turn(vec![0, 1, 2, 3], round) {
            cluster.settle()?;
            let length = Duration::from_secs(settings.seconds);
            match who {
                0 => all.pgbench_ms.push(pgbench::commits(cluster, settings.seconds)?.latency_ms),
                1 => all.transaction_ms.push(pgbench::transactions(cluster, settings.seconds)?.latency_ms),
                2 => all.change_ms.push(changes(server, path, "return=minimal", 204, length)?),
                _ => all.answered_ms.push(changes(server, path, "return=representation", 200, length)?),
            }
        }
        if let (Some(commit), Some(change), Some(answered)) =
            (all.pgbench_ms.last(), all.change_ms.last(), all.answered_ms.last())
        {
            eprintln!("  a commit {commit:.3} ms, a change {change:.3} ms, with the entity {answered:.3} ms");
        }
    }
    all.ratios = all.change_ms.iter().zip(&all.pgbench_ms).map(|(change, commit)| change / commit).collect();
    all.ratio = median(&all.ratios);
    all.met = all.ratio <= goals::POSTGRES_WRITE;
    Ok(all)
}

fn changed_path(server: &Server) -> anyhow::Result<String> {
    let all = "/beta/officeConfiguration/clientConfigurations";
    let listed = server.call(&mut Client::connect(server.address)?, "GET", all, &[], 200)?;
    let listed: Value = serde_json::from_slice(&listed)?;
    let id = listed["value"][0]["id"].as_str().context("there is a client configuration")?;
    Ok(format!("{all}/{id}"))
}

/// The mean time of a change, in milliseconds.
fn changes(server: &Server, path: &str, prefer: &str, expect: u16, length: Duration) -> anyhow::Result<f64> {
    let mut client = Client::connect(server.address)?;
    let bearer = format!("Bearer {}", server.token.as_deref().context("the service wants a token")?);
    let headers = [("authorization", bearer.as_str()), ("prefer", prefer)];
    let mut made = 0_u32;
    let began = Instant::now();
    while began.elapsed() < length {
        let body = json!({ "description": format!("changed {made} times") }).to_string();
        let (status, _) = client.send(&load::request("PATCH", path, &headers, body.as_bytes()))?;
        ensure!(status == expect, "a change is answered {status}");
        made += 1;
    }
    ensure!(made > 0, "nothing was changed");
    Ok(began.elapsed().as_secs_f64() * 1000.0 / f64::from(made))
}
