//! The built-in functions. Texts are counted in code points; date parts are those of the offset a value was written with.

use std::borrow::Cow;

use super::eval::Frame;
use super::{Context, EvalError, geo, sequence};
use crate::edm::civil::{TICKS_PER_DAY, TICKS_PER_SECOND, civil_from_days};
use crate::edm::{Date, DateTimeOffset, Decimal, TimeOfDay};
use crate::expr::{Expr, Function, local_ticks};
use crate::limits::CONCAT_MAX;
use crate::model::EdmType;
use crate::value::Value;

const TICKS_MAX: i64 = 3_155_378_975_999_999_999;

impl Context<'_> {
    pub(super) fn call<'v>(
        &self,
        function: Function,
        arguments: &'v [Expr],
        frame: &Frame<'_, 'v>,
    ) -> Result<Cow<'v, Value>, EvalError> {
        let Some((first, rest)) = arguments.split_first() else {
            return Ok(Cow::Owned(self.constant(function)));
        };
        let first = self.value(first, frame)?;
        let Some(second) = rest.first() else {
            return Ok(Cow::Owned(match &*first {
                Value::Collection(elements) if function == Function::Length => {
                    sequence::of_one(function, elements, 0, None)
                }
                Value::Geo(text) if function == Function::GeoLength => geo::length(is_geometry(arguments), text),
                other => of_one(function, other)?,
            }));
        };
        let second = self.value(second, frame)?;
        let value = match (&*first, &*second) {
            (Value::String(a), Value::String(b)) if function == Function::MatchesPattern => {
                Value::Boolean(self.matches_pattern(a, b)?)
            }
            (Value::String(a), Value::String(b)) => of_texts(function, a, b)?,
            (Value::Collection(a), Value::Collection(b)) => sequence::of_two(function, a, b)?,
            (Value::Geo(a), Value::Geo(b)) => geo::of_two(function, is_geometry(arguments), a, b),
            (whole @ (Value::String(_) | Value::Collection(_)), Value::Int(start))
                if function == Function::Substring =>
            {
                let length = match rest.get(1) {
                    Some(length) => match &*self.value(length, frame)? {
                        Value::Int(length) if *length < 0 => return Err(EvalError::NegativeLength),
                        Value::Int(length) => Some(*length),
                        _ => return Ok(Cow::Owned(Value::Null)),
                    },
                    None => None,
                };
                match whole {
                    Value::Collection(elements) => sequence::of_one(function, elements, *start, length),
                    other => Value::String(substring(other.as_str().unwrap_or_default(), *start, length).into()),
                }
            }
            _ => Value::Null,
        };
        Ok(Cow::Owned(value))
    }

    fn constant(&self, function: Function) -> Value {
        match function {
            Function::Now => Value::DateTimeOffset(self.now),
            Function::MinDateTime => DateTimeOffset::from_ticks(0).map_or(Value::Null, Value::DateTimeOffset),
            Function::MaxDateTime => DateTimeOffset::from_ticks(TICKS_MAX).map_or(Value::Null, Value::DateTimeOffset),
            _ => Value::Null,
        }
    }
}

/// The truth of a function that tests two texts; `None` for other functions.
pub(super) fn text_test(function: Function, a: &str, b: &str) -> Option<bool> {
    match function {
        Function::Contains => Some(a.contains(b)),
        Function::StartsWith => Some(a.starts_with(b)),
        Function::EndsWith => Some(a.ends_with(b)),
        _ => None,
    }
}

fn of_texts(function: Function, a: &str, b: &str) -> Result<Value, EvalError> {
    if let Some(truth) = text_test(function, a, b) {
        return Ok(Value::Boolean(truth));
    }
    Ok(match function {
        Function::IndexOf => Value::Int(a.find(b).map_or(-1, |at| code_points(&a[..at]))),
        Function::Concat if a.len() + b.len() > CONCAT_MAX => return Err(EvalError::TooMuch),
        Function::Concat => Value::String([a, b].concat().into()),
        _ => Value::Null,
    })
}

/// Whether the shapes are in the plane; else they are on the earth.
fn is_geometry(arguments: &[Expr]) -> bool {
    arguments.iter().any(|argument| {
        matches!(argument.ty.base, Some(EdmType::Primitive(primitive)) if primitive.short_name().starts_with("Geom"))
    })
}

