//! Headers, formats, metadata levels, preferences, errors, methods (OData 4.01 part 1; JSON format 4.01).

use crate::support::{Checks, Served};

#[test]
fn formats_are_negotiated() {
    let (served, mut checks) = (Served::start(), Checks::default());
    let get = |path: &str, accept: &str| served.send("GET", path, &[("Accept", accept)], "");
    for (accept, wanted) in [
        ("application/json", "application/json;odata.metadata=minimal"),
        ("*/*", "application/json;odata.metadata=minimal"),
        ("application/*", "application/json;odata.metadata=minimal"),
        ("application/json;odata.metadata=minimal", "application/json;odata.metadata=minimal"),
        ("application/json;odata.metadata=full", "application/json;odata.metadata=full"),
        ("application/json;odata.metadata=none", "application/json;odata.metadata=none"),
        ("application/json;metadata=full", "application/json;odata.metadata=full"),
        ("application/json;IEEE754Compatible=true", "application/json;odata.metadata=minimal;IEEE754Compatible=true"),
        ("application/json;odata.streaming=true", "application/json;odata.metadata=minimal;odata.streaming=true"),
        ("application/json;charset=utf-8", "application/json;odata.metadata=minimal;charset=utf-8"),
        ("text/html, application/json;q=0.5", "application/json;odata.metadata=minimal"),
        ("application/json;q=0.1, application/json;odata.metadata=none", "application/json;odata.metadata=none"),
        ("application/xml, */*;q=0.1", "application/json;odata.metadata=minimal"),
    ] {
        let answer = get("/Products?$top=1", accept);
        checks.status(accept, &answer, 200);
        checks.header(accept, &answer, "Content-Type", Some(wanted));
    }
    for accept in [
        "text/html",
        "application/xml",
        "application/atom+xml",
        "application/json;odata.metadata=some",
        "application/json;q=0",
        "image/*",
    ] {
        checks.error(accept, &get("/Products", accept), 406);
        checks.error(accept, &get("/", accept), 406);
    }
    for (format, wanted) in [
        ("json", Some("minimal")),
        ("application/json", Some("minimal")),
        ("application/json;odata.metadata=full", Some("full")),
        ("application/json;odata.metadata=none", Some("none")),
        ("JSON", Some("minimal")),
        ("xml", None),
        ("atom", None),
        ("text/plain", None),
    ] {
        let answer = get(&format!("/Products?$format={format}"), "text/html");
        match wanted {
            Some(level) => {
                checks.status(format, &answer, 200);
                let level = format!("application/json;odata.metadata={level}");
                checks.header(format, &answer, "Content-Type", Some(&level));
            }
            None => checks.error(format, &answer, 406),
        }
    }
    let mug = served.product("Coffee Mug");
    let raw = get(&format!("{mug}/Name/$value"), "*/*");
    checks.that("raw", raw.header("Content-Type").is_some_and(|ty| ty.starts_with("text/plain")), || {
        format!("{:?}", raw.headers)
    });
    checks.eq("raw", &raw.text(), &"Coffee Mug");
    checks.status("raw as text", &get(&format!("{mug}/Name/$value"), "text/plain"), 200);
    checks.status("count as text", &get("/Products/$count", "text/plain"), 200);
    checks.done();
}

