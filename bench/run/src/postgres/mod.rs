//! The service on PostgreSQL against what PostgreSQL itself does on the same server in the same run, as pgbench tells. It must never hold more than
//! the order of things.

mod checkins;
mod cluster;
mod pgbench;
mod replicas;
mod result;
mod share;
mod site;
mod summary;
mod writes;

use crate::Settings;
use crate::machine::Machine;
use crate::server::Programs;
use cluster::Cluster;
pub(crate) use result::Postgres;
use site::Site;

/// Fills a database with so many devices and measures.
pub(crate) fn run(
    programs: &Programs,
    settings: &Settings,
    machine: Machine,
    devices: u64,
) -> anyhow::Result<Postgres> {
    eprintln!("PostgreSQL, {devices} devices");
    let cluster = Cluster::start(programs)?;
    let site = Site::new(programs, &cluster)?;
    let fill = checkins::fill(programs, &cluster, &site, devices)?;
    pgbench::prepare(&cluster, devices)?;
    let server = site.start(programs, "service")?;
    let summary = summary::run(&server, devices)?;
    let check_ins = checkins::run(programs, settings, &cluster, &site, &server, devices)?;
    let writes = writes::run(settings, &cluster, &server)?;
    drop(server);
    let replicas = replicas::run(programs, settings, &cluster, &site)?;
    Ok(Postgres {
        machine,
        server_version: cluster.version()?,
        rounds: settings.rounds,
        seconds_a_round: settings.seconds,
        devices,
        fill,
        check_ins,
        writes,
        replicas,
        summary,
    })
}
