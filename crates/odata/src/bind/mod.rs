//! Binding: syntax trees against the model. Names resolved, types checked, coercions made explicit. Runs nothing.
//!
//! ```
//! # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
//! # let model = shop::model();
//! use odata::bind;
//! use odata::syntax::RelativeUrl;
//!
//! let url = RelativeUrl::parse("categories('kitchen')/products?$filter=price gt 4&$top=1")?;
//! let target = bind::path(&model, &url.path, &url.query)?;
//! let query = bind::query(&model, &target, &url.query)?;
//! assert_eq!((target.segments.len(), query.top), (3, Some(1)));
//! # Ok::<(), odata::Error>(())
//! ```

mod aggregate;
mod apply;
mod collection;
mod compute;
mod constant;
mod crossjoin;
mod expression;
mod function;
mod implied;
mod invoke;
mod key;
mod member;
mod operation;
mod options;
mod path;
mod projection;
mod scope;
mod types;

pub(crate) use implied::parts as implied_key;
use options::Shape;
use scope::{Binder, Outside, RowType};

use crate::engine::{Segment, Target, TargetKind};
use crate::error::Error;
use crate::expr::ExprType;
use crate::model::{EdmType, Model, TypeId};
use crate::plan::{CollectionQuery, Filter, Projection};
use crate::syntax::{Query, RawPath, SystemOption, check_url, parse_expression};

/// Binds a resource path. `query` gives parameter aliases and the arguments that a function call takes by name.
///
/// A key may stand in parentheses (`Products('a')`, `Lines(order=1,line=2)`, `Products(@k)`) or as segments
/// (`Products/a`). On a collection a type or bound operation wins over a key of the same text; on a single resource a
/// property wins over both. The target's type is what the last segment gives: of an operation its return type, of
/// `$count`, `$value` and `$ref` that of what stands before them.
///
/// ```
/// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
/// # let model = shop::model();
/// use odata::engine::TargetKind;
/// use odata::syntax::{Query, RawPath};
///
/// let path = |text| odata::bind::path(&model, &RawPath::parse(text)?, &Query::default());
/// assert_eq!(path("products(1)/category/products")?.kind, TargetKind::EntityCollection);
/// assert_eq!(path("products/1/name/$value")?.kind, TargetKind::RawValue);
/// assert_eq!(path("products(1)/colour").unwrap_err().kind, odata::ErrorKind::UnknownSegment);
/// # Ok::<(), odata::Error>(())
/// ```
///
/// # Errors
/// [`crate::ErrorKind::UnknownSegment`] for a name the model does not have there and for a key segment that is no value of
/// the key's type; 400 for a malformed or ill-typed key or parameter and a cast to an unrelated type;
/// [`crate::ErrorKind::NotImplemented`] for `$entity` and `$query`, which the engine resolves.
pub fn path(model: &Model, path: &RawPath, query: &Query) -> Result<Target, Error> {
    check_url(path, query)?;
    path::Walk::bind(model, path, query)
}

/// Binds the options of a read of `target`. What does not apply to it is 400 and named. `$format`, `$skiptoken`,
/// `$deltatoken`, `$schemaversion` and `$id` are the engine's and not judged here.
///
/// ```
/// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
/// # let model = shop::model();
/// use odata::bind;
/// use odata::syntax::{Query, RawPath};
///
/// let products = bind::path(&model, &RawPath::parse("products")?, &Query::default())?;
/// let query = bind::query(&model, &products, &Query::parse("$filter=price gt 4&$count=true")?)?;
/// assert!(query.count && query.mentions(2));
/// let error = bind::query(&model, &products, &Query::parse("$filter=cost gt 4")?).unwrap_err();
/// assert_eq!((error.target.as_deref(), error.position), (Some("$filter"), Some(0)));
/// # Ok::<(), odata::Error>(())
/// ```
///
/// # Errors
/// 400 with the option and the position for anything malformed, unknown in the model, ill-typed or not applicable;
/// [`crate::ErrorKind::NotImplemented`] for what is legal OData but not offered.
pub fn query(model: &Model, target: &Target, query: &Query) -> Result<CollectionQuery, Error> {
    let taken = taken_by_function(model, target, query);
    let options = query.options_without(&taken)?;
    if let Some(Segment::CrossJoin(sets)) = target.segments.first() {
        let shape = if target.kind == TargetKind::Count { Shape::Count } else { Shape::StructuredCollection };
        return crossjoin::bind(model, sets, shape, &options, Outside::of(query));
    }
    options::check(shape(model, target), &options.given)?;
    let element = target.ty.as_ref().map(|ty| ty.base);
    let Some(element) = element else { return Ok(CollectionQuery::default()) };
    let mut bound = options::bind(model, element, &options, Outside::of(query), 0)?;
    if shape(model, target) == Shape::Structured {
        bound.projection.compute = std::mem::take(&mut bound.compute);
        if bound.projection.compute.iter().any(|item| item.expr.asks_these()) {
            let message = "'$these' is of a collection, which the requested resource is not.";
            return Err(Error::bad_request(message).at(SystemOption::Compute.name()));
        }
    }
    Ok(bound)
}

