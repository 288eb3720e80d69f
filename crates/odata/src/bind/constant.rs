//! Constants: literals to values, and values to the type that is wanted beside them.

use std::sync::Arc;

use super::types::{Class, class, class_of, type_by_name, type_text};
use crate::edm::{Decimal, parse_primitive};
use crate::expr::convert::{convert, enum_of};
use crate::expr::geo::Shape;
use crate::expr::{Expr, ExprType, Node};
use crate::model::{EdmType, Facets, Model, Primitive};
use crate::syntax::ast::Literal;
use crate::value::Value;

/// A literal with the type that its form has.
pub(super) fn literal(model: &Model, literal: &Literal<'_>) -> Result<Expr, String> {
    let of = |primitive: Primitive, text: &str| {
        let value = parse_primitive(primitive, &Facets::default(), &text.replace(' ', "+"));
        let value = value.map_err(|error| format!("'{text}' is not a valid {}: {error}", primitive.name()))?;
        Ok(Expr { node: Node::Literal(value), ty: ExprType::primitive(primitive) })
    };
    let plain = |primitive: Primitive, value: Value| {
        Ok(Expr { node: Node::Literal(value), ty: ExprType::primitive(primitive) })
    };
    match literal {
        Literal::Null => Ok(Expr { node: Node::Literal(Value::Null), ty: ExprType::NULL }),
        Literal::Boolean(value) => plain(Primitive::Boolean, Value::Boolean(*value)),
        Literal::Integer(text) => match text.parse::<i64>() {
            Ok(number) => {
                let primitive = if Primitive::Int32.holds(number) { Primitive::Int32 } else { Primitive::Int64 };
                plain(primitive, Value::Int(number))
            }
            Err(_) => of(Primitive::Decimal, text),
        },
        Literal::Decimal(text) => match Decimal::parse(text) {
            Ok(number) => plain(Primitive::Decimal, Value::Decimal(number)),
            // More digits than a decimal keeps: a double is what remains.
            Err(_) => of(Primitive::Double, text),
        },
        Literal::Double(text) => of(Primitive::Double, text),
        Literal::String(text) => plain(Primitive::String, Value::String(Arc::from(text.as_ref()))),
        Literal::Guid(guid) => plain(Primitive::Guid, Value::Guid(*guid)),
        Literal::Date(text) => of(Primitive::Date, text),
        Literal::DateTimeOffset(text) => of(Primitive::DateTimeOffset, text),
        Literal::TimeOfDay(text) => of(Primitive::TimeOfDay, text),
        Literal::Duration(text) => of(Primitive::Duration, text),
        Literal::Binary(text) => of(Primitive::Binary, text),
        Literal::Geo { geometry, text } => {
            let Some((_, shape)) = Shape::read(text) else {
                return Err(format!("'{text}' is not a shape such as SRID=4326;Point(142.1 64.1)."));
            };
            plain(shape.primitive(*geometry), Value::Geo(Arc::from(*text)))
        }
        Literal::Enum { type_name, members } => {
            let ty = type_by_name(model, type_name).filter(|ty| enum_of(model, *ty).is_some());
            let ty = ty.ok_or_else(|| format!("'{type_name}' is not an enumeration type."))?;
            let value = enum_of(model, ty).and_then(|enumeration| enumeration.parse(members).ok());
            let value = value.ok_or_else(|| format!("'{members}' is not a value of '{type_name}'."))?;
            Ok(Expr { node: Node::Literal(Value::Enum(value)), ty: ExprType::single(ty) })
        }
    }
}

/// Turns a constant into one of type `to`, where a URL may write it so: numbers of any kind, strings for everything that
/// has a text form, integers for enumerations. Gives the expression back when it is no constant or needs no change.
pub(super) fn adapt(model: &Model, expr: Expr, to: EdmType) -> Result<Expr, String> {
    let Node::Literal(value) = &expr.node else { return Ok(expr) };
    if value.is_null() || expr.ty.collection {
        return Ok(expr);
    }
    let wanted = class(model, to);
    let adaptable = match (class_of(model, expr.ty), wanted) {
        (a, b) if a == b => return Ok(expr),
        (Class::Number(_), Class::Number(_))
        | (Class::Number(super::types::Rank::Integer) | Class::Plain(Primitive::String), Class::Enum(_))
        | (Class::Plain(Primitive::Date), Class::Plain(Primitive::DateTimeOffset)) => true,
        (Class::Plain(Primitive::String), Class::Plain(other)) => other != Primitive::Stream,
        _ => false,
    };
    if !adaptable {
        return Ok(expr);
    }
    // A whole number may be compared with a fraction; one that an integer type cannot hold is a mistake.
    if let (Value::Decimal(number), Class::Number(super::types::Rank::Integer)) = (value, wanted) {
        return if number.normalized().scale == 0 && number.to_i64().is_none() {
            Err(format!("'{number}' is out of the range of {}.", model.type_name(to)))
        } else {
            Ok(expr)
        };
    }
    if let (Value::Double(_), Class::Number(rank)) = (value, wanted)
        && rank != super::types::Rank::Double
    {
        return Ok(expr);
    }
    match convert(model, value, expr.ty.base, to) {
        Some(value) => Ok(Expr { node: Node::Literal(value), ty: ExprType::single(to) }),
        None => Err(format!("The literal cannot be read as '{}'.", type_text(model, ExprType::single(to)))),
    }
}

/// As [`adapt`], for each element of a collection that is written out.
pub(super) fn adapt_elements(model: &Model, expr: Expr, to: EdmType) -> Result<Expr, String> {
    let Node::Literal(Value::Collection(values)) = &expr.node else { return Ok(expr) };
    let mut ty = expr.ty;
    let mut adapted = Vec::with_capacity(values.len());
    for value in values.iter() {
        let element = Expr { node: Node::Literal(value.clone()), ty: ExprType { collection: false, ..expr.ty } };
        let element = adapt(model, element, to)?;
        if let Node::Literal(value) = element.node {
            ty = ExprType { collection: true, ..element.ty };
            adapted.push(value);
        }
    }
    Ok(Expr { node: Node::Literal(adapted.into()), ty })
}
