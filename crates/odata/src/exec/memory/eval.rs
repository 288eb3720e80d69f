//! Evaluation of a bound expression over one row.

use std::ops::Deref;

use super::{arithmetic, call, compare};
use crate::edm::DateTimeOffset;
use crate::error::Error;
use crate::expr::{Expr, Node, Step};
use crate::model::{AnyKind, EdmType, Model, NamedType, Primitive};
use crate::plan::Filter;
use crate::value::Value;

/// What an evaluation may ask beside the row.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// The model that the expression was bound to.
    pub model: &'a Model,
    /// The instant that `now()` gives.
    pub now: DateTimeOffset,
}

/// A value that is borrowed from the row where it can be.
#[derive(Debug, Clone)]
pub(super) enum Got<'v> {
    Ref(&'v Value),
    Own(Value),
}

impl Deref for Got<'_> {
    type Target = Value;

    fn deref(&self) -> &Value {
        match self {
            Self::Ref(value) => value,
            Self::Own(value) => value,
        }
    }
}

fn known(truth: bool) -> Got<'static> {
    Got::Own(Value::Boolean(truth))
}

pub(super) const NULL: Got<'static> = Got::Ref(&Value::Null);

/// The row and, inside lambdas, the elements of the collections around: innermost last.
#[derive(Clone, Copy)]
pub(super) struct Scope<'v> {
    root: u8,
    value: &'v Value,
    outer: Option<&'v Scope<'v>>,
}

impl<'v> Scope<'v> {
    fn find(&self, root: u8) -> &'v Value {
        if self.root == root {
            return self.value;
        }
        self.outer.map_or(&Value::Null, |outer| outer.find(root))
    }
}

/// Whether the filter takes the row: false and null both leave it out.
///
/// # Errors
/// Overflow and division by zero.
pub fn matches(filter: &Filter, row: &Value, cx: Context<'_>) -> Result<bool, Error> {
    let scope = Scope { root: 0, value: row, outer: None };
    Ok(matches!(*eval(filter.expr(), &scope, cx)?, Value::Boolean(true)))
}

/// The value of an expression for a row.
///
/// # Errors
/// Overflow and division by zero.
pub fn evaluate(expr: &Expr, row: &Value, cx: Context<'_>) -> Result<Value, Error> {
    let scope = Scope { root: 0, value: row, outer: None };
    Ok(match eval(expr, &scope, cx)? {
        Got::Ref(value) => value.clone(),
        Got::Own(value) => value,
    })
}

pub(super) fn eval<'v>(expr: &'v Expr, scope: &Scope<'v>, cx: Context<'_>) -> Result<Got<'v>, Error> {
    Ok(match &expr.node {
        Node::Literal(value) => Got::Ref(value),
        Node::Path { root, steps } => Got::Ref(follow(scope.find(*root), steps, cx.model)),
        Node::Compare(op, left, right) => {
            known(compare::holds(*op, &*eval(left, scope, cx)?, &*eval(right, scope, cx)?))
        }
        Node::And(left, right) => and(truth(left, scope, cx)?, || truth(right, scope, cx))?,
        Node::Or(left, right) => or(truth(left, scope, cx)?, || truth(right, scope, cx))?,
        Node::Not(inner) => logical(truth(inner, scope, cx)?.map(|truth| !truth)),
        Node::In(left, list) => is_in(&*eval(left, scope, cx)?, list, scope, cx)?,
        Node::Arithmetic(op, left, right) => {
            Got::Own(arithmetic::apply(*op, &*eval(left, scope, cx)?, &*eval(right, scope, cx)?)?)
        }
        Node::Negate(inner) => Got::Own(arithmetic::negate(&*eval(inner, scope, cx)?)?),
        Node::Has(left, right) => match (&*eval(left, scope, cx)?, &*eval(right, scope, cx)?) {
            (Value::Enum(flags), Value::Enum(wanted)) => known(flags & wanted == *wanted),
            _ => NULL,
        },
        Node::Call(function, arguments) => {
            let arguments =
                arguments.iter().map(|argument| eval(argument, scope, cx)).collect::<Result<Vec<_>, _>>()?;
            call::call(*function, &arguments, cx)?
        }
        Node::Matches(inner, pattern) => match &*eval(inner, scope, cx)? {
            Value::String(text) => known(pattern.is_match(text)),
            _ => NULL,
        },
        Node::Lambda { all, source, variable, body } => {
            let source = eval(source, scope, cx)?;
            quantified(*all, source.as_collection().unwrap_or(&[]), *variable, body.as_deref(), scope, cx)?
        }
        Node::Count { source, variable, filter } => {
            let source = eval(source, scope, cx)?;
            count(source.as_collection().unwrap_or(&[]), *variable, filter.as_deref(), scope, cx)?
        }
        Node::Cast(inner, ty) => cast(eval(inner, scope, cx)?, ty.base, cx),
        Node::IsOf(inner, ty) => known(is_of(&*eval(inner, scope, cx)?, ty.base, cx)),
    })
}

