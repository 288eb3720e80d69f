//! Related entities inside a write: inline, by reference, by `@odata.bind`. What a URL means is the resolver's.

use std::sync::Arc;

use super::parse::{Json, JsonKind, JsonMember};
use super::read::{Part, Purpose, Reader};
use crate::engine::EntityReference;
use crate::error::Error;
use crate::model::{EdmType, Member, MemberKind, Navigation, StructuredType, TypeId};
use crate::value::{Record, Value};

/// The URL of an object that is nothing but a reference: `{"@id":"…"}`.
pub(super) fn reference_url<'j>(json: &'j Json<'_>) -> Option<&'j str> {
    let JsonKind::Object(members) = &json.kind else { return None };
    if members.iter().any(|member| !member.name.starts_with('@')) {
        return None;
    }
    members.iter().find_map(|member| match (&member.value.kind, member.name.as_ref()) {
        (JsonKind::String(url), "@odata.id" | "@id") => Some(url.as_ref()),
        _ => None,
    })
}

impl Reader<'_> {
    /// Reads the value of a navigation property into its record.
    pub(super) fn navigation(
        &mut self,
        given: &JsonMember<'_>,
        number: u16,
        member: &Member,
        ty: &StructuredType,
        purpose: Purpose,
        record: &mut Record,
    ) -> Result<(), Error> {
        let MemberKind::Navigation(navigation) = &member.kind else { return Ok(()) };
        let EdmType::Named(wanted) = member.ty.base else { return Err(self.refuse("has no entity type")) };
        if purpose == Purpose::Discard {
            return self.value(&given.value, &member.ty, purpose).map(|_| ());
        }
        let may_hold_entities = purpose == Purpose::Create || self.rules.deep_updates;
        let outer = self.parent.replace(Parent::of(navigation));
        let read = match &given.value.kind {
            JsonKind::Null if !member.ty.collection => self.cleared(member, ty, purpose),
            JsonKind::Array(items) if member.ty.collection => {
                self.collection(items, number, wanted, navigation, purpose, record, ty, member)
            }
            _ if member.ty.collection => {
                Err(self.refuse(&format!("must be an array, not {}", given.value.kind.article())))
            }
            _ => match reference_url(&given.value) {
                Some(url) => {
                    let bound = self.reference(url, wanted, navigation);
                    bound.and_then(|reference| self.link(record, number, member, vec![reference])).map(|()| None)
                }
                None if may_hold_entities => {
                    let nested = self.related(&given.value, wanted, purpose);
                    nested.map(|entity| Some(Value::Record(Arc::new(entity))))
                }
                None => Err(self.not_in_an_update(member, ty)),
            },
        };
        self.parent = outer;
        if let Some(value) = read? {
            self.set_once(record, number, member, value)?;
        }
        Ok(())
    }

    /// An annotation may have said already where a single navigation property leads.
    fn set_once(&self, record: &mut Record, number: u16, member: &Member, value: Value) -> Result<(), Error> {
        let is_bound = record.bindings.iter().any(|(bound, _)| *bound == number);
        if !member.ty.collection && (is_bound || record.get(number).is_some()) {
            return Err(self.refuse("is given twice"));
        }
        record.set(number, value);
        Ok(())
    }

    fn cleared(&self, member: &Member, ty: &StructuredType, purpose: Purpose) -> Result<Option<Value>, Error> {
        if !member.ty.nullable {
            return Err(self.refuse("must not be null"));
        }
        if purpose != Purpose::Create && !self.rules.deep_updates {
            return Err(self.not_in_an_update(member, ty));
        }
        Ok(Some(Value::Null))
    }

    #[expect(clippy::too_many_arguments, reason = "the state of one member, used once")]
    fn collection(
        &mut self,
        items: &[Json<'_>],
        number: u16,
        wanted: TypeId,
        navigation: &Navigation,
        purpose: Purpose,
        record: &mut Record,
        ty: &StructuredType,
        member: &Member,
    ) -> Result<Option<Value>, Error> {
        let mut entities = Vec::new();
        let mut references = Vec::new();
        for (index, item) in items.iter().enumerate() {
            self.path.push(Part::Index(index));
            match reference_url(item) {
                Some(url) => references.push(self.reference(url, wanted, navigation)?),
                None if purpose == Purpose::Create || self.rules.deep_updates => {
                    entities.push(self.related(item, wanted, purpose)?.into());
                }
                None => {
                    self.path.pop();
                    return Err(self.not_in_an_update(member, ty));
                }
            }
            self.path.pop();
        }
        if purpose != Purpose::Create && !self.rules.deep_updates && references.is_empty() {
            return Err(self.not_in_an_update(member, ty));
        }
        if !references.is_empty() {
            self.link(record, number, member, references)?;
        }
        Ok(Some(Value::from(entities)))
    }

    /// An entity inside another.
    pub(super) fn related(&mut self, json: &Json<'_>, wanted: TypeId, purpose: Purpose) -> Result<Record, Error> {
        if matches!(json.kind, JsonKind::Null) {
            return Err(self.refuse("must not be null"));
        }
        let purpose = if purpose == Purpose::Create { Purpose::Create } else { Purpose::Nested };
        self.record(json, wanted, None, purpose)
    }

    /// `nav@odata.bind`: one URL, or several for a collection.
    pub(super) fn bind(
        &mut self,
        given: &JsonMember<'_>,
        number: u16,
        member: &Member,
        record: &mut Record,
    ) -> Result<(), Error> {
        let (MemberKind::Navigation(navigation), EdmType::Named(wanted)) = (&member.kind, member.ty.base) else {
            return Err(self.refuse("is no navigation property, so nothing can be bound to it"));
        };
        let references = match (&given.value.kind, member.ty.collection) {
            (JsonKind::String(url), false) => vec![self.reference(url, wanted, navigation)?],
            (JsonKind::Null, false) if member.ty.nullable => {
                return self.set_once(record, number, member, Value::Null);
            }
            (JsonKind::Array(urls), true) => {
                let mut references = Vec::with_capacity(urls.len());
                for (index, url) in urls.iter().enumerate() {
                    self.path.push(Part::Index(index));
                    let JsonKind::String(url) = &url.kind else {
                        return Err(self.refuse(&format!("must be a URL, not {}", url.kind.article())));
                    };
                    references.push(self.reference(url, wanted, navigation)?);
                    self.path.pop();
                }
                references
            }
            (kind, true) => return Err(self.refuse(&format!("must be an array of URLs, not {}", kind.article()))),
            (kind, false) => return Err(self.refuse(&format!("must be a URL, not {}", kind.article()))),
        };
        self.link(record, number, member, references)
    }

    fn link(
        &self,
        record: &mut Record,
        number: u16,
        member: &Member,
        references: Vec<EntityReference>,
    ) -> Result<(), Error> {
        if !member.ty.collection && record.get(number).is_some() {
            return Err(self.refuse("is given twice"));
        }
        let known = record.bindings.iter_mut().find(|(bound, _)| *bound == number);
        match known {
            None => record.bindings.push((number, references)),
            Some((_, known)) if member.ty.collection => known.extend(references),
            Some(_) => return Err(self.refuse("is given twice")),
        }
        Ok(())
    }

    pub(super) fn reference(
        &self,
        url: &str,
        wanted: TypeId,
        navigation: &Navigation,
    ) -> Result<EntityReference, Error> {
        if navigation.contains_target {
            return Err(self.refuse("contains its entities: they cannot be given by reference"));
        }
        self.rules.resolver.entity(url, wanted).map_err(|error| error.at(self.place()))
    }

    fn not_in_an_update(&self, member: &Member, ty: &StructuredType) -> Error {
        let message =
            format!("Cannot apply PATCH to navigation property '{}' on entity type '{}'.", member.name, ty.name);
        Error::bad_request(message).with_code("ModelValidationFailure").at(self.place())
    }

    /// Whether the value of a property follows from a relation that is known: that to the entity around, or to one that
    /// the record names or holds.
    pub(super) fn is_implied(&self, record: &Record, ty: &StructuredType, property: &str) -> bool {
        (0_u16..).zip(&ty.members).any(|(number, member)| {
            let MemberKind::Navigation(navigation) = &member.kind else { return false };
            let is_known = record.get(number).is_some_and(|value| !value.is_null())
                || record.bindings.iter().any(|(bound, _)| *bound == number)
                || self.parent.as_ref().is_some_and(|parent| *parent.0 == *member.name);
            is_known && navigation.constraints.iter().any(|(dependent, _)| **dependent == *property)
        })
    }
}

/// The navigation property that leads from a nested entity back to the one around it.
#[derive(Debug, Clone)]
pub(crate) struct Parent(Arc<str>);

impl Parent {
    /// Of the entities that a navigation property leads to.
    pub(crate) fn of(navigation: &Navigation) -> Self {
        Self(navigation.partner.clone().unwrap_or_else(|| "".into()))
    }
}
