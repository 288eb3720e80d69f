//! Rows of more than 92 days before the latest check-in of their configuration are gone for whoever asks, whenever they leave the disk.

use store::{Checkin, CheckinStatus, Command, StatusQuery};

use crate::checkins::{fetch, report, told};
use crate::fixture::{Fixture, at, configuration, create_with, status};
use crate::model::Office;

fn users(rows: &[CheckinStatus]) -> Vec<&str> {
    rows.iter().map(|row| &*row.user_id).collect()
}

async fn rows(f: &Fixture, filter: &str, order: &str) -> Vec<CheckinStatus> {
    let office = Office::new();
    let filter = (!filter.is_empty()).then(|| office.filter(filter));
    let query =
        StatusQuery { filter, order: office.order(order), count: true, ..StatusQuery::all(configuration(1), 100) };
    let page = f.page(query.clone()).await;
    assert_eq!(page.count, Some(page.rows.len() as u64));
    for size in [1, 2] {
        let paged = f.all_pages(query.clone(), size).await;
        assert_eq!(paged.iter().collect::<Vec<_>>(), page.rows.iter().map(|row| &**row).collect::<Vec<_>>());
    }
    page.rows.iter().map(|row| CheckinStatus::clone(row)).collect()
}

async fn counted(f: &Fixture, day: &str) -> (i32, i32) {
    let found = f.store.summary(&f.caller, configuration(1), None, at(day).unix_day()).await.unwrap();
    (found.succeeded, found.failed)
}

pub(crate) async fn rows_of_92_days_before_the_latest_check_in_are_neither_shown_nor_counted(f: Fixture) {
    let id = f.created(1).await;
    f.record(report(id, "anna", Some("PC"), "2026-08-01T23:59:59Z", Some("no"))).await;
    f.record(fetch(id, "berta", Some("PC"), "2026-08-02T00:00:00Z")).await;
    f.record(fetch(id, "carla", Some("PC"), "2026-10-31T00:00:00Z")).await;
    assert_eq!(users(&rows(&f, "", "").await), ["anna", "berta", "carla"], "91 days later");
    assert_eq!(counted(&f, "2026-10-31T00:00:00Z").await, (2, 1));
    f.record(fetch(id, "dora", Some("PC"), "2026-11-01T00:00:00Z")).await;
    assert_eq!(f.configuration(id).await.status_count, 3);
    for (filter, order, expected) in [
        ("", "", &["berta", "carla", "dora"][..]),
        ("", "checkinDateTime", &["berta", "carla", "dora"]),
        ("", "checkinDateTime desc", &["dora", "carla", "berta"]),
        ("", "userId desc", &["dora", "carla", "berta"]),
        ("startswith(deviceName,'P')", "checkinDateTime", &["berta", "carla", "dora"]),
        ("userId eq 'anna'", "", &[]),
        ("wasSuccessful eq false", "", &[]),
        ("wasSuccessful eq false", "checkinDateTime", &[]),
        ("checkinDateTime le 2026-09-01T00:00:00Z", "", &["berta"]),
        ("contains(userId,'a')", "", &["berta", "carla", "dora"]),
        ("day(checkinDateTime) lt 3", "", &["berta", "dora"]),
    ] {
        assert_eq!(users(&rows(&f, filter, order).await), expected, "{filter} {order}");
    }
    assert_eq!(counted(&f, "2026-11-01T00:00:00Z").await, (3, 0));
    assert_eq!(
        counted(&f, "2026-10-31T00:00:00Z").await,
        (2, 0),
        "what has gone does not come back for an earlier day"
    );
}

pub(crate) async fn a_device_that_comes_after_92_days_is_a_new_one(f: Fixture) {
    let id = f.created(1).await;
    f.record(report(id, "anna", Some("PC"), "2026-08-01T00:00:00Z", Some("no"))).await;
    f.record(fetch(id, "anna", None, "2026-08-01T00:00:00Z")).await;
    f.record(fetch(id, "berta", None, "2026-11-01T00:00:00Z")).await;
    // It takes nothing over from a row that has gone, and no device that has gone keeps it from that.
    f.record(fetch(id, "anna", None, "2026-11-01T00:00:01Z")).await;
    f.record(report(id, "anna", Some("LAP"), "2026-11-01T00:00:02Z", None)).await;
    f.record(fetch(id, "anna", Some("PC"), "2026-11-01T00:00:03Z")).await;
    let rows = rows(&f, "", "").await;
    assert_eq!(
        rows.iter().map(told).collect::<Vec<_>>(),
        [("-", true, None), ("LAP", true, None), ("PC", true, None)],
        "in the order in which they came"
    );
    assert_eq!(rows[2].device_platform_version, None);
    assert_eq!(f.configuration(id).await.status_count, 3);
}

pub(crate) async fn a_check_in_from_before_the_window_is_not_shown(f: Fixture) {
    let id = f.created(1).await;
    f.record(fetch(id, "anna", Some("PC"), "2026-11-01T00:00:00Z")).await;
    f.record(fetch(id, "berta", Some("PC"), "2026-08-01T00:00:00Z")).await;
    assert_eq!(users(&rows(&f, "", "").await), ["anna"]);
    f.record(fetch(id, "anna", Some("PC"), "2026-08-01T00:00:00Z")).await;
    assert!(rows(&f, "", "").await.is_empty());
    f.record(fetch(id, "berta", Some("PC"), "2026-11-01T00:00:00Z")).await;
    assert_eq!(users(&rows(&f, "", "").await), ["berta"]);
    assert_eq!(counted(&f, "2026-11-01T00:00:00Z").await, (1, 0));
}

