//! Section 7: the singleton and the set that nobody changes.

use crate::support::{Checks, Served};

#[test]
fn the_company_is_read_and_changed_but_neither_made_nor_deleted() {
    let (served, mut checks) = (Served::start(), Checks::default());
    let company = served.get("/Company");
    checks.status("GET", &company, 200);
    checks.eq("context", &company.json()["@odata.context"], &format!("{}/$metadata#Company", served.root()));
    checks.eq("Name", &company.json()["Name"], &"TechStore Inc.");
    let head = served.send("HEAD", "/Company", &[], "");
    checks.status("HEAD", &head, 200);
    checks.eq("HEAD", &head.body.len(), &0);
    for method in ["POST", "DELETE"] {
        let answer = served.json(method, "/Company", "{}");
        checks.error(method, &answer, 405);
        let allow = answer.header("Allow").unwrap_or_default();
        checks.that(method, allow.contains("GET") && allow.contains("PATCH"), || allow.to_owned());
    }
    checks.status("PATCH", &served.json("PATCH", "/Company", r#"{"CEO":"x","UpdatedAt":"2001-01-01T00:00:00Z"}"#), 204);
    let patched = served.get("/Company").json();
    checks.eq("CEO", &patched["CEO"], &"x");
    checks.eq("Website", &patched["Website"], &"https://techstore.example.com");
    checks.that("UpdatedAt is made", !patched["UpdatedAt"].as_str().unwrap_or_default().starts_with("2001"), || {
        patched.to_string()
    });
    checks.status("PUT", &served.json("PUT", "/Company", r#"{"Name":"n","CEO":"y"}"#), 204);
    let put = served.get("/Company").json();
    for name in ["HeadQuarter", "Website"] {
        checks.eq(name, &put[name], &"");
    }
    checks.eq("Founded", &put["Founded"], &0);
    checks.eq("ID", &put["ID"], &company.json()["ID"]);
    checks.eq("Version", &put["Version"], &3);
    checks.error("PUT without a name", &served.json("PUT", "/Company", r#"{"CEO":"y"}"#), 400);
    for (method, path, body, status) in [
        ("GET", "/Company/Name", "", 200),
        ("PUT", "/Company/Name", r#"{"value":"N"}"#, 204),
        ("PUT", "/Company/Name", r#"{"value":null}"#, 400),
        ("DELETE", "/Company/Name", "", 400),
        ("DELETE", "/Company/Logo", "", 204),
        ("GET", "/Company/Logo", "", 204),
        ("PUT", "/Company/Logo", r#"{"value":"AQID"}"#, 204),
        ("GET", "/Company/Name/$value", "", 200),
        ("GET", "/Company?$select=Name,CEO", "", 200),
        ("GET", "/Company/Unknown", "", 404),
        ("GET", "/Company(1)", "", 400),
        ("GET", "/Company/$count", "", 400),
    ] {
        let what = format!("{method} {path} {body}");
        let answer = served.json(method, path, body);
        if status == 400 && matches!(answer.status, 404) {
            continue;
        }
        checks.answered(&what, &answer, status);
    }
    let full = served.send("GET", "/Company", &[("Accept", "application/json;odata.metadata=full")], "").json();
    checks.eq("@odata.id", &full["@odata.id"], &format!("{}/Company", served.root()));
    checks.done();
}

#[test]
fn read_only_items_refuse_every_change_first_of_all() {
    let (served, mut checks) = (Served::start(), Checks::default());
    let item = format!("/ReadOnlyItems({})", served.id("ReadOnlyItems", "Read-only item A"));
    let unknown = "/ReadOnlyItems(33333333-3333-3333-3333-333333333333)".to_owned();
    for body in [r#"{"Name":"n"}"#, "not JSON", ""] {
        for (method, path) in [
            ("POST", &"/ReadOnlyItems".to_owned()),
            ("PATCH", &item),
            ("PUT", &item),
            ("DELETE", &item),
            ("PATCH", &unknown),
            ("PUT", &unknown),
            ("DELETE", &unknown),
        ] {
            let answer = served.json(method, path, body);
            checks.error(&format!("{method} {path}"), &answer, 405);
            checks.that(method, answer.header("Allow").is_some_and(|allow| allow.contains("GET")), || {
                format!("{:?}", answer.headers)
            });
        }
    }
    let untyped = served.send("POST", "/ReadOnlyItems", &[("Content-Type", "text/plain")], "x");
    checks.error("before the type of the body", &untyped, 405);
    let property = served.json("PUT", &format!("{item}/Name"), r#"{"value":"n"}"#);
    checks.error("a property", &property, 405);
    checks.eq("unchanged", &served.get("/ReadOnlyItems/$count").text(), &"2");
    checks.done();
}
