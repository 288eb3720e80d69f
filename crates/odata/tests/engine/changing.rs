//! Changes: replaced entities, properties by their own URLs, raw values, media, preconditions.

use std::sync::Arc;

use bytes::Bytes;
use http::Method;
use odata::engine::{Current, Engine, Operation, Outcome, Settings};
use odata::{Error, Profile, Record, Value};

use super::shop::{SHOP, get, item, shop, shop_as, type_id};
use super::support::{ROOT, Seal, World, header, headers, json};

fn set(method: &str, url: &str, content_type: &str, body: &[u8]) -> Result<Operation, Error> {
    let world = shop();
    let pairs = [("content-type", content_type)];
    let pairs = if content_type.is_empty() { &[][..] } else { &pairs[..] };
    let method = Method::from_bytes(method.as_bytes()).expect("a method");
    let head = world.engine.head(&method, url, &headers(pairs), ROOT, &Seal)?;
    world.engine.bind(&head, Bytes::copy_from_slice(body), None)
}

fn value(method: &str, url: &str, content_type: &str, body: &str) -> Result<Value, Error> {
    match set(method, url, content_type, body.as_bytes())? {
        Operation::SetProperty(value) | Operation::Append(value) => Ok(value),
        other => panic!("not a property: {other:?}"),
    }
}

fn replaced(url: &str, body: &str) -> Result<Record, Error> {
    match shop().write("PUT", url, &[], body)?.1 {
        Operation::Update { record, replace: true } => Ok(record),
        other => panic!("not a replacement: {other:?}"),
    }
}

#[test]
fn a_replacement_is_whole() {
    let record =
        replaced("/Items(1)", "{\"name\":\"n\",\"id\":9,\"serial\":\"s\",\"rank\":4,\"size\":{\"unit\":\"m\"}}");
    let record = record.expect("a replacement");
    for (name, value) in [
        ("id", None),
        ("serial", None),
        ("made", None),
        ("rank", None),
        ("photo", None),
        ("group", None),
        ("name", Some(Value::from("n"))),
        ("note", Some(Value::Null)),
        ("stock", Some(Value::Int(5))),
        ("color", Some(Value::Enum(1))),
        ("tags", Some(Value::from(Vec::new()))),
    ] {
        assert_eq!(get(&record, name).cloned(), value, "{name}");
    }
    let size = get(&record, "size").and_then(Value::as_record).expect("a size");
    assert_eq!((get(size, "width"), get(size, "height")), (Some(&Value::Int(1)), Some(&Value::Null)));
    assert_eq!(shop().told(replaced("/Items(1)", "{}")).2, "name", "what is needed is needed again");
    let keyed = replaced("/Texts(itemId=1,language='en')", "{\"text\":\"t\"}").expect("the key stands in the URL");
    assert_eq!(get(&keyed, "itemId"), None);
}

#[test]
fn a_change_holds_what_was_given_and_nothing_that_cannot_change() {
    let body = "{\"@odata.context\":\"x\",\"@odata.etag\":\"W/\\\"1\\\"\",\"id\":5,\"made\":\"2020-01-01T00:00:00Z\",\
                \"serial\":\"s\",\"rank\":3,\"note\":null,\"name@odata.type\":\"#String\",\"@my.note\":{\"x\":1},\
                \"#shop.paint\":{\"title\":\"paint\",\"target\":\"x\"},\"size\":{\"height\":4}}";
    let record = shop().written("PATCH", "/Items(1)", body).expect("a change");
    let given: Vec<&str> = SHOP
        .structured(record.type_id)
        .expect("a type")
        .members
        .iter()
        .filter(|member| get(&record, &member.name).is_some())
        .map(|member| &*member.name)
        .collect();
    assert_eq!(given, ["note", "size"]);
    let size = get(&record, "size").and_then(Value::as_record).expect("a size");
    assert_eq!((get(size, "unit"), get(size, "height")), (None, Some(&Value::Int(4))), "complex values are merged");
}

