//! The client plane: what users get on each platform, what is not sent again, reports, and what the administrator sees and is explained of it.

use e2e::{Api, samples};
use serde_json::{Value, json};

use crate::recorder::{Session, setting};

const CLIENTS: &str = "/officeConfiguration/clientConfigurations";
const PLATFORMS: [&str; 5] = ["windows", "mac", "ios", "android", "web"];

fn policies(platform: &str) -> String {
    format!("//user/v1.0/{platform}/policies")
}

fn report(device: &str, error: Option<&str>) -> Value {
    json!({
        "deviceName": device, "devicePlatform": "Windows", "devicePlatformVersion": "10.0.22631", "sdkVersion": "1.0",
        "lastStatus": error.is_none(), "lastTaskErrorMessage": error, "lastTaskName": "ApplyPolicy",
    })
}

pub(crate) fn run(s: &mut Session<'_>) {
    s.topic("devices");
    let (anna, bert) = (s.user("anna", &["sales", "europe"]), s.user("bert", &[]));
    s.get(&policies("windows")).by(&anna).is(200);
    let sales = configured(s);
    fetched(s, &anna, &bert, &sales);
    reported(s, &anna, &bert);
    seen(s, "/officeConfiguration", &sales);
    let pilot = s.make("/officeConfigurations", &json!({}));
    let there = format!("{}?configuration={pilot}", policies("windows"));
    s.get(&there).by(&anna).is(200);
    s.post(&there, &report("PC-9", None)).by(&anna).is(204);
    for root in ["/officeConfiguration".to_owned(), format!("/officeConfigurations/{pilot}")] {
        explained(s, &root);
    }
    s.get(&format!("/officeConfigurations/{pilot}/tenantCheckinStatuses")).is(200);
    refused(s, &anna);
    s.delete(&format!("/officeConfigurations/{pilot}")).is(204);
    s.get(&there).by(&anna).is(404);
}

/// Three client configurations that compete; the id of the one for a group.
fn configured(s: &mut Session<'_>) -> String {
    let mut disabled = setting("D", 1);
    disabled["enabled"] = json!(false);
    let mut windows = setting("W", 1);
    windows["applicablePlatforms"] = json!(["Win32"]);
    let all = json!([setting("A", 1), setting("B", 1), windows]);
    let everybody = json!({ "target": { "@odata.type": "#officeConfig.allUsersAssignmentTarget" } });
    let mut sales = String::new();
    for (name, priority, target, policies) in [
        ("all", 905, everybody.clone(), all),
        ("sales", 902, samples::group_assignment("sales"), json!([setting("A", 2), disabled])),
        ("odd", 907, everybody, json!({ "no": "document" })),
    ] {
        let mut body = samples::client_with_priority(name, priority);
        body["assignments"] = json!([target]);
        let id = s.make(CLIENTS, &body);
        s.put(&format!("{CLIENTS}/{id}/policyPayload"), &policies).is(204);
        if name == "sales" {
            s.put(&format!("{CLIENTS}/{id}/userPreferencePayload"), &json!([setting("A", 9), setting("P", 9)])).is(204);
            sales = id;
        }
    }
    sales
}

fn fetched(s: &mut Session<'_>, anna: &Api, bert: &Api, sales: &str) {
    for platform in PLATFORMS {
        let tag = s.get(&policies(platform)).by(anna).header("device-name", "PC-1").is(200).expect_header("etag");
        s.get(&policies(platform)).by(anna).header("if-none-match", &tag).is(304);
        s.ask("HEAD", &policies(platform)).by(bert).is(200);
    }
    s.get(&policies("windows")).by(bert).header("x-cid", "6c0d").is(200);
    let tag = s.get(&policies("windows")).by(anna).is(200).expect_header("etag");
    s.put(&format!("{CLIENTS}/{sales}/policyPayload"), &json!([setting("A", 3)])).is(204);
    s.get(&policies("windows")).by(anna).header("if-none-match", &tag).is(200);
    let many: Vec<Value> = (0..400).map(|n| setting(&format!("Setting{n:03}"), n)).collect();
    s.put(&format!("{CLIENTS}/{sales}/policyPayload"), &json!(many)).is(204);
    s.get(&policies("windows")).by(anna).is(200);
    s.get(&policies("windows")).by(anna).header("accept-encoding", "gzip").is(200);
    s.put(&format!("{CLIENTS}/{sales}/policyPayload"), &json!([setting("A", 2)])).is(204);
    s.ask("OPTIONS", &policies("windows")).is(204);
}

