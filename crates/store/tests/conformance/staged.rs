//! Changes that are staged and made at once.

use bytes::Bytes;
use store::{
    Change, Command, Commit, CommitError, Conditional, NewPayload, PayloadKind, Precondition, Staged, StatusQuery,
    Store, StoreError, Summary, SummaryPatch, Versions,
};

use super::fixture::{
    Fixture, at, caller, client, client_id, configuration, create, create_with, set_priority, set_statuses, status,
};

const NOW: &str = "2026-11-23T10:00:00Z";

async fn begin(f: &Fixture) -> Staged<'_> {
    Staged::begin(f.store.as_ref(), f.caller.clone(), at(NOW)).await.unwrap()
}

async fn stage(staged: &Staged<'_>, f: &Fixture, command: Command) -> Result<u64, CommitError> {
    let commit = Commit::of(at("2030-01-01T00:00:00Z"), command);
    staged.commit(&f.caller, commit).await.map(|committed| committed.version)
}

pub(crate) async fn what_is_staged_is_seen_by_what_follows_and_by_nobody_else_until_it_is_finished(f: Fixture) {
    f.created(1).await;
    let staged = begin(&f).await;
    assert_eq!(stage(&staged, &f, create(2)).await.unwrap(), 2);
    let inside = Command::CreateClient { configuration: configuration(2), client: client(1, None) };
    assert_eq!(stage(&staged, &f, inside).await.unwrap(), 2, "all of it has one version");
    stage(&staged, &f, set_priority(configuration(2), client_id(1), 7)).await.unwrap();
    assert_eq!(f.snapshot().await.version(), 1);
    let shown = staged.snapshot(&f.caller).await.unwrap();
    staged.finish().await.unwrap();
    let made = f.snapshot().await;
    assert_eq!(*made, *shown);
    assert_eq!(made.version(), 2);
    let stamp = made.configuration(configuration(2)).unwrap().stamp;
    assert_eq!((stamp.version, stamp.created), (2, at(NOW)), "its time is that of the whole");
}

pub(crate) async fn what_is_dropped_never_was(f: Fixture) {
    f.created(1).await;
    let staged = begin(&f).await;
    stage(&staged, &f, create(2)).await.unwrap();
    drop(staged);
    assert_eq!(f.snapshot().await.len(), 1);
    let empty = begin(&f).await;
    empty.finish().await.unwrap();
    assert_eq!(f.snapshot().await.version(), 1, "nothing staged is no commit");
}

pub(crate) async fn a_change_in_between_keeps_all_that_was_staged_from_being_made(f: Fixture) {
    f.created(1).await;
    let staged = begin(&f).await;
    stage(&staged, &f, create(2)).await.unwrap();
    f.created(3).await;
    assert!(matches!(staged.finish().await, Err(CommitError::Moved)));
    assert_eq!(f.snapshot().await.len(), 2);
}

pub(crate) async fn a_staged_change_that_is_refused_leaves_those_before_it(f: Fixture) {
    f.created(1).await;
    let staged = begin(&f).await;
    stage(&staged, &f, create(2)).await.unwrap();
    assert!(matches!(stage(&staged, &f, create(1)).await, Err(CommitError::AlreadyExists { .. })));
    let precondition = Precondition::IfMatch(Versions::List(vec![1]));
    let command = Command::DeleteConfiguration { id: configuration(2) };
    let commit = Commit::new(at(NOW), vec![Conditional { precondition, command }]);
    let old = staged.commit(&f.caller, commit).await;
    assert!(matches!(old, Err(CommitError::PreconditionFailed)), "it was made at version 2");
    staged.finish().await.unwrap();
    assert_eq!(f.snapshot().await.len(), 2);
}

