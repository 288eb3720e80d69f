//! `$apply`: transformations of the extension for data aggregation 4.0, separated by slashes. Which measure can be
//! aggregated and which hierarchy exists is the binder's to say.
//!
//! ```
//! use odata::syntax::{Query, apply::TransformationKind};
//!
//! let query = Query::parse("$apply=filter(price gt 4)/groupby((category/id),aggregate($count as n))")?;
//! let apply = query.options()?.apply.expect("given");
//! assert!(matches!(apply.steps[0].kind, TransformationKind::Filter(_)));
//! assert!(matches!(apply.steps[1].kind, TransformationKind::GroupBy { .. }));
//! # Ok::<(), odata::Error>(())
//! ```

mod parse;

use super::ast::{Argument, Expr, Name, OrderItem, Span};
use crate::plan::Search;

/// A sequence of transformations; each takes the result of the one before.
///
/// ```
/// let query = odata::syntax::Query::parse("$apply=orderby(price)/skip(1)/top(2)")?;
/// assert_eq!(query.options()?.apply.map(|apply| apply.steps.len()), Some(3));
/// # Ok::<(), odata::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Apply<'t> {
    /// In order, at least one.
    pub steps: Vec<Transformation<'t>>,
}

/// A transformation and where it stands.
///
/// ```
/// use odata::syntax::{Query, ast::Span};
///
/// let query = Query::parse("$apply=identity/top(2)")?;
/// let apply = query.options()?.apply.expect("given");
/// assert_eq!(apply.steps[1].span, Span { start: 9, end: 15 });
/// # Ok::<(), odata::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Transformation<'t> {
    /// What it is.
    pub kind: TransformationKind<'t>,
    /// Where it stands.
    pub span: Span,
}

/// The transformations.
///
/// ```
/// use odata::syntax::{Query, apply::TransformationKind};
///
/// let query = Query::parse("$apply=concat(top(1),aggregate(price with sum as all))")?;
/// let apply = query.options()?.apply.expect("given");
/// let TransformationKind::Concat(both) = &apply.steps[0].kind else { panic!("a concatenation") };
/// assert_eq!(both[0].steps[0].kind, TransformationKind::Top(1));
/// # Ok::<(), odata::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub enum TransformationKind<'t> {
    /// `aggregate(…)`.
    Aggregate(Vec<Aggregate<'t>>),
    /// `groupby((…),…)`.
    GroupBy {
        /// What rows of a group have in common.
        by: Vec<Grouping<'t>>,
        /// What is done with each group.
        then: Option<Apply<'t>>,
    },
    /// `filter(…)`.
    Filter(Expr<'t>),
    /// `search(…)`.
    Search(Search),
    /// `compute(… as …)`: expression and name.
    Compute(Vec<(Expr<'t>, &'t str)>),
    /// `orderby(…)`.
    OrderBy(Vec<OrderItem<'t>>),
    /// `top(…)`.
    Top(u64),
    /// `skip(…)`.
    Skip(u64),
    /// `topcount`, `topsum`, `toppercent`, `bottomcount`, `bottomsum`, `bottompercent`.
    Ranked {
        /// `bottom…`.
        bottom: bool,
        /// What the first argument limits.
        limit: RankLimit,
        /// The first argument.
        amount: Expr<'t>,
        /// What is compared and summed.
        measure: Expr<'t>,
    },
    /// `identity`.
    Identity,
    /// `concat(…,…)`: at least two.
    Concat(Vec<Apply<'t>>),
    /// `join(… as …)` and `outerjoin(… as …)`.
    Join {
        /// `outerjoin`.
        outer: bool,
        /// The related collection; a path.
        path: Expr<'t>,
        /// The name that one of its members gets.
        alias: Name<'t>,
        /// What is done with the related collection first.
        then: Option<Apply<'t>>,
    },
    /// `nest(… as …,…)`.
    Nest(Vec<(Apply<'t>, Name<'t>)>),
    /// `addnested(path,… as …,…)`.
    AddNested {
        /// The related collection; a path.
        path: Expr<'t>,
        /// What is made of it, and under which name.
        items: Vec<(Apply<'t>, Name<'t>)>,
    },
    /// `expand(path,filter(…),expand(…))`.
    Expand {
        /// The navigation property; a path.
        path: Expr<'t>,
        /// `filter` and `expand` transformations of the related entities.
        nested: Vec<Transformation<'t>>,
    },
    /// `ancestors(…)` and `descendants(…)`.
    Relatives {
        /// `descendants`.
        descendants: bool,
        /// The hierarchy.
        hierarchy: Hierarchy<'t>,
        /// Selects the nodes to start from.
        start: Apply<'t>,
        /// Most steps from a start node.
        distance: Option<u32>,
        /// `keep start`.
        keep_start: bool,
    },
    /// `traverse(…)`.
    Traverse {
        /// The hierarchy.
        hierarchy: Hierarchy<'t>,
        /// `postorder` instead of `preorder`.
        postorder: bool,
        /// Selects the start nodes.
        start: Option<Apply<'t>>,
        /// How siblings are ordered.
        orderby: Vec<OrderItem<'t>>,
    },
    /// A function of the service, bound to the collection.
    Function {
        /// Qualified or of the default namespace.
        name: &'t str,
        /// What stood in its parentheses.
        arguments: Vec<Argument<'t>>,
    },
}

/// What the first argument of `topcount` and its kin limits.
///
/// ```
/// use odata::syntax::{Query, apply::{RankLimit, TransformationKind}};
///
/// let query = Query::parse("$apply=bottompercent(20,price)")?;
/// let apply = query.options()?.apply.expect("given");
/// assert!(matches!(apply.steps[0].kind, TransformationKind::Ranked { bottom: true, limit: RankLimit::Percent, .. }));
/// # Ok::<(), odata::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RankLimit {
    /// A number of rows.
    Count,
    /// A sum of the measure.
    Sum,
    /// A share of the measure's sum.
    Percent,
}

/// An item of `aggregate`.
///
/// ```
/// use odata::syntax::{Query, apply::TransformationKind};
///
/// let query = Query::parse("$apply=aggregate(price with sum as total,$count as n)")?;
/// let apply = query.options()?.apply.expect("given");
/// let TransformationKind::Aggregate(items) = &apply.steps[0].kind else { panic!("an aggregation") };
/// assert_eq!((items[0].method.map(|name| name.text), items[1].method), (Some("sum"), None));
/// assert_eq!(items[1].alias.map(|name| name.text), Some("n"));
/// # Ok::<(), odata::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Aggregate<'t> {
    /// The expression; a path that ends in `$count` or in a custom aggregate has no method.
    pub expr: Expr<'t>,
    /// `with …`.
    pub method: Option<Name<'t>>,
    /// `from … with …`, in order.
    pub from: Vec<AggregateFrom<'t>>,
    /// `as …`; missing for a custom aggregate, and in the function `aggregate`.
    pub alias: Option<Name<'t>>,
}

/// One `from` of an item of `aggregate`.
///
/// ```
/// use odata::syntax::{Query, apply::TransformationKind};
///
/// let query = Query::parse("$apply=aggregate(price with sum from category/id,name with max as best)")?;
/// let apply = query.options()?.apply.expect("given");
/// let TransformationKind::Aggregate(items) = &apply.steps[0].kind else { panic!("an aggregation") };
/// let from = &items[0].from[0];
/// assert_eq!((from.by.len(), from.method.map(|name| name.text)), (2, Some("max")));
/// # Ok::<(), odata::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct AggregateFrom<'t> {
    /// Properties that are aggregated away; paths.
    pub by: Vec<Expr<'t>>,
    /// `with …`.
    pub method: Option<Name<'t>>,
}

