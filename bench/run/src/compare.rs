//! Paired rounds: in each round every server gets the same load, in turn, and the order moves on from round to round. It must never know how a
//! server is started.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use bytes::Bytes;
use load::{Client, Outcome, Plan, Stop};
use serde::Serialize;

use crate::goals::{self, Goal};
use crate::report::median;
use crate::server::{CpuTime, Kind, Programs, Server};
use crate::{Settings, bodies, cpu};

/// Entities that the GETs go round.
const ENTITIES: usize = 4000;

/// Fills caches, opens connections, verifies the token once.
const WARM_UP: Duration = Duration::from_millis(500);

/// Lets the disk and the server before become quiet.
const PAUSE: Duration = Duration::from_millis(500);

/// One measured path.
#[derive(Serialize)]
pub(crate) struct Comparison {
    pub(crate) name: String,
    pub(crate) connections: usize,
    pub(crate) servers: BTreeMap<&'static str, Series>,
    /// The service's rate over another server's.
    pub(crate) ratios: BTreeMap<&'static str, Ratio>,
    /// The part of all rounds in which the generator waited for its core.
    pub(crate) disturbed: f64,
    /// What one bare signature check took before each round; the bound is reckoned with it, as it makes none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) signature_check_us: Vec<f64>,
    #[serde(skip)]
    goal: Goal,
}

/// One server's rounds; entry `n` of each list is round `n`.
#[derive(Default, Serialize)]
pub(crate) struct Series {
    pub(crate) per_second: Vec<f64>,
    pub(crate) median_per_second: f64,
    pub(crate) p50_us: Vec<u64>,
    pub(crate) p99_us: Vec<u64>,
    pub(crate) user_us_per_request: Vec<f64>,
    pub(crate) system_us_per_request: Vec<f64>,
    pub(crate) median_cpu_us_per_request: f64,
    /// The part of each round in which the generator waited because something else ran on its core.
    pub(crate) disturbed: Vec<f64>,
    pub(crate) answer_bytes: usize,
    pub(crate) faults: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) first_fault: Option<String>,
}

/// Ratios round by round, and whether their median is good enough.
#[derive(Serialize)]
pub(crate) struct Ratio {
    pub(crate) rounds: Vec<f64>,
    pub(crate) median: f64,
    pub(crate) goal: f64,
    /// Nothing when other work disturbed the rounds too much to tell.
    pub(crate) met: Option<bool>,
}

impl Settings {
    /// The length of a round with its warm-up.
    fn round(&self) -> Duration {
        WARM_UP + Duration::from_secs(self.seconds)
    }
}

/// Starts and fills a server; with what its answers show, which must be the same for all.
type Prepare = fn(&Programs, Kind) -> anyhow::Result<(Loaded, Vec<String>)>;

/// A server with the requests of a round.
pub(crate) struct Loaded {
    pub(crate) server: Server,
    pub(crate) requests: Vec<Bytes>,
    /// The statuses that count, for the requests in turn.
    pub(crate) expect: &'static [u16],
    /// Answers wait for the disk.
    pub(crate) durable: bool,
    /// No request may go twice.
    pub(crate) once: bool,
    pub(crate) answer_bytes: usize,
}

/// POST of the example. Every round has a fresh server: the figure is of a store that holds what one round writes.
pub(crate) fn post(programs: &Programs, settings: &Settings, connections: usize) -> anyhow::Result<Comparison> {
    let mut comparison = Comparison::new(format!("POST officeConfigurations, {connections}"), connections, goals::POST);
    for round in 0..settings.rounds {
        for kind in turn(programs.kinds(), round) {
            let loaded = prepare_post(programs, kind)?;
            comparison.measure(&loaded, settings)?;
        }
    }
    Ok(comparison.finish())
}

/// GET of some thousand entities by id.
pub(crate) fn get_by_id(programs: &Programs, settings: &Settings) -> anyhow::Result<Comparison> {
    let comparison = Comparison::new("GET by id, 64".into(), 64, goals::GET);
    reads(programs, settings, comparison, prepare_get)
}

