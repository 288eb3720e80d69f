//! `$filter`: operators, functions, literals, lambdas, paths (OData 4.01 part 2, 5.1.1).

use crate::support::{Checks, Served};

const MICE: &[&str] = &["Wireless Mouse", "Gaming Mouse Ultra"];
const LAPTOPS: &[&str] = &["Laptop", "Premium Laptop Pro"];
const ALL: &[&str] = &[
    "Laptop",
    "Wireless Mouse",
    "Coffee Mug",
    "Office Chair",
    "Smartphone",
    "Premium Laptop Pro",
    "Gaming Mouse Ultra",
];

fn run(cases: &[(&str, &[&str])]) {
    let (served, mut checks) = (Served::start(), Checks::default());
    for (filter, names) in cases {
        let filter = filter.replace('&', "%26").replace('+', "%2B").replace('#', "%23");
        checks.names(&served, &format!("/Products?$filter={filter}"), names);
    }
    checks.done();
}

#[test]
fn comparisons_and_logic() {
    run(&[
        ("Price eq 29.99", &["Wireless Mouse"]),
        (
            "Price ne 29.99",
            &["Laptop", "Coffee Mug", "Office Chair", "Smartphone", "Premium Laptop Pro", "Gaming Mouse Ultra"],
        ),
        ("Price gt 900", LAPTOPS),
        ("Price ge 999.99", LAPTOPS),
        ("Price lt 20", &["Coffee Mug"]),
        ("Price le 15.5", &["Coffee Mug"]),
        ("Price gt 100 and Price lt 500", &["Office Chair", "Gaming Mouse Ultra"]),
        ("Price lt 20 or Price gt 1000", &["Coffee Mug", "Premium Laptop Pro"]),
        ("not (Price lt 1000)", &["Premium Laptop Pro"]),
        ("Price gt 1 or Price gt 2 and Price lt 0", ALL),
        ("(Price gt 1 or Price gt 2) and Price lt 0", &[]),
        ("Price GT 900 AND NOT (Price GT 1000)", &["Laptop"]),
        ("true", ALL),
        ("false", &[]),
        ("true and Price lt 20", &["Coffee Mug"]),
        ("  Price lt 20  ", &["Coffee Mug"]),
        ("Description eq null and Price lt 20", &["Coffee Mug"]),
        ("null eq null", ALL),
        ("Description gt 'a'", &[]),
        ("Description ne null", &[]),
        ("not (Description eq 'x') and Price lt 20", &["Coffee Mug"]),
        ("Name in ('Laptop','Coffee Mug','Nothing')", &["Laptop", "Coffee Mug"]),
        ("Price in (15.5,29.99)", &["Wireless Mouse", "Coffee Mug"]),
        ("not (Name in ('Laptop')) and Price gt 900", &["Premium Laptop Pro"]),
        ("Status has ComplianceService.ProductStatus'Featured'", &["Laptop", "Smartphone", "Premium Laptop Pro"]),
        ("Status has 'OnSale'", &["Wireless Mouse", "Smartphone", "Gaming Mouse Ultra"]),
        ("Status has 'InStock,Featured'", &["Laptop", "Smartphone", "Premium Laptop Pro"]),
        ("Status eq 'Discontinued'", &["Office Chair"]),
        ("Status eq ComplianceService.ProductStatus'InStock,Featured'", LAPTOPS),
        ("Status eq ComplianceService.ProductStatus'9'", LAPTOPS),
        ("Status in ('InStock','Discontinued')", &["Coffee Mug", "Office Chair"]),
        ("ID ne 00000000-0000-0000-0000-000000000000 and Price lt 20", &["Coffee Mug"]),
    ]);
}

