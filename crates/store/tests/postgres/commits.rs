//! Commits that do not go as they should: each happens once, and is answered as what it came to.

use std::sync::Arc;

use store::{CommitError, Store as _};

use super::cluster::Database;
use super::fixture::{behind_a_proxy, caller, checkin, commit, create, database, id, open, snapshot, until};
use super::proxy::Cut;

fn made(database: &Database) -> (String, String) {
    (
        database.sql("SELECT count(*) FROM officeconfig.configurations"),
        database.sql("SELECT max(version) FROM officeconfig.change_log"),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_whose_answer_is_lost_is_not_done_twice() {
    let Some(database) = database().await else { return };
    let (proxy, store) = behind_a_proxy(&database).await;
    commit(&store, 1, 1).await.unwrap();
    for n in 2..=4_u64 {
        proxy.set(Cut::Answer);
        let answer = commit(&store, 1, u128::from(n)).await.unwrap();
        assert!(proxy.has_cut(), "the answer was lost");
        assert_eq!((answer.version, answer.snapshot.len() as u64), (n, n));
        assert_eq!(made(&database), (n.to_string(), n.to_string()));
    }
    assert_eq!(snapshot(&store, 1).await.version(), 4);
    assert!(store.health().writable);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_that_did_not_come_through_is_done_once() {
    let Some(database) = database().await else { return };
    let (proxy, store) = behind_a_proxy(&database).await;
    for n in 1..=3_u64 {
        proxy.set(Cut::Question);
        let answer = commit(&store, 1, u128::from(n)).await.unwrap();
        assert!(proxy.has_cut(), "the question was lost");
        assert_eq!(answer.version, n);
        assert_eq!(made(&database), (n.to_string(), n.to_string()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn commits_that_share_a_transaction_whose_answer_is_lost_all_happen_once() {
    let Some(database) = database().await else { return };
    let (proxy, store) = behind_a_proxy(&database).await;
    let store = Arc::new(store);
    commit(&store, 1, 1).await.unwrap();
    proxy.set(Cut::Answer);
    let tasks: Vec<_> = (2..=60_u128)
        .map(|n| {
            let store = Arc::clone(&store);
            // Each third takes an id that is taken: what is refused says so, and does not spoil the others.
            tokio::spawn(async move { (n, commit(&store, 1, if n % 3 == 0 { 1 } else { n }).await) })
        })
        .collect();
    let mut versions = std::collections::BTreeSet::from([1]);
    for task in tasks {
        match task.await.unwrap() {
            (n, Err(CommitError::AlreadyExists { .. })) => assert_eq!(n % 3, 0),
            (n, answer) => {
                let answer = answer.unwrap();
                assert!(versions.insert(answer.version) && answer.snapshot.configuration(id(n)).is_some());
            }
        }
    }
    assert!(proxy.has_cut());
    assert_eq!(versions, (1..=40).collect());
    assert_eq!(made(&database), ("40".to_owned(), "40".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_a_tenant_that_is_known_takes_one_round_trip() {
    let Some(database) = database().await else { return };
    let (proxy, store) = behind_a_proxy(&database).await;
    // What comes next is prepared, and whoever checks in counts too.
    commit(&store, 1, 1).await.unwrap();
    store.record(&caller(1), checkin(id(1), "user".to_owned())).await.unwrap();
    for n in 2..=4 {
        commit(&store, 1, n).await.unwrap();
    }
    // Other connections of the store ask for versions now and then, and give hints.
    let mut least = u64::MAX;
    for n in 5..=20_u64 {
        let before = proxy.round_trips();
        assert_eq!(commit(&store, 1, u128::from(n)).await.unwrap().version, n + 1);
        least = least.min(proxy.round_trips() - before);
    }
    assert_eq!(least, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_comes_to_the_server_after_it_was_made_anew_does_not_happen_twice() {
    let Some(database) = database().await else { return };
    let (proxy, store) = behind_a_proxy(&database).await;
    commit(&store, 1, 1).await.unwrap();
    for n in 2..=4_u64 {
        proxy.set(Cut::Late);
        assert_eq!(commit(&store, 1, u128::from(n)).await.unwrap().version, n);
        assert!(proxy.has_cut(), "the question was held back");
        proxy.let_go().await;
        assert_eq!(made(&database), (n.to_string(), n.to_string()));
    }
    assert_eq!(snapshot(&store, 1).await.len(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_may_still_come_to_the_server_is_not_said_to_have_failed() {
    let Some(database) = database().await else { return };
    let (proxy, store) = behind_a_proxy(&database).await;
    let other = open(&database.app_url()).await;
    commit(&store, 1, 1).await.unwrap();
    other.pause(caller(1).tenant).await.unwrap();
    proxy.set(Cut::Late);
    let answer = commit(&store, 1, 2).await;
    assert!(proxy.has_cut() && matches!(answer, Err(CommitError::Unavailable(_))), "{answer:?}");
    assert_eq!(made(&database).0, "1");
    other.resume(caller(1).tenant).await.unwrap();
    proxy.let_go().await;
    assert_eq!(made(&database), ("2".to_owned(), "2".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_warning_at_commit_is_no_success_before_it_is_confirmed() {
    let Some(database) = database().await else { return };
    let store = open(&database.app_url()).await;
    commit(&store, 1, 1).await.unwrap();
    // What a COMMIT says that was cancelled while it waited for a standby. The row is not written twice, so that it warns once.
    database.sql(
        "CREATE FUNCTION warn() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN RAISE WARNING 'only local'; RETURN NULL; END $$;
         CREATE CONSTRAINT TRIGGER warn AFTER INSERT ON officeconfig.change_log DEFERRABLE INITIALLY DEFERRED
            FOR EACH ROW EXECUTE FUNCTION warn()",
    );
    let answer = commit(&store, 1, 2).await.unwrap();
    assert_eq!((answer.version, made(&database)), (2, ("2".to_owned(), "2".to_owned())));
    let confirmed = "SELECT xmin FROM officeconfig.tenant_version WHERE version = 2";
    let logged = "SELECT xmin FROM officeconfig.change_log WHERE version = 2";
    assert_ne!(
        database.sql(confirmed),
        database.sql(logged),
        "something was written after it, and through to the disk"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_that_meets_another_is_tried_again() {
    let Some(database) = database().await else { return };
    let store = open(&database.app_url()).await;
    for (code, n) in [("40001", 1_u64), ("40P01", 2)] {
        database.sql(&format!(
            "CREATE SEQUENCE tries_{n}; GRANT USAGE ON tries_{n} TO PUBLIC;
             CREATE FUNCTION meet_{n}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                IF nextval('public.tries_{n}') < 3 THEN RAISE EXCEPTION 'met' USING ERRCODE = '{code}'; END IF;
                RETURN NEW; END $$;
             CREATE TRIGGER meet BEFORE INSERT ON officeconfig.change_log FOR EACH ROW EXECUTE FUNCTION meet_{n}()"
        ));
        let answer = commit(&store, 1, u128::from(n)).await.unwrap();
        assert_eq!((answer.version, database.sql(&format!("SELECT last_value FROM tries_{n}"))), (n, "3".to_owned()));
        database.sql("DROP TRIGGER meet ON officeconfig.change_log");
    }
    assert!(store.health().writable);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_always_refused_is_answered_and_changes_nothing() {
    let Some(database) = database().await else { return };
    let store = open(&database.app_url()).await;
    database.sql(
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'never'; END $$;
         CREATE TRIGGER refuse BEFORE INSERT ON officeconfig.change_log FOR EACH ROW EXECUTE FUNCTION refuse()",
    );
    assert!(matches!(commit(&store, 1, 1).await, Err(CommitError::Unavailable(_))));
    assert_eq!(made(&database), ("0".to_owned(), String::new()));
    database.sql("DROP TRIGGER refuse ON officeconfig.change_log");
    assert_eq!(commit(&store, 1, 1).await.unwrap().version, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_that_were_ended_are_made_anew() {
    let Some(database) = database().await else { return };
    let store = open(&database.app_url()).await;
    for n in 1..=5_u64 {
        assert_eq!(commit(&store, 1, u128::from(n)).await.unwrap().version, n);
        database.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'officeconfig_app' AND datname = current_database()");
        assert_eq!(snapshot(&store, 1).await.version(), n);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_database_is_away_the_last_snapshot_is_told_and_changes_are_not_taken_until_it_is_back() {
    let Some(database) = database().await else { return };
    let (proxy, store) = behind_a_proxy(&database).await;
    commit(&store, 1, 1).await.unwrap();
    proxy.set(Cut::Everything);
    until("it says that changes are not taken", || !store.health().writable).await;
    assert!(matches!(commit(&store, 1, 2).await, Err(CommitError::Unavailable(_))));
    assert!(store.snapshot(&caller(1)).await.is_err(), "nobody confirms it");
    assert!(store.loaded_snapshot(&caller(1)).is_none());
    assert_eq!(store.last_snapshot(&caller(1)).unwrap().version(), 1);
    proxy.set(Cut::Nothing);
    until("changes are taken again", || store.health().writable).await;
    assert_eq!(commit(&store, 1, 2).await.unwrap().version, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_accepted_is_finished_when_it_is_closed() {
    let Some(database) = database().await else { return };
    let store = Arc::new(open(&database.app_url()).await);
    let answers: Vec<_> = (1..=40_u128)
        .map(|n| {
            let store = Arc::clone(&store);
            async move { store.commit(&caller(1 + n % 7), create(n)).await }
        })
        .map(tokio::spawn)
        .collect();
    tokio::task::yield_now().await;
    store.close().await;
    let mut done = 0;
    for answer in answers {
        match answer.await.unwrap() {
            Ok(_) => done += 1,
            Err(error) => assert!(matches!(error, CommitError::Unavailable(_)), "{error}"),
        }
    }
    assert_eq!(made(&database).0, done.to_string());
    assert!(matches!(commit(&store, 1, 99).await, Err(CommitError::Unavailable(_))));
}

/// A primary that was frozen goes on accepting connections: the kernel does it.
#[tokio::test]
async fn a_host_that_accepts_and_says_nothing_does_not_stand_before_the_others() {
    let Some(database) = database().await else { return };
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = database.app_url().replace('@', &format!("@{},", silent.local_addr().unwrap()));
    let store = open(&url).await;
    commit(&store, 1, 1).await.unwrap();
}
