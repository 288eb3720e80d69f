//! `$apply` over rows in memory: transformations, one after another. Each takes all rows and gives rows.
//!
//! A row that comes out is a record of the source type that holds the members it was grouped by (members of complex and
//! related values as records of theirs) and, behind them, the properties that transformations made. Where a row lacks one
//! that others have, an empty name holds its place until the page is done.

pub(super) mod aggregate;
mod extreme;
mod group;
mod hierarchy;
mod key;
mod nested;

use std::cell::Cell;
use std::cmp::Ordering;
use std::sync::Arc;

use super::compare::sort;
use super::compute::compute_all;
use super::search::Terms;
use super::these::{settled_aggregate, settled_filter, settled_order};
use super::{Context, Patterns, evaluate, matches};
use crate::error::Error;
use crate::limits::APPLY_ROWS_MAX;
use crate::model::{Model, TypeId};
use crate::plan::{Aggregate, Apply, OrderBy, Transformation};
use crate::value::{DynamicProperty, Record, Value};

/// Runs the transformations over rows: entities or complex values of the type that they are bound to. [`super::page()`] does
/// so by itself for a query that has some.
///
/// ```
/// use odata::edm::{DateTimeOffset, Decimal};
/// use odata::exec::memory::{Context, apply};
/// use odata::syntax::{Query, RawPath};
/// use odata::{RecordBuilder, Value, bind, csdl};
///
/// let model = csdl::read(r#"<edmx:Edmx xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx" Version="4.0">
///   <edmx:DataServices><Schema xmlns="http://docs.oasis-open.org/odata/ns/edm" Namespace="shop">
///     <EntityType Name="sale"><Key><PropertyRef Name="id"/></Key><Property Name="id" Type="Edm.Int32" Nullable="false"/>
///       <Property Name="amount" Type="Edm.Int32"/></EntityType>
///     <EntityContainer Name="c"><EntitySet Name="sales" EntityType="shop.sale"/></EntityContainer>
///   </Schema></edmx:DataServices></edmx:Edmx>"#)?;
/// let sale = model.type_by_name("shop.sale").expect("declared");
/// let rows = [5, 7].map(|amount| Value::from(RecordBuilder::new(&model, sale).set(1, amount).build())).to_vec();
///
/// let sales = bind::path(&model, &RawPath::parse("sales")?, &Query::default())?;
/// let query = bind::query(&model, &sales, &Query::parse("$apply=aggregate(amount with sum as total)")?)?;
/// let transformations = query.apply.expect("given");
/// let context = Context::new(&model, DateTimeOffset::from_unix_nanos(0));
/// let rows = apply(&transformations, rows, context)?;
/// let total = &rows[0].as_record().expect("a row").dynamic[0];
/// assert_eq!((&*total.name, &total.value), ("total", &Value::Decimal(Decimal::from(12))));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// An expression that has no value (an overflow); more rows than `APPLY_ROWS_MAX` under way.
pub fn apply(apply: &Apply, rows: Vec<Value>, context: Context<'_>) -> Result<Vec<Value>, Error> {
    let patterns = Patterns::default();
    let context = context.or_patterns(&patterns);
    let budget = Cell::new(APPLY_ROWS_MAX.max(rows.len().saturating_mul(32)));
    Run { context, ty: apply.ty, budget: &budget }.steps(&apply.steps, rows).map_err(|error| error.at("$apply"))
}

/// Takes the places that rows only hold for others off them.
pub(super) fn without_holes(row: &mut Value) {
    if let Value::Record(record) = row
        && record.dynamic.iter().any(|property| property.name.is_empty())
    {
        Arc::make_mut(record).dynamic.retain(|property| !property.name.is_empty());
    }
}

struct Run<'r> {
    context: Context<'r>,
    /// What rows are declared to be; those of `$crossjoin` are nothing.
    ty: Option<TypeId>,
    /// Rows that may still be taken and given.
    budget: &'r Cell<usize>,
}

fn hole() -> DynamicProperty {
    DynamicProperty { name: Arc::from(""), ty: None, value: Value::Null }
}

fn empty_row(ty: Option<TypeId>, model: &Model) -> Record {
    let members = ty.and_then(|ty| model.structured(ty)).map_or(0, |structured| structured.members.len());
    Record::new(ty.unwrap_or(TypeId(0)), members)
}

