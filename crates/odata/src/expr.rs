//! Bound expressions: every name resolved, every type known, coercions explicit. Only the binder makes them, and only
//! these can be run. Knows no syntax and no store.
//!
//! ```
//! # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
//! # let model = shop::model();
//! use odata::expr::{CompareOp, Node, Step};
//!
//! let filter = shop::filter(&model, "price gt 4");
//! let Node::Compare(CompareOp::Gt, price, four) = &filter.expr().node else { panic!("a comparison") };
//! assert!(matches!(&price.node, Node::Path { root: 0, steps } if steps[..] == [Step::Member(2)]));
//! assert_eq!(four.node, Node::Literal(odata::Value::Decimal(4.into())), "of the type that it is compared with");
//! ```

use std::sync::Arc;

use crate::edm::civil::TICKS_PER_SECOND;
use crate::edm::{DateTimeOffset, Offset};
use crate::model::{AnyKind, EdmType, OperationId, Primitive, TypeId};
use crate::plan::{Aggregate, Search};
use crate::value::Value;

pub(crate) mod convert;
pub(crate) mod geo;

/// The type of an expression: an EDM type or a collection of it. `None` in `base` is the type of `null`.
///
/// ```
/// use odata::expr::ExprType;
/// use odata::model::{EdmType, Primitive};
///
/// let guid = ExprType::primitive(Primitive::Guid);
/// assert_eq!((guid.base, guid.collection), (Some(EdmType::Primitive(Primitive::Guid)), false));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExprType {
    /// The (element) type.
    pub base: Option<EdmType>,
    /// Whether it is a collection.
    pub collection: bool,
}

impl ExprType {
    /// The type of `null`.
    ///
    /// ```
    /// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
    /// # let model = shop::model();
    /// use odata::expr::{ExprType, Node};
    ///
    /// let filter = shop::filter(&model, "price eq null");
    /// let Node::Compare(_, _, null) = &filter.expr().node else { panic!("a comparison") };
    /// assert_eq!(null.ty, ExprType::NULL);
    /// ```
    pub const NULL: Self = Self { base: None, collection: false };

    /// The type of what only running tells: a property that an open type does not declare.
    pub(crate) const UNTYPED: Self = Self::single(EdmType::Any(AnyKind::Untyped));

    /// A single value of a primitive type.
    ///
    /// ```
    /// use odata::{expr::ExprType, model::{EdmType, Primitive}};
    ///
    /// assert_eq!(ExprType::primitive(Primitive::Date).base, Some(EdmType::Primitive(Primitive::Date)));
    /// ```
    pub const fn primitive(primitive: Primitive) -> Self {
        Self { base: Some(EdmType::Primitive(primitive)), collection: false }
    }

    /// A single value of a type.
    ///
    /// ```
    /// use odata::{expr::ExprType, model::{EdmType, Primitive}};
    ///
    /// assert_eq!(ExprType::single(EdmType::Primitive(Primitive::Date)), ExprType::primitive(Primitive::Date));
    /// ```
    pub const fn single(base: EdmType) -> Self {
        Self { base: Some(base), collection: false }
    }

    /// A collection of a type.
    ///
    /// ```
    /// use odata::{expr::ExprType, model::{EdmType, Primitive}};
    ///
    /// assert!(ExprType::collection_of(EdmType::Primitive(Primitive::Date)).collection);
    /// ```
    pub const fn collection_of(base: EdmType) -> Self {
        Self { base: Some(base), collection: true }
    }
}

/// A compiled regular expression of `matchesPattern`; equal when the texts are.
///
/// ```
/// use odata::expr::Pattern;
///
/// assert!(Pattern::new("^t.a$").is_ok_and(|pattern| pattern.is_match("tea")));
/// assert_eq!(Pattern::new("a|b"), Pattern::new("a|b"));
/// ```
#[derive(Debug, Clone)]
pub struct Pattern(Arc<regex::Regex>);

impl Pattern {
    /// Compiles a pattern. Linear in the text when it runs, bounded in size when it compiles.
    ///
    /// ```
    /// use odata::expr::Pattern;
    ///
    /// assert!(Pattern::new("[a-z]+").is_ok());
    /// assert!(Pattern::new("[a-z").is_err());
    /// ```
    ///
    /// # Errors
    /// What is wrong with the pattern, for the caller.
    pub fn new(text: &str) -> Result<Self, String> {
        Self::within(text, crate::limits::PATTERN_BYTES_MAX)
    }

