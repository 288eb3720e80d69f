//! The creation call: `POST /officeConfigurations` and `POST /officeConfiguration` with the published example.

use e2e::{Service, reference, samples};
use serde_json::Value;

use crate::text;

/// Every member of the example's answer is in ours with the same value, its own id aside.
#[track_caller]
fn assert_has_members_of(created: &Value, example: &Value) {
    for (name, value) in example.as_object().unwrap() {
        if name != "id" {
            assert_eq!(&created[name], value, "member {name} of {created}");
        }
    }
    uuid::Uuid::parse_str(text(created, "id")).unwrap();
    assert!(created["@odata.context"].is_string(), "{created}");
}

#[test]
fn r1_the_published_request_gets_the_published_answer() {
    let name = "r1_the_published_request_gets_the_published_answer";
    let Some(folder) = reference(name, "create-example") else { return };
    let request = std::fs::read(folder.join("request.json")).unwrap();
    let response: Value = serde_json::from_slice(&std::fs::read(folder.join("response.json")).unwrap()).unwrap();
    assert_eq!(request.len(), 796, "the example byte for byte");
    let service = Service::start();
    let api = service.admin("contoso");
    for path in ["/officeConfigurations", "/officeConfiguration"] {
        let created = api.call("POST", path).body("application/json", &request).send().created();
        assert_has_members_of(&created, &response);
    }
}

#[test]
fn r1_the_example_creates_one_more_each_time_on_the_set() {
    let service = Service::start();
    let api = service.admin("contoso");
    let mut example = samples::creation_request();
    let first = api.post("/officeConfigurations", &example).created();
    let second = api.post("/officeConfigurations", &example).created();
    assert_ne!(first["id"], second["id"]);
    example["@odata.type"] = "#microsoft.graph.officeConfiguration".into();
    assert_has_members_of(&first, &example);
    assert_has_members_of(&second, &example);
}

#[test]
fn r1_location_leads_to_what_was_created() {
    let service = Service::start();
    let api = service.admin("contoso");
    for path in ["/officeConfigurations", "/officeConfiguration"] {
        let answer = api.post(path, &samples::creation_request()).is(201);
        let location = answer.expect_header("location");
        assert!(location.starts_with(&service.url()), "absolute: {location}");
        let created = answer.json();
        let read = api.get(&location).ok();
        for (name, value) in created.as_object().unwrap() {
            assert_eq!(&read[name], value, "{name} after {path}");
        }
    }
}

#[test]
fn r1_the_singleton_is_created_once_and_then_409() {
    let service = Service::start();
    let api = service.admin("contoso");
    let created = api.post("/officeConfiguration", &samples::creation_request()).created();
    api.post("/officeConfiguration", &samples::creation_request()).error_code(409, "Conflict");
    let read = api.get("/officeConfiguration").ok();
    assert_eq!(read["id"], created["id"]);
    assert_eq!(read["tenantCheckinStatuses"], created["tenantCheckinStatuses"]);
}

#[test]
fn r1_none_of_the_three_properties_is_obligatory() {
    let service = Service::start();
    let api = service.admin("contoso");
    let created = api.post("/officeConfigurations", &serde_json::json!({})).created();
    assert_eq!(created["tenantCheckinStatuses"], serde_json::json!([]));
    assert_eq!(created["tenantUserCheckinSummary"]["succeededUserCount"], 0);
    assert_eq!(created["tenantUserCheckinSummary"]["failedUserCount"], 0);
}

#[test]
fn r13_the_example_keeps_its_offset_and_seven_digits() {
    let service = Service::start();
    let api = service.admin("contoso");
    let created = api.post("/officeConfiguration", &samples::creation_request()).created();
    assert_eq!(created["tenantCheckinStatuses"][0]["checkinDateTime"], "2017-01-01T00:00:15.2429914+03:00");
}

#[test]
fn what_was_created_is_there_after_a_kill_and_a_restart() {
    let mut service = Service::start();
    let api = service.admin("contoso");
    let created = api.post("/officeConfiguration", &samples::creation_request()).created();
    let other = api.post("/officeConfigurations", &samples::creation_request()).created();
    service.kill();
    service.start_again();
    let api = api.at(&service);
    let read = api.get("/officeConfiguration").ok();
    let again = api.get(&format!("/officeConfigurations/{}", text(&other, "id"))).ok();
    for name in ["id", "tenantCheckinStatuses", "tenantUserCheckinSummary", "createdDateTime"] {
        assert_eq!(read[name], created[name], "{name}");
        assert_eq!(again[name], other[name], "{name}");
    }
    api.post("/officeConfiguration", &samples::creation_request()).error_code(409, "Conflict");
}
