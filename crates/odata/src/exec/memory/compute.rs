//! `$compute` over a row: properties that it gets besides its own, and which of them an answer shows.

use std::sync::Arc;

use super::apply::put;
use super::these::settled_compute;
use super::{Context, EvalError, eval};
use crate::limits::COMPUTED_BYTES_MAX;
use crate::plan::{Compute, Projection, SelectItem};
use crate::value::{DynamicProperty, Value};

/// Gives a row the properties of `$compute`, in their order, before any that it has from elsewhere. What is no structured
/// value stays as it is.
///
/// ```
/// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
/// # let model = shop::model();
/// let query = shop::query(&model, "products?$compute=length(name) as letters")?;
/// let tea = shop::product(&model, 1, "tea", "4.50").into();
/// let row = odata::exec::memory::compute(&query.compute, tea, shop::context(&model)).expect("nothing overflows");
/// assert_eq!(row.as_record().map(|tea| tea.dynamic[0].value.clone()), Some(3.into()));
/// # Ok::<(), odata::Error>(())
/// ```
///
/// # Errors
/// [`EvalError`], such as an arithmetic overflow.
pub fn compute(items: &[Compute], row: Value, context: Context<'_>) -> Result<Value, EvalError> {
    compute_from(0, items, row, context)
}

/// As [`compute`], numbering the new properties from `first`.
pub(super) fn compute_from(
    first: usize,
    items: &[Compute],
    mut row: Value,
    context: Context<'_>,
) -> Result<Value, EvalError> {
    for (place, item) in items.iter().enumerate() {
        let value = context.value(&item.expr, &eval::Frame::row(&row))?.into_owned();
        let Value::Record(record) = &mut row else { break };
        let property = DynamicProperty { name: item.name.clone(), ty: item.expr.ty.base, value };
        let record = Arc::make_mut(record);
        let dynamic = &record.dynamic;
        if dynamic.iter().map(|known| size(&known.value)).sum::<usize>() + size(&property.value) > COMPUTED_BYTES_MAX {
            return Err(EvalError::TooMuch);
        }
        put(record, first + place, property);
    }
    Ok(row)
}

/// As [`compute_from`], of a whole collection: what an item asks of `$these` it asks of all rows.
pub(super) fn compute_all(
    first: usize,
    items: &[Compute],
    mut rows: Vec<Value>,
    context: Context<'_>,
) -> Result<Vec<Value>, EvalError> {
    for (item, first) in items.iter().zip(first..) {
        let item = settled_compute(item, &rows, context)?;
        let item = std::slice::from_ref(&*item);
        let computed = rows.into_iter().map(|row| compute_from(first, item, row, context));
        rows = computed.collect::<Result<_, _>>()?;
    }
    Ok(rows)
}

/// What a computed value costs beside its row.
fn size(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len(),
        Value::Collection(elements) => elements.len() * 16,
        _ => 0,
    }
}

/// Takes what `$select` does not name off a row's computed properties.
pub(super) fn select_computed(projection: &Projection, row: &mut Value) {
    let (Some(select), Value::Record(record)) = (&projection.select, row) else { return };
    if record.dynamic.is_empty() || select.contains(&SelectItem::All) {
        return;
    }
    let wanted = |name: &str| {
        let is_it = |item: &SelectItem| match item {
            SelectItem::Dynamic(known) | SelectItem::DynamicPart(known, _) => **known == *name,
            _ => false,
        };
        select.iter().any(is_it)
    };
    Arc::make_mut(record).dynamic.retain(|property| wanted(&property.name));
}