/// Binds the options of a write that answers with entities of `ty`: only `$select` and `$expand` apply. `$index` is the
/// engine's and not judged here.
///
/// ```
/// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
/// # let model = shop::model();
/// use odata::bind;
/// use odata::syntax::Query;
///
/// let product = model.type_by_name("product").expect("declared");
/// let projection = bind::projection(&model, product, &Query::parse("$select=name,price")?)?;
/// assert_eq!(projection.select.map(|items| items.len()), Some(2));
/// assert!(bind::projection(&model, product, &Query::parse("$top=1")?).is_err());
/// # Ok::<(), odata::Error>(())
/// ```
///
/// # Errors
/// As [`query()`].
pub fn projection(model: &Model, ty: TypeId, query: &Query) -> Result<Projection, Error> {
    let options = query.options()?;
    let given: Vec<_> = options.given.iter().copied().filter(|option| *option != SystemOption::Index).collect();
    options::check(Shape::Structured, &given)?;
    let outside = Outside::of(query);
    projection::bind(
        model,
        EdmType::Named(ty),
        &options,
        &RowType::of(ExprType::single(EdmType::Named(ty))),
        outside,
        0,
    )
}

/// Binds the text of a `$filter` over rows or values of type `root`. There are no parameter aliases: each is null.
///
/// ```
/// let xml = r#"<edmx:Edmx xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx" Version="4.0"><edmx:DataServices>
///   <Schema xmlns="http://docs.oasis-open.org/odata/ns/edm" Namespace="ns"><EntityType Name="Box">
///     <Key><PropertyRef Name="id"/></Key><Property Name="id" Type="Edm.String" Nullable="false"/>
///     <Property Name="weight" Type="Edm.Int32"/></EntityType></Schema></edmx:DataServices></edmx:Edmx>"#;
/// let model = odata::csdl::read(xml).expect("a valid model");
/// let boxes = odata::model::EdmType::Named(model.type_by_name("ns.Box").expect("declared"));
/// assert!(odata::bind::filter(&model, boxes, "weight gt 3 and startswith(id,'a')").is_ok());
/// let error = odata::bind::filter(&model, boxes, "size gt 3").unwrap_err();
/// assert_eq!(error.message, "Could not find a property named 'size' on type 'ns.Box'.");
/// ```
///
/// # Errors
/// As [`query()`].
pub fn filter(model: &Model, root: EdmType, text: &str) -> Result<Filter, Error> {
    let tree = parse_expression(text).map_err(|error| error.into_error(SystemOption::Filter.name()))?;
    let mut binder = Binder::new(model, SystemOption::Filter.name(), ExprType::single(root), Outside::default());
    Ok(Filter(binder.predicate(&tree)?))
}

fn shape(model: &Model, target: &Target) -> Shape {
    let collection = target.ty.as_ref().is_some_and(|ty| ty.collection);
    let structured = target.ty.as_ref().is_some_and(|ty| types::structured(model, ty.base).is_some());
    match target.kind {
        TargetKind::Count => Shape::Count,
        TargetKind::Reference if collection => Shape::ReferenceCollection,
        TargetKind::EntityCollection
        | TargetKind::ValueCollection
        | TargetKind::Entity
        | TargetKind::Complex
        | TargetKind::Action
        | TargetKind::Function => match (structured, collection) {
            (true, true) => Shape::StructuredCollection,
            (true, false) => Shape::Structured,
            (false, true) => Shape::ValueCollection,
            (false, false) => Shape::Plain,
        },
        _ => Shape::Plain,
    }
}

/// Names written without `$` that the path's last function took as its arguments.
pub(crate) fn taken_by_function<'q>(model: &Model, target: &Target, query: &'q Query) -> Vec<&'q str> {
    let Some(id) = target.segments.iter().rev().find_map(|segment| match segment {
        Segment::Operation { id, .. } => Some(*id),
        _ => None,
    }) else {
        return Vec::new();
    };
    let called = model.operation(id);
    let parameters = operation::own_parameters(called);
    let is_parameter = |name: &str| parameters.iter().any(|parameter| *parameter.name == *name);
    query.bare().map(|(name, _)| name).filter(|name| !called.is_action && is_parameter(name)).collect()
}
