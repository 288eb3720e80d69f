//! `serve --demo`: an empty folder becomes a tenant that is worth looking at.

use e2e::{Cli, Setup, samples};

#[test]
fn it_fills_an_empty_folder_and_says_how_to_look_at_it() {
    let service = Setup::default().args(&["--demo"]).start();
    assert_eq!(service.stdout().len(), 1, "still one line: {:?}", service.stdout());
    let log = service.log();
    assert!(log.contains("officeconfig token") || log.contains("curl"), "says how to look at it: {log}");
    let tenant = log
        .split(|c: char| c.is_whitespace() || c == '"' || c == '\'')
        .skip_while(|&word| word != "--tenant")
        .nth(1)
        .expect("the hint names a tenant")
        .to_owned();
    let api = service.admin(&tenant);
    let configurations = api.get("/officeConfiguration/clientConfigurations/$count").is(200).text();
    assert_eq!(configurations, "30");
    let statuses = "/officeConfiguration/tenantCheckinStatuses";
    assert_eq!(api.get(&format!("{statuses}/$count")).is(200).text(), "20000");
    let failed: u32 =
        api.get(&format!("{statuses}/$count?$filter=wasSuccessful%20eq%20false")).is(200).text().parse().unwrap();
    assert!((1..10_000).contains(&failed), "{failed} failed");
    let summary = api.get("/officeConfiguration").ok()["tenantUserCheckinSummary"].clone();
    assert!(
        summary["succeededUserCount"].as_u64() > Some(0) && summary["failedUserCount"].as_u64() > Some(0),
        "{summary}"
    );
    // Ruling R4: what clients reported is not an administrator's to replace.
    let body = serde_json::json!({ "tenantCheckinStatuses": [] });
    api.patch("/officeConfiguration", &body).error_code(409, "Conflict");
    assert_eq!(api.get(&format!("{statuses}/$count")).is(200).text(), "20000");
}

#[test]
fn it_leaves_a_folder_with_data_alone() {
    let mut service = Setup::default().start();
    let api = service.admin("contoso");
    let before = api.post("/officeConfiguration", &samples::creation_request()).created();
    service.signal("TERM");
    assert!(service.wait().success());
    let error = Cli::on(service.data()).refuse("serve", &["--demo", "--listen", "127.0.0.1:0"]);
    assert!(error.contains("empty"), "{error}");
    service.start_again();
    let after = api.at(&service).get("/officeConfiguration").ok();
    assert_eq!(after["id"], before["id"]);
    assert_eq!(api.at(&service).get("/officeConfigurations/$count").is(200).text(), "1");
}
