//! GET: what a user gets, and that it was delivered.

use std::io::Read as _;

use e2e::{Api, Issuer, READ, Setup, random_id};
use serde_json::{Value, json};

use crate::world::{CLIENTS, WINDOWS, World, setting, settings};

#[test]
fn r7_the_lowest_priority_number_wins_and_what_only_one_says_applies() {
    let world = World::new();
    world.configured("all", 5, &["*"], &json!([setting("A", 1), setting("B", 1)]));
    world.configured("sales", 2, &["sales"], &json!([setting("A", 2), setting("C", 2)]));
    world.configured("others", 1, &["others"], &json!([setting("A", 3)]));
    let anna = world.user("anna", &["sales", "unknown"]).get(WINDOWS).ok();
    assert_eq!(settings(&anna), ["A=2", "B=1", "C=2"]);
    assert_eq!((&anna["fetchInterval"], &anna["value"][0]["policyType"]), (&json!(90), &json!(1)));
    assert_eq!(settings(&world.user("bert", &[]).get(WINDOWS).ok()), ["A=1", "B=1"]);
}

#[test]
fn r7_groups_that_are_guids_are_compared_without_case() {
    let world = World::new();
    let group = random_id();
    world.configured("sales", 0, &[&group.to_uppercase()], &json!([setting("A", 1)]));
    assert_eq!(settings(&world.user("anna", &[&group]).get(WINDOWS).ok()), ["A=1"]);
}

#[test]
fn r7_only_settings_of_the_platform_are_sent() {
    let world = World::new();
    let mut windows = setting("A", 1);
    windows["applicablePlatforms"] = json!(["Win32"]);
    world.configured("all", 0, &["*"], &json!([windows, setting("B", 1)]));
    let anna = world.user("anna", &[]);
    assert_eq!(settings(&anna.get(WINDOWS).ok()), ["A=1", "B=1"]);
    let mac = anna.get("//user/v1.0/mac/policies/").ok();
    assert_eq!(settings(&mac), ["B=1"]);
    assert_eq!(mac["value"][0]["policiesPayload"][0]["platform"], "Mac");
}

#[test]
fn r6_bytes_that_are_no_settings_document_take_no_part() {
    let world = World::new();
    let id = world.configured("all", 0, &["*"], &json!([setting("A", 1)]));
    world.configured("more", 1, &["*"], &json!([setting("B", 1)]));
    let anna = world.user("anna", &[]);
    world.admin.put(&format!("{CLIENTS}/{id}/policyPayload"), "text/plain", b"no document").no_content();
    assert_eq!(settings(&anna.get(WINDOWS).ok()), ["B=1"]);
}

#[test]
fn r7_preferences_are_the_second_element_and_yield_to_policies() {
    let world = World::new();
    let id = world.configured("all", 0, &["*"], &json!([setting("A", 1)]));
    let preferences = json!([setting("A", 9), setting("P", 9)]).to_string();
    let path = format!("{CLIENTS}/{id}/userPreferencePayload");
    world.admin.put(&path, "application/json", preferences.as_bytes()).no_content();
    let answer = world.user("anna", &[]).get(WINDOWS).ok();
    assert_eq!(settings(&answer), ["A=1"]);
    let second = &answer["value"][1];
    assert_eq!((&second["policyType"], second["policiesPayload"].as_array().map(Vec::len)), (&json!(2), Some(1)));
    assert_eq!(second["policiesPayload"][0]["valueName"], "P");
}

#[test]
fn a_tenant_without_configurations_gets_nothing_and_comes_back_in_a_day() {
    let world = World::new();
    let answer = world.user("anna", &[]).get(WINDOWS);
    assert_eq!(answer.expect_header("officeconfig-fetch-interval"), "1440");
    let body = answer.ok();
    assert_eq!((&body["value"], &body["fetchInterval"]), (&json!([]), &json!(1440)));
}

#[test]
fn the_intervals_are_the_administrators_to_choose() {
    let world = World::with(Setup::default().config("[check_in]\ninterval_minutes = 7\nidle_interval_minutes = 8\n"));
    let anna = world.user("anna", &[]);
    let idle = anna.get(WINDOWS).ok();
    world.configured("all", 0, &["*"], &json!([setting("A", 1)]));
    let busy = anna.get(WINDOWS).ok();
    assert_eq!((&idle["fetchInterval"], &busy["fetchInterval"]), (&json!(8), &json!(7)));
    assert_ne!(idle["policiesHash"], busy["policiesHash"]);
}

