//! `groupby(…)`: paths of the grouping properties, and the levels that `rollup` makes of them.

use super::super::scope::{Binder, RowType};
use super::super::types::{Class, class_of, type_text};
use super::{Applier, add, steps_of};
use crate::error::Error;
use crate::expr::{Expr, Node, Step};
use crate::limits::APPLY_LEVELS_MAX;
use crate::model::Primitive;
use crate::plan::Transformation;
use crate::syntax::apply::{self as ast, Grouping};
use crate::syntax::ast::{Expr as Tree, Span};

impl Applier<'_> {
    pub(super) fn group(
        &self,
        by: &[Grouping<'_>],
        then: Option<&ast::Apply<'_>>,
        row: &mut RowType,
        span: Span,
    ) -> Result<Transformation, Error> {
        let mut keys = Vec::new();
        let mut levels = vec![Vec::new()];
        for grouping in by {
            match grouping {
                Grouping::Property(tree) => {
                    for level in &mut levels {
                        level.push(keys.len());
                    }
                    keys.push(self.key(tree, row)?);
                }
                Grouping::Rollup { all, levels: trees } => {
                    let first = keys.len();
                    for tree in trees {
                        keys.push(self.key(tree, row)?);
                    }
                    let least = usize::from(!*all);
                    let parts = (least..=trees.len()).rev().map(|count| (first..first + count).collect::<Vec<_>>());
                    let parts: Vec<_> = parts.collect();
                    levels =
                        levels.iter().flat_map(|level| parts.iter().map(|part| [&level[..], part].concat())).collect();
                }
                Grouping::RollupRecursive { .. } => return Err(self.no_hierarchy(span, "rolluprecursive")),
            }
            if levels.len() > APPLY_LEVELS_MAX {
                let message = format!("The groupings make more than {APPLY_LEVELS_MAX} levels.");
                return Err(self.binder(row).error(span, message));
            }
        }
        let ragged = levels.len() > 1;
        let mut made = RowType { members: Some(Vec::new()), ..RowType::of(row.ty) };
        let mut steps = Vec::new();
        if let Some(then) = then {
            made = row.clone();
            steps = self.steps(then, &mut made)?;
        }
        let inner = made.dynamic.len();
        let mut carried = Vec::new();
        for (number, key) in keys.iter().enumerate() {
            let path = steps_of(key).unwrap_or_default();
            if let Some(Step::Dynamic(place)) = path.first() {
                let property = &row.dynamic[usize::from(*place)];
                if made.dynamic(&property.name).is_none() {
                    made.dynamic.push(property.clone());
                    carried.push(number);
                }
            } else if let Some(members) = &mut made.members {
                add(members, path.to_vec());
            }
        }
        made.ragged |= ragged;
        *row = made;
        Ok(Transformation::GroupBy { keys, levels, steps, inner, carried })
    }

    /// A property to group by.
    pub(super) fn key(&self, tree: &Tree<'_>, row: &RowType) -> Result<Expr, Error> {
        self.binder(row).grouping_property(tree)
    }
}

impl Binder<'_> {
    /// A property, by a path from where names start.
    pub(super) fn grouping_property(&mut self, tree: &Tree<'_>) -> Result<Expr, Error> {
        let start = self.implicit.map_or(0, |(root, _)| root);
        let bound = self.expr(tree)?;
        let groupable = !bound.ty.collection
            && !matches!(class_of(self.model, bound.ty), Class::Plain(ty) if ty == Primitive::Stream || ty.is_geo());
        let path = match &bound.node {
            Node::Path { root, steps } if *root == start && !steps.is_empty() && groupable => steps,
            _ => {
                let ty = type_text(self.model, bound.ty);
                return Err(self.error(tree.span, format!("A property to group by is expected here, not '{ty}'.")));
            }
        };
        match path[..] {
            [Step::Dynamic(_), _, ..] => Err(self.not_offered(tree.span, "Grouping by parts of a computed property")),
            [Step::Cast(_), ..] => Err(self.not_offered(tree.span, "Grouping by properties of a derived type")),
            _ => Ok(bound),
        }
    }
}
