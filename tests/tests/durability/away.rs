//! The database server ends under concurrent writers, again and again, and comes back; the service is left alone. Each run has a cluster of its own.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use e2e::{Api, Database, Setup, Store};

use crate::ledger::{Entry, Fixture, Kind};
use crate::writers::{Done, PACE, Taken};

/// Times that the database ends.
const ROUNDS: usize = 8;

/// Lets all writers write while the database ends and comes back.
fn write_while_it_is_away(database: &Database, api: &Api, fixture: &Fixture, ledger: &mut [Entry], round: usize) {
    let (taken, done) = (Taken::new(), AtomicBool::new(false));
    let service_says = || api.anonymous().get("//readyz").text();
    std::thread::scope(|scope| {
        for (entry, taken) in ledger.iter_mut().zip(&taken.0) {
            let done = &done;
            scope.spawn(move || {
                while !done.load(Ordering::Relaxed) {
                    let before = entry.total;
                    assert!(fixture.write(api, entry), "the service closed a connection");
                    taken.fetch_add(entry.total - before, Ordering::Relaxed);
                    std::thread::sleep(PACE);
                }
            });
        }
        let _done = Done(&done);
        taken.wait_for(Kind::ALL.len(), service_says);
        // At another point of what is under way each time.
        std::thread::sleep(Duration::from_millis((round as u64 * 7) % 40));
        database.stop_at_once();
        // Now and then for longer than the service tries again for.
        std::thread::sleep(Duration::from_millis(if round % 4 == 3 { 6_000 } else { (round as u64 * 130) % 500 }));
        database.start_again();
        taken.wait_for(Kind::ALL.len(), service_says);
    });
}

#[test]
fn a_database_that_ends_under_concurrent_writers_loses_nothing_and_the_service_comes_back_by_itself() {
    let start = Instant::now();
    let Some(database) = Database::alone() else { return };
    let service = Setup::default().store(Store::Database(database.clone())).start();
    let api = service.admin("contoso");
    let users = ["anna@contoso.example", "bert@contoso.example"]
        .map(|user| service.token(&["--tenant", "contoso", "--user", user, "--scope", "UserPolicies.Read"]));
    let fixture = Fixture::new(&api, users);
    let mut ledger: Vec<Entry> = Kind::ALL.into_iter().map(Entry::new).collect();
    for round in 1..=ROUNDS {
        write_while_it_is_away(&database, &api, &fixture, &mut ledger, round);
        for entry in &mut ledger {
            fixture.check(&api, entry, round);
        }
    }
    fixture.check_all(&api, &ledger);
    // What another service finds is what this one told.
    let other = Setup::default().store(Store::Database(database.clone())).start();
    let elsewhere = api.at(&other);
    for entry in &mut ledger {
        fixture.check(&elsewhere, entry, ROUNDS);
    }
    fixture.check_all(&elsewhere, &ledger);
    let total: usize = ledger.iter().map(|entry| entry.total).sum();
    eprintln!("{ROUNDS} ends of the database, {total} acknowledged writes, 0 lost, after {:.0?}", start.elapsed());
}
