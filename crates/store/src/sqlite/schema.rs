//! Migrations: embedded SQL, applied in order, remembered with checksums. A schema that is newer than this program, or is not what its
//! migrations leave, is refused. An applied file is never edited.

use rusqlite::{Connection, OptionalExtension as _, TransactionBehavior};
use sha2::{Digest, Sha256};

use super::failure;
use crate::error::OpenError;

/// Marks a file as ours (SQLite's `application_id`).
const APPLICATION_ID: i32 = 0x0ff1_cec0;

struct Migration {
    version: i64,
    name: &'static str,
    sql: &'static str,
}

const MIGRATIONS: &[Migration] = &[
    Migration { version: 1, name: "initial", sql: include_str!("migrations/0001_initial.sql") },
    Migration { version: 2, name: "log times", sql: include_str!("migrations/0002_log_times.sql") },
    Migration { version: 3, name: "checkin users", sql: include_str!("migrations/0003_checkin_users.sql") },
];

const BOOKKEEPING: &str = "CREATE TABLE schema_migrations (
    version INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    schema_sha256 TEXT NOT NULL
) STRICT";

/// Brings the database to the newest schema, or refuses it.
pub(super) fn migrate(connection: &mut Connection, path: &str) -> Result<(), OpenError> {
    apply(connection, path, MIGRATIONS)
}

fn apply(connection: &mut Connection, path: &str, migrations: &[Migration]) -> Result<(), OpenError> {
    let failed = |error| failure::open(error, path);
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
    let applied = if is_blank(&transaction).map_err(failed)? {
        transaction.execute_batch(BOOKKEEPING).map_err(failed)?;
        transaction.pragma_update(None, "application_id", APPLICATION_ID).map_err(failed)?;
        0
    } else {
        check(&transaction, path)?
    };
    let pending = migrations.iter().filter(|m| m.version > applied);
    let mut last = applied;
    for migration in pending {
        transaction.execute_batch(migration.sql).map_err(failed)?;
        let schema = fingerprint(&transaction).map_err(failed)?;
        let row = (migration.version, migration.name, digest(migration.sql), schema);
        transaction.execute("INSERT INTO schema_migrations VALUES (?1, ?2, ?3, ?4)", row).map_err(failed)?;
        last = migration.version;
    }
    if last == applied { transaction.rollback() } else { transaction.commit() }.map_err(failed)
}

/// Checks what is there against what this program knows, and gives the version found.
pub(super) fn check(connection: &Connection, path: &str) -> Result<i64, OpenError> {
    let failed = |error| failure::open(error, path);
    let id: i32 = connection.pragma_query_value(None, "application_id", |row| row.get(0)).map_err(failed)?;
    if id != APPLICATION_ID {
        return Err(OpenError::Foreign { path: path.to_owned() });
    }
    let mut statement = connection
        .prepare("SELECT version, name, sha256, schema_sha256 FROM schema_migrations ORDER BY version")
        .map_err(failed)?;
    let applied: Vec<(i64, String, String, String)> = statement
        .query_map((), |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))
        .and_then(Iterator::collect)
        .map_err(failed)?;
    let known = MIGRATIONS.last().map_or(0, |m| m.version);
    if let Some((found, ..)) = applied.last()
        && *found > known
    {
        return Err(OpenError::Newer { found: *found, known });
    }
    for (at, (version, name, sha256, _)) in applied.iter().enumerate() {
        let expected = MIGRATIONS.get(at).filter(|m| m.version == *version);
        if expected.is_none_or(|m| digest(m.sql) != *sha256) {
            return Err(OpenError::Altered {
                what: format!("migration {version} ({name}) is not the one of this program"),
            });
        }
    }
    let Some((version, _, _, schema)) = applied.last() else {
        return Err(OpenError::Altered { what: "it remembers no migration".to_owned() });
    };
    if fingerprint(connection).map_err(failed)? != *schema {
        return Err(OpenError::Altered { what: format!("its tables are not as migration {version} left them") });
    }
    Ok(*version)
}

fn is_blank(connection: &Connection) -> rusqlite::Result<bool> {
    let id: i32 = connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
    let first: Option<i64> =
        connection.query_row("SELECT 1 FROM sqlite_schema LIMIT 1", (), |row| row.get(0)).optional()?;
    Ok(id == 0 && first.is_none())
}

