//! A database as something to be copied or compared. Each part is read in a transaction of its own: they fit together as long as nobody changes the
//! tenant. It must never write.

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;

use super::columns::{number, stored};
use super::failure::Failure;
use super::tx::{Mode, Tx};
use super::{PostgresStore, fleet, statuses};
use crate::error::StoreError;
use crate::ids::{ConfigurationId, TenantId};
use crate::limits::LOG_ROWS_READ;
use crate::rules;
use crate::transfer::{Fleet, LoggedCommit, Numbered, Source};

const TENANTS: &str = "SELECT tenant FROM tenant_version WHERE version > 0 AND state <> 2 ORDER BY tenant";
const LOG: &str = "SELECT version, ticks, actor, changes FROM change_log WHERE tenant = $1 AND version > $2
    ORDER BY version LIMIT $3";

impl PostgresStore {
    async fn all_tenants(&self) -> Result<Vec<TenantId>, Failure> {
        // The one table that shows all of them to everybody.
        let (tx, _) = Tx::begin(&self.engine.pool, TenantId(uuid::Uuid::nil()), Mode::Read).await?;
        let rows = tx.query(TENANTS, &[]).await?;
        tx.end();
        rows.iter().map(|row| Ok(TenantId(row.try_get(0)?))).collect()
    }
}

async fn logged(tx: &Tx, tenant: TenantId, after: u64) -> Result<Vec<LoggedCommit>, Failure> {
    let rows = tx.query(LOG, &[&tenant.0, &stored(after), &LOG_ROWS_READ]).await?;
    let read = |row: &tokio_postgres::Row| {
        let (ticks, actor, changes) = (row.try_get(1)?, row.try_get(2)?, row.try_get(3)?);
        Ok(LoggedCommit { version: number(row, 0)?, ticks, actor, changes })
    };
    rows.iter().map(read).collect()
}

impl Source for PostgresStore {
    fn tenants(&self) -> BoxFuture<'_, Result<Vec<TenantId>, StoreError>> {
        async move { self.all_tenants().await.map_err(Failure::of_read) }.boxed()
    }

    fn log(&self, tenant: TenantId, after: u64) -> BoxFuture<'_, Result<Vec<LoggedCommit>, StoreError>> {
        async move {
            let read = self.engine.read(tenant, |tx, _| logged(tx, tenant, after).boxed());
            read.await.map_err(Failure::of_read)
        }
        .boxed()
    }

    fn fleet(
        &self,
        tenant: TenantId,
        configuration: ConfigurationId,
    ) -> BoxFuture<'_, Result<Option<Fleet>, StoreError>> {
        async move {
            let read = self.engine.read(tenant, |tx, known| {
                async move {
                    let found = known.shown.owner_of_rows(configuration).map_err(Failure::Read)?;
                    let Some(of) = found.map(|found| fleet::number(found.seq)) else { return Ok(None) };
                    let Some(newest) = fleet::newest(&**tx, tenant, of).await? else { return Ok(None) };
                    let first = rules::first_day_kept(newest);
                    Ok(Some(Fleet { newest, counts: fleet::kept_days(tx.client(), tenant, of, first).await? }))
                }
                .boxed()
            });
            read.await.map_err(Failure::of_read)
        }
        .boxed()
    }

    fn rows(
        &self,
        tenant: TenantId,
        configuration: ConfigurationId,
        after: Option<i64>,
    ) -> BoxFuture<'_, Result<Vec<Numbered>, StoreError>> {
        async move {
            let read = self.engine.read(tenant, |tx, known| {
                async move {
                    match known.shown.owner_of_rows(configuration).map_err(Failure::Read)? {
                        Some(found) => statuses::behind(&**tx, tenant, found, after).await,
                        None => Ok(Vec::new()),
                    }
                }
                .boxed()
            });
            read.await.map_err(Failure::of_read)
        }
        .boxed()
    }
}
