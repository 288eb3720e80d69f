//! Deep insert, properties by their own URLs, complex values, `$ref`, upserts (OData 4.01 part 1, 11.4).

use serde_json::Value as Json;

use crate::support::{Checks, Served};

#[test]
fn entities_are_made_with_what_is_inside_them() {
    let (served, mut checks) = (Served::start(), Checks::default());
    let body = r#"{"Name":"Toys","Products":[
        {"Name":"Ball","Price":5,"Descriptions":[{"LanguageKey":"EN","Description":"round"},{"LanguageKey":"DE","Description":"rund"}]},
        {"Name":"Kite","Price":9,"ShippingAddress":{"City":"Oslo"}}]}"#;
    let made = served.json("POST", "/Categories", body);
    checks.status("deep insert", &made, 201);
    let answer = made.json();
    checks.eq("the answer holds what was inside", &answer["Products"].as_array().map(Vec::len), &Some(2));
    let context = format!("{}/$metadata#Categories(Products(Descriptions()))/$entity", served.root());
    checks.eq("and says so", &answer["@odata.context"], &context);
    checks.names(&served, "/Products?$filter=Category/Name eq 'Toys'", &["Ball", "Kite"]);
    checks.eq("two below", &served.get(&format!("{}/Descriptions/$count", served.product("Ball"))).text(), &"2");
    checks.eq("defaults inside", &served.get(&served.product("Kite")).json()["ShippingAddress"]["Street"], &"");
    let counts = |served: &Served| {
        ["Categories", "Products", "ProductDescriptions"]
            .map(|set| served.get(&format!("/{set}/$count")).text().to_owned())
    };
    let before = counts(&served);
    for body in [
        r#"{"Name":"Bad","Products":[{"Name":"x"}]}"#,
        r#"{"Name":"Bad","Products":[{"Name":"x","Price":1},{"Name":"y","Price":"z"}]}"#,
        r#"{"Name":"Bad","Products":[{"Name":"x","Price":1,"Descriptions":[{"LanguageKey":"EN","Description":"a"},{"LanguageKey":"EN","Description":"b"}]}]}"#,
        r#"{"Name":"Bad","Products":{"Name":"x","Price":1}}"#,
    ] {
        let answer = served.json("POST", "/Categories", body);
        checks.that(body, matches!(answer.status, 400 | 409), || answer.text().to_owned());
        checks.eq(body, &counts(&served), &before);
    }
    let up = served.json("POST", "/Products", r#"{"Name":"p","Price":1,"Category":{"Name":"New"}}"#);
    checks.status("a single one", &up, 201);
    checks.names(&served, "/Categories?$filter=Products/any(p:p/Name eq 'p')", &["New"]);
    let linked = format!(
        r#"{{"Name":"q","Price":1,"RelatedProducts@odata.bind":["{}"]}}"#,
        served.product("Laptop").trim_start_matches('/')
    );
    let nested = served.json("POST", &format!("/Categories({})/Products", served.id("Categories", "Kitchen")), &linked);
    checks.status("bound below another category", &nested, 201);
    let linked = served.json("POST", "/Products", &linked);
    checks.status("bound collections", &linked, 201);
    checks.names(
        &served,
        &format!("/Products({})/RelatedProducts", linked.json()["ID"].as_str().unwrap_or_default()),
        &["Laptop"],
    );
    checks.done();
}

