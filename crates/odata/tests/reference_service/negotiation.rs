//! What a request says of the answer's version, form and preferences, and what the answer says of it.

use serde_json::Value as Json;

use crate::support::{Checks, Served};

#[test]
fn refusals_are_answered_in_the_version_that_is_spoken() {
    let (served, mut checks) = (Served::start(), Checks::default());
    for (method, path) in [("GET", "/Nothing"), ("TRACE", "/Products"), ("GET", "/Products?$top=x"), ("GET", "/$batch")]
    {
        for (max, wanted) in [("4.0", "4.0"), ("4.01", "4.01"), ("9.9", "4.01"), ("3.0", "4.0"), ("x", "4.0")] {
            let answer = served.send(method, path, &[("OData-MaxVersion", max)], "");
            checks.that(path, answer.status >= 400, || format!("{}", answer.status));
            checks.header(&format!("{method} {path} up to {max}"), &answer, "OData-Version", Some(wanted));
            checks.header("the language of the message", &answer, "Content-Language", Some("en"));
        }
    }
    let accepted = served.send("GET", "/Products", &[("Prefer", "respond-async")], "");
    checks.header("accepted", &accepted, "OData-Version", Some("4.01"));
    checks.eq("a method is refused", &served.send("TRACE", "/", &[], "").json()["error"]["code"], &"MethodNotAllowed");
    checks.done();
}

#[test]
fn formats_with_unknown_parameters_are_not_acceptable() {
    let (served, mut checks) = (Served::start(), Checks::default());
    for (accept, status) in [
        ("application/json;metadata=minimal;colour=red", 406),
        ("application/json;odata=verbose", 406),
        ("application/json;ExponentialDecimals=maybe", 406),
        ("application/json;colour=red, application/json;q=0.1", 200),
        ("application/json;ExponentialDecimals=true", 200),
        ("text/html, image/gif, *; q=.2, */*; q=.2", 200),
        ("*", 200),
    ] {
        checks.answered(accept, &served.send("GET", "/Company", &[("Accept", accept)], ""), status);
    }
    checks.error("$format", &served.get("/Company?$format=application/json;colour=red"), 406);
    checks.done();
}

#[test]
fn metadata_has_the_form_of_the_better_quality() {
    let (served, mut checks) = (Served::start(), Checks::default());
    for (accept, wanted) in [
        ("application/xml;q=0.5, application/json", "application/json"),
        ("application/json;q=0.5, application/xml", "application/xml"),
        ("application/json, */*", "application/json"),
        ("application/json, application/xml", "application/xml"),
        ("text/html, application/xml;q=0.9, */*;q=0.8", "application/xml"),
        ("*/*", "application/xml"),
    ] {
        let answer = served.send("GET", "/$metadata", &[("Accept", accept)], "");
        checks.header(accept, &answer, "Content-Type", Some(wanted));
    }
    checks.done();
}

#[test]
fn preferences_are_told_as_they_were_named() {
    let (served, mut checks) = (Served::start(), Checks::default());
    let applied = |prefer: &str| served.send("GET", "/Products", &[("Prefer", prefer)], "");
    for (prefer, wanted) in [
        ("odata.include-annotations=\"*\"", "odata.include-annotations=\"*\""),
        ("include-annotations=\"-*\"", "include-annotations=\"-*\""),
        ("odata.maxpagesize=5, maxpagesize=2", "maxpagesize=2"),
        ("maxpagesize=2, odata.maxpagesize=5", "maxpagesize=2"),
    ] {
        checks.header(prefer, &applied(prefer), "Preference-Applied", Some(wanted));
    }
    checks.done();
}

#[test]
fn an_action_gives_nothing_back_where_that_is_preferred() {
    let (served, mut checks) = (Served::start(), Checks::default());
    let mug = served.product("Coffee Mug");
    for (action, body) in [("ApplyDiscount", r#"{"percentage":10}"#), ("CalculateDiscount", r#"{"percentage":10}"#)] {
        let headers = [("Content-Type", "application/json"), ("Prefer", "return=minimal")];
        let answer = served.send("POST", &format!("{mug}/{action}"), &headers, body);
        checks.status(action, &answer, 204);
        checks.header(action, &answer, "Preference-Applied", Some("return=minimal"));
    }
    checks.eq("it was done", &served.get(&mug).json()["Version"], &2);
    checks.done();
}

#[test]
fn nulls_that_are_news_are_not_left_out() {
    let (served, mut checks) = (Served::start(), Checks::default());
    let laptop = served.product("Laptop");
    let tracked = served.send("GET", "/Products", &[("Prefer", "track-changes")], "");
    let delta = tracked.json()["@odata.deltaLink"].as_str().unwrap_or("").to_owned();
    let headers = [("Content-Type", "application/json"), ("Prefer", "return=representation, omit-values=nulls")];
    let changed = served.send("PATCH", &laptop, &headers, r#"{"ReleaseDate":null}"#);
    checks.that("of a change", changed.json().get("ReleaseDate").is_some(), || changed.text().to_owned());
    checks.header("of a change", &changed, "Preference-Applied", Some("return=representation"));
    let delta = served.send("GET", &delta, &[("Prefer", "omit-values=nulls")], "");
    checks.that("of a delta", delta.json()["value"][0].get("ReleaseDate").is_some(), || delta.text().to_owned());
    checks.done();
}

#[test]
fn the_preferred_page_size_is_one_of_each_collection() {
    let (served, mut checks) = (Served::start(), Checks::default());
    let paged = |path: &str| served.send("GET", path, &[("Prefer", "maxpagesize=2")], "").json();
    let electronics = served.id("Categories", "Electronics");
    let of_one = paged(&format!("/Categories({electronics})?$expand=Products"));
    let set = paged("/Categories?$expand=Products");
    for category in [&of_one, &set["value"][0]] {
        let mut names: Vec<Json> = category["Products"].as_array().cloned().unwrap_or_default();
        checks.eq("a page", &names.len(), &2);
        let mut next = category["Products@odata.nextLink"].as_str().map(str::to_owned);
        while let Some(link) = next {
            let page = served.get(&link).json();
            names.extend(page["value"].as_array().cloned().unwrap_or_default());
            next = page["@odata.nextLink"].as_str().map(str::to_owned);
        }
        checks.eq("all of them", &names.len(), &5);
    }
    let narrowed = paged("/Categories?$expand=Products($filter=Price gt 0)");
    checks.eq("with options it is whole", &narrowed["value"][0]["Products"].as_array().map(Vec::len), &Some(5));
    checks.done();
}
