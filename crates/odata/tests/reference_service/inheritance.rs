//! Section 5: derived types and the discriminator.

use crate::support::{Checks, Served};

const SPECIAL: &str = "#ComplianceService.SpecialProduct";

#[test]
fn three_products_are_special_and_say_so() {
    let (served, mut checks) = (Served::start(), Checks::default());
    let names = ["Laptop", "Premium Laptop Pro", "Gaming Mouse Ultra"];
    for path in [
        "/Products/ComplianceService.SpecialProduct",
        "/Products/SpecialProduct",
        "/Products?$filter=isof(ComplianceService.SpecialProduct)",
        "/Products?$filter=isof('ComplianceService.SpecialProduct')",
        "/Products?$filter=ProductType eq 'SpecialProduct'",
        "/Products?$filter=ComplianceService.SpecialProduct/SpecialFeature ne null",
    ] {
        checks.names(&served, path, &names);
        if path.contains('?') {
            let types = served.get(path).each("@odata.type");
            checks.that(path, types.len() == 3 && types.iter().all(|ty| *ty == SPECIAL), || format!("{types:?}"));
        }
    }
    let types = served.get("/Products").each("@odata.type");
    checks.eq("plain ones need none", &types.iter().filter(|ty| ty.is_null()).count(), &4);
    let laptop = served.product("Laptop");
    checks.eq("an entity", &served.get(&laptop).json()["@odata.type"], &SPECIAL);
    checks.eq("the count", &served.get("/Products/SpecialProduct/$count").text(), &"3");
    checks.names(&served, "/Products/SpecialProduct?$filter=contains(SpecialFeature,'DPI')", &["Gaming Mouse Ultra"]);
    checks.names(&served, "/Products/SpecialProduct?$orderby=SpecialProperty desc&$top=1", &["Gaming Mouse Ultra"]);
    checks.names(&served, "/Products?$orderby=ProductType,Price&$top=1", &["Coffee Mug"]);
    let selected = served.get("/Products?$select=Name,ComplianceService.SpecialProduct/SpecialFeature&$top=2").json();
    checks.eq("selected under a cast", &selected["value"][0]["SpecialFeature"], &"Premium support");
    checks.that("absent", selected["value"][1].get("SpecialFeature").is_none(), || selected.to_string());
    checks.done();
}

#[test]
fn casts_of_entities_hold_or_are_not_found() {
    let (served, mut checks) = (Served::start(), Checks::default());
    let (laptop, mouse) = (served.product("Laptop"), served.product("Wireless Mouse"));
    let cast = served.get(&format!("{laptop}/ComplianceService.SpecialProduct"));
    checks.status("special", &cast, 200);
    checks.eq("special", &cast.json()["SpecialFeature"], &"Premium support");
    let property = served.get(&format!("{laptop}/ComplianceService.SpecialProduct/SpecialProperty"));
    checks.eq("a property", &property.json()["value"], &"Extended warranty included");
    checks.error("not special", &served.get(&format!("{mouse}/ComplianceService.SpecialProduct")), 404);
    for path in [format!("{laptop}/ComplianceService.Nothing"), "/Products/ComplianceService.Nothing".to_owned()] {
        let answer = served.get(&path);
        checks.that(&path, matches!(answer.status, 400 | 404), || answer.text().to_owned());
    }
    let unrelated = served.get("/Products/ComplianceService.Category");
    checks.that("an unrelated type", matches!(unrelated.status, 400 | 404), || unrelated.text().to_owned());
    let set = laptop.replacen("/Products", "/Products/ComplianceService.SpecialProduct", 1);
    checks.status("a key behind a cast", &served.get(&set), 200);
    let without = served.get("/Products?$filter=SpecialFeature eq 'x'");
    checks.error("a derived property without a cast", &without, 400);
    checks.done();
}

