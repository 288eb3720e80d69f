//! Batches, as JSON and as multipart (OData 4.01 part 1, 11.7; JSON format 4.01, 19).

use serde_json::{Value as Json, json};

use crate::support::{Answer, Checks, Served};

fn batch(served: &Served, requests: &Json) -> Answer {
    served.json("POST", "/$batch", &json!({ "requests": requests }).to_string())
}

/// The response to a request of a batch.
fn of<'a>(answer: &'a Json, id: &str) -> &'a Json {
    let found = answer["responses"].as_array().and_then(|all| all.iter().find(|response| response["id"] == id));
    found.unwrap_or(&Json::Null)
}

#[test]
fn json_batches_answer_each_request() {
    let (served, mut checks) = (Served::start(), Checks::default());
    let laptop = served.product("Laptop");
    let answer = batch(
        &served,
        &json!([
            { "id": "1", "method": "GET", "url": "Products?$top=1&$select=Name" },
            { "id": "2", "method": "get", "url": "/Company" },
            { "id": "3", "method": "GET", "url": format!("{}/Categories/$count", served.root()) },
            { "id": "4", "method": "PATCH", "url": laptop, "headers": { "Content-Type": "application/json" }, "body": { "Rating": 9 } },
            { "id": "5", "method": "POST", "url": "Products", "headers": { "Content-Type": "application/json", "Prefer": "return=minimal" }, "body": { "Name": "n", "Price": 1 } },
            { "id": "6", "method": "GET", "url": "GetProductStats()" },
        ]),
    );
    checks.status("the batch", &answer, 200);
    checks.that("its type", answer.header("Content-Type").is_some_and(|ty| ty.starts_with("application/json")), || {
        format!("{:?}", answer.headers)
    });
    let json = answer.json();
    for (id, status) in [("1", 200), ("2", 200), ("3", 200), ("4", 204), ("5", 204), ("6", 200)] {
        checks.eq(id, &of(&json, id)["status"], &status);
    }
    checks.eq("a body", &of(&json, "1")["body"]["value"][0]["Name"], &"Laptop");
    checks.eq("a context", &of(&json, "2")["body"]["@odata.context"], &format!("{}/$metadata#Company", served.root()));
    let headers = of(&json, "5")["headers"].as_object().cloned().unwrap_or_default();
    checks.that("headers", headers.keys().any(|name| name.eq_ignore_ascii_case("Location")), || format!("{headers:?}"));
    checks.eq("done", &served.get(&laptop).json()["Rating"], &9);
    let empty = batch(&served, &json!([]));
    checks.status("an empty one", &empty, 200);
    checks.eq("an empty one", &empty.json()["responses"], &json!([]));
    checks.done();
}

#[test]
fn requests_refer_to_earlier_ones() {
    let (served, mut checks) = (Served::start(), Checks::default());
    let json_type = json!({ "Content-Type": "application/json" });
    let answer = batch(
        &served,
        &json!([
            { "id": "a", "method": "POST", "url": "Products", "headers": json_type, "body": { "Name": "first", "Price": 1 } },
            { "id": "b", "method": "PATCH", "url": "$a", "dependsOn": ["a"], "headers": json_type, "body": { "Rating": 5 } },
            { "id": "c", "method": "POST", "url": "$a/Descriptions", "dependsOn": ["a"], "headers": json_type, "body": { "LanguageKey": "EN", "Description": "d" } },
            { "id": "d", "method": "GET", "url": "$a/Descriptions/$count", "dependsOn": ["a", "c"] },
        ]),
    );
    let json = answer.json();
    for (id, status) in [("a", 201), ("b", 204), ("c", 201), ("d", 200)] {
        checks.eq(id, &of(&json, id)["status"], &status);
    }
    checks.names(&served, "/Products?$filter=Rating eq 5", &["first"]);
    let failing = batch(
        &served,
        &json!([
            { "id": "a", "method": "PATCH", "url": "Products(33333333-3333-3333-3333-333333333333)", "headers": json_type, "body": {} },
            { "id": "b", "method": "GET", "url": "Company", "dependsOn": ["a"] },
        ]),
    );
    checks.eq("what failed", &of(&failing.json(), "a")["status"], &404);
    let second = of(&failing.json(), "b")["status"].clone();
    checks.that("what depends on it", second == 424 || second.is_null(), || failing.text().to_owned());
    checks.done();
}

