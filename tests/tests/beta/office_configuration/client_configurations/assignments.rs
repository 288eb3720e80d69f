//! `…/{id}/assignments` and `…/assignments/{aid}`.

mod delta;

use e2e::{Service, random_id, samples};
use serde_json::{Value, json};

use super::make;
use crate::{column, items, text};

#[test]
fn an_assignment_is_created_read_changed_and_deleted() {
    let service = Service::start();
    let api = service.admin("contoso");
    let path = format!("{}/assignments", make(&api, "Word"));
    let answer = api.post(&path, &samples::group_assignment("g1")).is(201);
    let location = answer.expect_header("location");
    let created = answer.json();
    assert_eq!(created["target"]["groupId"], "g1");
    assert_eq!(api.get(&location).ok()["id"], created["id"]);
    assert_eq!(api.get(&format!("{path}/$count")).is(200).text(), "1");
    let one = format!("{path}/{}", text(&created, "id"));
    let patched = api.patch(&one, &samples::group_assignment("g2")).ok();
    assert_eq!(patched["target"]["groupId"], "g2");
    assert_eq!(patched["id"], created["id"]);
    api.delete(&one).no_content();
    api.get(&one).error_code(404, "ResourceNotFound");
    assert_eq!(api.get(&path).ok()["value"], json!([]));
}

#[test]
fn r10_a_group_target_is_written_as_sdks_compare_it() {
    let service = Service::start();
    let api = service.admin("contoso");
    let path = format!("{}/assignments", make(&api, "Word"));
    for name in [
        "microsoft.graph.officeConfigurationGroupAssignmentTarget",
        "#microsoft.graph.officeConfigurationGroupAssignmentTarget",
    ] {
        let body = json!({
            "@odata.type": "#microsoft.graph.officeClientConfigurationAssignment",
            "target": { "@odata.type": name, "groupId": "g1" }
        });
        let created = api.post(&path, &body).created();
        assert_eq!(created["target"]["@odata.type"], "#microsoft.graph.officeConfigurationGroupAssignmentTarget");
    }
}

#[test]
fn r7_all_users_can_be_a_target() {
    let service = Service::start();
    let api = service.admin("contoso");
    let path = format!("{}/assignments", make(&api, "Word"));
    let body = json!({ "target": { "@odata.type": "#officeConfig.allUsersAssignmentTarget" } });
    let created = api.post(&path, &body).created();
    assert_eq!(created["target"]["@odata.type"], "#officeConfig.allUsersAssignmentTarget");
    assert_eq!(items(&api.get(&path).ok())[0]["target"], created["target"]);
}

fn bad_targets() -> [Value; 5] {
    let group = "#microsoft.graph.officeConfigurationGroupAssignmentTarget";
    [
        json!({ "@odata.type": group }),
        json!({ "@odata.type": group, "groupId": null }),
        json!({ "@odata.type": group, "groupId": "" }),
        json!({ "@odata.type": "#microsoft.graph.officeConfigurationAssignmentTarget" }),
        json!({ "groupId": "g1" }),
    ]
}

#[test]
fn r7_r10_a_target_without_a_group_or_a_concrete_type_is_400() {
    let service = Service::start();
    let api = service.admin("contoso");
    let path = format!("{}/assignments", make(&api, "Word"));
    let created = api.post(&path, &samples::group_assignment("g1")).created();
    let before = api.get(&path).ok();
    for target in bad_targets() {
        let error = api.post(&path, &json!({ "target": target })).error(400);
        assert!(!error["message"].as_str().unwrap().is_empty());
    }
    let one = format!("{path}/{}", text(&created, "id"));
    let mut emptied = samples::group_assignment("");
    api.patch(&one, &emptied).error(400);
    emptied["target"]["groupId"] = json!(null);
    api.patch(&one, &emptied).error(400);
    assert_eq!(api.get(&path).ok()["value"], before["value"]);
}