    /// As [`Self::new`], with another limit for what is compiled.
    pub(crate) fn within(text: &str, bytes_max: usize) -> Result<Self, String> {
        let compiled = regex::RegexBuilder::new(text).size_limit(bytes_max).build();
        compiled.map(|regex| Self(Arc::new(regex))).map_err(|error| error.to_string())
    }

    /// Whether it matches anywhere in the text.
    ///
    /// ```
    /// let pattern = odata::expr::Pattern::new("e+").expect("a pattern");
    /// assert!(pattern.is_match("coffee") && !pattern.is_match("tonic"));
    /// ```
    pub fn is_match(&self, text: &str) -> bool {
        self.0.is_match(text)
    }

    /// The text of the pattern.
    ///
    /// ```
    /// assert_eq!(odata::expr::Pattern::new("^t").expect("a pattern").as_str(), "^t");
    /// ```
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

/// Ticks of the wall-clock time that the value was written with.
pub(crate) fn local_ticks(at: DateTimeOffset) -> i64 {
    let minutes = if let Offset::Minutes(minutes) = at.offset() { i64::from(minutes) } else { 0 };
    at.ticks() + minutes * 60 * TICKS_PER_SECOND
}

/// A bound expression and its type.
///
/// ```
/// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
/// # let model = shop::model();
/// use odata::expr::ExprType;
/// use odata::model::Primitive;
///
/// let filter = shop::filter(&model, "length(name) gt 3");
/// assert_eq!(filter.expr().ty, ExprType::primitive(Primitive::Boolean));
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Expr {
    /// What it does.
    pub node: Node,
    /// What it gives.
    pub ty: ExprType,
}

/// The root number of `$it` in options nested in `$expand` or `$select`: the instance that the request is about, where the row
/// is one of what is expanded or selected inside it. Lambda variables never count so far.
///
/// ```
/// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
/// # let model = shop::model();
/// use odata::expr::{IT, Node};
///
/// let query = shop::query(&model, "categories?$expand=products($filter=$it/id eq 'kitchen')")?;
/// let filter = query.projection.expand[0].query.filter.as_ref().expect("given");
/// let Node::Compare(_, left, _) = &filter.expr().node else { panic!("a comparison") };
/// assert!(matches!(left.node, Node::Path { root: IT, .. }), "the category, not the product");
/// # Ok::<(), odata::Error>(())
/// ```
pub const IT: u8 = u8::MAX;

/// The root number of `$these`: the collection that the option or the transformation is about. Executors work out what is asked
/// of it once for all rows (`$count`, `aggregate(…)`), before they look at any of them.
///
/// ```
/// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
/// # let model = shop::model();
/// use odata::expr::{Node, THESE};
///
/// let filter = shop::filter(&model, "price ge $these/aggregate(price with average)");
/// let Node::Compare(_, _, right) = &filter.expr().node else { panic!("a comparison") };
/// let Node::Aggregate { source, .. } = &right.node else { panic!("an aggregation") };
/// assert!(matches!(source.node, Node::Path { root: THESE, .. }));
/// ```
pub const THESE: u8 = u8::MAX - 1;

/// The forms of an expression.
///
/// ```
/// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
/// # let model = shop::model();
/// use odata::expr::Node;
///
/// let node = |text| shop::filter(&model, text).expr().node.clone();
/// assert!(matches!(node("name in ('tea','cup')"), Node::In(_, names) if names.len() == 2));
/// assert!(matches!(node("words/any(w:w eq 'hot')"), Node::Lambda { all: false, variable: 1, .. }));
/// ```
#[derive(Debug, Clone, PartialEq)]
pub enum Node {
    /// A constant.
    Literal(Value),
    /// A path from the row (`root` 0), from a lambda's variable (`root` 1, 2, … by depth), or from [`IT`].
    Path {
        /// Where it starts.
        root: u8,
        /// Steps; empty is the thing itself.
        steps: Vec<Step>,
    },
    /// An entity set, or one of its entities, or a singleton: `$root/…`.
    Root {
        /// Its number in the container.
        child: u16,
        /// The key, in the order of the type's; of a singleton it is empty. Without it, the whole set.
        key: Option<Vec<Value>>,
    },
    /// The entity of a collection that has a key; null where there is none.
    Keyed {
        /// The collection.
        source: Box<Expr>,
        /// The key, in the order of the type's.
        key: Vec<Value>,
    },
    /// A function of the service.
    Invoke {
        /// The overload.
        operation: OperationId,
        /// What it is bound to, if it is.
        binding: Option<Box<Expr>>,
        /// Arguments in the order of the declaration; `None` where not given.
        parameters: Vec<Option<Expr>>,
    },
    /// A path from a value that is no row and no variable.
    Walk(Box<Expr>, Vec<Step>),
    /// What an open type does not declare: the property of a value that has a name, seen when it runs.
    ///
    /// ```
    /// # mod garden { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/garden.rs")); }
    /// # let model = garden::model();
    /// use odata::expr::Node;
    ///
    /// let plant = odata::model::EdmType::Named(model.type_by_name("garden.plant").expect("declared"));
    /// let filter = odata::bind::filter(&model, plant, "colour eq 'red'")?;
    /// let Node::Compare(_, colour, _) = &filter.expr().node else { panic!("a comparison") };
    /// assert!(matches!(&colour.node, Node::Open(_, name) if **name == *"colour"));
    /// let context = odata::exec::memory::Context::new(&model, odata::edm::DateTimeOffset::from_unix_nanos(0));
    /// assert_eq!(odata::exec::memory::matches(&filter, &garden::rose(&model).into(), context), Ok(true));
    /// # Ok::<(), odata::Error>(())
    /// ```
    Open(Box<Expr>, Arc<str>),
    /// Comparison with OData's null rules.
    Compare(CompareOp, Box<Expr>, Box<Expr>),
    /// Three-valued `and`.
    And(Box<Expr>, Box<Expr>),
    /// Three-valued `or`.
    Or(Box<Expr>, Box<Expr>),
    /// Three-valued `not`.
    Not(Box<Expr>),
    /// `a in (b, c)`, or in a collection-valued expression (a single operand of collection type).
    In(Box<Expr>, Vec<Expr>),
    /// Arithmetic; overflow is an error of evaluation.
    Arithmetic(ArithmeticOp, Box<Expr>, Box<Expr>),
    /// `-a`.
    Negate(Box<Expr>),
    /// `a has b` on flag enumerations.
    Has(Box<Expr>, Box<Expr>),
    /// A built-in function.
    Call(Function, Vec<Expr>),
    /// `matchesPattern` with its pattern, compiled once. One that is no constant is an argument of [`Self::Call`].
    Matches(Box<Expr>, Pattern),
    /// `any` / `all` over a collection; the body sees the element as `Path { root: variable, .. }`.
    Lambda {
        /// `all` instead of `any`.
        all: bool,
        /// The collection.
        source: Box<Expr>,
        /// The variable's root number.
        variable: u8,
        /// The predicate; `any()` has none.
        body: Option<Box<Expr>>,
    },
    /// `path/$count`, with an optional `$filter` (its element is the variable).
    Count {
        /// The collection.
        source: Box<Expr>,
        /// The variable's root number in `filter`.
        variable: u8,
        /// `$count($filter=…)`.
        filter: Option<Box<Expr>>,
    },
    /// `path/$filter(…)`: the elements that fit, where more than `any`, `all` or `$count` is asked of them.
    Filtered {
        /// The collection.
        source: Box<Expr>,
        /// The variable's root number in `filter`.
        variable: u8,
        /// What they fit.
        filter: Box<Expr>,
    },
    /// `[a,b]` whose elements are no constants.
    List(Vec<Expr>),
    /// `path/aggregate(…)`: one value of the elements, each of which is the variable; of [`THESE`] each is the row.
    Aggregate {
        /// The collection.
        source: Box<Expr>,
        /// The variable's root number.
        variable: u8,
        /// What is done; it has no name.
        item: Box<Aggregate>,
    },
    /// `isdefined(path)` where not every row has what the path leads to.
    IsDefined(Box<Expr>),
    /// An explicit or implied numeric (or other primitive) conversion.
    Cast(Box<Expr>, ExprType),
    /// `isof`.
    IsOf(Box<Expr>, ExprType),
    /// Whether a search finds a value: `$count($search=…)`.
    Found(Box<Expr>, Search),
}

/// A step of a path.
///
/// ```
/// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
/// # let model = shop::model();
/// use odata::expr::{Node, Step};
///
/// let book = model.type_by_name("book").expect("declared");
/// let filter = shop::filter(&model, "contains(shop.book/author,'x')");
/// let Node::Call(_, arguments) = &filter.expr().node else { panic!("a call") };
/// let author = vec![Step::Cast(book), Step::Member(8)];
/// assert_eq!(arguments[0].node, Node::Path { root: 0, steps: author });
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// A member by number of the type that the path has reached.
    Member(u16),
    /// A cast; what is not of the type is null.
    Cast(TypeId),
    /// A result of `$compute` or `$apply`, by its place in [`crate::Record::dynamic`]. Only the first step of a path.
    Dynamic(u16),
}

