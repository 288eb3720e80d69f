//! `join`, `nest`, `addnested`: rows out of what a row leads to, and rows inside rows.

use std::sync::Arc;

use super::{Run, empty_row, hole, put, without_holes};
use crate::error::Error;
use crate::exec::memory::eval::Frame;
use crate::expr::Expr;
use crate::model::EdmType;
use crate::plan::Transformation;
use crate::value::{DynamicProperty, Value};

impl Run<'_> {
    pub(super) fn join(
        &self,
        outer: bool,
        source: &Expr,
        steps: &[Transformation],
        (name, place): (&Arc<str>, usize),
        rows: Vec<Value>,
    ) -> Result<Vec<Value>, Error> {
        let inner = self.inside(source);
        let mut all = Vec::new();
        for row in rows {
            let found = self.context.value(source, &Frame::row(&row))?.into_owned();
            let mut elements = inner.finished(steps, elements_of(found))?;
            if elements.is_empty() && outer {
                elements.push(Value::Null);
            }
            self.spend(elements.len())?;
            for element in elements {
                let mut joined = row.clone();
                if let Value::Record(record) = &mut joined {
                    let property = DynamicProperty { name: name.clone(), ty: source.ty.base, value: element };
                    put(Arc::make_mut(record), place, property);
                }
                all.push(joined);
            }
        }
        Ok(all)
    }

    pub(super) fn nest(&self, parts: &[(Arc<str>, Vec<Transformation>)], rows: &[Value]) -> Result<Value, Error> {
        let mut record = empty_row(self.ty, self.context.model);
        for (name, steps) in parts {
            self.spend(rows.len())?;
            let value = self.finished(steps, rows.to_vec())?.into();
            record.dynamic.push(DynamicProperty { name: name.clone(), ty: self.ty.map(EdmType::Named), value });
        }
        Ok(record.into())
    }

    pub(super) fn add_nested(
        &self,
        source: &Expr,
        place: usize,
        parts: &[(Arc<str>, Vec<Transformation>)],
        mut rows: Vec<Value>,
    ) -> Result<Vec<Value>, Error> {
        let inner = self.inside(source);
        for row in &mut rows {
            let found = self.context.value(source, &Frame::row(row))?.into_owned();
            let Value::Record(record) = row else { continue };
            let record = Arc::make_mut(record);
            for ((name, steps), place) in parts.iter().zip(place..) {
                let elements = elements_of(found.clone());
                self.spend(elements.len())?;
                let made = inner.finished(steps, elements)?;
                let value = if source.ty.collection { Some(made.into()) } else { made.into_iter().next() };
                let made = |value| DynamicProperty { name: name.clone(), ty: source.ty.base, value };
                put(record, place, value.map_or_else(hole, made));
            }
        }
        Ok(rows)
    }

    /// The run of transformations inside a row.
    fn inside(&self, source: &Expr) -> Self {
        let ty = match source.ty.base {
            Some(EdmType::Named(id)) => Some(id),
            _ => self.ty,
        };
        Run { context: self.context, ty, budget: self.budget }
    }

    /// Rows that are not worked on any more.
    fn finished(&self, steps: &[Transformation], rows: Vec<Value>) -> Result<Vec<Value>, Error> {
        let mut rows = self.steps(steps, rows)?;
        rows.iter_mut().for_each(without_holes);
        Ok(rows)
    }
}

fn elements_of(found: Value) -> Vec<Value> {
    match found {
        Value::Collection(elements) => Arc::unwrap_or_clone(elements),
        Value::Record(_) => vec![found],
        _ => Vec::new(),
    }
}