/// A filtered, ordered page. All servers must give the same devices in the same order.
pub(crate) fn page(programs: &Programs, settings: &Settings) -> anyhow::Result<Comparison> {
    let comparison = Comparison::new("filtered page of 10,000 check-ins, 64".into(), 64, goals::PAGE);
    reads(programs, settings, comparison, prepare_page)
}

fn reads(
    programs: &Programs,
    settings: &Settings,
    mut comparison: Comparison,
    prepare: Prepare,
) -> anyhow::Result<Comparison> {
    let mut servers = Vec::new();
    let mut expected: Option<Vec<String>> = None;
    for kind in programs.kinds() {
        let (loaded, shows) = prepare(programs, kind)?;
        let expected = expected.get_or_insert_with(|| shows.clone());
        ensure!(*expected == shows, "{} answers {shows:?}, the first server {expected:?}", kind.name());
        servers.push(loaded);
    }
    for round in 0..settings.rounds {
        for index in turn((0..servers.len()).collect(), round) {
            comparison.measure(&servers[index], settings)?;
        }
    }
    Ok(comparison.finish())
}

fn prepare_post(programs: &Programs, kind: Kind) -> anyhow::Result<Loaded> {
    let server = programs.start(kind)?;
    let example = bodies::example();
    let path = "/beta/officeConfigurations";
    let answer = server.call(&mut Client::connect(server.address)?, "POST", path, &example, 201)?;
    let request = bodies::request("POST", path, server.token.as_deref(), &example);
    Ok(Loaded {
        server,
        requests: vec![request],
        expect: &[201],
        durable: true,
        once: false,
        answer_bytes: answer.len(),
    })
}

fn prepare_get(programs: &Programs, kind: Kind) -> anyhow::Result<(Loaded, Vec<String>)> {
    let server = programs.start(kind)?;
    let example = bodies::example();
    let mut client = Client::connect(server.address)?;
    let mut requests = Vec::new();
    let mut path = String::new();
    for _ in 0..ENTITIES {
        let id = server.create(&mut client, &example)?;
        path = format!("/beta/officeConfigurations/{id}");
        requests.push(bodies::request("GET", &path, server.token.as_deref(), &[]));
    }
    let answer = server.call(&mut client, "GET", &path, &[], 200)?;
    let entity: serde_json::Value = serde_json::from_slice(&answer)?;
    let device = entity["tenantCheckinStatuses"][0]["deviceName"].to_string();
    let loaded = Loaded::read(server, requests, answer.len());
    Ok((loaded, vec![device]))
}

fn prepare_page(programs: &Programs, kind: Kind) -> anyhow::Result<(Loaded, Vec<String>)> {
    let server = programs.start(kind)?;
    let mut client = Client::connect(server.address)?;
    let id = server.create(&mut client, &bodies::many_checkins()?)?;
    let paths = bodies::page_paths(&id, kind != Kind::Afternoon);
    let mut devices = Vec::new();
    let mut answer_bytes = 0;
    for path in &paths {
        let answer = server.call(&mut client, "GET", path, &[], 200)?;
        let page: serde_json::Value = serde_json::from_slice(&answer)?;
        let rows = page["value"].as_array().context("a page has rows")?;
        ensure!(rows.len() == bodies::PAGE_ROWS, "{}: a page of {} rows", kind.name(), rows.len());
        devices.extend(rows.iter().map(|row| row["deviceName"].to_string()));
        answer_bytes = answer.len();
    }
    let requests = paths.iter().map(|path| bodies::request("GET", path, server.token.as_deref(), &[])).collect();
    let loaded = Loaded::read(server, requests, answer_bytes);
    Ok((loaded, devices))
}

impl Loaded {
    /// Requests that read from memory.
    fn read(server: Server, requests: Vec<Bytes>, answer_bytes: usize) -> Self {
        Self { server, requests, expect: &[200], durable: false, once: false, answer_bytes }
    }
}

/// The list, begun at another place in every round.
pub(crate) fn turn<T>(mut list: Vec<T>, round: usize) -> Vec<T> {
    let length = list.len().max(1);
    list.rotate_left(round % length);
    list
}

impl Comparison {
    pub(crate) fn new(name: String, connections: usize, goal: Goal) -> Self {
        eprintln!("{name}");
        let (servers, ratios) = (BTreeMap::new(), BTreeMap::new());
        Self { name, connections, servers, ratios, goal, disturbed: 0.0, signature_check_us: Vec::new() }
    }

