//! `$apply`, bound: transformations of a collection, one after another, and what the rows are that come out.

use std::sync::Arc;

use super::{Compute, Filter, OrderBy, Projection, Search};
use crate::expr::{Expr, Step};
use crate::model::{EdmType, TypeId};

/// A sequence of transformations.
///
/// ```
/// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
/// # let model = shop::model();
/// let apply = shop::query(&model, "products?$apply=filter(price gt 4)/aggregate($count as n)")?.apply.expect("given");
/// assert_eq!(apply.ty, model.type_by_name("product"));
/// assert_eq!((apply.steps.len(), &*apply.rows.dynamic[0].name), (2, "n"));
/// # Ok::<(), odata::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Apply {
    /// The type of the rows that go in. What comes out is of it too, with fewer members and further properties. Rows of
    /// `$crossjoin` have none, only properties.
    pub ty: Option<TypeId>,
    /// In the order they run.
    pub steps: Vec<Transformation>,
    /// What each row of the result has.
    pub rows: Rows,
}

/// What rows have after transformations.
///
/// ```
/// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
/// # let model = shop::model();
/// use odata::expr::Step;
///
/// let apply = shop::query(&model, "products?$apply=groupby((name),aggregate($count as n))")?.apply.expect("given");
/// assert_eq!(apply.rows.members, Some(vec![vec![Step::Member(1)]]));
/// # Ok::<(), odata::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Rows {
    /// Paths to the members of the source type that are left; `None` is all of them.
    pub members: Option<Vec<Vec<Step>>>,
    /// Properties that the source type does not declare; [`Step::Dynamic`] is the place here.
    pub dynamic: Vec<RowProperty>,
}

/// A property that transformations made.
///
/// ```
/// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
/// # let model = shop::model();
/// use odata::model::{EdmType, Primitive};
///
/// let apply = shop::query(&model, "products?$apply=aggregate(name with max as last)")?.apply.expect("given");
/// let last = &apply.rows.dynamic[0];
/// assert_eq!((&*last.name, last.ty, last.collection), ("last", Some(EdmType::Primitive(Primitive::String)), false));
/// # Ok::<(), odata::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct RowProperty {
    /// Its name.
    pub name: Arc<str>,
    /// Its (element) type; `None` when only the values tell it.
    pub ty: Option<EdmType>,
    /// Whether it is a collection.
    pub collection: bool,
    /// What the rows are that it holds, where it holds some.
    pub nested: Option<Arc<Nested>>,
}

/// Rows inside a row: what `addnested`, `join` and `nest` put there, and entities of a `$crossjoin`.
///
/// ```
/// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
/// # let model = shop::model();
/// use odata::plan::Origin;
///
/// let apply = shop::query(&model, "categories?$apply=addnested(products,filter(price gt 4) as dear)")?.apply.expect("given");
/// let dear = apply.rows.dynamic[0].nested.as_ref().expect("products");
/// assert_eq!((dear.origin, Some(dear.ty)), (Origin::Member(1), model.type_by_name("product")));
/// # Ok::<(), odata::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Nested {
    /// Where they come from.
    pub origin: Origin,
    /// Their type.
    pub ty: TypeId,
    /// What they have after the transformations.
    pub rows: Rows,
    /// What is shown of them.
    pub projection: Projection,
}

/// Where rows inside a row come from.
///
/// ```
/// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
/// # let model = shop::model();
/// use odata::plan::Origin;
///
/// let apply = shop::query(&model, "products?$apply=nest(top(1) as first)")?.apply.expect("given");
/// assert!(apply.rows.dynamic[0].nested.as_ref().is_some_and(|first| first.origin == Origin::Rows));
/// # Ok::<(), odata::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// They are the rows themselves.
    Rows,
    /// A navigation or complex property of the row's type, by its number.
    Member(u16),
    /// An entity set, by its number in the container.
    Set(u16),
    /// Anything else that a path leads to.
    Elsewhere,
}

