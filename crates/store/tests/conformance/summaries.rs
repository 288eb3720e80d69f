//! Summaries (R5).

use store::{Change, CheckinStatus, Command, Commit, Summary, SummaryPatch};

use super::fixture::{Fixture, at, client, client_id, configuration, create_with, set_statuses, status};

fn today() -> i32 {
    at("2026-11-23T10:00:00Z").unix_day()
}

async fn summary(f: &Fixture, client: Option<u128>) -> (i32, i32) {
    let client = client.map(client_id);
    let summary = f.store.summary(&f.caller, configuration(1), client, today()).await.unwrap();
    (summary.succeeded, summary.failed)
}

pub(crate) async fn r5_a_written_summary_is_returned_as_written_until_a_client_checks_in(f: Fixture) {
    let row = || status("u", "d", "2026-11-20T00:00:00Z", true);
    let command = Command::CreateConfiguration {
        id: configuration(1),
        default: false,
        summary: Some(Summary { succeeded: 2, failed: 15 }),
        statuses: vec![row()],
        clients: vec![],
    };
    f.commit(command).await.unwrap();
    assert_eq!(summary(&f, None).await, (2, 15));
    f.commit(set_summary(None)).await.unwrap();
    assert_eq!(summary(&f, None).await, (1, 0));
    f.commit(set_summary(Some(Summary { succeeded: 9, failed: 9 }.into()))).await.unwrap();
    assert_eq!(summary(&f, None).await, (9, 9));
    let checkins = vec![status("v", "d", "2026-11-23T09:00:00Z", false)];
    f.commit(Command::RecordCheckins { configuration: configuration(1), checkins }).await.unwrap();
    assert_eq!(summary(&f, None).await, (1, 1));
}

fn set_summary(summary: Option<SummaryPatch>) -> Command {
    Command::UpdateConfiguration {
        id: configuration(1),
        default_may_be_created: false,
        summary: Change::Set(summary),
        statuses: Change::Keep,
    }
}

const SUCCEEDED_7: SummaryPatch = SummaryPatch { succeeded: Some(7), failed: None };
const FAILED_8: SummaryPatch = SummaryPatch { succeeded: None, failed: Some(8) };

pub(crate) async fn r5_members_that_are_left_out_keep_what_is_shown(f: Fixture) {
    f.commit(create_with(1, vec![], vec![])).await.unwrap();
    f.commit(set_summary(Some(FAILED_8))).await.unwrap();
    assert_eq!(summary(&f, None).await, (0, 8), "nothing is there: 0");
    f.commit(set_summary(Some(SUCCEEDED_7))).await.unwrap();
    assert_eq!(summary(&f, None).await, (7, 8), "as written before");
    f.commit(set_statuses(configuration(1), rows())).await.unwrap();
    f.commit(set_summary(None)).await.unwrap();
    f.commit(set_summary(Some(SUCCEEDED_7))).await.unwrap();
    assert_eq!(summary(&f, None).await, (7, 2), "as computed from the rows");
    f.commit(set_summary(Some(SummaryPatch::default()))).await.unwrap();
    assert_eq!(summary(&f, None).await, (7, 2), "no member changes none");
}

pub(crate) async fn r5_what_is_left_out_follows_the_rows_of_the_same_commit(f: Fixture) {
    f.commit(create_with(1, vec![], vec![])).await.unwrap();
    let commands = vec![
        set_statuses(configuration(1), rows()).into(),
        set_summary(Some(SUCCEEDED_7)).into(),
        set_statuses(configuration(1), vec![]).into(),
    ];
    let commit = Commit::new(at("2026-11-23T10:00:00Z"), commands);
    f.store.commit(&f.caller, commit).await.unwrap();
    assert_eq!(summary(&f, None).await, (7, 2));
}

pub(crate) async fn r5_two_members_written_at_once_are_both_kept(f: Fixture) {
    f.commit(create_with(1, rows(), vec![])).await.unwrap();
    for _ in 0..20 {
        f.commit(set_summary(None)).await.unwrap();
        let (one, two) = tokio::join!(f.commit(set_summary(Some(SUCCEEDED_7))), f.commit(set_summary(Some(FAILED_8))));
        assert!(one.is_ok() && two.is_ok());
        assert_eq!(summary(&f, None).await, (7, 8));
    }
}

fn rows() -> Vec<CheckinStatus> {
    vec![
        status("good", "one", "2026-11-23T23:59:59.9999999Z", true),
        status("GOOD", "two", "2026-08-24T00:00:00Z", true),
        status("mixed", "one", "2026-11-23T01:00:00Z", true),
        status("Mixed", "two", "2026-11-01T01:00:00Z", false),
        status("healed", "one", "2026-08-23T23:59:59Z", false),
        status("healed", "two", "2026-08-24T00:00:00Z", true),
        status("gone", "one", "2026-08-23T23:59:59.9999999Z", false),
        status("shifted", "one", "2026-11-24T01:00:00+02:00", false),
        status("future", "one", "2026-11-24T00:00:00Z", true),
    ]
}

pub(crate) async fn r5_distinct_users_in_the_window_and_failed_when_any_device_failed(f: Fixture) {
    f.commit(create_with(1, rows(), vec![])).await.unwrap();
    assert_eq!(summary(&f, None).await, (2, 2), "good and healed; mixed and shifted");
    let checkins = vec![status("mixed", "two", "2026-11-23T02:00:00Z", true)];
    f.commit(Command::RecordCheckins { configuration: configuration(1), checkins }).await.unwrap();
    assert_eq!(summary(&f, None).await, (3, 1), "what failed has healed");
    let unwritten = f.store.summary(&f.caller, f.default_id(), None, today()).await.unwrap();
    assert_eq!(unwritten, Summary::default());
}

pub(crate) async fn r5_a_client_configuration_counts_the_rows_that_applied_it(f: Fixture) {
    let mut rows = rows();
    for n in [0, 3, 6] {
        rows[n].applied_policies = Some(vec![client_id(1).to_string().into()]);
    }
    f.commit(create_with(1, rows, vec![client(1, None)])).await.unwrap();
    assert_eq!(summary(&f, Some(1)).await, (1, 1));
    assert_eq!(summary(&f, Some(2)).await, (0, 0));
}
