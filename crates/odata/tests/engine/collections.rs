//! Changes of whole collections: of each member, by a path that ends in `/$each`; change by change, by a delta payload; all at
//! once, by PUT.

use std::sync::Arc;

use odata::engine::{Changed, EntityReference, FailedOperation, MemberChange, Operation, Outcome, Removed, Segment};
use odata::{Error, Profile, Record, RecordBuilder, Value};
use serde_json::json;

use super::shop::{SHOP, get, item, shop, shop_as, type_id};
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

fn changes(url: &str, body: &str) -> Result<Vec<MemberChange>, Error> {
    match shop().write("PATCH", url, &[], body)?.1 {
        Operation::UpdateCollection(changes) => Ok(changes),
        other => panic!("not changes: {other:?}"),
    }
}

fn path_of(entity: &EntityReference) -> String {
    let name = |segment: &Segment| match segment {
        Segment::Root { name, .. } | Segment::Navigation { name, .. } => name.to_string(),
        Segment::Key(key) => format!("{key:?}"),
        other => panic!("not of a reference: {other:?}"),
    };
    entity.segments.iter().map(name).collect::<Vec<_>>().join("/")
}

#[test]
fn a_delta_payload_is_read_change_by_change() {
    let body = r##"{"@context":"#$delta","value":[
        {"id":1,"stock":2,"@etag":"W/\"3\""},
        {"@odata.type":"#shop.BigItem","name":"new","bulk":4},
        {"@id":"Items(5)","note":"n"},
        {"@id":"Items(6)"},
        {"@removed":{"reason":"changed"},"id":7,"@etag":"*"},
        {"@odata.context":"$metadata#Items/$deletedEntity","id":"Items(8)","reason":"deleted"}]}"##;
    let found = changes("/Items", body).expect("a delta payload");
    let upserts = found.iter().filter_map(|change| match change {
        MemberChange::Upsert(record) => Some((record.type_id, get(record, "id").cloned(), record.etag.clone())),
        _ => None,
    });
    assert_eq!(
        upserts.collect::<Vec<_>>(),
        [
            (type_id("Item"), Some(Value::Int(1)), Some("W/\"3\"".into())),
            (type_id("BigItem"), None, None),
            (type_id("Item"), Some(Value::Int(5)), None),
        ]
    );
    let [_, _, _, MemberChange::Add(added), MemberChange::Remove { entity: left, etag, delete: true }, last] =
        &found[..]
    else {
        panic!("an order of its own: {found:?}")
    };
    assert_eq!((path_of(added).as_str(), path_of(left).as_str()), ("Items/[Int(6)]", "Items/[Int(7)]"));
    assert_eq!(etag.as_deref(), Some("*"));
    assert!(matches!(last, MemberChange::Remove { entity, .. } if path_of(entity) == "Items/[Int(8)]"));
}