fn code_points(text: &str) -> i64 {
    i64::try_from(text.chars().count()).unwrap_or(i64::MAX)
}

/// From a code point on; a negative start counts from the end.
fn substring(text: &str, start: i64, length: Option<i64>) -> &str {
    let start = if start < 0 { code_points(text).saturating_add(start).max(0) } else { start };
    let rest = text.char_indices().nth(usize::try_from(start).unwrap_or(usize::MAX));
    let rest = rest.map_or("", |(at, _)| &text[at..]);
    let Some(length) = length else { return rest };
    let end = rest.char_indices().nth(usize::try_from(length.max(0)).unwrap_or(usize::MAX));
    end.map_or(rest, |(at, _)| &rest[..at])
}

fn of_one(function: Function, value: &Value) -> Result<Value, EvalError> {
    Ok(match (function, value) {
        (_, Value::Null) => Value::Null,
        (Function::Length, Value::String(text)) => Value::Int(code_points(text)),
        (Function::ToLower, Value::String(text)) => Value::String(text.to_lowercase().into()),
        (Function::ToUpper, Value::String(text)) => Value::String(text.to_uppercase().into()),
        (Function::Trim, Value::String(text)) => Value::String(text.trim().into()),
        (Function::Ceiling | Function::Floor | Function::Round, number) => rounded(function, number)?,
        (Function::TotalSeconds, Value::Duration(span)) => ticks_as_seconds(span.0),
        (Function::TotalOffsetMinutes, Value::DateTimeOffset(at)) => {
            Value::Int((local_ticks(*at) - at.ticks()) / (60 * TICKS_PER_SECOND))
        }
        (_, Value::DateTimeOffset(at)) => {
            let local = local_ticks(*at);
            part(function, local.div_euclid(TICKS_PER_DAY), local.rem_euclid(TICKS_PER_DAY))
        }
        (Function::Year | Function::Month | Function::Day, Value::Date(date)) => part(function, i64::from(date.0), 0),
        (
            Function::Hour | Function::Minute | Function::Second | Function::FractionalSeconds,
            Value::TimeOfDay(time),
        ) => part(function, 0, time.0),
        // Of a value that the function is not for, where only the value tells.
        _ => Value::Null,
    })
}

fn ticks_as_seconds(ticks: i64) -> Value {
    Value::Decimal(Decimal { mantissa: i128::from(ticks), scale: 7 }.normalized())
}

fn part(function: Function, days: i64, of_day: i64) -> Value {
    let seconds = of_day / TICKS_PER_SECOND;
    let (year, month, day) = civil_from_days(days);
    match function {
        Function::Year => Value::Int(year),
        Function::Month => Value::Int(month),
        Function::Day => Value::Int(day),
        Function::Hour => Value::Int(seconds / 3600),
        Function::Minute => Value::Int(seconds / 60 % 60),
        Function::Second => Value::Int(seconds % 60),
        Function::FractionalSeconds => ticks_as_seconds(of_day % TICKS_PER_SECOND),
        Function::Date => i32::try_from(days).map_or(Value::Null, |days| Value::Date(Date(days))),
        Function::Time => TimeOfDay::from_ticks(of_day).map_or(Value::Null, Value::TimeOfDay),
        _ => Value::Null,
    }
}

/// `round` takes a half away from zero.
fn rounded(function: Function, number: &Value) -> Result<Value, EvalError> {
    Ok(match number {
        Value::Int(number) => Value::Int(*number),
        Value::Double(number) => Value::Double(match function {
            Function::Ceiling => number.ceil(),
            Function::Floor => number.floor(),
            _ => number.round(),
        }),
        Value::Decimal(number) => {
            let unit = 10_i128.checked_pow(number.scale.into()).ok_or(EvalError::Overflow)?;
            let (whole, rest) = (number.mantissa.div_euclid(unit), number.mantissa.rem_euclid(unit));
            let up = match function {
                Function::Ceiling => rest > 0,
                Function::Floor => false,
                _ if number.mantissa < 0 => rest > unit - rest,
                _ => rest > 0 && rest >= unit - rest,
            };
            Value::Decimal(Decimal { mantissa: whole + i128::from(up), scale: 0 })
        }
        _ => Value::Null,
    })
}
