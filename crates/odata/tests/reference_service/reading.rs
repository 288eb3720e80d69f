//! Section 2: order, paging, null values, search, cases, geography, type definitions.

use crate::support::{Checks, Served};

const ALL: [&str; 7] = [
    "Laptop",
    "Wireless Mouse",
    "Coffee Mug",
    "Office Chair",
    "Smartphone",
    "Premium Laptop Pro",
    "Gaming Mouse Ultra",
];

#[test]
fn sets_are_read_whole_in_the_order_of_insertion() {
    let (served, mut checks) = (Served::start(), Checks::default());
    checks.names(&served, "/Products", &ALL);
    checks.names(&served, "/Categories", &["Electronics", "Kitchen", "Furniture"]);
    let answer = served.get("/Products");
    checks.that("no next link", answer.json().get("@odata.nextLink").is_none(), || answer.text().to_owned());
    for number in 0..30 {
        let body = format!(r#"{{"Name":"N{number:02}","Amount":{number}}}"#);
        checks.status("create", &served.json("POST", "/DecimalSamples", &body), 201);
    }
    let names = served.get("/DecimalSamples").names();
    checks.eq("31 rows", &names.len(), &31);
    checks.eq("the last", &names[30], &"N29");
    checks.done();
}

#[test]
fn a_page_limit_exists_only_where_the_client_asks_for_it() {
    let (served, mut checks) = (Served::start(), Checks::default());
    for prefer in ["maxpagesize=3", "odata.maxpagesize=3"] {
        let mut names = Vec::new();
        let mut url = "/Products?$orderby=Price desc&$count=true".to_owned();
        let mut pages = 0;
        loop {
            let answer = served.send("GET", &url, &[("Prefer", prefer)], "");
            checks.status(&url, &answer, 200);
            checks.header("applied", &answer, "Preference-Applied", Some(prefer));
            checks.eq("count", &answer.json()["@odata.count"], &7);
            names.extend(answer.names());
            pages += 1;
            match answer.json()["@odata.nextLink"].as_str() {
                Some(next) if pages < 9 => next.clone_into(&mut url),
                _ => break,
            }
            checks.that("continuation", url.contains("$skiptoken="), || url.clone());
        }
        checks.eq("pages", &pages, &3);
        checks.eq("names", &names.first().map(String::as_str), &Some("Premium Laptop Pro"));
        checks.eq("number", &names.len(), &7);
    }
    checks.error("a broken token", &served.get("/Products?$skiptoken=nonsense"), 400);
    checks.done();
}

#[test]
fn every_option_is_usable_on_every_set() {
    let (served, mut checks) = (Served::start(), Checks::default());
    for set in ["Categories", "Products", "ProductDescriptions", "MediaItems", "ReadOnlyItems", "DecimalSamples"] {
        let name = if set == "ProductDescriptions" { "LanguageKey" } else { "Name" };
        for option in [
            format!("$filter={name} ne 'x'"),
            format!("$orderby={name} desc"),
            format!("$select={name}"),
            "$top=1".to_owned(),
            "$skip=1".to_owned(),
            "$count=true".to_owned(),
            "$search=a".to_owned(),
            "$expand=*".to_owned(),
            format!("$compute=length({name}) as Long&$select={name},Long"),
            format!("$apply=groupby(({name}))"),
            "$apply=aggregate($count as Number)".to_owned(),
        ] {
            let path = format!("/{set}?{option}");
            checks.status(&path, &served.get(&path), 200);
        }
        checks.status(set, &served.get(&format!("/{set}/$count")), 200);
    }
    checks.done();
}

#[test]
fn null_is_written_unless_the_client_asks_to_omit_it() {
    let (served, mut checks) = (Served::start(), Checks::default());
    let answer = served.get("/Products?$top=1").json();
    for name in ["Description", "SerialNumber"] {
        checks.that(name, answer["value"][0].get(name).is_some_and(serde_json::Value::is_null), || answer.to_string());
    }
    let laptop = served.id("Products", "Laptop");
    let body = format!(r#"{{"ProductID":"{laptop}","LanguageKey":"IT","Description":"d"}}"#);
    let made = served.json("POST", "/ProductDescriptions", &body);
    checks.status("create", &made, 201);
    for name in ["LongText", "CustomName"] {
        checks.that(name, made.json().get(name).is_some_and(serde_json::Value::is_null), || made.text().to_owned());
    }
    let omitted = served.send("GET", "/Products?$top=1", &[("Prefer", "omit-values=nulls")], "");
    checks.header("applied", &omitted, "Preference-Applied", Some("omit-values=nulls"));
    checks.that("omitted", omitted.json()["value"][0].get("Description").is_none(), || omitted.text().to_owned());
    checks.done();
}

#[test]
fn search_looks_where_the_sets_say() {
    let (served, mut checks) = (Served::start(), Checks::default());
    for (search, names) in [
        ("laptop", &["Laptop", "Premium Laptop Pro"][..]),
        ("LAPTOP", &["Laptop", "Premium Laptop Pro"]),
        ("apto", &["Laptop", "Premium Laptop Pro"]),
        ("\"Wireless Mouse\"", &["Wireless Mouse"]),
        ("\"Mouse Wireless\"", &[]),
        ("mouse wireless", &["Wireless Mouse"]),
        ("Mouse AND Gaming", &["Gaming Mouse Ultra"]),
        ("Mug OR Chair", &["Coffee Mug", "Office Chair"]),
        ("NOT Laptop NOT Mouse", &["Coffee Mug", "Office Chair", "Smartphone"]),
        ("Mouse NOT Gaming", &["Wireless Mouse"]),
        ("(Mug OR Mouse) AND NOT Gaming", &["Wireless Mouse", "Coffee Mug"]),
        ("warranty", &[]),
        ("Seattle", &[]),
        ("SpecialProduct", &[]),
        ("Electronics", &[]),
    ] {
        checks.names(&served, &format!("/Products?$search={search}"), names);
    }
    let number = |path: &str| served.get(path).json()["value"].as_array().map_or(99, Vec::len);
    checks.eq("in Description", &number("/ProductDescriptions?$search=ergonomic"), &1);
    checks.eq("in LongText", &number("/ProductDescriptions?$search=state-of-the-art"), &1);
    checks.eq("in CustomName", &number("/ProductDescriptions?$search=Promo"), &0);
    checks.eq("in LanguageKey", &number("/ProductDescriptions?$search=FR"), &0);
    checks.names(&served, "/Categories?$search=utensils", &["Kitchen"]);
    checks.names(&served, "/MediaItems?$search=pdf", &["Sample Document"]);
    checks.names(&served, "/ReadOnlyItems?$search=item", &["Read-only item A", "Read-only item B"]);
    checks.names(&served, "/DecimalSamples?$search=seed", &["Seed Decimal"]);
    checks.names(&served, "/Products?$search=Laptop&$filter=Price gt 1000", &["Premium Laptop Pro"]);
    checks.eq("with count", &served.get("/Products?$search=Mouse&$count=true&$top=1").json()["@odata.count"], &2);
    checks.eq("count", &served.get("/Products/$count?$search=Mouse").text(), &"2");
    for bad in ["\"open", "(a"] {
        checks.error(bad, &served.get(&format!("/Products?$search={bad}")), 400);
    }
    checks.done();
}

#[test]
fn names_and_functions_keep_their_case() {
    let (served, mut checks) = (Served::start(), Checks::default());
    checks.error("a property in lower case", &served.get("/Products?$filter=name eq 'Laptop'"), 400);
    checks.error("a selected one", &served.get("/Products?$select=name"), 400);
    checks.error("an ordering one", &served.get("/Products?$orderby=price"), 400);
    checks.error("an enumeration member", &served.get("/Products?$filter=Status has 'instock'"), 400);
    checks.names(&served, "/Products?$filter=contains(Name,'laptop')", &[]);
    checks.names(&served, "/Products?$filter=Name eq 'laptop'", &[]);
    checks.names(&served, "/Products?$filter=tolower(Name) eq 'laptop'", &["Laptop"]);
    checks.done();
}

#[test]
fn a_path_through_a_null_complex_value_is_null() {
    let (served, mut checks) = (Served::start(), Checks::default());
    checks.names(&served, "/Products?$filter=ShippingAddress/City eq null", &["Office Chair"]);
    checks.names(&served, "/Products?$filter=ShippingAddress eq null", &["Office Chair"]);
    checks.names(
        &served,
        "/Products?$filter=ShippingAddress ne null and Dimensions/Length gt 30",
        &["Laptop", "Premium Laptop Pro"],
    );
    checks.names(&served, "/Products?$orderby=ShippingAddress/City&$top=2", &["Office Chair", "Smartphone"]);
    let chair = served.product("Office Chair");
    checks.status("the null value", &served.get(&format!("{chair}/ShippingAddress")), 204);
    checks.done();
}

#[test]
fn geography_is_geojson() {
    let (served, mut checks) = (Served::start(), Checks::default());
    let laptop = served.get("/Products?$filter=Name eq 'Laptop'").json()["value"][0].clone();
    checks.eq("Location", &laptop["Location"]["type"], &"Point");
    checks.eq("longitude", &laptop["Location"]["coordinates"][0], &-122.3321);
    checks.eq("Route", &laptop["Route"]["type"], &"LineString");
    checks.eq("Area", &laptop["Area"]["coordinates"][0][2][1], &47.8);
    let point = "geography'SRID=4326;Point(-122.3321 47.6062)'";
    for (filter, names) in [
        (format!("geo.distance(Location,{point}) lt 1000"), &["Laptop"][..]),
        (format!("geo.distance(Location,{point}) eq 0"), &["Laptop"]),
        (
            "geo.intersects(Location,geography'SRID=4326;Polygon((-123 37,-122 37,-122 38,-123 38,-123 37))')"
                .to_owned(),
            &["Wireless Mouse"],
        ),
        ("geo.length(Route) gt 30000".to_owned(), &["Laptop"]),
        ("Location eq null".to_owned(), &["Office Chair"]),
    ] {
        checks.names(&served, &format!("/Products?$filter={filter}"), names);
    }
    checks.names(
        &served,
        &format!("/Products?$orderby=geo.distance(Location,{point})&$filter=Location ne null&$top=2"),
        &["Laptop", "Coffee Mug"],
    );
    let path = served.product("Laptop");
    checks.eq("property", &served.get(&format!("{path}/Location")).json()["value"]["type"], &"Point");
    checks.done();
}

#[test]
fn type_definitions_behave_like_the_types_under_them() {
    let (served, mut checks) = (Served::start(), Checks::default());
    for (filter, names) in [
        ("ReleaseDate eq 2024-01-15", &["Laptop"][..]),
        ("ReleaseDate gt 2024-01-15", &["Wireless Mouse", "Office Chair"]),
        ("year(ReleaseDate) eq 2024 and month(ReleaseDate) eq 12", &["Office Chair"]),
        ("day(ReleaseDate) eq 20", &["Wireless Mouse"]),
        ("ReleaseDate eq null", &["Smartphone", "Premium Laptop Pro", "Gaming Mouse Ultra"]),
        ("OpenTime eq 09:30:00", &["Laptop"]),
        ("OpenTime lt 08:30:00", &["Wireless Mouse", "Coffee Mug"]),
        ("hour(OpenTime) eq 23", &["Office Chair"]),
        ("minute(OpenTime) eq 15", &["Wireless Mouse"]),
        ("second(OpenTime) eq 59", &["Office Chair"]),
        ("ShippingTime eq duration'P1D'", &["Laptop"]),
        ("ShippingTime gt duration'P1D'", &["Coffee Mug", "Office Chair"]),
        ("ProcessingTime eq duration'PT1.5S'", &["Wireless Mouse"]),
        ("Offset lt duration'PT0S'", &["Wireless Mouse"]),
        ("totalseconds(ShippingTime) eq 7200", &["Wireless Mouse"]),
        ("ReleaseDate in (2024-01-01,2024-12-31)", &["Coffee Mug", "Office Chair"]),
    ] {
        checks.names(&served, &format!("/Products?$filter={filter}"), names);
    }
    checks.names(
        &served,
        "/Products?$filter=ReleaseDate ne null&$orderby=ReleaseDate",
        &["Coffee Mug", "Laptop", "Wireless Mouse", "Office Chair"],
    );
    let laptop = served.product("Laptop");
    for (name, text) in [("ReleaseDate", "2024-01-15"), ("OpenTime", "09:30:00"), ("ShippingTime", "P1D")] {
        checks.eq(name, &served.get(&format!("{laptop}/{name}")).json()["value"], &text);
        let raw = served.get(&format!("{laptop}/{name}/$value"));
        checks.eq(name, &raw.text(), &text);
    }
    checks.done();
}

#[test]
fn related_entities_are_named_by_their_own_sets() {
    let (served, mut checks) = (Served::start(), Checks::default());
    let laptop = served.product("Laptop");
    let electronics = format!("{}/Categories({})", served.root(), served.id("Categories", "Electronics"));
    let reference = served.get(&format!("{laptop}/Category/$ref")).json();
    checks.eq("$ref", &reference["@odata.id"], &electronics);
    checks.eq("$ref", &reference["@odata.context"], &format!("{}/$metadata#$ref", served.root()));
    let full = [("Accept", "application/json;odata.metadata=full")];
    let category = served.send("GET", &format!("{laptop}/Category"), &full, "").json();
    checks.eq("@odata.id", &category["@odata.id"], &electronics);
    checks.eq("context", &category["@odata.context"], &format!("{}/$metadata#Categories/$entity", served.root()));
    let products = served
        .get(&electronics.replace(&served.root(), "").replace("Categories(", "/Categories(").replace("//", "/"))
        .json();
    checks.eq("one", &products["Name"], &"Electronics");
    let listed = served.send("GET", &format!("{electronics}/Products?$top=1"), &full, "").json();
    checks.eq("context", &listed["@odata.context"], &format!("{}/$metadata#Products", served.root()));
    checks.eq("@odata.id", &listed["value"][0]["@odata.id"], &format!("{}{laptop}", served.root()));
    let created = served.json("POST", "/Products", r#"{"Name":"n","Price":1}"#).json();
    let path = format!("/Products({})", created["ID"].as_str().unwrap_or_default());
    checks.status("no category", &served.get(&format!("{path}/Category")), 204);
    checks.done();
}

#[test]
fn complex_values_are_compared_property_by_property() {
    let (served, mut checks) = (Served::start(), Checks::default());
    let dimensions = served.get(&served.product("Laptop")).json()["Dimensions"].to_string();
    for query in [
        format!("$filter=Dimensions eq {dimensions}"),
        format!("$filter={dimensions} eq Dimensions"),
        format!("$filter=Dimensions eq @d&@d={dimensions}"),
        format!("$filter=Dimensions ne null and not (Dimensions ne {dimensions})"),
        "$filter=Name eq 'Laptop' and Dimensions eq $it/Dimensions".to_owned(),
    ] {
        checks.names(&served, &format!("/Products?{query}"), &["Laptop"]);
    }
    checks.names(&served, "/Products?$filter=Dimensions ne Dimensions", &[]);
    let of_one = "/Products?$filter=Name eq 'Laptop' and Category eq $it/Category";
    checks.names(&served, of_one, &["Laptop"]);
    for query in
        ["Dimensions gt Dimensions", "Dimensions eq ShippingAddress", "Dimensions eq {\"Nope\":1}", "Name eq {}"]
    {
        checks.status(query, &served.get(&format!("/Products?$filter={query}")), 400);
    }
    checks.done();
}

#[test]
fn what_is_expanded_by_name_stands_beside_a_star() {
    let (served, mut checks) = (Served::start(), Checks::default());
    for query in ["*/$ref,Category($select=Name)", "Category($select=Name),*/$ref"] {
        let answer = served.get(&format!("/Products?$filter=Name eq 'Laptop'&$expand={query}"));
        checks.status(query, &answer, 200);
        let laptop = answer.json()["value"][0].clone();
        checks.eq(query, &laptop["Category"]["Name"], &"Electronics");
        checks.that(query, laptop["Descriptions"][0]["@odata.id"].is_string(), || laptop.to_string());
        checks.that(query, laptop["Descriptions"][0]["Description"].is_null(), || laptop.to_string());
    }
    checks.done();
}
