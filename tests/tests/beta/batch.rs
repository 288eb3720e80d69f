//! `POST /$batch`: the envelope, and what the requests in it are answered. Who may is in `callers`, all or nothing in `groups`.

mod callers;
mod groups;

use e2e::{Api, Service, random_id, samples};
use serde_json::{Value, json};

use crate::text;

const CLIENTS: &str = "/officeConfiguration/clientConfigurations";

/// A request without a body.
fn request(id: &str, method: &str, url: &str) -> Value {
    json!({ "id": id, "method": method, "url": url })
}

/// A request with a JSON body.
#[expect(clippy::needless_pass_by_value, reason = "written at the call")]
fn with_body(id: &str, method: &str, url: &str, body: Value) -> Value {
    json!({ "id": id, "method": method, "url": url, "headers": { "Content-Type": "application/json" }, "body": body })
}

/// The request with one more member.
fn with(mut request: Value, member: &str, value: Value) -> Value {
    request[member] = value;
    request
}

/// The answers to a batch.
struct Answers(Vec<Value>);

impl Answers {
    #[track_caller]
    fn of(api: &Api, requests: &[Value]) -> Self {
        let answer = api.post("/$batch", &json!({ "requests": requests })).ok();
        Self(answer["responses"].as_array().unwrap().clone())
    }

    /// The statuses, in order.
    fn statuses(&self) -> Vec<u64> {
        self.0.iter().map(|answer| answer["status"].as_u64().unwrap()).collect()
    }

    /// The answer to the request of this id.
    #[track_caller]
    fn to(&self, id: &str) -> &Value {
        match self.0.iter().find(|answer| answer["id"] == id) {
            Some(answer) => answer,
            None => panic!("no answer to {id} in {:?}", self.0),
        }
    }

    /// Its body, after a look at its status.
    #[track_caller]
    fn body(&self, id: &str, status: u16) -> &Value {
        let answer = self.to(id);
        assert_eq!(answer["status"], status, "{answer}");
        &answer["body"]
    }

    /// The error of a request that failed, which is in Graph's form.
    #[track_caller]
    fn error(&self, id: &str, status: u16) -> &Value {
        let error = &self.body(id, status)["error"];
        assert!(error["message"].is_string(), "{error}");
        assert_eq!(error["innerError"]["request-id"], self.to(id)["headers"]["request-id"]);
        error
    }
}

/// How many client configurations there are.
fn count(api: &Api) -> u64 {
    api.get(&format!("{CLIENTS}/$count")).is(200).text().parse().unwrap()
}

#[test]
fn each_request_is_answered_as_it_would_be_by_itself() {
    let service = Service::start();
    let api = service.admin("contoso");
    let alone = api.get("/officeConfiguration?$select=id").ok();
    let pilot = text(&api.post("/officeConfigurations", &json!({})).created(), "id").to_owned();
    let answers = Answers::of(
        &api,
        &[
            request("read", "GET", "/officeConfiguration?$select=id"),
            with_body("made", "POST", CLIENTS, samples::client("Word")),
            request("missing", "GET", &format!("{CLIENTS}/{}", random_id())),
            request("head", "HEAD", "/officeConfiguration"),
            request("gone", "DELETE", &format!("/officeConfigurations/{pilot}")),
            request("wrong", "PATCH", CLIENTS),
            request("model", "GET", "/$metadata?$format=application/json"),
        ],
    );
    assert_eq!(answers.statuses(), [200, 201, 404, 200, 204, 405, 200]);
    assert_eq!(answers.body("read", 200), &alone);
    let made = answers.to("made");
    assert_eq!(made["body"]["displayName"], "Word");
    assert_eq!(made["headers"]["ETag"], made["body"]["@odata.etag"]);
    let location = api.url(&format!("{CLIENTS}/{}", text(&made["body"], "id")));
    assert_eq!(made["headers"]["Location"], location.as_str());
    answers.error("missing", 404);
    for empty in ["head", "gone"] {
        assert!(answers.to(empty).get("body").is_none(), "{}", answers.to(empty));
    }
    answers.error("wrong", 405);
    assert!(answers.to("model")["body"]["microsoft.graph"].is_object());
}

