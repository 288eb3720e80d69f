//! officeConfigurations: R1, R2, R3, tenants, order, versions.

use store::{
    AssignmentId, Change, ClientConfigurationId, Command, Commit, CommitError, ConfigurationId, NewAssignment,
    NewClient, Precondition, StatusQuery, StoreError, Summary, Versions, What,
};

use super::fixture::{
    Fixture, assignment_id, at, caller, client, client_id, configuration, create, create_with, group, status,
};

pub(crate) async fn a_tenant_that_never_wrote_is_empty_and_stays_unknown(f: Fixture) {
    let snapshot = f.snapshot().await;
    assert_eq!((snapshot.version(), snapshot.len()), (0, 0));
    assert!(snapshot.default_configuration().is_none());
    assert_eq!(snapshot.default_configuration_id(), f.default_id());
    // Nothing has to be loaded; but where it could be placed elsewhere the next moment, nothing is kept either.
    assert!(f.store.last_snapshot(&f.caller).map_or(f.is_placed(), |loaded| *loaded == *snapshot));
}

pub(crate) async fn r1_a_created_configuration_is_there_with_what_it_was_given(f: Fixture) {
    let row = status("u", "d", "2017-01-01T00:00:15.2429914+03:00", true);
    let command = Command::CreateConfiguration {
        id: configuration(7),
        default: false,
        summary: Some(Summary { succeeded: 2, failed: 15 }),
        statuses: vec![row.clone()],
        clients: vec![client(1, None)],
    };
    let committed = f.commit(command).await.unwrap();
    assert_eq!(committed.version, 1);
    let made = committed.snapshot.configuration(configuration(7)).unwrap();
    assert_eq!(made.written_summary, Some(Summary { succeeded: 2, failed: 15 }));
    assert_eq!((made.status_count, made.status_version, made.clients.len()), (1, 1, 1));
    assert!(!made.is_default && !made.has_checkins_from_clients);
    assert_eq!(*f.snapshot().await, *committed.snapshot);
    let page = f.page(StatusQuery::all(configuration(7), 10)).await;
    assert_eq!(page.rows.iter().map(|r| (**r).clone()).collect::<Vec<_>>(), [row]);
}

pub(crate) async fn r2_the_default_one_is_made_by_post_patch_or_a_first_child_and_goes_with_delete(f: Fixture) {
    let id = f.default_id();
    let post = Command::CreateConfiguration { id, default: true, summary: None, statuses: vec![], clients: vec![] };
    let patch = Command::UpdateConfiguration {
        id,
        default_may_be_created: true,
        summary: Change::Keep,
        statuses: Change::Keep,
    };
    let child = Command::CreateClient { configuration: id, client: client(1, None) };
    for first in [post.clone(), patch, child] {
        f.commit(first).await.unwrap();
        assert!(f.configuration(id).await.is_default);
        let again = f.commit(post.clone()).await;
        assert!(matches!(again, Err(CommitError::AlreadyExists { what: What::Configuration })));
        f.commit(Command::DeleteConfiguration { id }).await.unwrap();
        assert!(f.snapshot().await.default_configuration().is_none());
    }
    let not_allowed = Command::UpdateConfiguration {
        id,
        default_may_be_created: false,
        summary: Change::Keep,
        statuses: Change::Keep,
    };
    assert!(matches!(f.commit(not_allowed).await, Err(CommitError::NotFound { what: What::Configuration })));
}

pub(crate) async fn r2_the_id_of_the_default_one_is_not_given_to_another(f: Fixture) {
    let create =
        |id, default| Command::CreateConfiguration { id, default, summary: None, statuses: vec![], clients: vec![] };
    let taken = f.commit(create(f.default_id(), false)).await;
    assert!(matches!(taken, Err(CommitError::AlreadyExists { .. })));
    let other = f.commit(create(configuration(3), true)).await;
    assert!(matches!(other, Err(CommitError::NotTheDefaultId)));
    assert_eq!(f.snapshot().await.version(), 0);
}

