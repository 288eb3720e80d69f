//! Functions and actions: every overload, told apart by its name and the names of its parameters.

use std::sync::Arc;

use odata::engine::{Head, Outcome, Segment};
use odata::exec::memory::page;
use odata::model::OperationId;
use odata::plan::CollectionQuery;
use odata::{Error, ErrorKind, Record, RecordBuilder, Value};

use super::rules::{self, not_found};
use super::schema::Set;
use super::store::{Key, Row, Store};
use super::walk::walk;
use super::{env, seed};

const RELATED_MAX: usize = 5;
const TOP_DEFAULT: i64 = 10;
const IN_STOCK: i64 = 1;
const DISCONTINUED: i64 = 4;

/// Calls an operation.
pub(crate) fn invoke(
    store: &mut Store,
    head: &Head,
    operation: OperationId,
    parameters: &[Option<Value>],
    query: &CollectionQuery,
) -> Result<Outcome, Error> {
    let schema = Arc::clone(&store.schema);
    let (name, names) = schema.signature(operation);
    let given = Given { values: parameters };
    let bound = schema.model.operation(operation).is_bound;
    if schema.model.operation(operation).is_action {
        return if bound { bound_action(store, head, name, &given) } else { action(store, name, &names, &given) };
    }
    if bound {
        return bound_function(store, head, name, &names, &given, query);
    }
    function(store, name, &names, &given, query)
}

/// Parameters in the order of the declaration. The engine has checked their types and that they are there.
struct Given<'p> {
    values: &'p [Option<Value>],
}

impl Given<'_> {
    fn int(&self, at: usize) -> i64 {
        if let Some(Some(Value::Int(value))) = self.values.get(at) { *value } else { 0 }
    }

    fn double(&self, at: usize) -> f64 {
        if let Some(Some(Value::Double(value))) = self.values.get(at) { *value } else { 0.0 }
    }

    fn text(&self, at: usize) -> &str {
        self.values.get(at).and_then(Option::as_ref).and_then(Value::as_str).unwrap_or_default()
    }
}

fn function(
    store: &Store,
    name: &str,
    names: &[&str],
    given: &Given<'_>,
    query: &CollectionQuery,
) -> Result<Outcome, Error> {
    match (name, names) {
        ("GetTopProducts", []) => top_products(store, TOP_DEFAULT, None, query),
        ("GetTopProducts", ["count"]) => top_products(store, given.int(0), None, query),
        ("GetTopProducts", _) => top_products(store, given.int(0), Some(given.text(1)), query),
        ("GetProductStats", _) => Ok(stats(store)),
        ("FindProducts", _) => {
            let wanted = given.text(0).to_ascii_lowercase();
            let product = store.schema.product;
            let fits = |row: &Row| {
                let name = row.record.get(product.name).and_then(Value::as_str).unwrap_or_default();
                name.to_ascii_lowercase().contains(&wanted) && price(store, row) <= given.double(1)
            };
            products(store, store.rows(Set::Products).map(|(_, row)| row).filter(|row| fits(row)), query)
        }
        ("Calculate", ["value"]) => whole(given.int(0).checked_mul(2)),
        ("Calculate", _) => whole(given.int(0).checked_add(given.int(1))),
        ("Convert", ["input"]) => Ok(Outcome::Value(Value::from(&*format!("String: {}", given.text(0))))),
        ("Convert", _) => Ok(Outcome::Value(Value::from(&*format!("Number: {}", given.int(0))))),
        _ => Err(unknown(name)),
    }
}

fn bound_function(
    store: &Store,
    head: &Head,
    name: &str,
    names: &[&str],
    given: &Given<'_>,
    query: &CollectionQuery,
) -> Result<Outcome, Error> {
    if name == "GetAveragePrice" {
        walk(store, before_call(head), false)?;
        return Ok(Outcome::Value(average(store).into()));
    }
    let (_, row) = bound_to(store, head)?;
    let price = price(store, row);
    let number = |value: f64| Ok(Outcome::Value(Value::Double(value)));
    match (name, names) {
        ("GetTotalPrice", _) => number(price * (1.0 + given.double(0))),
        ("CalculatePrice", ["discount"]) => number(price * (1.0 - given.double(0) / 100.0)),
        ("CalculatePrice", _) => number(price * (1.0 - given.double(0) / 100.0) * (1.0 + given.double(1) / 100.0)),
        ("GetInfo", _) => {
            let name = row.record.get(store.schema.product.name).and_then(Value::as_str).unwrap_or_default();
            let text = format!("Product: {name} (Price: {price:.2}) in {} format", given.text(0));
            Ok(Outcome::Value(Value::from(&*text)))
        }
        ("GetRelatedProducts", _) => {
            let product = store.schema.product;
            let category = row.record.get(product.category_id).filter(|value| !value.is_null());
            let others = store.rows(Set::Products).map(|(_, row)| row).filter(|other| {
                category.is_some()
                    && other.record.get(product.category_id) == category
                    && other.record.get(product.id) != row.record.get(product.id)
            });
            products(store, others.take(RELATED_MAX), query)
        }
        _ => Err(unknown(name)),
    }
}