#[test]
fn each_request_has_an_id_of_its_own_and_the_clients_where_it_gives_one() {
    let service = Service::start();
    let api = service.admin("contoso");
    let own = with(request("2", "GET", "/nothing"), "headers", json!({ "client-request-id": "mine" }));
    let envelope =
        json!({ "requests": [request("1", "GET", "/nothing"), own, request("3", "GET", "/officeConfiguration")] });
    let answer = api.call("POST", "/$batch").header("client-request-id", "outer").json(&envelope).send();
    let outer = answer.expect_header("request-id");
    let answers = Answers(answer.ok()["responses"].as_array().unwrap().clone());
    let id = |id: &str| answers.to(id)["headers"]["request-id"].as_str().unwrap().to_owned();
    let ids = [outer, id("1"), id("2"), id("3")];
    for (at, one) in ids.iter().enumerate() {
        assert!(!ids[..at].contains(one), "{ids:?}");
    }
    assert_eq!(answers.error("1", 400)["innerError"]["client-request-id"], "outer");
    assert_eq!(answers.error("2", 400)["innerError"]["client-request-id"], "mine");
    assert_eq!(answers.to("2")["headers"]["client-request-id"], "mine");
}

#[test]
fn a_url_may_be_relative_absolute_and_with_or_without_the_version() {
    let service = Service::start();
    let api = service.admin("contoso");
    for version in ["beta", "v1.0"] {
        let urls = [
            "officeConfiguration".to_owned(),
            "/officeConfiguration".to_owned(),
            format!("/{version}/officeConfiguration"),
            format!("{version}/officeConfiguration"),
            format!("{}/{version}/officeConfiguration", service.url()),
        ];
        let requests: Vec<Value> =
            urls.iter().enumerate().map(|(n, url)| request(&n.to_string(), "GET", url)).collect();
        let answer = api.post(&format!("//{version}/$batch"), &json!({ "requests": requests })).ok();
        for (url, answer) in urls.iter().zip(answer["responses"].as_array().unwrap()) {
            assert_eq!(answer["status"], 200, "{url}: {answer}");
            let context = text(&answer["body"], "@odata.context");
            assert!(context.starts_with(&format!("{}/{version}/$metadata", service.url())), "{context}");
        }
    }
}

#[test]
fn an_envelope_that_is_wrong_is_400_and_nothing_of_it_ran() {
    let service = Service::start();
    let api = service.admin("contoso");
    let make = |id: &str| with_body(id, "POST", CLIENTS, samples::client("never"));
    let after = |id: &str, other: &str| with(make(id), "dependsOn", json!([other]));
    let grouped = |id: &str, group: &str| with(make(id), "atomicityGroup", json!(group));
    let elsewhere = |url: &str| vec![make("1"), request("2", "GET", url)];
    let port = service.url().rsplit(':').next().unwrap().to_owned();
    let wrong = [
        (0..21).map(|n| make(&n.to_string())).collect(),
        vec![make("1"), make("1")],
        vec![make("a"), make("A")],
        vec![after("1", "2"), make("2")],
        vec![after("1", "1")],
        vec![after("1", "2"), after("2", "1")],
        vec![make("1"), after("2", "3")],
        vec![make("1"), with(make("2"), "url", json!("/$3/x")), with(make("3"), "dependsOn", json!(["x"]))],
        vec![grouped("1", "g"), make("2"), grouped("3", "g")],
        vec![make("1"), with(make("2"), "colour", json!("red"))],
        vec![make("1"), with(make("2"), "method", json!("PROPFIND"))],
        vec![make("1"), with(make("2"), "headers", json!({}))],
        vec![make("1"), json!(7)],
        elsewhere("https://elsewhere.example/beta/officeConfiguration"),
        elsewhere(&format!("http://localhost.example:{port}/beta/officeConfiguration")),
        elsewhere("//elsewhere.example/beta/officeConfiguration"),
        elsewhere(&service.url()),
        elsewhere("/$batch"),
        elsewhere("/%24batch"),
        elsewhere(&format!("{}/beta/$batch", service.url())),
    ];
    for requests in wrong {
        let error = api.post("/$batch", &json!({ "requests": requests })).error(400);
        assert!(error["target"].as_str().is_some_and(|target| target.starts_with("requests")), "{error}");
    }
    for body in [json!({}), json!([]), json!({ "requests": {} }), json!({ "requests": [], "more": 1 })] {
        api.post("/$batch", &body).error(400);
    }
    api.call("POST", "/$batch").body("application/json", b"{\"requests\":[").send().error(400);
    assert_eq!(count(&api), 0);
    let twenty: Vec<Value> = (0..20).map(|n| make(&n.to_string())).collect();
    assert_eq!(Answers::of(&api, &twenty).statuses(), [201; 20]);
    assert_eq!(count(&api), 20);
    assert_eq!(Answers::of(&api, &[]).statuses(), [0_u64; 0]);
}

