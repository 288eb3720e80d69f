//! References: `$ref`, `@odata.bind`, `{"@id": …}`.

use odata::engine::{EntityReference, Operation, Segment};
use odata::{Profile, Value};

use super::shop::{get, member, shop, shop_as};

/// A path as `Root`, key values and navigation names.
fn shown(reference: &EntityReference) -> String {
    let mut text = String::new();
    for segment in &*reference.segments {
        match segment {
            Segment::Root { name, .. } | Segment::Navigation { name, .. } => text.extend(["/", &**name]),
            Segment::Key(values) => {
                let values: Vec<String> = values
                    .iter()
                    .map(|value| match value {
                        Value::Int(number) => number.to_string(),
                        Value::String(text) => text.to_string(),
                        other => panic!("no key of the shop: {other:?}"),
                    })
                    .collect();
                text.extend(["(", &values.join(","), ")"]);
            }
            other => panic!("not in a reference: {other:?}"),
        }
    }
    text
}

fn set(body: &str) -> Result<String, odata::Error> {
    match shop().write("PUT", "/Items(1)/group/$ref", &[], body)?.1 {
        Operation::SetReference(reference) => Ok(shown(&reference)),
        other => panic!("not a reference: {other:?}"),
    }
}

#[test]
fn an_entity_is_named_by_any_url_of_this_service() {
    for url in [
        "https://example.org/beta/Groups(7)",
        "HTTPS://EXAMPLE.ORG/beta/Groups(7)",
        "/beta/Groups(7)",
        "Groups(7)",
        "Groups/7",
        "../../Groups(7)",
        "./../../Groups(id=7)",
    ] {
        for name in ["@odata.id", "@id"] {
            let body = format!("{{\"@odata.context\":\"$metadata#$ref\",\"{name}\":\"{url}\"}}");
            assert_eq!(set(&body).as_deref(), Ok("/Groups(7)"), "{url}");
        }
    }
    let nested = "{\"id\":2,\"name\":\"n\",\"related@odata.bind\":[\"Items(3)\",\"../Items(4)\"]}";
    let record = shop().written("POST", "/Items(1)/related", nested).expect("an item");
    let related: Vec<_> = record.bindings[0].1.iter().map(shown).collect();
    assert_eq!(related, ["/Items(3)", "/Items(4)"], "from the root, and only then from the request");
    let through = "{\"@odata.id\":\"Items(3)/group\"}";
    assert_eq!(set(through).as_deref(), Ok("/Items(3)/group"));
}

#[test]
fn a_reference_that_names_no_entity_of_the_type_is_400() {
    for body in [
        "{\"@odata.id\":\"https://example.com/beta/Groups(7)\"}",
        "{\"@odata.id\":\"http://example.org/beta/Groups(7)\"}",
        "{\"@odata.id\":\"https://example.org/Groups(7)\"}",
        "{\"@odata.id\":\"https://example.org/betas/Groups(7)\"}",
        "{\"@odata.id\":\"//example.org/beta/Groups(7)\"}",
        "{\"@odata.id\":\"../../../Groups(7)\"}",
        "{\"@odata.id\":\"Groups\"}",
        "{\"@odata.id\":\"Groups('x')\"}",
        "{\"@odata.id\":\"Items(1)\"}",
        "{\"@odata.id\":\"Items(1)/name\"}",
        "{\"@odata.id\":\"Nothing(1)\"}",
        "{\"@odata.id\":\"cheapest()\"}",
        "{\"@odata.id\":\"Groups(7)?$select=id\"}",
        "{\"@odata.id\":\"\"}",
        "{\"@odata.id\":7}",
        "{\"@odata.id\":null}",
        "{}",
        "[]",
        "{\"@odata.id\":\"Groups(7)\",\"name\":\"x\"}",
        "",
    ] {
        let world = shop();
        assert_eq!(world.told(set(body)).0, 400, "{body}");
    }
    assert_eq!(shop().told(set("{\"@odata.id\":\"Items(1)\"}")).2, "@odata.id");
}

