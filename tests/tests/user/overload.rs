//! A disk that does not answer: nobody waits for it for long, and those who are turned away do not all come back at once.

use std::collections::BTreeSet;
use std::time::Duration;

use e2e::{Answer, Service};
use serde_json::json;

use crate::world::{CLIENTS, WINDOWS, World, setting, settings};

/// Callers at once; that all of them are told the same wait by chance happens once in two hundred million times.
const CALLERS: usize = 13;

/// Holds the database's write lock, so that the service's writer waits as it would for a disk.
struct Held {
    _connection: rusqlite::Connection,
}

impl Held {
    fn of(service: &Service) -> Self {
        let connection = rusqlite::Connection::open(service.data().join("officeconfig.db")).unwrap();
        connection.busy_timeout(Duration::from_secs(20)).unwrap();
        connection.execute_batch("BEGIN IMMEDIATE").unwrap();
        Self { _connection: connection }
    }
}

/// The waits that many callers at once are told.
fn waits(ask: impl Fn() -> Answer + Sync) -> BTreeSet<u32> {
    std::thread::scope(|scope| {
        let callers: Vec<_> = (0..CALLERS).map(|_| scope.spawn(&ask)).collect();
        let answers = callers.into_iter().map(|caller| caller.join().unwrap());
        answers
            .map(|answer| {
                let wait = answer.expect_header("retry-after").parse().unwrap();
                answer.error_code(503, "ServiceUnavailable");
                wait
            })
            .collect()
    })
}

#[test]
fn policies_are_given_and_reports_turned_away_while_the_disk_does_not_answer() {
    let world = World::new();
    world.configured("all", 0, &["*"], &json!([setting("A", 1)]));
    let anna = world.user("anna", &[]);
    assert_eq!(anna.get(WINDOWS).is(200).header("officeconfig-recorded"), None);
    let held = Held::of(&world.service);
    // That these answers come at all is what is tested: the lock is not given up before them.
    let given = anna.get(WINDOWS).is(200);
    assert_eq!(given.expect_header("officeconfig-recorded"), "false");
    assert_eq!(settings(&given.json()), ["A=1"]);
    let report = json!({ "deviceName": "PC-1", "lastStatus": false, "lastTaskErrorMessage": "no" });
    let refused = anna.post(WINDOWS, &report);
    let wait: u32 = refused.expect_header("retry-after").parse().unwrap();
    assert!((5..=30).contains(&wait), "{wait}");
    refused.error_code(503, "ServiceUnavailable");
    drop(held);
    // The first of them may still be told that the disk is slow.
    let taken = (0..10_000).map(|_| anna.post(WINDOWS, &report)).find(|answer| answer.status != 503);
    taken.expect("reports are taken again").no_content();
    assert_eq!(world.statuses()[0]["errorMessage"], "no");
    let text = anna.anonymous().get("//metrics").is(200).text();
    for series in ["{kind=\"fetch\",recorded=\"false\"} 1", "{kind=\"report\",recorded=\"true\"} 1"] {
        let line = format!("officeconfig_checkins_total{series}");
        assert!(text.lines().any(|found| found == line), "no {line} in\n{text}");
    }
}

#[test]
fn those_who_are_turned_away_together_do_not_come_back_together() {
    let world = World::new();
    let anna = world.user("anna", &[]);
    anna.get(WINDOWS).is(200);
    let _held = Held::of(&world.service);
    let of_clients = waits(|| anna.post(WINDOWS, &json!({ "lastStatus": true })));
    assert!(of_clients.len() > 1 && of_clients.iter().all(|wait| (5..=30).contains(wait)), "{of_clients:?}");
    let body = json!({ "@odata.type": "#microsoft.graph.windowsOfficeClientConfiguration" });
    let of_tools = waits(|| world.admin.post(CLIENTS, &body));
    assert!(of_tools.len() > 1 && of_tools.iter().all(|wait| (1..=5).contains(wait)), "{of_tools:?}");
}