/// Comparison operators.
///
/// ```
/// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
/// # let model = shop::model();
/// use odata::expr::{CompareOp, Node};
///
/// let filter = shop::filter(&model, "id ge 2");
/// assert!(matches!(filter.expr().node, Node::Compare(CompareOp::Ge, ..)));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "named as in the OData ABNF")]
pub enum CompareOp {
    Eq,
    Ne,
    Gt,
    Ge,
    Lt,
    Le,
}

/// Arithmetic operators.
///
/// ```
/// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
/// # let model = shop::model();
/// use odata::expr::{ArithmeticOp, Node};
///
/// let filter = shop::filter(&model, "id mod 2 eq 1");
/// let Node::Compare(_, left, _) = &filter.expr().node else { panic!("a comparison") };
/// assert!(matches!(left.node, Node::Arithmetic(ArithmeticOp::Mod, ..)));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "named as in the OData ABNF")]
pub enum ArithmeticOp {
    Add,
    Sub,
    Mul,
    Div,
    DivBy,
    Mod,
}

/// Built-in functions of OData 4.01 (part 2, section 5.1.1).
///
/// ```
/// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
/// # let model = shop::model();
/// use odata::expr::{Function, Node};
///
/// let filter = shop::filter(&model, "startswith(name,'t')");
/// assert!(matches!(filter.expr().node, Node::Call(Function::StartsWith, _)));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "named as in the OData ABNF")]
pub enum Function {
    Concat,
    Contains,
    EndsWith,
    IndexOf,
    Length,
    StartsWith,
    Substring,
    MatchesPattern,
    ToLower,
    ToUpper,
    Trim,
    Date,
    Day,
    FractionalSeconds,
    Hour,
    MaxDateTime,
    MinDateTime,
    Minute,
    Month,
    Now,
    Second,
    Time,
    TotalOffsetMinutes,
    TotalSeconds,
    Year,
    Ceiling,
    Floor,
    Round,
    HasSubset,
    HasSubsequence,
    GeoDistance,
    GeoIntersects,
    GeoLength,
    Case,
}

