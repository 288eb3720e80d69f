//! `POST …/{id}/assign`: replaces all assignments.

use e2e::{Service, random_id, samples};
use serde_json::{Value, json};

use super::{PATH, make};
use crate::items;

fn groups(page: &Value) -> Vec<String> {
    items(page).iter().map(|item| item["target"]["groupId"].as_str().unwrap_or("null").to_owned()).collect()
}

fn body(names: &[&str]) -> Value {
    let assignments: Vec<Value> = names.iter().map(|name| samples::group_assignment(name)).collect();
    json!({ "officeConfigurationAssignments": assignments })
}

#[test]
fn r9_assign_replaces_all_assignments_and_answers_them() {
    let service = Service::start();
    let api = service.admin("contoso");
    let path = make(&api, "Word");
    assert_eq!(groups(&api.post(&format!("{path}/assign"), &body(&["g1", "g2"])).ok()), ["g1", "g2"]);
    let answer = api.post(&format!("{path}/assign"), &body(&["g3"])).ok();
    assert_eq!(groups(&answer), ["g3"]);
    assert!(answer["@odata.context"].is_string(), "{answer}");
    assert!(items(&answer)[0]["id"].is_string());
    assert_eq!(groups(&api.get(&format!("{path}/assignments")).ok()), ["g3"]);
    assert_eq!(api.post(&format!("{path}/assign"), &body(&[])).ok()["value"], json!([]));
    assert_eq!(api.get(&format!("{path}/assignments/$count")).is(200).text(), "0");
}

#[test]
fn it_answers_to_all_its_names() {
    let service = Service::start();
    let api = service.admin("contoso");
    let path = make(&api, "Word");
    for (n, name) in ["assign", "microsoft.graph.assign", "graph.assign", "microsoft.management.services.api.assign"]
        .iter()
        .enumerate()
    {
        let group = format!("g{n}");
        assert_eq!(groups(&api.post(&format!("{path}/{name}"), &body(&[&group])).ok()), [group]);
    }
}

#[test]
fn r7_one_bad_assignment_at_the_end_changes_nothing() {
    let service = Service::start();
    let api = service.admin("contoso");
    let path = make(&api, "Word");
    api.post(&format!("{path}/assign"), &body(&["g1"])).ok();
    let before = api.get(&format!("{path}/assignments")).ok();
    let mut bad = body(&["g2", "g3", ""]);
    let error = api.post(&format!("{path}/assign"), &bad).error(400);
    assert!(error.to_string().contains('2'), "names the element: {error}");
    bad["officeConfigurationAssignments"][2]["target"] = json!({ "@odata.type": "#microsoft.graph.unknown" });
    api.post(&format!("{path}/assign"), &bad).error(400);
    assert_eq!(api.get(&format!("{path}/assignments")).ok()["value"], before["value"]);
}

#[test]
fn parameters_are_checked() {
    let service = Service::start();
    let api = service.admin("contoso");
    let path = make(&api, "Word");
    api.post(&format!("{path}/assign"), &body(&["g1"])).ok();
    for wrong in [
        json!({ "assignments": [] }),
        json!({ "officeConfigurationAssignments": [], "more": 1 }),
        json!({ "officeConfigurationAssignments": {} }),
        json!({ "OfficeConfigurationAssignments": [] }),
        json!([]),
    ] {
        api.post(&format!("{path}/assign"), &wrong).error(400);
    }
    assert_eq!(api.get(&format!("{path}/assignments/$count")).is(200).text(), "1");
}

#[test]
fn a_get_on_an_action_is_405_and_an_unknown_configuration_404() {
    let service = Service::start();
    let api = service.admin("contoso");
    let path = make(&api, "Word");
    let answer = api.get(&format!("{path}/assign"));
    assert!(answer.expect_header("allow").contains("POST"));
    answer.error(405);
    api.post(&format!("{PATH}/{}/assign", random_id()), &body(&["g1"])).error_code(404, "ResourceNotFound");
}
