//! A JSON tree against the model: records and values, or an error that names the path. Knows no HTTP and no URL.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::Arc;

use super::parse::{self, Json, JsonError, JsonKind, JsonMember};
use super::related::Parent;
use super::scalar;
use crate::edm::decode_binary;
use crate::engine::Resolver;
use crate::error::{Error, ErrorKind, shown};
use crate::expr::geo::Shape;
use crate::model::{
    AnyKind, EdmType, Member, MemberKind, Model, NamedType, Primitive, StructuredType, TypeId, TypeRef,
};
use crate::value::{Record, StreamInfo, Value};

/// What a structured value is read for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Something new, whole: members that are needed must be there, defaults are filled in, related entities may be
    /// inside.
    Create,
    /// A whole new state of something that exists: as `Create`, without related entities.
    Replace,
    /// A change of something that exists: only what is given counts.
    Merge,
    /// An entity inside a change: new, or one that exists and is found by its key. Only what is given counts.
    Nested,
    /// Checked and thrown away (the service computes it).
    Discard,
}

/// Reads bodies by a model.
pub(crate) struct Reader<'e> {
    pub(super) model: &'e Model,
    pub(super) rules: Rules<'e>,
    pub(super) path: Vec<Part>,
    /// The way back from the entity that is read to the one that holds it.
    pub(super) parent: Option<Parent>,
}

/// How the bodies of one request are read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rules<'e> {
    /// What an abstract type is taken as, see `Settings::concrete_types`.
    pub(crate) concrete_types: &'e HashMap<TypeId, TypeId>,
    /// Properties that name the type, see `Settings::discriminators`.
    pub(crate) discriminators: &'e HashMap<TypeId, Arc<str>>,
    /// `IEEE754Compatible=true`.
    pub(crate) ieee754: bool,
    /// Largest inline stream.
    pub(crate) stream_bytes_max: usize,
    /// Related entities may stand in a change.
    pub(crate) deep_updates: bool,
    /// What entity references mean.
    pub(crate) resolver: Resolver<'e>,
}

/// A step to the value that is read.
pub(super) enum Part {
    Name(Arc<str>),
    Index(usize),
}

impl<'e> Reader<'e> {
    /// `parent` is the way back from what the body is to the entity whose path it was sent to.
    pub(crate) fn new(model: &'e Model, rules: Rules<'e>, parent: Option<Parent>) -> Self {
        Self { model, rules, path: Vec::new(), parent }
    }

    /// Reads an entity or a complex value. `stored` is the actual type of what exists already.
    pub(crate) fn record(
        &mut self,
        json: &Json<'_>,
        declared: TypeId,
        stored: Option<TypeId>,
        purpose: Purpose,
    ) -> Result<Record, Error> {
        let JsonKind::Object(members) = &json.kind else {
            return Err(self.refuse(&format!("must be an object, not {}", json.kind.article())));
        };
        let (type_id, type_named) = self.actual_type(members, declared, stored, purpose)?;
        let model = self.model;
        let ty = structured(model, type_id);
        let mut record = Record::new(type_id, ty.members.len());
        record.type_named = type_named;
        for given in members {
            if given.name.contains('@') {
                self.annotation(given, ty, purpose, &mut record)?;
                continue;
            }
            // An operation that full metadata told of, sent back with the rest.
            if given.name.starts_with('#') {
                continue;
            }
            let Some((number, member)) = ty.member(&given.name) else {
                if ty.is_open {
                    self.dynamic_property(given, members, purpose, &mut record)?;
                    continue;
                }
                let name = shown(&given.name);
                self.path.push(Part::Name(name.as_ref().into()));
                let error = self.undeclared(&name, &ty.name);
                self.path.pop();
                return Err(error);
            };
            self.path.push(Part::Name(Arc::clone(&member.name)));
            if member.is_navigation() {
                self.navigation(given, number, member, ty, purpose, &mut record)?;
            } else if let Some(value) = self.member(given, number, member, ty, purpose, members)? {
                record.set(number, value);
            }
            self.path.pop();
        }
        if matches!(purpose, Purpose::Create | Purpose::Replace) {
            if let Some((number, _)) = self.discriminator(type_id).and_then(|name| ty.member(name)) {
                record.set(number, ty.short_name().into());
            }
            self.complete(&mut record, ty, purpose)?;
        }
        Ok(record)
    }

