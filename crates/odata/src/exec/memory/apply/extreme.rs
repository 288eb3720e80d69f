//! `topcount`, `topsum`, `toppercent` and their opposites: the rows with the highest or lowest values.

use super::Run;
use super::aggregate::sum;
use crate::error::Error;
use crate::exec::memory::compare::{compare, sort};
use crate::exec::memory::these::settled;
use crate::exec::memory::{arithmetic, evaluate};
use crate::expr::{ArithmeticOp, CompareOp, Expr};
use crate::plan::Measure;
use crate::value::Value;

/// A number of rows. What is computed may be a decimal, as counts are.
fn count_of(amount: &Value) -> Result<usize, Error> {
    let whole = match amount {
        Value::Int(count) => Some(*count),
        Value::Decimal(count) => count.to_i64(),
        _ => None,
    };
    whole
        .and_then(|count| usize::try_from(count).ok())
        .ok_or_else(|| Error::bad_request("No number of rows was computed."))
}

impl Run<'_> {
    /// Sorted by the value, equal ones in their order; rows are kept until the amount is reached.
    pub(super) fn extreme(
        &self,
        top: bool,
        measure: Measure,
        amount: &Expr,
        by: &Expr,
        rows: Vec<Value>,
    ) -> Result<Vec<Value>, Error> {
        let amount = evaluate(&*settled(amount, &rows, self.context)?, &Value::Null, self.context)?;
        let by = &*settled(by, &rows, self.context)?;
        let mut sorted = Vec::with_capacity(rows.len());
        for row in rows {
            sorted.push((evaluate(by, &row, self.context)?, row));
        }
        sorted.sort_by(|(a, _), (b, _)| if top { sort(b, a) } else { sort(a, b) });
        let wanted = match measure {
            Measure::Count => {
                sorted.truncate(count_of(&amount)?);
                return Ok(sorted.into_iter().map(|(_, row)| row).collect());
            }
            Measure::Sum => amount,
            Measure::Percent => {
                let whole = sum(sorted.iter().map(|(value, _)| value).filter(|value| !value.is_null()))?;
                let part = arithmetic::binary(ArithmeticOp::Mul, &whole, &amount)?;
                arithmetic::binary(ArithmeticOp::DivBy, &part, &Value::Int(100))?
            }
        };
        let mut reached = Value::Int(0);
        let mut kept = Vec::new();
        for (value, row) in sorted {
            if compare(CompareOp::Ge, &reached, &wanted) || wanted.is_null() {
                break;
            }
            if !value.is_null() {
                reached = arithmetic::binary(ArithmeticOp::Add, &reached, &value)?;
            }
            kept.push(row);
        }
        Ok(kept)
    }
}
