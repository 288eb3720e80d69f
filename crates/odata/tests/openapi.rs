//! The OpenAPI document follows the model: paths, methods, parameters and schemas, the same bytes for the same model.

use odata::openapi::{About, Document};
use odata::{Model, Profile};
use serde_json::Value;

const MODEL: &str = r#"<edmx:Edmx xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx" Version="4.0">
  <edmx:Reference Uri="https://example.org/capabilities.xml">
    <edmx:Include Namespace="Org.OData.Capabilities.V1" Alias="Capabilities"/>
    <edmx:Include Namespace="Org.OData.Core.V1" Alias="Core"/>
    <edmx:Include Namespace="Org.OData.Validation.V1" Alias="Validation"/>
  </edmx:Reference>
  <edmx:DataServices>
    <Schema xmlns="http://docs.oasis-open.org/odata/ns/edm" Namespace="shop">
      <EnumType Name="colour"><Member Name="red"/><Member Name="blue"/></EnumType>
      <ComplexType Name="size" Abstract="true"/>
      <ComplexType Name="box" BaseType="shop.size"><Property Name="height" Type="Edm.Int32" Nullable="false"/></ComplexType>
      <EntityType Name="item">
        <Key><PropertyRef Name="id"/></Key>
        <Property Name="id" Type="Edm.Int32" Nullable="false"><Annotation Term="Core.Computed" Bool="true"/></Property>
        <Property Name="name" Type="Edm.String" Nullable="false" MaxLength="20"/>
        <Property Name="colour" Type="shop.colour"/>
        <Property Name="stock" Type="Edm.Int32"><Annotation Term="Validation.Minimum" Int="0"/></Property>
        <Property Name="made" Type="Edm.DateTimeOffset" Precision="3"/>
        <Property Name="opens" Type="Edm.TimeOfDay"/>
        <Property Name="lasts" Type="Edm.Duration"/>
        <Property Name="seal" Type="Edm.Binary"/>
        <Property Name="size" Type="shop.size"/>
        <Property Name="photo" Type="Edm.Stream"/>
        <NavigationProperty Name="parts" Type="Collection(shop.item)" ContainsTarget="true"/>
      </EntityType>
      <EntityType Name="order">
        <Key><PropertyRef Name="year"/><PropertyRef Name="number"/></Key>
        <Property Name="year" Type="Edm.Int16" Nullable="false"/>
        <Property Name="number" Type="Edm.String" Nullable="false"/>
      </EntityType>
      <Function Name="cheapest" IsBound="true"><Parameter Name="set" Type="Collection(shop.item)"/>
        <Parameter Name="count" Type="Edm.Int32" Nullable="false"/><ReturnType Type="Collection(shop.item)"/></Function>
      <Action Name="restock" IsBound="true"><Parameter Name="set" Type="Collection(shop.item)"/>
        <Parameter Name="amounts" Type="Collection(Edm.Int32)" Nullable="false">
          <Annotation Term="Validation.Maximum" Int="9"/></Parameter></Action>
      <EntityContainer Name="c">
        <EntitySet Name="items" EntityType="shop.item"/>
        <EntitySet Name="orders" EntityType="shop.order">
          <Annotation Term="Capabilities.FilterRestrictions"><Record><PropertyValue Property="Filterable" Bool="false"/></Record></Annotation>
          <Annotation Term="Capabilities.TopSupported" Bool="false"/>
          <Annotation Term="Capabilities.InsertRestrictions"><Record><PropertyValue Property="Insertable" Bool="false"/></Record></Annotation>
        </EntitySet>
      </EntityContainer>
    </Schema>
  </edmx:DataServices>
</edmx:Edmx>"#;

fn model() -> Model {
    odata::csdl::read(MODEL).expect("a valid model")
}

fn document(profile: Profile) -> Value {
    let text = Document::new(&model(), profile, &About::new("Shop", "1")).json();
    serde_json::from_str(&text).expect("JSON")
}

fn options(operation: &Value) -> Vec<&str> {
    let all = operation["parameters"].as_array().expect("it has parameters");
    all.iter().filter_map(|parameter| parameter["name"].as_str()).collect()
}

#[test]
fn keys_stand_in_paths_as_the_profile_writes_them() {
    let strict = document(Profile::Strict);
    assert!(strict["paths"]["/items({item-id})"]["get"].is_object(), "{strict}");
    assert!(strict["paths"]["/orders(year={order-year},number='{order-number}')"]["delete"].is_object());
    let graph = document(Profile::Graph);
    assert!(graph["paths"]["/items/{item-id}/photo"]["put"].is_object());
}

#[test]
fn a_path_has_the_methods_that_the_engine_takes() {
    let document = document(Profile::Graph);
    let methods = |path: &str| -> Vec<String> {
        let item = document["paths"][path].as_object().expect(path);
        item.keys().filter(|name| *name != "parameters").cloned().collect()
    };
    assert_eq!(methods("/items"), ["get", "post"]);
    assert_eq!(methods("/orders"), ["get"]);
    assert_eq!(methods("/items/{item-id}"), ["delete", "get", "patch"]);
    assert_eq!(methods("/items/shop.cheapest(count={count})"), ["get"]);
}

