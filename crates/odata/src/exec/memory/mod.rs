//! In memory: a bound plan over values. Three-valued logic, ordinal texts, null lowest. Knows no syntax and no store.
//!
//! A row is a [`Value::Record`] (entities, complex values) or any other value (`$it` of a primitive collection). Members that
//! are absent are null; navigation properties are followed where the record holds them or a [`Source`] knows them.
//!
//! ```
//! # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
//! # let model = shop::model();
//! let query = shop::query(&model, "products?$filter=price lt 10&$orderby=price&$count=true")?;
//! let page = odata::exec::memory::page_in(shop::context(&model), shop::rows(&model), &query)?;
//! let names: Vec<_> = page.items.iter().filter_map(|item| item.as_record()?.get(1)?.as_str()).collect();
//! assert_eq!((names, page.count), (vec!["cup", "tea"], Some(2)));
//! # Ok::<(), odata::Error>(())
//! ```

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
mod patterns;
mod position;
mod read;
mod route;
mod search;
mod sequence;
mod source;
mod these;

pub use apply::apply;
pub use compute::compute;
use compute::select_computed;
pub use page::{page, page_in};
pub use patterns::Patterns;
pub use read::Reader;
pub use source::{Call, Related, Rows, Source};

use crate::edm::DateTimeOffset;
use crate::error::Error;
use crate::expr::{Expr, Node, Step};
use crate::model::Model;
use crate::plan::Filter;
use crate::value::Value;

/// Why an expression has no value.
///
/// ```
/// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
/// # let model = shop::model();
/// use odata::exec::memory::{EvalError, matches};
///
/// let tea = shop::product(&model, 1, "tea", "4.50").into();
/// let filter = shop::filter(&model, "10 div (id sub 1) gt 0");
/// assert_eq!(matches(&filter, &tea, shop::context(&model)), Err(EvalError::DivisionByZero));
/// assert_eq!(odata::Error::from(EvalError::DivisionByZero).kind, odata::ErrorKind::BadRequest);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
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
    /// A computed pattern that is none, named with the reason.
    #[error("{0}")]
    Pattern(std::sync::Arc<str>),
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
            EvalError::Overflow
            | EvalError::DivisionByZero
            | EvalError::NegativeLength
            | EvalError::TooMuch
            | EvalError::Pattern(_) => crate::error::ErrorKind::BadRequest,
        };
        Self::new(kind, error.to_string())
    }
}

/// What evaluation needs beside the row.
///
/// ```
/// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
/// # let model = shop::model();
/// use odata::edm::DateTimeOffset;
/// use odata::exec::memory::{Context, matches};
///
/// let context = Context::new(&model, DateTimeOffset::parse("2024-05-01T12:00Z")?);
/// let tea = shop::product(&model, 1, "tea", "4.50").into();
/// assert_eq!(matches(&shop::filter(&model, "year(now()) eq 2024"), &tea, context), Ok(true));
/// # Ok::<(), odata::edm::ParseError>(())
/// ```
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
    /// Computed patterns of `matchesPattern` that were compiled for rows before; without it, each row compiles its own.
    pub patterns: Option<&'m Patterns>,
}

impl<'m> Context<'m> {
    /// Evaluation over what the rows hold themselves.
    ///
    /// ```
    /// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
    /// # let model = shop::model();
    /// use odata::edm::DateTimeOffset;
    /// use odata::exec::memory::Context;
    ///
    /// let context = Context::new(&model, DateTimeOffset::from_unix_nanos(0));
    /// assert!(context.source.is_none(), "rows hold everything that expressions look at");
    /// ```
    pub fn new(model: &'m Model, now: DateTimeOffset) -> Self {
        Self { model, now, source: None, it: None, patterns: None }
    }

    /// Evaluation that also follows navigation properties.
    ///
    /// ```
    /// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
    /// # let model = shop::model();
    /// use odata::exec::memory::matches;
    ///
    /// let shelves = shop::shelves(&model);
    /// let context = shop::context(&model).with_source(&shelves);
    /// let tea = shop::product(&model, 1, "tea", "4.50").into();
    /// assert_eq!(matches(&shop::filter(&model, "category/id eq 'kitchen'"), &tea, context), Ok(true));
    /// ```
    #[must_use]
    pub fn with_source(self, source: &'m dyn Source) -> Self {
        Self { source: Some(source), ..self }
    }

    /// Evaluation of options nested in those of a request about `it`.
    ///
    /// ```
    /// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
    /// # let model = shop::model();
    /// use odata::exec::memory::matches;
    ///
    /// let query = shop::query(&model, "categories?$expand=products($filter=name ne $it/id)")?;
    /// let filter = query.projection.expand[0].query.filter.clone().expect("given");
    /// let category = model.type_by_name("category").expect("declared");
    /// let category = odata::RecordBuilder::new(&model, category).set(0, "tea").build().into();
    /// let tea = shop::product(&model, 1, "tea", "4.50").into();
    /// assert_eq!(matches(&filter, &tea, shop::context(&model).with_it(&category)), Ok(false));
    /// # Ok::<(), odata::Error>(())
    /// ```
    #[must_use]
    pub fn with_it(self, it: &'m Value) -> Self {
        Self { it: Some(it), ..self }
    }

    /// Evaluation that compiles a computed pattern once for rows that have it in common.
    ///
    /// ```
    /// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
    /// # let model = shop::model();
    /// use odata::exec::memory::{Patterns, matches};
    ///
    /// let patterns = Patterns::default();
    /// let context = shop::context(&model).with_patterns(&patterns);
    /// let filter = shop::filter(&model, "matchesPattern(name,concat('^','t'))");
    /// let named = |name| shop::product(&model, 1, name, "4.50").into();
    /// assert_eq!(matches(&filter, &named("tea"), context), Ok(true));
    /// assert_eq!(matches(&filter, &named("cup"), context), Ok(false));
    /// ```
    #[must_use]
    pub fn with_patterns(self, patterns: &'m Patterns) -> Self {
        Self { patterns: Some(patterns), ..self }
    }

    /// As [`Self::with_patterns`], where there are none yet.
    fn or_patterns<'s>(self, patterns: &'s Patterns) -> Context<'s>
    where
        'm: 's,
    {
        Context { patterns: self.patterns.or(Some(patterns)), ..self }
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
/// ```
/// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
/// # let model = shop::model();
/// let query = shop::query(&model, "products?$orderby=concat(name,'!')")?;
/// let tea = shop::product(&model, 1, "tea", "4.50").into();
/// let value = odata::exec::memory::evaluate(&query.order[0].expr, &tea, shop::context(&model));
/// assert_eq!(value, Ok("tea!".into()));
/// # Ok::<(), odata::Error>(())
/// ```
///
/// # Errors
/// As [`matches()`].
pub fn evaluate(expr: &Expr, row: &Value, context: Context<'_>) -> Result<Value, EvalError> {
    Ok(context.value(expr, &eval::Frame::row(row))?.into_owned())
}
