//! Thousands of check-ins in shared transactions, days apart and over restarts: the database counts what a count of the rows gives.

use futures_util::future::join_all;
use odata::edm::DateTimeOffset;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use store::memory::MemoryStore;
use store::sqlite::{SqliteOptions, SqliteStore, verify};
use store::{Checkin, CheckinReport, Command, Commit, ConfigurationId, StatusQuery, Store};

use super::commands::{caller, client_id, configuration_id, now};
use super::model::Office;

const CHECKINS: usize = 20_000;
/// Check-ins that are under way at once.
const AT_ONCE: usize = 250;

/// Of few devices, so that they meet; each at a time of its own within the 120 days up to `latest`.
fn checkin(latest: i64) -> impl Strategy<Value = Checkin> {
    let outcome = prop_oneof![3 => Just(None), 2 => any::<bool>().prop_map(Some)];
    let applied = proptest::collection::vec((1..4_u128).prop_map(client_id), 0..3);
    (0..12_u8, proptest::option::of(0..3_u8), 0..120_u32, outcome, applied).prop_map(
        move |(user, device, days, outcome, applied)| Checkin {
            configuration: fleet(),
            user_id: format!("user{user}").into(),
            user_principal_name: None,
            device_name: device.map(|device| format!("PC{device}").into()),
            device_platform: "windows".into(),
            at: DateTimeOffset::from_ticks(latest - i64::from(days) * 864_000_000_000).unwrap(),
            applied,
            report: outcome.map(|was_successful| CheckinReport {
                was_successful,
                error_message: None,
                device_platform_version: None,
            }),
        },
    )
}

fn fleet() -> ConfigurationId {
    configuration_id(1, 1)
}

#[test]
fn r5_what_is_counted_as_check_ins_come_is_what_the_rows_say() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let memory = MemoryStore::new();
    let open = || SqliteStore::open(SqliteOptions::new(folder.path())).unwrap();
    let mut opened = Some(open());
    let who = caller(1);
    let make = || {
        Commit::of(
            now(),
            Command::CreateConfiguration {
                id: fleet(),
                default: false,
                summary: None,
                statuses: Vec::new(),
                clients: Vec::new(),
            },
        )
    };
    let office = Office::new();
    let mut random = TestRunner::deterministic();
    runtime.block_on(async {
        memory.commit(&who, make()).await.unwrap();
        opened.as_ref().unwrap().commit(&who, make()).await.unwrap();
        for round in 0..CHECKINS / AT_ONCE {
            // Two days a round: rows become old, and their devices come again.
            let days_left = i64::try_from((CHECKINS / AT_ONCE - round) * 2).unwrap();
            let latest = now().ticks() - days_left * 864_000_000_000;
            let checkins: Vec<Checkin> =
                (0..AT_ONCE).map(|_| checkin(latest).new_tree(&mut random).unwrap().current()).collect();
            for checkin in &checkins {
                memory.record(&who, checkin.clone()).await.unwrap();
            }
            let sqlite = opened.as_ref().unwrap();
            // In the queue in this order, in few transactions.
            for answer in join_all(checkins.into_iter().map(|checkin| sqlite.record(&who, checkin))).await {
                answer.unwrap();
            }
            if round % 8 == 7 {
                drop(opened.take());
                opened = Some(open());
            }
            let sqlite = opened.as_ref().unwrap();
            for order in ["", "checkinDateTime", "checkinDateTime desc"] {
                let query = StatusQuery { count: true, order: office.order(order), ..StatusQuery::all(fleet(), 20) };
                let [one, two] =
                    [memory.statuses(&who, query.clone()).await.unwrap(), sqlite.statuses(&who, query).await.unwrap()];
                assert_eq!(one, two, "{order}");
            }
            let [one, two] = [memory.snapshot(&who).await.unwrap(), sqlite.snapshot(&who).await.unwrap()];
            let counts = [one, two].map(|of| of.configuration(fleet()).unwrap().status_count);
            assert_eq!(counts[0], counts[1]);
            for client in [None, Some(client_id(1)), Some(client_id(2)), Some(client_id(3))] {
                for days in [0, 1, 40, 91] {
                    let today = now().unix_day() - days;
                    let [one, two] = [
                        memory.summary(&who, fleet(), client, today).await.unwrap(),
                        sqlite.summary(&who, fleet(), client, today).await.unwrap(),
                    ];
                    assert_eq!(one, two, "{client:?}, {days} days ago");
                }
            }
        }
        let sqlite = opened.as_ref().unwrap();
        let query = StatusQuery::all(fleet(), 1_000);
        let [one, two] =
            [memory.statuses(&who, query.clone()).await.unwrap(), sqlite.statuses(&who, query).await.unwrap()];
        assert_eq!(one, two);
    });
    drop(opened);
    let report = verify(folder.path()).unwrap();
    assert!(report.is_sound(), "{report:?}");
}