#[test]
fn bodies_are_taken_as_json_only() {
    let (served, mut checks) = (Served::start(), Checks::default());
    let laptop = served.product("Laptop");
    let body = r#"{"Price":1}"#;
    for (content_type, status) in [
        ("application/json", 204),
        ("application/json;charset=utf-8", 204),
        ("application/json; odata.metadata=minimal", 204),
        ("application/json;IEEE754Compatible=false", 204),
        ("application/json;odata.streaming=true", 204),
        ("text/plain", 415),
        ("application/xml", 415),
        ("application/json;charset=utf-16", 415),
        ("nonsense", 415),
    ] {
        let answer = served.send("PATCH", &laptop, &[("Content-Type", content_type)], body);
        checks.answered(content_type, &answer, status);
    }
    checks.error("no type", &served.send("PATCH", &laptop, &[], body), 415);
    checks.error(
        "encoded",
        &served.send("PATCH", &laptop, &[("Content-Type", "application/json"), ("Content-Encoding", "gzip")], body),
        415,
    );
    for bad in [
        "",
        "{",
        "null",
        "1",
        "\"x\"",
        "{\"Price\":}",
        "{\"Price\":1,}",
        "{'Price':1}",
        "{\"Price\":01}",
        "{} {}",
        "{\"Price\":NaN}",
    ] {
        checks.error(bad, &served.json("PATCH", &laptop, bad), 400);
    }
    checks.status("nothing to change", &served.json("PATCH", &laptop, "{}"), 204);
    checks.status(
        "annotations are ignored",
        &served.json("PATCH", &laptop, r#"{"@odata.context":"x","@my.term":1,"Price@my.term":2,"Price":3}"#),
        204,
    );
    checks.status(
        "unknown headers",
        &served.send("GET", "/Products", &[("X-Unknown", "1"), ("OData-Unknown", "2")], ""),
        200,
    );
    checks.done();
}

#[test]
fn metadata_levels_say_more_or_less() {
    let (served, mut checks) = (Served::start(), Checks::default());
    let laptop = served.product("Laptop");
    let at = |level: &str, path: &str| {
        served.send("GET", path, &[("Accept", &format!("application/json;odata.metadata={level}"))], "").json()
    };
    let none = at("none", &laptop);
    checks.that("none", none.as_object().is_some_and(|all| all.keys().all(|name| !name.contains('@'))), || {
        none.to_string()
    });
    let page = served
        .send(
            "GET",
            "/Products?$count=true",
            &[("Accept", "application/json;odata.metadata=none"), ("Prefer", "maxpagesize=1")],
            "",
        )
        .json();
    checks.that(
        "count and next link stay",
        page["@odata.count"] == 7 && page["@odata.nextLink"].is_string() && page.get("@odata.context").is_none(),
        || page.to_string(),
    );
    let minimal = at("minimal", &laptop);
    checks.that(
        "minimal",
        minimal["@odata.context"].is_string()
            && minimal["@odata.etag"].is_string()
            && minimal.get("@odata.id").is_none(),
        || minimal.to_string(),
    );
    let full = at("full", &laptop);
    let url = format!("{}{laptop}", served.root());
    checks.eq("id", &full["@odata.id"], &url);
    checks.that("edit link", full["@odata.editLink"].is_string(), || full.to_string());
    checks.eq("type", &full["@odata.type"], &"#ComplianceService.SpecialProduct");
    checks.eq("navigation", &full["Category@odata.navigationLink"], &format!("{url}/Category"));
    checks.eq("association", &full["Category@odata.associationLink"], &format!("{url}/Category/$ref"));
    for (name, ty) in [
        ("ID", "#Guid"),
        ("Rating", "#Byte"),
        ("CreatedAt", "#DateTimeOffset"),
        ("Weight", "#Single"),
        ("Quantity", "#Int16"),
    ] {
        checks.eq(name, &full[format!("{name}@odata.type")], &ty);
    }
    checks.that(
        "no types where JSON tells",
        full.get("Name@odata.type").is_none() && full.get("Price@odata.type").is_none(),
        || full.to_string(),
    );
    checks.eq("enumeration", &full["Status@odata.type"], &"#ComplianceService.ProductStatus");
    checks.eq("complex", &full["ShippingAddress"]["@odata.type"], &"#ComplianceService.Address");
    checks.that(
        "actions",
        full["#ComplianceService.ApplyDiscount"]["target"].as_str().is_some_and(|target| target.starts_with(&url)),
        || full.to_string(),
    );
    checks.eq("of a value", &at("full", &format!("{laptop}/CreatedAt"))["@odata.type"], &"#DateTimeOffset");
    checks.that("of a text", at("full", &format!("{laptop}/Name")).get("@odata.type").is_none(), String::new);
    checks.that("in a collection", at("full", "/Products")["value"][1]["@odata.id"].is_string(), String::new);
    checks.done();
}

#[test]
fn preferences_are_kept_and_told() {
    let (served, mut checks) = (Served::start(), Checks::default());
    let body = r#"{"Name":"n","Price":1}"#;
    let send = |method: &str, path: &str, prefer: &str, body: &str| {
        served.send(method, path, &[("Content-Type", "application/json"), ("Prefer", prefer)], body)
    };
    let made = send("POST", "/Products", "return=minimal", body);
    checks.status("POST minimal", &made, 204);
    checks.header("POST minimal", &made, "Preference-Applied", Some("return=minimal"));
    let entity = made.header("OData-EntityId").unwrap_or_default().to_owned();
    checks.header("POST minimal", &made, "Location", Some(&entity));
    checks.status("it is there", &served.get(&entity), 200);
    let path = entity.replace(&served.root(), "");
    let whole = send("POST", "/Products", "return=representation", body);
    checks.status("POST representation", &whole, 201);
    checks.header("POST representation", &whole, "Preference-Applied", Some("return=representation"));
    for method in ["PATCH", "PUT"] {
        let plain = served.json(method, &path, body);
        checks.status(method, &plain, 204);
        checks.header(method, &plain, "Preference-Applied", None);
        let whole = send(method, &path, "return=representation", body);
        checks.status(method, &whole, 200);
        checks.eq(method, &whole.json()["Name"], &"n");
        checks.header(method, &whole, "Preference-Applied", Some("return=representation"));
        checks.header(method, &whole, "ETag", whole.json()["@odata.etag"].as_str());
        checks.status(method, &send(method, &path, "return=minimal", body), 204);
    }
    let selected = served.json("PATCH", &format!("{path}?$select=Name"), r#"{"Name":"m"}"#);
    checks.status("$select asks for a representation", &selected, 200);
    checks.that("and selects", selected.json().get("Price").is_none(), || selected.text().to_owned());
    let property = send("PUT", &format!("{path}/Name"), "return=representation", r#"{"value":"k"}"#);
    checks.status("a property", &property, 200);
    checks.eq("a property", &property.json()["value"], &"k");
    let both = send("GET", "/Products", "maxpagesize=2, omit-values=nulls", "");
    checks.that(
        "both",
        both.header("Preference-Applied")
            .is_some_and(|applied| applied.contains("maxpagesize=2") && applied.contains("omit-values=nulls")),
        || format!("{:?}", both.headers),
    );
    checks.eq("two", &both.names().len(), &2);
    for ignored in ["unknown", "return=everything", "maxpagesize=0", "maxpagesize=x", "handling=lenient"] {
        let answer = send("GET", "/Products", ignored, "");
        checks.status(ignored, &answer, 200);
        checks.header(ignored, &answer, "Preference-Applied", None);
    }
    checks.done();
}

#[test]
fn methods_that_do_not_fit_are_told() {
    let (served, mut checks) = (Served::start(), Checks::default());
    let laptop = served.product("Laptop");
    for (method, path) in [
        ("PUT", "/Products"),
        ("PATCH", "/Products"),
        ("DELETE", "/Products"),
        ("POST", laptop.as_str()),
        ("POST", "/$metadata"),
        ("DELETE", "/$metadata"),
        ("DELETE", "/"),
        ("PATCH", "/Products/$count"),
        ("POST", "/Products/$count"),
        ("PUT", "/GetProductStats"),
        ("GET", "/$batch"),
        ("POST", "/Company/Name"),
    ] {
        let answer = served.json(method, path, "{}");
        checks.error(&format!("{method} {path}"), &answer, 405);
        checks.that(path, answer.header("Allow").is_some(), || format!("{:?}", answer.headers));
    }
    for (path, wanted) in [("/Products", "POST"), (laptop.as_str(), "DELETE"), ("/Company", "PATCH")] {
        let options = served.send("OPTIONS", path, &[], "");
        checks.that(path, matches!(options.status, 200 | 204), || options.status.to_string());
        checks.that(path, options.header("Allow").is_some_and(|allow| allow.contains(wanted)), || {
            format!("{:?}", options.headers)
        });
    }
    for path in
        ["/", "/$metadata", "/Products", laptop.as_str(), "/Company/Name", "/Products/$count", "/GetProductStats"]
    {
        let (head, get) = (served.send("HEAD", path, &[], ""), served.get(path));
        checks.eq(path, &head.status, &get.status);
        checks.eq(path, &head.body.len(), &0);
        checks.eq(path, &head.header("Content-Type"), &get.header("Content-Type"));
        checks.eq(path, &head.header("Content-Length"), &get.header("Content-Length"));
    }
    checks.error(
        "HEAD of nothing",
        &{
            let mut answer = served.send("HEAD", "/Nothing", &[], "");
            answer.body = br#"{"error":{"code":"x","message":"y"}}"#.to_vec();
            answer
        },
        404,
    );
    let unknown = served.send("BREW", "/Products", &[], "");
    checks.that("an unknown method", matches!(unknown.status, 405 | 501), || unknown.status.to_string());
    checks.done();
}

#[test]
fn errors_are_whole_and_say_where() {
    let (served, mut checks) = (Served::start(), Checks::default());
    for (path, status) in [
        ("/Nothing", 404),
        ("/Products(33333333-3333-3333-3333-333333333333)", 404),
        ("/Products(33333333-3333-3333-3333-333333333333)/Name", 404),
        ("/Products(1)", 400),
        ("/Products('x')", 400),
        ("/Products()", 400),
        ("/Products(Nothing=1)", 400),
        ("/Products/$value", 400),
        ("/Products?$filter=x", 400),
        ("/Products?$unknown=1", 400),
        ("/Products/$nothing", 404),
        ("/Company/Name/Nothing", 404),
        ("/Company/Name/$count", 400),
        ("/Products/$count/Nothing", 404),
        ("/%zz", 400),
        ("/ProductDescriptions(LanguageKey='EN')", 400),
    ] {
        let answer = served.get(path);
        if status == 404 && answer.status == 400 || status == 400 && answer.status == 404 {
            checks.error(path, &answer, answer.status);
        } else {
            checks.error(path, &answer, status);
        }
        checks.that(path, answer.header("Content-Type").is_some_and(|ty| ty.starts_with("application/json")), || {
            format!("{:?}", answer.headers)
        });
        checks.that(path, answer.header("OData-Version").is_some(), || format!("{:?}", answer.headers));
        checks.eq(path, &answer.json().as_object().map(serde_json::Map::len), &Some(1));
    }
    checks.done();
}
