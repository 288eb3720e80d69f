//! Payloads: any bytes, small and large, settings documents and what is none, ranges and preconditions; in both configurations.

use e2e::samples;
use serde_json::json;

use crate::recorder::{Session, setting};

pub(crate) fn run(s: &mut Session<'_>) {
    s.topic("payloads");
    let pilot = s.make("/officeConfigurations", &json!({}));
    for root in ["/officeConfiguration".to_owned(), format!("/officeConfigurations/{pilot}")] {
        let set = format!("{root}/clientConfigurations");
        let client = format!("{set}/{}", s.make(&set, &samples::client("streams")));
        for stream in ["policyPayload", "userPreferencePayload"] {
            bytes(s, &format!("{client}/{stream}"));
            inline(s, &client, stream);
        }
        s.delete(&client).is(204);
        s.get(&format!("{client}/policyPayload")).is(404);
        s.ask("PUT", &format!("{client}/policyPayload")).bytes("text/plain", b"late").is(404);
    }
    s.delete(&format!("/officeConfigurations/{pilot}")).is(204);
}

fn bytes(s: &mut Session<'_>, path: &str) {
    s.get(path).is(204);
    let small: Vec<u8> = (0..=255).collect();
    // Kept outside of memory.
    let large: Vec<u8> = small.iter().copied().cycle().take(70_000).collect();
    for bytes in [&small, &large, &Vec::new()] {
        s.ask("PUT", path).bytes("application/x-anything; version=2", bytes).is(204);
        s.get(path).is(200);
        s.get(&format!("{path}/$value")).is(200);
        s.ask("HEAD", path).is(200);
    }
    s.ask("PUT", path).bytes("text/plain", b"0123456789").is(204);
    for range in ["bytes=2-4", "bytes=-3", "bytes=7-"] {
        s.get(path).header("range", range).is(206);
    }
    s.get(path).header("range", "bytes=20-30").is(416);
    let tag = s.get(path).is(200).expect_header("etag");
    s.get(path).header("if-none-match", &tag).is(304);
    s.ask("PUT", path).header("if-match", &tag).bytes("text/html", b"<b>two</b>").is(204);
    s.ask("PUT", path).header("if-match", &tag).bytes("text/plain", b"three").is(412);
    s.ask("PUT", path).header("if-none-match", "*").bytes("text/plain", b"four").is(412);
    s.get(path).is(200);
    let document = json!([setting("A", 1), setting("B", 2)]);
    s.put(path, &document).header("prefer", "handling=strict").is(204);
    let faults = json!([{ "settingId": "x" }, { "settingId": "a;b", "type": "REG_DWORD", "value": "many" }]);
    s.put(path, &faults).header("prefer", "handling=strict").is(400);
    s.ask("PUT", path).bytes("application/json", b"[\n  {\"a\": }\n]").is(400);
    s.get(path).is(200);
    s.ask("PUT", path).bytes("application/octet-stream", &vec![7; 4 * 1024 * 1024 + 1]).is(413);
    s.ask("POST", path).bytes("text/plain", b"x").is(405);
    s.delete(path).is(204);
    s.get(path).is(204);
}

fn inline(s: &mut Session<'_>, client: &str, stream: &str) {
    s.patch(client, &json!({ stream: "W10=" })).is(200);
    s.get(&format!("{client}/{stream}")).is(200);
    s.patch(client, &json!({ stream: "not base64!" })).is(400);
    s.patch(client, &json!({ stream: null })).is(200);
    s.get(&format!("{client}/{stream}")).is(204);
}
