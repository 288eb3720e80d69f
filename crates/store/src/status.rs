//! Questions about check-in rows and their answers. It must never know where the rows are.

use std::sync::Arc;

use odata::plan::{Filter, OrderBy};

use crate::domain::CheckinStatus;
use crate::ids::{ClientConfigurationId, ConfigurationId};

/// Which check-in rows of a configuration, in which order.
#[derive(Debug, Clone, PartialEq)]
pub struct StatusQuery {
    /// Whose rows.
    pub configuration: ConfigurationId,
    /// Only rows whose `appliedPolicies` holds this id (`checkinStatuses` of a client configuration; ruling R4).
    pub applied_policy: Option<ClientConfigurationId>,
    /// Only rows for which this is true. Bound to the type officeClientCheckinStatus.
    pub filter: Option<Filter>,
    /// The order; empty is the stable default order: as written, or as first reported.
    pub order: Vec<OrderBy>,
    /// Rows to leave out first.
    pub skip: u64,
    /// Rows to answer at most; bounded by [`crate::limits::MAX_PAGE`].
    pub limit: usize,
    /// Whether to count all rows that the filter takes.
    pub count: bool,
    /// Where the page before ended.
    pub after: Option<Continuation>,
}

impl StatusQuery {
    /// The first `limit` rows in the default order.
    pub fn all(configuration: ConfigurationId, limit: usize) -> Self {
        Self {
            configuration,
            applied_policy: None,
            filter: None,
            order: Vec::new(),
            skip: 0,
            limit,
            count: false,
            after: None,
        }
    }
}

/// A position in the rows of a query, opaque to the caller, who keeps it safe from forgery if that matters to it: a forged one
/// shows other rows of the same query, nothing else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Continuation(pub Arc<[u8]>);

/// A page of check-in rows.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct StatusPage {
    /// The rows.
    pub rows: Vec<Arc<CheckinStatus>>,
    /// How many rows the filter takes in all, when that was asked.
    pub count: Option<u64>,
    /// Where the next page starts; `None` when this is the last.
    pub next: Option<Continuation>,
}
