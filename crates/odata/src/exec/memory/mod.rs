//! In memory: a bound plan over values. Three-valued logic, ordinal texts, null lowest. Knows no syntax and no store.
//!
//! A row is a [`Value::Record`] (entities, complex values) or any other value (`$it` of a primitive collection). Members that
//! are absent are null; navigation properties are followed where the record holds them or a [`Source`] knows them.

mod apply;
mod arithmetic;
mod compare;
mod compute;
mod eval;
mod expand;
mod follow;
mod function;
mod geo;
mod page;
mod position;
mod read;
mod route;
mod search;
mod sequence;
mod source;

pub use apply::apply;
pub use compute::compute;
use compute::select_computed;
pub use page::{page, page_in};
pub use read::Reader;
pub use source::{Call, Related, Rows, Source};

use crate::edm::DateTimeOffset;
use crate::error::Error;
use crate::expr::{Expr, Node, Step};
use crate::model::Model;
use crate::plan::Filter;
use crate::value::Value;

/// Why an expression has no value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EvalError {
    /// A result that its type cannot hold.
    #[error("An arithmetic operation overflows.")]
    Overflow,
    /// Division of a whole or decimal number by zero, and what is left of any number by it.
    #[error("A division by zero.")]
    DivisionByZero,
    /// A part of a text or of a collection that is to have less than nothing.
    #[error("A negative length of a substring.")]
    NegativeLength,
    /// More elements of collections looked at, or longer texts made, than one expression may for a row.
    #[error("The expression looks at too many elements of collections, or makes too long texts.")]
    TooMuch,
    /// A function of the service failed.
    #[error("A function in the expression has no result.")]
    Function(crate::error::ErrorKind),
    /// A construct that this executor does not run.
    #[error("'{0}' is not offered.")]
    NotOffered(&'static str),
}

impl From<EvalError> for Error {
    fn from(error: EvalError) -> Self {
        let kind = match error {
            EvalError::NotOffered(_) => crate::error::ErrorKind::NotImplemented,
            EvalError::Function(kind) => kind,
            EvalError::Overflow | EvalError::DivisionByZero | EvalError::NegativeLength | EvalError::TooMuch => {
                crate::error::ErrorKind::BadRequest
            }
        };
        Self::new(kind, error.to_string())
    }
}

/// What evaluation needs beside the row.
#[derive(Clone, Copy)]
pub struct Context<'m> {
    /// The model that the expression was bound to.
    pub model: &'m Model,
    /// The value of `now()`.
    pub now: DateTimeOffset,
    /// Where what records do not hold is asked for: navigation properties, `$root`, what `$search` looks at.
    pub source: Option<&'m dyn Source>,
    /// `$it` of nested options: what the request is about. Elsewhere the row is.
    pub it: Option<&'m Value>,
}

impl<'m> Context<'m> {
    /// Evaluation over what the rows hold themselves.
    pub fn new(model: &'m Model, now: DateTimeOffset) -> Self {
        Self { model, now, source: None, it: None }
    }

    /// Evaluation that also follows navigation properties.
    #[must_use]
    pub fn with_source(self, source: &'m dyn Source) -> Self {
        Self { source: Some(source), ..self }
    }

    /// Evaluation of options nested in those of a request about `it`.
    #[must_use]
    pub fn with_it(self, it: &'m Value) -> Self {
        Self { it: Some(it), ..self }
    }
}

impl std::fmt::Debug for Context<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Context")
            .field("now", &self.now)
            .field("source", &self.source.is_some())
            .finish_non_exhaustive()
    }
}

/// Whether the row passes the filter: null counts as false.
///
/// ```
/// use odata::edm::DateTimeOffset;
/// use odata::exec::memory::{Context, matches};
/// use odata::model::{EdmType, Primitive};
/// use odata::{Value, bind, csdl};
///
/// let xml = r#"<edmx:Edmx xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx" Version="4.0"><edmx:DataServices>
///   <Schema xmlns="http://docs.oasis-open.org/odata/ns/edm" Namespace="ns"/></edmx:DataServices></edmx:Edmx>"#;
/// let model = csdl::read(xml).expect("a valid model");
/// let filter = bind::filter(&model, EdmType::Primitive(Primitive::Int32), "$it mod 2 eq 0").expect("valid");
/// let now = DateTimeOffset::from_unix_nanos(0);
/// let context = Context::new(&model, now);
/// assert_eq!(matches(&filter, &Value::Int(4), context), Ok(true));
/// assert_eq!(matches(&filter, &Value::Null, context), Ok(false));
/// ```
///
/// # Errors
/// [`EvalError`], such as an arithmetic overflow.
#[inline]
pub fn matches(filter: &Filter, row: &Value, context: Context<'_>) -> Result<bool, EvalError> {
    // What most filters are: a property that the row holds, against a constant. So short that the memory fetches of several
    // rows overlap, which is where the time goes.
    if let Node::Compare(op, left, right) = &filter.expr().node
        && let (Node::Path { root: 0, steps }, Node::Literal(constant)) = (&left.node, &right.node)
        && let ([Step::Member(member)], Value::Record(record)) = (steps.as_slice(), row)
        && let Some(value) = record.get(*member)
    {
        return Ok(compare::compare(*op, value, constant));
    }
    Ok(context.truth(filter.expr(), &eval::Frame::row(row))? == Some(true))
}

/// The value of an expression for a row.
///
/// # Errors
/// As [`matches()`].
pub fn evaluate(expr: &Expr, row: &Value, context: Context<'_>) -> Result<Value, EvalError> {
    Ok(context.value(expr, &eval::Frame::row(row))?.into_owned())
}
