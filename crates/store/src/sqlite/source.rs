//! A data folder as something to be copied: opened without a writer, so that its database stays as it is, and read in pieces. It must never know where
//! the copy goes.

use std::path::Path;
use std::sync::Arc;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use rusqlite::{Connection, OptionalExtension as _, params};

use super::columns::{checkin, guid, number, stored};
use super::connect::Connector;
use super::folder::{self, Folder};
use super::readers::Readers;
use super::tenants::Tenants;
use super::writer::{self, Trouble};
use super::{Cached, Durability, SqliteStore, failure, fleet, load, schema, statuses};
use crate::days::first_tick;
use crate::error::{OpenError, StoreError};
use crate::ids::{ConfigurationId, TenantId};
use crate::limits::{COPIED_ROWS, LOG_ROWS_READ, SNAPSHOT_BUDGET};
use crate::rules;
use crate::shape::Shape;
use crate::transfer::{Counted, Fleet, LoggedCommit, Numbered, Source};

impl SqliteStore {
    /// Opens the store in a data folder to be read only, for this process alone. Changes are answered `Unavailable`; nothing in the database is
    /// changed, not its schema either.
    ///
    /// # Errors
    /// When there is no database, it is in use, is not ours, or its schema is not this program's.
    pub fn open_to_read(folder: &Path) -> Result<Self, OpenError> {
        let shown = folder.display().to_string();
        if !folder::database(folder).is_file() {
            return Err(OpenError::Missing { path: shown });
        }
        let lock = Folder::lock(folder)?;
        let path = lock.database();
        let failed = |error| failure::open(error, &path.display().to_string());
        let connector = Connector { vfs: None, durability: Durability::Synced };
        let connection = connector.reader(&path).map_err(failed)?;
        let (found, known) = (schema::check(&connection, &path.display().to_string())?, schema::newest());
        if found < known {
            return Err(OpenError::Older { path: shown, found, known });
        }
        let numbers = load::tenants(&connection).map_err(failed)?;
        Ok(Self {
            tenants: Arc::new(Tenants::new(numbers, SNAPSHOT_BUDGET)),
            readers: Arc::new(Readers::new(path, connector)),
            queue: Arc::new(writer::none()),
            trouble: Arc::new(Trouble::default()),
            cached: Arc::new(Cached::new()),
            loading: Default::default(),
            _folder: lock,
        })
    }

    /// Reads something of a configuration's rows; `None` when clients never checked in there.
    async fn of_owner<T: Send + 'static>(
        &self,
        tenant: TenantId,
        configuration: ConfigurationId,
        work: impl FnOnce(&Connection, Owner) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<Option<T>, StoreError> {
        let Some((id, snapshot)) = self.load(tenant).await? else { return Ok(None) };
        let Some(seq) = snapshot.owner_of_rows(configuration)?.map(|found| stored(found.seq)) else { return Ok(None) };
        let read = move |connection: &Connection| {
            let owner = owner(connection, (id, seq)).map_err(failure::read)?;
            owner.map(|owner| work(connection, owner)).transpose().map_err(failure::read)
        };
        self.readers.read(Shape::Quick, read).await
    }

    async fn read_log(&self, tenant: TenantId, after: u64) -> Result<Vec<LoggedCommit>, StoreError> {
        let Some((id, _)) = self.load(tenant).await? else { return Ok(Vec::new()) };
        self.readers.read(Shape::Quick, move |connection| logged(connection, id, after)).await
    }
}

/// Whose rows: the number that they have, and the latest day on which a check-in was recorded.
#[derive(Clone, Copy)]
struct Owner {
    number: i64,
    newest: i32,
}

impl Owner {
    fn first_day(self) -> i32 {
        rules::first_day_kept(self.newest)
    }

    fn rows(self, connection: &Connection, after: Option<i64>) -> rusqlite::Result<Vec<Numbered>> {
        let mut statement = connection.prepare_cached(&format!(
            "SELECT h.id, {columns} FROM checkins h CROSS JOIN checkin_texts c ON c.id = h.id
             WHERE h.id >= ?1 AND h.id < ?2 AND h.ticks >= ?3 ORDER BY h.id LIMIT ?4",
            columns = statuses::columns(),
        ))?;
        let from = fleet::row_id(self.number, 0).saturating_add(after.map_or(0, |key| key.saturating_add(1)));
        let to = fleet::row_id(self.number + 1, 0);
        let most = i64::try_from(COPIED_ROWS).unwrap_or(i64::MAX);
        let rows = statement.query_map(params![from, to, first_tick(self.first_day().into()), most], |row| {
            Ok((fleet::row_number(row.get(0)?), Arc::new(checkin(row, 1)?)))
        })?;
        rows.collect()
    }

