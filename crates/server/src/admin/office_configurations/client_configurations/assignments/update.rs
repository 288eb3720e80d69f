//! `PATCH …/assignments/{id}` — 200 with the entity.

use std::sync::Arc;

use odata::engine::Outcome;
use odata::{Error, Record, Value};
use store::{AssignmentId, ClientConfigurationId, Command, TargetChange};

use super::get;
use crate::admin::accept;
use crate::admin::cx::Cx;
use crate::admin::resource::Estate;

/// Merges what was given, inside the commit: a target keeps its type. `replace` is a PUT on the target: it takes any.
///
/// # Errors
/// 400 for a group target without a group or for another type, 404, 412.
pub(crate) async fn update(
    cx: &mut Cx<'_>,
    estate: Estate,
    client: ClientConfigurationId,
    assignment: AssignmentId,
    record: &Record,
    replace: bool,
) -> Result<Outcome, Error> {
    get::record(cx, estate, client, assignment)?;
    let target = match record.get(cx.office.assignment.target) {
        None => TargetChange::Keep,
        Some(Value::Record(given)) if replace => TargetChange::Replace(Some(accept::target(cx.office, given)?)),
        Some(Value::Record(given)) => TargetChange::Merge(accept::target_patch(cx.office, given)?),
        Some(_) => TargetChange::Replace(None),
    };
    let command = Command::UpdateAssignment { configuration: cx.configuration_id(estate), client, assignment, target };
    cx.snapshot = cx.commit(command).await?.snapshot;
    Ok(Outcome::Updated(Arc::new(get::record(cx, estate, client, assignment)?)))
}
