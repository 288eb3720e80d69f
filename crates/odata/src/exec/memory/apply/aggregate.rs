//! `aggregate(…)`: values of many rows to one. Nulls do not take part; sums of nothing are null.

use std::cmp::Ordering;
use std::collections::{HashMap, HashSet};

use super::key::key_of;
use crate::edm::Decimal;
use crate::exec::memory::compare::sort;
use crate::exec::memory::eval::Frame;
use crate::exec::memory::{Context, EvalError};
use crate::expr::convert::{decimal, double};
use crate::plan::{Aggregate, Method};
use crate::value::Value;

/// What elements are aggregated in: alone, or inside an expression as one of its variables.
#[derive(Clone, Copy)]
pub(in crate::exec::memory) struct Inside<'i, 'f, 'v> {
    pub(in crate::exec::memory) frame: &'i Frame<'f, 'v>,
    pub(in crate::exec::memory) variable: u8,
}

/// The result of one item over rows.
pub(in crate::exec::memory) fn of_rows(
    item: &Aggregate,
    rows: &[Value],
    context: Context<'_>,
) -> Result<Value, EvalError> {
    of_elements(item, rows, None, context)
}

/// The result of one item over elements of a collection.
pub(in crate::exec::memory) fn of_elements(
    item: &Aggregate,
    elements: &[Value],
    inside: Option<Inside<'_, '_, '_>>,
    context: Context<'_>,
) -> Result<Value, EvalError> {
    if item.from.is_empty() {
        let mut values = Vec::with_capacity(elements.len());
        for element in elements {
            operands(item, element, inside, context, &mut values)?;
        }
        return of_values(item.method, &values);
    }
    // The finest groups first, then each `from` puts together what differs in its own key only.
    let mut groups: Vec<(Vec<Value>, Vec<Value>)> = Vec::new();
    let mut places = HashMap::new();
    for element in elements {
        let keys = {
            let frame = frame_of(inside, element)?;
            let keys = item.from.iter().flat_map(|from| &from.keys);
            let keys = keys.map(|key| Ok(context.value(key, &frame)?.into_owned()));
            keys.collect::<Result<Vec<Value>, EvalError>>()?
        };
        let place = *places.entry(key_of(keys.iter())).or_insert_with(|| {
            groups.push((keys, Vec::new()));
            groups.len() - 1
        });
        operands(item, element, inside, context, &mut groups[place].1)?;
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

fn frame_of<'s, 'v>(inside: Option<Inside<'s, '_, 'v>>, element: &'v Value) -> Result<Frame<'s, 'v>, EvalError> {
    match inside {
        Some(Inside { frame, variable }) => frame.visit(variable, element),
        None => Ok(Frame::row(element)),
    }
}

/// The values to aggregate of an element: one, or one of each element on the way.
fn operands(
    item: &Aggregate,
    element: &Value,
    inside: Option<Inside<'_, '_, '_>>,
    context: Context<'_>,
    values: &mut Vec<Value>,
) -> Result<(), EvalError> {
    walk(item, (inside.map_or(0, |inside| inside.variable), 0), &frame_of(inside, element)?, context, values)
}

fn walk(
    item: &Aggregate,
    (first, depth): (u8, u8),
    frame: &Frame<'_, '_>,
    context: Context<'_>,
    values: &mut Vec<Value>,
) -> Result<(), EvalError> {
    let Some(collection) = item.through.get(usize::from(depth)) else {
        values.push(match &item.operand {
            Some(operand) => context.value(operand, frame)?.into_owned(),
            None => Value::Int(1),
        });
        return Ok(());
    };
    let elements = context.value(collection, frame)?;
    for element in elements.as_collection().unwrap_or_default() {
        walk(item, (first, depth + 1), &frame.visit(first + depth + 1, element)?, context, values)?;
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
                // Of values that are no numbers, which only they tell, there is no sum.
                let Some(number) = decimal(other) else { return Ok(Value::Null) };
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