/// Puts a property that is made at its place, before those that the row has of its own. One of the same name would stand in the
/// answer twice.
pub(super) fn put(record: &mut Record, place: usize, property: DynamicProperty) {
    let dynamic = &mut record.dynamic;
    while dynamic.len() < place {
        dynamic.push(hole());
    }
    if let Some(stored) =
        dynamic.iter().skip(place).position(|known| known.name == property.name && !known.name.is_empty())
    {
        dynamic.remove(place + stored);
    }
    dynamic.insert(place, property);
}

impl Run<'_> {
    fn steps(&self, steps: &[Transformation], mut rows: Vec<Value>) -> Result<Vec<Value>, Error> {
        for step in steps {
            self.spend(rows.len())?;
            rows = self.step(step, rows)?;
            self.spend(rows.len())?;
        }
        Ok(rows)
    }

    fn spend(&self, rows: usize) -> Result<(), Error> {
        let left = self.budget.get().checked_sub(rows);
        self.budget.set(left.ok_or_else(|| Error::bad_request("The transformations take and give too many rows."))?);
        Ok(())
    }

    fn step(&self, step: &Transformation, mut rows: Vec<Value>) -> Result<Vec<Value>, Error> {
        let at_most = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
        Ok(match step {
            Transformation::Identity => rows,
            Transformation::Filter(filter) => {
                let filter = settled_filter(filter, &rows, self.context)?;
                let mut kept = Vec::new();
                for row in rows {
                    if matches(&filter, &row, self.context)? {
                        kept.push(row);
                    }
                }
                kept
            }
            Transformation::Search(search) => {
                let terms = Terms::new(search);
                rows.retain(|row| terms.fit(row, self.context.source));
                rows
            }
            Transformation::Compute { first, items } => compute_all(*first, items, rows, self.context)?,
            Transformation::OrderBy(order) => {
                let order = settled_order(order, &rows, self.context)?;
                self.sorted(&order, rows)?
            }
            Transformation::Top(count) => {
                rows.truncate(at_most(*count));
                rows
            }
            Transformation::Skip(count) => {
                rows.drain(..at_most(*count).min(rows.len()));
                rows
            }
            Transformation::Extreme { top, measure, amount, by } => self.extreme(*top, *measure, amount, by, rows)?,
            Transformation::Aggregate(items) => vec![self.aggregated(items, &rows)?],
            Transformation::GroupBy { keys, levels, steps, inner, carried } => {
                let grouping = group::Grouping { keys, levels, steps, inner: *inner, carried };
                self.group(&grouping, rows)?
            }
            Transformation::Concat(branches) => {
                let mut all = Vec::new();
                for branch in branches {
                    self.spend(rows.len())?;
                    let mut given = self.steps(&branch.steps, rows.clone())?;
                    Self::placed(&mut given, &branch.places);
                    if branch.whole {
                        for row in &mut given {
                            self.context.completed(row);
                        }
                    }
                    all.append(&mut given);
                }
                all
            }
            Transformation::Join { outer, source, steps, name, place } => {
                self.join(*outer, source, steps, (name, *place), rows)?
            }
            Transformation::AddNested { source, place, parts } => self.add_nested(source, *place, parts, rows)?,
            Transformation::Relatives { descendants, hierarchy, start, distance, keep_start } => {
                self.relatives(*descendants, hierarchy, start, (*distance, *keep_start), rows)?
            }
            Transformation::Traverse { hierarchy, postorder, start, order } => {
                self.traverse(hierarchy, *postorder, start.as_deref(), order, rows)?
            }
            Transformation::Nest(parts) => vec![self.nest(parts, &rows)?],
        })
    }

    fn aggregated(&self, items: &[Aggregate], rows: &[Value]) -> Result<Value, Error> {
        let mut record = empty_row(self.ty, self.context.model);
        for item in items {
            let item = settled_aggregate(item, rows, self.context)?;
            let value = aggregate::of_rows(&item, rows, self.context)?;
            record.dynamic.push(DynamicProperty { name: item.name.clone(), ty: item.ty, value });
        }
        Ok(Value::from(record))
    }

    fn sorted(&self, order: &[OrderBy], rows: Vec<Value>) -> Result<Vec<Value>, Error> {
        let mut keyed = Vec::with_capacity(rows.len());
        for row in rows {
            let keys = order.iter().map(|by| evaluate(&by.expr, &row, self.context)).collect::<Result<Vec<_>, _>>()?;
            keyed.push((keys, row));
        }
        keyed.sort_by(|(a, _), (b, _)| {
            let each = a.iter().zip(b).zip(order).map(|((a, b), by)| {
                let order = sort(a, b);
                if by.descending { order.reverse() } else { order }
            });
            each.into_iter().find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
        });
        Ok(keyed.into_iter().map(|(_, row)| row).collect())
    }
}
