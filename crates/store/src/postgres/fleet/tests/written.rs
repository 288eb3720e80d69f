//! Rows that an administrator writes, what becomes of them when clients check in, and of all rows when their configuration goes.

use std::sync::Arc;

use tokio_postgres::Client;

use super::agreement::{compare, record};
use super::{Base, at, begin, caller, client_id, configuration, counts, snapshot};
use crate::command::{Change, Command, Commit};
use crate::domain::{Checkin, CheckinReport, CheckinStatus};
use crate::memory::MemoryStore;
use crate::postgres::fleet;
use crate::{Caller, Store as _, TenantSnapshot, rules};

/// The oracle, and the rows of the same commits in the database.
struct Both {
    memory: MemoryStore,
    client: Client,
    who: Caller,
    now: TenantSnapshot,
}

impl Both {
    async fn commit(&mut self, command: Command) {
        let commit = Commit::of(at("2026-06-30T10:00:00Z"), command);
        let (mut next, effects) = rules::apply(&self.now, commit.clone(), &|_, _| unreachable!("asked for")).unwrap();
        let tx = begin(&mut self.client, self.who.tenant).await;
        for effect in effects.data {
            fleet::apply(&tx, self.who.tenant, &mut next, effect).await.unwrap();
        }
        counts::check(&tx, self.who.tenant).await;
        tx.commit().await.unwrap();
        self.now = next;
        let committed = self.memory.commit(&self.who, commit).await.unwrap();
        assert_eq!(*committed.snapshot, self.now, "how many rows there are is part of it");
    }

    async fn compare(&mut self) {
        compare(&mut self.client, &self.memory, &self.who, &["", "wasSuccessful eq false", "startswith(userId,'u')"])
            .await;
    }
}

fn row(n: usize, when: &str) -> CheckinStatus {
    CheckinStatus {
        user_principal_name: (!n.is_multiple_of(3)).then(|| format!("u{n}@\u{0}contoso").into()),
        device_name: (!n.is_multiple_of(4)).then(|| format!("pc{}", "x".repeat(n * 90)).into()),
        device_platform: (!n.is_multiple_of(5)).then(|| "windows".into()),
        device_platform_version: None,
        was_successful: n.is_multiple_of(2),
        user_id: format!("u{}", n / 2).into(),
        checkin: at(when),
        error_message: (!n.is_multiple_of(2)).then(|| "\u{1}\u{0}".into()),
        applied_policies: match n % 3 {
            0 => None,
            1 => Some(vec![]),
            _ => Some(vec!["a \"quoted\" \u{0} one".into(), client_id(1).to_string().into()]),
        },
    }
}

fn rows(range: std::ops::Range<usize>) -> Vec<CheckinStatus> {
    range
        .map(|n| row(n, ["2026-06-29T00:00:00.50+03:00", "2020-01-01T00:00:00Z", "2030-01-01T00:00Z"][n % 3]))
        .collect()
}

fn create(n: u128, statuses: Vec<CheckinStatus>) -> Command {
    Command::CreateConfiguration { id: configuration(n), default: false, summary: None, statuses, clients: vec![] }
}

fn report(user: &str, device: Option<&str>) -> Checkin {
    Checkin {
        configuration: configuration(1),
        user_id: user.into(),
        user_principal_name: None,
        device_name: device.map(Into::into),
        device_platform: "windows".into(),
        at: at("2026-06-30T11:00:00Z"),
        applied: vec![client_id(2)],
        report: Some(CheckinReport { was_successful: false, error_message: None, device_platform_version: None }),
    }
}

#[tokio::test]
async fn r4_written_rows_become_the_clients_and_all_go_with_their_configuration() {
    let Some(base) = Base::new().await else { return };
    let (client, who) = (base.client().await, caller(1));
    let now = TenantSnapshot::empty(who.tenant);
    let mut both = Both { memory: MemoryStore::new(), client, who, now };
    both.commit(create(1, rows(0..14))).await;
    both.commit(create(2, rows(3..9))).await;
    both.compare().await;
    let update = |statuses| Command::UpdateConfiguration {
        id: configuration(1),
        default_may_be_created: false,
        summary: Change::Keep,
        statuses: Change::Set(statuses),
    };
    both.commit(update(rows(0..4))).await;
    both.compare().await;
    both.commit(update(rows(2..20))).await;
    // The later of two counts, what is too old is gone, and the written ones stand in front.
    let twice =
        [rows(18..24), vec![CheckinStatus { was_successful: true, ..row(18, "2026-06-30T00:00:00Z") }]].concat();
    both.commit(Command::RecordCheckins { configuration: configuration(1), checkins: twice }).await;
    both.commit(Command::RecordCheckins { configuration: configuration(2), checkins: vec![] }).await;
    both.compare().await;
    let checkins = [report("U9", None), report("u9", Some("new")), report("u4", Some("pc")), report("u2", Some("lap"))];
    for checkin in &checkins {
        both.memory.record(&both.who, checkin.clone()).await.unwrap();
    }
    record(&mut both.client, &both.who, &checkins).await;
    both.compare().await;
    both.now = (*snapshot(&both.memory, &both.who).await).clone();
    both.commit(Command::DeleteConfiguration { id: configuration(1) }).await;
    let tx = begin(&mut both.client, both.who.tenant).await;
    assert_eq!(fleet::counts(&tx, both.who.tenant).await.unwrap().keys().collect::<Vec<_>>(), [&2]);
    while fleet::tidy(&tx, both.who.tenant).await.unwrap() {}
    for table in ["written_checkins", "checkins", "checkin_texts", "checkin_users", "checkin_deltas", "checkin_reach"] {
        let sql = format!("SELECT count(*) FROM {table} WHERE configuration = 1");
        assert_eq!(tx.query_one(&sql, &[]).await.unwrap().get::<_, i64>(0), 0, "{table}");
    }
    tx.commit().await.unwrap();
    both.commit(create(1, vec![])).await;
    both.commit(Command::RecordCheckins {
        configuration: configuration(1),
        checkins: vec![row(1, "2026-06-30T00:00:00Z")],
    })
    .await;
    both.compare().await;
    let rows: Vec<Arc<CheckinStatus>> = {
        let tx = begin(&mut both.client, both.who.tenant).await;
        fleet::written_rows(&tx, both.who.tenant, 3).await.unwrap()
    };
    assert!(rows.is_empty());
}
