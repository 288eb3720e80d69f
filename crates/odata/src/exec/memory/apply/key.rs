//! A value as bytes that are equal when the values are: what groups and distinct values are found by.

use std::sync::Arc;

use crate::value::Value;

/// The bytes of several values.
pub(super) fn key_of<'v>(values: impl Iterator<Item = &'v Value>) -> Vec<u8> {
    let mut out = Vec::new();
    values.for_each(|value| write(&mut out, value));
    out
}

fn write(out: &mut Vec<u8>, value: &Value) {
    let mut bytes = |tag: u8, bytes: &[u8]| {
        out.push(tag);
        out.extend_from_slice(&(bytes.len() as u64).to_be_bytes());
        out.extend_from_slice(bytes);
    };
    match value {
        Value::Null => bytes(0, &[]),
        Value::Boolean(truth) => bytes(1, &[u8::from(*truth)]),
        Value::Int(number) | Value::Enum(number) => bytes(2, &number.to_be_bytes()),
        // Both zeros are one; every NaN is.
        Value::Double(number) if *number == 0.0 => bytes(3, &0.0_f64.to_be_bytes()),
        Value::Double(number) if number.is_nan() => bytes(3, &f64::NAN.to_be_bytes()),
        Value::Double(number) => bytes(3, &number.to_be_bytes()),
        Value::Decimal(number) => {
            let number = number.normalized();
            bytes(4, &number.mantissa.to_be_bytes());
            out.push(number.scale);
        }
        Value::String(text) | Value::Geo(text) => bytes(5, text.as_bytes()),
        Value::Guid(guid) => bytes(6, guid.as_bytes()),
        Value::Date(date) => bytes(7, &date.0.to_be_bytes()),
        Value::TimeOfDay(time) => bytes(8, &time.0.to_be_bytes()),
        Value::Duration(span) => bytes(9, &span.0.to_be_bytes()),
        // The same instant, whichever offset it was written with.
        Value::DateTimeOffset(at) => bytes(10, &at.ticks().to_be_bytes()),
        Value::Binary(data) | Value::Rendered(data) => bytes(11, data),
        Value::Stream(_) => bytes(12, &[]),
        Value::Record(record) => {
            bytes(13, &record.type_id.0.to_be_bytes());
            record.members.iter().for_each(|member| write(out, member.as_ref().unwrap_or(&Value::Null)));
            // Properties that nothing declares have no place: their names order them.
            let mut dynamic: Vec<_> = record.dynamic.iter().map(|property| (&property.name, &property.value)).collect();
            dynamic.sort_by_key(|(name, _)| *name);
            for (name, value) in dynamic {
                write(out, &Value::String(Arc::clone(name)));
                write(out, value);
            }
        }
        Value::Collection(values) => {
            bytes(14, &(values.len() as u64).to_be_bytes());
            values.iter().for_each(|value| write(out, value));
        }
    }
}