fn bound_action(store: &mut Store, head: &Head, name: &str, given: &Given<'_>) -> Result<Outcome, Error> {
    let done = |record: Arc<Record>| Ok(Outcome::NoContent { etag: record.etag.clone() });
    if name == "MarkAllAsReviewed" {
        walk(store, before_call(head), false)?;
        return Ok(Outcome::NoContent { etag: None });
    }
    let (key, row) = bound_to(store, head)?;
    rules::check_etag(head.preconditions(), row)?;
    let product = store.schema.product;
    let price = price(store, row);
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

fn action(store: &mut Store, name: &str, names: &[&str], given: &Given<'_>) -> Result<Outcome, Error> {
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
            let found: Vec<(Key, f64)> = store
                .rows(Set::Products)
                .map(|(_, row)| (row, price(store, row)))
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

fn price(store: &Store, row: &Row) -> f64 {
    if let Some(Value::Double(price)) = row.record.get(store.schema.product.price) { *price } else { 0.0 }
}

fn average(store: &Store) -> Option<f64> {
    let prices: Vec<f64> = store.rows(Set::Products).map(|(_, row)| price(store, row)).collect();
    #[expect(clippy::cast_precision_loss, reason = "nobody has 2^53 products in memory")]
    (!prices.is_empty()).then(|| prices.iter().sum::<f64>() / prices.len() as f64)
}

fn stats(store: &Store) -> Outcome {
    let prices = || store.rows(Set::Products).map(|(_, row)| price(store, row));
    let count = i64::try_from(prices().count()).unwrap_or(i64::MAX);
    let filled = result(store, "ProductStats", |result| {
        result
            .set_named("totalProducts", count)
            .set_named("averagePrice", average(store))
            .set_named("maxPrice", prices().reduce(f64::max))
            .set_named("minPrice", prices().reduce(f64::min))
    });
    filled.unwrap_or(Outcome::Value(Value::Null))
}

fn top_products(store: &Store, count: i64, category: Option<&str>, query: &CollectionQuery) -> Result<Outcome, Error> {
    let count = usize::try_from(count).map_err(|_| Error::bad_request("The count is negative.").at("count"))?;
    let schema = &store.schema;
    let category_key = category.map(|name| {
        let named = |row: &Row| row.record.get(schema.other.category_name).and_then(Value::as_str) == Some(name);
        rules::keys_where(store, Set::Categories, named).into_iter().next()
    });
    let fits = |row: &Row| match &category_key {
        None => true,
        Some(None) => false,
        Some(Some(key)) => row.record.get(schema.product.category_id) == Some(&Value::Guid(key.id)),
    };
    let mut rows: Vec<&Row> = store.rows(Set::Products).map(|(_, row)| row).filter(|row| fits(row)).collect();
    rows.sort_by(|a, b| price(store, b).total_cmp(&price(store, a)));
    products(store, rows.into_iter().take(count), query)
}

/// Products as the result of a function, in the order given, under the query options of the call.
fn products<'r>(store: &Store, rows: impl Iterator<Item = &'r Row>, query: &CollectionQuery) -> Result<Outcome, Error> {
    let numbered = (0..).zip(rows.map(|row| Value::Record(Arc::clone(&row.record))));
    page(&store.schema.model, numbered, query, env::now()).map(Outcome::Collection)
}

fn whole(value: Option<i64>) -> Result<Outcome, Error> {
    value.map(|value| Outcome::Value(Value::Int(value))).ok_or_else(|| Error::bad_request("The result overflows."))
}

fn unknown(name: &str) -> Error {
    Error::new(ErrorKind::NotImplemented, format!("'{name}' is not offered."))
}