#[test]
fn references_of_a_collection_come_and_go_by_url_or_key() {
    let world = shop();
    let url = "/Items(1)/related/$ref";
    let (_, added) = world.write("POST", url, &[], "{\"@id\":\"Items(2)\"}").expect("a reference");
    let Operation::AddReference(reference) = added else { panic!("not an addition: {added:?}") };
    assert_eq!(shown(&reference), "/Items(2)");
    let gone = |url: &str| match world.write("DELETE", url, &[], "") {
        Ok((_, Operation::RemoveReference(reference))) => Ok(reference.as_ref().map(shown)),
        Ok(other) => panic!("not a removal: {other:?}"),
        Err(error) => Err(error),
    };
    assert_eq!(gone(&format!("{url}?$id=Items(2)")), Ok(Some("/Items(2)".to_owned())));
    assert_eq!(gone(&format!("{url}?$id=../../Items(2)")), Ok(Some("/Items(2)".to_owned())));
    assert_eq!(gone(&format!("{url}?id=https://example.org/beta/Items(2)")), Ok(Some("/Items(2)".to_owned())));
    assert_eq!(gone("/Items(1)/related(2)/$ref"), Ok(Some("/Items(1)/related(2)".to_owned())));
    assert_eq!(gone("/Items(1)/related/2/$ref"), Ok(Some("/Items(1)/related(2)".to_owned())));
    let all = |body: &str| match world.write("PUT", url, &[], body)?.1 {
        Operation::SetReferences(references) => Ok(references.iter().map(shown).collect::<Vec<_>>().join(" ")),
        other => panic!("not a replacement: {other:?}"),
    };
    let whole = |items: &str| all(&format!("{{\"@context\":\"$metadata#Collection($ref)\",\"value\":[{items}]}}"));
    assert_eq!(whole("{\"@id\":\"Items(2)\"},{\"@odata.id\":\"Items/3\"}").as_deref(), Ok("/Items(2) /Items(3)"));
    assert_eq!(whole("").as_deref(), Ok(""));
    assert_eq!(world.told(whole("{\"@id\":\"Items(2)\"},{\"@id\":\"Groups(2)\"}")).2, "value/1/@odata.id");
    assert_eq!(world.told(whole("5")).2, "value/0");
    assert_eq!(world.told(all("{\"@id\":\"Items(2)\"}")).0, 400);
    let graph = shop_as(Profile::Graph);
    assert_eq!(graph.told(graph.write("PUT", url, &[], "{\"value\":[]}")).0, 405);
    assert_eq!(gone("/Items(1)/group/$ref"), Ok(None));
    assert_eq!(world.told(gone(url)).2, "$id");
    assert_eq!(world.told(gone(&format!("{url}?$id=Groups(2)"))), (400, "BadRequest".to_owned(), "$id".to_owned()));
    assert_eq!(world.told(gone("/Items(1)/related(2)/$ref?$id=Items(2)")).0, 400);
    assert_eq!(world.told(gone("/Items(1)?$id=Items(2)")).0, 400);
}

#[test]
fn references_that_cannot_be_written_are_405() {
    for world in [shop(), shop_as(Profile::Graph)] {
        for (method, url) in [
            ("POST", "/Items(1)/parts/$ref"),
            ("DELETE", "/Items(1)/parts(1)/$ref"),
            ("DELETE", "/Items(1)/owner/$ref"),
            ("POST", "/Items(1)/group/$ref"),
            ("PUT", "/Items(1)/parts/$ref"),
            ("PATCH", "/Items(1)/group/$ref"),
            ("POST", "/Items(1)/related(2)/$ref"),
            ("POST", "/Items/$ref"),
            ("DELETE", "/Items(1)/$ref"),
            ("PUT", "/Fixed(1)/group/$ref"),
        ] {
            assert_eq!(world.told(world.write(method, url, &[], "{\"@id\":\"Items(2)\"}")).0, 405, "{method} {url}");
        }
    }
}