impl Expr {
    /// The expressions that this one is made of.
    pub(crate) fn children_mut(&mut self) -> Vec<&mut Self> {
        match &mut self.node {
            Node::Literal(_) | Node::Path { .. } | Node::Root { .. } => Vec::new(),
            Node::Compare(_, a, b) | Node::And(a, b) | Node::Or(a, b) | Node::Arithmetic(_, a, b) | Node::Has(a, b) => {
                vec![a, b]
            }
            Node::Not(a)
            | Node::Negate(a)
            | Node::Matches(a, _)
            | Node::Cast(a, _)
            | Node::IsOf(a, _)
            | Node::IsDefined(a)
            | Node::Found(a, _)
            | Node::Keyed { source: a, .. }
            | Node::Open(a, _)
            | Node::Walk(a, _) => vec![a],
            Node::In(a, list) => std::iter::once(&mut **a).chain(list).collect(),
            Node::Filtered { source, filter, .. } => vec![source, filter],
            Node::Call(_, arguments) | Node::List(arguments) => arguments.iter_mut().collect(),
            Node::Invoke { binding, parameters, .. } => {
                binding.iter_mut().map(|binding| &mut **binding).chain(parameters.iter_mut().flatten()).collect()
            }
            Node::Lambda { source, body: predicate, .. } | Node::Count { source, filter: predicate, .. } => {
                std::iter::once(source).chain(predicate).map(|part| &mut **part).collect()
            }
            Node::Aggregate { source, item, .. } => {
                let keys = item.from.iter_mut().flat_map(|from| &mut from.keys);
                let inside = item.through.iter_mut().chain(&mut item.operand).chain(keys);
                std::iter::once(&mut **source).chain(inside).collect()
            }
        }
    }

