//! Equality and order of values: OData's null rules for operators, null lowest for sorting.

use std::cmp::Ordering;

use crate::expr::CompareOp;
use crate::expr::convert::{decimal, double};
use crate::expr::geo::Shape;
use crate::value::{DynamicProperty, Record, Value};

/// A comparison operator. Never null: null equals only null, and is neither less nor greater than anything.
#[inline]
pub(super) fn compare(op: CompareOp, left: &Value, right: &Value) -> bool {
    let order = match (left, right) {
        (Value::Int(left), Value::Int(right)) | (Value::Enum(left), Value::Enum(right)) => left.cmp(right),
        (Value::Boolean(left), Value::Boolean(right)) => left.cmp(right),
        (Value::DateTimeOffset(left), Value::DateTimeOffset(right)) => left.cmp(right),
        _ => return compare_any(op, left, right),
    };
    match op {
        CompareOp::Eq => order.is_eq(),
        CompareOp::Ne => order.is_ne(),
        CompareOp::Gt => order.is_gt(),
        CompareOp::Ge => order.is_ge(),
        CompareOp::Lt => order.is_lt(),
        CompareOp::Le => order.is_le(),
    }
}

fn compare_any(op: CompareOp, left: &Value, right: &Value) -> bool {
    if left.is_null() || right.is_null() {
        let both = left.is_null() && right.is_null();
        return match op {
            CompareOp::Eq | CompareOp::Ge | CompareOp::Le => both,
            CompareOp::Ne => !both,
            CompareOp::Gt | CompareOp::Lt => false,
        };
    }
    if let (Value::String(left), Value::String(right), true) =
        (left, right, matches!(op, CompareOp::Eq | CompareOp::Ne))
    {
        return (left == right) == (op == CompareOp::Eq);
    }
    let order = order(left, right);
    match op {
        CompareOp::Eq => order == Some(Ordering::Equal),
        CompareOp::Ne => order != Some(Ordering::Equal),
        CompareOp::Gt => order == Some(Ordering::Greater),
        CompareOp::Ge => matches!(order, Some(Ordering::Greater | Ordering::Equal)),
        CompareOp::Lt => order == Some(Ordering::Less),
        CompareOp::Le => matches!(order, Some(Ordering::Less | Ordering::Equal)),
    }
}

/// The order of two values that are not null; `None` when they have none (NaN, different kinds).
fn order(left: &Value, right: &Value) -> Option<Ordering> {
    match (left, right) {
        (Value::Int(a), Value::Int(b)) | (Value::Enum(a), Value::Enum(b)) => Some(a.cmp(b)),
        (Value::String(a), Value::String(b)) => Some(a.as_bytes().cmp(b.as_bytes())),
        (Value::Geo(a), Value::Geo(b)) => Some(geo(a, b)),
        (Value::Boolean(a), Value::Boolean(b)) => Some(a.cmp(b)),
        (Value::Double(a), Value::Double(b)) => a.partial_cmp(b),
        (Value::DateTimeOffset(a), Value::DateTimeOffset(b)) => Some(a.cmp(b)),
        (Value::Guid(a), Value::Guid(b)) => Some(a.cmp(b)),
        (Value::Date(a), Value::Date(b)) => Some(a.cmp(b)),
        (Value::TimeOfDay(a), Value::TimeOfDay(b)) => Some(a.cmp(b)),
        (Value::Duration(a), Value::Duration(b)) => Some(a.cmp(b)),
        (Value::Decimal(a), Value::Decimal(b)) => Some(a.cmp(b)),
        (Value::Binary(a), Value::Binary(b)) => Some(a.cmp(b)),
        (Value::Record(a), Value::Record(b)) => same(a, b).then_some(Ordering::Equal),
        (Value::Collection(a), Value::Collection(b)) => {
            let pairs = || a.iter().zip(b.iter()).all(|(a, b)| compare(CompareOp::Eq, a, b));
            (a.len() == b.len() && pairs()).then_some(Ordering::Equal)
        }
        (Value::Double(_), _) | (_, Value::Double(_)) => double(left)?.partial_cmp(&double(right)?),
        (Value::Decimal(_), _) | (_, Value::Decimal(_)) => Some(decimal(left)?.cmp(&decimal(right)?)),
        _ => (left == right).then_some(Ordering::Equal),
    }
}