#[test]
fn a_write_binds_by_annotation_and_by_nested_reference() {
    let world = shop();
    let bound = |method: &str, url: &str, body: &str, name: &str| -> Result<String, odata::Error> {
        let record = world.written(method, url, body)?;
        let references = record.bindings.iter().filter(|(number, _)| *number == member("Item", name));
        Ok(references.flat_map(|(_, references)| references.iter().map(shown)).collect::<Vec<_>>().join(" "))
    };
    for (body, name, wanted) in [
        ("\"group@odata.bind\":\"Groups(7)\"", "group", "/Groups(7)"),
        ("\"group@bind\":\"https://example.org/beta/Groups(7)\"", "group", "/Groups(7)"),
        ("\"group\":{\"@odata.id\":\"Groups(7)\"}", "group", "/Groups(7)"),
        ("\"group\":{\"@id\":\"Groups(7)\"}", "group", "/Groups(7)"),
        ("\"related@odata.bind\":[\"Items(2)\",\"Items(3)\"]", "related", "/Items(2) /Items(3)"),
        ("\"related\":[{\"@id\":\"Items(2)\"},{\"@id\":\"Items(3)\"}]", "related", "/Items(2) /Items(3)"),
    ] {
        let create = format!("{{\"id\":1,\"name\":\"n\",{body}}}");
        assert_eq!(bound("POST", "/Items", &create, name).as_deref(), Ok(wanted), "{body}");
        let update = format!("{{{body}}}");
        assert_eq!(bound("PATCH", "/Items(1)", &update, name).as_deref(), Ok(wanted), "{body}");
    }
    for (body, place) in [
        ("\"group@odata.bind\":\"Items(7)\"", "group@odata.bind"),
        ("\"group@odata.bind\":[\"Groups(7)\"]", "group@odata.bind"),
        ("\"related@odata.bind\":\"Items(2)\"", "related@odata.bind"),
        ("\"related@odata.bind\":[\"Items(2)\",5]", "related@odata.bind/1"),
        ("\"related\":[{\"@id\":\"Items(2)\"},{\"@id\":\"Groups(2)\"}]", "related/1"),
        ("\"owner@odata.bind\":null", "owner@odata.bind"),
        ("\"parts@odata.bind\":[\"Items(2)/parts(1)\"]", "parts@odata.bind/0"),
        ("\"parts\":[{\"@id\":\"Items(2)/parts(1)\"}]", "parts/0"),
        ("\"name@odata.bind\":\"Groups(7)\"", "name@odata.bind"),
        ("\"nothing@odata.bind\":\"Groups(7)\"", "nothing@odata.bind"),
        ("\"group@odata.bind\":\"Groups(7)\",\"group\":{\"@id\":\"Groups(8)\"}", "group"),
        ("\"group@odata.bind\":\"Groups(7)\",\"group\":{\"name\":\"g\"}", "group"),
        ("\"group\":{\"name\":\"g\"},\"group@odata.bind\":\"Groups(7)\"", "group@odata.bind"),
        ("\"group\":null,\"group@odata.bind\":\"Groups(7)\"", "group@odata.bind"),
        ("\"group@odata.bind\":\"Groups(7)\",\"group@bind\":null", "group@bind"),
    ] {
        let told = world.told(world.written("PATCH", "/Items(1)", &format!("{{{body}}}")));
        assert_eq!((told.0, told.2.as_str()), (400, place), "{body}");
    }
}

#[test]
fn a_relation_that_is_bound_implies_its_dependent_key() {
    let world = shop();
    assert!(world.written("POST", "/Texts", "{\"language\":\"en\",\"item@odata.bind\":\"Items(1)\"}").is_ok());
    assert!(world.written("POST", "/Items(1)/texts", "{\"language\":\"en\"}").is_ok());
    let nested = "{\"id\":1,\"name\":\"n\",\"texts\":[{\"language\":\"en\"}]}";
    let record = world.written("POST", "/Items", nested).expect("a deep insert");
    let texts = get(&record, "texts").and_then(Value::as_collection).expect("nested entities");
    assert_eq!(texts[0].as_record().and_then(|text| get(text, "itemId")), None);
    let told = world.told(world.written("POST", "/Texts", "{\"language\":\"en\"}"));
    assert_eq!((told.0, told.2.as_str()), (400, "itemId"));
}

#[test]
fn related_entities_stand_in_a_change_under_4_01_alone() {
    let world = shop();
    let body = "{\"group\":{\"id\":9,\"name\":\"g\"},\"related\":[{\"id\":4,\"note\":\"x\"},{\"@id\":\"Items(5)\"}]}";
    let record = world.written("PATCH", "/Items(1)", body).expect("a deep update");
    let group = get(&record, "group").and_then(Value::as_record).expect("a nested entity");
    assert_eq!(get(group, "id"), Some(&Value::Int(9)), "a nested entity is found by its key");
    let related = get(&record, "related").and_then(Value::as_collection).expect("nested entities");
    assert_eq!(related.len(), 1);
    assert_eq!(shown(&record.bindings[0].1[0]), "/Items(5)");
    for pairs in [[("odata-version", "4.0")], [("odata-maxversion", "4.0")]] {
        let told = world.told(world.write("PATCH", "/Items(1)", &pairs, body));
        assert_eq!((told.0, told.1.as_str(), told.2.as_str()), (400, "ModelValidationFailure", "group"));
    }
    let record = world.written("PATCH", "/Items(1)", "{\"group\":null}").expect("a change");
    assert_eq!(get(&record, "group"), Some(&Value::Null));
    assert_eq!(world.told(world.written("PATCH", "/Items(1)", "{\"owner\":null}")).0, 400);
}

