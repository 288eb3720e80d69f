//! `$batch`: requests of every kind side by side, one after the other, in groups that are made and in groups that are not.

use e2e::samples;
use serde_json::{Value, json};

use crate::recorder::Session;

const CLIENTS: &str = "/officeConfiguration/clientConfigurations";

fn one(id: &str, method: &str, url: &str) -> Value {
    json!({ "id": id, "method": method, "url": url })
}

#[expect(clippy::needless_pass_by_value, reason = "written at the call")]
fn with_body(id: &str, method: &str, url: &str, body: Value) -> Value {
    json!({ "id": id, "method": method, "url": url, "headers": { "Content-Type": "application/json" }, "body": body })
}

fn group(name: &str, requests: impl IntoIterator<Item = Value>) -> Vec<Value> {
    let named = |mut request: Value| {
        request["atomicityGroup"] = json!(name);
        request
    };
    requests.into_iter().map(named).collect()
}

fn after(mut request: Value, what: &str) -> Value {
    request["dependsOn"] = json!([what]);
    request
}

fn send(s: &mut Session<'_>, requests: &[Value]) -> Value {
    s.post("/$batch", &json!({ "requests": requests })).is(200).json()
}

pub(crate) fn run(s: &mut Session<'_>) {
    s.topic("batch");
    side_by_side(s);
    groups(s);
    refused_groups(s);
    envelopes(s);
    s.get(CLIENTS).is(200);
}

fn side_by_side(s: &mut Session<'_>) {
    let pilot = s.make("/officeConfigurations", &json!({}));
    send(
        s,
        &[
            one("read", "GET", "/officeConfiguration?$select=id"),
            with_body("made", "POST", CLIENTS, samples::client("by batch")),
            one("missing", "GET", &format!("{CLIENTS}/55555555-2222-4000-8000-000000000000")),
            one("head", "HEAD", "/officeConfiguration"),
            one("gone", "DELETE", &format!("/officeConfigurations/{pilot}")),
            one("wrong", "PATCH", CLIENTS),
            one("model", "GET", "/$metadata?$format=application/json"),
            with_body("bad", "POST", CLIENTS, json!({ "colour": 1 })),
            after(one("late", "GET", "$made"), "made"),
            after(one("never", "GET", "/officeConfigurations"), "bad"),
        ],
    );
}

fn groups(s: &mut Session<'_>) {
    let statuses = json!([samples::status("u1", "d1", false, &s.given.days_ago[1])]);
    let answers = send(
        s,
        &group(
            "g",
            [
                with_body("1", "POST", "/officeConfigurations", json!({ "tenantCheckinStatuses": statuses })),
                with_body("2", "POST", "$1/clientConfigurations", samples::client("Word")),
                with_body("3", "POST", "$1/clientConfigurations", samples::client("Excel")),
                with_body("4", "POST", "$2/assignments", samples::group_assignment("g1")),
                with_body("5", "PATCH", "$3", json!({ "description": "second" })),
                with_body("6", "PUT", "$3/policyPayload", json!([])),
                one("7", "GET", "$1?$expand=clientConfigurations($expand=assignments)"),
                one("8", "GET", "$1/tenantCheckinStatuses?$count=true"),
                one("9", "GET", "$1/clientConfigurations?$orderby=priority%20desc&$select=displayName"),
                one("10", "GET", "$1/tenantUserCheckinSummary"),
            ],
        ),
    );
    let id = answers["responses"][0]["body"]["id"].as_str().unwrap().to_owned();
    let path = format!("/officeConfigurations/{id}");
    s.get(&format!("{path}?$expand=clientConfigurations($expand=assignments)")).is(200);
    let again = [
        one("1", "DELETE", &path),
        with_body("2", "POST", "/officeConfigurations", json!({ "id": id })),
        with_body("3", "POST", &format!("{path}/clientConfigurations"), samples::client("again")),
        one("4", "GET", &format!("{path}/tenantCheckinStatuses/$count")),
    ];
    send(s, &group("g", again));
    s.get(&format!("{path}?$expand=clientConfigurations")).is(200);
    s.delete(&path).is(204);
}

fn refused_groups(s: &mut Session<'_>) {
    let word = format!("{CLIENTS}/{}", s.make(CLIENTS, &samples::client_with_priority("kept", 500)));
    let failing = [
        with_body("x", "POST", CLIENTS, samples::client_with_priority("taken", 500)),
        with_body("x", "POST", CLIENTS, json!({ "colour": 1 })),
        one("x", "GET", &format!("{CLIENTS}/55555555-2222-4000-8000-000000000000")),
        one("x", "GET", "/nothing"),
    ];
    for failing in failing {
        let mut requests = vec![one("before", "GET", &word)];
        let changes = [
            with_body("1", "POST", CLIENTS, samples::client("Excel")),
            with_body("2", "PATCH", &word, json!({ "displayName": "changed" })),
            with_body("3", "PUT", &format!("{word}/policyPayload"), json!(["changed"])),
            failing,
            one("4", "DELETE", &word),
        ];
        requests.extend(group("g", changes));
        requests.extend([after(one("never", "GET", &word), "g"), one("after", "GET", &word)]);
        send(s, &requests);
    }
    let stale = |id: &str| {
        let mut change = with_body(id, "PATCH", &word, json!({ "description": id }));
        change["headers"]["If-Match"] = json!("W/\"0\"");
        change
    };
    send(s, &group("g", [with_body("1", "PATCH", &word, json!({ "description": "first" })), stale("2")]));
    s.get(&word).is(200);
    s.delete(&word).is(204);
}

fn envelopes(s: &mut Session<'_>) {
    let twice = [one("1", "GET", "/officeConfiguration"), one("1", "GET", "/officeConfiguration")];
    let many: Vec<Value> = (0..21).map(|n| one(&n.to_string(), "GET", "/officeConfiguration")).collect();
    for requests in [&twice[..], &many, &[one("1", "GET", "https://elsewhere.example/beta/officeConfiguration")]] {
        s.post("/$batch", &json!({ "requests": requests })).is(400);
    }
    s.post("/$batch", &json!({})).is(400);
    s.ask("POST", "/$batch").bytes("application/json", b"{\"requests\":[").is(400);
    s.ask("POST", "/$batch").bytes("text/plain", b"{}").is(415);
    s.get("/$batch").is(405);
    let reader = s.reader.clone();
    let requests = [one("1", "GET", "/officeConfiguration?$select=id"), one("2", "DELETE", &format!("{CLIENTS}/x"))];
    s.post("/$batch", &json!({ "requests": requests })).by(&reader).is(200);
}
