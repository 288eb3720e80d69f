//! Functions of the service in expressions: `path/ns.Function(parameter=value)`, or without a path.

use super::constant;
use super::key::Given;
use super::operation;
use super::scope::Binder;
use super::types::{class_of, structured, type_text};
use crate::error::Error;
use crate::expr::{Expr, ExprType, Node};
use crate::model::{Facets, OperationId, Parameter, TypeRef};
use crate::syntax::Query;
use crate::syntax::ast::{Argument, Span};

impl Binder<'_> {
    /// The call of a function bound to `at`; `None` when there is none of the name. A property wins over a function.
    pub(super) fn function(
        &mut self,
        at: &Expr,
        name: &str,
        arguments: &[Argument<'_>],
        span: Span,
    ) -> Result<Option<Expr>, Error> {
        let Some(base) = at.ty.base else { return Ok(None) };
        if structured(self.model, base).is_some_and(|(_, ty)| ty.member(name).is_some()) {
            return Ok(None);
        }
        let ty = TypeRef { base, collection: at.ty.collection, nullable: true, facets: Facets::default() };
        let candidates = operation::bound_to(self.model, &ty, name);
        self.invoke(&candidates, Some(at), name, arguments, span)
    }

    /// The call of a function that is bound to nothing; `None` when there is none of the name.
    pub(super) fn unbound(
        &mut self,
        name: &str,
        arguments: &[Argument<'_>],
        span: Span,
    ) -> Result<Option<Expr>, Error> {
        let candidates = self.model.unbound_operations(name);
        self.invoke(&candidates, None, name, arguments, span)
    }

    fn invoke(
        &mut self,
        candidates: &[OperationId],
        at: Option<&Expr>,
        name: &str,
        arguments: &[Argument<'_>],
        span: Span,
    ) -> Result<Option<Expr>, Error> {
        if candidates.is_empty() {
            return Ok(None);
        }
        let given = Given { arguments: Some(arguments) };
        // Arguments stand in the parentheses here, never among the options of the request.
        let id = operation::overload(self.model, candidates, &given, &Query::default(), name);
        let id = id.map_err(|error| error.at(self.option).at_position(span.start as usize))?;
        let called = self.model.operation(id);
        let Some(returns) = called.returns.as_ref().filter(|_| !called.is_action) else {
            return Err(self.error(span, format!("The action '{name}' cannot be called in an expression.")));
        };
        let mut parameters = Vec::new();
        for parameter in operation::own_parameters(called) {
            let tree = given.by_name(&parameter.name);
            parameters.push(match tree {
                Some(tree) => {
                    let bound = self.expr(tree)?;
                    Some(self.parameter(bound, parameter, tree.span)?)
                }
                None => None,
            });
        }
        let ty = ExprType { base: Some(returns.base), collection: returns.collection };
        Ok(Some(Expr { node: Node::Invoke { operation: id, binding: at.cloned().map(Box::new), parameters }, ty }))
    }

    fn parameter(&self, bound: Expr, parameter: &Parameter, span: Span) -> Result<Expr, Error> {
        let wanted = ExprType { base: Some(parameter.ty.base), collection: parameter.ty.collection };
        let adapted = if wanted.collection { constant::adapt_elements } else { constant::adapt };
        let bound = adapted(self.model, bound, parameter.ty.base).map_err(|message| self.error(span, message))?;
        let fits = bound.ty.base.is_none()
            || (bound.ty.collection == wanted.collection
                && class_of(self.model, bound.ty) == class_of(self.model, wanted));
        if fits {
            return Ok(bound);
        }
        let (found, wanted) = (type_text(self.model, bound.ty), type_text(self.model, wanted));
        let name = &parameter.name;
        Err(self.error(span, format!("The parameter '{name}' is of type '{wanted}', not '{found}'.")))
    }
}
