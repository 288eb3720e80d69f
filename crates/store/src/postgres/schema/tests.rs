//! Programs of two versions on one schema while it is brought up to date, with migrations made up for it. Each test has a database of its own.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio_postgres::{Client, Config, NoTls};

use super::check::{self, Found};
use super::migrations::{MIGRATIONS, Migration};
use super::steps::{Patience, Work};
use super::{Migrated, OpenError, Trouble};
use crate::limits::LOCK_WAIT;
use crate::postgres::cluster::{self, APP, Database, OWNER};
use crate::postgres::connect;

const FIRST: Migration = Migration::new(
    1,
    "first",
    "CREATE TABLE tenant_version (tenant uuid PRIMARY KEY, version bigint NOT NULL);
     INSERT INTO tenant_version SELECT n::text::uuid, 0 FROM unnest(ARRAY[
        '00000000-0000-0000-0000-000000000001', '00000000-0000-0000-0000-000000000002']) n;
     CREATE TABLE things (tenant uuid NOT NULL, id bigint GENERATED ALWAYS AS IDENTITY, label text, PRIMARY KEY (tenant, id))",
);
/// Calls a column otherwise. Neither program names the other's.
const RENAMED: Migration = Migration {
    backfill: Some(
        "UPDATE things SET name = label WHERE id IN (
             SELECT id FROM things WHERE name IS NULL ORDER BY id LIMIT 10 FOR UPDATE)",
    ),
    contract: Some("ALTER TABLE things DROP COLUMN label"),
    ..Migration::new(2, "renamed", "ALTER TABLE things ADD COLUMN name text")
};
const V1: &[Migration] = &[FIRST];
const V2: &[Migration] = &[FIRST, RENAMED];
const V3: &[Migration] = &[FIRST, RENAMED, Migration::new(3, "more", "ALTER TABLE things ADD COLUMN more text")];

fn work(migrations: &[Migration]) -> Work<'_> {
    let patience = Patience { tries: 1_000, pause: Duration::from_millis(20) };
    Work { shown: "the test", app_role: Some(APP), migrations, finish: false, patience }
}

async fn done(work: Work<'_>, client: &mut Client) -> Result<Migrated, OpenError> {
    work.apply(client).await.map_err(|trouble| trouble.told("the test"))
}

/// What a program finds when it starts.
async fn starts(client: &mut Client, migrations: &[Migration]) -> Result<Found, OpenError> {
    check::look(client, "the test", migrations).await.map_err(|trouble| trouble.told("the test"))
}

