//! Changes of whole collections: of each of their members (OData 4.01 part 1, 11.4.13 and 11.4.14).

use serde_json::Value as Json;

use crate::support::{Checks, Served};

#[test]
fn every_member_of_a_collection_is_changed() {
    let (served, mut checks) = (Served::start(), Checks::default());
    let url = "/Products/$filter(@f)/$each?@f=Price lt 30";
    checks.status("PATCH", &served.json("PATCH", url, r#"{"Rating":9,"ShippingAddress":{"City":"Bergen"}}"#), 204);
    checks.names(&served, "/Products?$filter=Rating eq 9", &["Wireless Mouse", "Coffee Mug"]);
    let mug = served.get(&served.product("Coffee Mug")).json();
    checks.eq("merged", &mug["ShippingAddress"]["City"], &"Bergen");
    checks.eq("versioned", &mug["@odata.etag"], &"W/\"2\"");
    let prefer = [("Content-Type", "application/json"), ("Prefer", "return=representation")];
    let special = "/Products/ComplianceService.SpecialProduct/$each";
    let shown = served.send("PATCH", &format!("{special}?$select=Name,Rating"), &prefer, r#"{"SpecialFeature":"x"}"#);
    checks.status("shown", &shown, 200);
    let context = format!("{}/$metadata#Products/ComplianceService.SpecialProduct(Name,Rating)", served.root());
    checks.eq("context", &shown.json()["@odata.context"], &context);
    checks.eq("members", &shown.names(), &["Laptop", "Premium Laptop Pro", "Gaming Mouse Ultra"]);
    let category = served.id("Categories", "Kitchen");
    let below = format!("/Categories({category})/Products/$each");
    checks.status("below an entity", &served.json("PATCH", &below, r#"{"Rating":1}"#), 204);
    checks.names(&served, "/Products?$filter=Rating eq 1", &["Coffee Mug"]);
    checks.status("none", &served.json("PATCH", "/Products/$filter(false)/$each", r#"{"Rating":1}"#), 204);
    checks.done();
}

#[test]
fn all_members_are_changed_or_none() {
    let (served, mut checks) = (Served::start(), Checks::default());
    let before = served.get("/Products").json();
    let json = ("Content-Type", "application/json");
    let some = [json, ("If-Match", "W/\"7\"")];
    checks.error("conditions", &served.send("PATCH", "/Products/$each", &some, r#"{"Rating":1}"#), 412);
    checks.error("conditions", &served.send("DELETE", "/Products/$each", &[("If-Match", "W/\"7\"")], ""), 412);
    checks.error("unique names", &served.json("PATCH", "/Categories/$each", r#"{"Name":"same"}"#), 409);
    checks.names(&served, "/Categories", &["Electronics", "Kitchen", "Furniture"]);
    for (method, url, body, status) in [
        ("PATCH", "/Products/$each", r#"{"Price":"x"}"#, 400),
        ("PATCH", "/Products/$each", r#"{"Nothing":1}"#, 400),
        ("PATCH", "/Products/$each", "[]", 400),
        ("PATCH", "/Products/$each", "", 400),
        ("PATCH", "/Products/$each?$top=1", r#"{"Rating":1}"#, 400),
        ("PATCH", "/Products/$filter(Nothing eq 1)/$each", r#"{"Rating":1}"#, 400),
        ("PATCH", "/Company/$each", "{}", 400),
        ("PATCH", "/Nothing/$each", "{}", 404),
        ("GET", "/Products/$each", "", 405),
        ("POST", "/Products/$each", "{}", 405),
        ("PUT", "/Products/$each", "{}", 405),
        ("PATCH", "/ReadOnlyItems/$each", "{}", 405),
        ("DELETE", "/ReadOnlyItems/$each", "", 405),
        ("DELETE", "/Products/$each?$filter=Price lt 1", "", 400),
        ("DELETE", "/Categories(33333333-3333-3333-3333-333333333333)/Products/$each", "", 404),
    ] {
        checks.error(&format!("{method} {url} {body}"), &served.json(method, url, body), status);
    }
    checks.header("OPTIONS", &served.send("OPTIONS", "/Products/$each", &[], ""), "Allow", Some("PATCH, DELETE"));
    checks.eq("nothing has changed", &served.get("/Products").json(), &before);
    checks.done();
}

#[test]
fn every_member_of_a_collection_is_deleted() {
    let (served, mut checks) = (Served::start(), Checks::default());
    let laptop = served.product("Laptop");
    let cheap = "/Products/$filter(Price lt 30)/$each";
    checks.status("DELETE", &served.send("DELETE", cheap, &[], ""), 204);
    checks.eq("they are gone", &served.get("/Products/$count").text(), &"5");
    checks.status("below", &served.send("DELETE", &format!("{laptop}/Descriptions/$each"), &[], ""), 204);
    checks.eq("only those", &served.get("/ProductDescriptions/$count?$filter=Product/Name eq 'Laptop'").text(), &"0");
    checks.that("others are there", served.get("/ProductDescriptions/$count").text() != "0", String::new);
    checks.status("all", &served.send("DELETE", "/Products/$each", &[], ""), 204);
    checks.eq("none is left", &served.get("/Products").json()["value"], &Json::from(Vec::<Json>::new()));
    checks.done();
}

#[test]
fn a_filter_in_the_path_is_no_part_of_an_id() {
    let (served, mut checks) = (Served::start(), Checks::default());
    let full = "$format=application/json;odata.metadata=full";
    let mug = served.product("Coffee Mug");
    for url in ["/Products/$filter(Price lt 20)", "/Categories/$filter(Name eq 'Kitchen')?$expand=Products"] {
        let separator = if url.contains('?') { '&' } else { '?' };
        let found = served.get(&format!("{url}{separator}{full}")).json();
        let value = &found["value"][0];
        let product = if value["Products"].is_array() { &value["Products"][0] } else { value };
        checks.eq(url, &product["@odata.id"], &format!("{}{mug}", served.root()));
    }
    checks.done();
}
