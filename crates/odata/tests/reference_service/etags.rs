//! Section 4: entity tags and conditional requests.

use crate::support::{Checks, Served};

#[test]
fn products_and_the_company_have_entity_tags_that_follow_version() {
    let (served, mut checks) = (Served::start(), Checks::default());
    let laptop = served.product("Laptop");
    for path in [laptop.as_str(), "/Company"] {
        let answer = served.get(path);
        let etag = answer.header("ETag").map(str::to_owned);
        checks.that(path, etag.is_some(), || "no ETag".to_owned());
        checks.eq(path, &answer.json()["@odata.etag"].as_str().map(str::to_owned), &etag);
        checks.status("PATCH", &served.json("PATCH", path, r#"{"Name":"x"}"#), 204);
        let changed = served.get(path);
        checks.that(path, changed.header("ETag").map(str::to_owned) != etag, || format!("{etag:?} still"));
        checks.eq(path, &changed.json()["Version"], &2);
    }
    for set in ["Categories", "ProductDescriptions", "MediaItems", "ReadOnlyItems", "DecimalSamples"] {
        let first = &served.get(&format!("/{set}")).json()["value"][0];
        checks.that(set, first.get("@odata.etag").is_none(), || first.to_string());
    }
    checks.that(
        "in a collection",
        served.get("/Products").each("@odata.etag").iter().all(serde_json::Value::is_string),
        String::new,
    );
    checks.done();
}

#[test]
fn reads_are_conditional() {
    let (served, mut checks) = (Served::start(), Checks::default());
    let laptop = served.product("Laptop");
    let etag = served.get(&laptop).header("ETag").unwrap_or_default().to_owned();
    let with = |name: &str, value: &str| served.send("GET", &laptop, &[(name, value)], "");
    checks.status("If-None-Match", &with("If-None-Match", &etag), 304);
    checks.status("If-None-Match *", &with("If-None-Match", "*"), 304);
    checks.status("another", &with("If-None-Match", "W/\"other\""), 200);
    checks.status("several", &with("If-None-Match", &format!("W/\"other\", {etag}")), 304);
    checks.status("If-Match", &with("If-Match", &etag), 200);
    checks.error("If-Match of another", &with("If-Match", "W/\"other\""), 412);
    checks.error("malformed", &with("If-Match", "other"), 400);
    let not_modified = with("If-None-Match", &etag);
    checks.eq("304 has no body", &not_modified.body.len(), &0);
    checks.header("304 has the tag", &not_modified, "ETag", Some(&etag));
    checks.status("HEAD", &served.send("HEAD", &laptop, &[("If-None-Match", &etag)], ""), 304);
    checks.status("a property", &served.send("GET", &format!("{laptop}/Name"), &[("If-None-Match", &etag)], ""), 304);
    checks.done();
}

#[test]
fn changes_are_conditional_but_need_no_condition() {
    let (served, mut checks) = (Served::start(), Checks::default());
    let body = r#"{"Name":"x","Price":1}"#;
    for (method, suffix, body) in [
        ("PATCH", "", body),
        ("PUT", "", body),
        ("PUT", "/Name", r#"{"value":"y"}"#),
        ("PATCH", "/ShippingAddress", r#"{"City":"z"}"#),
        ("DELETE", "/Description", ""),
        ("PUT", "/Photo", "1"),
        ("POST", "/ComplianceService.ApplyDiscount", r#"{"percentage":1}"#),
        ("POST", "/ComplianceService.Activate", "{}"),
        ("DELETE", "/Category/$ref", ""),
        ("DELETE", "", ""),
    ] {
        let laptop = served.product("Wireless Mouse");
        let path = format!("{laptop}{suffix}");
        let what = format!("{method} {suffix}");
        let etag = served.get(&laptop).header("ETag").unwrap_or_default().to_owned();
        let with = |name: &str, value: &str| {
            served.send(method, &path, &[("Content-Type", "application/json"), (name, value)], body)
        };
        checks.error(&what, &with("If-Match", "W/\"other\""), 412);
        checks.error(&what, &with("If-None-Match", "*"), 412);
        checks.header(&what, &served.get(&laptop), "ETag", Some(&etag));
        let done = with("If-Match", &etag);
        checks.that(&what, matches!(done.status, 200 | 204), || format!("{} {}", done.status, done.text()));
        if done.status == 204 && method != "DELETE" {
            let now = served.get(&laptop);
            checks.that(&what, done.header("ETag") == now.header("ETag"), || {
                format!("{:?} {:?}", done.headers, now.headers)
            });
        }
        let restore = served.json("POST", "/Reseed", "");
        checks.status("Reseed", &restore, 200);
    }
    let chair = served.product("Office Chair");
    checks.status(
        "If-Match *",
        &served.send("PATCH", &chair, &[("Content-Type", "application/json"), ("If-Match", "*")], body),
        204,
    );
    let unknown = "/Products(33333333-3333-3333-3333-333333333333)";
    let with = [("Content-Type", "application/json"), ("If-Match", "*")];
    let answer = served.send("PATCH", unknown, &with, body);
    checks.that("what does not exist", matches!(answer.status, 404 | 412), || answer.status.to_string());
    checks.done();
}

#[test]
fn every_change_counts() {
    let (served, mut checks) = (Served::start(), Checks::default());
    let laptop = served.product("Laptop");
    let kitchen = served.id("Categories", "Kitchen");
    let mut wanted = 1;
    for (method, path, body) in [
        ("PATCH", laptop.clone(), r#"{"Version":77,"Rating":1}"#.to_owned()),
        ("PUT", format!("{laptop}/Category/$ref"), format!(r#"{{"@odata.id":"Categories({kitchen})"}}"#)),
        ("PUT", format!("{laptop}/Photo"), "1".to_owned()),
        ("POST", format!("{laptop}/ApplyDiscount"), r#"{"percentage":10}"#.to_owned()),
        ("POST", format!("{laptop}/IncreasePrice"), r#"{"amount":10}"#.to_owned()),
        ("POST", format!("{laptop}/Activate"), String::new()),
        ("POST", "/Process".to_owned(), r#"{"percentage":10}"#.to_owned()),
        ("POST", "/ResetAllPrices".to_owned(), String::new()),
        ("PUT", laptop.clone(), r#"{"Name":"Laptop","Price":1}"#.to_owned()),
    ] {
        let answer = served.json(method, &path, &body);
        checks.that(&path, matches!(answer.status, 200 | 204), || answer.text().to_owned());
        wanted += 1;
        checks.eq(&path, &served.get(&laptop).json()["Version"], &wanted);
    }
    for (path, body) in [
        (format!("{laptop}/CalculateDiscount"), r#"{"percentage":10}"#),
        ("/Products/MarkAllAsReviewed".to_owned(), ""),
    ] {
        let answer = served.json("POST", &path, body);
        checks.that(&path, matches!(answer.status, 200 | 204), || answer.text().to_owned());
        checks.eq(&path, &served.get(&laptop).json()["Version"], &wanted);
    }
    checks.done();
}

#[test]
fn an_entity_tag_in_a_body_of_4_01_is_a_condition() {
    let (served, mut checks) = (Served::start(), Checks::default());
    let laptop = served.product("Laptop");
    let send = |version: &str, body: &str| {
        let mut headers = vec![("Content-Type", "application/json")];
        headers.extend(Some(("OData-Version", version)).filter(|_| !version.is_empty()));
        served.send("PATCH", &laptop, &headers, body)
    };
    for name in ["@etag", "@odata.etag"] {
        let stale = format!(r#"{{"{name}":"W/\"99\"","Rating":1}}"#);
        checks.error(name, &send("4.01", &stale), 412);
    }
    checks.status("any", &send("4.01", r#"{"@etag":"*","Rating":1}"#), 204);
    checks.status("the present one", &send("4.01", r#"{"@etag":"W/\"2\"","Rating":2}"#), 204);
    for version in ["4.0", ""] {
        checks.status("told back", &send(version, r#"{"@odata.etag":"W/\"1\"","Rating":3}"#), 204);
    }
    checks.done();
}
