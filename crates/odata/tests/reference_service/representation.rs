//! What bodies say of themselves: context URLs, links, types and operations, by version and metadata level.

use serde_json::Value as Json;

use crate::support::{Checks, Served};

const FULL: &str = "application/json;odata.metadata=full";

#[test]
fn contexts_tell_what_is_selected_and_expanded_by_version() {
    let (served, mut checks) = (Served::start(), Checks::default());
    for (query, old, new) in [
        ("$expand=Category", "", "(Category())"),
        ("$select=Name&$expand=Category", "(Name)", "(Name,Category())"),
        ("$select=Name,Category&$expand=Category", "(Name,Category)", "(Name,Category,Category())"),
        ("$expand=Category($select=Name)", "(Category(Name))", "(Category(Name))"),
        ("$expand=Category($expand=Products)", "(Category())", "(Category(Products()))"),
        ("$expand=Category/$ref,Descriptions/$count", "", ""),
        ("$expand=RelatedProducts($levels=2)", "", "(RelatedProducts+())"),
        ("$expand=RelatedProducts($levels=1)", "", "(RelatedProducts())"),
        ("$expand=RelatedProducts($levels=max;$select=Name)", "(RelatedProducts+(Name))", "(RelatedProducts+(Name))"),
        ("$select=Name,Activate", "(Name,ComplianceService.Activate)", "(Name,ComplianceService.Activate)"),
        ("$select=ComplianceService.*", "(ComplianceService.*)", "(ComplianceService.*)"),
        ("$select=GetInfo(format)", "(ComplianceService.GetInfo(format))", "(ComplianceService.GetInfo(format))"),
    ] {
        for (version, wanted) in [("4.0", old), ("4.01", new)] {
            let answer = served.send("GET", &format!("/Products?{query}"), &[("OData-MaxVersion", version)], "");
            let wanted = format!("{}/$metadata#Products{wanted}", served.root());
            checks.eq(&format!("{query} in {version}"), &answer.json()["@odata.context"], &wanted);
        }
    }
    checks.done();
}

#[test]
fn entities_of_all_sets_have_contexts_of_their_own() {
    let (served, mut checks) = (Served::start(), Checks::default());
    let all = served.get("/$all");
    let contexts = all.each("@odata.context");
    for fragment in
        ["Company", "Categories/$entity", "Products/$entity", "Products/ComplianceService.SpecialProduct/$entity"]
    {
        let wanted = Json::from(format!("{}/$metadata#{fragment}", served.root()));
        checks.that(fragment, contexts.contains(&wanted), || format!("{contexts:?}"));
    }
    checks.done();
}

#[test]
fn what_is_selected_by_name_is_told_at_minimal_metadata() {
    let (served, mut checks) = (Served::start(), Checks::default());
    let mouse = served.product("Wireless Mouse");
    let selected = served.get(&format!("{mouse}?$select=Name,Category,Activate,GetInfo")).json();
    checks.eq("the link", &selected["Category@odata.navigationLink"], &format!("{}{mouse}/Category", served.root()));
    checks.eq("the action", &selected["#ComplianceService.Activate"], &serde_json::json!({}));
    checks.eq("the function", &selected["#ComplianceService.GetInfo(format)"], &serde_json::json!({}));
    checks.eq("no other", &selected["#ComplianceService.ApplyDiscount"], &Json::Null);
    let all = served.get(&format!("{mouse}?$select=*")).text().to_owned();
    checks.that("* selects no links", !all.contains("navigationLink"), || all.clone());
    checks.done();
}

#[test]
fn full_metadata_leaves_nothing_to_be_computed() {
    let (served, mut checks) = (Served::start(), Checks::default());
    let full = |path: &str| served.send("GET", path, &[("Accept", FULL)], "").json();
    let mouse = served.product("Wireless Mouse");
    for (path, wanted) in [
        (format!("{mouse}/Rating"), "#Byte"),
        (format!("{mouse}/ShippingTime"), "#ComplianceService.DurationValue"),
        ("/Calculate(value=1)".to_owned(), "#Int64"),
    ] {
        checks.eq(&path, &full(&path)["@odata.type"], &wanted);
    }
    checks.eq("JSON tells a string", &full(&format!("{mouse}/Name"))["@odata.type"], &Json::Null);
    let read_only = &full("/ReadOnlyItems")["value"][0];
    checks.eq("what cannot be changed has no edit link", &read_only["@odata.editLink"], &Json::Null);
    checks.that("but a read link", read_only["@odata.readLink"].is_string(), || read_only.to_string());
    let expanded = full(&format!("{mouse}?$expand=Category"));
    let link = format!("{}{mouse}/Category", served.root());
    checks.eq("an expanded property has its link", &expanded["Category@odata.navigationLink"], &link);
    checks.done();
}

