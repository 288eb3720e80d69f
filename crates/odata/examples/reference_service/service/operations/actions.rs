//! Actions: every overload, told apart by its name and the names of its parameters.

use std::sync::Arc;

use odata::engine::{Head, Outcome, Segment};
use odata::model::OperationId;
use odata::{Error, ErrorKind, Record, RecordBuilder, Value};

use super::super::rules::{self, not_found};
use super::super::schema::Set;
use super::super::seed;
use super::super::store::{Key, Row, Store};
use super::super::walk::walk;
use super::{Given, price, priced, unknown};

const IN_STOCK: i64 = 1;
const DISCONTINUED: i64 = 4;

/// Runs an action.
pub(crate) fn run(
    store: &mut Store,
    head: &Head,
    operation: OperationId,
    parameters: &[Option<Value>],
) -> Result<Outcome, Error> {
    let schema = Arc::clone(&store.schema);
    let (name, names) = schema.signature(operation);
    if schema.model.operation(operation).is_bound {
        bound(store, head, name, &Given(parameters))
    } else {
        unbound(store, name, &names, &Given(parameters))
    }
}

fn bound(store: &mut Store, head: &Head, name: &str, given: &Given<'_>) -> Result<Outcome, Error> {
    let done = |record: Arc<Record>| Ok(Outcome::NoContent { etag: record.etag.clone() });
    if name == "MarkAllAsReviewed" {
        walk(store, before_call(head), false)?;
        return Ok(Outcome::NoContent { etag: None });
    }
    let (key, row) = bound_to(store, head)?;
    rules::check_etag(head.preconditions(), row)?;
    let product = store.schema.product;
    let price = price(store, &row.record);
    let status = if let Some(Value::Enum(status)) = row.record.get(product.status) { *status } else { 0 };
    let discounted = price * (1.0 - given.double(0) / 100.0);
    let mut save = |member: u16, value: Value| rules::change(store, Set::Products, &key, |row| row.set(member, value));
    match name {
        "ApplyDiscount" => save(product.price, discounted.into()).map(|record| Outcome::Value(Value::Record(record))),
        "IncreasePrice" => done(save(product.price, (price + given.double(0)).into())?),
        "Activate" => done(save(product.status, Value::Enum(status & !DISCONTINUED | IN_STOCK))?),
        "CalculateDiscount" => Ok(Outcome::Value(discounted.into())),
        _ => Err(unknown(name)),
    }
}

fn unbound(store: &mut Store, name: &str, names: &[&str], given: &Given<'_>) -> Result<Outcome, Error> {
    let done = Ok(Outcome::NoContent { etag: None });
    match (name, names) {
        ("ResetAllPrices", _) => {
            let prices = store.seed_prices.clone();
            let mut count = 0;
            for (key, price) in prices {
                count += i32::from(set_price(store, &key, price).is_ok());
            }
            result(store, "PriceResetResult", |result| {
                result.set_named("message", "Prices reset successfully").set_named("updatedCount", count)
            })
        }
        ("ResetProducts", _) => done,
        ("Process", _) => {
            let least = names.get(1).map(|_| given.double(1));
            let factor = 1.0 - given.double(0) / 100.0;
            let found: Vec<(Key, f64)> = priced(store)
                .filter(|(_, price)| least.is_none_or(|least| *price >= least))
                .filter_map(|(row, price)| Some((Key::of(&store.schema, &row.record)?, price)))
                .collect();
            for (key, price) in found {
                set_price(store, &key, price * factor)?;
            }
            done
        }
        ("Reseed", _) => {
            *store = seed::load(store).map_err(|fault| Error::new(ErrorKind::Internal, fault.to_string()))?;
            result(store, "ReseedResult", |result| {
                result.set_named("status", "success").set_named("message", "Database reseeded with default data")
            })
        }
        _ => Err(unknown(name)),
    }
}

fn set_price(store: &mut Store, key: &Key, price: f64) -> Result<Arc<Record>, Error> {
    let member = store.schema.product.price;
    rules::change(store, Set::Products, key, |row| row.set(member, price.into()))
}

fn result(
    store: &Store,
    ty: &str,
    fill: impl FnOnce(RecordBuilder<'_>) -> RecordBuilder<'_>,
) -> Result<Outcome, Error> {
    let ty = store.schema.model.type_by_name(ty).ok_or_else(|| unknown(ty))?;
    Ok(Outcome::Value(fill(RecordBuilder::new(&store.schema.model, ty)).whole().into()))
}

/// The path up to the operation.
fn before_call(head: &Head) -> &[Segment] {
    let segments = &head.target().segments;
    let end = segments.iter().position(|segment| matches!(segment, Segment::Operation { .. }));
    &segments[..end.unwrap_or(segments.len())]
}

/// The product that the operation is called on.
fn bound_to<'s>(store: &'s Store, head: &Head) -> Result<(Key, &'s Row), Error> {
    let (set, key) = walk(store, before_call(head), false)?.entity()?;
    let row = store.get(set, &key).ok_or_else(not_found)?;
    Ok((key, row))
}
