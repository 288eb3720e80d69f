//! The second step: a [`Head`] and a body to an [`Operation`]. Reads no header and no store.

mod members;
mod property;
mod reference;

use std::sync::Arc;

use bytes::Bytes;
use http::Method;

use crate::engine::address::types_before;
use crate::engine::head::{Head, Version, called};
use crate::engine::operation::Operation;
use crate::engine::target::{Segment, TargetKind};
use crate::engine::{BodyKind, Engine};
use crate::error::{Error, ErrorKind, shown};
use crate::json::{self, Json, JsonKind, Parent, Purpose, Reader, Rules};
use crate::model::{EdmType, MemberKind, OperationId, Parameter, Primitive, TypeId, TypeRef};
use crate::value::Value;

impl Engine {
    /// Adds the body. `stored_type` is the actual type of the entity that the target addresses, needed for PATCH and PUT
    /// of what may be of a derived type; without it the declared type counts. A head that [awaits its
    /// query](Head::awaits_query) goes through [`Self::with_query`] first.
    ///
    /// ```
    /// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
    /// # let engine = shop::engine();
    /// use odata::engine::Operation;
    ///
    /// let head = shop::head(&engine, "PATCH /products(1)")?;
    /// let operation = engine.bind(&head, r#"{"price":5}"#.into(), None)?;
    /// assert!(matches!(operation, Operation::Update { record, replace: false } if record.get(1).is_none()));
    /// let error = engine.bind(&head, r#"{"size":{"depth":5}}"#.into(), None).unwrap_err();
    /// assert_eq!(error.target.as_deref(), Some("size/depth"));
    /// # Ok::<(), odata::Error>(())
    /// ```
    ///
    /// # Errors
    /// 400, 413, 415: what the body gets wrong, with the path to it.
    pub fn bind(&self, head: &Head, body: Bytes, stored_type: Option<TypeId>) -> Result<Operation, Error> {
        if head.method == Method::OPTIONS {
            return Ok(Operation::Options);
        }
        if head.awaits_query() {
            // Else the options in the body would be lost in silence.
            return Err(Error::new(ErrorKind::Internal, "The options of the query are not known yet."));
        }
        check_size(head, &body)?;
        match head.method {
            Method::GET | Method::HEAD => self.bind_read(head),
            Method::DELETE => Ok(match head.target.kind {
                TargetKind::Reference => return self.bind_removed_reference(head),
                // The media of an entity go with it; a stream property is set to null, if it can be.
                TargetKind::Stream if !is_stream_that_stays(head) => Operation::DeleteStream,
                TargetKind::Entity => Operation::Delete,
                TargetKind::Members => Operation::DeleteMembers,
                // An element is taken out, not set to null.
                _ if matches!(head.target.segments.last(), Some(Segment::Index(_))) => Operation::ClearProperty,
                _ if head.target.ty.as_ref().is_some_and(|ty| !ty.nullable && !ty.collection) => {
                    return Err(Error::bad_request("The property cannot be null, so it cannot be deleted."));
                }
                _ => Operation::ClearProperty,
            }),
            _ => match (head.target.kind, head.body) {
                (TargetKind::RawValue, _) => self.bind_raw_value(head, &body),
                (_, BodyKind::Stream { .. }) => bind_stream(head, body),
                (TargetKind::Action, _) => self.bind_action(head, &body),
                (TargetKind::Reference, _) => self.bind_reference(head, &body),
                (TargetKind::Members, _) => self.bind_members(head, &body),
                (TargetKind::EntityCollection, _) if head.method == Method::PATCH => self.bind_changes(head, &body),
                (TargetKind::EntityCollection, _) if head.method == Method::PUT => self.bind_replacement(head, &body),
                (TargetKind::EntityCollection | TargetKind::Entity, _) => self.bind_entity(head, &body, stored_type),
                _ => self.bind_property(head, &body),
            },
        }
    }

