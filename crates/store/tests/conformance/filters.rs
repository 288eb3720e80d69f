//! Filters and orders over check-in rows: each text with what it means, on rows that an administrator wrote and on rows that clients
//! reported.

use store::{CheckinStatus, Command, ConfigurationId, StatusQuery};

use super::fixture::{Fixture, at, configuration, create_with, status};
use super::model::Office;

type Meaning = fn(&CheckinStatus) -> bool;

/// Rows with every kind of value: nulls, other scripts, quotes, wildcards of SQL, equal instants.
fn rows() -> Vec<CheckinStatus> {
    let names = ["ann", "Ann", "anna", "bob", "änne", "o'neil", "100%", "a_b", "", "zoë", "\u{10ffff}x", "ANNA"];
    (0..48_usize)
        .map(|n| {
            let user = format!("{}{}", names[n % 12], if n < 12 { String::new() } else { n.to_string() });
            let mut row = status(
                &user,
                &format!("PC-{}", n / 3),
                &format!("2026-11-{:02}T0{}:00:00Z", 1 + n % 9, n % 5),
                n % 4 != 0,
            );
            row.device_platform = match n % 3 {
                0 => None,
                1 => Some("Win32".into()),
                _ => Some("Mac".into()),
            };
            row.user_principal_name = (n % 5 != 0).then(|| format!("{user}@contoso.example").into());
            row.device_name = (n % 7 != 0).then(|| format!("PC-{:02}", n % 10).into());
            row.applied_policies = match n % 4 {
                0 => None,
                1 => Some(vec![]),
                2 => Some(vec!["p1".into()]),
                _ => Some(vec!["p1".into(), "p2".into()]),
            };
            row
        })
        .collect()
}

fn text(value: Option<&std::sync::Arc<str>>) -> &str {
    value.map_or("", |text| text)
}

const MEANINGS: &[(&str, Meaning)] = &[
    ("userId eq 'ann'", |r| &*r.user_id == "ann"),
    ("'ann' eq userId", |r| &*r.user_id == "ann"),
    ("userId ne 'ann'", |r| &*r.user_id != "ann"),
    ("userId eq 'o''neil'", |r| &*r.user_id == "o'neil"),
    ("startswith(userId,'ann')", |r| r.user_id.starts_with("ann")),
    ("startswith(userId,'')", |_| true),
    ("startswith(userId,'100%')", |r| r.user_id.starts_with("100%")),
    ("startswith(userId,'a_')", |r| r.user_id.starts_with("a_")),
    ("startswith(userId,'\u{10ffff}')", |r| r.user_id.starts_with('\u{10ffff}')),
    ("startswith(userId,'zo')", |r| r.user_id.starts_with("zo")),
    ("userPrincipalName eq 'ann@contoso.example'", |r| text(r.user_principal_name.as_ref()) == "ann@contoso.example"),
    ("userPrincipalName eq null", |r| r.user_principal_name.is_none()),
    ("userPrincipalName ne null", |r| r.user_principal_name.is_some()),
    ("startswith(userPrincipalName,'bob')", |r| text(r.user_principal_name.as_ref()).starts_with("bob")),
    ("deviceName eq 'PC-03'", |r| text(r.device_name.as_ref()) == "PC-03"),
    ("deviceName ne 'PC-03'", |r| text(r.device_name.as_ref()) != "PC-03"),
    ("startswith(deviceName,'PC-0')", |r| text(r.device_name.as_ref()).starts_with("PC-0")),
    ("endswith(deviceName,'3')", |r| text(r.device_name.as_ref()).ends_with('3')),
    ("contains(userId,'nn')", |r| r.user_id.contains("nn")),
    ("tolower(userId) eq 'anna'", |r| r.user_id.to_lowercase() == "anna"),
    ("length(userId) gt 4", |r| r.user_id.chars().count() > 4),
    ("wasSuccessful", |r| r.was_successful),
    ("not wasSuccessful", |r| !r.was_successful),
    ("wasSuccessful eq false", |r| !r.was_successful),
    ("wasSuccessful ne false", |r| r.was_successful),
    ("checkinDateTime ge 2026-11-05T00:00:00Z", |r| r.checkin >= at("2026-11-05T00:00:00Z")),
    ("checkinDateTime gt 2026-11-05T01:00:00Z", |r| r.checkin > at("2026-11-05T01:00:00Z")),
    ("checkinDateTime lt 2026-11-05T02:00:00+01:00", |r| r.checkin < at("2026-11-05T01:00:00Z")),
    ("checkinDateTime eq 2026-11-02T01:00:00Z", |r| r.checkin == at("2026-11-02T01:00:00Z")),
    ("2026-11-03T00:00:00Z le checkinDateTime and checkinDateTime le 2026-11-04T23:00:00Z", |r| {
        r.checkin >= at("2026-11-03T00:00:00Z") && r.checkin <= at("2026-11-04T23:00:00Z")
    }),
    ("wasSuccessful eq false and startswith(deviceName,'PC-0')", |r| {
        !r.was_successful && text(r.device_name.as_ref()).starts_with("PC-0")
    }),
    ("startswith(userPrincipalName,'a') and startswith(deviceName,'PC-0')", |r| {
        text(r.user_principal_name.as_ref()).starts_with('a') && text(r.device_name.as_ref()).starts_with("PC-0")
    }),
    ("wasSuccessful eq false and checkinDateTime ge 2026-11-05T00:00:00Z", |r| {
        !r.was_successful && r.checkin >= at("2026-11-05T00:00:00Z")
    }),
    ("userId eq 'ann' and userId eq 'bob'", |_| false),
    ("userId eq 'ann' or userId eq 'bob'", |r| ["ann", "bob"].contains(&&*r.user_id)),
    ("userId in ('ann','bob')", |r| ["ann", "bob"].contains(&&*r.user_id)),
    ("not startswith(deviceName,'PC-0')", |r| r.device_name.as_ref().is_some_and(|d| !d.starts_with("PC-0"))),
    ("devicePlatform eq 'Mac'", |r| text(r.device_platform.as_ref()) == "Mac"),
    ("errorMessage eq null and devicePlatform eq null", |r| r.error_message.is_none() && r.device_platform.is_none()),
    ("appliedPolicies/any(p:p eq 'p2')", |r| r.applied_policies.iter().flatten().any(|p| &**p == "p2")),
    ("appliedPolicies/any()", |r| r.applied_policies.iter().flatten().next().is_some()),
    ("appliedPolicies/all(p:p eq 'p1')", |r| r.applied_policies.iter().flatten().all(|p| &**p == "p1")),
    ("appliedPolicies/any(p:startswith(p,'p')) and wasSuccessful", |r| {
        r.was_successful && r.applied_policies.iter().flatten().next().is_some()
    }),
];

