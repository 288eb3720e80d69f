//! A change in one round trip. What it comes to was reckoned before anything was asked, on the tenant as it was last known here; the transaction first
//! moves the tenant's version on from that one, and fails as a whole where the tenant stands otherwise. It must never know what it writes.

use std::ops::Deref;
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::join3;
use tokio_postgres::Statement;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::ToSql;

use super::columns::stored;
use super::connect::{Pool, Pooled, Session};
use super::failure::Failure;
use super::fleet;
use super::loaded::Counts;
use super::tx::{Tx, Write, ended};
use crate::ids::TenantId;

/// Locks the version and moves it; an error where that is not the one to be moved, or the tenant is not to be changed. Finding no row would be none, and
/// what is on its way behind it would be done. It sets what every change has set ([`super::tx`]), with no statement of its own.
const MOVE: &str = "WITH moved AS (
         UPDATE tenant_version SET version = $3 WHERE tenant = $1 AND version = $2 AND state = 0 RETURNING 1)
     SELECT 1 / count(*), set_config('officeconfig.tenant', $4, true), set_config('jit', 'off', true),
         set_config('enable_sort', 'off', true)
     FROM moved";

/// A connection on which nothing has been asked yet.
pub(super) struct AtOnce {
    session: Pooled,
    moves: Statement,
    counts: Option<Statement>,
}

impl AtOnce {
    /// Takes a connection, and prepares on it what goes before the writes; `counting` is whether what check-ins add is asked for.
    pub(super) async fn new(pool: &Pool, counting: bool) -> Result<Self, Failure> {
        let session = pool.get().await?;
        let moves = session.prepared(MOVE).await?;
        let counts = if counting { Some(session.prepared(fleet::COUNTS).await?) } else { None };
        Ok(Self { session, moves, counts })
    }

    /// Moves the version, writes, and makes it durable; gives what check-ins add. Where the tenant does not stand at `from`, it is `Moved`, and nothing was
    /// done.
    pub(super) async fn make(
        self,
        tenant: TenantId,
        (from, to): (u64, u64),
        writes: Vec<Write>,
        within: Duration,
    ) -> Result<Counts, Failure> {
        let Self { session, moves, counts } = self;
        let (from, to, name) = (stored(from), stored(to), tenant.to_string());
        let made = Tx::on(session).end_with(
            // As it is sent: nothing here may have to be prepared first.
            move |session| {
                async move {
                    let keys: [&(dyn ToSql + Sync); 4] = [&tenant.0, &from, &to, &name];
                    let counting = async {
                        match &counts {
                            Some(asked) => fleet::counts_by(asked, session.client(), tenant).await,
                            None => Ok(Counts::new()),
                        }
                    };
                    let (begun, moved, counted) =
                        join3(session.batch_execute("BEGIN"), session.query_one(&moves, &keys), counting).await;
                    begun.map_err(ended)?;
                    moved.map_err(|error| if is_moved(&error) { Failure::Moved } else { ended(error) })?;
                    counted.map_err(ended)
                }
                .boxed()
            },
            writes,
            within,
        );
        made.await
    }
}

impl Deref for AtOnce {
    type Target = Session;

    fn deref(&self) -> &Session {
        &self.session
    }
}

fn is_moved(error: &tokio_postgres::Error) -> bool {
    error.code() == Some(&SqlState::DIVISION_BY_ZERO)
}
