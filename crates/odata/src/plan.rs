//! Plans: what a read asks for, bound to the model. The application executes them; `exec` has two executors to help.
//!
//! ```
//! # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
//! # let model = shop::model();
//! let query = shop::query(&model, "products?$filter=price gt 4&$orderby=name desc&$top=2&$select=name")?;
//! assert!(query.filter.is_some() && query.order[0].descending);
//! assert_eq!((query.top, query.count), (Some(2), false));
//! assert!(query.mentions(2), "the price");
//! # Ok::<(), odata::Error>(())
//! ```

mod apply;

use std::sync::Arc;

use crate::expr::{Expr, IT};
use crate::model::TypeId;

pub use apply::{
    Aggregate, Apply, Branch, From, Hierarchy, Measure, Method, Nested, Origin, RowProperty, Rows, Transformation,
};

/// A predicate whose names and types are known to the model. Only the binder makes one.
///
/// ```
/// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
/// # let model = shop::model();
/// use odata::exec::memory::matches;
///
/// let filter = shop::filter(&model, "price gt 4");
/// let [tea, cup] = ["4.50", "3.00"].map(|price| shop::product(&model, 1, "x", price).into());
/// assert_eq!(matches(&filter, &tea, shop::context(&model)), Ok(true));
/// assert_eq!(matches(&filter, &cup, shop::context(&model)), Ok(false));
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Filter(pub(crate) Expr);

impl Filter {
    /// The expression, of type `Edm.Boolean`.
    ///
    /// ```
    /// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
    /// # let model = shop::model();
    /// use odata::expr::Node;
    ///
    /// assert!(matches!(shop::filter(&model, "id eq 1 or id eq 2").expr().node, Node::Or(..)));
    /// ```
    pub fn expr(&self) -> &Expr {
        &self.0
    }
}

/// One item of `$orderby`. Null sorts lowest.
///
/// ```
/// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
/// # let model = shop::model();
/// let order = shop::query(&model, "products?$orderby=price desc,name")?.order;
/// assert_eq!(order.iter().map(|by| by.descending).collect::<Vec<_>>(), [true, false]);
/// assert!(order[1].expr.mentions(1));
/// # Ok::<(), odata::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct OrderBy {
    /// The key.
    pub expr: Expr,
    /// `desc`.
    pub descending: bool,
}

/// One item of `$compute`: a property that each row gets. Its number, [`crate::expr::Step::Dynamic`], is its place.
///
/// ```
/// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
/// # let model = shop::model();
/// let query = shop::query(&model, "products?$compute=price mul 2 as pair&$orderby=pair")?;
/// assert_eq!(&*query.compute[0].name, "pair");
/// assert!(query.compute[0].expr.mentions(2));
/// # Ok::<(), odata::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Compute {
    /// The name that filter, order and selection see, and that the answer carries.
    pub name: Arc<str>,
    /// The value; sees the items before it.
    pub expr: Expr,
}

/// What is asked of a collection. Order of meaning: compute, filter, search, count, order, skip, top.
///
/// ```
/// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
/// # let model = shop::model();
/// let query = shop::query(&model, "products?$skip=10&$top=5&$count=true")?;
/// assert_eq!((query.skip, query.top, query.count), (10, Some(5), true));
/// # Ok::<(), odata::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
pub struct CollectionQuery {
    /// `$apply`, which comes before everything else: all that follows is about the rows that it gives.
    pub apply: Option<Apply>,
    /// `$compute`.
    pub compute: Vec<Compute>,
    /// `$filter`.
    pub filter: Option<Filter>,
    /// `$search`, parsed.
    pub search: Option<Search>,
    /// `$orderby`; empty is the application's stable default order.
    pub order: Vec<OrderBy>,
    /// `$skip`.
    pub skip: u64,
    /// `$top`.
    pub top: Option<u64>,
    /// `$count=true`.
    pub count: bool,
    /// `$select` and `$expand`.
    pub projection: Projection,
    /// The largest page to answer: the client's `maxpagesize` bounded by the service's.
    pub page_size: Option<u32>,
    /// Where the previous page ended: the opened `$skiptoken`, as the application gave it in `Page::next`.
    pub after: Option<Arc<[u8]>>,
    /// The last page is to carry a delta link (`Prefer: track-changes`).
    pub track_changes: bool,
    /// Only what changed since this state: the opened `$deltatoken`, as the application gave it in `Page::delta`.
    /// Empty for Graph's `$deltatoken=latest`: no change, only the state as it is now.
    pub since: Option<Arc<[u8]>>,
}

