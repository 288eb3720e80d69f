//! Brings a schema up to date while servers use it: step by step, each a short transaction that changes a part and remembers it, so that it goes on
//! from there whenever it ended. Locks are waited for in short tries with pauses between them, in which whoever queued behind goes on. It must never
//! hold a lock over a wait for anything else; a COMMIT that waits for standbys is the one exception, and all changes wait then.

use std::time::{Duration, Instant};

use tokio_postgres::{Client, GenericClient, Transaction};
use uuid::Uuid;

use super::check::{self, Found};
use super::migrations::{Migration, newest};
use super::{Migrated, SCHEMA, Trouble};
use crate::error::OpenError;
use crate::limits::{MIGRATION_HELD_MAX, MIGRATION_LOCK_WAIT, MIGRATION_PAUSE, MIGRATION_TRIES};
use crate::postgres::{connect, security};

const BOOKKEEPING: &str = "CREATE TABLE schema_migrations (
    version bigint PRIMARY KEY,
    name text NOT NULL,
    sha256 text NOT NULL,
    schema_sha256 text NOT NULL,
    serves bigint NOT NULL,
    filled boolean NOT NULL
)";

/// The same of a table that does not remember steps yet: none of its migrations had any.
const REMEMBER_STEPS: &str = "ALTER TABLE schema_migrations ADD COLUMN serves bigint, ADD COLUMN filled boolean;
    UPDATE schema_migrations SET serves = version - 1, filled = true;
    ALTER TABLE schema_migrations ALTER COLUMN serves SET NOT NULL, ALTER COLUMN filled SET NOT NULL";

/// How long what others hold is waited for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience {
    /// Tries of one step.
    pub(super) tries: u32,
    /// Between two of them.
    pub(super) pause: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { tries: MIGRATION_TRIES, pause: MIGRATION_PAUSE }
    }
}

/// What is to be done.
#[derive(Clone, Copy)]
pub(super) struct Work<'w> {
    pub(super) shown: &'w str,
    /// Who may use what is made; `None` is its owner.
    pub(super) app_role: Option<&'w str>,
    pub(super) migrations: &'w [Migration],
    /// Whether what only older programs need is removed.
    pub(super) finish: bool,
    pub(super) patience: Patience,
}