    fn bind_read(&self, head: &Head) -> Result<Operation, Error> {
        let query = head.query.clone();
        let is_collection = head.target.ty.as_ref().is_some_and(|ty| ty.collection);
        Ok(match head.target.kind {
            TargetKind::ServiceDocument => Operation::ServiceDocument,
            TargetKind::Metadata => Operation::Metadata,
            TargetKind::Count => Operation::Count(query),
            TargetKind::Stream => Operation::ReadStream,
            TargetKind::EntityCollection | TargetKind::ValueCollection => Operation::ReadCollection(query),
            TargetKind::Reference if is_collection => Operation::ReadCollection(query),
            TargetKind::Entity | TargetKind::Reference => Operation::ReadEntity(query.projection),
            TargetKind::Primitive | TargetKind::Complex | TargetKind::RawValue => {
                Operation::ReadProperty(query.projection)
            }
            TargetKind::Function | TargetKind::Action | TargetKind::Batch | TargetKind::Members => {
                let Some((operation, parameters)) = called(&head.target) else {
                    return Err(Error::new(ErrorKind::NotImplemented, "The request is not supported."));
                };
                self.check_parameters(operation, parameters)?;
                Operation::Invoke { operation, parameters: parameters.to_vec(), query }
            }
        })
    }

    fn reader<'e>(&'e self, head: &'e Head) -> Reader<'e> {
        let rules = Rules {
            concrete_types: &self.settings.concrete_types,
            discriminators: &self.settings.discriminators,
            ieee754: head.content.as_ref().is_some_and(|content| content.ieee754),
            stream_bytes_max: self.settings.stream_bytes_max,
            deep_updates: self.settings.deep_updates && head.body_version == Version::V4_01,
            resolver: self.resolver(head),
        };
        Reader::new(&self.model, rules, self.parent(head))
    }

    /// The way back from what the path's last navigation property leads to.
    fn parent(&self, head: &Head) -> Option<Parent> {
        let mut parent = None;
        for (segment, before) in types_before(&self.model, &head.target.segments) {
            if let Segment::Navigation { member, .. } = segment {
                let member = self.model.structured(before?)?.members.get(usize::from(*member))?;
                let MemberKind::Navigation(navigation) = &member.kind else { return None };
                parent = Some(Parent::of(navigation));
            }
        }
        parent
    }

    fn bind_entity(&self, head: &Head, body: &[u8], stored_type: Option<TypeId>) -> Result<Operation, Error> {
        let declared =
            head.declared_type().ok_or_else(|| Error::new(ErrorKind::Internal, "The target has no type."))?;
        let json = parse(head, body)?;
        let mut reader = self.reader(head);
        if head.method == Method::POST {
            return reader.record(&json, declared, None, Purpose::Create).map(Operation::Create);
        }
        let replace = head.method == Method::PUT;
        let purpose = if replace { Purpose::Replace } else { Purpose::Merge };
        // What is not there has no type to keep: it is of the one that the body names, else of the declared one.
        let named = if stored_type.is_none() { reader.type_named_in(&json, declared)? } else { None };
        let mut record = reader.record(&json, declared, Some(stored_type.or(named).unwrap_or(declared)), purpose)?;
        if replace {
            self.complete(&mut record);
        }
        if head.tags_in_body
            && let Some(JsonKind::String(tag)) =
                member(&json, "@odata.etag").or_else(|| member(&json, "@etag")).map(|json| &json.kind)
        {
            record.etag = Some(tag.as_ref().into());
        }
        Ok(Operation::Update { record, replace })
    }

    fn bind_action(&self, head: &Head, body: &[u8]) -> Result<Operation, Error> {
        let Some((operation, given)) = called(&head.target) else {
            return Err(Error::new(ErrorKind::Internal, "The target calls no operation."));
        };
        let query = head.query.clone();
        let json = if body.is_empty() { None } else { Some(parse(head, body)?) };
        let names: Vec<&str> = match json.as_ref().map(|json| &json.kind) {
            None => Vec::new(),
            Some(JsonKind::Object(members)) => {
                members.iter().map(|member| member.name.as_ref()).filter(|name| !name.contains('@')).collect()
            }
            Some(other) => {
                let message = format!("The body must be an object with the parameters, not {}.", other.article());
                return Err(Error::bad_request(message).with_code("RequestBodyRead"));
            }
        };
        let operation = self.overload(operation, &names);
        let declared = self.parameters(operation);
        let mut parameters: Vec<Option<Value>> = given.to_vec();
        parameters.resize(declared.len(), None);
        if let Some(name) = names.iter().find(|name| !declared.iter().any(|parameter| *parameter.name == ***name)) {
            let (name, action) = (shown(name), &self.model.operation(operation).name);
            let message =
                format!("The parameter '{name}' in the request payload is not a valid parameter of '{action}'.");
            return Err(Error::bad_request(message).with_code("RequestBodyRead").at(name));
        }
        let mut reader = self.reader(head);
        for (slot, parameter) in parameters.iter_mut().zip(declared) {
            let found = json.as_ref().and_then(|json| member(json, &parameter.name));
            if let Some(found) = found {
                let read = |reader: &mut Reader<'_>| reader.value(found, &parameter.ty, Purpose::Create);
                *slot = Some(reader.within(&parameter.name, read)?);
            }
        }
        self.check_parameters(operation, &parameters)?;
        Ok(Operation::Invoke { operation, parameters, query })
    }

