//! Ruling R4: what a client's check-ins make of the rows.

use store::{Checkin, CheckinReport, CheckinStatus, Command, CommitError, ConfigurationId, StatusQuery, What};

use crate::fixture::{Fixture, at, caller, client_id, configuration, create, create_with, set_statuses, status};

pub(crate) fn fetch(of: ConfigurationId, user: &str, device: Option<&str>, when: &str) -> Checkin {
    Checkin {
        configuration: of,
        user_id: user.into(),
        user_principal_name: Some(format!("{user}@contoso.example").into()),
        device_name: device.map(Into::into),
        device_platform: "windows".into(),
        at: at(when),
        applied: vec![client_id(7)],
        report: None,
    }
}

pub(crate) fn report(
    of: ConfigurationId,
    user: &str,
    device: Option<&str>,
    when: &str,
    error: Option<&str>,
) -> Checkin {
    let report = CheckinReport {
        was_successful: error.is_none(),
        error_message: error.map(Into::into),
        device_platform_version: Some("11".into()),
    };
    Checkin { report: Some(report), ..fetch(of, user, device, when) }
}

impl Fixture {
    pub(crate) async fn record(&self, checkin: Checkin) {
        self.store.record(&self.caller, checkin).await.unwrap();
    }

    async fn rows(&self, of: ConfigurationId) -> Vec<CheckinStatus> {
        let mut rows = self.all_pages(StatusQuery::all(of, 0), 100).await;
        rows.sort_by(|a, b| (&a.user_id, &a.device_name).cmp(&(&b.user_id, &b.device_name)));
        assert_eq!(self.configuration(of).await.status_count, rows.len() as u64);
        rows
    }
}

pub(crate) fn told(row: &CheckinStatus) -> (&str, bool, Option<&str>) {
    (row.device_name.as_deref().unwrap_or("-"), row.was_successful, row.error_message.as_deref())
}

pub(crate) async fn r4_a_fetch_makes_a_row_that_is_successful(f: Fixture) {
    let id = f.created(1).await;
    f.record(fetch(id, "anna", None, "2026-11-02T00:00:00Z")).await;
    let rows = f.rows(id).await;
    assert_eq!(rows.len(), 1);
    assert_eq!(told(&rows[0]), ("-", true, None));
    assert_eq!(rows[0].applied_policies, Some(vec![client_id(7).to_string().into()]));
    assert_eq!((rows[0].device_platform.as_deref(), rows[0].checkin), (Some("windows"), at("2026-11-02T00:00:00Z")));
    assert!(f.configuration(id).await.has_checkins_from_clients);
}

pub(crate) async fn r4_a_fetch_never_changes_what_a_report_said(f: Fixture) {
    let id = f.created(1).await;
    f.record(report(id, "anna", Some("PC"), "2026-11-02T00:00:00Z", Some("no disk"))).await;
    f.record(fetch(id, "anna", Some("pc"), "2026-11-03T00:00:00Z")).await;
    let rows = f.rows(id).await;
    assert_eq!(rows.len(), 1, "names are compared without case");
    assert_eq!(told(&rows[0]), ("pc", false, Some("no disk")));
    assert_eq!((rows[0].checkin, rows[0].device_platform_version.as_deref()), (at("2026-11-03T00:00:00Z"), Some("11")));
    f.record(report(id, "anna", Some("PC"), "2026-11-04T00:00:00Z", None)).await;
    assert_eq!(told(&f.rows(id).await[0]), ("PC", true, None));
}

pub(crate) async fn r4_a_users_first_named_report_takes_over_the_row_without_a_device(f: Fixture) {
    let id = f.created(1).await;
    f.record(fetch(id, "anna", None, "2026-11-02T00:00:00Z")).await;
    f.record(fetch(id, "berta", None, "2026-11-02T00:00:00Z")).await;
    f.record(Checkin { device_platform: "mac".into(), ..fetch(id, "anna", None, "2026-11-02T00:00:00Z") }).await;
    f.record(report(id, "anna", Some("PC"), "2026-11-02T00:01:00Z", Some("no"))).await;
    let rows = f.rows(id).await;
    assert_eq!(
        rows.iter().map(told).collect::<Vec<_>>(),
        [("-", true, None), ("PC", false, Some("no")), ("-", true, None)]
    );
    assert_eq!(rows[0].device_platform.as_deref(), Some("mac"), "another platform's row stays");
    // Later devices have rows of their own, and a fetch without a name is another one again.
    f.record(fetch(id, "anna", None, "2026-11-02T00:02:00Z")).await;
    f.record(report(id, "anna", Some("LAPTOP"), "2026-11-02T00:03:00Z", None)).await;
    assert_eq!(f.rows(id).await.len(), 5);
}

