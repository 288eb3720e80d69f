//! `/officeConfigurations` and `/officeConfigurations/{id}`.

mod delta;

use e2e::{Api, READ, Service, random_id, samples};
use serde_json::{Value, json};

use crate::{column, items, text};

#[test]
fn r2_the_unwritten_default_is_not_listed_and_the_written_one_is() {
    let service = Service::start();
    let api = service.admin("contoso");
    assert_eq!(api.get("/officeConfigurations").ok()["value"], json!([]));
    let default = api.post("/officeConfiguration", &json!({})).created();
    let pilot = api.post("/officeConfigurations", &json!({})).created();
    let listed = api.get("/officeConfigurations").ok();
    assert_eq!(column(&listed, "id"), [text(&default, "id"), text(&pilot, "id")]);
}

#[test]
fn r3_a_given_guid_is_kept_in_lower_case() {
    let service = Service::start();
    let api = service.admin("contoso");
    let id = random_id();
    let created = api.post("/officeConfigurations", &json!({ "id": id.to_uppercase() })).created();
    assert_eq!(created["id"], id.as_str());
    api.get(&format!("/officeConfigurations/{id}")).ok();
}

#[test]
fn r3_a_guid_that_the_tenant_has_already_is_409() {
    let service = Service::start();
    let api = service.admin("contoso");
    let id = random_id();
    api.post("/officeConfigurations", &json!({ "id": id })).created();
    api.post("/officeConfigurations", &json!({ "id": id })).error_code(409, "Conflict");
    let client = api.post("/officeConfiguration/clientConfigurations", &samples::client("Word")).created();
    api.post("/officeConfigurations", &json!({ "id": client["id"] })).error_code(409, "Conflict");
    let path = format!("/officeConfiguration/clientConfigurations/{}/assignments", text(&client, "id"));
    let assignment = api.post(&path, &samples::group_assignment("g1")).created();
    api.post("/officeConfigurations", &json!({ "id": assignment["id"] })).error_code(409, "Conflict");
    let unwritten = service.admin("fabrikam");
    let default = unwritten.get("/officeConfiguration").ok();
    unwritten.post("/officeConfigurations", &json!({ "id": default["id"] })).error_code(409, "Conflict");
}

#[test]
fn r3_the_same_guid_means_something_else_in_another_tenant() {
    let service = Service::start();
    let id = random_id();
    let body = json!({ "id": id, "tenantUserCheckinSummary": { "succeededUserCount": 7, "failedUserCount": 1 } });
    service.admin("contoso").post("/officeConfigurations", &body).created();
    service.admin("fabrikam").post("/officeConfigurations", &json!({ "id": id })).created();
    let read = service.admin("fabrikam").get(&format!("/officeConfigurations/{id}")).ok();
    assert_eq!(read["tenantUserCheckinSummary"]["succeededUserCount"], 0);
}

#[test]
fn r3_anything_but_a_guid_is_400() {
    let service = Service::start();
    let api = service.admin("contoso");
    for id in [json!("one"), json!(""), json!(7), json!("c404c435-c435-c404-35c4-04c435c404c"), json!({})] {
        api.post("/officeConfigurations", &json!({ "id": id })).error(400);
    }
    assert_eq!(api.get("/officeConfigurations").ok()["value"], json!([]));
}

#[test]
fn r3_a_patch_of_an_unknown_id_is_404_and_creates_nothing() {
    let service = Service::start();
    let api = service.admin("contoso");
    let path = format!("/officeConfigurations/{}", random_id());
    api.patch(&path, &json!({ "tenantUserCheckinSummary": null })).error_code(404, "ResourceNotFound");
    api.get(&path).error_code(404, "ResourceNotFound");
}

#[test]
fn r9_patch_answers_the_entity_and_minimal_nothing() {
    let service = Service::start();
    let api = service.admin("contoso");
    let id = text(&api.post("/officeConfigurations", &samples::creation_request()).created(), "id").to_owned();
    let path = format!("/officeConfigurations/{id}");
    let summary = json!({ "tenantUserCheckinSummary": { "succeededUserCount": 5, "failedUserCount": 6 } });
    let patched = api.patch(&path, &summary).ok();
    assert_eq!(patched["id"], id.as_str());
    assert_eq!(patched["tenantUserCheckinSummary"]["failedUserCount"], 6);
    assert_eq!(items(&json!({ "value": patched["tenantCheckinStatuses"] })).len(), 1, "a merge leaves the rest");
    let answer = api
        .call("PATCH", &path)
        .header("prefer", "return=minimal")
        .json(&json!({ "tenantUserCheckinSummary": { "succeededUserCount": 8 } }))
        .send()
        .is(204);
    assert!(answer.expect_header("preference-applied").contains("return=minimal"));
    let read = api.get(&path).ok();
    assert_eq!(read["tenantUserCheckinSummary"]["succeededUserCount"], 8);
    assert_eq!(read["tenantUserCheckinSummary"]["failedUserCount"], 6, "a complex value is merged");
}