/// A transformation (OData extension for data aggregation 4.0, section 3).
///
/// ```
/// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
/// # let model = shop::model();
/// use odata::plan::Transformation;
///
/// let apply = shop::query(&model, "products?$apply=orderby(price)/top(2)/groupby((name))")?.apply.expect("given");
/// assert!(matches!(&apply.steps[..], [Transformation::OrderBy(_), Transformation::Top(2), Transformation::GroupBy { .. }]));
/// # Ok::<(), odata::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub enum Transformation {
    /// `identity`.
    Identity,
    /// `filter(…)`.
    Filter(Filter),
    /// `search(…)`.
    Search(Search),
    /// `compute(…)`: further properties, numbered from `first`.
    Compute {
        /// How many properties the rows have before.
        first: usize,
        /// What is computed.
        items: Vec<Compute>,
    },
    /// `orderby(…)`.
    OrderBy(Vec<OrderBy>),
    /// `top(…)`.
    Top(u64),
    /// `skip(…)`.
    Skip(u64),
    /// `topcount(…)` and its kin.
    Extreme {
        /// From the highest value on, else from the lowest.
        top: bool,
        /// What the amount means.
        measure: Measure,
        /// How much; the same for all rows.
        amount: Expr,
        /// By which value.
        by: Expr,
    },
    /// `aggregate(…)`: one row.
    Aggregate(Vec<Aggregate>),
    /// `groupby(…)`.
    GroupBy {
        /// Paths of the grouping properties.
        keys: Vec<Expr>,
        /// Which of them a level of `rollup` groups by; without `rollup` one level with all.
        levels: Vec<Vec<usize>>,
        /// What is done with each group; empty is nothing but its keys.
        steps: Vec<Transformation>,
        /// How many properties the rows have that `steps` give.
        inner: usize,
        /// Keys that are properties made before and that `steps` do not keep: they are added.
        carried: Vec<usize>,
    },
    /// `concat(…)`.
    Concat(Vec<Branch>),
    /// `join(…)` and `outerjoin(…)`: a row for each related one.
    Join {
        /// Rows without a related one stay.
        outer: bool,
        /// The related collection.
        source: Expr,
        /// What is done with it first.
        steps: Vec<Transformation>,
        /// The name of the related row in the result.
        name: Arc<str>,
        /// Its place among the properties.
        place: usize,
    },
    /// `addnested(…)`: each row gets what transformations make of what a path leads to.
    AddNested {
        /// The related or complex values, or the only one.
        source: Expr,
        /// The place of the first one among the properties.
        place: usize,
        /// Names and transformations.
        parts: Vec<(Arc<str>, Vec<Transformation>)>,
    },
    /// `ancestors(…)` and `descendants(…)`: the rows of nodes above or below others.
    Relatives {
        /// Below; else above.
        descendants: bool,
        /// The nodes.
        hierarchy: Hierarchy,
        /// Gives the rows to start from.
        start: Vec<Transformation>,
        /// At most so many steps away.
        distance: Option<u32>,
        /// The rows to start from stay, too.
        keep_start: bool,
    },
    /// `traverse(…)`: rows in the order of their nodes.
    Traverse {
        /// The nodes.
        hierarchy: Hierarchy,
        /// Parents behind their children; else before them.
        postorder: bool,
        /// Gives the nodes to start from; without it, those that have no parent.
        start: Option<Vec<Transformation>>,
        /// The order among siblings.
        order: Vec<OrderBy>,
    },
    /// `nest(…)`: one row with a collection for each.
    Nest(Vec<(Arc<str>, Vec<Transformation>)>),
}

/// A hierarchy that the model declares.
///
/// ```
/// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
/// # let model = shop::model();
/// use odata::plan::Transformation;
///
/// let url = "categories?$apply=descendants($root/categories,tree,id,filter(id eq 'kitchen'))";
/// let apply = shop::query(&model, url)?.apply.expect("given");
/// let Transformation::Relatives { hierarchy, .. } = &apply.steps[0] else { panic!("relatives") };
/// assert!(hierarchy.id.mentions(0) && hierarchy.key.mentions(0));
/// # Ok::<(), odata::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Hierarchy {
    /// The entity set of the nodes.
    pub nodes: Expr,
    /// A node's identifier, from the node.
    pub id: Expr,
    /// A node's parent or parents, from the node.
    pub parent: Expr,
    /// The identifier of the node that a row belongs to, from the row.
    pub key: Expr,
}

