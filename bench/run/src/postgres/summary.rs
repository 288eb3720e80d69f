//! The summary of all devices, and the first page of them, over HTTP. It must never know what they are read from.

use std::time::Instant;

use anyhow::ensure;
use load::Client;
use population::users;
use serde::Serialize;
use serde_json::Value;

use crate::goals;
use crate::growth::{PAGE, SUMMARY, millis};
use crate::report::median;
use crate::server::Server;

const TIMES: usize = 21;

/// Milliseconds.
#[derive(Serialize)]
pub(crate) struct Summary {
    /// Of a server that was just started: it connects and reads the tenant for it.
    pub(crate) first_ms: f64,
    pub(crate) median_ms: f64,
    pub(crate) goal_ms: f64,
    pub(crate) met: bool,
    pub(crate) page_median_ms: f64,
}

/// Asks, and checks what is told.
pub(super) fn run(server: &Server, devices: u64) -> anyhow::Result<Summary> {
    let mut client = Client::connect(server.address)?;
    let mut timed = |path: &str| -> anyhow::Result<(Value, f64)> {
        let began = Instant::now();
        let body = server.call(&mut client, "GET", path, &[], 200)?;
        Ok((serde_json::from_slice(&body)?, millis(began.elapsed())))
    };
    let (told, first_ms) = timed(SUMMARY)?;
    let counted = told["succeededUserCount"].as_u64().zip(told["failedUserCount"].as_u64());
    let counted = counted.map(|(succeeded, failed)| succeeded + failed);
    ensure!(counted == Some(users(devices)), "the summary counts {counted:?} of {} users", users(devices));
    let mut all = |path: &str| -> anyhow::Result<f64> {
        let times = (0..TIMES).map(|_| Ok(timed(path)?.1)).collect::<anyhow::Result<Vec<f64>>>()?;
        Ok(median(&times))
    };
    let (median_ms, page_median_ms) = (all(SUMMARY)?, all(PAGE)?);
    eprintln!("  the first summary {first_ms:.1} ms, then {median_ms:.1} ms; a page {page_median_ms:.1} ms");
    let goal_ms = goals::POSTGRES_SUMMARY_MS;
    Ok(Summary { first_ms, median_ms, goal_ms, met: first_ms <= goal_ms && median_ms <= goal_ms, page_median_ms })
}
