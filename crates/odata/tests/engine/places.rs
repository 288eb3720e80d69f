//! Where entities live: contexts, ids and links through navigation properties and operations.

use std::sync::Arc;

use odata::engine::{Outcome, Page};
use odata::{DynamicProperty, Profile, Record, RecordBuilder, Value};
use serde_json::json;

use super::shop::{SHOP, item, shop, shop_as, type_id};
use super::support::{ROOT, World, header, json, text};

const FULL: &str = "$format=application/json;odata.metadata=full";

fn group(id: i32) -> Record {
    RecordBuilder::new(&SHOP, type_id("Group")).set_named("id", id).set_named("name", "g").build()
}

fn big() -> Record {
    RecordBuilder::new(&SHOP, type_id("BigItem")).set_named("id", 1).set_named("name", "b").build()
}

fn one(world: &World, url: &str, record: Record) -> serde_json::Value {
    json(&world.render(&world.get(url), Outcome::Entity(Arc::new(record))))
}

fn many(world: &World, url: &str, items: Vec<Value>) -> serde_json::Value {
    json(&world.render(&world.get(url), Outcome::Collection(Page { items, ..Page::default() })))
}

fn context(body: &serde_json::Value) -> &str {
    let url = body["@odata.context"].as_str().expect("a context");
    url.strip_prefix("https://example.org/beta/$metadata#").expect("our metadata")
}

#[test]
fn a_context_names_the_set_that_a_path_leads_to() {
    let world = shop();
    let text = RecordBuilder::new(&SHOP, type_id("Text")).set_named("itemId", 1).set_named("language", "en").build();
    let part = RecordBuilder::new(&SHOP, type_id("Part")).set_named("number", 1).build();
    for (url, record, wanted) in [
        ("/Main", group(1), "Main"),
        ("/Main?$select=name", group(1), "Main(name)"),
        ("/Items(1)", item(1).build(), "Items/$entity"),
        ("/Items(1)/group", group(1), "Groups/$entity"),
        ("/Items(1)/related(2)", item(2).build(), "Items/$entity"),
        ("/Items(1)/related(2)/group", group(1), "Groups/$entity"),
        ("/Main/items(2)", item(2).build(), "Items/$entity"),
        ("/Items(1)/texts(itemId=1,language='en')", text, "Texts/$entity"),
        ("/Items(1)/parts(1)", part.clone(), "Items(1)/parts/$entity"),
        ("/Items(1)/related(2)/parts(1)", part, "Items(2)/parts/$entity"),
        ("/Items(1)", big(), "Items/shop.BigItem/$entity"),
        ("/Items(1)/shop.BigItem", big(), "Items/shop.BigItem/$entity"),
        ("/Items(1)/related(1)", big(), "Items/shop.BigItem/$entity"),
        ("/cheapest()", item(1).build(), "Items/$entity"),
        ("/Items(1)/$ref", item(1).build(), "$ref"),
        ("/Items(1)?$select=name&$expand=group($select=id)", item(1).build(), "Items(name,group(id))/$entity"),
    ] {
        assert_eq!(context(&one(&world, url, record)), wanted, "{url}");
    }
    for (url, wanted) in [
        ("/Items", "Items"),
        ("/Items/shop.BigItem", "Items/shop.BigItem"),
        ("/Groups(1)/items", "Items"),
        ("/Main/items", "Items"),
        ("/Items(1)/group/items", "Items"),
        ("/Groups(1)/items/shop.BigItem", "Items/shop.BigItem"),
        ("/Groups(1)/items?$select=name", "Items(name)"),
        ("/Items(1)/parts", "Items(1)/parts"),
        ("/Items/top()", "Items"),
        ("/names(count=1)", "Collection(Edm.String)"),
        ("/Items(1)/tags", "Items(1)/tags"),
        ("/Items(1)/sizes", "Items(1)/sizes"),
        ("/Items/$ref", "Collection($ref)"),
        ("/Items?$compute=stock mul 2 as twice&$select=id,twice", "Items(id,twice)"),
    ] {
        assert_eq!(context(&many(&world, url, Vec::new())), wanted, "{url}");
    }
    for (url, value, wanted) in [
        ("/Items(1)/name", Value::from("n"), "Items(1)/name"),
        ("/Items(1)/size/unit", Value::from("n"), "Items(1)/size/unit"),
        ("/Items(1)/related(2)/name", Value::from("n"), "Items(2)/name"),
        ("/Main/name", Value::from("n"), "Main/name"),
        ("/Items(1)/price(rate=2)", Value::from(2.5), "Edm.Double"),
    ] {
        let outcome = Outcome::Property { value, etag: None };
        assert_eq!(context(&json(&world.render(&world.get(url), outcome))), wanted, "{url}");
    }
}

