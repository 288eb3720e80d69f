//! `$apply`: transformations against the model. Each sees the rows that the one before gives, and says what its own are.

mod aggregate;
mod group;
mod hierarchy;
mod nested;
mod shape;

use super::compute;
use super::options::order_item;
use super::scope::{Binder, Computed, Outside, RowType};
use super::types::{Class, class_of, type_text};
use crate::error::Error;
use crate::expr::{Expr, ExprType, Node};
use crate::model::{AnyKind, EdmType, Model};
use crate::plan::{Apply, Branch, Filter, Measure, RowProperty, Rows, Transformation};
use crate::syntax::apply::{self as ast, RankLimit, TransformationKind};
use crate::syntax::ast::{Name, Span};
use crate::value::Value;

pub(super) use shape::projection;

const OPTION: &str = "$apply";

/// Binds the transformations of rows, which become what they give.
pub(super) fn bind(
    model: &Model,
    row: &mut RowType,
    tree: &ast::Apply<'_>,
    outside: Outside<'_>,
) -> Result<Option<Apply>, Error> {
    let ty = match row.ty.base {
        Some(EdmType::Named(ty)) => Some(ty),
        Some(EdmType::Any(AnyKind::Complex)) => None,
        _ => return Ok(None),
    };
    let steps = Applier { model, outside }.steps(tree, row)?;
    Ok(Some(Apply { ty, steps, rows: rows_of(row) }))
}

fn rows_of(row: &RowType) -> Rows {
    let property = |made: &Computed| RowProperty {
        name: made.name.clone(),
        ty: made.ty.base,
        collection: made.ty.collection,
        nested: made.nested.clone(),
    };
    Rows { members: row.members.clone(), dynamic: row.dynamic.iter().map(property).collect() }
}

struct Applier<'a> {
    model: &'a Model,
    outside: Outside<'a>,
}