    /// The parameters that a caller gives: without the binding one.
    fn parameters(&self, operation: OperationId) -> &[Parameter] {
        let operation = self.model.operation(operation);
        &operation.parameters[usize::from(operation.is_bound).min(operation.parameters.len())..]
    }

    fn check_parameters(&self, operation: OperationId, given: &[Option<Value>]) -> Result<(), Error> {
        for (index, parameter) in self.parameters(operation).iter().enumerate() {
            let missing = given.get(index).is_none_or(Option::is_none);
            if missing && !parameter.optional && is_needed(&parameter.ty) {
                let message = format!("The parameter '{}' is required.", parameter.name);
                return Err(Error::bad_request(message).with_code("RequestBodyRead").at(&*parameter.name));
            }
        }
        Ok(())
    }

    /// Among the overloads of an action, the one whose parameters are those given; else the one the path gave.
    fn overload(&self, bound: OperationId, names: &[&str]) -> OperationId {
        let of_path = self.model.operation(bound);
        let binding = |parameters: &[Parameter]| parameters.first().map(|parameter| parameter.ty.clone());
        let fits = |id: OperationId| {
            let declared = self.parameters(id);
            names.iter().all(|name| declared.iter().any(|parameter| *parameter.name == **name))
                && declared.iter().all(|parameter| {
                    parameter.optional || !is_needed(&parameter.ty) || names.contains(&&*parameter.name)
                })
        };
        if fits(bound) {
            return bound;
        }
        let others = (0..).map(OperationId).zip(&self.model.operations).filter(|(_, other)| {
            let same_binding = !of_path.is_bound || binding(&other.parameters) == binding(&of_path.parameters);
            other.name == of_path.name && other.is_bound == of_path.is_bound && other.is_action && same_binding
        });
        others.map(|(id, _)| id).find(|id| fits(*id)).unwrap_or(bound)
    }
}

/// Whether a parameter must be given. A collection must: to leave it out says something else than `[]`.
fn is_needed(ty: &TypeRef) -> bool {
    !ty.nullable || ty.collection
}

pub(super) fn member<'j>(json: &'j Json<'j>, name: &str) -> Option<&'j Json<'j>> {
    let JsonKind::Object(members) = &json.kind else { return None };
    members.iter().find(|member| member.name == name).map(|member| &member.value)
}

/// Whether the target is a stream property that cannot be null.
fn is_stream_that_stays(head: &Head) -> bool {
    let is_property = |ty: &&TypeRef| ty.base == EdmType::Primitive(Primitive::Stream);
    head.target.ty.as_ref().filter(is_property).is_some_and(|ty| !ty.nullable)
}

fn check_size(head: &Head, body: &[u8]) -> Result<(), Error> {
    let (BodyKind::Json { bytes_max } | BodyKind::Stream { bytes_max }) = head.body else { return Ok(()) };
    if body.len() <= bytes_max {
        return Ok(());
    }
    Err(Error::new(ErrorKind::PayloadTooLarge, format!("The request body is larger than {bytes_max} bytes.")))
}

fn parse<'b>(head: &Head, body: &'b [u8]) -> Result<Json<'b>, Error> {
    if body.is_empty() {
        let message = "The request needs a body: a JSON object.";
        return Err(Error::bad_request(message));
    }
    if head.content.is_none() {
        let message = "The header Content-Type is missing: send application/json.";
        return Err(Error::new(ErrorKind::UnsupportedMediaType, message).at("Content-Type"));
    }
    json::parse(body).map_err(|error| json::malformed(&error))
}

fn bind_stream(head: &Head, bytes: Bytes) -> Result<Operation, Error> {
    let media_type =
        head.content.as_ref().map_or_else(|| "application/octet-stream".into(), |c| Arc::clone(&c.media_type));
    if json::is_json(&media_type) {
        json::check(&bytes).map_err(|error| json::malformed(&error))?;
    }
    Ok(Operation::WriteStream { media_type, bytes })
}