    /// The value of one member; `None` when it is to be ignored.
    fn member(
        &mut self,
        given: &JsonMember<'_>,
        number: u16,
        member: &Member,
        ty: &StructuredType,
        purpose: Purpose,
        siblings: &[JsonMember<'_>],
    ) -> Result<Option<Value>, Error> {
        let MemberKind::Structural { computed, immutable, .. } = member.kind else { return Ok(None) };
        let is_key = ty.key.iter().any(|key| key.path.first() == Some(&number));
        // A key is handed on even where the service makes it: whether a given one counts is the application's to say.
        let ignored = match purpose {
            Purpose::Create => computed && (!is_key || matches!(given.value.kind, JsonKind::Null)),
            Purpose::Nested => computed && !is_key,
            Purpose::Replace | Purpose::Merge => computed || immutable || is_key,
            Purpose::Discard => true,
        };
        if ignored {
            if !matches!(given.value.kind, JsonKind::Null) && member.ty.base != EdmType::Primitive(Primitive::Stream) {
                self.value(&given.value, &member.ty, Purpose::Discard)?;
            }
            return Ok(None);
        }
        if member.ty.base == EdmType::Primitive(Primitive::Stream) && !member.ty.collection {
            return self.inline_stream(given, member, siblings).map(Some);
        }
        self.value(&given.value, &member.ty, purpose).map(Some)
    }

    /// Reads a value or a collection of a declared type. Streams are the member's business.
    pub(crate) fn value(&mut self, json: &Json<'_>, ty: &TypeRef, purpose: Purpose) -> Result<Value, Error> {
        if !ty.collection {
            return self.single(json, ty, purpose);
        }
        let JsonKind::Array(elements) = &json.kind else {
            return Err(self.refuse(&format!("must be an array, not {}", json.kind.article())));
        };
        // An element is whole even inside a change: collections are replaced, not merged.
        let purpose = if matches!(purpose, Purpose::Merge | Purpose::Nested) { Purpose::Replace } else { purpose };
        let mut values = Vec::with_capacity(elements.len());
        for (index, element) in elements.iter().enumerate() {
            self.path.push(Part::Index(index));
            values.push(self.single(element, ty, purpose)?);
            self.path.pop();
        }
        Ok(Value::Collection(Arc::new(values)))
    }

    fn single(&mut self, json: &Json<'_>, ty: &TypeRef, purpose: Purpose) -> Result<Value, Error> {
        if matches!(json.kind, JsonKind::Null) {
            return if ty.nullable { Ok(Value::Null) } else { Err(self.refuse("must not be null")) };
        }
        let read = match ty.base {
            EdmType::Primitive(primitive) if primitive.is_geo() => match json.kind {
                JsonKind::Object(_) => match Shape::from_tree(json) {
                    Some(shape) if is_shape_of(&shape, primitive) => Ok(Value::Geo(compact(json).into())),
                    _ => Err(format!("is not a valid {primitive} in GeoJSON")),
                },
                _ => Err(format!("must be a GeoJSON object, not {}", json.kind.article())),
            },
            EdmType::Primitive(Primitive::Stream) => Err("is a stream, which cannot stand here".to_owned()),
            EdmType::Primitive(primitive) => scalar::primitive(json, primitive, &ty.facets, self.rules.ieee754),
            EdmType::Named(id) => match self.model.named(id) {
                NamedType::Structured(_) => {
                    return self.record(json, id, None, purpose).map(|record| Value::Record(Arc::new(record)));
                }
                NamedType::Enum(enumeration) => scalar::enumeration(json, enumeration),
                NamedType::Definition(definition) => {
                    scalar::primitive(json, definition.underlying, &definition.facets, self.rules.ieee754)
                }
            },
            EdmType::Any(AnyKind::Untyped | AnyKind::Primitive) => Ok(Value::Rendered(compact(json).into())),
            EdmType::Any(_) => Err("has a type that bodies cannot give".to_owned()),
        };
        read.map_err(|reason| self.refuse(&reason))
    }

    fn inline_stream(
        &self,
        given: &JsonMember<'_>,
        member: &Member,
        siblings: &[JsonMember<'_>],
    ) -> Result<Value, Error> {
        let text = match &given.value.kind {
            JsonKind::Null if member.ty.nullable => return Ok(Value::Null),
            JsonKind::Null => return Err(self.refuse("must not be null")),
            JsonKind::String(text) => text,
            other => return Err(self.refuse(&format!("must be a base64 string, Edm.Stream, not {}", other.article()))),
        };
        let bytes = decode_binary(text).map_err(|_| self.refuse("is not valid base64 or base64url"))?;
        if bytes.len() > self.rules.stream_bytes_max {
            let message =
                format!("The stream '{}' is larger than {} bytes.", self.place(), self.rules.stream_bytes_max);
            return Err(Error::new(ErrorKind::PayloadTooLarge, message).at(self.place()));
        }
        let media_type = siblings.iter().find_map(|sibling| {
            let annotation = sibling.name.strip_prefix(given.name.as_ref())?.strip_prefix('@')?;
            let annotation = annotation.strip_prefix("odata.").unwrap_or(annotation);
            match &sibling.value.kind {
                JsonKind::String(text) if annotation == "mediaContentType" => Some(Arc::<str>::from(text.as_ref())),
                _ => None,
            }
        });
        let media_type = media_type.unwrap_or_else(|| "application/octet-stream".into());
        if is_json(&media_type)
            && let Err(error) = parse::check(&bytes)
        {
            return Err(self.refuse(&format!("is not well-formed JSON: {error}")));
        }
        Ok(Value::Stream(Arc::new(StreamInfo {
            media_type,
            etag: None,
            length: bytes.len() as u64,
            inline: Some(bytes),
        })))
    }

    /// Annotations say nothing that a write needs, except links.
    fn annotation(
        &mut self,
        given: &JsonMember<'_>,
        ty: &StructuredType,
        purpose: Purpose,
        record: &mut Record,
    ) -> Result<(), Error> {
        let (property, term) = given.name.split_once('@').unwrap_or(("", &given.name));
        match (term, ty.member(property)) {
            ("odata.bind" | "bind", Some((number, member))) => {
                self.path.push(Part::Name(given.name.as_ref().into()));
                self.bind(given, number, member, record)?;
                self.path.pop();
                Ok(())
            }
            ("odata.bind" | "bind", None) => {
                let error = self.undeclared(property, &ty.name);
                Err(error.at(self.place_of(&given.name)))
            }
            ("odata.delta" | "delta", Some((number, member))) => {
                self.path.push(Part::Name(given.name.as_ref().into()));
                self.delta(given, number, member, record.type_id, purpose, record)?;
                self.path.pop();
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Resolves `@odata.type` against the declared and the stored type.
    fn actual_type(
        &mut self,
        members: &[JsonMember<'_>],
        declared: TypeId,
        stored: Option<TypeId>,
        purpose: Purpose,
    ) -> Result<(TypeId, bool), Error> {
        let named = self.type_named_by(members, declared)?;
        if let Some(stored) = stored {
            return match named {
                Some(named) if named != stored => {
                    let (from, to) = (&structured(self.model, stored).name, &structured(self.model, named).name);
                    let message = format!("The type of the resource is '{from}' and cannot be changed to '{to}'.");
                    Err(invalid(&message, self.place_of("@odata.type")))
                }
                _ => Ok((stored, named.is_some())),
            };
        }
        let wanted = named.unwrap_or(declared);
        let ty = structured(self.model, wanted);
        // What is thrown away need not be of a type that can exist.
        if !ty.is_abstract || purpose == Purpose::Discard {
            return Ok((wanted, named.is_some()));
        }
        if let Some(concrete) = self.rules.concrete_types.get(&wanted) {
            return Ok((*concrete, named.is_some()));
        }
        let message = format!("The type '{}' is abstract: '@odata.type' must name a type derived from it.", ty.name);
        Err(invalid(&message, self.place_of("@odata.type")))
    }

    /// The type that a body names, by its annotation or by a property.
    pub(crate) fn type_named_in(&self, json: &Json<'_>, declared: TypeId) -> Result<Option<TypeId>, Error> {
        match &json.kind {
            JsonKind::Object(members) => self.type_named_by(members, declared),
            _ => Ok(None),
        }
    }

    fn type_named_by(&self, members: &[JsonMember<'_>], declared: TypeId) -> Result<Option<TypeId>, Error> {
        let annotation = members.iter().find(|member| matches!(member.name.as_ref(), "@odata.type" | "@type"));
        let by_property = self.discriminated(members, declared)?;
        let Some(JsonMember { name, value, .. }) = annotation else { return Ok(by_property) };
        let JsonKind::String(text) = &value.kind else {
            return Err(invalid(&format!("The annotation '{name}' must be a string."), self.place_of(name)));
        };
        let named = self.named_type(text, name, declared)?;
        if by_property.is_some_and(|other| other != named) {
            let message = format!("The annotation '{name}' and the property that names the type do not agree.");
            return Err(invalid(&message, self.place_of(name)));
        }
        Ok(Some(named))
    }

    /// The property that names the type of entities of a type.
    fn discriminator(&self, ty: TypeId) -> Option<&'e str> {
        let discriminators = self.rules.discriminators;
        let ancestors = &structured(self.model, ty).ancestors;
        let mut line = std::iter::once(&ty).chain(ancestors);
        line.find_map(|id| discriminators.get(id)).map(|name| &**name)
    }

    /// The type that a property names.
    fn discriminated(&self, members: &[JsonMember<'_>], declared: TypeId) -> Result<Option<TypeId>, Error> {
        let Some(name) = self.discriminator(declared) else { return Ok(None) };
        let Some(given) = members.iter().find(|member| member.name == name) else { return Ok(None) };
        let JsonKind::String(text) = &given.value.kind else { return Ok(None) };
        let fits = |id: &TypeId| structured(self.model, *id).short_name() == text.as_ref();
        let found = self.model.concrete_types_of(declared).into_iter().find(fits);
        found.map(Some).ok_or_else(|| {
            let (text, declared) = (shown(text), &structured(self.model, declared).name);
            let message = format!("'{text}' names neither the type '{declared}' nor one derived from it.");
            invalid(&message, self.place_of(name))
        })
    }

    fn named_type(&self, text: &str, annotation: &str, declared: TypeId) -> Result<TypeId, Error> {
        let name = type_name(text);
        let found = self.model.type_by_name(name).filter(|id| self.model.structured(*id).is_some());
        let Some(found) = found else { return Err(self.unresolved(name, annotation)) };
        if self.model.is_a(found, declared) {
            return Ok(found);
        }
        let (found, declared) = (&structured(self.model, found).name, &structured(self.model, declared).name);
        let message = format!("The type '{found}' is not '{declared}' nor derived from it.");
        Err(invalid(&message, self.place_of(annotation)))
    }

    /// The error for a type that the model does not have.
    pub(super) fn unresolved(&self, name: &str, annotation: &str) -> Error {
        let name = shown(name);
        let message = format!(
            "A type named '{name}' could not be resolved by the model. When a model is available, each type name must \
             resolve to a valid type."
        );
        invalid(&message, self.place_of(annotation))
    }

    /// Fills in defaults, and refuses when a member that must be given is missing.
    fn complete(&self, record: &mut Record, ty: &StructuredType, purpose: Purpose) -> Result<(), Error> {
        // What is replaced has its key in the URL, and keeps what never changes.
        let is_kept = |number: u16, member: &Member| {
            let is_key = ty.key.iter().any(|key| key.path.first() == Some(&number));
            let never_changes = matches!(member.kind, MemberKind::Structural { immutable: true, .. });
            purpose == Purpose::Replace && (is_key || never_changes)
        };
        let missing =
            ty.members.iter().zip(&record.members).filter(|(member, slot)| slot.is_none() && member.is_required());
        let implied: Vec<&str> =
            missing.map(|(member, _)| &*member.name).filter(|property| self.is_implied(record, ty, property)).collect();
        for ((slot, member), number) in record.members.iter_mut().zip(&ty.members).zip(0..) {
            if slot.is_some() || is_kept(number, member) {
                continue;
            }
            if let MemberKind::Structural { default: Some(default), computed: false, .. } = &member.kind {
                *slot = Some(default.clone());
            } else if member.is_required() && !implied.contains(&&*member.name) {
                let message = format!("The property '{}' of type '{}' is required.", member.name, ty.name);
                return Err(invalid(&message, self.place_of(&member.name)));
            }
        }
        Ok(())
    }

    fn undeclared(&self, name: &str, type_name: &str) -> Error {
        let message = format!(
            "The property '{name}' does not exist on type '{type_name}'. Make sure to only use property names that are \
             defined by the type or mark the type as open type."
        );
        Error::bad_request(message).with_code("RequestBodyRead").at(self.place())
    }

    /// The error for the value that is being read.
    pub(crate) fn refuse(&self, reason: &str) -> Error {
        let place = self.place();
        let subject = if place.is_empty() { "The body".to_owned() } else { format!("The value of '{place}'") };
        let error = Error::bad_request(format!("{subject} {reason}.")).with_code("RequestBodyRead");
        if place.is_empty() { error } else { error.at(place) }
    }

    /// Steps into a member of a wrapper that is no record (parameters, `value`).
    pub(crate) fn within<T>(&mut self, name: &Arc<str>, read: impl FnOnce(&mut Self) -> T) -> T {
        self.path.push(Part::Name(Arc::clone(name)));
        let result = read(self);
        self.path.pop();
        result
    }

    pub(super) fn place(&self) -> String {
        let mut place = String::new();
        for part in &self.path {
            let slash = if place.is_empty() { "" } else { "/" };
            let _ = match part {
                Part::Name(name) => write!(place, "{slash}{name}"),
                Part::Index(index) => write!(place, "{slash}{index}"),
            };
        }
        place
    }

    pub(super) fn place_of(&self, name: &str) -> String {
        let place = self.place();
        if place.is_empty() { name.to_owned() } else { format!("{place}/{name}") }
    }
}

pub(super) fn structured(model: &Model, id: TypeId) -> &StructuredType {
    model.structured(id).expect("ids of structured types only come from structured types of the same model")
}

pub(super) fn invalid(message: &str, place: String) -> Error {
    Error::bad_request(message).with_code("ModelValidationFailure").at(place)
}

/// The name in a type annotation, which may be the end of a URL.
pub(super) fn type_name(text: &str) -> &str {
    text.rsplit_once('#').map_or(text, |(_, name)| name)
}

/// Whether a shape is of a geographic or geometric type, or of the one that takes any.
pub(crate) fn is_shape_of(shape: &Shape, ty: Primitive) -> bool {
    matches!(ty, Primitive::Geography | Primitive::Geometry)
        || [false, true].map(|flat| shape.primitive(flat)).contains(&ty)
}

/// Whether a media type is JSON.
pub(crate) fn is_json(media_type: &str) -> bool {
    let essence = media_type.split(';').next().unwrap_or("").trim();
    essence.eq_ignore_ascii_case("application/json")
}

/// A JSON syntax error as the answer to a request.
pub(crate) fn malformed(error: &JsonError) -> Error {
    let message = format!(
        "Unable to read JSON request payload. Please ensure Content-Type header is set and payload is of valid JSON \
         format. Line {}, column {}: {}.",
        error.line, error.column, error.reason
    );
    let mut malformed = Error::bad_request(message).at_position(error.offset);
    if !error.path.is_empty() {
        malformed = malformed.at(error.path.clone());
    }
    malformed
}

/// The JSON text of a tree, without white space.
pub(super) fn compact(json: &Json<'_>) -> String {
    let mut out = Vec::new();
    super::write::tree(&mut out, json);
    String::from_utf8(out).unwrap_or_default()
}
