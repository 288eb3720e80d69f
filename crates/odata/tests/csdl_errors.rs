//! Every way in which a CSDL document is refused: the place and the thing are named.

#![expect(clippy::unwrap_used, clippy::format_push_string, reason = "tests")]

use odata::csdl::{CsdlFault, read};

/// A document whose only schema `n` (alias `a`) holds `content`, from line 4 on.
fn document(content: &str) -> String {
    format!(
        "<edmx:Edmx Version=\"4.0\" xmlns:edmx=\"http://docs.oasis-open.org/odata/ns/edmx\">\n<edmx:DataServices>\n<Schema \
         Namespace=\"n\" Alias=\"a\" xmlns=\"http://docs.oasis-open.org/odata/ns/edm\">\n{content}\n</Schema>\n\
         </edmx:DataServices>\n</edmx:Edmx>"
    )
}

/// Asserts what is said of the content, `line` counted from 1 within it.
#[track_caller]
fn refused(content: &str, line: u32, message: &str) {
    let error = read(&document(content)).expect_err(content);
    assert_eq!((error.line - 3, error.fault.to_string().as_str()), (line, message));
}

const ENTITY: &str = r#"<EntityType Name="e"><Key><PropertyRef Name="id"/></Key><Property Name="id" Type="Edm.Int32" Nullable="false"/></EntityType>"#;

#[test]
fn text_that_is_not_xml() {
    let error = read("<a>\n<b></a>").unwrap_err();
    assert_eq!(error.line, 2);
    assert!(matches!(error.fault, CsdlFault::Xml(_)));
    assert!(matches!(read("").unwrap_err().fault, CsdlFault::Xml(_)));
}

#[test]
fn a_document_type_declaration() {
    let text = format!("<!DOCTYPE x [<!ENTITY y \"z\">]>{}", document(""));
    assert!(matches!(read(&text).unwrap_err().fault, CsdlFault::Xml(_)));
}

#[test]
fn a_document_with_more_nodes_than_the_limit() {
    let error = read(&document(&"<x/>".repeat(1_000_001))).unwrap_err();
    assert!(matches!(error.fault, CsdlFault::TooMany { what: "XML nodes", .. }), "{error}");
}

#[test]
fn an_envelope_that_is_not_edmx() {
    assert_eq!(
        read("<Schema/>").unwrap_err().to_string(),
        "line 1, column 1: element Schema has no place in the document"
    );
    let edmx = |version: &str, inner: &str| {
        read(&format!("<e:Edmx {version} xmlns:e=\"http://docs.oasis-open.org/odata/ns/edmx\">{inner}</e:Edmx>"))
            .unwrap_err()
            .fault
    };
    assert_eq!(edmx("", "").to_string(), "element Edmx lacks the attribute Version");
    assert_eq!(edmx("Version=\"3.0\"", "").to_string(), "Version: '3.0' is not 4.0 or 4.01");
    assert_eq!(edmx("Version=\"4.0\"", "").to_string(), "element Edmx lacks the element DataServices");
    assert_eq!(
        edmx("Version=\"4.0\"", "<e:DataServices/>").to_string(),
        "element DataServices lacks the element Schema"
    );
    assert_eq!(edmx("Version=\"4.0\"", "<e:Reference/>").to_string(), "element Reference lacks the attribute Uri");
}

