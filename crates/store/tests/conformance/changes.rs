//! Following what changed: nothing is lost, whatever happens between two parts.

use std::collections::BTreeSet;
use std::time::Duration;

use bytes::Bytes;
use store::{
    AssignmentId, ChangePoint, ChangeQuery, Changes, Command, Commit, Conditional, NewPayload, PayloadKind, Retention,
    Since, StoreError, TargetChange, Tracked, What,
};
use uuid::Uuid;

use super::fixture::{
    Fixture, assignment_id, at, caller, client, client_id, configuration, create, create_with, group, set_priority,
    set_statuses, status,
};

const ALL: usize = 100;

/// A copy of a collection, kept by following it.
struct Copy {
    of: Tracked,
    ids: BTreeSet<Uuid>,
    point: ChangePoint,
}

impl Copy {
    async fn start(f: &Fixture, of: Tracked) -> Self {
        let first = ask(f, of, Since::Start, ALL).await.unwrap();
        assert!(!first.more && first.removed.is_empty());
        Self { of, ids: first.present.into_iter().collect(), point: first.point }
    }

    /// The next part.
    async fn part(&mut self, f: &Fixture, limit: usize) -> Changes {
        let part = ask(f, self.of, Since::Point(self.point), limit).await.unwrap();
        assert!(part.present.len() + part.removed.len() <= limit);
        self.point = part.point;
        for id in &part.removed {
            self.ids.remove(id);
        }
        self.ids.extend(&part.present);
        part
    }

    /// What changed, all in one.
    async fn told(&mut self, f: &Fixture) -> (Vec<Uuid>, Vec<Uuid>) {
        let part = self.part(f, ALL).await;
        assert!(!part.more);
        (part.present, part.removed)
    }
}

async fn ask(f: &Fixture, of: Tracked, since: Since, limit: usize) -> Result<Changes, StoreError> {
    f.store.changes(&f.caller, ChangeQuery { of, since, limit }).await
}

async fn unknown(f: &Fixture, of: Tracked, point: ChangePoint) -> bool {
    matches!(ask(f, of, Since::Point(point), ALL).await, Err(StoreError::PointNotFound))
}

fn ids(numbers: &[u128]) -> Vec<Uuid> {
    numbers.iter().map(|n| configuration(*n).0).collect()
}

fn touch(n: u128) -> Command {
    set_statuses(configuration(n), vec![])
}

fn delete(n: u128) -> Command {
    Command::DeleteConfiguration { id: configuration(n) }
}

pub(crate) async fn what_is_there_comes_first_in_parts(f: Fixture) {
    for n in 1..=5 {
        f.created(n).await;
    }
    let mut told = Vec::new();
    let mut since = Since::Start;
    let mut parts = 0;
    loop {
        let part = ask(&f, Tracked::Configurations, since, 2).await.unwrap();
        told.extend(part.present);
        parts += 1;
        if !part.more {
            break;
        }
        since = Since::Point(part.point);
    }
    assert_eq!((told, parts), (ids(&[1, 2, 3, 4, 5]), 3));
    let empty = ask(&f, Tracked::Clients(configuration(1)), Since::Start, 2).await.unwrap();
    assert!(empty.present.is_empty() && !empty.more);
}

pub(crate) async fn what_changes_while_the_first_parts_are_read_comes_after_them(f: Fixture) {
    for n in 1..=4 {
        f.created(n).await;
    }
    let first = ask(&f, Tracked::Configurations, Since::Start, 2).await.unwrap();
    assert_eq!((&first.present, first.more), (&ids(&[1, 2]), true));
    f.commit(touch(1)).await.unwrap();
    f.commit(delete(2)).await.unwrap();
    f.commit(delete(3)).await.unwrap();
    f.created(5).await;
    let mut copy = Copy { of: Tracked::Configurations, ids: first.present.into_iter().collect(), point: first.point };
    let rest = copy.part(&f, ALL).await;
    assert_eq!(
        (rest.present, rest.removed, rest.more),
        (ids(&[4, 5]), vec![], true),
        "as it is by now, and not all yet"
    );
    let (changed, removed) = copy.told(&f).await;
    assert_eq!((changed, removed), (ids(&[1, 5]), ids(&[2, 3])), "one that was told already is no harm");
    assert_eq!(copy.ids.into_iter().collect::<Vec<_>>(), ids(&[1, 4, 5]));
}

