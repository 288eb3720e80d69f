//! Connections: made, driven and pooled by us, because only who drives a connection sees the server's notices, and a WARNING at COMMIT counts
//! for more than its success. It must never know a table.

use std::collections::HashMap;
use std::ops::Deref;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use deadpool::Runtime;
use deadpool::managed::{self, Metrics, Object, PoolError, RecycleError, RecycleResult};
use futures_util::future::{poll_fn, select_ok};
use tokio::sync::mpsc;
use tokio::task::AbortHandle;
use tokio_postgres::error::Severity;
use tokio_postgres::{AsyncMessage, Client, GenericClient, Statement};

use super::address::Address;
use super::failure::{self, Failure, TookTooLong};
use super::tls::Tls;
use crate::error::OpenError;
use crate::limits::{CONNECT_DEADLINE, CONNECTION_WAIT, CONNECTIONS, STATEMENTS_PREPARED};

/// How a connection names itself, unless the URL says how.
pub(super) const NAME: &str = "officeconfig";
/// What follows: before it is known which older programs are connected, nothing that they need may be removed.
pub(super) const SAYS_SCHEMA: &str = "schema ";
/// The last version of the schema whose programs do not say it.
pub(super) const LAST_SILENT: i64 = 2;
/// Bytes of a name that the server keeps.
const NAME_BYTES_MAX: usize = 63;

/// The name of a connection of a program that is made for a version of the schema.
pub(super) fn name(theirs: Option<&str>, schema: i64) -> String {
    let says = format!(" ({SAYS_SCHEMA}{schema})");
    let name = theirs.unwrap_or(NAME);
    format!("{}{says}", &name[..name.floor_char_boundary(NAME_BYTES_MAX - says.len())])
}

/// A connection with what is prepared on it.
pub(super) struct Session {
    client: Client,
    warned: Arc<AtomicBool>,
    /// In the middle of something: of no use for anything else.
    busy: AtomicBool,
    statements: Mutex<HashMap<&'static str, Statement>>,
    /// Runs the connection, which ends with it.
    driver: AbortHandle,
}

impl Deref for Session {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

/// Who keeps what was prepared, for statements that come with almost every request: planning those takes longer than running them.
pub(super) trait Prepares: Sync {
    type Client: GenericClient + Sync;

    fn client(&self) -> &Self::Client;

    fn prepared(&self, sql: &'static str) -> impl Future<Output = Result<Statement, tokio_postgres::Error>> + Send;
}

impl Prepares for Session {
    type Client = Client;

    fn client(&self) -> &Client {
        self.client()
    }

    fn prepared(&self, sql: &'static str) -> impl Future<Output = Result<Statement, tokio_postgres::Error>> + Send {
        self.prepared(sql)
    }
}

#[cfg(test)]
impl Prepares for tokio_postgres::Transaction<'_> {
    type Client = Self;

    fn client(&self) -> &Self {
        self
    }

    async fn prepared(&self, sql: &'static str) -> Result<Statement, tokio_postgres::Error> {
        self.prepare(sql).await
    }
}

impl Session {
    /// For what is written for any client of the driver.
    pub(super) fn client(&self) -> &Client {
        &self.client
    }

    /// A statement, prepared the first time it is asked for.
    pub(super) async fn prepared(&self, sql: &'static str) -> Result<Statement, tokio_postgres::Error> {
        let known = self.statements.lock().unwrap_or_else(PoisonError::into_inner).get(sql).cloned();
        if let Some(known) = known {
            return Ok(known);
        }
        let made = self.client.prepare(sql).await?;
        let mut statements = self.statements.lock().unwrap_or_else(PoisonError::into_inner);
        if statements.len() >= STATEMENTS_PREPARED {
            statements.clear();
        }
        statements.insert(sql, made.clone());
        Ok(made)
    }

    /// Whether the server warned since this was asked last.
    pub(super) fn take_warning(&self) -> bool {
        self.warned.swap(false, Ordering::Relaxed)
    }

    /// For a transaction of the driver's own, which no one else shares the connection with.
    pub(super) fn client_mut(&mut self) -> &mut Client {
        &mut self.client
    }

    /// Ends the connection when something on it did not come to its end. Nothing is cancelled: the server goes on with what it has been told.
    pub(super) fn end_if_busy(&self) {
        if self.busy.load(Ordering::Relaxed) {
            self.end();
        }
    }

    /// Ends the connection, whatever is on its way.
    pub(super) fn end(&self) {
        self.driver.abort();
    }

