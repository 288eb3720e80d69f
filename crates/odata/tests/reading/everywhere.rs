//! What starts at the service itself: an entity by its id, every entity, combinations of sets.

use serde_json::json;

use super::support::{ROOT, body, each, get_url, status};

#[test]
fn an_id_leads_to_its_entity() {
    assert_eq!(body("/$entity?$id=Books(2)")["Title"], "Beta");
    assert_eq!(body(&format!("/$entity?$id={ROOT}/Books(2)&$select=Title"))["Title"], "Beta");
    assert_eq!(body("/$entity?$id=https%3A%2F%2Fexample.org%2FBooks(2)")["Title"], "Beta");
    assert_eq!(body("/$entity/lib.Atlas?$id=Books(2)&$select=Maps")["Maps"], serde_json::json!(null));
    assert_eq!(body("/$entity?$id=Newest")["Title"], "Gamma");
    assert_eq!(status("/$entity?$id=Books(9)"), 404);
    assert_eq!(status("/$entity/lib.Atlas?$id=Books(1)"), 404);
    let bad = ["$entity", "$entity?$id=Books", "$entity?$id=https://elsewhere.org/Books(1)"];
    for url in bad.into_iter().chain(["$entity?$id=Books(1)/Title", "$entity?$id=", "Books(1)?$id=Books(2)"]) {
        assert_eq!(status(&format!("/{url}")), 400, "{url}");
    }
}

#[test]
fn all_entities_say_what_and_where_they_are() {
    let all = body("/$all");
    assert_eq!(all["@odata.context"], format!("{ROOT}/$metadata#Collection(Edm.EntityType)"));
    assert_eq!(all["value"].as_array().map(Vec::len), Some(2 + 3 + 3 + 1));
    assert_eq!(all["value"][0]["@odata.type"], "#lib.Author");
    assert_eq!(all["value"][5]["@odata.id"], format!("{ROOT}/Notes(BookID=1,Language='EN')"));
    assert_eq!(each("/$all/lib.Note?$filter=Language eq 'DE'", "Text"), ["DE of 1"]);
    assert_eq!(each("/$all/lib.Atlas", "ID"), [2]);
    assert_eq!(
        body("/$all/lib.Author?$select=Name&$top=1")["value"],
        json!([{
            "@odata.context": format!("{ROOT}/$metadata#Authors/$entity"),
            "@odata.id": format!("{ROOT}/Authors(1)"),
            "Name": "Ada"
        }])
    );
    assert_eq!(get_url("/$all/$count"), (200, json!(9)));
    assert_eq!(each("/$all?$skip=1&$top=1", "Name"), ["Bob"]);
    assert_eq!(status("/$all/lib.Nothing"), 404);
    assert_eq!(status("/$all/lib.Place"), 404);
    assert_eq!(status("/$all(1)"), 404);
}

#[test]
fn a_crossjoin_combines_entities_by_links() {
    let url = "/$crossjoin(Books,Authors)?$filter=Books/AuthorID eq Authors/ID&$orderby=Books/Title desc";
    let joined = body(url);
    assert_eq!(joined["@odata.context"], format!("{ROOT}/$metadata#Collection(Edm.ComplexType)"));
    assert_eq!(
        joined["value"],
        json!([
            {"Books@odata.navigationLink": format!("{ROOT}/Books(2)"),
             "Authors@odata.navigationLink": format!("{ROOT}/Authors(2)")},
            {"Books@odata.navigationLink": format!("{ROOT}/Books(1)"),
             "Authors@odata.navigationLink": format!("{ROOT}/Authors(1)")},
        ])
    );
    let expanded = body(&format!("{url}&$expand=Books($select=Title;$expand=Notes),Authors($select=Name)&$top=1"));
    assert_eq!(expanded["value"][0]["Authors"]["Name"], "Bob");
    assert_eq!(expanded["value"][0]["Books"]["Title"], "Beta");
    assert_eq!(expanded["value"][0]["Books"]["Notes"][0]["Text"], "EN of 2");
    assert_eq!(get_url("/$crossjoin(Books,Authors)/$count"), (200, json!(6)));
    assert_eq!(get_url("/$crossjoin(Books,Authors)/$count?$filter=Books/Author/Name eq Authors/Name"), (200, json!(2)));
    assert_eq!(body("/$crossjoin(Books,Notes)?$count=true&$top=2")["@odata.count"], 9);
    assert_eq!(status("/$crossjoin(Books,Nothing)"), 404);
    assert_eq!(status("/$crossjoin(Books,Newest)"), 404);
    for bad in ["$crossjoin()", "$crossjoin(Books,Books)", "$crossjoin(Books)?$filter=Title eq 'x'"] {
        assert_eq!(status(&format!("/{bad}")), 400, "{bad}");
    }
    assert_eq!(status("/$crossjoin(Books,Notes)?$expand=Authors"), 400);
    assert_eq!(status("/$crossjoin(Books,Notes)?$select=Books"), 501);
}