#[test]
fn names_that_are_taken() {
    refused(
        "<ComplexType Name=\"x\"/>\n<EnumType Name=\"x\"><Member Name=\"m\"/></EnumType>",
        2,
        "type n.x is declared twice",
    );
    refused(
        "<ComplexType Name=\"x\"><Property Name=\"p\" Type=\"Edm.Int32\"/>\n<Property Name=\"p\" Type=\"Edm.Int32\"/></ComplexType>",
        1,
        "member p is declared twice",
    );
    refused(
        "<ComplexType Name=\"x\"><Property Name=\"p\" Type=\"Edm.Int32\"/></ComplexType>\n<ComplexType Name=\"y\" BaseType=\"n.x\">\n\
         <Property Name=\"p\" Type=\"Edm.Int32\"/></ComplexType>",
        3,
        "member p is declared twice",
    );
    refused(
        "<EnumType Name=\"x\"><Member Name=\"m\"/>\n<Member Name=\"m\"/></EnumType>",
        2,
        "enumeration member m is declared twice",
    );
    refused("<Action Name=\"x\"/>\n<Action Name=\"x\"/>", 2, "operation n.x is declared twice");
    refused(
        "<Action Name=\"x\"/>\n<Function Name=\"x\"><Parameter Name=\"p\" Type=\"Edm.Int32\"/><ReturnType Type=\"Edm.Int32\"/></Function>",
        2,
        "operation n.x is declared twice",
    );
    refused(
        "<Term Name=\"t\" Type=\"Edm.Int32\"/>\n<Term Name=\"t\" Type=\"Edm.Int32\"/>",
        2,
        "term t is declared twice",
    );
    refused("<EntityContainer Name=\"c\"/>\n<EntityContainer Name=\"d\"/>", 2, "entity container d is declared twice");
    refused(
        &format!(
            "{ENTITY}<EntityContainer Name=\"c\"><EntitySet Name=\"s\" EntityType=\"n.e\"/>\n<Singleton Name=\"s\" Type=\"n.e\"/></EntityContainer>"
        ),
        2,
        "child of the container s is declared twice",
    );
    let twice = document("").replace(
        "</edmx:DataServices>",
        "<Schema Namespace=\"n\" xmlns=\"http://docs.oasis-open.org/odata/ns/edm\"/></edmx:DataServices>",
    );
    assert_eq!(read(&twice).unwrap_err().fault.to_string(), "schema n is declared twice");
    let alias = twice.replace("Namespace=\"n\" xmlns", "Namespace=\"m\" Alias=\"a\" xmlns");
    assert_eq!(read(&alias).unwrap_err().fault.to_string(), "alias a is declared twice");
    let namespace = twice.replace("Namespace=\"n\" xmlns", "Namespace=\"a\" xmlns");
    assert_eq!(read(&namespace).unwrap_err().fault.to_string(), "alias a is declared twice", "it is a namespace, too");
}

#[test]
fn names_that_nothing_has() {
    refused(
        "<ComplexType Name=\"x\">\n<Property Name=\"p\" Type=\"n.y\"/></ComplexType>",
        2,
        "type n.y is not declared",
    );
    refused(
        "<ComplexType Name=\"x\"><Property Name=\"p\" Type=\"Edm.Text\"/></ComplexType>",
        1,
        "type Edm.Text is not declared",
    );
    refused("<ComplexType Name=\"x\" BaseType=\"b.y\"/>", 1, "type b.y is not declared");
    refused("<Annotations Target=\"n.x\"/>", 1, "annotation target n.x is not declared");
    refused(&format!("{ENTITY}\n<Annotations Target=\"a.e/no\"/>"), 2, "annotation target no is not declared");
    refused("<Action Name=\"f\"/><Annotations Target=\"n.f/p\"/>", 1, "annotation target n.f/p is not declared");
    let container = |content: &str| format!("{ENTITY}<EntityContainer Name=\"c\">\n{content}</EntityContainer>");
    refused(&container("<FunctionImport Name=\"f\" Function=\"n.f\"/>"), 2, "unbound function n.f is not declared");
    refused(&container("<ActionImport Name=\"f\" Action=\"n.f\"/>"), 2, "unbound action n.f is not declared");
    refused(
        &container(
            "<EntitySet Name=\"s\" EntityType=\"n.e\"><NavigationPropertyBinding Path=\"id\" Target=\"s\"/></EntitySet>",
        ),
        2,
        "navigation property id is not declared",
    );
    refused(
        &format!("<Action Name=\"f\"/>{}", container("<ActionImport Name=\"f\" Action=\"n.f\" EntitySet=\"s\"/>")),
        2,
        "entity set or singleton s is not declared",
    );
    let navigation = |attributes: &str, content: &str| {
        format!(
            "{ENTITY}<ComplexType Name=\"x\">\n<NavigationProperty Name=\"v\" Type=\"n.e\" {attributes}>{content}</NavigationProperty></ComplexType>"
        )
    };
    refused(&navigation("Partner=\"id\"", ""), 2, "partner id is not declared");
    refused(
        &navigation("", "<ReferentialConstraint Property=\"q\" ReferencedProperty=\"id\"/>"),
        2,
        "property q is not declared",
    );
    refused(
        &navigation("", "<ReferentialConstraint Property=\"v\" ReferencedProperty=\"q\"/>"),
        2,
        "referenced property q is not declared",
    );
}