    /// Says that a transaction begins, or has come to its end.
    pub(super) fn set_busy(&self, busy: bool) {
        self.busy.store(busy, Ordering::Relaxed);
    }
}

/// Makes connections.
#[derive(Clone)]
pub(super) struct Connector {
    address: Address,
    tls: Tls,
}

impl Connector {
    pub(super) fn new(url: &str) -> Result<Self, OpenError> {
        let address = Address::read(url)?;
        let tls = Tls::new(&address)?;
        Ok(Self { address, tls })
    }

    /// For people, without a password.
    pub(super) fn shown(&self) -> &str {
        &self.address.shown
    }

    /// A connection of one's own.
    pub(super) async fn session(&self) -> Result<Session, tokio_postgres::Error> {
        self.listening(None).await
    }

    /// The same, whose notifications come to `heard`. They are hints: those for which there is no room are left out.
    pub(super) async fn listening(
        &self,
        heard: Option<mpsc::Sender<String>>,
    ) -> Result<Session, tokio_postgres::Error> {
        // All hosts at once: one that accepts and then says nothing does not keep the one that would serve from being found.
        let attempts = self.address.each.iter().map(|config| Box::pin(config.connect(self.tls.clone())));
        let ((client, mut connection), _) = select_ok(attempts).await?;
        let warned = Arc::new(AtomicBool::new(false));
        let noted = Arc::clone(&warned);
        let driver = tokio::spawn(async move {
            while let Some(message) = poll_fn(|cx| connection.poll_message(cx)).await {
                match message {
                    // Told before the statement's own answer is: whoever awaits that finds it noted.
                    Ok(AsyncMessage::Notice(notice)) if notice.parsed_severity() == Some(Severity::Warning) => {
                        tracing::warn!(code = notice.code().code(), message = notice.message(), "PostgreSQL warns");
                        noted.store(true, Ordering::Relaxed);
                    }
                    Ok(AsyncMessage::Notification(notification)) => {
                        if let Some(heard) = &heard {
                            let _ = heard.try_send(notification.payload().to_owned());
                        }
                    }
                    Ok(_) => {}
                    Err(error) => {
                        tracing::debug!(%error, "a connection to PostgreSQL ended");
                        break;
                    }
                }
            }
        });
        let driver = driver.abort_handle();
        Ok(Session { client, warned, busy: AtomicBool::new(false), statements: Mutex::default(), driver })
    }

    /// The same, with a failure that says what to do.
    pub(super) async fn first(&self) -> Result<Session, OpenError> {
        let connected = tokio::time::timeout(CONNECT_DEADLINE, self.session()).await;
        let unreachable =
            |_| OpenError::Unreachable { shown: self.shown().to_owned(), what: "it does not answer".to_owned() };
        connected.map_err(unreachable)?.map_err(|error| failure::open(error, self.shown()))
    }
}

impl managed::Manager for Connector {
    type Type = Session;
    type Error = tokio_postgres::Error;

    async fn create(&self) -> Result<Session, tokio_postgres::Error> {
        self.session().await
    }

    async fn recycle(&self, session: &mut Session, _: &Metrics) -> RecycleResult<tokio_postgres::Error> {
        if session.client.is_closed() || session.busy.load(Ordering::Relaxed) {
            return Err(RecycleError::message("of no use any more"));
        }
        Ok(())
    }
}

/// Connections that wait to be used.
#[derive(Clone)]
pub(super) struct Pool(managed::Pool<Connector>);

/// A connection of the pool. It goes back when it is dropped, unless it is in the middle of something.
pub(super) type Pooled = Object<Connector>;

impl Pool {
    pub(super) fn new(connector: Connector) -> Result<Self, OpenError> {
        let pool = managed::Pool::builder(connector)
            .max_size(CONNECTIONS)
            .runtime(Runtime::Tokio1)
            .wait_timeout(Some(CONNECTION_WAIT))
            .create_timeout(Some(CONNECT_DEADLINE))
            .build();
        pool.map(Self).map_err(|error| OpenError::Database(Arc::new(error)))
    }

    pub(super) async fn get(&self) -> Result<Pooled, Failure> {
        self.0.get().await.map_err(|error| match error {
            PoolError::Backend(error) => match Failure::from(error) {
                // No transaction had begun: whatever it was, another connection may do.
                Failure::Refused(cause) => Failure::Lost(cause),
                other => other,
            },
            PoolError::Timeout(managed::TimeoutType::Wait) => Failure::Busy,
            PoolError::Closed => Failure::Refused(Arc::new(Closed)),
            _ => Failure::Lost(Arc::new(TookTooLong)),
        })
    }

    /// Lets go of all connections; none is made any more.
    pub(super) fn close(&self) {
        self.0.close();
    }
}

#[derive(Debug, thiserror::Error)]
#[error("the store is closed")]
pub(super) struct Closed;