#[test]
fn a_target_keeps_its_type_in_a_patch_and_takes_any_from_a_put() {
    let service = Service::start();
    let api = service.admin("contoso");
    let path = format!("{}/assignments", make(&api, "Word"));
    let created = api.post(&path, &samples::group_assignment("g1")).created();
    let one = format!("{path}/{}", text(&created, "id"));
    let group = "#microsoft.graph.officeConfigurationGroupAssignmentTarget";
    let everybody = json!({ "@odata.type": "#officeConfig.allUsersAssignmentTarget" });
    let patched = api.patch(&one, &json!({ "target": { "@odata.type": group } })).ok();
    assert_eq!(patched["target"]["groupId"], "g1", "what is left out stays");
    api.patch(&one, &json!({ "target": everybody })).error(400);
    api.patch(&format!("{one}/target"), &everybody).error(400);
    let put = |body: &Value| api.put(&format!("{one}/target"), "application/json", body.to_string().as_bytes());
    put(&json!({ "@odata.type": group })).error(400);
    assert_eq!(api.get(&one).ok()["target"]["groupId"], "g1");
    put(&everybody).no_content();
    assert_eq!(api.get(&one).ok()["target"]["@odata.type"], "#officeConfig.allUsersAssignmentTarget");
    api.patch(&one, &json!({ "target": null })).ok();
    let patched = api.patch(&one, &samples::group_assignment("g2")).ok();
    assert_eq!(patched["target"]["groupId"], "g2");
}

#[test]
fn pages_lose_and_double_nothing_while_others_delete_and_add() {
    let service = Service::start();
    let api = service.admin("contoso");
    let path = format!("{}/assignments", make(&api, "Word"));
    for order in ["", "&$orderby=createdDateTime%20desc"] {
        let made: Vec<String> = (1..=6)
            .map(|n| {
                let created = api.post(&path, &samples::group_assignment(&format!("g{n}"))).created();
                text(&created, "id").to_owned()
            })
            .collect();
        let in_order: Vec<&String> = if order.is_empty() { made.iter().collect() } else { made.iter().rev().collect() };
        let first = api.call("GET", &format!("{path}?$count=true{order}"));
        let first = first.header("prefer", "odata.maxpagesize=3").send().ok();
        assert_eq!(column(&first, "id"), in_order[..3]);
        api.delete(&format!("{path}/{}", in_order[0])).no_content();
        api.delete(&format!("{path}/{}", in_order[2])).no_content();
        let added = api.post(&path, &samples::group_assignment("late")).created();
        let mut rest = Vec::new();
        let mut page = first;
        while let Some(next) = page["@odata.nextLink"].as_str() {
            page = api.get(next).ok();
            rest.extend(column(&page, "id").into_iter().map(str::to_owned));
        }
        let mut expected: Vec<&str> = in_order[3..].iter().map(|id| id.as_str()).collect();
        if order.is_empty() {
            expected.push(text(&added, "id"));
        }
        assert_eq!(rest, expected);
        for left in items(&api.get(&path).ok()) {
            api.delete(&format!("{path}/{}", text(left, "id"))).no_content();
        }
    }
}

#[test]
fn below_an_unknown_configuration_everything_is_404() {
    let service = Service::start();
    let api = service.admin("contoso");
    make(&api, "Word");
    let path = format!("{}/{}/assignments", super::PATH, random_id());
    api.get(&path).error_code(404, "ResourceNotFound");
    api.post(&path, &samples::group_assignment("g1")).error_code(404, "ResourceNotFound");
    api.get(&format!("{path}/$count")).error(404);
    api.get(&format!("{path}/{}", random_id())).error(404);
}

#[test]
fn a_reference_cannot_be_added_to_a_contained_collection() {
    let service = Service::start();
    let api = service.admin("contoso");
    let path = format!("{}/assignments", make(&api, "Word"));
    let body = json!({ "@odata.id": "https://localhost/beta/anything" });
    let answer = api.post(&format!("{path}/$ref"), &body);
    assert!([400, 405].contains(&answer.status), "{}", answer.text());
    let status = answer.status;
    answer.error(status);
    assert_eq!(api.get(&path).ok()["value"], json!([]));
}
