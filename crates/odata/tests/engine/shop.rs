//! A model that has what the office model has not: references, defaults, media, derived entities, functions that return
//! entities, capabilities.

use std::sync::{Arc, LazyLock};

use bytes::Bytes;
use http::Method;
use odata::engine::{Engine, Head, Operation, Settings};
use odata::model::TypeId;
use odata::{Error, Model, Profile, Record, RecordBuilder, Value};

use super::support::{Seal, World, headers};

pub(crate) static SHOP: LazyLock<Arc<Model>> =
    LazyLock::new(|| Arc::new(odata::csdl::read(include_str!("shop.csdl.xml")).expect("the shop model is valid")));

/// The shop in the strict profile, everything offered.
pub(crate) fn shop() -> World {
    shop_as(Profile::Strict)
}

pub(crate) fn shop_as(profile: Profile) -> World {
    let settings = Settings { deep_updates: true, compute: true, collection_changes: true, ..Settings::new(profile) };
    World { engine: Engine::new(Arc::clone(&SHOP), settings) }
}

pub(crate) fn type_id(name: &str) -> TypeId {
    SHOP.type_by_name(&format!("shop.{name}")).expect("a type of the shop")
}

pub(crate) fn member(type_name: &str, name: &str) -> u16 {
    SHOP.structured(type_id(type_name)).and_then(|ty| ty.member(name)).expect("a member").0
}

/// An item with its structural members.
pub(crate) fn item(id: i32) -> RecordBuilder<'static> {
    let name = format!("item {id}");
    RecordBuilder::new(&SHOP, type_id("Item")).set_named("id", id).set_named("name", name.as_str())
}

/// The value of a member by name.
pub(crate) fn get<'r>(record: &'r Record, name: &str) -> Option<&'r Value> {
    let (number, _) = SHOP.structured(record.type_id)?.member(name).expect("a member");
    record.get(number)
}

impl World {
    /// Head and bind, with headers beside `Content-Type: application/json`.
    pub(crate) fn write(
        &self,
        method: &str,
        url: &str,
        pairs: &[(&str, &str)],
        body: &str,
    ) -> Result<(Head, Operation), Error> {
        let mut all = vec![("content-type", "application/json")];
        all.retain(|(name, _)| pairs.iter().all(|(given, _)| given != name));
        all.extend_from_slice(pairs);
        let method = Method::from_bytes(method.as_bytes()).expect("a method");
        let head = self.engine.head(&method, url, &headers(&all), super::support::ROOT, &Seal)?;
        let operation = self.engine.bind(&head, Bytes::copy_from_slice(body.as_bytes()), None)?;
        Ok((head, operation))
    }

    /// The record of a create or an update.
    pub(crate) fn written(&self, method: &str, url: &str, body: &str) -> Result<Record, Error> {
        match self.write(method, url, &[], body)?.1 {
            Operation::Create(record) | Operation::Update { record, .. } => Ok(record),
            other => panic!("not a create or update: {other:?}"),
        }
    }
}
