//! `ancestors`, `descendants`, `traverse`: the hierarchy that the model declares with `Aggregation.RecursiveHierarchy`.

use super::super::options::order_item;
use super::super::scope::{Binder, RowType};
use super::super::types::structured;
use super::{Applier, OPTION};
use crate::error::Error;
use crate::expr::{Expr, ExprType, Node};
use crate::model::{AnnotationValue, StructuredType};
use crate::plan::{Hierarchy, Transformation};
use crate::syntax::apply as ast;
use crate::syntax::ast::{OrderItem, Span};
use crate::syntax::parse_expression;

const TERM: &str = "Org.OData.Aggregation.V1.RecursiveHierarchy";

impl Applier<'_> {
    pub(super) fn relatives(
        &self,
        descendants: bool,
        hierarchy: &ast::Hierarchy<'_>,
        start: &ast::Apply<'_>,
        reach: (Option<u32>, bool),
        row: &RowType,
        span: Span,
    ) -> Result<Transformation, Error> {
        let name = if descendants { "descendants" } else { "ancestors" };
        let (hierarchy, _) = self.hierarchy(hierarchy, row, span, name)?;
        let start = self.steps(start, &mut row.clone())?;
        Ok(Transformation::Relatives { descendants, hierarchy, start, distance: reach.0, keep_start: reach.1 })
    }

    pub(super) fn traverse(
        &self,
        hierarchy: &ast::Hierarchy<'_>,
        postorder: bool,
        start: Option<&ast::Apply<'_>>,
        order: &[OrderItem<'_>],
        row: &RowType,
        span: Span,
    ) -> Result<Transformation, Error> {
        let (hierarchy, node) = self.hierarchy(hierarchy, row, span, "traverse")?;
        let start = start.map(|start| self.steps(start, &mut node.clone())).transpose()?;
        let order = order.iter().map(|item| order_item(self.model, OPTION, &node, item, self.outside));
        Ok(Transformation::Traverse { hierarchy, postorder, start, order: order.collect::<Result<_, _>>()? })
    }

    fn hierarchy(
        &self,
        tree: &ast::Hierarchy<'_>,
        row: &RowType,
        span: Span,
        transformation: &str,
    ) -> Result<(Hierarchy, RowType), Error> {
        let mut binder = self.binder(row);
        let nodes = binder.expr(&tree.nodes)?;
        let declared = nodes.ty.base.and_then(|base| structured(self.model, base));
        let (Node::Root { key: None, .. }, Some((_, declared))) = (&nodes.node, declared) else {
            return Err(binder.error(tree.nodes.span, "The nodes of a hierarchy are an entity set: $root/Set."));
        };
        let node = RowType::of(ExprType { collection: false, ..nodes.ty });
        let Some((id, parent)) = self.declared(declared, tree.qualifier.text) else {
            return Err(self.no_hierarchy(span, transformation));
        };
        let (id, parent) = (self.path_of(&node, &id)?, self.path_of(&node, &parent)?);
        let key = self.key(&tree.path, row)?;
        Ok((Hierarchy { nodes, id, parent, key }, node))
    }

    /// The paths of the identifier and of the parent, in the type's annotation or in an inherited one.
    fn declared(&self, ty: &StructuredType, qualifier: &str) -> Option<(String, String)> {
        let inherited = ty.ancestors.iter().filter_map(|id| self.model.structured(*id));
        let mut annotations = std::iter::once(ty).chain(inherited).flat_map(|ty| &ty.annotations);
        let found = annotations.find(|annotation| {
            annotation.qualifier.as_deref() == Some(qualifier) && self.model.resolve_name(&annotation.term) == TERM
        })?;
        let AnnotationValue::Record(_, members) = &found.value else { return None };
        let path = |name: &str| {
            members.iter().find(|(known, _)| **known == *name).and_then(|(_, value)| match value {
                AnnotationValue::Path { text, .. } | AnnotationValue::Constant { text, .. } => Some(text.to_string()),
                _ => None,
            })
        };
        Some((path("NodeProperty")?, path("ParentNavigationProperty")?))
    }

    fn path_of(&self, node: &RowType, text: &str) -> Result<Expr, Error> {
        let tree = parse_expression(text).map_err(|error| error.into_error(OPTION))?;
        Binder::over(self.model, OPTION, node, self.outside).expr(&tree)
    }
}
