//! `$select`, `$expand`, `$orderby`, `$top`, `$skip`, `$count`, `$compute`, `$apply` (OData 4.01 part 2, 5.1).

use serde_json::Value as Json;

use crate::support::{Checks, Served};

/// Names of members that are no control information and no operations.
fn members(json: &Json) -> Vec<String> {
    let object = json.as_object().cloned().unwrap_or_default();
    object.keys().filter(|name| !name.contains('@') && !name.starts_with('#')).cloned().collect()
}

#[test]
fn selection() {
    let (served, mut checks) = (Served::start(), Checks::default());
    let laptop = served.product("Laptop");
    for (select, wanted) in [
        ("Name", &["Name"][..]),
        ("Name,Price", &["Name", "Price"]),
        ("Price, Name", &["Name", "Price"]),
        ("ShippingAddress/City", &["ShippingAddress"]),
        ("ShippingAddress", &["ShippingAddress"]),
        ("ShippingAddress($select=City,State)", &["ShippingAddress"]),
        ("ID,Category", &["ID"]),
        ("Name,ComplianceService.SpecialProduct/SpecialFeature", &["Name", "SpecialFeature"]),
        ("Name,ComplianceService.*", &["Name"]),
        ("Name,ComplianceService.ApplyDiscount", &["Name"]),
        ("Photo", &[]),
    ] {
        let answer = served.get(&format!("{laptop}?$select={select}"));
        checks.status(select, &answer, 200);
        let mut found = members(&answer.json());
        found.sort();
        let mut wanted: Vec<&str> = wanted.to_vec();
        wanted.sort_unstable();
        checks.eq(select, &found, &wanted);
    }
    let nested = served.get(&format!("{laptop}?$select=ShippingAddress/City,ShippingAddress/State")).json();
    checks.eq("inside a complex value", &members(&nested["ShippingAddress"]), &["City", "State"]);
    let all = served.get(&format!("{laptop}?$select=*")).json();
    checks.eq("everything", &members(&all).len(), &members(&served.get(&laptop).json()).len());
    let set = served.get("/Products?$select=Name").json();
    checks.eq("context", &set["@odata.context"], &format!("{}/$metadata#Products(Name)", served.root()));
    checks.that("etag stays", set["value"][0]["@odata.etag"].is_string(), || set.to_string());
    for bad in ["Nothing", "Name/Nothing", "ShippingAddress/Nothing", "Name,,Price", ""] {
        checks.error(bad, &served.get(&format!("/Products?$select={bad}")), 400);
    }
    checks.eq(
        "of a complex property",
        &members(&served.get(&format!("{laptop}/ShippingAddress?$select=City")).json()),
        &["City"],
    );
    checks.error("of a primitive one", &served.get(&format!("{laptop}/Name?$select=x")), 400);
    checks.eq("of the singleton", &members(&served.get("/Company?$select=Name").json()), &["Name"]);
    checks.done();
}