#[test]
fn a_related_collection_is_left_and_a_key_is_implied() {
    let body = r#"{"value":[{"@removed":{},"id":2},{"@removed":{"reason":"deleted"},"id":3}]}"#;
    let found = changes("/Items(1)/related", body).expect("a delta payload");
    let deletes = found.iter().map(|change| matches!(change, MemberChange::Remove { delete: true, .. }));
    assert_eq!(deletes.collect::<Vec<_>>(), [false, true]);
    let body = r#"{"value":[{"language":"en","text":"t"},{"@removed":{},"language":"de"}]}"#;
    let found = changes("/Items(1)/texts", body).expect("a delta payload");
    let [MemberChange::Upsert(text), MemberChange::Remove { entity, .. }] = &found[..] else { panic!("{found:?}") };
    assert_eq!(get(text, "itemId"), Some(&Value::Int(1)));
    assert!(path_of(entity).ends_with(r#"texts/[Int(1), String("de")]"#), "{}", path_of(entity));
    let found = changes("/Items(1)/parts", r#"{"value":[{"@removed":{"reason":"changed"},"number":1}]}"#);
    assert!(matches!(found.as_deref(), Ok([MemberChange::Remove { delete: true, .. }])), "contained: {found:?}");
}

#[test]
fn what_is_no_delta_payload_says_where() {
    let world = shop();
    for (body, target) in [
        ("[]", ""),
        (r#"{"value":{}}"#, "value"),
        (r#"{"value":[],"name":"x"}"#, "name"),
        (r##"{"@context":"#Items","value":[]}"##, "@context"),
        (r#"{"value":[1]}"#, "value/0"),
        (r#"{"value":[{},null]}"#, "value/1"),
        (r#"{"value":[{"stock":"x"}]}"#, "value/0/stock"),
        (r#"{"value":[{"@removed":{}}]}"#, "value/0"),
        (r#"{"value":[{"@removed":{},"@id":"Groups(1)"}]}"#, "value/0"),
        (r#"{"value":[{"@id":"Main","name":"x"}]}"#, "value/0"),
    ] {
        let told = world.told(changes("/Items", body));
        assert_eq!((told.0, told.2.as_str()), (400, target), "{body}");
    }
    for body in ["{}", r#"{"stock":9}"#, ""] {
        assert_eq!(world.told(changes("/Items", body)).0, 405, "an entity has a URL of its own: {body}");
    }
    let many = format!(r#"{{"value":[{}]}}"#, vec!["{}"; 10_001].join(","));
    assert_eq!(world.told(changes("/Items", &many)).2, "value");
    let link =
        r##"{"value":[{"@context":"#Items/$link","source":"Items(1)","relationship":"group","target":"Groups(1)"}]}"##;
    assert_eq!(world.told(changes("/Items", link)).0, 501);
    for url in ["/Fixed", "/Items/shop.BigItem", "/Items/$filter(stock lt 1)", "/Items/top()"] {
        assert_eq!(world.told(world.head("PATCH", url, &[])).0, 405, "{url}");
    }
    assert_eq!(world.told(world.head("PATCH", "/Items?$select=id", &[])).0, 400);
    let not_offered = strict();
    assert_eq!(not_offered.told(not_offered.head("PATCH", "/officeConfigurations", &[])).0, 405);
}

#[test]
fn a_whole_collection_is_read_with_what_it_refers_to() {
    let world = shop();
    let put = |url: &str, body: &str| match world.write("PUT", url, &[], body)?.1 {
        Operation::ReplaceCollection(whole) => Ok(whole),
        other => panic!("not a replacement: {other:?}"),
    };
    let body = r#"{"@context":"$metadata#Items","value":[{"id":1,"stock":2},{"name":"new"},{"@id":"Items(3)"}]}"#;
    for url in ["/Items", "/Items(1)/related"] {
        let whole = put(url, body).expect("a whole collection");
        let [MemberChange::Upsert(one), MemberChange::Upsert(new), MemberChange::Add(entity)] = &whole[..] else {
            panic!("{url}: {whole:?}")
        };
        assert_eq!((get(one, "id"), get(new, "id")), (Some(&Value::Int(1)), None), "{url}");
        assert!(path_of(entity).starts_with("Items/"), "{url}");
    }
    for (body, target) in [
        ("[]", ""),
        (r#"{"value":5}"#, "value"),
        (r##"{"@context":"#$delta","value":[]}"##, "@context"),
        (r#"{"value":[{"@removed":{},"@id":"Items(1)"}]}"#, "value/0"),
        (r#"{"value":[{"id":1},{"stock":"x"}]}"#, "value/1/stock"),
    ] {
        let told = world.told(put("/Items", body));
        assert_eq!((told.0, told.2.as_str()), (400, target), "{body}");
    }
    for body in ["", "{}", r#"{"name":"n"}"#] {
        assert_eq!(world.told(put("/Items", body)).0, 405, "an entity has a URL of its own: {body}");
    }
    for url in ["/Fixed", "/Items/shop.BigItem", "/Items/$filter(stock lt 1)"] {
        assert_eq!(world.told(world.head("PUT", url, &[])).0, 405, "{url}");
    }
    let graph = shop_as(Profile::Graph);
    assert_eq!(graph.told(graph.head("PUT", "/Items", &[])).0, 405);
}

#[test]
fn what_became_of_changes_is_told_in_their_order() {
    let world = shop();
    let key = |id| Arc::new(RecordBuilder::new(&SHOP, type_id("Item")).set_named("id", id).build());
    let failed = |operation, record, message: &str| {
        let error = Error::new(odata::ErrorKind::PreconditionFailed, message).at("value/2");
        Changed::Failed { operation, record, error }
    };
    let good =
        vec![Changed::Entity(Arc::new(item(1).build())), Changed::Removed(Removed { record: key(2), deleted: true })];
    let bad = vec![
        failed(FailedOperation::Update, Arc::new(item(3).build()), "u"),
        failed(FailedOperation::Insert, Arc::new(Record::new(type_id("Item"), 19)), "i"),
        failed(FailedOperation::Delete, key(4), "d"),
        failed(FailedOperation::Link, key(5), "l"),
    ];
    let body = r#"{"value":[]}"#;
    let (head, _) = world.write("PATCH", "/Items", &[], body).expect("a good request");
    assert_eq!(world.render(&head, Outcome::UpdatedCollection(good.clone())).status(), 204);
    let response = world.render(&head, Outcome::UpdatedCollection([good.clone(), bad].concat()));
    assert_eq!(
        (response.status().as_u16(), &response.headers()["preference-applied"]),
        (200, &"continue-on-error=true".parse().expect("a value"))
    );
    let root = super::support::ROOT;
    let body = json(&response);
    assert_eq!(body["@odata.context"], format!("{root}/$metadata#Items/$delta"));
    assert_eq!(body["value"][0]["name"], "item 1");
    assert_eq!(
        body["value"][1],
        json!({"@removed": {"reason": "deleted"}, "@id": format!("{root}/Items(2)"), "id": 2})
    );
    let term = "@Org.OData.Core.V1.DataModificationException";
    assert_eq!(
        body["value"][2][term],
        json!({"info": {"code": "PreconditionFailed", "message": "u", "target": "value/2", "severity": "error"},
            "failedOperation": "update", "responseCode": 412})
    );
    assert_eq!(body["value"][2]["name"], "item 3");
    assert_eq!(
        (&body["value"][3][term]["failedOperation"], &body["value"][3]["@id"]),
        (&json!("insert"), &json!(null))
    );
    assert_eq!(body["value"][3]["@removed"]["reason"], "deleted");
    assert_eq!(
        (&body["value"][4][term]["failedOperation"], &body["value"][4]["@odata.id"]),
        (&json!("delete"), &json!(format!("{root}/Items(4)")))
    );
    assert_eq!(body["value"][5]["@removed"]["reason"], "changed");
    let (head, _) = world
        .write(
            "PATCH",
            "/Items",
            &[("prefer", "return=representation"), ("odata-maxversion", "4.0")],
            r#"{"value":[]}"#,
        )
        .expect("a good request");
    let response = world.render(&head, Outcome::UpdatedCollection(good));
    assert_eq!(response.headers()["preference-applied"], "return=representation");
    assert_eq!(json(&response)["value"][1]["id"], format!("{root}/Items(2)"));
}