#[test]
fn r9_delete_is_204_and_takes_everything_below_along() {
    let service = Service::start();
    let api = service.admin("contoso");
    let id = text(&api.post("/officeConfigurations", &json!({})).created(), "id").to_owned();
    let path = format!("/officeConfigurations/{id}");
    let client = api.post(&format!("{path}/clientConfigurations"), &samples::client("Word")).created();
    api.delete(&path).no_content();
    api.get(&path).error(404);
    api.get(&format!("{path}/clientConfigurations/{}", text(&client, "id"))).error(404);
    api.delete(&path).error(404);
    assert_eq!(api.get("/officeConfigurations").ok()["value"], json!([]));
}

#[test]
fn keys_are_read_in_both_forms() {
    let service = Service::start();
    let api = service.admin("contoso");
    let created = api.post("/officeConfigurations", &json!({})).created();
    let id = text(&created, "id");
    for path in [
        format!("/officeConfigurations/{id}"),
        format!("/officeConfigurations('{id}')"),
        format!("/officeConfigurations(id='{id}')"),
        format!("/officeConfigurations/{}", id.to_uppercase()),
    ] {
        assert_eq!(api.get(&path).ok()["id"], id, "{path}");
    }
}

#[test]
fn each_configuration_has_its_own_client_configurations() {
    let service = Service::start();
    let api = service.admin("contoso");
    let pilot = api.post("/officeConfigurations", &json!({})).created();
    let pilot = format!("/officeConfigurations/{}/clientConfigurations", text(&pilot, "id"));
    let body = samples::client_with_priority("Word", 3);
    api.post(&pilot, &body).created();
    api.post("/officeConfiguration/clientConfigurations", &body).created();
    api.post(&pilot, &body).error_code(409, "Conflict");
    assert_eq!(items(&api.get(&pilot).ok()).len(), 1);
}

#[test]
fn a_collection_pages_counts_selects_and_orders() {
    let service = Service::start();
    let api = service.admin("contoso");
    let mut ids: Vec<String> =
        (0..5).map(|_| text(&api.post("/officeConfigurations", &json!({})).created(), "id").to_owned()).collect();
    let page = api.get("/officeConfigurations?$top=2&$skip=1&$count=true&$select=id").ok();
    assert_eq!(page["@odata.count"], 5);
    assert_eq!(column(&page, "id"), ids[1..3]);
    assert!(items(&page)[0].get("tenantCheckinStatuses").is_none(), "{page}");
    assert_eq!(api.get("/officeConfigurations/$count").is(200).text(), "5");
    ids.sort();
    assert_eq!(column(&api.get("/officeConfigurations?$orderby=id").ok(), "id"), ids);
    let filtered = api.get(&format!("/officeConfigurations?$filter=id%20eq%20'{}'", ids[3])).ok();
    assert_eq!(column(&filtered, "id"), [&ids[3]]);
}

#[test]
fn options_may_come_in_the_body_of_a_query() {
    let service = Service::start();
    let api = service.admin("contoso");
    let mut ids: Vec<String> =
        (0..3).map(|_| text(&api.post("/officeConfigurations", &json!({})).created(), "id").to_owned()).collect();
    ids.sort();
    let url = "/officeConfigurations/$query?$count=true";
    let posted = |body: &str| api.call("POST", url).body("text/plain", body.as_bytes()).send();
    let page = posted("$orderby=id&$top=2&$select=id").ok();
    assert_eq!(column(&page, "id"), ids[..2]);
    assert_eq!(page["@odata.count"], 3);
    posted("$top=x").error_code(400, "BadRequest");
    api.call("POST", url).body("application/json", b"{}").send().error_code(415, "UnsupportedMediaType");
    let token = service.token(&["--tenant", "contoso", "--role", READ]);
    let reader = api.with_token(&token);
    assert_eq!(reader.call("POST", url).body("text/plain", b"").send().ok()["@odata.count"], 3);
}

#[test]
fn server_driven_paging_reaches_every_entity_once() {
    let service = Service::start();
    let api = service.admin("contoso");
    let ids: Vec<String> =
        (0..7).map(|_| text(&api.post("/officeConfigurations", &json!({})).created(), "id").to_owned()).collect();
    let mut seen = Vec::new();
    let mut next = "/officeConfigurations?$select=id".to_owned();
    loop {
        let page = api.call("GET", &next).header("prefer", "odata.maxpagesize=3").send().ok();
        assert!(items(&page).len() <= 3);
        seen.extend(column(&page, "id").iter().map(|&id| id.to_owned()));
        match page["@odata.nextLink"].as_str() {
            Some(link) => link.clone_into(&mut next),
            None => break,
        }
    }
    assert_eq!(seen, ids);
}

