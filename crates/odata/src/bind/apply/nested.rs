//! `join`, `nest`, `addnested`: rows inside rows, and what they are there.

use std::sync::Arc;

use super::super::scope::{Computed, RowType};
use super::super::types::{structured, type_text};
use super::{Applier, at, projection, rows_of};
use crate::error::Error;
use crate::expr::{Expr, ExprType, Node, Step};
use crate::model::{EdmType, TypeId};
use crate::plan::{Nested, Origin, Transformation};
use crate::syntax::apply as ast;
use crate::syntax::apply::TransformationKind;
use crate::syntax::ast::{Expr as Tree, Name};

impl Applier<'_> {
    pub(super) fn join(
        &self,
        outer: bool,
        path: &Tree<'_>,
        alias: &Name<'_>,
        then: Option<&ast::Apply<'_>>,
        row: &mut RowType,
    ) -> Result<Transformation, Error> {
        let source = self.binder(row).expr(path)?;
        let element = self.element(&source, path, row)?;
        self.binder(row).unused(alias.text, at(alias))?;
        let mut inner = RowType::of(ExprType::single(EdmType::Named(element)));
        let steps = then.map_or(Ok(Vec::new()), |then| self.steps(then, &mut inner))?;
        let place = row.dynamic.len();
        row.dynamic.push(self.nested(alias, origin(&source), element, false, &inner));
        Ok(Transformation::Join { outer, source, steps, name: alias.text.into(), place })
    }

    /// One row of what is made of all.
    pub(super) fn nest(
        &self,
        parts: &[(ast::Apply<'_>, Name<'_>)],
        row: &mut RowType,
    ) -> Result<Transformation, Error> {
        let mut made = RowType { members: Some(Vec::new()), ..RowType::of(row.ty) };
        let mut bound = Vec::with_capacity(parts.len());
        for (tree, alias) in parts {
            let mut inner = row.clone();
            let steps = self.steps(tree, &mut inner)?;
            self.binder(&made).unused(alias.text, at(alias))?;
            made.dynamic.push(match row.ty.base {
                Some(EdmType::Named(ty)) => self.nested(alias, Origin::Rows, ty, true, &inner),
                _ => Computed::value(alias.text.into(), ExprType { collection: true, ..row.ty }),
            });
            bound.push((alias.text.into(), steps));
        }
        *row = made;
        Ok(Transformation::Nest(bound))
    }

    /// Each row gets what is made of its own related or complex values.
    pub(super) fn add_nested(
        &self,
        path: &Tree<'_>,
        items: &[(ast::Apply<'_>, Name<'_>)],
        row: &mut RowType,
    ) -> Result<Transformation, Error> {
        let source = self.binder(row).expr(path)?;
        let element = self.element(&source, path, row)?;
        match &source.node {
            Node::Path { root: 0, steps } => match steps[..] {
                [Step::Member(_) | Step::Dynamic(_)] | [Step::Member(_) | Step::Dynamic(_), Step::Cast(_)] => {}
                _ => return Err(self.binder(row).not_offered(path.span, "A nested property inside another one")),
            },
            _ => return Err(self.binder(row).error(path.span, "A property of the rows is expected here.")),
        }
        let (place, many) = (row.dynamic.len(), source.ty.collection);
        let mut parts = Vec::with_capacity(items.len());
        for (tree, alias) in items {
            let keeps_one = |step: &ast::Transformation<'_>| {
                use TransformationKind::{AddNested, Compute, Identity};
                matches!(step.kind, Identity | Compute(_) | AddNested { .. })
            };
            if let Some(step) = tree.steps.iter().find(|step| !many && !keeps_one(step)) {
                let message = "Of a single value there can be 'identity', 'compute' and 'addnested' only.";
                return Err(self.binder(row).error(step.span, message));
            }
            let mut inner = RowType::of(ExprType::single(EdmType::Named(element)));
            let steps = self.steps(tree, &mut inner)?;
            self.binder(row).unused(alias.text, at(alias))?;
            row.dynamic.push(self.nested(alias, origin(&source), element, many, &inner));
            parts.push((alias.text.into(), steps));
        }
        // Where there is no value, there is no property.
        row.ragged |= !many;
        Ok(Transformation::AddNested { source, place, parts })
    }

    /// Of rows that come from two branches, what either shows.
    pub(super) fn merged(&self, one: Option<Arc<Nested>>, other: Option<Arc<Nested>>) -> Option<Arc<Nested>> {
        let (one, other) = (one?, other?);
        if one == other {
            return Some(one);
        }
        let origin = if one.origin == other.origin { one.origin } else { Origin::Elsewhere };
        let mut row = RowType::of(ExprType::single(EdmType::Named(one.ty)));
        row.members = match (&one.rows.members, &other.rows.members) {
            (Some(one), Some(other)) => Some([&one[..], other].concat()),
            _ => None,
        };
        let dynamic = one.rows.dynamic.iter().chain(&other.rows.dynamic).map(|made| Computed {
            name: made.name.clone(),
            ty: ExprType { base: made.ty, collection: made.collection },
            nested: made.nested.clone(),
        });
        row.dynamic = dynamic.collect();
        let projection = projection(self.model, Some(one.ty), &row);
        Some(Arc::new(Nested { origin, ty: one.ty, rows: rows_of(&row), projection }))
    }

    /// The type of entities or complex values.
    fn element(&self, source: &Expr, path: &Tree<'_>, row: &RowType) -> Result<TypeId, Error> {
        source.ty.base.and_then(|base| structured(self.model, base)).map(|(id, _)| id).ok_or_else(|| {
            let ty = type_text(self.model, source.ty);
            self.binder(row).error(path.span, format!("Related entities are expected here, not '{ty}'."))
        })
    }

    fn nested(&self, alias: &Name<'_>, origin: Origin, ty: TypeId, collection: bool, inner: &RowType) -> Computed {
        let projection = projection(self.model, Some(ty), inner);
        let nested = Nested { origin, ty, rows: rows_of(inner), projection };
        let ty = ExprType { base: Some(EdmType::Named(ty)), collection };
        Computed { name: alias.text.into(), ty, nested: Some(Arc::new(nested)) }
    }
}

fn origin(source: &Expr) -> Origin {
    match &source.node {
        Node::Path { root: 0, steps } => match steps[..] {
            [Step::Member(number)] | [Step::Member(number), Step::Cast(_)] => Origin::Member(number),
            _ => Origin::Elsewhere,
        },
        _ => Origin::Elsewhere,
    }
}
