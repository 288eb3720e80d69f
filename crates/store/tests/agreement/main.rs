//! Random commands, with mistakes among them, give the same answers, snapshots, pages, payloads and summaries in each store as in the oracle, whenever the
//! database is opened again in between; and who follows what changed, part by part between them, has a copy of what is there.
#![expect(clippy::unwrap_used, clippy::print_stderr, reason = "tests, and a run that says how much it compared")]

#[path = "../support/cluster.rs"]
mod cluster;
mod commands;
mod copies;
mod estate;
mod fleet;
mod held;
#[path = "../support/model.rs"]
mod model;

use commands::{Step, caller, client_id, configuration_id, now, step};
use copies::Copies;
use held::{Held, Kind};
use model::Office;
use proptest::prelude::*;
use store::memory::MemoryStore;
use store::{Commit, Conditional, PayloadKind, Staged, StatusPage, StatusQuery, Store, StoreError};

const FILTERS: &[&str] = &[
    "",
    "wasSuccessful eq false",
    "startswith(userId,'u1')",
    "userId eq 'U2'",
    "userId eq '0a3f0000-0000-4000-8000-000000000001'",
    "startswith(userId,'0a3') and wasSuccessful",
    "startswith(userPrincipalName,'u1@')",
    "startswith(deviceName,'d') and wasSuccessful",
    "checkinDateTime ge 2026-11-10T00:00:00Z and startswith(userPrincipalName,'u')",
    "appliedPolicies/any(p:p eq '00000000-0000-0000-0000-000100000000')",
    "deviceName eq null or contains(userId,'3')",
    "month(checkinDateTime) eq 11 and not wasSuccessful",
];
const ORDERS: &[&str] = &["", "checkinDateTime", "checkinDateTime desc", "deviceName desc,userId"];

struct Pair {
    runtime: tokio::runtime::Runtime,
    memory: MemoryStore,
    held: Held,
    copies: Copies,
}

impl Pair {
    /// `None` where there is no such store.
    fn new(kind: Kind) -> Option<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let held = runtime.block_on(Held::new(kind))?;
        Some(Self { runtime, memory: MemoryStore::new(), held, copies: Copies::new() })
    }

    fn reopen(&mut self) {
        self.runtime.block_on(self.held.reopen());
    }

    fn stores(&self) -> [&dyn Store; 2] {
        [&self.memory, self.held.store()]
    }

    /// What each of the stores says, shown.
    #[expect(clippy::needless_pass_by_value, reason = "a closure written at the call")]
    fn both<T: std::fmt::Debug>(&self, ask: impl AsyncFn(&dyn Store) -> T) -> [String; 2] {
        self.stores().map(|store| format!("{:?}", self.runtime.block_on(ask(store))))
    }

    fn run(&mut self, step: Step) {
        match step {
            Step::Reopen => self.reopen(),
            Step::Checkin(tenant, checkin) => {
                let [one, two] = self.both(async |store| store.record(&caller(tenant), checkin.clone()).await);
                assert_eq!(one, two, "{checkin:?}");
                let [memory, held] =
                    self.stores().map(|store| self.runtime.block_on(store.snapshot(&caller(tenant))).unwrap());
                assert_eq!(memory, held, "{checkin:?}");
            }
            Step::Follow(limit) => self.follow(limit),
            Step::Staged(tenant, commands) => self.run_staged(tenant, &commands),
            Step::Commit(tenant, commit) => {
                let shown = format!("{commit:?}");
                let [one, two] = self.both(async |store| {
                    let answer = store.commit(&caller(tenant), commit.clone()).await;
                    answer.map(|committed| (committed.version, (*committed.snapshot).clone()))
                });
                assert_eq!(one.split("by_id").next(), two.split("by_id").next(), "{shown}");
                for tenant in [1, 2] {
                    let [memory, held] =
                        self.stores().map(|store| self.runtime.block_on(store.snapshot(&caller(tenant))).unwrap());
                    assert_eq!(memory, held, "{shown}");
                }
            }
        }
    }

    /// Each copy takes the next part from both stores, which say the same.
    fn follow(&mut self, limit: usize) {
        let mut copies = std::mem::take(&mut self.copies);
        copies.take_part(
            |who, query| {
                let [one, two] = self.stores().map(|store| self.runtime.block_on(store.changes(who, query)));
                assert_eq!(copies::shown(&one), copies::shown(&two), "{query:?}");
                two
            },
            limit,
        );
        self.copies = copies;
    }

    /// Each copy takes what is left, and is then as the original is.
    fn compare_copies(&mut self) {
        loop {
            self.follow(3);
            if self.copies.are_complete() {
                break;
            }
        }
        for tenant in [1, 2] {
            let snapshot = self.runtime.block_on(self.memory.snapshot(&caller(tenant))).unwrap();
            self.copies.compare(tenant, &snapshot);
        }
    }

    /// Both stores answer alike while it is staged, and show it afterwards as it was shown before.
    fn run_staged(&self, tenant: u128, commands: &[Conditional]) {
        let who = caller(tenant);
        let [one, two] = self.both(async |store| {
            let staged = Staged::begin(store, who.clone(), now()).await.unwrap();
            let mut answers = Vec::new();
            for command in commands {
                let answer = staged.commit(&who, Commit::new(now(), vec![command.clone()])).await;
                answers.push(answer.map(|committed| committed.version));
            }
            let (shown, snapshot) = (views(&staged, tenant).await, staged.snapshot(&who).await.unwrap());
            staged.finish().await.unwrap();
            assert_eq!(views(store, tenant).await, shown, "{commands:?}");
            assert_eq!(store.snapshot(&who).await.unwrap(), snapshot, "{commands:?}");
            answers
        });
        assert_eq!(one, two, "{commands:?}");
    }

    fn compare_rows(&self, office: &Office) {
        for tenant in [1, 2] {
            for n in 0..4 {
                self.compare_configuration(office, tenant, n);
            }
        }
    }

    fn compare_configuration(&self, office: &Office, tenant: u128, n: u128) {
        let who = caller(tenant);
        let id = configuration_id(tenant, n);
        // Where nothing is, nothing depends on what is asked.
        let is_there = self.runtime.block_on(self.memory.snapshot(&who)).unwrap().configuration(id).is_some();
        let (filters, orders) = if is_there { (FILTERS, ORDERS) } else { (&FILTERS[..1], &ORDERS[..1]) };
        for filter in filters {
            for order in orders {
                let query = StatusQuery {
                    filter: (!filter.is_empty()).then(|| office.filter(filter)),
                    order: office.order(order),
                    applied_policy: (order.len() == 15).then(|| client_id(1)),
                    count: true,
                    ..StatusQuery::all(id, 3)
                };
                let pages = self.both(async |store| pages(store, &who, query.clone()).await);
                assert_eq!(pages[0], pages[1], "{filter} {order}");
            }
        }
        for client in 0..4 {
            let client = client_id(client);
            for which in [PayloadKind::Policy, PayloadKind::UserPreference] {
                let [one, two] = self.both(async |store| store.payload(&who, id, client, which).await);
                assert_eq!(one, two);
            }
            for client in [None, Some(client)] {
                let [one, two] = self.both(async |store| store.summary(&who, id, client, now().unix_day()).await);
                assert_eq!(one, two);
            }
        }
    }
}

