//! Check-in rows (R4, R13): identity, order, pages.

use odata::edm::DateTimeOffset;
use odata::expr::{Expr, ExprType, Node, Step};
use odata::plan::OrderBy;
use store::{CheckinStatus, Command, Commit, CommitError, Conditional, ConfigurationId, StatusQuery, StoreError, What};

use super::fixture::{Fixture, at, client, client_id, configuration, create_with, set_statuses, status};

/// Ten rows with instants in no order, two of them the same.
fn ten() -> Vec<CheckinStatus> {
    [5, 2, 8, 2, 9, 0, 3, 7, 6, 1]
        .iter()
        .enumerate()
        .map(|(n, minute)| status(&format!("user{n}"), "pc", &format!("2026-11-01T00:0{minute}:00Z"), n % 3 != 0))
        .collect()
}

fn record(configuration: ConfigurationId, checkins: Vec<CheckinStatus>) -> Command {
    Command::RecordCheckins { configuration, checkins }
}

fn by_time(descending: bool) -> Vec<OrderBy> {
    let node = Node::Path { root: 0, steps: vec![Step::Member(6)] };
    vec![OrderBy { expr: Expr { node, ty: ExprType { base: None, collection: false } }, descending }]
}

pub(crate) async fn r4_written_rows_keep_their_order_over_pages(f: Fixture) {
    f.commit(create_with(1, ten(), vec![])).await.unwrap();
    let all = StatusQuery::all(configuration(1), 0);
    for size in [1, 3, 5, 10, 11] {
        assert_eq!(f.all_pages(all.clone(), size).await, ten());
    }
    let page = f.page(StatusQuery { skip: 4, limit: 3, count: true, ..all.clone() }).await;
    assert_eq!(page.rows.iter().map(|r| (**r).clone()).collect::<Vec<_>>(), ten()[4..7]);
    assert_eq!(page.count, Some(10));
    let none = f.page(StatusQuery { limit: 0, count: true, ..all }).await;
    assert_eq!((none.rows.len(), none.count, none.next), (0, Some(10), None));
}

pub(crate) async fn r4_writing_replaces_the_collection_whole(f: Fixture) {
    f.commit(create_with(1, ten(), vec![])).await.unwrap();
    let fewer = ten()[3..5].to_vec();
    let committed = f.commit(set_statuses(configuration(1), fewer.clone())).await.unwrap();
    let changed = committed.snapshot.configuration(configuration(1)).unwrap();
    assert_eq!((changed.status_count, changed.status_version, changed.stamp.version), (2, 2, 2));
    assert_eq!(f.all_pages(StatusQuery::all(configuration(1), 0), 10).await, fewer);
    f.commit(set_statuses(configuration(1), vec![])).await.unwrap();
    assert!(f.page(StatusQuery::all(configuration(1), 10)).await.rows.is_empty());
}

pub(crate) async fn r4_two_of_one_identity_are_refused_with_both_positions(f: Fixture) {
    let mut rows = ten();
    let mut twin = rows[2].clone();
    twin.user_id = "USER2".into();
    twin.device_name = Some("Pc".into());
    rows.push(twin);
    let answer = f.commit(create_with(1, rows, vec![])).await;
    assert!(matches!(answer, Err(CommitError::DuplicateStatus { first: 2, second: 10 })));
    let mut nameless =
        vec![status("u", "", "2026-11-01T00:00:00Z", true), status("u", "", "2026-11-01T00:00:00Z", true)];
    nameless[0].device_name = None;
    let answer = f.commit(create_with(1, nameless, vec![])).await;
    assert!(matches!(answer, Err(CommitError::DuplicateStatus { first: 0, second: 1 })));
    assert!(f.snapshot().await.is_empty());
}