#[test]
fn the_type_of_a_new_product_is_told_in_three_ways() {
    let (served, mut checks) = (Served::start(), Checks::default());
    for (body, wanted) in [
        (r#"{"Name":"n","Price":1}"#, Some("Product")),
        (r#"{"Name":"n","Price":1,"ProductType":"Product"}"#, Some("Product")),
        (r#"{"Name":"n","Price":1,"ProductType":"SpecialProduct","SpecialFeature":"f"}"#, Some("SpecialProduct")),
        (
            r##"{"@odata.type":"#ComplianceService.SpecialProduct","Name":"n","Price":1,"SpecialFeature":"f"}"##,
            Some("SpecialProduct"),
        ),
        (r#"{"@type":"ComplianceService.SpecialProduct","Name":"n","Price":1}"#, Some("SpecialProduct")),
        (
            r##"{"@type":"#ComplianceService.SpecialProduct","Name":"n","Price":1,"ProductType":"SpecialProduct"}"##,
            Some("SpecialProduct"),
        ),
        (r##"{"@odata.type":"#ComplianceService.SpecialProduct","Name":"n","Price":1,"ProductType":"Product"}"##, None),
        (r##"{"@odata.type":"#ComplianceService.Product","Name":"n","Price":1,"ProductType":"SpecialProduct"}"##, None),
        (r##"{"@odata.type":"#ComplianceService.Nothing","Name":"n","Price":1}"##, None),
        (r##"{"@odata.type":"#ComplianceService.Category","Name":"n"}"##, None),
        (r#"{"Name":"n","Price":1,"ProductType":"Nothing"}"#, None),
        (r#"{"Name":"n","Price":1,"SpecialFeature":"f"}"#, None),
    ] {
        let answer = served.json("POST", "/Products", body);
        match wanted {
            None => checks.error(body, &answer, 400),
            Some(wanted) => {
                checks.status(body, &answer, 201);
                checks.eq(body, &answer.json()["ProductType"], &wanted);
                let special = wanted == "SpecialProduct";
                checks.eq(body, &(answer.json()["@odata.type"] == SPECIAL), &special);
                checks.eq(body, &answer.json().get("SpecialFeature").is_some(), &special);
            }
        }
    }
    let at_cast = served.json(
        "POST",
        "/Products/ComplianceService.SpecialProduct",
        r#"{"Name":"n","Price":1,"SpecialFeature":"f"}"#,
    );
    checks.status("POST to a cast", &at_cast, 201);
    checks.eq("POST to a cast", &at_cast.json()["ProductType"], &"SpecialProduct");
    let nested =
        r#"{"Name":"c","Products":[{"Name":"n","Price":1,"ProductType":"SpecialProduct","SpecialFeature":"f"}]}"#;
    checks.status("nested", &served.json("POST", "/Categories", nested), 201);
    checks.done();
}

#[test]
fn the_type_never_changes() {
    let (served, mut checks) = (Served::start(), Checks::default());
    let laptop = served.product("Laptop");
    let mouse = served.product("Wireless Mouse");
    for (path, body) in [
        (&laptop, r#"{"ProductType":"Product"}"#),
        (&mouse, r#"{"ProductType":"SpecialProduct"}"#),
        (&mouse, r##"{"@odata.type":"#ComplianceService.SpecialProduct","Name":"n"}"##),
    ] {
        checks.error(body, &served.json("PATCH", path, body), 400);
    }
    checks.status("its own type", &served.json("PATCH", &laptop, r#"{"ProductType":"SpecialProduct"}"#), 204);
    checks.error("by property", &served.json("PUT", &format!("{laptop}/ProductType"), r#"{"value":"Product"}"#), 400);
    checks.status("PUT", &served.json("PUT", &laptop, r#"{"Name":"n","Price":1}"#), 204);
    let put = served.get(&laptop).json();
    checks.eq("PUT keeps the type", &put["ProductType"], &"SpecialProduct");
    checks.that("PUT resets", put["SpecialFeature"].is_null(), || put.to_string());
    let cast = format!("{laptop}/ComplianceService.SpecialProduct");
    checks.status("PATCH of a cast", &served.json("PATCH", &cast, r#"{"SpecialFeature":"f"}"#), 204);
    checks.eq("PATCH of a cast", &served.get(&laptop).json()["SpecialFeature"], &"f");
    checks.done();
}