pub(crate) async fn r3_an_id_that_is_taken_is_refused_and_free_in_another_tenant(f: Fixture) {
    f.created(1).await;
    assert!(matches!(f.commit(create(1)).await, Err(CommitError::AlreadyExists { .. })));
    let here = Commit::of(at("2026-11-23T10:00:00Z"), create(1));
    f.store.commit(&caller(2), here).await.unwrap();
}

pub(crate) async fn r3_an_id_of_anything_in_the_tenant_is_taken_until_that_goes(f: Fixture) {
    let mut word = client(1, None);
    word.assignments = vec![group(1, "a")];
    f.commit(create_with(1, vec![], vec![word])).await.unwrap();
    let ids = [configuration(1).0, client_id(1).0, assignment_id(1).0, f.default_id().0];
    for id in ids {
        let with_id = Command::CreateConfiguration {
            id: ConfigurationId(id),
            default: false,
            summary: None,
            statuses: vec![],
            clients: vec![],
        };
        let taken = f.commit(with_id).await;
        assert!(matches!(taken, Err(CommitError::AlreadyExists { what: What::Configuration })));
        let new = NewClient { id: ClientConfigurationId(id), ..client(2, None) };
        let taken = f.commit(Command::CreateClient { configuration: f.default_id(), client: new.clone() }).await;
        assert!(matches!(taken, Err(CommitError::AlreadyExists { what: What::ClientConfiguration })));
        let taken = f.commit(create_with(2, vec![], vec![new])).await;
        assert!(matches!(taken, Err(CommitError::AlreadyExists { what: What::ClientConfiguration })));
        let assignment = NewAssignment { id: AssignmentId(id), target: None };
        let add = Command::CreateAssignment { configuration: configuration(1), client: client_id(1), assignment };
        assert!(matches!(f.commit(add).await, Err(CommitError::AlreadyExists { what: What::Assignment })));
    }
    let own = NewClient { id: ClientConfigurationId(configuration(2).0), ..client(2, None) };
    let taken = f.commit(create_with(2, vec![], vec![own])).await;
    assert!(matches!(taken, Err(CommitError::AlreadyExists { what: What::ClientConfiguration })));
    assert_eq!(f.snapshot().await.version(), 1, "nothing of all that counts");
    let assign = Command::AssignGroups {
        configuration: configuration(1),
        client: client_id(1),
        assignments: vec![group(1, "its own id again"), group(2, "b")],
    };
    f.commit(assign).await.unwrap();
    f.commit(Command::DeleteConfiguration { id: configuration(1) }).await.unwrap();
    let mut again = client(1, None);
    again.assignments = vec![group(1, "a"), group(2, "b")];
    f.commit(create_with(1, vec![], vec![again])).await.unwrap();
    let delete = Command::DeleteClient { configuration: configuration(1), client: client_id(1) };
    f.commit(delete).await.unwrap();
    for n in [client_id(1).0, assignment_id(1).0, assignment_id(2).0] {
        let made = NewClient { id: ClientConfigurationId(n), ..client(1, None) };
        f.commit(Command::CreateClient { configuration: configuration(1), client: made }).await.unwrap();
    }
}

pub(crate) async fn r3_an_unknown_id_is_not_found(f: Fixture) {
    let id = configuration(9);
    let unknown = [
        Command::UpdateConfiguration {
            id,
            default_may_be_created: true,
            summary: Change::Keep,
            statuses: Change::Keep,
        },
        Command::DeleteConfiguration { id },
        Command::CreateClient { configuration: id, client: client(1, None) },
        Command::ReorderPriorities { configuration: id, order: vec![] },
        Command::RecordCheckins { configuration: id, checkins: vec![] },
    ];
    for command in unknown {
        let answer = f.commit(command).await;
        assert!(matches!(answer, Err(CommitError::NotFound { what: What::Configuration })));
    }
}