/// Whether two structured values are of one type and equal in every property; one that is not given is null.
fn same(a: &Record, b: &Record) -> bool {
    let equal = |(a, b): (&Option<Value>, &Option<Value>)| match (a, b) {
        (Some(a), Some(b)) => compare(CompareOp::Eq, a, b),
        (Some(one), None) | (None, Some(one)) => one.is_null(),
        (None, None) => true,
    };
    let has = |of: &Record, property: &DynamicProperty| {
        of.dynamic_property(&property.name).is_some_and(|other| compare(CompareOp::Eq, &property.value, &other.value))
    };
    a.type_id == b.type_id
        && a.members.iter().zip(&b.members).all(equal)
        && a.dynamic.len() == b.dynamic.len()
        && a.dynamic.iter().all(|property| has(b, property))
}

/// Equal is the same shape, in whichever form it is written; the order has no meaning.
fn geo(a: &str, b: &str) -> Ordering {
    let shape = |text: &str| Shape::read(text).map(|(_, shape)| shape);
    if a == b || shape(a).is_some_and(|a| Some(a) == shape(b)) { Ordering::Equal } else { a.cmp(b) }
}

/// A total order for sorting: null, then NaN, then everything else, kind by kind where only the values tell what they are.
pub(super) fn sort(left: &Value, right: &Value) -> Ordering {
    let (a, b) = (rank(left), rank(right));
    a.cmp(&b).then_with(|| match (left, right) {
        (Value::Int(a), Value::Int(b)) => a.cmp(b),
        _ if a == NUMBER => numbers(left, right),
        _ if a == 0 => Ordering::Equal,
        _ => order(left, right).unwrap_or(Ordering::Equal),
    })
}

const NUMBER: u8 = 3;

fn rank(value: &Value) -> u8 {
    match value {
        Value::Double(number) if number.is_nan() => 1,
        Value::Boolean(_) => 2,
        Value::Int(_) | Value::Double(_) | Value::Decimal(_) => NUMBER,
        Value::String(_) => 4,
        Value::Guid(_) => 5,
        Value::Date(_) => 6,
        Value::TimeOfDay(_) => 7,
        Value::Duration(_) => 8,
        Value::DateTimeOffset(_) => 9,
        Value::Binary(_) => 10,
        Value::Enum(_) => 11,
        // What has no order is like nothing: the place of a page between such values could not be told.
        Value::Null
        | Value::Geo(_)
        | Value::Stream(_)
        | Value::Record(_)
        | Value::Collection(_)
        | Value::Rendered(_) => 0,
    }
}

/// Exact where both have a decimal, else as doubles, with what has none behind: an order of all of them, which their nearest
/// doubles alone are not.
fn numbers(left: &Value, right: &Value) -> Ordering {
    if let (Value::Double(a), Value::Double(b)) = (left, right) {
        return a.partial_cmp(b).unwrap_or(Ordering::Equal);
    }
    match (decimal(left), decimal(right)) {
        (Some(a), Some(b)) => a.cmp(&b),
        (a, b) => {
            let doubles = double(left).zip(double(right)).and_then(|(a, b)| a.partial_cmp(&b));
            doubles.unwrap_or(Ordering::Equal).then(a.is_none().cmp(&b.is_none()))
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use crate::edm::{Date, Decimal};

    #[test]
    fn the_order_for_sorting_is_one_whatever_kinds_the_values_are_of() {
        let decimal = |text: &str| Value::Decimal(Decimal::parse(text).unwrap());
        let values = [
            Value::Null,
            Value::Double(f64::NAN),
            Value::Boolean(true),
            Value::Double(f64::NEG_INFINITY),
            Value::Int(1),
            Value::Double(1.0),
            decimal("1.00000000000000000001"),
            decimal("1.0"),
            Value::Double(0.1),
            decimal("0.10000000000000000001"),
            Value::Int(i64::MAX),
            Value::Int(i64::MAX - 1),
            Value::Double(9_223_372_036_854_775_807.0),
            decimal("9223372036854775806.5"),
            Value::Double(1e300),
            Value::Double(1e-300),
            Value::from("a"),
            Value::Date(Date(7)),
            Value::Enum(3),
            Value::from(vec![Value::Int(1)]),
        ];
        for a in &values {
            for b in &values {
                assert_eq!(sort(a, b), sort(b, a).reverse(), "{a:?} {b:?}");
                for c in &values {
                    let not_after = |a, b| sort(a, b).is_le();
                    assert!(!(not_after(a, b) && not_after(b, c)) || not_after(a, c), "{a:?} {b:?} {c:?}");
                }
            }
        }
        assert_eq!(sort(&Value::Int(1), &Value::Double(1.0)), Ordering::Equal);
    }
}
