//! One change of an administrator after another, over HTTP, against one commit of pgbench after another, in turns. It must never know what a change
//! writes.

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

/// Mean latencies in milliseconds, round by round.
#[derive(Serialize)]
pub(crate) struct Writes {
    pub(crate) pgbench_ms: Vec<f64>,
    pub(crate) service_ms: Vec<f64>,
    pub(crate) ratios: Vec<f64>,
    pub(crate) ratio: f64,
    pub(crate) goal: f64,
    pub(crate) met: bool,
}

/// The rounds.
pub(super) fn run(settings: &Settings, cluster: &Cluster, server: &Server) -> anyhow::Result<Writes> {
    eprintln!("a change, one after another");
    let path = changed_path(server)?;
    let (mut pgbench_ms, mut service_ms) = (Vec::new(), Vec::new());
    for round in 0..settings.rounds {
        for who in turn(vec![0, 1], round) {
            cluster.settle()?;
            if who == 0 {
                pgbench_ms.push(pgbench::commits(cluster, settings.seconds)?.latency_ms);
            } else {
                service_ms.push(changes(server, &path, Duration::from_secs(settings.seconds))?);
            }
        }
        if let (Some(commit), Some(change)) = (pgbench_ms.last(), service_ms.last()) {
            eprintln!("  a commit {commit:.3} ms, a change {change:.3} ms");
        }
    }
    let ratios: Vec<f64> = service_ms.iter().zip(&pgbench_ms).map(|(change, commit)| change / commit).collect();
    let ratio = median(&ratios);
    let goal = goals::POSTGRES_WRITE;
    Ok(Writes { pgbench_ms, service_ms, ratios, ratio, goal, met: ratio <= goal })
}

fn changed_path(server: &Server) -> anyhow::Result<String> {
    let all = "/beta/officeConfiguration/clientConfigurations";
    let listed = server.call(&mut Client::connect(server.address)?, "GET", all, &[], 200)?;
    let listed: Value = serde_json::from_slice(&listed)?;
    let id = listed["value"][0]["id"].as_str().context("there is a client configuration")?;
    Ok(format!("{all}/{id}"))
}

/// The mean time of a change, in milliseconds.
fn changes(server: &Server, path: &str, length: Duration) -> anyhow::Result<f64> {
    let mut client = Client::connect(server.address)?;
    let mut made = 0_u32;
    let began = Instant::now();
    while began.elapsed() < length {
        let body = json!({ "description": format!("changed {made} times") }).to_string();
        server.call(&mut client, "PATCH", path, body.as_bytes(), 200)?;
        made += 1;
    }
    ensure!(made > 0, "nothing was changed");
    Ok(began.elapsed().as_secs_f64() * 1000.0 / f64::from(made))
}
