//! `GET …/clientConfigurations`, perhaps cast to a derived type, and `/$count`: in the order of creation.

use std::sync::Arc;

use odata::engine::{Outcome, Page};
use odata::model::TypeId;
use odata::plan::{CollectionQuery, ExpandItem};
use odata::{Error, Record, Value};
use store::{ClientConfiguration, ClientConfigurationId, OfficeConfiguration};

use super::assignments;
use crate::admin::asked::{Asked, CheckinMembers};
use crate::admin::collection;
use crate::admin::cx::{Cx, Wanted};
use crate::admin::represent::{self, Computed};
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
        return Ok(Outcome::Collection(Page { count: query.count.then_some(0), ..Page::default() }));
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
    let (query, rows) = rows(cx, configuration, cast, query).await?;
    collection::count(cx, rows.into_iter(), &query)
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

/// All of them for a query to run over, with their assignments and without check-ins.
pub(crate) fn light_records(cx: &Cx<'_>, configuration: &OfficeConfiguration) -> Value {
    let light = |row| Value::from(light_record(cx, configuration, row, true));
    Value::Collection(Arc::new(configuration.clients.iter().map(light).collect()))
}

fn light_record(
    cx: &Cx<'_>,
    configuration: &OfficeConfiguration,
    row: &Arc<ClientConfiguration>,
    with_assignments: bool,
) -> Record {
    let mut record = represent::client(cx.office, row, configuration, Computed::default());
    if with_assignments {
        let all = row.assignments.iter().map(|one| assignments::value(cx, one)).collect();
        record.set(cx.office.client.assignments, Value::Collection(Arc::new(all)));
    }
    record
}

async fn page(
    cx: &Cx<'_>,
    configuration: &OfficeConfiguration,
    cast: Option<TypeId>,
    query: &CollectionQuery,
) -> Result<Page, Error> {
    let (query, rows) = rows(cx, configuration, cast, query).await?;
    let mut page = collection::page(cx, rows.into_iter(), &query)?;
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

/// Records for the query to run over, with assignments where it looks at them, and what of it is left for that: what it asks
/// of check-ins is answered here.
async fn rows(
    cx: &Cx<'_>,
    configuration: &OfficeConfiguration,
    cast: Option<TypeId>,
    query: &CollectionQuery,
) -> Result<(CollectionQuery, Vec<(u64, Record)>), Error> {
    let members = &cx.office.client;
    let count = members.windows.count.max(members.security.count);
    let of = CheckinMembers { statuses: members.statuses, summary: members.summary, count };
    let asked = Asked::of(cx, query, of, configuration.clients.len())?;
    let with_assignments = query.mentions(members.assignments);
    let mut records = Vec::with_capacity(configuration.clients.len());
    for row in configuration.clients.iter() {
        let mut record = light_record(cx, configuration, row, with_assignments);
        if cast.is_some_and(|cast| !cx.office.model.is_a(record.type_id, cast)) {
            continue;
        }
        asked.answer(cx, configuration, Some(row.id), &mut record).await?;
        records.push((row.seq, record));
    }
    Ok((asked.query, records))
}
