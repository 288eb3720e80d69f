//! Random check-ins in random batches give the oracle's rows in every order, its counts and its summaries, whenever old rows are tidied away.

use proptest::test_runner::TestRunner;

use super::model::Office;
use super::{Base, TICKS_A_DAY, at, begin, caller, checkins, client_id, configuration, counts, oracle, snapshot};
use crate::memory::MemoryStore;
use crate::postgres::failure::Failure;
use crate::postgres::{fleet, statuses};
use crate::status::{StatusPage, StatusQuery};
use crate::{Caller, Checkin, Store as _, StoreError};

const FILTERS: &[&str] = &[
    "",
    "userId eq 'user3'",
    "startswith(userId,'user')",
    "startswith(userPrincipalName,'USER') and wasSuccessful",
    "userPrincipalName eq null",
    "deviceName eq ''",
    "startswith(deviceName,'long')",
    "startswith(deviceName,'PC') and wasSuccessful eq false",
    "wasSuccessful eq false",
    "checkinDateTime ge 2026-03-20T00:00:00Z and checkinDateTime lt 2026-06-01T12:00:00+02:00",
    "contains(deviceName,'c1') or endswith(userId,'3')",
    "not startswith(deviceName,'p')",
    "tolower(userId) eq 'user4'",
    "length(deviceName) eq 1202",
    "contains(deviceName,'\u{2}')",
    "day(checkinDateTime) le 15 and wasSuccessful",
    "errorMessage ne null and devicePlatform eq 'windows'",
    "devicePlatformVersion in ('11',null)",
    "appliedPolicies/any(p:p eq '00000000-0000-0000-0000-000200000000')",
    "appliedPolicies/all(p:startswith(p,'00000000-0000-0000-0000-0001'))",
];
const ORDERS: &[&str] =
    &["", "checkinDateTime", "checkinDateTime desc", "deviceName desc,userId", "userPrincipalName,wasSuccessful desc"];

pub(super) async fn record(client: &mut tokio_postgres::Client, who: &Caller, batch: &[Checkin]) {
    let of = |checkin: &Checkin| if checkin.configuration == configuration(1) { 1 } else { 2 };
    let batch: Vec<(u64, &Checkin)> = batch.iter().map(|checkin| (of(checkin), checkin)).collect();
    let tx = begin(client, who.tenant).await;
    fleet::record(&tx, who.tenant, &batch).await.unwrap();
    tx.commit().await.unwrap();
}

/// Every page of a query, from the oracle and from the database.
async fn pages(
    client: &mut tokio_postgres::Client,
    memory: &MemoryStore,
    who: &Caller,
    query: &StatusQuery,
) -> [Vec<Result<StatusPage, String>>; 2] {
    let now = snapshot(memory, who).await;
    let found = now.configuration(query.configuration).unwrap();
    let shown = |error: StoreError| format!("{error:?}");
    let mut all = [Vec::new(), Vec::new()];
    for (n, pages) in all.iter_mut().enumerate() {
        let mut query = query.clone();
        loop {
            let page = if n == 0 {
                memory.statuses(who, query.clone()).await
            } else {
                let tx = begin(client, who.tenant).await;
                statuses::page(&tx, who.tenant, found, &query).await.map_err(Failure::of_read)
            };
            let next = page.as_ref().ok().and_then(|page| page.next.clone());
            // Keys are the database's own.
            pages.push(page.map(|page| StatusPage { next: None, ..page }).map_err(shown));
            match next {
                Some(next) => query.after = Some(next),
                None => break,
            }
        }
    }
    all
}

pub(super) async fn compare(client: &mut tokio_postgres::Client, memory: &MemoryStore, who: &Caller, filters: &[&str]) {
    let office = Office::new();
    for n in [1, 2] {
        for filter in filters {
            for order in ORDERS {
                let query = StatusQuery {
                    filter: (!filter.is_empty()).then(|| office.filter(filter)),
                    order: office.order(order),
                    applied_policy: (order.len() % 5 == 0 && filter.len() % 2 == 1).then(|| client_id(1)),
                    skip: u64::from(filter.len() % 4 == 1),
                    count: true,
                    ..StatusQuery::all(configuration(n), 7)
                };
                for query in [StatusQuery { count: false, ..query.clone() }, query] {
                    let [expected, found] = pages(client, memory, who, &query).await;
                    assert_eq!(found, expected, "{filter} {order}");
                }
            }
        }
    }
    let now = snapshot(memory, who).await;
    let latest = at("2026-06-30T00:00:00Z").unix_day();
    let tx = begin(client, who.tenant).await;
    for found in now.configurations() {
        for client in [None, Some(client_id(1)), Some(client_id(2)), Some(client_id(3)), Some(client_id(9))] {
            for today in (latest - 200..latest + 2).step_by(7) {
                let expected = memory.summary(who, found.id, client, today).await.unwrap();
                let summary = statuses::summary(&tx, who.tenant, found, client, today).await.unwrap();
                assert_eq!(summary, expected, "{client:?} {today}");
            }
        }
    }
    let rows = fleet::counts(&tx, who.tenant).await.unwrap();
    for found in now.configurations().filter(|found| found.has_checkins_from_clients) {
        assert_eq!(rows.get(&found.seq).map_or(0, |(_, rows)| *rows), found.status_count);
    }
    counts::check(&tx, who.tenant).await;
}

#[tokio::test]
async fn r4_r5_random_check_ins_come_to_what_the_oracle_says() {
    let Some(base) = Base::new().await else { return };
    let (mut client, who) = (base.client().await, caller(1));
    let memory = oracle(&who).await;
    let mut random = TestRunner::deterministic();
    for round in 0..40_i64 {
        // Three days a round: rows become old, and their devices come again.
        let latest = at("2026-06-30T00:00:00Z").ticks() - (40 - round) * 3 * TICKS_A_DAY;
        let size = [1, 2, 5, 40, 200][usize::try_from(round % 5).unwrap()];
        let batch = checkins(&mut random, latest, size);
        for checkin in &batch {
            memory.record(&who, checkin.clone()).await.unwrap();
        }
        record(&mut client, &who, &batch).await;
        let tx = begin(&mut client, who.tenant).await;
        if round % 3 == 0 {
            fleet::tidy(&tx, who.tenant).await.unwrap();
        }
        tx.commit().await.unwrap();
        let filters = if round == 20 { FILTERS } else { &FILTERS[..1] };
        compare(&mut client, &memory, &who, filters).await;
    }
    let tx = begin(&mut client, who.tenant).await;
    while fleet::tidy(&tx, who.tenant).await.unwrap() {}
    let old = tx.query_one(
        "SELECT count(*) FROM checkins h JOIN checkin_reach r USING (tenant, configuration)
                            WHERE h.ticks / 864000000000 - 719162 <= r.newest - 92",
        &[],
    );
    assert_eq!(old.await.unwrap().get::<_, i64>(0), 0, "what is old has left the disk");
    let appended =
        tx.query_one("SELECT count(*) - count(DISTINCT (configuration, client, day)) FROM checkin_deltas", &[]);
    assert_eq!(appended.await.unwrap().get::<_, i64>(0), 0, "all is folded");
    tx.commit().await.unwrap();
    compare(&mut client, &memory, &who, FILTERS).await;
    // Nobody else sees any of it.
    let tx = begin(&mut client, caller(2).tenant).await;
    assert!(fleet::counts(&tx, who.tenant).await.unwrap().is_empty());
}
