//! The syntax tree of query options and of the expressions in them. Borrows from the decoded text; knows no model.
//!
//! ```
//! use odata::syntax::{Query, ast::ExprKind};
//!
//! let query = Query::parse("$filter=price gt 4 and care has 'cold'&$orderby=name desc")?;
//! let options = query.options()?;
//! assert!(matches!(options.filter.expect("given").kind, ExprKind::And(..)));
//! assert!(options.orderby[0].descending);
//! # Ok::<(), odata::Error>(())
//! ```

use std::borrow::Cow;

use uuid::Uuid;

use super::SystemOption;
use super::apply::{Aggregate, Apply};
use crate::expr::{ArithmeticOp, CompareOp, Function};
use crate::plan::Search;

/// A range of bytes in the decoded text.
///
/// ```
/// use odata::syntax::{ast::{ExprKind, Span}, parse_expression};
///
/// let ExprKind::Compare(_, _, least) = parse_expression("price gt 4.50")?.kind else { panic!("a comparison") };
/// assert_eq!(least.span, Span { start: 9, end: 13 });
/// # Ok::<(), odata::syntax::SyntaxError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Span {
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

/// An expression and where it stands.
///
/// ```
/// use odata::syntax::{ast::ExprKind, parse_expression};
///
/// let text = "price gt 4 or name eq 'tea'";
/// let ExprKind::Or(_, right) = parse_expression(text)?.kind else { panic!("a disjunction") };
/// assert_eq!(&text[right.span.start as usize..right.span.end as usize], "name eq 'tea'");
/// # Ok::<(), odata::syntax::SyntaxError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Expr<'t> {
    /// What it is.
    pub kind: ExprKind<'t>,
    /// Where it stands.
    pub span: Span,
}

