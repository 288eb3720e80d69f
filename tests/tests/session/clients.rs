//! Client configurations and their assignments, in the default configuration and in a further one.

use e2e::samples;
use serde_json::{Value, json};

use crate::recorder::Session;

const SECURITY: &str = "microsoft.graph.windowsOfficeClientSecurityConfiguration";
const NOBODY: &str = "55555555-2222-4000-8000-000000000000";

pub(crate) fn run(s: &mut Session<'_>) {
    s.topic("clients");
    let pilot = s.make("/officeConfigurations", &json!({}));
    for root in ["/officeConfiguration".to_owned(), format!("/officeConfigurations/{pilot}")] {
        let set = format!("{root}/clientConfigurations");
        let ids = made(s, &set);
        read(s, &set, &ids[0]);
        changed(s, &format!("{set}/{}", ids[0]));
        ordered(s, &set, &ids);
        assigned(s, &format!("{set}/{}", ids[1]));
        s.delete(&format!("{set}/{}", ids[2])).is(204);
        s.get(&format!("{set}/{}", ids[2])).is(404);
        s.get(&set).is(200);
    }
    s.delete(&format!("/officeConfigurations/{pilot}")).is(204);
    s.get(&format!("/officeConfigurations/{pilot}/clientConfigurations")).is(404);
}

fn made(s: &mut Session<'_>, set: &str) -> Vec<String> {
    let mut ids = vec![s.make(set, &samples::client("Word")), s.make(set, &samples::client_with_priority("Excel", 7))];
    let security =
        json!({ "@odata.type": SECURITY, "displayName": "Größe 漢字 \u{1F600}", "description": "of \"security\"" });
    ids.push(s.make(set, &security));
    let mut deep = samples::client("deep");
    deep["assignments"] = json!([samples::group_assignment("g1"), { "target": { "@odata.type": "#officeConfig.allUsersAssignmentTarget" } }]);
    deep["policyPayload"] = json!("++++AP8=");
    ids.push(s.make(set, &deep));
    s.post(set, &samples::client("minimal")).header("prefer", "return=minimal").is(204);
    s.post(set, &samples::client_with_priority("taken", 7)).is(409);
    s.post(set, &samples::client_with_priority("below", -1)).is(400);
    s.post(set, &json!({ "displayName": "abstract" })).is(400);
    s.post(set, &json!({ "@odata.type": "#microsoft.graph.unknown" })).is(400);
    s.post(set, &json!({ "@odata.type": SECURITY, "displayName": 7 })).is(400);
    deep["assignments"][1]["target"] =
        json!({ "@odata.type": "#microsoft.graph.officeConfigurationGroupAssignmentTarget" });
    s.post(set, &deep).is(400);
    ids
}

fn read(s: &mut Session<'_>, set: &str, id: &str) {
    for options in [
        "",
        "?$orderby=priority desc&$select=displayName,priority",
        "?$orderby=displayName&$top=2&$skip=1&$count=true",
        "?$filter=startswith(displayName,'d') or priority ge 8",
        "?$filter=displayName eq 'Gr%C3%B6%C3%9Fe 漢字 😀'",
        "?$filter=isof('microsoft.graph.windowsOfficeClientSecurityConfiguration')&$count=true",
        "?$filter=assignments/any(a:a/target/graph.officeConfigurationGroupAssignmentTarget/groupId eq 'g1')",
        "?$filter=checkinStatuses/any()",
        "?$search=deep",
        "?$expand=assignments&$select=id,displayName",
        "?$expand=assignments($filter=id ne 'x';$top=1;$count=true)",
    ] {
        s.get(&format!("{set}{options}")).is(200);
    }
    s.get(&format!("{set}/{SECURITY}")).is(200);
    s.get(&format!("{set}/{SECURITY}/$count")).is(200);
    s.get(&format!("{set}/$count")).is(200);
    s.get(&format!("{set}/$count?$filter=priority lt 8")).is(200);
    s.pages(&format!("{set}?$orderby=displayName desc&$select=displayName"), 2);
    s.get(&format!("{set}?$filter=policyPayload eq null")).is(400);
    for property in [
        "displayName",
        "displayName/$value",
        "priority",
        "createdDateTime",
        "userCheckinSummary",
        "checkinStatuses",
        "checkinStatuses/$count",
    ] {
        s.get(&format!("{set}/{id}/{property}")).is(200);
    }
    s.get(&format!("{set}/{id}/description")).is(204);
    s.get(&format!("{set}/{id}/{SECURITY}")).is(404);
    s.get(&format!("{set}/{id}/microsoft.graph.windowsOfficeClientConfiguration")).is(200);
    s.get(&format!("{set}/{NOBODY}")).is(404);
}