/// An item in the first argument of `groupby`.
///
/// ```
/// use odata::syntax::{Query, apply::{Grouping, TransformationKind}};
///
/// let query = Query::parse("$apply=groupby((name,rollup($all,category/id,price)))")?;
/// let apply = query.options()?.apply.expect("given");
/// let TransformationKind::GroupBy { by, then: None } = &apply.steps[0].kind else { panic!("a grouping") };
/// assert!(matches!(by[0], Grouping::Property(_)));
/// assert!(matches!(&by[1], Grouping::Rollup { all: true, levels } if levels.len() == 2));
/// # Ok::<(), odata::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub enum Grouping<'t> {
    /// A property; a path.
    Property(Expr<'t>),
    /// `rollup(…)`.
    Rollup {
        /// `$all` stood first: a group of everything, too.
        all: bool,
        /// From the coarsest to the finest; paths.
        levels: Vec<Expr<'t>>,
    },
    /// `rolluprecursive(…)`.
    RollupRecursive {
        /// The hierarchy.
        hierarchy: Hierarchy<'t>,
        /// What is done with the descendants of a node.
        then: Option<Apply<'t>>,
    },
}

/// The hierarchy of a transformation: three arguments.
///
/// ```
/// use odata::syntax::{Query, apply::TransformationKind};
///
/// let query = Query::parse("$apply=descendants($root/categories,tree,id,filter(id eq 'kitchen'),2)")?;
/// let apply = query.options()?.apply.expect("given");
/// let TransformationKind::Relatives { hierarchy, distance, .. } = &apply.steps[0].kind else { panic!("relatives") };
/// assert_eq!((hierarchy.qualifier.text, *distance), ("tree", Some(2)));
/// # Ok::<(), odata::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Hierarchy<'t> {
    /// The collection of nodes; a path, mostly from `$root`.
    pub nodes: Expr<'t>,
    /// The qualifier of `RecursiveHierarchy`.
    pub qualifier: Name<'t>,
    /// The path from a row to the node's identifier.
    pub path: Expr<'t>,
}