impl<'a> Applier<'a> {
    fn binder(&self, row: &RowType) -> Binder<'a> {
        Binder::over(self.model, OPTION, row, self.outside)
    }

    fn steps(&self, tree: &ast::Apply<'_>, row: &mut RowType) -> Result<Vec<Transformation>, Error> {
        tree.steps.iter().map(|step| self.step(step, row)).collect()
    }

    fn step(&self, step: &ast::Transformation<'_>, row: &mut RowType) -> Result<Transformation, Error> {
        Ok(match &step.kind {
            TransformationKind::Identity => Transformation::Identity,
            TransformationKind::Filter(tree) => Transformation::Filter(Filter(self.binder(row).predicate(tree)?)),
            TransformationKind::Search(_) if !matches!(row.ty.base, Some(EdmType::Named(_))) => {
                return Err(self.not_offered(step.span, "search"));
            }
            TransformationKind::Search(search) => Transformation::Search(search.clone()),
            TransformationKind::Compute(items) => {
                let first = row.dynamic.len();
                Transformation::Compute { first, items: compute::bind(self.model, OPTION, row, items, self.outside)? }
            }
            TransformationKind::OrderBy(items) => {
                let items = items.iter().map(|item| order_item(self.model, OPTION, row, item, self.outside));
                Transformation::OrderBy(items.collect::<Result<_, _>>()?)
            }
            TransformationKind::Top(count) => Transformation::Top(*count),
            TransformationKind::Skip(count) => Transformation::Skip(*count),
            TransformationKind::Ranked { bottom, limit, amount, measure } => {
                self.ranked(!*bottom, *limit, amount, measure, row)?
            }
            TransformationKind::Aggregate(items) => self.aggregate(items, row)?,
            TransformationKind::GroupBy { by, then } => self.group(by, then.as_ref(), row, step.span)?,
            TransformationKind::Concat(branches) => self.concat(branches, row)?,
            TransformationKind::Join { outer, path, alias, then } => {
                self.join(*outer, path, alias, then.as_ref(), row)?
            }
            TransformationKind::Nest(parts) => self.nest(parts, row)?,
            TransformationKind::AddNested { path, items } => self.add_nested(path, items, row)?,
            TransformationKind::Expand { .. } => return Err(self.not_offered(step.span, "expand")),
            TransformationKind::Relatives { descendants, hierarchy, start, distance, keep_start } => {
                self.relatives(*descendants, hierarchy, start, (*distance, *keep_start), row, step.span)?
            }
            TransformationKind::Traverse { hierarchy, postorder, start, orderby } => {
                self.traverse(hierarchy, *postorder, start.as_ref(), orderby, row, step.span)?
            }
            TransformationKind::Function { name, .. } => {
                let message = format!("The function '{name}' as a transformation");
                return Err(self.binder(row).not_offered(step.span, &message));
            }
        })
    }

    fn not_offered(&self, span: Span, what: &str) -> Error {
        let row = RowType::of(ExprType::NULL);
        self.binder(&row).not_offered(span, &format!("The transformation '{what}'"))
    }

    /// Hierarchies are declared by an annotation.
    fn no_hierarchy(&self, span: Span, what: &str) -> Error {
        let row = RowType::of(ExprType::NULL);
        self.binder(&row).not_offered(span, &format!("No hierarchy is declared: '{what}'"))
    }

    fn ranked(
        &self,
        top: bool,
        limit: RankLimit,
        amount: &crate::syntax::ast::Expr<'_>,
        by: &crate::syntax::ast::Expr<'_>,
        row: &RowType,
    ) -> Result<Transformation, Error> {
        let mut binder = self.binder(row);
        let (bound, measure) = (binder.expr(amount)?, binder.expr(by)?);
        let is_amount = match (&bound.node, limit) {
            (Node::Literal(Value::Int(count)), RankLimit::Count) => *count >= 0,
            (Node::Literal(_), RankLimit::Count) => false,
            (_, _) => is_closed(&bound) && matches!(class_of(self.model, bound.ty), Class::Number(_) | Class::Open),
        };
        if !is_amount {
            return Err(binder.error(amount.span, "A number is expected here, of rows one that is whole."));
        }
        if measure.ty.collection || !matches!(class_of(self.model, measure.ty), Class::Number(_) | Class::Open) {
            let ty = type_text(self.model, measure.ty);
            return Err(binder.error(by.span, format!("A number is expected here, not '{ty}'.")));
        }
        let kind = match limit {
            RankLimit::Count => Measure::Count,
            RankLimit::Sum => Measure::Sum,
            RankLimit::Percent => Measure::Percent,
        };
        Ok(Transformation::Extreme { top, measure: kind, amount: bound, by: measure })
    }

    fn concat(&self, branches: &[ast::Apply<'_>], row: &mut RowType) -> Result<Transformation, Error> {
        let mut bound = Vec::with_capacity(branches.len());
        let mut all = RowType { members: Some(Vec::new()), ..RowType::of(row.ty) };
        for branch in branches {
            let mut made = row.clone();
            bound.push((self.steps(branch, &mut made)?, made.clone()));
            all.members = match (all.members, made.members) {
                (Some(mut known), Some(more)) => {
                    for path in more {
                        add(&mut known, path);
                    }
                    Some(known)
                }
                _ => None,
            };
            for property in made.dynamic {
                match all.dynamic.iter_mut().find(|known| known.name == property.name) {
                    // Of two types: only the values tell.
                    Some(known) if known.ty != property.ty => *known = Computed::value(property.name, ExprType::NULL),
                    Some(known) => known.nested = self.merged(known.nested.take(), property.nested),
                    None => all.dynamic.push(property),
                }
            }
        }
        all.ragged = bound.iter().any(|(_, made)| made.ragged || differs(made, &all));
        let place_in = |own: &[Computed], name: &str| own.iter().position(|known| *known.name == *name);
        let branches = bound.into_iter().map(|(steps, own)| {
            let places = all.dynamic.iter().map(|property| place_in(&own.dynamic, &property.name)).collect();
            Branch { steps, places, whole: all.ragged && own.members.is_none() }
        });
        let branches = branches.collect();
        *row = all;
        Ok(Transformation::Concat(branches))
    }
}

/// Whether rows of a branch lack what rows of others have.
fn differs(branch: &RowType, all: &RowType) -> bool {
    let members = |row: &RowType| row.members.as_ref().map(Vec::len);
    branch.dynamic.len() != all.dynamic.len() || members(branch) != members(all)
}

/// Whether an expression is the same for every row.
fn is_closed(expr: &Expr) -> bool {
    match &expr.node {
        Node::Aggregate { source, .. } | Node::Count { source, .. } if source.asks_these() => true,
        Node::Path { .. } => false,
        _ => expr.children().into_iter().all(is_closed),
    }
}

fn add<T: PartialEq>(known: &mut Vec<T>, item: T) {
    if !known.contains(&item) {
        known.push(item);
    }
}

fn at(name: &Name<'_>) -> Span {
    let place = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    Span { start: place(name.position), end: place(name.position + name.text.len()) }
}
