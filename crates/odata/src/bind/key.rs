//! Keys and parameters in a path: constants of a known type, in parentheses, by alias, or as a segment.

use std::borrow::Cow;

use super::constant;
use super::types::{Class, class_of, type_text};
use crate::edm::parse_in_url;
use crate::error::{Error, ErrorKind, shown};
use crate::expr::convert::{convert, enum_of, primitive_of};
use crate::expr::{ExprType, Node};
use crate::limits::ALIAS_CHAIN_MAX;
use crate::model::{EdmType, KeyRef, Model, StructuredType, TypeId, TypeRef};
use crate::syntax::ast::{Argument, Expr, ExprKind, Literal, Root};
use crate::syntax::{Query, parse_expression};
use crate::value::{Record, Value};

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

    /// A name that is given more than once: in parentheses, or there and in the query part.
    pub(super) fn repeated(&self, query: &Query) -> Option<&'p str> {
        let in_query = |name: &str| query.bare().any(|(known, _)| known == name);
        self.names()
            .enumerate()
            .find(|(at, name)| in_query(name) || self.names().take(*at).any(|known| known == *name))
            .map(|(_, name)| name)
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

/// Binds `(value)` or `(name=value,…)` as the key of `parts`. What `implied` has for a part may be left out.
pub(super) fn in_parentheses(
    model: &Model,
    ty: &StructuredType,
    parts: &[KeyRef],
    implied: &[Option<Value>],
    arguments: &[Argument<'_>],
    query: &Query,
) -> Result<Vec<Value>, Error> {
    let wrong = || {
        let names: Vec<&str> = parts.iter().map(|part| part.name.as_ref()).collect();
        Error::bad_request(format!("The key of '{}' is ({}).", ty.name, names.join(","))).at("path")
    };
    let open = implied.iter().filter(|value| value.is_none()).count();
    let is_single = matches!(arguments, [Argument { name: None, .. }]) && (open == 1 || parts.len() == 1);
    let is_named = |argument: &Argument<'_>| parts.iter().any(|part| argument.name == Some(&part.name));
    if arguments.is_empty() || !(is_single || arguments.iter().all(is_named)) {
        return Err(wrong());
    }
    let mut taken = 0;
    let mut values = Vec::with_capacity(parts.len());
    for (part, implied) in parts.iter().zip(implied) {
        let is_given = |argument: &&Argument<'_>| match argument.name {
            Some(name) => *name == *part.name,
            None => implied.is_none() || parts.len() == 1,
        };
        match (arguments.iter().find(is_given), implied) {
            (Some(argument), _) => {
                taken += 1;
                let wanted = key_type(model, ty, part).ok_or_else(wrong)?;
                values.push(key_value(model, wanted, &argument.value, query)?);
            }
            (None, Some(implied)) => values.push(implied.clone()),
            (None, None) => return Err(wrong()),
        }
    }
    // A part that is given twice leaves an argument over.
    if taken == arguments.len() { Ok(values) } else { Err(wrong()) }
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
    parse_in_url(primitive_of(model, wanted.base)?, &wanted.facets, text).ok()
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
        Ok(tree) => resolve(model, wanted, &tree, query, 0).map_err(|error| of_alias(error, name)),
        Err(error) => Err(error.into_error(name)),
    }
}

/// A fault in the text of an alias or of an argument is not one in the path.
fn of_alias(error: Error, name: &str) -> Error {
    if error.target.as_deref() == Some("path") { error.at(name) } else { error }
}

fn resolve(model: &Model, wanted: &TypeRef, tree: &Expr<'_>, query: &Query, depth: usize) -> Result<Value, Error> {
    let fail = |message: String| Error::bad_request(message).at("path").at_position(tree.span.start as usize);
    let not_offered = || {
        let error = Error::new(ErrorKind::NotImplemented, "Only constants are offered here.");
        error.at("path").at_position(tree.span.start as usize)
    };
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
                    resolve(model, wanted, &inner, query, depth + 1).map_err(|error| of_alias(error, name))
                }
                None if wanted.nullable => Ok(Value::Null),
                None => {
                    Err(fail(format!("The parameter alias '{name}' is not defined, and null is not allowed here.")))
                }
            },
            _ => Err(not_offered()),
        },
        ExprKind::Array(items) if wanted.collection => {
            let element = TypeRef { collection: false, ..wanted.clone() };
            let values = items.iter().map(|item| resolve(model, &element, item, query, depth + 1));
            Ok(Value::Collection(values.collect::<Result<Vec<_>, _>>()?.into()))
        }
        ExprKind::Object(members) if !wanted.collection => match wanted.base {
            EdmType::Named(id) if model.structured(id).is_some_and(|ty| !ty.is_entity) => {
                object(model, id, members, query, depth).map_err(|error| error.at("path"))
            }
            EdmType::Named(id) if model.structured(id).is_some() => {
                Err(Error::new(ErrorKind::NotImplemented, "Entities in a URL are not offered.").at("path"))
            }
            _ => Err(fail(format!("A value of type '{}' is expected here.", model.type_name(wanted.base)))),
        },
        ExprKind::Array(_) => Err(fail("A single value is expected here, not a collection.".to_owned())),
        ExprKind::Object(_) => Err(fail("A collection is expected here.".to_owned())),
        _ => Err(not_offered()),
    }
}

/// A complex value that is written out as JSON. Members that are left out are absent.
fn object(
    model: &Model,
    declared: TypeId,
    members: &[(Cow<'_, str>, Expr<'_>)],
    query: &Query,
    depth: usize,
) -> Result<Value, Error> {
    let named = members.iter().find(|(name, _)| matches!(&**name, "@odata.type" | "@type"));
    let actual = match named {
        None => declared,
        Some((_, Expr { kind: ExprKind::Literal(Literal::String(name)), .. })) => {
            let name = name.trim_start_matches('#');
            let found = model.type_by_name(name).filter(|id| model.is_a(*id, declared));
            found.ok_or_else(|| Error::bad_request(format!("'{}' is no type of the parameter.", shown(name))))?
        }
        Some(_) => return Err(Error::bad_request("A type is named by a string.")),
    };
    let ty = model.structured(actual).filter(|ty| !ty.is_abstract);
    let ty = ty.ok_or_else(|| Error::bad_request("The type of the parameter is abstract; name a derived one."))?;
    let mut record = Record::new(actual, ty.members.len());
    for (name, tree) in members.iter().filter(|(name, _)| !name.contains('@')) {
        let Some((number, member)) = ty.member(name).filter(|(_, member)| !member.is_navigation()) else {
            let message = format!("Could not find a property named '{}' on type '{}'.", shown(name), ty.name);
            return Err(Error::bad_request(message));
        };
        if record.get(number).is_some() {
            return Err(Error::bad_request(format!("The property '{}' is given twice.", member.name)));
        }
        record.set(number, resolve(model, &member.ty, tree, query, depth + 1)?);
    }
    Ok(record.into())
}
