//! Changes of whole collections: of each member, by a path that ends in `/$each`.

use odata::engine::{Operation, Outcome, Segment};
use odata::{Error, Profile, Value};

use super::shop::{get, item, shop, type_id};
use super::support::{World, json, strict};

fn each(url: &str, body: &str) -> Result<Value, Error> {
    match shop().write("PATCH", url, &[], body)?.1 {
        Operation::UpdateMembers(value) => Ok(value),
        other => panic!("not a change of members: {other:?}"),
    }
}

fn allowed(world: &World, url: &str) -> Result<Vec<String>, Error> {
    let error = world.head("GET", url, &[]).expect_err("members are not read");
    let methods = error.allow.iter().map(ToString::to_string).collect();
    if error.allow.is_empty() { Err(error) } else { Ok(methods) }
}

#[test]
fn each_member_takes_the_same_change() {
    let change = each("/Items/$filter(stock lt 3)/$each", r#"{"stock":9,"size":{"width":2}}"#).expect("a change");
    let record = change.as_record().expect("entities take a record");
    assert_eq!(
        (record.type_id, get(record, "stock"), get(record, "name")),
        (type_id("Item"), Some(&Value::Int(9)), None)
    );
    let special = each("/Items/shop.BigItem/$each", r#"{"bulk":1}"#).expect("of a type");
    assert_eq!(special.as_record().map(|record| record.type_id), Some(type_id("BigItem")));
    assert_eq!(each("/Items(1)/tags/$each", r#"{"value":"x"}"#), Ok(Value::from("x")));
    assert_eq!(each("/Items(1)/tags/$filter(startswith($it,'a'))/$each", r#"{"value":"x"}"#), Ok(Value::from("x")));
    let size = each("/Items(1)/sizes/$each", r#"{"width":3}"#).expect("complex values are merged");
    assert_eq!(size.as_record().and_then(|size| get(size, "width")), Some(&Value::Int(3)));
    for (url, body) in [
        ("/Items/$each", r#"{"@odata.type":"shop.BigItem","bulk":1}"#),
        ("/Items/$each", r#"[{"stock":9}]"#),
        ("/Items(1)/tags/$each", r#"{"value":null}"#),
        ("/Items(1)/tags/$each", r#"{"value":["x"]}"#),
        ("/Items(1)/sizes/$each", r#"{"value":{"width":3}}"#),
    ] {
        assert_eq!(shop().told(each(url, body)).0, 400, "{url} {body}");
    }
}

#[test]
fn what_each_member_may_suffer_is_what_the_model_says() {
    let world = shop();
    assert_eq!(allowed(&world, "/Items/$each"), Ok(vec!["PATCH".into(), "DELETE".into()]));
    assert_eq!(allowed(&world, "/Items(1)/tags/$each"), Ok(vec!["PATCH".into(), "DELETE".into()]));
    assert_eq!(world.told(allowed(&world, "/Fixed/$each")).0, 405);
    assert_eq!(world.told(allowed(&world, "/Fixed(1)/tags/$each")).0, 405);
    assert_eq!(world.told(world.head("PATCH", "/Items(1)/name/$each", &[])).0, 400);
    assert_eq!(world.told(world.head("PATCH", "/Items(1)/$each", &[])).0, 400);
    assert_eq!(world.told(world.head("PATCH", "/Items/top()/$each", &[])).0, 400);
    let (head, deleted) = world.write("DELETE", "/Items/$each", &[], "").expect("a good request");
    assert_eq!(deleted, Operation::DeleteMembers);
    assert_eq!(head.target().segments.last(), Some(&Segment::Each));
    let not_offered = strict();
    assert_eq!(not_offered.told(not_offered.head("DELETE", "/officeConfigurations/$each", &[])).0, 501);
    let graph = super::support::graph();
    assert_eq!(graph.told(graph.head("DELETE", "/officeConfigurations/$each", &[])).0, 400);
}

#[test]
fn changed_members_are_shown_when_they_are_wanted() {
    let world = super::shop::shop_as(Profile::Strict);
    let members = || Outcome::UpdatedMembers(vec![Value::from(item(1).build()), Value::from(item(2).build())]);
    let url = "/Items/$filter(stock lt 3)/$each";
    let (head, _) = world.write("PATCH", url, &[], r#"{"stock":9}"#).expect("a good request");
    assert_eq!(world.render(&head, members()).status(), 204);
    let prefer = [("prefer", "return=representation"), ("accept", "application/json;odata.metadata=full")];
    let (head, _) = world.write("PATCH", url, &prefer, r#"{"stock":9}"#).expect("a good request");
    let response = world.render(&head, members());
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["preference-applied"], "return=representation");
    let body = json(&response);
    assert_eq!(body["@odata.context"], "https://example.org/beta/$metadata#Items");
    assert_eq!(body["value"][1]["@odata.id"], "https://example.org/beta/Items(2)");
}
