//! Three times what the service can take: what comes through, how long that takes, what the rest is told, and how soon all is as before. Then a
//! tenant with a trickle beside another one's flood. It must never know how a request is sent.

mod result;
mod slow_disk;

use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use bytes::Bytes;
use identity::{Algorithm, Subject};
use load::{Phase, Plan, Stop};
use population::{Device, OTHER_TENANT, TENANT, sample};

pub(crate) use self::result::Overload;
use self::result::{FairShare, Flood, Saturation};
use self::slow_disk::SlowDisk;
use crate::cpu;
use crate::estate::{self, Estate};
use crate::machine::Machine;
use crate::server::{Kind, Programs, Server};
use crate::streams::{Stream, Streams};

/// Devices of the tenant that floods, and of the other one.
const DEVICES: u64 = 10_000;
/// See [`DEVICES`].
const OTHER_DEVICES: u64 = 500;

/// A device fetches, then reports: the statuses of what is asked in turn.
const EXPECT: &[u16] = &[304, 204];

/// Connections in the closed loop, level by level, until more bring no more.
const LEVELS: [usize; 6] = [128, 256, 512, 1024, 2048, 4096];

/// Seconds of a level.
const LEVEL_SECONDS: u64 = 4;

/// What a level must bring beyond the one before, or the search ends.
const GAIN: f64 = 1.05;

/// Saturation must be below: three times as much, and what is refused of it, must be cheap for one core to send.
const SATURATION_MAX: f64 = 6_000.0;

/// A sync is not delayed by more.
const DELAY_MS_MAX: u32 = 800;

/// Connections that the open loop may use: those that are accepted wait, and the rest must not wait for them.
const CONNECTIONS: usize = 12_000;

/// Descriptors that are left for everything else.
const OTHER_DESCRIPTORS: u64 = 500;

/// The flood over what saturates.
const FLOOD: f64 = 3.0;

/// The load before and after it, over what saturates.
const CALM: f64 = 0.5;

/// Check-ins a second of the tenant with a trickle.
const TRICKLE: f64 = 50.0;

/// How long things last.
#[derive(Clone, Copy)]
pub(crate) struct Lengths {
    before: Duration,
    flood: Duration,
    after: Duration,
    share: Duration,
}

impl Lengths {
    /// A minute of flood, or a short one to see that all works.
    pub(crate) fn new(is_quick: bool) -> Self {
        let seconds = Duration::from_secs;
        if is_quick {
            Self { before: seconds(5), flood: seconds(15), after: seconds(15), share: seconds(10) }
        } else {
            Self { before: seconds(10), flood: seconds(60), after: seconds(25), share: seconds(30) }
        }
    }
}

/// Runs all of it; `None` where syncs cannot be delayed.
pub(crate) fn run(
    programs: &Programs,
    bench: &Path,
    delay_ms: u32,
    lengths: Lengths,
    machine: Machine,
) -> anyhow::Result<Option<Overload>> {
    let Some(disk) = SlowDisk::compile(bench) else { return Ok(None) };
    let setting = Setting::new(programs, disk)?;
    let (saturation, server) = setting.saturate(programs, delay_ms)?;
    let connections = connections();
    let flood = setting.flood(&server, &saturation, lengths, connections)?;
    drop(server);
    // The queue and the caches of the flood must not help or harm the other tenant.
    let server = setting.start(programs, saturation.delay_ms)?;
    let fair_share = setting.share(&server, &saturation, lengths, connections)?;
    Ok(Some(Overload { machine, connections, saturation, flood, fair_share }))
}

/// As many connections as the limit of this process allows.
fn connections() -> usize {
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
    let allowed = limit
        .map_or(usize::MAX, |limit| usize::try_from(limit.saturating_sub(OTHER_DESCRIPTORS)).unwrap_or(usize::MAX));
    CONNECTIONS.min(allowed)
}

/// What all runs need.
struct Setting {
    estate: Estate,
    disk: SlowDisk,
    flooding: Tenant,
    other: Tenant,
}

/// The devices of a tenant with their tokens.
struct Tenant {
    id: &'static str,
    devices: Vec<Device>,
    tokens: Vec<String>,
}

impl Tenant {
    fn new(estate: &Estate, id: &'static str, count: u64) -> anyhow::Result<Self> {
        let devices: Vec<Device> = sample(count, count).collect();
        let subjects: Vec<Subject> =
            devices.iter().map(|device| Subject { tenant: id, user: device.user(), serial: device.0 }).collect();
        Ok(Self { id, tokens: estate.tokens(&subjects)?, devices })
    }

    /// Of each device a fetch with the entity tag and a report, in turn.
    fn requests(&self, server: &Server) -> anyhow::Result<Vec<Bytes>> {
        let policies = estate::first_check_in(server, &self.tokens[0], self.devices[0])?;
        let pairs = self.tokens.iter().zip(&self.devices);
        Ok(pairs
            .flat_map(|(token, device)| {
                [estate::fetch(token, *device, Some(&policies.etag)), estate::report(token, *device)]
            })
            .collect())
    }
}

