//! Row-level security: with the role of the service a transaction sees the rows of the tenant that it names, and no others; the owner of the tables
//! is no exception.

use std::sync::Arc;

use bytes::Bytes;
use odata::edm::DateTimeOffset;
use store::{
    AssignmentId, ClientConfigurationId, ClientKind, Command, Commit, NewAssignment, NewClient, NewPayload, Store as _,
    Target,
};
use tokio_postgres::{Client, NoTls};
use uuid::Uuid;

use super::cluster::Database;
use super::fixture::{caller, database, id, open};

/// Tables of no tenant, and the one that tells the versions of all, and whether they are here.
const EXEMPT: [&str; 5] = ["clusters", "membership", "schema_migrations", "secrets", "tenant_version"];

async fn connected(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client.batch_execute("SET search_path = officeconfig").await.unwrap();
    client
}

async fn tables(client: &Client) -> Vec<String> {
    let asked = "SELECT relname::text FROM pg_class WHERE relnamespace = 'officeconfig'::regnamespace AND relkind IN ('r', 'p') ORDER BY 1";
    let all = client.query(asked, &[]).await.unwrap();
    all.iter().map(|row| row.get::<_, String>(0)).filter(|name| !EXEMPT.contains(&name.as_str())).collect()
}

async fn count(client: &Client, sql: &str) -> i64 {
    client.query_one(sql, &[]).await.unwrap().get(0)
}

/// Two tenants with something in each table of the control plane.
async fn filled(database: &Database) {
    let store = open(&database.app_url()).await;
    for tenant in 1..=2_u128 {
        let payload = NewPayload::new("text/plain", Bytes::from_static(b"x"));
        let client = NewClient {
            id: ClientConfigurationId(Uuid::from_u128(7 + tenant)),
            kind: ClientKind::Windows,
            display_name: Some(Arc::from("name")),
            description: None,
            priority: None,
            policy_payload: Some(payload),
            user_preference_payload: None,
            assignments: vec![NewAssignment {
                id: AssignmentId(Uuid::from_u128(9 + 2 * tenant)),
                target: Some(Target::AllUsers),
            }],
        };
        let command = Command::CreateConfiguration {
            id: id(1),
            default: false,
            summary: None,
            statuses: vec![],
            clients: vec![client],
        };
        let commit = Commit::of(DateTimeOffset::parse("2026-11-23T10:00:00Z").unwrap(), command);
        store.commit(&caller(tenant), commit).await.unwrap();
    }
    store.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_tenant_every_table_shows_nothing() {
    let Some(database) = database().await else { return };
    filled(&database).await;
    for url in [database.app_url(), database.owner_url()] {
        let client = connected(&url).await;
        let tables = tables(&client).await;
        assert!(tables.len() >= 6, "{tables:?}");
        for table in tables {
            let is_filled = database.sql(&format!("SELECT count(*) FROM officeconfig.{table}"));
            assert_eq!(count(&client, &format!("SELECT count(*) FROM {table}")).await, 0, "{table} of {is_filled}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_table_with_a_tenant_is_protected_partitions_too() {
    let Some(database) = database().await else { return };
    let unprotected = database.sql(
        "SELECT string_agg(relname, ',') FROM pg_class c JOIN pg_attribute a ON attrelid = c.oid
         WHERE relnamespace = 'officeconfig'::regnamespace AND relkind IN ('r', 'p') AND attname = 'tenant'
            AND NOT (relrowsecurity AND relforcerowsecurity AND EXISTS (SELECT 1 FROM pg_policy WHERE polrelid = c.oid))",
    );
    assert_eq!(unprotected, "tenant_version");
    let other = database.sql(
        "SELECT string_agg(relname, ',' ORDER BY relname) FROM pg_class c
         WHERE relnamespace = 'officeconfig'::regnamespace AND relkind IN ('r', 'p', 'v', 'm', 'f')
            AND NOT EXISTS (SELECT 1 FROM pg_attribute WHERE attrelid = c.oid AND attname = 'tenant')",
    );
    assert_eq!(other, "clusters,membership,schema_migrations,secrets", "whatever else there is names its tenant");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_tenants_rows_are_neither_read_nor_written() {
    let Some(database) = database().await else { return };
    filled(&database).await;
    let (own, others) = (caller(1).tenant, caller(2).tenant);
    for url in [database.app_url(), database.owner_url()] {
        let client = connected(&url).await;
        for table in tables(&client).await {
            let begin = format!("BEGIN; SELECT set_config('officeconfig.tenant', '{own}', true)");
            client.batch_execute(&begin).await.unwrap();
            let seen = format!("SELECT count(*) FROM {table} WHERE tenant <> '{own}'");
            assert_eq!(count(&client, &seen).await, 0, "{table}");
            for sql in [
                format!("DELETE FROM {table} WHERE tenant = '{others}'"),
                format!("UPDATE {table} SET tenant = '{own}' WHERE tenant = '{others}'"),
            ] {
                assert_eq!(client.execute(&sql, &[]).await.unwrap(), 0, "{sql}");
            }
            let has_rows = count(&client, &format!("SELECT count(*) FROM {table}")).await > 0;
            let given = client.execute(&format!("UPDATE {table} SET tenant = '{others}'"), &[]).await;
            assert_eq!(given.is_err(), has_rows, "{table}: a row is not given away");
            client.batch_execute("ROLLBACK").await.unwrap();
        }
    }
}