    fn counts(self, connection: &Connection) -> rusqlite::Result<Vec<Counted>> {
        let mut statement = connection.prepare_cached(
            "SELECT client, day, seen, failed, rows FROM checkin_days
             WHERE owner = ?1 AND day >= ?2 AND (seen <> 0 OR failed <> 0 OR rows <> 0) ORDER BY client, day",
        )?;
        let rows = statement.query_map((self.number, self.first_day()), |row| {
            let (client, day, seen) = (row.get(0)?, row.get(1)?, row.get(2)?);
            Ok(Counted { client, day, seen, failed: row.get(3)?, rows: row.get(4)? })
        })?;
        rows.collect()
    }
}

fn owner(connection: &Connection, of: fleet::Of) -> rusqlite::Result<Option<Owner>> {
    connection
        .prepare_cached("SELECT owner, newest FROM checkin_owners WHERE tenant = ?1 AND configuration = ?2")?
        .query_row(of, |row| Ok(Owner { number: row.get(0)?, newest: row.get(1)? }))
        .optional()
}

/// Some commits behind a version. A row of the log has all of a transaction's.
fn logged(connection: &Connection, tenant: i64, after: u64) -> Result<Vec<LoggedCommit>, StoreError> {
    let mut statement = connection
        .prepare_cached(
            "SELECT version, commits, entries FROM change_log WHERE tenant = ?1 AND version > ?2 ORDER BY version",
        )
        .map_err(failure::read)?;
    let mut rows = statement.query(params![tenant, stored(after)]).map_err(failure::read)?;
    let enough = usize::try_from(LOG_ROWS_READ).unwrap_or(usize::MAX);
    let mut all = Vec::new();
    while all.len() < enough
        && let Some(row) = rows.next().map_err(failure::read)?
    {
        let (last, commits) = (number(row, 0).map_err(failure::read)?, number(row, 1).map_err(failure::read)?);
        let entries: String = row.get(2).map_err(failure::read)?;
        let entries: Vec<(i64, String, String)> =
            serde_json::from_str(&entries).map_err(|e| StoreError::Unavailable(Arc::new(e)))?;
        let first = last.saturating_sub(commits) + 1;
        let entries = (first..).zip(entries).skip_while(|(version, _)| *version <= after);
        all.extend(entries.map(|(version, (ticks, actor, changes))| LoggedCommit { version, ticks, actor, changes }));
    }
    Ok(all)
}

impl Source for SqliteStore {
    fn tenants(&self) -> BoxFuture<'_, Result<Vec<TenantId>, StoreError>> {
        let read = |connection: &Connection| {
            let mut statement = connection.prepare("SELECT guid FROM tenants WHERE version > 0 ORDER BY guid")?;
            statement.query_map((), |row| Ok(TenantId(guid(row, 0)?)))?.collect::<rusqlite::Result<Vec<_>>>()
        };
        self.readers.read(Shape::Quick, move |connection| read(connection).map_err(failure::read)).boxed()
    }

    fn log(&self, tenant: TenantId, after: u64) -> BoxFuture<'_, Result<Vec<LoggedCommit>, StoreError>> {
        self.read_log(tenant, after).boxed()
    }

    fn fleet(
        &self,
        tenant: TenantId,
        configuration: ConfigurationId,
    ) -> BoxFuture<'_, Result<Option<Fleet>, StoreError>> {
        self.of_owner(tenant, configuration, |connection, owner| {
            Ok(Fleet { newest: owner.newest, counts: owner.counts(connection)? })
        })
        .boxed()
    }

    fn rows(
        &self,
        tenant: TenantId,
        configuration: ConfigurationId,
        after: Option<i64>,
    ) -> BoxFuture<'_, Result<Vec<Numbered>, StoreError>> {
        async move {
            let rows = self.of_owner(tenant, configuration, move |connection, owner| owner.rows(connection, after));
            Ok(rows.await?.unwrap_or_default())
        }
        .boxed()
    }
}