fn changed(s: &mut Session<'_>, path: &str) {
    let tag = s.get(path).is(200).expect_header("etag");
    s.get(path).header("if-none-match", &tag).is(304);
    s.patch(path, &json!({ "displayName": "Word 2", "description": null })).header("if-match", &tag).is(200);
    s.patch(path, &json!({ "displayName": "Word 3" })).header("if-match", &tag).is(412);
    s.patch(path, &json!({ "priority": 70 })).header("prefer", "return=minimal").is(204);
    s.patch(path, &json!({ "priority": 7 })).is(409);
    s.patch(path, &json!({ "@odata.type": format!("#{SECURITY}") })).is(400);
    s.patch(path, &json!({ "userCheckinSummary": { "failedUserCount": 9 } })).is(200);
    s.put(&format!("{path}/displayName"), &json!({ "value": "Word 4" })).is(204);
    s.delete(&format!("{path}/displayName")).is(204);
    s.get(path).is(200);
}

fn ordered(s: &mut Session<'_>, set: &str, ids: &[String]) {
    let path = format!("{set}/updatePriorities");
    let body = |ids: &[&str], priorities: &[i32]| json!({ "officeConfigurationPolicyIds": ids, "officeConfigurationPriorities": priorities });
    s.post(&path, &body(&[&ids[0], &ids[1], &ids[2]], &[32, 30, 31])).is(204);
    let other = format!("{set}/microsoft.management.services.api.updatePriorities");
    s.post(&other, &body(&[&ids[0], &ids[2]], &[31, 32])).is(204);
    s.post(&path, &body(&[&ids[0], &ids[1]], &[20, 32])).is(409);
    s.post(&path, &body(&[&ids[0], &ids[1]], &[20])).is(400);
    s.post(&path, &body(&[&ids[0], &ids[1]], &[20, 20])).is(400);
    s.post(&path, &body(&[&ids[0], NOBODY], &[20, 21])).is(400);
    s.get(&path).is(405);
    s.get(&format!("{set}?$orderby=priority&$select=displayName,priority")).is(200);
}

fn assigned(s: &mut Session<'_>, client: &str) {
    let set = format!("{client}/assignments");
    let all = |groups: &[&str]| {
        let all: Vec<Value> = groups.iter().map(|group| samples::group_assignment(group)).collect();
        json!({ "officeConfigurationAssignments": all })
    };
    s.post(&format!("{client}/assign"), &all(&["g1", "g2", "g3"])).is(200);
    s.post(&format!("{client}/microsoft.graph.assign"), &all(&["g4", "g5"])).is(200);
    s.post(&format!("{client}/assign"), &all(&["g6", ""])).is(400);
    s.post(&format!("{client}/assign"), &json!({ "officeConfigurationAssignments": {} })).is(400);
    let id = s.make(&set, &samples::group_assignment("g7"));
    s.post(&set, &json!({ "target": { "@odata.type": "#microsoft.graph.officeConfigurationAssignmentTarget" } }))
        .is(400);
    s.post(&set, &json!({})).is(201);
    for options in
        ["", "?$count=true&$top=2", "?$select=target", "?$orderby=createdDateTime desc", "?$filter=target eq null"]
    {
        s.get(&format!("{set}{options}")).is(200);
    }
    s.get(&format!("{set}/$count")).is(200);
    s.pages(&set, 2);
    let (one, everybody) = (format!("{set}/{id}"), json!({ "@odata.type": "#officeConfig.allUsersAssignmentTarget" }));
    let tag = s.get(&one).is(200).expect_header("etag");
    s.patch(&one, &samples::group_assignment("g8")).header("if-match", &tag).is(200);
    s.patch(&one, &samples::group_assignment("g9")).header("if-match", &tag).is(412);
    s.patch(&one, &json!({ "target": everybody })).is(400);
    let target = format!("{one}/target");
    s.get(&target).is(200);
    s.patch(&target, &samples::group_assignment("g10")["target"]).is(204);
    s.put(&target, &everybody).is(204);
    s.get(&target).is(200);
    s.delete(&target).is(204);
    s.get(&target).is(204);
    s.get(&one).is(200);
    s.delete(&one).is(204);
    s.get(&one).is(404);
    s.patch(&one, &json!({})).is(404);
}
