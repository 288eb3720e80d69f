//! Several servers at once, on the same users: nothing is lost, counted twice or left locked.

use futures_util::future::join_all;
use proptest::test_runner::TestRunner;
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Error, Transaction};

use super::{Base, TICKS_A_DAY, at, begin, caller, checkins, configuration, counts};
use crate::Caller;
use crate::domain::Checkin;
use crate::postgres::fleet;
use crate::postgres::fleet::hot::{self, Hot};
use crate::postgres::fleet::lists::Lists;
use crate::postgres::fleet::touch::Touches;

/// Does it in a transaction, and once more where it waited for another one that waited for it, as the store does.
async fn again(client: &mut Client, who: &Caller, work: impl AsyncFn(&Transaction<'_>) -> Result<(), Error>) {
    loop {
        let tx = begin(client, who.tenant).await;
        match work(&tx).await {
            Ok(()) => return tx.commit().await.unwrap(),
            Err(error) if error.code() == Some(&SqlState::T_R_DEADLOCK_DETECTED) => tx.rollback().await.unwrap(),
            Err(error) => panic!("{error}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn batches_of_several_servers_for_the_same_users_count_exactly() {
    let Some(base) = Base::new().await else { return };
    let who = caller(1);
    let servers = (0..4_u64).map(|n| {
        let base = &base;
        let who = caller(1);
        async move {
            let mut client = base.client().await;
            let mut random = TestRunner::deterministic();
            let skipped = usize::try_from(n).unwrap() * 7;
            for round in 0..40_i64 {
                let latest = at("2026-06-30T00:00:00Z").ticks() - (40 - round) * 3 * TICKS_A_DAY;
                let batch = checkins(&mut random, latest, 40 + skipped);
                let of = |checkin: &Checkin| if checkin.configuration == configuration(1) { 1 } else { 2 };
                let batch: Vec<(u64, &Checkin)> = batch[skipped..].iter().map(|c| (of(c), c)).collect();
                again(&mut client, &who, async |tx| fleet::record(tx, who.tenant, &batch).await).await;
                if round % 4 == i64::try_from(n).unwrap() {
                    again(&mut client, &who, async |tx| fleet::tidy(tx, who.tenant).await.map(drop)).await;
                }
            }
        }
    });
    join_all(servers).await;
    let mut client = base.client().await;
    let tx = begin(&mut client, who.tenant).await;
    counts::check(&tx, who.tenant).await;
    let batches = fleet::counts(&tx, who.tenant).await.unwrap();
    assert_eq!(batches.values().map(|(batches, _)| batches).sum::<u64>(), 4 * 40 * 2);
}

#[tokio::test]
async fn a_touch_of_a_row_that_goes_meanwhile_brings_nothing_back() {
    let Some(base) = Base::new().await else { return };
    let who = caller(1);
    let (mut client, mut other) = (base.client().await, base.client().await);
    let all = checkins(&mut TestRunner::deterministic(), at("2026-06-30T00:00:00Z").ticks(), 1);
    let batch: Vec<(u64, &Checkin)> = all.iter().map(|checkin| (1, checkin)).collect();
    again(&mut other, &who, async |tx| fleet::record(tx, who.tenant, &batch).await).await;
    let tx = begin(&mut client, who.tenant).await;
    let mut touches = Touches::of(&batch, &mut Lists::default());
    let found = touches.find(&tx, who.tenant).await.unwrap();
    assert_eq!(found.len(), 1);
    again(&mut other, &who, async |tx| tx.batch_execute("DELETE FROM checkin_texts; DELETE FROM checkins").await).await;
    let mut rows: Vec<Hot> = found.iter().map(|(_, row)| *row).collect();
    let touched = hot::update(&tx, who.tenant, &mut rows).await.unwrap();
    assert!(touched.is_empty());
    assert!(!touches.missed(&found, &touched).others().is_empty(), "its user is locked instead");
    let left: i64 = tx.query_one("SELECT count(*) FROM checkins", &[]).await.unwrap().get(0);
    assert_eq!(left, 0);
}

#[tokio::test]
async fn tidying_reads_no_more_than_it_removes() {
    let Some(base) = Base::new().await else { return };
    let who = caller(1);
    let mut client = base.client().await;
    let mut random = TestRunner::deterministic();
    let all: Vec<Checkin> = (0..2_000)
        .zip(checkins(&mut random, at("2026-06-30T00:00:00Z").ticks(), 2_000))
        .map(|(n, checkin)| Checkin { user_id: format!("user{n}").into(), ..checkin })
        .collect();
    for part in all.chunks(500) {
        let batch: Vec<(u64, &Checkin)> = part.iter().map(|checkin| (1, checkin)).collect();
        again(&mut client, &who, async |tx| fleet::record(tx, who.tenant, &batch).await).await;
    }
    // As in a table of some size of which no values were counted yet.
    base.0.sql(
        "UPDATE pg_class SET reltuples = 1000000, relpages = pg_relation_size(oid) / 8192
         WHERE relname ~ '^checkin(s_[0-9]|_texts)' AND relkind = 'r' AND pg_relation_size(oid) > 0",
    );
    let read = async |client: &Client| -> i64 {
        client.batch_execute("SELECT pg_stat_force_next_flush()").await.unwrap();
        let read = "SELECT sum(idx_tup_read) FROM pg_stat_user_indexes WHERE relname ~ '^checkin(s_|_texts)'";
        base.0.sql(read).parse().unwrap()
    };
    // What is too old already goes first.
    for _ in 0..3 {
        again(&mut client, &who, async |tx| fleet::tidy(tx, who.tenant).await.map(drop)).await;
    }
    let before = read(&client).await;
    again(&mut client, &who, async |tx| {
        tx.batch_execute("SET LOCAL enable_sort = off").await?;
        fleet::tidy(tx, who.tenant).await.map(drop)
    })
    .await;
    let read = read(&client).await - before;
    assert!(read < 100, "{read} entries were read to find no row that is too old");
}