    pub(crate) fn measure(&mut self, loaded: &Loaded, settings: &Settings) -> anyhow::Result<()> {
        std::thread::sleep(PAUSE);
        let server = &loaded.server;
        let plan = Plan {
            address: server.address,
            connections: self.connections,
            requests: &loaded.requests,
            expect: loaded.expect,
            once: loaded.once,
            faults_max: load::FAULTS_MAX,
            warm_up: WARM_UP,
            stop: Stop::After(Duration::from_secs(settings.seconds)),
            // A sync needs kernel threads, and they need a core: a generator that polls would starve them, for every server differently.
            spin: settings.spin && !loaded.durable,
            mark_every: 0,
        };
        let (before, waited) = (server.cpu_time()?, cpu::waited());
        let outcome = load::run(&plan).with_context(|| server.kind.name())?;
        let (after, waited) = (server.cpu_time()?, cpu::waited().saturating_sub(waited));
        eprintln!(
            "  {:<13}{:>9.0}/s  p50 {:>7} µs  p99 {:>7} µs{}",
            server.kind.name(),
            outcome.rate(),
            outcome.latency(0.5).as_micros(),
            outcome.latency(0.99).as_micros(),
            outcome
                .first_fault
                .as_ref()
                .map_or_else(String::new, |fault| format!("  {} faults: {fault}", outcome.faults))
        );
        let series = self.servers.entry(server.kind.name()).or_default();
        series.answer_bytes = loaded.answer_bytes;
        series.push(&outcome, before, after, settings);
        series.disturbed.push(waited.as_secs_f64() / settings.round().as_secs_f64());
        Ok(())
    }

    pub(crate) fn finish(mut self) -> Self {
        for series in self.servers.values_mut() {
            series.median_per_second = median(&series.per_second);
            let (user, system) = (&series.user_us_per_request, &series.system_us_per_request);
            let both: Vec<f64> = user.iter().zip(system).map(|(user, system)| user + system).collect();
            series.median_cpu_us_per_request = median(&both);
        }
        self.disturbed = mean(self.servers.values().flat_map(|series| &series.disturbed));
        let decisive = self.disturbed <= goals::MAX_DISTURBED;
        if let Some(service) = self.servers.get(Kind::Service.name()) {
            for (kind, goal) in [(Kind::Bound, self.goal.bound), (Kind::Afternoon, self.goal.afternoon)] {
                if let Some(other) = self.servers.get(kind.name()) {
                    let rounds: Vec<f64> = service
                        .per_second
                        .iter()
                        .zip(&other.per_second)
                        .enumerate()
                        .map(|(round, (service, other))| {
                            let check_s = self.signature_check_us.get(round).map_or(0.0, |micros| micros / 1e6);
                            service * (1.0 / other + check_s)
                        })
                        .collect();
                    let median = median(&rounds);
                    let ratio = Ratio { rounds, median, goal, met: decisive.then_some(median >= goal) };
                    self.ratios.insert(kind.name(), ratio);
                }
            }
        }
        self
    }
}

impl Series {
    fn push(&mut self, outcome: &Outcome, before: CpuTime, after: CpuTime, settings: &Settings) {
        self.per_second.push(outcome.rate());
        self.p50_us.push(micros(outcome.latency(0.5)));
        self.p99_us.push(micros(outcome.latency(0.99)));
        // The CPU time covers the warm-up too: its requests are reckoned at the measured rate.
        let requests = outcome.rate() * settings.round().as_secs_f64();
        let each = |time: Duration| time.as_secs_f64() * 1e6 / requests;
        self.user_us_per_request.push(each(after.user.saturating_sub(before.user)));
        self.system_us_per_request.push(each(after.system.saturating_sub(before.system)));
        self.faults += outcome.faults;
        if self.first_fault.is_none() {
            self.first_fault.clone_from(&outcome.first_fault);
        }
    }
}

fn mean<'a>(values: impl Iterator<Item = &'a f64>) -> f64 {
    let (sum, count) = values.fold((0.0, 0.0), |(sum, count), value| (sum + value, count + 1.0));
    sum / count
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}
