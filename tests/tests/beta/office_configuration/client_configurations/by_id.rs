//! `…/clientConfigurations/{id}`: one client configuration, its versions and preconditions.

use e2e::{Service, random_id, samples};
use serde_json::json;

use super::{PATH, all, make};
use crate::text;

#[test]
fn r9_a_patch_merges_and_answers_the_entity() {
    let service = Service::start();
    let api = service.admin("contoso");
    let path = make(&api, "Word");
    let before = api.get(&path).ok();
    let patched = api.patch(&path, &json!({ "description": "Description value" })).ok();
    assert_eq!(patched["description"], "Description value");
    assert_eq!(patched["displayName"], "Word");
    assert_eq!(patched["priority"], before["priority"]);
    assert_ne!(patched["@odata.etag"], before["@odata.etag"]);
    assert_eq!(patched["createdDateTime"], before["createdDateTime"]);
    let cleared = api.patch(&path, &json!({ "displayName": null })).ok();
    assert_eq!(cleared["displayName"], json!(null));
    let answer =
        api.call("PATCH", &path).header("prefer", "return=minimal").json(&json!({ "displayName": "x" })).send();
    answer.no_content();
    assert_eq!(api.get(&path).ok()["displayName"], "x");
}

#[test]
fn r9_delete_is_204_and_then_404() {
    let service = Service::start();
    let api = service.admin("contoso");
    let path = make(&api, "Word");
    api.delete(&path).no_content();
    api.get(&path).error_code(404, "ResourceNotFound");
    api.delete(&path).error_code(404, "ResourceNotFound");
    assert_eq!(all(&api), json!([]));
}

#[test]
fn r3_an_unknown_id_is_404_for_every_method() {
    let service = Service::start();
    let api = service.admin("contoso");
    make(&api, "Word");
    let before = all(&api);
    let path = format!("{PATH}/{}", random_id());
    api.get(&path).error_code(404, "ResourceNotFound");
    api.patch(&path, &json!({ "displayName": "x" })).error_code(404, "ResourceNotFound");
    let typed = json!({ "@odata.type": "#microsoft.graph.windowsOfficeClientConfiguration", "displayName": "x" });
    api.patch(&path, &typed).error_code(404, "ResourceNotFound");
    api.delete(&path).error_code(404, "ResourceNotFound");
    assert_eq!(all(&api), before);
}

#[test]
fn r10_a_change_of_type_is_400() {
    let service = Service::start();
    let api = service.admin("contoso");
    let path = make(&api, "Word");
    let before = all(&api);
    let other =
        json!({ "@odata.type": "#microsoft.graph.windowsOfficeClientSecurityConfiguration", "displayName": "x" });
    api.patch(&path, &other).error(400);
    assert_eq!(all(&api), before);
    let same = json!({ "@odata.type": "microsoft.graph.windowsOfficeClientConfiguration", "displayName": "x" });
    assert_eq!(api.patch(&path, &same).ok()["displayName"], "x");
}

#[test]
fn r8_a_patch_to_a_taken_priority_is_409() {
    let service = Service::start();
    let api = service.admin("contoso");
    make(&api, "first");
    let second = make(&api, "second");
    let before = all(&api);
    api.patch(&second, &json!({ "priority": 0 })).error_code(409, "Conflict");
    assert_eq!(all(&api), before);
    assert_eq!(api.patch(&second, &json!({ "priority": 1 })).ok()["priority"], 1, "its own is not a collision");
}

#[test]
fn a_stale_if_match_is_412_and_changes_nothing() {
    let service = Service::start();
    let api = service.admin("contoso");
    let path = make(&api, "Word");
    let stale = api.get(&path).is(200).expect_header("etag");
    api.call("PATCH", &path).header("if-match", &stale).json(&json!({ "displayName": "v2" })).send().ok();
    let before = all(&api);
    let patch = api.call("PATCH", &path).header("if-match", &stale).json(&json!({ "displayName": "v3" })).send();
    patch.error_code(412, "PreconditionFailed");
    api.call("DELETE", &path).header("if-match", &stale).send().error_code(412, "PreconditionFailed");
    assert_eq!(all(&api), before);
    api.call("PATCH", &path).header("if-match", "*").json(&json!({ "displayName": "v4" })).send().ok();
    let current = api.get(&path).is(200).expect_header("etag");
    let list = format!("W/\"nothing\", {current}");
    api.call("DELETE", &path).header("if-match", &list).send().no_content();
}