/// `$search`.
///
/// ```
/// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
/// # let model = shop::model();
/// use odata::plan::Search;
///
/// let search = shop::query(&model, "products?$search=tea NOT \"iced tea\"")?.search.expect("given");
/// let not = Search::Not(Box::new(Search::Term("iced tea".into())));
/// assert_eq!(search, Search::And(Box::new(Search::Term("tea".into())), Box::new(not)));
/// # Ok::<(), odata::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Search {
    /// A word or phrase.
    Term(Arc<str>),
    /// Negation.
    Not(Box<Search>),
    /// Conjunction (also implied).
    And(Box<Search>, Box<Search>),
    /// Disjunction.
    Or(Box<Search>, Box<Search>),
}

/// Which members are wanted. The default wants every structural member and expands nothing.
///
/// ```
/// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
/// # let model = shop::model();
/// let projection = shop::query(&model, "products?$select=name&$expand=category")?.projection;
/// assert_eq!(projection.select.map(|items| items.len()), Some(1));
/// assert_eq!(projection.expand[0].member, 7);
/// # Ok::<(), odata::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Projection {
    /// `$compute` where a single entity or value is read; of a collection it stands in the query.
    pub compute: Vec<Compute>,
    /// `$select`; `None` is everything structural.
    pub select: Option<Vec<SelectItem>>,
    /// `$expand`.
    pub expand: Vec<ExpandItem>,
    /// `$expand=$value`: the media of a media entity are wanted inside it.
    pub media: bool,
}

/// One item of `$select`.
///
/// ```
/// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
/// # let model = shop::model();
/// use odata::plan::SelectItem;
///
/// let select = shop::query(&model, "products?$select=shop.book/author")?.projection.select.expect("given");
/// let book = model.type_by_name("book");
/// assert_eq!(select, [SelectItem::Member { cast: book, member: 8, nested: None }]);
/// # Ok::<(), odata::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub enum SelectItem {
    /// `*`.
    All,
    /// A property (possibly under a cast), with what is selected inside it.
    Member {
        /// Derived type that declares it, when a cast segment named one.
        cast: Option<TypeId>,
        /// Number in the (cast) type.
        member: u16,
        /// Nested selection (`checkinStatuses/deviceName` or `a($select=…)`).
        nested: Option<Box<CollectionQuery>>,
    },
    /// A property that the type does not declare, such as a result of `$compute`.
    Dynamic(Arc<str>),
    /// Part of the complex value of a property that the type does not declare (`box/width`): the names behind it, which
    /// only the value's type can resolve; one with a dot is that of a type.
    DynamicPart(Arc<str>, Arc<[Arc<str>]>),
    /// Operations to advertise, as a context URL names them: `ns.name`, `ns.name(a,b)` for one overload, `ns.*`.
    Operation(Arc<str>),
    /// An instance annotation: there are none to show.
    Annotation,
}

