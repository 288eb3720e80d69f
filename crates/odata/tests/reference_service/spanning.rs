//! Resources that span entity sets: `$all` and `$crossjoin` (OData 4.01 part 2, 4.14 and 4.15).

use crate::support::{Checks, Served};

#[test]
fn every_entity_of_the_service_is_in_all() {
    let (served, mut checks) = (Served::start(), Checks::default());
    let all = served.get("/$all");
    checks.status("$all", &all, 200);
    let context = format!("{}/$metadata#Collection(Edm.EntityType)", served.root());
    checks.eq("context", &all.json()["@odata.context"], &context);
    checks.eq("7 + 7 + 3 + 2 + 2 + 1, and the company", &all.json()["value"].as_array().map(Vec::len), &Some(23));
    for item in all.json()["value"].as_array().into_iter().flatten() {
        checks.that("types", item["@odata.type"].is_string(), || item.to_string());
        let id = item["@odata.id"].as_str().unwrap_or_default().to_owned();
        checks.status(&id, &served.get(&id), 200);
    }
    checks.eq("counted", &served.get("/$all/$count").text(), &"23");
    checks.names(&served, "/$all/ComplianceService.Category", &["Electronics", "Kitchen", "Furniture"]);
    checks.names(&served, "/$all/ComplianceService.Category?$filter=Name lt 'F'", &["Electronics"]);
    checks.eq("of a derived type", &served.get("/$all/ComplianceService.SpecialProduct/$count").text(), &"3");
    let first = served.send("GET", "/$all", &[("Prefer", "maxpagesize=20")], "");
    let rest = served.get(first.json()["@odata.nextLink"].as_str().unwrap_or_default());
    checks.eq("a second page", &rest.json()["value"].as_array().map(Vec::len), &Some(3));
    checks.error("read only", &served.json("POST", "/$all", "{}"), 405);
    checks.error("no such type", &served.get("/$all/ComplianceService.Nothing"), 404);
    checks.done();
}

#[test]
fn sets_are_joined_by_a_filter() {
    let (served, mut checks) = (Served::start(), Checks::default());
    let (kitchen, mug) = (served.id("Categories", "Kitchen"), served.product("Coffee Mug"));
    let join = "/$crossjoin(Products,Categories)?$filter=Products/CategoryID eq Categories/ID";
    let row = served.get(&format!("{join} and Categories/Name eq 'Kitchen'"));
    checks.status("$crossjoin", &row, 200);
    let (root, row) = (served.root(), row.json());
    checks.eq("context", &row["@odata.context"], &format!("{root}/$metadata#Collection(Edm.ComplexType)"));
    checks.eq("a link", &row["value"][0]["Products@odata.navigationLink"], &format!("{root}{mug}"));
    let category = format!("{root}/Categories({kitchen})");
    checks.eq("a link", &row["value"][0]["Categories@odata.navigationLink"], &category);
    let url = format!("{join}&$orderby=Categories/Name,Products/Price desc&$skip=1&$top=2&$count=true");
    let page = served.get(&format!("{url}&$expand=Products($select=Name),Categories($expand=Products/$count)"));
    let value = &page.json()["value"];
    checks.eq("counted", &page.json()["@odata.count"], &7);
    checks.eq("sorted", &value[1]["Products"]["Name"], &"Smartphone");
    checks.eq("expanded in depth", &value[0]["Categories"]["Products@odata.count"], &5);
    checks.eq("nothing else", &value[0]["Products"]["Price"].is_null(), &true);
    checks.eq("how many", &value.as_array().map(Vec::len), &Some(2));
    checks.eq("$count", &served.get("/$crossjoin(Products,Categories)/$count").text(), &"21");
    let paged = served.send("GET", join, &[("Prefer", "maxpagesize=5")], "");
    let rest = served.get(paged.json()["@odata.nextLink"].as_str().unwrap_or_default());
    checks.eq("a second page", &rest.json()["value"].as_array().map(Vec::len), &Some(2));
    let sums = "filter(Products/CategoryID eq Categories/ID)/groupby((Categories/Name),aggregate($count as N))/orderby(N desc)";
    let sums = served.get(&format!("/$crossjoin(Products,Categories)?$apply={sums}/top(1)")).json()["value"].clone();
    checks.eq("aggregated", &(&sums[0]["Categories"]["Name"], &sums[0]["N"]), &(&"Electronics".into(), &5.into()));
    checks.error("unknown", &served.get("/$crossjoin(Products,Nothing)"), 404);
    checks.error("a singleton", &served.get("/$crossjoin(Products,Company)"), 404);
    checks.error("no row has a name", &served.get("/$crossjoin(Products,Categories)?$filter=Name eq 'x'"), 400);
    checks.error("read only", &served.json("DELETE", "/$crossjoin(Products,Categories)", ""), 405);
    checks.done();
}
