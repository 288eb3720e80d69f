//! Each rule of the ABNF to the parser of the crate that a request's text of that kind goes through.

use odata::edm::{ParseError, parse_guid, parse_primitive};
use odata::model::{Facets, NamedType, Primitive};
use odata::syntax::ast::{Expr, ExprKind, Literal};
use odata::syntax::context::Context;
use odata::syntax::header::Header;
use odata::syntax::preference::Preference;
use odata::syntax::{Query, RawPath, RelativeUrl, SyntaxError, parse_expression};

use crate::names::Names;
use crate::places::Fault;

type Verdict = Result<(), Fault>;

/// What we say of a text as an instance of a rule.
pub(crate) fn judge(rule: &str, input: &str, names: &Names) -> Verdict {
    match rule {
        "odataUri" => absolute(input, names),
        "odataRelativeUri" | "resourcePath" => relative(input, names),
        "entitySetName" | "odataIdentifier" => identifier(input),
        // A parameter stands in the parentheses of a call.
        "functionParameter" => {
            let call = format!("F({input})");
            RelativeUrl::parse(&call).map(drop).map_err(|error| Fault::of_url(&error, &call).behind("F(".len()))
        }

        "queryOptions" => query(input, names),
        "filter" | "orderby" | "orderBy" | "select" | "expand" | "compute" | "search" | "skiptoken" | "deltatoken"
        | "systemQueryOption" | "customQueryOption" => option(input, names),
        // The value of `$count` is a boolean and nothing else, that of `$search` a search expression.
        "boolean" => within_option("$count=", input),
        "searchExpr" => within_option("$search=", input),

        "commonExpr" | "boolCommonExpr" | "boolcommonExpr" => expression(input, |_| true),
        "notExpr" => expression(input, |kind| matches!(kind, ExprKind::Not(_))),
        "isofExpr" => expression(input, |kind| matches!(kind, ExprKind::Call(..))),
        "firstMemberExpr" | "propertyPathExpr" => expression(input, |kind| matches!(kind, ExprKind::Path(_))),
        // A lambda follows a collection, a text in double quotes stands in JSON.
        "anyExpr" => within_expression("Items/", input, ""),
        "stringInUrl" => within_expression("[", input, "]"),

        "primitiveLiteral" => literal(input, |_| true),
        "null" => literal(input, |found| matches!(found, Literal::Null)),
        "binaryLiteral" => literal(input, |found| matches!(found, Literal::Binary(_))),
        "dateTimeOffsetLiteral" | "dateTimeOffsetValueInUrl" => {
            literal(input, |found| matches!(found, Literal::DateTimeOffset(_)))
        }
        "timeOfDayLiteral" => literal(input, |found| matches!(found, Literal::TimeOfDay(_))),
        // Since 4.01 a string may stand for both.
        "durationLiteral" => literal(input, |found| matches!(found, Literal::Duration(_) | Literal::String(_))),
        "enumLiteral" => literal(input, |found| matches!(found, Literal::Enum { .. } | Literal::String(_))),
        "stringLiteral" => literal(input, |found| matches!(found, Literal::String(_))),
        "decimalLiteral" => literal(input, |found| matches!(found, Literal::Decimal(_))),
        "doubleLiteral" | "singleLiteral" => literal(input, |found| matches!(found, Literal::Double(_))),
        "sbyteLiteral" | "int16Literal" | "int32Literal" | "int64Literal" => {
            literal(input, |found| matches!(found, Literal::Integer(_)))
        }
        geo if geo.starts_with("geography") => {
            literal(input, |found| matches!(found, Literal::Geo { geometry: false, .. }))
        }
        geo if geo.starts_with("geometry") => {
            literal(input, |found| matches!(found, Literal::Geo { geometry: true, .. }))
        }

        "booleanValue" => value(Primitive::Boolean, input),
        "byteValue" => value(Primitive::Byte, input),
        "sbyteValue" => value(Primitive::SByte, input),
        "int16Value" => value(Primitive::Int16, input),
        "int32Value" => value(Primitive::Int32, input),
        "int64Value" => value(Primitive::Int64, input),
        "singleValue" => value(Primitive::Single, input),
        "doubleValue" => value(Primitive::Double, input),
        "decimalValue" => value(Primitive::Decimal, input),
        "date" | "dateValue" => value(Primitive::Date, input),
        "dateTimeOffsetValue" => value(Primitive::DateTimeOffset, input),
        "timeOfDayValue" => value(Primitive::TimeOfDay, input),
        "durationValue" => value(Primitive::Duration, input),
        "guid" => of_value(parse_guid(input)),
        "enumValue" => pattern(input, names),
        "primitiveValue" => any_value(input, names),

        "context" => context(input, names),
        "header" => Header::parse(input).map(drop).map_err(|error| Fault::plain(&error)),
        "request-id" => within_header("Content-ID: ", input),
        "prefer" => {
            let list = input.strip_prefix("Prefer:").unwrap();
            Preference::split(list).try_for_each(preference)
        }
        "preference" | "includeAnnotationsPreference" | "maxpagesizePreference" => preference(input),

        _ => panic!("the rule {rule} goes to no parser"),
    }
}

fn absolute(input: &str, names: &Names) -> Verdict {
    within_header("OData-EntityId: ", input)?;
    let authority = input.find("://").map_or(0, |at| at + 3);
    let path_end = input.find(['?', '#']).unwrap_or(input.len());
    // The root of the service ends where something that it has begins.
    let mut start = authority;
    for segment in input[authority..path_end].split('/') {
        let name = segment.split('(').next().unwrap();
        if segment.starts_with('$') || names.is_root(name) {
            return relative(&input[start..], names).map_err(|fault| fault.after(start));
        }
        start += segment.len() + 1;
    }
    relative(&input[path_end..], names).map_err(|fault| fault.after(path_end))
}

