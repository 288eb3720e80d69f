//! Assignments (R9).

use store::{Command, CommitError, NewAssignment, Precondition, Target, TargetChange, TargetPatch, Versions, What};

use super::fixture::{Fixture, assignment_id, client, client_id, configuration, create_with, group};

async fn targets(f: &Fixture) -> Vec<(u128, Option<Target>)> {
    let owner = f.configuration(configuration(1)).await;
    let client = owner.clients.get(client_id(1)).expect("it is there");
    client.assignments.iter().map(|a| (a.id.0.as_u128() >> 16, a.target.clone())).collect()
}

#[expect(clippy::unnecessary_wraps, reason = "targets are optional where it is used")]
fn to_group(name: &str) -> Option<Target> {
    Some(Target::Group { group_id: name.into() })
}

pub(crate) async fn r9_assign_replaces_all(f: Fixture) {
    let mut new = client(1, None);
    new.assignments = vec![group(1, "a"), group(2, "b")];
    f.commit(create_with(1, vec![], vec![new])).await.unwrap();
    let everybody = NewAssignment { id: assignment_id(3), target: Some(Target::AllUsers) };
    let nobody = NewAssignment { id: assignment_id(4), target: None };
    let assign =
        |assignments| Command::AssignGroups { configuration: configuration(1), client: client_id(1), assignments };
    f.commit(assign(vec![group(5, "c"), everybody, nobody])).await.unwrap();
    assert_eq!(targets(&f).await, [(5, to_group("c")), (3, Some(Target::AllUsers)), (4, None)]);
    let answer = f.commit(assign(vec![group(6, "c"), group(6, "d")])).await;
    assert!(matches!(answer, Err(CommitError::DuplicateMember { first: 0, second: 1 })));
    assert_eq!(targets(&f).await.len(), 3);
    f.commit(assign(vec![])).await.unwrap();
    assert_eq!(targets(&f).await, []);
}

pub(crate) async fn assignments_are_made_changed_and_removed_one_by_one(f: Fixture) {
    f.commit(create_with(1, vec![], vec![client(1, None)])).await.unwrap();
    let (configuration, client) = (configuration(1), client_id(1));
    for n in [1, 2, 3] {
        let assignment = group(n, &format!("group {n}"));
        f.commit(Command::CreateAssignment { configuration, client, assignment }).await.unwrap();
    }
    let twice = Command::CreateAssignment { configuration, client, assignment: group(1, "x") };
    assert!(matches!(f.commit(twice).await, Err(CommitError::AlreadyExists { what: What::Assignment })));
    let update = Command::UpdateAssignment {
        configuration,
        client,
        assignment: assignment_id(2),
        target: TargetChange::Replace(Some(Target::Abstract)),
    };
    let stale = Precondition::IfMatch(Versions::List(vec![2]));
    assert!(matches!(f.commit_if(stale, update.clone()).await, Err(CommitError::PreconditionFailed)));
    f.commit_if(Precondition::IfMatch(Versions::List(vec![3])), update).await.unwrap();
    let delete = Command::DeleteAssignment { configuration, client, assignment: assignment_id(1) };
    f.commit(delete.clone()).await.unwrap();
    assert!(matches!(f.commit(delete).await, Err(CommitError::NotFound { what: What::Assignment })));
    assert_eq!(targets(&f).await, [(2, Some(Target::Abstract)), (3, to_group("group 3"))]);
    let owner = f.configuration(configuration).await;
    assert_eq!(owner.clients.get(client).unwrap().stamp.version, 1, "the owner is another entity");
}

pub(crate) async fn a_target_is_merged_with_one_of_its_type_only(f: Fixture) {
    let mut new = client(1, None);
    new.assignments = vec![group(1, "a"), NewAssignment { id: assignment_id(2), target: None }];
    f.commit(create_with(1, vec![], vec![new])).await.unwrap();
    let merge = |n, patch| Command::UpdateAssignment {
        configuration: configuration(1),
        client: client_id(1),
        assignment: assignment_id(n),
        target: TargetChange::Merge(patch),
    };
    let to = |group: Option<&str>| TargetPatch::Group { group_id: group.map(Into::into) };
    f.commit(merge(1, to(None))).await.unwrap();
    assert_eq!(targets(&f).await[0], (1, to_group("a")), "what is left out stays");
    f.commit(merge(1, to(Some("b")))).await.unwrap();
    assert_eq!(targets(&f).await[0], (1, to_group("b")));
    let refused = f.commit(merge(1, TargetPatch::AllUsers)).await;
    assert!(matches!(refused, Err(CommitError::TargetTypeMismatch)));
    assert!(matches!(f.commit(merge(2, to(None))).await, Err(CommitError::GroupMissing)));
    f.commit(merge(2, TargetPatch::AllUsers)).await.unwrap();
    assert_eq!(targets(&f).await, [(1, to_group("b")), (2, Some(Target::AllUsers))]);
}
