//! Section 3: identity, defaults, validation, relations, deletion.

use serde_json::Value as Json;

use crate::support::{Checks, Served};

#[test]
fn keys_are_made_by_the_service_and_never_change() {
    let (served, mut checks) = (Served::start(), Checks::default());
    let own = "11111111-1111-1111-1111-111111111111";
    for (set, more) in [
        ("Products", r#","Price":1"#),
        ("Categories", ""),
        ("DecimalSamples", r#","Amount":1"#),
        ("MediaItems", r#","ContentType":"a/b""#),
    ] {
        let made = served.json("POST", &format!("/{set}"), &format!(r#"{{"ID":"{own}","Name":"n"{more}}}"#));
        checks.status(set, &made, 201);
        let id = made.json()["ID"].as_str().unwrap_or_default().to_owned();
        checks.that(set, id.len() == 36 && id != own, || id.clone());
        let path = format!("/{set}({id})");
        checks.header(set, &made, "Location", Some(&format!("{}{path}", served.root())));
        checks.status(set, &served.json("PATCH", &path, &format!(r#"{{"ID":"{own}","Name":"m"}}"#)), 204);
        checks.eq(set, &served.get(&path).json()["Name"], &"m");
        let unknown = format!("/{set}({own})");
        checks.error(set, &served.json("PATCH", &unknown, r#"{"Name":"x"}"#), 404);
        checks.error(set, &served.json("PUT", &unknown, &format!(r#"{{"Name":"x"{more}}}"#)), 404);
        checks.error(set, &served.send("DELETE", &unknown, &[], ""), 404);
        checks.error(set, &served.get(&unknown), 404);
    }
    checks.done();
}

#[test]
fn descriptions_have_keys_of_the_client() {
    let (served, mut checks) = (Served::start(), Checks::default());
    let laptop = served.id("Products", "Laptop");
    let body = |language: &str| format!(r#"{{"ProductID":"{laptop}","LanguageKey":"{language}","Description":"d"}}"#);
    checks.status("a new one", &served.json("POST", "/ProductDescriptions", &body("IT")), 201);
    checks.error("again", &served.json("POST", "/ProductDescriptions", &body("IT")), 409);
    let unknown = body("PL").replace(&laptop, "22222222-2222-2222-2222-222222222222");
    checks.error("of an unknown product", &served.json("POST", "/ProductDescriptions", &unknown), 400);
    let below =
        served.json("POST", &format!("/Products({laptop})/Descriptions"), r#"{"LanguageKey":"NL","Description":"d"}"#);
    checks.status("below a product", &below, 201);
    checks.eq("ProductID is implied", &below.json()["ProductID"], &laptop.as_str());
    let path = format!("/ProductDescriptions(ProductID={laptop},LanguageKey='NL')");
    checks.status("by its key", &served.get(&path), 200);
    checks.header("Location", &below, "Location", Some(&format!("{}{path}", served.root())));
    checks.error(
        "without LanguageKey",
        &served.json("POST", "/ProductDescriptions", &format!(r#"{{"ProductID":"{laptop}","Description":"d"}}"#)),
        400,
    );
    let bound = format!(r#"{{"LanguageKey":"SE","Description":"d","Product@odata.bind":"Products({laptop})"}}"#);
    checks.status("bound", &served.json("POST", "/ProductDescriptions", &bound), 201);
    // The client makes the keys, so a change may create.
    let upsert = format!("/ProductDescriptions(ProductID={laptop},LanguageKey='DK')");
    let made = served.json("PATCH", &upsert, r#"{"Description":"new"}"#);
    checks.status("PATCH creates", &made, 201);
    checks.status("and is there", &served.get(&upsert), 200);
    let replaced = format!("/ProductDescriptions(ProductID={laptop},LanguageKey='FI')");
    checks.status("PUT creates", &served.json("PUT", &replaced, r#"{"Description":"new"}"#), 201);
    let long = format!("/ProductDescriptions(ProductID={laptop},LanguageKey='ENG')");
    checks.error("a key too long", &served.json("PUT", &long, r#"{"Description":"new"}"#), 400);
    let never = format!("/ProductDescriptions(ProductID={laptop},LanguageKey='NO')");
    let with_match = [("Content-Type", "application/json"), ("If-Match", "*")];
    checks.error("If-Match never creates", &served.send("PATCH", &never, &with_match, r#"{"Description":"d"}"#), 412);
    let none_match = [("Content-Type", "application/json"), ("If-None-Match", "*")];
    checks.error(
        "If-None-Match: * never changes",
        &served.send("PATCH", &upsert, &none_match, r#"{"Description":"d"}"#),
        412,
    );
    checks.done();
}

#[test]
fn what_is_needed_on_create_must_be_given() {
    let (served, mut checks) = (Served::start(), Checks::default());
    for (set, whole) in [
        ("Products", r#"{"Name":"n","Price":1}"#),
        ("Categories", r#"{"Name":"n"}"#),
        ("MediaItems", r#"{"Name":"n","ContentType":"a/b"}"#),
        ("DecimalSamples", r#"{"Name":"n","Amount":1}"#),
    ] {
        let path = format!("/{set}");
        checks.status(set, &served.json("POST", &path, whole), 201);
        let json: Json = serde_json::from_str(whole).expect("JSON");
        for name in json.as_object().expect("an object").keys() {
            let mut missing = json.clone();
            missing.as_object_mut().expect("an object").remove(name);
            checks.error(&format!("{set} without {name}"), &served.json("POST", &path, &missing.to_string()), 400);
            let mut null = json.clone();
            null[name] = Json::Null;
            checks.error(&format!("{set} with {name} null"), &served.json("POST", &path, &null.to_string()), 400);
        }
    }
    checks.done();
}

#[test]
fn what_is_left_out_becomes_null_or_the_default() {
    let (served, mut checks) = (Served::start(), Checks::default());
    let made = served.json("POST", "/Products", r#"{"Name":"n","Price":1.25}"#).json();
    for (name, value) in [
        ("Rating", 0.into()),
        ("Temperature", 0.into()),
        ("Quantity", 0.into()),
        ("Weight", 0.into()),
        ("Status", "None".into()),
        ("Version", 1.into()),
        ("ProductType", "Product".into()),
        ("Description", Json::Null),
        ("Data", Json::Null),
        ("ReleaseDate", Json::Null),
        ("CategoryID", Json::Null),
        ("SerialNumber", Json::Null),
        ("ShippingAddress", Json::Null),
        ("Dimensions", Json::Null),
        ("Location", Json::Null),
    ] {
        checks.that(name, made.get(name) == Some(&value), || format!("{:?} in {made}", made.get(name)));
    }
    checks.that("CreatedAt", made["CreatedAt"].as_str().is_some_and(|at| at.starts_with("20")), || made.to_string());
    checks.done();
}

#[test]
fn put_resets_and_patch_leaves() {
    let (served, mut checks) = (Served::start(), Checks::default());
    let body = r#"{"Name":"n","Price":1,"Rating":7,"Description":"d","SerialNumber":"S1","Status":"OnSale"}"#;
    let made = served.json("POST", "/Products", body).json();
    let path = format!("/Products({})", made["ID"].as_str().unwrap_or_default());
    checks.status(
        "PATCH",
        &served.json(
            "PATCH",
            &path,
            r#"{"Price":2,"SerialNumber":"S2","Version":9,"CreatedAt":"2001-01-01T00:00:00Z"}"#,
        ),
        204,
    );
    let patched = served.get(&path).json();
    for (name, value) in [
        ("Price", Json::from(2)),
        ("Rating", 7.into()),
        ("Description", "d".into()),
        ("SerialNumber", "S1".into()),
        ("Version", 2.into()),
    ] {
        checks.that(name, patched[name] == value, || patched.to_string());
    }
    checks.eq("CreatedAt", &patched["CreatedAt"], &made["CreatedAt"]);
    checks.status("PUT", &served.json("PUT", &path, r#"{"Name":"m","Price":3}"#), 204);
    let put = served.get(&path).json();
    for (name, value) in [
        ("Name", Json::from("m")),
        ("Rating", 0.into()),
        ("Description", Json::Null),
        ("SerialNumber", "S1".into()),
        ("Status", "None".into()),
        ("Version", 3.into()),
        ("ProductType", "Product".into()),
    ] {
        checks.that(name, put[name] == value, || put.to_string());
    }
    checks.eq("CreatedAt", &put["CreatedAt"], &made["CreatedAt"]);
    checks.error("PUT without Price", &served.json("PUT", &path, r#"{"Name":"m"}"#), 400);
    checks.done();
}

#[test]
fn wrong_values_are_refused() {
    let (served, mut checks) = (Served::start(), Checks::default());
    let laptop = served.product("Laptop");
    let long = |length: usize| "x".repeat(length);
    for (body, wanted) in [
        (r#"{"Name":null}"#.to_owned(), 400),
        (r#"{"Price":null}"#.to_owned(), 400),
        (r#"{"Price":"5"}"#.to_owned(), 400),
        (r#"{"Price":true}"#.to_owned(), 400),
        (r#"{"Rating":256}"#.to_owned(), 400),
        (r#"{"Rating":-1}"#.to_owned(), 400),
        (r#"{"Temperature":128}"#.to_owned(), 400),
        (r#"{"Quantity":32768}"#.to_owned(), 400),
        (r#"{"Quantity":1.5}"#.to_owned(), 400),
        (r#"{"ReleaseDate":"2024-13-01"}"#.to_owned(), 400),
        (r#"{"OpenTime":"25:00:00"}"#.to_owned(), 400),
        (r#"{"ShippingTime":"1 day"}"#.to_owned(), 400),
        (r#"{"CategoryID":"x"}"#.to_owned(), 400),
        (r#"{"CategoryID":"33333333-3333-3333-3333-333333333333"}"#.to_owned(), 400),
        (r#"{"Status":"Nothing"}"#.to_owned(), 400),
        (r#"{"Unknown":1}"#.to_owned(), 400),
        (r#"{"ShippingAddress":{"Unknown":1}}"#.to_owned(), 400),
        (r#"{"ShippingAddress":{"State":"WAX"}}"#.to_owned(), 400),
        (r#"{"ShippingAddress":{"City":null}}"#.to_owned(), 400),
        (r#"{"ShippingAddress":"x"}"#.to_owned(), 400),
        (r#"{"Data":"%%%"}"#.to_owned(), 400),
        (r#"{"SpecialFeature":"x"}"#.to_owned(), 204),
        (format!(r#"{{"Name":"{}"}}"#, long(101)), 400),
        (format!(r#"{{"Description":"{}"}}"#, long(501)), 400),
        (format!(r#"{{"Name":"{}"}}"#, long(100)), 204),
        ("{".to_owned(), 400),
        ("[]".to_owned(), 400),
        (String::new(), 400),
        (r#"{"Name":"a","Name":"b"}"#.to_owned(), 400),
    ] {
        let answer = served.json("PATCH", &laptop, &body);
        checks.answered(&body, &answer, wanted);
    }
    let mouse = served.product("Wireless Mouse");
    checks.error("a property of the derived type", &served.json("PATCH", &mouse, r#"{"SpecialFeature":"x"}"#), 400);
    checks.done();
}

#[test]
fn category_names_are_unique() {
    let (served, mut checks) = (Served::start(), Checks::default());
    checks.error("a repeated name", &served.json("POST", "/Categories", r#"{"Name":"Kitchen"}"#), 409);
    checks.status("another case", &served.json("POST", "/Categories", r#"{"Name":"kitchen"}"#), 201);
    let kitchen = format!("/Categories({})", served.id("Categories", "Kitchen"));
    checks.error("renamed", &served.json("PATCH", &kitchen, r#"{"Name":"Furniture"}"#), 409);
    checks.status("its own name", &served.json("PATCH", &kitchen, r#"{"Name":"Kitchen"}"#), 204);
    checks.error("by property", &served.json("PUT", &format!("{kitchen}/Name"), r#"{"value":"Furniture"}"#), 409);
    checks.done();
}

#[test]
fn status_takes_names_and_numbers_and_is_written_as_names() {
    let (served, mut checks) = (Served::start(), Checks::default());
    let laptop = served.product("Laptop");
    for (given, wanted) in [
        (r#""OnSale""#, "OnSale"),
        (r#""InStock,OnSale""#, "InStock,OnSale"),
        (r#""OnSale, InStock""#, "InStock,OnSale"),
        ("9", "InStock,Featured"),
        (r#""12""#, "Discontinued,Featured"),
        ("0", "None"),
        (r#""None""#, "None"),
    ] {
        checks.status(given, &served.json("PATCH", &laptop, &format!(r#"{{"Status":{given}}}"#)), 204);
        checks.eq(given, &served.get(&laptop).json()["Status"], &wanted);
    }
    checks.done();
}

#[test]
fn numbers_keep_their_digits() {
    let (served, mut checks) = (Served::start(), Checks::default());
    let laptop = served.product("Laptop");
    for price in ["1.23456789", "0.1", "-5.5", "1e-7", "123456789.125"] {
        checks.status(price, &served.json("PATCH", &laptop, &format!(r#"{{"Price":{price}}}"#)), 204);
        checks.eq(price, &served.get(&laptop).json()["Price"].as_f64(), &price.parse().ok());
    }
    let digits = "12345678901234567890.123456789012345678";
    let made = served.json("POST", "/DecimalSamples", &format!(r#"{{"Name":"n","Amount":{digits}}}"#));
    checks.status("38 digits", &made, 201);
    checks.that("38 digits", made.text().contains(&format!("\"Amount\":{digits}")), || made.text().to_owned());
    let path = format!("/DecimalSamples({})", made.json()["ID"].as_str().unwrap_or_default());
    let strings = served.send("GET", &path, &[("Accept", "application/json;IEEE754Compatible=true")], "");
    checks.eq("as a string", &strings.json()["Amount"], &digits);
    checks.that(
        "the type says so",
        strings.header("Content-Type").is_some_and(|ty| ty.contains("IEEE754Compatible=true")),
        || format!("{:?}", strings.headers),
    );
    let plain = served.json("PATCH", &path, r#"{"Amount":"1.5"}"#);
    checks.error("a string without the parameter", &plain, 400);
    let header = [("Content-Type", "application/json;IEEE754Compatible=true")];
    checks.status("a string with it", &served.send("PATCH", &path, &header, r#"{"Amount":"1.5"}"#), 204);
    checks.error(
        "too many digits after the point",
        &served.json("PATCH", &path, r#"{"Amount":0.1234567890123456789}"#),
        400,
    );
    checks.names(&served, "/DecimalSamples?$filter=Amount eq 123.45", &["Seed Decimal"]);
    for size in ["9223372036854775807", "-9223372036854775808"] {
        let body = format!(r#"{{"Name":"n","ContentType":"a/b","Size":{size}}}"#);
        let made = served.json("POST", "/MediaItems", &body);
        checks.that(size, made.text().contains(&format!("\"Size\":{size}")), || made.text().to_owned());
        let path = format!("/MediaItems({})", made.json()["ID"].as_str().unwrap_or_default());
        let strings = served.send("GET", &path, &[("Accept", "application/json;IEEE754Compatible=true")], "");
        checks.eq("as a string", &strings.json()["Size"], &size);
        checks.eq(size, &served.get(&format!("/MediaItems/$count?$filter=Size eq {size}")).text(), &"1");
    }
    checks.error("outside Int64", &served.get("/MediaItems?$filter=Size eq 9223372036854775808"), 400);
    checks.error(
        "outside Int64",
        &served.json("POST", "/MediaItems", r#"{"Name":"n","ContentType":"a/b","Size":9223372036854775808}"#),
        400,
    );
    checks.done();
}

#[test]
fn the_category_is_one_relation_however_it_is_written() {
    let (served, mut checks) = (Served::start(), Checks::default());
    let kitchen = served.id("Categories", "Kitchen");
    let furniture = served.id("Categories", "Furniture");
    let laptop = served.product("Laptop");
    let category = |served: &Served| served.get(&format!("{laptop}/Category")).json()["Name"].clone();
    let mut version = 1;
    for body in [
        format!(r#"{{"CategoryID":"{kitchen}"}}"#),
        format!(r#"{{"Category@odata.bind":"Categories({furniture})"}}"#),
        format!(r#"{{"Category@bind":"/Categories({kitchen})"}}"#),
        format!(r#"{{"Category@odata.bind":"{}/Categories({furniture})"}}"#, served.root()),
        format!(r#"{{"Category":{{"@id":"Categories({kitchen})"}}}}"#),
        format!(r#"{{"Category":{{"@odata.id":"{}/Categories({furniture})"}}}}"#, served.root()),
    ] {
        checks.status(&body, &served.json("PATCH", &laptop, &body), 204);
        version += 1;
        let wanted = if body.contains(&kitchen) { (&kitchen, "Kitchen") } else { (&furniture, "Furniture") };
        let found = served.get(&laptop).json();
        checks.eq(&body, &found["CategoryID"], &wanted.0.as_str());
        checks.eq(&body, &category(&served), &wanted.1);
        checks.eq("Version", &found["Version"], &version);
    }
    let put =
        served.json("PUT", &format!("{laptop}/Category/$ref"), &format!(r#"{{"@odata.id":"Categories({kitchen})"}}"#));
    checks.status("PUT $ref", &put, 204);
    checks.eq("PUT $ref", &served.get(&laptop).json()["CategoryID"], &kitchen.as_str());
    checks.eq("PUT $ref counts", &served.get(&laptop).json()["Version"], &(version + 1));
    checks.status("DELETE $ref", &served.send("DELETE", &format!("{laptop}/Category/$ref"), &[], ""), 204);
    checks.eq("DELETE $ref", &served.get(&laptop).json()["CategoryID"], &Json::Null);
    checks.error(
        "an unknown category",
        &served.json("PATCH", &laptop, r#"{"Category@odata.bind":"Categories(33333333-3333-3333-3333-333333333333)"}"#),
        400,
    );
    let made = served.json(
        "POST",
        "/Products",
        &format!(r#"{{"Name":"n","Price":1,"Category@odata.bind":"Categories({kitchen})"}}"#),
    );
    checks.eq("bound on create", &made.json()["CategoryID"], &kitchen.as_str());
    let below = served.json("POST", &format!("/Categories({furniture})/Products"), r#"{"Name":"n","Price":1}"#);
    checks.eq("created below", &below.json()["CategoryID"], &furniture.as_str());
    checks.done();
}

#[test]
fn deletion_takes_along_what_hangs_on_it() {
    let (served, mut checks) = (Served::start(), Checks::default());
    let (laptop, mouse) = (served.product("Laptop"), served.product("Wireless Mouse"));
    let link = |to: &str| format!(r#"{{"@odata.id":"{}"}}"#, to.trim_start_matches('/'));
    checks.names(&served, &format!("{mouse}/RelatedProducts"), &[]);
    checks.status("link", &served.json("POST", &format!("{mouse}/RelatedProducts/$ref"), &link(&laptop)), 204);
    checks.names(&served, &format!("{mouse}/RelatedProducts"), &["Laptop"]);
    checks.names(&served, &format!("{laptop}/RelatedProducts"), &[]);
    checks.status("again", &served.json("POST", &format!("{mouse}/RelatedProducts/$ref"), &link(&laptop)), 204);
    checks.eq("once", &served.get(&format!("{mouse}/RelatedProducts/$count")).text(), &"1");
    checks.status("delete", &served.send("DELETE", &laptop, &[], ""), 204);
    checks.error("gone", &served.get(&laptop), 404);
    checks.eq("descriptions", &served.get("/ProductDescriptions/$count").text(), &"5");
    checks.names(&served, &format!("{mouse}/RelatedProducts"), &[]);
    let electronics = format!("/Categories({})", served.id("Categories", "Electronics"));
    checks.status("delete", &served.send("DELETE", &electronics, &[], ""), 204);
    checks.eq("no category", &served.get(&mouse).json()["CategoryID"], &Json::Null);
    checks.eq("four", &served.get("/Products/$count?$filter=CategoryID eq null").text(), &"4");
    let chair = served.product("Office Chair");
    let id = format!("{mouse}/RelatedProducts/$ref?$id={}{chair}", served.root());
    checks.status("link", &served.json("POST", &format!("{mouse}/RelatedProducts/$ref"), &link(&chair)), 204);
    checks.status("unlink by $id", &served.send("DELETE", &id, &[], ""), 204);
    checks.names(&served, &format!("{mouse}/RelatedProducts"), &[]);
    checks.status("link", &served.json("POST", &format!("{mouse}/RelatedProducts/$ref"), &link(&chair)), 204);
    let key = chair.trim_start_matches("/Products");
    checks.status("unlink by key", &served.send("DELETE", &format!("{mouse}/RelatedProducts{key}/$ref"), &[], ""), 204);
    checks.names(&served, &format!("{mouse}/RelatedProducts"), &[]);
    checks.done();
}
