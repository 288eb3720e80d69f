//! `/openapi.json` and `/openapi.yaml`, and the capabilities that the model announces: what it says is what is done.

use e2e::Service;
use serde_json::json;

use crate::world::{CLIENTS, World};

#[test]
fn r11_the_openapi_document_needs_no_token_and_is_cached() {
    let service = Service::start();
    let api = service.admin("contoso").anonymous();
    for (path, media_type) in [("//openapi.json", "application/json"), ("//openapi.yaml", "application/yaml")] {
        let answer = api.get(path).is(200);
        assert_eq!(answer.expect_header("content-type"), media_type);
        let again = api.call("GET", path).header("if-none-match", &answer.expect_header("etag")).send().is(304);
        assert!(again.body.is_empty());
        let refused = api.call("POST", path).send().is(405);
        assert_eq!(refused.expect_header("allow"), "GET, HEAD, OPTIONS");
    }
    let document = api.get("//openapi.json").ok();
    assert_eq!(document["openapi"], "3.1.0");
    assert_eq!(document["servers"][0]["url"], "/beta");
    assert!(document["paths"]["/officeConfiguration"]["post"].is_object());
    assert!(document["paths"]["/$batch"]["post"].is_object());
}

/// Each path with its query options: sent, they are taken; the ones that the document leaves out are refused.
#[test]
fn query_options_are_taken_where_the_document_names_them_and_refused_elsewhere() {
    let world = World::new();
    let document = world.api.get("//openapi.json").ok();
    let collections = [
        ("/officeConfigurations", "/officeConfigurations".to_owned()),
        ("/officeConfiguration/clientConfigurations", CLIENTS.to_owned()),
        (
            "/officeConfiguration/clientConfigurations/{officeClientConfiguration-id}/assignments",
            format!("{}/assignments", world.client),
        ),
        ("/officeConfiguration/tenantCheckinStatuses", "/officeConfiguration/tenantCheckinStatuses".to_owned()),
        (
            "/officeConfiguration/clientConfigurations/{officeClientConfiguration-id}/checkinStatuses",
            format!("{}/checkinStatuses", world.client),
        ),
        ("/officeConfigurations/delta()", "/officeConfigurations/delta()".to_owned()),
        ("/officeConfiguration/clientConfigurations/delta()", format!("{CLIENTS}/delta()")),
        (
            "/officeConfiguration/clientConfigurations/{officeClientConfiguration-id}/assignments/delta()",
            format!("{}/assignments/delta()", world.client),
        ),
    ];
    for (template, path) in collections {
        let parameters = document["paths"][template]["get"]["parameters"].as_array().expect(template);
        let named = |option: &str| parameters.iter().any(|parameter| parameter["name"] == option);
        let checkins = template.ends_with("Statuses");
        let property = if checkins { "userId" } else { "id" };
        for option in [
            format!("$filter={property}%20ne%20'x'"),
            "$search=word".to_owned(),
            format!("$orderby={property}%20desc"),
            "$top=1".to_owned(),
            "$skip=1".to_owned(),
            "$count=true".to_owned(),
            format!("$select={property}"),
            "$apply=identity".to_owned(),
            "$deltatoken=latest".to_owned(),
        ] {
            let name = option.split('=').next().unwrap_or_default();
            let wanted = if named(name) { 200 } else { 400 };
            let answer = world.api.get(&format!("{path}?{option}"));
            assert_eq!(answer.status, wanted, "{path}?{option}: {}", answer.text());
        }
    }
}

#[test]
fn methods_are_taken_where_the_document_names_them_and_refused_elsewhere() {
    let world = World::new();
    let document = world.api.get("//openapi.json").ok();
    let id = world.client.rsplit('/').next().unwrap_or_default().to_owned();
    for (template, item) in document["paths"].as_object().expect("paths") {
        if template.starts_with("/officeConfigurations/") || template.contains("Assignment-id") {
            continue;
        }
        let path = template.replace("{officeClientConfiguration-id}", &id).replace("{platform}", "mac");
        let path = if path.contains("=@groupIds") { format!("{path}?@groupIds=[]") } else { path };
        let allowed = world.api.call("OPTIONS", &path).send().is(204).expect_header("allow");
        for method in ["GET", "POST", "PATCH", "PUT", "DELETE"] {
            let documented = !item[method.to_lowercase()].is_null();
            assert_eq!(documented, allowed.split(", ").any(|one| one == method), "{method} {path}: {allowed}");
            if !documented {
                world.api.call(method, &path).send().is(405);
            }
        }
    }
}

#[test]
fn a_number_past_a_bound_of_the_document_is_refused() {
    let world = World::new();
    let document = world.api.get("//openapi.json").ok();
    let name = "microsoft.graph.windowsOfficeClientConfiguration-update";
    let least = document["components"]["schemas"][name]["properties"]["priority"]["minimum"].as_i64().unwrap();
    world.api.patch(&world.client, &json!({ "priority": least - 1 })).error(400);
    world.api.patch(&world.client, &json!({ "priority": least })).ok();
}
