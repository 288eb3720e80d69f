//! `$compute`: expressions that give each row properties of their own. Each item sees those before it.

use std::sync::Arc;

use super::scope::{Binder, Computed, Outside, RowType};
use super::types::structured;
use crate::error::Error;
use crate::model::Model;
use crate::plan::Compute;
use crate::syntax::ast;

/// Binds the items over rows, which get what is bound here.
pub(super) fn bind(
    model: &Model,
    option: &'static str,
    row: &mut RowType,
    items: &[(ast::Expr<'_>, &str)],
    outside: Outside<'_>,
) -> Result<Vec<Compute>, Error> {
    let mut bound = Vec::with_capacity(items.len());
    for (tree, name) in items {
        let mut binder = Binder::over(model, option, row, outside);
        let expr = binder.expr(tree)?;
        binder.unused(name, tree.span)?;
        let name: Arc<str> = Arc::from(*name);
        row.dynamic.push(Computed::value(name.clone(), expr.ty));
        bound.push(Compute { name, expr });
    }
    Ok(bound)
}

impl Binder<'_> {
    /// Refuses a name for a new property that the row has already.
    pub(super) fn unused(&self, name: &str, span: ast::Span) -> Result<(), Error> {
        let declared = self.row.ty.base.and_then(|base| structured(self.model, base));
        if declared.is_some_and(|(_, ty)| ty.member(name).is_some()) || self.row.dynamic(name).is_some() {
            let message = format!("The name '{name}' is in use already; a computed property needs one of its own.");
            return Err(self.error(span, message));
        }
        Ok(())
    }
}
