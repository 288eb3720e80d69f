//! What options nested in `$expand`, `$select` and `$count` see, and what a navigation property is where it is not expanded
//! (OData 4.01 part 2, 5.1.1.14, 5.1.2 and 5.1.4).

use serde_json::Value as Json;

use crate::support::{Checks, Served};

/// The names in a collection that each element of a set holds.
fn held(answer: &Json, member: &str, shown: &str) -> Vec<Vec<String>> {
    let each = |item: &Json| {
        let items = item[member].as_array().cloned().unwrap_or_default();
        items.iter().map(|item| item[shown].as_str().unwrap_or("?").to_owned()).collect()
    };
    answer["value"].as_array().map(|items| items.iter().map(each).collect()).unwrap_or_default()
}

#[test]
fn it_is_what_the_request_is_about_and_this_what_is_expanded() {
    let (served, mut checks) = (Served::start(), Checks::default());
    for (options, wanted) in [
        ("$filter=$it/Name eq 'Kitchen'", &[&[][..], &["Coffee Mug"], &[]][..]),
        ("$filter=startswith($it/Name,'E') and Price gt 900", &[&["Laptop", "Premium Laptop Pro"], &[], &[]]),
        ("$filter=$this/Price gt 900", &[&["Laptop", "Premium Laptop Pro"], &[], &[]]),
        ("$filter=Price eq 15.5 or $it/Products/$count gt 4;$top=1", &[&["Laptop"], &["Coffee Mug"], &[]]),
        ("$orderby=$this/Price mul -1;$top=1", &[&["Premium Laptop Pro"], &["Coffee Mug"], &["Office Chair"]]),
        ("$filter=$it/Products/any(p:p/Price lt $this/Price and p/Price gt 900)", &[&["Premium Laptop Pro"], &[], &[]]),
    ] {
        let answer = served.get(&format!("/Categories?$expand=Products({options})"));
        checks.status(options, &answer, 200);
        checks.eq(options, &held(&answer.json(), "Products", "Name"), &wanted);
    }
    let computed = served.get("/Categories?$expand=Products($compute=concat($it/Name,Name) as Both;$select=Both)");
    checks.eq("computed", &held(&computed.json(), "Products", "Both")[1], &["KitchenCoffee Mug"]);
    let deep = "/Categories?$expand=Products($expand=Descriptions($filter=$it/Name eq 'Kitchen'))";
    let deep = served.get(deep).json();
    checks.eq("deeper", &held(&deep["value"][0], "Products", "Name").len(), &0);
    let found = |category: usize| deep["value"][category]["Products"][0]["Descriptions"].as_array().map(Vec::len);
    checks.eq("deeper", &[found(0), found(1)], &[Some(0), Some(1)]);
    let counted = served.get("/Categories?$expand=Products/$count($filter=$it/Name eq 'Kitchen')").json();
    checks.eq("counted", &counted["value"][1]["Products@odata.count"], &1);
    checks.eq("counted", &counted["value"][0]["Products@odata.count"], &0);
    let one = served.get(&format!("{}?$expand=Descriptions($filter=$it/Price gt 900)", served.product("Laptop")));
    checks.eq("of one entity", &one.json()["Descriptions"].as_array().map(Vec::len), &Some(2));
    let typed = served.get("/Categories?$expand=Products($filter=$it/Price gt 1)");
    checks.error("a category has no price", &typed, 400);
    checks.done();
}

#[test]
fn a_navigation_property_that_is_selected_is_its_link() {
    let (served, mut checks) = (Served::start(), Checks::default());
    let laptop = served.product("Laptop");
    let link = format!("{}{laptop}/Category", served.root());
    let selected = served.get(&format!("{laptop}?$select=Name,Category")).json();
    checks.eq("selected", &selected["Category@odata.navigationLink"], &link);
    checks.that("no more than that", selected.get("Category@odata.associationLink").is_none(), || selected.to_string());
    for (what, options) in [
        ("expanded", "$select=Name,Category&$expand=Category"),
        ("not named", "$select=*"),
        ("nothing selected", ""),
        ("no metadata", "$select=Name,Category&$format=application/json;odata.metadata=none"),
    ] {
        let answer = served.get(&format!("{laptop}?{options}")).json();
        checks.that(what, answer.get("Category@odata.navigationLink").is_none(), || answer.to_string());
    }
    checks.error("no such namespace", &served.get("/Products?$select=Nothing.*"), 400);
    checks.done();
}
