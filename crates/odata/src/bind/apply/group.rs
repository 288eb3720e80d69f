//! `groupby(…)`: paths of the grouping properties, and the levels that `rollup` makes of them.

use std::sync::Arc;

use super::super::scope::{Binder, Computed, RowType};
use super::super::types::{Class, class_of, type_text};
use super::shape::of_paths;
use super::{Applier, add};
use crate::error::Error;
use crate::expr::{Expr, ExprType, Node, Step};
use crate::limits::APPLY_LEVELS_MAX;
use crate::model::Primitive;
use crate::plan::{Nested, Rows, Transformation};
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
            match &key.node {
                Node::Path { steps, .. } => match &steps[..] {
                    [Step::Dynamic(place), rest @ ..] => {
                        let property = &row.dynamic[usize::from(*place)];
                        if made.dynamic(&property.name).is_none() {
                            made.dynamic.push(property.clone());
                            carried.push(number);
                        }
                        if let Some((place, _)) =
                            made.dynamic(&property.name).filter(|(place, _)| usize::from(*place) >= inner)
                        {
                            add(&mut made.parts, [&[Step::Dynamic(place)], rest].concat());
                        }
                    }
                    path => {
                        if let Some(members) = &mut made.members {
                            add(members, path.to_vec());
                        }
                    }
                },
                Node::Open(_, name) if made.dynamic(name).is_none() => {
                    made.dynamic.push(Computed::value(name.clone(), ExprType::UNTYPED));
                    carried.push(number);
                }
                _ => {}
            }
        }
        self.show_parts(&mut made, inner);
        made.ragged |= ragged || row.ragged;
        *row = made;
        Ok(Transformation::GroupBy { keys, levels, steps, inner, carried })
    }

    /// Of properties of which only parts are left, only these are shown.
    fn show_parts(&self, row: &mut RowType, first: usize) {
        for (place, property) in row.dynamic.iter_mut().enumerate().skip(first) {
            let is_of =
                |part: &&Vec<Step>| matches!(part.first(), Some(Step::Dynamic(at)) if usize::from(*at) == place);
            let mut parts = row.parts.iter().filter(is_of).map(|part| &part[1..]).peekable();
            let Some(nested) = property.nested.as_mut().filter(|_| parts.peek().is_some()) else { continue };
            if parts.clone().all(|part| !part.is_empty()) {
                let members = parts.clone().map(<[Step]>::to_vec).collect();
                let projection = of_paths(self.model, nested.ty, parts);
                let rows = Rows { members: Some(members), dynamic: Vec::new() };
                *nested = Arc::new(Nested { rows, projection, ..(**nested).clone() });
            }
        }
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
        let is_start =
            |expr: &Expr| matches!(&expr.node, Node::Path { root, steps } if *root == start && steps.is_empty());
        match &bound.node {
            Node::Path { root, steps } if *root == start && groupable => match steps[..] {
                [Step::Cast(_), ..] => Err(self.not_offered(tree.span, "Grouping by properties of a derived type")),
                [_, ..] => Ok(bound),
                [] => self.not_groupable(&bound, tree),
            },
            Node::Open(of, _) if is_start(of) => Ok(bound),
            Node::Open(..) => Err(self.not_offered(tree.span, "Grouping by a dynamic property of a part of the row")),
            _ => self.not_groupable(&bound, tree),
        }
    }

    fn not_groupable(&self, bound: &Expr, tree: &Tree<'_>) -> Result<Expr, Error> {
        let ty = type_text(self.model, bound.ty);
        Err(self.error(tree.span, format!("A property to group by is expected here, not '{ty}'.")))
    }
}
