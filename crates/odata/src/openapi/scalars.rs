//! JSON Schema of what is no object: primitive types with their facets and bounds, enumerations. A pattern takes what the engine
//! takes, so that a client that follows it is never refused for the form of a value. Knows no property.

use super::schemas::Variant;
use super::tree::{Tree, list, map};
use crate::edm::civil::DIGITS_MAX;
use crate::model::{Annotation, EnumType, Facets, Model, Primitive};

/// A primitive type with its facets.
pub(super) fn primitive(ty: Primitive, facets: Facets, variant: Variant) -> Tree {
    let text = |format: &str| map([("type", "string".into()), ("format", format.into())]);
    let formed = |pattern: String| map([("type", "string".into()), ("pattern", pattern.into())]);
    let digits = facets.precision.unwrap_or(DIGITS_MAX).min(DIGITS_MAX);
    match ty {
        Primitive::Boolean => map([("type", "boolean".into())]),
        Primitive::Byte => whole("uint8", 0, 255),
        Primitive::SByte => whole("int8", -128, 127),
        Primitive::Int16 => whole("int16", i16::MIN.into(), i16::MAX.into()),
        Primitive::Int32 => whole("int32", i32::MIN.into(), i32::MAX.into()),
        Primitive::Int64 => whole("int64", i64::MIN, i64::MAX),
        Primitive::Decimal => map([("type", "number".into()), ("format", "decimal".into())]),
        Primitive::Double | Primitive::Single => {
            let format = if ty == Primitive::Double { "double" } else { "float" };
            let number = map([("type", "number".into()), ("format", format.into())]);
            map([("anyOf", Tree::List(vec![number, map([("enum", list(["-INF", "INF", "NaN"]))])]))])
        }
        Primitive::Date => text("date"),
        // The format `time` has a zone, and `duration` neither a sign nor a fraction.
        Primitive::TimeOfDay => formed(format!("^{}$", clock(digits))),
        Primitive::Duration => formed(duration(digits)),
        Primitive::DateTimeOffset => text("date-time").with("pattern", format!("^{DATE}T{}{ZONE}$", clock(digits))),
        Primitive::Guid => text("uuid"),
        Primitive::Binary => formed(base64()).with("contentEncoding", "base64url"),
        // Bytes in a body are base64; in an answer only links to them stand.
        Primitive::Stream => {
            let base64 = formed(base64()).with("contentEncoding", "base64");
            if variant == Variant::Read { base64.with("readOnly", true) } else { base64 }
        }
        Primitive::String => {
            let mut text = map([("type", "string".into())]);
            if let Some(length) = facets.max_length {
                text = text.with("maxLength", i64::from(length));
            }
            // No text of the protocol holds U+0000, and an ASCII one nothing above 127.
            text.with("pattern", if facets.ascii { "^[\\u0001-\\u007f]*$" } else { "^[^\\u0000]*$" })
        }
        geo if geo.is_geo() => map([("type", "object".into())]),
        _ => map([]),
    }
}

/// Whole numbers of a width.
pub(super) fn whole(format: &str, least: i64, most: i64) -> Tree {
    map([("type", "integer".into()), ("format", format.into()), ("minimum", least.into()), ("maximum", most.into())])
}

/// The schema of a number, or of a list of them, with the bounds that the Validation vocabulary sets.
pub(super) fn within_bounds(schema: Tree, model: &Model, annotations: &[Annotation]) -> Tree {
    let Tree::Map(members) = schema else { return schema };
    let bound = |keyword: &str| {
        let term = match keyword {
            "minimum" => "Org.OData.Validation.V1.Minimum",
            "maximum" => "Org.OData.Validation.V1.Maximum",
            _ => return None,
        };
        model.annotation(annotations, term)?.as_text()?.parse::<i64>().ok()
    };
    let bounded = members.into_iter().map(|(name, value)| {
        let value = match bound(&name) {
            Some(bound) => bound.into(),
            None if name == "items" => within_bounds(value, model, annotations),
            None => value,
        };
        (name, value)
    });
    Tree::Map(bounded.collect())
}

/// A day of the years 1 to 9999.
const DATE: &str = "([1-9][0-9]{3}|0[1-9][0-9]{2}|00[1-9][0-9]|000[1-9])-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])";

/// UTC, or at most 14 hours away from it.
const ZONE: &str = "([Zz]|[+-]((0[0-9]|1[0-3]):[0-5][0-9]|14:00))";

/// A time of day, with or without seconds and their fraction.
fn clock(digits: u8) -> String {
    format!("([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]{})?", fraction(digits))
}

fn fraction(digits: u8) -> String {
    if digits == 0 { String::new() } else { format!("(\\.[0-9]{{1,{digits}}})?") }
}

/// Days and parts of a day, at least one of them.
fn duration(digits: u8) -> String {
    let seconds = format!("[0-9]+{}S", fraction(digits));
    let time = format!("T([0-9]+H([0-9]+M)?({seconds})?|[0-9]+M({seconds})?|{seconds})");
    format!("^-?P([0-9]+D({time})?|{time})$")
}

/// Either alphabet of base64, padded or not or in part, without stray bits at the end.
fn base64() -> String {
    let of =
        |alphabet: &str| format!("({alphabet}{{4}})*({alphabet}[AQgw]={{0,2}}|{alphabet}{{2}}[AEIMQUYcgkosw048]=?)?");
    format!("^({}|{})$", of("[A-Za-z0-9+/]"), of("[A-Za-z0-9_-]"))
}

/// An enumeration, by the names of its members.
pub(super) fn enumeration(ty: &EnumType) -> Tree {
    let names = ty.members.iter().map(|(name, _)| &**name);
    let schema = map([("type", "string".into())]);
    if ty.is_flags {
        let one = names.collect::<Vec<_>>().join("|");
        return schema.with("pattern", format!("^({one})(,({one}))*$"));
    }
    schema.with("enum", list(names))
}
