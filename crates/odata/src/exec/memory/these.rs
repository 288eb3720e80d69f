//! What expressions ask of whole collections: `aggregate` of one inside a row, `$these` once for all rows, `isdefined`.

use std::borrow::Cow;

use super::apply::aggregate::{Inside, of_elements, of_rows};
use super::eval::Frame;
use super::{Context, EvalError};
use crate::expr::{Expr, IT, Node, Step, THESE};
use crate::plan::{Aggregate, Compute, Filter, OrderBy};
use crate::value::{Record, Value};

/// The expression with what it asks of `$these` as a constant: worked out once, whatever the number of rows.
pub(super) fn settled<'e>(expr: &'e Expr, rows: &[Value], context: Context<'_>) -> Result<Cow<'e, Expr>, EvalError> {
    if !expr.asks_these() {
        return Ok(Cow::Borrowed(expr));
    }
    let mut expr = expr.clone();
    settle(&mut expr, rows, context)?;
    Ok(Cow::Owned(expr))
}

pub(super) fn settled_order<'o>(
    order: &'o [OrderBy],
    rows: &[Value],
    context: Context<'_>,
) -> Result<Cow<'o, [OrderBy]>, EvalError> {
    if !order.iter().any(|by| by.expr.asks_these()) {
        return Ok(Cow::Borrowed(order));
    }
    let settled = order.iter().map(|by| {
        let expr = settled(&by.expr, rows, context)?.into_owned();
        Ok(OrderBy { expr, descending: by.descending })
    });
    settled.collect::<Result<Vec<_>, _>>().map(Cow::Owned)
}

pub(super) fn settled_filter<'f>(
    filter: &'f Filter,
    rows: &[Value],
    context: Context<'_>,
) -> Result<Cow<'f, Filter>, EvalError> {
    Ok(match settled(filter.expr(), rows, context)? {
        Cow::Borrowed(_) => Cow::Borrowed(filter),
        Cow::Owned(expr) => Cow::Owned(Filter(expr)),
    })
}

pub(super) fn settled_compute<'c>(
    item: &'c Compute,
    rows: &[Value],
    context: Context<'_>,
) -> Result<Cow<'c, Compute>, EvalError> {
    Ok(match settled(&item.expr, rows, context)? {
        Cow::Borrowed(_) => Cow::Borrowed(item),
        Cow::Owned(expr) => Cow::Owned(Compute { name: item.name.clone(), expr }),
    })
}

pub(super) fn settled_aggregate<'a>(
    item: &'a Aggregate,
    rows: &[Value],
    context: Context<'_>,
) -> Result<Cow<'a, Aggregate>, EvalError> {
    let operand = item.operand.as_ref().map(|operand| settled(operand, rows, context)).transpose()?;
    Ok(match operand {
        Some(Cow::Owned(operand)) => Cow::Owned(Aggregate { operand: Some(operand), ..item.clone() }),
        _ => Cow::Borrowed(item),
    })
}

fn settle(expr: &mut Expr, rows: &[Value], context: Context<'_>) -> Result<(), EvalError> {
    let is_these = |source: &Expr| matches!(source.node, Node::Path { root: THESE, .. });
    let value = match &mut expr.node {
        Node::Count { source, .. } if is_these(source) => Value::Int(i64::try_from(rows.len()).unwrap_or(i64::MAX)),
        Node::Aggregate { source, item, .. } if is_these(source) => {
            of_rows(&*settled_aggregate(item, rows, context)?, rows, context)?
        }
        _ => return expr.children_mut().into_iter().try_for_each(|child| settle(child, rows, context)),
    };
    expr.node = Node::Literal(value);
    Ok(())
}

impl Context<'_> {
    pub(super) fn aggregate(
        &self,
        source: &Expr,
        variable: u8,
        item: &Aggregate,
        frame: &Frame<'_, '_>,
    ) -> Result<Value, EvalError> {
        let source = self.value(source, frame)?;
        let elements = source.as_collection().unwrap_or_default();
        of_elements(item, elements, Some(Inside { frame, variable }), *self)
    }

    /// Whether what a path leads to stands in the row. Null stands there, what was aggregated away does not.
    pub(super) fn is_defined(&self, path: &Expr, frame: &Frame<'_, '_>) -> Result<bool, EvalError> {
        Ok(match &path.node {
            Node::Path { root, steps } if *root != IT => {
                let Some((last, owner)) = steps.split_last() else { return Ok(false) };
                let owner = self.path(frame.find(*root), owner);
                let Some(owner) = owner.as_record() else { return Ok(false) };
                match last {
                    Step::Member(number) => self.holds(owner, *number),
                    Step::Dynamic(number) => {
                        owner.dynamic.get(usize::from(*number)).is_some_and(|property| !property.name.is_empty())
                    }
                    Step::Cast(_) => false,
                }
            }
            Node::Open(of, name) => {
                self.value(of, frame)?.as_record().is_some_and(|owner| owner.dynamic_property(name).is_some())
            }
            _ => false,
        })
    }

    /// Related entities stand elsewhere; a row that has everything else has them, too.
    fn holds(&self, owner: &Record, number: u16) -> bool {
        let members = self.model.structured(owner.type_id).map_or(&[][..], |ty| &ty.members);
        let is_navigation =
            |number: u16| members.get(usize::from(number)).is_some_and(crate::model::Member::is_navigation);
        let mut others = members.iter().zip(0..).filter(|(member, _)| !member.is_navigation() && !member.is_stream());
        owner.get(number).is_some() || (is_navigation(number) && others.all(|(_, other)| owner.get(other).is_some()))
    }

    /// A row with null where it holds nothing for a property.
    pub(super) fn completed(&self, row: &mut Value) {
        let Value::Record(record) = row else { return };
        let members = self.model.structured(record.type_id).map_or(&[][..], |ty| &ty.members);
        // A row of a `$crossjoin` has no members, whatever its type.
        for (member, number) in members.iter().zip(0..).take(record.members.len()) {
            if !member.is_navigation() && !member.is_stream() && record.get(number).is_none() {
                std::sync::Arc::make_mut(record).set(number, Value::Null);
            }
        }
    }
}