/// What is there beside the snapshot.
async fn views(store: &dyn Store, tenant: u128) -> Vec<String> {
    let who = caller(tenant);
    let mut all = Vec::new();
    for n in 0..4 {
        let id = configuration_id(tenant, n);
        all.push(format!("{:?}", pages(store, &who, StatusQuery { count: true, ..StatusQuery::all(id, 2) }).await));
        for client in [None, Some(0), Some(1)] {
            let client = client.map(client_id);
            all.push(format!("{:?}", store.summary(&who, id, client, now().unix_day()).await));
        }
        for client in 0..4 {
            for which in [PayloadKind::Policy, PayloadKind::UserPreference] {
                all.push(format!("{:?}", store.payload(&who, id, client_id(client), which).await));
            }
        }
    }
    all
}

async fn pages(store: &dyn Store, who: &store::Caller, mut query: StatusQuery) -> Result<Vec<StatusPage>, StoreError> {
    let mut all = Vec::new();
    loop {
        let mut page = store.statuses(who, query.clone()).await?;
        // A place in the rows is each store's own.
        query.after = page.next.take();
        all.push(page);
        if query.after.is_none() {
            return Ok(all);
        }
    }
}

fn agree_on(kind: Kind, steps: Vec<Step>) {
    let office = Office::new();
    let Some(mut pair) = Pair::new(kind) else { return };
    for step in steps {
        pair.run(step);
    }
    pair.compare_copies();
    // What PostgreSQL answers is read from there each time, also before it is opened again.
    if kind == Kind::Sqlite {
        pair.compare_rows(&office);
    }
    pair.reopen();
    pair.compare_rows(&office);
    pair.held.verify();
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn both_stores_agree_on_random_commands(steps in proptest::collection::vec(step(), 1..40)) {
        agree_on(Kind::Sqlite, steps);
    }
}

proptest! {
    // Each in a database of its own, with thousands of questions over a connection: fewer.
    #![proptest_config(ProptestConfig { cases: 10, ..ProptestConfig::default() })]

    #[test]
    fn postgres_agrees_on_random_commands(steps in proptest::collection::vec(step(), 1..40)) {
        agree_on(Kind::Postgres, steps);
    }
}
