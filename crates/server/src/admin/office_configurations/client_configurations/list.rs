//! `GET …/clientConfigurations`, perhaps cast to a derived type, and `/$count`: in the order of creation.

use std::sync::Arc;

use odata::engine::{Outcome, Page};
use odata::model::TypeId;
use odata::plan::{CollectionQuery, ExpandItem};
use odata::{Error, Record, Value};
use store::{ClientConfigurationId, OfficeConfiguration};

use super::assignments;
use crate::admin::collection;
use crate::admin::cx::{Cx, Wanted};
use crate::admin::resource::Estate;

/// One page.
///
/// # Errors
/// 404, or what evaluating the query gives.
pub(crate) async fn list(
    cx: &Cx<'_>,
    estate: Estate,
    cast: Option<TypeId>,
    query: &CollectionQuery,
) -> Result<Outcome, Error> {
    let Some(configuration) = cx.estate(estate)? else {
        return Ok(Outcome::Collection(Page { items: Vec::new(), count: query.count.then_some(0), next: None }));
    };
    Ok(Outcome::Collection(page(cx, configuration, cast, query).await?))
}

/// How many.
///
/// # Errors
/// 404, or what evaluating the query gives.
pub(crate) async fn count(
    cx: &Cx<'_>,
    estate: Estate,
    cast: Option<TypeId>,
    query: &CollectionQuery,
) -> Result<Outcome, Error> {
    let Some(configuration) = cx.estate(estate)? else { return Ok(Outcome::Count(0)) };
    collection::count(cx, rows(cx, configuration, cast, query).await?.into_iter(), query)
}

/// The value of `$expand=clientConfigurations(…)`.
///
/// # Errors
/// What evaluating the nested query gives.
pub(crate) async fn expanded(
    cx: &Cx<'_>,
    configuration: &OfficeConfiguration,
    item: &ExpandItem,
) -> Result<Value, Error> {
    let page = page(cx, configuration, item.target_cast, &item.query).await?;
    Ok(Value::Collection(Arc::new(page.items)))
}

/// All of them with their assignments, as a deep insert answers.
///
/// # Errors
/// As the store's.
pub(crate) async fn all_records(cx: &Cx<'_>, configuration: &OfficeConfiguration) -> Result<Value, Error> {
    let mut values = Vec::with_capacity(configuration.clients.len());
    for row in configuration.clients.iter() {
        let mut record = cx.client_record(configuration, row, Wanted::ALL).await?;
        let made = row.assignments.iter().map(|one| assignments::value(cx, one)).collect();
        record.set(cx.office.client.assignments, Value::Collection(Arc::new(made)));
        values.push(Value::Record(Arc::new(record)));
    }
    Ok(Value::Collection(Arc::new(values)))
}

async fn page(
    cx: &Cx<'_>,
    configuration: &OfficeConfiguration,
    cast: Option<TypeId>,
    query: &CollectionQuery,
) -> Result<Page, Error> {
    let mut page = collection::page(cx, rows(cx, configuration, cast, query).await?.into_iter(), query)?;
    let members = &cx.office.client;
    let shown = collection::wanted(&query.projection, None, members.statuses, members.summary);
    for item in &mut page.items {
        let id = item.as_record().and_then(|record| record.get(members.id)).and_then(Value::as_str);
        let Some(row) = id
            .and_then(|id| uuid::Uuid::try_parse(id).ok())
            .and_then(|id| configuration.clients.get(ClientConfigurationId(id)))
        else {
            continue;
        };
        let mut record = cx.client_record(configuration, row, shown).await?;
        for expand in &query.projection.expand {
            record.set(expand.member, assignments::expanded(cx, row, expand)?);
        }
        *item = Value::Record(Arc::new(record));
    }
    Ok(page)
}

/// Records for the query to run over; computed members only where it looks at them, assignments where it does.
async fn rows(
    cx: &Cx<'_>,
    configuration: &OfficeConfiguration,
    cast: Option<TypeId>,
    query: &CollectionQuery,
) -> Result<Vec<(u64, Record)>, Error> {
    let members = &cx.office.client;
    let looked_at = Wanted { statuses: query.mentions(members.statuses), summary: query.mentions(members.summary) };
    let with_assignments = query.mentions(members.assignments);
    let mut records = Vec::with_capacity(configuration.clients.len());
    for row in configuration.clients.iter() {
        let mut record = cx.client_record(configuration, row, looked_at).await?;
        if cast.is_some_and(|cast| !cx.office.model.is_a(record.type_id, cast)) {
            continue;
        }
        if with_assignments {
            let all = row.assignments.iter().map(|one| assignments::value(cx, one)).collect();
            record.set(members.assignments, Value::Collection(Arc::new(all)));
        }
        records.push((row.seq, record));
    }
    Ok(records)
}
