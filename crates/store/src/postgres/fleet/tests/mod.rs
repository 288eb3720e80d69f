//! The data plane against the oracle, each test in a database of its own, with the role of the service. It must never reach into a store.
#![expect(clippy::unwrap_used, reason = "tests")]

mod agreement;
mod counts;
#[path = "../../../../tests/support/model.rs"]
mod model;
mod together;
mod written;

use odata::edm::DateTimeOffset;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use tokio_postgres::{Client, NoTls, Transaction};
use uuid::Uuid;

use crate::command::{Command, Commit};
use crate::domain::{Checkin, CheckinReport};
use crate::ids::{Caller, ClientConfigurationId, ConfigurationId, TenantId};
use crate::memory::MemoryStore;
use crate::postgres::cluster;
use crate::{Store as _, TenantSnapshot};
use std::sync::Arc;

const TICKS_A_DAY: i64 = 864_000_000_000;

/// A database with the schema.
struct Base(cluster::Database);

impl Base {
    /// `None` where there is no PostgreSQL.
    async fn new() -> Option<Self> {
        let prepare = async |url: String| {
            crate::postgres::migrate(&url, cluster::APP).await.unwrap();
        };
        Some(Self(cluster::shared()?.prepared("checkins", prepare).await))
    }

    async fn client(&self) -> Client {
        connect(&self.0.app_url()).await
    }
}

async fn connect(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client.batch_execute("SET search_path = officeconfig").await.unwrap();
    client
}

/// A transaction of a tenant.
async fn begin(client: &mut Client, tenant: TenantId) -> Transaction<'_> {
    let tx = client.transaction().await.unwrap();
    tx.execute("SELECT set_config('officeconfig.tenant', $1, true)", &[&tenant.0.to_string()]).await.unwrap();
    tx
}

fn caller(n: u128) -> Caller {
    Caller { tenant: TenantId(Uuid::from_u128(n)), actor: "test".into() }
}

fn configuration(n: u128) -> ConfigurationId {
    ConfigurationId(Uuid::from_u128(n << 64))
}

fn client_id(n: u128) -> ClientConfigurationId {
    ClientConfigurationId(Uuid::from_u128(n << 32))
}

fn at(text: &str) -> DateTimeOffset {
    DateTimeOffset::parse(text).unwrap()
}

/// An oracle with configurations 1 and 2 that clients have checked in to.
async fn oracle(who: &Caller) -> MemoryStore {
    let memory = MemoryStore::new();
    for n in [1, 2] {
        let id = configuration(n);
        let made =
            Command::CreateConfiguration { id, default: false, summary: None, statuses: vec![], clients: vec![] };
        memory.commit(who, Commit::of(at("2026-01-01T00:00:00Z"), made)).await.unwrap();
        let recorded = Command::RecordCheckins { configuration: id, checkins: vec![] };
        memory.commit(who, Commit::of(at("2026-01-01T00:00:00Z"), recorded)).await.unwrap();
    }
    memory
}

async fn snapshot(memory: &MemoryStore, who: &Caller) -> Arc<TenantSnapshot> {
    memory.snapshot(who).await.unwrap()
}

/// A check-in of few users and devices, so that they meet; each at a time of its own within the 120 days up to `latest`.
fn any_checkin(latest: i64) -> impl Strategy<Value = Checkin> {
    let outcome = prop_oneof![3 => Just(None), 2 => any::<bool>().prop_map(Some)];
    let applied = proptest::collection::vec((1..4_u128).prop_map(client_id), 0..3);
    let name = prop_oneof![
        1 => Just(None),
        4 => (0..3_u8).prop_map(|n| Some(format!("pc{n}"))),
        1 => Just(Some(String::new())),
        1 => (0..3_u8).prop_map(|n| Some(format!("PC{n}"))),
        1 => Just(Some(format!("{}\u{0}\u{1}", "long".repeat(300)))),
    ];
    let device = (name, prop_oneof![4 => Just("windows"), 1 => Just("Windows"), 1 => Just("mac")]);
    let when = prop_oneof![4 => 0..3_i64, 1 => 0..120_i64];
    (1..3_u128, 0..10_u8, any::<bool>(), device, when, 0..86_400_i64, applied, outcome).prop_map(
        move |(of, user, upper, (device, platform), days, second, applied, outcome)| {
            let user = if upper { format!("USER{user}") } else { format!("user{user}") };
            Checkin {
                configuration: configuration(of),
                user_principal_name: (second % 3 == 0).then(|| format!("{user}@contoso.example").into()),
                user_id: user.into(),
                device_name: device.map(Into::into),
                device_platform: platform.into(),
                at: DateTimeOffset::from_ticks(latest - days * TICKS_A_DAY - second * 10_000_000).unwrap(),
                applied,
                report: outcome.map(|was_successful| CheckinReport {
                    was_successful,
                    error_message: (!was_successful).then(|| "it \u{0} failed".into()),
                    device_platform_version: (second % 2 == 0).then(|| "11".into()),
                }),
            }
        },
    )
}

/// The same check-ins each time.
fn checkins(random: &mut TestRunner, latest: i64, count: usize) -> Vec<Checkin> {
    (0..count).map(|_| any_checkin(latest).new_tree(random).unwrap().current()).collect()
}
