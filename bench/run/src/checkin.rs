//! Check-ins of ten thousand devices, each answered when its record is durable: with tokens seen before and with fresh ones, in pairs with the bound. It
//! must never know how a server is started.

use std::fmt::Write as _;
use std::fs;

use anyhow::Context as _;
use bytes::Bytes;
use identity::{Algorithm, Subject};
use load::{Plan, Stop};
use population::{Device, TENANT, sample};

use crate::compare::{Comparison, Loaded, turn};
use crate::estate::{self, Estate, Policies};
use crate::server::{Kind, Programs, Server};
use crate::{Settings, cpu, goals};

/// Devices that check in.
pub(crate) const DEVICES: u64 = 10_000;

/// Every other one has the entity tag of its policies.
pub(crate) const EXPECT: &[u16] = &[200, 304];

/// Fresh tokens for a second of a round: more than one core can check.
const FRESH_PER_SECOND: u64 = 20_000;

/// Signatures checked before a round, to know what a check costs.
const CHECKED: usize = 2_000;

/// Tokens seen before, then fresh ones, both at 512 and at 64 connections.
pub(crate) fn all(programs: &Programs, settings: &Settings, site: &Site) -> anyhow::Result<Vec<Comparison>> {
    let known = site.requests(DEVICES)?;
    let mut comparisons = Vec::new();
    for connections in [512, 64] {
        comparisons.push(site.seen(programs, settings, &known, connections)?);
    }
    // Each service forgets what it has seen when it ends, so that one set of tokens is fresh to all of them.
    let fresh = site.fresh_tokens(settings)?;
    for connections in [512, 64] {
        comparisons.push(site.fresh(programs, settings, &fresh, connections)?);
    }
    Ok(comparisons)
}

/// An estate with RS256 tokens, as Entra signs them.
pub(crate) struct Site {
    pub(crate) estate: Estate,
}

/// Tokens with the devices that use them.
pub(crate) struct Known {
    pub(crate) devices: Vec<Device>,
    pub(crate) tokens: Vec<String>,
}

impl Site {
    pub(crate) fn new(programs: &Programs) -> anyhow::Result<Self> {
        Ok(Self { estate: Estate::new(programs, Algorithm::Rs256)? })
    }

    /// A token for each of [`DEVICES`] devices of a population.
    pub(crate) fn requests(&self, population: u64) -> anyhow::Result<Known> {
        let devices: Vec<Device> = sample(population, DEVICES).collect();
        let subjects: Vec<Subject> = devices.iter().map(|device| subject(*device, device.0)).collect();
        Ok(Known { tokens: self.estate.tokens(&subjects)?, devices })
    }

    fn fresh_tokens(&self, settings: &Settings) -> anyhow::Result<Known> {
        let count = FRESH_PER_SECOND * (settings.seconds + 1);
        eprintln!("signing {count} tokens");
        let subjects: Vec<(Device, Subject)> =
            (0..count).map(|serial| (Device(serial % DEVICES), subject(Device(serial % DEVICES), !serial))).collect();
        let tokens = estate::signed(&subjects, |(_, subject)| self.estate.issuer.tokens().token(subject))?;
        Ok(Known { devices: subjects.into_iter().map(|(device, _)| device).collect(), tokens })
    }

    /// (a) Every token was seen before.
    fn seen(
        &self,
        programs: &Programs,
        settings: &Settings,
        known: &Known,
        connections: usize,
    ) -> anyhow::Result<Comparison> {
        let name = format!("check-in, token seen before, {connections}");
        let mut comparison = Comparison::new(name, connections, goals::CHECK_IN);
        let mut servers = Vec::new();
        let service = self.filled_service(programs, known)?;
        let bound = bound(programs, known, &service.policies)?;
        let requests = known.requests(&service.policies);
        for server in [bound, service.server] {
            let loaded = Loaded {
                server,
                requests: requests.clone(),
                expect: EXPECT,
                durable: true,
                once: false,
                answer_bytes: service.policies.body.len(),
            };
            prime(&loaded)?;
            servers.push(loaded);
        }
        for round in 0..settings.rounds {
            for index in turn((0..servers.len()).collect(), round) {
                comparison.measure(&servers[index], settings)?;
            }
        }
        Ok(comparison.finish())
    }