#[test]
fn inheritance_that_cannot_be() {
    refused(
        "<ComplexType Name=\"x\" BaseType=\"n.y\"/>\n<ComplexType Name=\"y\" BaseType=\"n.x\"/>",
        1,
        "type n.x derives from itself",
    );
    refused("<ComplexType Name=\"x\" BaseType=\"n.x\"/>", 1, "type n.x derives from itself");
    refused(
        &format!("{ENTITY}<ComplexType Name=\"x\" BaseType=\"n.e\"/>"),
        1,
        "type n.x derives from a type of another kind",
    );
    refused(
        "<EnumType Name=\"m\"><Member Name=\"m\"/></EnumType><ComplexType Name=\"x\" BaseType=\"n.m\"/>",
        1,
        "type n.x derives from a type of another kind",
    );
    refused(
        "<ComplexType Name=\"x\" OpenType=\"true\"/>\n<ComplexType Name=\"y\" BaseType=\"n.x\" OpenType=\"false\"/>",
        2,
        "type n.y is not open, but derives from an open type",
    );
    let mut chain = String::from("<ComplexType Name=\"t0\"/>");
    for number in 1..=101 {
        chain += &format!("<ComplexType Name=\"t{number}\" BaseType=\"n.t{}\"/>", number - 1);
    }
    refused(&chain, 1, "there are more than 100 types deriving from each other");
}

#[test]
fn keys_that_cannot_be() {
    let entity = |key: &str| {
        format!(
            "<ComplexType Name=\"c\"><Property Name=\"v\" Type=\"Edm.Int32\" Nullable=\"false\"/></ComplexType><EntityType Name=\"e\">\n\
             <Key>{key}</Key><Property Name=\"id\" Type=\"Edm.Int32\" Nullable=\"false\"/><Property Name=\"n\" Type=\"Edm.Int32\"/>\
             <Property Name=\"d\" Type=\"Edm.Double\" Nullable=\"false\"/><Property Name=\"c\" Type=\"n.c\" Nullable=\"false\"/></EntityType>"
        )
    };
    refused(&entity(""), 2, "element Key lacks the element PropertyRef");
    refused(&entity("<PropertyRef Name=\"x\"/>"), 2, "key property x is not declared");
    refused(&entity("<PropertyRef Name=\"id/x\" Alias=\"y\"/>"), 2, "key property id/x is not declared");
    refused(&entity("<PropertyRef Name=\"n\"/>"), 2, "key property n must be a single value that is not nullable");
    refused(&entity("<PropertyRef Name=\"d\"/>"), 2, "key property d has a type that no key can have");
    refused(&entity("<PropertyRef Name=\"c\"/>"), 2, "key property c has a type that no key can have");
    refused(&entity("<PropertyRef Name=\"c/v\"/>"), 2, "key property c/v is a path and needs an Alias");
    refused(&entity("<PropertyRef Name=\"c/v\" Alias=\"1\"/>"), 2, "Alias: '1' is not an identifier");
    refused(&entity("<PropertyRef Name=\"id\"/><PropertyRef Name=\"id\"/>"), 2, "key property id is declared twice");
    let again = "<EntityType Name=\"f\" BaseType=\"n.e\">\n<Key><PropertyRef Name=\"id\"/></Key></EntityType>";
    refused(&format!("{ENTITY}{again}"), 2, "key n.f is declared twice");
    let set = "<EntityType Name=\"k\"/>\n<EntityContainer Name=\"c\"><EntitySet Name=\"s\" EntityType=\"n.k\"/></EntityContainer>";
    refused(set, 2, "entity set s has a type without a key");
}

