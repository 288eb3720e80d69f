//! Ordered collections: inserts at a place (`$index`), and elements that are changed by their ordinals.

use odata::engine::{Operation, Segment, ordinal};
use odata::{Error, Value};

use super::shop::{get, shop};

/// The elements after a POST, with a collection of three before it.
fn inserted(url: &str) -> Result<Vec<Value>, Error> {
    let (head, operation) = shop().write("POST", url, &[], r#"{"value":"new"}"#)?;
    let Operation::Append(value) = operation else { panic!("not an insert: {operation:?}") };
    let mut tags = ["a", "b", "c"].map(Value::from).to_vec();
    tags.insert(head.insert_position(tags.len())?, value);
    Ok(tags)
}

#[test]
fn a_value_goes_where_index_says() {
    let values = |texts: [&str; 4]| Ok(texts.map(Value::from).to_vec());
    assert_eq!(inserted("/Items(1)/tags"), values(["a", "b", "c", "new"]));
    assert_eq!(inserted("/Items(1)/tags?$index=0"), values(["new", "a", "b", "c"]));
    assert_eq!(inserted("/Items(1)/tags?$index=2"), values(["a", "b", "new", "c"]));
    assert_eq!(inserted("/Items(1)/tags?$index=3"), values(["a", "b", "c", "new"]));
    assert_eq!(inserted("/Items(1)/tags?$index=-1"), values(["a", "b", "c", "new"]));
    assert_eq!(inserted("/Items(1)/tags?index=-2"), values(["a", "b", "new", "c"]));
    assert_eq!(inserted("/Items(1)/tags?$index=-4"), values(["new", "a", "b", "c"]));
    for url in ["/Items(1)/tags?$index=4", "/Items(1)/tags?$index=-5", "/Items(1)/tags?$index=-9223372036854775808"] {
        let told = shop().told(inserted(url));
        assert_eq!((told.0, told.2.as_str()), (400, "$index"), "{url}");
    }
    assert_eq!(shop().told(inserted("/Items(1)/tags?$index=x")).0, 400);
}

#[test]
fn an_entity_goes_where_index_says() {
    let (head, operation) = shop()
        .write("POST", "/Items(1)/parts?$index=1&$select=number", &[], r#"{"number":7}"#)
        .expect("a good request");
    assert!(matches!(operation, Operation::Create(_)));
    assert_eq!(head.insert_position(3), Ok(1));
    assert_eq!(head.insert_position(1), Ok(1));
    assert!(head.insert_position(0).is_err());
}

#[test]
fn index_needs_an_insert_and_a_collection_with_places() {
    let world = shop();
    let json = [("content-type", "application/json")];
    for (method, url, status) in [
        ("POST", "/Items?$index=0", 501),
        ("POST", "/Items(1)/sizes?$index=0", 501),
        ("GET", "/Items?$index=0", 501),
        ("GET", "/Items(1)/tags?$index=0", 501),
        ("PUT", "/Items(1)/tags?$index=0", 400),
        ("PATCH", "/Items(1)?$index=0", 400),
        ("DELETE", "/Items(1)?$index=0", 400),
        ("POST", "/reset?$index=0", 400),
        ("GET", "/Items(1)?$index=0", 400),
        ("GET", "/Items?$expand=parts($index=0)", 400),
    ] {
        let told = world.told(world.head(method, url, &json));
        assert_eq!(told.0, status, "{method} {url}: {told:?}");
    }
}

#[test]
fn an_element_is_changed_and_taken_out_by_its_ordinal() {
    let write = |method: &str, url: &str, body: &str| {
        let (head, operation) = shop().write(method, url, &[], body).expect("a good request");
        let Some(Segment::Index(place)) = head.target().segments.last() else { panic!("no ordinal: {url}") };
        (*place, operation)
    };
    assert_eq!(write("PUT", "/Items(1)/tags/1", r#"{"value":"x"}"#), (1, Operation::SetProperty(Value::from("x"))));
    assert_eq!(write("DELETE", "/Items(1)/tags/-1", ""), (-1, Operation::ClearProperty));
    let (place, merged) = write("PATCH", "/Items(1)/sizes/0", r#"{"width":2}"#);
    let Operation::SetProperty(Value::Record(size)) = merged else { panic!("no size: {merged:?}") };
    assert_eq!((place, get(&size, "width"), get(&size, "unit")), (0, Some(&Value::Int(2)), None));
    let world = shop();
    assert_eq!(world.told(shop().write("PUT", "/Items(1)/tags/1", &[], r#"{"value":null}"#)).0, 400);
    assert_eq!(world.told(shop().write("PUT", "/Fixed(1)/tags/1", &[], r#"{"value":"x"}"#)).0, 405);
    assert_eq!(world.told(shop().write("POST", "/Items(1)/tags/1", &[], r#"{"value":"x"}"#)).0, 405);
    assert_eq!((ordinal(-1, 3), ordinal(3, 3), ordinal(i64::MIN, 3), ordinal(0, 0)), (Some(2), None, None, None));
}
