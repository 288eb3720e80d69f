//! Thousands of check-ins in shared transactions, days apart and over restarts: each database counts what a count of the rows gives.

use std::sync::Arc;

use futures_util::future::join_all;
use odata::edm::DateTimeOffset;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use store::memory::MemoryStore;
use store::{
    Caller, Checkin, CheckinReport, CheckinStatus, Command, Commit, ConfigurationId, StatusPage, StatusQuery, Store,
};

use super::commands::{caller, client_id, configuration_id, now};
use super::held::{Held, Kind};
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

/// The oracle, and a store that has recorded the same.
struct Pair {
    memory: MemoryStore,
    held: Held,
    who: Caller,
}

impl Pair {
    /// `None` where there is no such store.
    async fn new(kind: Kind) -> Option<Self> {
        let pair = Self { memory: MemoryStore::new(), held: Held::new(kind).await?, who: caller(1) };
        for store in [&pair.memory, pair.held.store()] {
            let command = Command::CreateConfiguration {
                id: fleet(),
                default: false,
                summary: None,
                statuses: Vec::new(),
                clients: Vec::new(),
            };
            store.commit(&pair.who, Commit::of(now(), command)).await.unwrap();
        }
        Some(pair)
    }

    /// The latest one comes first and by itself: which rows are too old does not depend then on who of the others comes before whom.
    async fn record(&self, mut checkins: Vec<Checkin>, latest: i64) {
        checkins[0].at = DateTimeOffset::from_ticks(latest).unwrap();
        for checkin in &checkins {
            self.memory.record(&self.who, checkin.clone()).await.unwrap();
        }
        let store = self.held.store();
        store.record(&self.who, checkins.remove(0)).await.unwrap();
        // In the queue in this order, in few transactions.
        for answer in join_all(checkins.into_iter().map(|checkin| store.record(&self.who, checkin))).await {
            answer.unwrap();
        }
    }

    async fn compare(&self, office: &Office) {
        for order in ["", "checkinDateTime", "checkinDateTime desc"] {
            // Which of two at one instant comes first is known only where the order of all is.
            let limit = if self.held.keeps_order() { 20 } else { 1_000 };
            let query = StatusQuery { count: true, order: office.order(order), ..StatusQuery::all(fleet(), limit) };
            let [one, two] = self.pages(query).await;
            for page in [&one, &two] {
                assert!(order != "checkinDateTime" || page.rows.is_sorted_by_key(|row| row.checkin.ticks()));
                assert!(!order.contains("desc") || page.rows.is_sorted_by_key(|row| -row.checkin.ticks()));
            }
            assert_eq!(self.comparable(one), self.comparable(two), "{order}");
        }
        let [one, two] =
            [self.memory.snapshot(&self.who).await.unwrap(), self.held.store().snapshot(&self.who).await.unwrap()];
        let counts = [one, two].map(|of| of.configuration(fleet()).unwrap().status_count);
        assert_eq!(counts[0], counts[1]);
        for client in [None, Some(client_id(1)), Some(client_id(2)), Some(client_id(3))] {
            for days in [0, 1, 40, 91] {
                let today = now().unix_day() - days;
                let [one, two] = [
                    self.memory.summary(&self.who, fleet(), client, today).await.unwrap(),
                    self.held.store().summary(&self.who, fleet(), client, today).await.unwrap(),
                ];
                assert_eq!(one, two, "{client:?}, {days} days ago");
            }
        }
    }

    async fn pages(&self, query: StatusQuery) -> [StatusPage; 2] {
        [
            self.memory.statuses(&self.who, query.clone()).await.unwrap(),
            self.held.store().statuses(&self.who, query).await.unwrap(),
        ]
    }

    fn comparable(&self, page: StatusPage) -> (Option<u64>, Vec<Arc<CheckinStatus>>) {
        let mut rows = page.rows;
        if !self.held.keeps_order() {
            rows.sort_by_key(|row| (row.user_id.to_lowercase(), row.device_name.clone(), row.device_platform.clone()));
        }
        (page.count, rows)
    }
}

fn counts_what_the_rows_say(kind: Kind) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let office = Office::new();
    let mut random = TestRunner::deterministic();
    runtime.block_on(async {
        let Some(mut pair) = Pair::new(kind).await else { return };
        for round in 0..CHECKINS / AT_ONCE {
            // Two days a round: rows become old, and their devices come again.
            let days_left = i64::try_from((CHECKINS / AT_ONCE - round) * 2).unwrap();
            let latest = now().ticks() - days_left * 864_000_000_000;
            let checkins = (0..AT_ONCE).map(|_| checkin(latest).new_tree(&mut random).unwrap().current()).collect();
            pair.record(checkins, latest).await;
            if round % 8 == 7 {
                pair.held.reopen().await;
            }
            pair.compare(&office).await;
        }
        let [one, two] = pair.pages(StatusQuery::all(fleet(), 1_000)).await;
        assert_eq!(pair.comparable(one), pair.comparable(two));
        pair.held.verify();
    });
}

#[test]
fn r5_what_is_counted_as_check_ins_come_is_what_the_rows_say() {
    counts_what_the_rows_say(Kind::Sqlite);
}

#[test]
fn r5_what_postgres_counts_as_check_ins_come_is_what_the_rows_say() {
    counts_what_the_rows_say(Kind::Postgres);
}
