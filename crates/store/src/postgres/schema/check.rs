//! What schema a database has: which migrations were applied, how far each came, and whether its tables are still as they were left. What a newer
//! program left is data here: it is compared with what is there, not with what this program knows. It must never change anything.

use tokio_postgres::{Client, GenericClient, IsolationLevel};

use super::migrations::{Migration, newest};
use super::{SCHEMA, Trouble};
use crate::digest::Fingerprint;
use crate::error::OpenError;

/// A migration that was applied.
struct Applied {
    version: i64,
    name: String,
    digest: String,
    /// What everything looked like behind the last step, where this is the last migration.
    schema: String,
    /// The oldest version whose programs work on what it left, and whether rows were filled; `None` where that was not remembered yet.
    steps: Option<(i64, bool)>,
}

/// What was applied, in order.
pub(super) struct Found(Vec<Applied>);

impl Found {
    /// The version; 0 is nothing.
    pub(super) fn version(&self) -> i64 {
        self.0.last().map_or(0, |applied| applied.version)
    }

    /// The oldest version whose programs work on it.
    fn serves(&self) -> i64 {
        self.0.iter().map(|applied| applied.steps.map_or(applied.version, |(serves, _)| serves)).max().unwrap_or(0)
    }

    fn find(&self, migration: &Migration) -> Option<&Applied> {
        self.0.iter().find(|applied| applied.version == migration.version)
    }

    /// Whether it is remembered how far each migration came.
    pub(super) fn has_steps(&self) -> bool {
        self.0.iter().all(|applied| applied.steps.is_some())
    }

    /// Whether a migration was expanded.
    pub(super) fn has(&self, migration: &Migration) -> bool {
        self.find(migration).is_some()
    }

    /// Whether nothing is left to be filled for it.
    pub(super) fn is_filled(&self, migration: &Migration) -> bool {
        migration.backfill.is_none() || self.find(migration).is_some_and(|a| a.steps.is_none_or(|(_, filled)| filled))
    }

    /// Whether what only older programs need is gone.
    pub(super) fn is_contracted(&self, migration: &Migration) -> bool {
        migration.contract.is_none()
            || self.find(migration).is_some_and(|a| a.steps.is_none_or(|(serves, _)| serves >= migration.version))
    }

    /// Whether every migration came to its end.
    pub(super) fn is_finished(&self, migrations: &[Migration]) -> bool {
        migrations.iter().all(|m| self.has(m) && self.is_filled(m) && self.is_contracted(m))
    }
}

/// Checks what is there against what a program knows, in a transaction of its own.
pub(super) async fn look(client: &mut Client, shown: &str, migrations: &[Migration]) -> Result<Found, Trouble> {
    let remembers = remembers(client).await?;
    let tx = client.build_transaction().isolation_level(IsolationLevel::RepeatableRead).read_only(true);
    let tx = tx.start().await?;
    if remembers {
        // Taken before anything is seen: whoever changes the schema is waited for, and then all of it is seen or nothing.
        tx.batch_execute("LOCK TABLE schema_migrations IN ACCESS SHARE MODE").await?;
    }
    let found = check(&tx, shown, migrations).await?;
    tx.commit().await?;
    Ok(found)
}

/// Checks what is there against what a program knows.
pub(super) async fn check<C: GenericClient>(
    client: &C,
    shown: &str,
    migrations: &[Migration],
) -> Result<Found, Trouble> {
    if is_blank(client).await? {
        return Ok(Found(Vec::new()));
    }
    if !remembers(client).await? {
        return Err(OpenError::Foreign { path: format!("the schema {SCHEMA} of {shown}") }.into());
    }
    let found = read(client).await?;
    let known = newest(migrations);
    if found.version() > known && found.serves() > known {
        return Err(OpenError::Newer { found: found.version(), known }.into());
    }
    for (at, Applied { version, name, digest, .. }) in found.0.iter().enumerate() {
        let is_same = match migrations.get(at) {
            Some(expected) => expected.version == *version && expected.digest() == *digest,
            None => *version > known,
        };
        if !is_same {
            let what = format!("migration {version} ({name}) is not the one of this program");
            return Err(OpenError::Altered { what }.into());
        }
    }
    let Some(last) = found.0.last() else {
        return Err(OpenError::Altered { what: "it remembers no migration".to_owned() }.into());
    };
    if fingerprint(client).await? != last.schema {
        let what = format!("its tables are not as migration {} left them", last.version);
        return Err(OpenError::Altered { what }.into());
    }
    Ok(found)
}

/// Whether there is nothing of anybody in the schema.
pub(super) async fn is_blank<C: GenericClient>(client: &C) -> Result<bool, tokio_postgres::Error> {
    let asked = "SELECT NOT EXISTS (SELECT 1 FROM pg_class WHERE relnamespace = to_regnamespace($1))";
    client.query_one(asked, &[&SCHEMA]).await?.try_get(0)
}

/// Whether there is something that remembers migrations.
pub(super) async fn remembers<C: GenericClient>(client: &C) -> Result<bool, tokio_postgres::Error> {
    let asked = "SELECT to_regclass($1 || '.schema_migrations') IS NOT NULL";
    client.query_one(asked, &[&SCHEMA]).await?.try_get(0)
}

async fn read<C: GenericClient>(client: &C) -> Result<Found, tokio_postgres::Error> {
    // By the row's members: databases of before have no such columns.
    let asked = "SELECT version, name, sha256, schema_sha256,
                     (to_jsonb(m) ->> 'serves')::int8, (to_jsonb(m) ->> 'filled')::bool
                 FROM schema_migrations m ORDER BY version";
    let applied = |row: &tokio_postgres::Row| {
        let steps: (Option<i64>, Option<bool>) = (row.try_get(4)?, row.try_get(5)?);
        Ok(Applied {
            version: row.try_get(0)?,
            name: row.try_get(1)?,
            digest: row.try_get(2)?,
            schema: row.try_get(3)?,
            steps: steps.0.zip(steps.1),
        })
    };
    Ok(Found(client.query(asked, &[]).await?.iter().map(applied).collect::<Result<_, tokio_postgres::Error>>()?))
}

/// A digest of tables, columns, indexes and policies as they are. Only what every version of the server tells alike. Programs of two versions make it
/// of one database: a change here keeps the older ones from starting beside the newer.
pub(super) async fn fingerprint<C: GenericClient>(client: &C) -> Result<String, tokio_postgres::Error> {
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
