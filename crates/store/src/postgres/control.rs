//! One connection for what is short and asked often: the version of a tenant, of which many questions are on their way at once, and the hints that
//! tenants were changed, sent and heard. It must never be in a transaction.

use std::sync::Arc;
use std::time::Instant;

use tokio::sync::{Mutex, mpsc};
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use super::connect::{Connector, Session};
use super::failure::{Failure, TookTooLong};
use super::standing::Standing;
use crate::ids::TenantId;
use crate::limits::{CONFIRM_DEADLINE, CONNECT_DEADLINE};

/// Where hints go. Nothing depends on them.
const CHANNEL: &str = "officeconfig";

pub(super) struct Control {
    connector: Connector,
    state: Mutex<State>,
    heard: mpsc::Sender<String>,
}

#[derive(Default)]
struct State {
    session: Option<Arc<Session>>,
    failed: Option<Instant>,
}

impl Control {
    /// `heard` gets the id of a tenant that was changed, and often its version.
    pub(super) fn new(connector: Connector, heard: mpsc::Sender<String>) -> Self {
        Self { connector, state: Mutex::default(), heard }
    }

    async fn session(&self) -> Result<Arc<Session>, Failure> {
        let came = Instant::now();
        let mut state = self.state.lock().await;
        if let Some(session) = state.session.as_ref().filter(|session| !session.is_closed()) {
            return Ok(Arc::clone(session));
        }
        state.session = None;
        if state.failed.is_some_and(|at| at > came) {
            // Whoever waited here while it was tried need not try again.
            return Err(Failure::Lost(Arc::new(TookTooLong)));
        }
        let connected = tokio::time::timeout(CONNECT_DEADLINE, async {
            let session = self.connector.listening(Some(self.heard.clone())).await?;
            // Hints need not be durable.
            session.batch_execute(&format!("SET synchronous_commit = off; LISTEN {CHANNEL}")).await?;
            Ok::<_, tokio_postgres::Error>(session)
        });
        match connected.await {
            Ok(Ok(session)) => {
                let session = Arc::new(session);
                *state = State { session: Some(Arc::clone(&session)), failed: None };
                Ok(session)
            }
            Ok(Err(error)) => {
                state.failed = Some(Instant::now());
                Err(error.into())
            }
            Err(_) => {
                state.failed = Some(Instant::now());
                Err(Failure::Lost(Arc::new(TookTooLong)))
            }
        }
    }

    /// Asks on the connection; one that does not answer in time is given up.
    async fn ask(&self, sql: &'static str, values: &[&(dyn ToSql + Sync)]) -> Result<Vec<Row>, Failure> {
        let asked = async {
            let session = self.session().await?;
            let answer = ask_on(&session, sql, values).await;
            if let Err(Failure::Lost(_)) = &answer {
                self.give_up(&session).await;
            }
            answer
        };
        if let Ok(answer) = tokio::time::timeout(CONFIRM_DEADLINE, asked).await {
            return answer;
        }
        if let Some(silent) = self.state.lock().await.session.take() {
            silent.end();
        }
        Err(Failure::Lost(Arc::new(TookTooLong)))
    }

    async fn give_up(&self, session: &Arc<Session>) {
        let mut state = self.state.lock().await;
        if state.session.as_ref().is_some_and(|current| Arc::ptr_eq(current, session)) {
            state.session = None;
        }
        session.end();
    }

    /// Where a tenant stands on the primary: at version 0 when it never wrote.
    pub(super) async fn standing(&self, tenant: TenantId) -> Result<Standing, Failure> {
        let rows = self.ask("SELECT version, state FROM tenant_version WHERE tenant = $1", &[&tenant.0]).await?;
        rows.first().map_or(Ok(Standing::default()), |row| Standing::read(row, 0))
    }

    /// Where those tenants stand that have written.
    pub(super) async fn standings(&self, tenants: &[TenantId]) -> Result<Vec<(TenantId, Standing)>, Failure> {
        let ids: Vec<Uuid> = tenants.iter().map(|tenant| tenant.0).collect();
        let asked = "SELECT tenant, version, state FROM tenant_version WHERE tenant = ANY ($1)";
        let rows = self.ask(asked, &[&ids]).await?;
        rows.iter().map(|row| Ok((TenantId(row.try_get(0)?), Standing::read(row, 1)?))).collect()
    }

    /// Hints to the other servers that a tenant was changed. Not in the change's own transaction: those that notify wait for one another.
    pub(super) async fn hint(&self, tenant: TenantId, version: Option<u64>) {
        let version = version.map(|version| format!(" {version}")).unwrap_or_default();
        if let Err(failure) = self.ask("SELECT pg_notify($1, $2)", &[&CHANNEL, &format!("{tenant}{version}")]).await {
            tracing::debug!(?failure, "no hint was given; the other servers ask anyway");
        }
    }
}

async fn ask_on(session: &Session, sql: &'static str, values: &[&(dyn ToSql + Sync)]) -> Result<Vec<Row>, Failure> {
    let asked = session.prepared(sql).await?;
    Ok(session.query(&asked, values).await?)
}
