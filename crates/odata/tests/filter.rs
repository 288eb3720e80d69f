//! Filters from text to truth: bound to a model, run over values in memory.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::sync::Arc;

use odata::edm::{Date, DateTimeOffset, Decimal, Duration};
use odata::exec::memory::{Context, EvalError, matches};
use odata::model::{EdmType, Model, TypeId};
use odata::{ErrorKind, Record, Value, bind, csdl};

fn model() -> Model {
    csdl::read(include_str!("csdl/reference.csdl.xml")).unwrap()
}

fn record(model: &Model, ty: &str, members: &[(&str, Value)]) -> Value {
    let id: TypeId = model.type_by_name(ty).unwrap();
    let structure = model.structured(id).unwrap();
    let mut record = Record::new(id, structure.members.len());
    for (name, value) in members {
        record.set(structure.member(name).unwrap().0, value.clone());
    }
    Value::Record(Arc::new(record))
}

fn laptop(model: &Model) -> Value {
    let address = record(model, "ComplianceService.Address", &[("City", "Graz".into()), ("State", Value::Null)]);
    let text = record(
        model,
        "ComplianceService.ProductDescription",
        &[("LanguageKey", "EN".into()), ("Description", "A laptop".into())],
    );
    let other = record(model, "ComplianceService.ProductDescription", &[("LanguageKey", "DE".into())]);
    record(
        model,
        "ComplianceService.SpecialProduct",
        &[
            ("Name", "Gaming Läptop".into()),
            ("Price", Value::Double(999.5)),
            ("Rating", Value::Int(4)),
            ("Quantity", Value::Int(-3)),
            ("Status", Value::Enum(5)),
            ("ReleaseDate", Value::Date(Date::from_ymd(2024, 2, 29).unwrap())),
            ("ShippingTime", Value::Duration(Duration::parse("P1DT2H").unwrap())),
            ("CreatedAt", Value::DateTimeOffset(DateTimeOffset::parse("2024-02-29T23:30:15.25+02:00").unwrap())),
            ("ShippingAddress", address),
            ("SpecialFeature", "RGB".into()),
            ("Descriptions", Value::Collection(vec![text, other].into())),
        ],
    )
}

fn truth(text: &str) -> Result<bool, EvalError> {
    let model = model();
    let ty = EdmType::Named(model.type_by_name("ComplianceService.Product").unwrap());
    let filter = bind::filter(&model, ty, text).unwrap_or_else(|error| panic!("{text}: {error}"));
    let now = DateTimeOffset::parse("2025-01-01T00:00:00Z").unwrap();
    matches(&filter, &laptop(&model), Context::new(&model, now))
}

fn all(expected: bool, filters: &[&str]) {
    for text in filters {
        assert_eq!(truth(text), Ok(expected), "{text}");
    }
}

#[test]
fn comparisons_promote_numbers_and_adapt_literals() {
    all(
        true,
        &[
            "Price gt 999",
            "Price eq 999.5",
            "Rating eq 4.0",
            "Rating lt 4.5",
            "Price gt Rating",
            "ReleaseDate eq 2024-02-29",
            "CreatedAt gt 2024-02-29",
            "CreatedAt lt 2024-03-01",
            "CreatedAt ge 2024-02-29T00:00:00Z and 2024-02-29 eq 2024-02-29T00:00:00Z",
            "CreatedAt eq 2024-02-29T21:30:15.25Z",
            "ShippingTime eq duration'PT26H'",
            "ShippingTime eq 'PT26H'",
            "Status has ComplianceService.ProductStatus'InStock'",
            "Status has 'Discontinued'",
            "Status eq 'InStock,Discontinued'",
            "Status eq 5",
            "1 add 2 mul 3 eq 7",
            "-Quantity eq 3",
            "Rating divby 8 eq 0.5",
            "7 div 2 eq 3 and 7 mod 2 eq 1",
            "CreatedAt add duration'PT1H' gt CreatedAt",
            "now() eq 2025-01-01T00:00:00Z",
        ],
    );
    all(false, &["Status has 'Featured'", "Rating gt 4", "Price eq 999.4"]);
}

