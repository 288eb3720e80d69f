//! Check-in statuses that an administrator wrote, in every shape of R4, and what is counted of them; in both configurations.

use e2e::samples;
use serde_json::{Value, json};

use crate::recorder::Session;

const FILTERS: &[&str] = &[
    "userId eq 'u007'",
    "userId eq 'U007'",
    "startswith(userId,'u01')",
    "userPrincipalName eq 'u007@contoso.example'",
    "startswith(userPrincipalName,'u03')",
    "userPrincipalName eq null",
    "deviceName eq 'PC-007'",
    "startswith(deviceName,'PC-00')",
    "wasSuccessful eq false",
    "not wasSuccessful",
    "checkinDateTime ge 2026-01-01T00:50:00Z",
    "checkinDateTime ge 2026-01-01T02:50:00%2B02:00 and wasSuccessful",
    "checkinDateTime lt 2026-01-01T00:10:00Z and wasSuccessful eq false",
    "startswith(deviceName,'PC-00') and wasSuccessful eq true",
    "startswith(userId,'u0') and checkinDateTime gt 2026-01-01T00:30:00Z",
    "userId in ('u001','u002','nobody')",
    "errorMessage ne null",
    "contains(userPrincipalName,'@contoso') and endswith(deviceName,'9')",
    "tolower(deviceName) eq 'pc-010' or length(userId) eq 3",
    "minute(checkinDateTime) le 3",
    "appliedPolicies/any(p:p eq 'one')",
    "appliedPolicies/all(p:startswith(p,'t'))",
];

pub(crate) fn run(s: &mut Session<'_>) {
    s.topic("rows");
    let pilot = s.make("/officeConfigurations", &json!({}));
    for root in ["/officeConfiguration".to_owned(), format!("/officeConfigurations/{pilot}")] {
        let rows = rows(&s.given.days_ago);
        s.patch(&root, &json!({ "tenantCheckinStatuses": rows, "tenantUserCheckinSummary": null })).is(200);
        asked(s, &format!("{root}/tenantCheckinStatuses"));
        s.get(&format!("{root}/tenantUserCheckinSummary")).is(200);
        s.get(&format!("{root}/lateDevices()")).is(200);
        of_client(s, &root);
        written(s, &root);
    }
    s.delete(&format!("/officeConfigurations/{pilot}")).is(204);
}

/// Sixty, a minute apart, of which every third failed, and some at the ends of what there can be.
fn rows(days_ago: &[String]) -> Vec<Value> {
    let mut rows: Vec<Value> = (0..60)
        .map(|n| {
            let mut row = samples::status(
                &format!("u{n:03}"),
                &format!("PC-{n:03}"),
                n % 3 != 0,
                &format!("2026-01-01T00:{n:02}:00Z"),
            );
            row["appliedPolicies"] = if n % 2 == 0 { json!(["one"]) } else { json!(["two", "three"]) };
            row["errorMessage"] = if n % 3 == 0 { json!(format!("\"no\" \u{1} {n}")) } else { Value::Null };
            row
        })
        .collect();
    for (n, day) in [0, 1, 90, 91, 92, 119].into_iter().enumerate() {
        rows.push(samples::status(&format!("recent{}", n / 2), &format!("d{n}"), n % 3 == 0, &days_ago[day]));
    }
    for at in [
        "9999-12-31T23:59:59.9999999Z",
        "0001-01-01T00:00:00Z",
        "2016-12-31T23:56:33.9571764-08:00",
        "2026-05-05T05:05:05.10+05:30",
    ] {
        rows.push(json!({ "userId": format!("at {at}"), "wasSuccessful": true, "checkinDateTime": at }));
    }
    rows
}

