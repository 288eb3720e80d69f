//! Collections that an application keeps apart from its rows, in a database beside records in memory: what filter and order ask
//! of one is taken out as questions, and the answers stand in the record behind its members. Reads no collection itself.
//!
//! ```
//! # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
//! # let model = shop::model();
//! use odata::exec::apart::{Question, take_apart};
//! # let now = odata::edm::DateTimeOffset::from_unix_nanos(0);
//!
//! let query = shop::query(&model, "products?$filter=id gt 1 and words/any(w:w eq 'hot')")?;
//! let (left, asked) = take_apart(&query, 5, 8, now)?;
//! assert!(matches!(asked[..], [Question::Any(Some(_))]), "for the database");
//! assert!(left.mentions(8) && !left.mentions(5), "the answer is looked for behind the members");
//! # Ok::<(), odata::Error>(())
//! ```

use crate::edm::DateTimeOffset;
use crate::error::{Error, ErrorKind};
use crate::expr::{Expr, Function, IT, Node, Step, THESE};
use crate::plan::{CollectionQuery, Filter};
use crate::value::Value;

/// What is asked of the collection of one row. Filters are bound to the element's type.
///
/// ```
/// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
/// # let model = shop::model();
/// use odata::exec::apart::{Question, take_apart};
/// # let now = odata::edm::DateTimeOffset::from_unix_nanos(0);
///
/// let query = shop::query(&model, "products?$filter=words/any()&$orderby=words/$count")?;
/// let (_, asked) = take_apart(&query, 5, 8, now)?;
/// assert_eq!(asked, [Question::Any(None), Question::Count(None)]);
/// # Ok::<(), odata::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub enum Question {
    /// Whether there is an element, one that passes. The answer is a Boolean.
    Any(Option<Filter>),
    /// Whether every element passes. The answer is a Boolean.
    All(Filter),
    /// How many elements there are, or pass. The answer is a number.
    Count(Option<Filter>),
}

/// Takes what `query` asks of the collection `member` out of it: the query that is left looks for the answer to the first
/// question in member number `first`, to the second in the next, and so on. `now` is the value of `now()`.
///
/// ```
/// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
/// # let model = shop::model();
/// use odata::exec::apart::take_apart;
/// # let now = odata::edm::DateTimeOffset::from_unix_nanos(0);
///
/// let query = shop::query(&model, "products?$filter=words/$count gt 2")?;
/// let (left, asked) = take_apart(&query, 5, 8, now)?;
/// assert!(asked.len() == 1 && left.mentions(8));
/// let both = shop::query(&model, "products?$filter=words/any(w:w eq name)")?;
/// assert!(take_apart(&both, 5, 8, now).is_err(), "it looks at the row, too");
/// # Ok::<(), odata::Error>(())
/// ```
///
/// # Errors
/// "Not offered" for what is no question of the collection alone: a predicate that also looks at the row or at another
/// variable, or the collection other than by `any`, `all` or `$count`.
pub fn take_apart(
    query: &CollectionQuery,
    member: u16,
    first: u16,
    now: DateTimeOffset,
) -> Result<(CollectionQuery, Vec<Question>), Error> {
    let mut taking = Taking { member, first, now, questions: Vec::new() };
    if query.apply.is_some() {
        return Err(not_offered("$apply over a collection kept apart is not offered."));
    }
    let mut left = query.clone();
    for item in &mut left.compute {
        taking.visit(&mut item.expr)?;
    }
    if let Some(Filter(filter)) = &mut left.filter {
        taking.visit(filter)?;
    }
    for by in &mut left.order {
        taking.visit(&mut by.expr)?;
    }
    Ok((left, taking.questions))
}

struct Taking {
    member: u16,
    first: u16,
    now: DateTimeOffset,
    questions: Vec<Question>,
}

impl Taking {
    fn visit(&mut self, expr: &mut Expr) -> Result<(), Error> {
        let question = match &mut expr.node {
            Node::Lambda { all, source, variable, body } if self.is_the_collection(source) => {
                match (*all, self.predicate(body.as_deref_mut(), *variable)?) {
                    (true, Some(filter)) => Question::All(filter),
                    (_, filter) => Question::Any(filter),
                }
            }
            Node::Count { source, variable, filter } if self.is_the_collection(source) => {
                Question::Count(self.predicate(filter.as_deref_mut(), *variable)?)
            }
            Node::Path { root: 0, steps } if self.reaches(steps) => {
                return Err(not_offered("A collection kept apart can be asked with any, all and $count only."));
            }
            _ => return expr.children_mut().into_iter().try_for_each(|child| self.visit(child)),
        };
        let number = u16::try_from(self.questions.len()).ok().and_then(|n| self.first.checked_add(n));
        let number = number.ok_or_else(|| not_offered("The query asks too much."))?;
        self.questions.push(question);
        expr.node = Node::Path { root: 0, steps: vec![Step::Member(number)] };
        Ok(())
    }

    fn is_the_collection(&self, source: &Expr) -> bool {
        matches!(&source.node, Node::Path { root: 0, steps } if steps[..] == [Step::Member(self.member)])
    }

    /// Whether the path goes into the collection; a cast before it does not change that.
    fn reaches(&self, steps: &[Step]) -> bool {
        steps.iter().find(|step| matches!(step, Step::Member(_))) == Some(&Step::Member(self.member))
    }

    fn predicate(&self, body: Option<&mut Expr>, variable: u8) -> Result<Option<Filter>, Error> {
        let Some(body) = body else { return Ok(None) };
        let mut alone = body.clone();
        self.reroot(&mut alone, variable)?;
        Ok(Some(Filter(alone)))
    }

    /// Makes the element the row: its variable becomes root 0, those inside follow.
    fn reroot(&self, expr: &mut Expr, element: u8) -> Result<(), Error> {
        match &mut expr.node {
            Node::Path { root, .. } => {
                *root = root.checked_sub(element).filter(|_| !matches!(*root, IT | THESE)).ok_or_else(|| {
                    not_offered("A predicate over a collection kept apart can look at its own elements only.")
                })?;
            }
            Node::Lambda { variable, .. }
            | Node::Count { variable, .. }
            | Node::Filtered { variable, .. }
            | Node::Aggregate { variable, .. } => {
                *variable = variable.saturating_sub(element);
            }
            Node::Call(Function::Now, _) => expr.node = Node::Literal(Value::DateTimeOffset(self.now)),
            _ => {}
        }
        expr.children_mut().into_iter().try_for_each(|child| self.reroot(child, element))
    }
}

fn not_offered(message: &str) -> Error {
    Error::new(ErrorKind::NotImplemented, message)
}