#[test]
fn the_context_of_what_was_made_tells_what_stands_inside_it() {
    let world = shop();
    let related: Vec<Value> = vec![item(2).build().into(), item(3).set_named("group", group(4)).build().into()];
    let deep = || item(1).set_named("related", Value::from(related.clone())).set_named("owner", group(5)).build();
    for (url, wanted) in [
        ("/Items", "Items(owner(),related(group()))/$entity"),
        ("/Items?$select=name&$expand=owner($select=id)", "Items(name,owner(id),related(group()))/$entity"),
    ] {
        let head = world.head("POST", url, &[("content-type", "application/json")]).expect("a good request");
        let response = world.render(&head, Outcome::Created { record: deep().into(), path: "Items(1)".into() });
        assert_eq!(context(&json(&response)), wanted, "{url}");
    }
    assert_eq!(context(&one(&world, "/Items(1)", deep())), "Items/$entity", "nobody asked");
}

#[test]
fn ids_and_links_are_those_of_the_set_that_entities_live_in() {
    let world = shop();
    let full = one(&world, &format!("/Items(1)/group?{FULL}"), group(7));
    for name in ["@odata.id", "@odata.editLink", "@odata.readLink"] {
        assert_eq!(full[name], format!("{ROOT}/Groups(7)"), "{name}");
    }
    assert_eq!(full["items@odata.navigationLink"], format!("{ROOT}/Groups(7)/items"));
    assert_eq!(full["items@odata.associationLink"], format!("{ROOT}/Groups(7)/items/$ref"));
    let page = many(&world, &format!("/Groups(7)/items?{FULL}"), vec![item(2).build().into()]);
    assert_eq!(page["value"][0]["@odata.id"], format!("{ROOT}/Items(2)"));
    let record = item(1).set_named("group", group(7)).set_named("related", vec![Value::from(item(3).build())]);
    let expanded = one(&world, &format!("/Items(1)?$expand=group,related,parts&{FULL}"), record.clone().build());
    assert_eq!(expanded["group"]["@odata.id"], format!("{ROOT}/Groups(7)"));
    assert_eq!(expanded["related"][0]["@odata.id"], format!("{ROOT}/Items(3)"));
    assert_eq!(expanded["related"][0]["parts@odata.navigationLink"], format!("{ROOT}/Items(3)/parts"));
    let references = one(&world, "/Items(1)?$expand=group/$ref,related/$ref", record.build());
    assert_eq!(references["group"], json!({"@odata.id": format!("{ROOT}/Groups(7)")}));
    assert_eq!(references["related"], json!([{"@odata.id": format!("{ROOT}/Items(3)")}]));
    let single = one(&world, "/Items(1)/group/$ref", group(7));
    assert_eq!(single["@odata.id"], format!("{ROOT}/Groups(7)"));
    let several = many(&world, "/Items(1)/related/$ref", vec![item(3).build().into()]);
    assert_eq!(several["value"], json!([{"@odata.id": format!("{ROOT}/Items(3)")}]));
    let cast = one(&world, &format!("/Items(1)/shop.BigItem?{FULL}"), big());
    assert_eq!(cast["@odata.id"], format!("{ROOT}/Items(1)"));
    let called = one(&world, &format!("/cheapest()?{FULL}"), item(4).build());
    assert_eq!(called["@odata.id"], format!("{ROOT}/Items(4)"));
    let changed = world.head("PATCH", "/Items(1)/group", &[]).expect("a good request");
    let response = world.render(&changed, Outcome::Updated(Arc::new(group(7))));
    assert_eq!(header(&response, "odata-entityid"), format!("{ROOT}/Groups(7)"));
}