#[test]
fn what_is_known_already_is_not_sent_again_until_it_changes() {
    let world = World::new();
    let id = world.configured("all", 0, &["*"], &json!([setting("A", 1)]));
    let anna = world.user("anna", &[]);
    let first = anna.get(WINDOWS);
    let tag = first.expect_header("etag");
    assert_eq!(tag, format!("W/\"{}\"", first.json()["policiesHash"].as_str().unwrap()));
    assert_eq!(first.expect_header("cache-control"), "private, no-cache");
    let same = anna.call("GET", WINDOWS).header("if-none-match", &tag).send().is(304);
    assert!(same.body.is_empty());
    assert_eq!(same.expect_header("officeconfig-fetch-interval"), "90");
    assert_eq!(same.expect_header("etag"), tag);
    let with = |value: &str| anna.call("GET", WINDOWS).header("if-none-match", value).send().status;
    assert_eq!(["*", &format!("\"x\", {tag}"), &tag[2..]].map(with), [304, 304, 304]);
    assert_eq!([tag[2..].trim_matches('"'), &tag[..tag.len() - 1]].map(with), [200, 200], "a tag has quotes");
    let path = format!("{CLIENTS}/{id}/policyPayload");
    world.admin.put(&path, "application/json", json!([setting("A", 2)]).to_string().as_bytes()).no_content();
    let changed = anna.call("GET", WINDOWS).header("if-none-match", &tag).send().ok();
    assert_eq!(settings(&changed), ["A=2"], "a change is seen by the next check-in");
    world.admin.post(&format!("{CLIENTS}/{id}/assign"), &json!({ "officeConfigurationAssignments": [] })).ok();
    assert_eq!(settings(&anna.get(WINDOWS).ok()), [""; 0]);
}

#[test]
fn a_large_answer_is_compressed_for_who_takes_it() {
    let world = World::new();
    let many: Vec<_> = (0..400).map(|n| setting(&format!("Setting{n:03}"), n)).collect();
    world.configured("all", 0, &["*"], &json!(many));
    let anna = world.user("anna", &[]);
    let plain = anna.get(WINDOWS).is(200);
    assert!(plain.header("content-encoding").is_none());
    let packed = anna.call("GET", WINDOWS).header("accept-encoding", "br, gzip;q=0.5").send().is(200);
    assert_eq!(packed.expect_header("content-encoding"), "gzip");
    assert!(packed.expect_header("vary").contains("Accept-Encoding"));
    assert!(packed.body.len() * 5 < plain.body.len());
    let mut unpacked = Vec::new();
    flate2::read::GzDecoder::new(&packed.body[..]).read_to_end(&mut unpacked).unwrap();
    assert_eq!(unpacked, plain.body);
    let refused = anna.call("GET", WINDOWS).header("accept-encoding", "gzip;q=0").send().is(200);
    assert!(refused.header("content-encoding").is_none());
}

#[test]
fn r4_a_delivery_is_on_record_as_successful() {
    let world = World::new();
    let id = world.configured("all", 0, &["*"], &json!([setting("A", 1)]));
    let anna = world.user("anna", &[]);
    let answer = anna.call("GET", WINDOWS).header("device-name", "PC-1").header("x-cid", "6c0d").send().is(200);
    assert_eq!(answer.expect_header("x-cid"), "6c0d");
    assert!(answer.header("officeconfig-recorded").is_none());
    let rows = world.statuses();
    assert_eq!(rows.len(), 1);
    let row = &rows[0];
    assert_eq!((&row["userPrincipalName"], &row["deviceName"]), (&json!("anna@contoso.example"), &json!("PC-1")));
    assert_eq!((&row["wasSuccessful"], &row["devicePlatform"]), (&json!(true), &json!("windows")));
    assert_eq!(row["appliedPolicies"], json!([id]));
    let of_client = world.admin.get(&format!("{CLIENTS}/{id}/checkinStatuses")).ok();
    assert_eq!(of_client["value"].as_array().map(Vec::len), Some(1));
    let summary = world.admin.get("/officeConfiguration/tenantUserCheckinSummary").ok();
    assert_eq!((&summary["succeededUserCount"], &summary["failedUserCount"]), (&json!(1), &json!(0)));
}

