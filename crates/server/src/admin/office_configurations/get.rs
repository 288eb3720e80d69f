//! `GET /officeConfigurations/{id}` and `GET /officeConfiguration` — never 404 for the default one (R2).

use std::sync::Arc;

use odata::engine::Outcome;
use odata::plan::Projection;
use odata::{Error, Record};

use super::client_configurations;
use crate::admin::collection::wanted;
use crate::admin::cx::Cx;
use crate::admin::represent;
use crate::admin::resource::Estate;

/// Reads one.
///
/// # Errors
/// 404 when it does not exist.
pub(crate) async fn get(cx: &Cx<'_>, estate: Estate, projection: &Projection) -> Result<Outcome, Error> {
    Ok(Outcome::Entity(Arc::new(record(cx, estate, projection).await?)))
}

/// Its record, expanded as asked.
///
/// # Errors
/// 404 when it does not exist.
pub(crate) async fn record(cx: &Cx<'_>, estate: Estate, projection: &Projection) -> Result<Record, Error> {
    let members = &cx.office.configuration;
    let Some(row) = cx.estate(estate)? else {
        let mut record = represent::unwritten_configuration(cx.office, cx.configuration_id(estate).0);
        for item in &projection.expand {
            record.set(item.member, odata::Value::Collection(Arc::default()));
        }
        return Ok(record);
    };
    let mut record = cx.configuration_record(row, wanted(projection, None, members.statuses, members.summary)).await?;
    for item in &projection.expand {
        record.set(item.member, client_configurations::expanded(cx, row, item).await?);
    }
    Ok(record)
}