#[test]
fn operations_are_advertised_at_full_metadata() {
    for world in [shop(), shop_as(Profile::Graph)] {
        let entity = one(&world, &format!("/Items(1)?{FULL}"), item(1).build());
        let url = entity["@odata.id"].as_str().expect("an id").to_owned();
        assert_eq!(entity["#shop.paint"]["target"], format!("{url}/shop.paint"));
        assert_eq!(entity["#shop.price(rate)"]["target"], format!("{url}/shop.price(rate=@rate)"));
        assert_eq!(entity["#shop.price(rate)"]["title"], "price");
        let page = many(&world, &format!("/Items?{FULL}"), Vec::new());
        assert_eq!(page["#shop.top"]["target"], format!("{ROOT}/Items/shop.top"));
        assert_eq!(page.get("#shop.paint"), None);
        assert_eq!(one(&world, "/Items(1)", item(1).build()).get("#shop.paint"), None);
    }
}

#[test]
fn computed_properties_are_written_with_the_type_that_json_does_not_tell() {
    use odata::model::{EdmType, Primitive};
    let world = shop();
    let dynamic = |name: &str, primitive, value| DynamicProperty {
        name: name.into(),
        ty: Some(EdmType::Primitive(primitive)),
        value,
    };
    let mut record = item(1).build();
    record.dynamic = vec![
        dynamic("twice", Primitive::Int64, Value::Int(10)),
        dynamic("loud", Primitive::String, "N".into()),
        dynamic("none", Primitive::String, Value::Null),
    ];
    let url = "/Items?$compute=stock mul 2 as twice,toupper(name) as loud,note as none";
    let body = many(&world, url, vec![record.clone().into()])["value"][0].clone();
    assert_eq!((&body["twice@odata.type"], &body["twice"]), (&json!("#Int64"), &json!(10)));
    assert_eq!((body.get("loud@odata.type"), &body["loud"]), (None, &json!("N")));
    assert!(body.get("none").is_some_and(serde_json::Value::is_null));
    let body = many(&world, &format!("{url}&$select=id,twice"), vec![record.clone().into()])["value"][0].clone();
    assert_eq!(body, json!({"id": 1, "twice@odata.type": "#Int64", "twice": 10}));
    let strings = format!("{url}&$format=application/json;IEEE754Compatible=true;odata.metadata=none");
    let body = many(&world, &strings, vec![record.into()])["value"][0].clone();
    assert_eq!((&body["twice"], body.get("twice@odata.type")), (&json!("10"), None));
}

#[test]
fn what_is_computed_of_a_single_resource_is_asked_of_the_application() {
    use odata::engine::Operation;
    let world = shop();
    let (_, entity) = world.write("GET", "/Items(1)?$compute=stock mul 2 as twice", &[], "").expect("a read");
    let Operation::ReadEntity(projection) = entity else { panic!("no read of an entity: {entity:?}") };
    assert_eq!(&*projection.compute[0].name, "twice");
    let (_, value) = world.write("GET", "/Items(1)/size?$compute=width add 1 as more", &[], "").expect("a read");
    let Operation::ReadProperty(projection) = value else { panic!("no read of a property: {value:?}") };
    assert_eq!(&*projection.compute[0].name, "more");
}