#[test]
fn a_batch_is_a_post_of_json() {
    let service = Service::start();
    let api = service.admin("contoso");
    for method in ["GET", "PUT", "DELETE"] {
        let answer = api.call(method, "/$batch").send();
        assert_eq!(answer.expect_header("allow"), "POST");
        answer.error(405);
    }
    assert_eq!(api.call("OPTIONS", "/$batch").send().is(204).expect_header("allow"), "POST");
    api.call("POST", "/$batch").body("text/plain", b"{\"requests\":[]}").send().error(415);
    api.call("POST", "/$batch").untyped_body(b"{\"requests\":[]}").send().error(415);
    let multipart = api.call("POST", "/$batch").body("multipart/mixed; boundary=b", b"--b--").send();
    assert!(text(&multipart.error(400), "message").contains("application/json"));
    api.post("/$batch?$top=1", &json!({ "requests": [] })).error(400);
    let large = json!({ "requests": [], "@a.b": "x".repeat(8 * 1024 * 1024) });
    api.post("/$batch", &large).error(413);
}

#[test]
fn a_request_runs_only_when_those_it_depends_on_succeeded() {
    let service = Service::start();
    let api = service.admin("contoso");
    let make = |id: &str| with_body(id, "POST", CLIENTS, samples::client(id));
    let after = |request: Value, others: Value| with(request, "dependsOn", others);
    let answers = Answers::of(
        &api,
        &[
            make("one"),
            request("fails", "DELETE", &format!("{CLIENTS}/{}", random_id())),
            after(make("two"), json!(["one"])),
            after(make("three"), json!(["two", "fails"])),
            after(make("four"), json!(["three"])),
            make("five"),
        ],
    );
    assert_eq!(answers.statuses(), [201, 404, 201, 424, 424, 201]);
    answers.error("three", 424);
    assert_eq!(count(&api), 3);
}

#[test]
fn a_request_may_run_only_if_another_did_not_succeed() {
    let service = Service::start();
    let api = service.admin("contoso");
    let unless = |id: &str, other: &str| {
        with(with_body(id, "POST", CLIENTS, samples::client(id)), "if", json!(format!("not ${other}/$succeeded")))
    };
    let answers = Answers::of(
        &api,
        &[
            request("found", "GET", "/officeConfiguration"),
            unless("a", "found"),
            request("missing", "GET", &format!("/officeConfigurations/{}", random_id())),
            unless("b", "missing"),
        ],
    );
    assert_eq!(answers.statuses(), [200, 424, 404, 201]);
}

#[test]
fn a_request_may_refer_to_what_another_made_and_to_its_etag() {
    let service = Service::start();
    let api = service.admin("contoso");
    let answers = Answers::of(
        &api,
        &[
            with_body("1", "POST", "/officeConfigurations", json!({})),
            with_body("2", "POST", "$1/clientConfigurations", samples::client("Word")),
            with_body("3", "POST", "/$2/assignments", samples::group_assignment("g")),
            with(
                with_body("4", "PATCH", "$2", json!({ "description": "new" })),
                "headers",
                json!({ "Content-Type": "application/json", "If-Match": "$2" }),
            ),
            with(
                with_body("5", "PATCH", "$2", json!({ "description": "too late" })),
                "headers",
                json!({ "Content-Type": "application/json", "If-Match": "$2" }),
            ),
            request("6", "GET", "$2?$expand=assignments"),
        ],
    );
    assert_eq!(answers.statuses(), [201, 201, 201, 200, 412, 200]);
    let path = format!(
        "/officeConfigurations/{}/clientConfigurations/{}",
        text(answers.body("1", 201), "id"),
        text(answers.body("2", 201), "id")
    );
    let found = api.get(&format!("{path}?$expand=assignments")).ok();
    assert_eq!(&found, answers.body("6", 200));
    assert_eq!(found["description"], "new");
    assert_eq!(found["assignments"].as_array().unwrap().len(), 1);
}