#[test]
fn null_equals_only_null_and_logic_has_three_values() {
    all(
        true,
        &[
            "Description eq null",
            "null eq null",
            "Description ne 'x'",
            "not (Description gt 'x')",
            "Description ge null",
            "ShippingAddress/State eq null",
            "Dimensions/Length eq null",
            "Dimensions eq null",
            "Description in ('a',null)",
            "contains(Description,'x') or true",
            "contains(Description,'x') eq null",
        ],
    );
    all(
        false,
        &[
            "Description eq 'x'",
            "Description gt null",
            "contains(Description,'x')",
            "not contains(Description,'x')",
            "contains(Description,'x') and true",
            "Description in ('a')",
            "@undefined eq 'x'",
            "null",
        ],
    );
}

#[test]
fn functions_follow_the_specification() {
    all(
        true,
        &[
            "length(Name) eq 13",
            "indexof(Name,'ptop') eq 9 and indexof(Name,'x') eq -1",
            "substring(Name,7,2) eq 'Lä' and substring(Name,-4) eq 'ptop' and substring(Name,50) eq ''",
            "STARTSWITH(Name,'Gaming') AND endswith(Name,'top')",
            "tolower(Name) eq 'gaming läptop' and toupper('ß') eq 'SS'",
            "concat(concat(Name,'-'),trim('  x ')) eq 'Gaming Läptop-x'",
            "matchesPattern(Name,'^G.*p$') and not matchesPattern(Name,'^a')",
            "year(CreatedAt) eq 2024 and month(CreatedAt) eq 2 and day(CreatedAt) eq 29 and hour(CreatedAt) eq 23",
            "minute(CreatedAt) eq 30 and second(CreatedAt) eq 15 and fractionalseconds(CreatedAt) eq 0.25",
            "date(CreatedAt) eq 2024-02-29 and time(CreatedAt) eq 23:30:15.25 and totaloffsetminutes(CreatedAt) eq 120",
            "totalseconds(ShippingTime) eq 93600",
            "round(Price) eq 1000 and floor(Price) eq 999 and ceiling(Price) eq 1000 and round(-2.5) eq -3",
            "year(ReleaseDate) eq 2024",
            "mindatetime() lt maxdatetime()",
            "case(Price gt 5000:'dear',Price gt 500:'fair',true:'cheap') eq 'fair'",
            "cast(Rating,Edm.String) eq '4' and cast('12',Edm.Int32) eq 12 and cast('x',Edm.Int32) eq null",
        ],
    );
}

#[test]
fn paths_casts_and_collections_are_followed() {
    all(
        true,
        &[
            "ShippingAddress/City eq 'Graz'",
            "ComplianceService.SpecialProduct/SpecialFeature eq 'RGB'",
            "SpecialProduct/SpecialFeature eq 'RGB'",
            "isof(ComplianceService.SpecialProduct) and isof(Product)",
            "cast(SpecialProduct)/SpecialFeature eq 'RGB'",
            "Descriptions/any()",
            "Descriptions/any(d:d/LanguageKey eq 'DE')",
            "Descriptions/any(d:d/Description eq $it/Description)",
            "not Descriptions/all(d:d/Description ne null)",
            "Descriptions/$count eq 2",
            "Descriptions/$count($filter=LanguageKey eq 'EN') eq 1",
            "Descriptions/$filter(LanguageKey eq 'EN')/$count eq 1",
            "Descriptions/$filter(LanguageKey eq 'EN')/all(d:d/Description eq 'A laptop')",
            "Descriptions/any(d:Descriptions/any(e:e/LanguageKey gt d/LanguageKey))",
            "Name in ('x','Gaming Läptop')",
            "$it/Name eq Name",
        ],
    );
    all(false, &["RelatedProducts/any()", "Descriptions/any(d:d/LanguageKey eq 'FR')"]);
}

#[test]
fn overflow_and_division_by_zero_are_errors() {
    assert_eq!(truth("9223372036854775807 add Rating gt 0"), Err(EvalError::Overflow));
    assert_eq!(truth("Rating div 0 eq 1"), Err(EvalError::DivisionByZero));
    assert_eq!(truth("Price div 0 eq INF"), Ok(true));
}