#[test]
fn attributes_that_are_missing_unknown_or_wrong() {
    let property = |attributes: &str| format!("<ComplexType Name=\"x\">\n<Property {attributes}/></ComplexType>");
    refused(&property("Type=\"Edm.Int32\""), 2, "element Property lacks the attribute Name");
    refused(&property("Name=\"p\""), 2, "element Property lacks the attribute Type");
    refused(&property("Name=\"p q\" Type=\"Edm.Int32\""), 2, "Name: 'p q' is not an identifier");
    refused(
        &property("Name=\"p\" Type=\"Edm.Int32\" Maxlength=\"1\""),
        2,
        "element Property has no attribute Maxlength",
    );
    refused(&property("Name=\"p\" Type=\"Edm.Int32\" Nullable=\"1\""), 2, "Nullable: '1' is not true or false");
    refused(&property("Name=\"p\" Type=\"Edm.String\" MaxLength=\"-1\""), 2, "MaxLength: '-1' is not a number");
    refused(
        &property("Name=\"p\" Type=\"Edm.Decimal\" Precision=\"300\""),
        2,
        "Precision: '300' is not a number of digits up to 255",
    );
    refused(
        &property("Name=\"p\" Type=\"Edm.Decimal\" Scale=\"some\""),
        2,
        "Scale: 'some' is not a number of digits up to 255",
    );
    refused(
        &property("Name=\"p\" Type=\"Edm.Byte\" DefaultValue=\"256\""),
        2,
        "DefaultValue: '256' is not a value of Edm.Byte",
    );
    refused(
        &property("Name=\"p\" Type=\"Edm.String\" MaxLength=\"1\" DefaultValue=\"ab\""),
        2,
        "DefaultValue: 'ab' is not a value of Edm.String",
    );
    refused(
        &property("Name=\"p\" Type=\"Collection(Edm.Byte)\" DefaultValue=\"1\""),
        2,
        "DefaultValue: '1' is not a value of Collection(Edm.Byte)",
    );
    refused(
        "<EnumType Name=\"x\" UnderlyingType=\"Edm.String\"/>",
        1,
        "UnderlyingType: 'Edm.String' is not an integer type",
    );
    refused(
        "<EnumType Name=\"x\" UnderlyingType=\"Edm.Byte\"><Member Name=\"m\" Value=\"-1\"/></EnumType>",
        1,
        "Value: '-1' is not a value of Edm.Byte",
    );
    refused("<TypeDefinition Name=\"x\" UnderlyingType=\"n.y\"/>", 1, "UnderlyingType: 'n.y' is not a primitive type");
    let named = |attribute: &str, text: &str| {
        let changed = document("").replace(&format!("{attribute}=\""), &format!("{attribute}=\"{text}"));
        read(&changed).unwrap_err().fault.to_string()
    };
    assert_eq!(named("Alias", "-"), "Alias: '-a' is not an identifier that is not reserved");
    assert_eq!(named("Namespace", "1."), "Namespace: '1.n' is not a namespace");
}

#[test]
fn elements_that_are_missing_or_have_no_place() {
    refused("<Entity Name=\"x\"/>", 1, "element Entity has no place in Schema");
    refused("<ComplexType Name=\"x\">\n<Key/></ComplexType>", 2, "element Key has no place in ComplexType");
    refused("<EnumType Name=\"x\"/>", 1, "element EnumType lacks the element Member");
    refused("<Function Name=\"f\"/>", 1, "element Function lacks the element ReturnType");
    refused("<Action Name=\"f\" IsBound=\"true\"/>", 1, "element Action lacks the element Parameter");
    refused("<EntityContainer Name=\"c\">\n<Set/></EntityContainer>", 2, "element Set has no place in EntityContainer");
    let foreign = document("<x:y xmlns:x=\"urn:x\"><x:z/></x:y><ComplexType Name=\"c\"/>");
    assert!(read(&foreign).unwrap().type_by_name("n.c").is_some(), "other namespaces are passed over");
}

#[test]
fn types_where_they_may_not_stand() {
    refused(
        &format!("{ENTITY}<ComplexType Name=\"x\">\n<Property Name=\"p\" Type=\"n.e\"/></ComplexType>"),
        2,
        "property p has an entity type: that takes a NavigationProperty",
    );
    refused(
        "<ComplexType Name=\"x\">\n<NavigationProperty Name=\"p\" Type=\"n.x\"/></ComplexType>",
        2,
        "navigation property p has a type that is not an entity type",
    );
    refused(
        "<ComplexType Name=\"x\"/><EntityContainer Name=\"c\">\n<Singleton Name=\"s\" Type=\"n.x\"/></EntityContainer>",
        2,
        "type n.x is not an entity type",
    );
    refused("<EntityContainer Name=\"c\" Extends=\"n.d\"/>", 1, "entity container c extends another one: not offered");
    refused(
        "<Action Name=\"f\" EntitySetPath=\"p\"><Parameter Name=\"p\" Type=\"Edm.Int32\"/></Action>",
        1,
        "EntitySetPath: 'p' is not a path that starts at the binding parameter",
    );
}