async fn connect(database: &Database, role: &str, name: &str) -> Client {
    let url = if role == OWNER { database.owner_url() } else { database.app_url() };
    let options = format!("-c search_path=officeconfig -c lock_timeout={}", LOCK_WAIT.as_millis());
    let mut config: Config = url.parse().unwrap();
    config.application_name(name).options(options);
    let (client, connection) = config.connect(NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

async fn of_version(database: &Database, schema: i64) -> Client {
    connect(database, APP, &connect::name(None, schema)).await
}

async fn until(mut is_so: impl AsyncFnMut() -> bool) {
    let began = Instant::now();
    while !is_so().await {
        assert!(began.elapsed() < Duration::from_secs(20), "it does not come to pass");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// The server of a program, which writes all the time.
struct Server {
    written: Arc<AtomicU64>,
    stop: Arc<AtomicBool>,
    task: tokio::task::JoinHandle<()>,
}

impl Server {
    async fn start(database: &Database, schema: i64) -> Self {
        let mut client = of_version(database, schema).await;
        starts(&mut client, if schema == 1 { V1 } else { V2 }).await.unwrap();
        let (written, stop) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
        let (counted, ends) = (Arc::clone(&written), Arc::clone(&stop));
        let task = tokio::spawn(async move {
            while !ends.load(Ordering::Relaxed) {
                write(&mut client, 1 + counted.load(Ordering::Relaxed) % 2, schema).await;
                counted.fetch_add(1, Ordering::Relaxed);
            }
        });
        Self { written, stop, task }
    }

    /// Waits until it has written some more.
    async fn goes_on(&self) {
        let had = self.written.load(Ordering::Relaxed);
        until(async || self.task.is_finished() || self.written.load(Ordering::Relaxed) > had + 5).await;
        assert!(!self.task.is_finished());
    }

    /// Stops it, and says how much it has written.
    async fn end(self) -> u64 {
        self.stop.store(true, Ordering::Relaxed);
        self.task.await.unwrap();
        self.written.load(Ordering::Relaxed)
    }
}

/// Writes a row of a tenant as programs of a version do, and reads one.
async fn write(client: &mut Client, tenant: u64, schema: i64) {
    let tenant = format!("00000000-0000-0000-0000-{tenant:012}");
    let tx = client.transaction().await.unwrap();
    tx.batch_execute(&format!("SELECT set_config('officeconfig.tenant', '{tenant}', true)")).await.unwrap();
    let column = if schema == 1 { "label" } else { "name" };
    tx.batch_execute(&format!(
        "INSERT INTO things (tenant, {column}) VALUES ('{tenant}', 'x'); SELECT {column} FROM things LIMIT 1"
    ))
    .await
    .unwrap();
    tx.commit().await.unwrap();
}

/// A database of the first version with rows of two tenants.
async fn first(rows: u64) -> Option<Database> {
    let database = cluster::shared()?.empty();
    let mut owner = connect(&database, OWNER, "migrate").await;
    done(work(V1), &mut owner).await.unwrap();
    let mut client = of_version(&database, 1).await;
    for n in 0..rows {
        write(&mut client, 1 + n % 2, 1).await;
    }
    Some(database)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn servers_of_two_versions_work_on_one_schema_until_it_is_finished() {
    let Some(database) = first(50).await else { return };
    let old = Server::start(&database, 1).await;
    let mut owner = connect(&database, OWNER, "migrate").await;
    let brought = done(work(V2), &mut owner).await.unwrap();
    assert_eq!(brought, Migrated { from: 1, to: 2, finished: false });
    old.goes_on().await;
    let new = Server::start(&database, 2).await;
    let another = Server::start(&database, 1).await;
    for server in [&old, &new, &another] {
        server.goes_on().await;
    }
    // What only the older ones need is not removed while there is one of them.
    let finish = Work { finish: true, ..work(V2) };
    let refused = done(finish, &mut owner).await.err().unwrap();
    assert!(
        matches!(&refused, OpenError::OlderConnected { name, oldest: 2 } if name == "officeconfig (schema 1)"),
        "{refused}"
    );
    for server in [&old, &new, &another] {
        server.goes_on().await;
    }
    let mut written = 50 + old.end().await + another.end().await;
    let finished = async || done(finish, &mut connect(&database, OWNER, "migrate").await).await;
    until(async || finished().await.is_ok_and(|migrated| migrated.finished)).await;
    new.goes_on().await;
    written += new.end().await;
    let kept = database.sql("SELECT count(*), count(name) FROM officeconfig.things");
    assert_eq!(kept, format!("{written}|{written}"), "also what older servers wrote after the first filling");
    let refused = starts(&mut of_version(&database, 1).await, V1).await.err().unwrap();
    assert!(matches!(refused, OpenError::Newer { found: 2, known: 1 }), "{refused}");
    let nothing_left = done(work(V2), &mut owner).await.unwrap();
    assert_eq!(nothing_left, Migrated { from: 2, to: 2, finished: true });
}

#[tokio::test]
async fn an_older_program_finds_what_a_newer_one_left_and_changes_nothing_of_it() {
    let Some(database) = first(1).await else { return };
    let mut owner = connect(&database, OWNER, "migrate").await;
    done(work(V2), &mut owner).await.unwrap();
    assert_eq!(starts(&mut owner, V1).await.ok().unwrap().version(), 2);
    for finish in [false, true] {
        let refused = done(Work { finish, ..work(V1) }, &mut owner).await.err().unwrap();
        assert!(matches!(refused, OpenError::Newer { found: 2, known: 1 }), "{refused}");
    }
    database.sql("ALTER TABLE officeconfig.things ADD COLUMN extra text");
    for known in [V1, V2] {
        assert!(matches!(starts(&mut owner, known).await, Err(OpenError::Altered { .. })));
    }
}

#[tokio::test]
async fn a_backfill_that_was_interrupted_goes_on_where_it_was() {
    let Some(database) = first(60).await else { return };
    let mut owner = connect(&database, OWNER, "migrate").await;
    let patience = Patience { tries: 2, ..work(V2).patience };
    let impatient = Work { patience, ..work(V2) };
    // Nobody can see which tenants there are; then one row of the second tenant is somebody's who does not let go of it.
    let mut holder = connect(&database, OWNER, "somebody").await;
    let tx = holder.transaction().await.unwrap();
    tx.batch_execute("LOCK TABLE tenant_version IN ACCESS EXCLUSIVE MODE").await.unwrap();
    assert!(matches!(done(impatient, &mut owner).await, Err(OpenError::Held { .. })));
    tx.rollback().await.unwrap();
    let tx = holder.transaction().await.unwrap();
    tx.batch_execute(
        "SET LOCAL officeconfig.tenant = '00000000-0000-0000-0000-000000000002'; SELECT FROM things WHERE id = 60 FOR UPDATE",
    )
    .await
    .unwrap();
    assert!(matches!(done(impatient, &mut owner).await, Err(OpenError::Held { .. })));
    let filled = "SELECT string_agg(concat(id, '-', xmin), ' ' ORDER BY id), count(*) FROM officeconfig.things WHERE name IS NOT NULL";
    let before = database.sql(filled);
    assert!(before.ends_with("|50"), "the first tenant's 30 rows and two parts of the second one's: {before}");
    assert_eq!(starts(&mut owner, V1).await.ok().unwrap().version(), 2, "and nobody minds");
    tx.rollback().await.unwrap();
    let migrated = done(work(V2), &mut owner).await.unwrap();
    assert_eq!(migrated, Migrated { from: 2, to: 2, finished: false });
    let after = database.sql(filled);
    let rows =
        |told: &str| told.trim_end_matches(|c| c != '|').split([' ', '|']).map(str::to_owned).collect::<BTreeSet<_>>();
    assert!(
        after.ends_with("|60") && rows(&before).is_subset(&rows(&after)),
        "nothing is done twice: {before} {after}"
    );
}

#[tokio::test]
async fn older_servers_that_write_all_the_time_do_not_keep_a_backfill_from_its_end() {
    let Some(database) = first(50).await else { return };
    let mut owner = connect(&database, OWNER, "migrate").await;
    let chased = Migration {
        backfill: Some(
            "WITH written AS (INSERT INTO things (tenant, label) VALUES (current_setting('officeconfig.tenant')::uuid, 'x'))
             UPDATE things SET name = label WHERE id IN (
                 SELECT id FROM things WHERE name IS NULL ORDER BY id LIMIT 10 FOR UPDATE)",
        ),
        ..RENAMED
    };
    let migrations = [FIRST, chased];
    let migrated = tokio::time::timeout(Duration::from_secs(20), done(work(&migrations), &mut owner)).await;
    assert_eq!(migrated.expect("it ends").unwrap(), Migrated { from: 1, to: 2, finished: false });
    let left = database.sql("SELECT count(*) FILTER (WHERE name IS NULL), count(*) >= 50 FROM officeconfig.things");
    assert_eq!(left, "2|t", "one row of each tenant, written while the last part was filled");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_step_that_waits_for_a_lock_lets_others_pass() {
    let Some(database) = first(2).await else { return };
    let mut owner = connect(&database, OWNER, "migrate").await;
    let mut holder = of_version(&database, 1).await;
    let tx = holder.transaction().await.unwrap();
    tx.batch_execute("SELECT FROM things").await.unwrap();
    let patience = Patience { tries: 3, ..work(V2).patience };
    let held = Work { patience, ..work(V2) }.apply(&mut owner).await;
    assert!(matches!(held, Err(Trouble::Waited)), "each of the tries ends at the time-out of its lock");
    assert_eq!(starts(&mut owner, V1).await.ok().unwrap().version(), 1);
    let stepping = tokio::spawn(async move { done(work(V2), &mut owner).await });
    let waits = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'officeconfig.things'::regclass";
    let mut other = of_version(&database, 1).await;
    for _ in 0..3 {
        until(async || database.sql(waits) != "0").await;
        // It queues behind the step, which gives up, though what the step waits for is held still.
        write(&mut other, 1, 1).await;
    }
    assert!(!stepping.is_finished());
    tx.rollback().await.unwrap();
    assert_eq!(stepping.await.unwrap().unwrap().to, 2);
}

#[tokio::test]
async fn no_step_is_made_that_a_connected_program_would_not_survive() {
    let Some(database) = first(1).await else { return };
    let mut owner = connect(&database, OWNER, "migrate").await;
    let old = of_version(&database, 1).await;
    let refused = done(work(V3), &mut owner).await.err().unwrap();
    assert!(matches!(refused, OpenError::OlderConnected { oldest: 2, .. }), "{refused}");
    assert_eq!(starts(&mut owner, V1).await.ok().unwrap().version(), 2, "as far as it goes");
    drop(old);
    until(async || done(work(V3), &mut owner).await.is_ok()).await;
    // Who does not say what it is may be anything, if it has the role of the service.
    let finish = Work { finish: true, ..work(V3) };
    let silent = connect(&database, APP, "something").await;
    let refused = done(finish, &mut owner).await.err().unwrap();
    assert!(matches!(&refused, OpenError::OlderConnected { name, .. } if name == "something"), "{refused}");
    drop(silent);
    until(async || done(finish, &mut owner).await.is_ok_and(|migrated| migrated.finished)).await;
}

#[tokio::test]
async fn a_database_that_remembers_no_steps_serves_and_is_brought_along() {
    let Some(cluster) = cluster::shared() else { return };
    let database = cluster.empty();
    let mut owner = connect(&database, OWNER, "migrate").await;
    let two = &MIGRATIONS[..2];
    done(work(two), &mut owner).await.unwrap();
    let as_made = database.sql("SELECT * FROM officeconfig.schema_migrations ORDER BY version");
    owner.batch_execute("ALTER TABLE schema_migrations DROP COLUMN serves, DROP COLUMN filled").await.unwrap();
    let schema = check::fingerprint(&owner).await.unwrap();
    owner.execute("UPDATE schema_migrations SET schema_sha256 = $1 WHERE version = 2", &[&schema]).await.unwrap();
    starts(&mut of_version(&database, 2).await, two).await.ok().unwrap();
    let brought = done(work(two), &mut owner).await.unwrap();
    assert_eq!(brought, Migrated { from: 2, to: 2, finished: true });
    assert_eq!(database.sql("SELECT * FROM officeconfig.schema_migrations ORDER BY version"), as_made);
    starts(&mut of_version(&database, 2).await, two).await.ok().unwrap();
}