#[test]
fn a_malformed_if_match_is_400() {
    let service = Service::start();
    let api = service.admin("contoso");
    let path = make(&api, "Word");
    let before = all(&api);
    for value in ["unquoted", "\"open", "W/", "\"a\" \"b\"", ","] {
        api.call("PATCH", &path).header("if-match", value).json(&json!({ "displayName": "x" })).send().error(400);
        api.call("DELETE", &path).header("if-match", value).send().error(400);
    }
    assert_eq!(all(&api), before);
}

#[test]
fn a_read_with_the_current_version_is_304() {
    let service = Service::start();
    let api = service.admin("contoso");
    let path = make(&api, "Word");
    let read = api.get(&path).is(200);
    let etag = read.expect_header("etag");
    assert_eq!(text(&read.json(), "@odata.etag"), etag);
    let answer = api.call("GET", &path).header("if-none-match", &etag).send().is(304);
    assert!(answer.body.is_empty());
    assert_eq!(answer.expect_header("etag"), etag);
    api.patch(&path, &json!({ "displayName": "x" })).ok();
    api.call("GET", &path).header("if-none-match", &etag).send().ok();
}

#[test]
fn of_many_writers_with_the_same_version_one_wins() {
    let service = Service::start();
    let api = service.admin("contoso");
    let path = make(&api, "Word");
    let etag = api.get(&path).is(200).expect_header("etag");
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let writers: Vec<_> = (0..8)
            .map(|n| {
                let (api, path, etag) = (&api, &path, &etag);
                scope.spawn(move || {
                    let body = json!({ "displayName": format!("writer {n}") });
                    api.call("PATCH", path).header("if-match", etag).json(&body).send().status
                })
            })
            .collect();
        writers.into_iter().map(|writer| writer.join().unwrap()).collect()
    });
    assert_eq!(statuses.iter().filter(|&&status| status == 200).count(), 1, "{statuses:?}");
    assert_eq!(statuses.iter().filter(|&&status| status == 412).count(), 7, "{statuses:?}");
}

#[test]
fn a_head_is_a_get_without_its_body() {
    let service = Service::start();
    let api = service.admin("contoso");
    let path = make(&api, "Word");
    let get = api.get(&path).is(200);
    let head = api.call("HEAD", &path).send().is(200);
    assert!(head.body.is_empty());
    for name in ["content-type", "etag", "odata-version", "content-length"] {
        assert_eq!(head.header(name), get.header(name), "{name}");
    }
}

#[test]
fn a_property_has_an_address_of_its_own() {
    let service = Service::start();
    let api = service.admin("contoso");
    let path = make(&api, "Word");
    let property = api.get(&format!("{path}/displayName")).ok();
    assert_eq!(property["value"], "Word");
    let value = api.get(&format!("{path}/displayName/$value")).is(200);
    assert!(value.expect_header("content-type").starts_with("text/plain"));
    assert_eq!(value.text(), "Word");
    api.get(&format!("{path}/description")).no_content();
    let unknown = api.get(&format!("{path}/colour")).error_code(400, "BadRequest");
    assert_eq!(unknown["message"], "Resource not found for the segment 'colour'.");
}

#[test]
fn select_projects_one_entity() {
    let service = Service::start();
    let api = service.admin("contoso");
    let path = make(&api, "Word");
    let read = api.get(&format!("{path}?$select=displayName")).ok();
    assert_eq!(read["displayName"], "Word");
    assert!(read.get("priority").is_none(), "{read}");
    api.get(&format!("{path}?$select=colour")).error(400);
    api.get(&format!("{path}?$filter=priority%20eq%201")).error(400);
}

#[test]
fn the_priority_of_an_entity_made_without_one_survives_a_restart() {
    let mut service = Service::start();
    let api = service.admin("contoso");
    make(&api, "first");
    let second = make(&api, "second");
    let before = api.get(&second).ok();
    service.kill();
    service.start_again();
    let after = api.at(&service).get(&second).ok();
    for name in ["id", "displayName", "priority", "createdDateTime", "lastModifiedDateTime", "@odata.etag"] {
        assert_eq!(after[name], before[name], "{name}");
    }
    assert_eq!(api.at(&service).post(PATH, &samples::client("third")).created()["priority"], 2);
}

#[test]
fn related_entities_cannot_be_changed_by_a_patch_of_their_owner() {
    let service = Service::start();
    let api = service.admin("contoso");
    let path = make(&api, "Word");
    let before = all(&api);
    api.patch(&path, &json!({ "assignments": [samples::group_assignment("g1")] })).error(400);
    assert_eq!(api.get(&format!("{path}/assignments")).ok()["value"], json!([]));
    assert_eq!(all(&api), before);
}