#[test]
fn a_change_adds_changes_and_removes_related_entities() {
    let world = shop();
    let body = "{\"related@delta\":[{\"id\":4,\"note\":\"x\"},{\"@id\":\"Items(5)\"},\
                {\"@removed\":{\"reason\":\"changed\"},\"@id\":\"Items(6)\"},{\"@removed\":{\"reason\":\"deleted\"},\"id\":7}]}";
    let record = world.written("PATCH", "/Items(1)", body).expect("a change");
    assert_eq!(get(&record, "related"), None, "what is not named stays");
    let changes = &record.changes[0];
    assert_eq!(changes.member, member("Item", "related"));
    assert_eq!(get(&changes.entities[0], "id"), Some(&Value::Int(4)));
    assert_eq!(changes.added.iter().map(shown).collect::<Vec<_>>(), ["/Items(5)"]);
    let removed: Vec<(String, bool)> = changes.removed.iter().map(|(entity, gone)| (shown(entity), *gone)).collect();
    assert_eq!(removed, [("/Items(6)".to_owned(), false), ("/Items(7)".to_owned(), true)]);
    for (method, url, body, place) in [
        ("PATCH", "/Items(1)", "{\"related@delta\":{}}", "related@delta"),
        ("PATCH", "/Items(1)", "{\"related@delta\":[{\"@removed\":{}}]}", "related@delta/0"),
        ("PATCH", "/Items(1)", "{\"related@delta\":[{\"@removed\":{},\"id\":\"x\"}]}", "related@delta/0"),
        ("PATCH", "/Items(1)", "{\"related@delta\":[{\"@removed\":{},\"@id\":\"Groups(1)\"}]}", "related@delta/0"),
        ("PATCH", "/Items(1)", "{\"group@delta\":[]}", "group@delta"),
        ("POST", "/Items", "{\"id\":1,\"name\":\"n\",\"related@delta\":[]}", "related@delta"),
    ] {
        let told = world.told(world.written(method, url, body));
        assert_eq!((told.0, told.2.as_str()), (400, place), "{body}");
    }
    let plain = super::support::World {
        engine: odata::engine::Engine::new(
            std::sync::Arc::clone(&super::shop::SHOP),
            odata::engine::Settings::new(Profile::Strict),
        ),
    };
    assert_eq!(plain.told(plain.written("PATCH", "/Items(1)", body)).0, 501, "only where it is offered");
}

#[test]
fn an_entity_is_read_by_its_id() {
    let world = shop();
    let path = |url: &str| {
        let head = world.head("GET", url, &[])?;
        assert_eq!(head.target().kind, odata::engine::TargetKind::Entity, "{url}");
        let reference = EntityReference {
            segments: head.target().segments.iter().filter(|s| !matches!(s, Segment::Cast(_))).cloned().collect(),
        };
        Ok::<_, odata::Error>((shown(&reference), head.query().projection.select.is_some()))
    };
    for (url, selects) in [
        ("/$entity?$id=Items(1)", false),
        ("/$entity?$id=https://example.org/beta/Items(1)&$select=name", true),
        ("/$entity?$id=/beta/Items(1)", false),
        ("/$entity?$select=name&id=Items%281%29", true),
        ("/$entity/shop.BigItem?$id=Items(1)&$select=bulk", true),
    ] {
        assert_eq!(path(url), Ok(("/Items(1)".to_owned(), selects)), "{url}");
    }
    for url in [
        "/$entity",
        "/$entity?$id=Items",
        "/$entity?$id=Items(1)/name",
        "/$entity?$id=https://example.com/beta/Items(1)",
        "/$entity?$id=Items(1)&$id=Items(2)",
        "/$entity?$id=Items(1)%3F$select=id",
        "/$entity/shop.Group?$id=Items(1)",
        "/$entity?$id=Items(1)&$filter=id%20eq%201",
        "/$entity?$id=cheapest()",
    ] {
        assert_eq!(world.told(path(url)).0, 400, "{url}");
    }
}