#[test]
fn values_that_do_not_fit_their_property_are_400() {
    let world = shop();
    for (body, place) in [
        ("{\"name\":null}", "name"),
        ("{\"name\":5}", "name"),
        ("{\"name\":\"longer than ten\"}", "name"),
        ("{\"weight\":1.234}", "weight"),
        ("{\"weight\":1234567}", "weight"),
        ("{\"weight\":12345}", "weight"),
        ("{\"stock\":\"5\"}", "stock"),
        ("{\"stock\":9223372036854775808}", "stock"),
        ("{\"color\":\"Green\"}", "color"),
        ("{\"color\":4}", "color"),
        ("{\"color\":\"Red,4\"}", "color"),
        ("{\"color\":null}", "color"),
        ("{\"tags\":null}", "tags"),
        ("{\"tags\":[null]}", "tags/0"),
        ("{\"sizes\":[{\"width\":1}]}", "sizes/0/unit"),
        ("{\"size\":{\"unit\":\"metres\"}}", "size/unit"),
        ("{\"size\":{\"depth\":1}}", "size/depth"),
        ("{\"logo\":\"*\"}", "logo"),
        ("{\"place\":\"POINT(1 2)\"}", "place"),
        ("{\"place\":{\"type\":\"LineString\",\"coordinates\":[[1,2],[3,4]]}}", "place"),
        ("{\"place\":{\"type\":\"Point\",\"coordinates\":[1]}}", "place"),
        ("{\"place\":{}}", "place"),
        ("{\"bulk\":1}", "bulk"),
        ("{\"Name\":\"n\"}", "Name"),
        ("{\"@odata.type\":\"#shop.Group\"}", "@odata.type"),
    ] {
        let told = world.told(world.written("PATCH", "/Items(1)", body));
        assert_eq!((told.0, told.2.as_str()), (400, place), "{body}");
    }
    let other = "{\"@odata.type\":\"#shop.BigItem\",\"bulk\":1}";
    let told = world.told(world.send("PATCH", "/Items(1)", other, Some(type_id("Item"))));
    assert_eq!((told.0, told.2.as_str()), (400, "@odata.type"), "the type of what is there stays");
    let good = "{\"color\":\"Red,Blue\",\"weight\":1234.56,\"size\":{\"@odata.type\":\"#shop.DeepSize\",\"depth\":1}}";
    let record = world.written("PATCH", "/Items(1)", good).expect("a change");
    assert_eq!(get(&record, "color"), Some(&Value::Enum(3)));
    for color in ["2", "\"2\"", "\"Blue\""] {
        let record = world.written("PATCH", "/Items(1)", &format!("{{\"color\":{color}}}")).expect("a change");
        assert_eq!(get(&record, "color"), Some(&Value::Enum(2)), "{color}");
    }
}

#[test]
fn a_cast_segment_implies_the_type() {
    let world = shop();
    for url in ["/Items/shop.BigItem", "/Items/BigItem", "/Groups(1)/items/shop.BigItem"] {
        let record = world.written("POST", url, "{\"id\":1,\"name\":\"n\",\"bulk\":2}").expect("a create");
        assert_eq!(get(&record, "bulk"), Some(&Value::Int(2)), "{url}");
    }
    assert_eq!(world.told(world.written("POST", "/Items", "{\"id\":1,\"name\":\"n\",\"bulk\":2}")).2, "bulk");
}

