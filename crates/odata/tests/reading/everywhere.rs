//! What starts at the service itself: an entity by its id.

use super::support::{ROOT, body, status};

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
