//! What is not opened: one clear line that says what to do, and nothing changed.

use store::OpenError;
use store::postgres::{Migrated, PostgresStore, migrate};

use super::cluster::{self, Database, OWNER, PASSWORD};
use super::fixture::{database, options};

async fn refused(url: &str) -> OpenError {
    let Err(error) = PostgresStore::open(options(url)).await else { panic!("it was opened") };
    let line = error.to_string();
    assert!(!line.contains('\n') && !line.contains(PASSWORD) && line.len() > 20, "{line}");
    error
}

/// Everything that an attempt could have changed.
fn state(database: &Database) -> String {
    database.sql(
        "SELECT string_agg(concat_ws(' ', n.nspname, c.relname, c.relkind, c.relacl), ';' ORDER BY c.oid)
         FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'",
    )
}

#[tokio::test]
async fn a_url_that_leads_nowhere_is_refused() {
    let Some(cluster) = cluster::shared() else { return };
    let database = cluster.empty();
    let before = state(&database);
    assert!(matches!(refused("mysql://somebody@somewhere/x").await, OpenError::Address { .. }));
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let unreachable = refused(&format!("postgres://a:{PASSWORD}@127.0.0.1:{nobody}/d")).await;
    assert!(matches!(unreachable, OpenError::Unreachable { .. }), "{unreachable}");
    let wrong = database.app_url().replace(PASSWORD, "wrong");
    assert!(matches!(refused(&wrong).await, OpenError::LoginRefused { .. }));
    let no_role = database.app_url().replace(cluster::APP, "nobody");
    assert!(matches!(refused(&no_role).await, OpenError::LoginRefused { .. }));
    let no_database = database.app_url().replace(&database.name, "nothing");
    assert!(matches!(refused(&no_database).await, OpenError::Missing { .. }));
    assert_eq!(state(&database), before);
}

#[tokio::test]
async fn an_empty_database_is_not_the_services_to_fill_but_its_owners() {
    let Some(cluster) = cluster::shared() else { return };
    let database = cluster.empty();
    let before = state(&database);
    assert!(matches!(refused(&database.app_url()).await, OpenError::Behind { found: 0, .. }));
    assert_eq!(state(&database), before);
    PostgresStore::open(options(&database.owner_url())).await.unwrap();
    let not_allowed = refused(&database.app_url()).await;
    assert!(matches!(not_allowed, OpenError::Role { .. }), "{not_allowed}");
    let Migrated { from, to, finished } = migrate(&database.owner_url(), cluster::APP).await.unwrap();
    assert!(from == to && finished);
    PostgresStore::open(options(&database.app_url())).await.unwrap();
}

#[tokio::test]
async fn many_who_migrate_at_once_make_it_once() {
    let Some(cluster) = cluster::shared() else { return };
    let database = cluster.empty();
    let tasks: Vec<_> = (0..4)
        .map(|_| {
            let url = database.owner_url();
            tokio::spawn(async move { migrate(&url, cluster::APP).await })
        })
        .collect();
    let mut made = 0;
    for task in tasks {
        match task.await.unwrap() {
            Ok(migrated) => made += u32::from(migrated.from == 0),
            Err(error) => assert!(matches!(error, OpenError::Held { .. }), "{error}"),
        }
    }
    assert_eq!(made, 1);
    PostgresStore::open(options(&database.app_url())).await.unwrap();
}

#[tokio::test]
async fn roles_that_would_see_every_tenant_or_are_not_there_are_refused() {
    let Some(database) = database().await else { return };
    let before = state(&database);
    let role = format!("all_{}", database.name);
    database.sql(&format!("CREATE ROLE {role} LOGIN BYPASSRLS PASSWORD '{PASSWORD}'"));
    let url = database.cluster().url(&role, &database.name);
    assert!(matches!(refused(&url).await, OpenError::Role { .. }));
    for app in [role.as_str(), "nobody at all"] {
        let error = migrate(&database.owner_url(), app).await.err().unwrap();
        assert!(matches!(error, OpenError::Role { .. }), "{error}");
    }
    database.sql(&format!("DROP ROLE {role}"));
    assert_eq!(state(&database), before);
}

#[tokio::test]
async fn a_schema_that_is_newer_altered_or_not_ours_is_refused() {
    let Some(cluster) = cluster::shared() else { return };
    let foreign = cluster.empty();
    foreign.sql("CREATE SCHEMA officeconfig; CREATE TABLE officeconfig.things (n int)");
    foreign.sql(&format!("GRANT ALL ON SCHEMA officeconfig TO PUBLIC; GRANT ALL ON officeconfig.things TO PUBLIC; ALTER SCHEMA officeconfig OWNER TO {OWNER}"));
    let before = state(&foreign);
    for url in [foreign.app_url(), foreign.owner_url()] {
        assert!(matches!(refused(&url).await, OpenError::Foreign { .. }));
    }
    assert!(matches!(migrate(&foreign.owner_url(), cluster::APP).await, Err(OpenError::Foreign { .. })));
    assert_eq!(state(&foreign), before);

    let Some(altered) = database().await else { return };
    altered.sql("ALTER TABLE officeconfig.configurations ADD COLUMN extra text");
    assert!(matches!(refused(&altered.app_url()).await, OpenError::Altered { .. }));
    altered.sql("ALTER TABLE officeconfig.configurations DROP COLUMN extra");
    PostgresStore::open(options(&altered.app_url())).await.unwrap();
    altered.sql("ALTER TABLE officeconfig.configurations NO FORCE ROW LEVEL SECURITY");
    assert!(matches!(refused(&altered.app_url()).await, OpenError::Altered { .. }));
    altered.sql("ALTER TABLE officeconfig.configurations FORCE ROW LEVEL SECURITY");
    altered.sql("UPDATE officeconfig.schema_migrations SET sha256 = 'x' WHERE version = 1");
    assert!(matches!(refused(&altered.app_url()).await, OpenError::Altered { .. }));

    let Some(newer) = database().await else { return };
    newer.sql("INSERT INTO officeconfig.schema_migrations VALUES (999, 'later', 'x', 'x', 998, true)");
    let before = state(&newer);
    for url in [newer.app_url(), newer.owner_url()] {
        assert!(matches!(refused(&url).await, OpenError::Newer { found: 999, .. }));
    }
    assert!(matches!(migrate(&newer.owner_url(), cluster::APP).await, Err(OpenError::Newer { .. })));
    assert_eq!(state(&newer), before);
}