#[test]
fn a_property_is_set_by_its_own_url() {
    const JSON: &str = "application/json";
    for (method, url, content_type, body, wanted) in [
        ("PUT", "/Items(1)/name", JSON, "{\"value\":\"n\"}", Value::from("n")),
        ("PATCH", "/Items(1)/name", JSON, "{\"@odata.context\":\"x\",\"value\":\"n\"}", Value::from("n")),
        ("PUT", "/Items(1)/note", JSON, "{\"value\":null}", Value::Null),
        ("PUT", "/Items(1)/size", JSON, "{\"value\":null}", Value::Null),
        ("PUT", "/Items(1)/size/width", JSON, "{\"value\":3}", Value::Int(3)),
        ("PUT", "/Items(1)/tags", JSON, "{\"value\":[\"a\"]}", Value::from(vec![Value::from("a")])),
        ("POST", "/Items(1)/tags", JSON, "{\"value\":\"a\"}", Value::from("a")),
        ("PUT", "/Items(1)/name/$value", "text/plain", " n ", Value::from(" n ")),
        ("PUT", "/Items(1)/page/$value", "text/html", "<p>", Value::from("<p>")),
        ("PUT", "/Items(1)/stock/$value", "text/plain;charset=utf-8", "7\n", Value::Int(7)),
        ("PUT", "/Items(1)/stock/$value", "", "7", Value::Int(7)),
        ("PUT", "/Items(1)/color/$value", "text/plain", "Blue", Value::Enum(2)),
        ("PUT", "/Items(1)/logo/$value", "image/png", "bytes", Value::Binary(Bytes::from_static(b"bytes"))),
        ("PUT", "/Items(1)/size/unit/$value", "text/plain", "m", Value::from("m")),
    ] {
        assert_eq!(value(method, url, content_type, body), Ok(wanted), "{method} {url}");
    }
    let appended = value("POST", "/Items(1)/sizes", JSON, "{\"unit\":\"m\"}").expect("an element");
    assert_eq!(appended.as_record().and_then(|size| get(size, "width")), Some(&Value::Int(1)));
    for url in ["/Items(1)/note", "/Items(1)/note/$value", "/Items(1)/size", "/Items(1)/tags"] {
        assert_eq!(set("DELETE", url, "", b""), Ok(Operation::ClearProperty), "{url}");
    }
    let world = shop();
    for (method, url, content_type, body, status) in [
        ("PUT", "/Items(1)/stock/$value", "text/plain", "x", 400),
        ("PUT", "/Items(1)/name/$value", "text/plain", "longer than ten", 400),
        ("PUT", "/Items(1)/stock/$value", "application/json", "7", 415),
        ("PUT", "/Items(1)/id/$value", "text/plain", "7", 405),
        ("PUT", "/Items(1)/id", JSON, "{\"value\":7}", 405),
        ("PUT", "/Items(1)/made", JSON, "{\"value\":null}", 405),
        ("PUT", "/Items(1)/serial", JSON, "{\"value\":null}", 405),
        ("PUT", "/Items(1)/rank", JSON, "{\"value\":null}", 405),
        ("DELETE", "/Items(1)/rank/$value", "", "", 405),
        ("PUT", "/Fixed(1)/name", JSON, "{\"value\":\"n\"}", 405),
        ("PATCH", "/Items(1)/tags", JSON, "{\"value\":[]}", 405),
        ("POST", "/Items(1)/name", JSON, "{\"value\":\"n\"}", 405),
        ("DELETE", "/Items(1)/name", "", "", 400),
        ("PUT", "/Items(1)/name", JSON, "{\"value\":null}", 400),
        ("PUT", "/Items(1)/name", JSON, "{\"name\":\"n\"}", 400),
        ("POST", "/Items(1)/tags", JSON, "{\"value\":null}", 400),
        ("POST", "/Items(1)/tags", JSON, "{\"value\":[\"a\"]}", 400),
    ] {
        assert_eq!(world.told(set(method, url, content_type, body.as_bytes())).0, status, "{method} {url} {body}");
    }
    let graph = shop_as(Profile::Graph);
    for (method, url) in [("PUT", "/Items(1)/name/$value"), ("POST", "/Items(1)/tags"), ("PATCH", "/Items(1)/name")] {
        assert_eq!(graph.told(graph.head(method, url, &[])).0, 405, "{method} {url}");
    }
}

#[test]
fn a_property_that_was_set_is_shown_where_asked() {
    let world = shop();
    let outcome = || Outcome::Property { value: Value::from("n"), etag: Some("W/\"2\"".into()) };
    let head = world.head("PUT", "/Items(1)/name", &[]).expect("a good request");
    let response = world.render(&head, outcome());
    assert_eq!((response.status().as_u16(), header(&response, "etag")), (204, "W/\"2\""));
    let pairs = [("prefer", "return=representation")];
    let head = world.head("PUT", "/Items(1)/name", &pairs).expect("a good request");
    let response = world.render(&head, outcome());
    assert_eq!((response.status().as_u16(), &json(&response)["value"]), (200, &"n".into()));
    assert_eq!(header(&response, "preference-applied"), "return=representation");
}

