//! The built-in functions. A null argument gives null; lengths and positions are in code points.

use std::sync::Arc;

use super::eval::{Context, Got, NULL};
use crate::edm::{Date, DateTimeOffset, Duration, TimeOfDay};
use crate::error::{Error, ErrorKind};
use crate::expr::Function;
use crate::value::Value;

/// Ticks of 100 ns in a day.
const DAY: i64 = 86_400 * 10_000_000;

/// Calls a function on evaluated arguments.
pub(super) fn call<'v>(function: Function, arguments: &[Got<'v>], cx: Context<'_>) -> Result<Got<'v>, Error> {
    if function == Function::Case {
        let hit = arguments.chunks_exact(2).find(|pair| matches!(*pair[0], Value::Boolean(true)));
        return Ok(hit.map_or(NULL, |pair| pair[1].clone()));
    }
    if arguments.iter().any(|argument| argument.is_null()) {
        return Ok(NULL);
    }
    let values: Vec<&Value> = arguments.iter().map(|argument| &**argument).collect();
    let answer = match *values.as_slice() {
        [] => constant(function, cx),
        [only] => single(function, only),
        [Value::String(a), Value::String(b)] => texts(function, a, b),
        [Value::Collection(a), Value::Collection(b)] => collections(function, a, b),
        [Value::String(text), Value::Int(start)] if function == Function::Substring => Some(cut(text, *start, None)),
        [Value::String(text), Value::Int(start), Value::Int(length)] if function == Function::Substring => {
            Some(cut(text, *start, Some(*length)))
        }
        _ => None,
    };
    answer.map(Got::Own).ok_or_else(|| {
        Error::new(ErrorKind::NotImplemented, format!("The function {function:?} is not offered on these arguments."))
    })
}

fn constant(function: Function, cx: Context<'_>) -> Option<Value> {
    Some(Value::DateTimeOffset(match function {
        Function::Now => cx.now,
        Function::MinDateTime => DateTimeOffset::from_ticks(0)?,
        Function::MaxDateTime => DateTimeOffset::from_ticks(3_155_378_975_999_999_999)?,
        _ => return None,
    }))
}

fn single(function: Function, value: &Value) -> Option<Value> {
    match value {
        Value::String(text) => one_text(function, text),
        Value::DateTimeOffset(at) => instant(function, *at),
        Value::Date(date) => Some(Value::Int(match function {
            Function::Year => date.year().into(),
            Function::Month => date.month().into(),
            Function::Day => date.day().into(),
            Function::Date => return Some(Value::Date(*date)),
            _ => return None,
        })),
        Value::TimeOfDay(time) => of_day(function, *time),
        Value::Duration(Duration(ticks)) if function == Function::TotalSeconds => {
            Some(Value::Decimal(crate::edm::Decimal { mantissa: (*ticks).into(), scale: 7 }.normalized()))
        }
        Value::Double(number) => rounded(function, *number).map(Value::Double),
        Value::Int(number) if matches!(function, Function::Round | Function::Floor | Function::Ceiling) => {
            Some(Value::Int(*number))
        }
        Value::Decimal(number) => rounded_decimal(function, *number),
        Value::Collection(values) if function == Function::Length => i64::try_from(values.len()).ok().map(Value::Int),
        _ => None,
    }
}

fn one_text(function: Function, text: &str) -> Option<Value> {
    Some(match function {
        Function::Length => Value::Int(i64::try_from(text.chars().count()).ok()?),
        Function::ToLower => Value::String(text.to_lowercase().into()),
        Function::ToUpper => Value::String(text.to_uppercase().into()),
        Function::Trim => Value::from(text.trim()),
        _ => return None,
    })
}

fn texts(function: Function, a: &Arc<str>, b: &Arc<str>) -> Option<Value> {
    Some(match function {
        Function::Concat => Value::String(format!("{a}{b}").into()),
        Function::Contains => Value::Boolean(a.contains(&**b)),
        Function::StartsWith => Value::Boolean(a.starts_with(&**b)),
        Function::EndsWith => Value::Boolean(a.ends_with(&**b)),
        Function::IndexOf => Value::Int(match a.find(&**b) {
            Some(at) => i64::try_from(a[..at].chars().count()).ok()?,
            None => -1,
        }),
        _ => return None,
    })
}

