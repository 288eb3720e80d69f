//! Who may see what: row-level security on every table with tenants' data, the roles for which it counts, and what the service's role may do. It
//! must never know what a table is for.

use tokio_postgres::GenericClient;

use super::failure;
use super::schema::SCHEMA;
use crate::error::OpenError;

/// Tables with a column `tenant`, partitions too, that are not protected yet. `tenant_version` shows every tenant to everybody: replicas poll it.
const UNPROTECTED: &str = "
    SELECT quote_ident(c.relname) FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
    WHERE c.relnamespace = to_regnamespace($1) AND c.relkind IN ('r', 'p') AND c.relname <> 'tenant_version'
        AND a.attname = 'tenant' AND NOT a.attisdropped AND NOT (c.relrowsecurity AND c.relforcerowsecurity)
    ORDER BY 1";

/// Puts every table with tenants' data under the rule that a transaction sees one tenant's rows only, the owner's too.
pub(super) async fn protect<C: GenericClient>(client: &C) -> Result<(), tokio_postgres::Error> {
    for row in client.query(UNPROTECTED, &[&SCHEMA]).await? {
        let table: &str = row.try_get(0)?;
        let sql = format!(
            "ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
             ALTER TABLE {table} FORCE ROW LEVEL SECURITY;
             CREATE POLICY tenant ON {table}
                USING (tenant = nullif(current_setting('officeconfig.tenant', true), '')::uuid)"
        );
        client.batch_execute(&sql).await?;
    }
    Ok(())
}

/// Lets a role use the tables, and no more.
pub(super) async fn grant<C: GenericClient>(client: &C, role: &str) -> Result<(), tokio_postgres::Error> {
    let asked = "SELECT quote_ident($1), $1 = current_user";
    let row = client.query_one(asked, &[&role]).await?;
    let (role, is_owner): (&str, bool) = (row.try_get(0)?, row.try_get(1)?);
    if is_owner {
        return Ok(());
    }
    let sql = format!(
        "GRANT USAGE ON SCHEMA {SCHEMA} TO {role};
         GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {SCHEMA} TO {role};
         GRANT USAGE ON ALL SEQUENCES IN SCHEMA {SCHEMA} TO {role};
         REVOKE INSERT, UPDATE, DELETE ON {SCHEMA}.schema_migrations FROM {role}"
    );
    client.batch_execute(&sql).await
}

/// Refuses a role for which row-level security does not count; `None` is the one that is connected.
pub(super) async fn check_role<C: GenericClient>(client: &C, role: Option<&str>) -> Result<(), OpenError> {
    let asked =
        "SELECT rolname::text, rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = coalesce($1, current_user)";
    let found = client.query_opt(asked, &[&role]).await.map_err(|e| failure::open(e, ""))?;
    let Some(row) = found else {
        let role = role.unwrap_or_default();
        let what = format!("there is no role {role}: make it with `CREATE ROLE {role} LOGIN PASSWORD '…'`");
        return Err(OpenError::Role { what });
    };
    let (name, sees_all): (String, bool) =
        row.try_get(0).and_then(|name| Ok((name, row.try_get(1)?))).map_err(|e| failure::open(e, ""))?;
    if sees_all {
        let what = format!(
            "the role {name} is a superuser or has BYPASSRLS: nothing would keep tenants apart; use one that is NOSUPERUSER NOBYPASSRLS"
        );
        return Err(OpenError::Role { what });
    }
    Ok(())
}

/// Refuses a role that cannot do what the service does.
pub(super) async fn check_privileges<C: GenericClient>(client: &C, shown: &str) -> Result<(), OpenError> {
    let asked = "
        SELECT current_user::text, (
            SELECT min(relname) FROM pg_class
            WHERE relnamespace = to_regnamespace($1) AND relkind IN ('r', 'p') AND relname <> 'schema_migrations'
                AND NOT (has_table_privilege(oid, 'SELECT') AND has_table_privilege(oid, 'INSERT')
                    AND has_table_privilege(oid, 'UPDATE') AND has_table_privilege(oid, 'DELETE')))::text";
    let row = client.query_one(asked, &[&SCHEMA]).await.map_err(|e| failure::open(e, shown))?;
    let found = row.try_get(0).and_then(|role: String| Ok((role, row.try_get::<_, Option<String>>(1)?)));
    match found.map_err(|e| failure::open(e, shown))? {
        (_, None) => Ok(()),
        (role, Some(table)) => Err(OpenError::Role {
            what: format!(
                "the role {role} may not use the table {table}: run `officeconfig migrate` as the owner, with --app-role {role}"
            ),
        }),
    }
}