#[test]
fn media_are_created_replaced_and_removed_by_their_bytes() {
    let stored = |operation: Result<Operation, Error>| match operation {
        Ok(Operation::WriteStream { media_type, bytes }) => Ok((media_type.to_string(), bytes.to_vec())),
        Ok(other) => panic!("not a stream: {other:?}"),
        Err(error) => Err(error),
    };
    for (method, url) in [("POST", "/Files"), ("PUT", "/Files(1)/$value"), ("PUT", "/Items(1)/photo")] {
        let wanted = ("image/png".to_owned(), b"x".to_vec());
        assert_eq!(stored(set(method, url, "image/png", b"x")), Ok(wanted), "{method} {url}");
        let unnamed = ("application/octet-stream".to_owned(), b"x".to_vec());
        assert_eq!(stored(set(method, url, "", b"x")), Ok(unnamed), "{method} {url}");
    }
    assert_eq!(set("DELETE", "/Files(1)/$value", "", b""), Ok(Operation::DeleteStream));
    assert_eq!(set("DELETE", "/Items(1)/photo", "", b""), Ok(Operation::DeleteStream));
    assert!(matches!(set("POST", "/Files", "application/json", b"{\"name\":\"n\"}"), Ok(Operation::Create(_))));
}

#[test]
fn an_upsert_answers_201_where_it_inserted() {
    let world = shop();
    for method in ["PATCH", "PUT"] {
        let head = world.head(method, "/Items(7)", &[("if-none-match", "*")]).expect("a good request");
        assert!(head.preconditions().check_change(Current::Absent).is_ok());
        assert!(head.preconditions().check_change(Current::Present(None)).is_err());
        let outcome = Outcome::Created { record: Arc::new(item(7).etag("W/\"1\"").whole()), path: "Items(7)".into() };
        let response = world.render(&head, outcome.clone());
        assert_eq!(response.status(), 201);
        assert_eq!(header(&response, "location"), format!("{ROOT}/Items(7)"));
        assert_eq!(json(&response)["@odata.context"], format!("{ROOT}/$metadata#Items/$entity"));
        let head = world.head(method, "/Items(7)", &[("prefer", "return=minimal")]).expect("a good request");
        let response = world.render(&head, outcome);
        assert_eq!(
            (response.status().as_u16(), header(&response, "odata-entityid")),
            (204, &*format!("{ROOT}/Items(7)"))
        );
    }
}

#[test]
fn a_set_that_announces_it_wants_a_precondition() {
    let settings = Settings { require_preconditions: true, ..Settings::new(Profile::Strict) };
    let world = World { engine: Engine::new(Arc::clone(&SHOP), settings) };
    for (method, url) in [
        ("PATCH", "/Items(1)"),
        ("PUT", "/Items(1)"),
        ("DELETE", "/Items(1)"),
        ("PUT", "/Items(1)/name"),
        ("PUT", "/Items(1)/photo"),
    ] {
        assert_eq!(world.told(world.head(method, url, &[])).0, 428, "{method} {url}");
        assert!(world.head(method, url, &[("if-match", "W/\"1\"")]).is_ok(), "{method} {url}");
        assert!(shop().head(method, url, &[]).is_ok(), "{method} {url}");
    }
    for (method, url) in
        [("PATCH", "/Groups(1)"), ("POST", "/Items"), ("GET", "/Items(1)"), ("PATCH", "/Items(1)/group")]
    {
        assert!(world.head(method, url, &[]).is_ok(), "{method} {url}");
    }
}

#[test]
fn an_entity_tag_in_a_body_of_4_01_is_a_condition() {
    let world = shop();
    let given = |version: &str| {
        let pairs = [("odata-version", version)];
        let body = "{\"@odata.etag\":\"W/\\\"1\\\"\",\"note\":\"x\"}";
        let (head, operation) = world.write("PATCH", "/Items(1)", &pairs, body).expect("a change");
        let Operation::Update { record, .. } = operation else { panic!("not an update") };
        let check = |tag| head.preconditions().check_update(&record, Current::Present(Some(tag)));
        (check("W/\"1\"").is_ok(), check("W/\"2\"").map_err(|error| world.status(&error)))
    };
    assert_eq!(given("4.01"), (true, Err(412)));
    assert_eq!(given("4.0"), (true, Ok(())));
}