/// What the amount of `topcount`, `topsum`, `toppercent` means.
///
/// ```
/// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
/// # let model = shop::model();
/// use odata::plan::{Measure, Transformation};
///
/// let apply = shop::query(&model, "products?$apply=toppercent(80,price)")?.apply.expect("given");
/// assert!(matches!(apply.steps[0], Transformation::Extreme { top: true, measure: Measure::Percent, .. }));
/// # Ok::<(), odata::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measure {
    /// So many rows.
    Count,
    /// As many rows as it takes to reach the sum.
    Sum,
    /// As many rows as it takes to reach a part of the whole sum.
    Percent,
}

/// A branch of `concat`.
///
/// ```
/// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
/// # let model = shop::model();
/// use odata::plan::Transformation;
///
/// let apply = shop::query(&model, "products?$apply=concat(top(1),aggregate($count as n))")?.apply.expect("given");
/// let Transformation::Concat(branches) = &apply.steps[0] else { panic!("concat") };
/// assert_eq!(branches[0].places, [None], "its rows have no n");
/// assert_eq!(branches[1].places, [Some(0)]);
/// # Ok::<(), odata::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Branch {
    /// What it does.
    pub steps: Vec<Transformation>,
    /// For each property of the result, its place in the branch's own rows.
    pub places: Vec<Option<usize>>,
    /// Its rows have every member, where those of other branches have not.
    pub whole: bool,
}

/// One value of `aggregate(…)`.
///
/// ```
/// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
/// # let model = shop::model();
/// use odata::plan::{Method, Transformation};
///
/// let apply = shop::query(&model, "products?$apply=aggregate(price with average as mean)")?.apply.expect("given");
/// let Transformation::Aggregate(values) = &apply.steps[0] else { panic!("aggregate") };
/// assert_eq!((&*values[0].name, values[0].method), ("mean", Method::Average));
/// # Ok::<(), odata::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Aggregate {
    /// The name of the result.
    pub name: Arc<str>,
    /// Its type.
    pub ty: Option<EdmType>,
    /// Collections on the way to the operand, from the row; the element of each is the variable 1, 2, ….
    pub through: Vec<Expr>,
    /// What is aggregated; nothing for `$count`.
    pub operand: Option<Expr>,
    /// How.
    pub method: Method,
    /// `from`: the results by these are aggregated further.
    pub from: Vec<From>,
}

/// `from … with …`.
///
/// ```
/// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
/// # let model = shop::model();
/// use odata::plan::{Method, Transformation};
///
/// let url = "products?$apply=aggregate(price with sum from name with max as most)";
/// let apply = shop::query(&model, url)?.apply.expect("given");
/// let Transformation::Aggregate(values) = &apply.steps[0] else { panic!("aggregate") };
/// assert_eq!((values[0].from.len(), values[0].from[0].method), (1, Method::Max), "the largest sum of a name");
/// # Ok::<(), odata::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct From {
    /// Paths of the grouping properties.
    pub keys: Vec<Expr>,
    /// How the results by their values are put together.
    pub method: Method,
}

/// The standard aggregation methods. Nulls do not take part.
///
/// ```
/// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
/// # let model = shop::model();
/// use odata::plan::{Method, Transformation};
///
/// let apply = shop::query(&model, "products?$apply=aggregate(name with countdistinct as names)")?.apply.expect("given");
/// assert!(matches!(&apply.steps[0], Transformation::Aggregate(values) if values[0].method == Method::CountDistinct));
/// # Ok::<(), odata::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "named as in the specification")]
pub enum Method {
    Sum,
    Min,
    Max,
    Average,
    CountDistinct,
    /// `$count`: how many rows or elements there are.
    Count,
}
