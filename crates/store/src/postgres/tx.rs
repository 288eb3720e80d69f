//! A transaction of one tenant. It tells the database whose it is, so that row-level security counts, and reads the tenant's version with its
//! first round trip. Its end is honest: what came of a COMMIT whose answer does not count is `Unknown`, and the connection goes. It must never
//! cancel a COMMIT: one that waits for a standby would answer success though it is only local.

use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, join, join_all, join3, ready};
use tokio_postgres::error::{DbError, Severity};
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Statement};

use super::connect::{Pool, Pooled, Session};
use super::failure::{Failure, TookTooLong, Warned};
use crate::ids::TenantId;
use crate::limits::READ_DEADLINE;

/// What a transaction is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// Reading one state of the database.
    Read,
    /// Recording check-ins, at the same time as others.
    Record,
    /// Changing the control plane, one after the other: the tenant's version is locked.
    Change,
}

const VERSION: &str = "SELECT version FROM tenant_version WHERE tenant = $1";
const LOCKED_VERSION: &str = "SELECT version FROM tenant_version WHERE tenant = $1 FOR UPDATE";

/// An open transaction. Dropped before its end, its connection goes with it.
pub(super) struct Tx {
    session: Pooled,
}

/// A statement with its values, to be sent together with others.
pub(super) type Write = (Statement, Vec<Box<dyn ToSql + Sync + Send>>);

impl Tx {
    /// Begins one, and gives the tenant's version; `None` when it never wrote.
    pub(super) async fn begin(pool: &Pool, tenant: TenantId, mode: Mode) -> Result<(Self, Option<u64>), Failure> {
        let (tx, version, ()) = Self::begin_with(pool, tenant, mode, |_| ready(Ok(())).boxed()).await?;
        Ok((tx, version))
    }

    /// The same with another question in the same round trip, if that needs no more than one. It is asked when the version is locked, or read.
    pub(super) async fn begin_with<T>(
        pool: &Pool,
        tenant: TenantId,
        mode: Mode,
        also: impl for<'c> FnOnce(&'c Client) -> BoxFuture<'c, Result<T, tokio_postgres::Error>>,
    ) -> Result<(Self, Option<u64>, T), Failure> {
        let session = pool.get().await?;
        let asked = if mode == Mode::Change { LOCKED_VERSION } else { VERSION };
        let asked = session.prepared(asked).await?;
        session.set_busy(true);
        let tx = Self { session };
        let begin = match mode {
            // The server ends a read that takes too long by itself; a statement that writes is never cancelled by a time.
            Mode::Read => format!(
                "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL statement_timeout = {}",
                READ_DEADLINE.as_millis()
            ),
            Mode::Record | Mode::Change => "BEGIN".to_owned(),
        };
        // A tenant's id is its own text: there is nothing to escape.
        let begin = format!("{begin}; SELECT set_config('officeconfig.tenant', '{tenant}', true)");
        // All are on their way before the first is answered.
        let (begun, version, answer) =
            join3(tx.batch_execute(&begin), tx.query_opt(&asked, &[&tenant.0]), also(tx.client())).await;
        begun?;
        let version = version?.map(|row| row.try_get::<_, i64>(0)).transpose()?;
        let answer = answer?;
        Ok((tx, version.map(i64::cast_unsigned), answer))
    }

    /// Makes the tenant known, and locks its version, which it gives.
    pub(super) async fn introduce(&self, tenant: TenantId) -> Result<u64, Failure> {
        let made =
            self.prepared("INSERT INTO tenant_version (tenant, version) VALUES ($1, 0) ON CONFLICT DO NOTHING").await?;
        let asked = self.prepared(LOCKED_VERSION).await?;
        let (made, version) = join(self.execute(&made, &[&tenant.0]), self.query_one(&asked, &[&tenant.0])).await;
        made?;
        Ok(version?.try_get::<_, i64>(0)?.cast_unsigned())
    }

    /// Makes what was done durable.
    pub(super) async fn commit(self, within: Duration) -> Result<(), Failure> {
        self.commit_after(Vec::new(), within).await
    }

    /// Does the last of it, and makes all of it durable, in one round trip.
    pub(super) async fn commit_after(self, writes: Vec<Write>, within: Duration) -> Result<(), Failure> {
        let session = &*self;
        session.take_warning();
        let writing = writes
            .iter()
            .map(|(sql, values)| session.execute_raw(sql, values.iter().map(|value| &**value as &(dyn ToSql + Sync))));
        let ending = join(join_all(writing), session.batch_execute("COMMIT"));
        let Ok((written, committed)) = tokio::time::timeout(within, ending).await else {
            return Err(Failure::Unknown(Arc::new(TookTooLong)));
        };
        // After a statement that the server refused there is nothing to commit, and it does not.
        for written in written {
            if let Err(error) = written {
                return Err(ended(error));
            }
        }
        if session.take_warning() {
            return Err(Failure::Unknown(Arc::new(Warned)));
        }
        committed.map_err(ended)?;
        self.session.set_busy(false);
        Ok(())
    }

    /// Ends a transaction that changed nothing, or shall not have. Nobody waits for it: who has the connection next comes after it, and finds out
    /// whether it is there.
    pub(super) fn end(self) {
        // Being polled once it is on its way.
        let _ = self.batch_execute("ROLLBACK").now_or_never();
        self.session.set_busy(false);
    }
}

/// What an error says after COMMIT was sent: only the server's own word that the transaction failed is one, and not its last.
fn ended(error: tokio_postgres::Error) -> Failure {
    let is_told = error.as_db_error().and_then(DbError::parsed_severity) == Some(Severity::Error);
    if is_told { Failure::from(error) } else { Failure::Unknown(Arc::new(error)) }
}

impl Deref for Tx {
    type Target = Session;

    fn deref(&self) -> &Session {
        &self.session
    }
}

impl Drop for Tx {
    fn drop(&mut self) {
        // The server undoes what it has not been told to commit, when it sees that nobody is there.
        self.session.end_if_busy();
    }
}
