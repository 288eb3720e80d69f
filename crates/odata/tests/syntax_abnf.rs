//! Agreement with the OASIS ABNF test cases, which lie beside the repository and may be absent.
//!
//! Only acceptance counts here, not the position of a fault. The figure may go up, never down.

#![expect(clippy::print_stderr, reason = "says what it could not do, and the figure")]

use std::path::{Path, PathBuf};

use odata::syntax::ast::{ExprKind, Literal};
use odata::syntax::{Query, RawPath, RawSegment, parse_expression};
use serde_json::Value;

/// Cases of covered rules that agree today; raise it with the code.
const AGREEING_AT_LEAST: usize = 629;

fn cases() -> Option<Vec<Value>> {
    let folder = std::env::var_os("OFFICECONFIG_REFERENCE")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/reference"), PathBuf::from);
    let text = std::fs::read_to_string(folder.join("data/odata-abnf-testcases.json")).ok()?;
    let whole: Value = serde_json::from_str(&text).ok()?;
    whole["TestCases"].as_array().cloned()
}

fn accepts_query(input: &str) -> bool {
    // A fragment never reaches a server.
    let input = input.split_once('#').map_or(input, |(before, _)| before);
    Query::parse(input).is_ok_and(|query| query.options().is_ok() && aliases_parse(&query, input))
}

fn aliases_parse(query: &Query, input: &str) -> bool {
    let names = input.split('&').filter_map(|part| part.split_once('=')).map(|(name, _)| name);
    names
        .filter(|name| name.starts_with('@'))
        .filter_map(|name| query.alias(name))
        .all(|text| parse_expression(text).is_ok())
}

fn segment_parses(segment: RawSegment<'_>) -> bool {
    let known = ["$count", "$value", "$ref", "$metadata", "$batch", "$each", "$all", "$entity", "$query"];
    if segment.text().starts_with('$') && !segment.text().starts_with(['(']) {
        let name = segment.name();
        return known.contains(&segment.text())
            || (["$filter", "$crossjoin"].contains(&name) && segment.arguments().is_ok());
    }
    !segment.text().starts_with('.') && !segment.name().ends_with('.') && segment.arguments().is_ok()
}

fn accepts_path(input: &str) -> bool {
    RawPath::parse(input).is_ok_and(|path| path.segments().all(segment_parses))
}

fn accepts_relative(input: &str) -> bool {
    let input = input.split_once('#').map_or(input, |(before, _)| before);
    let (path, query) = input.split_once('?').unwrap_or((input, ""));
    accepts_path(path) && accepts_query(query)
}

/// Decodes as a query option is decoded, then parses.
fn accepts_expression(input: &str) -> bool {
    let input = input.replace('#', "%23").replace('&', "%26").replace('+', "%2B");
    Query::parse(&format!("@x={input}"))
        .is_ok_and(|query| query.alias("@x").is_some_and(|text| parse_expression(text).is_ok()))
}

fn is_literal(input: &str, fits: fn(&Literal<'_>) -> bool) -> bool {
    parse_expression(input).is_ok_and(|tree| matches!(&tree.kind, ExprKind::Literal(literal) if fits(literal)))
}

/// The verdict on a case, `None` when its rule is not covered here.
fn verdict(rule: &str, input: &str) -> Option<bool> {
    Some(match rule {
        "odataRelativeUri" => accepts_relative(input),
        "resourcePath" => accepts_path(input),
        "queryOptions" | "filter" | "orderby" | "orderBy" | "select" | "expand" | "compute" | "search"
        | "systemQueryOption" | "customQueryOption" | "skiptoken" | "deltatoken" => accepts_query(input),
        "boolean" => is_literal(input, |literal| matches!(literal, Literal::Boolean(_))),
        "date" => is_literal(input, |literal| matches!(literal, Literal::Date(_))),
        "searchExpr" => accepts_query(&format!("$search={input}")),
        "commonExpr"
        | "boolCommonExpr"
        | "boolcommonExpr"
        | "firstMemberExpr"
        | "propertyPathExpr"
        | "isofExpr"
        | "notExpr"
        | "enumLiteral"
        | "stringLiteral"
        | "primitiveLiteral"
        | "null"
        | "guid"
        | "binaryLiteral"
        | "dateTimeOffsetLiteral"
        | "dateTimeOffsetValueInUrl"
        | "timeOfDayLiteral"
        | "durationLiteral"
        | "decimalLiteral"
        | "doubleLiteral"
        | "singleLiteral"
        | "sbyteLiteral"
        | "int16Literal"
        | "int32Literal"
        | "int64Literal"
        | "geographyCollection"
        | "geographyLineString"
        | "geographyMultiLineString"
        | "geographyMultiPoint"
        | "geographyMultiPolygon"
        | "geographyPoint"
        | "geographyPolygon"
        | "geometryCollection"
        | "geometryLineString"
        | "geometryMultiLineString"
        | "geometryMultiPoint"
        | "geometryMultiPolygon"
        | "geometryPoint"
        | "geometryPolygon"
        | "stringInUrl" => accepts_expression(input),
        _ => return None,
    })
}

#[test]
fn agreement_with_the_abnf_cases_does_not_go_down() {
    let Some(cases) = cases() else {
        eprintln!("skipped: the ABNF test cases are not beside this repository");
        return;
    };
    let (mut covered, mut agreeing) = (0, 0);
    for case in &cases {
        let (Some(rule), Some(input)) = (case["Rule"].as_str(), case["Input"].as_str()) else { continue };
        let Some(accepted) = verdict(rule, input) else { continue };
        covered += 1;
        let wanted = case.get("FailAt").is_none();
        if accepted == wanted {
            agreeing += 1;
        } else {
            eprintln!("{rule}: {} {input}", if wanted { "refused:" } else { "taken:  " });
        }
    }
    eprintln!("{agreeing} of {covered} covered ABNF cases agree ({} in all)", cases.len());
    assert!(agreeing >= AGREEING_AT_LEAST, "{agreeing} agree, {AGREEING_AT_LEAST} did before");
}
