//! Changes of whole collections: of every member (`PATCH …/$each`), change by change (PATCH with a delta payload), and all at
//! once (PUT). Knows no data: which members there are is the application's to find.

use super::property::{declared, wrapped};
use super::{member, parse};
use crate::bind;
use crate::engine::address::types_before;
use crate::engine::head::{Head, allowed_methods};
use crate::engine::operation::Operation;
use crate::engine::target::Segment;
use crate::engine::{Engine, MemberChange};
use crate::error::{Error, ErrorKind, shown};
use crate::json::{Changing, Json, JsonKind, Purpose};
use crate::limits::COLLECTION_CHANGES_MAX;
use crate::model::{EdmType, Member, TypeId, TypeRef};
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

    /// The body of a collection of entities, with its `value`, and the type that they are declared with.
    fn collection_body<'b>(&self, head: &Head, body: &'b [u8]) -> Result<(TypeId, Json<'b>), Error> {
        let ty = head.declared_type().ok_or_else(|| Error::new(ErrorKind::Internal, "The target has no type."))?;
        if body.is_empty() {
            return Err(self.of_entities(head));
        }
        let json = parse(head, body)?;
        if matches!(json.kind, JsonKind::Object(_)) && member(&json, "value").is_none() {
            return Err(self.of_entities(head));
        }
        Ok((ty, json))
    }

    /// The changes of a delta payload: `{"@context":"#$delta","value":[…]}`.
    pub(super) fn bind_changes(&self, head: &Head, body: &[u8]) -> Result<Operation, Error> {
        let (ty, json) = self.collection_body(head, body)?;
        let items = changes(&json)?;
        let of = self.changing(head, ty);
        let mut reader = self.reader(head);
        let mut found = Vec::with_capacity(items.len());
        for (index, item) in items.iter().enumerate() {
            found.push(reader.within(&format!("value/{index}").into(), |reader| reader.change(item, &of))?);
        }
        Ok(Operation::UpdateCollection(found))
    }

    /// A whole collection: `{"value":[…]}`, of entities or references to them.
    pub(super) fn bind_replacement(&self, head: &Head, body: &[u8]) -> Result<Operation, Error> {
        let (ty, json) = self.collection_body(head, body)?;
        let items = whole(&json)?;
        let of = self.changing(head, ty);
        let mut reader = self.reader(head);
        let mut found = Vec::with_capacity(items.len());
        for (index, item) in items.iter().enumerate() {
            found.push(reader.within(&format!("value/{index}").into(), |reader| {
                let change = reader.change(item, &of)?;
                if matches!(change, MemberChange::Remove { .. }) {
                    return Err(reader.refuse("removes an entity, but what a whole collection leaves out is removed"));
                }
                Ok(change)
            })?);
        }
        Ok(Operation::ReplaceCollection(found))
    }

    /// A body that is no delta payload is meant for an entity, and no entity has this URL.
    fn of_entities(&self, head: &Head) -> Error {
        let message = "A collection is written by a payload with 'value'; an entity has a URL of its own.";
        let others = allowed_methods(&self.model, self.settings.profile, false, &head.target);
        Error::new(ErrorKind::MethodNotAllowed, message).with_allow(others)
    }

    fn changing<'h>(&self, head: &'h Head, ty: TypeId) -> Changing<'h> {
        let model = &*self.model;
        let path = &head.target.segments;
        let owner = types_before(model, path).last().filter(|(last, _)| matches!(last, Segment::Navigation { .. }));
        let owner = owner.and_then(|(_, owner)| owner);
        let known = model.structured(ty).map(|target| bind::implied_key(model, path, owner, target));
        let contains = |owner: TypeId, member: u16| {
            let member = model.structured(owner).and_then(|owner| owner.members.get(usize::from(member)));
            member.is_some_and(Member::is_containment)
        };
        let owns = match (path.last(), owner) {
            (Some(Segment::Navigation { member, .. }), Some(owner)) => contains(owner, *member),
            _ => true,
        };
        Changing { path, ty, known: known.unwrap_or_default(), owns }
    }
}

/// The array of a delta payload.
fn changes<'j>(json: &'j Json<'j>) -> Result<&'j [Json<'j>], Error> {
    if is_delta(json) == Some(false) {
        return Err(refused("A collection is changed by a delta payload, whose context is '#$delta'.").at("@context"));
    }
    items(json)
}

/// The array of a whole collection.
pub(super) fn whole<'j>(json: &'j Json<'j>) -> Result<&'j [Json<'j>], Error> {
    if is_delta(json) == Some(true) {
        return Err(refused("A collection is replaced by a whole one, not by a delta payload.").at("@context"));
    }
    items(json)
}

/// Whether the context says that it is a delta payload; `None` where there is none.
fn is_delta(json: &Json<'_>) -> Option<bool> {
    let context = member(json, "@context").or_else(|| member(json, "@odata.context"))?;
    Some(matches!(&context.kind, JsonKind::String(text) if text.ends_with("$delta")))
}

fn items<'j>(json: &'j Json<'j>) -> Result<&'j [Json<'j>], Error> {
    let JsonKind::Object(members) = &json.kind else {
        return Err(refused("The body must be an object with an array in 'value'."));
    };
    if let Some(other) = members.iter().find(|member| member.name != "value" && !member.name.contains('@')) {
        let name = shown(&other.name);
        return Err(refused(&format!("The body is a collection, in 'value'; '{name}' cannot stand there.")).at(name));
    }
    match member(json, "value").map(|value| &value.kind) {
        Some(JsonKind::Array(items)) if items.len() <= COLLECTION_CHANGES_MAX => Ok(items),
        Some(JsonKind::Array(_)) => {
            Err(refused(&format!("The body has more than {COLLECTION_CHANGES_MAX} elements.")).at("value"))
        }
        _ => Err(refused("The body must hold an array in 'value'.").at("value")),
    }
}

fn refused(message: &str) -> Error {
    Error::bad_request(message).with_code("RequestBodyRead")
}
