//! `GET /officeConfigurations` and `/$count`: in the order of creation.

use std::sync::Arc;

use odata::engine::Outcome;
use odata::plan::CollectionQuery;
use odata::{Error, ErrorKind, Record, Value};
use store::OfficeConfiguration;

use super::client_configurations;
use crate::admin::collection;
use crate::admin::cx::{Cx, Wanted};
use crate::admin::represent::{self, Computed};
use crate::limits;

/// One page.
///
/// # Errors
/// What evaluating the query gives.
pub(crate) async fn list(cx: &Cx<'_>, query: &CollectionQuery) -> Result<Outcome, Error> {
    let mut page = collection::page(cx, rows(cx, query).await?, query)?;
    let members = &cx.office.configuration;
    let shown = collection::wanted(&query.projection, None, members.statuses, members.summary);
    for item in &mut page.items {
        let Some(row) = item.as_record().and_then(|record| stored(cx, record)) else { continue };
        let mut record = cx.configuration_record(row, shown).await?;
        for expand in &query.projection.expand {
            record.set(expand.member, client_configurations::expanded(cx, row, expand).await?);
        }
        *item = Value::Record(Arc::new(record));
    }
    Ok(Outcome::Collection(page))
}

/// How many.
///
/// # Errors
/// What evaluating the query gives.
pub(crate) async fn count(cx: &Cx<'_>, query: &CollectionQuery) -> Result<Outcome, Error> {
    collection::count(cx, rows(cx, query).await?, query)
}

/// Light records for the query to run over; computed members only where it looks at them.
async fn rows<'c>(
    cx: &'c Cx<'_>,
    query: &CollectionQuery,
) -> Result<Box<dyn Iterator<Item = (u64, Record)> + 'c>, Error> {
    let members = &cx.office.configuration;
    let looked_at = Wanted { statuses: query.mentions(members.statuses), summary: query.mentions(members.summary) };
    if !looked_at.statuses && !looked_at.summary {
        return Ok(Box::new(
            cx.snapshot
                .configurations()
                .map(|row| (row.seq, represent::configuration(cx.office, row, Computed::default()))),
        ));
    }
    if cx.snapshot.len() > limits::COMPUTED_QUERY_ROWS_MAX {
        let message = format!(
            "Check-ins can be queried across at most {} configurations at once.",
            limits::COMPUTED_QUERY_ROWS_MAX
        );
        return Err(Error::new(ErrorKind::NotImplemented, message));
    }
    let mut records = Vec::with_capacity(cx.snapshot.len());
    for row in cx.snapshot.configurations() {
        records.push((row.seq, cx.configuration_record(row, looked_at).await?));
    }
    Ok(Box::new(records.into_iter()))
}

fn stored<'c>(cx: &'c Cx<'_>, record: &Record) -> Option<&'c Arc<OfficeConfiguration>> {
    let id = record.get(cx.office.configuration.id)?.as_str()?;
    cx.snapshot.configuration(store::ConfigurationId(uuid::Uuid::try_parse(id).ok()?))
}
