//! Pages of check-in rows and their summaries, from PostgreSQL. It must never decide how many of them may run at once.

mod columns;
mod scan;
mod select;

use std::sync::Arc;

use tokio_postgres::{Error, GenericClient};

use super::connect::Prepares;
use super::failure::Failure;
use super::fleet::{self, Counted};
use crate::conditions::Conditions;
use crate::days::first_tick;
use crate::domain::{CheckinStatus, OfficeConfiguration, Summary};
use crate::ids::{ClientConfigurationId, TenantId};
use crate::limits::{COPIED_ROWS, MAX_PAGE};
use crate::paging;
use crate::position::{Position, RowOrder};
use crate::predicate::Predicate;
use crate::rules;
use crate::status::{StatusPage, StatusQuery};
use crate::summary::{summarize, window};
use select::Select;

/// A row with its key.
type Found = (i64, Arc<CheckinStatus>);

/// A page of the rows of a configuration.
pub(crate) async fn page<P: Prepares>(
    on: &P,
    tenant: TenantId,
    found: &OfficeConfiguration,
    query: &StatusQuery,
) -> Result<StatusPage, Failure> {
    let tx = on.client();
    if !found.has_checkins_from_clients {
        let rows = fleet::written_rows(tx, tenant, found.seq).await?;
        return paging::page((0..).zip(&rows), query).map_err(Failure::Read);
    }
    let order = RowOrder::of(&query.order);
    let after = query.after.as_ref().map(|c| Position::open(order, c)).transpose().map_err(Failure::Read)?;
    // What no database can say is refused whatever there is.
    Predicate::of(query).map_err(Failure::Read)?;
    let of = fleet::number(found.seq);
    let Some(newest) = fleet::newest(on, tenant, of).await? else {
        return Ok(StatusPage { count: query.count.then_some(0), ..StatusPage::default() });
    };
    let mut conditions = Conditions::of(query.filter.as_ref());
    let shown_since = first_tick(rules::first_day_kept(newest).into());
    let mut select = Select::new(tenant, of);
    let plain = query.filter.is_none() && query.applied_policy.is_none();
    if order == RowOrder::Key && plain {
        select.all_since(shown_since);
    } else {
        conditions.not_before(shown_since);
    }
    select.conditions(&conditions);
    if let Some(id) = query.applied_policy {
        select.applied(id);
    }
    let others = query.filter.as_ref().filter(|_| !conditions.all_indexed());
    let filter = others.map(|filter| columns::filter(filter, select.next_param()));
    if let Some(None) = filter {
        return scan::page(tx, &select, query, after).await;
    }
    if let Some(Some(translated)) = filter {
        select.translated(translated);
    }
    let limit = query.limit.min(MAX_PAGE);
    let passed = if let Some(Position::Offset(passed)) = after { passed } else { 0 };
    let skip = query.skip.saturating_add(passed);
    let mut rows = select.clone();
    rows.after(order, after);
    let rows = if order == RowOrder::Other {
        match columns::order(&query.order, rows.next_param()) {
            Some(by) => rows.rows_by(by, limit as u64 + 1, skip),
            None => return scan::page(tx, &select, query, after).await,
        }
    } else {
        rows.rows(order, limit as u64 + 1, skip)
    };
    let count = match (query.count, plain) {
        (false, _) => None,
        (true, true) => Some(fleet::count(on, tenant, of).await?),
        (true, false) => Some(counted(tx, &select.count()).await?),
    };
    Ok(cut(fetch(tx, &rows).await?, order, limit, skip, count))
}

/// Some rows that clients reported and that are shown, with their keys, in the default order behind a key.
pub(crate) async fn behind<P: Prepares>(
    on: &P,
    tenant: TenantId,
    found: &OfficeConfiguration,
    after: Option<i64>,
) -> Result<Vec<Found>, Failure> {
    let of = fleet::number(found.seq);
    let Some(newest) = fleet::newest(on, tenant, of).await? else { return Ok(Vec::new()) };
    let mut select = Select::new(tenant, of);
    select.all_since(first_tick(rules::first_day_kept(newest).into()));
    select.after(RowOrder::Key, after.map(Position::Key));
    fetch(on.client(), &select.rows(RowOrder::Key, COPIED_ROWS as u64, 0)).await
}