fn collections(function: Function, a: &[Value], b: &[Value]) -> Option<Value> {
    let same = super::compare::equal;
    Some(match function {
        Function::Concat => Value::Collection(Arc::new(a.iter().chain(b).cloned().collect())),
        Function::HasSubset => Value::Boolean(b.iter().all(|wanted| a.iter().any(|found| same(found, wanted)))),
        Function::HasSubsequence => {
            let mut rest = a.iter();
            Value::Boolean(b.iter().all(|wanted| rest.any(|found| same(found, wanted))))
        }
        Function::Contains => Value::Boolean(b.is_empty() || windows(a, b.len()).any(|part| all_same(part, b))),
        Function::StartsWith => Value::Boolean(a.len() >= b.len() && all_same(&a[..b.len()], b)),
        Function::EndsWith => Value::Boolean(a.len() >= b.len() && all_same(&a[a.len() - b.len()..], b)),
        Function::IndexOf => Value::Int(
            windows(a, b.len()).position(|part| all_same(part, b)).and_then(|at| i64::try_from(at).ok()).unwrap_or(-1),
        ),
        _ => return None,
    })
}

fn windows(values: &[Value], size: usize) -> impl Iterator<Item = &[Value]> {
    values.windows(size.max(1))
}

fn all_same(a: &[Value], b: &[Value]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| super::compare::equal(a, b))
}

/// `substring` counts from 0; a negative start counts from the end (4.01), and what lies outside is cut off.
fn cut(text: &str, start: i64, length: Option<i64>) -> Value {
    let total = i64::try_from(text.chars().count()).unwrap_or(i64::MAX);
    let from = if start < 0 { total.saturating_add(start).max(0) } else { start };
    let rest = text.chars().skip(usize::try_from(from).unwrap_or(usize::MAX));
    let part: String = match length {
        Some(length) => rest.take(usize::try_from(length.max(0)).unwrap_or(usize::MAX)).collect(),
        None => rest.collect(),
    };
    Value::String(part.into())
}

fn instant(function: Function, at: DateTimeOffset) -> Option<Value> {
    Some(match function {
        Function::Date => Value::Date(date_of(at)),
        Function::Time => Value::TimeOfDay(time_of(at)),
        Function::Year | Function::Month | Function::Day => return single(function, &Value::Date(date_of(at))),
        Function::TotalOffsetMinutes => Value::Int(at.offset_minutes().into()),
        _ => return of_day(function, time_of(at)),
    })
}

/// The date as it was written, in its own offset.
pub(super) fn date_of(at: DateTimeOffset) -> Date {
    Date(i32::try_from(at.local_ticks().div_euclid(DAY)).unwrap_or(i32::MAX))
}

/// The time of day as it was written, in its own offset.
pub(super) fn time_of(at: DateTimeOffset) -> TimeOfDay {
    TimeOfDay(at.local_ticks().rem_euclid(DAY))
}

fn of_day(function: Function, time: TimeOfDay) -> Option<Value> {
    const SECOND: i64 = 10_000_000;
    let ticks = time.0;
    Some(match function {
        Function::Time => Value::TimeOfDay(time),
        Function::Hour => Value::Int(ticks / SECOND / 3_600),
        Function::Minute => Value::Int(ticks / SECOND / 60 % 60),
        Function::Second => Value::Int(ticks / SECOND % 60),
        Function::FractionalSeconds => {
            Value::Decimal(crate::edm::Decimal { mantissa: (ticks % SECOND).into(), scale: 7 }.normalized())
        }
        _ => return None,
    })
}

fn rounded(function: Function, number: f64) -> Option<f64> {
    Some(match function {
        Function::Round => number.round(),
        Function::Floor => number.floor(),
        Function::Ceiling => number.ceil(),
        _ => return None,
    })
}

fn rounded_decimal(function: Function, number: crate::edm::Decimal) -> Option<Value> {
    let unit = 10_i128.checked_pow(number.scale.into())?;
    let (whole, rest) = (number.mantissa.div_euclid(unit), number.mantissa.rem_euclid(unit));
    let up = match function {
        Function::Floor => false,
        Function::Ceiling => rest > 0,
        // Half away from zero: below zero the half stays with the lower number.
        Function::Round if number.mantissa < 0 => rest * 2 > unit,
        Function::Round => rest * 2 >= unit,
        _ => return None,
    };
    Some(Value::Decimal(crate::edm::Decimal { mantissa: whole + i128::from(up), scale: 0 }))
}
