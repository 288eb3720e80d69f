//! A property of an entity by its own URL: read off the entity's record, written as a PATCH of one member.

use std::sync::Arc;

use odata::engine::{Operation, Outcome, TargetKind};
use odata::plan::CollectionQuery;
use odata::{Error, Record, Value};

use super::cx::Cx;
use super::dispatch;
use super::resource::Tail;

/// Reads what stands behind the entity.
///
/// # Errors
/// 404 for the entity, or what evaluating the query gives.
pub(crate) async fn read(cx: &Cx<'_>, operation: Operation) -> Result<Outcome, Error> {
    let record = dispatch::entity(cx).await?;
    let etag = record.etag.clone();
    let value = follow(cx, record);
    match operation {
        Operation::ReadProperty(_) => Ok(Outcome::Property { value, etag }),
        Operation::ReadCollection(query) => {
            Ok(Outcome::Collection(odata::exec::memory::page(&cx.office.model, elements(value), &query, cx.now)?))
        }
        Operation::Count(query) => {
            let counting = CollectionQuery { count: true, top: Some(0), ..query };
            let page = odata::exec::memory::page(&cx.office.model, elements(value), &counting, cx.now)?;
            Ok(Outcome::Count(page.count.unwrap_or_default()))
        }
        _ => Err(dispatch::not_here()),
    }
}

/// Writes one property of the entity.
///
/// # Errors
/// What the entity's PATCH gives.
pub(crate) async fn set(cx: &mut Cx<'_>, value: Value) -> Result<Outcome, Error> {
    let (Some(member), Some(ty)) = (cx.resource.property(), dispatch::stored_type(cx)) else {
        return Err(dispatch::not_here());
    };
    let count = cx.office.model.structured(ty).map_or(0, |structured| structured.members.len());
    let mut record = Record::new(ty, count);
    record.set(member, value);
    let place = cx.resource.place;
    let outcome = dispatch::update(cx, place, &record).await?;
    Ok(match outcome {
        Outcome::Updated(entity) => Outcome::NoContent { etag: entity.etag.clone() },
        other => other,
    })
}

/// What clearing leaves: an empty collection or null.
pub(crate) fn cleared(cx: &Cx<'_>) -> Value {
    if cx.head.target().kind == TargetKind::ValueCollection { Value::Collection(Arc::default()) } else { Value::Null }
}

fn follow(cx: &Cx<'_>, record: Record) -> Value {
    let mut value = Value::Record(Arc::new(record));
    for step in &cx.resource.tail {
        value = match (step, &value) {
            (Tail::Property(member), Value::Record(record)) => record.get(*member).cloned().unwrap_or(Value::Null),
            (Tail::Cast(ty), Value::Record(record)) if cx.office.model.is_a(record.type_id, *ty) => continue,
            _ => Value::Null,
        };
    }
    value
}

fn elements(value: Value) -> impl Iterator<Item = (u64, Value)> {
    let values = if let Value::Collection(values) = value { Arc::unwrap_or_clone(values) } else { Vec::new() };
    (0..).zip(values)
}
