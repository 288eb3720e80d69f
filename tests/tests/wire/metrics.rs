//! `/metrics`: what an operator watches, without a token and without a word of any tenant.

use e2e::{Service, samples};
use serde_json::json;

/// The value of a series.
fn value<'t>(text: &'t str, series: &str) -> Option<&'t str> {
    text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '))
}

#[test]
fn what_is_done_is_counted() {
    let service = Service::start();
    let api = service.admin("contoso");
    api.post("/officeConfigurations", &samples::creation_request()).created();
    api.get("/officeConfigurations?$filter=nonsense").error(400);
    let user = ["--tenant", "contoso", "--user", "anna@contoso.example", "--scope", "UserPolicies.Read"];
    let anna = api.with_token(&service.token(&user));
    for _ in 0..3 {
        anna.get("//user/v1.0/web/policies").is(200);
    }
    anna.post("//user/v1.0/web/policies", &json!({ "lastStatus": true })).no_content();
    anna.get("//user/v1.0/amiga/policies").error(404);
    let answer = api.anonymous().get("//metrics").is(200);
    assert!(answer.expect_header("content-type").starts_with("application/openmetrics-text"));
    let text = answer.text();
    let at = |series: &str| value(&text, series).unwrap_or_else(|| panic!("no {series} in\n{text}"));
    assert_eq!(at("officeconfig_requests_total{plane=\"admin\",status=\"2xx\"}"), "1");
    assert_eq!(at("officeconfig_requests_total{plane=\"admin\",status=\"4xx\"}"), "1");
    assert_eq!(at("officeconfig_requests_total{plane=\"client\",status=\"2xx\"}"), "4");
    assert_eq!(at("officeconfig_requests_total{plane=\"client\",status=\"4xx\"}"), "1");
    assert_eq!(at("officeconfig_checkins_total{kind=\"fetch\",recorded=\"true\"}"), "3");
    assert_eq!(at("officeconfig_checkins_total{kind=\"report\",recorded=\"true\"}"), "1");
    assert_eq!(at("officeconfig_client_cache_total{cache=\"effective\",result=\"miss\"}"), "1");
    assert_eq!(at("officeconfig_client_cache_total{cache=\"effective\",result=\"hit\"}"), "3");
    assert_eq!(at("officeconfig_store_entries_total{kind=\"checkin\"}"), "4");
    // The creation, and the first check-in, which makes the default configuration.
    assert_eq!(at("officeconfig_store_entries_total{kind=\"commit\"}"), "2");
    assert_eq!(at("officeconfig_request_duration_seconds_count{plane=\"client\"}"), "5");
    assert!(at("officeconfig_store_transaction_duration_seconds_sum").parse::<f64>().is_ok_and(|sum| sum > 0.0));
    let inner = |id: &str| json!({ "id": id, "method": "GET", "url": "/officeConfigurations" });
    api.post("/$batch", &json!({ "requests": [inner("1"), inner("2")] })).ok();
    let after = api.anonymous().get("//metrics").is(200).text();
    let of_admin = value(&after, "officeconfig_requests_total{plane=\"admin\",status=\"2xx\"}");
    assert_eq!(of_admin, Some("4"), "requests inside a batch count as others do");
    assert!(!text.contains("contoso") && !text.contains("anna"), "{text}");
    assert!(text.ends_with("# EOF\n"));
}