#[test]
fn arithmetic() {
    run(&[
        ("Price add 1 eq 16.5", &["Coffee Mug"]),
        ("Price sub 0.5 eq 15", &["Coffee Mug"]),
        ("Price mul 2 eq 31", &["Coffee Mug"]),
        ("Price div 2 eq 7.75", &["Coffee Mug"]),
        ("Quantity div 7 eq 42", &["Wireless Mouse"]),
        ("Quantity divby 7 gt 42.8 and Quantity divby 7 lt 42.9", &["Wireless Mouse"]),
        ("Quantity mod 7 eq 6", &["Wireless Mouse"]),
        ("-Quantity eq 200", &["Coffee Mug"]),
        ("-(Price) lt -1000", &["Premium Laptop Pro"]),
        ("Rating add Temperature eq 190", &["Laptop"]),
        ("(Rating add 10) mul 2 eq 420", &["Laptop"]),
        ("Rating add 10 mul 2 eq 220", &["Laptop"]),
        ("ReleaseDate add duration'P5D' eq 2024-01-20", &["Laptop"]),
        ("ReleaseDate sub duration'P5D' eq 2024-01-15", &["Wireless Mouse"]),
        ("CreatedAt sub duration'P1D' eq 2024-01-14T10:30:00Z", &["Laptop"]),
        ("CreatedAt add duration'PT1H' eq 2024-01-15T11:30:00Z", &["Laptop"]),
        ("ShippingTime add duration'P1D' eq duration'P2D'", &["Laptop"]),
        ("ShippingTime mul 2 eq duration'P2D'", &["Laptop"]),
        ("ReleaseDate sub 2024-01-01 eq duration'P14D'", &["Laptop"]),
        ("1 add 1 eq 2 and Price lt 20", &["Coffee Mug"]),
        ("Quantity divby 0 eq INF", &["Laptop", "Wireless Mouse", "Office Chair"]),
        ("Quantity divby 0 eq -INF", &["Coffee Mug"]),
        ("Price div 0 eq INF and Price lt 20", &["Coffee Mug"]),
    ]);
}

#[test]
fn string_functions() {
    run(&[
        ("contains(Name,'Mouse')", MICE),
        ("startswith(Name,'Gaming')", &["Gaming Mouse Ultra"]),
        ("endswith(Name,'Mug')", &["Coffee Mug"]),
        ("length(Name) eq 6", &["Laptop"]),
        ("indexof(Name,'Mouse') eq 9", &["Wireless Mouse"]),
        ("indexof(Name,'x') eq -1 and Price lt 20", &["Coffee Mug"]),
        ("substring(Name,1) eq 'aptop'", &["Laptop"]),
        ("substring(Name,0,3) eq 'Lap'", &["Laptop"]),
        ("substring(Name,20) eq '' and Price lt 20", &["Coffee Mug"]),
        ("tolower(Name) eq 'coffee mug'", &["Coffee Mug"]),
        ("toupper(Name) eq 'COFFEE MUG'", &["Coffee Mug"]),
        ("trim('  Laptop ') eq Name", &["Laptop"]),
        ("concat(Name,' X') eq 'Laptop X'", &["Laptop"]),
        ("concat(concat(Name,', '),'x') eq 'Laptop, x'", &["Laptop"]),
        ("matchesPattern(Name,'^L.*p$')", &["Laptop"]),
        ("matchespattern(Name,'Mo[a-z]+e')", MICE),
        ("matchesPattern(Name,'mug')", &[]),
        ("contains(tolower(Name),'mouse') and length(Name) lt 15", &["Wireless Mouse"]),
        ("Name eq 'it''s'", &[]),
        ("contains(Name,'')", ALL),
        ("startswith(Name,ProductType)", &[]),
        ("length(Description) eq null and Price lt 20", &["Coffee Mug"]),
        ("hassubset([1,2,3],[2,3]) and Price lt 20", &["Coffee Mug"]),
        ("hassubsequence([1,2,3],[1,3]) and Price lt 20", &["Coffee Mug"]),
    ]);
}

