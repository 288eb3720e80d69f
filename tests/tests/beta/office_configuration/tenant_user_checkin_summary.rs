//! `/officeConfiguration/tenantUserCheckinSummary`: written or computed.

use e2e::samples::{days_ago, status};
use e2e::{Api, Service};
use serde_json::{Value, json};

fn summary(api: &Api) -> Value {
    let property = api.get("/officeConfiguration/tenantUserCheckinSummary").ok();
    let embedded = api.get("/officeConfiguration").ok()["tenantUserCheckinSummary"].clone();
    for name in ["succeededUserCount", "failedUserCount"] {
        assert_eq!(property[name], embedded[name], "{name}");
    }
    json!([property["succeededUserCount"], property["failedUserCount"]])
}

#[test]
fn r5_a_user_with_any_failing_device_failed_and_old_check_ins_do_not_count() {
    let service = Service::start();
    let api = service.admin("contoso");
    let statuses = [
        status("anna", "PC-1", true, &days_ago(1)),
        status("anna", "PC-2", false, &days_ago(80)),
        status("bert", "PC-3", true, &days_ago(0)),
        status("cleo", "PC-4", true, &days_ago(90)),
        status("dora", "PC-5", false, &days_ago(120)),
        status("BERT", "PC-6", true, &days_ago(3)),
    ];
    api.post("/officeConfiguration", &json!({ "tenantCheckinStatuses": statuses })).created();
    assert_eq!(summary(&api), json!([2, 1]));
}

#[test]
fn r5_a_written_summary_is_returned_as_written_until_it_is_set_to_null() {
    let service = Service::start();
    let api = service.admin("contoso");
    let written = json!({ "succeededUserCount": 2, "failedUserCount": 15 });
    api.post("/officeConfiguration", &json!({ "tenantUserCheckinSummary": written })).created();
    assert_eq!(summary(&api), json!([2, 15]));
    let statuses = [status("anna", "PC-1", true, &days_ago(1))];
    api.patch("/officeConfiguration", &json!({ "tenantCheckinStatuses": statuses })).ok();
    assert_eq!(summary(&api), json!([2, 15]), "an administrator's rows do not replace an administrator's summary");
    let patched = api.patch("/officeConfiguration", &json!({ "tenantUserCheckinSummary": null })).ok();
    assert_eq!(patched["tenantUserCheckinSummary"]["succeededUserCount"], 1);
    assert_eq!(summary(&api), json!([1, 0]));
}

#[test]
fn r5_a_row_that_is_replaced_no_longer_counts() {
    let service = Service::start();
    let api = service.admin("contoso");
    let set = |statuses: Value| api.patch("/officeConfiguration", &json!({ "tenantCheckinStatuses": statuses })).ok();
    set(json!([status("anna", "PC-1", false, &days_ago(1))]));
    assert_eq!(summary(&api), json!([0, 1]));
    set(json!([status("anna", "PC-1", true, &days_ago(0))]));
    assert_eq!(summary(&api), json!([1, 0]));
    set(json!([]));
    assert_eq!(summary(&api), json!([0, 0]));
}

#[test]
fn r5_a_summary_given_in_part_keeps_the_rest_as_it_is_shown() {
    let service = Service::start();
    let api = service.admin("contoso");
    let patch =
        |members: Value| api.patch("/officeConfiguration", &json!({ "tenantUserCheckinSummary": members })).ok();
    patch(json!({ "failedUserCount": 3 }));
    assert_eq!(summary(&api), json!([0, 3]), "the unwritten default shows zeros");
    patch(json!({ "succeededUserCount": 4 }));
    assert_eq!(summary(&api), json!([4, 3]));
    let statuses = [status("anna", "PC-1", true, &days_ago(1)), status("bert", "PC-2", false, &days_ago(1))];
    api.patch("/officeConfiguration", &json!({ "tenantCheckinStatuses": statuses, "tenantUserCheckinSummary": null }))
        .ok();
    patch(json!({ "succeededUserCount": 9 }));
    assert_eq!(summary(&api), json!([9, 1]), "what was computed");
}

#[test]
fn two_members_patched_at_once_are_both_kept() {
    let service = Service::start();
    let api = service.admin("contoso");
    api.post("/officeConfiguration", &json!({})).created();
    for round in 1..=20 {
        std::thread::scope(|scope| {
            for name in ["succeededUserCount", "failedUserCount"] {
                let api = api.clone();
                scope.spawn(move || {
                    let body = json!({ "tenantUserCheckinSummary": { name: round } });
                    api.patch("/officeConfiguration", &body).ok();
                });
            }
        });
        assert_eq!(summary(&api), json!([round, round]));
    }
}

#[test]
fn the_property_takes_patch_and_put_and_so_do_its_members() {
    let service = Service::start();
    let api = service.admin("contoso");
    let path = "/officeConfiguration/tenantUserCheckinSummary";
    let put = |path: &str, body: Value| api.put(path, "application/json", body.to_string().as_bytes());
    put(path, json!({ "succeededUserCount": 5, "failedUserCount": 6 })).no_content();
    assert_eq!(summary(&api), json!([5, 6]));
    api.patch(path, &json!({ "failedUserCount": 7 })).no_content();
    assert_eq!(summary(&api), json!([5, 7]));
    put(path, json!({ "failedUserCount": 8 })).error(400);
    put(&format!("{path}/succeededUserCount"), json!({ "value": 1 })).no_content();
    assert_eq!(summary(&api), json!([1, 7]));
    api.delete(&format!("{path}/succeededUserCount")).error(400);
    assert_eq!(summary(&api), json!([1, 7]));
    api.delete(path).no_content();
    assert_eq!(summary(&api), json!([0, 0]));
}