#[test]
fn groups_are_all_or_nothing() {
    let (served, mut checks) = (Served::start(), Checks::default());
    let json_type = json!({ "Content-Type": "application/json" });
    let make = |id: &str, name: &str, price: Json| json!({ "id": id, "atomicityGroup": "g", "method": "POST", "url": "Products", "headers": json_type, "body": { "Name": name, "Price": price } });
    let failing =
        batch(&served, &json!([make("1", "x", json!(1)), make("2", "y", json!("bad")), make("3", "z", json!(1))]));
    checks.status("the batch", &failing, 200);
    checks.eq("nothing was made", &served.get("/Products/$count").text(), &"7");
    checks.that(
        "none succeeded",
        failing.json()["responses"]
            .as_array()
            .is_some_and(|all| all.iter().all(|one| one["status"].as_u64() >= Some(400))),
        || failing.text().to_owned(),
    );
    let whole = batch(&served, &json!([make("1", "x", json!(1)), make("2", "y", json!(2))]));
    checks.eq(
        "all were made",
        &(of(&whole.json(), "1")["status"].clone(), of(&whole.json(), "2")["status"].clone()),
        &(json!(201), json!(201)),
    );
    checks.eq("all were made", &served.get("/Products/$count").text(), &"9");
    checks.done();
}

#[test]
fn an_error_stops_a_json_batch_only_where_the_client_says_so() {
    let (served, mut checks) = (Served::start(), Checks::default());
    let requests = json!({ "requests": [
        { "id": "1", "method": "GET", "url": "Nothing" },
        { "id": "2", "method": "GET", "url": "Company" },
    ]})
    .to_string();
    for prefer in ["continue-on-error=false", "odata.continue-on-error=false"] {
        let headers = [("Content-Type", "application/json"), ("Prefer", prefer)];
        let stopped = served.send("POST", "/$batch", &headers, &requests);
        checks.eq("the error", &of(&stopped.json(), "1")["status"], &404);
        checks.that("the rest was not run", of(&stopped.json(), "2")["status"] != 200, || stopped.text().to_owned());
    }
    for prefer in ["", "continue-on-error", "odata.continue-on-error", "continue-on-error=true"] {
        let headers = [("Content-Type", "application/json"), ("Prefer", prefer)];
        let continued = served.send("POST", "/$batch", &headers, &requests);
        checks.eq("the error", &of(&continued.json(), "1")["status"], &404);
        checks.eq("the rest", &of(&continued.json(), "2")["status"], &200);
    }
    checks.done();
}

#[test]
fn values_of_earlier_answers_stand_in_expressions() {
    let (served, mut checks) = (Served::start(), Checks::default());
    let laptop = served.product("Laptop");
    let first = json!({ "id": "1", "method": "GET", "url": laptop });
    let after = |url: &str| json!({ "id": "2", "method": "GET", "url": url, "dependsOn": ["1"] });
    for (url, wanted) in [
        ("Products?$filter=Name eq $1/Name&$select=Name", json!(["Laptop"])),
        ("Products?$filter=Price gt $1/Price&$select=Name", json!(["Premium Laptop Pro"])),
        ("Products?$filter=CategoryID eq $1/CategoryID and contains(Name,'$1')", json!([])),
        ("Products?$filter=ID eq $1/ID&$top=1&$expand=Category($select=Name)", json!(["Laptop"])),
    ] {
        let answer = batch(&served, &json!([first, after(url)])).json();
        let rows = of(&answer, "2")["body"]["value"].as_array().cloned().unwrap_or_default();
        let names: Json = rows.iter().map(|row| row["Name"].clone()).collect();
        checks.eq(url, &names, &wanted);
    }
    let missing = batch(&served, &json!([first, after("Products?$filter=Name eq $1/Nothing")])).json();
    checks.eq("no such value", &of(&missing, "2")["status"], &400);
    for (condition, status) in [
        ("$1/$succeeded", 200),
        ("not $1/$succeeded", 424),
        ("$1/$succeeded and $1/Price gt 1", 200),
        ("$1/Name eq 'Mouse'", 424),
        ("contains($1/Name,'top') or false", 200),
        ("$1/ShippingAddress/City in ('Seattle','Austin')", 200),
        ("$1/Name", 400),
    ] {
        let mut request = after("Company");
        request["if"] = json!(condition);
        let answer = batch(&served, &json!([first, request])).json();
        checks.eq(condition, &of(&answer, "2")["status"], &status);
    }
    checks.done();
}

