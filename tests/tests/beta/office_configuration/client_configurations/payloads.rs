//! `…/{id}/policyPayload` and `…/{id}/userPreferencePayload`: streams of bytes.

use e2e::Service;
use serde_json::json;

use super::make;

const STREAMS: [&str; 2] = ["policyPayload", "userPreferencePayload"];
/// The largest payload there may be: 4 MiB.
const LARGEST: usize = 4 * 1024 * 1024;

#[test]
fn r6_any_bytes_come_back_identical_with_their_media_type() {
    let mut service = Service::start();
    let api = service.admin("contoso");
    let path = make(&api, "Word");
    let bytes: Vec<u8> = (0..=255).cycle().take(70_000).collect();
    for stream in STREAMS {
        api.put(&format!("{path}/{stream}"), "application/x-anything; version=2", &bytes).no_content();
    }
    service.kill();
    service.start_again();
    let api = api.at(&service);
    for stream in STREAMS {
        let answer = api.get(&format!("{path}/{stream}")).is(200);
        assert_eq!(answer.body, bytes);
        assert_eq!(answer.expect_header("content-type"), "application/x-anything; version=2");
        assert_eq!(api.get(&format!("{path}/{stream}/$value")).is(200).body, bytes);
    }
}

#[test]
fn a_payload_is_sent_so_that_a_browser_does_not_run_it() {
    let service = Service::start();
    let api = service.admin("contoso");
    let path = format!("{}/policyPayload", make(&api, "Word"));
    api.put(&path, "text/html", b"<script>alert(1)</script>").no_content();
    let answer = api.get(&path).is(200);
    assert_eq!(answer.expect_header("x-content-type-options"), "nosniff");
    assert!(answer.expect_header("content-disposition").starts_with("attachment"));
}

#[test]
fn r6_json_must_be_well_formed_and_the_fault_has_line_and_column() {
    let service = Service::start();
    let api = service.admin("contoso");
    let path = format!("{}/policyPayload", make(&api, "Word"));
    api.put(&path, "application/json", b"[{\"settingId\":\"a;b\"}]").no_content();
    let error = api.put(&path, "application/json", b"[\n  {\"a\": }\n]").error(400);
    let message = error["message"].as_str().unwrap().to_lowercase();
    assert!(message.contains("line 2") && message.contains("column"), "{message}");
    assert_eq!(api.get(&path).is(200).text(), "[{\"settingId\":\"a;b\"}]");
    api.put(&path, "application/json; charset=utf-8", b"{").error(400);
    api.put(&path, "text/plain", b"{").no_content();
}

