//! Batches: envelopes judged whole, order and dependencies, references, both forms of the answer.

use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use odata::Error;
use odata::engine::{BatchRun, BatchStep};
use serde_json::{Value as Json, json};

use crate::support::{ROOT, World, context, graph, header, headers, json, strict, text};

const JSON: &[(&str, &str)] = &[("content-type", "application/json")];
const MULTIPART: &[(&str, &str)] = &[("content-type", "multipart/mixed; boundary=b")];

/// What was handed out, in order: `GET /items`, `begin`, `refuse 424`, and what was asked with which body.
#[derive(Default)]
struct Log {
    steps: Vec<String>,
    requests: Vec<Request<Bytes>>,
}

/// Executes: a URL with `fail` is 409, POST is 201 with a `Location`, anything else 200 with a body that tells its URL.
fn execute(request: &Request<Bytes>) -> Response<Bytes> {
    let path = request.uri().path();
    let response = Response::builder().header("content-type", "application/json").header("etag", "W/\"5\"");
    let body = json!({ "url": request.uri().to_string() }).to_string();
    let response = match request.method().as_str() {
        _ if path.contains("fail") => response.status(409).body(r#"{"error":{"code":"Conflict"}}"#.into()),
        "POST" => response.status(201).header("location", format!("{ROOT}{path}(7)")).body(body.into()),
        _ => response.body(body.into()),
    };
    response.expect("a response")
}

impl World {
    fn batch(&self, pairs: &[(&str, &str)], body: &str) -> Result<BatchRun, Error> {
        let headers: HeaderMap = headers(pairs);
        Ok(self.engine.batch("/$batch", &headers, ROOT, &Bytes::copy_from_slice(body.as_bytes()))?.start())
    }

    fn run(&self, pairs: &[(&str, &str)], body: &str) -> (Log, Response<Bytes>) {
        let mut run = self.batch(pairs, body).expect("a good envelope");
        let mut log = Log::default();
        while let Some(step) = run.next() {
            match step {
                BatchStep::Execute(request) => {
                    log.steps.push(format!("{} {}", request.method(), request.uri()));
                    run.answer(execute(&request));
                    log.requests.push(request);
                }
                BatchStep::Refuse(error) => {
                    let response = self.engine.render_error(&error, &context());
                    log.steps.push(format!("refuse {}", response.status().as_u16()));
                    run.answer(response);
                }
                other => log.steps.push(format!("{other:?}")),
            }
        }
        (log, run.response())
    }
}

fn requests(requests: &Json) -> String {
    json!({ "requests": requests }).to_string()
}

fn statuses(response: &Response<Bytes>) -> Vec<(String, u64)> {
    let body = json(response);
    let responses = body["responses"].as_array().expect("responses");
    responses.iter().map(|one| (one["id"].as_str().unwrap().to_owned(), one["status"].as_u64().unwrap())).collect()
}

fn expected(pairs: &[(&str, u64)]) -> Vec<(String, u64)> {
    pairs.iter().map(|(id, status)| ((*id).to_owned(), *status)).collect()
}

#[test]
fn requests_run_in_order_and_answer_under_their_ids() {
    let body = requests(&json!([
        { "id": "a", "method": "GET", "url": "/items?$filter=name eq 'x y'" },
        { "id": "b", "method": "post", "url": "beta/items", "headers": { "Content-Type": "application/json" },
          "body": { "name": "ü" } },
        { "id": "c", "method": "PATCH", "url": "https://example.org/beta/items/1", "body": {},
          "headers": { "content-type": "application/json", "If-Match": "*" } },
    ]));
    let (log, response) = graph().run(JSON, &body);
    assert_eq!(log.steps, ["GET /items?$filter=name%20eq%20'x%20y'", "POST /items", "PATCH /items/1"]);
    assert_eq!(log.requests[1].body(), r#"{"name":"ü"}"#);
    assert_eq!(log.requests[2].headers()["if-match"], "*");
    assert_eq!(response.status(), 200);
    assert_eq!((header(&response, "content-type"), header(&response, "odata-version")), ("application/json", "4.0"));
    assert_eq!(statuses(&response), expected(&[("a", 200), ("b", 201), ("c", 200)]));
    let created = &json(&response)["responses"][1];
    assert_eq!(created["headers"]["Location"], "https://example.org/beta/items(7)");
    assert_eq!(created["headers"]["ETag"], "W/\"5\"");
    assert_eq!(created["body"], json!({ "url": "/items" }));
}

#[test]
fn bodies_of_other_media_types_come_as_text_or_base64() {
    let put = |kind: &str, body: Json| {
        requests(
            &json!([{ "id": "1", "method": "PUT", "url": "s", "headers": { "content-type": kind }, "body": body }]),
        )
    };
    for (kind, body, bytes) in [
        ("application/octet-stream", json!("-_8"), &[0xfb, 0xff][..]),
        ("application/octet-stream", json!("+/8="), &[0xfb, 0xff]),
        ("text/plain;charset=utf-8", json!("a\nä"), "a\nä".as_bytes()),
        ("application/merge-patch+json", json!({ "a": [1] }), br#"{"a":[1]}"#),
        ("application/json", json!("text"), br#""text""#),
    ] {
        let (log, _) = graph().run(JSON, &put(kind, body));
        assert_eq!(log.requests[0].body(), bytes, "{kind}");
    }
    for (kind, body) in [
        ("application/octet-stream", json!({})),
        ("application/octet-stream", json!("a*b")),
        ("text/plain", json!(1)),
        ("no media type", json!("a")),
    ] {
        let error = graph().batch(JSON, &put(kind, body)).expect_err(kind);
        assert!(error.target.as_deref().is_some_and(|target| target.starts_with("requests/0/")), "{error:?}");
    }
}

#[test]
fn answers_that_are_not_json_are_text_or_base64() {
    let body = requests(&json!([{ "id": "1", "method": "GET", "url": "a" }]));
    for (kind, bytes, graphs, stricts) in [
        ("text/plain", "12 \"ä\"".as_bytes(), json!("12 \"ä\""), json!("12 \"ä\"")),
        ("image/png", &[0xfb, 0xff], json!("+/8="), json!("-_8")),
        ("application/json", b"{broken", json!("e2Jyb2tlbg=="), json!("e2Jyb2tlbg")),
        ("application/json", b"\xef\xbb\xbf[1]", json!([1]), json!([1])),
    ] {
        for (world, expected) in [(graph(), graphs), (strict(), stricts)] {
            let mut run = world.batch(JSON, &body).expect("good");
            assert!(matches!(run.next(), Some(BatchStep::Execute(_))));
            run.answer(Response::builder().header("content-type", kind).body(Bytes::from_static(bytes)).unwrap());
            assert!(run.next().is_none());
            assert_eq!(json(&run.response())["responses"][0]["body"], expected, "{kind}");
        }
    }
}

#[test]
fn a_bad_envelope_is_400_and_names_the_place() {
    let get = |id: &str| json!({ "id": id, "method": "GET", "url": "a" });
    let with = |name: &str, value: Json| {
        let mut request = get("1");
        request[name] = value;
        requests(&json!([request]))
    };
    let many: Vec<Json> = (0..21).map(|index| get(&index.to_string())).collect();
    let after = |id: &str, on: &str| json!({ "id": id, "method": "GET", "url": "a", "dependsOn": [on] });
    let group = |id: &str, name: &str| json!({ "id": id, "method": "DELETE", "url": "a", "atomicityGroup": name });
    for (body, target) in [
        ("[]".to_owned(), ""),
        ("{\"requests\":[".to_owned(), "requests/0"),
        ("{}".to_owned(), "requests"),
        ("{\"requests\":{}}".to_owned(), "requests"),
        ("{\"requests\":[],\"more\":1}".to_owned(), "more"),
        (requests(&json!([1])), "requests/0"),
        (requests(&json!(many)), "requests"),
        (requests(&json!([get("a"), get("A")])), "requests/1/id"),
        (requests(&json!([after("1", "2"), get("2")])), "requests/0/dependsOn/0"),
        (requests(&json!([after("1", "1")])), "requests/0/dependsOn/0"),
        (requests(&json!([get("1"), after("2", "x")])), "requests/1/dependsOn/0"),
        (requests(&json!([group("1", "g"), get("2"), group("3", "g")])), "requests/2/atomicityGroup"),
        (requests(&json!([group("1", "")])), "requests/0/atomicityGroup"),
        (requests(&json!([group("1", "1")])), "requests/0/id"),
        (requests(&json!([{ "method": "GET", "url": "a" }])), "requests/0/id"),
        (requests(&json!([{ "id": "1", "url": "a" }])), "requests/0/method"),
        (requests(&json!([{ "id": "1", "method": "GET" }])), "requests/0/url"),
        (with("id", json!(1)), "requests/0/id"),
        (with("id", json!("")), "requests/0/id"),
        (with("method", json!("TRACE")), "requests/0/method"),
        (with("url", json!("https://elsewhere.org/beta/a")), "requests/0/url"),
        (with("url", json!("//elsewhere.org/beta/a")), "requests/0/url"),
        (with("url", json!("/$batch")), "requests/0/url"),
        (with("url", json!("/beta/%24batch?x=1")), "requests/0/url"),
        (with("url", json!("a#b")), "requests/0/url"),
        (with("url", json!("a".repeat(20_000))), "requests/0/url"),
        (with("body", json!({})), "requests/0/headers"),
        (with("headers", json!([])), "requests/0/headers"),
        (with("headers", json!({ "a b": "c" })), "requests/0/headers/a b"),
        (with("headers", json!({ "a": 1 })), "requests/0/headers/a"),
        (with("headers", json!({ "a": "b\r\nc: d" })), "requests/0/headers/a"),
        (with("dependsOn", json!("1")), "requests/0/dependsOn"),
        (with("dependsOn", json!([1])), "requests/0/dependsOn/0"),
        (with("if", json!("1 eq")), "requests/0/if"),
        (with("if", json!("$2/$succeeded")), "requests/0/if"),
        (with("url", json!("$1/a")), "requests/0/url"),
        (with("more", json!(1)), "requests/0/more"),
    ] {
        let told = graph().told(graph().batch(JSON, &body));
        assert_eq!((told.0, &*told.2), (400, target), "{}", &body[..body.len().min(200)]);
    }
    let deep = format!("{{\"requests\":[{}]}}", "[".repeat(5_000));
    assert_eq!(graph().told(graph().batch(JSON, &deep)).0, 400);
    assert_eq!(graph().told(graph().batch(JSON, &requests(&json!(many)))).1, "MaximumValueExceeded");
}

#[test]
fn the_envelope_must_be_of_a_form_that_is_taken() {
    let empty = requests(&json!([]));
    assert_eq!(graph().told(graph().batch(&[], &empty)).0, 415);
    assert_eq!(graph().told(graph().batch(&[("content-type", "text/plain")], &empty)).0, 415);
    assert_eq!(graph().told(graph().batch(MULTIPART, "--b--")).0, 400);
    assert_eq!(strict().told(strict().batch(&[("content-type", "multipart/mixed")], "--b--")).0, 400);
    let accepts = |accept| [("content-type", "application/json"), ("accept", accept)];
    assert_eq!(strict().told(strict().batch(&accepts("text/html"), &empty)).0, 406);
    assert_eq!(graph().told(graph().batch(&accepts("multipart/mixed"), &empty)).0, 406);
    assert!(graph().batch(&accepts("application/json, text/plain, */*"), &empty).is_ok());
    let long = "x".repeat(9 << 20);
    assert_eq!(graph().told(graph().batch(JSON, &long)).0, 413);
    let options = graph().engine.batch("/$batch?$top=1", &headers(JSON), ROOT, &empty.into());
    assert_eq!(graph().told(options).2, "$top");
}

#[test]
fn what_depends_on_a_failure_is_424_and_is_not_executed() {
    let body = requests(&json!([
        { "id": "1", "method": "GET", "url": "fail" },
        { "id": "2", "method": "GET", "url": "a", "dependsOn": ["1"] },
        { "id": "3", "method": "GET", "url": "b", "dependsOn": ["2"] },
        { "id": "4", "method": "GET", "url": "c" },
    ]));
    let all = expected(&[("1", 409), ("2", 424), ("3", 424), ("4", 200)]);
    let (log, response) = graph().run(JSON, &body);
    assert_eq!(log.steps, ["GET /fail", "refuse 424", "refuse 424", "GET /c"]);
    assert_eq!(statuses(&response), all);
    assert_eq!(json(&response)["responses"][1]["body"]["error"]["code"], "FailedDependency");
    let (_, response) = strict().run(&[JSON[0], ("prefer", "continue-on-error")], &body);
    assert_eq!(statuses(&response), all);
    assert_eq!(header(&response, "preference-applied"), "continue-on-error");
    assert_eq!(statuses(&strict().run(JSON, &body).1), all, "in JSON all are processed unless the batch says no");
    let (log, response) = strict().run(&[JSON[0], ("prefer", "continue-on-error=false")], &body);
    assert_eq!(log.steps, ["GET /fail", "refuse 424", "refuse 424"]);
    assert_eq!(statuses(&response), expected(&[("1", 409), ("2", 424), ("3", 424)]));
}

#[test]
fn a_condition_decides_whether_a_request_runs() {
    let body = requests(&json!([
        { "id": "1", "method": "GET", "url": "fail" },
        { "id": "2", "method": "GET", "url": "a", "if": "$1/$succeeded" },
        { "id": "3", "method": "GET", "url": "b", "if": "not $1/$succeeded" },
    ]));
    let (log, _) = strict().run(JSON, &body);
    assert_eq!(log.steps, ["GET /fail", "refuse 424", "GET /b"]);
    let after_failure = requests(&json!([
        { "id": "1", "method": "GET", "url": "fail" },
        { "id": "2", "method": "GET", "url": "a", "dependsOn": ["1"], "if": "not $1/$succeeded and 1 lt 2" },
        { "id": "3", "method": "GET", "url": "b", "if": "$1/error/code eq 'x'" },
        { "id": "4", "method": "GET", "url": "c", "if": "$1/nothing eq 1" },
    ]));
    let (log, _) = strict().run(JSON, &after_failure);
    assert_eq!(log.steps, ["GET /fail", "GET /a", "refuse 424", "refuse 400"]);
}

#[test]
fn earlier_results_are_referred_to_in_urls_bodies_and_preconditions() {
    let body = requests(&json!([
        { "id": "new", "method": "POST", "url": "items", "body": {} },
        { "id": "2", "method": "GET", "url": "/$new/parts?$top=1" },
        { "id": "3", "method": "POST", "url": "orders", "body": {
            "item@odata.bind": "$new", "others@bind": ["$new/peer", "items(1)"], "name": "$new", "x": { "@id": "$new" } } },
        { "id": "4", "method": "PATCH", "url": "$NEW", "headers": { "if-match": "$new" }, "body": {} },
        { "id": "5", "method": "GET", "url": "$metadata" },
        { "id": "6", "method": "GET", "url": "$nobody" },
    ]));
    let (log, _) = strict().run(JSON, &body);
    assert_eq!(log.steps[1], "GET /items(7)/parts?$top=1");
    assert_eq!(log.steps[3..], ["PATCH /items(7)", "GET /$metadata", "GET /$nobody"]);
    let sent: Json = serde_json::from_slice(log.requests[2].body()).unwrap();
    let url = "https://example.org/beta/items(7)";
    assert_eq!(
        sent,
        json!({ "item@odata.bind": url, "others@bind": [format!("{url}/peer"), "items(1)"], "name": "$new",
                "x": { "@id": url } })
    );
    assert_eq!(log.requests[3].headers()["if-match"], "W/\"5\"");
}

#[test]
fn a_reference_to_a_failure_is_424() {
    let body = requests(&json!([
        { "id": "1", "method": "POST", "url": "fail", "headers": { "content-type": "application/json" }, "body": {} },
        { "id": "2", "method": "GET", "url": "$1/parts" },
    ]));
    let (log, _) = graph().run(JSON, &body);
    assert_eq!(log.steps, ["POST /fail", "refuse 424"]);
}

#[test]
fn an_atomic_group_is_kept_or_taken_back_whole() {
    let group = |last: &str| {
        requests(&json!([
            { "id": "1", "method": "POST", "url": "items", "body": {}, "atomicityGroup": "g" },
            { "id": "2", "method": "DELETE", "url": "$1", "atomicityGroup": "g" },
            { "id": "3", "method": "DELETE", "url": last, "atomicityGroup": "g" },
            { "id": "4", "method": "GET", "url": "a", "dependsOn": ["g"] },
            { "id": "5", "method": "GET", "url": "$1" },
        ]))
    };
    let prefer = [JSON[0], ("prefer", "continue-on-error")];
    let (log, response) = strict().run(&prefer, &group("b"));
    assert_eq!(
        log.steps,
        ["Begin", "POST /items", "DELETE /items(7)", "DELETE /b", "Commit", "GET /a", "GET /items(7)"]
    );
    assert_eq!(json(&response)["responses"][0]["atomicityGroup"], "g");
    let (log, response) = strict().run(&prefer, &group("fail"));
    assert_eq!(log.steps[1..5], ["POST /items", "DELETE /items(7)", "DELETE /fail", "Rollback"]);
    assert_eq!(log.steps[5..], ["refuse 424"; 4]);
    assert_eq!(statuses(&response), expected(&[("1", 424), ("2", 424), ("3", 409), ("4", 424), ("5", 424)]));
}

#[test]
fn a_group_that_cannot_be_kept_fails_whole() {
    let body = requests(&json!([
        { "id": "1", "method": "DELETE", "url": "a", "atomicityGroup": "g" },
        { "id": "2", "method": "DELETE", "url": "b", "atomicityGroup": "g" },
    ]));
    let mut run = strict().batch(JSON, &body).expect("good");
    let answer = |status: u16| Response::builder().status(status).body(Bytes::new()).unwrap();
    while let Some(step) = run.next() {
        match step {
            BatchStep::Execute(_) => run.answer(answer(204)),
            BatchStep::Commit => run.answer(answer(507)),
            BatchStep::Refuse(_) => run.answer(answer(424)),
            _ => {}
        }
    }
    assert_eq!(statuses(&run.response()), expected(&[("1", 424), ("2", 507)]));
}

#[test]
fn a_group_begins_again_from_a_copy_made_when_it_began() {
    let world = graph();
    let group = |id: &str, url: &str| json!({ "id": id, "atomicityGroup": "g", "method": "GET", "url": url });
    let body =
        requests(&json!([{ "id": "1", "method": "GET", "url": "/items" }, group("2", "/one"), group("3", "$2/x")]));
    let mut run = world.batch(JSON, &body).expect("a good envelope");
    let Some(BatchStep::Execute(first)) = run.next() else { panic!("a request") };
    run.answer(execute(&first));
    assert!(matches!(run.next(), Some(BatchStep::Begin)));
    let begun = run.clone();
    let (bytes, mut seen) = (begun.body_bytes(), Vec::new());
    for attempt in 0..2 {
        run = begun.clone();
        assert_eq!(run.body_bytes(), bytes, "attempt {attempt} knows nothing of the one before");
        while let Some(BatchStep::Execute(request)) = run.next() {
            seen.push(request.uri().to_string());
            run.answer(execute(&request));
        }
        assert!(run.body_bytes() > bytes);
    }
    assert_eq!(seen, ["/one", "/one/x", "/one", "/one/x"]);
    assert!(run.next().is_none(), "the loop has taken the step that commits");
    assert_eq!(statuses(&run.response()), expected(&[("1", 200), ("2", 200), ("3", 200)]));
}

#[test]
fn what_nobody_answers_is_500() {
    let body =
        requests(&json!([{ "id": "1", "method": "GET", "url": "a" }, { "id": "2", "method": "GET", "url": "b" }]));
    let mut run = graph().batch(JSON, &body).expect("good");
    while run.next().is_some() {}
    assert_eq!(statuses(&run.response()), expected(&[("1", 500), ("2", 500)]));
}

#[test]
fn headers_of_the_batch_count_for_its_requests() {
    let body = requests(&json!([
        { "id": "1", "method": "GET", "url": "a" },
        { "id": "2", "method": "GET", "url": "a", "headers": { "prefer": "maxpagesize=1" } },
    ]));
    let pairs = [JSON[0], ("authorization", "Bearer t"), ("prefer", "respond-async, maxpagesize=7, continue-on-error")];
    let (log, _) = strict().run(&pairs, &body);
    let given = |index: usize, name: &str| log.requests[index].headers()[name].to_str().unwrap().to_owned();
    assert_eq!((given(0, "authorization"), given(0, "prefer")), ("Bearer t".into(), "maxpagesize=7".into()));
    assert_eq!(given(1, "prefer"), "maxpagesize=1");
}

const CHANGES: &str = "preamble\r
--b\r
Content-Type: application/http\r
Content-Transfer-Encoding: binary\r
\r
GET /beta/items?$top=1 HTTP/1.1\r
Accept: application/json\r
\r
\r
--b \r
Content-Type: multipart/mixed; boundary=\"c d\"\r
\r
--c d\r
Content-Type: application/http\r
Content-ID: 1\r
\r
POST items HTTP/1.1\r
Content-Type: application/json\r
Content-Length: 7\r
\r
{\"a\":1}\r
--c d\r
Content-Type: application/http\r
Content-ID: 2\r
\r
POST /beta/$1/parts HTTP/1.1\r
Host: example.org\r
Content-Type: application/json\r
\r
{\"of@odata.bind\":\"$1\"}\r
--c d--\r
--b\r
Content-Type: application/http\r
\r
DELETE fail HTTP/1.1\r
--b--\r
epilogue";

#[test]
fn a_multipart_batch_runs_its_change_sets_whole() {
    for body in [CHANGES.to_owned(), CHANGES.replace("\r\n", "\n")] {
        let (log, response) = strict().run(MULTIPART, &body);
        assert_eq!(
            log.steps,
            ["GET /items?$top=1", "Begin", "POST /items", "POST /items(7)/parts", "Commit", "DELETE /fail"]
        );
        assert_eq!(log.requests[1].body(), r#"{"a":1}"#);
        assert_eq!(log.requests[2].body().trim_ascii(), br#"{"of@odata.bind":"https://example.org/beta/items(7)"}"#);
        assert_eq!(header(&response, "content-type"), "multipart/mixed; boundary=batch_1");
        let answer = text(&response);
        assert!(answer.starts_with("--batch_1\r\nContent-Type: application/http\r\n"), "{answer}");
        assert!(answer.contains("\r\n\r\nHTTP/1.1 200 OK\r\n"), "{answer}");
        assert!(answer.contains("--batch_1\r\nContent-Type: multipart/mixed; boundary=batch_2\r\n\r\n--batch_2\r\n"));
        assert!(answer.contains("Content-ID: 2\r\n\r\nHTTP/1.1 201 Created\r\n"), "{answer}");
        assert!(answer.contains("--batch_2--\r\n--batch_1\r\n"), "{answer}");
        assert!(answer.ends_with("--batch_1--\r\n"), "{answer}");
    }
}

#[test]
fn a_failed_change_set_has_one_answer_and_ends_the_batch() {
    let body = CHANGES.replace("POST /beta/$1/parts", "POST /beta/fail");
    let (log, response) = strict().run(MULTIPART, &body);
    assert_eq!(log.steps, ["GET /items?$top=1", "Begin", "POST /items", "POST /fail", "Rollback"]);
    let answer = text(&response);
    assert_eq!(answer.matches("HTTP/1.1 ").count(), 2, "{answer}");
    assert!(
        answer.contains("Content-ID: 2\r\n\r\nHTTP/1.1 409 Conflict\r\n") && !answer.contains("batch_2"),
        "{answer}"
    );
    let (log, _) = strict().run(&[MULTIPART[0], ("prefer", "odata.continue-on-error")], &body);
    assert_eq!(log.steps.last().map(String::as_str), Some("DELETE /fail"));
}

#[test]
fn the_answer_may_be_asked_for_in_the_other_form() {
    let (_, response) = strict().run(&[MULTIPART[0], ("accept", "application/json")], CHANGES);
    assert_eq!(statuses(&response), expected(&[("1", 200), ("1", 201), ("2", 201), ("4", 409)]));
    let body = requests(&json!([{ "id": "x", "method": "GET", "url": "a" }]));
    let (_, response) = strict().run(&[JSON[0], ("accept", "multipart/mixed")], &body);
    assert!(text(&response).contains("Content-ID: x\r\n"), "{}", text(&response));
}

#[test]
fn a_bad_multipart_envelope_is_400_and_names_the_place() {
    let broken = |from: &str, to: &str| CHANGES.replacen(from, to, 1);
    for (body, target) in [
        (String::new(), "body"),
        (broken("--b--", ""), "body"),
        (broken("--c d--\r\n", ""), "part 2"),
        (broken("Content-Type: application/http", "Content-Type: text/plain"), "part 1"),
        (broken("Accept: application/json", "Accept application/json"), "part 1"),
        (broken("GET /beta/items?$top=1 HTTP/1.1", "GET /beta/items?$top=1 HTTP/9"), "part 1"),
        (broken("GET ", "TRACE "), "part 1"),
        (broken("GET /beta/items?$top=1", "POST $batch"), "part 1"),
        (broken("Content-Length: 7", "Content-Length: 70"), "part 2, request 1"),
        (broken("POST items", "GET items"), "part 2, request 1"),
        (broken("Content-ID: 2", "Content-ID: 1"), "part 2, request 2/id"),
        (broken("Host: example.org", "Host: elsewhere.org"), "part 2, request 2"),
        (broken("POST items", "POST $2"), "part 2, request 1/url"),
        (broken("boundary=\"c d\"", "boundary="), "part 2"),
        (
            broken("--c d\r\nContent-Type: application/http", "--c d\r\nContent-Type: multipart/mixed;boundary=e"),
            "part 2, request 1",
        ),
    ] {
        let told = strict().told(strict().batch(MULTIPART, &body));
        assert_eq!((told.0, &*told.2), (400, target), "{body}");
    }
}

#[test]
fn a_batch_is_a_post_to_its_own_resource() {
    let engine = graph().engine;
    for (method, url, is) in [
        ("POST", "/$batch", true),
        ("POST", "/%24batch/?x=1", true),
        ("GET", "/$batch", false),
        ("POST", "/$batches", false),
        ("POST", "/", false),
    ] {
        assert_eq!(engine.is_batch(&method.parse().unwrap(), url), is, "{method} {url}");
    }
    assert_eq!(graph().told(graph().head("GET", "/$batch", &[])).0, 405);
}
