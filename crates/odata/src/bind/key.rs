//! Keys and parameters in a path: constants of a known type, in parentheses, by alias, or as a segment.

use super::constant;
use super::types::{Class, class_of, type_text};
use crate::edm::parse_primitive;
use crate::error::{Error, ErrorKind};
use crate::expr::convert::{convert, enum_of, primitive_of};
use crate::expr::{ExprType, Node};
use crate::limits::ALIAS_CHAIN_MAX;
use crate::model::{EdmType, KeyRef, Model, StructuredType, TypeRef};
use crate::syntax::ast::{Argument, Expr, ExprKind, Root};
use crate::syntax::{Query, parse_expression};
use crate::value::Value;

/// The arguments that stand in parentheses after a name.
pub(super) struct Given<'p> {
    /// `None` without parentheses.
    pub(super) arguments: Option<&'p [Argument<'p>]>,
}

impl<'p> Given<'p> {
    pub(super) fn names(&self) -> impl Iterator<Item = &'p str> {
        self.arguments.unwrap_or_default().iter().filter_map(|argument| argument.name)
    }

    /// Whether a value stands there without a name.
    pub(super) fn is_positional(&self) -> bool {
        self.arguments.unwrap_or_default().iter().any(|argument| argument.name.is_none())
    }

    /// Whether arguments may come from the query part: nothing was given in parentheses.
    pub(super) fn is_implicit(&self) -> bool {
        self.arguments.unwrap_or_default().is_empty()
    }

    pub(super) fn by_name(&self, name: &str) -> Option<&'p Expr<'p>> {
        let argument = self.arguments.unwrap_or_default().iter().find(|argument| argument.name == Some(name))?;
        Some(&argument.value)
    }
}

/// The type of a key's part: the path of members from the entity type.
pub(super) fn key_type<'m>(model: &'m Model, ty: &'m StructuredType, part: &KeyRef) -> Option<&'m TypeRef> {
    let mut owner = ty;
    let mut found = None;
    for number in &part.path {
        let member = owner.members.get(usize::from(*number))?;
        found = Some(&member.ty);
        if let EdmType::Named(id) = member.ty.base
            && let Some(inner) = model.structured(id)
        {
            owner = inner;
        }
    }
    found
}

/// Binds `(value)` or `(name=value,…)` as a key.
pub(super) fn in_parentheses(
    model: &Model,
    ty: &StructuredType,
    arguments: &[Argument<'_>],
    query: &Query,
) -> Result<Vec<Value>, Error> {
    let wrong = || {
        let names: Vec<&str> = ty.key.iter().map(|part| part.name.as_ref()).collect();
        Error::bad_request(format!("The key of '{}' is ({}).", ty.name, names.join(",")))
    };
    if let [Argument { name: None, value }] = arguments {
        let [part] = ty.key.as_slice() else { return Err(wrong()) };
        let wanted = key_type(model, ty, part).ok_or_else(wrong)?;
        return Ok(vec![key_value(model, wanted, value, query)?]);
    }
    if arguments.len() != ty.key.len() || arguments.is_empty() {
        return Err(wrong());
    }
    let mut values = Vec::with_capacity(ty.key.len());
    for part in &ty.key {
        let argument = arguments.iter().find(|argument| argument.name == Some(part.name.as_ref())).ok_or_else(wrong)?;
        let wanted = key_type(model, ty, part).ok_or_else(wrong)?;
        values.push(key_value(model, wanted, &argument.value, query)?);
    }
    Ok(values)
}

fn key_value(model: &Model, wanted: &TypeRef, tree: &Expr<'_>, query: &Query) -> Result<Value, Error> {
    let value = constant_of(model, wanted, tree, query)?;
    if value.is_null() { Err(Error::bad_request("A key cannot be null.")) } else { Ok(value) }
}

/// The value of a segment that stands for a part of a key: its text, not quoted. `None` when it is no such value.
pub(super) fn as_segment(model: &Model, wanted: &TypeRef, text: &str) -> Option<Value> {
    if let Some(enumeration) = enum_of(model, wanted.base) {
        return enumeration.parse(text).ok().map(Value::Enum);
    }
    parse_primitive(primitive_of(model, wanted.base)?, &wanted.facets, text).ok()
}

/// A constant of a declared type: a literal, an alias of one, or a collection of literals.
pub(super) fn constant_of(model: &Model, wanted: &TypeRef, tree: &Expr<'_>, query: &Query) -> Result<Value, Error> {
    resolve(model, wanted, tree, query, 0)
}

/// As [`constant_of`], from the text of an alias or of an argument in the query part.
pub(super) fn constant_text(
    model: &Model,
    wanted: &TypeRef,
    text: &str,
    name: &str,
    query: &Query,
) -> Result<Value, Error> {
    match parse_expression(text) {
        Ok(tree) => resolve(model, wanted, &tree, query, 0),
        Err(error) => Err(error.into_error(name)),
    }
}

fn resolve(model: &Model, wanted: &TypeRef, tree: &Expr<'_>, query: &Query, depth: usize) -> Result<Value, Error> {
    let fail = |message: String| Error::bad_request(message).at("path").at_position(tree.span.start as usize);
    match &tree.kind {
        ExprKind::Literal(literal) => {
            let bound = constant::literal(model, literal).map_err(fail)?;
            if bound.ty.base.is_none() {
                return if wanted.nullable {
                    Ok(Value::Null)
                } else {
                    Err(fail("Null is not allowed here.".to_owned()))
                };
            }
            if wanted.collection {
                return Err(fail("A collection is expected here.".to_owned()));
            }
            let bound = constant::adapt(model, bound, wanted.base).map_err(fail)?;
            let (found, class) = (bound.ty, class_of(model, bound.ty));
            let expected = class_of(model, ExprType::single(wanted.base));
            if class != expected && expected != Class::Open {
                let (found, wanted) = (type_text(model, found), type_text(model, ExprType::single(wanted.base)));
                return Err(fail(format!("A value of type '{wanted}' is expected here, not of '{found}'.")));
            }
            let Node::Literal(value) = bound.node else { return Err(fail("A constant is expected here.".to_owned())) };
            // Once more: integers adapt within one class but must fit the declared width.
            convert(model, &value, found.base, wanted.base)
                .ok_or_else(|| fail(format!("The value is out of the range of '{}'.", model.type_name(wanted.base))))
        }
        ExprKind::Path(path) if path.segments.is_empty() => match &path.root {
            Root::At(name) if depth < ALIAS_CHAIN_MAX => match query.alias(name) {
                Some(text) => {
                    let inner = parse_expression(text).map_err(|error| error.into_error(name))?;
                    resolve(model, wanted, &inner, query, depth + 1)
                }
                None if wanted.nullable => Ok(Value::Null),
                None => {
                    Err(fail(format!("The parameter alias '{name}' is not defined, and null is not allowed here.")))
                }
            },
            _ => Err(fail("A constant is expected here.".to_owned())),
        },
        ExprKind::Array(items) if wanted.collection => {
            let element = TypeRef { collection: false, ..wanted.clone() };
            let values = items.iter().map(|item| resolve(model, &element, item, query, depth + 1));
            Ok(Value::Collection(values.collect::<Result<Vec<_>, _>>()?.into()))
        }
        ExprKind::Object(_) | ExprKind::Array(_) => {
            Err(Error::new(ErrorKind::NotImplemented, "Structured values in a URL are not offered.").at("path"))
        }
        _ => Err(fail("A constant is expected here.".to_owned())),
    }
}
