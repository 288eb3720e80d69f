//! officeConfigurations: the default one before and after it is written, further ones, their options, summaries and preconditions.

use e2e::samples;
use serde_json::{Value, json};

use crate::recorder::Session;

const SET: &str = "/officeConfigurations";
const DEFAULT: &str = "/officeConfiguration";

pub(crate) fn run(s: &mut Session<'_>) {
    s.topic("configurations");
    unwritten(s);
    let id = created(s);
    listed(s, &id);
    changed(s, &id);
    for root in [DEFAULT, &format!("{SET}/{id}")] {
        summary(s, root);
    }
    gone(s, &id);
}

fn unwritten(s: &mut Session<'_>) {
    for path in ["", "/tenantCheckinStatuses", "/tenantUserCheckinSummary", "/clientConfigurations"] {
        s.get(&format!("{DEFAULT}{path}")).is(200);
    }
    s.get(SET).is(200);
    let summary = json!({ "tenantUserCheckinSummary": { "succeededUserCount": 1, "failedUserCount": 1 } });
    s.patch(DEFAULT, &summary).header("if-match", "W/\"long ago\"").is(412);
    s.get(&format!("{SET}/$count")).is(200);
}

/// A further configuration.
fn created(s: &mut Session<'_>) -> String {
    s.post(DEFAULT, &samples::creation_request()).is(201);
    s.post(DEFAULT, &samples::creation_request()).is(409);
    let id = s.make(SET, &samples::creation_request());
    let given = "44444444-2222-4000-8000-00000000000A";
    s.post(SET, &json!({ "id": given })).is(201);
    s.post(SET, &json!({ "id": given.to_lowercase() })).is(409);
    s.post(SET, &json!({ "id": "one" })).is(400);
    s.post(SET, &json!({ "colour": "red" })).is(400);
    s.post(SET, &json!({})).header("prefer", "return=minimal").is(204);
    s.post("//v1.0/officeConfigurations", &json!({})).is(201);
    let row = |user: &str, device: &str| samples::status(user, device, true, "2026-01-01T00:00:00Z");
    s.post(SET, &json!({ "tenantCheckinStatuses": [row("anna", "PC"), row("bert", "PC"), row("ANNA", "pc")] })).is(400);
    let deep = json!({
        "clientConfigurations": [
            { "@odata.type": "#microsoft.graph.windowsOfficeClientConfiguration", "displayName": "deep", "priority": 3,
              "policyPayload": "W10=", "assignments": [samples::group_assignment("g1"), samples::group_assignment("g2")] },
            { "@odata.type": "#microsoft.graph.windowsOfficeClientSecurityConfiguration", "displayName": "deeper" },
        ],
    });
    let deep = s.make(SET, &deep);
    s.get(&format!("{SET}/{deep}?$expand=clientConfigurations($expand=assignments;$orderby=priority desc)")).is(200);
    id
}

fn listed(s: &mut Session<'_>, id: &str) {
    for options in [
        "",
        "?$select=id",
        "?$select=id,tenantUserCheckinSummary&$top=2",
        "?$top=2&$skip=1&$count=true",
        "?$top=0&$count=true",
        "?$orderby=createdDateTime desc&$select=id",
        "?$orderby=lastModifiedDateTime,id&$select=createdDateTime",
        "?$filter=tenantUserCheckinSummary/failedUserCount eq 15&$count=true",
        "?$filter=tenantCheckinStatuses/any(c:c/wasSuccessful)&$select=id",
        "?$expand=clientConfigurations($select=displayName,priority;$orderby=priority)&$select=id",
        "?custom=1",
    ] {
        s.get(&format!("{SET}{options}")).is(200);
    }
    s.get(&format!("{SET}?$filter=id eq '{id}'")).is(200);
    s.get(&format!("{SET}/$count?$filter=id ne '{id}'")).is(200);
    s.pages(&format!("{SET}?$select=id&$count=true"), 2);
    s.pages(&format!("{SET}?$select=id&$orderby=createdDateTime desc"), 1);
    for options in [
        "?$apply=identity",
        "?$unknown=1",
        "?$top=-1",
        "?$filter=nothing eq 1",
        "?$orderby=nothing",
        "?$select=nothing",
    ] {
        s.get(&format!("{SET}{options}")).is(400);
    }
}

fn changed(s: &mut Session<'_>, id: &str) {
    let path = &format!("{SET}/{id}");
    let tag = s.get(path).is(200).expect_header("etag");
    s.get(path).header("if-none-match", &tag).is(304);
    s.ask("HEAD", path).is(200);
    s.get(&format!("{SET}('{id}')")).is(200);
    s.get(&format!("{SET}(id='{id}')")).is(200);
    let summary = |failed: i32| json!({ "tenantUserCheckinSummary": { "failedUserCount": failed } });
    s.patch(path, &summary(6)).header("if-match", &tag).is(200);
    s.patch(path, &summary(7)).header("if-match", &tag).is(412);
    s.patch(path, &summary(8)).header("prefer", "return=minimal").is(204);
    s.patch(path, &json!({ "id": "something else" })).is(200);
    s.patch(path, &json!({ "tenantCheckinStatuses": null })).is(400);
    s.get(path).is(200);
    s.patch(path, &json!({ "tenantUserCheckinSummary": null })).is(200);
    s.put(path, &json!({})).is(405);
}

fn summary(s: &mut Session<'_>, root: &str) {
    let path = format!("{root}/tenantUserCheckinSummary");
    let both = |succeeded: i32, failed: i32| json!({ "succeededUserCount": succeeded, "failedUserCount": failed });
    s.put(&path, &both(5, 6)).is(204);
    s.get(&path).is(200);
    s.patch(&path, &json!({ "failedUserCount": 7 })).is(204);
    s.get(&format!("{path}/failedUserCount")).is(200);
    s.get(&format!("{path}/failedUserCount/$value")).is(200);
    s.put(&path, &json!({ "failedUserCount": 8 })).is(400);
    s.put(&format!("{path}/succeededUserCount"), &json!({ "value": 1 })).is(204);
    s.get(root).is(200);
    s.delete(&format!("{path}/succeededUserCount")).is(400);
    s.delete(&path).is(204);
    s.get(&path).is(200);
    s.patch(&path, &json!({ "failedUserCount": "many" })).is(400);
}

fn gone(s: &mut Session<'_>, id: &str) {
    let path = format!("{SET}/{id}");
    s.delete(&path).header("if-match", "W/\"0\"").is(412);
    s.delete(&path).is(204);
    for method in ["GET", "DELETE"] {
        s.ask(method, &path).is(404);
    }
    s.patch(&path, &json!({})).is(404);
    let default = s.get(DEFAULT).is(200).json();
    s.delete(&format!("{SET}/{}", Value::as_str(&default["id"]).unwrap())).is(204);
    s.get(DEFAULT).is(200);
    s.get(SET).is(200);
}
