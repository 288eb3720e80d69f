//! `/` and `/$metadata`: the service document and the model.

use e2e::Service;

use crate::{column, items};

#[test]
fn the_service_document_names_the_set_and_the_singleton() {
    let service = Service::start();
    let api = service.admin("contoso");
    let document = api.get("/").ok();
    let names = column(&document, "name");
    assert!(names.contains(&"officeConfigurations"), "{document}");
    assert!(names.contains(&"officeConfiguration"), "{document}");
    let singleton = items(&document).iter().find(|item| item["name"] == "officeConfiguration").unwrap();
    assert_eq!(singleton["kind"], "Singleton");
}

#[test]
fn r11_metadata_needs_no_token_and_is_xml_by_default() {
    let service = Service::start();
    let api = service.admin("contoso").anonymous();
    for accept in ["*/*", "application/xml", "application/json;q=0.1, application/xml"] {
        let answer = api.call("GET", "/$metadata").header("accept", accept).send().is(200);
        assert!(answer.expect_header("content-type").starts_with("application/xml"), "for {accept}");
        assert!(answer.text().contains("<edmx:Edmx"), "{}", answer.text());
        assert!(answer.text().contains("officeConfigurationGroupAssignmentTarget"));
    }
}

#[test]
fn metadata_refuses_other_methods_without_asking_who_calls() {
    let service = Service::start();
    let api = service.admin("contoso").anonymous();
    for method in ["POST", "PATCH", "DELETE", "TRACE"] {
        let refused = api.call(method, "/$metadata").send().is(405);
        assert_eq!(refused.expect_header("allow"), "GET, HEAD", "{method}");
    }
}

#[test]
fn metadata_is_json_on_request() {
    let service = Service::start();
    let api = service.admin("contoso").anonymous();
    let by_format = api.get("/$metadata?$format=application/json").ok();
    let by_accept = api.call("GET", "/$metadata").header("accept", "application/json").send().ok();
    assert_eq!(by_format, by_accept);
    assert_eq!(by_format["microsoft.graph"]["officeConfiguration"]["$Kind"], "EntityType");
    assert_eq!(by_format["$EntityContainer"], "microsoft.graph.GraphService");
}

#[test]
fn metadata_that_the_caller_has_is_304() {
    let service = Service::start();
    let api = service.admin("contoso").anonymous();
    let etag = api.get("/$metadata").is(200).expect_header("etag");
    let answer = api.call("GET", "/$metadata").header("if-none-match", &etag).send().is(304);
    assert!(answer.body.is_empty());
}

#[test]
fn both_versions_serve_the_same_model_and_data() {
    let service = Service::start();
    let api = service.admin("contoso");
    assert_eq!(api.get("//v1.0/$metadata").is(200).body, api.get("/$metadata").is(200).body);
    let created = api.post("/officeConfiguration", &e2e::samples::creation_request()).created();
    assert_eq!(api.get("//v1.0/officeConfiguration").ok()["id"], created["id"]);
}

#[test]
fn r11_an_unknown_version_is_404() {
    let service = Service::start();
    let error = service.admin("contoso").get("//v9.9/officeConfiguration").error_code(404, "ResourceNotFound");
    assert!(error["message"].as_str().unwrap().contains("v9.9"), "{error}");
}
