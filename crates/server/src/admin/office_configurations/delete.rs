//! `DELETE /officeConfigurations/{id}` and `DELETE /officeConfiguration` — 204; the default one is empty again (R2).

use odata::Error;
use odata::engine::Outcome;
use store::Command;

use crate::admin::cx::Cx;
use crate::admin::resource::Estate;

/// Deletes it with all that is below.
///
/// # Errors
/// 404, 412.
pub(crate) async fn delete(cx: &Cx<'_>, estate: Estate) -> Result<Outcome, Error> {
    cx.estate(estate)?;
    cx.commit(Command::DeleteConfiguration { id: cx.configuration_id(estate) }).await?;
    Ok(Outcome::NoContent { etag: None })
}
