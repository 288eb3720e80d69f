//! No text makes the grammar panic, and a fault lies in the text: generated from the grammar's own pieces, so that they reach far, and
//! from any characters.

use std::sync::LazyLock;

use odata::edm::{ParseError, parse_primitive};
use odata::model::{Facets, Model, Primitive};
use odata::syntax::context::Context;
use odata::syntax::header::Header;
use odata::syntax::preference::Preference;
use odata::syntax::{Query, RawPath, RelativeUrl, SyntaxError, SystemOption, parse_expression};
use odata::{Error, bind, csdl};
use proptest::prelude::*;

/// Pieces of expressions, paths, options, literals and headers.
const PIECES: &[&str] = &[
    "Name",
    "ns.Type",
    "$it",
    "$this",
    "$root",
    "@p",
    "x:",
    "any(",
    "all(",
    "$count",
    "$filter(",
    "$each",
    "$value",
    "$ref",
    "$all",
    "$crossjoin(",
    "$entity",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    ",",
    ";",
    ":",
    "/",
    "=",
    "&",
    "?",
    "'",
    "''",
    "\"",
    "\\",
    " ",
    "  ",
    "\t",
    "%20",
    "%27",
    "%2F",
    "%ZZ",
    "%c3%a4",
    "ä",
    "\u{0}",
    "\u{10ffff}",
    " eq ",
    " ne ",
    " and ",
    " or ",
    "not ",
    " in ",
    " has ",
    " divby ",
    "-",
    "+",
    "1",
    "12.50",
    "1e400",
    "INF",
    "NaN",
    "null",
    "true",
    "'text'",
    "2020-02-30",
    "2020-02-29",
    "T10:00",
    "Z",
    "duration'P1DT1S'",
    "binary'T0'",
    "geography'SRID=0;Point(1 2)'",
    "geometry'",
    "ns.Color'Red'",
    "6c0d5a1e-0000-4000-8000-00000000000",
    "0",
    "concat(",
    "cast(",
    "isof(",
    "case(",
    "now()",
    "contains(name,",
    "$filter=",
    "$select=",
    "$expand=",
    "$orderby=",
    "$search=",
    "$compute=",
    "$apply=",
    "$top=",
    "$skip=",
    "$levels=max",
    "$deltatoken=",
    "aggregate(",
    "$these/",
    "$these/$count",
    "isdefined(",
    "groupby((",
    "rollup(",
    "topcount(",
    "concat(",
    "join(",
    "nest(",
    " as ",
    " with sum",
    " from ",
    " desc",
    "*",
    "NOT ",
    " AND ",
    "OR",
    "$metadata",
    "#Set",
    "/$delta",
    "/$deletedLink",
    "OData-Version: ",
    "Prefer: ",
    "respond-async",
    "return=",
    "include-annotations=\"",
    "Content-Type: ",
];

const PRIMITIVES: &[Primitive] = &[
    Primitive::Binary,
    Primitive::Boolean,
    Primitive::Byte,
    Primitive::Date,
    Primitive::DateTimeOffset,
    Primitive::Decimal,
    Primitive::Double,
    Primitive::Duration,
    Primitive::Guid,
    Primitive::Int16,
    Primitive::Int32,
    Primitive::Int64,
    Primitive::SByte,
    Primitive::Single,
    Primitive::String,
    Primitive::TimeOfDay,
];

const OPTIONS: &[SystemOption] = &[
    SystemOption::Filter,
    SystemOption::Select,
    SystemOption::Expand,
    SystemOption::OrderBy,
    SystemOption::Search,
    SystemOption::Compute,
    SystemOption::Apply,
];

static MODEL: LazyLock<Model> =
    LazyLock::new(|| csdl::read(include_str!("../doc/shop.csdl.xml")).expect("a good model"));

fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        12 => prop::sample::select(PIECES).prop_map(str::to_owned),
        1 => any::<char>().prop_map(String::from),
    ];
    let pieces = prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat());
    prop_oneof![8 => pieces, 1 => any::<String>()]
}

/// The place lies in the text, or right behind it, and at a character.
fn within(position: usize, text: &str) -> Result<(), TestCaseError> {
    prop_assert!(text.is_char_boundary(position), "byte {position} of {text:?}");
    Ok(())
}

fn syntax<T>(parsed: Result<T, SyntaxError>, text: &str) -> Result<(), TestCaseError> {
    parsed.map_or_else(|error| within(error.position, text), |_| Ok(()))
}

/// A place in the decoded text of an option or a path, which is never longer than what was written.
fn of_url<T>(parsed: Result<T, Error>, written: &str) -> Result<(), TestCaseError> {
    let Err(error) = parsed else { return Ok(()) };
    prop_assert!(!error.message.is_empty());
    prop_assert!(error.position.is_none_or(|position| position <= written.len()), "{error:?} of {written:?}");
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    #[test]
    fn expressions(text in text()) {
        syntax(parse_expression(&text), &text)?;
    }

    #[test]
    fn urls(text in text()) {
        of_url(RelativeUrl::parse(&text), &text)?;
        of_url(Query::parse(&text), &text)?;
    }

    #[test]
    fn options(option in prop::sample::select(OPTIONS), text in text()) {
        // As one option's value: whatever would end it or be decoded is encoded.
        let encoded: String = text.bytes().fold(String::new(), |text, byte| format!("{text}%{byte:02x}"));
        let bound = Query::parse(&format!("{}={encoded}", option.name())).and_then(|query| {
            let products = bind::path(&MODEL, &RawPath::parse("products")?, &query)?;
            bind::query(&MODEL, &products, &query)
        });
        if let Err(error) = bound {
            prop_assert_eq!(error.target.as_deref(), Some(option.name()));
            within(error.position.unwrap_or_default(), &text)?;
        }
    }

    #[test]
    fn fragments_and_headers(text in text()) {
        syntax(Context::parse(&text), &text)?;
        syntax(Header::parse(&text), &text)?;
        syntax(Preference::parse(&text), &text)?;
    }

    #[test]
    fn values(primitive in prop::sample::select(PRIMITIVES), text in text()) {
        if let Err(ParseError::Form { position, .. }) = parse_primitive(primitive, &Facets::default(), &text) {
            within(position, &text)?;
        }
    }
}