/// One item of `$expand`. What is expanded below a complex property (`address/country`) stands inside an item of that property,
/// whose query has nothing but a projection that selects nothing.
///
/// ```
/// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
/// # let model = shop::model();
/// let projection = shop::query(&model, "categories?$expand=products($top=3),parent/$ref")?.projection;
/// let [products, parent] = &projection.expand[..] else { panic!("two") };
/// assert_eq!((products.member, products.query.top), (1, Some(3)));
/// assert!(parent.reference);
/// # Ok::<(), odata::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct ExpandItem {
    /// Derived type that declares it, when a cast segment named one.
    pub cast: Option<TypeId>,
    /// Number of the navigation property in the (cast) type, or of the stream, or of the complex property on the way.
    pub member: u16,
    /// Cast after the navigation property.
    pub target_cast: Option<TypeId>,
    /// `/$ref`.
    pub reference: bool,
    /// `/$count`.
    pub count_only: bool,
    /// `$levels` as written; `None` is 1, `Some(None)` is `max`. The further levels stand in `query`, as items of their own.
    pub levels: Option<Option<u32>>,
    /// One of those further levels.
    pub repeated: bool,
    /// Nested options.
    pub query: CollectionQuery,
}

impl ExpandItem {
    /// A member as it is, under no option.
    pub(crate) fn plain(cast: Option<TypeId>, member: u16) -> Self {
        Self {
            cast,
            member,
            target_cast: None,
            reference: false,
            count_only: false,
            levels: None,
            repeated: false,
            query: CollectionQuery::default(),
        }
    }

    /// A complex property that nothing is wanted of but what is expanded inside it.
    pub(crate) fn inside(cast: Option<TypeId>, member: u16) -> Self {
        let mut item = Self::plain(cast, member);
        item.query.projection.select = Some(Vec::new());
        item
    }
}

impl CollectionQuery {
    /// Whether anything is computed or transformed, for the rows themselves or inside what they select and expand.
    ///
    /// ```
    /// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
    /// # let model = shop::model();
    /// assert!(shop::query(&model, "products?$compute=price mul 2 as pair")?.computes());
    /// assert!(!shop::query(&model, "products?$filter=price mul 2 gt 9")?.computes());
    /// # Ok::<(), odata::Error>(())
    /// ```
    pub fn computes(&self) -> bool {
        let single = &self.projection.compute;
        self.apply.is_some() || !self.compute.is_empty() || !single.is_empty() || self.nested().any(Self::computes)
    }

    /// Whether compute, filter or order look at a member of the row itself, or those nested in `$select` and `$expand` do
    /// (`$it`): the application then has to supply it. What `$apply` looks at is not told.
    ///
    /// ```
    /// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
    /// # let model = shop::model();
    /// let query = shop::query(&model, "products?$filter=id gt 1&$orderby=name")?;
    /// assert!(query.mentions(0) && query.mentions(1) && !query.mentions(2));
    /// # Ok::<(), odata::Error>(())
    /// ```
    pub fn mentions(&self, member: u16) -> bool {
        self.expressions().any(|expr| expr.mentions(member)) || self.nested().any(|query| query.mentions_it(member))
    }

    fn mentions_it(&self, member: u16) -> bool {
        self.expressions().any(|expr| expr.mentions_from(IT, member))
            || self.nested().any(|query| query.mentions_it(member))
    }

    /// What is asked inside what is selected and expanded.
    fn nested(&self) -> impl Iterator<Item = &Self> {
        let selected = self.projection.select.iter().flatten().filter_map(|item| match item {
            SelectItem::Member { nested, .. } => nested.as_deref(),
            _ => None,
        });
        selected.chain(self.projection.expand.iter().map(|item| &item.query))
    }

    /// Whether compute, filter or order look at a member of the elements of some collection.
    ///
    /// ```
    /// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
    /// # let model = shop::model();
    /// let query = shop::query(&model, "categories?$filter=products/any(p:p/price gt 4)")?;
    /// assert!(query.mentions_in_elements(2) && !query.mentions(2));
    /// # Ok::<(), odata::Error>(())
    /// ```
    pub fn mentions_in_elements(&self, member: u16) -> bool {
        self.expressions().any(|expr| expr.mentions_in_elements(member))
    }

    pub(crate) fn expressions(&self) -> impl Iterator<Item = &Expr> {
        let computed = self.compute.iter().map(|item| &item.expr);
        let filter = self.filter.iter().map(|filter| &filter.0);
        computed.chain(filter).chain(self.order.iter().map(|item| &item.expr))
    }
}
