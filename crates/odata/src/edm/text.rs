//! The text forms of primitive values outside JSON: keys in a path, `/$value`, `DefaultValue`, CSDL attributes. Knows no
//! quoting and no percent-encoding; whoever reads a URL has undone both.

use std::fmt::Write as _;

use uuid::Uuid;

use super::number::{check_integer, check_number};
use super::{Date, DateTimeOffset, Decimal, Duration, ParseError, TimeOfDay, decode_binary, encode_binary};
use crate::model::{Facets, Primitive, Scale};
use crate::value::Value;

/// Reads a value of a primitive type from its text and checks the facets.
///
/// Booleans are in lower case; URLs take them in any. `Edm.Single` gives the double that equals the nearest single.
///
/// ```
/// use odata::Value;
/// use odata::edm::parse_primitive;
/// use odata::model::{Facets, Primitive};
///
/// assert_eq!(parse_primitive(Primitive::Int16, &Facets::default(), "-7")?, Value::Int(-7));
/// assert!(parse_primitive(Primitive::Byte, &Facets::default(), "256").is_err());
/// # Ok::<(), odata::edm::ParseError>(())
/// ```
///
/// # Errors
/// [`ParseError`] names what is wrong. A stream has no text form.
pub fn parse_primitive(primitive: Primitive, facets: &Facets, text: &str) -> Result<Value, ParseError> {
    let value = match primitive {
        Primitive::Binary => Value::Binary(decode_binary(text)?),
        Primitive::Boolean => Value::Boolean(match text {
            "true" => true,
            "false" => false,
            _ => return no_form("true or false"),
        }),
        Primitive::SByte | Primitive::Byte | Primitive::Int16 | Primitive::Int32 | Primitive::Int64 => {
            Value::Int(integer(primitive, text)?)
        }
        Primitive::Single | Primitive::Double => Value::Double(float(primitive, text)?),
        Primitive::Decimal => Value::Decimal(Decimal::parse(text)?),
        Primitive::Date => Value::Date(Date::parse(text)?),
        Primitive::DateTimeOffset => Value::DateTimeOffset(DateTimeOffset::parse(text)?),
        Primitive::Duration => Value::Duration(Duration::parse(text)?),
        Primitive::TimeOfDay => Value::TimeOfDay(TimeOfDay::parse(text)?),
        Primitive::Guid => Value::Guid(parse_guid(text)?),
        Primitive::String => Value::from(text),
        Primitive::Stream => return no_form("a stream, which has no text form"),
        geo if geo.is_geo() => Value::Geo(text.into()),
        _ => return no_form("a primitive value"),
    };
    check_facets(facets, &value)?;
    Ok(value)
}

/// As [`parse_primitive`], from the text of a URL, where booleans are taken in any case.
pub(crate) fn parse_in_url(primitive: Primitive, facets: &Facets, text: &str) -> Result<Value, ParseError> {
    match primitive {
        Primitive::Boolean => parse_primitive(primitive, facets, &text.to_ascii_lowercase()),
        _ => parse_primitive(primitive, facets, text),
    }
}

/// No byte of the text fits.
fn no_form(expected: &'static str) -> Result<Value, ParseError> {
    Err(ParseError::Form { expected, position: 0 })
}

/// Checks a value against the facets of its use: length, digits, characters. Facets that are absent bound nothing.
///
/// ```
/// use odata::edm::{ParseError, check_facets};
/// use odata::model::Facets;
///
/// let short = Facets { max_length: Some(3), ..Facets::default() };
/// assert_eq!(check_facets(&short, &"tea".into()), Ok(()));
/// assert_eq!(check_facets(&short, &"coffee".into()), Err(ParseError::Length { max: 3 }));
/// ```
///
/// # Errors
/// [`ParseError`] names the facet that is not kept.
pub fn check_facets(facets: &Facets, value: &Value) -> Result<(), ParseError> {
    match value {
        Value::String(text) => {
            if text.contains('\0') {
                return Err(ParseError::Nul);
            }
            if facets.ascii && !text.is_ascii() {
                return Err(ParseError::NotAscii);
            }
            // Bytes bound characters from above, so most strings need no counting.
            let too_long = |max: u32| text.len() > max as usize && text.chars().count() > max as usize;
            facets.max_length.filter(|max| too_long(*max)).map_or(Ok(()), |max| Err(ParseError::Length { max }))
        }
        Value::Binary(bytes) => match facets.max_length {
            Some(max) if bytes.len() > max as usize => Err(ParseError::Length { max }),
            _ => Ok(()),
        },
        Value::DateTimeOffset(at) => match facets.precision {
            Some(max) if at.fractional_digits() > max => Err(ParseError::Precision { max }),
            _ => Ok(()),
        },
        Value::TimeOfDay(TimeOfDay(ticks)) | Value::Duration(Duration(ticks)) => match facets.precision {
            Some(max) if max < 7 && ticks % 10_i64.pow(7 - u32::from(max)) != 0 => Err(ParseError::Precision { max }),
            _ => Ok(()),
        },
        Value::Decimal(decimal) => check_decimal(facets, *decimal),
        _ => Ok(()),
    }
}

