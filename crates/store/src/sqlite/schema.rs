//! Migrations: embedded SQL, applied in order, remembered with checksums. A schema that is newer than this program, or is not what its
//! migrations leave, is refused. An applied file is never edited.

use rusqlite::{Connection, OptionalExtension as _, TransactionBehavior};

use super::failure;
use crate::digest::{self, Fingerprint};
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
    Migration { version: 4, name: "fleets", sql: include_str!("migrations/0004_fleets.sql") },
];

const BOOKKEEPING: &str = "CREATE TABLE schema_migrations (
    version INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    schema_sha256 TEXT NOT NULL
) STRICT";

/// The newest version that this program knows.
pub(super) fn newest() -> i64 {
    MIGRATIONS.last().map_or(0, |m| m.version)
}

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
        let row = (migration.version, migration.name, digest::of_text(migration.sql), schema);
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
    let known = newest();
    if let Some((found, ..)) = applied.last()
        && *found > known
    {
        return Err(OpenError::Newer { found: *found, known });
    }
    for (at, (version, name, sha256, _)) in applied.iter().enumerate() {
        let expected = MIGRATIONS.get(at).filter(|m| m.version == *version);
        if expected.is_none_or(|m| digest::of_text(m.sql) != *sha256) {
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
    let mut found = Fingerprint::default();
    while let Some(row) = rows.next()? {
        for column in 0..4 {
            let text: String = row.get(column)?;
            found.add(&text);
        }
    }
    Ok(found.finish())
}

#[cfg(test)]
mod tests {
    use super::super::{fleet, functions, statuses};
    use super::*;

    /// A database as an older program left it.
    fn database(version: usize) -> Connection {
        let mut connection = Connection::open_in_memory().expect("a database");
        functions::register(&connection).expect("registered");
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
        assert_eq!(fleet::differing(&connection, 1).expect("counted"), 0);
        let summary = |client, first, last| {
            let found = fleet::summary(&connection, 1, client, (first, last)).expect("read").expect("none is later");
            (found.succeeded, found.failed)
        };
        assert_eq!(summary(None, 20_400, 20_401), (1, 1), "Anna has a device that failed");
        assert_eq!(summary(None, 20_401, 20_401), (1, 0), "that was before");
        assert_eq!((summary(Some("x"), 20_400, 20_401), summary(Some("y"), 20_400, 20_401)), ((0, 1), (1, 0)));
        assert!(fleet::summary(&connection, 1, None, (20_300, 20_400)).expect("read").is_none(), "Anna came later");
    }

    /// Tenant, configuration, key, ticks, form, whether it went well; user, name, device, platform, version, error, policies.
    type OldRow<'t> = (i64, i64, i64, i64, i64, bool, [Option<&'t str>; 7]);

    #[test]
    fn check_ins_of_the_third_version_come_with_equal_meaning() {
        let mut connection = database(3);
        let guid = "0a3f0000-0000-4000-8000-00000000beef";
        let upper = guid.to_uppercase();
        let long = "x".repeat(300);
        let rows: [OldRow<'_>; 6] = [
            (
                1,
                1,
                9,
                50,
                524_279,
                true,
                [Some(guid), Some("a@b@c"), Some("PC"), Some("windows"), Some("10.0"), None, Some("[\"x\"]")],
            ),
            (
                1,
                1,
                8,
                70,
                524_272,
                false,
                [Some(&upper), Some("a"), Some("Lap"), Some("windows"), None, Some("no"), Some("[\"x\"]")],
            ),
            (
                1,
                1,
                7,
                60,
                16_384,
                true,
                [Some("Ännä"), Some("@x"), Some(""), Some(&long), Some("10.0"), None, Some("[]")],
            ),
            (1, 2, 6, 60, 524_279, true, [Some("anna"), None, None, None, None, Some(""), None]),
            (
                2,
                1,
                5,
                60,
                524_279,
                true,
                [Some("anna"), Some("a@b"), None, Some("windows"), None, None, Some("[\"y\",\"x\"]")],
            ),
            (2, 3, 4, 60, 524_279, false, [Some("gone"), None, None, None, None, None, None]),
        ];
        connection.execute("INSERT INTO doomed_checkins VALUES (2, 3)", ()).expect("written");
        for (tenant, configuration, key, ticks, form, ok, texts) in &rows {
            let hot = "INSERT INTO checkins VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
            connection.execute(hot, (tenant, configuration, key, ticks, form, ok)).expect("written");
            let cold = "INSERT INTO checkin_texts VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
            let [user, name, device, platform, version, error, policies] = texts;
            let cold_row = (tenant, configuration, key, user, name, device, platform, version, error, policies);
            connection.execute(cold, cold_row).expect("written");
            if !ok {
                let failed = "INSERT INTO failed_checkins VALUES (?1, ?2, ?3, ?4)";
                connection.execute(failed, (tenant, configuration, key, ticks)).expect("written");
            }
        }
        migrate(&mut connection, "old").expect("brought up to date");
        let mut expected: Vec<_> = rows.iter().filter(|row| (row.0, row.1) != (2, 3)).collect();
        expected.sort_by_key(|row| (row.0, row.1, row.2));
        let sql = format!(
            "SELECT o.tenant, o.configuration, {columns} FROM checkins h JOIN checkin_texts c USING (id)
                 JOIN checkin_owners o ON o.owner = h.owner AND c.owner = h.owner ORDER BY h.id",
            columns = statuses::columns()
        );
        let mut statement = connection.prepare(&sql).expect("SQL");
        let mut found = statement.query(()).expect("read");
        for (tenant, configuration, _, ticks, form, ok, texts) in expected {
            let row = found.next().expect("read").expect("a row");
            let number = |at| -> i64 { row.get(at).expect("a number") };
            let head = (number(0), number(1), number(2), number(3), number(4) != 0);
            assert_eq!(head, (*tenant, *configuration, *ticks, *form, *ok));
            let told: Vec<Option<String>> = (5..12).map(|at| row.get(at).expect("a text")).collect();
            assert_eq!(told, texts.map(|text| text.map(str::to_owned)));
        }
        assert!(found.next().expect("read").is_none(), "what was removed does not come back");
        let count = |sql: &str| -> i64 { connection.query_row(sql, (), |row| row.get(0)).expect("counted") };
        assert_eq!(
            count(
                "SELECT count(*) FROM failed_checkins f JOIN checkins h USING (id) WHERE failed_ticks = ticks AND NOT ok"
            ),
            1
        );
        assert_eq!(
            count("SELECT count(*) FROM checkin_words"),
            9,
            "three lists, three domains, a platform of each tenant, a version"
        );
        for owner in 1..=3 {
            assert_eq!(fleet::differing(&connection, owner).expect("compared"), 0);
        }
        // The same devices are found by who they are.
        let found: i64 = connection
            .query_row(
                "SELECT count(*) FROM checkin_texts WHERE owner = 1 AND user = user_form(?1) AND device = device_key('lap', 'WINDOWS')",
                [guid],
                |row| row.get(0),
            )
            .expect("counted");
        assert_eq!(found, 1);
    }

    #[test]
    fn a_log_of_the_first_version_gets_the_times_of_its_last_commits() {
        let mut connection = database(1);
        let old = r#"INSERT INTO change_log VALUES (1, 1, 1, '[[5,"a","+o1"]]'), (1, 3, 2, '[[6,"a","~o1"],[7,"b","-o1=0"]]')"#;
        connection.execute_batch(old).expect("written");
        assert_eq!(check(&connection, "old").expect("known"), 1);
        migrate(&mut connection, "old").expect("brought up to date");
        assert_eq!(check(&connection, "old").expect("known"), 4);
        let mut statement = connection.prepare("SELECT version, commits, ticks, entries FROM change_log").expect("SQL");
        let rows = statement.query_map((), |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)));
        let rows: Vec<(i64, i64, i64, String)> = rows.and_then(Iterator::collect).expect("read");
        let texts = [r#"[[5,"a","+o1"]]"#, r#"[[6,"a","~o1"],[7,"b","-o1=0"]]"#].map(str::to_owned);
        let [one, two] = texts;
        assert_eq!(rows, [(1, 1, 5, one), (3, 2, 7, two)]);
    }
}