fn relative(input: &str, names: &Names) -> Verdict {
    // A client reads the fragment of a context URL; no other URL has one.
    if let Some((url, fragment)) = input.split_once('#')
        && url == "$metadata"
    {
        return context(&input[url.len()..], names).map_err(|fault| fault.after(input.len() - fragment.len() - 1));
    }
    let (_, options) = input.split_once('?').unwrap_or((input, ""));
    let url = RelativeUrl::parse(input).map_err(|error| Fault::of_url(&error, input))?;
    names.path(&url).map_err(|error| Fault::of_url(&error, input))?;
    query(options, names).map_err(|fault| fault.after(input.len() - options.len()))
}

/// A name at the service root is an identifier.
fn identifier(input: &str) -> Verdict {
    RawPath::parse(input).map(drop).map_err(|error| Fault::of_url(&error, input))
}

fn query(input: &str, names: &Names) -> Verdict {
    let query = Query::parse(input).map_err(|error| Fault::of_query(&error, input))?;
    query.options().map_err(|error| Fault::of_query(&error, input))?;
    for alias in input.split('&').filter(|part| part.starts_with('@')) {
        let (name, value) = alias.split_once('=').unwrap();
        let parsed = parse_expression(query.alias(name).unwrap());
        let start = input.len() - value.len();
        parsed.map_err(|error| Fault::decoded(&error, value).after(start))?;
    }
    names.custom(&query, input)
}

/// One option: where a second one starts, it has ended.
fn option(input: &str, names: &Names) -> Verdict {
    query(input.split('&').next().unwrap(), names)?;
    input.find('&').map_or(Ok(()), |at| Err(Fault::new(at, "more than one option")))
}

fn within_option(before: &str, input: &str) -> Verdict {
    let whole = format!("{before}{input}");
    let parsed = Query::parse(&whole).and_then(|query| query.options().map(drop));
    parsed.map_err(|error| Fault::of_query(&error, &whole).behind(before.len()))
}

fn within_header(before: &str, input: &str) -> Verdict {
    let line = format!("{before}{input}");
    Header::parse(&line).map(drop).map_err(|error| Fault::plain(&error).behind(before.len()))
}

/// Decodes as the value of an alias is decoded, then parses.
fn parsed<R>(input: &str, judge: impl FnOnce(Result<Expr<'_>, SyntaxError>) -> R) -> R {
    let raw = input.replace('#', "%23").replace('&', "%26").replace('+', "%2B");
    let query = Query::parse(&format!("@x={raw}"));
    match &query {
        Ok(query) => judge(parse_expression(query.alias("@x").unwrap())),
        // An alias without a value is refused before it is parsed.
        Err(_) => judge(parse_expression(input)),
    }
}

fn expression(input: &str, fits: impl FnOnce(&ExprKind<'_>) -> bool) -> Verdict {
    parsed(input, |tree| match tree {
        Ok(tree) if fits(&tree.kind) => Ok(()),
        Ok(tree) => Err(Fault::new(0, format!("another kind of expression: {tree:?}"))),
        Err(error) => Err(Fault::decoded(&error, input)),
    })
}

fn within_expression(before: &str, input: &str, after: &str) -> Verdict {
    expression(&format!("{before}{input}{after}"), |_| true).map_err(|fault| fault.behind(before.len()))
}

fn literal(input: &str, fits: impl FnOnce(&Literal<'_>) -> bool) -> Verdict {
    expression(input, |kind| matches!(kind, ExprKind::Literal(literal) if fits(literal)))
}

fn value(primitive: Primitive, input: &str) -> Verdict {
    of_value(parse_primitive(primitive, &Facets::default(), input))
}

fn of_value<T>(value: Result<T, ParseError>) -> Verdict {
    value.map(drop).map_err(|error| Fault::of_value(&error))
}

fn pattern(input: &str, names: &Names) -> Verdict {
    let pattern = names.model().type_by_name("Model.Pattern").map(|id| names.model().named(id));
    let Some(NamedType::Enum(pattern)) = pattern else { panic!("the model declares Pattern") };
    of_value(pattern.parse(input))
}

/// A value of any type that has one; where none takes it, the one that read furthest says where it fails. A shape has no
/// value outside of its literal.
fn any_value(input: &str, names: &Names) -> Verdict {
    let shape = format!("geography'{input}'");
    let mut furthest = match literal(&shape, |_| true) {
        Ok(()) => return Ok(()),
        Err(fault) => fault.behind("geography'".len()),
    };
    let primitives = [
        Primitive::Binary,
        Primitive::Boolean,
        Primitive::Date,
        Primitive::DateTimeOffset,
        Primitive::Decimal,
        Primitive::Double,
        Primitive::Duration,
        Primitive::Guid,
        Primitive::TimeOfDay,
    ];
    let values = primitives.iter().map(|primitive| value(*primitive, input));
    for verdict in values.chain([pattern(input, names)]) {
        match verdict {
            Ok(()) => return Ok(()),
            Err(fault) if fault.at > furthest.at => furthest = fault,
            Err(_) => {}
        }
    }
    Err(furthest)
}

fn context(input: &str, names: &Names) -> Verdict {
    let fragment = input.strip_prefix('#').unwrap();
    let context = Context::parse(fragment).map_err(|error| Fault::plain(&error).after(1))?;
    names.context(&context).map_err(|fault| fault.after(1))
}

fn preference(input: &str) -> Verdict {
    Preference::parse(input).map(drop).map_err(|error| Fault::plain(&error))
}