fn check_decimal(facets: &Facets, decimal: Decimal) -> Result<(), ParseError> {
    let plain = decimal.normalized();
    let fixed = if let Some(Scale::Fixed(scale)) = facets.scale { Some(scale) } else { None };
    match (facets.precision, fixed) {
        (_, Some(max)) if plain.scale > max => Err(ParseError::Precision { max }),
        (Some(max), None) if plain.digits() > max => Err(ParseError::Digits { max }),
        // With a fixed scale the point has its place: of six digits with two behind it, four stand before it.
        (Some(precision), Some(scale)) => {
            let max = precision.saturating_sub(scale);
            let whole = plain.digits().saturating_sub(plain.scale);
            if whole > max { Err(ParseError::Whole { max }) } else { Ok(()) }
        }
        _ => Ok(()),
    }
}

/// Writes the text of a primitive value: the inverse of [`parse_primitive`]. Null, streams, enumerations and structured
/// values have no text here and write nothing.
///
/// ```
/// let mut text = String::new();
/// odata::edm::write_primitive(odata::model::Primitive::Double, &odata::Value::Double(f64::INFINITY), &mut text);
/// assert_eq!(text, "INF");
/// ```
pub fn write_primitive(primitive: Primitive, value: &Value, out: &mut String) {
    // Writing to a `String` cannot fail.
    let _ = match value {
        Value::Boolean(yes) => write!(out, "{yes}"),
        Value::Int(number) => {
            out.push_str(itoa::Buffer::new().format(*number));
            Ok(())
        }
        Value::Double(number) => {
            write_float(primitive, *number, out);
            Ok(())
        }
        Value::Decimal(decimal) => write!(out, "{decimal}"),
        Value::String(text) | Value::Geo(text) => out.write_str(text),
        Value::Guid(guid) => write!(out, "{}", guid.hyphenated()),
        Value::Date(date) => write!(out, "{date}"),
        Value::TimeOfDay(time) => write!(out, "{time}"),
        Value::Duration(span) => write!(out, "{span}"),
        Value::DateTimeOffset(at) => write!(out, "{at}"),
        Value::Binary(bytes) => {
            encode_binary(bytes, out);
            Ok(())
        }
        Value::Null
        | Value::Enum(_)
        | Value::Stream(_)
        | Value::Record(_)
        | Value::Collection(_)
        | Value::Rendered(_) => Ok(()),
    };
}

/// Reads a GUID in its one form, `8-4-4-4-12` hexadecimal digits in either case.
///
/// ```
/// use odata::edm::parse_guid;
///
/// assert!(parse_guid("01234567-89AB-cdef-0123-456789abcdef").is_ok());
/// assert!(parse_guid("{01234567-89ab-cdef-0123-456789abcdef}").is_err());
/// ```
///
/// # Errors
/// [`ParseError::Form`]: braces, `urn:` and missing hyphens are not taken.
pub fn parse_guid(text: &str) -> Result<Uuid, ParseError> {
    match Uuid::try_parse(text) {
        Ok(guid) if text.len() == 36 => Ok(guid),
        _ => Err(ParseError::Form {
            expected: "01234567-89ab-cdef-0123-456789abcdef",
            position: guid_len(text.as_bytes()),
        }),
    }
}

/// How many bytes have the form of a GUID's beginning; 36 are a whole one.
pub(crate) fn guid_len(bytes: &[u8]) -> usize {
    let fits = |(at, byte): (usize, &u8)| {
        if matches!(at, 8 | 13 | 18 | 23) { *byte == b'-' } else { byte.is_ascii_hexdigit() }
    };
    bytes.iter().take(36).enumerate().take_while(|pair| fits(*pair)).count()
}

fn integer(primitive: Primitive, text: &str) -> Result<i64, ParseError> {
    check_integer(text, "an integer")?;
    let number = text.parse::<i64>().map_err(|_| ParseError::Range)?;
    if primitive.holds(number) { Ok(number) } else { Err(ParseError::Range) }
}

