//! Arithmetic on values that the binder brought to one kind. Null in, null out; overflow is an error.

use super::EvalError;
use crate::edm::civil::TICKS_PER_DAY;
use crate::edm::{Date, DateTimeOffset, Decimal, Duration};
use crate::expr::ArithmeticOp;
use crate::expr::convert::{decimal, double};
use crate::value::Value;

pub(super) fn binary(op: ArithmeticOp, left: &Value, right: &Value) -> Result<Value, EvalError> {
    match (left, right) {
        _ if !has_meaning(op, left, right) => Ok(Value::Null),
        (Value::Int(a), Value::Int(b)) if op != ArithmeticOp::DivBy => integers(op, *a, *b).map(Value::Int),
        (Value::DateTimeOffset(at), Value::Duration(by)) => {
            let ticks = signed(op, at.ticks(), by.0)?;
            let moved = DateTimeOffset::from_parts(ticks, at.form()).ok_or(EvalError::Overflow)?;
            Ok(Value::DateTimeOffset(moved))
        }
        (Value::DateTimeOffset(a), Value::DateTimeOffset(b)) => {
            Ok(Value::Duration(Duration(signed(ArithmeticOp::Sub, a.ticks(), b.ticks())?)))
        }
        (Value::Date(date), Value::Duration(by)) => {
            let days = signed(op, i64::from(date.0), by.0 / TICKS_PER_DAY)?;
            let days = i32::try_from(days).ok().filter(|days| (0..=3_652_058).contains(days));
            days.map(|days| Value::Date(Date(days))).ok_or(EvalError::Overflow)
        }
        (Value::Date(a), Value::Date(b)) => Ok(Value::Duration(Duration(i64::from(a.0 - b.0) * TICKS_PER_DAY))),
        (Value::Duration(a), Value::Duration(b)) => Ok(Value::Duration(Duration(signed(op, a.0, b.0)?))),
        (Value::Duration(by), Value::Int(number)) => Ok(Value::Duration(Duration(integers(op, by.0, *number)?))),
        (Value::Int(number), Value::Duration(by)) => Ok(Value::Duration(Duration(integers(op, *number, by.0)?))),
        (Value::Duration(by), number) | (number, Value::Duration(by)) => {
            let number = decimal(number).ok_or(EvalError::Overflow)?;
            scaled(op, by.0, number).map(|ticks| Value::Duration(Duration(ticks)))
        }
        (Value::Double(_), _) | (_, Value::Double(_)) => {
            let (a, b) = double(left).zip(double(right)).ok_or(EvalError::Overflow)?;
            doubles(op, a, b).map(Value::Double)
        }
        _ => {
            let (a, b) = decimal(left).zip(decimal(right)).ok_or(EvalError::Overflow)?;
            // A decimal by nothing is infinite, or no number, where a whole number would be an error.
            if op == ArithmeticOp::DivBy && b.mantissa == 0 {
                let limit = match a.mantissa.signum() {
                    0 => f64::NAN,
                    1.. => f64::INFINITY,
                    _ => f64::NEG_INFINITY,
                };
                return Ok(Value::Double(limit));
            }
            decimals(op, a, b).map(Value::Decimal)
        }
    }
}

/// Whether the operator is for such values. Where types are known the binder has seen to it.
fn has_meaning(op: ArithmeticOp, left: &Value, right: &Value) -> bool {
    let is_number = |value: &Value| matches!(value, Value::Int(_) | Value::Double(_) | Value::Decimal(_));
    match (left, right) {
        (Value::DateTimeOffset(_) | Value::Date(_) | Value::Duration(_), Value::Duration(_)) => {
            matches!(op, ArithmeticOp::Add | ArithmeticOp::Sub)
        }
        (Value::DateTimeOffset(_), Value::DateTimeOffset(_)) | (Value::Date(_), Value::Date(_)) => {
            op == ArithmeticOp::Sub
        }
        (Value::Duration(_), by) if is_number(by) => {
            matches!(op, ArithmeticOp::Mul | ArithmeticOp::Div | ArithmeticOp::DivBy)
        }
        (by, Value::Duration(_)) if is_number(by) => op == ArithmeticOp::Mul,
        _ => is_number(left) && is_number(right),
    }
}

pub(super) fn negate(value: &Value) -> Result<Value, EvalError> {
    Ok(match value {
        Value::Int(number) => Value::Int(number.checked_neg().ok_or(EvalError::Overflow)?),
        Value::Double(number) => Value::Double(-number),
        Value::Decimal(number) => Value::Decimal(Decimal { mantissa: -number.mantissa, ..*number }),
        Value::Duration(by) => Value::Duration(Duration(by.0.checked_neg().ok_or(EvalError::Overflow)?)),
        _ => Value::Null,
    })
}

fn signed(op: ArithmeticOp, a: i64, b: i64) -> Result<i64, EvalError> {
    let sum = if op == ArithmeticOp::Sub { a.checked_sub(b) } else { a.checked_add(b) };
    sum.ok_or(EvalError::Overflow)
}

/// A duration times or by a fraction, to the tick below.
fn scaled(op: ArithmeticOp, ticks: i64, by: Decimal) -> Result<i64, EvalError> {
    let exact = decimals(op, Decimal::from(ticks), by)?;
    let unit = 10_i128.checked_pow(exact.scale.into()).ok_or(EvalError::Overflow)?;
    i64::try_from(exact.mantissa / unit).map_err(|_| EvalError::Overflow)
}

fn integers(op: ArithmeticOp, a: i64, b: i64) -> Result<i64, EvalError> {
    if b == 0 && matches!(op, ArithmeticOp::Div | ArithmeticOp::DivBy | ArithmeticOp::Mod) {
        return Err(EvalError::DivisionByZero);
    }
    match op {
        ArithmeticOp::Add => a.checked_add(b),
        ArithmeticOp::Sub => a.checked_sub(b),
        ArithmeticOp::Mul => a.checked_mul(b),
        ArithmeticOp::Div | ArithmeticOp::DivBy => a.checked_div(b),
        ArithmeticOp::Mod => a.checked_rem(b),
    }
    .ok_or(EvalError::Overflow)
}

fn decimals(op: ArithmeticOp, a: Decimal, b: Decimal) -> Result<Decimal, EvalError> {
    if b.mantissa == 0 && matches!(op, ArithmeticOp::Div | ArithmeticOp::DivBy | ArithmeticOp::Mod) {
        return Err(EvalError::DivisionByZero);
    }
    match op {
        ArithmeticOp::Add => a.checked_add(b),
        ArithmeticOp::Sub => a.checked_sub(b),
        ArithmeticOp::Mul => a.checked_mul(b),
        ArithmeticOp::Div | ArithmeticOp::DivBy => a.checked_div(b),
        ArithmeticOp::Mod => a.checked_rem(b),
    }
    .ok_or(EvalError::Overflow)
}

fn doubles(op: ArithmeticOp, a: f64, b: f64) -> Result<f64, EvalError> {
    Ok(match op {
        ArithmeticOp::Add => a + b,
        ArithmeticOp::Sub => a - b,
        ArithmeticOp::Mul => a * b,
        ArithmeticOp::Div | ArithmeticOp::DivBy => a / b,
        ArithmeticOp::Mod if b == 0.0 => return Err(EvalError::DivisionByZero),
        ArithmeticOp::Mod => a % b,
    })
}
