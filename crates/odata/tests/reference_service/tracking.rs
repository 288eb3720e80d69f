//! Sections 8 and 9: change tracking, and requests that are answered later.

use std::time::{Duration, Instant};

use crate::support::{Answer, Checks, Served};

fn tracked(served: &Served, path: &str) -> (Answer, String) {
    let answer = served.send("GET", path, &[("Prefer", "track-changes")], "");
    let link = answer.json()["@odata.deltaLink"].as_str().unwrap_or_default().to_owned();
    (answer, link)
}

#[test]
fn products_are_tracked_on_request() {
    let (served, mut checks) = (Served::start(), Checks::default());
    for prefer in ["track-changes", "odata.track-changes"] {
        let answer = served.send("GET", "/Products", &[("Prefer", prefer)], "");
        checks.status(prefer, &answer, 200);
        checks.that(
            prefer,
            answer.header("Preference-Applied").is_some_and(|applied| applied.contains("track-changes")),
            || format!("{:?}", answer.headers),
        );
        let link = answer.json()["@odata.deltaLink"].as_str().unwrap_or_default().to_owned();
        checks.that(prefer, link.contains("$deltatoken="), || answer.text().to_owned());
    }
    checks.that("not unasked", served.get("/Products").json().get("@odata.deltaLink").is_none(), String::new);
    let other = served.send("GET", "/Categories", &[("Prefer", "track-changes")], "");
    checks.that("only products", other.header("Preference-Applied").is_none(), || format!("{:?}", other.headers));
    let expanded = served.send("GET", "/Products?$expand=Category", &[("Prefer", "track-changes")], "");
    checks.status("what is expanded is not tracked", &expanded, 200);
    checks
        .that("nor said to be", expanded.header("Preference-Applied").is_none(), || format!("{:?}", expanded.headers));
    checks.that("no link", expanded.json().get("@odata.deltaLink").is_none(), || expanded.text().to_owned());
    let (_, link) = tracked(&served, "/Products");
    let empty = served.get(&link);
    checks.status("nothing changed", &empty, 200);
    checks.eq("nothing changed", &empty.json()["value"].as_array().map(Vec::len), &Some(0));
    let made = served.json("POST", "/Products", r#"{"Name":"new","Price":1}"#).json();
    let laptop = served.product("Laptop");
    let mouse = served.id("Products", "Wireless Mouse");
    checks.status("PATCH", &served.json("PATCH", &laptop, r#"{"Price":5}"#), 204);
    checks.status("DELETE", &served.send("DELETE", &format!("/Products({mouse})"), &[], ""), 204);
    let delta = served.get(&link);
    let json = delta.json();
    checks.eq("context", &json["@odata.context"], &format!("{}/$metadata#Products/$delta", served.root()));
    let items = json["value"].as_array().cloned().unwrap_or_default();
    checks.eq("three", &items.len(), &3);
    let find = |id: &serde_json::Value| items.iter().find(|item| item["ID"] == *id).cloned().unwrap_or_default();
    checks.eq("added, whole", &find(&made["ID"])["Price"], &1);
    checks.eq("changed, whole", &find(&laptop[10..46].into())["Name"], &"Laptop");
    let removed = find(&mouse.as_str().into());
    let marker = removed.get("@removed").or_else(|| removed.get("@odata.removed")).cloned().unwrap_or_default();
    checks.eq("removed", &marker["reason"], &"deleted");
    let next = json["@odata.deltaLink"].as_str().unwrap_or_default().to_owned();
    checks.that("a new link", next != link && next.contains("$deltatoken="), || next.clone());
    checks.eq("read once", &served.get(&next).json()["value"].as_array().map(Vec::len), &Some(0));
    checks.that("compact", !delta.text().contains("\": "), || delta.text().to_owned());
    checks.status("Reseed", &served.json("POST", "/Reseed", ""), 200);
    let void = served.get(&next);
    checks.error("void after a reseed", &void, 410);
    checks.header("where to begin again", &void, "Location", Some(&format!("{}/Products", served.root())));
    let forged = format!("{}x", &next[..next.len() - 1]);
    let answer = served.get(&forged);
    checks.that("forged", matches!(answer.status, 400 | 410), || answer.text().to_owned());
    checks.done();
}

#[test]
fn tracking_knows_filters_and_pages() {
    let (served, mut checks) = (Served::start(), Checks::default());
    let (answer, _) = tracked(&served, "/Products?$filter=Price gt 500&$select=Name");
    checks.eq("filtered", &answer.names(), &["Laptop", "Smartphone", "Premium Laptop Pro"]);
    let (_, link) = tracked(&served, "/Products?$filter=Price gt 500&$select=Name,Price");
    checks.status("leaves", &served.json("PATCH", &served.product("Laptop"), r#"{"Price":5}"#), 204);
    checks.status("enters", &served.json("PATCH", &served.product("Coffee Mug"), r#"{"Price":5000}"#), 204);
    let items = served.get(&link).json()["value"].as_array().cloned().unwrap_or_default();
    checks.eq("two", &items.len(), &2);
    checks.that("entered", items.iter().any(|item| item["Name"] == "Coffee Mug"), || format!("{items:?}"));
    checks.that("left", items.iter().any(|item| item["@removed"]["reason"] == "changed"), || format!("{items:?}"));
    let first = served.send("GET", "/Products", &[("Prefer", "track-changes,maxpagesize=4")], "").json();
    checks.that("not on the first page", first.get("@odata.deltaLink").is_none(), || first.to_string());
    let last = served.get(first["@odata.nextLink"].as_str().unwrap_or_default()).json();
    checks.that("on the last page", last["@odata.deltaLink"].is_string(), || last.to_string());
    checks.done();
}

fn result(served: &Served, monitor: &str, headers: &[(&str, &str)]) -> Answer {
    let deadline = Instant::now() + Duration::from_secs(10);
    loop {
        let answer = served.send("GET", monitor, headers, "");
        if answer.status != 202 || Instant::now() > deadline {
            return answer;
        }
        std::thread::yield_now();
    }
}

#[test]
fn any_request_may_be_answered_later() {
    let (served, mut checks) = (Served::start(), Checks::default());
    let later = ("Prefer", "respond-async");
    let accepted = served.send("GET", "/Products?$top=1", &[later], "");
    checks.status("accepted", &accepted, 202);
    checks.header("accepted", &accepted, "Preference-Applied", Some("respond-async"));
    checks.header("accepted", &accepted, "Retry-After", Some("2"));
    let monitor = accepted.header("Location").unwrap_or_default().to_owned();
    checks.that("monitor", monitor.starts_with(&format!("{}/$async/jobs/", served.root())), || monitor.clone());
    let done = result(&served, &monitor, &[]);
    checks.status("done", &done, 200);
    checks.header("done", &done, "AsyncResult", Some("200"));
    checks.eq("the result", &done.names(), &["Laptop"]);
    checks.eq("again", &result(&served, &monitor, &[]).names(), &["Laptop"]);
    let message = result(&served, &monitor, &[("Accept", "application/http")]);
    checks.header("as a message", &message, "Content-Type", Some("application/http"));
    checks.that("as a message", message.text().starts_with("HTTP/1.1 200 OK\r\n"), || message.text().to_owned());
    let old = result(&served, &monitor, &[("OData-MaxVersion", "4.0")]);
    checks.header("for clients of 4.0", &old, "Content-Type", Some("application/http"));
    let post =
        served.send("POST", "/Products", &[later, ("Content-Type", "application/json")], r#"{"Name":"n","Price":1}"#);
    checks.status("a creation", &post, 202);
    let made = result(&served, post.header("Location").unwrap_or_default(), &[]);
    checks.header("a creation", &made, "AsyncResult", Some("201"));
    checks.that("a creation", made.header("Location").is_some(), || format!("{:?}", made.headers));
    let failing = served.send("GET", "/Products(33333333-3333-3333-3333-333333333333)", &[later], "");
    let failed = result(&served, failing.header("Location").unwrap_or_default(), &[]);
    checks.header("a failure", &failed, "AsyncResult", Some("404"));
    checks.status("DELETE of a monitor", &served.send("DELETE", &monitor, &[], ""), 204);
    checks.error("cancelled", &served.get(&monitor), 404);
    checks.error("an unknown job", &served.get("/$async/jobs/33333333-3333-3333-3333-333333333333"), 404);
    checks.error("no job at all", &served.get("/$async/jobs/x"), 404);
    let kept = served.send("GET", "/Products", &[later], "");
    let kept = kept.header("Location").unwrap_or_default().to_owned();
    checks.status("done", &result(&served, &kept, &[]), 200);
    checks.status("Reseed", &served.json("POST", "/Reseed", ""), 200);
    checks.error("Reseed removes jobs", &served.get(&kept), 404);
    checks.done();
}

#[test]
fn the_number_of_changes_is_counted_below_the_delta_link() {
    let (served, mut checks) = (Served::start(), Checks::default());
    let (_, link) = tracked(&served, "/Products?$filter=Price gt 20");
    let counted = link.replacen("/Products?", "/Products/$count?", 1);
    checks.eq("nothing yet", &served.get(&counted).text(), &"0");
    checks.status("left", &served.json("PATCH", &served.product("Wireless Mouse"), r#"{"Price":1}"#), 204);
    checks.status("changed", &served.json("PATCH", &served.product("Laptop"), r#"{"Rating":1}"#), 204);
    checks.status("gone", &served.send("DELETE", &served.product("Smartphone"), &[], ""), 204);
    checks.eq("changes", &served.get(&counted).text(), &"3");
    checks.error("another token", &served.get("/Products/$count?$deltatoken=x"), 400);
    checks.done();
}