    /// The expressions that this one is made of.
    ///
    /// ```
    /// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
    /// # let model = shop::model();
    /// let filter = shop::filter(&model, "id ge 2 and startswith(name,'t')");
    /// assert_eq!(filter.expr().children().len(), 2);
    /// assert_eq!(filter.expr().children()[1].children().len(), 2, "the arguments");
    /// ```
    pub fn children(&self) -> Vec<&Self> {
        match &self.node {
            Node::Literal(_) | Node::Path { .. } | Node::Root { .. } => Vec::new(),
            Node::Compare(_, a, b) | Node::And(a, b) | Node::Or(a, b) | Node::Arithmetic(_, a, b) | Node::Has(a, b) => {
                vec![a, b]
            }
            Node::Not(a)
            | Node::Negate(a)
            | Node::Matches(a, _)
            | Node::Cast(a, _)
            | Node::IsOf(a, _)
            | Node::IsDefined(a)
            | Node::Found(a, _)
            | Node::Keyed { source: a, .. }
            | Node::Open(a, _)
            | Node::Walk(a, _) => vec![a],
            Node::In(a, list) => std::iter::once(&**a).chain(list).collect(),
            Node::Filtered { source, filter, .. } => vec![source, filter],
            Node::Call(_, arguments) | Node::List(arguments) => arguments.iter().collect(),
            Node::Invoke { binding, parameters, .. } => {
                binding.iter().map(|binding| &**binding).chain(parameters.iter().flatten()).collect()
            }
            Node::Lambda { source, body: predicate, .. } | Node::Count { source, filter: predicate, .. } => {
                std::iter::once(source).chain(predicate).map(|part| &**part).collect()
            }
            Node::Aggregate { source, item, .. } => {
                let keys = item.from.iter().flat_map(|from| &from.keys);
                let inside = item.through.iter().chain(&item.operand).chain(keys);
                std::iter::once(&**source).chain(inside).collect()
            }
        }
    }

    /// Whether the expression looks at a member of the row itself, at any depth.
    ///
    /// ```
    /// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
    /// # let model = shop::model();
    /// let filter = shop::filter(&model, "not startswith(name,'t')");
    /// assert!(filter.expr().mentions(1) && !filter.expr().mentions(2));
    /// ```
    pub fn mentions(&self, member: u16) -> bool {
        self.mentions_from(0, member)
    }

    /// Whether the expression asks something of `$these`.
    pub(crate) fn asks_these(&self) -> bool {
        matches!(self.node, Node::Path { root: THESE, .. }) || self.children().into_iter().any(Self::asks_these)
    }

    /// Whether the expression looks at a member of what has a root number, at any depth.
    pub(crate) fn mentions_from(&self, from: u8, member: u16) -> bool {
        match &self.node {
            Node::Path { root, steps } => *root == from && steps.contains(&Step::Member(member)),
            _ => self.children().into_iter().any(|part| part.mentions_from(from, member)),
        }
    }

    /// Whether the expression looks at a member of an element of a collection, whichever collection it is.
    ///
    /// ```
    /// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
    /// # let model = shop::model();
    /// let category = odata::model::EdmType::Named(model.type_by_name("category").expect("declared"));
    /// let filter = odata::bind::filter(&model, category, "products/any(p:p/price gt 4)")?;
    /// assert!(filter.expr().mentions_in_elements(2), "the price of a product");
    /// assert!(!filter.expr().mentions(2));
    /// # Ok::<(), odata::Error>(())
    /// ```
    pub fn mentions_in_elements(&self, member: u16) -> bool {
        match &self.node {
            Node::Path { root, steps } => {
                *root > 0 && steps.iter().find(|s| matches!(s, Step::Member(_))) == Some(&Step::Member(member))
            }
            _ => self.children().into_iter().any(|part| part.mentions_in_elements(member)),
        }
    }
}
