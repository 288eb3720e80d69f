//! Writes to `…/$ref`: the body or `$id` to the entity that is meant. Knows no other body.

use http::Method;

use super::{members, parse};
use crate::engine::Engine;
use crate::engine::head::Head;
use crate::engine::operation::Operation;
use crate::engine::reference::written;
use crate::engine::target::{EntityReference, Segment};
use crate::error::{Error, ErrorKind, shown};
use crate::json::{Json, JsonKind};
use crate::model::TypeId;

impl Engine {
    /// `{"@odata.id":"…"}` to what `…/$ref` names.
    pub(super) fn bind_reference(&self, head: &Head, body: &[u8]) -> Result<Operation, Error> {
        let wanted = head.declared_type().ok_or_else(|| Error::new(ErrorKind::Internal, "The target has no type."))?;
        let json = parse(head, body)?;
        if head.method == Method::PUT && head.target.ty.as_ref().is_some_and(|ty| ty.collection) {
            let items = members::whole(&json)?.iter().enumerate();
            let read = |(index, item)| {
                self.reference(head, item, wanted).map_err(|error| {
                    let place = error.target.as_ref().map_or_else(String::new, |target| format!("/{target}"));
                    error.at(format!("value/{index}{place}"))
                })
            };
            return items.map(read).collect::<Result<_, _>>().map(Operation::SetReferences);
        }
        let reference = self.reference(head, &json, wanted)?;
        let adds = head.method == Method::POST;
        Ok(if adds { Operation::AddReference(reference) } else { Operation::SetReference(reference) })
    }

    fn reference(&self, head: &Head, json: &Json<'_>, wanted: TypeId) -> Result<EntityReference, Error> {
        let JsonKind::Object(members) = &json.kind else {
            let message = format!("An entity reference must be an object, not {}.", json.kind.article());
            return Err(Error::bad_request(message).with_code("RequestBodyRead"));
        };
        if let Some(member) = members.iter().find(|member| !member.name.contains('@')) {
            let name = shown(&member.name);
            let message = format!("An entity reference is an object with '@odata.id'; '{name}' cannot stand there.");
            return Err(Error::bad_request(message).with_code("RequestBodyRead").at(name));
        }
        let url = members.iter().find_map(|member| match (member.name.as_ref(), &member.value.kind) {
            ("@odata.id" | "@id", JsonKind::String(url)) => Some(url.as_ref()),
            _ => None,
        });
        let url = url.ok_or_else(|| {
            let message = "An entity reference must hold '@odata.id', the URL of the entity.";
            Error::bad_request(message).with_code("RequestBodyRead").at("@odata.id")
        })?;
        self.resolver(head).entity(url, wanted).map_err(|error| error.at("@odata.id"))
    }

    /// The reference that a DELETE takes away: that in the path, that of `$id`, or the one of a single property.
    pub(super) fn bind_removed_reference(&self, head: &Head) -> Result<Operation, Error> {
        if matches!(written(&head.target.segments), Some((_, true))) {
            let entity = head.target.segments.iter().filter(|segment| !matches!(segment, Segment::Ref));
            return Ok(Operation::RemoveReference(Some(EntityReference { segments: entity.cloned().collect() })));
        }
        let is_collection = head.target.ty.as_ref().is_some_and(|ty| ty.collection);
        match (&head.referenced, head.declared_type()) {
            (Some(url), Some(wanted)) => {
                let reference = self.resolver(head).entity(url, wanted).map_err(|error| error.at("$id"))?;
                Ok(Operation::RemoveReference(Some(reference)))
            }
            _ if is_collection => {
                let message = "The query option '$id' must name the entity whose reference is to be removed.";
                Err(Error::bad_request(message).at("$id"))
            }
            _ => Ok(Operation::RemoveReference(None)),
        }
    }
}
