//! Changes of related entities inside a change: `nav@delta` (OData JSON 4.01, 14 and 8.5). What a URL means is the resolver's.

use super::parse::{Json, JsonKind, JsonMember};
use super::read::{Part, Purpose, Reader};
use super::related::{Parent, reference_url};
use crate::engine::EntityReference;
use crate::error::{Error, ErrorKind};
use crate::model::{EdmType, Member, MemberKind, TypeId};
use crate::value::{NestedChanges, Record};

impl Reader<'_> {
    /// Reads what is to be added to, changed in and removed from a related collection.
    pub(super) fn delta(
        &mut self,
        given: &JsonMember<'_>,
        number: u16,
        member: &Member,
        owner: TypeId,
        purpose: Purpose,
        record: &mut Record,
    ) -> Result<(), Error> {
        let (MemberKind::Navigation(navigation), EdmType::Named(wanted), true) =
            (&member.kind, member.ty.base, member.ty.collection)
        else {
            return Err(self.refuse("is no collection of related entities, so it has no changes"));
        };
        if !self.rules.deep_updates {
            let message = format!("The annotation '{}' is not supported.", given.name);
            return Err(Error::new(ErrorKind::NotImplemented, message).at(self.place()));
        }
        if !matches!(purpose, Purpose::Merge | Purpose::Nested) {
            return Err(self.refuse("changes a collection, which only PATCH can"));
        }
        let JsonKind::Array(items) = &given.value.kind else {
            return Err(self.refuse(&format!("must be an array, not {}", given.value.kind.article())));
        };
        let mut changes =
            NestedChanges { member: number, entities: Vec::new(), added: Vec::new(), removed: Vec::new() };
        let outer = self.parent.replace(Parent::of(navigation));
        for (index, item) in items.iter().enumerate() {
            self.path.push(Part::Index(index));
            if let Some(deleted) = removal(item) {
                let entity = self.removed(item, owner, number, wanted)?;
                changes.removed.push((entity, deleted));
            } else if let Some(url) = reference_url(item) {
                changes.added.push(self.reference(url, wanted, navigation)?);
            } else {
                changes.entities.push(self.related(item, wanted, Purpose::Nested)?);
            }
            self.path.pop();
        }
        self.parent = outer;
        record.changes.push(changes);
        Ok(())
    }

    /// The entity that a removal names: by `@id`, or by its key where the set is known that it lives in.
    fn removed(&self, item: &Json<'_>, owner: TypeId, number: u16, wanted: TypeId) -> Result<EntityReference, Error> {
        let JsonKind::Object(members) = &item.kind else { return Err(self.refuse("must be an object")) };
        let id = members.iter().find(|member| matches!(member.name.as_ref(), "@odata.id" | "@id"));
        if let Some(JsonMember { value: Json { kind: JsonKind::String(url), .. }, .. }) = id {
            return self.rules.resolver.entity(url, wanted).map_err(|error| error.at(self.place()));
        }
        let mut keys = Vec::new();
        for key in self.model.key_of(wanted) {
            let member = members.iter().find(|member| *member.name == *key.name);
            let ty = match key.path.as_slice() {
                [only] => self.model.structured(wanted).and_then(|ty| ty.members.get(usize::from(*only))),
                _ => None,
            };
            let (Some(given), Some(property)) = (member, ty) else {
                return Err(self.refuse("must name the entity that is removed: by '@id' or by its key"));
            };
            keys.push(self.key(&given.value, property)?);
        }
        let path = self.rules.resolver.by_key(owner, number, keys);
        path.ok_or_else(|| self.refuse("must name the entity that is removed by '@id'"))
    }

    fn key(&self, json: &Json<'_>, property: &Member) -> Result<crate::value::Value, Error> {
        let Some((primitive, facets)) = self.model.primitive_of(&property.ty) else {
            return Err(self.refuse("must name the entity that is removed by '@id'"));
        };
        super::scalar::primitive(json, primitive, &facets, self.rules.ieee754)
            .map_err(|reason| self.refuse(&format!("names no entity: its key {reason}")))
    }
}

/// Whether an item removes an entity, and if so whether the entity itself is to be deleted.
fn removal(item: &Json<'_>) -> Option<bool> {
    let JsonKind::Object(members) = &item.kind else { return None };
    let removed = members.iter().find(|member| matches!(member.name.as_ref(), "@removed" | "@odata.removed"))?;
    let JsonKind::Object(inside) = &removed.value.kind else { return Some(false) };
    let reason = inside.iter().find(|member| member.name == "reason").map(|member| &member.value.kind);
    Some(matches!(reason, Some(JsonKind::String(reason)) if reason == "deleted"))
}