#[test]
fn what_does_not_fit_the_model_is_refused_with_its_place() {
    let model = model();
    let ty = EdmType::Named(model.type_by_name("ComplianceService.Product").unwrap());
    for (text, position, message) in [
        ("Nope eq 1", 0, "Could not find a property named 'Nope' on type 'ComplianceService.Product'."),
        (
            "Name eq 'x' and ShippingAddress/Nope eq 1",
            32,
            "Could not find a property named 'Nope' on type 'ComplianceService.Address'.",
        ),
        (
            "Name eq 5",
            0,
            "A binary operator with incompatible types was detected. Found operand types 'Edm.String' and 'Edm.Int32' for operator kind 'Equal'.",
        ),
        ("Name", 0, "An expression of type 'Edm.Boolean' is expected, not of 'Edm.String'."),
        ("length(Price) eq 1", 7, "The function 'length' expects Edm.String or a collection here, not 'Edm.Double'."),
        ("length() eq 1", 0, "The function 'length' takes 1 arguments, not 0."),
        (
            "Descriptions/Description eq 'x'",
            13,
            "The property 'Description' belongs to the elements of a collection; use any or all.",
        ),
        ("Status eq 'Nope'", 0, "The literal cannot be read as 'ComplianceService.ProductStatus'."),
        ("nope(Name)", 0, "An unknown function with name 'nope' was found."),
        ("Name eq", 7, "Syntax error at position 7 in '$filter': expected an operand, found the end."),
        (
            "Name eq 'x",
            10,
            "Syntax error at position 10 in '$filter': the text that opens at position 8 lacks its closing quote.",
        ),
        ("matchesPattern(Name,'(')", 20, ""),
        ("Quantity eq 99999999999999999999", 0, "'99999999999999999999' is out of the range of Edm.Int16."),
        (
            "ComplianceService.Category/Name eq 'x'",
            0,
            "The types 'ComplianceService.Product' and 'ComplianceService.Category' are not related.",
        ),
    ] {
        let error = bind::filter(&model, ty, text).unwrap_err();
        assert_eq!((error.kind, error.position), (ErrorKind::BadRequest, Some(position)), "{text}: {error}");
        assert!(error.message.starts_with(message), "{text}: {error}");
        assert_eq!(error.target.as_deref(), Some("$filter"));
    }
}

#[test]
fn what_is_legal_but_not_offered_says_so() {
    let model = model();
    let ty = EdmType::Named(model.type_by_name("ComplianceService.Product").unwrap());
    for text in ["ShippingAddress eq {\"City\":\"Graz\"}", "@Core.Messages/any()"] {
        assert_eq!(bind::filter(&model, ty, text).unwrap_err().kind, ErrorKind::NotImplemented, "{text}");
    }
}

/// Each would overflow a stack or take quadratic time without the limits.
#[test]
fn hostile_expressions_are_refused_quickly() {
    let model = model();
    let ty = EdmType::Named(model.type_by_name("ComplianceService.Product").unwrap());
    let nested = "(".repeat(5_000) + "true" + &")".repeat(5_000);
    let error = bind::filter(&model, ty, &nested).unwrap_err();
    assert_eq!((error.kind, error.position), (ErrorKind::BadRequest, Some(100)));
    for text in [
        "not ".repeat(2_500) + "true",
        "- ".repeat(5_000) + "1 eq 1",
        "1".to_owned() + &" add 1".repeat(1_900) + " eq 1",
        "[".repeat(11_000),
        "a(".repeat(5_000),
        "Descriptions/any(d:".repeat(500),
        "{\"a\":".repeat(2_000),
        "x".repeat(13_000),
        "'".repeat(11_999),
        "case(".repeat(2_000),
    ] {
        assert_eq!(bind::filter(&model, ty, &text).unwrap_err().kind, ErrorKind::BadRequest);
    }
    // A long list of alternatives is legitimate.
    let wide = "Name eq 'a' or ".repeat(700) + "Name eq 'b'";
    assert!(bind::filter(&model, ty, &wide).is_ok());
}

#[test]
fn decimals_compare_by_value() {
    let model = model();
    let ty = EdmType::Named(model.type_by_name("ComplianceService.DecimalSample").unwrap());
    let amount = Value::Decimal(Decimal::parse("1.50").unwrap());
    let row = record(&model, "ComplianceService.DecimalSample", &[("Amount", amount)]);
    let now = DateTimeOffset::from_ticks(0).unwrap();
    for text in ["Amount eq 1.5", "Amount gt 1", "Amount mul 2 eq 3", "Amount in (1,1.5)", "round(Amount) eq 2"] {
        let filter = bind::filter(&model, ty, text).unwrap();
        assert_eq!(matches(&filter, &row, Context::new(&model, now)), Ok(true), "{text}");
    }
}
