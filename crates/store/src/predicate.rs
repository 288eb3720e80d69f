//! A query's conditions and order over rows in memory, with the engine's own meaning. It must never know where the rows are.

use std::cmp::Ordering;
use std::sync::{Arc, LazyLock};

use odata::exec::memory::{Context, evaluate, matches};
use odata::expr::{Expr, Function, Node};
use odata::plan::{Filter, OrderBy};
use odata::{Model, Record, Value};

use crate::domain::CheckinStatus;
use crate::error::StoreError;
use crate::position::member;
use crate::status::StatusQuery;

/// Members of officeClientCheckinStatus.
const MEMBERS: usize = 9;

/// Check-in rows are complex values of one type without derived ones, so no expression over them asks a model for types. A constant.
static NO_TYPES: LazyLock<Model> = LazyLock::new(|| {
    let empty = r#"<edmx:Edmx xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx" Version="4.0"><edmx:DataServices>
        <Schema xmlns="http://docs.oasis-open.org/odata/ns/edm" Namespace="none"/>
        </edmx:DataServices></edmx:Edmx>"#;
    odata::csdl::read(empty).expect("a constant document that a test reads")
});

fn context() -> Context<'static> {
    let start = odata::edm::DateTimeOffset::from_unix_nanos(0);
    Context::new(&NO_TYPES, start)
}

/// Which rows a query takes.
pub(crate) struct Predicate<'q> {
    applied_policy: Option<String>,
    filter: Option<&'q Filter>,
}

impl<'q> Predicate<'q> {
    pub(crate) fn of(query: &'q StatusQuery) -> Result<Self, StoreError> {
        if query.filter.as_ref().is_some_and(|filter| asks_the_clock(filter.expr())) {
            return Err(StoreError::Unsupported { what: "now() over check-in statuses is not supported".to_owned() });
        }
        Ok(Self { applied_policy: query.applied_policy.map(|id| id.to_string()), filter: query.filter.as_ref() })
    }

    pub(crate) fn takes(&self, row: &CheckinStatus) -> Result<bool, StoreError> {
        if self.applied_policy.as_deref().is_some_and(|id| !row.applies(id)) {
            return Ok(false);
        }
        self.filter.map_or(Ok(true), |filter| matches(filter, &value(row), context()).map_err(unsupported))
    }
}

/// The values of a row's order keys.
pub(crate) fn order_keys(by: &[OrderBy], row: &CheckinStatus) -> Result<Vec<Value>, StoreError> {
    let row = value(row);
    by.iter().map(|item| evaluate(&item.expr, &row, context()).map_err(unsupported)).collect()
}

/// Null lowest, text by code point.
pub(crate) fn compare_keys(by: &[OrderBy], left: &[Value], right: &[Value]) -> Ordering {
    let mut keys = by.iter().zip(left.iter().zip(right)).map(|(item, (left, right))| {
        let order = compare(left, right);
        if item.descending { order.reverse() } else { order }
    });
    keys.find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
}

fn compare(left: &Value, right: &Value) -> Ordering {
    match (left, right) {
        (Value::Null, Value::Null) => Ordering::Equal,
        (Value::Null, _) => Ordering::Less,
        (_, Value::Null) => Ordering::Greater,
        (Value::Boolean(a), Value::Boolean(b)) => a.cmp(b),
        (Value::Int(a), Value::Int(b)) => a.cmp(b),
        (Value::String(a), Value::String(b)) => a.cmp(b),
        (Value::DateTimeOffset(a), Value::DateTimeOffset(b)) => a.cmp(b),
        (Value::Double(a), Value::Double(b)) => a.total_cmp(b),
        // Other types have no order of their own here; the row's key decides.
        _ => Ordering::Equal,
    }
}

fn value(row: &CheckinStatus) -> Value {
    let text = |text: &Option<Arc<str>>| text.as_ref().map_or(Value::Null, |text| Value::String(Arc::clone(text)));
    let mut record = Record::new(odata::model::TypeId(0), MEMBERS);
    record.set(member::USER_PRINCIPAL_NAME, text(&row.user_principal_name));
    record.set(member::DEVICE_NAME, text(&row.device_name));
    record.set(member::DEVICE_PLATFORM, text(&row.device_platform));
    record.set(member::DEVICE_PLATFORM_VERSION, text(&row.device_platform_version));
    record.set(member::WAS_SUCCESSFUL, Value::Boolean(row.was_successful));
    record.set(member::USER_ID, Value::String(Arc::clone(&row.user_id)));
    record.set(member::CHECKIN_DATE_TIME, Value::DateTimeOffset(row.checkin));
    record.set(member::ERROR_MESSAGE, text(&row.error_message));
    let applied = row.applied_policies.as_ref().map_or(Value::Null, |list| {
        Value::Collection(Arc::new(list.iter().map(|id| Value::String(Arc::clone(id))).collect()))
    });
    record.set(member::APPLIED_POLICIES, applied);
    Value::Record(Arc::new(record))
}

fn unsupported(error: impl std::fmt::Display) -> StoreError {
    StoreError::Unsupported { what: error.to_string() }
}

/// A query brings no time, so `now()` has no meaning in one.
fn asks_the_clock(expr: &Expr) -> bool {
    matches!(&expr.node, Node::Call(Function::Now, _)) || expr.children().into_iter().any(asks_the_clock)
}
