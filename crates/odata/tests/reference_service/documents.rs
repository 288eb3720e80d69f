//! Section 1: service root, documents, versions, and how URLs are read.

use crate::support::{Checks, Served};

const PUBLISHED: &str = include_str!("../../examples/reference_service/model.csdl.xml");

#[test]
fn the_service_document_lists_sets_the_singleton_and_functions_without_parameters() {
    let (served, mut checks) = (Served::start(), Checks::default());
    let answer = served.get("/");
    checks.status("GET /", &answer, 200);
    checks.eq("context", &answer.json()["@odata.context"], &format!("{}/$metadata", served.root()));
    let names = answer.each("name");
    let wanted = [
        "Categories",
        "Products",
        "ProductDescriptions",
        "MediaItems",
        "ReadOnlyItems",
        "DecimalSamples",
        "Company",
        "GetTopProducts",
        "GetProductStats",
    ];
    checks.eq("names", &names, &wanted);
    let kinds = answer.each("kind");
    checks.that("kinds", kinds[5] == "EntitySet" && kinds[6] == "Singleton" && kinds[7] == "FunctionImport", || {
        format!("{kinds:?}")
    });
    checks.eq("urls", &answer.each("url"), &wanted);
    checks.status("POST /", &served.json("POST", "/", "{}"), 405);
    checks.status("HEAD /", &served.send("HEAD", "/", &[], ""), 200);
    checks.done();
}

#[test]
fn metadata_is_xml_by_default_and_json_on_request() {
    let (served, mut checks) = (Served::start(), Checks::default());
    let xml = served.get("/$metadata");
    checks.status("default", &xml, 200);
    checks.header("default", &xml, "Content-Type", Some("application/xml"));
    for (path, accept) in [
        ("/$metadata?$format=json", "*/*"),
        ("/$metadata?$format=application/json", "application/xml"),
        ("/$metadata", "application/json"),
        ("/$metadata", "application/json;odata.metadata=minimal"),
    ] {
        let answer = served.send("GET", path, &[("Accept", accept)], "");
        checks.status(path, &answer, 200);
        let json = answer.json();
        checks.eq("version", &json["$Version"], &"4.01");
        checks.eq("container", &json["$EntityContainer"], &"ComplianceService.Container");
        checks.that(path, json["ComplianceService"]["Product"].is_object(), || accept.to_owned());
    }
    for (path, accept) in [
        ("/$metadata?$format=xml", "application/json"),
        ("/$metadata?$format=application/xml", "*/*"),
        ("/$metadata", "application/xml"),
        ("/$metadata", "*/*"),
    ] {
        let answer = served.send("GET", path, &[("Accept", accept)], "");
        checks.status(path, &answer, 200);
        checks.that(path, answer.text().starts_with("<?xml"), || answer.text().chars().take(40).collect());
    }
    checks.error("an unknown format", &served.get("/$metadata?$format=atom"), 406);
    checks.error("nothing acceptable", &served.send("GET", "/$metadata", &[("Accept", "text/html")], ""), 406);
    checks.status("PUT", &served.json("PUT", "/$metadata", "{}"), 405);
    checks.done();
}

/// The elements of a document with their attributes, in order, without comments and white space.
fn elements(xml: &str) -> Vec<String> {
    let document = roxmltree::Document::parse(xml).expect("well-formed");
    let shown = |node: roxmltree::Node<'_, '_>| {
        let attributes: Vec<String> = node.attributes().map(|a| format!("{}={:?}", a.name(), a.value())).collect();
        let text = node.text().map(str::trim).unwrap_or_default();
        format!("{} <{} {}>{text}", node.ancestors().count(), node.tag_name().name(), attributes.join(" "))
    };
    document.descendants().filter(roxmltree::Node::is_element).map(shown).collect()
}