#[test]
fn r6_payloads_of_any_type_go_in_and_out() {
    let service = Service::start();
    let api = service.admin("contoso");
    let client = api.post(CLIENTS, &samples::client("Word")).created();
    let stream = |name: &str| format!("{CLIENTS}/{}/{name}", text(&client, "id"));
    let put = |id: &str, name: &str, media_type: &str, body: Value| json!({ "id": id, "method": "PUT", "url": stream(name), "headers": { "Content-Type": media_type }, "body": body });
    let answers = Answers::of(
        &api,
        &[
            put("1", "policyPayload", "application/x-anything", json!("AP+AgQ==")),
            request("2", "GET", &stream("policyPayload")),
            put("3", "userPreferencePayload", "application/json", json!([{ "settingId": "a;b" }])),
            request("4", "GET", &stream("userPreferencePayload")),
            put("5", "userPreferencePayload", "text/plain", json!("grüße")),
            request("6", "GET", &stream("userPreferencePayload")),
            put("7", "policyPayload", "application/x-anything", json!("A".repeat(6 * 1024 * 1024))),
        ],
    );
    assert_eq!(answers.statuses(), [204, 200, 204, 200, 204, 200, 413]);
    assert_eq!(answers.to("2")["body"], "AP+AgQ==");
    assert_eq!(answers.to("2")["headers"]["Content-Type"], "application/x-anything");
    assert_eq!(answers.to("4")["body"], json!([{ "settingId": "a;b" }]));
    assert_eq!(answers.to("6")["body"], "grüße");
    answers.error("7", 413);
    assert_eq!(api.get(&stream("policyPayload")).is(200).body, [0, 255, 128, 129]);
    assert_eq!(api.get(&stream("userPreferencePayload")).is(200).text(), "grüße");
}

#[test]
fn preferences_of_the_batch_count_for_its_requests() {
    let service = Service::start();
    let api = service.admin("contoso");
    let own = with(
        with_body("2", "POST", CLIENTS, samples::client("b")),
        "headers",
        json!({ "Content-Type": "application/json", "Prefer": "return=representation" }),
    );
    let envelope = json!({ "requests": [with_body("1", "POST", CLIENTS, samples::client("a")), own] });
    let answer = api.call("POST", "/$batch").header("prefer", "return=minimal").json(&envelope).send().ok();
    let answers = Answers(answer["responses"].as_array().unwrap().clone());
    assert_eq!(answers.statuses(), [204, 201]);
}

#[test]
fn a_body_that_is_encoded_is_415_for_that_request() {
    let service = Service::start();
    let api = service.admin("contoso");
    let headers = json!({ "Content-Type": "application/json", "Content-Encoding": "gzip" });
    let encoded = with(with_body("1", "POST", CLIENTS, samples::client("a")), "headers", headers);
    let answers = Answers::of(&api, &[encoded, with_body("2", "POST", CLIENTS, samples::client("b"))]);
    assert_eq!(answers.statuses(), [415, 201]);
}

#[test]
fn requests_for_which_the_answer_has_no_room_are_503_and_did_not_run() {
    let service = Service::start();
    let api = service.admin("contoso");
    let path = format!("{CLIENTS}/{}", text(&api.post(CLIENTS, &samples::client("Word")).created(), "id"));
    let four_mib = vec![b'x'; 4 * 1024 * 1024];
    api.put(&format!("{path}/policyPayload"), "text/plain", &four_mib).no_content();
    let mut requests: Vec<Value> =
        (0..9).map(|n| request(&n.to_string(), "GET", &format!("{path}/policyPayload"))).collect();
    requests.push(request("last", "DELETE", &path));
    let answers = Answers::of(&api, &requests);
    assert_eq!(answers.statuses(), [200, 200, 200, 200, 200, 200, 200, 200, 200, 503]);
    answers.error("last", 503);
    let wait = answers.to("last")["headers"]["Retry-After"].as_str().and_then(|wait| wait.parse::<u32>().ok());
    assert!(wait.is_some_and(|wait| (1..=5).contains(&wait)), "{wait:?}");
    api.get(&path).ok();
}
