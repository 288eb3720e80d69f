//! Operations: functions answer what the generic reader asks (`Source::call`), actions change the data.

pub(crate) mod actions;
pub(crate) mod functions;

use odata::{Error, ErrorKind, Record, Value};

use super::schema::Set;
use super::store::{Row, Store};

/// Parameters in the order of the declaration. The engine has checked their types and that they are there.
pub(crate) struct Given<'p>(pub(crate) &'p [Option<Value>]);

impl Given<'_> {
    fn int(&self, at: usize) -> i64 {
        if let Some(Some(Value::Int(value))) = self.0.get(at) { *value } else { 0 }
    }

    fn double(&self, at: usize) -> f64 {
        if let Some(Some(Value::Double(value))) = self.0.get(at) { *value } else { 0.0 }
    }

    fn text(&self, at: usize) -> &str {
        self.0.get(at).and_then(Option::as_ref).and_then(Value::as_str).unwrap_or_default()
    }
}

fn price(store: &Store, product: &Record) -> f64 {
    if let Some(Value::Double(price)) = product.get(store.schema.product.price) { *price } else { 0.0 }
}

/// Products in the order of insertion, with their prices.
fn priced(store: &Store) -> impl Iterator<Item = (&Row, f64)> {
    store.rows(Set::Products).map(|(_, row)| (row, price(store, &row.record)))
}

fn unknown(name: &str) -> Error {
    Error::new(ErrorKind::NotImplemented, format!("'{name}' is not offered."))
}