/// Rows as written, and the same rows as clients report them.
async fn both(f: &Fixture) -> [(ConfigurationId, Vec<CheckinStatus>); 2] {
    f.commit(create_with(1, rows(), vec![])).await.unwrap();
    let configuration_2 = f.created(2).await;
    f.commit(Command::RecordCheckins { configuration: configuration_2, checkins: rows() }).await.unwrap();
    let recorded = f.all_pages(StatusQuery::all(configuration_2, 0), 100).await;
    assert_eq!(recorded.len(), rows().len());
    [(configuration(1), rows()), (configuration_2, recorded)]
}

pub(crate) async fn r4_every_filter_takes_the_rows_it_means_in_order_over_pages(f: Fixture) {
    let office = Office::new();
    for (id, rows) in both(&f).await {
        for (filter, meaning) in MEANINGS {
            let expected: Vec<_> = rows.iter().filter(|row| meaning(row)).cloned().collect();
            let query = StatusQuery { filter: Some(office.filter(filter)), count: true, ..StatusQuery::all(id, 1) };
            assert_eq!(f.page(query.clone()).await.count, Some(expected.len() as u64), "{filter}");
            for size in [3, 50] {
                assert_eq!(f.all_pages(query.clone(), size).await, expected, "{filter}");
            }
        }
    }
}

pub(crate) async fn r4_every_filter_goes_with_every_order(f: Fixture) {
    let office = Office::new();
    for (id, rows) in both(&f).await {
        for order in ["checkinDateTime", "checkinDateTime desc"] {
            for (filter, meaning) in MEANINGS {
                let mut expected: Vec<_> = rows.iter().filter(|row| meaning(row)).cloned().collect();
                expected.sort_by_key(|row| row.checkin);
                if order.ends_with("desc") {
                    expected.reverse();
                }
                let query = StatusQuery {
                    filter: Some(office.filter(filter)),
                    order: office.order(order),
                    ..StatusQuery::all(id, 0)
                };
                assert_eq!(f.all_pages(query, 7).await, expected, "{filter} {order}");
            }
        }
    }
}

pub(crate) async fn rows_can_be_ordered_by_any_property_null_lowest(f: Fixture) {
    let office = Office::new();
    for (id, rows) in both(&f).await {
        let query = |order| StatusQuery { order: office.order(order), ..StatusQuery::all(id, 0) };
        let mut expected = rows.clone();
        expected.sort_by(|a, b| a.device_name.cmp(&b.device_name));
        assert_eq!(f.all_pages(query("deviceName"), 5).await, expected);
        expected.clone_from(&rows);
        expected.sort_by(|a, b| {
            b.was_successful.cmp(&a.was_successful).then_with(|| a.user_principal_name.cmp(&b.user_principal_name))
        });
        assert_eq!(f.all_pages(query("wasSuccessful desc,userPrincipalName"), 5).await, expected);
        expected.clone_from(&rows);
        expected.sort_by(|a, b| b.checkin.cmp(&a.checkin).then_with(|| b.user_id.cmp(&a.user_id)));
        assert_eq!(f.all_pages(query("checkinDateTime desc,userId desc"), 5).await, expected);
    }
}

pub(crate) async fn what_sql_cannot_say_is_answered_over_a_small_collection(f: Fixture) {
    let office = Office::new();
    for (id, rows) in both(&f).await {
        let query = StatusQuery {
            filter: Some(office.filter("day(checkinDateTime) eq 3 and hour(checkinDateTime) add 1 gt 2")),
            ..StatusQuery::all(id, 0)
        };
        let expected: Vec<_> = rows
            .iter()
            .filter(|row| {
                let text = row.checkin.to_string();
                &text[8..10] == "03" && &text[11..13] >= "02"
            })
            .cloned()
            .collect();
        assert!(!expected.is_empty());
        assert_eq!(f.all_pages(query, 2).await, expected);
    }
}