    /// (b) No token was seen before: each round has a process of its own, on the data of the round before.
    fn fresh(
        &self,
        programs: &Programs,
        settings: &Settings,
        fresh: &Known,
        connections: usize,
    ) -> anyhow::Result<Comparison> {
        let name = format!("check-in, fresh RS256 token, {connections}");
        let mut comparison = Comparison::new(name, connections, goals::CHECK_IN);
        let first = Known { devices: vec![Device(0)], tokens: self.estate.tokens(&[subject(Device(0), 0)])? };
        let Service { server, policies } = self.filled_service(programs, &first)?;
        let folder = server.folder.clone();
        drop(server);
        let checks = self.estate.issuer.tokens().checks()?;
        let requests = fresh.requests(&policies);
        let mut bound_server = Some(bound(programs, fresh, &policies)?);
        for round in 0..settings.rounds {
            let sample = &fresh.tokens[..CHECKED.min(fresh.tokens.len())];
            let seconds = cpu::on_server_core(|| checks.seconds(sample))?;
            comparison.signature_check_us.push(seconds * 1e6);
            for kind in turn(vec![Kind::Bound, Kind::Service], round) {
                let server = match kind {
                    Kind::Bound => bound_server.take().context("the bound runs")?,
                    _ => self.estate.start(programs, &folder)?,
                };
                if kind == Kind::Service {
                    estate::first_check_in(&server, &first.tokens[0], Device(0))?;
                }
                let loaded = Loaded {
                    server,
                    requests: requests.clone(),
                    expect: EXPECT,
                    durable: true,
                    // The bound knows all tokens; to the service a token is fresh once.
                    once: kind == Kind::Service,
                    answer_bytes: policies.body.len(),
                };
                comparison.measure(&loaded, settings)?;
                if kind == Kind::Bound {
                    bound_server = Some(loaded.server);
                }
            }
        }
        Ok(comparison.finish())
    }

    /// A service on an empty folder with policies for everybody.
    fn filled_service(&self, programs: &Programs, known: &Known) -> anyhow::Result<Service> {
        let server = self.estate.start(programs, &programs.folder(Kind::Service.name())?)?;
        estate::make_policies(&server)?;
        let policies = estate::first_check_in(&server, &known.tokens[0], known.devices[0])?;
        Ok(Service { server, policies })
    }
}

struct Service {
    server: Server,
    policies: Policies,
}

impl Known {
    /// A check-in with each token; every other one with the entity tag.
    pub(crate) fn requests(&self, policies: &Policies) -> Vec<Bytes> {
        let pairs = self.tokens.iter().zip(&self.devices);
        pairs
            .enumerate()
            .map(|(index, (token, device))| {
                let etag = (EXPECT[index % EXPECT.len()] == 304).then_some(policies.etag.as_str());
                estate::fetch(token, *device, etag)
            })
            .collect()
    }
}

fn subject(device: Device, serial: u64) -> Subject {
    Subject { tenant: TENANT, user: device.user(), serial }
}

/// Every request once, so that every token was seen and every device has its row.
pub(crate) fn prime(loaded: &Loaded) -> anyhow::Result<()> {
    let outcome = load::run(&Plan {
        address: loaded.server.address,
        connections: 512,
        requests: &loaded.requests,
        expect: loaded.expect,
        once: true,
        faults_max: 0,
        warm_up: std::time::Duration::ZERO,
        stop: Stop::Requests(loaded.requests.len() as u64),
        spin: false,
        mark_every: 0,
    });
    outcome.with_context(|| format!("the first check-ins at {}", loaded.server.kind.name()))?;
    Ok(())
}

/// The bound with the service's answer and the tokens' users.
fn bound(programs: &Programs, known: &Known, policies: &Policies) -> anyhow::Result<Server> {
    let folder = programs.folder("bound-policies")?;
    let mut lines = String::new();
    for (token, device) in known.tokens.iter().zip(&known.devices) {
        writeln!(lines, "{token} {}", device.user().id())?;
    }
    fs::write(folder.join("tokens"), lines)?;
    fs::write(folder.join("body"), &policies.body)?;
    fs::write(folder.join("etag"), &policies.etag)?;
    let data = programs.folder(Kind::Bound.name())?;
    programs.start_with(Kind::Bound, &data, |command| {
        command.arg("--policies").arg(&folder);
    })
}
