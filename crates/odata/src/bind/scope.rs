//! What names mean at a place in an expression: the row, lambda variables, parameter aliases, the instance that nested options
//! are for. And how errors are made.

use std::sync::Arc;

use crate::error::{Error, ErrorKind};
use crate::expr::{ExprType, Step};
use crate::limits::{EXPRESSION_NODES_MAX, LAMBDA_DEPTH_MAX};
use crate::model::Model;
use crate::plan::Nested;
use crate::syntax::Query;
use crate::syntax::ast::{self, Span};

/// Binds expressions of one option.
pub(super) struct Binder<'a> {
    pub(super) model: &'a Model,
    /// The option that errors name.
    pub(super) option: &'static str,
    /// What names without a variable start from; `$it` too, outside nested options.
    pub(super) row: RowType,
    /// Variables in scope, innermost last; root numbers count from 1.
    pub(super) variables: Vec<Variable>,
    /// Root that names without a variable start from, when it is not the row (inside `$count($filter=…)`).
    pub(super) implicit: Option<(u8, ExprType)>,
    /// What it sees beside the row.
    pub(super) outside: Outside<'a>,
    /// Aliases being bound, to find those that name themselves.
    pub(super) open_aliases: Vec<String>,
    /// Names stand for an element of `$these`, which no row of the request is.
    pub(super) closed: bool,
    /// Whether a property is left is what is asked.
    pub(super) asks_whether_left: bool,
    nodes: usize,
}

/// What an option sees beside its rows.
#[derive(Clone, Copy, Default)]
pub(super) struct Outside<'a> {
    /// The request, whose parameter aliases count where the nested options have none of the name.
    pub(super) query: Option<&'a Query>,
    /// Parameter aliases of the nested options.
    pub(super) nested: &'a [(&'a str, ast::Expr<'a>)],
    /// In nested options, the type of what the request is about: `$it`.
    pub(super) it: Option<ExprType>,
}

impl<'a> Outside<'a> {
    /// What the options of a request see.
    pub(super) fn of(query: &'a Query) -> Self {
        Self { query: Some(query), ..Self::default() }
    }

    /// What options nested in those of `row` see.
    pub(super) fn inside(self, row: ExprType, nested: &'a ast::Options<'a>) -> Self {
        let nested = if nested.aliases.is_empty() { self.nested } else { &nested.aliases };
        Self { nested, it: self.it.or(Some(row)), ..self }
    }
}

/// What names find in a row.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct RowType {
    /// Its declared type.
    pub(super) ty: ExprType,
    /// Paths to the members that `$apply` left; `None` is all of them.
    pub(super) members: Option<Vec<Vec<Step>>>,
    /// Properties that the type does not declare; their numbers are their places.
    pub(super) dynamic: Vec<Computed>,
    /// `$apply` has left nothing of what the type does not declare.
    pub(super) applied: bool,
    /// Paths into properties that the type does not declare, of which only parts are left.
    pub(super) parts: Vec<Vec<Step>>,
    /// Not every row has all that some have: of `concat` and of `rollup`.
    pub(super) ragged: bool,
}

impl RowType {
    /// Rows as they are declared.
    pub(super) fn of(ty: ExprType) -> Self {
        Self { ty, members: None, dynamic: Vec::new(), applied: false, parts: Vec::new(), ragged: false }
    }

    /// The number and type of a property that is not declared.
    pub(super) fn dynamic(&self, name: &str) -> Option<(u16, ExprType)> {
        self.dynamic.iter().zip(0..).find(|(known, _)| *known.name == *name).map(|(known, number)| (number, known.ty))
    }

    /// Whether the path leads to, through or below a member that is left.
    pub(super) fn holds(&self, path: &[Step]) -> bool {
        let members = |path: &[Step]| path.iter().copied().filter(|step| !matches!(step, Step::Cast(_))).collect();
        let path: Vec<Step> = members(path);
        let holds = |left: &Vec<Step>| {
            let left: Vec<Step> = members(left);
            left.starts_with(&path) || path.starts_with(&left)
        };
        if let Some(made @ Step::Dynamic(_)) = path.first() {
            let mut parts = self.parts.iter().filter(|part| part.first() == Some(made)).peekable();
            return parts.peek().is_none() || parts.any(holds);
        }
        self.members.as_ref().is_none_or(|left| left.iter().any(holds))
    }
}

/// A property of the row that its type does not declare.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Computed {
    pub(super) name: Arc<str>,
    pub(super) ty: ExprType,
    /// What the rows are that it holds.
    pub(super) nested: Option<Arc<Nested>>,
}

impl Computed {
    /// A value that is no row.
    pub(super) fn value(name: Arc<str>, ty: ExprType) -> Self {
        Self { name, ty, nested: None }
    }
}

#[derive(Clone)]
pub(super) struct Variable {
    pub(super) name: String,
    pub(super) root: u8,
    pub(super) ty: ExprType,
}

impl<'a> Binder<'a> {
    pub(super) fn new(model: &'a Model, option: &'static str, row: ExprType, outside: Outside<'a>) -> Self {
        Self {
            model,
            option,
            row: RowType::of(row),
            variables: Vec::new(),
            implicit: None,
            outside,
            open_aliases: Vec::new(),
            closed: false,
            asks_whether_left: false,
            nodes: 0,
        }
    }

    /// As [`Self::new`], over rows that were computed or transformed.
    pub(super) fn over(model: &'a Model, option: &'static str, row: &RowType, outside: Outside<'a>) -> Self {
        Self { row: row.clone(), ..Self::new(model, option, row.ty, outside) }
    }

    /// The number of the next variable.
    pub(super) fn next_root(&self, span: Span) -> Result<u8, Error> {
        let next = u8::try_from(self.variables.len() + 1).unwrap_or(u8::MAX);
        if next > LAMBDA_DEPTH_MAX {
            return Err(
                self.error(span, format!("More than {LAMBDA_DEPTH_MAX} collections are walked inside each other."))
            );
        }
        Ok(next)
    }

    /// Counts a node: aliases can make a short text large.
    pub(super) fn count_node(&mut self, span: Span) -> Result<(), Error> {
        self.nodes += 1;
        if self.nodes > EXPRESSION_NODES_MAX {
            return Err(self.error(span, format!("The expression has more than {EXPRESSION_NODES_MAX} parts.")));
        }
        Ok(())
    }

    pub(super) fn error(&self, span: Span, message: impl Into<String>) -> Error {
        Error::bad_request(message).at(self.option).at_position(span.start as usize)
    }

    /// Legal OData that is not offered.
    pub(super) fn not_offered(&self, span: Span, what: &str) -> Error {
        Error::new(ErrorKind::NotImplemented, format!("{what} is not offered."))
            .at(self.option)
            .at_position(span.start as usize)
    }
}
