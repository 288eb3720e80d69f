//! POST: how it went.

use serde_json::{Value, json};

use crate::world::{CLIENTS, WINDOWS, World, setting};

fn report(device: &str, error: Option<&str>) -> Value {
    json!({
        "deviceName": device, "devicePlatform": "Windows", "devicePlatformVersion": "10.0.22631", "sdkVersion": "1.0",
        "lastStatus": error.is_none(), "lastTaskErrorMessage": error, "lastTaskName": "ApplyPolicy",
    })
}

#[test]
fn r4_a_report_says_how_it_went_and_a_later_fetch_does_not_change_it() {
    let world = World::new();
    let id = world.configured("all", 0, &["*"], &json!([setting("A", 1)]));
    let anna = world.user("anna", &[]);
    anna.get(WINDOWS).is(200);
    anna.post(WINDOWS, &report("PC-1", Some("no disk"))).no_content();
    anna.call("GET", WINDOWS).header("device-name", "pc-1").send().is(200);
    let rows = world.statuses();
    assert_eq!(rows.len(), 1, "the first report with a name took the row over: {rows:?}");
    let row = &rows[0];
    assert_eq!((&row["wasSuccessful"], &row["errorMessage"]), (&json!(false), &json!("no disk")));
    assert_eq!((&row["devicePlatformVersion"], &row["appliedPolicies"]), (&json!("10.0.22631"), &json!([id])));
    let summary = world.admin.get(&format!("{CLIENTS}/{id}/userCheckinSummary")).ok();
    assert_eq!((&summary["succeededUserCount"], &summary["failedUserCount"]), (&json!(0), &json!(1)));
    anna.post(WINDOWS, &report("PC-1", None)).no_content();
    assert_eq!(world.statuses()[0]["wasSuccessful"], true);
}

#[test]
fn r9_a_change_that_is_answered_without_the_entity_gives_the_tag_that_a_read_gives() {
    let world = World::new();
    let id = world.configured("all", 0, &["*"], &json!([setting("A", 1)]));
    let anna = world.user("anna", &[]);
    anna.get(WINDOWS).is(200);
    anna.post(WINDOWS, &report("PC-1", None)).no_content();
    let path = format!("{CLIENTS}/{id}");
    let patch = |prefer| {
        let body = json!({ "description": prefer });
        world.admin.call("PATCH", &path).header("prefer", prefer).json(&body).send()
    };
    let whole = patch("return=representation").ok();
    assert_eq!(whole["checkinStatuses"].as_array().map(Vec::len), Some(1));
    assert_eq!(whole["userCheckinSummary"]["succeededUserCount"], 1);
    let minimal = patch("return=minimal").no_content();
    let read = world.admin.get(&path).ok();
    assert_eq!(minimal.header("etag"), read["@odata.etag"].as_str());
    assert_ne!(whole["@odata.etag"], read["@odata.etag"]);
}

#[test]
fn r4_devices_and_platforms_have_rows_of_their_own() {
    let world = World::new();
    let anna = world.user("anna", &[]);
    anna.post(WINDOWS, &report("PC-1", None)).no_content();
    anna.post(WINDOWS, &report("PC-2", Some("no"))).no_content();
    anna.post("//user/v1.0/mac/policies/", &json!({ "deviceName": "PC-1", "lastStatus": true })).no_content();
    world.user("bert", &[]).post(WINDOWS, &report("PC-1", None)).no_content();
    assert_eq!(world.statuses().len(), 4);
    let summary = world.admin.get("/officeConfiguration/tenantUserCheckinSummary").ok();
    assert_eq!((&summary["succeededUserCount"], &summary["failedUserCount"]), (&json!(1), &json!(1)));
}

#[test]
fn r4_an_administrator_no_longer_writes_rows_that_are_the_clients() {
    let world = World::new();
    world.user("anna", &[]).post(WINDOWS, &report("PC-1", None)).no_content();
    let patch = json!({ "tenantCheckinStatuses": [] });
    world.admin.patch("/officeConfiguration", &patch).error_code(409, "Conflict");
}

#[test]
fn the_servers_clock_counts() {
    let world = World::new();
    let mut early = report("PC-1", None);
    early["checkinDateTime"] = json!("2099-01-01T00:00:00Z");
    world.user("anna", &[]).post(WINDOWS, &early).no_content();
    let at = world.statuses()[0]["checkinDateTime"].as_str().unwrap().to_owned();
    assert!(at.starts_with("202") && at.as_str() < "2099", "{at}");
}

#[test]
fn bad_reports_are_refused_with_the_place_and_change_nothing() {
    let world = World::new();
    let anna = world.user("anna", &[]);
    let refused = |body: &Value, place: &str| {
        let error = anna.post(WINDOWS, body).error_code(400, "BadRequest");
        let message = error["message"].as_str().unwrap();
        assert!(message.contains(place), "{message}");
    };
    refused(&json!([]), "expected");
    refused(&json!({ "deviceName": "PC" }), "lastStatus");
    refused(&json!({ "lastStatus": "yes" }), "lastStatus");
    refused(&json!({ "lastStatus": true, "deviceName": 1 }), "deviceName");
    refused(&json!({ "lastStatus": true, "deviceName": "" }), "deviceName");
    refused(&json!({ "lastStatus": true, "deviceName": "x".repeat(257) }), "deviceName");
    refused(&json!({ "lastStatus": true, "deviceName": "a\u{1b}b" }), "control characters");
    anna.call("POST", WINDOWS).body("application/json", b"{").send().error_code(400, "BadRequest");
    anna.call("POST", WINDOWS).send().error_code(400, "BadRequest");
    let long = "x".repeat(65 * 1024);
    anna.post(WINDOWS, &json!({ "lastStatus": true, "more": long })).error_code(413, "RequestEntityTooLarge");
    anna.call("POST", WINDOWS)
        .header("device-name", &"x".repeat(257))
        .json(&json!({ "lastStatus": true }))
        .send()
        .error(400);
    world.admin.anonymous().post(WINDOWS, &report("PC", None)).error_code(401, "InvalidAuthenticationToken");
    assert_eq!(world.statuses().len(), 0);
}

#[test]
fn a_report_is_there_after_the_process_was_killed() {
    let mut world = World::new();
    let anna = world.user("anna", &[]);
    for n in 0..20 {
        anna.post(WINDOWS, &report(&format!("PC-{n:02}"), (n % 2 == 0).then_some("no"))).no_content();
    }
    world.service.kill();
    world.service.start_again();
    world.admin = world.admin.at(&world.service);
    let rows = world.statuses();
    assert_eq!(rows.len(), 20);
    for (n, row) in rows.iter().enumerate() {
        assert_eq!(row["wasSuccessful"], n % 2 == 1, "{row}");
    }
}