pub(crate) async fn r4_more_than_may_be_written_are_refused(f: Fixture) {
    let row = |n: usize| status(&format!("u{n}"), "pc", "2026-11-01T00:00:00Z", true);
    let answer = f.commit(create_with(1, (0..=10_000).map(row).collect(), vec![])).await;
    assert!(matches!(answer, Err(CommitError::TooManyStatuses { given: 10_001, limit: 10_000 })));
    f.commit(create_with(1, (0..10_000).map(row).collect(), vec![])).await.unwrap();
    assert_eq!(f.configuration(configuration(1)).await.status_count, 10_000);
    f.commit(Command::DeleteConfiguration { id: configuration(1) }).await.unwrap();
}

pub(crate) async fn r4_once_clients_checked_in_the_rows_are_theirs(f: Fixture) {
    f.commit(create_with(1, ten(), vec![])).await.unwrap();
    let before = f.configuration(configuration(1)).await.stamp;
    f.commit(record(configuration(1), vec![status("new", "pc", "2026-11-02T00:00:00Z", true)])).await.unwrap();
    let owner = f.configuration(configuration(1)).await;
    assert!(owner.has_checkins_from_clients);
    assert_eq!((owner.status_count, owner.status_version, owner.stamp), (11, 2, before));
    let answer = f.commit(set_statuses(configuration(1), ten())).await;
    assert!(matches!(answer, Err(CommitError::StatusesOwnedByClients)));
    let mut found = f.all_pages(StatusQuery::all(configuration(1), 0), 4).await;
    let mut expected = ten();
    expected.push(status("new", "pc", "2026-11-02T00:00:00Z", true));
    found.sort_by(|a, b| a.user_id.cmp(&b.user_id));
    expected.sort_by(|a, b| a.user_id.cmp(&b.user_id));
    assert_eq!(found, expected);
}

pub(crate) async fn r4_a_recorded_row_takes_the_place_of_its_identity(f: Fixture) {
    let id = f.default_id();
    f.commit(record(id, ten())).await.unwrap();
    let mut again = status("USER3", "PC", "2026-11-09T00:00:00Z", true);
    again.device_platform_version = Some("11".into());
    let failing = status("user4", "pc", "2026-11-09T00:00:00Z", false);
    let twice =
        vec![status("user5", "pc", "2026-11-08T00:00:00Z", false), status("user5", "pc", "2026-11-09T00:00:00Z", true)];
    f.commit(record(id, [vec![again.clone(), failing.clone()], twice.clone()].concat())).await.unwrap();
    let owner = f.configuration(id).await;
    assert!(owner.is_default);
    assert_eq!(owner.status_count, 10);
    let found = f.all_pages(StatusQuery::all(id, 0), 3).await;
    for row in [&again, &failing, &twice[1]] {
        assert!(found.contains(row));
    }
}

pub(crate) async fn r13_instants_keep_their_offset_and_digits(f: Fixture) {
    let texts = [
        "0001-01-01T00:00:00Z",
        "9999-12-31T23:59:59.9999999Z",
        "2017-01-01T00:00:15.2429914+03:00",
        "2017-01-01T00:00:15.20-11:30",
        "2017-01-01T00:00:15+00:00",
    ];
    let rows = texts.iter().enumerate().map(|(n, text)| status(&format!("u{n}"), "pc", text, true)).collect();
    f.commit(create_with(1, rows, vec![])).await.unwrap();
    let page = f.page(StatusQuery::all(configuration(1), 10)).await;
    let read: Vec<_> = page.rows.iter().map(|row| row.checkin.to_string()).collect();
    assert_eq!(read, texts);
}

pub(crate) async fn null_and_empty_applied_policies_stay_apart(f: Fixture) {
    let mut rows = ten()[..3].to_vec();
    rows[0].applied_policies = None;
    rows[1].applied_policies = Some(vec![]);
    rows[2].applied_policies = Some(vec!["a \"quoted\" one".into(), "ß".into(), "".into()]);
    f.commit(create_with(1, rows.clone(), vec![])).await.unwrap();
    assert_eq!(f.all_pages(StatusQuery::all(configuration(1), 0), 5).await, rows);
}