#[test]
fn date_and_time_functions() {
    run(&[
        ("year(CreatedAt) eq 2023", &["Coffee Mug", "Office Chair"]),
        ("month(CreatedAt) eq 7", &["Premium Laptop Pro", "Gaming Mouse Ultra"]),
        ("day(CreatedAt) eq 20", &["Wireless Mouse"]),
        ("hour(CreatedAt) eq 14", MICE),
        ("minute(CreatedAt) eq 45", &["Wireless Mouse"]),
        ("second(CreatedAt) eq 0 and Price lt 20", &["Coffee Mug"]),
        ("fractionalseconds(CreatedAt) eq 0 and Price lt 20", &["Coffee Mug"]),
        ("totaloffsetminutes(CreatedAt) eq 0 and Price lt 20", &["Coffee Mug"]),
        ("date(CreatedAt) eq 2024-01-15", &["Laptop"]),
        ("time(CreatedAt) eq 10:30:00", &["Laptop"]),
        ("CreatedAt lt now()", ALL),
        ("CreatedAt gt mindatetime() and CreatedAt lt maxdatetime()", ALL),
        ("CreatedAt eq 2024-01-15T10:30:00Z", &["Laptop"]),
        ("CreatedAt eq 2024-01-15T11:30:00+01:00", &["Laptop"]),
        ("CreatedAt gt 2024-06-30T00:00:00Z", &["Premium Laptop Pro", "Gaming Mouse Ultra"]),
        ("year(ReleaseDate) eq 2024 and day(ReleaseDate) lt 10", &["Coffee Mug"]),
        ("fractionalseconds(OpenTime) eq 0 and Price lt 20", &["Coffee Mug"]),
        ("totalseconds(ProcessingTime) eq 1.5", &["Wireless Mouse"]),
        ("totalseconds(ShippingTime) gt 86400", &["Coffee Mug", "Office Chair"]),
    ]);
}

#[test]
fn number_and_type_functions() {
    run(&[
        ("round(Price) eq 30", &["Wireless Mouse"]),
        ("floor(Price) eq 29", &["Wireless Mouse"]),
        ("ceiling(Price) eq 16", &["Coffee Mug"]),
        ("round(Price) eq 16", &["Coffee Mug"]),
        ("cast(Price,Edm.Int32) eq 29", &["Wireless Mouse"]),
        ("cast(Quantity,Edm.String) eq '300'", &["Wireless Mouse"]),
        ("cast(Quantity,'Edm.String') eq '300'", &["Wireless Mouse"]),
        ("cast('300',Edm.Int16) eq Quantity", &["Wireless Mouse"]),
        ("cast(ComplianceService.SpecialProduct) ne null", &["Laptop", "Premium Laptop Pro", "Gaming Mouse Ultra"]),
        ("isof(ComplianceService.SpecialProduct) and Price lt 900", &["Gaming Mouse Ultra"]),
        ("isof(Price,Edm.Double) and Price lt 20", &["Coffee Mug"]),
        ("isof(Name,Edm.Int32)", &[]),
        ("isof(ShippingAddress,ComplianceService.Address) and Price lt 20", &["Coffee Mug"]),
        ("case(Price lt 20:'a',Price gt 900:'b',true:'c') eq 'b'", LAPTOPS),
    ]);
}

#[test]
fn literals_of_every_type() {
    run(&[
        ("Price lt 1.55e1 add 0.1", &["Coffee Mug"]),
        ("Price lt INF", ALL),
        ("Price gt -INF", ALL),
        ("Price eq NaN", &[]),
        ("Temperature eq -10", &["Laptop"]),
        ("Rating eq 255", &["Office Chair"]),
        ("Quantity eq 32767", &["Office Chair"]),
        ("Weight gt 3.1 and Weight lt 3.2", &["Laptop"]),
        ("Weight eq 150", &["Office Chair"]),
        ("Quantity lt 9223372036854775807", ALL),
        ("Data eq binary'dGVzdA=='", &["Laptop"]),
        ("Data eq binary'dGVzdA'", &["Laptop"]),
        ("Data eq binary''", &["Coffee Mug"]),
        ("OpenTime eq 23:59:59", &["Office Chair"]),
        ("OpenTime eq 09:30", &["Laptop"]),
        ("OpenTime lt 09:30:00.001", &["Laptop", "Wireless Mouse", "Coffee Mug"]),
        ("ShippingTime eq duration'PT24H'", &["Laptop"]),
        ("Offset eq duration'-P1D'", &["Wireless Mouse"]),
        ("ReleaseDate ge 2024-12-31", &["Office Chair"]),
        ("CreatedAt eq 2024-01-15T10:30Z", &["Laptop"]),
        ("Name eq '€'", &[]),
    ]);
}