#[test]
fn r2_another_configuration_is_reached_by_its_id() {
    let world = World::new();
    world.configured("all", 0, &["*"], &json!([setting("A", 1)]));
    let pilot = world.admin.post("/officeConfigurations", &json!({})).created()["id"].as_str().unwrap().to_owned();
    let anna = world.user("anna", &[]);
    let there = anna.get(&format!("{WINDOWS}?configuration={pilot}")).ok();
    assert_eq!(there["value"], json!([]));
    anna.get(&format!("{WINDOWS}?configuration={}", random_id())).error_code(404, "ResourceNotFound");
    anna.get(&format!("{WINDOWS}?configuration=pilot")).error_code(400, "BadRequest");
    let other = world.user_of("fabrikam", "eve", &[]);
    other.get(&format!("{WINDOWS}?configuration={pilot}")).error_code(404, "ResourceNotFound");
    assert_eq!(other.get(WINDOWS).ok()["value"], json!([]), "no tenant sees another");
    assert_eq!(world.statuses().len(), 0, "none of them was in the default configuration");
}

#[test]
fn r12_the_plane_is_for_users_with_the_right_to_policies() {
    let world = World::new();
    let missing = world.admin.anonymous().get(WINDOWS);
    assert!(missing.expect_header("www-authenticate").starts_with("Bearer"));
    missing.error_code(401, "InvalidAuthenticationToken");
    world.admin.get(WINDOWS).error_code(401, "InvalidAuthenticationToken");
    let reader = ["--tenant", "contoso", "--user", "anna@contoso.example", "--scope", READ];
    world.admin.with_token(&world.service.token(&reader)).get(WINDOWS).error_code(401, "InvalidAuthenticationToken");
    let anna = world.user("anna", &[]);
    anna.get("/officeConfiguration").error_code(401, "InvalidAuthenticationToken");
    assert_eq!(world.statuses().len(), 0);
}

#[test]
fn r12_groups_by_reference_and_tokens_without_a_user_are_refused_with_the_reason() {
    let issuer = Issuer::start();
    let tenant = random_id();
    let service = Setup::default().config(&issuer.section(&[&tenant])).start();
    let mut claims = issuer.claims(&tenant);
    claims["aud"] = json!("api://officeconfig-clients");
    claims.as_object_mut().unwrap().remove("roles");
    claims["scp"] = json!("UserPolicies.Read");
    let ask = |claims: &Value| Api::new(&service, Some(issuer.sign(claims))).get(WINDOWS);
    ask(&claims).ok();
    let mut overage = claims.clone();
    overage["_claim_names"] = json!({ "groups": "src1" });
    let error = ask(&overage).error_code(403, "GroupsOverage");
    assert!(error["message"].as_str().unwrap().contains("_claim_names"), "{error}");
    let mut application = claims.clone();
    application.as_object_mut().unwrap().remove("scp");
    application["roles"] = json!(["UserPolicies.Read"]);
    application["idtyp"] = json!("app");
    ask(&application).error_code(403, "Authorization_RequestDenied");
}

#[test]
fn unknown_platforms_and_methods_are_told_apart() {
    let world = World::new();
    let anna = world.user("anna", &[]);
    for path in ["//user/v1.0/amiga/policies", "//user/v1.0/windows", "//user/v2.0/windows/policies", "//user"] {
        anna.get(path).error_code(404, "ResourceNotFound");
    }
    let refused = anna.delete(WINDOWS);
    assert_eq!(refused.expect_header("allow"), "GET, HEAD, POST, OPTIONS");
    refused.error(405);
    let options = world.admin.anonymous().call("OPTIONS", WINDOWS).send().no_content();
    assert_eq!(options.expect_header("allow"), "GET, HEAD, POST, OPTIONS");
    let head = anna.call("HEAD", WINDOWS).send().is(200);
    assert!(head.body.is_empty() && head.header("etag").is_some());
}
