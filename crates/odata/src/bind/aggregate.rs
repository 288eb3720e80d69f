//! Expressions of the data aggregation extension: `aggregate` of a collection, `$these`, `isdefined`.

use super::scope::{Binder, Variable};
use super::types::type_text;
use crate::error::Error;
use crate::expr::{CompareOp, Expr, ExprType, Node, Step, THESE};
use crate::model::Primitive;
use crate::plan::Aggregate;
use crate::syntax::apply as tree;
use crate::syntax::ast::{self, Segment, SegmentKind, Span};
use crate::value::Value;

const BOOLEAN: ExprType = ExprType::primitive(Primitive::Boolean);

impl Binder<'_> {
    /// `path/aggregate(…)`: names in the parentheses start from an element.
    pub(super) fn aggregate(&mut self, source: Expr, item: &tree::Aggregate<'_>, span: Span) -> Result<Expr, Error> {
        let element = self.element(&source, span)?;
        let variable = self.next_root(span)?;
        self.variables.push(Variable { name: String::new(), root: variable, ty: element });
        let outer = self.implicit.replace((variable, element));
        let bound = self.aggregated(item);
        self.implicit = outer;
        self.variables.pop();
        Ok(aggregate(source, variable, bound?))
    }

    /// What is asked of the collection that the option is about. Nothing in it may depend on one of the rows: it is worked out
    /// once for all of them.
    pub(super) fn of_these(&mut self, segments: &[Segment<'_>], span: Span) -> Result<Expr, Error> {
        if self.implicit.is_some() {
            return Err(self.not_offered(span, "'$these' of a collection inside a row"));
        }
        let ty = ExprType { collection: true, ..self.row.ty };
        let source = Expr { node: Node::Path { root: THESE, steps: Vec::new() }, ty };
        match segments {
            [Segment { kind: SegmentKind::Count(None), .. }] => {
                let node = Node::Count { source: Box::new(source), variable: 1, filter: None };
                Ok(Expr { node, ty: ExprType::primitive(Primitive::Int64) })
            }
            [Segment { kind: SegmentKind::Aggregate(item), .. }] => {
                let variables = std::mem::take(&mut self.variables);
                let closed = std::mem::replace(&mut self.closed, true);
                let bound = self.aggregated(item);
                self.closed = closed;
                self.variables = variables;
                Ok(aggregate(source, 0, bound?))
            }
            [Segment { kind: SegmentKind::Count(_), span }] => {
                Err(self.not_offered(*span, "'$these/$count' with options"))
            }
            _ => Err(self.error(span, "'$count' or 'aggregate(…)' is expected after '$these'.")),
        }
    }

    /// `isdefined(path)`. Where every row has the same properties, the model tells; elsewhere the row does.
    pub(super) fn is_defined(&mut self, arguments: &[ast::Expr<'_>], span: Span) -> Result<Expr, Error> {
        let [tree] = arguments else {
            return Err(self.error(span, "The function 'isdefined' takes a property."));
        };
        let asks = std::mem::replace(&mut self.asks_whether_left, true);
        let bound = self.expr(tree);
        self.asks_whether_left = asks;
        let bound = bound?;
        let truth = |value: bool| Ok(Expr { node: Node::Literal(Value::Boolean(value)), ty: BOOLEAN });
        match &bound.node {
            Node::Open(..) => Ok(Expr { node: Node::IsDefined(Box::new(bound)), ty: BOOLEAN }),
            Node::Path { root, steps } if matches!(steps.last(), Some(Step::Member(_) | Step::Dynamic(_))) => {
                if *root == 0 && !self.row.holds(steps) {
                    return truth(false);
                }
                if *root == 0 && self.row.ragged {
                    return Ok(Expr { node: Node::IsDefined(Box::new(bound)), ty: BOOLEAN });
                }
                match &steps[..steps.len() - 1] {
                    [] => truth(true),
                    owner => Ok(is_there(*root, owner)),
                }
            }
            _ => {
                let ty = type_text(self.model, bound.ty);
                Err(self.error(tree.span, format!("The function 'isdefined' takes a property, not '{ty}'.")))
            }
        }
    }
}

fn aggregate(source: Expr, variable: u8, item: Aggregate) -> Expr {
    let ty = ExprType { base: item.ty, collection: false };
    Expr { node: Node::Aggregate { source: Box::new(source), variable, item: Box::new(item) }, ty }
}

/// Whether the owner of a property is no null.
fn is_there(root: u8, owner: &[Step]) -> Expr {
    let owner = Expr { node: Node::Path { root, steps: owner.to_vec() }, ty: ExprType::NULL };
    let null = Expr { node: Node::Literal(Value::Null), ty: ExprType::NULL };
    Expr { node: Node::Compare(CompareOp::Ne, Box::new(owner), Box::new(null)), ty: BOOLEAN }
}
