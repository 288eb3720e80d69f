//! Conversions between EDM types, one meaning for the binder (constants) and the executors (`cast`, promotion).

use crate::edm::civil::TICKS_PER_DAY;
use crate::edm::{DateTimeOffset, Decimal, parse_in_url, write_primitive};
use crate::model::{AnyKind, EdmType, EnumType, Facets, Model, NamedType, Primitive};
use crate::value::Value;

/// The primitive type under a type, seen through type definitions.
pub(crate) fn primitive_of(model: &Model, ty: EdmType) -> Option<Primitive> {
    match ty {
        EdmType::Primitive(primitive) => Some(primitive),
        EdmType::Named(id) => match model.named(id) {
            NamedType::Definition(definition) => Some(definition.underlying),
            _ => None,
        },
        EdmType::Any(_) => None,
    }
}

/// The enumeration of a type.
pub(crate) fn enum_of(model: &Model, ty: EdmType) -> Option<&EnumType> {
    match ty {
        EdmType::Named(id) => match model.named(id) {
            NamedType::Enum(enumeration) => Some(enumeration),
            _ => None,
        },
        _ => None,
    }
}

/// The value as one of type `to`; `None` when it has no such value (`cast` then gives null).
pub(crate) fn convert(model: &Model, value: &Value, from: Option<EdmType>, to: EdmType) -> Option<Value> {
    if let EdmType::Any(kind) = to {
        let fits = match kind {
            AnyKind::Entity | AnyKind::Complex => matches!(value, Value::Record(_)),
            AnyKind::Primitive => !matches!(value, Value::Record(_) | Value::Collection(_)),
            AnyKind::Untyped => true,
        };
        return fits.then(|| value.clone());
    }
    if let EdmType::Named(id) = to
        && model.structured(id).is_some()
    {
        return value.as_record().filter(|record| model.is_a(record.type_id, id)).map(|_| value.clone());
    }
    if let Some(enumeration) = enum_of(model, to) {
        return match value {
            Value::Enum(number) | Value::Int(number) => Some(Value::Enum(*number)),
            Value::String(text) => enumeration.parse(text).ok().map(Value::Enum),
            _ => None,
        };
    }
    let primitive = primitive_of(model, to)?;
    match (primitive, value) {
        (Primitive::String, Value::String(_)) => Some(value.clone()),
        (Primitive::String, Value::Enum(number)) => {
            let enumeration = from.and_then(|from| enum_of(model, from));
            let mut text = String::new();
            match enumeration {
                Some(enumeration) => enumeration.write(*number, &mut text),
                None => text = number.to_string(),
            }
            Some(Value::String(text.into()))
        }
        (Primitive::String, other) => text_of(model, other, from),
        (_, Value::String(text)) => parse_in_url(primitive, &Facets::default(), text).ok(),
        (integer, _) if integer.is_integer() => whole(value).filter(|number| integer.holds(*number)).map(Value::Int),
        (Primitive::Double, _) => double(value).map(Value::Double),
        (Primitive::Single, _) => double(value).map(|number| Value::Double(single(number))),
        (Primitive::Decimal, _) => decimal(value).map(Value::Decimal),
        (Primitive::DateTimeOffset, Value::Date(date)) => {
            DateTimeOffset::from_ticks(i64::from(date.0) * TICKS_PER_DAY).map(Value::DateTimeOffset)
        }
        (Primitive::Date, Value::DateTimeOffset(at)) => {
            let days = super::local_ticks(*at).div_euclid(TICKS_PER_DAY);
            i32::try_from(days).ok().map(|days| Value::Date(crate::edm::Date(days)))
        }
        (Primitive::TimeOfDay, Value::DateTimeOffset(at)) => {
            let ticks = super::local_ticks(*at).rem_euclid(TICKS_PER_DAY);
            crate::edm::TimeOfDay::from_ticks(ticks).map(Value::TimeOfDay)
        }
        (Primitive::Boolean, Value::Boolean(_))
        | (Primitive::Guid, Value::Guid(_))
        | (Primitive::Date, Value::Date(_))
        | (Primitive::TimeOfDay, Value::TimeOfDay(_))
        | (Primitive::Duration, Value::Duration(_))
        | (Primitive::DateTimeOffset, Value::DateTimeOffset(_))
        | (Primitive::Binary, Value::Binary(_)) => Some(value.clone()),
        (geo, Value::Geo(_)) if geo.is_geo() => Some(value.clone()),
        _ => None,
    }
}

/// What is left of a double in the 32 bits of `Edm.Single`.
#[expect(clippy::cast_possible_truncation, reason = "the meaning of Edm.Single")]
fn single(number: f64) -> f64 {
    f64::from(number as f32)
}

fn text_of(model: &Model, value: &Value, from: Option<EdmType>) -> Option<Value> {
    let primitive = from.and_then(|from| primitive_of(model, from)).or(match value {
        Value::Boolean(_) => Some(Primitive::Boolean),
        Value::Int(_) => Some(Primitive::Int64),
        Value::Double(_) => Some(Primitive::Double),
        Value::Decimal(_) => Some(Primitive::Decimal),
        Value::Guid(_) => Some(Primitive::Guid),
        Value::Date(_) => Some(Primitive::Date),
        Value::TimeOfDay(_) => Some(Primitive::TimeOfDay),
        Value::Duration(_) => Some(Primitive::Duration),
        Value::DateTimeOffset(_) => Some(Primitive::DateTimeOffset),
        Value::Binary(_) => Some(Primitive::Binary),
        _ => None,
    })?;
    let mut text = String::new();
    write_primitive(primitive, value, &mut text);
    Some(Value::String(text.into()))
}

#[expect(clippy::cast_possible_truncation, reason = "guarded by the range before it")]
fn whole(value: &Value) -> Option<i64> {
    match value {
        Value::Int(number) | Value::Enum(number) => Some(*number),
        Value::Double(number) => {
            // 2^63 is exact as a double; everything below it fits.
            let limit = 9_223_372_036_854_775_808.0;
            (*number >= -limit && *number < limit).then_some(number.trunc() as i64)
        }
        Value::Decimal(number) => {
            let unit = 10_i128.checked_pow(number.scale.into())?;
            i64::try_from(number.mantissa / unit).ok()
        }
        _ => None,
    }
}

/// The nearest double of a number.
#[expect(clippy::cast_precision_loss, reason = "the meaning of promotion to Edm.Double")]
pub(crate) fn double(value: &Value) -> Option<f64> {
    match value {
        Value::Int(number) => Some(*number as f64),
        Value::Double(number) => Some(*number),
        Value::Decimal(number) => Some(number.to_f64()),
        _ => None,
    }
}

/// A number as a decimal.
pub(crate) fn decimal(value: &Value) -> Option<Decimal> {
    match value {
        Value::Int(number) => Some(Decimal::from(*number)),
        Value::Double(number) => Decimal::from_f64(*number),
        Value::Decimal(number) => Some(*number),
        _ => None,
    }
}
