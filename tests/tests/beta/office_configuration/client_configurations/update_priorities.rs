//! `POST …/clientConfigurations/updatePriorities`: reorders, all or nothing.

use e2e::{Api, Service, random_id, samples};
use serde_json::{Value, json};

use super::{PATH, all};
use crate::{column, text};

/// Three configurations with priorities 0, 1, 2; their ids.
fn three(api: &Api) -> Vec<String> {
    ["a", "b", "c"]
        .iter()
        .map(|name| text(&api.post(PATH, &samples::client(name)).created(), "id").to_owned())
        .collect()
}

fn body(ids: &[&str], priorities: &[i32]) -> Value {
    json!({ "officeConfigurationPolicyIds": ids, "officeConfigurationPriorities": priorities })
}

fn order(api: &Api) -> String {
    column(&api.get(&format!("{PATH}?$orderby=priority")).ok(), "displayName").concat()
}

#[test]
fn r8_r9_it_reorders_and_answers_204() {
    let service = Service::start();
    let api = service.admin("contoso");
    let ids = three(&api);
    let answer = api.post(&format!("{PATH}/updatePriorities"), &body(&[&ids[0], &ids[1], &ids[2]], &[2, 0, 1]));
    answer.no_content();
    assert_eq!(order(&api), "bca");
}

#[test]
fn r8_two_can_change_places() {
    let service = Service::start();
    let api = service.admin("contoso");
    let ids = three(&api);
    api.post(&format!("{PATH}/updatePriorities"), &body(&[&ids[0], &ids[2]], &[2, 0])).no_content();
    assert_eq!(order(&api), "cba");
}

#[test]
fn it_answers_to_all_its_names() {
    let service = Service::start();
    let api = service.admin("contoso");
    let ids = three(&api);
    for (n, name) in
        ["updatePriorities", "microsoft.graph.updatePriorities", "microsoft.management.services.api.updatePriorities"]
            .iter()
            .enumerate()
    {
        let priority = 50 - i32::try_from(n).unwrap();
        api.post(&format!("{PATH}/{name}"), &body(&[&ids[1]], &[priority])).no_content();
        assert_eq!(api.get(&format!("{PATH}/{}", ids[1])).ok()["priority"], priority);
    }
}

#[test]
fn r8_what_is_wrong_with_the_request_is_400_and_changes_nothing() {
    let service = Service::start();
    let api = service.admin("contoso");
    let ids = three(&api);
    let before = all(&api);
    let unknown = random_id();
    for (what, wrong) in [
        ("fewer priorities than ids", body(&[&ids[0], &ids[1]], &[7])),
        ("fewer ids than priorities", body(&[&ids[0]], &[7, 8])),
        ("the same priority twice", body(&[&ids[0], &ids[1]], &[7, 7])),
        ("the same id twice", body(&[&ids[0], &ids[0]], &[7, 8])),
        ("an unknown id as the last element", body(&[&ids[0], &ids[1], &unknown], &[7, 8, 9])),
        ("no GUID", body(&[&ids[0], "Office Configuration Policy Ids value"], &[7, 13])),
        ("no priorities", json!({ "officeConfigurationPolicyIds": [ids[0]] })),
        (
            "null for a priority",
            json!({ "officeConfigurationPolicyIds": [ids[0]], "officeConfigurationPriorities": [null] }),
        ),
        (
            "text for a priority",
            json!({ "officeConfigurationPolicyIds": [ids[0]], "officeConfigurationPriorities": ["1"] }),
        ),
    ] {
        let answer = api.post(&format!("{PATH}/updatePriorities"), &wrong);
        assert_eq!(answer.status, 400, "{what}: {}", answer.text());
        answer.error(400);
        assert_eq!(all(&api), before, "{what}");
    }
}

#[test]
fn r8_a_collision_with_one_that_is_not_in_the_request_is_409() {
    let service = Service::start();
    let api = service.admin("contoso");
    let ids = three(&api);
    let before = all(&api);
    api.post(&format!("{PATH}/updatePriorities"), &body(&[&ids[0], &ids[1]], &[5, 2])).error_code(409, "Conflict");
    assert_eq!(all(&api), before);
}
