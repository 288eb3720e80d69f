//! Client configurations and their priorities (R8).

use store::{Change, ClientKind, Command, CommitError, Precondition, Versions, What};

use super::fixture::{Fixture, at, client, client_id, configuration, create_with, set_priority, update_client};

async fn priorities(f: &Fixture) -> Vec<(u128, i32)> {
    let owner = f.configuration(configuration(1)).await;
    let by_seq: Vec<_> = owner.clients.iter().map(|c| (c.id.0.as_u128() >> 32, c.priority)).collect();
    let mut sorted = by_seq.clone();
    sorted.sort_by_key(|(_, priority)| *priority);
    let by_priority: Vec<_> = owner.clients.by_priority().map(|c| (c.id.0.as_u128() >> 32, c.priority)).collect();
    assert_eq!(by_priority, sorted, "the index by priority agrees");
    by_seq
}

pub(crate) async fn r8_without_a_priority_the_lowest_place_is_taken(f: Fixture) {
    let given = vec![client(1, None), client(2, Some(7)), client(3, None)];
    f.commit(create_with(1, vec![], given)).await.unwrap();
    f.commit(Command::CreateClient { configuration: configuration(1), client: client(4, None) }).await.unwrap();
    let mut found = priorities(&f).await;
    found.sort_unstable();
    assert_eq!(found, [(1, 8), (2, 7), (3, 9), (4, 10)]);
    let last = Command::CreateClient { configuration: configuration(1), client: client(5, Some(i32::MAX)) };
    f.commit(last).await.unwrap();
    f.commit(Command::CreateClient { configuration: configuration(1), client: client(6, None) }).await.unwrap();
    assert_eq!(f.configuration(configuration(1)).await.clients.get(client_id(6)).unwrap().priority, i32::MAX - 1);
}

pub(crate) async fn r8_duplicate_priorities_in_one_request_are_refused_with_both_positions(f: Fixture) {
    let given = vec![client(1, Some(4)), client(2, None), client(3, Some(4))];
    let answer = f.commit(create_with(1, vec![], given)).await;
    assert!(matches!(answer, Err(CommitError::DuplicatePriority { priority: 4, first: 0, second: 2 })));
    assert!(f.snapshot().await.is_empty());
    f.commit(create_with(1, vec![], vec![client(1, None), client(2, None)])).await.unwrap();
    let order = vec![(client_id(1), 3), (client_id(2), 3)];
    let answer = f.commit(Command::ReorderPriorities { configuration: configuration(1), order }).await;
    assert!(matches!(answer, Err(CommitError::DuplicatePriority { priority: 3, first: 0, second: 1 })));
}

pub(crate) async fn r8_a_priority_that_is_stored_already_is_taken(f: Fixture) {
    f.commit(create_with(1, vec![], vec![client(1, Some(0)), client(2, Some(1))])).await.unwrap();
    let id = configuration(1);
    let create = Command::CreateClient { configuration: id, client: client(3, Some(1)) };
    let update = set_priority(id, client_id(1), 1);
    let order = Command::ReorderPriorities { configuration: id, order: vec![(client_id(1), 1)] };
    for command in [create, update, order] {
        let answer = f.commit(command).await;
        assert!(matches!(answer, Err(CommitError::PriorityTaken { priority: 1, by }) if by == client_id(2)));
    }
    f.commit(set_priority(id, client_id(1), 0)).await.unwrap();
    let negative = f.commit(set_priority(id, client_id(1), -1)).await;
    assert!(matches!(negative, Err(CommitError::InvalidPriority { priority: -1 })));
    assert_eq!(priorities(&f).await, [(1, 0), (2, 1)]);
}

pub(crate) async fn r8_reordering_is_all_or_nothing(f: Fixture) {
    f.commit(create_with(1, vec![], vec![client(1, None), client(2, None)])).await.unwrap();
    let order = vec![(client_id(1), 5), (client_id(2), 6), (client_id(77), 7)];
    let answer = f.commit(Command::ReorderPriorities { configuration: configuration(1), order }).await;
    assert!(matches!(answer, Err(CommitError::UnknownMember { index: 2, id }) if id == client_id(77)));
    let order = vec![(client_id(1), 5), (client_id(1), 6)];
    let answer = f.commit(Command::ReorderPriorities { configuration: configuration(1), order }).await;
    assert!(matches!(answer, Err(CommitError::DuplicateMember { first: 0, second: 1 })));
    assert_eq!(priorities(&f).await, [(1, 0), (2, 1)]);
}