fn float(primitive: Primitive, text: &str) -> Result<f64, ParseError> {
    match text {
        "INF" => return Ok(f64::INFINITY),
        "-INF" => return Ok(f64::NEG_INFINITY),
        "NaN" => return Ok(f64::NAN),
        _ => {}
    }
    // The standard library also takes `inf`, `.5` and `5.`, which OData does not.
    check_number(text, "a number such as -1.5e3")?;
    let number = if primitive == Primitive::Single {
        text.parse::<f32>().map_or(f64::NAN, f64::from)
    } else {
        text.parse::<f64>().unwrap_or(f64::NAN)
    };
    if number.is_finite() { Ok(number) } else { Err(ParseError::Range) }
}

/// Writes the shortest text that reads back as the same number; whole numbers without `.0`.
fn write_float(primitive: Primitive, number: f64, out: &mut String) {
    if number.is_nan() {
        return out.push_str("NaN");
    }
    if number.is_infinite() {
        return out.push_str(if number > 0.0 { "INF" } else { "-INF" });
    }
    let mut buffer = ryu::Buffer::new();
    #[expect(clippy::cast_possible_truncation, reason = "a single is written as the single it was read as")]
    let text = if primitive == Primitive::Single { buffer.format(number as f32) } else { buffer.format_finite(number) };
    out.push_str(text.strip_suffix(".0").unwrap_or(text));
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use proptest::prelude::*;

    fn read(primitive: Primitive, text: &str) -> Result<Value, ParseError> {
        parse_primitive(primitive, &Facets::default(), text)
    }

    fn written(primitive: Primitive, text: &str) -> String {
        let mut out = String::new();
        write_primitive(primitive, &read(primitive, text).unwrap(), &mut out);
        out
    }

    #[test]
    fn every_primitive_is_read_and_written() {
        for (primitive, text) in [
            (Primitive::Binary, "Zm9vYg=="),
            (Primitive::Boolean, "true"),
            (Primitive::Byte, "255"),
            (Primitive::SByte, "-128"),
            (Primitive::Int16, "-32768"),
            (Primitive::Int32, "2147483647"),
            (Primitive::Int64, "-9223372036854775808"),
            (Primitive::Single, "0.1"),
            (Primitive::Double, "-0.314"),
            (Primitive::Double, "1e300"),
            (Primitive::Double, "INF"),
            (Primitive::Double, "-INF"),
            (Primitive::Double, "NaN"),
            (Primitive::Decimal, "1.50"),
            (Primitive::Date, "2012-09-03"),
            (Primitive::DateTimeOffset, "2012-09-03T13:52Z"),
            (Primitive::Duration, "-P6DT23H59M59.9999S"),
            (Primitive::TimeOfDay, "11:22:33.4444444"),
            (Primitive::Guid, "01234567-89ab-cdef-0123-456789abcdef"),
            (Primitive::String, "O'Neil"),
            (Primitive::GeographyPoint, "SRID=0;Point(142.1 64.1)"),
        ] {
            assert_eq!(written(primitive, text), text);
        }
        assert_eq!(written(Primitive::Double, "-0.314e1"), "-3.14");
        assert_eq!(written(Primitive::Double, "+2"), "2");
        let anycase = parse_in_url(Primitive::Boolean, &Facets::default(), "tRUe");
        assert_eq!(anycase, Ok(Value::Boolean(true)));
        assert_eq!(
            written(Primitive::Guid, "01234567-89AB-CDEF-0123-456789ABCDEF"),
            "01234567-89ab-cdef-0123-456789abcdef"
        );
    }

    #[test]
    fn a_wrong_form_and_a_wrong_range_are_told_apart() {
        use ParseError::Range;
        for (primitive, text) in [
            (Primitive::Byte, "-1"),
            (Primitive::SByte, "128"),
            (Primitive::Int16, "32768"),
            (Primitive::Int32, "2147483648"),
            (Primitive::Int64, "9223372036854775808"),
            (Primitive::Double, "1e400"),
            (Primitive::Single, "1e39"),
        ] {
            assert_eq!(read(primitive, text), Err(Range), "{text}");
        }
        for (primitive, text) in [
            (Primitive::Boolean, "1"),
            (Primitive::Boolean, "tRUe"),
            (Primitive::Int32, "1.0"),
            (Primitive::Int32, ""),
            (Primitive::Int32, "+-1"),
            (Primitive::Double, "inf"),
            (Primitive::Double, ".5"),
            (Primitive::Double, "5."),
            (Primitive::Double, "-0.314e1e2"),
            (Primitive::Guid, "{01234567-89ab-cdef-0123-456789abcdef}"),
            (Primitive::Guid, "0123456789abcdef0123456789abcdef"),
            (Primitive::Guid, "01234g67-89ab-cdef-0123-456789abcdef"),
            (Primitive::Stream, "x"),
        ] {
            assert!(matches!(read(primitive, text), Err(ParseError::Form { .. })), "{text}");
        }
    }

    #[test]
    fn a_wrong_form_names_the_first_byte_that_does_not_fit() {
        for (primitive, text, wanted) in [
            (Primitive::Boolean, "tRUe", 0),
            (Primitive::Int32, "-1x", 2),
            (Primitive::Int32, "", 0),
            (Primitive::Decimal, "42.", 3),
            (Primitive::Decimal, ".1", 0),
            (Primitive::Double, "-0.314e1e2", 8),
            (Primitive::Double, "1e-", 3),
            (Primitive::Date, "02016-01-01", 4),
            (Primitive::Date, "-INF", 1),
            (Primitive::DateTimeOffset, "2011-12-31T24:00Z", 12),
            (Primitive::DateTimeOffset, "2012-09-03T23:59+01%3A00", 19),
            (Primitive::DateTimeOffset, "2012-09-03T23:59", 16),
            (Primitive::TimeOfDay, "11:60", 3),
            (Primitive::Duration, "P1M", 2),
            (Primitive::Duration, "P1DT", 4),
            (Primitive::Duration, "PT1M1H", 5),
            (Primitive::Guid, "01234567-89ab-cdef-4567", 23),
            (Primitive::Binary, "Zm9v\n", 4),
            (Primitive::Binary, "Zm9vY", 5),
        ] {
            let Err(ParseError::Form { position, .. }) = read(primitive, text) else { panic!("{text} has the form") };
            assert_eq!(position, wanted, "{text}");
        }
    }

    #[test]
    fn facets_are_kept() {
        let short = Facets { max_length: Some(2), ..Facets::default() };
        assert!(parse_primitive(Primitive::String, &short, "éé").is_ok());
        assert_eq!(parse_primitive(Primitive::String, &short, "abc"), Err(ParseError::Length { max: 2 }));
        assert_eq!(parse_primitive(Primitive::Binary, &short, "Zm9v"), Err(ParseError::Length { max: 2 }));
        let ascii = Facets { ascii: true, ..Facets::default() };
        assert_eq!(parse_primitive(Primitive::String, &ascii, "é"), Err(ParseError::NotAscii));
        let money = Facets { precision: Some(4), scale: Some(Scale::Fixed(2)), ..Facets::default() };
        assert!(parse_primitive(Primitive::Decimal, &money, "12.3400").is_ok());
        assert_eq!(parse_primitive(Primitive::Decimal, &money, "1.234"), Err(ParseError::Precision { max: 2 }));
        for text in ["123.45", "123", "-123.4"] {
            assert_eq!(parse_primitive(Primitive::Decimal, &money, text), Err(ParseError::Whole { max: 2 }), "{text}");
        }
        let any_scale = Facets { precision: Some(4), ..Facets::default() };
        assert!(parse_primitive(Primitive::Decimal, &any_scale, "1234").is_ok());
        assert_eq!(parse_primitive(Primitive::Decimal, &any_scale, "123.45"), Err(ParseError::Digits { max: 4 }));
        let coarse = Facets { precision: Some(1), ..Facets::default() };
        assert!(parse_primitive(Primitive::TimeOfDay, &coarse, "10:00:00.50").is_ok());
        for (primitive, text) in [
            (Primitive::TimeOfDay, "10:00:00.55"),
            (Primitive::Duration, "PT0.55S"),
            (Primitive::DateTimeOffset, "2020-01-01T10:00:00.55Z"),
        ] {
            assert_eq!(parse_primitive(primitive, &coarse, text), Err(ParseError::Precision { max: 1 }), "{text}");
        }
    }

    #[test]
    fn r13_nul_in_a_string_is_refused() {
        assert_eq!(read(Primitive::String, "a\0b"), Err(ParseError::Nul));
    }

    proptest! {
        #[test]
        fn doubles_survive_their_text(number in any::<f64>()) {
            let mut out = String::new();
            write_primitive(Primitive::Double, &Value::Double(number), &mut out);
            let Ok(Value::Double(again)) = read(Primitive::Double, &out) else { panic!("{out} is not read") };
            prop_assert!(again.to_bits() == number.to_bits() || (again.is_nan() && number.is_nan()));
        }
    }
}
