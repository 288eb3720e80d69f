//! Check-ins of devices that are there, in turns: what pgbench upserts, what the store records, and what the service answers over HTTP. It must never
//! know how the store keeps them.

use serde::Serialize;

use super::cluster::Cluster;
use super::pgbench;
use super::site::Site;
use crate::checkin::{EXPECT, prime};
use crate::compare::{Comparison, Loaded, turn};
use crate::report::median;
use crate::server::{Filled, Kind, Programs, Server};
use crate::{Settings, estate, goals};

const CONNECTIONS: usize = 512;

/// Check-ins that the store records in a round, for each second of it: about what it takes.
const PER_SECOND: u64 = 30_000;

/// How the database was filled.
#[derive(Serialize)]
pub(crate) struct Fill {
    pub(crate) seconds: f64,
    pub(crate) per_second: f64,
    pub(crate) bytes_a_device: f64,
}

/// Rows a second, round by round.
#[derive(Serialize)]
pub(crate) struct CheckIns {
    pub(crate) pgbench: Vec<f64>,
    pub(crate) store: Vec<f64>,
    pub(crate) over_http: Vec<f64>,
    /// The store's over pgbench's.
    pub(crate) ratios: Vec<f64>,
    pub(crate) ratio: f64,
    pub(crate) goal: f64,
    pub(crate) met: bool,
}

/// One check-in of each device, through the store.
pub(super) fn fill(programs: &Programs, cluster: &Cluster, site: &Site<'_>, devices: u64) -> anyhow::Result<Fill> {
    let Filled { seconds, .. } = programs.run_fill(devices, &site.applied, |fill| {
        fill.args(["--database", &cluster.app_url()]);
    })?;
    let devices = count(devices);
    let bytes = cluster.number("SELECT pg_database_size(current_database())")?;
    eprintln!("  filled in {seconds:.0} s, {:.0} bytes a device", bytes / devices);
    // As the server would have done by itself before long.
    cluster.sql("officeconfig", "VACUUM ANALYZE")?;
    cluster.settle()?;
    Ok(Fill { seconds, per_second: devices / seconds, bytes_a_device: bytes / devices })
}

/// The rounds.
pub(super) fn run(
    programs: &Programs,
    settings: &Settings,
    cluster: &Cluster,
    site: &Site<'_>,
    server: &Server,
    devices: u64,
) -> anyhow::Result<CheckIns> {
    let known = site.users.requests(devices)?;
    let policies = estate::first_check_in(server, &known.tokens[0], known.devices[0])?;
    let again = site.start(programs, "http")?;
    estate::first_check_in(&again, &known.tokens[0], known.devices[0])?;
    let loaded = Loaded {
        server: again,
        requests: known.requests(&policies),
        expect: EXPECT,
        durable: true,
        once: false,
        answer_bytes: policies.body.len(),
    };
    prime(&loaded)?;
    let mut http = Comparison::new("check-in on PostgreSQL, token seen before".into(), CONNECTIONS, goals::CHECK_IN);
    let (mut by_pgbench, mut by_store) = (Vec::new(), Vec::new());
    let scattered = (PER_SECOND * settings.seconds).to_string();
    for round in 0..settings.rounds {
        for who in turn(vec![0, 1, 2], round) {
            cluster.settle()?;
            match who {
                0 => by_pgbench.push(shown("pgbench", pgbench::upserts(cluster, settings.seconds)?)),
                1 => {
                    let Filled { seconds, .. } = programs.run_fill(devices, &site.applied, |fill| {
                        fill.args(["--database", &cluster.app_url(), "--scattered", &scattered]);
                    })?;
                    by_store.push(shown("store", count(PER_SECOND * settings.seconds) / seconds));
                }
                _ => http.measure(&loaded, settings)?,
            }
        }
    }
    let over_http = http.servers.remove(Kind::Service.name()).map(|series| series.per_second).unwrap_or_default();
    let ratios: Vec<f64> = by_store.iter().zip(&by_pgbench).map(|(store, pgbench)| store / pgbench).collect();
    let ratio = median(&ratios);
    Ok(CheckIns {
        pgbench: by_pgbench,
        store: by_store,
        over_http,
        ratios,
        ratio,
        goal: goals::POSTGRES_ROWS,
        met: ratio >= goals::POSTGRES_ROWS,
    })
}

fn shown(who: &str, per_second: f64) -> f64 {
    eprintln!("  {who:<13}{per_second:>9.0} rows/s");
    per_second
}

fn count(number: u64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    let number = number as f64;
    number
}
