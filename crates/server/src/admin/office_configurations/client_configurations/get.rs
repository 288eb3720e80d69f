//! `GET …/clientConfigurations/{id}`

use std::sync::Arc;

use odata::engine::Outcome;
use odata::model::TypeId;
use odata::plan::Projection;
use odata::{Error, Record};
use store::ClientConfigurationId;

use super::assignments;
use crate::admin::collection::wanted;
use crate::admin::cx::Cx;
use crate::admin::resource::{Estate, not_found};

/// Reads one.
///
/// # Errors
/// 404, also when it is not of the type that the path casts to.
pub(crate) async fn get(
    cx: &Cx<'_>,
    estate: Estate,
    client: ClientConfigurationId,
    cast: Option<TypeId>,
    projection: &Projection,
) -> Result<Outcome, Error> {
    Ok(Outcome::Entity(Arc::new(record(cx, estate, client, cast, projection).await?)))
}

/// Its record, expanded as asked.
///
/// # Errors
/// 404.
pub(crate) async fn record(
    cx: &Cx<'_>,
    estate: Estate,
    client: ClientConfigurationId,
    cast: Option<TypeId>,
    projection: &Projection,
) -> Result<Record, Error> {
    let members = &cx.office.client;
    let (configuration, row) = cx.client(estate, client)?;
    let shown = wanted(projection, None, members.statuses, members.summary);
    let mut record = cx.client_record(configuration, row, shown).await?;
    if cast.is_some_and(|cast| !cx.office.model.is_a(record.type_id, cast)) {
        return Err(not_found());
    }
    for item in &projection.expand {
        record.set(item.member, assignments::expanded(cx, row, item)?);
    }
    Ok(record)
}
