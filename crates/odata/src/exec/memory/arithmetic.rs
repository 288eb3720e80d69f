//! Arithmetic: numbers, and instants with durations. Null in gives null out; overflow and division by zero are errors.

use super::compare::to_double;
use crate::edm::{DateTimeOffset, Decimal, Duration};
use crate::error::Error;
use crate::expr::ArithmeticOp;
use crate::value::Value;

/// `left op right`.
pub(super) fn apply(op: ArithmeticOp, left: &Value, right: &Value) -> Result<Value, Error> {
    match (left, right) {
        (Value::Null, _) | (_, Value::Null) => Ok(Value::Null),
        (Value::Int(a), Value::Int(b)) => integers(op, *a, *b),
        (Value::Decimal(_), Value::Int(_) | Value::Decimal(_)) | (Value::Int(_), Value::Decimal(_)) => {
            decimals(op, decimal(left), decimal(right))
        }
        (
            Value::Int(_) | Value::Double(_) | Value::Decimal(_),
            Value::Int(_) | Value::Double(_) | Value::Decimal(_),
        ) => Ok(Value::Double(doubles(op, double(left), double(right)))),
        _ => temporal(op, left, right),
    }
}

/// `-value`.
pub(super) fn negate(value: &Value) -> Result<Value, Error> {
    match value {
        Value::Int(number) => number.checked_neg().map(Value::Int).ok_or_else(overflow),
        Value::Double(number) => Ok(Value::Double(-number)),
        Value::Decimal(number) => Decimal::from(0).checked_sub(*number).map(Value::Decimal).ok_or_else(overflow),
        Value::Duration(Duration(ticks)) => {
            ticks.checked_neg().map(|ticks| Value::Duration(Duration(ticks))).ok_or_else(overflow)
        }
        _ => Ok(Value::Null),
    }
}

fn integers(op: ArithmeticOp, a: i64, b: i64) -> Result<Value, Error> {
    let result = match op {
        ArithmeticOp::Add => a.checked_add(b),
        ArithmeticOp::Sub => a.checked_sub(b),
        ArithmeticOp::Mul => a.checked_mul(b),
        ArithmeticOp::Div | ArithmeticOp::DivBy | ArithmeticOp::Mod if b == 0 => return Err(by_zero()),
        ArithmeticOp::DivBy => return decimals(op, Decimal::from(a), Decimal::from(b)),
        ArithmeticOp::Div => a.checked_div(b),
        ArithmeticOp::Mod => a.checked_rem(b),
    };
    result.map(Value::Int).ok_or_else(overflow)
}

fn decimals(op: ArithmeticOp, a: Decimal, b: Decimal) -> Result<Value, Error> {
    let result = match op {
        ArithmeticOp::Add => a.checked_add(b),
        ArithmeticOp::Sub => a.checked_sub(b),
        ArithmeticOp::Mul => a.checked_mul(b),
        ArithmeticOp::Div | ArithmeticOp::DivBy | ArithmeticOp::Mod if b == Decimal::from(0) => return Err(by_zero()),
        ArithmeticOp::Div | ArithmeticOp::DivBy => a.checked_div(b),
        ArithmeticOp::Mod => a.checked_rem(b),
    };
    result.map(Value::Decimal).ok_or_else(overflow)
}

fn doubles(op: ArithmeticOp, a: f64, b: f64) -> f64 {
    match op {
        ArithmeticOp::Add => a + b,
        ArithmeticOp::Sub => a - b,
        ArithmeticOp::Mul => a * b,
        ArithmeticOp::Div | ArithmeticOp::DivBy => a / b,
        ArithmeticOp::Mod => a % b,
    }
}

/// Instants, dates and durations (OData 4.01 part 2, 5.1.1.2).
fn temporal(op: ArithmeticOp, left: &Value, right: &Value) -> Result<Value, Error> {
    let shifted = |at: &DateTimeOffset, ticks: i64| {
        at.ticks()
            .checked_add(ticks)
            .and_then(|ticks| DateTimeOffset::from_parts(ticks, at.form()))
            .map(Value::DateTimeOffset)
            .ok_or_else(overflow)
    };
    let duration = |ticks: Option<i64>| ticks.map(|ticks| Value::Duration(Duration(ticks))).ok_or_else(overflow);
    match (op, left, right) {
        (ArithmeticOp::Add, Value::DateTimeOffset(at), Value::Duration(by)) => shifted(at, by.0),
        (ArithmeticOp::Sub, Value::DateTimeOffset(at), Value::Duration(by)) => {
            shifted(at, by.0.checked_neg().ok_or_else(overflow)?)
        }
        (ArithmeticOp::Sub, Value::DateTimeOffset(a), Value::DateTimeOffset(b)) => {
            duration(a.ticks().checked_sub(b.ticks()))
        }
        (ArithmeticOp::Add, Value::Duration(a), Value::Duration(b)) => duration(a.0.checked_add(b.0)),
        (ArithmeticOp::Sub, Value::Duration(a), Value::Duration(b)) => duration(a.0.checked_sub(b.0)),
        (ArithmeticOp::Mul, Value::Duration(a), Value::Int(b))
        | (ArithmeticOp::Mul, Value::Int(b), Value::Duration(a)) => duration(a.0.checked_mul(*b)),
        (ArithmeticOp::Div | ArithmeticOp::DivBy, Value::Duration(_), Value::Int(0)) => Err(by_zero()),
        (ArithmeticOp::Div | ArithmeticOp::DivBy, Value::Duration(a), Value::Int(b)) => duration(a.0.checked_div(*b)),
        _ => Err(Error::bad_request("The operands of this arithmetic do not fit each other.")),
    }
}

fn decimal(value: &Value) -> Decimal {
    match value {
        Value::Decimal(number) => *number,
        Value::Int(number) => Decimal::from(*number),
        _ => Decimal::from(0),
    }
}

fn double(value: &Value) -> f64 {
    match value {
        Value::Double(number) => *number,
        Value::Int(number) => to_double(*number),
        Value::Decimal(number) => number.to_f64(),
        _ => f64::NAN,
    }
}

fn overflow() -> Error {
    Error::bad_request("The arithmetic of the expression overflows.")
}

fn by_zero() -> Error {
    Error::bad_request("The expression divides by zero.")
}
