//! `POST …/clientConfigurations/{id}/assign` — replaces all assignments, 200 with the new ones (R9).

use odata::engine::{Outcome, Page};
use odata::{Error, Value};
use store::{ClientConfigurationId, Command};

use super::value;
use crate::admin::accept;
use crate::admin::cx::Cx;
use crate::admin::resource::{Estate, not_found};

/// Replaces all assignments; an empty list removes them.
///
/// # Errors
/// 400 names the element, 404, 412.
pub(crate) async fn assign(
    cx: &Cx<'_>,
    estate: Estate,
    client: ClientConfigurationId,
    parameters: &[Option<Value>],
) -> Result<Outcome, Error> {
    cx.client(estate, client)?;
    let given = parameters.first().and_then(Option::as_ref).and_then(Value::as_collection).unwrap_or(&[]);
    let assignments = accept::many_assignments(&cx.parts(), given)
        .map_err(|fault| accept::nested(fault, "officeConfigurationAssignments"))?;
    let configuration = cx.configuration_id(estate);
    let committed = cx.commit(Command::AssignGroups { configuration, client, assignments }).await?;
    let parent = committed.snapshot.configuration(configuration).ok_or_else(not_found)?;
    let row = parent.clients.get(client).ok_or_else(not_found)?;
    Ok(Outcome::Collection(Page {
        items: row.assignments.iter().map(|one| value(cx, one)).collect(),
        ..Page::default()
    }))
}
