//! Changes of every member of a collection (`PATCH …/$each`). Knows no collection: which members those are is the
//! application's to find.

use super::parse;
use super::property::{declared, wrapped};
use crate::engine::Engine;
use crate::engine::head::Head;
use crate::engine::operation::Operation;
use crate::error::Error;
use crate::json::Purpose;
use crate::model::{EdmType, TypeRef};
use crate::value::Value;

impl Engine {
    /// What each member is to become: a part of an entity or complex value, or `{"value": …}`.
    pub(super) fn bind_members(&self, head: &Head, body: &[u8]) -> Result<Operation, Error> {
        let element = TypeRef { collection: false, ..declared(head)?.clone() };
        let json = parse(head, body)?;
        let mut reader = self.reader(head);
        match element.base {
            EdmType::Named(id) if self.model.structured(id).is_some() => {
                let record = reader.record(&json, id, Some(id), Purpose::Merge)?;
                Ok(Operation::UpdateMembers(Value::from(record)))
            }
            _ => wrapped(&json, &mut reader, &element, Purpose::Replace).map(Operation::UpdateMembers),
        }
    }
}
