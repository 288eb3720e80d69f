//! Functions of collections: what texts have for characters, for elements. Elements are equal as `eq` says.

use super::EvalError;
use super::compare::compare;
use crate::expr::{CompareOp, Function};
use crate::limits::CONCAT_MAX;
use crate::value::Value;

fn equal(a: &Value, b: &Value) -> bool {
    compare(CompareOp::Eq, a, b)
}

fn same(a: &[Value], b: &[Value]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| equal(a, b))
}

/// A function of two collections.
pub(super) fn of_two(function: Function, a: &[Value], b: &[Value]) -> Result<Value, EvalError> {
    Ok(match function {
        Function::Concat if a.len() + b.len() > CONCAT_MAX => return Err(EvalError::TooMuch),
        Function::Concat => Value::Collection([a, b].concat().into()),
        Function::Contains => Value::Boolean(position(a, b).is_some()),
        Function::StartsWith => Value::Boolean(a.len() >= b.len() && same(&a[..b.len()], b)),
        Function::EndsWith => Value::Boolean(a.len() >= b.len() && same(&a[a.len() - b.len()..], b)),
        Function::IndexOf => Value::Int(position(a, b).map_or(-1, |at| i64::try_from(at).unwrap_or(i64::MAX))),
        Function::HasSubset => Value::Boolean(has_subset(a, b)),
        Function::HasSubsequence => {
            let mut rest = a.iter();
            Value::Boolean(b.iter().all(|wanted| rest.any(|element| equal(element, wanted))))
        }
        // A function of something else, where only the values tell what they are.
        _ => Value::Null,
    })
}

/// `length` and `substring` of a collection.
pub(super) fn of_one(function: Function, elements: &[Value], start: i64, length: Option<i64>) -> Value {
    let count = i64::try_from(elements.len()).unwrap_or(i64::MAX);
    if function == Function::Length {
        return Value::Int(count);
    }
    let place = |number: i64| usize::try_from(number.clamp(0, count)).unwrap_or(0);
    let from = if start < 0 { start.saturating_add(count) } else { start }.max(0);
    let to = length.map_or(count, |length| from.saturating_add(length.max(0)));
    Value::Collection(elements[place(from)..place(to)].to_vec().into())
}

fn position(a: &[Value], b: &[Value]) -> Option<usize> {
    (0..=a.len().checked_sub(b.len())?).find(|at| same(&a[*at..at + b.len()], b))
}

/// Each element of `b` has one of its own in `a`.
fn has_subset(a: &[Value], b: &[Value]) -> bool {
    let mut taken = vec![false; a.len()];
    b.iter().all(|wanted| {
        let free = a.iter().zip(&mut taken).find(|(element, taken)| !**taken && equal(element, wanted));
        free.map(|(_, taken)| *taken = true).is_some()
    })
}
