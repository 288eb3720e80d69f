//! What the admin plane says of what clients get (ruling R14): it is what they get.

use e2e::samples;
use serde_json::{Value, json};

use crate::world::{CLIENTS, WINDOWS, World, setting, settings};

const ESTATE: &str = "/officeConfiguration";

/// `name=value by configuration` of effective settings.
fn told(answer: &Value) -> Vec<String> {
    let text = |setting: &Value| {
        let name = setting["settingId"].as_str().unwrap().split_once(';').unwrap().1.to_owned();
        format!("{name}={}", setting["value"].as_str().unwrap())
    };
    answer["value"].as_array().unwrap().iter().map(text).collect()
}

#[test]
fn r14_what_is_effective_is_what_a_client_gets() {
    let world = World::new();
    world.configured("all", 5, &["*"], &json!([setting("A", 1), setting("B", 1)]));
    let sales = world.configured("sales", 2, &["sales"], &json!([setting("A", 2), setting("C", 2)]));
    let anna = world.user("anna", &["sales"]).get(WINDOWS).ok();
    let path = format!("{ESTATE}/effectivePolicies(userId='anna',platform='windows',groupIds=@g)?@g=[\"sales\"]");
    let effective = world.admin.get(&path).ok();
    assert_eq!(told(&effective), settings(&anna));
    assert_eq!(effective["value"][0]["configurationId"], json!(sales));
    assert_eq!(effective["value"][0]["stream"], "policy");
    let nobody = world.admin.get(&format!("{ESTATE}/officeConfig.effectivePolicies(platform='windows')")).ok();
    assert_eq!(told(&nobody), ["A=1", "B=1"]);
    let filtered = world.admin.get(&format!("{path}&$filter=value eq '2'&$select=settingId,value&$count=true")).ok();
    assert_eq!((told(&filtered), &filtered["@odata.count"]), (vec!["A=2".to_owned(), "C=2".to_owned()], &json!(2)));
    let error = world.admin.get(&format!("{ESTATE}/effectivePolicies(platform='amiga')")).error_code(400, "BadRequest");
    assert!(error["message"].as_str().unwrap().contains("officeConfig.platform"), "{error}");
    world.admin.get(&format!("{ESTATE}/effectivePolicies()")).error(400);
    let reader = world.admin.anonymous();
    reader.get(&format!("{ESTATE}/effectivePolicies(platform='windows')")).error(401);
}

#[test]
fn r14_an_explanation_names_winners_losers_and_why() {
    let world = World::new();
    let all = world.configured("all", 5, &["*"], &json!([setting("A", 1)]));
    let sales = world.configured("sales", 2, &["sales", "europe"], &json!([setting("A", 2)]));
    let odd = world.configured("odd", 7, &["*"], &json!([setting("B", 1)]));
    world.admin.put(&format!("{CLIENTS}/{odd}/policyPayload"), "text/plain", b"hello").no_content();
    let path = format!("{ESTATE}/explain(platform='windows',groupIds=[\"sales\",\"europe\",\"other\"])");
    let explained = world.admin.get(&path).ok();
    assert_eq!(explained["decisions"].as_array().map(Vec::len), Some(1), "{explained}");
    let decision = &explained["decisions"][0];
    assert_eq!((&decision["parentSettingId"], &decision["isSent"]), (&json!("office16;A"), &json!(true)));
    let winner = &decision["winner"];
    assert_eq!((&winner["configurationId"], &winner["priority"]), (&json!(sales), &json!(2)));
    assert_eq!((&winner["displayName"], &winner["assignedBy"]), (&json!("sales"), &json!(["europe", "sales"])));
    assert_eq!(winner["settings"][0]["value"], "2");
    let loser = &decision["losers"][0];
    assert_eq!((&loser["configurationId"], &loser["assignedBy"]), (&json!(all), &json!(["allUsers"])));
    assert_eq!(loser["settings"][0]["value"], "1");
    let ignored = &explained["ignoredPayloads"][0];
    assert_eq!((&ignored["configurationId"], &ignored["stream"]), (&json!(odd), &json!("policy")));
    assert!(ignored["reason"].as_str().unwrap().contains("no JSON at line 1"), "{ignored}");
}

