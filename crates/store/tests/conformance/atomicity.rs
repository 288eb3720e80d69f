//! Commits: whole or not at all, in order, each once.

use std::collections::HashSet;
use std::sync::Arc;

use store::{Command, Commit, CommitError, Conditional, StatusQuery, Store};

use super::fixture::{Fixture, at, caller, client, client_id, configuration, create, create_with, status};

fn commit(commands: Vec<Command>) -> Commit {
    let commands = commands.into_iter().map(Conditional::from).collect();
    Commit::new(at("2026-11-23T10:00:00Z"), commands)
}

pub(crate) async fn a_bad_last_command_changes_nothing(f: Fixture) {
    f.commit(create_with(1, vec![status("u", "d", "2026-11-01T00:00:00Z", true)], vec![])).await.unwrap();
    let before = f.snapshot().await;
    let commands = vec![
        create_with(2, vec![status("u", "d", "2026-11-01T00:00:00Z", true)], vec![client(1, None)]),
        super::fixture::set_statuses(configuration(1), vec![]),
        Command::DeleteConfiguration { id: configuration(404) },
    ];
    let answer = f.store.commit(&f.caller, commit(commands)).await;
    assert!(matches!(answer, Err(CommitError::NotFound { .. })));
    assert_eq!(*f.snapshot().await, *before);
    assert_eq!(f.page(StatusQuery::all(configuration(1), 10)).await.rows.len(), 1);
    f.created(2).await;
    assert_eq!(f.snapshot().await.version(), 2, "a refused commit has no version");
}

pub(crate) async fn commands_see_those_before_them(f: Fixture) {
    let id = configuration(1);
    let commands = vec![
        create(1),
        Command::CreateClient { configuration: id, client: client(1, Some(3)) },
        Command::ReorderPriorities { configuration: id, order: vec![(client_id(1), 8)] },
        create(2),
        Command::DeleteConfiguration { id: configuration(2) },
        create(2),
    ];
    let committed = f.store.commit(&f.caller, commit(commands)).await.unwrap();
    assert_eq!(committed.version, 1);
    assert_eq!(committed.snapshot.len(), 2);
    assert_eq!(f.configuration(id).await.clients.get(client_id(1)).unwrap().priority, 8);
}

pub(crate) async fn a_snapshot_never_changes(f: Fixture) {
    f.commit(create_with(1, vec![], vec![client(1, None)])).await.unwrap();
    let held = f.snapshot().await;
    let copy = (*held).clone();
    f.commit(Command::DeleteClient { configuration: configuration(1), client: client_id(1) }).await.unwrap();
    f.commit(Command::DeleteConfiguration { id: configuration(1) }).await.unwrap();
    f.created(2).await;
    assert_eq!(*held, copy);
    assert_eq!(held.configuration(configuration(1)).unwrap().clients.len(), 1);
}

pub(crate) async fn concurrent_commits_all_count_once(f: Fixture) {
    let store = Arc::clone(&f.store);
    let tasks: Vec<_> = (0..200_u128)
        .map(|n| {
            let store: Arc<dyn Store> = Arc::clone(&store);
            let who = caller(1 + n % 3);
            tokio::spawn(async move {
                let rows = vec![status(&format!("u{n}"), "d", "2026-11-01T00:00:00Z", true)];
                let answer = store.commit(&who, commit(vec![create_with(n + 1, rows, vec![])])).await.unwrap();
                assert!(answer.snapshot.configuration(configuration(n + 1)).is_some());
                (who.tenant, answer.version)
            })
        })
        .collect();
    let mut seen = HashSet::new();
    for task in tasks {
        assert!(seen.insert(task.await.unwrap()), "each commit has a version of its own");
    }
    let mut total = 0;
    for n in 1..=3 {
        let snapshot = store.snapshot(&caller(n)).await.unwrap();
        assert_eq!(snapshot.version(), snapshot.len() as u64);
        total += snapshot.len();
    }
    assert_eq!(total, 200);
}

fn on(version: u64, command: Command) -> Commit {
    Commit { expected_version: Some(version), ..commit(vec![command]) }
}

pub(crate) async fn a_commit_for_another_version_of_the_tenant_changes_nothing(f: Fixture) {
    let other = caller(2);
    f.store.commit(&f.caller, on(0, create(1))).await.unwrap();
    for version in [0, 2] {
        let answer = f.store.commit(&f.caller, on(version, create(2))).await;
        assert!(matches!(answer, Err(CommitError::Moved)), "{answer:?}");
    }
    assert_eq!(f.snapshot().await.len(), 1);
    f.store.commit(&other, on(0, create(1))).await.unwrap();
    assert_eq!(f.store.commit(&f.caller, on(1, create(2))).await.unwrap().version, 2, "a refused one has no version");
}

pub(crate) async fn of_commits_for_one_version_one_counts(f: Fixture) {
    let tasks = (1..=50).map(|n| {
        let (store, who) = (Arc::clone(&f.store), f.caller.clone());
        tokio::spawn(async move { store.commit(&who, on(0, create(n))).await })
    });
    let mut made = 0;
    for task in tasks.collect::<Vec<_>>() {
        match task.await.unwrap() {
            Ok(committed) => {
                made += 1;
                assert_eq!(committed.version, 1);
            }
            Err(error) => assert!(matches!(error, CommitError::Moved), "{error:?}"),
        }
    }
    assert_eq!((made, f.snapshot().await.len()), (1, 1));
}