pub(crate) async fn rows_come_in_order_of_time_both_ways_over_pages(f: Fixture) {
    f.commit(create_with(1, ten(), vec![])).await.unwrap();
    f.commit(record(f.default_id(), ten())).await.unwrap();
    for id in [configuration(1), f.default_id()] {
        for descending in [false, true] {
            let query = StatusQuery { order: by_time(descending), ..StatusQuery::all(id, 0) };
            let all = f.all_pages(query.clone(), 100).await;
            let ticks: Vec<_> = all.iter().map(|row| row.checkin).collect();
            assert_eq!(ticks.len(), 10);
            let sorted = |a: &DateTimeOffset, b: &DateTimeOffset| if descending { a >= b } else { a <= b };
            assert!(ticks.is_sorted_by(sorted));
            for size in [1, 2, 3, 7] {
                assert_eq!(f.all_pages(query.clone(), size).await, all);
            }
        }
    }
}

pub(crate) async fn the_rows_of_one_client_configuration_are_those_that_applied_it(f: Fixture) {
    let mut rows = ten();
    for n in [1, 4, 6] {
        rows[n].applied_policies = Some(vec!["other".into(), client_id(1).to_string().into()]);
    }
    f.commit(create_with(1, rows.clone(), vec![client(1, None)])).await.unwrap();
    let query =
        StatusQuery { applied_policy: Some(client_id(1)), count: true, ..StatusQuery::all(configuration(1), 2) };
    assert_eq!(f.page(query.clone()).await.count, Some(3));
    assert_eq!(f.all_pages(query, 2).await, [1, 4, 6].map(|n: usize| rows[n].clone()));
    let other = StatusQuery { applied_policy: Some(client_id(2)), ..StatusQuery::all(configuration(1), 2) };
    assert!(f.page(other).await.rows.is_empty());
}

pub(crate) async fn a_continuation_of_another_order_is_refused(f: Fixture) {
    f.commit(create_with(1, ten(), vec![])).await.unwrap();
    let next = f.page(StatusQuery::all(configuration(1), 3)).await.next;
    assert!(next.is_some());
    let mixed = StatusQuery { order: by_time(true), after: next, ..StatusQuery::all(configuration(1), 3) };
    let answer = f.store.statuses(&f.caller, mixed).await;
    assert!(matches!(answer, Err(StoreError::BadContinuation)));
}

pub(crate) async fn rows_of_what_is_not_there_are_not_found_and_of_the_unwritten_default_none(f: Fixture) {
    let answer = f.store.statuses(&f.caller, StatusQuery::all(configuration(1), 3)).await;
    assert!(matches!(answer, Err(StoreError::NotFound { what: What::Configuration })));
    let page = f.page(StatusQuery { count: true, ..StatusQuery::all(f.default_id(), 3) }).await;
    assert_eq!((page.rows.len(), page.count, page.next), (0, Some(0), None));
}

pub(crate) async fn rows_recorded_and_removed_in_one_commit_do_not_count_for_what_takes_the_id(f: Fixture) {
    let id = f.default_id();
    let made = Command::CreateConfiguration { id, default: true, summary: None, statuses: ten(), clients: vec![] };
    let commands = [record(id, vec![ten().swap_remove(0)]), Command::DeleteConfiguration { id }, made];
    let commit = Commit::new(at("2026-11-23T10:00:00Z"), commands.map(Conditional::from).into());
    f.store.commit(&f.caller, commit).await.unwrap();
    assert_eq!(f.configuration(id).await.status_count, 10);
}

pub(crate) async fn rows_go_with_their_configuration(f: Fixture) {
    f.commit(create_with(1, ten(), vec![])).await.unwrap();
    f.commit(record(f.default_id(), ten())).await.unwrap();
    for id in [configuration(1), f.default_id()] {
        f.commit(Command::DeleteConfiguration { id }).await.unwrap();
    }
    f.created(1).await;
    f.commit(record(f.default_id(), vec![])).await.unwrap();
    for id in [configuration(1), f.default_id()] {
        let page = f.page(StatusQuery { count: true, ..StatusQuery::all(id, 3) }).await;
        assert_eq!((page.rows.len(), page.count), (0, Some(0)));
    }
}