/// A digest of every table, index, view and trigger as it is. SQLite's own (statistics) are left out.
fn fingerprint(connection: &Connection) -> rusqlite::Result<String> {
    let mut statement = connection.prepare(
        "SELECT type, name, tbl_name, coalesce(sql, '') FROM sqlite_schema
         WHERE name NOT LIKE 'sqlite\\_stat%' ESCAPE '\\' ORDER BY type, name",
    )?;
    let mut rows = statement.query(())?;
    let mut hash = Sha256::new();
    while let Some(row) = rows.next()? {
        for column in 0..4 {
            let text: String = row.get(column)?;
            hash.update((text.len() as u64).to_le_bytes());
            hash.update(text.as_bytes());
        }
    }
    Ok(hex(&hash.finalize()))
}

fn digest(text: &str) -> String {
    hex(&Sha256::digest(text.as_bytes()))
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::super::{functions, users};
    use super::*;

    /// A database as an older program left it.
    fn database(version: usize) -> Connection {
        let mut connection = Connection::open_in_memory().expect("a database");
        functions::register_keys(&connection).expect("registered");
        apply(&mut connection, "old", &MIGRATIONS[..version]).expect("an older version");
        connection
    }

    #[test]
    fn check_ins_of_the_second_version_are_counted() {
        let mut connection = database(2);
        // Days 20400 and 20401 since 1970: Anna on two devices, one of which failed, and Bert.
        let day = |day: i64| (day + 719_162) * 864_000_000_000 + 5;
        let rows = [
            (1, "Anna", day(20_401), true, "[\"x\",\"y\"]"),
            (2, "anna", day(20_400), false, "[\"x\"]"),
            (3, "bert", day(20_400), true, "[]"),
        ];
        for (key, user, ticks, ok, applied) in rows {
            let hot = "INSERT INTO checkins VALUES (1, 1, ?1, ?2, 0, ?3)";
            connection.execute(hot, rusqlite::params![key, ticks, ok]).expect("written");
            let cold = "INSERT INTO checkin_texts (tenant, configuration, key, user_id, applied_policies) VALUES (1, 1, ?1, ?2, ?3)";
            connection.execute(cold, rusqlite::params![key, user, applied]).expect("written");
        }
        migrate(&mut connection, "old").expect("brought up to date");
        assert_eq!(users::differing(&connection, 1, 1).expect("counted"), 0);
        let summary = |client, first, last| {
            let found = users::summary(&connection, 1, 1, client, (first, last)).expect("read").expect("none is later");
            (found.succeeded, found.failed)
        };
        assert_eq!(summary(None, 20_400, 20_401), (1, 1), "Anna has a device that failed");
        assert_eq!(summary(None, 20_401, 20_401), (1, 0), "that was before");
        assert_eq!((summary(Some("x"), 20_400, 20_401), summary(Some("y"), 20_400, 20_401)), ((0, 1), (1, 0)));
        assert!(users::summary(&connection, 1, 1, None, (20_300, 20_400)).expect("read").is_none(), "Anna came later");
    }

    #[test]
    fn a_log_of_the_first_version_gets_the_times_of_its_last_commits() {
        let mut connection = database(1);
        let old = r#"INSERT INTO change_log VALUES (1, 1, 1, '[[5,"a","+o1"]]'), (1, 3, 2, '[[6,"a","~o1"],[7,"b","-o1=0"]]')"#;
        connection.execute_batch(old).expect("written");
        assert_eq!(check(&connection, "old").expect("known"), 1);
        migrate(&mut connection, "old").expect("brought up to date");
        assert_eq!(check(&connection, "old").expect("known"), 3);
        let mut statement = connection.prepare("SELECT version, commits, ticks, entries FROM change_log").expect("SQL");
        let rows = statement.query_map((), |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)));
        let rows: Vec<(i64, i64, i64, String)> = rows.and_then(Iterator::collect).expect("read");
        let texts = [r#"[[5,"a","+o1"]]"#, r#"[[6,"a","~o1"],[7,"b","-o1=0"]]"#].map(str::to_owned);
        let [one, two] = texts;
        assert_eq!(rows, [(1, 1, 5, one), (3, 2, 7, two)]);
    }
}
