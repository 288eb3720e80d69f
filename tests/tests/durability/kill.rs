//! `kill -9` under concurrent writers, again and again.

use std::time::{Duration, Instant};

use e2e::{Api, Cli, Service};

use crate::ledger::{Entry, Fixture, Kind};

/// Kills.
const ROUNDS: usize = 50;
/// Most writes of one kind in a round, so that the test's length does not depend on the machine's speed.
const WRITES_MAX: usize = 60;

/// Lets all writers write until the service is killed; how long that is differs from round to round.
fn write_until_killed(service: &mut Service, api: &Api, fixture: &Fixture, ledger: &mut [Entry], round: usize) {
    let alive = Duration::from_millis(30 + (round as u64 * 37) % 270);
    std::thread::scope(|scope| {
        for entry in ledger.iter_mut() {
            scope.spawn(move || {
                for _ in 0..WRITES_MAX {
                    if !fixture.write(api, entry) {
                        break;
                    }
                }
            });
        }
        std::thread::sleep(alive);
        service.kill();
    });
}

#[test]
fn fifty_kills_under_concurrent_writers_lose_nothing_and_leave_nothing_half_applied() {
    let start = Instant::now();
    let mut service = Service::start();
    let mut api = service.admin("contoso");
    let users = ["anna@contoso.example", "bert@contoso.example"]
        .map(|user| service.token(&["--tenant", "contoso", "--user", user, "--scope", "UserPolicies.Read"]));
    let fixture = Fixture::new(&api, users);
    let mut ledger: Vec<Entry> = Kind::ALL.into_iter().map(Entry::new).collect();
    for round in 1..=ROUNDS {
        write_until_killed(&mut service, &api, &fixture, &mut ledger, round);
        service.start_again();
        api = api.at(&service);
        for entry in &mut ledger {
            fixture.check(&api, entry, round);
        }
    }
    let inserted = ledger.iter().find(|entry| entry.kind == Kind::DeepInsert).map_or(0, |entry| entry.total);
    fixture.check_all_inserts(&api, inserted);
    for entry in &ledger {
        assert!(entry.total >= ROUNDS / 2, "only {} writes of {:?}: this run proves little", entry.total, entry.kind);
    }
    service.signal("TERM");
    assert!(service.wait().success());
    Cli::on(service.data()).succeed("verify", &[]);
    let total: usize = ledger.iter().map(|entry| entry.total).sum();
    eprintln!("{ROUNDS} kills, {total} acknowledged writes, 0 lost, after {:.0?}", start.elapsed());
}