fn truth<'v>(expr: &'v Expr, scope: &Scope<'v>, cx: Context<'_>) -> Result<Option<bool>, Error> {
    Ok(if let Value::Boolean(known) = *eval(expr, scope, cx)? { Some(known) } else { None })
}

fn logical(truth: Option<bool>) -> Got<'static> {
    truth.map_or(NULL, known)
}

fn and(left: Option<bool>, right: impl FnOnce() -> Result<Option<bool>, Error>) -> Result<Got<'static>, Error> {
    if left == Some(false) {
        return Ok(known(false));
    }
    Ok(logical(match (left, right()?) {
        (_, Some(false)) => Some(false),
        (Some(true), Some(true)) => Some(true),
        _ => None,
    }))
}

fn or(left: Option<bool>, right: impl FnOnce() -> Result<Option<bool>, Error>) -> Result<Got<'static>, Error> {
    if left == Some(true) {
        return Ok(known(true));
    }
    Ok(logical(match (left, right()?) {
        (_, Some(true)) => Some(true),
        (Some(false), Some(false)) => Some(false),
        _ => None,
    }))
}

fn is_in<'v>(left: &Value, list: &'v [Expr], scope: &Scope<'v>, cx: Context<'_>) -> Result<Got<'v>, Error> {
    if let [only] = list
        && only.ty.collection
    {
        let values = eval(only, scope, cx)?;
        return Ok(known(values.as_collection().unwrap_or(&[]).iter().any(|value| compare::equal(left, value))));
    }
    for item in list {
        if compare::equal(left, &*eval(item, scope, cx)?) {
            return Ok(known(true));
        }
    }
    Ok(known(false))
}

fn quantified<'v>(
    all: bool,
    values: &[Value],
    variable: u8,
    body: Option<&'v Expr>,
    scope: &Scope<'v>,
    cx: Context<'_>,
) -> Result<Got<'v>, Error> {
    let Some(body) = body else { return Ok(known(all || !values.is_empty())) };
    for value in values {
        if within(body, variable, value, scope, cx)? != all {
            return Ok(known(!all));
        }
    }
    Ok(known(all))
}

fn count<'v>(
    values: &[Value],
    variable: u8,
    filter: Option<&'v Expr>,
    scope: &Scope<'v>,
    cx: Context<'_>,
) -> Result<Got<'v>, Error> {
    let mut total = 0;
    for value in values {
        let counts = match filter {
            Some(filter) => within(filter, variable, value, scope, cx)?,
            None => true,
        };
        total += i64::from(counts);
    }
    Ok(Got::Own(Value::Int(total)))
}

/// A predicate inside a lambda: null counts as false.
fn within(body: &Expr, variable: u8, value: &Value, outer: &Scope<'_>, cx: Context<'_>) -> Result<bool, Error> {
    let scope = Scope { root: variable, value, outer: Some(outer) };
    Ok(matches!(*eval(body, &scope, cx)?, Value::Boolean(true)))
}

fn follow<'v>(start: &'v Value, steps: &[Step], model: &Model) -> &'v Value {
    let mut value = start;
    for step in steps {
        value = match (step, value) {
            (Step::Member(member), Value::Record(record)) => record.get(*member).unwrap_or(&Value::Null),
            (Step::Cast(ty), Value::Record(record)) if model.is_a(record.type_id, *ty) => value,
            _ => &Value::Null,
        };
    }
    value
}

/// Numeric promotion and the other conversions of `cast`; what cannot be converted is null.
fn cast<'v>(value: Got<'v>, ty: Option<EdmType>, cx: Context<'_>) -> Got<'v> {
    let Some(EdmType::Primitive(primitive)) = underlying(ty, cx.model) else {
        return if is_of(&value, ty, cx) { value } else { NULL };
    };
    match convert(&value, primitive) {
        Some(Value::Null) => NULL,
        Some(converted) => Got::Own(converted),
        None => value,
    }
}

