//! `/officeConfiguration`: the tenant's default configuration.

mod client_configurations;
mod tenant_checkin_statuses;
mod tenant_user_checkin_summary;

use e2e::{Service, samples};
use serde_json::json;

use crate::{items, text};

#[test]
fn r2_a_read_never_answers_404_and_the_id_stays_when_it_is_written() {
    let mut service = Service::start();
    let api = service.admin("contoso");
    let unwritten = api.get("/officeConfiguration").ok();
    assert_eq!(unwritten["tenantCheckinStatuses"], json!([]));
    assert_eq!(unwritten["tenantUserCheckinSummary"]["succeededUserCount"], 0);
    service.kill();
    service.start_again();
    let api = api.at(&service);
    assert_eq!(api.get("/officeConfiguration").ok()["id"], unwritten["id"]);
    let written = api.post("/officeConfiguration", &samples::creation_request()).created();
    assert_eq!(written["id"], unwritten["id"]);
}

#[test]
fn r2_the_id_is_derived_from_the_tenant() {
    let first = Service::start();
    let second = Service::start();
    let at = |service: &Service, tenant: &str| {
        text(&service.admin(tenant).get("/officeConfiguration").ok(), "id").to_owned()
    };
    assert_eq!(at(&first, "contoso"), at(&second, "contoso"));
    assert_ne!(at(&first, "contoso"), at(&first, "fabrikam"));
}

#[test]
fn r2_the_unwritten_default_is_read_by_its_id_like_the_singleton() {
    let service = Service::start();
    let api = service.admin("contoso");
    let singleton = api.get("/officeConfiguration").ok();
    let by_id = api.get(&format!("/officeConfigurations/{}", text(&singleton, "id"))).ok();
    for name in ["id", "tenantCheckinStatuses", "tenantUserCheckinSummary"] {
        assert_eq!(by_id[name], singleton[name], "{name}");
    }
}

#[test]
fn r2_a_patch_makes_it_exist() {
    let service = Service::start();
    let api = service.admin("contoso");
    let body = json!({ "tenantUserCheckinSummary": { "succeededUserCount": 3, "failedUserCount": 4 } });
    let patched = api.patch("/officeConfiguration", &body).ok();
    assert_eq!(patched["tenantUserCheckinSummary"]["failedUserCount"], 4);
    assert_eq!(items(&api.get("/officeConfigurations").ok()).len(), 1);
    api.post("/officeConfiguration", &json!({})).error_code(409, "Conflict");
}

#[test]
fn r2_a_first_child_makes_it_exist() {
    let service = Service::start();
    let api = service.admin("contoso");
    api.post("/officeConfiguration/clientConfigurations", &samples::client("Word")).created();
    assert_eq!(items(&api.get("/officeConfigurations").ok()).len(), 1);
    api.post("/officeConfiguration", &json!({})).error_code(409, "Conflict");
}

#[test]
fn r2_after_delete_it_is_empty_and_can_be_created_again() {
    let service = Service::start();
    let api = service.admin("contoso");
    let created = api.post("/officeConfiguration", &samples::creation_request()).created();
    api.post("/officeConfiguration/clientConfigurations", &samples::client("Word")).created();
    api.delete(&format!("/officeConfigurations/{}", text(&created, "id"))).no_content();
    let empty = api.get("/officeConfiguration").ok();
    assert_eq!(empty["id"], created["id"]);
    assert_eq!(empty["tenantCheckinStatuses"], json!([]));
    assert_eq!(api.get("/officeConfiguration/clientConfigurations").ok()["value"], json!([]));
    let again = api.post("/officeConfiguration", &samples::creation_request()).created();
    assert_eq!(again["id"], created["id"]);
}

#[test]
fn r3_a_supplied_id_is_ignored() {
    let service = Service::start();
    let api = service.admin("contoso");
    let id = api.get("/officeConfiguration").ok()["id"].clone();
    let created = api.post("/officeConfiguration", &json!({ "id": e2e::random_id() })).created();
    assert_eq!(created["id"], id);
    assert_eq!(api.patch("/officeConfiguration", &json!({ "id": e2e::random_id() })).ok()["id"], id);
}

#[test]
fn reading_creates_nothing() {
    let service = Service::start();
    let api = service.admin("contoso");
    for path in [
        "/officeConfiguration",
        "/officeConfiguration/clientConfigurations",
        "/officeConfiguration/tenantCheckinStatuses",
        "/officeConfiguration/tenantUserCheckinSummary",
        "/officeConfiguration/clientConfigurations/$count",
    ] {
        api.get(path).is(200);
    }
    assert_eq!(api.get("/officeConfigurations").ok()["value"], json!([]));
}

#[test]
fn members_come_in_the_order_that_odata_asks() {
    let service = Service::start();
    let api = service.admin("contoso");
    api.post("/officeConfiguration", &samples::creation_request()).created();
    let text = api.get("/officeConfiguration").is(200).text();
    let at = |needle: &str| text.find(needle).unwrap_or_else(|| panic!("no {needle} in {text}"));
    assert_eq!(at("\"@odata.context\""), 1, "{text}");
    assert!(at("\"@odata.etag\"") < at("\"id\""), "{text}");
    assert!(at("\"id\"") < at("\"tenantCheckinStatuses\""), "{text}");
    let context = api.get("/officeConfiguration").ok()["@odata.context"].as_str().unwrap().to_owned();
    assert_eq!(context, format!("{}/beta/$metadata#officeConfiguration", service.url()));
}

#[test]
fn r2_a_precondition_holds_for_the_unwritten_default_too() {
    let service = Service::start();
    let api = service.admin("contoso");
    let body = json!({ "tenantUserCheckinSummary": { "succeededUserCount": 1, "failedUserCount": 1 } });
    let stale = api.call("PATCH", "/officeConfiguration").header("if-match", "W/\"long ago\"").json(&body).send();
    stale.error_code(412, "PreconditionFailed");
    assert_eq!(api.get("/officeConfigurations").ok()["value"], json!([]));
    api.patch("/officeConfiguration", &body).ok();
    let etag = api.get("/officeConfiguration").is(200).expect_header("etag");
    api.call("PATCH", "/officeConfiguration").header("if-match", &etag).json(&body).send().ok();
}
