//! `kill -9` of the service under concurrent writers, again and again.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use e2e::{Api, Cli, Service, Store};

use crate::ledger::{Entry, Fixture, Kind};
use crate::writers::Taken;

/// Kills: fewer where the service keeps nothing of its own, and the database, which survives, is killed elsewhere (`away`, `tests/ha`).
fn rounds() -> usize {
    if Store::is_postgres_asked() { 20 } else { 50 }
}

/// Most writes of one kind in a round, so that the test's length does not depend on the machine's speed.
const WRITES_MAX: usize = 60;

/// Lets all writers write until the service is killed; how long that is differs from round to round, and in every second one each of them was told
/// before that something of it is stored.
fn write_until_killed(service: &mut Service, api: &Api, fixture: &Fixture, ledger: &mut [Entry], round: usize) {
    let taken = Taken::new();
    std::thread::scope(|scope| {
        for (entry, taken) in ledger.iter_mut().zip(&taken.0) {
            scope.spawn(move || {
                for _ in 0..WRITES_MAX {
                    let before = entry.total;
                    if !fixture.write(api, entry) {
                        break;
                    }
                    taken.fetch_add(entry.total - before, Ordering::Relaxed);
                }
            });
        }
        taken.wait_for(if round.is_multiple_of(2) { Kind::ALL.len() } else { 1 }, || service.log());
        std::thread::sleep(Duration::from_millis((round as u64 * 37) % 270));
        service.kill();
    });
}

#[test]
fn kills_under_concurrent_writers_lose_nothing_and_leave_nothing_half_applied() {
    let (start, rounds) = (Instant::now(), rounds());
    let mut service = Service::start();
    let mut api = service.admin("contoso");
    let users = ["anna@contoso.example", "bert@contoso.example"]
        .map(|user| service.token(&["--tenant", "contoso", "--user", user, "--scope", "UserPolicies.Read"]));
    let fixture = Fixture::new(&api, users);
    let mut ledger: Vec<Entry> = Kind::ALL.into_iter().map(Entry::new).collect();
    for round in 1..=rounds {
        write_until_killed(&mut service, &api, &fixture, &mut ledger, round);
        service.start_again();
        api = api.at(&service);
        for entry in &mut ledger {
            fixture.check(&api, entry, round);
        }
    }
    fixture.check_all(&api, &ledger);
    for entry in &ledger {
        assert!(entry.total >= rounds / 2, "only {} writes of {:?}: this run proves little", entry.total, entry.kind);
    }
    service.signal("TERM");
    assert!(service.wait().success());
    if !Store::is_postgres_asked() {
        Cli::on(service.data()).succeed("verify", &[]);
    }
    let total: usize = ledger.iter().map(|entry| entry.total).sum();
    eprintln!("{rounds} kills, {total} acknowledged writes, 0 lost, after {:.0?}", start.elapsed());
}
