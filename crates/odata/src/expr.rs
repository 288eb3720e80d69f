//! Bound expressions: every name resolved, every type known, coercions explicit. Only the binder makes them, and only
//! these can be run. Knows no syntax and no store.

use std::sync::Arc;

use crate::edm::civil::TICKS_PER_SECOND;
use crate::edm::{DateTimeOffset, Offset};
use crate::model::{EdmType, OperationId, Primitive, TypeId};
use crate::plan::Search;
use crate::value::Value;

pub(crate) mod convert;
pub(crate) mod geo;

/// The type of an expression: an EDM type or a collection of it. `None` in `base` is the type of `null`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExprType {
    /// The (element) type.
    pub base: Option<EdmType>,
    /// Whether it is a collection.
    pub collection: bool,
}

impl ExprType {
    /// The type of `null`.
    pub const NULL: Self = Self { base: None, collection: false };

    /// A single value of a primitive type.
    pub const fn primitive(primitive: Primitive) -> Self {
        Self { base: Some(EdmType::Primitive(primitive)), collection: false }
    }

    /// A single value of a type.
    pub const fn single(base: EdmType) -> Self {
        Self { base: Some(base), collection: false }
    }

    /// A collection of a type.
    pub const fn collection_of(base: EdmType) -> Self {
        Self { base: Some(base), collection: true }
    }
}

/// A compiled regular expression of `matchesPattern`; equal when the texts are.
#[derive(Debug, Clone)]
pub struct Pattern(Arc<regex::Regex>);

impl Pattern {
    /// Compiles a pattern. Linear in the text when it runs, bounded in size when it compiles.
    ///
    /// # Errors
    /// What is wrong with the pattern, for the caller.
    pub fn new(text: &str) -> Result<Self, String> {
        let compiled = regex::RegexBuilder::new(text).size_limit(crate::limits::PATTERN_BYTES_MAX).build();
        compiled.map(|regex| Self(Arc::new(regex))).map_err(|error| error.to_string())
    }

    /// Whether it matches anywhere in the text.
    pub fn is_match(&self, text: &str) -> bool {
        self.0.is_match(text)
    }

    /// The text of the pattern.
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
#[derive(Debug, Clone, PartialEq)]
pub struct Expr {
    /// What it does.
    pub node: Node,
    /// What it gives.
    pub ty: ExprType,
}

/// The root number of `$it` in options nested in `$expand` or `$select`: the instance that the request is about, where the row
/// is one of what is expanded or selected inside it. Lambda variables never count so far.
pub const IT: u8 = u8::MAX;

/// The forms of an expression.
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
    /// A function of the service, bound to a value.
    Invoke {
        /// The overload.
        operation: OperationId,
        /// What it is bound to.
        binding: Box<Expr>,
        /// Arguments in the order of the declaration; `None` where not given.
        parameters: Vec<Option<Expr>>,
    },
    /// A path from a value that is no row and no variable.
    Walk(Box<Expr>, Vec<Step>),
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
    /// `matchesPattern` with its pattern, compiled once.
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
    /// An explicit or implied numeric (or other primitive) conversion.
    Cast(Box<Expr>, ExprType),
    /// `isof`.
    IsOf(Box<Expr>, ExprType),
    /// Whether a search finds a value: `$count($search=…)`.
    Found(Box<Expr>, Search),
}

/// A step of a path.
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
            | Node::Found(a, _)
            | Node::Keyed { source: a, .. }
            | Node::Walk(a, _) => vec![a],
            Node::In(a, list) => std::iter::once(&mut **a).chain(list).collect(),
            Node::Call(_, arguments) => arguments.iter_mut().collect(),
            Node::Invoke { binding, parameters, .. } => {
                std::iter::once(&mut **binding).chain(parameters.iter_mut().flatten()).collect()
            }
            Node::Lambda { source, body: predicate, .. } | Node::Count { source, filter: predicate, .. } => {
                std::iter::once(source).chain(predicate).map(|part| &mut **part).collect()
            }
        }
    }

    /// The expressions that this one is made of.
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
            | Node::Found(a, _)
            | Node::Keyed { source: a, .. }
            | Node::Walk(a, _) => vec![a],
            Node::In(a, list) => std::iter::once(&**a).chain(list).collect(),
            Node::Call(_, arguments) => arguments.iter().collect(),
            Node::Invoke { binding, parameters, .. } => {
                std::iter::once(&**binding).chain(parameters.iter().flatten()).collect()
            }
            Node::Lambda { source, body: predicate, .. } | Node::Count { source, filter: predicate, .. } => {
                std::iter::once(source).chain(predicate).map(|part| &**part).collect()
            }
        }
    }

    /// Whether the expression looks at a member of the row itself, at any depth.
    pub fn mentions(&self, member: u16) -> bool {
        self.mentions_from(0, member)
    }

    /// Whether the expression looks at a member of what has a root number, at any depth.
    pub(crate) fn mentions_from(&self, from: u8, member: u16) -> bool {
        match &self.node {
            Node::Path { root, steps } => *root == from && steps.contains(&Step::Member(member)),
            _ => self.children().into_iter().any(|part| part.mentions_from(from, member)),
        }
    }

    /// Whether the expression looks at a member of an element of a collection, whichever collection it is.
    pub fn mentions_in_elements(&self, member: u16) -> bool {
        match &self.node {
            Node::Path { root, steps } => {
                *root > 0 && steps.iter().find(|s| matches!(s, Step::Member(_))) == Some(&Step::Member(member))
            }
            _ => self.children().into_iter().any(|part| part.mentions_in_elements(member)),
        }
    }
}
