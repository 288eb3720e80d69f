//! What a read of check-in rows is expected to cost, as far as its form tells, the same in every database: few of the costly ones may run at once
//! (ruling R4). It must never look at a row.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::conditions::Conditions;
use crate::domain::OfficeConfiguration;
use crate::error::StoreError;
use crate::limits::{BUSY_RETRY_AFTER, MAX_QUICK_SKIP, MAX_SLOW_READS, MAX_WRITTEN_STATUSES};
use crate::position::RowOrder;
use crate::status::StatusQuery;

/// What a read is expected to cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// An index answers it.
    Quick,
    /// It may walk everything.
    Slow,
}

/// Whether an index answers the query (ruling R4), as far as its form tells. A small collection is quick in every shape.
pub(crate) fn shape(query: &StatusQuery, of: &OfficeConfiguration) -> Shape {
    if !of.has_checkins_from_clients || of.status_count <= MAX_WRITTEN_STATUSES as u64 {
        return Shape::Quick;
    }
    let conditions = Conditions::of(query.filter.as_ref());
    let selective = conditions.has_equal_text();
    let counted = query.count && query.filter.is_some();
    let indexed = conditions.all_indexed()
        && query.applied_policy.is_none()
        && RowOrder::of(&query.order) != RowOrder::Other
        && query.skip <= MAX_QUICK_SKIP;
    if indexed && (selective || !counted) { Shape::Quick } else { Shape::Slow }
}

/// Room for the slow reads of one server.
#[derive(Clone)]
pub(crate) struct SlowReads(Arc<Semaphore>);

impl Default for SlowReads {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(MAX_SLOW_READS)))
    }
}

impl SlowReads {
    /// Lets a read in, until what is given is dropped. A slow one does not wait for room.
    pub(crate) fn enter(&self, shape: Shape) -> Result<Option<OwnedSemaphorePermit>, StoreError> {
        match shape {
            Shape::Quick => Ok(None),
            Shape::Slow => {
                let entered = Arc::clone(&self.0).try_acquire_owned();
                entered.map(Some).map_err(|_| StoreError::Busy { retry_after: BUSY_RETRY_AFTER })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r4_few_slow_reads_run_at_once_and_any_number_of_quick_ones() {
        let reads = SlowReads::default();
        let mut running: Vec<_> = (0..MAX_SLOW_READS).map(|_| reads.enter(Shape::Slow).ok()).collect();
        assert!(running.iter().all(Option::is_some));
        let busy = |entered: Result<_, StoreError>| matches!(entered, Err(StoreError::Busy { retry_after }) if retry_after == BUSY_RETRY_AFTER);
        assert!(busy(reads.enter(Shape::Slow)) && reads.enter(Shape::Quick).is_ok());
        running.pop();
        assert!(reads.enter(Shape::Slow).is_ok());
    }
}