pub(crate) async fn what_changed_often_is_told_once_as_it_is_now(f: Fixture) {
    f.created(1).await;
    f.created(2).await;
    let mut copy = Copy::start(&f, Tracked::Configurations).await;
    for _ in 0..200 {
        f.commit(touch(2)).await.unwrap();
        f.commit(touch(1)).await.unwrap();
    }
    assert_eq!(copy.told(&f).await, (ids(&[2, 1]), vec![]), "in the order of the last changes");
    assert_eq!(copy.told(&f).await, (vec![], vec![]));
}

pub(crate) async fn what_went_is_told_and_what_came_back_is_there(f: Fixture) {
    for n in 1..=3 {
        f.created(n).await;
    }
    let mut copy = Copy::start(&f, Tracked::Configurations).await;
    f.commit(touch(1)).await.unwrap();
    f.commit(delete(1)).await.unwrap();
    for _ in 0..3 {
        f.commit(delete(2)).await.unwrap();
        f.created(2).await;
        f.created(9).await;
        f.commit(delete(9)).await.unwrap();
    }
    assert_eq!(copy.told(&f).await, (ids(&[2]), ids(&[1, 9])));
    f.created(1).await;
    assert_eq!(copy.told(&f).await, (ids(&[1]), vec![]));
}

pub(crate) async fn now_tells_nothing_but_where_later_changes_begin(f: Fixture) {
    let before_all = ask(&f, Tracked::Configurations, Since::Now, ALL).await.unwrap();
    f.created(1).await;
    let now = ask(&f, Tracked::Configurations, Since::Now, ALL).await.unwrap();
    assert!(now.present.is_empty() && now.removed.is_empty() && !now.more);
    f.created(2).await;
    let mut copy = Copy { of: Tracked::Configurations, ids: BTreeSet::new(), point: now.point };
    assert_eq!(copy.told(&f).await, (ids(&[2]), vec![]));
    let mut copy = Copy { point: before_all.point, ..copy };
    assert_eq!(copy.told(&f).await, (ids(&[1, 2]), vec![]));
}

pub(crate) async fn a_part_may_end_within_a_commit(f: Fixture) {
    f.created(1).await;
    let mut copy = Copy::start(&f, Tracked::Configurations).await;
    let commands = [create(2), create(3), delete(1), create(4), create(5)].map(Conditional::from).into();
    f.store.commit(&f.caller, Commit::new(at("2026-11-23T10:00:00Z"), commands)).await.unwrap();
    f.commit(touch(3)).await.unwrap();
    let mut told = Vec::new();
    loop {
        let part = copy.part(&f, 2).await;
        told.push((part.present, part.removed));
        if !part.more {
            break;
        }
    }
    assert_eq!(told, [(ids(&[2]), ids(&[1])), (ids(&[4, 5]), vec![]), (ids(&[3]), vec![])]);
}

pub(crate) async fn commits_that_share_a_transaction_are_told_one_by_one(f: Fixture) {
    let mut copy = Copy::start(&f, Tracked::Configurations).await;
    let commits = (1..=30).map(|n| f.store.commit(&f.caller, Commit::of(at("2026-11-23T10:00:00Z"), create(n))));
    assert!(futures_util::future::join_all(commits).await.iter().all(Result::is_ok));
    for told in 1..=30 {
        let part = copy.part(&f, 1).await;
        assert_eq!((part.present.len(), part.more), (1, told < 30));
    }
    assert_eq!(copy.ids.len(), 30);
}

pub(crate) async fn r2_the_default_one_is_told_from_when_it_is_written_until_it_is_deleted(f: Fixture) {
    let default = f.default_id();
    let mut all = Copy::start(&f, Tracked::Configurations).await;
    let mut clients = Copy::start(&f, Tracked::Clients(default)).await;
    assert_eq!(all.ids.len(), 0, "unwritten, it is not listed");
    f.commit(Command::CreateClient { configuration: default, client: client(1, None) }).await.unwrap();
    assert_eq!(all.told(&f).await, (vec![default.0], vec![]));
    assert_eq!(clients.told(&f).await, (vec![client_id(1).0], vec![]));
    f.commit(Command::DeleteConfiguration { id: default }).await.unwrap();
    assert_eq!(all.told(&f).await, (vec![], vec![default.0]));
    assert!(unknown(&f, clients.of, clients.point).await, "what was in it went with it, untold");
    assert_eq!(Copy::start(&f, clients.of).await.ids.len(), 0);
}

