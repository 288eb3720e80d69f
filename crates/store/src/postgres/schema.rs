//! Migrations: embedded SQL, applied in order by the role that owns the tables, remembered with checksums. A schema that is newer than this
//! program, or is not what its migrations leave, is refused, as are servers that are too old and roles for which row-level security does not
//! count. An applied file is never edited.

use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, GenericClient};

use super::connect::{Connector, Session};
use super::{failure, security};
use crate::digest::{self, Fingerprint};
use crate::error::OpenError;
use crate::limits::MIGRATION_LOCK_WAIT;

/// Everything of ours is in it. Connections have it as their search path, so that statements need not name it.
pub(super) const SCHEMA: &str = "officeconfig";

/// The oldest server whose SQL this is.
const OLDEST_SERVER: i32 = 15;

struct Migration {
    version: i64,
    name: &'static str,
    sql: &'static str,
}

const MIGRATIONS: &[Migration] = &[
    Migration { version: 1, name: "control", sql: include_str!("migrations/0001_control.sql") },
    Migration { version: 2, name: "checkins", sql: include_str!("migrations/0002_checkins.sql") },
];

const BOOKKEEPING: &str = "CREATE TABLE schema_migrations (
    version bigint PRIMARY KEY,
    name text NOT NULL,
    sha256 text NOT NULL,
    schema_sha256 text NOT NULL
)";

/// What a migration did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Migrated {
    /// The schema's version before; 0 where there was none.
    pub from: i64,
    /// The schema's version now.
    pub to: i64,
}

/// Brings a database to the newest schema, as the role that the URL names and that then owns what is made, and lets `app_role` use it: the
/// role that the service connects with.
///
/// # Errors
/// When the database cannot be reached, is newer, altered or not ours, or a role is missing or may do too much. Nothing has changed then.
pub async fn migrate(url: &str, app_role: &str) -> Result<Migrated, OpenError> {
    let connector = Connector::new(url)?;
    let mut session = connector.first().await?;
    check_server(&session).await?;
    let migrated = apply(session.client_mut(), connector.shown(), Some(app_role), MIGRATIONS).await;
    match migrated {
        // Somebody else made the same at the same time: now it is there.
        Err(Trouble::Raced) => apply(session.client_mut(), connector.shown(), Some(app_role), MIGRATIONS).await,
        other => other,
    }
    .map_err(|trouble| trouble.told(connector.shown()))
}

/// Checks that a session can serve: the server, its role, the schema. A role that owns the schema, or may make it, brings it up to date.
pub(super) async fn ready(session: &mut Session, shown: &str) -> Result<(), OpenError> {
    check_server(session).await?;
    let failed = |error| failure::open(error, shown);
    security::check_role(&**session, None).await?;
    let known = MIGRATIONS.last().map_or(0, |m| m.version);
    let found = check(&**session, shown).await.map_err(|trouble| trouble.told(shown))?;
    if found < known {
        let may = "SELECT CASE WHEN to_regclass('officeconfig.schema_migrations') IS NULL
                THEN has_database_privilege(current_database(), 'CREATE')
                ELSE (SELECT pg_has_role(relowner, 'USAGE') FROM pg_class WHERE oid = to_regclass('officeconfig.schema_migrations')) END";
        let may: bool = session.query_one(may, &[]).await.and_then(|row| row.try_get(0)).map_err(failed)?;
        if !may {
            return Err(OpenError::Behind { found, known });
        }
        let migrated = apply(session.client_mut(), shown, None, MIGRATIONS).await;
        if let Err(Trouble::Raced) = migrated {
            apply(session.client_mut(), shown, None, MIGRATIONS).await.map_err(|trouble| trouble.told(shown))?;
        } else {
            migrated.map_err(|trouble| trouble.told(shown))?;
        }
    }
    security::check_privileges(&**session, shown).await
}

/// Why a schema was not checked or made.
enum Trouble {
    /// Another one was making the same.
    Raced,
    Open(OpenError),
    Database(tokio_postgres::Error),
}