#[test]
fn query_options_are_those_that_the_capabilities_leave() {
    let document = document(Profile::Graph);
    let items = options(&document["paths"]["/items"]["get"]);
    assert!(
        ["$filter", "$search", "$orderby", "$top", "$skip", "$count", "$select", "$expand"]
            .iter()
            .all(|o| items.contains(o))
    );
    let orders = options(&document["paths"]["/orders"]["get"]);
    assert!(!orders.contains(&"$filter") && !orders.contains(&"$top") && orders.contains(&"$skip"), "{orders:?}");
    assert!(!orders.contains(&"$expand"), "nothing can be expanded");
}

#[test]
fn schemas_tell_reading_from_creating_and_changing() {
    let document = document(Profile::Graph);
    let schemas = &document["components"]["schemas"];
    assert_eq!(schemas["shop.item"]["properties"]["id"]["readOnly"], true);
    assert!(schemas["shop.item-create"]["properties"]["id"].is_null());
    assert_eq!(schemas["shop.item-create"]["required"], serde_json::json!(["name"]));
    assert_eq!(schemas["shop.item"]["properties"]["name"]["maxLength"], 20);
    assert!(schemas["shop.item-update"]["required"].is_null());
    assert_eq!(schemas["shop.colour"]["enum"], serde_json::json!(["red", "blue"]));
}

#[test]
fn a_pattern_takes_what_the_engine_takes() {
    use odata::model::{Facets, Primitive};
    let document = document(Profile::Strict);
    let properties = &document["components"]["schemas"]["shop.item-create"]["properties"];
    let exact = Facets { precision: Some(3), ..Facets::default() };
    let free = Facets::default();
    let cases: [(&str, Primitive, Facets, &[&str]); 4] = [
        (
            "made",
            Primitive::DateTimeOffset,
            exact,
            &[
                "2026-02-03T04:05:06.789Z",
                "2026-02-03T04:05:06.7891Z",
                "2026-02-03T04:05+14:00",
                "2026-02-03T04:05:06+14:01",
                "2026-02-03T04:05:06-13:59",
                "2026-02-03T04:05:06-16:03",
                "2026-02-03T24:00:00Z",
                "2026-02-03T04:05:60Z",
                "0000-02-03T04:05:06Z",
                "0010-02-03T04:05:06Z",
                "2026-13-03T04:05:06Z",
                "2026-02-03 04:05:06Z",
                "2026-02-03T04:05:06",
            ],
        ),
        (
            "opens",
            Primitive::TimeOfDay,
            free,
            &["08:30", "08:30:15", "08:30:15.1234567", "08:30:15.12345678", "24:00", "08:30:60", "8:30", "08:30Z"],
        ),
        (
            "lasts",
            Primitive::Duration,
            free,
            &["P1D", "-PT1.5S", "P1DT2H3M4S", "PT", "P", "P1DT", "P1Y", "P1W", "PT1S2H", "PT1H5S", "1D", "PT1.S"],
        ),
        (
            "seal",
            Primitive::Binary,
            free,
            &["", "Zg", "Zg==", "Zg=", "Zh", "Z", "-_8=", "+/8", "+_8=", "Zm9v", "Zm9v="],
        ),
    ];
    for (name, ty, facets, texts) in cases {
        let pattern = properties[name]["pattern"].as_str().expect(name);
        let pattern = regex::Regex::new(pattern).expect(pattern);
        for text in texts {
            let read = odata::edm::parse_primitive(ty, &facets, text)
                .and_then(|value| odata::edm::check_facets(&facets, &value));
            assert_eq!(pattern.is_match(text), read.is_ok(), "{name}: {text}");
        }
    }
    let photo = &properties["photo"]["pattern"];
    assert_eq!(photo, &properties["seal"]["pattern"], "bytes in a body are base64, of a stream too");
}

#[test]
fn a_complex_property_is_set_to_null_where_it_may_be() {
    let document = document(Profile::Graph);
    for (method, name) in [("put", "shop.size-create"), ("patch", "shop.size-update")] {
        let body = &document["paths"]["/items/{item-id}/size"][method]["requestBody"]["content"]["application/json"];
        let link = format!("#/components/schemas/{name}");
        assert_eq!(body["schema"], serde_json::json!({ "anyOf": [{ "$ref": link }, { "type": "null" }] }));
    }
}

