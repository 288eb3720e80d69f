//! `$expand` and `$select`: what is put in, narrowed, counted, left out.

use serde_json::json;

use super::support::{ROOT, body, each, status};

#[test]
fn expand_puts_entities_in_and_null_where_there_is_none() {
    let books = body("/Books?$expand=Author&$select=ID");
    assert_eq!(books["value"][0]["Author"]["Name"], "Ada");
    assert_eq!(books["value"][2]["Author"], json!(null));
    assert!(books["value"][2].as_object().expect("an entity").contains_key("Author"));
    assert_eq!(body("/Books(1)?$expand=Notes")["Notes"].as_array().map(Vec::len), Some(2));
    assert_eq!(body("/Books(3)?$expand=Notes")["Notes"], json!([]));
}

#[test]
fn nested_options_are_about_what_is_expanded() {
    let notes = |options: &str| {
        let url = format!("/Books(1)?$expand=Notes({options})&$format=application/json;odata.metadata=none");
        body(&url)["Notes"].clone()
    };
    assert_eq!(notes("$filter=Language eq 'DE';$select=Text"), json!([{"Text": "DE of 1"}]));
    assert_eq!(notes("$orderby=Language;$top=1;$select=Language"), json!([{"Language": "DE"}]));
    assert_eq!(notes("$skip=1;$select=Language"), json!([{"Language": "DE"}]));
    assert_eq!(notes("$search=EN;$select=Language"), json!([{"Language": "EN"}]));
    let counted = body("/Books(1)?$expand=Notes($count=true;$top=0)");
    assert_eq!((&counted["Notes@odata.count"], &counted["Notes"]), (&json!(2), &json!([])));
    let deep = body("/Authors(1)?$expand=Books($expand=Notes($expand=Book))");
    assert_eq!(deep["Books"][0]["Notes"][1]["Book"]["Title"], "Alpha");
}

#[test]
fn counts_and_references_take_the_place_of_entities() {
    let counted = body("/Books?$expand=Notes/$count");
    assert_eq!(counted["value"][0]["Notes@odata.count"], 2);
    assert!(counted["value"][0].get("Notes").is_none());
    assert_eq!(body("/Books(1)?$expand=Notes/$count($filter=Language eq 'DE')")["Notes@odata.count"], 1);
    let reference = body("/Books(1)?$expand=Author/$ref")["Author"].clone();
    assert!(reference["@odata.id"].is_string() && reference.get("Name").is_none(), "{reference}");
}

#[test]
fn a_star_expands_everything() {
    let book = body("/Books(1)?$expand=*");
    assert_eq!(book["Author"]["ID"], 1);
    assert_eq!(book["Notes"].as_array().map(Vec::len), Some(2));
    assert_eq!(book["Sequel"]["ID"], 2);
}

#[test]
fn levels_go_down_a_property_that_leads_to_its_own_type() {
    let two = body("/Books(1)?$expand=Sequel($levels=2;$select=ID)");
    assert_eq!(
        two["Sequel"],
        json!({"@odata.type": "#lib.Atlas", "@odata.etag": "W/\"2\"", "ID": 2, "Sequel":
        {"@odata.etag": "W/\"1\"", "ID": 1}})
    );
    let most = body("/Books(1)?$expand=Sequel($levels=max)");
    assert_eq!(most["Sequel"]["Sequel"]["Sequel"]["ID"], 2);
    assert_eq!(status("/Books(1)?$expand=Sequel($levels=100)"), 400);
    assert_eq!(status("/Books?$levels=2"), 400);
    let none = body("/Books(1)?$expand=Sequel($levels=1)");
    assert!(none["Sequel"].get("Sequel").is_none());
}

#[test]
fn casts_choose_what_is_expanded() {
    let book = body("/Authors(2)?$expand=Books/lib.Atlas($select=Maps)");
    assert_eq!(book["Books"][0]["Maps"], json!(null));
    assert_eq!(body("/Authors(1)?$expand=Books/lib.Atlas")["Books"], json!([]));
    assert_eq!(status("/Authors(1)?$expand=Books/lib.Note"), 400);
}

#[test]
fn select_goes_into_complex_values_and_narrows_collections() {
    let book = body("/Books(1)?$select=Where/City,ID");
    assert_eq!((&book["Where"], book.get("Title")), (&json!({"City": "Rome"}), None));
    let copies = body("/Books(1)?$select=Copies($filter=City eq 'Rome';$orderby=Shelf desc;$top=1;$select=Shelf)");
    assert_eq!(copies["Copies"], json!([{"Shelf": 3}]));
    assert_eq!(body("/Books(1)?$select=Tags($skip=1)")["Tags"], json!(["red", "big"]));
    let counted = body("/Books(1)?$select=Tags($count=true;$top=1)");
    assert_eq!((&counted["Tags@odata.count"], &counted["Tags"]), (&json!(3), &json!(["old"])));
    assert_eq!(status("/Books?$select=Nothing"), 400);
}

#[test]
fn what_is_computed_can_be_selected_at_every_level() {
    assert_eq!(each("/Books?$compute=Pages mul 2 as Sides&$select=Sides", "Sides"), [600, 200, 400]);
    let nested = body("/Authors(1)?$expand=Books($compute=Pages add 1 as More;$select=More)");
    assert_eq!(nested["Books"][0]["More"], 301);
    assert_eq!(body("/Books(1)?$compute=Pages add 1 as More&$select=More")["More"], 301);
}

#[test]
fn an_entity_without_its_key_says_its_id() {
    let id = |url: &str| body(url)["@odata.id"].clone();
    assert_eq!(id("/Books(1)?$select=Title"), format!("{ROOT}/Books(1)"));
    assert_eq!(id("/Newest?$select=Title"), format!("{ROOT}/Newest"));
    assert_eq!(id("/Books(1)/Author?$select=Name"), format!("{ROOT}/Authors(1)"));
    assert_eq!(id("/Books(1)?$select=ID,Title"), json!(null));
    assert_eq!(id("/Books(1)"), json!(null));
    assert_eq!(
        each("/Notes?$select=Text,BookID&$top=1", "@odata.id"),
        [format!("{ROOT}/Notes(BookID=1,Language='EN')")]
    );
    let expanded = body("/Books(1)?$expand=Notes($select=Text),Author($select=ID)");
    assert_eq!(expanded["Notes"][1]["@odata.id"], format!("{ROOT}/Notes(BookID=1,Language='DE')"));
    assert_eq!(expanded["Author"]["@odata.id"], json!(null));
    let none = body("/Books(1)?$select=Title&$format=application/json;odata.metadata=none");
    assert_eq!(none, json!({"Title": "Alpha"}));
}