#[test]
fn what_is_said_of_the_batch_counts_for_its_requests() {
    let (served, mut checks) = (Served::start(), Checks::default());
    let requests = json!({ "requests": [{ "id": "1", "method": "GET", "url": "Company" }] }).to_string();
    let headers = [("Content-Type", "application/json"), ("Accept", "application/json;odata.metadata=full")];
    let full = served.send("POST", "/$batch", &headers, &requests).json();
    checks.that("Accept", of(&full, "1")["body"]["@odata.id"].is_string(), || full.to_string());
    let mixed = [("Content-Type", "application/json"), ("Accept", "multipart/mixed, application/json;q=0.1")];
    checks.status("the form is the batch's", &served.send("POST", "/$batch", &mixed, &requests), 200);
    for (version, status) in [("1.0", 200), ("*", 200), ("7", 404)] {
        let answer = served.json("POST", &format!("/$batch?$schemaversion={version}"), &requests).json();
        checks.eq(version, &of(&answer, "1")["status"], &status);
    }
    checks.error("no other option", &served.json("POST", "/$batch?$top=1", &requests), 400);
    checks.done();
}

#[test]
fn bad_envelopes_are_refused_whole() {
    let (served, mut checks) = (Served::start(), Checks::default());
    let post = json!({ "id": "1", "method": "POST", "url": "Categories", "headers": { "Content-Type": "application/json" }, "body": { "Name": "n" } });
    let get = |id: &str| json!({ "id": id, "method": "GET", "url": "Company" });
    for requests in [
        json!([post, get("1")]),
        json!([post, { "method": "GET", "url": "Company" }]),
        json!([post, { "id": "2", "url": "Company" }]),
        json!([post, { "id": "2", "method": "GET" }]),
        json!([post, { "id": "2", "method": "GET", "url": "Company", "dependsOn": ["9"] }]),
        json!([{ "id": "1", "method": "GET", "url": "Company", "dependsOn": ["2"] }, get("2")]),
    ] {
        checks.error(&requests.to_string(), &batch(&served, &requests), 400);
    }
    for body in ["", "{", "[]", "{}", r#"{"requests":1}"#, r#"{"requests":[1]}"#] {
        checks.error(body, &served.json("POST", "/$batch", body), 400);
    }
    checks.eq("nothing ran", &served.get("/Categories/$count").text(), &"3");
    let untyped = served.send("POST", "/$batch", &[("Content-Type", "text/plain")], "x");
    checks.error("another type", &untyped, 415);
    checks.error("GET", &served.get("/$batch"), 405);
    checks.done();
}

const BOUNDARY: (&str, &str) = ("Content-Type", "multipart/mixed; boundary=b");

/// The status codes of a multipart answer, in order.
fn statuses(answer: &Answer) -> Vec<u16> {
    let lines = answer.text().split("\r\n").filter_map(|line| line.strip_prefix("HTTP/1.1 "));
    lines.filter_map(|line| line.get(..3)?.parse().ok()).collect()
}

