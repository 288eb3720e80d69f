//! A transaction of one tenant. It tells the database whose it is, so that row-level security counts, and reads with its first round trip the
//! tenant's version and whether it is here at all: a read of what is gone, and check-ins for what is not to be changed, end there. Its end is honest: what came of a COMMIT whose answer does not count is `Unknown`, and the connection goes. It must never
//! cancel a COMMIT: one that waits for a standby would answer success though it is only local.

use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, join, join_all, join3, join4, ready};
use tokio_postgres::Statement;
use tokio_postgres::error::{DbError, Severity};
use tokio_postgres::types::ToSql;

use super::connect::{Pool, Pooled, Session};
use super::failure::{Failure, TookTooLong, Warned};
use super::standing::Standing;
use crate::ids::TenantId;
use crate::limits::{READ_AS_PLANNED, READ_DEADLINE};

/// What a transaction is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// Reading one state of the database.
    Read,
    /// The same when PostgreSQL, which took a great many rows for few, has not come to the end of it.
    ReadMany,
    /// Reading of a tenant that may live elsewhere.
    Look,
    /// Recording check-ins, at the same time as others.
    Record,
    /// Changing the control plane, one after the other: the tenant's version is locked. Who changes judges by itself whether the tenant is here: it
    /// may have to find out first what came of a change before.
    Change,
}

const VERSION: &str = "SELECT version, state FROM tenant_version WHERE tenant = $1";
/// Excludes other changes and whoever pauses the tenant, not check-ins: with `FOR UPDATE` their batches would wait for each COMMIT, and that for
/// standbys. The change's own `UPDATE` of the version takes no more.
const LOCKED_VERSION: &str = "SELECT version, state FROM tenant_version WHERE tenant = $1 FOR NO KEY UPDATE";
/// Excludes only whoever pauses the tenant (`FOR UPDATE`), who so waits for the batches under way. What is paused is not locked: a stream of batches
/// that are refused would keep out who waits for those before them. The state is read after it, by a statement of its own: this one may still see
/// the row as it was before it had to wait.
const BESIDE_OTHERS: &str = "SELECT FROM tenant_version WHERE tenant = $1 AND state = 0 FOR KEY SHARE";

/// What no statement is worth: PostgreSQL compiles those that it expects to be long, in a quarter of a second, and what makes it take the right index
/// (see `fleet`) makes it expect that.
const NEVER_COMPILED: &str = ", set_config('jit', 'off', true)";
/// Who writes looks rows up in an order that only the right index has: sorting what another one finds costs nothing in the eyes of PostgreSQL where it
/// knows nothing of a tenant's rows yet.
const NEVER_SORTED: &str = ", set_config('enable_sort', 'off', true)";
/// For each row of one table to read all of the other looks cheap while both are taken for one row.
const NEVER_ONE_BY_ONE: &str = ", set_config('enable_nestloop', 'off', true)";

/// An open transaction. Dropped before its end, its connection goes with it.
pub(super) struct Tx {
    session: Pooled,
}

/// A statement with its values, to be sent together with others.
pub(super) type Write = (Statement, Vec<Box<dyn ToSql + Sync + Send>>);

impl Tx {
    /// One that begins with what is sent next.
    pub(super) fn on(session: Pooled) -> Self {
        session.set_busy(true);
        Self { session }
    }

    /// Begins one, and gives where the tenant stands; `None` when it never wrote.
    pub(super) async fn begin(pool: &Pool, tenant: TenantId, mode: Mode) -> Result<(Self, Option<Standing>), Failure> {
        let (tx, standing, ()) = Self::begin_with(pool, tenant, mode, |_| ready(Ok(())).boxed()).await?;
        Ok((tx, standing))
    }

