//! Properties that a type does not declare: of what type they are, read and written. Knows no HTTP and no URL.

use std::sync::Arc;

use super::escape;
use super::format::{Level, Omit, Told};
use super::parse::{Json, JsonKind, JsonMember};
use super::read::{Part, Purpose, Reader, compact, invalid, type_name};
use super::scalar;
use super::shape::full_type;
use super::view::parts_of;
use super::write::{UNTYPED, Writer};
use crate::error::{Error, shown};
use crate::limits::DYNAMIC_PROPERTIES_MAX;
use crate::model::{EdmType, Facets, Primitive, TypeId, TypeRef, is_identifier};
use crate::value::{DynamicProperty, Record, Value};

/// No type is declared: every record says its own.
const UNDECLARED: TypeId = TypeId(u32::MAX);

impl Reader<'_> {
    /// Reads a member of an open type that the type does not declare. Null is no property; inside a change it says which
    /// one is to go.
    pub(super) fn dynamic_property(
        &mut self,
        given: &JsonMember<'_>,
        siblings: &[JsonMember<'_>],
        purpose: Purpose,
        record: &mut Record,
    ) -> Result<(), Error> {
        let name = shown(&given.name);
        if !is_identifier(&given.name) {
            let message =
                format!("'{name}' is no name that a property can have: letters, digits and '_', a letter first.");
            return Err(Error::bad_request(message).with_code("RequestBodyRead").at(self.place_of(&name)));
        }
        if record.dynamic.len() == DYNAMIC_PROPERTIES_MAX {
            let message =
                format!("More than {DYNAMIC_PROPERTIES_MAX} properties are given that the type does not declare.");
            return Err(Error::bad_request(message).with_code("RequestBodyRead").at(self.place_of(&name)));
        }
        let ty = self.annotated_type(&given.name, siblings)?;
        self.path.push(Part::Name(name.as_ref().into()));
        let property = self.dynamic_value(given.name.as_ref().into(), &given.value, ty, purpose)?;
        self.path.pop();
        if !property.value.is_null() || matches!(purpose, Purpose::Merge | Purpose::Nested) {
            record.dynamic.push(property);
        }
        Ok(())
    }

    /// The value of a property that is of a type where one is named, else of the one that JSON tells.
    pub(crate) fn dynamic_value(
        &mut self,
        name: Arc<str>,
        json: &Json<'_>,
        ty: Option<TypeRef>,
        purpose: Purpose,
    ) -> Result<DynamicProperty, Error> {
        let value = match &ty {
            _ if matches!(json.kind, JsonKind::Null) => {
                return Ok(DynamicProperty { name, ty: None, value: Value::Null });
            }
            Some(ty) => self.value(json, ty, purpose)?,
            None => self.untyped(json, purpose)?,
        };
        let told = match value {
            Value::String(_) => EdmType::Primitive(Primitive::String),
            Value::Boolean(_) => EdmType::Primitive(Primitive::Boolean),
            Value::Double(_) => EdmType::Primitive(Primitive::Double),
            Value::Record(ref record) => EdmType::Named(record.type_id),
            _ => UNTYPED,
        };
        Ok(DynamicProperty { name, ty: Some(ty.map_or(told, |ty| ty.base)), value })
    }

    /// The type that `name@odata.type` gives a property, or `@odata.type` the value beside it, whose name is then empty.
    pub(crate) fn annotated_type(&self, name: &str, siblings: &[JsonMember<'_>]) -> Result<Option<TypeRef>, Error> {
        let is_type = |sibling: &&JsonMember<'_>| {
            let annotation = sibling.name.strip_prefix(name).and_then(|rest| rest.strip_prefix('@'));
            matches!(annotation, Some("odata.type" | "type"))
        };
        let Some(annotation) = siblings.iter().find(is_type) else { return Ok(None) };
        let refused = |reason: &str| Err(invalid(reason, self.place_of(&shown(&annotation.name))));
        let JsonKind::String(text) = &annotation.value.kind else {
            return refused(&format!("The annotation '{}' must be a string.", shown(&annotation.name)));
        };
        let name = type_name(text);
        let element = name.strip_prefix("Collection(").and_then(|name| name.strip_suffix(')'));
        let base = match element.unwrap_or(name) {
            "Untyped" | "Edm.Untyped" => UNTYPED,
            name => match self.type_of_name(name) {
                Some(base) => base,
                None => return Err(self.unresolved(name, &annotation.name)),
            },
        };
        let is_entity = |id: TypeId| self.model.structured(id).is_some_and(|ty| ty.is_entity);
        match base {
            EdmType::Primitive(Primitive::Stream) => refused("A stream must be declared by its type."),
            EdmType::Named(id) if is_entity(id) => refused("A navigation property must be declared by its type."),
            EdmType::Any(_) => Ok(None),
            _ => {
                let facets = Facets::default();
                Ok(Some(TypeRef { base, collection: element.is_some(), nullable: true, facets }))
            }
        }
    }

    /// The types of `Edm` come without their namespace, as OData 4.01 writes them, or with it.
    fn type_of_name(&self, name: &str) -> Option<EdmType> {
        let primitive =
            if name.contains('.') { Primitive::from_name(name) } else { Primitive::from_name(&format!("Edm.{name}")) };
        primitive.map(EdmType::Primitive).or_else(|| self.model.type_by_name(name).map(EdmType::Named))
    }

    /// A value that says of itself what it is: a text, a Boolean, a double, a complex value that names its type, a collection
    /// of these; anything else is kept as its JSON.
    pub(super) fn untyped(&mut self, json: &Json<'_>, purpose: Purpose) -> Result<Value, Error> {
        let JsonKind::Array(elements) = &json.kind else { return self.untyped_single(json, purpose) };
        let purpose = if matches!(purpose, Purpose::Merge | Purpose::Nested) { Purpose::Replace } else { purpose };
        let mut values = Vec::with_capacity(elements.len());
        for (index, element) in elements.iter().enumerate() {
            self.path.push(Part::Index(index));
            values.push(self.untyped_single(element, purpose)?);
            self.path.pop();
        }
        Ok(values.into())
    }

    fn untyped_single(&mut self, json: &Json<'_>, purpose: Purpose) -> Result<Value, Error> {
        match &json.kind {
            JsonKind::Null => Ok(Value::Null),
            JsonKind::Bool(value) => Ok(Value::Boolean(*value)),
            JsonKind::String(text) => Ok(text.as_ref().into()),
            JsonKind::Number(text) => {
                if !is_exact(text) {
                    let reason = "has more digits than Edm.Double keeps: name its type in an annotation";
                    return Err(self.refuse(reason));
                }
                let double = scalar::primitive(json, Primitive::Double, &Facets::default(), false);
                double.map_err(|reason| self.refuse(&reason))
            }
            JsonKind::Array(_) => Ok(Value::Rendered(compact(json).into())),
            JsonKind::Object(members) => match self.annotated_type("", members)? {
                Some(ty) if !ty.collection && self.is_complex(ty.base) => self.value(json, &ty, purpose),
                Some(_) => Err(self.refuse("is an object, whose type must be a complex type")),
                None => Ok(Value::Rendered(compact(json).into())),
            },
        }
    }

    pub(crate) fn is_complex(&self, base: EdmType) -> bool {
        matches!(base, EdmType::Named(id) if self.model.structured(id).is_some_and(|ty| !ty.is_entity))
    }
}

