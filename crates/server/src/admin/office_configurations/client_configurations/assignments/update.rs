//! `PATCH …/assignments/{id}` — 200 with the entity.

use std::sync::Arc;

use odata::engine::Outcome;
use odata::{Error, Record};
use store::{AssignmentId, Change, ClientConfigurationId, Command};

use super::get;
use crate::admin::accept;
use crate::admin::cx::Cx;
use crate::admin::resource::Estate;

/// Merges what was given.
///
/// # Errors
/// 400 for a group target without a group, 404, 412.
pub(crate) async fn update(
    cx: &mut Cx<'_>,
    estate: Estate,
    client: ClientConfigurationId,
    assignment: AssignmentId,
    record: &Record,
) -> Result<Outcome, Error> {
    get::record(cx, estate, client, assignment)?;
    let given = accept::assignment(&cx.parts(), record)?;
    let changed = record.get(cx.office.assignment.target).is_some();
    let command = Command::UpdateAssignment {
        configuration: cx.configuration_id(estate),
        client,
        assignment,
        target: if changed { Change::Set(given.target) } else { Change::Keep },
    };
    cx.snapshot = cx.commit(command).await?.snapshot;
    Ok(Outcome::Updated(Arc::new(get::record(cx, estate, client, assignment)?)))
}
