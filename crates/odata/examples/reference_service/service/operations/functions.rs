//! Functions: every overload, told apart by its name and the names of its parameters. Changes nothing.

use std::sync::Arc;

use odata::exec::memory::Call;
use odata::{Error, Record, RecordBuilder, Value};

use super::super::rules::{self, not_found};
use super::super::schema::Set;
use super::super::store::{Row, Store};
use super::{Given, price, priced, unknown};

const RELATED_MAX: usize = 5;
const TOP_DEFAULT: i64 = 10;

/// The result of a function.
pub(crate) fn call(store: &Store, call: &Call<'_>) -> Result<Value, Error> {
    let (name, names) = store.schema.signature(call.operation);
    let given = Given(call.parameters);
    match call.binding {
        None => unbound(store, name, &names, &given),
        Some(Value::Collection(products)) if name == "GetAveragePrice" => {
            let prices = products.iter().filter_map(Value::as_record).map(|product| price(store, product));
            Ok(average(prices).into())
        }
        Some(binding) => of_product(store, binding.as_record().ok_or_else(not_found)?, name, &names, &given),
    }
}

fn unbound(store: &Store, name: &str, names: &[&str], given: &Given<'_>) -> Result<Value, Error> {
    match (name, names) {
        ("GetTopProducts", []) => top_products(store, TOP_DEFAULT, None),
        ("GetTopProducts", ["count"]) => top_products(store, given.int(0), None),
        ("GetTopProducts", _) => top_products(store, given.int(0), Some(given.text(1))),
        ("GetProductStats", _) => stats(store),
        ("FindProducts", _) => {
            let wanted = given.text(0).to_ascii_lowercase();
            let fits = |row: &Row| {
                let name = row.record.get(store.schema.product.name).and_then(Value::as_str).unwrap_or_default();
                name.to_ascii_lowercase().contains(&wanted)
            };
            Ok(products(
                priced(store).filter(|(row, price)| *price <= given.double(1) && fits(row)).map(|(row, _)| row),
            ))
        }
        ("Calculate", ["value"]) => whole(given.int(0).checked_mul(2)),
        ("Calculate", _) => whole(given.int(0).checked_add(given.int(1))),
        ("Convert", ["input"]) => Ok(Value::from(&*format!("String: {}", given.text(0)))),
        ("Convert", _) => Ok(Value::from(&*format!("Number: {}", given.int(0)))),
        _ => Err(unknown(name)),
    }
}

fn of_product(store: &Store, product: &Record, name: &str, names: &[&str], given: &Given<'_>) -> Result<Value, Error> {
    let members = store.schema.product;
    let price = if let Some(Value::Double(price)) = product.get(members.price) { *price } else { 0.0 };
    match (name, names) {
        ("GetTotalPrice", _) => Ok(Value::Double(price * (1.0 + given.double(0)))),
        ("CalculatePrice", ["discount"]) => Ok(Value::Double(price * (1.0 - given.double(0) / 100.0))),
        ("CalculatePrice", _) => {
            Ok(Value::Double(price * (1.0 - given.double(0) / 100.0) * (1.0 + given.double(1) / 100.0)))
        }
        ("GetInfo", _) => {
            let name = product.get(members.name).and_then(Value::as_str).unwrap_or_default();
            Ok(Value::from(&*format!("Product: {name} (Price: {price:.2}) in {} format", given.text(0))))
        }
        ("GetRelatedProducts", _) => {
            let category = product.get(members.category_id).filter(|value| !value.is_null());
            let others = store.rows(Set::Products).map(|(_, row)| row).filter(|other| {
                category.is_some()
                    && other.record.get(members.category_id) == category
                    && other.record.get(members.id) != product.get(members.id)
            });
            Ok(products(others.take(RELATED_MAX)))
        }
        _ => Err(unknown(name)),
    }
}

fn top_products(store: &Store, count: i64, category: Option<&str>) -> Result<Value, Error> {
    let count = usize::try_from(count).map_err(|_| Error::bad_request("The count is negative.").at("count"))?;
    let schema = &store.schema;
    let wanted = category.map(|name| {
        let named = |row: &Row| row.record.get(schema.other.category_name).and_then(Value::as_str) == Some(name);
        rules::keys_where(store, Set::Categories, named).into_iter().next()
    });
    let fits = |row: &Row| match &wanted {
        None => true,
        Some(None) => false,
        Some(Some(key)) => row.record.get(schema.product.category_id) == Some(&Value::Guid(key.id)),
    };
    let mut rows: Vec<&Row> = store.rows(Set::Products).map(|(_, row)| row).filter(|row| fits(row)).collect();
    rows.sort_by(|a, b| price(store, &b.record).total_cmp(&price(store, &a.record)));
    Ok(products(rows.into_iter().take(count)))
}

fn average(prices: impl Iterator<Item = f64>) -> Option<f64> {
    let prices: Vec<f64> = prices.collect();
    #[expect(clippy::cast_precision_loss, reason = "nobody has 2^53 products in memory")]
    (!prices.is_empty()).then(|| prices.iter().sum::<f64>() / prices.len() as f64)
}

fn stats(store: &Store) -> Result<Value, Error> {
    let model = &store.schema.model;
    let ty = model.type_by_name("ProductStats").ok_or_else(|| unknown("ProductStats"))?;
    let prices = || priced(store).map(|(_, price)| price);
    let stats = RecordBuilder::new(model, ty)
        .set_named("totalProducts", i64::try_from(prices().count()).unwrap_or(i64::MAX))
        .set_named("averagePrice", average(prices()))
        .set_named("maxPrice", prices().reduce(f64::max))
        .set_named("minPrice", prices().reduce(f64::min));
    Ok(stats.whole().into())
}

fn products<'r>(rows: impl Iterator<Item = &'r Row>) -> Value {
    Value::from(rows.map(|row| Value::Record(Arc::clone(&row.record))).collect::<Vec<_>>())
}

fn whole(value: Option<i64>) -> Result<Value, Error> {
    value.map(Value::Int).ok_or_else(|| Error::bad_request("The result is outside the range of Edm.Int64."))
}
