//! JSON to EDM scalars: each primitive type with its facets. Says why a value is refused; where it stood is the reader's.

use super::parse::{Json, JsonKind};
use crate::edm::{Decimal, ParseError, check_facets, parse_primitive};
use crate::model::{EnumType, Facets, Primitive};
use crate::value::Value;

/// Why a value is refused; completes "The value of 'x' …".
pub(crate) type Reason = String;

/// Reads a non-null value of a primitive type (streams excepted). Under `ieee754`, `Int64` and `Decimal` may be strings.
pub(crate) fn primitive(json: &Json<'_>, ty: Primitive, facets: &Facets, ieee754: bool) -> Result<Value, Reason> {
    let invalid = |error: ParseError| format!("is not a valid {ty}: {error}");
    let value = match (&json.kind, ty) {
        (JsonKind::Bool(value), Primitive::Boolean) => Value::Boolean(*value),
        (JsonKind::Number(text), _) if ty.is_integer() => integer(text, ty)?,
        (JsonKind::String(text), Primitive::Int64) if ieee754 => integer(text, ty)?,
        (JsonKind::Number(text), Primitive::Double | Primitive::Single | Primitive::Decimal) => {
            parse_primitive(ty, facets, text).map_err(invalid)?
        }
        (JsonKind::String(text), Primitive::Double | Primitive::Single)
            if matches!(text.as_ref(), "NaN" | "INF" | "-INF") =>
        {
            parse_primitive(ty, facets, text).map_err(invalid)?
        }
        (JsonKind::String(text), Primitive::Decimal) if ieee754 => {
            Value::Decimal(Decimal::parse(text).map_err(invalid)?)
        }
        (JsonKind::String(text), _) if is_text(ty) => parse_primitive(ty, facets, text).map_err(invalid)?,
        _ => return Err(format!("must be {}, not {}", expected(ty), json.kind.article())),
    };
    check_facets(facets, &value).map_err(invalid)?;
    Ok(value)
}

fn is_text(ty: Primitive) -> bool {
    use Primitive as P;
    matches!(ty, P::String | P::Guid | P::Date | P::TimeOfDay | P::Duration | P::DateTimeOffset | P::Binary)
}

fn integer(text: &str, ty: Primitive) -> Result<Value, Reason> {
    match integral(text) {
        Integral::Whole(value) if ty.holds(value) => Ok(Value::Int(value)),
        Integral::Fraction => Err(format!("must be a whole number, {ty}")),
        _ => Err(format!("is outside the range of {ty}")),
    }
}

/// What a number text is as an integer.
enum Integral {
    /// Whole by value (`8`, `8.0`, `80e-1`).
    Whole(i64),
    /// Whole, but not of 64 bits.
    TooLarge,
    /// Not whole, or no number.
    Fraction,
}

fn integral(text: &str) -> Integral {
    /// Past this nothing fits 64 bits, and work stays bounded whatever the exponent.
    const LARGEST: i128 = 1 << 64;
    let (negative, unsigned) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let (mantissa, exponent) = unsigned.split_once(['e', 'E']).unwrap_or((unsigned, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = whole.bytes().chain(fraction.bytes());
    if whole.is_empty() || !digits.clone().all(|digit| digit.is_ascii_digit()) {
        return Integral::Fraction;
    }
    let Some((last, _)) = digits.clone().enumerate().filter(|(_, digit)| *digit != b'0').last() else {
        return Integral::Whole(0);
    };
    let exponent: i64 = match exponent.parse() {
        Ok(exponent) => exponent,
        Err(_) if exponent.starts_with('-') => return Integral::Fraction,
        Err(_) => return Integral::TooLarge,
    };
    let last = i64::try_from(last).unwrap_or(i64::MAX);
    let behind_point = last + 1 - i64::try_from(whole.len()).unwrap_or(i64::MAX);
    let zeros = exponent.saturating_sub(behind_point);
    if zeros < 0 {
        return Integral::Fraction;
    }
    let mut value = 0_i128;
    for digit in digits.take(usize::try_from(last + 1).unwrap_or(0)) {
        value = value * 10 + i128::from(digit - b'0');
        if value > LARGEST {
            return Integral::TooLarge;
        }
    }
    for _ in 0..zeros {
        value *= 10;
        if value > LARGEST {
            return Integral::TooLarge;
        }
    }
    i64::try_from(if negative { -value } else { value }).map_or(Integral::TooLarge, Integral::Whole)
}

/// Reads a member of an enumeration: by name, several names for flags, or by number (also as text). What no names can say is
/// refused, since answers write names.
pub(crate) fn enumeration(json: &Json<'_>, ty: &EnumType) -> Result<Value, Reason> {
    let text = match &json.kind {
        JsonKind::String(text) => text.as_ref(),
        JsonKind::Number(text) => text,
        other => return Err(format!("must be a member name of {}, not {}", ty.name, other.article())),
    };
    let value = ty.parse(text).ok().filter(|value| ty.has(*value));
    value.map(Value::Enum).ok_or_else(|| format!("is not a member of {}", ty.name))
}

fn expected(ty: Primitive) -> String {
    match ty {
        Primitive::Boolean => "true or false".to_owned(),
        Primitive::Binary => format!("a base64 string, {ty}"),
        _ if ty.is_integer() => format!("a whole number, {ty}"),
        _ if ty.is_numeric() => format!("a number, {ty}"),
        _ if ty.is_geo() => format!("a GeoJSON object, {ty}"),
        _ => format!("a string, {ty}"),
    }
}

#[cfg(test)]
mod tests {
    use super::{Integral, integral};

    #[test]
    fn whole_numbers_are_told_by_value_and_never_take_long() {
        let whole = |text: &str| if let Integral::Whole(value) = integral(text) { Some(value) } else { None };
        for (text, value) in [
            ("8", 8),
            ("8.0", 8),
            ("80e-1", 8),
            ("0.8e1", 8),
            ("-0.0e-99999999999999999999", 0),
            ("1e3", 1000),
            ("-9223372036854775808", i64::MIN),
            ("9223372036854775807.000", i64::MAX),
        ] {
            assert_eq!(whole(text), Some(value), "{text}");
        }
        for text in ["8.5", "1e-1", "1e-99999999999999999999"] {
            assert!(matches!(integral(text), Integral::Fraction), "{text}");
        }
        for text in ["9223372036854775808", "1e999999999", "1e99999999999999999999"] {
            assert!(matches!(integral(text), Integral::TooLarge), "{text}");
        }
        assert!(matches!(integral(&"9".repeat(1 << 20)), Integral::TooLarge));
    }
}