/// One transaction.
#[derive(Clone, Copy)]
enum Step<'m> {
    /// Remembers from now on how far migrations come.
    RememberSteps,
    Expand(&'m Migration),
    /// Fills some rows of a tenant.
    Fill(&'m Migration, Uuid),
    /// Remembers that all were filled.
    Filled(&'m Migration),
    /// Only asks whether it may be done.
    MayContract(&'m Migration),
    Contract(&'m Migration),
    /// Lets the role of the service use all there is.
    Grant,
}

/// When a tenant's rows are filled.
#[derive(Clone, Copy)]
enum Extent {
    /// At the first part that is not full: older programs, which still write, would keep it from ever finding none.
    Caught,
    /// When none is left.
    All,
}

impl Work<'_> {
    /// Does all that is missing.
    pub(super) async fn apply(&self, client: &mut Client) -> Result<Migrated, Trouble> {
        let to = newest(self.migrations);
        match self.make(client).await {
            Ok(true) => return Ok(Migrated { from: 0, to, finished: true }),
            Ok(false) | Err(Trouble::Raced) => {}
            Err(other) => return Err(other),
        }
        security::check_role(client, self.app_role).await?;
        let found = self.look(client).await?;
        if !found.has_steps() {
            self.patiently(client, Step::RememberSteps).await?;
        }
        for migration in self.migrations {
            if !found.has(migration) {
                self.patiently(client, Step::Expand(migration)).await?;
            }
            if !found.is_filled(migration) {
                self.fill(client, migration, Extent::Caught).await?;
                self.patiently(client, Step::Filled(migration)).await?;
            }
            if self.finish && !found.is_contracted(migration) {
                self.patiently(client, Step::MayContract(migration)).await?;
                // Older programs may have written rows since the last time. None does any more.
                self.fill(client, migration, Extent::All).await?;
                self.patiently(client, Step::Contract(migration)).await?;
            }
        }
        self.patiently(client, Step::Grant).await?;
        let finished = self.look(client).await?.is_finished(self.migrations);
        Ok(Migrated { from: found.version(), to, finished })
    }

    /// Makes all of it where there is nothing, in one transaction: nobody waits for what is not there yet. False where there is something.
    async fn make(&self, client: &mut Client) -> Result<bool, Trouble> {
        let tx = client.transaction().await?;
        security::check_role(&tx, self.app_role).await?;
        if !check::is_blank(&tx).await? {
            return Ok(false);
        }
        let made = async {
            tx.batch_execute(&format!("CREATE SCHEMA IF NOT EXISTS {SCHEMA}")).await?;
            tx.batch_execute(BOOKKEEPING).await?;
            for migration in self.migrations {
                self.expand(&tx, migration).await?;
                self.set_filled(&tx, migration).await?;
                self.contract(&tx, migration).await?;
            }
            tx.commit().await
        };
        made.await.map_err(raced)?;
        Ok(true)
    }

    /// What there is. Only a program that knows all of it changes it.
    async fn look(&self, client: &mut Client) -> Result<Found, Trouble> {
        let found = check::look(client, self.shown, self.migrations).await?;
        let known = newest(self.migrations);
        if found.version() > known {
            return Err(OpenError::Newer { found: found.version(), known }.into());
        }
        Ok(found)
    }

    /// Fills the rows of all tenants, a part at a time.
    async fn fill(&self, client: &mut Client, migration: &Migration, extent: Extent) -> Result<(), Trouble> {
        if migration.backfill.is_none() {
            return Ok(());
        }
        // Every tenant that ever wrote is there; row-level security shows the rows of one at a time.
        for row in client.query("SELECT tenant FROM tenant_version ORDER BY tenant", &[]).await? {
            let tenant = row.try_get(0)?;
            let mut full = 1;
            loop {
                let filled = self.patiently(client, Step::Fill(migration, tenant)).await?;
                let is_enough = match extent {
                    Extent::Caught => filled < full,
                    Extent::All => filled == 0,
                };
                if is_enough {
                    break;
                }
                full = full.max(filled);
            }
        }
        Ok(())
    }

    /// Does a step, and tries it again while others hold what it needs.
    async fn patiently(&self, client: &mut Client, step: Step<'_>) -> Result<u64, Trouble> {
        let mut tries = 1;
        loop {
            match self.once(client, step).await {
                Err(Trouble::Waited) if tries < self.patience.tries => {
                    tracing::debug!(tries, "others hold what the schema's next step needs: it is tried again");
                    tokio::time::sleep(self.patience.pause).await;
                    tries += 1;
                }
                done => return done,
            }
        }
    }

    /// Does a step unless somebody else has done it meanwhile, and says how many rows it changed.
    async fn once(&self, client: &mut Client, step: Step<'_>) -> Result<u64, Trouble> {
        let tx = client.transaction().await?;
        let limits = format!(
            "SET LOCAL lock_timeout = {}; SET LOCAL statement_timeout = {}",
            MIGRATION_LOCK_WAIT.as_millis(),
            MIGRATION_HELD_MAX.as_millis()
        );
        tx.batch_execute(&limits).await?;
        // One at a time; and a server that starts sees what was before or what is behind it.
        tx.batch_execute("LOCK TABLE schema_migrations IN ACCESS EXCLUSIVE MODE").await?;
        let held = Instant::now();
        let changed = self.one(&tx, step).await?;
        if held.elapsed() > MIGRATION_HELD_MAX {
            // Undone.
            return Err(Trouble::Waited);
        }
        // A COMMIT is never cancelled.
        tx.batch_execute("SET LOCAL statement_timeout = 0").await?;
        tx.commit().await?;
        Ok(changed)
    }

    async fn one(&self, tx: &Transaction<'_>, step: Step<'_>) -> Result<u64, Trouble> {
        if let Step::Fill(migration, tenant) = step {
            let Some(backfill) = migration.backfill else { return Ok(0) };
            let asked = "SELECT 1 FROM schema_migrations WHERE version = $1 AND serves < version";
            if tx.query_opt(asked, &[&migration.version]).await?.is_none() {
                // Somebody else has finished it.
                return Ok(0);
            }
            // A tenant's id is its own text: there is nothing to escape.
            tx.batch_execute(&format!("SET LOCAL officeconfig.tenant = '{tenant}'")).await?;
            return Ok(tx.execute(backfill, &[]).await?);
        }
        let found = check::check(tx, self.shown, self.migrations).await?;
        match step {
            Step::RememberSteps if !found.has_steps() => {
                tx.batch_execute(REMEMBER_STEPS).await?;
                remember_schema(tx).await?;
            }
            Step::Expand(migration) if !found.has(migration) => {
                self.refuse_older(tx, migration.serves, false).await?;
                self.expand(tx, migration).await?;
            }
            Step::Filled(migration) => self.set_filled(tx, migration).await?,
            Step::MayContract(migration) => self.refuse_older(tx, migration.version, true).await?,
            Step::Contract(migration) if !found.is_contracted(migration) => {
                self.contract(tx, migration).await?;
                // A server that connects later finds what is left when this is done: it waits for the lock on what is remembered.
                self.refuse_older(tx, migration.version, true).await?;
            }
            Step::Grant => {
                if let Some(role) = self.app_role {
                    security::grant(tx, role).await?;
                }
            }
            Step::Fill(..) | Step::RememberSteps | Step::Expand(_) | Step::Contract(_) => {}
        }
        Ok(0)
    }

    async fn expand(&self, tx: &Transaction<'_>, migration: &Migration) -> Result<(), tokio_postgres::Error> {
        tx.batch_execute(migration.expand).await?;
        security::protect(tx).await?;
        if let Some(role) = self.app_role {
            security::grant(tx, role).await?;
        }
        let row = "INSERT INTO schema_migrations VALUES ($1, $2, $3, '', $4, $5)";
        let is_filled = migration.backfill.is_none();
        tx.execute(row, &[&migration.version, &migration.name, &migration.digest(), &migration.serves, &is_filled])
            .await?;
        remember_schema(tx).await
    }

    async fn set_filled(&self, tx: &Transaction<'_>, migration: &Migration) -> Result<(), tokio_postgres::Error> {
        let row = "UPDATE schema_migrations SET filled = true WHERE version = $1";
        tx.execute(row, &[&migration.version]).await.map(drop)
    }

    async fn contract(&self, tx: &Transaction<'_>, migration: &Migration) -> Result<(), tokio_postgres::Error> {
        let Some(contract) = migration.contract else { return Ok(()) };
        tx.batch_execute(contract).await?;
        tx.execute("UPDATE schema_migrations SET serves = $1 WHERE version = $1", &[&migration.version]).await?;
        remember_schema(tx).await
    }

    /// Refuses to go on while a program is connected that is made for a schema before `oldest`; where all have to say of which they are, also
    /// one with the service's role that does not.
    async fn refuse_older(&self, tx: &Transaction<'_>, oldest: i64, all_say: bool) -> Result<(), Trouble> {
        // Everybody may see who is connected under which name. A program that says nothing but its name is of before it said more.
        let asked = "
            WITH others AS (
                SELECT application_name AS name, usename, substring(application_name FROM $3::text)::int8 AS version FROM pg_stat_activity
                WHERE datname = current_database() AND pid <> pg_backend_pid())
            SELECT name FROM others
            WHERE version < $1::int8 OR version IS NULL AND (name = $4 AND $1::int8 > $5::int8 OR $2::bool AND usename = coalesce($6, current_user))
            ORDER BY version NULLS FIRST, name LIMIT 1";
        let says = format!(r"{}([0-9]{{1,9}})", connect::SAYS_SCHEMA);
        let values: [&(dyn tokio_postgres::types::ToSql + Sync); 6] =
            [&oldest, &all_say, &says, &connect::NAME, &connect::LAST_SILENT, &self.app_role];
        match tx.query_opt(asked, &values).await? {
            Some(row) => Err(OpenError::OlderConnected { name: row.try_get(0)?, oldest }.into()),
            None => Ok(()),
        }
    }
}

/// Remembers what everything looks like.
async fn remember_schema<C: GenericClient>(client: &C) -> Result<(), tokio_postgres::Error> {
    let schema = check::fingerprint(client).await?;
    let row = "UPDATE schema_migrations SET schema_sha256 = $1
               WHERE version = (SELECT max(version) FROM schema_migrations)";
    client.execute(row, &[&schema]).await.map(drop)
}

/// Whoever else makes the same at the same time is first.
fn raced(error: tokio_postgres::Error) -> Trouble {
    use tokio_postgres::error::SqlState;
    let raced = [SqlState::UNIQUE_VIOLATION, SqlState::DUPLICATE_TABLE, SqlState::DUPLICATE_SCHEMA];
    match error.code() {
        Some(code) if raced.contains(code) => Trouble::Raced,
        _ => error.into(),
    }
}
