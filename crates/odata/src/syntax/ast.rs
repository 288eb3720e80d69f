//! The syntax tree of query options and of the expressions in them. Borrows from the decoded text; knows no model.

use std::borrow::Cow;

use uuid::Uuid;

use super::SystemOption;
use super::apply::Apply;
use crate::expr::{ArithmeticOp, CompareOp, Function};
use crate::plan::Search;

/// A range of bytes in the decoded text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Span {
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

/// An expression and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Expr<'t> {
    /// What it is.
    pub kind: ExprKind<'t>,
    /// Where it stands.
    pub span: Span,
}

/// The forms of an expression (`commonExpr` of the ABNF).
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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Builtin {
    /// An ordinary one.
    Function(Function),
    /// `cast`; its last argument is a type name.
    Cast,
    /// `isof`; its last argument is a type name.
    IsOf,
}

/// A constant as written.
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
#[derive(Debug, Clone, PartialEq)]
pub struct Path<'t> {
    /// Where it starts.
    pub root: Root<'t>,
    /// What follows.
    pub segments: Vec<Segment<'t>>,
}

/// Where a path starts.
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
    /// `@name`: a parameter alias, or an annotation when it has a dot or a qualifier.
    At(&'t str),
    /// The result of a function.
    Expr(Box<Expr<'t>>),
}

/// A segment of a path and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Segment<'t> {
    /// What it is.
    pub kind: SegmentKind<'t>,
    /// Where it stands.
    pub span: Span,
}

/// The forms of a segment.
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
    /// `@ns.Term#qualifier`.
    Annotation(&'t str),
}

/// An argument of a function or a part of a key.
#[derive(Debug, Clone, PartialEq)]
pub struct Argument<'t> {
    /// `name=`.
    pub name: Option<&'t str>,
    /// The value.
    pub value: Expr<'t>,
}

/// The options of a request or of one `$expand` or `$select` item.
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
#[derive(Debug, Clone, PartialEq)]
pub struct OrderItem<'t> {
    /// The key.
    pub expr: Expr<'t>,
    /// `desc`.
    pub descending: bool,
}

/// An item of `$select`.
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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Name<'t> {
    /// As written.
    pub text: &'t str,
    /// Where.
    pub position: usize,
}
