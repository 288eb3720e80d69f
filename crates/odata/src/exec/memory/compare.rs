//! Comparison of two values: OData's null rules, numeric promotion, ordinal strings. Null sorts lowest.

use std::cmp::Ordering;

use crate::edm::Decimal;
use crate::expr::CompareOp;
use crate::value::Value;

/// Whether a comparison holds. It is never null: null equals only null and is neither less nor greater.
pub(super) fn holds(op: CompareOp, left: &Value, right: &Value) -> bool {
    match op {
        CompareOp::Eq => equal(left, right),
        CompareOp::Ne => !equal(left, right),
        CompareOp::Gt => order(left, right) == Some(Ordering::Greater),
        CompareOp::Lt => order(left, right) == Some(Ordering::Less),
        CompareOp::Ge => {
            matches!(order(left, right), Some(Ordering::Greater | Ordering::Equal)) || both_null(left, right)
        }
        CompareOp::Le => matches!(order(left, right), Some(Ordering::Less | Ordering::Equal)) || both_null(left, right),
    }
}

fn both_null(left: &Value, right: &Value) -> bool {
    left.is_null() && right.is_null()
}

/// Equality: null equals null, structured values by their members.
pub(super) fn equal(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Null, Value::Null) => true,
        (Value::Null, _) | (_, Value::Null) => false,
        (Value::Record(a), Value::Record(b)) => a.type_id == b.type_id && a.members == b.members,
        (Value::Collection(a), Value::Collection(b)) => {
            a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| equal(a, b))
        }
        _ => order(left, right) == Some(Ordering::Equal),
    }
}

/// The order of two values of comparable types; `None` where there is none (null, NaN, different kinds).
pub(super) fn order(left: &Value, right: &Value) -> Option<Ordering> {
    Some(match (left, right) {
        (Value::Int(a), Value::Int(b)) | (Value::Enum(a), Value::Enum(b)) => a.cmp(b),
        (Value::String(a), Value::String(b)) | (Value::Geo(a), Value::Geo(b)) => a.as_bytes().cmp(b.as_bytes()),
        (Value::Boolean(a), Value::Boolean(b)) => a.cmp(b),
        (Value::DateTimeOffset(a), Value::DateTimeOffset(b)) => a.cmp(b),
        (Value::Guid(a), Value::Guid(b)) => a.cmp(b),
        (Value::Date(a), Value::Date(b)) => a.cmp(b),
        (Value::TimeOfDay(a), Value::TimeOfDay(b)) => a.cmp(b),
        (Value::Duration(a), Value::Duration(b)) => a.cmp(b),
        (Value::Binary(a), Value::Binary(b)) => a.cmp(b),
        (Value::Decimal(a), Value::Decimal(b)) => a.cmp(b),
        (Value::Decimal(a), Value::Int(b)) => a.cmp(&Decimal::from(*b)),
        (Value::Int(a), Value::Decimal(b)) => Decimal::from(*a).cmp(b),
        _ => return as_double(left)?.partial_cmp(&as_double(right)?),
    })
}

/// The order for `$orderby`: total, null lowest, NaN just above it.
pub(super) fn sort_order(left: &Value, right: &Value) -> Ordering {
    let rank = |value: &Value| match value {
        Value::Null => 0,
        Value::Double(number) if number.is_nan() => 1,
        _ => 2,
    };
    order(left, right).unwrap_or_else(|| rank(left).cmp(&rank(right)))
}

fn as_double(value: &Value) -> Option<f64> {
    match value {
        Value::Double(number) => Some(*number),
        Value::Int(number) => Some(to_double(*number)),
        Value::Decimal(number) => Some(number.to_f64()),
        _ => None,
    }
}

/// The nearest double.
#[expect(clippy::cast_precision_loss, reason = "promotion to Edm.Double is the rule of OData 4.01 part 2, 5.1.1.16")]
pub(super) fn to_double(number: i64) -> f64 {
    number as f64
}