#[test]
fn links_of_navigation_properties_stand_behind_all_properties() {
    let (served, mut checks) = (Served::start(), Checks::default());
    let laptop = served.send("GET", &served.product("Laptop"), &[("Accept", FULL)], "");
    let (last, first) = (laptop.text().find("\"SpecialFeature\""), laptop.text().find("associationLink"));
    checks.that("order", last.is_some() && last < first, || laptop.text().to_owned());
    checks.done();
}

#[test]
fn an_entity_that_is_gone_has_a_context_at_full_metadata() {
    let (served, mut checks) = (Served::start(), Checks::default());
    let tracked = served.send("GET", "/Products", &[("Prefer", "track-changes")], "").json();
    checks.status("deleted", &served.send("DELETE", &served.product("Coffee Mug"), &[], ""), 204);
    let delta = served.send("GET", tracked["@odata.deltaLink"].as_str().unwrap_or(""), &[("Accept", FULL)], "");
    let context = format!("{}/$metadata#Products/$deletedEntity", served.root());
    checks.eq("context", &delta.json()["value"][0]["@odata.context"], &context);
    let start = format!("\"value\":[{{\"@odata.context\":\"{context}\",\"@removed\":{{");
    checks.that("the removal comes next", delta.text().contains(&start), || delta.text().to_owned());
    checks.done();
}

#[test]
fn what_has_no_identity_says_so_in_4_0() {
    let (served, mut checks) = (Served::start(), Checks::default());
    let path = "/Products?$apply=aggregate(Price with sum as Total)";
    let old = served.send("GET", path, &[("OData-MaxVersion", "4.0")], "").json();
    checks.eq("4.0", &old["value"][0].get("@odata.id"), &Some(&Json::Null));
    checks.eq("4.01", &served.get(path).json()["value"][0].get("@odata.id"), &None);
    let none = [("OData-MaxVersion", "4.0"), ("Accept", "application/json;odata.metadata=none")];
    checks.eq("none", &served.send("GET", path, &none, "").json()["value"][0].get("@odata.id"), &None);
    checks.done();
}

#[test]
fn a_stream_that_is_expanded_stands_in_the_entity() {
    let (served, mut checks) = (Served::start(), Checks::default());
    let laptop = served.product("Laptop");
    for (media_type, bytes, wanted) in [
        ("text/plain", &b"caf\xc3\xa9 \"x\""[..], Json::from("caf\u{e9} \"x\"")),
        ("application/json;charset=utf-8", b" {\"a\": [1]} ", serde_json::json!({ "a": [1] })),
        ("image/png", b"\xff\xfe", Json::from("__4=")),
        ("image/png", b"", Json::from("")),
    ] {
        let put = served.send_bytes("PUT", &format!("{laptop}/Photo"), &[("Content-Type", media_type)], bytes);
        checks.status(media_type, &put, 204);
        let entity = served.get(&format!("{laptop}?$select=Name&$expand=Photo")).json();
        checks.eq(media_type, &entity["Photo"], &wanted);
        checks.eq("its type", &entity["Photo@odata.mediaContentType"], &media_type);
    }
    let related = served.get("/Categories?$expand=Products($expand=Photo)").json();
    let photo = &related["value"][0]["Products"][0]["Photo"];
    checks.that("further inside", photo.is_string(), || photo.to_string());
    checks.eq("not unasked", &served.get(&laptop).json().get("Photo"), &None);
    let bare = served.get(&format!("{laptop}?$expand=Photo&$format=application/json;odata.metadata=none")).json();
    checks.eq("nobody can read it without its type", &bare["Photo@odata.mediaContentType"], &"image/png");
    for bad in ["Photo($select=x)", "Photo/$ref", "Photo/x", "$value"] {
        checks.error(bad, &served.get(&format!("/Products?$expand={bad}")), 400);
    }
    for level in ["none", "minimal", "full"] {
        let path = format!("/MediaItems?$expand=$value&$select=Name&$format=application/json;odata.metadata={level}");
        let media = served.get(&path).json();
        checks.eq(level, &media["value"][0]["$value"], &"ZmFrZS1wbmctYmluYXJ5LWRhdGE=");
        checks.eq(level, &media["value"][1]["@odata.mediaContentType"], &"application/pdf");
    }
    checks.error("options", &served.get("/MediaItems?$expand=$value($select=x)"), 400);
    checks.done();
}
