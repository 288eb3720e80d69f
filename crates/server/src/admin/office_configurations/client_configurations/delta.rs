//! `GET …/clientConfigurations/delta()`, perhaps cast to a derived type: what was made, changed and deleted. Payloads are part of a client
//! configuration, assignments are entities of their own. Once the officeConfiguration is deleted it is 404, or 410 where
//! another one has its id.

use std::sync::Arc;

use odata::engine::Outcome;
use odata::model::TypeId;
use odata::plan::CollectionQuery;
use odata::{Error, Value};
use store::{ClientConfigurationId, Tracked};

use crate::admin::cx::Cx;
use crate::admin::resource::Estate;
use crate::admin::{collection, tracking};

/// One page. What is gone is told under a cast, too, whatever it was: nobody knows its type any more.
///
/// # Errors
/// As [`tracking::changes`].
pub(crate) async fn delta(
    cx: &mut Cx<'_>,
    estate: Estate,
    cast: Option<TypeId>,
    query: &CollectionQuery,
) -> Result<Outcome, Error> {
    let changes = tracking::changes(cx, Tracked::Clients(cx.configuration_id(estate)), query).await?;
    let members = &cx.office.client;
    let shown = collection::wanted(&query.projection, None, members.statuses, members.summary);
    let mut items = Vec::with_capacity(changes.present.len());
    for id in &changes.present {
        let (configuration, row) = cx.client(estate, ClientConfigurationId(*id))?;
        let record = cx.client_record(configuration, row, shown).await?;
        if cast.is_none_or(|cast| cx.office.model.is_a(record.type_id, cast)) {
            items.push(Value::Record(Arc::new(record)));
        }
    }
    Ok(tracking::page(cx, &changes, items, (members.base, members.id)))
}