pub(crate) async fn r8_reordering_may_swap(f: Fixture) {
    let given = vec![client(1, None), client(2, None), client(3, None)];
    f.commit(create_with(1, vec![], given)).await.unwrap();
    let order = vec![(client_id(1), 2), (client_id(2), 0), (client_id(3), 1)];
    f.commit(Command::ReorderPriorities { configuration: configuration(1), order }).await.unwrap();
    assert_eq!(priorities(&f).await, [(1, 2), (2, 0), (3, 1)]);
    let order = vec![(client_id(1), 2), (client_id(2), 9)];
    f.commit(Command::ReorderPriorities { configuration: configuration(1), order }).await.unwrap();
    assert_eq!(priorities(&f).await, [(1, 2), (2, 9), (3, 1)]);
    let owner = f.configuration(configuration(1)).await;
    let versions: Vec<_> = owner.clients.iter().map(|c| c.stamp.version).collect();
    assert_eq!(versions, [2, 3, 2], "only what moved has changed");
}

pub(crate) async fn a_client_configuration_changes_only_what_the_command_sets(f: Fixture) {
    f.commit(create_with(1, vec![], vec![client(1, Some(4))])).await.unwrap();
    let command = Command::UpdateClient {
        configuration: configuration(1),
        client: client_id(1),
        expected_kind: Some(ClientKind::Windows),
        display_name: Change::Set(None),
        description: Change::Set(Some("for all".into())),
        priority: Change::Keep,
        policy_payload: Change::Keep,
        user_preference_payload: Change::Keep,
    };
    let committed = f.commit_if(Precondition::IfMatch(Versions::List(vec![1])), command).await.unwrap();
    let owner = committed.snapshot.configuration(configuration(1)).unwrap();
    let changed = owner.clients.get(client_id(1)).unwrap();
    assert_eq!((changed.display_name.as_deref(), changed.description.as_deref()), (None, Some("for all")));
    assert_eq!((changed.priority, changed.stamp.version), (4, 2));
    assert_eq!(changed.stamp.modified, at("2026-11-23T11:00:00Z"));
    assert_eq!(owner.stamp.version, 1, "the owner is another entity");
}

pub(crate) async fn the_concrete_type_cannot_change(f: Fixture) {
    f.commit(create_with(1, vec![], vec![client(1, None)])).await.unwrap();
    let mut command = update_client(configuration(1), client_id(1));
    if let Command::UpdateClient { expected_kind, .. } = &mut command {
        *expected_kind = Some(ClientKind::WindowsSecurity);
    }
    assert!(matches!(f.commit(command).await, Err(CommitError::KindMismatch)));
}

pub(crate) async fn what_is_not_there_cannot_be_changed_or_removed(f: Fixture) {
    f.created(1).await;
    for owner in [configuration(1), f.default_id()] {
        for command in
            [update_client(owner, client_id(1)), Command::DeleteClient { configuration: owner, client: client_id(1) }]
        {
            let answer = f.commit(command).await;
            assert!(matches!(answer, Err(CommitError::NotFound { what: What::ClientConfiguration })));
        }
    }
    let order = vec![(client_id(1), 0)];
    let answer = f.commit(Command::ReorderPriorities { configuration: f.default_id(), order }).await;
    assert!(matches!(answer, Err(CommitError::UnknownMember { index: 0, .. })));
    assert_eq!(f.snapshot().await.version(), 1);
}

pub(crate) async fn a_client_configuration_has_its_own_version(f: Fixture) {
    f.commit(create_with(1, vec![], vec![client(1, None), client(2, None)])).await.unwrap();
    f.commit(set_priority(configuration(1), client_id(1), 9)).await.unwrap();
    let stale = Precondition::IfMatch(Versions::List(vec![1]));
    let delete = |n| Command::DeleteClient { configuration: configuration(1), client: client_id(n) };
    assert!(matches!(f.commit_if(stale.clone(), delete(1)).await, Err(CommitError::PreconditionFailed)));
    f.commit_if(stale, delete(2)).await.unwrap();
    assert_eq!(priorities(&f).await, [(1, 9)]);
    let twice = Command::CreateClient { configuration: configuration(1), client: client(1, None) };
    assert!(matches!(f.commit(twice).await, Err(CommitError::AlreadyExists { what: What::ClientConfiguration })));
}
