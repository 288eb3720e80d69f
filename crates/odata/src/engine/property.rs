//! A property that is changed by its own URL, in the record that has it: complex values on the way, declared or not. Knows no
//! body and no store.

use std::sync::Arc;

use http::Method;

use super::Engine;
use super::head::Head;
use super::operation::Operation;
use super::target::Segment;
use crate::error::{Error, ErrorKind};
use crate::model::{EdmType, Member, MemberKind, TypeRef};
use crate::value::{DynamicProperty, Record, Value};

/// One change.
struct Change<'c> {
    operation: &'c Operation,
    /// PATCH.
    merges: bool,
}

impl Engine {
    /// Does [`Operation::SetProperty`], [`Operation::SetDynamic`] or [`Operation::ClearProperty`] to the entity that the request's
    /// path goes through last: the property may lie inside complex values, also such that no type declares. A value that was
    /// given without its type is taken as one of the type that the property turns out to have. What comes of it is for
    /// [`Self::check_complete`]. Elements of collections are the application's.
    ///
    /// ```
    /// # mod garden { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/garden.rs")); }
    /// # let engine = garden::engine();
    /// let mut rose = garden::rose(engine.model());
    /// let head = garden::head(&engine, "PUT /plants(1)/colour")?;
    /// let operation = engine.bind(&head, r#"{"value":"white"}"#.into(), None)?;
    /// engine.change_property(&head, &mut rose, &operation)?;
    /// assert_eq!(rose.dynamic[0].value, "white".into());
    /// let head = garden::head(&engine, "PUT /plants(1)/colour/depth")?;
    /// let operation = engine.bind(&head, r#"{"value":7}"#.into(), None)?;
    /// let error = engine.change_property(&head, &mut rose, &operation).unwrap_err();
    /// assert_eq!(error.kind, odata::ErrorKind::NotFound, "a colour has no properties");
    /// # Ok::<(), odata::Error>(())
    /// ```
    ///
    /// # Errors
    /// 404 where the path leads nowhere, 400 for a value that the property cannot have, 500 for another operation.
    pub fn change_property(&self, head: &Head, entity: &mut Record, operation: &Operation) -> Result<(), Error> {
        let segments = &head.target().segments;
        let is_inside = |segment: &Segment| {
            matches!(segment, Segment::Property { .. } | Segment::Dynamic { .. } | Segment::Cast(_) | Segment::Value)
        };
        let start = segments.iter().rposition(|segment| !is_inside(segment)).map_or(0, |last| last + 1);
        let end = segments.len() - usize::from(matches!(segments.last(), Some(Segment::Value)));
        let change = Change { operation, merges: *head.method() == Method::PATCH };
        self.change_in(entity, segments.get(start..end).unwrap_or_default(), &change)
    }

    fn change_in(&self, owner: &mut Record, path: &[Segment], change: &Change<'_>) -> Result<(), Error> {
        let Some((first, rest)) = path.split_first() else { return Err(no_change()) };
        match first {
            Segment::Cast(ty) if self.model.is_a(owner.type_id, *ty) => self.change_in(owner, rest, change),
            Segment::Property { member, .. } => self.change_member(owner, *member, rest, change),
            Segment::Dynamic { name } => {
                let ty = self.model.structured(owner.type_id).ok_or_else(not_found)?;
                match ty.member(name) {
                    Some((number, _)) => self.change_member(owner, number, rest, change),
                    None if ty.is_open => self.change_dynamic(owner, name, rest, change),
                    None => Err(not_found()),
                }
            }
            _ => Err(not_found()),
        }
    }

    fn change_member(
        &self,
        owner: &mut Record,
        number: u16,
        rest: &[Segment],
        change: &Change<'_>,
    ) -> Result<(), Error> {
        let ty = self.model.structured(owner.type_id);
        let member = ty.and_then(|ty| ty.members.get(usize::from(number))).ok_or_else(not_found)?;
        if !is_last(rest) {
            return match owner.members.get_mut(usize::from(number)) {
                Some(Some(Value::Record(inner))) => self.change_in(Arc::make_mut(inner), rest, change),
                _ => Err(not_found()),
            };
        }
        let value = match change.operation {
            Operation::SetProperty(value) => value.clone(),
            Operation::SetDynamic(property) => self.fitted(member, property)?,
            Operation::ClearProperty if member.ty.collection => Vec::new().into(),
            Operation::ClearProperty if member.ty.nullable => Value::Null,
            Operation::ClearProperty => {
                return Err(refused(member, "must not be null"));
            }
            _ => return Err(no_change()),
        };
        if change.merges {
            let mut change = Record::new(owner.type_id, owner.members.len());
            change.set(number, value);
            owner.merge(&change);
        } else {
            owner.set(number, self.completed(value));
        }
        Ok(())
    }