fn reported(s: &mut Session<'_>, anna: &Api, bert: &Api) {
    s.post(&policies("windows"), &report("PC-1", Some("no disk"))).by(anna).is(204);
    s.post(&policies("windows"), &report("pc-2", None)).by(anna).is(204);
    s.post(&policies("mac"), &json!({ "lastStatus": false }))
        .by(bert)
        .header("device-name", "Büro \u{1F600}".escape_unicode().to_string().as_str())
        .is(204);
    s.get(&policies("windows")).by(anna).header("device-name", "pc-1").is(200);
    for n in 0..12 {
        let user = s.user(&format!("user{n:02}"), &["europe"]);
        s.post(&policies(PLATFORMS[n % 5]), &report(&format!("PC-{n:02}"), (n % 4 == 0).then_some("no")))
            .by(&user)
            .is(204);
    }
}

/// What became of it for the administrator.
fn seen(s: &mut Session<'_>, root: &str, sales: &str) {
    let path = format!("{root}/tenantCheckinStatuses");
    let shown = "$select=userPrincipalName,deviceName,devicePlatform,wasSuccessful,errorMessage,appliedPolicies";
    for filter in [
        "wasSuccessful eq false",
        "startswith(userPrincipalName,'user0')",
        "startswith(userPrincipalName,'anna') and wasSuccessful",
        "deviceName eq 'pc-01'",
        "startswith(deviceName,'PC-0') and wasSuccessful eq false",
        "checkinDateTime gt 2020-01-01T00:00:00Z",
        "devicePlatform in ('mac','web')",
        "errorMessage ne null",
    ] {
        s.get(&format!("{path}?$filter={filter}&$count=true&{shown}")).is(200);
        s.get(&format!("{path}/$count?$filter={filter}")).is(200);
        s.pages(&format!("{path}?$filter={filter}&$orderby=checkinDateTime desc&{shown}"), 3);
    }
    for order in
        ["checkinDateTime", "checkinDateTime desc", "deviceName desc,userPrincipalName", "errorMessage,deviceName"]
    {
        s.pages(&format!("{path}?$orderby={order}&$count=true&{shown}"), 8);
    }
    s.pages(&path, 10);
    s.get(root).is(200);
    s.get(&format!("{root}/tenantUserCheckinSummary")).is(200);
    s.get(&format!("{root}/lateDevices()")).is(200);
    let client = format!("{CLIENTS}/{sales}");
    s.pages(&format!("{client}/checkinStatuses?{shown}"), 4);
    s.get(&format!("{client}/userCheckinSummary")).is(200);
    s.get(&client).is(200);
    s.patch(root, &json!({ "tenantCheckinStatuses": [] })).is(409);
    s.put(&path, &json!({ "value": [] })).is(409);
    s.patch(root, &json!({ "tenantUserCheckinSummary": { "failedUserCount": 77 } })).is(200);
}

fn explained(s: &mut Session<'_>, root: &str) {
    for platform in PLATFORMS {
        let who = format!("platform='{platform}',userId='anna',groupIds=@g");
        s.get(&format!("{root}/effectivePolicies({who})?@g=[\"sales\"]")).is(200);
        s.get(&format!("{root}/explain({who})?@g=[\"sales\",\"europe\"]")).is(200);
    }
    s.get(&format!("{root}/officeConfig.effectivePolicies(platform='windows')?$filter=value eq '2'&$count=true"))
        .is(200);
    s.get(&format!("{root}/effectivePolicies(platform='amiga')")).is(400);
    s.get(&format!("{root}/effectivePolicies()")).is(400);
    s.post(&format!("{root}/whatIf"), &json!({ "platform": "windows", "groupIds": ["sales"], "newGroupIds": [] }))
        .is(200);
    s.post(&format!("{root}/whatIf"), &json!({ "platform": "windows", "changes": [{ "configurationId": "x" }] }))
        .is(400);
}

fn refused(s: &mut Session<'_>, anna: &Api) {
    let path = policies("windows");
    let (nobody, admin) = (s.admin.anonymous(), s.admin.clone());
    s.get(&path).by(&nobody).is(401);
    s.get(&path).by(&admin).is(401);
    s.post(&path, &report("PC", None)).by(&nobody).is(401);
    s.get("/officeConfiguration").by(anna).is(401);
    s.get("//user/v1.0/amiga/policies").by(anna).is(404);
    s.delete(&path).by(anna).is(405);
    s.get(&format!("{path}?configuration=55555555-2222-4000-8000-000000000000")).by(anna).is(404);
    s.get(&format!("{path}?configuration=pilot")).by(anna).is(400);
    for body in [json!([]), json!({ "deviceName": "PC" }), json!({ "lastStatus": true, "deviceName": "x".repeat(257) })]
    {
        s.post(&path, &body).by(anna).is(400);
    }
    s.post(&path, &json!({ "lastStatus": true, "more": "x".repeat(65 * 1024) })).by(anna).is(413);
}