pub(crate) async fn no_tenant_sees_another(f: Fixture) {
    let rows = vec![status("u", "d", "2026-11-01T00:00:00Z", true)];
    f.commit(create_with(1, rows, vec![client(1, None)])).await.unwrap();
    let stranger = caller(2);
    let seen = f.store.snapshot(&stranger).await.unwrap();
    assert_eq!((seen.len(), seen.version()), (0, 0));
    let rows = f.store.statuses(&stranger, StatusQuery::all(configuration(1), 10)).await;
    assert!(matches!(rows, Err(StoreError::NotFound { what: What::Configuration })));
    let summary = f.store.summary(&stranger, configuration(1), None, 20_000).await;
    assert!(matches!(summary, Err(StoreError::NotFound { .. })));
    let delete = Commit::of(at("2026-11-23T10:00:00Z"), Command::DeleteConfiguration { id: configuration(1) });
    assert!(matches!(f.store.commit(&stranger, delete).await, Err(CommitError::NotFound { .. })));
    assert_eq!(f.snapshot().await.len(), 1);
}

pub(crate) async fn the_order_is_the_order_of_creation(f: Fixture) {
    for n in [5, 3, 9, 1] {
        f.created(n).await;
    }
    f.commit(Command::DeleteConfiguration { id: configuration(3) }).await.unwrap();
    f.created(3).await;
    let snapshot = f.snapshot().await;
    let ids: Vec<_> = snapshot.configurations().map(|c| c.id).collect();
    assert_eq!(ids, [5, 9, 1, 3].map(configuration));
    let after = snapshot.configuration(configuration(9)).unwrap().seq;
    let ids: Vec<_> = snapshot.configurations_after(after).map(|c| c.id).collect();
    assert_eq!(ids, [1, 3].map(configuration));
}

pub(crate) async fn stamps_follow_the_commands_time_and_the_tenants_version(f: Fixture) {
    let id = f.created(1).await;
    let now = at("2026-11-24T01:02:03.1234567+02:00");
    let command = Command::UpdateConfiguration {
        id,
        default_may_be_created: false,
        summary: Change::Set(Some(Summary { succeeded: 1, failed: 0 }.into())),
        statuses: Change::Keep,
    };
    f.store.commit(&f.caller, Commit::of(now, command)).await.unwrap();
    let stamp = f.configuration(id).await.stamp;
    assert_eq!(stamp.created.to_string(), "2026-11-23T10:00:00Z");
    assert_eq!(stamp.modified.to_string(), now.to_string());
    assert_eq!(stamp.version, 2);
}

pub(crate) async fn preconditions_are_checked_inside_the_commit(f: Fixture) {
    let id = f.created(1).await;
    let version = f.configuration(id).await.stamp.version;
    let change = || Command::UpdateConfiguration {
        id,
        default_may_be_created: false,
        summary: Change::Keep,
        statuses: Change::Keep,
    };
    for stale in [
        Precondition::IfMatch(Versions::List(vec![version + 1])),
        Precondition::IfMatch(Versions::List(vec![])),
        Precondition::IfNoneMatch(Versions::Any),
        Precondition::IfNoneMatch(Versions::List(vec![version])),
    ] {
        let answer = f.commit_if(stale, change()).await;
        assert!(matches!(answer, Err(CommitError::PreconditionFailed)));
    }
    assert_eq!(f.configuration(id).await.stamp.version, version);
    f.commit_if(Precondition::IfMatch(Versions::List(vec![9, version])), change()).await.unwrap();
    f.commit_if(Precondition::IfMatch(Versions::Any), change()).await.unwrap();
    let exists = f.commit_if(Precondition::IfNoneMatch(Versions::Any), create(1)).await;
    assert!(matches!(exists, Err(CommitError::PreconditionFailed)));
    f.commit_if(Precondition::IfNoneMatch(Versions::Any), create(2)).await.unwrap();
    let default = Command::UpdateConfiguration {
        id: f.default_id(),
        default_may_be_created: true,
        summary: Change::Keep,
        statuses: Change::Keep,
    };
    f.commit_if(Precondition::IfMatch(Versions::List(vec![0])), default).await.unwrap();
}
