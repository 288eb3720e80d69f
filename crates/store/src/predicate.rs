//! A query's conditions and order over rows in memory.

use std::sync::Arc;

use odata::plan::OrderBy;

use crate::domain::CheckinStatus;
use crate::error::StoreError;
use crate::position::RowOrder;
use crate::status::StatusQuery;

/// Which rows a query takes.
pub(crate) struct Predicate {
    applied_policy: Option<String>,
}

impl Predicate {
    pub(crate) fn of(query: &StatusQuery) -> Result<Self, StoreError> {
        if query.filter.is_some() {
            return Err(StoreError::Unsupported { what: "$filter".to_owned() });
        }
        Ok(Self { applied_policy: query.applied_policy.map(|id| id.to_string()) })
    }

    pub(crate) fn takes(&self, row: &CheckinStatus) -> bool {
        self.applied_policy.as_deref().is_none_or(|id| row.applies(id))
    }
}

/// Sorts rows that come sorted by key.
pub(crate) fn sort(
    rows: &mut [(i64, &Arc<CheckinStatus>)],
    order: RowOrder,
    by: &[OrderBy],
) -> Result<(), StoreError> {
    match order {
        RowOrder::Key => Ok(()),
        RowOrder::Time { descending } => {
            rows.sort_by_key(|(key, row)| (row.checkin.ticks(), *key));
            if descending {
                rows.reverse();
            }
            Ok(())
        }
        RowOrder::Other => Err(StoreError::Unsupported { what: format!("$orderby of {} keys", by.len()) }),
    }
}
