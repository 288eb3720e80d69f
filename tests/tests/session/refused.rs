//! Refusals that no other topic has: who may not, what is no request, and what another tenant sees of all that was made.

use e2e::samples;
use serde_json::json;

use crate::recorder::Session;

const SET: &str = "/officeConfigurations";
const CLIENTS: &str = "/officeConfiguration/clientConfigurations";

pub(crate) fn run(s: &mut Session<'_>) {
    s.topic("refused");
    callers(s);
    bodies(s);
    urls(s);
    tenants(s);
}

fn callers(s: &mut Session<'_>) {
    let (nobody, reader) = (s.admin.anonymous(), s.reader.clone());
    let (stranger, forged) = (
        s.admin.with_token(&s.service.token(&["--tenant", "contoso", "--role", "User.Read.All"])),
        s.admin.with_token("a.b.c"),
    );
    for path in [SET, CLIENTS, "/officeConfiguration", "/nothing"] {
        s.get(path).by(&nobody).is(401);
        s.get(path).by(&forged).is(401);
    }
    s.get(SET).by(&stranger).is(403);
    s.get(SET).by(&reader).is(200);
    s.post(SET, &json!({})).by(&reader).is(403);
    s.patch("/officeConfiguration", &json!({})).by(&reader).is(403);
    s.post(CLIENTS, &samples::client("never")).by(&reader).is(403);
    s.post(SET, &json!({})).by(&nobody).is(401);
}

fn bodies(s: &mut Session<'_>) {
    for media_type in ["text/plain", "application/xml", "application/json; charset=iso-8859-1"] {
        s.ask("POST", SET).bytes(media_type, b"{}").is(415);
    }
    for body in [&b"{"[..], b"[]", b"null", b"{\"a\":1,\"a\":2}", b"{\"tenantCheckinStatuses\":[{}]}", b"\xff", b""] {
        s.ask("POST", SET).bytes("application/json", body).is(400);
    }
    s.ask("POST", CLIENTS).bytes("application/json", &b"[".repeat(100_000)).is(400);
    s.post(SET, &json!({ "tenantCheckinStatuses": [{ "userId": "a\u{0}b", "wasSuccessful": true, "checkinDateTime": "2026-01-01T00:00:00Z" }] })).is(400);
    s.post(SET, &json!({ "tenantCheckinStatuses": [{ "userId": "a", "wasSuccessful": true, "checkinDateTime": "2026-01-01T00:00:00.12345678Z" }] })).is(400);
    s.post(SET, &json!({})).header("odata-version", "5.0").is(400);
}

fn urls(s: &mut Session<'_>) {
    for path in [
        "/nothing",
        "/officeConfiguration/nothing",
        "/officeConfigurations/x/y/z",
        "/officeConfiguration/clientConfigurations/x/nothing",
    ] {
        s.get(path).is(400);
    }
    s.get("/officeConfigurations/not-a-guid").is(404);
    s.get(&format!("{CLIENTS}?$filter=displayName eq '{}'", "x".repeat(20_000))).is(414);
    for (method, path) in
        [("DELETE", SET), ("PUT", SET), ("DELETE", CLIENTS), ("DELETE", "/officeConfiguration"), ("POST", "/$metadata")]
    {
        s.ask(method, path).is(405);
    }
    s.get(CLIENTS).header("accept", "text/html").is(406);
    s.get(&format!("{CLIENTS}?$filter=((((displayName eq 'a'")).is(400);
    s.ask("POST", &format!("{CLIENTS}/$query")).bytes("text/plain", b"$select=displayName&$top=1").is(200);
}

/// Nothing of what the other tenant made is there.
fn tenants(s: &mut Session<'_>) {
    let other = s.other.clone();
    let id = s.make(CLIENTS, &samples::client("of contoso"));
    let path = format!("{CLIENTS}/{id}");
    for path in [SET, "/officeConfiguration", CLIENTS, "/officeConfiguration/tenantCheckinStatuses"] {
        s.get(path).by(&other).is(200);
    }
    for path in [&path, &format!("{path}/policyPayload"), &format!("{path}/assignments")] {
        s.get(path).by(&other).is(404);
    }
    s.patch(&path, &json!({ "displayName": "taken" })).by(&other).is(404);
    s.delete(&path).by(&other).is(404);
    s.post(SET, &json!({ "id": id })).by(&other).is(201);
    s.get(&path).is(200);
}
