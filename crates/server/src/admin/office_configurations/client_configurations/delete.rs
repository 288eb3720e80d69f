//! `DELETE …/clientConfigurations/{id}` — 204, with its assignments and payloads.

use odata::Error;
use odata::engine::Outcome;
use store::{ClientConfigurationId, Command};

use crate::admin::cx::Cx;
use crate::admin::resource::Estate;

/// Deletes it.
///
/// # Errors
/// 404, 412.
pub(crate) async fn delete(cx: &Cx<'_>, estate: Estate, client: ClientConfigurationId) -> Result<Outcome, Error> {
    cx.commit(Command::DeleteClient { configuration: cx.configuration_id(estate), client }).await?;
    Ok(Outcome::NoContent { etag: None })
}
