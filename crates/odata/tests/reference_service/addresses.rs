//! Paths beyond those that a description of the model would name (OData 4.01 part 2, 4).

use crate::support::{Checks, Served};

#[test]
fn a_filter_in_the_path_is_a_collection_like_any_other() {
    let (served, mut checks) = (Served::start(), Checks::default());
    let laptop = served.id("Products", "Laptop");
    let name = |path: &str| served.get(path).json()["Name"].clone();
    checks.eq("a key", &name(&format!("/Products/$filter(@f)({laptop})?@f=Price gt 900")), &"Laptop");
    checks.eq("its name", &name(&format!("/Products/$filter(Price gt 900)(ID={laptop})")), &"Laptop");
    checks.eq("a segment", &name(&format!("/Products/$filter(@f)/{laptop}?@f=Price gt 900")), &"Laptop");
    checks.error("left out", &served.get(&format!("/Products/$filter(@f)({laptop})?@f=Price lt 900")), 404);
    checks.error("no key", &served.get("/Products/$filter(true)(Price gt 1)"), 400);
    let average = served.get("/Products/$filter(@f)/GetAveragePrice()?@f=Price gt 900");
    checks.eq("what a function is bound to", &average.json()["value"], &1499.99);
    checks.done();
}

#[test]
fn query_is_a_segment_for_post() {
    let (served, mut checks) = (Served::start(), Checks::default());
    for method in ["GET", "PATCH", "DELETE"] {
        let answer = served.send(method, "/Products/$query", &[], "");
        checks.error(method, &answer, 405);
        checks.header(method, &answer, "Allow", Some("POST"));
    }
    checks.error("nothing to query", &served.get("/Nothing/$query"), 404);
    checks.done();
}