#[test]
fn annotations_that_cannot_be() {
    let annotation = |attributes: &str, content: &str| format!("<Annotation {attributes}>\n{content}</Annotation>");
    refused(&annotation("", ""), 1, "element Annotation lacks the attribute Term");
    refused(&annotation("Term=\"t\" Bool=\"yes\"", ""), 1, "Bool: 'yes' is not a value of Edm.Boolean");
    refused(&annotation("Term=\"t\" Int=\"1\" Bool=\"true\"", ""), 1, "element Annotation has no attribute Bool");
    refused(&annotation("Term=\"t\" Int=\"1\"", "<Int>1</Int>"), 2, "element Int has no place in Annotation");
    refused(&annotation("Term=\"t\"", "<Date>2001-02-30</Date>"), 2, "Date: '2001-02-30' is not a value of Edm.Date");
    refused(&annotation("Term=\"t\"", "<Guess/>"), 2, "element Guess has no place in Annotation");
    let record = "<Record><PropertyValue Property=\"p\"/>\n<PropertyValue Property=\"p\"/></Record>";
    refused(&annotation("Term=\"t\"", record), 3, "property value p is declared twice");
    let deep = format!("{}{}", "<Collection>".repeat(101), "</Collection>".repeat(101));
    refused(&annotation("Term=\"t\"", &deep), 2, "there are more than 100 annotation expressions in each other");
    let name =
        |text: &str| format!("<Action Name=\"f\"><Annotation Term=\"a.AlternativeName\" String=\"{text}\"/></Action>");
    refused(&name("bare"), 1, "AlternativeName: 'bare' is not a qualified name");
    assert!(read(&document(&name("old.f"))).unwrap().operation_names.contains_key("old.f"));
}

mod mangled {
    use odata::csdl::{CsdlVersion, read, write_json, write_xml};
    use proptest::prelude::*;

    const FEATURES: &str = include_str!("csdl/features.csdl.xml");

    /// The attribute values of the document, to be put in each other's places.
    fn values() -> Vec<(usize, usize)> {
        let quotes: Vec<usize> = FEATURES.match_indices('"').map(|(at, _)| at).collect();
        quotes.chunks_exact(2).map(|pair| (pair[0] + 1, pair[1])).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(512))]

        #[test]
        fn a_document_with_a_line_taken_out_or_doubled_is_read_or_refused(line in 0_usize..240, doubled: bool) {
            let mut lines: Vec<&str> = FEATURES.lines().collect();
            let line = line % lines.len();
            if doubled { lines.insert(line, lines[line]) } else { lines.remove(line); }
            written_when_read(&lines.join("\n"))?;
        }

        #[test]
        fn a_document_with_a_value_in_another_place_is_read_or_refused(from: prop::sample::Index, to: prop::sample::Index) {
            let values = values();
            let ((start, end), (a, b)) = (values[from.index(values.len())], values[to.index(values.len())]);
            written_when_read(&format!("{}{}{}", &FEATURES[..a], &FEATURES[start..end], &FEATURES[b..]))?;
        }
    }

    /// Nothing panics, and what was read is written as something that is read again.
    fn written_when_read(text: &str) -> Result<(), TestCaseError> {
        if let Ok(model) = read(text) {
            let written = write_xml(&model, CsdlVersion::V4_01);
            let again = read(&written).map_err(|error| TestCaseError::fail(format!("{error} in\n{written}")))?;
            prop_assert_eq!(write_xml(&again, CsdlVersion::V4_01), written);
            let json = write_json(&model, CsdlVersion::V4_01);
            prop_assert!(serde_json::from_str::<serde_json::Value>(&json).is_ok(), "{}", json);
        }
        Ok(())
    }
}