#[test]
fn multipart_batches_answer_each_request() {
    let (served, mut checks) = (Served::start(), Checks::default());
    let part = |request: &str| {
        format!("--b\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\n{request}\r\n")
    };
    let body = [
        part("GET /Products?$top=1&$select=Name HTTP/1.1\r\nAccept: application/json\r\n\r\n"),
        part("GET Company HTTP/1.1\r\n\r\n"),
        part(&format!("GET {}/Categories/$count HTTP/1.1\r\n\r\n", served.root())),
        "--b--\r\n".to_owned(),
    ]
    .concat();
    let answer = served.send("POST", "/$batch", &[BOUNDARY], &body);
    checks.status("the batch", &answer, 200);
    checks.that(
        "its type",
        answer.header("Content-Type").is_some_and(|ty| ty.starts_with("multipart/mixed") && ty.contains("boundary=")),
        || format!("{:?}", answer.headers),
    );
    checks.eq("three", &statuses(&answer), &[200, 200, 200]);
    checks.that("a body", answer.text().contains("\"Laptop\""), || answer.text().to_owned());
    let set = |second: &str| {
        format!(
            "--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n\
             --c\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\nContent-ID: 1\r\n\r\n\
             POST Products HTTP/1.1\r\nContent-Type: application/json\r\n\r\n{{\"Name\":\"n\",\"Price\":1}}\r\n\
             --c\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\nContent-ID: 2\r\n\r\n\
             PATCH $1 HTTP/1.1\r\nContent-Type: application/json\r\n\r\n{second}\r\n--c--\r\n--b--\r\n"
        )
    };
    let whole = served.send("POST", "/$batch", &[BOUNDARY], &set(r#"{"Rating":5}"#));
    checks.eq("a change set", &statuses(&whole), &[201, 204]);
    checks.that(
        "its parts are named",
        whole.text().contains("Content-ID: 1") || whole.text().contains("content-id: 1"),
        || whole.text().to_owned(),
    );
    checks.names(&served, "/Products?$filter=Rating eq 5", &["n"]);
    let failed = served.send("POST", "/$batch", &[BOUNDARY], &set(r#"{"Rating":500}"#));
    checks.eq("one error for the whole set", &statuses(&failed), &[400]);
    checks.eq("nothing of it was kept", &served.get("/Products/$count").text(), &"8");
    for (body, ty) in [
        ("", BOUNDARY.1),
        ("--b\r\n", BOUNDARY.1),
        ("x", "multipart/mixed"),
        ("--b\r\n\r\nGET / HTTP/1.1\r\n\r\n--b--", BOUNDARY.1),
    ] {
        checks.error(body, &served.send("POST", "/$batch", &[("Content-Type", ty)], body), 400);
    }
    let as_json = served.send(
        "POST",
        "/$batch",
        &[BOUNDARY, ("Accept", "application/json")],
        &[part("GET Company HTTP/1.1\r\n\r\n"), "--b--\r\n".to_owned()].concat(),
    );
    checks.that("an answer in the other form", as_json.status == 200, || as_json.text().to_owned());
    let change = "Content-Type: application/http\r\nContent-ID: changeset1\r\n\r\nPATCH Company HTTP/1.1\r\n\
                  Content-Type: application/json\r\n\r\n{\"CEO\":\"x\"}";
    let set = format!("--b\r\nContent-Type: multipart/mixed;boundary=c\r\n\r\n--c\r\n{change}\r\n--c--\r\n--b--");
    let as_json = served.send("POST", "/$batch", &[BOUNDARY, ("Accept", "application/json")], &set).json();
    checks.eq("a change set has a name", &of(&as_json, "changeset1")["atomicityGroup"], &"changeset1_");
    checks.done();
}

#[test]
fn a_request_line_may_lack_its_version() {
    let (served, mut checks) = (Served::start(), Checks::default());
    let body = "--b\r\nContent-Type: application/http\r\n\r\nGET /Company\r\nHost: HOST\r\n\r\n\r\n--b--";
    let body = body.replace("HOST", served.root().trim_start_matches("http://"));
    let answer = served.send("POST", "/$batch", &[BOUNDARY], &body);
    checks.eq("without", &statuses(&answer), &vec![200]);
    let other = body.replace("/Company", "/Company HTTP/9");
    checks.error("another one", &served.send("POST", "/$batch", &[BOUNDARY], &other), 400);
    checks.done();
}
