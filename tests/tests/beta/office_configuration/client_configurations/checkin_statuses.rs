//! `…/{id}/checkinStatuses` and `…/{id}/userCheckinSummary`: computed from the rows that name the configuration.

use e2e::samples::{client, days_ago, status};
use e2e::{Api, Service};
use serde_json::{Value, json};

use super::PATH;
use crate::{column, text};

/// Two configurations and three rows: anna has both, bert the second and failed, cleo none.
fn fill(api: &Api) -> (String, String) {
    let word = text(&api.post(PATH, &client("Word")).created(), "id").to_owned();
    let excel = text(&api.post(PATH, &client("Excel")).created(), "id").to_owned();
    let row = |user: &str, good: bool, applied: Value| {
        let mut row = status(user, "PC", good, &days_ago(1));
        row["appliedPolicies"] = applied;
        row
    };
    let rows =
        [row("anna", true, json!([word, excel])), row("bert", false, json!([excel])), row("cleo", true, json!([]))];
    api.patch("/officeConfiguration", &json!({ "tenantCheckinStatuses": rows })).ok();
    (format!("{PATH}/{word}"), format!("{PATH}/{excel}"))
}

#[test]
fn r4_the_rows_are_those_whose_applied_policies_hold_its_id() {
    let service = Service::start();
    let api = service.admin("contoso");
    let (word, excel) = fill(&api);
    assert_eq!(column(&api.get(&format!("{word}/checkinStatuses")).ok(), "userId"), ["anna"]);
    let rows = api.get(&format!("{excel}/checkinStatuses?$orderby=userId&$count=true")).ok();
    assert_eq!(column(&rows, "userId"), ["anna", "bert"]);
    assert_eq!(rows["@odata.count"], 2);
    let failed = api.get(&format!("{excel}/checkinStatuses?$filter=wasSuccessful%20eq%20false")).ok();
    assert_eq!(column(&failed, "userId"), ["bert"]);
    assert_eq!(api.get(&excel).ok()["checkinStatuses"].as_array().unwrap().len(), 2);
}

#[test]
fn r5_the_summary_counts_those_rows() {
    let service = Service::start();
    let api = service.admin("contoso");
    let (word, excel) = fill(&api);
    for (path, succeeded, failed) in [(&word, 1, 0), (&excel, 1, 1)] {
        let summary = api.get(&format!("{path}/userCheckinSummary")).ok();
        assert_eq!(summary["succeededUserCount"], succeeded, "{summary}");
        assert_eq!(summary["failedUserCount"], failed, "{summary}");
        let embedded = api.get(path).ok()["userCheckinSummary"].clone();
        assert_eq!(embedded["failedUserCount"], failed);
    }
}

#[test]
fn r4_a_supplied_value_is_ignored() {
    let service = Service::start();
    let api = service.admin("contoso");
    let (_, excel) = fill(&api);
    let body =
        json!({ "checkinStatuses": [], "userCheckinSummary": { "succeededUserCount": 9, "failedUserCount": 9 } });
    let patched = api.patch(&excel, &body).ok();
    assert_eq!(patched["userCheckinSummary"]["failedUserCount"], 1);
    assert_eq!(patched["checkinStatuses"].as_array().unwrap().len(), 2);
}
