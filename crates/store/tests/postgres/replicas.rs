//! Several stores on one database: they agree, whoever is asked, and none goes back in time.

use std::collections::BTreeSet;
use std::sync::Arc;

use store::{CommitError, Store as _};

use super::fixture::{caller, commit, create, database, id, open, snapshot, until};

#[tokio::test(flavor = "multi_thread")]
async fn what_was_made_through_one_is_read_through_the_other_at_once() {
    let Some(database) = database().await else { return };
    let (one, other) = (open(&database.app_url()).await, open(&database.app_url()).await);
    for n in 1..=10_u64 {
        let (writer, reader) = if n % 2 == 0 { (&one, &other) } else { (&other, &one) };
        let answer = commit(writer, 1, u128::from(n)).await.unwrap();
        assert_eq!(answer.version, n);
        let read = snapshot(reader, 1).await;
        assert_eq!((read.version(), read.configuration(id(u128::from(n))).is_some()), (n, true));
        assert_eq!(*read, *answer.snapshot);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_others_made_is_seen_without_asking_and_never_goes_back() {
    let Some(database) = database().await else { return };
    let (one, other) = (open(&database.app_url()).await, Arc::new(open(&database.app_url()).await));
    assert_eq!(snapshot(&other, 1).await.version(), 0);
    let watched = Arc::clone(&other);
    let watch = tokio::spawn(async move {
        let mut last = 0;
        while last < 30 {
            let version = watched.last_snapshot(&caller(1)).unwrap().version();
            assert!(version >= last, "from {last} to {version}");
            last = version;
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        }
    });
    for n in 1..=30 {
        commit(&one, 1, n).await.unwrap();
    }
    until("the last one is seen", || watch.is_finished()).await;
    watch.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn commits_through_several_at_once_all_count_once() {
    let Some(database) = database().await else { return };
    let stores = [open(&database.app_url()).await, open(&database.app_url()).await, open(&database.app_url()).await];
    let stores = stores.map(Arc::new);
    let tasks: Vec<_> = (0..150_u128)
        .map(|n| {
            let store = Arc::clone(&stores[usize::try_from(n % 3).unwrap()]);
            tokio::spawn(async move { commit(&store, 1, n + 1).await.unwrap().version })
        })
        .collect();
    let mut versions = BTreeSet::new();
    for task in tasks {
        assert!(versions.insert(task.await.unwrap()), "each has a version of its own");
    }
    assert_eq!(versions, (1..=150).collect());
    for store in &stores {
        let read = snapshot(store, 1).await;
        assert_eq!((read.version(), read.len()), (150, 150));
        assert_eq!(*read, *snapshot(&stores[0], 1).await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_commits_for_one_version_through_different_ones_one_counts() {
    let Some(database) = database().await else { return };
    let (one, other) = (open(&database.app_url()).await, open(&database.app_url()).await);
    for n in 0..10_u64 {
        let [first, second] = [1, 2].map(|k| {
            let mut commit = create(u128::from(2 * n + k));
            commit.expected_version = Some(n);
            commit
        });
        let (who, also) = (caller(1), caller(1));
        let answers = tokio::join!(one.commit(&who, first), other.commit(&also, second));
        let refused = [&answers.0, &answers.1].map(|answer| matches!(answer, Err(CommitError::Moved)));
        assert_eq!(refused.iter().filter(|moved| **moved).count(), 1, "{answers:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_is_the_first_ones_for_all() {
    let Some(database) = database().await else { return };
    let (one, other) = (open(&database.app_url()).await, open(&database.app_url()).await);
    assert_eq!(one.find_secret("key").await.unwrap(), None);
    let (a, b) = tokio::join!(one.shared_secret("key", b"a"), other.shared_secret("key", b"b"));
    let (a, b) = (a.unwrap(), b.unwrap());
    assert!(a == b && (a == b"a" || a == b"b"));
    assert_eq!(other.find_secret("key").await.unwrap(), Some(a));
}