/// The page of up to one row more than it has.
fn cut(mut rows: Vec<Found>, order: RowOrder, limit: usize, skip: u64, count: Option<u64>) -> StatusPage {
    let has_more = rows.len() > limit;
    rows.truncate(limit);
    let end = skip.saturating_add(limit as u64);
    let next = rows.last().filter(|_| has_more).map(|(key, row)| Position::seal(order, row.checkin.ticks(), *key, end));
    StatusPage { rows: rows.into_iter().map(|(_, row)| row).collect(), count, next }
}

/// The rows of a statement that [`Select::rows`] made.
async fn fetch<C: GenericClient + Sync>(tx: &C, select: &Select) -> Result<Vec<Found>, Failure> {
    let (sql, params) = (select.sql(), select.params());
    let found = if select.walks() {
        // Workers take longer to start than a page takes to be full, and all read further than it needs. Both are on their way at once.
        let alone = tx.batch_execute(if select.sorts() {
            "SET LOCAL max_parallel_workers_per_gather = 0"
        } else {
            "SET LOCAL max_parallel_workers_per_gather = 0; SET LOCAL enable_sort = off"
        });
        futures_util::future::try_join(alone, tx.query_typed(sql, &params)).await?.1
    } else {
        tx.query_typed(sql, &params).await?
    };
    let read = |row: &tokio_postgres::Row| {
        let status =
            CheckinStatus { applied_policies: fleet::applied(row, 1 + fleet::WIDTH)?, ..fleet::status(row, 1)? };
        Ok((row.try_get(0)?, Arc::new(status)))
    };
    Ok(found.iter().map(read).collect::<Result<_, Error>>()?)
}

async fn counted<C: GenericClient + Sync>(tx: &C, select: &Select) -> Result<u64, Failure> {
    let row = tx.query_typed_one(select.sql(), &select.params()).await?;
    let count: i64 = row.try_get(0)?;
    Ok(u64::try_from(count).unwrap_or(0))
}

/// The summary of a configuration's rows (ruling R5), or of those that one of its client configurations was delivered to.
pub(crate) async fn summary<P: Prepares>(
    on: &P,
    tenant: TenantId,
    found: &OfficeConfiguration,
    client: Option<ClientConfigurationId>,
    today: i32,
) -> Result<Summary, Failure> {
    if let Some(written) = found.summary_as_written(client) {
        return Ok(written);
    }
    let tx = on.client();
    if !found.has_checkins_from_clients {
        let rows = fleet::written_rows(tx, tenant, found.seq).await?;
        let id = client.map(|id| id.to_string());
        let rows = rows.iter().map(AsRef::as_ref);
        return Ok(summarize(
            rows.filter(|row: &&CheckinStatus| id.as_deref().is_none_or(|id| row.applies(id))),
            today,
        ));
    }
    let of = fleet::number(found.seq);
    let (first, last) = window(today);
    let days = (i32::try_from(first).unwrap_or(i32::MIN), i32::try_from(last).unwrap_or(i32::MAX));
    match fleet::counted(on, tenant, of, client, days).await? {
        Counted::Summary(summary) => Ok(summary),
        Counted::Rows { first } => {
            let mut select = Select::new(tenant, of);
            let mut conditions = Conditions::default();
            conditions.not_before(first_tick(first.into()));
            conditions.not_after(first_tick(last.saturating_add(1)) - 1);
            select.conditions(&conditions);
            if let Some(id) = client {
                select.applied(id);
            }
            let select = select.users();
            let row = tx.query_typed_one(select.sql(), &select.params()).await?;
            let (users, failed): (i64, i64) = (row.try_get(0)?, row.try_get(1)?);
            let number = |count: i64| i32::try_from(count).unwrap_or(i32::MAX);
            Ok(Summary { succeeded: number(users - failed), failed: number(failed) })
        }
    }
}