#[test]
fn bounds_of_numbers_are_those_of_the_type_and_of_the_model() {
    let document = document(Profile::Graph);
    let stock = &document["components"]["schemas"]["shop.item-update"]["properties"]["stock"];
    assert_eq!((&stock["minimum"], &stock["maximum"]), (&0.into(), &i32::MAX.into()));
    let body = &document["paths"]["/items/shop.restock"]["post"]["requestBody"]["content"]["application/json"];
    let amount = &body["schema"]["properties"]["amounts"]["items"];
    assert_eq!((&amount["minimum"], &amount["maximum"]), (&i32::MIN.into(), &9.into()));
    let top = &document["paths"]["/items"]["get"]["parameters"];
    let top = top.as_array().expect("parameters").iter().find(|parameter| parameter["name"] == "$top").expect("$top");
    assert_eq!((&top["schema"]["minimum"], &top["schema"]["maximum"]), (&0.into(), &i64::MAX.into()));
}

#[test]
fn an_option_is_not_empty() {
    let document = document(Profile::Graph);
    for parameter in document["paths"]["/items"]["get"]["parameters"].as_array().expect("parameters") {
        let schema = &parameter["schema"];
        match schema["type"].as_str() {
            Some("string") => assert_eq!(schema["minLength"], 1, "{parameter}"),
            Some("array") => assert_eq!(schema["minItems"], 1, "{parameter}"),
            _ => {}
        }
    }
}

#[test]
fn what_a_request_can_be_too_much_for_is_told() {
    let document = document(Profile::Graph);
    let statuses = |path: &str, method: &str| -> Vec<String> {
        document["paths"][path][method]["responses"].as_object().expect(path).keys().cloned().collect()
    };
    let has = |all: &[String], wanted: &[&str]| wanted.iter().all(|status| all.iter().any(|known| known == status));
    assert!(has(&statuses("/items", "get"), &["414"]));
    assert!(!has(&statuses("/items", "get"), &["413"]), "nothing is sent");
    assert!(has(&statuses("/items", "post"), &["408", "413", "414", "415"]));
}

#[test]
fn an_abstract_type_is_one_of_its_concrete_ones_by_their_name() {
    let document = document(Profile::Graph);
    let size = &document["components"]["schemas"]["shop.size"];
    assert_eq!(size["discriminator"]["mapping"]["#shop.box"], "#/components/schemas/shop.box");
    assert_eq!(size["anyOf"], serde_json::json!([{"$ref": "#/components/schemas/shop.box"}]));
    assert_eq!(
        document["components"]["schemas"]["shop.box-create"]["required"],
        serde_json::json!(["@odata.type", "height"])
    );
    // A change of the entity leaves the type of the entity alone, but a value in it is a new one.
    assert_eq!(document["components"]["schemas"]["shop.box-update"]["required"], serde_json::json!(["@odata.type"]));
}

#[test]
fn containment_without_end_is_described_to_a_bounded_depth() {
    let document = document(Profile::Graph);
    let deepest = document["paths"].as_object().expect("paths").keys().map(|path| path.matches("/parts").count()).max();
    assert_eq!(deepest, Some(4), "as limits.rs has it");
}

#[test]
fn every_reference_leads_somewhere_and_every_operation_has_its_own_id() {
    let document = document(Profile::Graph);
    let mut ids = std::collections::HashSet::new();
    let mut open = vec![&document];
    while let Some(value) = open.pop() {
        match value {
            Value::Object(members) => {
                if let Some(link) = members.get("$ref").and_then(Value::as_str) {
                    assert!(document.pointer(link.trim_start_matches('#')).is_some(), "{link}");
                }
                if let Some(id) = members.get("operationId").and_then(Value::as_str) {
                    assert!(ids.insert(id.to_owned()), "{id} twice");
                }
                open.extend(members.values());
            }
            Value::Array(elements) => open.extend(elements),
            _ => {}
        }
    }
    assert!(ids.len() > 10);
}

#[test]
fn the_same_model_gives_the_same_bytes() {
    let write = || {
        let document = Document::new(&model(), Profile::Strict, &About::new("Shop", "1"));
        (document.json(), document.yaml())
    };
    assert_eq!(write(), write());
}

#[test]
fn an_open_type_takes_further_properties_and_says_how_they_are_called() {
    let model = MODEL.replace("<EntityType Name=\"order\">", "<EntityType Name=\"order\" OpenType=\"true\">").replace(
        "<Annotation Term=\"Capabilities.InsertRestrictions\"><Record><PropertyValue Property=\"Insertable\" \
         Bool=\"false\"/></Record></Annotation>",
        "",
    );
    let model = odata::csdl::read(&model).expect("a valid model");
    let text = Document::new(&model, Profile::Strict, &About::new("Shop", "1")).json();
    let document: Value = serde_json::from_str(&text).expect("JSON");
    let schemas = &document["components"]["schemas"];
    for name in ["shop.order", "shop.order-create", "shop.order-update"] {
        assert_eq!(schemas[name]["additionalProperties"], true, "{name}: {}", schemas[name]);
    }
    assert_eq!(schemas["shop.order"].get("propertyNames"), None);
    assert!(schemas["shop.order-create"]["propertyNames"]["pattern"].is_string());
    assert_eq!(schemas["shop.item"]["additionalProperties"], false);
}
