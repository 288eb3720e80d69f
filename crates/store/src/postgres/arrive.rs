//! A tenant that comes from another store, in one transaction: it is there whole, or nothing of it is. Its row in `tenant_version` is locked from the
//! beginning, so that a server that meets the tenant waits, and moved at the end. It must never touch a tenant that is there.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::future::try_join;
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use super::draft::{LogRows, Payloads};
use super::failure::Failure;
use super::retry::Attempts;
use super::standing::{Standing, State};
use super::tx::{Mode, Tx, Write};
use super::{PostgresStore, fleet, write};
use crate::domain::{OfficeConfiguration, PayloadContent, PayloadKind};
use crate::error::StoreError;
use crate::ids::{Caller, TenantId};
use crate::limits::{COPIED_PAYLOAD_BYTES, COPY_COMMIT_WAIT, COPY_DEADLINE, COPY_IDLE, MAX_PAGE};
use crate::snapshot::TenantSnapshot;
use crate::status::StatusQuery;
use crate::transfer::{Progress, Refused, Source, Tell, patiently};

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Arrival {
    /// The tenant is there, durably.
    Made,
    /// It was there already.
    Taken,
}

/// Tables with a tenant's rows, but for those that say where it is. Partitions are written through what they are parts of.
const TABLES: &str = "
    SELECT quote_ident(c.relname) FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
    WHERE c.relnamespace = to_regnamespace($1) AND c.relkind IN ('r', 'p') AND NOT c.relispartition
        AND c.relname NOT IN ('tenant_version', 'tenant_places') AND a.attname = 'tenant' AND NOT a.attisdropped ORDER BY 1";

impl PostgresStore {
    /// Puts a tenant there as a source has it. Rows of it that nobody sees, because there is no such tenant, are removed first. One that is to be
    /// `Paused` is being moved: it may have been there before, and left, or have been brought by a move that came to no end.
    pub(crate) async fn arrive(
        &self,
        from: &dyn Source,
        whole: &TenantSnapshot,
        becomes: State,
        tell: &Tell<'_>,
    ) -> Result<Arrival, Refused> {
        let mut attempts = Attempts::new(&self.engine.ids, COPY_DEADLINE);
        let mut doubtful = false;
        loop {
            let failure = match self.arrive_once(from, whole, becomes, doubtful, tell).await {
                Ok(arrival) => return Ok(arrival),
                Err(failure) => failure,
            };
            let again = match &failure {
                // It is found out behind the lock that the transaction in doubt has, or had.
                Failure::Unknown(cause) => {
                    doubtful = true;
                    Failure::Lost(Arc::clone(cause))
                }
                // Held by that transaction, or by a server that has met the tenant.
                Failure::Busy => Failure::Conflict(Arc::new(Held)),
                other => other.clone(),
            };
            if attempts.after(again).await.is_err() {
                return Err(match failure {
                    Failure::Read(cause) => Refused::Source(cause),
                    other => Refused::Destination(other.of_commit()),
                });
            }
        }
    }

    async fn arrive_once(
        &self,
        from: &dyn Source,
        whole: &TenantSnapshot,
        becomes: State,
        doubtful: bool,
        tell: &Tell<'_>,
    ) -> Result<Arrival, Failure> {
        let tenant = whole.tenant();
        let (tx, standing) = Tx::begin(&self.engine.pool, tenant, Mode::Change).await?;
        let standing = match standing {
            Some(standing) => standing,
            None => tx.introduce(tenant).await?,
        };
        let has_happened = doubtful && standing == Standing { version: whole.version(), state: becomes };
        if !has_happened && !may_arrive(standing, becomes) {
            tx.end();
            return Ok(Arrival::Taken);
        }
        if has_happened {
            // It has happened. This changes nothing; where it is durable, so is what came before it.
            let touch = tx.prepared("UPDATE tenant_version SET version = version WHERE tenant = $1").await?;
            tx.commit_after(vec![(touch, vec![Box::new(tenant.0)])], COPY_COMMIT_WAIT).await?;
            return Ok(Arrival::Made);
        }
        let idle = format!("SET LOCAL idle_in_transaction_session_timeout = {}", COPY_IDLE.as_millis());
        tx.batch_execute(&idle).await?;
        let arriving = Arriving { tx: &tx, from, whole, caller: Caller { tenant, actor: Arc::from("copy") }, tell };
        clear(&tx, tenant).await?;
        arriving.write(write::whole(&tx, whole).await?).await?;
        arriving.payloads().await?;
        arriving.log().await?;
        arriving.statuses().await?;
        let last = write::of_version(&tx, whole, becomes).await?;
        tx.commit_after(last, COPY_COMMIT_WAIT).await?;
        Ok(Arrival::Made)
    }

    /// Removes what a tenant left behind that lives elsewhere now; nothing of one that is here.
    pub(crate) async fn clear_left(&self, tenant: TenantId) -> Result<(), StoreError> {
        self.clear_gone(tenant).await.map_err(Failure::of_read)
    }

    async fn clear_gone(&self, tenant: TenantId) -> Result<(), Failure> {
        let (tx, standing) = Tx::begin(&self.engine.pool, tenant, Mode::Change).await?;
        if standing.is_none_or(|standing| standing.state != State::Gone) {
            tx.end();
            return Ok(());
        }
        clear(&tx, tenant).await?;
        tx.commit(COPY_COMMIT_WAIT).await
    }
}

