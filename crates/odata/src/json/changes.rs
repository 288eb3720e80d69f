//! Changes of collections: of a related one inside a change (`nav@delta`; OData JSON 4.01, 14 and 8.5), and of a whole one. What a URL means is the resolver's.

use std::sync::Arc;

use super::parse::{Json, JsonKind, JsonMember};
use super::read::{Part, Purpose, Reader};
use super::related::{Parent, reference_url};
use crate::engine::{EntityReference, MemberChange, Segment};
use crate::error::{Error, ErrorKind};
use crate::model::{EdmType, Member, MemberKind, TypeId};
use crate::value::{NestedChanges, Record, Value};

/// A collection that is changed.
pub(crate) struct Changing<'c> {
    /// Its path.
    pub(crate) path: &'c [Segment],
    /// The type of its entities.
    pub(crate) ty: TypeId,
    /// Parts of their keys that the path tells.
    pub(crate) known: Vec<Option<Value>>,
    /// Whether what leaves it is deleted: it is an entity set, or contains its entities.
    pub(crate) owns: bool,
}

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
                let by_key = |key| self.rules.resolver.by_key(owner, number, key);
                let entity = self.removed(item, wanted, &[], &by_key)?;
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

    /// Reads one change of a collection.
    pub(crate) fn change(&mut self, item: &Json<'_>, of: &Changing<'_>) -> Result<MemberChange, Error> {
        let context = text(item, &["@context", "@odata.context"]).unwrap_or_default();
        if context.ends_with("/$link") || context.ends_with("/$deletedLink") {
            let message = "Links in a change of a collection are not offered: write them to '$ref'.";
            return Err(Error::new(ErrorKind::NotImplemented, message).at(self.place()));
        }
        let etag = text(item, &["@etag", "@odata.etag"]).map(Arc::from);
        if context.ends_with("/$deletedEntity") {
            let id = text(item, &["id"]).ok_or_else(|| self.refuse("must name the entity that is removed by 'id'"))?;
            let entity = self.named(id, of.ty)?;
            let delete = of.owns || text(item, &["reason"]) == Some("deleted");
            return Ok(MemberChange::Remove { entity, etag, delete });
        }
        if let Some(deleted) = removal(item) {
            let by_key = |key| {
                let segments = of.path.iter().cloned().chain([Segment::Key(key)]);
                Some(EntityReference { segments: segments.collect() })
            };
            let entity = self.removed(item, of.ty, &of.known, &by_key)?;
            return Ok(MemberChange::Remove { entity, etag, delete: deleted || of.owns });
        }
        if let Some(url) = reference_url(item) {
            return self.named(url, of.ty).map(MemberChange::Add);
        }
        let mut record = self.related(item, of.ty, Purpose::Nested)?;
        record.etag = etag;
        let named = match text(item, &["@id", "@odata.id"]) {
            Some(url) => self.key_of(&self.named(url, of.ty)?)?,
            None => of.known.clone(),
        };
        for (part, value) in self.model.key_of(record.type_id).iter().zip(named) {
            if let ([only], Some(value)) = (part.path.as_slice(), value)
                && record.get(*only).is_none()
            {
                record.set(*only, value);
            }
        }
        Ok(MemberChange::Upsert(record))
    }

    fn named(&self, url: &str, wanted: TypeId) -> Result<EntityReference, Error> {
        self.rules.resolver.entity(url, wanted).map_err(|error| error.at(self.place()))
    }

    fn key_of(&self, entity: &EntityReference) -> Result<Vec<Option<Value>>, Error> {
        let last = entity.segments.iter().rev().find(|segment| !matches!(segment, Segment::Cast(_)));
        match last {
            Some(Segment::Key(key)) => Ok(key.iter().cloned().map(Some).collect()),
            _ => Err(self.refuse("must name an entity of a collection by its key")),
        }
    }

    /// The entity that a removal names: by `@id`, or by its key where `by_key` knows where it lives. Parts of the key that
    /// are known may be left out.
    fn removed(
        &self,
        item: &Json<'_>,
        wanted: TypeId,
        known: &[Option<Value>],
        by_key: &dyn Fn(Vec<Value>) -> Option<EntityReference>,
    ) -> Result<EntityReference, Error> {
        let JsonKind::Object(members) = &item.kind else { return Err(self.refuse("must be an object")) };
        let id = members.iter().find(|member| matches!(member.name.as_ref(), "@odata.id" | "@id"));
        if let Some(JsonMember { value: Json { kind: JsonKind::String(url), .. }, .. }) = id {
            return self.rules.resolver.entity(url, wanted).map_err(|error| error.at(self.place()));
        }
        let mut keys = Vec::new();
        for (place, key) in self.model.key_of(wanted).iter().enumerate() {
            let member = members.iter().find(|member| *member.name == *key.name);
            let ty = match key.path.as_slice() {
                [only] => self.model.structured(wanted).and_then(|ty| ty.members.get(usize::from(*only))),
                _ => None,
            };
            if let (None, Some(Some(known))) = (member, known.get(place)) {
                keys.push(known.clone());
                continue;
            }
            let (Some(given), Some(property)) = (member, ty) else {
                return Err(self.refuse("must name the entity that is removed: by '@id' or by its key"));
            };
            keys.push(self.key(&given.value, property)?);
        }
        by_key(keys).ok_or_else(|| self.refuse("must name the entity that is removed by '@id'"))
    }

    fn key(&self, json: &Json<'_>, property: &Member) -> Result<Value, Error> {
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

/// The first member of these names, if it is a text.
fn text<'j>(item: &'j Json<'_>, names: &[&str]) -> Option<&'j str> {
    let JsonKind::Object(members) = &item.kind else { return None };
    let found = members.iter().find(|member| names.contains(&member.name.as_ref()))?;
    if let JsonKind::String(text) = &found.value.kind { Some(text) } else { None }
}
