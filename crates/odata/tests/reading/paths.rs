//! What a path leads to: keys, navigation, casts, properties, what is null and what is not there.

use serde_json::json;

use super::support::{body, each, get_url, status};

#[test]
fn a_key_leads_to_its_entity_and_no_other() {
    assert_eq!(body("/Books(2)")["Title"], "Beta");
    assert_eq!(body("/Books/3")["Title"], "Gamma");
    assert_eq!(body("/Notes(Language='EN',BookID=2)")["Text"], "EN of 2");
    assert_eq!(status("/Books(9)"), 404);
    assert_eq!(status("/Books('x')"), 400);
    assert_eq!(body("/Books(@k)?@k=1")["Title"], "Alpha");
}

#[test]
fn navigation_leads_on_and_null_is_no_content() {
    assert_eq!(body("/Books(1)/Author")["Name"], "Ada");
    assert_eq!(body("/Books(1)/Author/Books(1)/Title")["value"], "Alpha");
    assert_eq!(status("/Books(1)/Author/Books(2)"), 404, "the book is of another author");
    assert_eq!(get_url("/Books(3)/Author"), (204, json!(null)));
    assert_eq!(status("/Books(3)/Author/Name"), 404);
    assert_eq!(status("/Books(9)/Author"), 404);
    assert_eq!(each("/Books(1)/Notes", "Language"), ["EN", "DE"]);
}

#[test]
fn a_property_is_read_raw_or_not_and_null_has_no_content() {
    assert_eq!(body("/Books(1)/Where/City")["value"], "Rome");
    assert_eq!(get_url("/Books(1)/Where/City/$value"), (200, json!("Rome")));
    assert_eq!(get_url("/Books(1)/Pages/$value"), (200, json!(300)));
    assert_eq!(status("/Books(2)/Where"), 204);
    assert_eq!(status("/Books(2)/Where/City"), 204, "a path through null is null");
    assert_eq!(status("/Books(2)/Where/City/$value"), 204);
    assert_eq!(body("/Books(1)/Tags")["value"], json!(["old", "red", "big"]));
    assert_eq!(get_url("/Books(1)/Tags/$count"), (200, json!(3)));
    assert_eq!(get_url("/Books(1)/Cover"), (200, json!("a cover")));
    assert_eq!(status("/Books(2)/Cover"), 204);
}

#[test]
fn a_cast_narrows_a_collection_and_an_entity_of_another_type_is_not_there() {
    assert_eq!(each("/Books/lib.Atlas", "ID"), [2]);
    assert_eq!(each("/Books/Atlas", "ID"), [2]);
    assert_eq!(get_url("/Books/lib.Atlas/$count"), (200, json!(1)));
    assert_eq!(body("/Books/lib.Atlas(2)")["Title"], "Beta");
    assert_eq!(status("/Books/lib.Atlas(1)"), 404);
    assert_eq!(status("/Books(1)/lib.Atlas"), 404);
    assert_eq!(status("/Books(2)/lib.Atlas/Maps"), 204);
    assert_eq!(status("/Books/lib.Author"), 400);
    assert!(matches!(status("/Books(1)/lib.Nothing"), 400 | 404));
}

#[test]
fn a_singleton_needs_no_key() {
    assert_eq!(body("/Newest")["Title"], "Gamma");
    assert_eq!(body("/Newest/Title")["value"], "Gamma");
    assert_eq!(status("/Newest(3)"), 400);
}

#[test]
fn collections_of_values_take_options_of_their_own() {
    assert_eq!(body("/Books(1)/Tags?$filter=contains($it,'e')&$orderby=$it desc")["value"], json!(["red"]));
    assert_eq!(body("/Books(1)/Tags?$orderby=$it&$top=2")["value"], json!(["big", "old"]));
    assert_eq!(each("/Books(1)/Copies?$filter=City eq 'Rome'&$skip=1", "Shelf"), [3]);
    assert_eq!(body("/Books(1)/Copies?$count=true&$top=1")["@odata.count"], 3);
}

#[test]
fn the_options_of_a_collection_have_their_order_of_meaning() {
    assert_eq!(each("/Books?$filter=Pages ge 200&$orderby=Title desc&$top=1", "ID"), [3]);
    assert_eq!(body("/Books?$filter=Pages ge 200&$count=true&$top=1")["@odata.count"], 2);
    assert_eq!(each("/Books?$search=beta", "ID"), [2]);
    assert_eq!(each("/Books?$search=978", "ID"), Vec::<i32>::new(), "the source does not search numbers of books");
    assert_eq!(get_url("/Books/$count?$filter=Author/Name eq 'Ada'"), (200, json!(1)));
    assert_eq!(each("/Books?$orderby=Author/Name desc", "ID"), [2, 1, 3]);
    assert_eq!(each("/Books?$filter=Notes/any(n:n/Language eq 'DE')", "ID"), [1]);
}

#[test]
fn references_stand_for_entities() {
    assert_eq!(body("/Books(1)/Notes/$ref")["value"].as_array().map(Vec::len), Some(2));
    assert!(body("/Books(1)/Author/$ref")["@odata.id"].is_string());
    assert_eq!(status("/Books(3)/Author/$ref"), 204);
}