#[test]
fn properties_have_urls_of_their_own() {
    let (served, mut checks) = (Served::start(), Checks::default());
    let laptop = served.product("Laptop");
    let chair = served.product("Office Chair");
    for (method, path, body, status) in [
        ("GET", format!("{laptop}/Name"), "", 200),
        ("PUT", format!("{laptop}/Name"), r#"{"value":"Laptop"}"#, 204),
        ("PUT", format!("{laptop}/Name"), r#"{"value":null}"#, 400),
        ("PUT", format!("{laptop}/Name"), r#"{"value":1}"#, 400),
        ("PUT", format!("{laptop}/Name"), r#"{"Name":"x"}"#, 400),
        ("DELETE", format!("{laptop}/Name"), "", 400),
        ("PUT", format!("{laptop}/Description"), r#"{"value":"d"}"#, 204),
        ("GET", format!("{laptop}/Description"), "", 200),
        ("DELETE", format!("{laptop}/Description"), "", 204),
        ("GET", format!("{laptop}/Description"), "", 204),
        ("GET", format!("{laptop}/Description/$value"), "", 204),
        ("PUT", format!("{laptop}/Description"), r#"{"value":null}"#, 204),
        ("PUT", format!("{laptop}/ShippingAddress/City"), r#"{"value":"Oslo"}"#, 204),
        ("GET", format!("{laptop}/ShippingAddress/City/$value"), "", 200),
        ("PATCH", format!("{laptop}/ShippingAddress"), r#"{"State":"NO"}"#, 204),
        ("PATCH", format!("{laptop}/ShippingAddress"), r#"{"State":"NOR"}"#, 400),
        ("PATCH", format!("{laptop}/ShippingAddress"), r#"{"Nothing":1}"#, 400),
        ("DELETE", format!("{chair}/ShippingAddress"), "", 204),
        ("GET", format!("{chair}/ShippingAddress"), "", 204),
        ("PATCH", format!("{chair}/ShippingAddress"), r#"{"City":"Oslo"}"#, 204),
        ("PUT", format!("{laptop}/ID"), r#"{"value":"33333333-3333-3333-3333-333333333333"}"#, 405),
        ("PUT", format!("{laptop}/Version"), r#"{"value":7}"#, 405),
        ("GET", format!("{laptop}/Nothing"), "", 404),
        ("GET", format!("{laptop}/Price/$value"), "", 200),
        ("GET", format!("{laptop}/Status/$value"), "", 200),
        ("PUT", format!("{laptop}/Status"), r#"{"value":"OnSale"}"#, 204),
        ("PUT", format!("{laptop}/Price"), r#"{"value":12.5}"#, 204),
    ] {
        let what = format!("{method} {path} {body}");
        let answer = served.json(method, &path, body);
        checks.answered(&what, &answer, status);
    }
    let address = served.get(&format!("{laptop}/ShippingAddress")).json();
    checks.eq(
        "merged",
        &(address["City"].clone(), address["State"].clone(), address["Street"].clone()),
        &(Json::from("Oslo"), Json::from("NO"), Json::from("123 Tech Way")),
    );
    checks.status("PUT", &served.json("PUT", &format!("{laptop}/ShippingAddress"), r#"{"City":"Bergen"}"#), 204);
    let address = served.get(&format!("{laptop}/ShippingAddress")).json();
    checks.eq(
        "replaced",
        &(address["City"].clone(), address["Street"].clone()),
        &(Json::from("Bergen"), Json::from("")),
    );
    checks.eq(
        "context",
        &address["@odata.context"],
        &format!("{}/$metadata#Products({})/ShippingAddress", served.root(), &laptop[10..46]),
    );
    checks.status(
        "in PATCH of the entity",
        &served.json("PATCH", &laptop, r#"{"ShippingAddress":{"Street":"S"}}"#),
        204,
    );
    let merged = served.get(&laptop).json();
    checks.eq("merged again", &merged["ShippingAddress"]["City"], &"Bergen");
    checks.status("null", &served.json("PATCH", &laptop, r#"{"ShippingAddress":null}"#), 204);
    checks.that("null", served.get(&laptop).json()["ShippingAddress"].is_null(), String::new);
    checks.status("whole again", &served.json("PATCH", &laptop, r#"{"ShippingAddress":{"City":"C"}}"#), 204);
    checks.eq("with defaults", &served.get(&laptop).json()["ShippingAddress"]["Street"], &"");
    checks.done();
}

#[test]
fn every_type_of_value_survives_a_round_trip() {
    let (served, mut checks) = (Served::start(), Checks::default());
    let body = r#"{"Name":"ünïcode \"q\" \\ / 😀","Description":"","Price":0.1,"Rating":255,"Temperature":-128,"Quantity":-32768,
        "Weight":1.5,"Data":"AQID","ReleaseDate":"2024-02-29","OpenTime":"12:30:15.123","ShippingTime":"P1DT2H3M4.5S",
        "ProcessingTime":"-PT1S","Offset":"PT0S","Status":"OnSale,Featured","SerialNumber":"S",
        "ShippingAddress":{"Street":"a","City":"b","State":"c","PostalCode":"d","Country":"e"},
        "Dimensions":{"Length":1.5,"Width":2,"Height":3.25,"Unit":"cm"},
        "Location":{"type":"Point","coordinates":[1.5,2]},
        "Route":{"type":"LineString","coordinates":[[1,2],[3,4]]},
        "Area":{"type":"Polygon","coordinates":[[[0,0],[0,1],[1,1],[0,0]]]}}"#;
    let made = served.json("POST", "/Products", body);
    checks.status("POST", &made, 201);
    let given: Json = serde_json::from_str(body).expect("JSON");
    let id = made.json()["ID"].as_str().unwrap_or_default().to_owned();
    let read = served.get(&format!("/Products({id})")).json();
    for (name, value) in given.as_object().expect("an object") {
        let same = if name == "Status" {
            read[name] == "OnSale,Featured"
        } else if let (Some(a), Some(b)) = (value.as_f64(), read[name].as_f64()) {
            (a - b).abs() < 1e-9
        } else {
            true
        };
        checks.that(name, same && read.get(name).is_some(), || format!("{value} became {}", read[name]));
        if value.is_string() && name != "Status" {
            checks.that(name, read[name] == *value, || format!("{value} became {}", read[name]));
        }
    }
    checks.eq("a complex value", &read["ShippingAddress"], &given["ShippingAddress"]);
    checks.eq("longitude", &read["Location"]["coordinates"][0], &1.5);
    for bad in [
        r#""Location":{"type":"Point"}"#,
        r#""Location":{"type":"LineString","coordinates":[[1,2],[3,4]]}"#,
        r#""Location":"POINT(1 2)""#,
        r#""Location":{"type":"Point","coordinates":["a","b"]}"#,
    ] {
        checks.error(bad, &served.json("POST", "/Products", &format!(r#"{{"Name":"n","Price":1,{bad}}}"#)), 400);
    }
    checks.done();
}

#[test]
fn keys_are_written_in_several_forms() {
    let (served, mut checks) = (Served::start(), Checks::default());
    let id = served.id("Products", "Laptop");
    for path in [
        format!("/Products({id})"),
        format!("/Products(ID={id})"),
        format!("/Products/{id}"),
        format!("/Products({})", id.to_uppercase()),
        format!("/Products(@key)?@key={id}"),
        format!("/Products(ID=@key)?@key={id}"),
        format!("/Products({id})/ComplianceService.SpecialProduct"),
        format!("/Products/$filter(Name eq 'Laptop')/{id}"),
    ] {
        let answer = served.get(&path);
        checks.status(&path, &answer, 200);
        checks.eq(&path, &answer.json()["Name"], &"Laptop");
    }
    for path in [
        format!("/ProductDescriptions(ProductID={id},LanguageKey='DE')"),
        format!("/ProductDescriptions(LanguageKey='DE',ProductID={id})"),
        format!("/ProductDescriptions/{id}/DE"),
        format!("/Products({id})/Descriptions(LanguageKey='DE')"),
        format!("/Products({id})/Descriptions('DE')"),
        format!("/Products({id})/Descriptions(ProductID={id},LanguageKey='DE')"),
    ] {
        let answer = served.get(&path);
        checks.status(&path, &answer, 200);
        checks.eq(&path, &answer.json()["LanguageKey"], &"DE");
    }
    let category = served.id("Categories", "Electronics");
    let mug = served.id("Products", "Coffee Mug");
    checks.status("inside", &served.get(&format!("/Categories({category})/Products({id})")), 200);
    checks.error("outside", &served.get(&format!("/Categories({category})/Products({mug})")), 404);
    checks.names(&served, &format!("/Categories({category})/Products?$filter=Price lt 100"), &["Wireless Mouse"]);
    checks.eq("a path", &served.get(&format!("/Products({id})/Category/Name")).json()["value"], &"Electronics");
    checks.eq("a longer path", &served.get(&format!("/Products({id})/Category/Products/$count")).text(), &"5");
    checks.eq(
        "back",
        &served.get(&format!("/ProductDescriptions(ProductID={id},LanguageKey='EN')/Product/Name/$value")).text(),
        &"Laptop",
    );
    checks.done();
}

#[test]
fn special_resources_answer() {
    let (served, mut checks) = (Served::start(), Checks::default());
    let laptop = served.product("Laptop");
    checks.eq("$entity", &served.get(&format!("/$entity?$id={}{laptop}", served.root())).json()["Name"], &"Laptop");
    checks.eq(
        "$entity",
        &served.get(&format!("/$entity?$id={}", laptop.trim_start_matches('/'))).json()["Name"],
        &"Laptop",
    );
    checks.names(
        &served,
        "/Products/$filter(Price gt 500)?$select=Name",
        &["Laptop", "Smartphone", "Premium Laptop Pro"],
    );
    checks.eq("and counted", &served.get("/Products/$filter(Price gt 500)/$count").text(), &"3");
    checks.names(&served, "/Products/$filter(@f)?@f=Price lt 20", &["Coffee Mug"]);
    let references = served.get("/Products/$ref");
    checks.status("references", &references, 200);
    checks.eq("references", &references.json()["value"].as_array().map(Vec::len), &Some(7));
    checks.eq("references", &references.json()["value"][0]["@odata.id"], &format!("{}{laptop}", served.root()));
    checks.eq(
        "context",
        &references.json()["@odata.context"],
        &format!("{}/$metadata#Collection($ref)", served.root()),
    );
    let query = [("Content-Type", "text/plain")];
    let posted = served.send("POST", "/Products/$query", &query, "$filter=Price lt 20&$select=Name");
    checks.status("$query", &posted, 200);
    checks.eq("$query", &posted.names(), &["Coffee Mug"]);
    let each = served.json("PATCH", "/Products/$filter(Price lt 20)/$each", r#"{"Rating":9}"#);
    checks.that("$each", matches!(each.status, 200 | 204 | 501), || each.text().to_owned());
    for path in ["/$entity", "/$entity?$id=Products"] {
        let answer = served.get(path);
        checks.that(path, matches!(answer.status, 400 | 404), || answer.text().to_owned());
    }
    checks.done();
}

#[test]
fn changes_reach_related_entities() {
    let (served, mut checks) = (Served::start(), Checks::default());
    let laptop = served.product("Laptop");
    let mouse = served.product("Wireless Mouse");
    let languages =
        |served: &Served| -> Vec<Json> { served.get(&format!("{laptop}/Descriptions")).each("LanguageKey") };
    let body = r#"{"Rating":3,"Category":{"Description":"changed"}}"#;
    checks.status("a single one", &served.json("PATCH", &laptop, body), 204);
    checks.eq("a single one", &served.get(&format!("{laptop}/Category")).json()["Description"], &"changed");
    checks.eq("the entity too", &served.get(&laptop).json()["Rating"], &3);
    let body =
        r#"{"Descriptions":[{"LanguageKey":"EN","Description":"new"},{"LanguageKey":"IT","Description":"nuovo"}]}"#;
    checks.status("a whole collection", &served.json("PATCH", &laptop, body), 204);
    checks.eq("what is not given goes", &languages(&served), &["EN", "IT"]);
    let first = served.get(&format!("{laptop}/Descriptions")).json()["value"][0].clone();
    checks.eq("what is there is changed", &first["Description"], &"new");
    checks.that("in part", first["LongText"].as_str().is_some_and(|text| !text.is_empty()), || first.to_string());
    let removed = format!(
        r#"{{"@removed":{{"reason":"deleted"}},"@id":"ProductDescriptions(ProductID={},LanguageKey='IT')"}}"#,
        &laptop[10..46]
    );
    let body = format!(r#"{{"Descriptions@delta":[{{"LanguageKey":"PL","Description":"nowy"}},{removed}]}}"#);
    checks.status("a part of a collection", &served.json("PATCH", &laptop, &body), 204);
    checks.eq("a part of a collection", &languages(&served), &["EN", "PL"]);
    let body = format!(r#"{{"RelatedProducts":[{{"@id":"{}"}}]}}"#, mouse.trim_start_matches('/'));
    checks.status("references", &served.json("PATCH", &laptop, &body), 204);
    checks.names(&served, &format!("{laptop}/RelatedProducts"), &["Wireless Mouse"]);
    checks.status("none", &served.json("PATCH", &laptop, r#"{"RelatedProducts":[]}"#), 204);
    checks.names(&served, &format!("{laptop}/RelatedProducts"), &[]);
    checks.status("a null", &served.json("PATCH", &laptop, r#"{"Category":null}"#), 204);
    checks.that("a null", served.get(&laptop).json()["CategoryID"].is_null(), String::new);
    checks.status("a new one", &served.json("PATCH", &laptop, r#"{"Category":{"Name":"Made"}}"#), 204);
    checks.eq("a new one", &served.get(&format!("{laptop}/Category")).json()["Name"], &"Made");
    let old = [("Content-Type", "application/json"), ("OData-Version", "4.0")];
    checks.error("not in 4.0", &served.send("PATCH", &laptop, &old, r#"{"Category":{"Name":"No"}}"#), 400);
    let before = languages(&served);
    let bad = r#"{"Rating":9,"Descriptions":[{"LanguageKey":"XX","Description":null}]}"#;
    checks.error("all or nothing", &served.json("PATCH", &laptop, bad), 400);
    checks.eq(
        "all or nothing",
        &(languages(&served), served.get(&laptop).json()["Rating"].clone()),
        &(before, Json::from(3)),
    );
    checks.done();
}

#[test]
fn shapes_are_written_raw_as_they_are_read_raw() {
    let (served, mut checks) = (Served::start(), Checks::default());
    let laptop = served.product("Laptop");
    let put = |name: &str, body: &str| {
        served.send("PUT", &format!("{laptop}/{name}/$value"), &[("Content-Type", "text/plain")], body)
    };
    for (name, text) in
        [("Location", "Point(8.50 47 3)"), ("Route", "LineString(1 2,3 4)"), ("Area", "Polygon((0 0,4 0,4 4,0 0))")]
    {
        checks.status(name, &put(name, &format!("SRID=4326;{text}")), 204);
        let read = served.get(&format!("{laptop}/{name}/$value"));
        checks.that(name, read.text().ends_with(text), || read.text().to_owned());
        checks.status(name, &put(name, read.text()), 204);
    }
    let point = &served.get(&laptop).json()["Location"];
    checks.eq("GeoJSON", &point["type"], &"Point");
    checks.eq("GeoJSON", &point["coordinates"][0], &8.5);
    for (text, status) in [("Point(1)", 400), ("LineString(1 2,3 4)", 400), ("", 400), ("SRID=31370;Point(1 2)", 501)] {
        checks.status(text, &put("Location", text), status);
    }
    let typed =
        served.send("PUT", &format!("{laptop}/Location/$value"), &[("Content-Type", "image/png")], "Point(1 2)");
    checks.status("not text", &typed, 415);
    checks.done();
}
