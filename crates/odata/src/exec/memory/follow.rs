//! Paths over values: members, casts, what a navigation property leads to, `$root`.

use std::borrow::Cow;
use std::sync::Arc;

use super::eval::{Frame, NULL};
use super::route::has_key;
use super::{Call, Context, EvalError, Related};
use crate::error::ErrorKind;
use crate::expr::{Expr, IT, Node, Step, THESE};
use crate::model::OperationId;
use crate::value::{Record, Value};

fn dynamic(at: &Value, number: u16) -> Option<&Value> {
    at.as_record()?.dynamic.get(usize::from(number)).map(|property| &property.value)
}

impl Context<'_> {
    /// The value of a constant or of a plain property, which needs nothing made.
    pub(super) fn borrowed<'v>(&self, expr: &'v Expr, frame: &Frame<'_, 'v>) -> Option<&'v Value> {
        match &expr.node {
            Node::Literal(value) => Some(value),
            Node::Path { root, steps } if !matches!(*root, IT | THESE) => {
                let mut at = frame.find(*root);
                for step in steps {
                    at = match step {
                        Step::Member(number) => match at.as_record().and_then(|record| record.get(*number)) {
                            Some(value) => value,
                            None if self.source.is_some() => return None,
                            None => &NULL,
                        },
                        Step::Dynamic(number) => dynamic(at, *number).unwrap_or(&NULL),
                        Step::Cast(_) => return None,
                    };
                }
                Some(at)
            }
            _ => None,
        }
    }

    pub(super) fn path<'v>(&self, start: &'v Value, steps: &[Step]) -> Cow<'v, Value> {
        let mut at = start;
        for (place, step) in steps.iter().enumerate() {
            at = match (step, at) {
                (Step::Member(number), Value::Record(record)) => match record.get(*number) {
                    Some(value) => value,
                    None => match self.related(record, *number) {
                        Some(related) => return Cow::Owned(self.path(&related, &steps[place + 1..]).into_owned()),
                        None => &NULL,
                    },
                },
                (Step::Dynamic(number), at) => dynamic(at, *number).unwrap_or(&NULL),
                (Step::Cast(target), Value::Record(record)) if self.model.is_a(record.type_id, *target) => at,
                (Step::Cast(target), Value::Collection(values)) => {
                    let fits = |value: &&Value| {
                        value.as_record().is_some_and(|record| self.model.is_a(record.type_id, *target))
                    };
                    let kept: Vec<Value> = values.iter().filter(fits).cloned().collect();
                    let kept = Value::Collection(kept.into());
                    return Cow::Owned(self.path(&kept, &steps[place + 1..]).into_owned());
                }
                _ => &NULL,
            };
        }
        Cow::Borrowed(at)
    }

    /// The property of a value that has a name, whether its type declares it or not; null where there is none.
    pub(super) fn open<'v>(&self, of: Cow<'v, Value>, name: &str) -> Result<Cow<'v, Value>, EvalError> {
        match of {
            Cow::Borrowed(Value::Record(record)) => Ok(Cow::Borrowed(self.named(record, name).unwrap_or(&NULL))),
            Cow::Owned(Value::Record(record)) => {
                Ok(Cow::Owned(self.named(&record, name).cloned().unwrap_or(Value::Null)))
            }
            other if matches!(*other, Value::Rendered(_)) => Err(EvalError::NotOffered("A path into an untyped value")),
            _ => Ok(Cow::Borrowed(&NULL)),
        }
    }

    fn named<'r>(&self, record: &'r Record, name: &str) -> Option<&'r Value> {
        match self.model.structured(record.type_id).and_then(|ty| ty.member(name)) {
            Some((number, _)) => record.get(number),
            None => record.dynamic_property(name).map(|property| &property.value),
        }
    }

    /// What a navigation property leads to that the record does not hold; `None` when nobody knows.
    fn related(&self, owner: &Arc<Record>, member: u16) -> Option<Value> {
        let source = self.source?;
        let declared = self.model.structured(owner.type_id)?.members.get(usize::from(member))?;
        if !declared.is_navigation() {
            return None;
        }
        Some(match source.related(owner, member) {
            Related::One(entity) => entity.map_or(Value::Null, Value::Record),
            Related::Many(rows) => rows.map(|(_, row)| Value::Record(row)).collect::<Vec<_>>().into(),
        })
    }

    /// The result of a function of the service, asked of the source.
    pub(super) fn invoke(
        &self,
        operation: OperationId,
        binding: Option<&Expr>,
        parameters: &[Option<Expr>],
        frame: &Frame<'_, '_>,
    ) -> Result<Value, EvalError> {
        let source = self.source.ok_or(EvalError::NotOffered("A function"))?;
        frame.spend(1)?;
        let binding = binding.map(|binding| self.value(binding, frame)).transpose()?;
        if binding.as_ref().is_some_and(|binding| binding.is_null()) {
            return Ok(Value::Null);
        }
        let given = parameters.iter().map(|parameter| match parameter {
            Some(parameter) => Ok(Some(self.value(parameter, frame)?.into_owned())),
            None => Ok(None),
        });
        let given = given.collect::<Result<Vec<_>, EvalError>>()?;
        let call = Call { operation, binding: binding.as_deref(), parameters: &given };
        source.call(&call).map_err(|error| match error.kind {
            ErrorKind::NotImplemented => EvalError::NotOffered("A function"),
            kind => EvalError::Function(kind),
        })
    }

    /// The entity of a collection that has a key.
    pub(super) fn keyed(&self, source: &Expr, key: &[Value], frame: &Frame<'_, '_>) -> Result<Value, EvalError> {
        let source = self.value(source, frame)?;
        let entities = source.as_collection().unwrap_or_default();
        frame.spend(entities.len())?;
        let is_wanted = |entity: &&Value| entity.as_record().is_some_and(|entity| has_key(self.model, entity, key));
        Ok(entities.iter().find(is_wanted).cloned().unwrap_or(Value::Null))
    }

    pub(super) fn root(&self, child: u16, key: Option<&[Value]>, frame: &Frame<'_, '_>) -> Result<Value, EvalError> {
        let source = self.source.ok_or(EvalError::NotOffered("$root"))?;
        if let Some(key) = key {
            return Ok(source.entity(child, key).map_or(Value::Null, Value::Record));
        }
        let rows: Vec<_> = source.rows(child).map(|(_, row)| Value::Record(row)).collect();
        frame.spend(rows.len())?;
        Ok(rows.into())
    }
}
