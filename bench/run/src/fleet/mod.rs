//! A fleet's morning, compressed: every device comes when its curve says, whatever the service does (open loop), and at the end the service is
//! asked whether it knows what it has acknowledged. It must never know how a request is sent.

mod devices;
mod morning;
mod result;

use std::time::{Duration, Instant};

use anyhow::Context as _;
use identity::{Algorithm, Issuer, Subject};
use load::{Client, OpenPlan, run_open};
use population::Device;

use self::devices::{Fleet, Signatures, first_subject};
pub(crate) use self::result::FleetResult;
use crate::cpu;
use crate::estate::{self, Estate};
use crate::machine::Machine;
use crate::server::{Kind, Programs, Server};

/// After this a check-in that was sent is lost to its device.
const PATIENCE: Duration = Duration::from_secs(30);

/// The run ends so long after the morning: who was told to come again has come by then.
const AFTERMATH: Duration = Duration::from_mins(1);

/// What is asked for.
#[derive(Clone, Copy)]
pub(crate) struct Size {
    pub(crate) devices: u64,
    pub(crate) length: Duration,
    pub(crate) connections: usize,
    /// How tokens are signed.
    pub(crate) algorithm: Algorithm,
}

/// Runs the fleet against a service on an empty folder.
pub(crate) fn run(programs: &Programs, size: Size, machine: Machine) -> anyhow::Result<FleetResult> {
    let estate = Estate::new(programs, size.algorithm)?;
    let started = Instant::now();
    let signatures = sign_ahead(&estate, size.devices)?;
    eprintln!("{} tokens signed in {:.0} s", size.devices, started.elapsed().as_secs_f64());

    let check_us = check_us(&estate)?;
    let server = estate.start(programs, &programs.folder(Kind::Service.name())?)?;
    estate::make_policies(&server)?;
    // A device that is none of the fleet's knows the entity tag already.
    let stranger = Device(size.devices + 5);
    let token = estate.issuer.tokens().token(first_subject(stranger))?;
    let policies = estate::first_check_in(&server, &token, stranger)?;

    let mut fleet = Fleet::new(&estate.issuer, policies.etag, size.length, signatures);
    let greeting = load::request("GET", "/healthz", &[], &[]);
    let plan = OpenPlan {
        address: server.address,
        connections: size.connections,
        greeting: &greeting,
        patience: PATIENCE,
        end: size.length + AFTERMATH,
    };
    let (before, used, waited) = (server.cpu_time()?, cpu::used(), cpu::waited());
    let outcome = run_open(&plan, &mut fleet)?;
    let after = server.cpu_time()?;
    let busy = Busy {
        check_us,
        server: (after.user + after.system).saturating_sub(before.user + before.system),
        generator: cpu::used().saturating_sub(used),
        generator_waited: cpu::waited().saturating_sub(waited),
    };
    let books = fleet.books();
    let counted = Counted::ask(&server)?;
    Ok(FleetResult::new(machine, size, &fleet, &books, counted, &outcome, &busy))
}

/// Times on the two cores.
struct Busy {
    /// One signature check, in microseconds.
    check_us: f64,
    server: Duration,
    generator: Duration,
    /// Something else had the generator's core.
    generator_waited: Duration,
}

/// What the service says it knows, without the stranger.
#[derive(Clone, Copy)]
struct Counted {
    devices: u64,
    users: u64,
}

impl Counted {
    fn ask(server: &Server) -> anyhow::Result<Self> {
        let mut client = Client::connect(server.address)?;
        let path = "/beta/officeConfiguration/tenantCheckinStatuses/$count";
        let count = String::from_utf8(server.call(&mut client, "GET", path, &[], 200)?)?;
        let path = "/beta/officeConfiguration/tenantUserCheckinSummary";
        let summary: serde_json::Value = serde_json::from_slice(&server.call(&mut client, "GET", path, &[], 200)?)?;
        let part = |name: &str| summary[name].as_u64().with_context(|| format!("a summary has {name}"));
        let devices: u64 = count.trim_start_matches('\u{feff}').trim().parse().context("a count is a number")?;
        let users = part("succeededUserCount")? + part("failedUserCount")?;
        Ok(Self { devices: devices.saturating_sub(1), users: users.saturating_sub(1) })
    }
}

/// Devices whose tokens are signed in one go by one thread.
const SIGNED_AT_ONCE: u64 = 1000;

fn sign_ahead(estate: &Estate, devices: u64) -> anyhow::Result<Signatures> {
    let issuer: &Issuer = &estate.issuer;
    let length = issuer.tokens().sign(first_subject(Device(0)))?.as_bytes().len();
    let starts: Vec<u64> = (0..devices.div_ceil(SIGNED_AT_ONCE)).map(|part| part * SIGNED_AT_ONCE).collect();
    let parts = estate::signed(&starts, |start| {
        let mut bytes = Vec::new();
        for device in start..devices.min(start + SIGNED_AT_ONCE) {
            bytes.extend_from_slice(issuer.tokens().sign(first_subject(Device(device)))?.as_bytes());
        }
        Ok(bytes)
    })?;
    Ok(Signatures::new(&parts, length))
}

/// What a bare check of one of the fleet's signatures takes on the servers' core, in microseconds.
fn check_us(estate: &Estate) -> anyhow::Result<f64> {
    let subjects: Vec<Subject> = (0..SIGNED_AT_ONCE).map(|device| first_subject(Device(device))).collect();
    let tokens = estate.tokens(&subjects)?;
    let checks = estate.issuer.tokens().checks()?;
    Ok(cpu::on_server_core(|| checks.seconds(&tokens))? * 1e6)
}