#[test]
fn lambdas_and_paths() {
    run(&[
        ("Descriptions/any()", &["Laptop", "Wireless Mouse", "Coffee Mug", "Smartphone"]),
        ("not Descriptions/any()", &["Office Chair", "Premium Laptop Pro", "Gaming Mouse Ultra"]),
        ("Descriptions/any(d:d/LanguageKey eq 'DE')", &["Laptop"]),
        ("Descriptions/any(d:d/LanguageKey eq 'EN' and contains(d/Description,'mouse'))", &["Wireless Mouse"]),
        (
            "Descriptions/all(d:d/LanguageKey eq 'EN')",
            &["Coffee Mug", "Office Chair", "Premium Laptop Pro", "Gaming Mouse Ultra"],
        ),
        ("Descriptions/any(d:d/LanguageKey eq 'EN') and Price lt 20", &["Coffee Mug"]),
        ("Descriptions/any(d:d/ProductID eq ID and d/LanguageKey eq 'FR')", &["Wireless Mouse"]),
        ("Descriptions/any(d:d/ProductID eq $it/ID and d/LanguageKey eq 'FR')", &["Wireless Mouse"]),
        ("Descriptions/$count gt 1", &["Laptop", "Wireless Mouse", "Smartphone"]),
        (
            "Descriptions/$count($filter=LanguageKey eq 'EN') eq 1",
            &["Laptop", "Wireless Mouse", "Coffee Mug", "Smartphone"],
        ),
        ("Descriptions/$count($search=laptop) gt 0", &["Laptop"]),
        ("Descriptions/$count($search=smartphone NOT cámara;$filter=LanguageKey ne 'X') eq 1", &["Smartphone"]),
        ("Category/Name eq 'Kitchen'", &["Coffee Mug"]),
        ("Category/Products/$count eq 1", &["Coffee Mug", "Office Chair"]),
        (
            "Category/Products/any(p:p/Price gt 1000)",
            &["Laptop", "Wireless Mouse", "Smartphone", "Premium Laptop Pro", "Gaming Mouse Ultra"],
        ),
        ("Category/Products/any(p:p/Descriptions/any(d:d/LanguageKey eq 'DE')) and Price lt 100", &["Wireless Mouse"]),
        ("ShippingAddress/City eq 'Seattle'", &["Laptop"]),
        ("ShippingAddress/State in ('WA','OR')", &["Laptop", "Coffee Mug"]),
        ("Dimensions/Length gt 20 and Dimensions/Unit eq 'cm'", LAPTOPS),
        ("startswith(ShippingAddress/City,'S') and Price lt 100", &["Wireless Mouse"]),
        ("$it/Price lt 20", &["Coffee Mug"]),
        ("Calculate(a=1,b=Rating) eq 201", &["Laptop"]),
        ("ComplianceService.Convert(input=Name) eq 'String: Laptop'", &["Laptop"]),
        ("GetTopProducts(count=2)/any(p:p/ID eq ID)", LAPTOPS),
        ("GetTotalPrice(taxRate=1.0) gt 3000", &["Premium Laptop Pro"]),
        (
            "[Name,ProductType] in [['Laptop','SpecialProduct'],['Coffee Mug','x'],['Office Chair','Product']]",
            &["Laptop", "Office Chair"],
        ),
        ("[Description,Name] in [[null,'Laptop']]", &["Laptop"]),
        ("ComplianceService.SpecialProduct/SpecialFeature eq 'Premium support'", &["Laptop"]),
    ]);
    let (served, mut checks) = (Served::start(), Checks::default());
    checks.names(&served, "/Products?$filter=Price lt @max and Price gt @min&@max=20&@min=1", &["Coffee Mug"]);
    checks.names(
        &served,
        "/Products?$filter=Name in @names&@names=[\"Laptop\",\"Coffee Mug\"]",
        &["Laptop", "Coffee Mug"],
    );
    checks.names(&served, "/Products?$filter=Name eq @n&@n='Laptop'", &["Laptop"]);
    checks.names(&served, "/Products?$filter=Description eq @nothing and Price lt 20", &["Coffee Mug"]);
    checks.names(&served, "/Categories?$filter=Products/any(p:p/Price gt 1000)", &["Electronics"]);
    checks.names(&served, "/Categories?$filter=Products/all(p:p/Price lt 100)", &["Kitchen"]);
    checks.names(&served, "/Categories?$filter=Products/$count gt 1", &["Electronics"]);
    checks.eq(
        "a single path",
        &served.get("/ProductDescriptions/$count?$filter=Product/Category/Name eq 'Electronics'").text(),
        &"6",
    );
    checks.names(&served, "/Products?$filter=$root/Company/Founded eq 2010 and Price lt 20", &["Coffee Mug"]);
    let (laptop, electronics) = (served.id("Products", "Laptop"), served.id("Categories", "Electronics"));
    for (path, names) in [
        (format!("Descriptions(ProductID={laptop},LanguageKey='DE')/LanguageKey eq 'DE'"), &["Laptop"][..]),
        (format!("Category/Products({laptop})/Name eq 'Laptop' and Price gt 1000"), &["Premium Laptop Pro"]),
        (format!("$root/Categories({electronics})/Products({laptop})/Price lt Price"), &["Premium Laptop Pro"]),
        (format!("Category/Products({laptop}) eq null"), &["Coffee Mug", "Office Chair"]),
    ] {
        checks.names(&served, &format!("/Products?$filter={path}"), names);
    }
    checks.done();
}

