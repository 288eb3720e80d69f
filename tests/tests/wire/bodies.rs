//! Bad bodies: each is 400 and changes nothing.

use e2e::samples;
use serde_json::{Value, json};

use crate::world::{CLIENTS, World};

/// A check-in status with one member replaced.
fn status_with(name: &str, value: Value) -> Value {
    let mut status = samples::status("anna", "PC-1", true, "2026-01-01T00:00:00Z");
    status[name] = value;
    json!({ "tenantCheckinStatuses": [status] })
}

fn status_without(name: &str) -> Value {
    let mut body = status_with("errorMessage", json!(null));
    body["tenantCheckinStatuses"][0].as_object_mut().unwrap().remove(name);
    body
}

fn client_with(name: &str, value: Value) -> Value {
    let mut body = samples::client("Word");
    body[name] = value;
    body
}

/// Sends each body to POST of the set and PATCH of the singleton; all are 400.
#[track_caller]
fn refused_as_configuration(world: &World, bodies: &[Value]) {
    world.unchanged(|world| {
        for body in bodies {
            for answer in [world.api.post("/officeConfigurations", body), world.api.patch("/officeConfiguration", body)]
            {
                assert_eq!(answer.status, 400, "{} with {body}: {}", answer.request, answer.text());
                answer.error(400);
            }
        }
    });
}

/// Sends each body to POST and PATCH of a client configuration; all are 400.
#[track_caller]
fn refused_as_client(world: &World, bodies: &[Value]) {
    world.unchanged(|world| {
        for body in bodies {
            for answer in [world.api.post(CLIENTS, body), world.api.patch(&world.client, body)] {
                assert_eq!(answer.status, 400, "{} with {body}: {}", answer.request, answer.text());
                answer.error(400);
            }
        }
    });
}

/// Sends raw bytes as JSON; all are 400.
#[track_caller]
fn refused_bytes(bodies: &[&[u8]]) {
    let world = World::new();
    world.unchanged(|world| {
        for body in bodies {
            for (method, path) in
                [("POST", "/officeConfigurations"), ("PATCH", world.client.as_str()), ("POST", CLIENTS)]
            {
                let answer = world.api.call(method, path).body("application/json", body).send();
                let shown = String::from_utf8_lossy(&body[..body.len().min(80)]).into_owned();
                assert_eq!(answer.status, 400, "{method} {path} with {shown}: {}", answer.text());
                answer.error(400);
            }
        }
    });
}

#[test]
fn r11_an_undeclared_property_at_any_depth_is_400() {
    let world = World::new();
    refused_as_configuration(
        &world,
        &[
            json!({ "colour": 1 }),
            json!({ "TenantCheckinStatuses": [] }),
            status_with("colour", json!(1)),
            json!({ "tenantUserCheckinSummary": { "succeededUserCount": 1, "failedUserCount": 1, "colour": 1 } }),
        ],
    );
    refused_as_client(&world, &[client_with("colour", json!(1)), client_with("fileName", json!(null))]);
    world.unchanged(|world| {
        let mut assignment = samples::group_assignment("g2");
        assignment["colour"] = json!(1);
        world.api.post(&format!("{}/assignments", world.client), &assignment).error(400);
        let deep = json!({ "officeConfigurationAssignments": [samples::group_assignment("g2"), assignment] });
        world.api.post(&format!("{}/assign", world.client), &deep).error(400);
        world.api.post(CLIENTS, &client_with("assignments", json!([assignment]))).error(400);
        let mut target = samples::group_assignment("g2");
        target["target"]["colour"] = json!(1);
        world.api.post(CLIENTS, &client_with("assignments", json!([target]))).error(400);
        world.api.patch(&world.assignment, &target).error(400);
    });
}

#[test]
fn r11_an_undeclared_annotation_is_ignored() {
    let world = World::new();
    let mut body = client_with("@contoso.colour", json!({ "any": ["thing"] }));
    body["displayName@contoso.note"] = json!("x");
    body["@odata.context"] = json!("https://elsewhere.example/$metadata");
    body["@odata.etag"] = json!("W/\"x\"");
    let created = world.api.post(CLIENTS, &body).created();
    assert!(created.get("@contoso.colour").is_none(), "{created}");
}