#[test]
fn r8_duplicate_priorities_in_one_request_are_400() {
    let service = Service::start();
    let api = service.admin("contoso");
    let twins = [samples::client_with_priority("a", 3), samples::client_with_priority("b", 3)];
    for path in ["/officeConfigurations", "/officeConfiguration"] {
        api.post(path, &json!({ "clientConfigurations": twins })).error(400);
    }
    assert_eq!(api.get("/officeConfigurations").ok()["value"], json!([]));
}

#[test]
fn a_deep_insert_makes_the_whole_tree() {
    let service = Service::start();
    let api = service.admin("contoso");
    let mut word = samples::client("Word");
    word["assignments"] = json!([samples::group_assignment("g1")]);
    let created =
        api.post("/officeConfigurations", &json!({ "clientConfigurations": [word, samples::client("Excel")] }));
    let created = created.created();
    assert_eq!(created["clientConfigurations"].as_array().map(Vec::len), Some(2), "as deep as the request: {created}");
    let path = format!("/officeConfigurations/{}/clientConfigurations", text(&created, "id"));
    let stored = api.get(&format!("{path}?$orderby=priority")).ok();
    assert_eq!(column(&stored, "displayName"), ["Word", "Excel"]);
    let word = text(&items(&stored)[0], "id").to_owned();
    assert_eq!(api.get(&format!("{path}/{word}/assignments/$count")).is(200).text(), "1");
}

/// Check-ins of 250 devices of one user, more than a page; the last one failed.
fn many_statuses() -> Vec<Value> {
    let row = |n: i32| samples::status("anna", &format!("PC-{n}"), n < 250, &samples::days_ago(1));
    (1..=250).map(row).collect()
}

fn filtered(api: &Api, path: &str, query: &str) -> Vec<String> {
    let page = api.get(&format!("{path}?{}", query.replace(' ', "%20"))).ok();
    column(&page, "id").into_iter().map(str::to_owned).collect()
}

#[test]
fn r4_filters_and_orders_see_every_check_in_and_not_only_a_page() {
    let service = Service::start();
    let api = service.admin("contoso");
    let path = "/officeConfigurations";
    let make = |body: Value| text(&api.post(path, &body).created(), "id").to_owned();
    let empty = make(json!({}));
    let few = make(json!({ "tenantCheckinStatuses": many_statuses()[..2] }));
    let many = make(json!({ "tenantCheckinStatuses": many_statuses() }));
    for (filter, expected) in [
        ("tenantCheckinStatuses/any(s:s/deviceName eq 'PC-250')", vec![&many]),
        ("tenantCheckinStatuses/all(s:s/wasSuccessful)", vec![&empty, &few]),
        ("not tenantCheckinStatuses/any(s:s/wasSuccessful eq false) and tenantCheckinStatuses/any()", vec![&few]),
        ("tenantCheckinStatuses/$count eq 250", vec![&many]),
        ("tenantCheckinStatuses/$count($filter=wasSuccessful) eq 249", vec![&many]),
        ("tenantCheckinStatuses/any(s:s/checkinDateTime lt now() and s/appliedPolicies/any())", vec![]),
        ("tenantUserCheckinSummary/failedUserCount eq 1", vec![&many]),
    ] {
        assert_eq!(
            filtered(&api, path, &format!("$filter={filter}")),
            expected.into_iter().cloned().collect::<Vec<_>>(),
            "{filter}"
        );
    }
    assert_eq!(filtered(&api, path, "$orderby=tenantCheckinStatuses/$count desc"), [many, few, empty]);
    let refused = "$filter=tenantCheckinStatuses/any(s:s/deviceName eq id)".replace(' ', "%20");
    api.get(&format!("{path}?{refused}")).error(400);
}

#[test]
fn a_filter_may_look_into_client_configurations_but_not_at_their_check_ins() {
    let service = Service::start();
    let api = service.admin("contoso");
    let path = "/officeConfigurations";
    let mut word = samples::client("Word");
    word["assignments"] = json!([samples::group_assignment("g1")]);
    api.post(path, &json!({})).created();
    let made = api.post(path, &json!({ "clientConfigurations": [samples::client("Excel"), word] })).created();
    for filter in [
        "clientConfigurations/any(c:c/displayName eq 'Word')",
        "clientConfigurations/$count eq 2",
        "clientConfigurations/any(c:c/assignments/any())",
    ] {
        assert_eq!(filtered(&api, path, &format!("$filter={filter}")), [text(&made, "id")], "{filter}");
    }
    api.get(&format!("{path}?$filter=clientConfigurations/any(c:c/checkinStatuses/any())")).error(400);
}
