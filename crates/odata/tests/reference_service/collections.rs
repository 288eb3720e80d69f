//! Changes of whole collections: of each of their members, change by change, and all at once (OData 4.01 part 1, 11.4.6 and
//! 11.4.12 to 11.4.15).

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

#[test]
fn a_collection_is_changed_by_a_delta_payload() {
    let (served, mut checks) = (Served::start(), Checks::default());
    let laptop = served.id("Products", "Laptop");
    let mug = served.product("Coffee Mug");
    let body = format!(
        r##"{{"@context":"#$delta","value":[
            {{"ID":"{laptop}","Rating":7,"Category":{{"@id":"Categories({})"}}}},
            {{"Name":"Kettle","Price":40}},
            {{"@removed":{{"reason":"deleted"}},"@id":"{}{mug}"}}]}}"##,
        served.id("Categories", "Kitchen"),
        served.root()
    );
    checks.status("PATCH", &served.json("PATCH", "/Products", &body), 204);
    checks.names(&served, "/Products?$filter=Rating eq 7", &["Laptop"]);
    checks.names(&served, "/Products?$filter=Category/Name eq 'Kitchen'", &["Laptop"]);
    checks.names(&served, "/Products?$filter=Name eq 'Kettle'", &["Kettle"]);
    checks.error("it is gone", &served.get(&mug), 404);
    let prefer = [("Content-Type", "application/json"), ("Prefer", "return=representation")];
    let body = format!(r#"{{"value":[{{"ID":"{laptop}","Rating":8}},{{"Name":"Jug","Price":9}}]}}"#);
    let shown = served.send("PATCH", "/Products", &prefer, &body);
    checks.status("shown", &shown, 200);
    checks.eq("context", &shown.json()["@odata.context"], &format!("{}/$metadata#Products/$delta", served.root()));
    checks.eq("in order", &shown.names(), &["Laptop", "Jug"]);
    checks.eq("versioned", &shown.json()["value"][0]["Version"], &3);
    let descriptions = format!("/Products({laptop})/Descriptions");
    let body = r#"{"value":[{"LanguageKey":"SV","Description":"dator"},{"@removed":{},"LanguageKey":"DE"},
        {"LanguageKey":"EN","Description":"new"}]}"#;
    checks.status("below, keys implied", &served.json("PATCH", &descriptions, body), 204);
    let found = served.get(&format!("{descriptions}?$orderby=LanguageKey"));
    checks.eq("languages", &found.each("LanguageKey"), &vec![Json::from("EN"), Json::from("SV")]);
    checks.eq("changed", &found.each("Description")[0], &"new");
    let related = format!("/Products({laptop})/RelatedProducts");
    let chair = served.product("Office Chair");
    let add = format!(r#"{{"value":[{{"@id":"{}{chair}"}},{{"Name":"Mat","Price":2}}]}}"#, served.root());
    checks.status("linked", &served.json("PATCH", &related, &add), 204);
    checks.names(&served, &related, &["Office Chair", "Mat"]);
    let remove = format!(r#"{{"value":[{{"@removed":{{"reason":"changed"}},"@id":"{}{chair}"}}]}}"#, served.root());
    checks.status("unlinked", &served.json("PATCH", &related, &remove), 204);
    checks.names(&served, &related, &["Mat"]);
    checks.status("but there", &served.get(&chair), 200);
    checks.done();
}

#[test]
fn changes_of_a_collection_are_done_or_undone_or_told() {
    let (served, mut checks) = (Served::start(), Checks::default());
    let laptop = served.id("Products", "Laptop");
    let nobody = "33333333-3333-3333-3333-333333333333";
    let good = format!(r#"{{"ID":"{laptop}","Rating":7}}"#);
    for (bad, status, target) in [
        (format!(r#"{{"ID":"{nobody}","Rating":1}}"#), 404, "value/1"),
        (r#"{"Name":"x"}"#.to_owned(), 400, "value/1/Price"),
        (format!(r#"{{"ID":"{laptop}","CategoryID":"{nobody}"}}"#), 400, "value/1/CategoryID"),
        (format!(r#"{{"ID":"{laptop}","@etag":"W/\"7\"","Rating":1}}"#), 412, "value/1/@odata.etag"),
        (r#"{"Name":"x","Price":1,"@etag":"*"}"#.to_owned(), 412, "value/1/@odata.etag"),
        (format!(r#"{{"@removed":{{}},"ID":"{nobody}"}}"#), 404, "value/1"),
        (format!(r#"{{"@removed":{{}},"ID":"{laptop}","@etag":"W/\"7\""}}"#), 412, "value/1/@odata.etag"),
        (format!(r#"{{"@id":"Products({nobody})"}}"#), 400, "value/1"),
        (
            format!(r##"{{"@type":"#ComplianceService.Product","ID":"{laptop}","Rating":1}}"##),
            400,
            "value/1/@odata.type",
        ),
    ] {
        let answer = served.json("PATCH", "/Products", &format!(r#"{{"value":[{good},{bad}]}}"#));
        checks.error(&bad, &answer, status);
        checks.eq(&bad, &answer.json()["error"]["target"], &target);
        checks.names(&served, "/Products?$filter=Rating eq 7", &[]);
    }
    let prefer = [("Content-Type", "application/json"), ("Prefer", "continue-on-error")];
    let body = format!(
        r#"{{"value":[{{"Name":"x"}},{good},{{"ID":"{laptop}","@etag":"W/\"7\"","Rating":1}},{{"@removed":{{}},"ID":"{nobody}"}}]}}"#
    );
    let answer = served.send("PATCH", "/Products", &prefer, &body);
    checks.status("goes on", &answer, 200);
    checks.header("goes on", &answer, "Preference-Applied", Some("continue-on-error=true"));
    let value = &answer.json()["value"];
    let failed = |place: usize| value[place]["@Org.OData.Core.V1.DataModificationException"].clone();
    checks.eq(
        "insert",
        &(failed(0)["failedOperation"].clone(), failed(0)["responseCode"].clone()),
        &("insert".into(), 400.into()),
    );
    checks.that("a new one is a removed one", value[0]["@removed"].is_object(), || value[0].to_string());
    checks.eq("done", &(failed(1), value[1]["Rating"].clone()), &(Json::Null, 7.into()));
    checks.eq(
        "update",
        &(failed(2)["failedOperation"].clone(), value[2]["Rating"].clone()),
        &("update".into(), 7.into()),
    );
    checks.eq(
        "delete",
        &(failed(3)["failedOperation"].clone(), failed(3)["responseCode"].clone()),
        &("delete".into(), 404.into()),
    );
    checks.names(&served, "/Products?$filter=Rating eq 7", &["Laptop"]);
    checks.error("read only", &served.json("PATCH", "/ReadOnlyItems", r#"{"value":[]}"#), 405);
    checks.error(
        "of a type",
        &served.json("PATCH", "/Products/ComplianceService.SpecialProduct", r#"{"value":[]}"#),
        405,
    );
    checks.error("no changes", &served.json("PATCH", "/Products", r#"{"Name":"x"}"#), 405);
    checks.done();
}

#[test]
fn a_collection_is_replaced_whole() {
    let (served, mut checks) = (Served::start(), Checks::default());
    let laptop = served.product("Laptop");
    let below = format!("{laptop}/Descriptions");
    let languages = || served.get(&below).each("LanguageKey");
    let body = r#"{"value":[{"LanguageKey":"EN","Description":"one"},{"LanguageKey":"SV","Description":"två"}]}"#;
    checks.status("below an entity", &served.json("PUT", &below, body), 204);
    checks.eq("below an entity", &languages(), &["EN", "SV"]);
    let english = served.get(&below).json()["value"][0].clone();
    checks.that("what is there is replaced", english["LongText"].is_null(), || english.to_string());
    let prefer = [("Content-Type", "application/json"), ("Prefer", "return=representation")];
    let shown = served.send("PUT", &below, &prefer, r#"{"value":[{"LanguageKey":"DE","Description":"zwei"}]}"#);
    checks.status("shown", &shown, 200);
    checks.eq("shown", &shown.each("Description"), &["zwei"]);
    checks.eq("context", &shown.json()["@odata.context"], &format!("{}/$metadata#ProductDescriptions", served.root()));
    for bad in [
        r#"{"value":[{"LanguageKey":"EN","Description":"one"},{"LanguageKey":"EN"}]}"#,
        r#"{"value":[{"LanguageKey":"ENG","Description":"one"}]}"#,
        r#"{"value":[{"@id":"Products(33333333-3333-3333-3333-333333333333)"}]}"#,
        r#"{"value":[{"@removed":{},"LanguageKey":"DE"}]}"#,
    ] {
        checks.error(bad, &served.json("PUT", &below, bad), 400);
        checks.eq(bad, &languages(), &["DE"]);
    }
    let id = &laptop[10..46];
    let body = format!(
        r#"{{"value":[{{"ID":"{id}","Name":"Only","Price":1,"ShippingAddress":{{"City":"Oslo"}}}},{{"Name":"New","Price":2}}]}}"#
    );
    checks.status("a set", &served.json("PUT", "/Products", &body), 204);
    checks.names(&served, "/Products", &["Only", "New"]);
    let only = served.get(&laptop).json();
    checks.eq("of its type still", &only["ProductType"], &"SpecialProduct");
    checks.eq("defaults", &(only["Rating"].clone(), only["ShippingAddress"]["Street"].clone()), &(0.into(), "".into()));
    checks.eq("what is gone takes its own with it", &served.get("/ProductDescriptions").each("LanguageKey"), &["DE"]);
    checks.error("an entity", &served.json("PUT", "/Products", r#"{"Name":"x","Price":1}"#), 405);
    checks.error("read-only", &served.json("PUT", "/ReadOnlyItems", r#"{"value":[]}"#), 405);
    checks.done();
}

#[test]
fn references_of_a_collection_are_replaced_whole() {
    let (served, mut checks) = (Served::start(), Checks::default());
    let laptop = served.product("Laptop");
    let related = format!("{laptop}/RelatedProducts");
    let put = |names: &[&str]| {
        let items = names.iter().map(|name| format!(r#"{{"@id":"{}"}}"#, served.product(name).trim_start_matches('/')));
        let body = format!(r#"{{"value":[{}]}}"#, items.collect::<Vec<_>>().join(","));
        served.json("PUT", &format!("{related}/$ref"), &body)
    };
    checks.status("two", &put(&["Smartphone", "Coffee Mug"]), 204);
    checks.status("another two", &put(&["Coffee Mug", "Office Chair"]), 204);
    checks.names(&served, &related, &["Coffee Mug", "Office Chair"]);
    let unknown = r#"{"value":[{"@id":"Products(33333333-3333-3333-3333-333333333333)"}]}"#;
    checks.error("unknown", &served.json("PUT", &format!("{related}/$ref"), unknown), 400);
    checks.names(&served, &related, &["Coffee Mug", "Office Chair"]);
    checks.status("none", &put(&[]), 204);
    checks.names(&served, &related, &[]);
    let kitchen = format!("/Categories({})/Products/$ref", served.id("Categories", "Kitchen"));
    let body = format!(r#"{{"value":[{{"@id":"{}"}}]}}"#, laptop.trim_start_matches('/'));
    checks.status("by their key", &served.json("PUT", &kitchen, &body), 204);
    checks.names(&served, "/Products?$filter=Category/Name eq 'Kitchen'", &["Laptop"]);
    checks.names(&served, "/Products?$filter=CategoryID eq null", &["Coffee Mug"]);
    checks.done();
}
