//! `GET /officeConfigurations` and `/$count`: in the order of creation.

use std::sync::Arc;

use odata::engine::Outcome;
use odata::plan::CollectionQuery;
use odata::{Error, ErrorKind, Record, Value};
use store::OfficeConfiguration;

use super::client_configurations;
use crate::admin::asked::{Asked, CheckinMembers};
use crate::admin::collection;
use crate::admin::cx::Cx;
use crate::admin::represent::{self, Computed};

/// One page.
///
/// # Errors
/// What evaluating the query gives.
pub(crate) async fn list(cx: &Cx<'_>, query: &CollectionQuery) -> Result<Outcome, Error> {
    let (query, rows) = rows(cx, query).await?;
    let mut page = collection::page(cx, rows, &query)?;
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
    let (query, rows) = rows(cx, query).await?;
    collection::count(cx, rows, &query)
}

/// Light records for the query to run over, and what of it is left for that: what it asks of check-ins is answered here.
async fn rows<'c>(
    cx: &'c Cx<'_>,
    query: &CollectionQuery,
) -> Result<(CollectionQuery, Box<dyn Iterator<Item = (u64, Record)> + 'c>), Error> {
    let members = &cx.office.configuration;
    let of = CheckinMembers { statuses: members.statuses, summary: members.summary, count: members.ty.count };
    let asked = Asked::of(cx, query, of, cx.snapshot.len())?;
    let with_clients = asked.query.mentions(members.clients);
    let client = &cx.office.client;
    if with_clients && [client.statuses, client.summary].iter().any(|m| asked.query.mentions_in_elements(*m)) {
        let message = "Check-ins of client configurations can be asked below their own officeConfiguration only.";
        return Err(Error::new(ErrorKind::NotImplemented, message));
    }
    let light = move |row: &OfficeConfiguration| {
        let mut record = represent::configuration(cx.office, row, Computed::default());
        if with_clients {
            record.set(members.clients, client_configurations::light_records(cx, row));
        }
        record
    };
    if !asked.is_pending() {
        return Ok((asked.query, Box::new(cx.snapshot.configurations().map(move |row| (row.seq, light(row))))));
    }
    let mut records = Vec::with_capacity(cx.snapshot.len());
    for row in cx.snapshot.configurations() {
        let mut record = light(row);
        asked.answer(cx, row, None, &mut record).await?;
        records.push((row.seq, record));
    }
    Ok((asked.query, Box::new(records.into_iter())))
}

fn stored<'c>(cx: &'c Cx<'_>, record: &Record) -> Option<&'c Arc<OfficeConfiguration>> {
    let id = record.get(cx.office.configuration.id)?.as_str()?;
    cx.snapshot.configuration(store::ConfigurationId(uuid::Uuid::try_parse(id).ok()?))
}
