//! What a model looks like when it is written down, and that nothing is lost on the way.

#![expect(clippy::unwrap_used, clippy::format_push_string, reason = "tests")]

use odata::Model;
use odata::csdl::{CsdlVersion, read, write_json, write_xml};
use odata::model::NamedType;
use serde_json::Value as Json;

const REFERENCE: &str = include_str!("csdl/reference.csdl.xml");
const FEATURES: &str = include_str!("csdl/features.csdl.xml");

/// Everything a model says, in one text without the order of hash maps.
fn said(model: &Model) -> String {
    let mut out = format!(
        "{:#?}\n{:#?}\n{:#?}\n{:#?}\n{:#?}\n",
        model.schemas, model.references, model.default_namespaces, model.schema_version, model.operations
    );
    for ty in &model.types {
        if let NamedType::Structured(ty) = ty {
            let sorted: std::collections::BTreeMap<_, _> = ty.by_name.iter().collect();
            out += &format!(
                "{} {:?} {:?} {} {} {} {} {:#?} {:#?} {} {sorted:?} {:#?}\n",
                ty.name,
                ty.base,
                ty.ancestors,
                ty.is_entity,
                ty.is_abstract,
                ty.is_open,
                ty.has_stream,
                ty.key,
                ty.members,
                ty.own_from,
                ty.annotations
            );
        } else {
            out += &format!("{ty:#?}\n");
        }
    }
    let container = &model.container;
    out + &format!(
        "{} {} {:#?} {:#?} {:?} {:?}",
        container.namespace,
        container.name,
        container.children,
        container.annotations,
        model.aliases.iter().collect::<std::collections::BTreeMap<_, _>>(),
        model.operation_names.iter().collect::<std::collections::BTreeMap<_, _>>()
    )
}

#[test]
fn a_written_model_is_read_back_as_the_same_model() {
    for text in [FEATURES, REFERENCE] {
        let model = read(text).unwrap();
        for version in [CsdlVersion::V4_0, CsdlVersion::V4_01] {
            let written = write_xml(&model, version);
            let again = read(&written).unwrap();
            assert!(said(&model) == said(&again), "lost in:\n{written}");
            assert_eq!(write_xml(&again, version), written);
            assert_eq!(write_json(&again, version), write_json(&model, version));
        }
    }
}

#[test]
fn the_version_is_the_one_that_was_asked_for() {
    let model = read(FEATURES).unwrap();
    assert!(write_xml(&model, CsdlVersion::V4_0).contains("<edmx:Edmx Version=\"4.0\""));
    assert!(write_xml(&model, CsdlVersion::V4_01).contains("<edmx:Edmx Version=\"4.01\""));
    assert!(write_json(&model, CsdlVersion::V4_0).starts_with("{\n  \"$Version\": \"4.0\""));
}

#[test]
fn a_schema_with_an_alias_is_named_by_it_alone() {
    let model = read(FEATURES).unwrap();
    let xml = write_xml(&model, CsdlVersion::V4_01);
    for name in ["BaseType=\"self.Thing\"", "Type=\"Collection(self.Copy)\"", "Function=\"self.Find\""] {
        assert!(xml.contains(name), "{name}");
    }
    let json: Json = serde_json::from_str(&write_json(&model, CsdlVersion::V4_01)).unwrap();
    assert_eq!(json["lib.model"]["Audiobook"]["$BaseType"], "self.Book");
    assert_eq!(json["lib.model"]["Library"]["Books"]["$Type"], "self.Book");
    assert_eq!(json["$EntityContainer"], "lib.model.Library", "but for the container");
}

#[test]
fn csdl_xml_looks_like_this() {
    insta::assert_snapshot!(write_xml(&read(FEATURES).unwrap(), CsdlVersion::V4_01));
}

#[test]
fn csdl_json_looks_like_this() {
    insta::assert_snapshot!(write_json(&read(FEATURES).unwrap(), CsdlVersion::V4_01));
}

#[test]
fn csdl_json_says_what_the_xml_says() {
    let json: Json = serde_json::from_str(&write_json(&read(FEATURES).unwrap(), CsdlVersion::V4_01)).unwrap();
    assert_eq!(json["$EntityContainer"], "lib.model.Library");
    let schema = &json["lib.model"];
    assert_eq!(schema["Book"]["$Key"], serde_json::json!(["Isbn", { "EditionNumber": "Edition/Number" }]));
    assert_eq!(schema["Book"]["Tags"], serde_json::json!({ "$Collection": true, "$MaxLength": 20 }));
    assert_eq!(schema["Thing"]["Note"], serde_json::json!({ "$Nullable": true }), "Edm.String needs no name");
    assert_eq!(schema["Book"]["Price"]["$DefaultValue"], serde_json::json!(1.5));
    assert_eq!(schema["Book"]["Genre"]["$DefaultValue"], "Novel,Crime");
    assert_eq!(schema["Genre"]["Novel@Core.Description"], "Long & \"made up\"");
    assert_eq!(schema["Lend"].as_array().map(Vec::len), Some(3));
    assert_eq!(schema["Copy"]["Worth"]["$Scale"], 0, "what XML leaves out as zero, JSON leaves out as any scale");
    assert_eq!(schema["Library"]["Newest"]["$Nullable"], true);
    let included = json["$Reference"].as_object().and_then(|documents| documents.values().next()).unwrap();
    assert_eq!(
        included["$IncludeAnnotations"][1],
        serde_json::json!({
            "$TermNamespace": "org.example.display", "$Qualifier": "Tablet", "$TargetNamespace": "lib.model"
        })
    );
    assert_eq!(schema["Library"]["Authors"]["$IncludeInServiceDocument"], false);
    assert_eq!(schema["Library"]["Books"]["@self.Rating#Staff"], 5);
    let all = &json["lib.extra"]["Everything"];
    assert_eq!(all["@self.Expressions@Core.Description"], "One of each");
    let all = &all["@self.Expressions"];
    assert_eq!((&all[6], &all[7], &all[12]), (&"Novel,Crime".into(), &"-INF".into(), &Json::Null));
    assert_eq!(all[15], serde_json::json!({ "$If": [{ "$Eq": [{ "$Path": "Name" }, "x"] }, 1, 2] }));
    assert_eq!(all[16], serde_json::json!({ "$Apply": ["a", { "$Path": "Name" }], "$Function": "odata.concat" }));
    assert_eq!(all[17], serde_json::json!({ "$Cast": { "$Path": "Price" }, "$Type": "Edm.Decimal" }));
    assert_eq!(all[22]["@type"], "#self.Edition");
}
