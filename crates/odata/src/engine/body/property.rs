//! Writes to a property by its own URL: `{"value": …}`, a complex value, raw text or bytes. Knows no entity's body.

use std::sync::Arc;

use http::Method;

use super::parse;
use crate::engine::Engine;
use crate::engine::head::Head;
use crate::engine::operation::Operation;
use crate::engine::target::{Segment, TargetKind};
use crate::error::{Error, ErrorKind, shown};
use crate::expr::geo::{self, GEOGRAPHY_SRID, Shape};
use crate::json::{Json, JsonKind, Purpose, Reader, is_shape_of};
use crate::model::{EdmType, Model, Primitive, TypeRef};
use crate::value::Value;

impl Engine {
    /// PUT and PATCH set, POST on a collection appends.
    pub(super) fn bind_property(&self, head: &Head, body: &[u8]) -> Result<Operation, Error> {
        let ty = declared(head)?;
        let json = parse(head, body)?;
        let mut reader = self.reader(head);
        if let Some(Segment::Dynamic { name }) = head.target.segments.last() {
            return dynamic(name, &json, &mut reader, head.method == Method::PATCH);
        }
        if head.method == Method::POST {
            let element = TypeRef { collection: false, ..ty.clone() };
            let is_complex = matches!(ty.base, EdmType::Named(id) if self.model.structured(id).is_some());
            let value = if is_complex {
                reader.value(&json, &element, Purpose::Create)?
            } else {
                wrapped(&json, &mut reader, &element, Purpose::Create)?
            };
            return Ok(Operation::Append(value));
        }
        let purpose = if head.method == Method::PATCH { Purpose::Merge } else { Purpose::Replace };
        if head.target.kind == TargetKind::Complex && !is_wrapped_null(&json) {
            return reader.value(&json, ty, purpose).map(Operation::SetProperty);
        }
        wrapped(&json, &mut reader, ty, purpose).map(Operation::SetProperty)
    }

    /// `PUT …/property/$value`: text, or the bytes of a binary property.
    pub(super) fn bind_raw_value(&self, head: &Head, body: &[u8]) -> Result<Operation, Error> {
        let ty = declared(head)?;
        let primitive = self.model.primitive_of(ty).map(|(primitive, _)| primitive);
        let media_type = head.content.as_ref().map(|content| &*content.media_type);
        let invalid = |error: crate::edm::ParseError| {
            Error::bad_request(format!("The body is not a valid {}: {error}.", self.model.type_name(ty.base)))
                .with_code("RequestBodyRead")
        };
        if primitive == Some(Primitive::Binary) {
            let value = Value::Binary(bytes::Bytes::copy_from_slice(body));
            self.model.check_value(ty, &value).map_err(invalid)?;
            return Ok(Operation::SetProperty(value));
        }
        let is_text =
            |given: &str| given.split('/').next().is_some_and(|main| main.trim().eq_ignore_ascii_case("text"));
        if primitive != Some(Primitive::String) && media_type.is_some_and(|given| !is_text(given)) {
            let message = "The raw value of this property is text: send it as text/plain.";
            return Err(Error::new(ErrorKind::UnsupportedMediaType, message).at("Content-Type"));
        }
        let text = std::str::from_utf8(body).map_err(|_| Error::bad_request("The body is not valid UTF-8."))?;
        if let Some(primitive) = primitive.filter(|primitive| primitive.is_geo()) {
            return raw_shape(primitive, text.trim()).map(Operation::SetProperty);
        }
        raw_value(&self.model, ty, text).map(Operation::SetProperty).map_err(invalid)
    }
}

/// A shape comes as WKT, as its raw value goes out, and is kept as GeoJSON.
fn raw_shape(primitive: Primitive, text: &str) -> Result<Value, Error> {
    let read = Shape::read(text).filter(|(_, shape)| is_shape_of(shape, primitive)).zip(geo::geo_json(text));
    let Some(((srid, _), json)) = read else {
        let message = format!("The body is not a valid {primitive} in well-known text.");
        return Err(Error::bad_request(message).with_code("RequestBodyRead"));
    };
    if srid.is_some_and(|srid| srid != GEOGRAPHY_SRID && primitive.short_name().starts_with("Geog")) {
        let message = format!("A reference system other than {GEOGRAPHY_SRID} is not offered.");
        return Err(Error::new(ErrorKind::NotImplemented, message));
    }
    Ok(Value::Geo(json.into()))
}

fn raw_value(model: &Model, ty: &TypeRef, text: &str) -> Result<Value, crate::edm::ParseError> {
    let is_string = model.primitive_of(ty).is_some_and(|(primitive, _)| primitive == Primitive::String);
    let value = model.parse_value(ty, if is_string { text } else { text.trim() })?;
    model.check_value(ty, &value)?;
    Ok(value)
}

pub(super) fn declared(head: &Head) -> Result<&TypeRef, Error> {
    head.target.ty.as_ref().ok_or_else(|| Error::new(ErrorKind::Internal, "The target has no type."))
}

/// A property that is not declared: a complex value that names its type, or `{"value": …}` with an annotation of the type
/// where JSON does not tell it. One that is null is not there.
fn dynamic(name: &Arc<str>, json: &Json<'_>, reader: &mut Reader<'_>, merges: bool) -> Result<Operation, Error> {
    let JsonKind::Object(members) = &json.kind else {
        return Err(reader.refuse("must be an object: a complex value, or one with the member 'value'"));
    };
    let purpose = if merges { Purpose::Merge } else { Purpose::Replace };
    let ty = match reader.annotated_type("", members)? {
        Some(ty) => Some(ty),
        None => reader.annotated_type("value", members)?,
    };
    let property = match ty {
        Some(ty) if !ty.collection && reader.is_complex(ty.base) && !is_wrapped_null(json) => {
            reader.dynamic_value(Arc::clone(name), json, Some(ty), purpose)?
        }
        ty => {
            let value = wrapped_in(json, reader)?;
            reader.within(&"value".into(), |reader| reader.dynamic_value(Arc::clone(name), value, ty, purpose))?
        }
    };
    Ok(if property.value.is_null() { Operation::ClearProperty } else { Operation::SetDynamic(property) })
}

/// Whether a body says that a complex property is null: it has no other way to.
fn is_wrapped_null(json: &Json<'_>) -> bool {
    let JsonKind::Object(members) = &json.kind else { return false };
    let mut given = members.iter().filter(|member| !member.name.contains('@'));
    match (given.next(), given.next()) {
        (Some(member), None) => member.name == "value" && matches!(member.value.kind, JsonKind::Null),
        _ => false,
    }
}

/// The value in `{"value": …}`.
pub(super) fn wrapped(
    json: &Json<'_>,
    reader: &mut Reader<'_>,
    ty: &TypeRef,
    purpose: Purpose,
) -> Result<Value, Error> {
    let value = wrapped_in(json, reader)?;
    reader.within(&"value".into(), |reader| reader.value(value, ty, purpose))
}

fn wrapped_in<'j>(json: &'j Json<'j>, reader: &Reader<'_>) -> Result<&'j Json<'j>, Error> {
    let JsonKind::Object(members) = &json.kind else {
        return Err(reader.refuse("must be an object with the member 'value'"));
    };
    let mut value = None;
    for member in members.iter().filter(|member| !member.name.contains('@')) {
        if member.name != "value" {
            let name = shown(&member.name);
            return Err(reader.refuse(&format!("may only hold the member 'value', not '{name}'")));
        }
        value = Some(&member.value);
    }
    value.ok_or_else(|| reader.refuse("must hold the member 'value'"))
}
