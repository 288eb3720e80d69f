//! `$crossjoin(A,B)`: rows that lead to one entity of each set; options name the entities by their sets.

use std::sync::Arc;

use super::apply;
use super::options::{self, Shape, order_item};
use super::scope::{Binder, Computed, Outside, RowType};
use crate::error::{Error, ErrorKind};
use crate::expr::ExprType;
use crate::model::{AnyKind, ContainerChildKind, EdmType, Model};
use crate::plan::{CollectionQuery, ExpandItem, Filter, Nested, Origin, Projection, Rows};
use crate::syntax::{SystemOption, ast};

/// Binds the options of a read of the combinations, or of their count.
pub(super) fn bind<'a>(
    model: &'a Model,
    sets: &[(u16, Arc<str>)],
    shape: Shape,
    given: &'a ast::Options<'a>,
    outside: Outside<'a>,
) -> Result<CollectionQuery, Error> {
    options::check(shape, &given.given)?;
    let refused = [SystemOption::Search, SystemOption::Select, SystemOption::Compute];
    if let Some(option) = given.given.iter().find(|option| refused.contains(option)) {
        let message = format!("The query option '{}' on '$crossjoin' is not offered.", option.name());
        return Err(Error::new(ErrorKind::NotImplemented, message).at(option.name()));
    }
    let types: Vec<EdmType> = sets.iter().filter_map(|(child, _)| entity_type(model, *child)).collect();
    let properties = sets.iter().zip(&types);
    let properties = properties.map(|((child, name), ty)| Computed {
        name: name.clone(),
        ty: ExprType::single(*ty),
        nested: nested(*child, *ty),
    });
    let complex = ExprType::single(EdmType::Any(AnyKind::Complex));
    let mut row = RowType { dynamic: properties.collect(), ..RowType::of(complex) };
    let mut query = CollectionQuery {
        skip: given.skip.unwrap_or(0),
        top: given.top,
        count: given.count.unwrap_or(false),
        ..CollectionQuery::default()
    };
    if let Some(tree) = &given.apply {
        query.apply = apply::bind(model, &mut row, tree, outside)?;
        if row.members.is_some() && !given.expand.is_empty() {
            let message = "What $apply gives of the entities is all that can be shown.";
            return Err(Error::bad_request(message).at("$expand"));
        }
    }
    if let Some(tree) = &given.filter {
        query.filter = Some(Filter(Binder::over(model, "$filter", &row, outside).predicate(tree)?));
    }
    for item in &given.orderby {
        query.order.push(order_item(model, "$orderby", &row, item, outside)?);
    }
    for item in &given.expand {
        query.projection.expand.push(expand(model, sets, &types, item, outside)?);
    }
    Ok(query)
}

/// Entities of a set as what a row holds.
fn nested(child: u16, ty: EdmType) -> Option<Arc<Nested>> {
    let EdmType::Named(ty) = ty else { return None };
    let (rows, projection) = (Rows::default(), Projection::default());
    Some(Arc::new(Nested { origin: Origin::Set(child), ty, rows, projection }))
}

/// An entity put in the place of its link. The item's member is the place of the set.
fn expand<'a>(
    model: &'a Model,
    sets: &[(u16, Arc<str>)],
    types: &[EdmType],
    item: &'a ast::ExpandItem<'a>,
    outside: Outside<'a>,
) -> Result<ExpandItem, Error> {
    let place = match &item.path[..] {
        [name] if !item.reference && !item.count_only => sets.iter().position(|(_, set)| **set == *name.text),
        _ => None,
    };
    let found = place.and_then(|place| Some((u16::try_from(place).ok()?, *types.get(place)?)));
    let Some((member, ty)) = found else {
        let position = item.path.first().map_or(0, |name| name.position);
        let message = "Only the entity sets of the '$crossjoin' can be expanded.";
        return Err(Error::bad_request(message).at("$expand").at_position(position));
    };
    let query = match item.options.as_deref() {
        None => CollectionQuery::default(),
        Some(nested) => {
            options::check(Shape::Structured, &nested.given)?;
            options::bind(model, ty, nested, outside.inside(ExprType::single(ty), nested), 1)?
        }
    };
    Ok(ExpandItem { query, ..ExpandItem::plain(None, member) })
}

/// The type of an entity set.
pub(super) fn entity_type(model: &Model, child: u16) -> Option<EdmType> {
    match model.container.children.get(usize::from(child))?.kind {
        ContainerChildKind::EntitySet { ty, .. } => Some(EdmType::Named(ty)),
        _ => None,
    }
}