pub(crate) async fn rows_and_summaries_are_those_staged_and_else_those_stored(f: Fixture) {
    let rows = |user: &str| vec![status(user, "d", "2026-11-20T00:00:00Z", true)];
    let command = Command::CreateConfiguration {
        id: configuration(1),
        default: false,
        summary: Some(Summary { succeeded: 8, failed: 9 }),
        statuses: rows("before"),
        clients: vec![],
    };
    f.commit(command).await.unwrap();
    f.commit(create_with(2, rows("kept"), vec![])).await.unwrap();
    let staged = begin(&f).await;
    let write = |summary| Command::UpdateConfiguration {
        id: configuration(1),
        default_may_be_created: false,
        summary: Change::Set(summary),
        statuses: Change::Keep,
    };
    let today = at(NOW).unix_day();
    let summary = async |n| {
        let summary = staged.summary(&f.caller, configuration(n), None, today).await.unwrap();
        (summary.succeeded, summary.failed)
    };
    assert_eq!(summary(1).await, (8, 9));
    stage(&staged, &f, write(None)).await.unwrap();
    assert_eq!(summary(1).await, (1, 0), "computed from rows that are stored");
    stage(&staged, &f, write(Some(SummaryPatch { succeeded: None, failed: Some(5) }))).await.unwrap();
    assert_eq!(summary(1).await, (1, 5), "merged with them");
    stage(&staged, &f, set_statuses(configuration(1), rows("after"))).await.unwrap();
    let user = async |n| {
        let page = staged.statuses(&f.caller, StatusQuery::all(configuration(n), 10)).await.unwrap();
        page.rows.iter().map(|row| row.user_id.to_string()).collect::<Vec<_>>()
    };
    assert_eq!((user(1).await, user(2).await), (vec!["after".to_owned()], vec!["kept".to_owned()]));
    assert_eq!(f.page(StatusQuery::all(configuration(1), 10)).await.rows[0].user_id.as_ref(), "before");
    stage(&staged, &f, Command::DeleteConfiguration { id: configuration(2) }).await.unwrap();
    let gone = staged.statuses(&f.caller, StatusQuery::all(configuration(2), 10)).await;
    assert!(matches!(gone, Err(StoreError::NotFound { .. })));
    stage(&staged, &f, create(2)).await.unwrap();
    assert_eq!(user(2).await, Vec::<String>::new(), "what takes the id has no rows of the one before");
    staged.finish().await.unwrap();
    assert_eq!(f.page(StatusQuery::all(configuration(1), 10)).await.rows[0].user_id.as_ref(), "after");
    assert_eq!(f.page(StatusQuery::all(configuration(2), 10)).await.rows.len(), 0);
    let made = f.store.summary(&f.caller, configuration(1), None, today).await.unwrap();
    assert_eq!((made.succeeded, made.failed), (1, 5));
}

pub(crate) async fn payloads_are_those_staged_and_else_those_stored(f: Fixture) {
    let large = |byte: u8| Bytes::from(vec![byte; 100_000]);
    let set = |which, bytes: Option<Bytes>| Command::SetPayload {
        configuration: configuration(1),
        client: client_id(1),
        which,
        payload: bytes.map(|bytes| NewPayload::new("text/plain", bytes)),
    };
    f.commit(create_with(1, vec![], vec![client(1, None)])).await.unwrap();
    for which in [PayloadKind::Policy, PayloadKind::UserPreference] {
        f.commit(set(which, Some(large(1)))).await.unwrap();
    }
    let staged = begin(&f).await;
    let read = async |store: &dyn Store, which| {
        let found = store.payload(&f.caller, configuration(1), client_id(1), which).await.unwrap();
        found.map(|(_, bytes)| bytes)
    };
    stage(&staged, &f, set(PayloadKind::Policy, Some(large(2)))).await.unwrap();
    assert_eq!(read(&staged, PayloadKind::Policy).await, Some(large(2)));
    assert_eq!(read(&staged, PayloadKind::UserPreference).await, Some(large(1)));
    stage(&staged, &f, set(PayloadKind::UserPreference, None)).await.unwrap();
    assert_eq!(read(&staged, PayloadKind::UserPreference).await, None);
    assert_eq!(read(f.store.as_ref(), PayloadKind::Policy).await, Some(large(1)));
    staged.finish().await.unwrap();
    assert_eq!(read(f.store.as_ref(), PayloadKind::Policy).await, Some(large(2)));
    assert_eq!(read(f.store.as_ref(), PayloadKind::UserPreference).await, None);
}

pub(crate) async fn what_is_staged_is_one_tenants(f: Fixture) {
    let staged = begin(&f).await;
    let other = caller(2);
    assert!(matches!(staged.snapshot(&other).await, Err(StoreError::Unavailable(_))));
    assert!(staged.loaded_snapshot(&other).is_none());
    let commit = Commit::of(at(NOW), create(1));
    assert!(matches!(staged.commit(&other, commit).await, Err(CommitError::Unavailable(_))));
    let rows = staged.statuses(&other, StatusQuery::all(configuration(1), 1)).await;
    assert!(matches!(rows, Err(StoreError::Unavailable(_))));
}
