//! A property of an entity by its own URL: read off the entity's record, written as a PATCH of one member.

use std::sync::Arc;

use http::Method;
use odata::engine::{Operation, Outcome, TargetKind};
use odata::model::{EdmType, TypeId};
use odata::plan::CollectionQuery;
use odata::{Error, Model, Record, Value};

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

/// Writes one property of the entity, or one inside a complex value of it.
///
/// # Errors
/// What the entity's PATCH gives.
pub(crate) async fn set(cx: &mut Cx<'_>, value: Value) -> Result<Outcome, Error> {
    let record = dispatch::stored_type(cx)
        .and_then(|ty| around(&cx.office.model, ty, &cx.resource.tail, value))
        .ok_or_else(dispatch::not_here)?;
    let place = cx.resource.place;
    let whole = *cx.head.method() == Method::PUT && cx.resource.property().is_some();
    let outcome = dispatch::update(cx, place, &record, whole).await?;
    Ok(match outcome {
        Outcome::Updated(entity) => Outcome::NoContent { etag: entity.etag.clone() },
        other => other,
    })
}

/// The change of an entity that sets what the steps lead to.
fn around(model: &Model, ty: TypeId, tail: &[Tail], value: Value) -> Option<Record> {
    let (step, rest) = tail.split_first()?;
    let Tail::Property(number) = step else { return None };
    let members = &model.structured(ty)?.members;
    let inner = match rest {
        [] => value,
        [Tail::Cast(actual), below @ ..] => Value::Record(Arc::new(around(model, *actual, below, value)?)),
        below => {
            let EdmType::Named(declared) = members.get(usize::from(*number))?.ty.base else { return None };
            Value::Record(Arc::new(around(model, declared, below, value)?))
        }
    };
    let mut record = Record::new(ty, members.len());
    record.set(*number, inner);
    Some(record)
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
