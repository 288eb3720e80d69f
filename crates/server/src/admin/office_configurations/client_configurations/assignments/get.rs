//! `GET …/assignments/{id}`

use std::sync::Arc;

use odata::engine::Outcome;
use odata::{Error, Record};
use store::{AssignmentId, ClientConfigurationId};

use crate::admin::cx::Cx;
use crate::admin::represent;
use crate::admin::resource::{Estate, not_found};

/// Reads one.
///
/// # Errors
/// 404.
pub(crate) fn get(
    cx: &Cx<'_>,
    estate: Estate,
    client: ClientConfigurationId,
    assignment: AssignmentId,
) -> Result<Outcome, Error> {
    Ok(Outcome::Entity(Arc::new(record(cx, estate, client, assignment)?)))
}

/// Its record.
///
/// # Errors
/// 404.
pub(crate) fn record(
    cx: &Cx<'_>,
    estate: Estate,
    client: ClientConfigurationId,
    assignment: AssignmentId,
) -> Result<Record, Error> {
    let (_, row) = cx.client(estate, client)?;
    let found = row.assignment(assignment).ok_or_else(not_found)?;
    Ok(represent::assignment(cx.office, found))
}
