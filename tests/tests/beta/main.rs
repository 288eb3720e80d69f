//! The admin plane, resource by resource: the files mirror the URL tree below `/beta`. A test that proves a ruling of the design carries
//! its number in the name.
#![expect(clippy::unwrap_used, reason = "tests")]

mod batch;
mod creation_call;
mod following;
mod metadata;
mod office_configuration;
mod office_configurations;

use serde_json::Value;

/// The `value` array of a collection.
#[track_caller]
fn items(page: &Value) -> &Vec<Value> {
    match page["value"].as_array() {
        Some(items) => items,
        None => panic!("no collection: {page}"),
    }
}

/// One member of each item, as text.
#[track_caller]
fn column<'a>(page: &'a Value, member: &str) -> Vec<&'a str> {
    items(page).iter().map(|item| item[member].as_str().unwrap_or("null")).collect()
}

/// A string member.
#[track_caller]
fn text<'a>(value: &'a Value, member: &str) -> &'a str {
    match value[member].as_str() {
        Some(text) => text,
        None => panic!("no {member} in {value}"),
    }
}