pub(crate) async fn r4_a_fetch_with_a_name_takes_nothing_over(f: Fixture) {
    let id = f.created(1).await;
    f.record(fetch(id, "anna", None, "2026-11-02T00:00:00Z")).await;
    f.record(fetch(id, "anna", Some("PC"), "2026-11-02T00:01:00Z")).await;
    assert_eq!(f.rows(id).await.len(), 2);
    f.record(report(id, "anna", Some("PC"), "2026-11-02T00:02:00Z", None)).await;
    assert_eq!(f.rows(id).await.len(), 2);
}

pub(crate) async fn r4_rows_that_were_written_become_the_clients(f: Fixture) {
    let written =
        vec![status("anna", "PC", "2026-11-01T00:00:00Z", false), status("berta", "", "2026-11-01T00:00:00Z", true)];
    f.commit(create_with(1, written, vec![])).await.unwrap();
    let id = configuration(1);
    let of_win32 = |checkin: Checkin| Checkin { device_platform: "WIN32".into(), ..checkin };
    f.record(of_win32(fetch(id, "ANNA", Some("pc"), "2026-11-02T00:00:00Z"))).await;
    f.record(of_win32(report(id, "berta", Some("LAP"), "2026-11-02T00:00:00Z", None))).await;
    let rows = f.rows(id).await;
    assert_eq!(rows.iter().map(told).collect::<Vec<_>>(), [("pc", false, Some("it failed")), ("LAP", true, None)]);
    let refused = f.commit(set_statuses(id, vec![])).await;
    assert!(matches!(refused, Err(CommitError::StatusesOwnedByClients)));
}

pub(crate) async fn a_check_in_is_no_version_of_the_tenant_but_for_the_first(f: Fixture) {
    let id = f.created(1).await;
    f.record(fetch(id, "anna", None, "2026-11-02T00:00:00Z")).await;
    let (before, version) = (f.configuration(id).await, f.snapshot().await.version());
    f.record(report(id, "anna", Some("PC"), "2026-11-02T00:01:00Z", None)).await;
    f.record(fetch(id, "berta", None, "2026-11-02T00:02:00Z")).await;
    let after = f.configuration(id).await;
    assert_eq!((f.snapshot().await.version(), after.stamp), (version, before.stamp));
    assert!(after.status_version > before.status_version, "whoever keeps rows learns that they changed");
    f.commit(create(2)).await.unwrap();
    assert_eq!(f.snapshot().await.version(), version + 1);
    // Rows that are recorded as a change move it as far, whatever check-ins have added before.
    let more = vec![status("carla", "PC", "2026-11-02T00:03:00Z", true)];
    f.commit(Command::RecordCheckins { configuration: id, checkins: more }).await.unwrap();
    assert_eq!(f.configuration(id).await.status_version, after.status_version + 1);
}

pub(crate) async fn r2_a_check_in_makes_the_default_configuration_and_no_other(f: Fixture) {
    let id = f.default_id();
    f.record(fetch(id, "anna", None, "2026-11-02T00:00:00Z")).await;
    assert_eq!(f.rows(id).await.len(), 1);
    let refused = f.store.record(&f.caller, fetch(configuration(9), "anna", None, "2026-11-02T00:00:00Z")).await;
    assert!(matches!(refused, Err(CommitError::NotFound { what: What::Configuration })), "{refused:?}");
    let other = f.as_caller(caller(2));
    assert!(other.snapshot().await.is_empty(), "no tenant sees another");
}

pub(crate) async fn check_ins_at_once_all_count(f: Fixture) {
    let id = f.created(1).await;
    let users: Vec<String> = (0..200).map(|n| format!("u{}", n % 50)).collect();
    let all = users.iter().enumerate().map(|(n, user)| {
        let device = format!("PC{}", n / 50);
        f.record(report(id, user, Some(&device), "2026-11-02T00:00:00Z", None))
    });
    futures_util::future::join_all(all).await;
    assert_eq!(f.rows(id).await.len(), 200);
}