impl Setting {
    fn new(programs: &Programs, disk: SlowDisk) -> anyhow::Result<Self> {
        let estate = Estate::new(programs, Algorithm::Rs256)?;
        let flooding = Tenant::new(&estate, TENANT, DEVICES)?;
        let other = Tenant::new(&estate, OTHER_TENANT, OTHER_DEVICES)?;
        Ok(Self { estate, disk, flooding, other })
    }

    /// A service on an empty folder with a slow disk, and policies for both tenants.
    fn start(&self, programs: &Programs, delay_ms: u32) -> anyhow::Result<Server> {
        let folder = programs.folder(Kind::Service.name())?;
        let mut server = self.estate.start_with(programs, &folder, |command| self.disk.put_under(command, delay_ms))?;
        for tenant in [&self.other, &self.flooding] {
            server.token = Some(programs.admin_token(&folder, tenant.id)?);
            estate::make_policies(&server)?;
        }
        Ok(server)
    }

    /// The highest rate of a closed loop, with a delay that keeps it low enough; with the server that has it.
    fn saturate(&self, programs: &Programs, mut delay_ms: u32) -> anyhow::Result<(Saturation, Server)> {
        loop {
            let server = self.start(programs, delay_ms)?;
            let requests = self.flooding.requests(&server)?;
            eprintln!("looking for saturation with syncs {delay_ms} ms slower");
            let saturation = search(&server, &requests, delay_ms)?;
            if saturation.per_second <= SATURATION_MAX || delay_ms >= DELAY_MS_MAX {
                return Ok((saturation, server));
            }
            delay_ms = (delay_ms * 2).min(DELAY_MS_MAX);
        }
    }

    fn flood(
        &self,
        server: &Server,
        saturation: &Saturation,
        lengths: Lengths,
        connections: usize,
    ) -> anyhow::Result<Flood> {
        let requests = self.flooding.requests(server)?;
        let phase = |length, factor| Phase { length, per_second: saturation.per_second * factor };
        let phases = [phase(lengths.before, CALM), phase(lengths.flood, FLOOD), phase(lengths.after, CALM)];
        let whole = lengths.before + lengths.flood + lengths.after;
        let stream = Stream::new(&requests, &phases, 1);
        let waited = cpu::waited();
        let (streams, outcome) = Streams::run(vec![stream], server.address, connections, whole, "overload")?;
        let disturbed = cpu::waited().saturating_sub(waited).as_secs_f64() / whole.as_secs_f64();
        let ends = lengths.before + lengths.flood;
        let timeline = &streams.first().context("there is a stream")?.timeline;
        Ok(Flood::new(saturation, timeline, lengths.before, ends, whole, &outcome, disturbed))
    }

    fn share(
        &self,
        server: &Server,
        saturation: &Saturation,
        lengths: Lengths,
        connections: usize,
    ) -> anyhow::Result<FairShare> {
        let flood = self.flooding.requests(server)?;
        let trickle = self.other.requests(server)?;
        for requests in [&flood, &trickle] {
            see_all(server, requests)?;
        }
        let (alone, both) = (lengths.share, lengths.share * 2);
        let phase = |length, per_second| Phase { length, per_second };
        let trickles = [phase(both, TRICKLE)];
        let floods = [phase(alone, 0.0), phase(lengths.share, saturation.per_second * FLOOD)];
        let streams = vec![Stream::new(&trickle, &trickles, 2), Stream::new(&flood, &floods, 3)];
        let (streams, _) = Streams::run(streams, server.address, connections, both, "fair share")?;
        Ok(FairShare::new(&streams[0].timeline, &streams[1].timeline, alone, both))
    }
}

/// Each request once, so that each token was seen.
fn see_all(server: &Server, requests: &[Bytes]) -> anyhow::Result<()> {
    let plan = closed(server, requests, 64, Stop::Requests(requests.len() as u64), true);
    load::run(&plan).context("the first check-ins")?;
    Ok(())
}

fn search(server: &Server, requests: &[Bytes], delay_ms: u32) -> anyhow::Result<Saturation> {
    see_all(server, requests)?;
    let mut best = Saturation { delay_ms, per_second: 0.0, connections: 0, levels: Vec::new() };
    for connections in LEVELS {
        let plan = closed(server, requests, connections, Stop::After(Duration::from_secs(LEVEL_SECONDS)), false);
        let outcome = load::run(&plan).with_context(|| format!("{connections} connections"))?;
        let rate = outcome.rate();
        eprintln!(
            "  {connections:>5} connections {rate:>7.0}/s, p99 {:.0?}, {} refused",
            outcome.latency(0.99),
            outcome.faults
        );
        best.levels.push((connections, rate));
        let brings_more = rate > best.per_second * GAIN;
        if rate > best.per_second {
            (best.per_second, best.connections) = (rate, connections);
        }
        if !brings_more || rate > SATURATION_MAX {
            break;
        }
    }
    Ok(best)
}

fn closed<'a>(server: &Server, requests: &'a [Bytes], connections: usize, stop: Stop, once: bool) -> Plan<'a> {
    Plan {
        address: server.address,
        connections,
        requests,
        expect: EXPECT,
        once,
        // What is refused is no answer, and no reason to end.
        faults_max: u64::MAX,
        warm_up: if once { Duration::ZERO } else { Duration::from_secs(1) },
        stop,
        spin: false,
        mark_every: 0,
    }
}