#[test]
fn a_wrong_type_is_400() {
    let world = World::new();
    refused_as_configuration(
        &world,
        &[
            json!({ "tenantCheckinStatuses": {} }),
            json!({ "tenantCheckinStatuses": "none" }),
            json!({ "tenantCheckinStatuses": [7] }),
            json!({ "tenantCheckinStatuses": [[]] }),
            json!({ "tenantUserCheckinSummary": [] }),
            json!({ "tenantUserCheckinSummary": 7 }),
            json!({ "tenantUserCheckinSummary": { "succeededUserCount": "2", "failedUserCount": 1 } }),
            json!({ "tenantUserCheckinSummary": { "succeededUserCount": 2.5, "failedUserCount": 1 } }),
            json!({ "tenantUserCheckinSummary": { "succeededUserCount": 2_147_483_648_u32, "failedUserCount": 1 } }),
            status_with("wasSuccessful", json!("true")),
            status_with("wasSuccessful", json!(1)),
            status_with("userId", json!(7)),
            status_with("deviceName", json!(["PC"])),
            status_with("appliedPolicies", json!("one")),
            status_with("appliedPolicies", json!([7])),
            status_with("checkinDateTime", json!(1_483_228_800)),
            status_with("@odata.type", json!("microsoft.graph.officeUserCheckinSummary")),
        ],
    );
    refused_as_client(
        &world,
        &[
            client_with("displayName", json!(7)),
            client_with("displayName", json!({})),
            client_with("priority", json!("8")),
            client_with("priority", json!(8.5)),
            client_with("priority", json!(true)),
            client_with("priority", json!(2_147_483_648_u32)),
            client_with("priority", json!(1e300)),
            client_with("policyPayload", json!(7)),
        ],
    );
}

#[test]
fn null_where_it_is_not_allowed_is_400() {
    let world = World::new();
    refused_as_configuration(
        &world,
        &[
            json!({ "tenantCheckinStatuses": null }),
            json!({ "tenantCheckinStatuses": [null] }),
            json!({ "tenantUserCheckinSummary": { "succeededUserCount": null, "failedUserCount": 1 } }),
            status_with("wasSuccessful", json!(null)),
            status_with("userId", json!(null)),
            status_with("checkinDateTime", json!(null)),
            status_with("appliedPolicies", json!([null])),
            status_without("wasSuccessful"),
            status_without("userId"),
            status_without("checkinDateTime"),
        ],
    );
    refused_as_client(&world, &[client_with("priority", json!(null))]);
}

#[test]
fn r13_a_bad_instant_is_400() {
    let world = World::new();
    let bodies: Vec<Value> = [
        "yesterday",
        "",
        "2017-01-01",
        "2017-01-01T00:00:15",
        "2017-01-01 00:00:15Z",
        "2017-13-01T00:00:15Z",
        "2017-02-29T00:00:15Z",
        "2017-01-01T25:00:15Z",
        "2017-01-01T00:61:15Z",
        "2017-01-01T00:00:60Z",
        "2017-01-01T00:00:15.Z",
        "2017-01-01T00:00:15.24299141Z",
        "2017-01-01T00:00:15+24:00",
        "2017-01-01T00:00:15+0300",
    ]
    .iter()
    .map(|at| status_with("checkinDateTime", json!(at)))
    .collect();
    refused_as_configuration(&world, &bodies);
}

#[test]
fn r13_a_nul_in_any_string_is_400() {
    let world = World::new();
    refused_as_configuration(
        &world,
        &[
            status_with("userId", json!("a\u{0}b")),
            status_with("errorMessage", json!("\u{0}")),
            status_with("appliedPolicies", json!(["\u{0}"])),
        ],
    );
    refused_as_client(
        &world,
        &[client_with("displayName", json!("\u{0}")), client_with("description", json!("a\u{0}"))],
    );
    world.unchanged(|world| {
        world.api.post(&format!("{}/assignments", world.client), &samples::group_assignment("g\u{0}")).error(400);
    });
}

