//! What is written of a record and read again: its dynamic properties are the same, with their types.

use http::Method;
use odata::engine::Operation;
use odata::{DynamicProperty, Record, Value};

use crate::world::World;

/// Sends an answer back to where its body came from.
pub(crate) fn read_again(world: &World, method: &Method, path: &str, operation: &Operation, answer: &[u8]) {
    let text = || String::from_utf8_lossy(answer).into_owned();
    let again = |needed: bool| match world.bind(method, path, answer) {
        Ok((_, operation)) => Some(operation),
        Err(error) if needed => panic!("{error:?}: {}", text()),
        Err(_) => None,
    };
    match operation {
        Operation::Create(record) | Operation::Update { record, .. } => match again(has_dynamic(record)) {
            Some(Operation::Create(other) | Operation::Update { record: other, .. }) => {
                assert!(is_same_record(record, &other), "{record:?}\n{other:?}\n{}", text());
            }
            _ => assert!(!has_dynamic(record), "{}", text()),
        },
        Operation::SetDynamic(property) => {
            let Some(Operation::SetDynamic(other)) = again(true) else { panic!("no property: {}", text()) };
            assert!(is_same_property(property, &other), "{property:?}\n{other:?}\n{}", text());
        }
        _ => {}
    }
}

fn has_dynamic(record: &Record) -> bool {
    !record.dynamic.is_empty() || record.members.iter().flatten().any(|value| records(value).any(has_dynamic))
}

fn records(value: &Value) -> impl Iterator<Item = &Record> {
    let elements = value.as_collection().unwrap_or(std::slice::from_ref(value));
    elements.iter().filter_map(Value::as_record)
}

/// Dynamic properties here and in complex members; null is none. Declared members are not asked: streams travel apart.
fn is_same_record(record: &Record, other: &Record) -> bool {
    let given = |record: &Record| -> Vec<DynamicProperty> {
        record.dynamic.iter().filter(|property| !property.value.is_null()).cloned().collect()
    };
    let (mine, theirs) = (given(record), given(other));
    let members = record.members.iter().zip(&other.members).filter_map(|(a, b)| a.as_ref().zip(b.as_ref()));
    record.type_id == other.type_id
        && mine.len() == theirs.len()
        && mine.iter().zip(&theirs).all(|(a, b)| is_same_property(a, b))
        && members.into_iter().all(|(a, b)| records(a).zip(records(b)).all(|(a, b)| is_same_record(a, b)))
}

fn is_same_property(property: &DynamicProperty, other: &DynamicProperty) -> bool {
    let is_same_type = property.ty == other.ty || matches!(property.value, Value::Record(_));
    property.name == other.name && is_same_type && is_same(&property.value, &other.value)
}

fn is_same(value: &Value, other: &Value) -> bool {
    match (value, other) {
        (Value::Record(a), Value::Record(b)) => {
            let pairs = a.members.iter().zip(&b.members);
            let is_same_member = |(a, b): (&Option<Value>, &Option<Value>)| {
                is_same(a.as_ref().unwrap_or(&Value::Null), b.as_ref().unwrap_or(&Value::Null))
            };
            is_same_record(a, b) && pairs.into_iter().all(is_same_member)
        }
        (Value::Collection(a), Value::Collection(b)) => {
            a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| is_same(a, b))
        }
        (Value::Double(a), Value::Double(b)) => a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan()),
        _ => value == other,
    }
}