#[test]
fn expansion() {
    let (served, mut checks) = (Served::start(), Checks::default());
    let laptop = served.product("Laptop");
    let one = |options: &str| served.get(&format!("{laptop}?{options}")).json();
    checks.eq("single", &one("$expand=Category")["Category"]["Name"], &"Electronics");
    let many = one("$expand=Descriptions");
    checks.eq("many", &many["Descriptions"].as_array().map(Vec::len), &Some(2));
    checks.eq(
        "context",
        &many["@odata.context"],
        &format!("{}/$metadata#Products/ComplianceService.SpecialProduct(Descriptions())/$entity", served.root()),
    );
    checks.eq("several", &one("$expand=Category,Descriptions")["Category"]["Name"], &"Electronics");
    checks.eq("empty", &one("$expand=RelatedProducts")["RelatedProducts"].as_array().map(Vec::len), &Some(0));
    let star = one("$expand=*");
    checks.that(
        "star",
        star["Category"].is_object() && star["Descriptions"].is_array() && star["RelatedProducts"].is_array(),
        || star.to_string(),
    );
    let languages = |json: &Json| -> Vec<String> {
        let items = json["Descriptions"].as_array().cloned().unwrap_or_default();
        items.iter().map(|item| item["LanguageKey"].as_str().unwrap_or("?").to_owned()).collect()
    };
    for (options, wanted) in [
        ("$filter=LanguageKey eq 'DE'", &["DE"][..]),
        ("$orderby=LanguageKey", &["DE", "EN"]),
        ("$orderby=LanguageKey desc", &["EN", "DE"]),
        ("$top=1", &["EN"]),
        ("$skip=1", &["DE"]),
        ("$top=1;$skip=1", &["DE"]),
        ("$search=Produktivität", &["DE"]),
        ("$filter=LanguageKey ne 'X';$orderby=LanguageKey;$top=1;$select=LanguageKey", &["DE"]),
        ("filter=LanguageKey eq 'DE'", &["DE"]),
    ] {
        checks.eq(options, &languages(&one(&format!("$expand=Descriptions({options})"))), &wanted);
    }
    let counted = one("$expand=Descriptions($count=true;$top=1)");
    checks.eq("count", &counted["Descriptions@odata.count"], &2);
    checks.eq("count and top", &counted["Descriptions"].as_array().map(Vec::len), &Some(1));
    let only = one("$expand=Descriptions/$count");
    checks.eq("only the count", &only["Descriptions@odata.count"], &2);
    checks.that("only the count", only.get("Descriptions").is_none(), || only.to_string());
    let references = one("$expand=Descriptions/$ref");
    checks.that("references", references["Descriptions"][0]["@odata.id"].is_string(), || references.to_string());
    checks.eq("references", &members(&references["Descriptions"][0]).len(), &0);
    checks.eq("selected", &members(&one("$expand=Category($select=Name)")["Category"]), &["Name"]);
    checks.eq(
        "nested",
        &one("$expand=Category($expand=Products($select=Name))")["Category"]["Products"].as_array().map(Vec::len),
        &Some(5),
    );
    checks.eq("nested filter", &one("$expand=Category($expand=Products($filter=Price lt 100;$select=Name))")["Category"]["Products"][0]["Name"], &"Wireless Mouse");
    checks.eq(
        "computed",
        &one("$expand=Descriptions($compute=length(Description) as Long;$select=Long)")["Descriptions"][0]["Long"]
            .as_i64(),
        &Some(51),
    );
    checks.eq("with select", &members(&one("$select=Name&$expand=Category($select=Name)")), &["Category", "Name"]);
    let set = served.get("/Categories?$expand=Products($select=Name;$orderby=Price desc;$top=1)").json();
    checks.eq("of a set", &set["value"][0]["Products"][0]["Name"], &"Premium Laptop Pro");
    checks.eq("of a set", &set["value"][1]["Products"][0]["Name"], &"Coffee Mug");
    let cast = served.get("/Categories?$expand=Products/ComplianceService.SpecialProduct($select=Name)&$top=1").json();
    checks.eq("of a type", &cast["value"][0]["Products"].as_array().map(Vec::len), &Some(3));
    let chair = served.product("Office Chair");
    let mouse = served.product("Wireless Mouse");
    for (from, to) in [(&laptop, &mouse), (&mouse, &chair), (&chair, &laptop)] {
        let body = format!(r#"{{"@odata.id":"{}{to}"}}"#, served.root());
        checks.status("link", &served.json("POST", &format!("{from}/RelatedProducts/$ref"), &body), 204);
    }
    let related = |json: &Json| json["RelatedProducts"][0].clone();
    let levels = one("$expand=RelatedProducts($levels=2;$select=Name)");
    checks.eq("first level", &related(&levels)["Name"], &"Wireless Mouse");
    checks.eq("second level", &related(&related(&levels))["Name"], &"Office Chair");
    checks.that("no third", related(&related(&levels)).get("RelatedProducts").is_none(), || levels.to_string());
    let most = one("$expand=RelatedProducts($levels=max;$select=Name)");
    checks.eq("max", &related(&related(&related(&most)))["Name"], &"Laptop");
    for bad in [
        "Nothing",
        "Name",
        "Category($select=Nothing)",
        "Category($filter=Name eq 'x')x",
        "Category(",
        "Descriptions($levels=0)",
        "Category,Category",
        "Category($top=1)",
    ] {
        checks.error(bad, &served.get(&format!("/Products?$expand={bad}")), 400);
    }
    checks.done();
}

#[test]
fn order_and_pages() {
    let (served, mut checks) = (Served::start(), Checks::default());
    for (options, wanted) in [
        ("$orderby=Price&$top=2", &["Coffee Mug", "Wireless Mouse"][..]),
        ("$orderby=Price desc&$top=2", &["Premium Laptop Pro", "Laptop"]),
        ("$orderby=Price asc&$skip=5", &["Laptop", "Premium Laptop Pro"]),
        ("$orderby=ProductType desc,Price&$top=2", &["Gaming Mouse Ultra", "Laptop"]),
        ("$orderby=Category/Name desc,Name&$top=1", &["Coffee Mug"]),
        ("$orderby=length(Name)&$top=1", &["Laptop"]),
        ("$orderby=tolower(Name)&$top=1", &["Coffee Mug"]),
        ("$orderby=Price mul -1&$top=1", &["Premium Laptop Pro"]),
        ("$orderby=ReleaseDate&$top=1", &["Smartphone"]),
        ("$orderby=ReleaseDate desc&$top=1", &["Office Chair"]),
        ("$orderby=Descriptions/$count desc,Name desc&$top=1", &["Wireless Mouse"]),
        ("$orderby=ShippingAddress/City desc&$top=1", &["Laptop"]),
        ("$orderby=Status,Name&$top=1", &["Coffee Mug"]),
        ("$orderby=ID&$top=0", &[]),
        ("$top=0", &[]),
        ("$skip=7", &[]),
        ("$skip=100", &[]),
        ("$top=100&$skip=6", &["Gaming Mouse Ultra"]),
        ("$skip=1&$top=1&$filter=Price gt 500", &["Smartphone"]),
    ] {
        checks.names(&served, &format!("/Products?{options}"), wanted);
    }
    for bad in [
        "$top=-1",
        "$top=x",
        "$top=1.5",
        "$top=",
        "$skip=-1",
        "$skip=x",
        "$count=maybe",
        "$count=1",
        "$orderby=",
        "$orderby=Nothing",
        "$orderby=Name up",
        "$orderby=Name,,Price",
        "$orderby=ShippingAddress",
        "$top=99999999999999999999",
        "$skiptoken=",
        "$orderby=Photo",
    ] {
        checks.error(bad, &served.get(&format!("/Products?{bad}")), 400);
    }
    let counted = served.get("/Products?$count=true&$top=2&$filter=Price gt 100").json();
    checks.eq("the whole count", &counted["@odata.count"], &5);
    checks.eq("two", &counted["value"].as_array().map(Vec::len), &Some(2));
    checks.that("not asked", served.get("/Products?$count=false").json().get("@odata.count").is_none(), String::new);
    for (path, count) in [
        ("/Products/$count", "7"),
        ("/Products/$count?$filter=Price gt 100", "5"),
        ("/Products/$count?$search=mouse", "2"),
        ("/Products/ComplianceService.SpecialProduct/$count", "3"),
    ] {
        let answer = served.get(path);
        checks.eq(path, &answer.text(), &count);
        checks.that(path, answer.header("Content-Type").is_some_and(|ty| ty.starts_with("text/plain")), || {
            format!("{:?}", answer.headers)
        });
    }
    checks.eq(
        "below an entity",
        &served.get(&format!("{}/Descriptions/$count", served.product("Laptop"))).text(),
        &"2",
    );
    checks.done();
}

#[test]
fn computation() {
    let (served, mut checks) = (Served::start(), Checks::default());
    let first = |options: &str| served.get(&format!("/Products?{options}")).json()["value"][0].clone();
    let computed = first("$compute=Price mul 2 as Double&$select=Name,Double&$top=1");
    checks.eq("selected", &computed["Double"].as_f64(), &Some(1999.98));
    checks.eq("selected", &members(&computed), &["Double", "Name"]);
    checks.names(&served, "/Products?$compute=Price mul 2 as Twice&$filter=Twice lt 40", &["Coffee Mug"]);
    checks.names(&served, "/Products?$compute=length(Name) as Long&$orderby=Long desc&$top=1", &["Premium Laptop Pro"]);
    let two = first("$compute=Price add 1 as A,A add 1 as B&$select=A,B&$filter=Name eq 'Coffee Mug'");
    checks.eq("one after another", &two["B"].as_f64(), &Some(17.5));
    checks.eq("of one entity", &served.get(&format!("{}?$compute=year(CreatedAt) as Year&$select=Year", served.product("Laptop"))).json()["Year"], &2024);
    for bad in ["Price mul 2", "Price mul 2 as", "Nothing as X", "Price as Name", "Price as A,Price as A"] {
        checks.error(bad, &served.get(&format!("/Products?$compute={bad}")), 400);
    }
    checks.done();
}

#[test]
fn aggregation() {
    let (served, mut checks) = (Served::start(), Checks::default());
    let values = |apply: &str| {
        let answer = served.get(&format!("/Products?$apply={apply}"));
        (answer.status, answer.json()["value"].as_array().cloned().unwrap_or_default())
    };
    for (apply, name, wanted) in [
        ("aggregate(Price with sum as X)", "X", 4245.44),
        ("aggregate(Price with max as X)", "X", 1999.99),
        ("aggregate(Price with min as X)", "X", 15.5),
        ("aggregate($count as X)", "X", 7.0),
        ("aggregate(CategoryID with countdistinct as X)", "X", 3.0),
        ("filter(Price gt 100)/aggregate($count as X)", "X", 5.0),
        ("aggregate(Price with average as X)", "X", 4245.44 / 7.0),
        ("compute(Price mul 2 as Twice)/aggregate(Twice with sum as X)", "X", 8490.88),
        ("identity/aggregate($count as X)", "X", 7.0),
        ("aggregate(Descriptions/$count as X)", "X", 7.0),
    ] {
        let (status, rows) = values(apply);
        checks.eq(apply, &status, &200);
        let found = rows.first().and_then(|row| row[name].as_f64()).unwrap_or(f64::NAN);
        checks.that(apply, (found - wanted).abs() < 1e-6, || format!("{rows:?}"));
    }
    let (_, groups) = values("groupby((ProductType),aggregate($count as Number,Price with max as Highest))");
    checks.eq("two groups", &groups.len(), &2);
    let special = groups.iter().find(|row| row["ProductType"] == "SpecialProduct").cloned().unwrap_or_default();
    checks.eq("counted", &special["Number"], &3);
    checks.eq("highest", &special["Highest"], &1999.99);
    let (_, groups) = values("groupby((Category/Name),aggregate($count as Number))");
    let electronics = groups.iter().find(|row| row["Category"]["Name"] == "Electronics").cloned().unwrap_or_default();
    checks.eq("by a related property", &electronics["Number"], &5);
    for (apply, count) in [
        ("groupby((Status))", 5),
        ("filter(Price gt 100)", 5),
        ("topcount(2,Price)", 2),
        ("bottomcount(3,Price)", 3),
        ("orderby(Price desc)/top(2)", 2),
        ("skip(5)", 2),
        ("search(mouse)", 2),
        ("concat(filter(Price lt 20),filter(Price gt 1000))", 2),
        ("topsum(2000,Price)", 2),
        ("toppercent(50,Price)", 2),
        ("filter(Price gt $these/aggregate(Price with average))", 3),
        ("topcount($these/$count div 3,Price)", 2),
        ("concat(identity,aggregate(Price with sum as S))/filter(not isdefined(Name))", 1),
        ("filter(matchesPattern(Name,concat('^',substring(Name,0,2))))", 7),
    ] {
        let (status, rows) = values(apply);
        checks.eq(apply, &(status, rows.len()), &(200, count));
    }
    let nested =
        served.get("/Categories?$apply=addnested(Products,filter(Price gt 1000) as Dear)&$filter=Dear/$count gt 0");
    let (root, nested) = (served.root(), nested.json());
    checks.eq("nested, in the context", &nested["@odata.context"], &format!("{root}/$metadata#Categories(Dear())"));
    checks.eq("nested, their own", &nested["value"][0]["Dear@odata.context"], &format!("{root}/$metadata#Products"));
    checks.eq("nested", &nested["value"][0]["Dear"][0]["Price"], &1999.99);
    checks.eq(
        "and then options",
        &served.get("/Products?$apply=groupby((ProductType),aggregate($count as N))&$filter=N gt 3&$orderby=N").json()
            ["value"]
            .as_array()
            .map(Vec::len),
        &Some(1),
    );
    for bad in [
        "aggregate(Nothing with sum as X)",
        "aggregate(Price with sum)",
        "groupby(Nothing)",
        "groupby((Nothing))",
        "aggregate(Name with sum as X)",
        "filter(Price)",
        "aggregate(",
    ] {
        checks.error(bad, &served.get(&format!("/Products?$apply={bad}")), 400);
    }
    checks.done();
}