/// Whether a whole number that is written out is the double nearest to it.
fn is_exact(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return true;
    }
    let double = text.parse::<f64>().ok();
    let whole = text.parse::<i128>().ok();
    #[expect(clippy::cast_possible_truncation, reason = "what does not fit is not equal")]
    let same = double.zip(whole).is_some_and(|(double, whole)| double as i128 == whole);
    same
}

impl Writer<'_> {
    /// A property that the type does not declare: it says its type where JSON does not. With `parts`, only what they lead to
    /// in complex values, and nothing of a value that has no parts.
    pub(crate) fn dynamic_property(&mut self, property: &DynamicProperty, parts: &[&[Arc<str>]]) {
        if self.format.omit != Omit::Nothing && property.value.is_null() {
            return;
        }
        let context = self.context;
        if let Some(told) = context.nested(&property.name) {
            return self.nested(property, told);
        }
        if !parts.is_empty() && !has_parts(&property.value) {
            return;
        }
        if self.format.level != Level::None
            && let Some(ty) = self.told_type(&property.value, property.ty)
        {
            self.annotation(&property.name, "odata.type", &ty);
        }
        self.member(&property.name);
        match &property.value {
            Value::Record(record) if !parts.is_empty() => self.dynamic_parts(record, parts),
            Value::Collection(items) if !parts.is_empty() => {
                self.out.push(b'[');
                for record in items.iter().filter_map(Value::as_record) {
                    self.comma();
                    self.dynamic_parts(record, parts);
                }
                self.out.push(b']');
            }
            value => self.dynamic_value(value, property.ty),
        }
    }

    fn dynamic_parts(&mut self, record: &Record, parts: &[&[Arc<str>]]) {
        let view = parts_of(self.model, record.type_id, parts);
        self.record(record, UNDECLARED, &[&view], &|_| {}, None);
    }

    /// Rows inside a row: with their own context, as the entities or complex values that they are.
    fn nested(&mut self, property: &DynamicProperty, told: &Told) {
        let context = told.context.as_ref().filter(|_| self.format.level != Level::None);
        let links = self.context;
        let collection = |url: &mut String| url.push_str(told.set.as_deref().unwrap_or_default());
        match &property.value {
            Value::Collection(items) => {
                if let Some(context) = context {
                    self.annotation(&property.name, "odata.context", context);
                }
                self.member(&property.name);
                match told.set {
                    Some(_) => self.entities(items, told.ty, &[&told.projection], &collection, false),
                    None => self.values(items, EdmType::Named(told.ty), &[&told.projection]),
                }
            }
            Value::Record(record) => {
                self.member(&property.name);
                let place = |url: &mut String| {
                    if told.set.is_some() {
                        collection(url);
                        links.push_key(url, record);
                    }
                };
                let lead = context.map(|context| {
                    let name = if self.format.short_names { "@context" } else { "@odata.context" };
                    let mut lead = format!("\"{name}\":").into_bytes();
                    escape::string(&mut lead, context);
                    String::from_utf8(lead).unwrap_or_default()
                });
                self.record(record, told.ty, &[&told.projection], &place, lead.as_deref());
            }
            value => {
                self.member(&property.name);
                self.dynamic_value(value, property.ty);
            }
        }
    }

    /// The type annotation of a value that no type declares, where JSON does not tell.
    pub(crate) fn told_type(&self, value: &Value, ty: Option<EdmType>) -> Option<String> {
        let base = ty?;
        match (value, base) {
            (Value::Null, EdmType::Any(_)) => None,
            (Value::Double(number), EdmType::Primitive(Primitive::Double) | EdmType::Any(_)) if !number.is_finite() => {
                Some("#Double".to_owned())
            }
            (Value::Collection(_), _) => full_type(self.model, base, true),
            (value, EdmType::Any(_)) => {
                kind_of(value).and_then(|primitive| full_type(self.model, EdmType::Primitive(primitive), false))
            }
            _ => full_type(self.model, base, false),
        }
    }

    /// A complex value that no type declares: it names its own.
    pub(crate) fn dynamic_record(&mut self, record: &Record, lead: Option<&str>) {
        self.record(record, UNDECLARED, &[], &|_| {}, lead);
    }

    /// A value that no type declares: complex values name their own.
    pub(crate) fn dynamic_value(&mut self, value: &Value, ty: Option<EdmType>) {
        match (value, ty) {
            (Value::Record(record), Some(_)) => self.dynamic_record(record, None),
            (Value::Collection(items), Some(EdmType::Any(_))) => {
                self.out.push(b'[');
                for item in items.iter() {
                    self.comma();
                    match item {
                        Value::Record(record) => self.dynamic_record(record, None),
                        _ => self.single(item, UNTYPED, &[]),
                    }
                }
                self.out.push(b']');
            }
            (Value::Collection(items), base) => self.values(items, base.unwrap_or(UNTYPED), &[]),
            (value, base) => self.single(value, base.unwrap_or(UNTYPED), &[]),
        }
    }
}

/// Whether a value is complex, or a collection of complex values.
fn has_parts(value: &Value) -> bool {
    match value {
        Value::Record(_) => true,
        Value::Collection(items) => items.iter().all(|item| item.as_record().is_some()),
        _ => false,
    }
}

/// The primitive type of a value that is known by it alone.
fn kind_of(value: &Value) -> Option<Primitive> {
    Some(match value {
        Value::Boolean(_) => Primitive::Boolean,
        Value::Int(_) => Primitive::Int64,
        Value::Double(_) => Primitive::Double,
        Value::Decimal(_) => Primitive::Decimal,
        Value::String(_) => Primitive::String,
        Value::Guid(_) => Primitive::Guid,
        Value::Date(_) => Primitive::Date,
        Value::TimeOfDay(_) => Primitive::TimeOfDay,
        Value::Duration(_) => Primitive::Duration,
        Value::DateTimeOffset(_) => Primitive::DateTimeOffset,
        Value::Binary(_) => Primitive::Binary,
        _ => return None,
    })
}