/// The forms of an expression (`commonExpr` of the ABNF).
///
/// ```
/// use odata::syntax::{ast::ExprKind, parse_expression};
///
/// assert!(matches!(parse_expression("not true")?.kind, ExprKind::Not(_)));
/// assert!(matches!(parse_expression("id in (1,2)")?.kind, ExprKind::InList(_, ids) if ids.len() == 2));
/// // `and` binds tighter than `or`.
/// let ExprKind::Or(_, right) = parse_expression("a or b and c")?.kind else { panic!("a disjunction") };
/// assert!(matches!(right.kind, ExprKind::And(..)));
/// # Ok::<(), odata::syntax::SyntaxError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub enum ExprKind<'t> {
    /// A constant.
    Literal(Literal<'t>),
    /// A path, an alias, a root.
    Path(Path<'t>),
    /// `eq ne gt ge lt le`.
    Compare(CompareOp, Box<Expr<'t>>, Box<Expr<'t>>),
    /// `and`.
    And(Box<Expr<'t>>, Box<Expr<'t>>),
    /// `or`.
    Or(Box<Expr<'t>>, Box<Expr<'t>>),
    /// `not`.
    Not(Box<Expr<'t>>),
    /// `-`.
    Negate(Box<Expr<'t>>),
    /// `add sub mul div divby mod`.
    Arithmetic(ArithmeticOp, Box<Expr<'t>>, Box<Expr<'t>>),
    /// `has`.
    Has(Box<Expr<'t>>, Box<Expr<'t>>),
    /// `a in (…)`: the alternatives.
    InList(Box<Expr<'t>>, Vec<Expr<'t>>),
    /// `a in collection`.
    In(Box<Expr<'t>>, Box<Expr<'t>>),
    /// A built-in function.
    Call(Builtin, Vec<Expr<'t>>),
    /// `case(condition:value,…)`.
    Case(Vec<(Expr<'t>, Expr<'t>)>),
    /// `[…]`, elements may be expressions.
    Array(Vec<Expr<'t>>),
    /// `{…}`, values may be expressions.
    Object(Vec<(Cow<'t, str>, Expr<'t>)>),
}

/// A function of the grammar.
///
/// ```
/// use odata::expr::Function;
/// use odata::syntax::{ast::{Builtin, ExprKind}, parse_expression};
///
/// let ExprKind::Call(called, _) = parse_expression("tolower(name)")?.kind else { panic!("a call") };
/// assert_eq!(called, Builtin::Function(Function::ToLower));
/// let ExprKind::Call(called, _) = parse_expression("isof(shop.book)")?.kind else { panic!("a call") };
/// assert_eq!(called, Builtin::IsOf);
/// # Ok::<(), odata::syntax::SyntaxError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Builtin {
    /// An ordinary one.
    Function(Function),
    /// `cast`; its last argument is a type name.
    Cast,
    /// `isof`; its last argument is a type name.
    IsOf,
    /// `isdefined`; its argument is a path.
    IsDefined,
}

/// A constant as written.
///
/// ```
/// use odata::syntax::{ast::{ExprKind, Literal}, parse_expression};
///
/// let literal = |text| match parse_expression(text).expect("well-formed").kind {
///     ExprKind::Literal(literal) => literal,
///     other => panic!("{other:?}"),
/// };
/// assert_eq!(literal("'O''Neil'"), Literal::String("O'Neil".into()));
/// assert_eq!(literal("4.50"), Literal::Decimal("4.50"));
/// assert_eq!(literal("shop.care'cold'"), Literal::Enum { type_name: "shop.care", members: "cold" });
/// ```
#[derive(Debug, Clone, PartialEq)]
pub enum Literal<'t> {
    /// `null`.
    Null,
    /// `true`, `false`.
    Boolean(bool),
    /// Digits with an optional sign.
    Integer(&'t str),
    /// A number with a decimal point and no exponent.
    Decimal(&'t str),
    /// A number with an exponent, `INF`, `-INF`, `NaN`.
    Double(&'t str),
    /// `'text'`, quotes resolved.
    String(Cow<'t, str>),
    /// A GUID.
    Guid(Uuid),
    /// `2012-12-03`.
    Date(&'t str),
    /// `2012-12-03T07:16:23Z`.
    DateTimeOffset(&'t str),
    /// `07:59:59.999`.
    TimeOfDay(&'t str),
    /// `duration'P1D'`.
    Duration(&'t str),
    /// `binary'T0RhdGE'`, still in base64url.
    Binary(&'t str),
    /// `ns.Type'Member,4'`.
    Enum {
        /// Type name as written.
        type_name: &'t str,
        /// What stands between the quotes.
        members: &'t str,
    },
    /// `geography'…'` or `geometry'…'`: what stands between the quotes.
    Geo {
        /// `geometry` instead of `geography`.
        geometry: bool,
        /// Its text.
        text: &'t str,
    },
}

/// A path in an expression.
///
/// ```
/// use odata::syntax::{ast::{ExprKind, Root}, parse_expression};
///
/// let ExprKind::Path(path) = parse_expression("$it/size/width")?.kind else { panic!("a path") };
/// assert_eq!((path.root, path.segments.len()), (Root::It, 2));
/// # Ok::<(), odata::syntax::SyntaxError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Path<'t> {
    /// Where it starts.
    pub root: Root<'t>,
    /// What follows.
    pub segments: Vec<Segment<'t>>,
}

/// Where a path starts.
///
/// ```
/// use odata::syntax::{ast::{ExprKind, Root}, parse_expression};
///
/// for (text, expected) in [("name", Root::Implicit), ("$this", Root::This), ("@least", Root::At("@least"))] {
///     assert!(matches!(parse_expression(text)?.kind, ExprKind::Path(path) if path.root == expected));
/// }
/// # Ok::<(), odata::syntax::SyntaxError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub enum Root<'t> {
    /// At the row, or at a lambda variable when the first segment names one.
    Implicit,
    /// `$it`.
    It,
    /// `$this`.
    This,
    /// `$root`.
    Service,
    /// `$these`: the collection that the option is about; `$count` or `aggregate(…)` follows.
    These,
    /// `@name`: a parameter alias, or an annotation when it has a dot or a qualifier.
    At(&'t str),
    /// The result of a function.
    Expr(Box<Expr<'t>>),
}

/// A segment of a path and where it stands.
///
/// ```
/// use odata::syntax::{ast::{ExprKind, Span}, parse_expression};
///
/// let ExprKind::Path(path) = parse_expression("size/width")?.kind else { panic!("a path") };
/// assert_eq!(path.segments[1].span, Span { start: 5, end: 10 });
/// # Ok::<(), odata::syntax::SyntaxError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Segment<'t> {
    /// What it is.
    pub kind: SegmentKind<'t>,
    /// Where it stands.
    pub span: Span,
}

/// The forms of a segment.
///
/// ```
/// use odata::syntax::{ast::{ExprKind, SegmentKind}, parse_expression};
///
/// let ExprKind::Path(path) = parse_expression("products/any(p:p/price gt 4)")?.kind else { panic!("a path") };
/// assert_eq!(path.segments[0].kind, SegmentKind::Name("products", None));
/// assert!(matches!(path.segments[1].kind, SegmentKind::Lambda { all: false, body: Some(("p", _)) }));
/// # Ok::<(), odata::syntax::SyntaxError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub enum SegmentKind<'t> {
    /// A property, type, variable or operation name, possibly qualified; with what stood in parentheses after it.
    Name(&'t str, Option<Vec<Argument<'t>>>),
    /// A second pair of parentheses: a key.
    Key(Vec<Argument<'t>>),
    /// `any(…)` or `all(…)`.
    Lambda {
        /// `all`.
        all: bool,
        /// Variable and body; `any()` has none.
        body: Option<(&'t str, Box<Expr<'t>>)>,
    },
    /// `$count`, possibly with options.
    Count(Option<Box<Options<'t>>>),
    /// `$filter(…)`.
    Filter(Box<Expr<'t>>),
    /// `aggregate(…)`: one value of the collection before it, without an alias.
    Aggregate(Box<Aggregate<'t>>),
    /// `@ns.Term#qualifier`.
    Annotation(&'t str),
}

/// An argument of a function or a part of a key.
///
/// ```
/// use odata::syntax::{ast::{ExprKind, SegmentKind}, parse_expression};
///
/// let ExprKind::Path(path) = parse_expression("shop.stock(id=7,day=@day)")?.kind else { panic!("a path") };
/// let SegmentKind::Name("shop.stock", Some(arguments)) = &path.segments[0].kind else { panic!("a call") };
/// assert_eq!([arguments[0].name, arguments[1].name], [Some("id"), Some("day")]);
/// # Ok::<(), odata::syntax::SyntaxError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Argument<'t> {
    /// `name=`.
    pub name: Option<&'t str>,
    /// The value.
    pub value: Expr<'t>,
}

/// The options of a request or of one `$expand` or `$select` item.
///
/// ```
/// use odata::syntax::{Query, SystemOption};
///
/// let query = Query::parse("$expand=products($top=3;$levels=max)&$skip=5")?;
/// let options = query.options()?;
/// assert_eq!((&options.given[..], options.skip), (&[SystemOption::Expand, SystemOption::Skip][..], Some(5)));
/// let nested = options.expand[0].options.as_deref().expect("given");
/// assert_eq!((nested.top, nested.levels), (Some(3), Some(None)));
/// # Ok::<(), odata::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Options<'t> {
    /// Which ones were given, in order.
    pub given: Vec<SystemOption>,
    /// `$apply`.
    pub apply: Option<Apply<'t>>,
    /// `$filter`.
    pub filter: Option<Expr<'t>>,
    /// `$orderby`.
    pub orderby: Vec<OrderItem<'t>>,
    /// `$select`.
    pub select: Option<Vec<SelectItem<'t>>>,
    /// `$expand`.
    pub expand: Vec<ExpandItem<'t>>,
    /// `$compute`: expression and name.
    pub compute: Vec<(Expr<'t>, &'t str)>,
    /// `$search`.
    pub search: Option<Search>,
    /// `$top`.
    pub top: Option<u64>,
    /// `$skip`.
    pub skip: Option<u64>,
    /// `$count`.
    pub count: Option<bool>,
    /// `$index`.
    pub index: Option<i64>,
    /// `$levels`; the inner `None` is `max`.
    pub levels: Option<Option<u32>>,
    /// Aliases declared among nested options.
    pub aliases: Vec<(&'t str, Expr<'t>)>,
}

/// An item of `$orderby`.
///
/// ```
/// let query = odata::syntax::Query::parse("$orderby=price desc,length(name)")?;
/// let order = query.options()?.orderby;
/// assert_eq!([order[0].descending, order[1].descending], [true, false]);
/// # Ok::<(), odata::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct OrderItem<'t> {
    /// The key.
    pub expr: Expr<'t>,
    /// `desc`.
    pub descending: bool,
}

/// An item of `$select`.
///
/// ```
/// let query = odata::syntax::Query::parse("$select=name,size/width,shop.stock(id,day)")?;
/// let select = query.options()?.select.expect("given");
/// assert_eq!(select[1].path.iter().map(|name| name.text).collect::<Vec<_>>(), ["size", "width"]);
/// assert_eq!(select[2].parameters, Some(vec!["id", "day"]));
/// # Ok::<(), odata::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct SelectItem<'t> {
    /// Names between slashes: properties, types, operations, `*`, `ns.*`, `@term`.
    pub path: Vec<Name<'t>>,
    /// Parameter names after an operation's name.
    pub parameters: Option<Vec<&'t str>>,
    /// Nested options.
    pub options: Option<Box<Options<'t>>>,
}

/// An item of `$expand`.
///
/// ```
/// let query = odata::syntax::Query::parse("$expand=products/$ref,parent($select=id)")?;
/// let [products, parent] = &query.options()?.expand[..] else { panic!("two") };
/// assert_eq!((products.path[0].text, products.reference), ("products", true));
/// assert!(parent.options.as_ref().is_some_and(|nested| nested.select.is_some()));
/// # Ok::<(), odata::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct ExpandItem<'t> {
    /// Names between slashes: properties, types, `*`, `$value`, `@term`.
    pub path: Vec<Name<'t>>,
    /// `/$ref`.
    pub reference: bool,
    /// `/$count`.
    pub count_only: bool,
    /// Nested options.
    pub options: Option<Box<Options<'t>>>,
}

/// A name and where it stands.
///
/// ```
/// let query = odata::syntax::Query::parse("$select=name,price")?;
/// let price = query.options()?.select.expect("given")[1].path[0];
/// assert_eq!((price.text, price.position), ("price", 5));
/// # Ok::<(), odata::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Name<'t> {
    /// As written.
    pub text: &'t str,
    /// Where.
    pub position: usize,
}
