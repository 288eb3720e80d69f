//! `DELETE …/assignments/{id}` — 204.

use odata::Error;
use odata::engine::Outcome;
use store::{AssignmentId, ClientConfigurationId, Command};

use crate::admin::cx::Cx;
use crate::admin::resource::Estate;

/// Removes one.
///
/// # Errors
/// 404, 412.
pub(crate) async fn delete(
    cx: &Cx<'_>,
    estate: Estate,
    client: ClientConfigurationId,
    assignment: AssignmentId,
) -> Result<Outcome, Error> {
    let configuration = cx.configuration_id(estate);
    cx.commit(Command::DeleteAssignment { configuration, client, assignment }).await?;
    Ok(Outcome::NoContent { etag: None })
}
