//! Query options of a collection or of a single resource: which apply, and what they mean together.

use super::apply;
use super::compute;
use super::projection;
use super::scope::{Binder, Outside, RowType};
use super::types::{Class, class_of, type_text};
use crate::error::{Error, ErrorKind};
use crate::expr::ExprType;
use crate::model::{EdmType, Model, Primitive};
use crate::plan::{CollectionQuery, Filter, OrderBy};
use crate::syntax::{SystemOption, ast};

/// Which options fit a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// Entities or complex values.
    StructuredCollection,
    /// Primitive or enumeration values.
    ValueCollection,
    /// References of a collection.
    ReferenceCollection,
    /// One entity or complex value.
    Structured,
    /// `/$count`.
    Count,
    /// Everything else.
    Plain,
}

impl Shape {
    fn takes(self, option: SystemOption) -> bool {
        use SystemOption as Name;
        let narrows = matches!(option, Name::Filter | Name::Search);
        let pages = matches!(option, Name::OrderBy | Name::Top | Name::Skip | Name::Count | Name::Index);
        let projects = matches!(option, Name::Select | Name::Expand | Name::Compute);
        match self {
            Self::StructuredCollection => narrows || pages || projects || option == Name::Apply,
            Self::ValueCollection | Self::ReferenceCollection => narrows || pages,
            Self::Structured => projects,
            Self::Count => narrows || option == Name::Apply,
            Self::Plain => false,
        }
    }
}

/// Refuses options that do not fit, by name.
pub(super) fn check(shape: Shape, given: &[SystemOption]) -> Result<(), Error> {
    for option in given {
        let of_the_engine = matches!(
            option,
            SystemOption::Format
                | SystemOption::SkipToken
                | SystemOption::DeltaToken
                | SystemOption::SchemaVersion
                | SystemOption::Id
        );
        if !of_the_engine && !shape.takes(*option) {
            let name = option.name();
            return Err(Error::bad_request(format!(
                "The query option '{name}' cannot be applied to the requested resource."
            ))
            .at(name));
        }
    }
    let not_offered = [SystemOption::Index];
    match given.iter().find(|option| not_offered.contains(option)) {
        Some(option) => {
            let message = format!("The query option '{}' is not offered.", option.name());
            Err(Error::new(ErrorKind::NotImplemented, message).at(option.name()))
        }
        None => Ok(()),
    }
}

/// Binds parsed options over elements (or the one value) of type `element`. Says nothing of whether they fit: [`check`] does.
pub(super) fn bind<'a>(
    model: &'a Model,
    element: EdmType,
    options: &'a ast::Options<'a>,
    outside: Outside<'a>,
    depth: usize,
) -> Result<CollectionQuery, Error> {
    let mut row = RowType::of(ExprType::single(element));
    let mut query = CollectionQuery {
        search: options.search.clone(),
        skip: options.skip.unwrap_or(0),
        top: options.top,
        count: options.count.unwrap_or(false),
        ..CollectionQuery::default()
    };
    if let Some(tree) = &options.apply {
        query.apply = apply::bind(model, &mut row, tree, outside)?;
        row.applied = row.members.is_some();
    }
    query.compute = compute::bind(model, "$compute", &mut row, &options.compute, outside)?;
    if let Some(tree) = &options.filter {
        query.filter = Some(Filter(Binder::over(model, "$filter", &row, outside).predicate(tree)?));
    }
    for item in &options.orderby {
        query.order.push(order_item(model, "$orderby", &row, item, outside)?);
    }
    query.projection = projection::bind(model, element, options, &row, outside, depth)?;
    if let Some(apply) = query.apply.as_ref().filter(|_| options.select.is_none() && options.expand.is_empty()) {
        query.projection = apply::projection(model, apply.ty, &row);
    }
    Ok(query)
}

/// An item of an order, in `$orderby` or in a transformation.
pub(super) fn order_item<'a>(
    model: &'a Model,
    option: &'static str,
    row: &RowType,
    item: &ast::OrderItem<'_>,
    outside: Outside<'a>,
) -> Result<OrderBy, Error> {
    let mut binder = Binder::over(model, option, row, outside);
    let expr = binder.expr(&item.expr)?;
    let sortable = !expr.ty.collection
        && match class_of(model, expr.ty) {
            Class::Structured(_) => false,
            Class::Plain(primitive) => {
                !primitive.is_geo() && !matches!(primitive, Primitive::Stream | Primitive::Binary)
            }
            _ => true,
        };
    if !sortable {
        let ty = type_text(model, expr.ty);
        return Err(binder.error(item.expr.span, format!("A value of type '{ty}' cannot be sorted by.")));
    }
    Ok(OrderBy { expr, descending: item.descending })
}
