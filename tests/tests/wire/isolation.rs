//! No tenant sees another: an id of another tenant gets the same answer as an id that never was.

use e2e::{Answer, Api, random_id, samples};
use serde_json::{Value, json};

use crate::world::{CLIENTS, Tenant, World, id};

/// Status, headers that tell about data, and body, with the id and all that differs from request to request taken out.
fn essence(answer: &Answer, id: &str) -> Value {
    let mut body = if answer.body.is_empty() { json!(null) } else { answer.json() };
    if let Some(error) = body["error"].as_object_mut() {
        error.remove("innerError");
    }
    let body = body.to_string().replace(id, "ID");
    json!([
        answer.status,
        answer.header("etag"),
        answer.header("content-type"),
        answer.header("allow"),
        answer.header("location").map(|location| location.replace(id, "ID")),
        body
    ])
}

/// Every call that names `id`: as a configuration, as a client configuration, as an assignment, in a body.
fn calls(api: &Api, own_client: &str, id: &str) -> Vec<(String, Answer)> {
    let mut calls: Vec<(&str, String, Option<Value>)> = Vec::new();
    for root in [format!("/officeConfigurations/{id}"), format!("/officeConfigurations('{id}')")] {
        let one = random_fixed(&root);
        calls.extend([
            ("GET", root.clone(), None),
            ("HEAD", root.clone(), None),
            ("PATCH", root.clone(), Some(json!({ "tenantUserCheckinSummary": null }))),
            ("DELETE", root.clone(), None),
            ("GET", format!("{root}/tenantCheckinStatuses"), None),
            ("GET", format!("{root}/tenantCheckinStatuses/$count"), None),
            ("GET", format!("{root}/tenantUserCheckinSummary"), None),
            ("GET", format!("{root}/clientConfigurations"), None),
            ("GET", format!("{root}/clientConfigurations/$count"), None),
            ("POST", format!("{root}/clientConfigurations"), Some(samples::client("intruder"))),
            ("GET", format!("{root}/clientConfigurations/{one}"), None),
            (
                "POST",
                format!("{root}/clientConfigurations/updatePriorities"),
                Some(json!({ "officeConfigurationPolicyIds": [], "officeConfigurationPriorities": [] })),
            ),
        ]);
    }
    let client = format!("{CLIENTS}/{id}");
    calls.extend([
        ("GET", client.clone(), None),
        ("HEAD", client.clone(), None),
        ("PATCH", client.clone(), Some(json!({ "displayName": "taken" }))),
        ("DELETE", client.clone(), None),
        ("GET", format!("{client}/displayName"), None),
        ("GET", format!("{client}/policyPayload"), None),
        ("PUT", format!("{client}/policyPayload"), Some(json!([]))),
        ("DELETE", format!("{client}/userPreferencePayload"), None),
        ("GET", format!("{client}/checkinStatuses"), None),
        ("GET", format!("{client}/userCheckinSummary"), None),
        ("GET", format!("{client}/assignments"), None),
        ("GET", format!("{client}/assignments/$count"), None),
        ("POST", format!("{client}/assignments"), Some(samples::group_assignment("g9"))),
        ("POST", format!("{client}/assign"), Some(json!({ "officeConfigurationAssignments": [] }))),
        (
            "POST",
            format!("{CLIENTS}/updatePriorities"),
            Some(json!({ "officeConfigurationPolicyIds": [id], "officeConfigurationPriorities": [77] })),
        ),
        ("GET", format!("{own_client}/assignments/{id}"), None),
        ("PATCH", format!("{own_client}/assignments/{id}"), Some(samples::group_assignment("g9"))),
        ("DELETE", format!("{own_client}/assignments/{id}"), None),
        ("GET", format!("/officeConfigurations?$filter=id%20eq%20'{id}'"), None),
        ("GET", format!("{CLIENTS}?$filter=id%20eq%20'{id}'"), None),
    ]);
    calls
        .into_iter()
        .map(|(method, path, body)| {
            let call = api.call(method, &path);
            let answer = match body {
                Some(body) => call.json(&body).send(),
                None => call.send(),
            };
            (format!("{method} {}", path.replace(id, "ID")), answer)
        })
        .collect()
}

/// An id that is the same for the same place, so that two runs differ in nothing else.
fn random_fixed(_place: &str) -> &'static str {
    "13a5ac73-ac73-13a5-73ac-a51373aca513"
}

#[test]
fn another_tenants_id_gets_the_answer_of_an_id_that_never_was() {
    let world = World::new();
    let theirs = Tenant::fill(world.service.admin("fabrikam"));
    let tail = |path: &str| path.rsplit('/').next().unwrap().to_owned();
    let default = id(&theirs.api.get("/officeConfiguration").ok());
    for (what, foreign) in [
        ("configuration", tail(&theirs.pilot)),
        ("default configuration", default),
        ("client configuration", tail(&theirs.client)),
        ("assignment", tail(&theirs.assignment)),
    ] {
        let never = random_id();
        let before = (world.state(), theirs.state());
        let with_foreign = calls(&world.api, &world.client, &foreign);
        let with_never = calls(&world.api, &world.client, &never);
        for ((call, foreign_answer), (_, never_answer)) in with_foreign.iter().zip(&with_never) {
            assert_eq!(essence(foreign_answer, &foreign), essence(never_answer, &never), "{what}: {call}");
        }
        assert_eq!((world.state(), theirs.state()), before, "{what}: nothing changed in either tenant");
    }
}

#[test]
fn collections_and_counts_show_only_the_own_tenant() {
    let world = World::new();
    let empty = world.service.admin("fabrikam");
    for path in ["/officeConfigurations", CLIENTS, "/officeConfiguration/tenantCheckinStatuses"] {
        assert_eq!(empty.get(path).ok()["value"], json!([]), "{path}");
        assert_eq!(empty.get(&format!("{path}/$count")).is(200).text(), "0", "{path}");
    }
    assert_eq!(empty.get("/officeConfiguration").ok()["tenantUserCheckinSummary"]["failedUserCount"], 0);
}

#[test]
fn a_tenants_continuation_is_worth_nothing_in_another() {
    let world = World::new();
    let other = world.service.admin("fabrikam");
    for n in 0..5 {
        world.api.post(CLIENTS, &samples::client(&format!("c{n}"))).created();
    }
    let page = world.api.call("GET", CLIENTS).header("prefer", "odata.maxpagesize=2").send().ok();
    let link = page["@odata.nextLink"].as_str().unwrap();
    let answer = other.get(link);
    let leaked = answer.status == 200 && answer.json()["value"].as_array().is_none_or(|rows| !rows.is_empty());
    assert!(!leaked, "{}", answer.text());
}

#[test]
fn an_etag_of_another_tenant_matches_nothing() {
    let world = World::new();
    let theirs = Tenant::fill(world.service.admin("fabrikam"));
    let etag = theirs.api.get(&theirs.client).is(200).expect_header("etag");
    let foreign = format!("{CLIENTS}/{}", theirs.client.rsplit('/').next().unwrap());
    world.api.call("GET", &foreign).header("if-none-match", &etag).send().error(404);
    let patch = world.api.call("PATCH", &foreign).header("if-match", &etag).json(&json!({ "displayName": "x" })).send();
    let never = format!("{CLIENTS}/{}", random_id());
    let same = world.api.call("PATCH", &never).header("if-match", &etag).json(&json!({ "displayName": "x" })).send();
    assert_eq!(patch.status, same.status);
}
