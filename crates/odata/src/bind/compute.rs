//! `$compute`: expressions that give each row properties of their own. Each item sees those before it.

use std::sync::Arc;

use super::scope::{Aliases, Binder, Computed};
use super::types::structured;
use crate::error::Error;
use crate::expr::ExprType;
use crate::model::Model;
use crate::plan::Compute;
use crate::syntax::ast;

/// Binds the items over rows of type `row`; `computed` holds what rows have already, and gets what is bound here.
pub(super) fn bind(
    model: &Model,
    row: ExprType,
    items: &[(ast::Expr<'_>, &str)],
    computed: &mut Vec<Computed>,
    aliases: Aliases<'_>,
) -> Result<Vec<Compute>, Error> {
    let mut bound = Vec::with_capacity(items.len());
    for (tree, name) in items {
        let mut binder = Binder::over(model, "$compute", row, computed, aliases);
        let expr = binder.expr(tree)?;
        let declared =
            row.base.and_then(|base| structured(model, base)).is_some_and(|(_, ty)| ty.member(name).is_some());
        if declared || computed.iter().any(|known| *known.name == **name) {
            let message = format!("The name '{name}' is in use already; a computed property needs one of its own.");
            return Err(binder.error(tree.span, message));
        }
        let name: Arc<str> = Arc::from(*name);
        computed.push(Computed { name: name.clone(), ty: expr.ty });
        bound.push(Compute { name, expr });
    }
    Ok(bound)
}
