//! `POST …/assignments` — 201.

use std::sync::Arc;

use odata::engine::Outcome;
use odata::{Error, Record};
use store::{ClientConfigurationId, Command};

use crate::admin::accept;
use crate::admin::cx::Cx;
use crate::admin::represent;
use crate::admin::resource::{Estate, not_found};

/// Adds one.
///
/// # Errors
/// 400 for a group target without a group, 404.
pub(crate) async fn create(
    cx: &Cx<'_>,
    estate: Estate,
    client: ClientConfigurationId,
    given: &Record,
) -> Result<Outcome, Error> {
    cx.client(estate, client)?;
    let assignment = accept::assignment(&cx.parts(), given)?;
    let (configuration, id) = (cx.configuration_id(estate), assignment.id);
    let committed = cx.commit(Command::CreateAssignment { configuration, client, assignment }).await?;
    let parent = committed.snapshot.configuration(configuration).ok_or_else(not_found)?;
    let made = parent.clients.get(client).and_then(|row| row.assignment(id)).ok_or_else(not_found)?;
    let path = format!("{}/clientConfigurations/{client}/assignments/{id}", Cx::estate_path(estate));
    Ok(Outcome::Created { record: Arc::new(represent::assignment(cx.office, made)), path })
}
