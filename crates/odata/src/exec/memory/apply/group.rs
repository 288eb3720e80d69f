//! `groupby(…)`: rows by their keys, what is done with each group, and the keys put into what comes out.

use std::collections::HashMap;
use std::sync::Arc;

use super::key::key_of;
use super::{Run, empty_row, hole, put};
use crate::error::Error;
use crate::exec::memory::eval::Frame;
use crate::expr::{Expr, Node, Step};
use crate::plan::Transformation;
use crate::value::{DynamicProperty, Record, Value};

/// The parts of a `groupby`.
pub(super) struct Grouping<'g> {
    pub(super) keys: &'g [Expr],
    pub(super) levels: &'g [Vec<usize>],
    pub(super) steps: &'g [Transformation],
    pub(super) inner: usize,
    pub(super) carried: &'g [usize],
}

impl Run<'_> {
    pub(super) fn group(&self, grouping: &Grouping<'_>, rows: Vec<Value>) -> Result<Vec<Value>, Error> {
        let mut keyed = Vec::with_capacity(rows.len());
        for row in rows {
            let values = grouping.keys.iter().map(|key| Ok(self.context.value(key, &Frame::row(&row))?.into_owned()));
            keyed.push((values.collect::<Result<Vec<Value>, Error>>()?, row));
        }
        let mut out = Vec::new();
        for level in grouping.levels {
            self.spend(keyed.len())?;
            let mut groups: Vec<(usize, Vec<Value>)> = Vec::new();
            let mut places = HashMap::new();
            for (number, (values, row)) in keyed.iter().enumerate() {
                let key = key_of(level.iter().filter_map(|at| values.get(*at)));
                let place = *places.entry(key).or_insert_with(|| {
                    groups.push((number, Vec::new()));
                    groups.len() - 1
                });
                groups[place].1.push(row.clone());
            }
            for (first, members) in groups {
                let (values, row) = &keyed[first];
                let results = if grouping.steps.is_empty() {
                    vec![Value::from(empty_row(self.ty, self.context.model))]
                } else {
                    self.steps(grouping.steps, members)?
                };
                for result in results {
                    out.push(self.with_keys(grouping, level, values, row, result)?);
                }
            }
        }
        Ok(out)
    }

    /// Puts the keys of a level into a row.
    fn with_keys(
        &self,
        grouping: &Grouping<'_>,
        level: &[usize],
        values: &[Value],
        source: &Value,
        row: Value,
    ) -> Result<Value, Error> {
        let Value::Record(mut record) = row else { return Ok(row) };
        let into = Arc::make_mut(&mut record);
        let own = source.as_record();
        for (slot, place) in grouping.carried.iter().zip(grouping.inner..) {
            let property = match &grouping.keys[*slot].node {
                Node::Open(_, name) if level.contains(slot) => {
                    let found = own.and_then(|own| own.dynamic_property(name)).cloned();
                    Some(found.unwrap_or(DynamicProperty { name: name.clone(), ty: None, value: Value::Null }))
                }
                Node::Path { steps, .. } => match (steps.first(), own) {
                    (Some(Step::Dynamic(number)), Some(own)) => self.part(grouping, level, values, own, *number)?,
                    _ => None,
                },
                _ => None,
            };
            put(into, place, property.unwrap_or_else(hole));
        }
        for at in level {
            if let (Node::Path { steps, .. }, Some(value)) = (&grouping.keys[*at].node, values.get(*at)) {
                self.set(into, steps, source, value)?;
            }
        }
        Ok(Value::Record(record))
    }

    /// A property that was made before, with what of it a level groups by; none where that is nothing.
    fn part(
        &self,
        grouping: &Grouping<'_>,
        level: &[usize],
        values: &[Value],
        own: &Record,
        number: u16,
    ) -> Result<Option<DynamicProperty>, Error> {
        let Some(whole) = own.dynamic.get(usize::from(number)) else { return Ok(None) };
        let mut part: Option<Record> = None;
        for at in level {
            let Node::Path { steps, .. } = &grouping.keys[*at].node else { continue };
            let [Step::Dynamic(from), rest @ ..] = &steps[..] else { continue };
            match (&whole.value, values.get(*at)) {
                _ if *from != number => {}
                (Value::Record(held), Some(value)) if !rest.is_empty() => {
                    let part = part.get_or_insert_with(|| Record::new(held.type_id, held.members.len()));
                    self.set(part, rest, &whole.value, value)?;
                }
                _ => return Ok(Some(whole.clone())),
            }
        }
        Ok(part.map(|part| DynamicProperty { value: part.into(), ..whole.clone() }))
    }

    /// Sets what a path leads to, making the values on the way as the source has them.
    fn set(&self, into: &mut Record, steps: &[Step], source: &Value, value: &Value) -> Result<(), Error> {
        match steps {
            [Step::Member(number)] => into.set(*number, value.clone()),
            [Step::Cast(_), rest @ ..] => self.set(into, rest, source, value)?,
            [Step::Member(number), rest @ ..] => {
                let path = Expr {
                    node: Node::Path { root: 0, steps: vec![Step::Member(*number)] },
                    ty: crate::expr::ExprType::NULL,
                };
                let inner = self.context.value(&path, &Frame::row(source))?;
                let Value::Record(found) = &*inner else {
                    into.set(*number, Value::Null);
                    return Ok(());
                };
                let mut nested = match into.get(*number) {
                    Some(Value::Record(nested)) => nested.clone(),
                    _ => Arc::new(Record::new(found.type_id, found.members.len())),
                };
                self.set(Arc::make_mut(&mut nested), rest, &inner, value)?;
                into.set(*number, Value::Record(nested));
            }
            // Properties made before are carried.
            [] | [Step::Dynamic(_), ..] => {}
        }
        Ok(())
    }
}

impl Run<'_> {
    /// The rows of a branch of `concat`, with its properties where the result has them.
    pub(super) fn placed(rows: &mut [Value], places: &[Option<usize>]) {
        for row in rows {
            let Value::Record(record) = row else { continue };
            let record = Arc::make_mut(record);
            let mut own: Vec<Option<DynamicProperty>> =
                std::mem::take(&mut record.dynamic).into_iter().map(Some).collect();
            let taken = places.iter().map(|place| place.and_then(|place| own.get_mut(place)).and_then(Option::take));
            let mut dynamic: Vec<DynamicProperty> = taken.map(|property| property.unwrap_or_else(hole)).collect();
            // What the row has of its own stands behind what was made.
            let made = places.iter().flatten().count();
            dynamic.extend(own.into_iter().skip(made).flatten());
            record.dynamic = dynamic;
        }
    }
}
