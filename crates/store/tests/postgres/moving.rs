//! A tenant that is being moved: it is paused, and leaves. Nothing is acknowledged after a pause that is not there, and nobody reads what has left.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use store::postgres::{PostgresStore, Standing, State};
use store::{CommitError, Store as _, StoreError};
use tokio_postgres::{Client, NoTls};

use super::cluster::Database;
use super::fixture::{behind_a_proxy, caller, checkin, commit, create, database, id, open, snapshot, until};
use super::proxy::Cut;

/// A transaction of somebody else's, for a tenant.
async fn beginning(database: &Database, tenant: u128) -> Client {
    let (client, connection) = tokio_postgres::connect(&database.app_url(), NoTls).await.unwrap();
    tokio::spawn(connection);
    let tenant = caller(tenant).tenant;
    let begin =
        format!("BEGIN; SET search_path = officeconfig; SELECT set_config('officeconfig.tenant', '{tenant}', true)");
    client.batch_execute(&begin).await.unwrap();
    client
}

fn lock(how: &str, tenant: u128) -> String {
    format!("SELECT FROM tenant_version WHERE tenant = '{}' FOR {how}", caller(tenant).tenant)
}

async fn state(store: &PostgresStore, tenant: u128) -> Option<Standing> {
    store.state(caller(tenant).tenant).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paused_tenant_is_read_and_not_changed_until_it_is_resumed() {
    let Some(database) = database().await else { return };
    let (one, other) = (open(&database.app_url()).await, open(&database.app_url()).await);
    commit(&one, 1, 1).await.unwrap();
    other.record(&caller(1), checkin(id(1), "ann".to_owned())).await.unwrap();
    let tenant = caller(1).tenant;
    for _ in 0..2 {
        assert_eq!(one.pause(tenant).await.unwrap(), 2, "again, it comes to the same");
    }
    for store in [&one, &other] {
        assert!(matches!(commit(store, 1, 2).await, Err(CommitError::Paused)));
        let recorded = store.record(&caller(1), checkin(id(1), "bob".to_owned())).await;
        assert!(matches!(recorded, Err(CommitError::Paused)));
        assert_eq!(snapshot(store, 1).await.configuration(id(1)).unwrap().status_count, 1);
        assert_eq!(state(store, 1).await, Some(Standing { version: 2, state: State::Paused }));
        assert!(store.health().writable, "the others' changes are taken");
        commit(store, 2, 1).await.ok();
    }
    for _ in 0..2 {
        one.resume(tenant).await.unwrap();
    }
    other.record(&caller(1), checkin(id(1), "bob".to_owned())).await.unwrap();
    assert_eq!(commit(&other, 1, 2).await.unwrap().version, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pause_waits_for_a_batch_that_is_under_way() {
    let Some(database) = database().await else { return };
    let store = Arc::new(open(&database.app_url()).await);
    commit(&store, 1, 1).await.unwrap();
    let batch = beginning(&database, 1).await;
    batch.batch_execute(&lock("KEY SHARE", 1)).await.unwrap();
    let pausing = tokio::spawn({
        let store = Arc::clone(&store);
        async move { store.pause(caller(1).tenant).await }
    });
    let waits = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()";
    until("it waits", || database.sql(waits) != "0").await;
    assert!(!pausing.is_finished());
    // Later ones find it paused, and do not make it wait for longer.
    assert!(matches!(commit(&store, 1, 2).await, Err(CommitError::Busy { .. } | CommitError::Paused)));
    batch.batch_execute("COMMIT").await.unwrap();
    assert_eq!(pausing.await.unwrap().unwrap(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn neither_do_commits_wait_for_batches_nor_batches_for_commits() {
    let Some(database) = database().await else { return };
    let store = open(&database.app_url()).await;
    commit(&store, 1, 1).await.unwrap();
    store.record(&caller(1), checkin(id(1), "ann".to_owned())).await.unwrap();
    let batch = beginning(&database, 1).await;
    batch.batch_execute(&lock("KEY SHARE", 1)).await.unwrap();
    commit(&store, 1, 2).await.unwrap();
    let change = beginning(&database, 1).await;
    change.batch_execute(&lock("NO KEY UPDATE", 1)).await.unwrap();
    change
        .batch_execute(&format!("UPDATE tenant_version SET version = version WHERE tenant = '{}'", caller(1).tenant))
        .await
        .unwrap();
    store.record(&caller(1), checkin(id(1), "bob".to_owned())).await.unwrap();
}

/// What is there of a tenant: its version, its configurations, its check-ins.
fn there(database: &Database, tenant: u128) -> (String, BTreeSet<String>, BTreeSet<String>) {
    let tenant = caller(tenant).tenant;
    let all = |sql: String| database.sql(&sql).lines().map(str::to_owned).collect();
    (
        database.sql(&format!("SELECT version FROM officeconfig.tenant_version WHERE tenant = '{tenant}'")),
        all(format!("SELECT id FROM officeconfig.configurations WHERE tenant = '{tenant}'")),
        all(format!("SELECT user_id FROM officeconfig.checkin_texts WHERE tenant = '{tenant}'")),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_pause_nothing_is_acknowledged_that_is_not_there() {
    let Some(database) = database().await else { return };
    let stores = [open(&database.app_url()).await, open(&database.app_url()).await].map(Arc::new);
    for tenant in 1..=6_u128 {
        commit(&stores[0], tenant, 1).await.unwrap();
        stores[0].record(&caller(tenant), checkin(id(1), "first".to_owned())).await.unwrap();
        let paused = Arc::new(AtomicBool::new(false));
        let writers: Vec<_> = (0..8_u128)
            .map(|writer| {
                let (store, paused) = (Arc::clone(&stores[usize::from(writer % 2 == 1)]), Arc::clone(&paused));
                tokio::spawn(async move {
                    let mut acknowledged = Vec::new();
                    for n in 1.. {
                        let was_paused = paused.load(Ordering::SeqCst);
                        let (name, done) = if writer < 4 {
                            let n = 1_000 * (writer + 1) + n;
                            (id(n).to_string(), store.commit(&caller(tenant), create(n)).await.map(drop))
                        } else {
                            let user = format!("user{writer}-{n}");
                            (user.clone(), store.record(&caller(tenant), checkin(id(1), user)).await)
                        };
                        match done {
                            Ok(()) if was_paused => panic!("{name} was acknowledged after the pause"),
                            Ok(()) => acknowledged.push(name),
                            Err(CommitError::Paused) if was_paused => break,
                            Err(CommitError::Paused | CommitError::Busy { .. }) => {}
                            // A check-in gives up where the tenant changes again and again meanwhile.
                            Err(CommitError::Unavailable(_)) if writer >= 4 => {}
                            Err(error) => panic!("{error}"),
                        }
                        if writer < 4 {
                            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
                        }
                    }
                    acknowledged
                })
            })
            .collect();
        let grows = || there(&database, tenant).2.len() > 20 && there(&database, tenant).1.len() > 5;
        until("there is something to be moved", grows).await;
        let version = stores[1].pause(caller(tenant).tenant).await.unwrap();
        let then = there(&database, tenant);
        paused.store(true, Ordering::SeqCst);
        for writer in writers {
            for name in writer.await.unwrap() {
                assert!(then.1.contains(&name) || then.2.contains(&name), "{name} is missing");
            }
        }
        assert_eq!(there(&database, tenant), then, "nothing came later");
        assert_eq!(then.0, version.to_string());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_left_is_neither_read_nor_changed_and_leaves_memory() {
    let Some(database) = database().await else { return };
    let (one, other) = (open(&database.app_url()).await, open(&database.app_url()).await);
    let tenant = caller(1).tenant;
    for store in [&one, &other] {
        commit(store, 2, 1).await.ok();
        snapshot(store, 2).await;
    }
    commit(&one, 1, 1).await.unwrap();
    other.record(&caller(1), checkin(id(1), "ann".to_owned())).await.unwrap();
    assert!(one.leave(tenant).await.is_err(), "it takes changes still");
    one.pause(tenant).await.unwrap();
    for _ in 0..2 {
        one.leave(tenant).await.unwrap();
    }
    for store in [&one, &other] {
        until("it leaves memory", || store.last_snapshot(&caller(1)).is_none()).await;
        assert!(matches!(store.snapshot(&caller(1)).await, Err(StoreError::Unavailable(_))));
        assert!(matches!(commit(store, 1, 2).await, Err(CommitError::Unavailable(_))));
        let recorded = store.record(&caller(1), checkin(id(1), "bob".to_owned())).await;
        assert!(matches!(recorded, Err(CommitError::Unavailable(_))));
        assert!(store.pause(tenant).await.is_err() && store.resume(tenant).await.is_err(), "it does not come back so");
        assert!(store.last_snapshot(&caller(1)).is_none() && store.last_snapshot(&caller(2)).is_some());
        assert!(store.health().writable);
    }
    assert_eq!(there(&database, 1).2.len(), 1, "nothing was changed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pause_whose_answer_is_lost_comes_to_the_same() {
    let Some(database) = database().await else { return };
    let (proxy, store) = behind_a_proxy(&database).await;
    commit(&store, 1, 1).await.unwrap();
    let tenant = caller(1).tenant;
    for cut in [Cut::Question, Cut::Answer] {
        proxy.set(cut);
        assert_eq!(store.pause(tenant).await.unwrap(), 1);
        assert!(proxy.has_cut());
        proxy.set(cut);
        store.resume(tenant).await.unwrap();
        assert!(proxy.has_cut());
        assert_eq!(state(&store, 1).await.unwrap().state, State::Here);
    }
    store.pause(tenant).await.unwrap();
    proxy.set(Cut::Answer);
    store.leave(tenant).await.unwrap();
    assert!(proxy.has_cut());
    assert_eq!(state(&store, 1).await, Some(Standing { version: 1, state: State::Gone }));
    assert_eq!(store.tenants().await.unwrap(), [(tenant, Standing { version: 1, state: State::Gone })]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_whose_answer_is_lost_is_found_out_of_a_tenant_that_was_paused_meanwhile() {
    let Some(database) = database().await else { return };
    let (proxy, store) = behind_a_proxy(&database).await;
    commit(&store, 1, 1).await.unwrap();
    // The commit's own transaction pauses the tenant, as if somebody did just after it.
    database.sql(
        "CREATE FUNCTION pause() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            UPDATE officeconfig.tenant_version SET state = 1 WHERE tenant = NEW.tenant; RETURN NEW; END $$;
         CREATE TRIGGER pause AFTER INSERT ON officeconfig.change_log FOR EACH ROW EXECUTE FUNCTION pause()",
    );
    proxy.set(Cut::Silence);
    assert_eq!(commit(&store, 1, 2).await.unwrap().version, 2, "it happened before the pause");
    assert!(proxy.has_cut());
    assert!(matches!(commit(&store, 1, 3).await, Err(CommitError::Paused)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_whose_answer_is_lost_is_in_doubt_when_the_tenant_left_with_its_log() {
    let Some(database) = database().await else { return };
    let (proxy, store) = behind_a_proxy(&database).await;
    commit(&store, 1, 1).await.unwrap();
    database.sql(
        "CREATE FUNCTION leave() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            UPDATE officeconfig.tenant_version SET state = 2 WHERE tenant = NEW.tenant;
            DELETE FROM officeconfig.change_log WHERE tenant = NEW.tenant; RETURN NULL; END $$;
         CREATE TRIGGER leave AFTER INSERT ON officeconfig.change_log FOR EACH ROW EXECUTE FUNCTION leave()",
    );
    proxy.set(Cut::Silence);
    let answer = commit(&store, 1, 2).await.unwrap_err();
    assert!(proxy.has_cut());
    let told = std::error::Error::source(&answer).unwrap().to_string();
    assert!(told.contains("is not known"), "it may live on where the tenant went: {told}");
}
