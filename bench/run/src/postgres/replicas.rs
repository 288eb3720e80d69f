//! Effective policies from one server and from three on one database, each with the same fixed share of a core, so that they are like machines of
//! their own; and what the database sees of it. It must never know how servers find out what others changed.

use std::time::Duration;

use anyhow::Context as _;
use bytes::Bytes;
use load::{Plan, Stop};
use serde::Serialize;

use super::cluster::Cluster;
use super::share::Share;
use super::site::Site;
use crate::checkin::{DEVICES, EXPECT};
use crate::compare::turn;
use crate::report::median;
use crate::server::{Programs, Server};
use crate::{Settings, estate, goals};

const SERVERS: usize = 3;

/// Of a core, for each server: what is left is enough for the database and the generators.
const PERCENT: u32 = 15;

/// For each server.
const CONNECTIONS: usize = 128;

const WARM_UP: Duration = Duration::from_millis(500);

/// What the service's database did: transactions, and rows of check-ins that were written.
const TRANSACTIONS: &str = "SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()";
const WRITTEN: &str = "SELECT sum(n_tup_ins + n_tup_upd) FROM pg_stat_user_tables WHERE relname ~ '^checkins_[0-9]+$'";

/// Answers a second, round by round.
#[derive(Serialize)]
pub(crate) struct Replicas {
    pub(crate) percent_of_a_core: u32,
    pub(crate) one: Vec<f64>,
    pub(crate) three: Vec<f64>,
    pub(crate) ratios: Vec<f64>,
    pub(crate) ratio: f64,
    pub(crate) goal: f64,
    pub(crate) met: bool,
    /// Transactions that the database saw for each answer, and rows of check-ins that it wrote, over all rounds.
    pub(crate) transactions_an_answer: f64,
    pub(crate) rows_an_answer: f64,
}

/// The rounds; `None` where processes cannot be held to a share of a core.
pub(super) fn run(
    programs: &Programs,
    settings: &Settings,
    cluster: &Cluster,
    site: &Site<'_>,
) -> anyhow::Result<Option<Replicas>> {
    eprintln!("effective policies, {SERVERS} servers");
    let shares: Option<Vec<Share>> = (0..SERVERS).map(|n| Share::new(&n.to_string(), PERCENT)).collect();
    let Some(shares) = shares else {
        eprintln!("  left out: no control groups that we may make");
        return Ok(None);
    };
    let known = site.users.requests(DEVICES)?;
    let mut servers = Vec::new();
    let mut policies = None;
    for (number, share) in shares.iter().enumerate() {
        let server = site.start(programs, &format!("replica-{number}"))?;
        policies = Some(estate::first_check_in(&server, &known.tokens[0], known.devices[0])?);
        share.take(server.id()).context("putting a server into its share")?;
        servers.push(server);
    }
    let requests = known.requests(&policies.context("there are servers")?);
    // A round that counts for nothing: every device has its row after it, and every server has seen its tokens.
    together(&servers, &requests, settings)?;
    let seen = || anyhow::Ok((cluster.number(TRANSACTIONS)?, cluster.number(WRITTEN)?));
    let before = seen()?;
    let (mut one, mut three, mut answers) = (Vec::new(), Vec::new(), 0.0);
    for round in 0..settings.rounds {
        for count in turn(vec![1, SERVERS], round) {
            cluster.settle()?;
            let (rate, answered) = together(&servers[..count], &requests, settings)?;
            eprintln!("  {count} servers {rate:>9.0}/s");
            if count == 1 { &mut one } else { &mut three }.push(rate);
            answers += answered;
        }
    }
    // The server's figures of its own work are up to a second old.
    std::thread::sleep(Duration::from_secs(2));
    let after = seen()?;
    drop(servers);
    let ratios: Vec<f64> = three.iter().zip(&one).map(|(three, one)| three / one).collect();
    let ratio = median(&ratios);
    Ok(Some(Replicas {
        percent_of_a_core: PERCENT,
        one,
        three,
        ratios,
        ratio,
        goal: goals::POSTGRES_REPLICAS,
        met: ratio >= goals::POSTGRES_REPLICAS,
        transactions_an_answer: (after.0 - before.0) / answers,
        rows_an_answer: (after.1 - before.1) / answers,
    }))
}

/// Loads the servers at the same time, each with a part of the devices; with the answers a second of all, and about how many there were with the
/// warm-up.
fn together(servers: &[Server], requests: &[Bytes], settings: &Settings) -> anyhow::Result<(f64, f64)> {
    let parts: Vec<&[Bytes]> = requests.chunks(requests.len().div_ceil(SERVERS) & !1).collect();
    let rates = std::thread::scope(|scope| {
        let running: Vec<_> = servers
            .iter()
            .zip(parts)
            .map(|(server, requests)| {
                let plan = Plan {
                    address: server.address,
                    connections: CONNECTIONS,
                    requests,
                    expect: EXPECT,
                    once: false,
                    faults_max: 0,
                    warm_up: WARM_UP,
                    stop: Stop::After(Duration::from_secs(settings.seconds)),
                    spin: false,
                    mark_every: 0,
                };
                scope.spawn(move || load::run(&plan).map(|outcome| outcome.rate()))
            })
            .collect();
        running
            .into_iter()
            .map(|one| one.join().map_err(|_| anyhow::anyhow!("a generator panicked"))?)
            .collect::<anyhow::Result<Vec<f64>>>()
    })?;
    let rate: f64 = rates.iter().sum();
    let length = WARM_UP + Duration::from_secs(settings.seconds);
    Ok((rate, rate * length.as_secs_f64()))
}
