//! `PATCH …/clientConfigurations/{id}` — 200 with the entity (R8, R9); its type never changes.

use std::sync::Arc;

use odata::engine::Outcome;
use odata::model::TypeId;
use odata::{Error, Record};
use store::{Change, ClientConfigurationId, Command};

use crate::admin::accept;
use crate::admin::cx::{Cx, Wanted};
use crate::admin::resource::{Estate, not_found};

/// Merges what was given.
///
/// # Errors
/// 404, 409 for a priority that is taken, 412.
pub(crate) async fn update(
    cx: &mut Cx<'_>,
    estate: Estate,
    client: ClientConfigurationId,
    cast: Option<TypeId>,
    record: &Record,
) -> Result<Outcome, Error> {
    if cast.is_some_and(|cast| !cx.office.model.is_a(record.type_id, cast)) {
        return Err(not_found());
    }
    let members = cx.office.client;
    let command = Command::UpdateClient {
        configuration: cx.configuration_id(estate),
        client,
        expected_kind: None,
        display_name: accept::changed_text(record, members.display_name),
        description: accept::changed_text(record, members.description),
        priority: accept::priority(record, members.priority)?.map_or(Change::Keep, Change::Set),
        policy_payload: accept::changed_payload(record, members.policy_payload),
        user_preference_payload: accept::changed_payload(record, members.user_preference_payload),
    };
    cx.snapshot = cx.commit(command).await?.snapshot;
    let (configuration, row) = cx.client(estate, client)?;
    Ok(Outcome::Updated(Arc::new(cx.client_record(configuration, row, Wanted::after_change(cx.head)).await?)))
}
