//! What a read of check-in rows is expected to cost, as far as its form tells, the same in every database: few of the costly ones may run at once
//! (ruling R4). It must never look at a row.

use crate::conditions::Conditions;
use crate::domain::OfficeConfiguration;
use crate::limits::{MAX_QUICK_SKIP, MAX_WRITTEN_STATUSES};
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
