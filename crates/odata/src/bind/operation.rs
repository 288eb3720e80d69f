//! Operations by name and overload: bare, qualified, by alias, by their other names.

use std::borrow::Cow;
use std::sync::Arc;

use http::Method;

use super::key::Given;
use crate::error::{Error, shown};
use crate::model::{EdmType, Model, Operation, OperationId, TypeRef};
use crate::syntax::Query;

/// Whether any operation is called so; for messages and `$select`.
pub(super) fn named_like(model: &Model, name: &str) -> bool {
    model.operations.iter().any(|operation| called(model, operation, name))
}

/// Whether a URL may call the operation by `name`.
fn called(model: &Model, operation: &Operation, name: &str) -> bool {
    let Some((namespace, short)) = name.rsplit_once('.') else {
        let namespace = &operation.name[..operation.namespace_len];
        return operation.short_name() == name && model.default_namespaces.iter().any(|known| **known == *namespace);
    };
    if *operation.name == *name || operation.other_names.iter().any(|other| **other == *name) {
        return true;
    }
    let full = model.aliases.get(namespace);
    short == operation.short_name() && full.is_some_and(|full| **full == operation.name[..operation.namespace_len])
}

/// What `$select` names, with its namespace: an operation, one overload of it, or `ns.*`.
pub(super) fn selected(model: &Model, name: &str, parameters: Option<&[&str]>) -> Arc<str> {
    let known = model.operations.iter().find(|operation| called(model, operation, name));
    let full = known.map_or_else(|| model.resolve_name(name), |operation| Cow::Borrowed(&*operation.name));
    match parameters {
        None => full.into(),
        Some(parameters) => format!("{full}({})", parameters.join(",")).into(),
    }
}

/// The overloads bound to a value of the type, those bound to the most derived type first.
pub(super) fn bound_to(model: &Model, ty: &TypeRef, name: &str) -> Vec<OperationId> {
    let fits = |operation: &Operation| {
        let binding = operation.parameters.first().filter(|_| operation.is_bound)?;
        if binding.ty.collection != ty.collection {
            return None;
        }
        match (ty.base, binding.ty.base) {
            (EdmType::Named(actual), EdmType::Named(wanted)) if model.is_a(actual, wanted) => {
                Some(model.structured(wanted).map_or(0, |ty| ty.ancestors.len()))
            }
            (actual, wanted) if actual == wanted => Some(0),
            _ => None,
        }
    };
    let mut found: Vec<(usize, OperationId)> = model
        .operations
        .iter()
        .zip(0_u32..)
        .filter(|(operation, _)| called(model, operation, name))
        .filter_map(|(operation, number)| fits(operation).map(|depth| (depth, OperationId(number))))
        .collect();
    found.sort_by_key(|(depth, _)| std::cmp::Reverse(*depth));
    let deepest = found.first().map(|(depth, _)| *depth);
    found.into_iter().filter(|(depth, _)| Some(*depth) == deepest).map(|(_, id)| id).collect()
}

/// The overload that the given arguments fit. An action is the first: its parameters come in the body.
pub(super) fn overload(
    model: &Model,
    candidates: &[OperationId],
    given: &Given<'_>,
    query: &Query,
    name: &str,
) -> Result<OperationId, Error> {
    let Some(first) = candidates.first() else {
        return Err(super::path::unknown(name));
    };
    if model.operation(*first).is_action {
        if given.names().next().is_some() || given.is_positional() {
            return Err(Error::bad_request(format!("The action '{name}' takes its parameters in the body.")));
        }
        return Ok(*first);
    }
    // Whatever is wrong with its arguments, a function is read: a wrong method is told before them.
    overload_of_function(model, candidates, given, query, name)
        .map_err(|error| error.with_allow([Method::GET, Method::HEAD]))
}

fn overload_of_function(
    model: &Model,
    candidates: &[OperationId],
    given: &Given<'_>,
    query: &Query,
    name: &str,
) -> Result<OperationId, Error> {
    if given.is_positional() {
        return Err(Error::bad_request(format!("The function '{name}' takes its parameters by name.")));
    }
    if let Some(repeated) = given.repeated(query) {
        let message = format!("The parameter '{}' of the function '{name}' is given more than once.", shown(repeated));
        return Err(Error::bad_request(message).at(shown(repeated)));
    }
    let mut best: Option<(usize, OperationId)> = None;
    for id in candidates {
        let operation = model.operation(*id);
        let parameters = own_parameters(operation);
        let known = |wanted: &str| parameters.iter().any(|parameter| *parameter.name == *wanted);
        if !given.names().all(known) {
            continue;
        }
        let by_name = |wanted: &str| given.names().any(|name| name == wanted);
        let implicit = |wanted: &str| implicit_text(query, wanted).is_some();
        let mut score = 0;
        let fits = parameters.iter().all(|parameter| {
            let present = by_name(&parameter.name) || implicit(&parameter.name);
            score += usize::from(present);
            present || parameter.optional
        });
        if fits && best.is_none_or(|(known, _)| score > known) {
            best = Some((score, *id));
        }
    }
    best.map(|(_, id)| id).ok_or_else(|| {
        let names: Vec<&str> = given.names().collect();
        let names =
            if names.is_empty() { "no parameters".to_owned() } else { format!("the parameters {}", names.join(", ")) };
        Error::bad_request(format!("No overload of the function '{name}' takes {names}."))
    })
}

/// The parameters without the binding one.
pub(super) fn own_parameters(operation: &Operation) -> &[crate::model::Parameter] {
    &operation.parameters[usize::from(operation.is_bound && !operation.parameters.is_empty())..]
}

/// The text of an argument given in the query part: `?name=…` or `?@name=…`.
pub(super) fn implicit_text<'q>(query: &'q Query, name: &str) -> Option<&'q str> {
    let bare = query.bare().find(|(known, _)| *known == name).map(|(_, text)| text);
    bare.or_else(|| {
        let alias = format!("@{name}");
        query.alias(&alias)
    })
}
