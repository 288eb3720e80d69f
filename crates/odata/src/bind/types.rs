//! What the binder asks of types: names for messages, kinds for checks.

use crate::expr::ExprType;
use crate::expr::convert::{enum_of, primitive_of};
use crate::model::{AnyKind, EdmType, Model, Primitive, StructuredType, TypeId};

/// What can be done with a value of a type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    /// `null`, or a type known only at run time.
    Open,
    /// A number; the rank says which way promotion goes.
    Number(Rank),
    /// A primitive type that is no number.
    Plain(Primitive),
    /// An enumeration.
    Enum(TypeId),
    /// A complex or entity type.
    Structured(TypeId),
}

/// Numbers by promotion: integers to decimals to doubles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rank {
    Integer,
    Decimal,
    Double,
}

pub(super) fn class(model: &Model, ty: EdmType) -> Class {
    if let Some(primitive) = primitive_of(model, ty) {
        return match primitive {
            Primitive::Decimal => Class::Number(Rank::Decimal),
            Primitive::Double | Primitive::Single => Class::Number(Rank::Double),
            integer if integer.is_integer() => Class::Number(Rank::Integer),
            other => Class::Plain(other),
        };
    }
    match ty {
        EdmType::Named(id) if enum_of(model, ty).is_some() => Class::Enum(id),
        EdmType::Named(id) => Class::Structured(id),
        EdmType::Any(_) | EdmType::Primitive(_) => Class::Open,
    }
}

/// The class of an expression's (element) type.
pub(super) fn class_of(model: &Model, ty: ExprType) -> Class {
    ty.base.map_or(Class::Open, |base| class(model, base))
}

/// The type as CSDL writes it, for messages.
pub(super) fn type_text(model: &Model, ty: ExprType) -> String {
    let Some(base) = ty.base else { return "null".to_owned() };
    let name = model.type_name(base);
    if ty.collection { format!("Collection({name})") } else { name.to_owned() }
}

/// A type by the name in a URL: `Edm.String`, qualified, with an alias, or unqualified in a default namespace.
pub(super) fn type_by_name(model: &Model, name: &str) -> Option<EdmType> {
    if let Some(primitive) = Primitive::from_name(name) {
        return Some(EdmType::Primitive(primitive));
    }
    match name {
        "Edm.EntityType" => Some(EdmType::Any(AnyKind::Entity)),
        "Edm.ComplexType" => Some(EdmType::Any(AnyKind::Complex)),
        "Edm.PrimitiveType" => Some(EdmType::Any(AnyKind::Primitive)),
        "Edm.Untyped" => Some(EdmType::Any(AnyKind::Untyped)),
        _ => model.type_by_name(name).map(EdmType::Named),
    }
}

/// The structured type of an EDM type.
pub(super) fn structured(model: &Model, ty: EdmType) -> Option<(TypeId, &StructuredType)> {
    let EdmType::Named(id) = ty else { return None };
    model.structured(id).map(|structured| (id, structured))
}

/// Whether one of the types is the other or derived from it: a cast between them can succeed.
pub(super) fn related(model: &Model, a: TypeId, b: TypeId) -> bool {
    model.is_a(a, b) || model.is_a(b, a)
}