#[test]
fn control_information_may_go_without_its_prefix_under_4_01() {
    use odata::engine::{Engine, Settings};
    let settings = Settings { short_names: true, ..Settings::new(Profile::Strict) };
    let world = World { engine: Engine::new(Arc::clone(&SHOP), settings) };
    let record = || item(1).set_named("stock", 5_i64).etag("W/\"1\"").build();
    let body = one(&world, &format!("/Items(1)?{FULL}"), record());
    assert_eq!(body["@context"], format!("{ROOT}/$metadata#Items/$entity"));
    assert_eq!(body["@type"], "#shop.Item");
    assert_eq!(body["@etag"], "W/\"1\"");
    assert_eq!(body["stock@type"], "#Int64");
    assert_eq!(body["group@navigationLink"], format!("{ROOT}/Items(1)/group"));
    assert!(body.as_object().expect("an object").keys().all(|name| !name.contains("@odata.")));
    let head = world.get("/Items?$count=true");
    let page = Page { count: Some(1), next: Some(b"p"[..].into()), ..Page::default() };
    let response = world.render(&head, Outcome::Collection(page));
    assert_eq!(header(&response, "content-type"), "application/json;metadata=minimal");
    let body = json(&response);
    assert!(body["@count"] == 1 && body["@nextLink"].is_string());
    let head = world.head("GET", "/Items(1)", &[("odata-maxversion", "4.0")]).expect("a good request");
    let body = json(&world.render(&head, Outcome::Entity(Arc::new(record()))));
    assert_eq!(body["@odata.etag"], "W/\"1\"");
    let documents = json(&world.render(&world.get("/"), Outcome::ServiceDocument));
    assert!(documents["@context"].is_string());
}

#[test]
fn raw_values_have_the_media_type_of_their_property() {
    let world = shop();
    let point = Value::Geo("{\"type\":\"Point\",\"coordinates\":[1.50,2]}".into());
    for (property, value, media_type, body) in [
        ("logo", Value::Binary(bytes::Bytes::from_static(b"<svg/>")), "image/svg+xml", "<svg/>"),
        ("page", Value::from("<p>"), "text/html", "<p>"),
        ("name", Value::from("n"), "text/plain;charset=utf-8", "n"),
        ("stock", Value::Int(7), "text/plain;charset=utf-8", "7"),
        ("color", Value::Enum(3), "text/plain;charset=utf-8", "Red,Blue"),
        ("place", point, "text/plain;charset=utf-8", "SRID=4326;Point(1.50 2)"),
    ] {
        let head = world.get(&format!("/Items(1)/{property}/$value"));
        let response = world.render(&head, Outcome::Property { value, etag: None });
        assert_eq!((header(&response, "content-type"), text(&response)), (media_type, body), "{property}");
        assert_eq!(header(&response, "x-content-type-options"), "nosniff");
    }
}

#[test]
fn large_numbers_are_strings_where_asked() {
    let world = shop();
    let weight = odata::edm::Decimal::parse("1.50").expect("a decimal");
    let record = item(1).set_named("stock", 5_i64).set_named("weight", Value::Decimal(weight)).build();
    let url = "/Items(1)?$format=application/json;IEEE754Compatible=true";
    let response = world.render(&world.get(url), Outcome::Entity(Arc::new(record)));
    assert!(header(&response, "content-type").contains("IEEE754Compatible=true"));
    let body = json(&response);
    assert_eq!((&body["stock"], &body["weight"], &body["id"]), (&json!("5"), &json!("1.50"), &json!(1)));
    let head = world.get("/Items?$count=true&$format=application/json;IEEE754Compatible=true");
    let page = json(&world.render(&head, Outcome::Collection(Page { count: Some(3), ..Page::default() })));
    assert_eq!(page["@odata.count"], "3");
}

#[test]
fn the_service_document_lists_what_can_be_asked_without_parameters() {
    let body = json(&shop().render(&shop().get("/"), Outcome::ServiceDocument));
    let listed: Vec<(&str, &str)> = body["value"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|child| (child["name"].as_str().expect("a name"), child["kind"].as_str().expect("a kind")))
        .collect();
    assert!(listed.contains(&("Items", "EntitySet")) && listed.contains(&("Main", "Singleton")), "{listed:?}");
    assert!(listed.contains(&("cheapest", "FunctionImport")), "{listed:?}");
    assert!(!listed.iter().any(|(name, _)| matches!(*name, "names" | "reset")), "{listed:?}");
}