/// Whether nobody sees what is there of a tenant.
fn may_arrive(found: Standing, becomes: State) -> bool {
    match found.state {
        State::Here => found.version == 0,
        State::Paused | State::Gone => becomes == State::Paused,
    }
}

/// Removes all rows of a tenant but those that say where it is.
async fn clear(tx: &Tx, tenant: TenantId) -> Result<(), Failure> {
    for row in tx.query(TABLES, &[&super::schema::SCHEMA]).await? {
        let table: &str = row.try_get(0)?;
        tx.execute(&format!("DELETE FROM {table} WHERE tenant = $1"), &[&tenant.0]).await?;
    }
    Ok(())
}

#[derive(Debug, thiserror::Error)]
#[error("another transaction holds the tenant")]
struct Held;

/// A tenant on its way.
struct Arriving<'a> {
    tx: &'a Tx,
    from: &'a dyn Source,
    whole: &'a TenantSnapshot,
    caller: Caller,
    tell: &'a Tell<'a>,
}

impl Arriving<'_> {
    fn tenant(&self) -> TenantId {
        self.caller.tenant
    }

    async fn write(&self, writes: Vec<Write>) -> Result<(), Failure> {
        for (statement, values) in &writes {
            let values = values.iter().map(|value| &**value as &(dyn ToSql + Sync));
            self.tx.execute_raw(statement, values).await?;
        }
        Ok(())
    }

    async fn payloads(&self) -> Result<(), Failure> {
        let (mut gathered, mut bytes): (Payloads, usize) = (BTreeMap::new(), 0);
        for configuration in self.whole.configurations() {
            for client in configuration.clients.iter() {
                for which in [PayloadKind::Policy, PayloadKind::UserPreference] {
                    let Some(payload) = client.payload(which) else { continue };
                    let content = match &payload.content {
                        PayloadContent::Inline(content) => content.clone(),
                        PayloadContent::Stored => {
                            let ask = || self.from.payload(&self.caller, configuration.id, client.id, which);
                            let gone = StoreError::NotFound { what: crate::error::What::Payload };
                            patiently(ask).await.map_err(Failure::Read)?.ok_or(Failure::Read(gone))?.1
                        }
                    };
                    bytes += content.len();
                    gathered.insert((client.seq, which), Some((Arc::clone(payload), content)));
                    if bytes >= COPIED_PAYLOAD_BYTES {
                        let full = std::mem::take(&mut gathered);
                        self.write(write::of_payloads(self.tx, self.tenant(), full).await?).await?;
                        bytes = 0;
                    }
                }
            }
        }
        self.write(write::of_payloads(self.tx, self.tenant(), gathered).await?).await
    }

    async fn log(&self) -> Result<(), Failure> {
        let mut after = 0;
        loop {
            let commits = patiently(|| self.from.log(self.tenant(), after)).await.map_err(Failure::Read)?;
            let Some(last) = commits.last() else { return Ok(()) };
            after = last.version;
            let mut rows = LogRows::default();
            for commit in &commits {
                // No writer waits to hear what came of it.
                rows.push(commit.version, Uuid::nil(), commit.ticks, &commit.actor, &commit.changes);
            }
            self.write(write::of_log(self.tx, self.tenant(), rows).await?).await?;
        }
    }

    async fn statuses(&self) -> Result<(), Failure> {
        let mut numbers = fleet::Numbers::default();
        for configuration in self.whole.configurations() {
            if configuration.has_checkins_from_clients {
                self.reported(configuration, &mut numbers).await?;
            } else if configuration.status_count > 0 {
                self.written(configuration).await?;
            }
        }
        Ok(())
    }

    /// Rows that clients reported, a part at a time; the next one is read while one is written.
    async fn reported(&self, of: &OfficeConfiguration, numbers: &mut fleet::Numbers) -> Result<(), Failure> {
        let (tx, tenant) = (self.tx.client(), self.tenant());
        let kept = patiently(|| self.from.fleet(tenant, of.id)).await.map_err(Failure::Read)?;
        let Some(kept) = kept else { return Ok(()) };
        fleet::open(tx, tenant, of.seq, &kept).await?;
        let read = async |after| patiently(|| self.from.rows(tenant, of.id, after)).await.map_err(Failure::Read);
        let mut rows = read(None).await?;
        while let Some(last) = rows.last().map(|(key, _)| *key) {
            let insert = async { Ok(fleet::insert_rows(tx, tenant, of.seq, &rows).await?) };
            let (next, ()) = try_join(read(Some(last)), insert).await?;
            numbers.pass(tx, last).await?;
            (self.tell)(Progress::Rows(rows.len()));
            rows = next;
        }
        Ok(())
    }

    /// Rows that an administrator wrote, which are few.
    async fn written(&self, of: &OfficeConfiguration) -> Result<(), Failure> {
        let mut rows = Vec::new();
        let mut query = StatusQuery::all(of.id, MAX_PAGE);
        loop {
            let page = patiently(|| self.from.statuses(&self.caller, query.clone())).await.map_err(Failure::Read)?;
            rows.extend(page.rows);
            query.after = page.next;
            if query.after.is_none() {
                break;
            }
        }
        fleet::insert_written(self.tx.client(), self.tenant(), of.seq, &rows).await?;
        (self.tell)(Progress::Rows(rows.len()));
        Ok(())
    }
}