pub(crate) async fn client_configurations_are_followed_in_their_own_configuration_only(f: Fixture) {
    f.commit(create_with(1, vec![], vec![client(1, None), client(2, None)])).await.unwrap();
    f.commit(create_with(2, vec![], vec![client(3, None)])).await.unwrap();
    let mut copy = Copy::start(&f, Tracked::Clients(configuration(1))).await;
    let mut other = Copy::start(&f, Tracked::Clients(configuration(2))).await;
    f.commit(set_priority(configuration(1), client_id(2), 7)).await.unwrap();
    f.commit(Command::CreateClient { configuration: configuration(1), client: client(4, None) }).await.unwrap();
    f.commit(Command::DeleteClient { configuration: configuration(1), client: client_id(1) }).await.unwrap();
    f.commit(touch(1)).await.unwrap();
    assert_eq!(copy.told(&f).await, (vec![client_id(2).0, client_id(4).0], vec![client_id(1).0]));
    assert_eq!(other.told(&f).await, (vec![], vec![]));
}

pub(crate) async fn assignments_are_followed_one_by_one(f: Fixture) {
    let mut of_two = client(2, None);
    of_two.assignments = vec![group(8, "x")];
    let mut of_one = client(1, None);
    of_one.assignments = vec![group(1, "a"), group(2, "b")];
    f.commit(create_with(1, vec![], vec![of_one, of_two])).await.unwrap();
    let owner = (configuration(1), client_id(1));
    let mut copy = Copy::start(&f, Tracked::Assignments(owner.0, owner.1)).await;
    assert_eq!(copy.ids.len(), 2);
    let (configuration, client) = owner;
    let id = |n| assignment_id(n).0;
    let change = |assignment: AssignmentId| Command::UpdateAssignment {
        configuration,
        client,
        assignment,
        target: TargetChange::Keep,
    };
    f.commit(change(assignment_id(2))).await.unwrap();
    assert_eq!(copy.told(&f).await, (vec![id(2)], vec![]));
    f.commit(Command::DeleteAssignment { configuration, client, assignment: assignment_id(1) }).await.unwrap();
    f.commit(Command::CreateAssignment { configuration, client, assignment: group(3, "c") }).await.unwrap();
    assert_eq!(copy.told(&f).await, (vec![id(3)], vec![id(1)]));
    let assignments = vec![group(3, "d"), group(4, "e")];
    f.commit(Command::AssignGroups { configuration, client, assignments }).await.unwrap();
    assert_eq!(copy.told(&f).await, (vec![id(3), id(4)], vec![id(2)]));
    let other = Command::AssignGroups { configuration, client: client_id(2), assignments: vec![] };
    f.commit(other).await.unwrap();
    assert_eq!(copy.told(&f).await, (vec![], vec![]));
}

pub(crate) async fn what_counts_as_a_change_is_what_moves_the_version(f: Fixture) {
    f.commit(create_with(1, vec![], vec![client(1, None)])).await.unwrap();
    let (id, of_client) = (configuration(1), client_id(1));
    let mut all = Copy::start(&f, Tracked::Configurations).await;
    let mut clients = Copy::start(&f, Tracked::Clients(id)).await;
    let payload = Some(NewPayload::new("x/y", Bytes::from_static(b"1")));
    let which = PayloadKind::Policy;
    f.commit(Command::SetPayload { configuration: id, client: of_client, which, payload }).await.unwrap();
    assert_eq!(clients.told(&f).await, (vec![of_client.0], vec![]), "its payloads are part of it");
    f.commit(Command::AssignGroups { configuration: id, client: of_client, assignments: vec![group(1, "a")] })
        .await
        .unwrap();
    assert_eq!(clients.told(&f).await, (vec![], vec![]), "its assignments are not");
    assert_eq!(all.told(&f).await, (vec![], vec![]), "nor is what is in a configuration");
    f.commit(set_statuses(id, vec![status("u", "d", "2026-11-01T00:00:00Z", true)])).await.unwrap();
    assert_eq!(all.told(&f).await, (vec![id.0], vec![]), "rows that an administrator writes are");
    let checkins = vec![status("v", "d", "2026-11-01T00:00:00Z", true)];
    f.commit(Command::RecordCheckins { configuration: id, checkins }).await.unwrap();
    assert_eq!(all.told(&f).await, (vec![], vec![]), "a client's check-in does not move it");
}