#[test]
fn r6_who_is_strict_has_anything_but_a_settings_document_refused_with_each_fault() {
    let service = Service::start();
    let api = service.admin("contoso");
    let one = make(&api, "Word");
    let path = format!("{one}/policyPayload");
    let strict = |text: &str| {
        api.call("PUT", &path).header("prefer", "handling=strict").body("application/json", text.as_bytes()).send()
    };
    strict(r#"[{"settingId":"a;b","type":"REG_DWORD","value":"1"}]"#).no_content();
    let error = strict(r#"[{"settingId":"x"},{"settingId":"a;b","type":"REG_DWORD","value":"many"}]"#).error(400);
    let places: Vec<&str> =
        error["details"].as_array().unwrap().iter().map(|fault| fault["target"].as_str().unwrap()).collect();
    assert_eq!(places, ["[0].settingId", "[1].value"]);
    strict("{}").error(400);
    assert!(api.get(&path).is(200).text().contains("REG_DWORD"), "nothing was changed");
    let inline = json!({ "policyPayload": "e30=" });
    let patch = api.call("PATCH", &one).header("prefer", "handling=strict").json(&inline).send().error(400);
    assert_eq!(patch["target"], "policyPayload");
    api.patch(&one, &inline).ok();
}

#[test]
fn an_unset_payload_is_empty_and_a_deleted_one_again() {
    let service = Service::start();
    let api = service.admin("contoso");
    let path = format!("{}/userPreferencePayload", make(&api, "Word"));
    api.get(&path).no_content();
    api.put(&path, "application/octet-stream", b"x").no_content();
    api.delete(&path).no_content();
    api.get(&path).no_content();
}

#[test]
fn an_empty_payload_is_not_an_unset_one() {
    let service = Service::start();
    let api = service.admin("contoso");
    let path = format!("{}/policyPayload", make(&api, "Word"));
    api.put(&path, "application/octet-stream", b"").no_content();
    assert!(api.get(&path).is(200).body.is_empty());
}

#[test]
fn a_payload_has_a_version_of_its_own() {
    let service = Service::start();
    let api = service.admin("contoso");
    let path = format!("{}/policyPayload", make(&api, "Word"));
    api.put(&path, "text/plain", b"one").no_content();
    let etag = api.get(&path).is(200).expect_header("etag");
    assert!(api.call("GET", &path).header("if-none-match", &etag).send().is(304).body.is_empty());
    api.call("PUT", &path).header("if-match", &etag).body("text/plain", b"two").send().no_content();
    let stale = api.call("PUT", &path).header("if-match", &etag).body("text/plain", b"three").send();
    stale.error_code(412, "PreconditionFailed");
    api.call("PUT", &path).header("if-none-match", "*").body("text/plain", b"four").send().error(412);
    assert_eq!(api.get(&path).is(200).text(), "two");
    api.call("GET", &path).header("if-none-match", &etag).send().is(200);
}

#[test]
fn ranges_are_served() {
    let service = Service::start();
    let api = service.admin("contoso");
    let path = format!("{}/policyPayload", make(&api, "Word"));
    api.put(&path, "text/plain", b"0123456789").no_content();
    let get = |range: &str| api.call("GET", &path).header("range", range).send();
    let middle = get("bytes=2-4").is(206);
    assert_eq!(middle.text(), "234");
    assert_eq!(middle.expect_header("content-range"), "bytes 2-4/10");
    assert_eq!(get("bytes=7-").is(206).text(), "789");
    assert_eq!(get("bytes=-3").is(206).text(), "789");
    let outside = get("bytes=10-");
    assert_eq!(outside.expect_header("content-range"), "bytes */10");
    outside.error(416);
    assert_eq!(get("lines=1-2").is(200).text(), "0123456789", "another unit is ignored");
    assert_eq!(api.get(&path).is(200).expect_header("accept-ranges"), "bytes");
}

#[test]
fn four_mebibytes_are_taken_and_one_byte_more_is_413() {
    let service = Service::start();
    let api = service.admin("contoso");
    let path = format!("{}/policyPayload", make(&api, "Word"));
    let mut bytes = vec![7_u8; LARGEST];
    api.put(&path, "application/octet-stream", &bytes).no_content();
    bytes.push(8);
    api.put(&path, "application/octet-stream", &bytes).error(413);
    assert_eq!(api.get(&path).is(200).body.len(), LARGEST);
}

#[test]
fn the_entity_shows_no_bytes_of_its_streams() {
    let service = Service::start();
    let api = service.admin("contoso");
    let path = make(&api, "Word");
    let before = api.get(&path).ok();
    api.put(&format!("{path}/policyPayload"), "text/plain", b"secret text").no_content();
    let answer = api.get(&path).is(200);
    assert!(!answer.text().contains("secret") && !answer.text().contains("c2VjcmV0"), "{}", answer.text());
    assert_ne!(answer.json()["lastModifiedDateTime"], json!(null));
    assert_ne!(answer.json()["@odata.etag"], before["@odata.etag"], "a changed payload is a changed entity");
}

#[test]
fn an_inline_null_clears_a_payload() {
    let service = Service::start();
    let api = service.admin("contoso");
    let path = make(&api, "Word");
    api.put(&format!("{path}/policyPayload"), "text/plain", b"x").no_content();
    api.patch(&path, &json!({ "policyPayload": null })).ok();
    api.get(&format!("{path}/policyPayload")).no_content();
}

#[test]
fn a_payload_of_a_deleted_configuration_is_gone() {
    let service = Service::start();
    let api = service.admin("contoso");
    let path = make(&api, "Word");
    api.put(&format!("{path}/policyPayload"), "text/plain", &vec![b'x'; 100_000]).no_content();
    api.delete(&path).no_content();
    api.get(&format!("{path}/policyPayload")).error(404);
    api.put(&format!("{path}/policyPayload"), "text/plain", b"y").error(404);
}
