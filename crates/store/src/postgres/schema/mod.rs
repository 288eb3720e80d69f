//! The schema: embedded SQL, applied in order by the role that owns the tables, remembered with checksums. Servers of a version of the schema and of
//! the one before work on it side by side while it is changed. A schema that no longer serves this program, or is not what its migrations left, is
//! refused, as are servers that are too old and roles for which row-level security does not count. It must never know what a table is for.

mod check;
mod migrations;
mod steps;
#[cfg(test)]
mod tests;

use tokio_postgres::error::SqlState;

use super::connect::{Connector, Session};
use super::{failure, security};
use crate::error::OpenError;
use migrations::{MIGRATIONS, newest};
use steps::{Patience, Work};

/// Everything of ours is in it. Connections have it as their search path, so that statements need not name it.
pub(super) const SCHEMA: &str = "officeconfig";

/// The oldest server whose SQL this is.
const OLDEST_SERVER: i32 = 15;

/// What a migration did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Migrated {
    /// The schema's version before; 0 where there was none.
    pub from: i64,
    /// The schema's version now.
    pub to: i64,
    /// Whether nothing is left that only older programs need: else [`finish`] removes it.
    pub finished: bool,
}

/// The version of the schema that this program is made for.
pub(super) fn known() -> i64 {
    newest(MIGRATIONS)
}

/// Brings a database to the newest schema, as the role that the URL names and that then owns what is made, and lets `app_role` use it: the
/// role that the service connects with. Servers of the version before go on working.
///
/// # Errors
/// When the database cannot be reached, is newer, altered or not ours, or a role is missing or may do too much: nothing has changed then. When
/// others hold what has to be changed for too long, or a server is connected that would not go on: what was done till then stays, and the same
/// again goes on from there.
pub async fn migrate(url: &str, app_role: &str) -> Result<Migrated, OpenError> {
    bring(url, app_role, false).await
}

/// The same, and removes what only servers of older versions need. They are not let in any more.
///
/// # Errors
/// As [`migrate`], and when such a server is connected, or one that does not say of which version it is.
pub async fn finish(url: &str, app_role: &str) -> Result<Migrated, OpenError> {
    bring(url, app_role, true).await
}

async fn bring(url: &str, app_role: &str, finish: bool) -> Result<Migrated, OpenError> {
    let connector = Connector::new(url)?;
    let mut session = connector.first().await?;
    check_server(&session).await?;
    let shown = connector.shown();
    let work = Work { shown, app_role: Some(app_role), migrations: MIGRATIONS, finish, patience: Patience::default() };
    work.apply(session.client_mut()).await.map_err(|trouble| trouble.told(shown))
}

/// Checks that a session can serve: the server, its role, the schema. A role that owns the schema, or may make it, brings it up to date.
pub(super) async fn ready(session: &mut Session, shown: &str) -> Result<(), OpenError> {
    check_server(session).await?;
    security::check_role(&**session, None).await?;
    let told = |trouble: Trouble| trouble.told(shown);
    let found = check::look(session.client_mut(), shown, MIGRATIONS).await.map_err(told)?;
    let (is_behind, known) = (found.version() < known(), known());
    if is_behind || !MIGRATIONS.iter().all(|migration| found.is_filled(migration)) {
        if may_change(session).await.map_err(|error| failure::open(error, shown))? {
            let patience = Patience::default();
            let work = Work { shown, app_role: None, migrations: MIGRATIONS, finish: false, patience };
            work.apply(session.client_mut()).await.map_err(told)?;
        } else if is_behind {
            return Err(OpenError::Behind { found: found.version(), known });
        }
    }
    security::check_privileges(&**session, shown).await
}

/// Whether the role owns the schema, or may make it.
async fn may_change(session: &Session) -> Result<bool, tokio_postgres::Error> {
    let asked = "SELECT CASE WHEN to_regclass('officeconfig.schema_migrations') IS NULL
            THEN has_database_privilege(current_database(), 'CREATE')
            ELSE (SELECT pg_has_role(relowner, 'USAGE') FROM pg_class WHERE oid = to_regclass('officeconfig.schema_migrations')) END";
    session.query_one(asked, &[]).await?.try_get(0)
}

/// Why a schema was not checked or made.
enum Trouble {
    /// Another one was making the same.
    Raced,
    /// What was to be locked is held by others, or it took too long: nothing of the step happened, and it may be tried again.
    Waited,
    Open(OpenError),
    Database(tokio_postgres::Error),
}

impl From<tokio_postgres::Error> for Trouble {
    fn from(error: tokio_postgres::Error) -> Self {
        let waited = [SqlState::LOCK_NOT_AVAILABLE, SqlState::QUERY_CANCELED, SqlState::T_R_DEADLOCK_DETECTED];
        match error.code() {
            Some(code) if waited.contains(code) => Self::Waited,
            _ => Self::Database(error),
        }
    }
}

impl From<OpenError> for Trouble {
    fn from(error: OpenError) -> Self {
        Self::Open(error)
    }
}

impl Trouble {
    fn told(self, shown: &str) -> OpenError {
        match self {
            Self::Raced | Self::Waited => OpenError::Held { shown: shown.to_owned() },
            Self::Open(error) => error,
            Self::Database(error) => failure::open(error, shown),
        }
    }
}

async fn check_server(session: &Session) -> Result<(), OpenError> {
    let asked = "SELECT current_setting('server_version_num')::int / 10000";
    let found: i32 =
        session.query_one(asked, &[]).await.and_then(|row| row.try_get(0)).map_err(|e| failure::open(e, ""))?;
    new_enough(found)
}

fn new_enough(found: i32) -> Result<(), OpenError> {
    if found < OLDEST_SERVER { Err(OpenError::ServerTooOld { found, oldest: OLDEST_SERVER }) } else { Ok(()) }
}