#[test]
fn r14_a_what_if_tells_the_difference_and_changes_nothing() {
    let world = World::new();
    let all = world.configured("all", 5, &["*"], &json!([setting("A", 1), setting("B", 1)]));
    let sales = world.configured("sales", 2, &["sales"], &json!([setting("A", 2)]));
    let ask = |body: &Value| world.admin.post(&format!("{ESTATE}/whatIf"), body);
    let differences = |body: &Value| -> Vec<(String, Value, Value)> {
        let answer = ask(body).ok();
        let one = |one: &Value| {
            (
                one["settingId"].as_str().unwrap().to_owned(),
                one["before"]["value"].clone(),
                one["after"]["value"].clone(),
            )
        };
        answer["value"].as_array().unwrap().iter().map(one).collect()
    };
    let a = |before: Value, after: Value| ("office16;A".to_owned(), before, after);
    let b = |before: Value, after: Value| ("office16;B".to_owned(), before, after);
    let base = json!({ "platform": "windows", "groupIds": ["sales"] });
    let with = |more: Value| {
        let mut body = base.clone();
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    assert_eq!(differences(&base), []);
    assert_eq!(differences(&with(json!({ "newGroupIds": [] }))), [a(json!("2"), json!("1"))]);
    let lower = json!({ "changes": [{ "configurationId": sales, "priority": 9 }] });
    assert_eq!(differences(&with(lower)), [a(json!("2"), json!("1"))]);
    // [{"settingId":"office16;B","type":"REG_DWORD","value":"7"}]
    let payload = "W3sic2V0dGluZ0lkIjoib2ZmaWNlMTY7QiIsInR5cGUiOiJSRUdfRFdPUkQiLCJ2YWx1ZSI6IjcifV0=";
    let changed = json!({ "changes": [{ "configurationId": all, "policyPayload": payload }] });
    assert_eq!(differences(&with(changed)), [b(json!("1"), json!("7"))]);
    let unassigned = json!({ "changes": [{ "configurationId": all, "allUsers": false }] });
    assert_eq!(differences(&with(unassigned)), [b(json!("1"), Value::Null)]);
    let place = |more: Value| ask(&with(more)).error_code(400, "BadRequest")["target"].as_str().unwrap().to_owned();
    let same = json!({ "changes": [{ "configurationId": sales, "priority": 5 }] });
    assert_eq!(place(same), "changes");
    assert_eq!(place(json!({ "changes": [{ "configurationId": "x" }] })), "changes/0/configurationId");
    let bad = json!({ "changes": [{ "configurationId": all, "policyPayload": "e30=" }] });
    assert_eq!(place(bad), "changes/0/policyPayload");
    assert_eq!(settings(&world.user("anna", &["sales"]).get(WINDOWS).ok()), ["A=2", "B=1"]);
    let row = world.admin.get(&format!("{CLIENTS}/{sales}")).ok();
    assert_eq!(row["priority"], 2);
}

#[test]
fn r14_devices_that_should_have_come_are_late() {
    let world = World::new();
    let row = |device: &str, minutes: u64, applied: &[&str]| {
        json!({
            "userId": "u", "deviceName": device, "wasSuccessful": true, "checkinDateTime": samples::minutes_ago(minutes),
            "appliedPolicies": applied,
        })
    };
    let rows = [row("fresh", 80, &["x"]), row("late", 100, &["x"]), row("idle", 100, &[]), row("gone", 60 * 50, &[])];
    world.admin.patch(ESTATE, &json!({ "tenantCheckinStatuses": rows })).ok();
    let late = world.admin.get(&format!("{ESTATE}/lateDevices()")).ok();
    let names: Vec<&str> =
        late["value"].as_array().unwrap().iter().map(|row| row["deviceName"].as_str().unwrap()).collect();
    assert_eq!(names, ["gone", "late"], "the longest overdue first");
    assert_eq!(world.user_of("fabrikam", "eve", &[]).get(WINDOWS).status, 200);
    let other = world.service.admin("fabrikam").get(&format!("{ESTATE}/lateDevices()")).ok();
    assert_eq!(other["value"], json!([]));
}
