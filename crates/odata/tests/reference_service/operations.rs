//! Sections 10 and 11: functions, actions, reseeding, and the facts of the seed.

use crate::support::{Checks, Served};

#[test]
fn functions_take_parameters_inline_by_alias_and_from_the_query() {
    let (served, mut checks) = (Served::start(), Checks::default());
    for path in [
        "/Calculate(value=21)",
        "/Calculate(value=@v)?@v=21",
        "/Calculate()?value=21",
        "/Calculate?value=21",
        "/Calculate?@value=21",
        "/Calculate(a=40,b=2)",
        "/Calculate(b=2,a=40)",
        "/Calculate(a=@a,b=@b)?@a=40&@b=2",
        "/Calculate?a=40&b=2",
    ] {
        checks.eq(path, &served.get(path).json()["value"], &42);
    }
    for (path, wanted) in [
        ("/Convert(input='x')", "String: x"),
        ("/Convert(input='it''s')", "String: it's"),
        ("/Convert(input=@p)?@p='a b'", "String: a b"),
        ("/Convert(number=7)", "Number: 7"),
        ("/Convert?input='x'", "String: x"),
        ("/Convert(input='')", "String: "),
    ] {
        checks.eq(path, &served.get(path).json()["value"], &wanted);
    }
    for path in [
        "/Calculate",
        "/Calculate()",
        "/Calculate(a=1)",
        "/Calculate(value=1,a=2)",
        "/Calculate(nothing=1)",
        "/Calculate(value='x')",
        "/Calculate(value=1.5)",
        "/Calculate(value=9223372036854775808)",
        "/Calculate(value=9223372036854775807)",
        "/Calculate(a=9223372036854775807,b=1)",
        "/Calculate(value=@v)",
        "/Convert(input=1)",
        "/Convert",
        "/Calculate(value=1)?other=2",
        "/GetTopProducts?nothing=1",
        "/GetTopProducts(count=-1)",
        "/GetTopProducts?category='x'",
        "/GetTopProducts(count=null)",
        "/GetTopProducts(3)",
        "/GetTopProducts(count=3,count=3)",
        "/GetTopProducts(count=3)?count=4",
    ] {
        checks.error(path, &served.get(path), 400);
    }
    checks.names(&served, "/GetTopProducts(count=2)?category='Kitchen'", &["Coffee Mug"]);
    for path in
        ["/Calculate", "/FindProducts", "/Products/GetAveragePrice", &format!("{}/GetInfo", served.product("Laptop"))]
    {
        let posted = served.json("POST", path, r#"{"format":"x"}"#);
        checks.error(path, &posted, 405);
        checks.header(path, &posted, "Allow", Some("GET, HEAD"));
    }
    checks.done();
}

#[test]
fn functions_give_products_under_all_query_options() {
    let (served, mut checks) = (Served::start(), Checks::default());
    let by_price = [
        "Premium Laptop Pro",
        "Laptop",
        "Smartphone",
        "Office Chair",
        "Gaming Mouse Ultra",
        "Wireless Mouse",
        "Coffee Mug",
    ];
    for path in ["/GetTopProducts", "/GetTopProducts()", "/GetTopProducts(count=10)", "/GetTopProducts?count=99"] {
        checks.names(&served, path, &by_price);
    }
    for path in
        ["/GetTopProducts(count=2)", "/GetTopProducts()?count=2", "/GetTopProducts?count=2", "/GetTopProducts?$top=2"]
    {
        checks.names(&served, path, &by_price[..2]);
    }
    checks.names(&served, "/GetTopProducts(count=0)", &[]);
    checks.names(&served, "/GetTopProducts(count=2,category='Electronics')", &by_price[..2]);
    checks.names(&served, "/GetTopProducts?count=2&category='Kitchen'", &["Coffee Mug"]);
    checks.names(&served, "/GetTopProducts(count=2,category='kitchen')", &[]);
    checks.names(
        &served,
        "/GetTopProducts(count=5)?$filter=Price lt 900&$orderby=Name&$skip=1",
        &["Office Chair", "Smartphone"],
    );
    let answer = served.get("/GetTopProducts(count=3)?$select=Name&$count=true&$top=1").json();
    checks.eq("count", &answer["@odata.count"], &3);
    checks.that("select", answer["value"][0].get("Price").is_none(), || answer.to_string());
    checks.eq("context", &answer["@odata.context"], &format!("{}/$metadata#Products(Name)", served.root()));
    let expanded = served.get("/GetTopProducts(count=1)?$expand=Category($select=Name)").json();
    checks.eq("expand", &expanded["value"][0]["Category"]["Name"], &"Electronics");
    checks.names(&served, "/FindProducts(name='MOUSE',maxPrice=100)", &["Wireless Mouse"]);
    checks.names(&served, "/FindProducts(name='laptop',maxPrice=5000)", &["Laptop", "Premium Laptop Pro"]);
    checks.names(&served, "/FindProducts(name='mouse',maxPrice=29.99)", &["Wireless Mouse"]);
    checks.names(&served, "/FindProducts?name='mouse'&maxPrice=1000", &["Wireless Mouse", "Gaming Mouse Ultra"]);
    let stats = served.get("/GetProductStats").json();
    checks.eq("total", &stats["totalProducts"], &7);
    checks.eq("highest", &stats["maxPrice"], &1999.99);
    checks.eq("lowest", &stats["minPrice"], &15.5);
    checks.eq(
        "context",
        &stats["@odata.context"],
        &format!("{}/$metadata#ComplianceService.ProductStats", served.root()),
    );
    checks.eq("mean", &stats["averagePrice"], &served.get("/Products/GetAveragePrice()").json()["value"]);
    checks.done();
}

#[test]
fn bound_functions_compute() {
    let (served, mut checks) = (Served::start(), Checks::default());
    let mug = served.product("Coffee Mug");
    for (call, wanted) in [
        ("ComplianceService.GetTotalPrice(taxRate=0.5)", 23.25),
        ("GetTotalPrice(taxRate=1)", 31.0),
        ("GetTotalPrice?taxRate=0", 15.5),
        ("GetTotalPrice(taxRate=@t)?@t=0.5", 23.25),
        ("CalculatePrice(discount=50)", 7.75),
        ("CalculatePrice(discount=50,tax=100)", 15.5),
        ("CalculatePrice(discount=-100)", 31.0),
    ] {
        let answer = served.get(&format!("{mug}/{call}"));
        checks.eq(call, &answer.json()["value"].as_f64(), &Some(wanted));
    }
    let info = served.get(&format!("{mug}/GetInfo(format='short')")).json();
    checks.eq("GetInfo", &info["value"], &"Product: Coffee Mug (Price: 15.50) in short format");
    checks.eq(
        "implicit",
        &served.get(&format!("{mug}/GetInfo?format='long'")).json()["value"],
        &"Product: Coffee Mug (Price: 15.50) in long format",
    );
    let raw = served.get(&format!("{mug}/GetTotalPrice(taxRate=0.5)/$value"));
    checks.that("raw", matches!(raw.status, 200 | 404), || raw.text().to_owned());
    let laptop = served.product("Laptop");
    checks.names(
        &served,
        &format!("{laptop}/GetRelatedProducts()"),
        &["Wireless Mouse", "Smartphone", "Premium Laptop Pro", "Gaming Mouse Ultra"],
    );
    checks.names(&served, &format!("{laptop}/GetRelatedProducts?$filter=Price lt 100"), &["Wireless Mouse"]);
    checks.names(&served, &format!("{mug}/GetRelatedProducts"), &[]);
    let unknown = "/Products(33333333-3333-3333-3333-333333333333)";
    checks.error("of no product", &served.get(&format!("{unknown}/GetTotalPrice(taxRate=1)")), 404);
    for call in ["GetTotalPrice", "GetTotalPrice(taxRate='x')", "CalculatePrice(tax=1)", "GetInfo(format=1)"] {
        checks.error(call, &served.get(&format!("{mug}/{call}")), 400);
    }
    checks.status("on a category", &served.get("/Categories/GetAveragePrice()"), 404);
    checks.error("POST on a function", &served.json("POST", &format!("{mug}/GetTotalPrice(taxRate=1)"), "{}"), 405);
    checks.error("POST on an import", &served.json("POST", "/GetTopProducts", "{}"), 405);
    checks.done();
}

#[test]
fn actions_change_what_they_say() {
    let (served, mut checks) = (Served::start(), Checks::default());
    let mug = served.product("Coffee Mug");
    let price = |served: &Served| served.get(&mug).json()["Price"].as_f64().unwrap_or_default();
    let discounted = served.json("POST", &format!("{mug}/ComplianceService.ApplyDiscount"), r#"{"percentage":50}"#);
    checks.status("ApplyDiscount", &discounted, 200);
    checks.eq("ApplyDiscount", &discounted.json()["Price"], &7.75);
    checks.eq(
        "context",
        &discounted.json()["@odata.context"],
        &format!("{}/$metadata#Products/$entity", served.root()),
    );
    checks.status("IncreasePrice", &served.json("POST", &format!("{mug}/IncreasePrice"), r#"{"amount":2}"#), 204);
    checks.eq("IncreasePrice", &price(&served), &9.75);
    let computed = served.json("POST", &format!("{mug}/CalculateDiscount"), r#"{"percentage":100}"#);
    checks.eq("CalculateDiscount", &computed.json()["value"].as_f64(), &Some(0.0));
    checks.eq("CalculateDiscount", &price(&served), &9.75);
    let chair = served.product("Office Chair");
    for body in ["", "{}"] {
        checks.status("Activate", &served.json("POST", &format!("{chair}/Activate"), body), 204);
    }
    checks.eq("Activate", &served.get(&chair).json()["Status"], &"InStock");
    checks.status("without a type", &served.send("POST", &format!("{chair}/Activate"), &[], ""), 204);
    checks.status(
        "MarkAllAsReviewed",
        &served.json("POST", "/Products/ComplianceService.MarkAllAsReviewed", "{}"),
        204,
    );
    checks.status("ResetProducts", &served.json("POST", "/ResetProducts", ""), 204);
    let reset = served.json("POST", "/ResetAllPrices", "");
    checks.status("ResetAllPrices", &reset, 200);
    checks.eq("ResetAllPrices", &reset.json()["message"], &"Prices reset successfully");
    checks.eq("ResetAllPrices", &reset.json()["updatedCount"], &7);
    checks.eq("ResetAllPrices", &price(&served), &15.5);
    checks.status("Process", &served.json("POST", "/Process", r#"{"percentage":50}"#), 204);
    checks.eq("Process", &price(&served), &7.75);
    checks.status("Process", &served.json("POST", "/Process", r#"{"percentage":50,"minPrice":500}"#), 204);
    checks.eq("Process", &price(&served), &7.75);
    checks.eq("Process", &served.get("/Products/$count?$filter=Price gt 499.996").text(), &"1");
    for (path, body) in [
        (format!("{mug}/ApplyDiscount"), "{}"),
        (format!("{mug}/ApplyDiscount"), ""),
        (format!("{mug}/ApplyDiscount"), r#"{"percentage":"x"}"#),
        (format!("{mug}/ApplyDiscount"), r#"{"percentage":null}"#),
        (format!("{mug}/ApplyDiscount"), r#"{"percentage":1,"other":2}"#),
        ("/Process".to_owned(), "{}"),
        ("/Process".to_owned(), r#"{"minPrice":1}"#),
        ("/Process".to_owned(), "[]"),
        (format!("{mug}/Activate"), r#"{"x":1}"#),
    ] {
        checks.error(&format!("{path} {body}"), &served.json("POST", &path, body), 400);
    }
    let unknown = "/Products(33333333-3333-3333-3333-333333333333)/Activate";
    checks.error("of no product", &served.json("POST", unknown, "{}"), 404);
    for path in ["/Reseed", "/Process", &format!("{mug}/Activate"), "/Products/MarkAllAsReviewed"] {
        let answer = served.get(path);
        checks.error(path, &answer, 405);
        checks.header(path, &answer, "Allow", Some("POST"));
    }
    checks.done();
}

#[test]
fn reseeding_puts_everything_back() {
    let (served, mut checks) = (Served::start(), Checks::default());
    let laptop = served.product("Laptop");
    checks.status("DELETE", &served.send("DELETE", &laptop, &[], ""), 204);
    for headers in [&[][..], &[("Content-Type", "application/json")][..]] {
        let answer = served.send("POST", "/Reseed", headers, "");
        checks.status("Reseed", &answer, 200);
        checks.eq("status", &answer.json()["status"], &"success");
        checks.eq("message", &answer.json()["message"], &"Database reseeded with default data");
        checks.error("new keys", &served.get(&laptop), 404);
        checks.eq("seven", &served.get("/Products/$count").text(), &"7");
    }
    checks.done();
}

#[test]
fn the_seed_is_what_it_should_be() {
    let (served, mut checks) = (Served::start(), Checks::default());
    for (set, count) in [
        ("Categories", "3"),
        ("Products", "7"),
        ("ProductDescriptions", "7"),
        ("MediaItems", "2"),
        ("ReadOnlyItems", "2"),
        ("DecimalSamples", "1"),
    ] {
        checks.eq(set, &served.get(&format!("/{set}/$count")).text(), &count);
    }
    for (category, count) in [("Electronics", "5"), ("Kitchen", "1"), ("Furniture", "1")] {
        let path = format!("/Categories({})/Products/$count", served.id("Categories", category));
        checks.eq(category, &served.get(&path).text(), &count);
        checks.eq(
            category,
            &served.get(&format!("/Products/$count?$filter=Category/Name eq '{category}'")).text(),
            &count,
        );
    }
    for (filter, count) in [
        ("CategoryID eq null", "0"),
        ("Category eq null", "0"),
        ("Description ne null", "0"),
        ("SerialNumber ne null", "0"),
        ("Data eq null", "4"),
        ("Location eq null", "1"),
        ("ReleaseDate eq null", "3"),
        ("Rating eq 0 and Quantity eq 0 and Temperature eq 0 and Weight eq 0", "3"),
        ("Descriptions/any()", "4"),
        ("Descriptions/$count eq 2", "3"),
        ("RelatedProducts/any()", "0"),
    ] {
        checks.eq(filter, &served.get(&format!("/Products/$count?$filter={filter}")).text(), &count);
    }
    checks.eq("CustomName", &served.get("/ProductDescriptions/$count?$filter=CustomName ne ''").text(), &"1");
    let amount = served.get("/DecimalSamples");
    checks.that("digits", amount.text().contains("123.45"), || amount.text().to_owned());
    checks.done();
}

#[test]
fn nobody_sees_half_loaded_data() {
    let (served, mut checks) = (Served::start(), Checks::default());
    let seen: Vec<String> = std::thread::scope(|scope| {
        let readers: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| {
                    let path = "/Products/$count?$filter=Category/Name ne null";
                    (0..25).map(|_| served.get(path).text().to_owned()).collect::<Vec<_>>()
                })
            })
            .collect();
        for _ in 0..25 {
            checks.status("Reseed", &served.json("POST", "/Reseed", ""), 200);
        }
        readers.into_iter().flat_map(|reader| reader.join().expect("a reader")).collect()
    });
    checks.that("always seven", seen.iter().all(|count| count == "7"), || format!("{seen:?}"));
    checks.done();
}