pub(crate) async fn a_collection_is_followed_only_as_long_as_it_is_in_the_same_thing(f: Fixture) {
    f.commit(create_with(1, vec![], vec![client(1, None), client(2, None)])).await.unwrap();
    let of = Tracked::Clients(configuration(1));
    let listing = ask(&f, of, Since::Start, 1).await.unwrap();
    assert!(listing.more);
    let copy = Copy::start(&f, of).await;
    f.commit(delete(1)).await.unwrap();
    let gone = ask(&f, of, Since::Point(copy.point), ALL).await;
    assert!(matches!(gone, Err(StoreError::NotFound { what: What::Configuration })));
    f.commit(create_with(1, vec![], vec![client(3, None)])).await.unwrap();
    assert!(unknown(&f, of, copy.point).await, "the same id, another configuration");
    assert!(unknown(&f, of, listing.point).await);
    let of = Tracked::Assignments(configuration(1), client_id(9));
    let nobody = ask(&f, of, Since::Start, ALL).await;
    assert!(matches!(nobody, Err(StoreError::NotFound { what: What::ClientConfiguration })));
}

pub(crate) async fn what_is_trimmed_is_not_known_any_more_and_the_rest_is(f: Fixture) {
    let f = f.keeping(Retention { commits: 5, ..Retention::default() }).await;
    let of = Tracked::Configurations;
    let mut points = vec![Copy::start(&f, of).await.point];
    for n in 1..=12 {
        f.created(n).await;
        points.push(ask(&f, of, Since::Now, ALL).await.unwrap().point);
    }
    for (version, point) in points.iter().enumerate() {
        let kept = version >= 8;
        assert_eq!(unknown(&f, of, *point).await, !kept, "{version}");
        if kept {
            let told = ask(&f, of, Since::Point(*point), ALL).await.unwrap();
            assert_eq!(told.present.len(), 12 - version);
        }
    }
}

pub(crate) async fn old_commits_are_trimmed_when_a_later_one_comes(f: Fixture) {
    let f = f.keeping(Retention { age: Duration::from_hours(48), ..Retention::default() }).await;
    let of = Tracked::Configurations;
    let mut points = Vec::new();
    for (n, now) in [(1, "2026-11-20T10:00:00Z"), (2, "2026-11-21T11:00:00Z"), (3, "2026-11-23T10:00:00Z")] {
        f.store.commit(&f.caller, Commit::of(at(now), create(n))).await.unwrap();
        points.push(ask(&f, of, Since::Now, ALL).await.unwrap().point);
    }
    assert!(unknown(&f, of, points[0]).await);
    let told = ask(&f, of, Since::Point(points[1]), ALL).await.unwrap();
    assert_eq!(told.present, ids(&[3]));
    let later = Commit::of(at("2027-11-23T10:00:00Z"), create(4));
    f.store.commit(&f.caller, later).await.unwrap();
    assert!(unknown(&f, of, points[2]).await);
    let now = ask(&f, of, Since::Now, ALL).await.unwrap();
    let told = ask(&f, of, Since::Point(now.point), ALL).await.unwrap();
    assert!(told.present.is_empty(), "the newest commit always stays");
}

pub(crate) async fn a_point_of_another_history_is_not_taken(f: Fixture) {
    let of = Tracked::Configurations;
    let restored = f.keeping(Retention::default()).await;
    for one in [&f, &restored] {
        one.created(1).await;
    }
    let shared = ask(&f, of, Since::Now, ALL).await.unwrap().point;
    f.created(2).await;
    f.created(3).await;
    let lost = ask(&f, of, Since::Now, ALL).await.unwrap().point;
    assert!(unknown(&restored, of, lost).await, "it is newer than what was brought back");
    for _ in 0..3 {
        restored.commit(touch(1)).await.unwrap();
    }
    assert!(unknown(&restored, of, lost).await, "the numbers go on, the history is another");
    let told = ask(&restored, of, Since::Point(shared), ALL).await.unwrap();
    assert_eq!(told.present, ids(&[1]), "what both share is known");
}

pub(crate) async fn no_tenant_follows_another(f: Fixture) {
    let theirs = f.as_caller(caller(2));
    f.created(1).await;
    theirs.commit(create_with(2, vec![], vec![client(1, None)])).await.unwrap();
    assert_eq!(Copy::start(&theirs, Tracked::Configurations).await.ids.into_iter().collect::<Vec<_>>(), ids(&[2]));
    let of = Tracked::Clients(configuration(2));
    let foreign = ask(&f, of, Since::Start, ALL).await;
    assert!(matches!(foreign, Err(StoreError::NotFound { what: What::Configuration })));
}