pub(crate) async fn what_an_administrator_wrote_becomes_old_only_with_the_clients_first_check_in(f: Fixture) {
    let written =
        vec![status("anna", "PC", "2020-01-01T00:00:00Z", true), status("berta", "PC", "2026-10-01T00:00:00Z", true)];
    f.commit(create_with(1, written, vec![])).await.unwrap();
    assert_eq!(rows(&f, "", "").await.len(), 2);
    let id = configuration(1);
    // The day is that on which they are recorded, not the rows' own.
    let future =
        vec![status("carla", "PC", "2030-01-01T00:00:00Z", true), status("dora", "PC", "2020-01-01T00:00:00Z", true)];
    f.commit(Command::RecordCheckins { configuration: id, checkins: future }).await.unwrap();
    assert_eq!(users(&rows(&f, "", "").await), ["berta", "carla"]);
    assert_eq!(f.configuration(id).await.status_count, 2);
}

pub(crate) async fn what_was_told_is_read_as_it_was_told(f: Fixture) {
    let id = f.created(1).await;
    let guid = "0a3f0000-0000-4000-8000-00000000beef";
    let (upper, long) = (guid.to_uppercase(), "n\u{e9}".repeat(85) + "x");
    let users =
        [guid, &upper, "{0a3f0000-0000-4000-8000-00000000beef}", "Anna", "\u{130}\u{3a3}", " ", "null", "0x00", "1"];
    let names = ["a@b", "A@B@c", "@", "a@", "@b", "", "\u{1f600}@\u{e9}", "plain", "a@\u{7f}"];
    let devices = ["PC", "\t\u{1}", &long, "'--", "42", "\u{10ffff}", "0", "x", "y"];
    let platforms = ["windows", "WINDOWS", "7", &long, "", "mac\n", "ios", "1e3", "z"];
    for (n, ((user, name), (device, platform))) in
        users.iter().zip(names).zip(devices.iter().zip(platforms)).enumerate()
    {
        let told = Checkin {
            user_principal_name: Some(name.into()),
            device_platform: platform.into(),
            ..report(id, user, Some(device), &format!("2026-11-01T00:00:0{n}.12Z"), Some("\u{0} \"e\""))
        };
        f.record(told.clone()).await;
        f.record(Checkin { report: None, ..told.clone() }).await;
        let row = rows(&f, "", "checkinDateTime desc").await.swap_remove(0);
        let read = (&row.user_id, &row.user_principal_name, &row.device_name, row.device_platform.as_ref());
        let platform = Some(&told.device_platform);
        assert_eq!(read, (&told.user_id, &told.user_principal_name, &told.device_name, platform));
        assert_eq!((row.checkin.to_string(), row.error_message.as_deref()), (told.at.to_string(), Some("\u{0} \"e\"")));
        for (member, value) in [("userId", user), ("userPrincipalName", &name), ("deviceName", device)] {
            let quoted = value.replace('\'', "''");
            for filter in [format!("{member} eq '{quoted}'"), format!("startswith({member},'{quoted}')")] {
                assert!(rows(&f, &filter, "").await.contains(&row), "{filter}");
            }
        }
    }
    assert_eq!(rows(&f, "", "").await.len(), users.len(), "no two are one");
}

pub(crate) async fn users_are_found_by_what_their_ids_start_with_in_the_case_they_were_told_in(f: Fixture) {
    let id = f.created(1).await;
    let guid = "0a3f0000-0000-4000-8000-00000000beef";
    let upper = "0A3F0000-0000-4000-8000-00000000ABCD";
    let ids = [
        guid,
        upper,
        "0a3f1111-0000-4000-8000-00000000beef",
        "0a",
        "0Ab",
        "a",
        "anna",
        "ffffffff-ffff-ffff-ffff-ffffffffffff",
        "f",
    ];
    for (n, user) in ids.iter().enumerate() {
        f.record(report(id, user, Some("PC"), "2026-11-01T00:00:00Z", (n % 2 == 0).then_some("no"))).await;
    }
    for prefix in [
        "",
        "0",
        "0a",
        "0A",
        "0a3",
        "0A3",
        "0a3f0",
        "0a3f0000-",
        "0a3f0000-0000-4000-8000-00000000beef",
        "0a3f00000",
        "a",
        "f",
        "ff",
        "F",
        "g",
    ] {
        let expected: Vec<&str> = ids.iter().copied().filter(|id| id.starts_with(prefix)).collect();
        assert_eq!(users(&rows(&f, &format!("startswith(userId,'{prefix}')"), "").await), expected, "{prefix}");
        let failed: Vec<&str> =
            expected.iter().copied().filter(|id| ids.iter().position(|one| one == id).unwrap() % 2 == 0).collect();
        let filter = format!("startswith(userId,'{prefix}') and wasSuccessful eq false and startswith(deviceName,'P')");
        assert_eq!(users(&rows(&f, &filter, "").await), failed, "{filter}");
    }
    for user in ids {
        assert_eq!(users(&rows(&f, &format!("userId eq '{user}'"), "").await), [user]);
    }
    assert!(rows(&f, "userId eq 'ANNA'", "").await.is_empty());
}