#[test]
fn what_is_wrong_names_its_place() {
    let (served, mut checks) = (Served::start(), Checks::default());
    for filter in [
        "Price",
        "Price eq",
        "eq 1",
        "Price eq 'x'",
        "Name eq 1",
        "Nothing eq 1",
        "Name/Nothing eq 1",
        "contains(Name)",
        "contains(Name,'a','b')",
        "contains(Price,'a')",
        "nothing(Name)",
        "length(Price) eq 1",
        "year(Name) eq 1",
        "Name eq 'open",
        "(Price eq 1",
        "Price eq 1)",
        "Price eq 1 and",
        "Price is 1",
        "Price eq 1 Price eq 2",
        "Descriptions/any(d:d/Nothing eq 1)",
        "Descriptions/any(LanguageKey eq)",
        "Descriptions/LanguageKey eq 'x'",
        "Name/any()",
        "Status has 'Nothing'",
        "Status eq 'Nothing'",
        "ReleaseDate eq 2024-13-01",
        "OpenTime eq 25:00:00",
        "ID eq 'x'",
        "ShippingAddress gt null",
        "Rating eq 1 add 'x'",
        "Quantity div 0 eq 1",
        "Price mod 0 eq 1",
        "substring(Name,1,-1) eq ''",
        "substring(Name,1,Temperature) eq ''",
        "Name(1) eq 1",
        "Descriptions('EN')/Description eq 'x'",
        "Name in ()x",
        "Name in 'Laptop'",
        "Name in (Category/Name)",
        "Name eq \"Laptop\"",
        "[Name,Price] in [['Laptop']]",
        "[Name,Price] in [['Laptop',true]]",
        "[Name,Price] in ['Laptop']",
        "Calculate(a=1) eq 1",
        "Calculate(1) eq 1",
        "Reseed() eq 1",
        "cast(Name) eq 1",
        "not Name",
        "Price and true",
        "-Name eq 1",
        "isof(Nothing.Type)",
    ] {
        let path = format!("/Products?$filter={filter}");
        let answer = served.get(&path);
        checks.error(filter, &answer, 400);
        checks.that(
            filter,
            answer.json()["error"]["target"].is_string() || filter.contains(" 0 ") || filter.contains("Temperature"),
            || answer.text().to_owned(),
        );
    }
    for path in [
        "/Products?$filter=",
        "/Products?$filter=true&$filter=true",
        "/Products?$nothing=1",
        "/Products?$filter=true&filter=true",
    ] {
        checks.error(path, &served.get(path), 400);
    }
    checks.status("a custom option", &served.get("/Products?custom=1"), 200);
    checks.done();
}