#[test]
fn an_error_names_the_path_of_the_fault() {
    let world = World::new();
    let good = samples::status("anna", "PC-1", true, "2026-01-01T00:00:00Z");
    let mut bad = samples::status("bert", "PC-1", true, "2026-01-01T00:00:00Z");
    bad["userId"] = json!(7);
    let error = world.api.patch("/officeConfiguration", &json!({ "tenantCheckinStatuses": [good, bad] })).error(400);
    assert_eq!(error["target"], "tenantCheckinStatuses/1/userId", "{error}");
    let error = world.api.post(CLIENTS, &client_with("colour", json!(1))).error(400);
    assert!(error["message"].as_str().unwrap().contains("colour"), "{error}");
}

#[test]
fn a_duplicate_member_is_400() {
    refused_bytes(&[
        br##"{"@odata.type":"#microsoft.graph.windowsOfficeClientConfiguration","displayName":"a","displayName":"b"}"##,
        br##"{"@odata.type":"#microsoft.graph.windowsOfficeClientConfiguration","displayName":"a","display\u004eame":"a"}"##,
        br##"{"@odata.type":"#microsoft.graph.x","@odata.type":"#microsoft.graph.x"}"##,
        br#"{"tenantUserCheckinSummary":{"succeededUserCount":1,"failedUserCount":1,"failedUserCount":1}}"#,
    ]);
}

#[test]
fn broken_json_is_400() {
    refused_bytes(&[
        b"",
        b" ",
        b"{",
        b"}",
        b"{\"displayName\":\"a\",}",
        b"{\"displayName\":'a'}",
        b"{displayName:\"a\"}",
        b"{\"displayName\":NaN}",
        b"{\"displayName\":\"a\"} {}",
        b"{\"displayName\":\"a\"}x",
        b"{\"displayName\":\"a\tb\"}",
        b"{\"displayName\":\"\\x\"}",
        b"// comment\n{}",
        b"{\"priority\":01}",
        b"{\"priority\":+1}",
        b"null",
        b"[]",
        b"7",
        b"\"text\"",
    ]);
}

#[test]
fn invalid_utf8_and_lone_surrogates_are_400() {
    refused_bytes(&[
        b"{\"displayName\":\"\xff\"}",
        b"{\"displayName\":\"\xc3\x28\"}",
        b"{\"displayName\":\"\xed\xa0\x80\"}",
        b"{\"displayName\":\"\xf0\x9f\x98\"}",
        b"{\"displayName\":\"\\ud800\"}",
        b"{\"displayName\":\"\\udc00\\ud800\"}",
        b"{\"displayName\":\"\\ud800x\"}",
        b"{\"\\ud800\":1}",
        b"\xff\xfe{\0}\0",
    ]);
}

#[test]
fn a_hundred_thousand_brackets_are_400_and_the_service_lives() {
    let open = vec![b'['; 100_000];
    let mut closed = open.clone();
    closed.extend(vec![b']'; 100_000]);
    let objects = b"{\"a\":".repeat(100_000);
    let mut in_property = b"{\"displayName\":".to_vec();
    in_property.extend(&open);
    let mut in_annotation = b"{\"@contoso.x\":".to_vec();
    in_annotation.extend(&closed);
    in_annotation.extend(b"}");
    refused_bytes(&[&open, &closed, &objects, &in_property, &in_annotation]);
}

#[test]
fn a_number_of_a_hundred_thousand_digits_does_not_hang() {
    let mut body = b"{\"priority\":".to_vec();
    body.extend(vec![b'9'; 100_000]);
    body.extend(b"}");
    let mut exponent = b"{\"priority\":1e".to_vec();
    exponent.extend(vec![b'9'; 100_000]);
    exponent.extend(b"}");
    refused_bytes(&[&body, &exponent]);
}

#[test]
fn text_beyond_the_basic_plane_comes_back_as_it_was() {
    let world = World::new();
    let name = "Größe 漢字 \u{1F600} \u{202E} \" \\ / \u{1}\u{7f}";
    let created = world.api.post(CLIENTS, &samples::client(name)).created();
    assert_eq!(created["displayName"], name);
    let escaped =
        br##"{"@odata.type":"#microsoft.graph.windowsOfficeClientConfiguration","displayName":"\ud83d\ude00\/"}"##;
    let created = world.api.call("POST", CLIENTS).body("application/json", escaped).send().created();
    assert_eq!(created["displayName"], "\u{1F600}/");
}