    fn change_dynamic(
        &self,
        owner: &mut Record,
        name: &Arc<str>,
        rest: &[Segment],
        change: &Change<'_>,
    ) -> Result<(), Error> {
        if !is_last(rest) {
            let inner = owner.dynamic.iter_mut().find(|property| property.name == *name);
            return match inner.map(|property| &mut property.value) {
                Some(Value::Record(inner)) => self.change_in(Arc::make_mut(inner), rest, change),
                _ => Err(not_found()),
            };
        }
        let property = match change.operation {
            Operation::SetDynamic(property) => property.clone(),
            // Behind a cast: the value is of the type that the path names.
            Operation::SetProperty(value) => {
                let ty = value.as_record().map(|record| EdmType::Named(record.type_id));
                DynamicProperty { name: Arc::clone(name), ty, value: value.clone() }
            }
            Operation::ClearProperty => DynamicProperty { name: Arc::clone(name), ty: None, value: Value::Null },
            _ => return Err(no_change()),
        };
        if change.merges {
            owner.merge_dynamic(property);
        } else {
            owner.set_dynamic(DynamicProperty { value: self.completed(property.value), ..property });
        }
        Ok(())
    }

    /// A complex value that replaces another: what it leaves out is filled in.
    fn completed(&self, mut value: Value) -> Value {
        if let Value::Record(record) = &mut value {
            self.complete(Arc::make_mut(record));
        }
        value
    }

    /// A value for a property that turned out to be declared.
    fn fitted(&self, member: &Member, property: &DynamicProperty) -> Result<Value, Error> {
        match member.kind {
            MemberKind::Structural { computed: false, immutable: false, .. } if !member.is_stream() => {}
            _ => return Err(refused(member, "cannot be set")),
        }
        let element = |value: &Value| {
            let fitted = self.element(&member.ty, property.ty, value);
            fitted.ok_or_else(|| refused(member, &format!("must be of type '{}'", member.ty.display(&self.model))))
        };
        match (&property.value, member.ty.collection) {
            (Value::Collection(items), true) => Ok(items.iter().map(element).collect::<Result<Vec<_>, _>>()?.into()),
            (Value::Collection(_), false) | (_, true) => Err(refused(member, "is a collection, or is none")),
            (value, false) => element(value),
        }
    }

    /// One value of a declared type, given as JSON tells it or with a type.
    fn element(&self, declared: &TypeRef, given: Option<EdmType>, value: &Value) -> Option<Value> {
        let text = match (value, declared.base) {
            (Value::Null, _) => return declared.nullable.then_some(Value::Null),
            (Value::Record(record), EdmType::Named(id)) => {
                return self.model.is_a(record.type_id, id).then(|| value.clone());
            }
            _ if given == Some(declared.base) => {
                return self.model.check_value(declared, value).is_ok().then(|| value.clone());
            }
            (Value::String(text), _) => text.to_string(),
            (Value::Double(number), _) => number.to_string(),
            _ => return None,
        };
        // A text is no number and a number no text, whatever stands in it.
        let is_number = self.model.primitive_of(declared).is_some_and(|(primitive, _)| primitive.is_numeric());
        if is_number != matches!(value, Value::Double(_)) {
            return None;
        }
        let read = self.model.parse_value(declared, &text).ok()?;
        self.model.check_value(declared, &read).ok().map(|()| read)
    }
}

/// Whether nothing but a cast follows.
fn is_last(rest: &[Segment]) -> bool {
    rest.iter().all(|segment| matches!(segment, Segment::Cast(_)))
}

fn refused(member: &Member, reason: &str) -> Error {
    let message = format!("The property '{}' {reason}.", member.name);
    Error::bad_request(message).with_code("ModelValidationFailure").at(&*member.name)
}

fn not_found() -> Error {
    Error::new(ErrorKind::NotFound, "The resource does not exist.")
}

fn no_change() -> Error {
    Error::new(ErrorKind::Internal, "The operation changes no property.")
}