impl From<tokio_postgres::Error> for Trouble {
    fn from(error: tokio_postgres::Error) -> Self {
        match error.code() {
            Some(code) if *code == SqlState::UNIQUE_VIOLATION || *code == SqlState::DUPLICATE_TABLE => Self::Raced,
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
            Self::Raced => OpenError::Held { shown: shown.to_owned() },
            Self::Open(error) => error,
            Self::Database(error) if error.code() == Some(&SqlState::LOCK_NOT_AVAILABLE) => {
                OpenError::Held { shown: shown.to_owned() }
            }
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

/// Applies what is missing, all or nothing.
async fn apply(
    client: &mut Client,
    shown: &str,
    app_role: Option<&str>,
    migrations: &[Migration],
) -> Result<Migrated, Trouble> {
    let transaction = client.transaction().await?;
    // Whoever uses the tables waits no longer than this for a migration that waits for them.
    transaction.batch_execute(&format!("SET LOCAL lock_timeout = {}", MIGRATION_LOCK_WAIT.as_millis())).await?;
    security::check_role(&transaction, app_role).await?;
    let from = if is_blank(&transaction).await? {
        transaction.batch_execute(&format!("CREATE SCHEMA IF NOT EXISTS {SCHEMA}")).await?;
        transaction.batch_execute(BOOKKEEPING).await?;
        0
    } else {
        if may_read_bookkeeping(&transaction).await? {
            // One at a time.
            transaction.batch_execute("LOCK TABLE schema_migrations IN ACCESS EXCLUSIVE MODE").await?;
        }
        check(&transaction, shown).await?
    };
    let mut to = from;
    for migration in migrations.iter().filter(|m| m.version > from) {
        transaction.batch_execute(migration.sql).await?;
        security::protect(&transaction).await?;
        let schema = fingerprint(&transaction).await?;
        let row = "INSERT INTO schema_migrations VALUES ($1, $2, $3, $4)";
        transaction
            .execute(row, &[&migration.version, &migration.name, &digest::of_text(migration.sql), &schema])
            .await?;
        to = migration.version;
    }
    if let Some(role) = app_role {
        security::grant(&transaction, role).await?;
    }
    transaction.commit().await?;
    Ok(Migrated { from, to })
}

/// Whether there is nothing of anybody in the schema.
async fn is_blank<C: GenericClient>(client: &C) -> Result<bool, tokio_postgres::Error> {
    let asked = "SELECT NOT EXISTS (SELECT 1 FROM pg_class WHERE relnamespace = to_regnamespace($1))";
    client.query_one(asked, &[&SCHEMA]).await?.try_get(0)
}

async fn may_read_bookkeeping<C: GenericClient>(client: &C) -> Result<bool, tokio_postgres::Error> {
    let asked = "SELECT to_regclass($1 || '.schema_migrations') IS NOT NULL";
    client.query_one(asked, &[&SCHEMA]).await?.try_get(0)
}

/// Checks what is there against what this program knows, and gives the version found; 0 is nothing.
async fn check<C: GenericClient>(client: &C, shown: &str) -> Result<i64, Trouble> {
    if is_blank(client).await? {
        return Ok(0);
    }
    if !may_read_bookkeeping(client).await? {
        return Err(OpenError::Foreign { path: format!("the schema {SCHEMA} of {shown}") }.into());
    }
    let asked = "SELECT version, name, sha256, schema_sha256 FROM schema_migrations ORDER BY version";
    let rows = client.query(asked, &[]).await?;
    let mut applied: Vec<(i64, String, String, String)> = Vec::with_capacity(rows.len());
    for row in &rows {
        applied.push((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?, row.try_get(3)?));
    }
    let known = MIGRATIONS.last().map_or(0, |m| m.version);
    if let Some((found, ..)) = applied.last()
        && *found > known
    {
        return Err(OpenError::Newer { found: *found, known }.into());
    }
    for (at, (version, name, sha256, _)) in applied.iter().enumerate() {
        let expected = MIGRATIONS.get(at).filter(|m| m.version == *version);
        if expected.is_none_or(|m| digest::of_text(m.sql) != *sha256) {
            let what = format!("migration {version} ({name}) is not the one of this program");
            return Err(OpenError::Altered { what }.into());
        }
    }
    let Some((version, _, _, schema)) = applied.last() else {
        return Err(OpenError::Altered { what: "it remembers no migration".to_owned() }.into());
    };
    if fingerprint(client).await? != *schema {
        let what = format!("its tables are not as migration {version} left them");
        return Err(OpenError::Altered { what }.into());
    }
    Ok(*version)
}

/// A digest of tables, columns, indexes and policies as they are. Only what every version of the server tells alike.
async fn fingerprint<C: GenericClient>(client: &C) -> Result<String, tokio_postgres::Error> {
    let asked = "
        WITH ours AS (SELECT * FROM pg_class WHERE relnamespace = to_regnamespace($1))
        SELECT line FROM (
            SELECT concat_ws(' ', 'relation', relname, relkind, relrowsecurity, relforcerowsecurity) AS line
            FROM ours WHERE relkind IN ('r', 'p', 'v', 'm', 'S', 'f')
          UNION ALL
            SELECT concat_ws(' ', 'column', o.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
                             (SELECT collname FROM pg_collation l WHERE l.oid = a.attcollation))
            FROM ours o JOIN pg_attribute a ON a.attrelid = o.oid
            WHERE o.relkind IN ('r', 'p', 'v', 'm') AND a.attnum > 0 AND NOT a.attisdropped
          UNION ALL
            SELECT concat_ws(' ', 'index', o.relname, i.indrelid::regclass::text, i.indisunique,
                             (SELECT string_agg(coalesce(a.attname, '*'), ',' ORDER BY k.place)
                              FROM unnest(i.indkey::int2[]) WITH ORDINALITY AS k (number, place)
                                  LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.number))
            FROM ours o JOIN pg_index i ON i.indexrelid = o.oid
          UNION ALL
            SELECT concat_ws(' ', 'policy', o.relname, p.polname, p.polcmd, p.polpermissive)
            FROM ours o JOIN pg_policy p ON p.polrelid = o.oid
          UNION ALL
            SELECT concat_ws(' ', 'trigger', o.relname, t.tgname)
            FROM ours o JOIN pg_trigger t ON t.tgrelid = o.oid WHERE NOT t.tgisinternal
        ) AS lines ORDER BY line COLLATE \"C\"";
    let mut found = Fingerprint::default();
    for row in client.query(asked, &[&SCHEMA]).await? {
        let line: &str = row.try_get(0)?;
        found.add(line);
    }
    Ok(found.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_before_15_is_refused() {
        let refused = new_enough(14).map_err(|error| error.to_string());
        assert_eq!(refused, Err("PostgreSQL 14 is too old: version 15 or later is needed".to_owned()));
        assert!(new_enough(15).is_ok() && new_enough(19).is_ok());
    }

    #[test]
    fn migrations_are_numbered_from_one_on() {
        assert!((1..).zip(MIGRATIONS).all(|(n, migration)| migration.version == n));
    }
}