fn asked(s: &mut Session<'_>, path: &str) {
    for filter in FILTERS {
        s.get(&format!("{path}?$filter={filter}&$count=true")).is(200);
        s.get(&format!("{path}/$count?$filter={filter}")).is(200);
    }
    for options in [
        "?$orderby=checkinDateTime desc&$top=3&$skip=1&$count=true&$select=userId",
        "?$orderby=checkinDateTime&$top=7",
        "?$orderby=deviceName desc,userId&$top=5&$select=deviceName,userId",
        "?$orderby=userPrincipalName,wasSuccessful desc&$top=5",
        "?$top=0&$count=true",
        "?$skip=1000",
        "?$select=checkinDateTime",
        "",
    ] {
        s.get(&format!("{path}{options}")).is(200);
    }
    s.pages(&format!("{path}?$filter=wasSuccessful eq true&$orderby=checkinDateTime desc&$select=userId"), 7);
    s.pages(&format!("{path}?$orderby=checkinDateTime&$count=true"), 25);
    s.pages(&format!("{path}?$top=20"), 8);
    s.pages(&format!("{path}?$filter=startswith(deviceName,'PC-0')&$orderby=deviceName desc&$select=deviceName"), 20);
    s.get(&format!("{path}?$skiptoken=zzz")).is(400);
    for options in
        ["?$filter=nothing eq 1", "?$search=word", "?$orderby=appliedPolicies", "?$expand=x", "?$filter=userId eq 7"]
    {
        s.get(&format!("{path}{options}")).is(400);
    }
    s.get(&path.replace("/tenantCheckinStatuses", "")).is(200);
}

/// The rows and the summary of a client configuration are those that applied it.
fn of_client(s: &mut Session<'_>, root: &str) {
    let set = format!("{root}/clientConfigurations");
    let id = s.make(&set, &samples::client("applied"));
    let path = format!("{set}/{id}");
    let rows: Vec<Value> = (0..9)
        .map(|n| {
            let at = &s.given.days_ago[n * 11];
            let mut row = samples::status(&format!("u{}", n / 2), &format!("d{n}"), n % 4 != 0, at);
            row["appliedPolicies"] = if n % 2 == 0 { json!([id, "other"]) } else { json!([]) };
            row
        })
        .collect();
    s.patch(root, &json!({ "tenantCheckinStatuses": rows })).is(200);
    for options in
        ["", "?$orderby=checkinDateTime desc&$count=true", "?$filter=wasSuccessful eq false", "?$top=2&$skip=1"]
    {
        s.get(&format!("{path}/checkinStatuses{options}")).is(200);
    }
    s.get(&format!("{path}/checkinStatuses/$count?$filter=wasSuccessful")).is(200);
    s.pages(&format!("{path}/checkinStatuses?$select=deviceName"), 2);
    s.get(&format!("{path}/userCheckinSummary")).is(200);
    s.get(&format!("{path}?$select=userCheckinSummary,checkinStatuses")).is(200);
    s.get(&format!("{set}?$filter=checkinStatuses/any(c:c/wasSuccessful eq false)&$select=displayName")).is(200);
    s.delete(&path).is(204);
}

fn written(s: &mut Session<'_>, root: &str) {
    let path = format!("{root}/tenantCheckinStatuses");
    let row = |user: &str, minutes: &str| json!({ "userId": user, "deviceName": user, "wasSuccessful": true, "checkinDateTime": minutes, "appliedPolicies": ["x"] });
    let [in_time, late] = s.given.minutes_ago.clone();
    s.put(
        &path,
        &json!({ "value": [row("in time", &in_time), row("late", &late), row("later", &s.given.days_ago[1])] }),
    )
    .is(204);
    s.get(&path).is(200);
    s.get(&format!("{root}/lateDevices()")).is(200);
    s.get(&format!("{root}/lateDevices()?$top=1&$select=deviceName")).is(200);
    s.put(&path, &json!({ "value": [row("twin", &late), row("other", &late), row("TWIN", &late)] })).is(400);
    s.delete(&path).is(204);
    s.get(&path).is(200);
    s.get(&format!("{path}/$count")).is(200);
    let many: Vec<Value> = (0..1_500).map(|n| row(&format!("m{n}"), &in_time)).collect();
    s.patch(root, &json!({ "tenantCheckinStatuses": many })).is(200);
    s.get(&format!("{root}?$select=tenantCheckinStatuses")).is(200);
    s.pages(&format!("{path}?$select=userId"), 700);
    let too_many: Vec<Value> = (0..10_001).map(|n| row(&format!("m{n}"), &in_time)).collect();
    s.patch(root, &json!({ "tenantCheckinStatuses": too_many })).is(400);
    s.patch(root, &json!({ "tenantCheckinStatuses": [] })).is(200);
}
