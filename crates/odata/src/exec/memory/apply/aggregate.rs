//! `aggregate(…)`: values of many rows to one. Nulls do not take part; sums of nothing are null.

use std::cmp::Ordering;
use std::collections::{HashMap, HashSet};

use super::key::key_of;
use crate::edm::Decimal;
use crate::exec::memory::compare::sort;
use crate::exec::memory::eval::Frame;
use crate::exec::memory::{Context, EvalError, evaluate};
use crate::expr::convert::{decimal, double};
use crate::plan::{Aggregate, Method};
use crate::value::Value;

/// The result of one item over rows.
pub(super) fn of_rows(item: &Aggregate, rows: &[Value], context: Context<'_>) -> Result<Value, EvalError> {
    if item.from.is_empty() {
        return of_values(item.method, &operands(item, rows, context)?);
    }
    // The finest groups first, then each `from` puts together what differs in its own key only.
    let mut groups: Vec<(Vec<Value>, Vec<Value>)> = Vec::new();
    let mut places = HashMap::new();
    for row in rows {
        let keys = item.from.iter().flat_map(|from| &from.keys).map(|key| evaluate(key, row, context));
        let keys = keys.collect::<Result<Vec<_>, _>>()?;
        let place = *places.entry(key_of(keys.iter())).or_insert_with(|| {
            groups.push((keys, Vec::new()));
            groups.len() - 1
        });
        groups[place].1.extend(operands(item, std::slice::from_ref(row), context)?);
    }
    let mut results = Vec::with_capacity(groups.len());
    for (keys, values) in groups {
        results.push((keys, of_values(item.method, &values)?));
    }
    let mut away = 0;
    for from in &item.from {
        away += from.keys.len();
        results = put_together(from.method, away, results)?;
    }
    Ok(results.into_iter().next().map_or(Value::Null, |(_, value)| value))
}

/// Groups results by the keys from `kept` on.
fn put_together(
    method: Method,
    kept: usize,
    results: Vec<(Vec<Value>, Value)>,
) -> Result<Vec<(Vec<Value>, Value)>, EvalError> {
    let mut groups: Vec<(Vec<Value>, Vec<Value>)> = Vec::new();
    let mut places = HashMap::new();
    for (keys, value) in results {
        let place = *places.entry(key_of(keys.iter().skip(kept))).or_insert_with(|| {
            groups.push((keys, Vec::new()));
            groups.len() - 1
        });
        groups[place].1.push(value);
    }
    groups.into_iter().map(|(keys, values)| Ok((keys, of_values(method, &values)?))).collect()
}

/// The values to aggregate: one of each row, or of each element on the way.
fn operands(item: &Aggregate, rows: &[Value], context: Context<'_>) -> Result<Vec<Value>, EvalError> {
    let mut values = Vec::with_capacity(rows.len());
    for row in rows {
        walk(item, 0, &Frame::row(row), context, &mut values)?;
    }
    Ok(values)
}

fn walk(
    item: &Aggregate,
    depth: usize,
    frame: &Frame<'_, '_>,
    context: Context<'_>,
    values: &mut Vec<Value>,
) -> Result<(), EvalError> {
    let Some(collection) = item.through.get(depth) else {
        values.push(match &item.operand {
            Some(operand) => context.value(operand, frame)?.into_owned(),
            None => Value::Int(1),
        });
        return Ok(());
    };
    let variable = u8::try_from(depth + 1).map_err(|_| EvalError::NotOffered("aggregate"))?;
    let elements = context.value(collection, frame)?;
    for element in elements.as_collection().unwrap_or_default() {
        walk(item, depth + 1, &frame.inner(variable, element), context, values)?;
    }
    Ok(())
}

fn of_values(method: Method, values: &[Value]) -> Result<Value, EvalError> {
    let given = || values.iter().filter(|value| !value.is_null());
    Ok(match method {
        Method::Count => count(values.len()),
        Method::CountDistinct => {
            count(given().map(|value| key_of(std::iter::once(value))).collect::<HashSet<_>>().len())
        }
        Method::Min => extreme(given(), Ordering::Less),
        Method::Max => extreme(given(), Ordering::Greater),
        Method::Sum => sum(given())?,
        Method::Average => match (sum(given())?, given().count()) {
            (Value::Null, _) => Value::Null,
            #[expect(clippy::cast_precision_loss, reason = "fewer than 2^52 rows")]
            (Value::Double(sum), count) => Value::Double(sum / count as f64),
            (sum, of) if given().all(|value| matches!(value, Value::Int(_))) => {
                #[expect(clippy::cast_precision_loss, reason = "fewer than 2^52 rows")]
                let mean = double(&sum).map(|sum| sum / of as f64);
                mean.map_or(Value::Null, Value::Double)
            }
            (sum, of) => {
                let of = i64::try_from(of).map_err(|_| EvalError::Overflow)?;
                let mean =
                    decimal(&sum).and_then(|sum| sum.checked_div(Decimal::from(of))).ok_or(EvalError::Overflow)?;
                Value::Decimal(mean.normalized())
            }
        },
    })
}

/// Counts are decimals without places (section 3.1.4 of the extension).
fn count(number: usize) -> Value {
    Value::Decimal(Decimal::from(i64::try_from(number).unwrap_or(i64::MAX)))
}

fn extreme<'v>(values: impl Iterator<Item = &'v Value>, wanted: Ordering) -> Value {
    let better = |best: &'v Value, value: &'v Value| if sort(value, best) == wanted { value } else { best };
    values.reduce(better).cloned().unwrap_or(Value::Null)
}

/// Whole numbers and decimals exactly, doubles with what the additions lose carried along (Neumaier).
pub(super) fn sum<'v>(values: impl Iterator<Item = &'v Value>) -> Result<Value, EvalError> {
    let (mut exact, mut whole, mut lost) = (None::<Decimal>, None::<f64>, 0.0);
    for value in values {
        match value {
            Value::Double(number) => {
                let before = whole.unwrap_or(0.0);
                let after = before + number;
                lost +=
                    if before.abs() >= number.abs() { (before - after) + number } else { (number - after) + before };
                whole = Some(after);
            }
            other => {
                let number = decimal(other).ok_or(EvalError::NotOffered("sum"))?;
                let before = exact.unwrap_or(Decimal::from(0));
                exact = Some(before.checked_add(number).ok_or(EvalError::Overflow)?);
            }
        }
    }
    Ok(match (whole, exact) {
        (None, None) => Value::Null,
        (None, Some(exact)) => Value::Decimal(exact),
        (Some(whole), exact) => {
            let whole = whole + exact.map_or(0.0, Decimal::to_f64);
            // An infinite sum loses a NaN; it is infinite all the same.
            Value::Double(if whole.is_finite() { whole + lost } else { whole })
        }
    })
}