/// `None` keeps the value as it is.
fn convert(value: &Value, to: Primitive) -> Option<Value> {
    use crate::edm::Decimal;
    Some(match (value, to) {
        (Value::Int(number), Primitive::Double | Primitive::Single) => Value::Double(compare::to_double(*number)),
        (Value::Int(number), Primitive::Decimal) => Value::Decimal(Decimal::from(*number)),
        (Value::Decimal(number), Primitive::Double | Primitive::Single) => Value::Double(number.to_f64()),
        (Value::Double(number), Primitive::Decimal) => Decimal::from_f64(*number).map_or(Value::Null, Value::Decimal),
        (Value::Double(number), Primitive::Single) => {
            #[expect(clippy::cast_possible_truncation, reason = "Edm.Single is what is asked for")]
            let single = *number as f32;
            Value::Double(f64::from(single))
        }
        (Value::Int(number), narrow) if integer_range(narrow).is_some_and(|range| !range.contains(number)) => {
            Value::Null
        }
        (Value::Decimal(number), whole) if integer_range(whole).is_some() => {
            number.to_i64().map_or(Value::Null, Value::Int)
        }
        (Value::DateTimeOffset(at), Primitive::Date) => Value::Date(call::date_of(*at)),
        (Value::DateTimeOffset(at), Primitive::TimeOfDay) => Value::TimeOfDay(call::time_of(*at)),
        (Value::Null | Value::String(_), Primitive::String) => return None,
        (scalar, Primitive::String) => text_of(scalar),
        _ => return None,
    })
}

fn text_of(scalar: &Value) -> Value {
    let ty = match scalar {
        Value::Boolean(_) => Primitive::Boolean,
        Value::Int(_) => Primitive::Int64,
        Value::Double(_) => Primitive::Double,
        Value::Decimal(_) => Primitive::Decimal,
        Value::Guid(_) => Primitive::Guid,
        Value::Date(_) => Primitive::Date,
        Value::TimeOfDay(_) => Primitive::TimeOfDay,
        Value::Duration(_) => Primitive::Duration,
        Value::DateTimeOffset(_) => Primitive::DateTimeOffset,
        Value::Binary(_) => Primitive::Binary,
        _ => return Value::Null,
    };
    let mut text = String::new();
    crate::edm::write_primitive(ty, scalar, &mut text);
    Value::String(text.into())
}

fn integer_range(ty: Primitive) -> Option<std::ops::RangeInclusive<i64>> {
    Some(match ty {
        Primitive::SByte => i64::from(i8::MIN)..=i64::from(i8::MAX),
        Primitive::Byte => 0..=i64::from(u8::MAX),
        Primitive::Int16 => i64::from(i16::MIN)..=i64::from(i16::MAX),
        Primitive::Int32 => i64::from(i32::MIN)..=i64::from(i32::MAX),
        Primitive::Int64 => i64::MIN..=i64::MAX,
        _ => return None,
    })
}

fn underlying(ty: Option<EdmType>, model: &Model) -> Option<EdmType> {
    match ty? {
        EdmType::Named(id) => match model.named(id) {
            NamedType::Definition(definition) => Some(EdmType::Primitive(definition.underlying)),
            _ => ty,
        },
        same => Some(same),
    }
}

fn is_of(value: &Value, ty: Option<EdmType>, cx: Context<'_>) -> bool {
    match (value, underlying(ty, cx.model)) {
        (Value::Null, _) | (_, None) => false,
        (Value::Record(record), Some(EdmType::Named(id))) => cx.model.is_a(record.type_id, id),
        (Value::Enum(_), Some(EdmType::Named(id))) => matches!(cx.model.named(id), NamedType::Enum(_)),
        (Value::Record(_), Some(EdmType::Any(kind))) => kind != AnyKind::Primitive,
        (_, Some(EdmType::Any(kind))) => matches!(kind, AnyKind::Primitive | AnyKind::Untyped),
        (value, Some(EdmType::Primitive(primitive))) => primitive_is(value, primitive),
        _ => false,
    }
}

fn primitive_is(value: &Value, ty: Primitive) -> bool {
    match value {
        Value::Boolean(_) => ty == Primitive::Boolean,
        Value::Int(number) => integer_range(ty).is_some_and(|range| range.contains(number)),
        Value::Double(_) => matches!(ty, Primitive::Double | Primitive::Single),
        Value::Decimal(_) => ty == Primitive::Decimal,
        Value::String(_) => ty == Primitive::String,
        Value::Guid(_) => ty == Primitive::Guid,
        Value::Date(_) => ty == Primitive::Date,
        Value::TimeOfDay(_) => ty == Primitive::TimeOfDay,
        Value::Duration(_) => ty == Primitive::Duration,
        Value::DateTimeOffset(_) => ty == Primitive::DateTimeOffset,
        Value::Binary(_) => ty == Primitive::Binary,
        Value::Stream(_) => ty == Primitive::Stream,
        _ => false,
    }
}
