//! The generator by hand: `load --address 127.0.0.1:8080 --path /healthz`. It must never hold more than the command line.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use bytes::Bytes;
use clap::Parser;
use load::{Plan, Stop};

/// Sends requests in a closed loop and prints the rate and latencies.
#[derive(Parser)]
#[command(version, about)]
struct Arguments {
    /// The server.
    #[arg(long)]
    address: SocketAddr,
    /// A path; several are sent in turn.
    #[arg(long, required = true)]
    path: Vec<String>,
    /// The method.
    #[arg(long, default_value = "GET")]
    method: String,
    /// A file with the body.
    #[arg(long)]
    body: Option<PathBuf>,
    /// A bearer token.
    #[arg(long)]
    token: Option<String>,
    /// The status that counts.
    #[arg(long, default_value_t = 200)]
    expect: u16,
    /// Connections.
    #[arg(long, default_value_t = 64)]
    connections: usize,
    /// Seconds measured, after half a second of warm-up.
    #[arg(long, default_value_t = 3)]
    seconds: u64,
    /// Sleep between events instead of polling.
    #[arg(long)]
    sleep: bool,
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let body = match &arguments.body {
        Some(path) => std::fs::read(path)?,
        None => Vec::new(),
    };
    let bearer = arguments.token.map(|token| format!("Bearer {token}"));
    let headers: Vec<_> = bearer.iter().map(|bearer| ("authorization", bearer.as_str())).collect();
    let requests: Vec<Bytes> =
        arguments.path.iter().map(|path| load::request(&arguments.method, path, &headers, &body).into()).collect();
    let outcome = load::run(&Plan {
        address: arguments.address,
        connections: arguments.connections,
        requests: &requests,
        expect: &[arguments.expect],
        once: false,
        faults_max: load::FAULTS_MAX,
        warm_up: Duration::from_millis(500),
        stop: Stop::After(Duration::from_secs(arguments.seconds)),
        spin: !arguments.sleep,
        mark_every: 0,
    })?;
    println!(
        "{:.0}/s  p50 {:?}  p99 {:?}  max {:?}  faults {} {}",
        outcome.rate(),
        outcome.latency(0.5),
        outcome.latency(0.99),
        outcome.latency(1.0),
        outcome.faults,
        outcome.first_fault.as_deref().unwrap_or("")
    );
    Ok(())
}