#[test]
fn the_xml_is_published_as_the_model_file_shows_it() {
    let served = Served::start();
    let published = served.get("/$metadata");
    let (found, wanted) = (elements(published.text()), elements(PUBLISHED));
    let sorted = |elements: &[String]| {
        let mut sorted = elements.to_vec();
        sorted.sort();
        sorted
    };
    let (a, b) = (sorted(&found), sorted(&wanted));
    let missing: Vec<_> = b.iter().filter(|element| !a.contains(element)).take(10).collect();
    let added: Vec<_> = a.iter().filter(|element| !b.contains(element)).take(10).collect();
    assert!(missing.is_empty() && added.is_empty(), "missing {missing:#?}\nadded {added:#?}");
    assert_eq!(found, wanted, "the elements are the same, their order is not");
    assert!(published.text().contains("<EntityType Name=\"Product\">"));
}

#[test]
fn schema_versions_other_than_the_models_are_not_found() {
    let (served, mut checks) = (Served::start(), Checks::default());
    for path in ["/$metadata", "/Products", "/Company", "/", "/Products/$count"] {
        for version in ["1.0", "*"] {
            checks.status(path, &served.get(&format!("{path}?$schemaversion={version}")), 200);
        }
        checks.error(path, &served.get(&format!("{path}?$schemaversion=2.0")), 404);
    }
    checks.status("without $", &served.get("/Products?schemaversion=1.0"), 200);
    checks.done();
}

#[test]
fn both_versions_are_served() {
    let (served, mut checks) = (Served::start(), Checks::default());
    for path in ["/", "/$metadata", "/Products", "/Company", "/Company/Name", "/Products/$count"] {
        let with = |max: &str| served.send("GET", path, &[("OData-MaxVersion", max)], "");
        checks.header(path, &with("4.0"), "OData-Version", Some("4.0"));
        checks.header(path, &with("4.01"), "OData-Version", Some("4.01"));
        checks.header(path, &with("5.0"), "OData-Version", Some("4.01"));
        checks.header(path, &served.get(path), "OData-Version", Some("4.01"));
    }
    let features = "/Products?filter=Name in ('Laptop','Coffee Mug')&select=Name&top=1";
    let answer = served.send("GET", features, &[("OData-MaxVersion", "4.0")], "");
    checks.eq("4.01 URLs under 4.0", &answer.names(), &["Laptop"]);
    checks.error("OData-MaxVersion 3.0", &served.send("GET", "/Products", &[("OData-MaxVersion", "3.0")], ""), 406);
    checks.error("a version that is none", &served.send("GET", "/Products", &[("OData-MaxVersion", "x")], ""), 400);
    checks.error("OData-Version 3.0", &served.send("GET", "/Products", &[("OData-Version", "3.0")], ""), 400);
    for version in ["4.0", "4.01"] {
        checks.status(version, &served.send("GET", "/Products", &[("OData-Version", version)], ""), 200);
    }
    checks.done();
}

#[test]
fn paths_are_literal_and_queries_take_plus_and_escapes() {
    let (served, mut checks) = (Served::start(), Checks::default());
    for path in ["//Products", "/Products//", "/Products//$count"] {
        let answer = served.get(path);
        checks.that(path, !(300..400).contains(&answer.status), || format!("a redirect, {}", answer.status));
    }
    checks.error("a double slash", &served.get("//Products"), 400);
    checks.names(&served, "/Products?$filter=Name+eq+'Office+Chair'", &["Office Chair"]);
    checks.names(&served, "/Products?$filter=Name%20eq%20'Office%20Chair'", &["Office Chair"]);
    checks.names(&served, "/Products?%24filter=Name%20eq%20%27Office%20Chair%27", &["Office Chair"]);
    checks.names(&served, "/Products?%24top=1&%24orderby=Price", &["Coffee Mug"]);
    checks.names(&served, "/Products?$FILTER=Name EQ 'Laptop'", &["Laptop"]);
    checks.names(&served, "/%50roducts?$top=1", &["Laptop"]);
    for name in ["ComplianceService.GetAveragePrice", "GetAveragePrice"] {
        checks.status(name, &served.get(&format!("/Products/{name}()")), 200);
    }
    for name in ["ComplianceService.SpecialProduct", "SpecialProduct"] {
        let names = ["Laptop", "Premium Laptop Pro", "Gaming Mouse Ultra"];
        checks.names(&served, &format!("/Products/{name}"), &names);
    }
    checks.error("an unknown segment", &served.get("/Nothing"), 404);
    checks.error("another case", &served.get("/products"), 404);
    checks.done();
}