    /// The same with another question in the same round trip, if that needs no more than one. It is asked when the version is locked, or read.
    pub(super) async fn begin_with<T>(
        pool: &Pool,
        tenant: TenantId,
        mode: Mode,
        also: impl for<'c> FnOnce(&'c Session) -> BoxFuture<'c, Result<T, tokio_postgres::Error>>,
    ) -> Result<(Self, Option<Standing>, T), Failure> {
        let session = pool.get().await?;
        let asked = session.prepared(if mode == Mode::Change { LOCKED_VERSION } else { VERSION }).await?;
        let lock = if mode == Mode::Record { Some(session.prepared(BESIDE_OTHERS).await?) } else { None };
        let tx = Self::on(session);
        let begin = match mode {
            // The server ends a read that takes too long by itself; a statement that writes is never cancelled by a time.
            Mode::Read | Mode::ReadMany | Mode::Look => format!(
                "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL statement_timeout = {}",
                if mode == Mode::Read { READ_AS_PLANNED } else { READ_DEADLINE }.as_millis()
            ),
            Mode::Record | Mode::Change => "BEGIN".to_owned(),
        };
        let planned = match mode {
            Mode::Record | Mode::Change => NEVER_SORTED,
            Mode::ReadMany => NEVER_ONE_BY_ONE,
            Mode::Read | Mode::Look => "",
        };
        // A tenant's id is its own text: there is nothing to escape.
        let begin =
            format!("{begin}; SELECT set_config('officeconfig.tenant', '{tenant}', true){NEVER_COMPILED}{planned}");
        // All are on their way before the first is answered.
        let locking = async {
            match &lock {
                Some(lock) => tx.execute(lock, &[&tenant.0]).await.map(|rows| rows > 0),
                None => Ok(true),
            }
        };
        let (begun, locked, standing, answer) =
            join4(tx.batch_execute(&begin), locking, tx.query_opt(&asked, &[&tenant.0]), also(&tx.session)).await;
        begun?;
        let is_locked = locked?;
        let standing = standing?.map(|row| Standing::read(&row, 0)).transpose()?;
        let answer = answer?;
        let judged = match (mode, standing) {
            (Mode::Read | Mode::ReadMany, Some(standing)) => standing.may_be_read(),
            (Mode::Record, Some(standing)) => standing.may_be_changed().and(if is_locked {
                Ok(())
            } else {
                Err(Failure::Conflict(Arc::new(CameMeanwhile)))
            }),
            _ => Ok(()),
        };
        match judged {
            Ok(()) => Ok((tx, standing, answer)),
            Err(failure) => {
                tx.end();
                Err(failure)
            }
        }
    }

    /// Makes the tenant known, and locks its version, which it gives.
    pub(super) async fn introduce(&self, tenant: TenantId) -> Result<Standing, Failure> {
        let made =
            self.prepared("INSERT INTO tenant_version (tenant, version) VALUES ($1, 0) ON CONFLICT DO NOTHING").await?;
        let asked = self.prepared(LOCKED_VERSION).await?;
        let (made, version) = join(self.execute(&made, &[&tenant.0]), self.query_one(&asked, &[&tenant.0])).await;
        made?;
        Standing::read(&version?, 0)
    }

    /// Makes what was done durable.
    pub(super) async fn commit(self, within: Duration) -> Result<(), Failure> {
        self.commit_after(Vec::new(), within).await
    }

    /// Does the last of it, and makes all of it durable, in one round trip.
    pub(super) async fn commit_after(self, writes: Vec<Write>, within: Duration) -> Result<(), Failure> {
        self.end_with(|_| ready(Ok(())).boxed(), writes, within).await
    }

    /// The same with `first` before it, on its way in the same round trip if that needs no more than one.
    pub(super) async fn end_with<T>(
        self,
        first: impl for<'c> FnOnce(&'c Session) -> BoxFuture<'c, Result<T, Failure>>,
        writes: Vec<Write>,
        within: Duration,
    ) -> Result<T, Failure> {
        let session = &*self;
        session.take_warning();
        let writing = writes
            .iter()
            .map(|(sql, values)| session.execute_raw(sql, values.iter().map(|value| &**value as &(dyn ToSql + Sync))));
        let ending = join3(first(session), join_all(writing), session.batch_execute("COMMIT"));
        let Ok((first, written, committed)) = tokio::time::timeout(within, ending).await else {
            return Err(Failure::Unknown(Arc::new(TookTooLong)));
        };
        // After a statement that the server refused there is nothing to commit, and it does not.
        let done = first.and_then(|first| match written.into_iter().find_map(Result::err) {
            Some(error) => Err(ended(error)),
            None => Ok(first),
        });
        if done.is_ok() && session.take_warning() {
            return Err(Failure::Unknown(Arc::new(Warned)));
        }
        let committed = committed.map_err(ended);
        // Refused or made: it has come to its end.
        session.set_busy(committed.is_err());
        done.and_then(|first| committed.map(|()| first))
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
pub(super) fn ended(error: tokio_postgres::Error) -> Failure {
    let is_told = error.as_db_error().and_then(DbError::parsed_severity) == Some(Severity::Error);
    if is_told { Failure::from(error) } else { Failure::Unknown(Arc::new(error)) }
}

#[derive(Debug, thiserror::Error)]
#[error("the tenant came while it was looked for")]
struct CameMeanwhile;

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

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use uuid::Uuid;

    use super::{Mode, Pool, TenantId, Tx};
    use crate::postgres::cluster;
    use crate::postgres::connect::Connector;

    #[tokio::test]
    async fn no_statement_is_compiled_and_who_writes_never_sorts_what_an_index_gives() {
        let Some(cluster) = cluster::shared() else { return };
        let prepare = async |url: String| {
            crate::postgres::migrate(&url, cluster::APP).await.unwrap();
        };
        let database = cluster.prepared("migrated", prepare).await;
        let pool = Pool::new(Connector::new(&database.app_url()).unwrap()).unwrap();
        for (mode, sorts) in [(Mode::Read, "on"), (Mode::Look, "on"), (Mode::Record, "off"), (Mode::Change, "off")] {
            let (tx, _) = Tx::begin(&pool, TenantId(Uuid::from_u128(1)), mode).await.unwrap();
            let asked = "SELECT current_setting('jit'), current_setting('enable_sort')";
            let row = tx.query_one(asked, &[]).await.unwrap();
            assert_eq!((row.get::<_, &str>(0), row.get::<_, &str>(1)), ("off", sorts), "{mode:?}");
            tx.end();
        }
    }
}
