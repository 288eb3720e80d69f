//! The directory: which tenant lives in which of several clusters. It is in the first cluster's database, with a row of each tenant under the same rule
//! as all its others. It must never know where a cluster is.

use std::sync::Arc;

use futures_util::FutureExt as _;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::Type;
use tokio_postgres::{Client, Error};

use super::engine::Engine;
use super::failure::Failure;
use super::retry::patiently;
use super::standing::{Standing, State};
use super::tx::{Mode, Tx};
use crate::ids::TenantId;
use crate::limits::{COMMIT_DEADLINE, COMMIT_WAIT, CONFIRM_DEADLINE};

/// Where the directory has a tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Found {
    /// In the cluster of this name.
    In(String),
    /// In the directory's own database, which it was in before there was a directory.
    Here,
    /// It never wrote.
    Nowhere,
}

/// A cluster, as the directory tells it from others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cluster<'n> {
    pub(crate) name: &'n str,
    /// Its database is the one with the directory.
    pub(crate) is_here: bool,
}

impl Found {
    fn is(&self, cluster: Cluster<'_>) -> bool {
        match self {
            Self::In(name) => name == cluster.name,
            Self::Here => cluster.is_here,
            Self::Nowhere => false,
        }
    }
}

pub(super) async fn find(engine: &Engine, tenant: TenantId) -> Result<Found, Failure> {
    patiently(&engine.ids, CONFIRM_DEADLINE, || find_once(engine, tenant).boxed()).await
}

async fn find_once(engine: &Engine, tenant: TenantId) -> Result<Found, Failure> {
    let begun = Tx::begin_with(&engine.pool, tenant, Mode::Look, |client| listed(client, tenant).boxed());
    let (tx, standing, listed) = begun.await?;
    tx.end();
    found(standing, listed)
}

async fn listed(client: &Client, tenant: TenantId) -> Result<Option<String>, Error> {
    let asked = "SELECT cluster FROM tenant_places WHERE tenant = $1";
    let rows = client.query_typed(asked, &[(&tenant.0, Type::UUID)]).await?;
    rows.first().map(|row| row.try_get(0)).transpose()
}

fn found(standing: Option<Standing>, listed: Option<String>) -> Result<Found, Failure> {
    match (listed, standing) {
        (Some(name), _) => Ok(Found::In(name)),
        (None, None) => Ok(Found::Nowhere),
        (None, Some(standing)) => standing.may_be_read().map(|()| Found::Here),
    }
}

/// Puts a tenant into the directory, unless it lives somewhere already: of servers that meet, one's choice counts for all. Servers that do not know the
/// directory see by its state in this database that it lives elsewhere.
pub(super) async fn place(engine: &Engine, tenant: TenantId, into: &str, is_here: bool) -> Result<Found, Failure> {
    patiently(&engine.ids, COMMIT_DEADLINE, || place_once(engine, tenant, into, is_here).boxed()).await
}

async fn place_once(engine: &Engine, tenant: TenantId, into: &str, is_here: bool) -> Result<Found, Failure> {
    let (tx, _) = Tx::begin(&engine.pool, tenant, Mode::Change).await?;
    let state = if is_here { State::Here } else { State::Gone };
    let made = "INSERT INTO tenant_version (tenant, version, state) VALUES ($1, 0, $2) ON CONFLICT DO NOTHING";
    if tx.execute(made, &[&tenant.0, &state.stored()]).await? > 0 {
        put(&tx, tenant, into).await?;
    }
    // By a statement that sees what whoever came before has made.
    let standing = tx.query_one("SELECT version, state FROM tenant_version WHERE tenant = $1", &[&tenant.0]).await?;
    let found = found(Some(Standing::read(&standing, 0)?), listed(tx.client(), tenant).await?)?;
    tx.commit(COMMIT_WAIT).await?;
    Ok(found)
}

async fn put(tx: &Tx, tenant: TenantId, into: &str) -> Result<(), Failure> {
    tx.execute("INSERT INTO clusters (name) VALUES ($1) ON CONFLICT DO NOTHING", &[&into]).await?;
    let place = "INSERT INTO tenant_places (tenant, cluster) VALUES ($1, $2)
        ON CONFLICT (tenant) DO UPDATE SET cluster = excluded.cluster";
    match tx.execute(place, &[&tenant.0, &into]).await {
        Ok(_) => Ok(()),
        // The name was forgotten just now: nobody lived there.
        Err(error) if error.code() == Some(&SqlState::FOREIGN_KEY_VIOLATION) => Err(Failure::Conflict(Arc::new(error))),
        Err(error) => Err(error.into()),
    }
}

/// Moves a tenant from a cluster to another in the directory; `false` when it lives in neither. Done again, it comes to the same.
pub(super) async fn relocate(engine: &Engine, tenant: TenantId, from: Cluster<'_>, to: &str) -> Result<bool, Failure> {
    patiently(&engine.ids, COMMIT_DEADLINE, || relocate_once(engine, tenant, from, to).boxed()).await
}

async fn relocate_once(engine: &Engine, tenant: TenantId, from: Cluster<'_>, to: &str) -> Result<bool, Failure> {
    let (tx, standing) = Tx::begin(&engine.pool, tenant, Mode::Change).await?;
    let found = found(standing, listed(tx.client(), tenant).await?)?;
    let is_from = found.is(from);
    if is_from {
        put(&tx, tenant, to).await?;
    }
    tx.commit(COMMIT_WAIT).await?;
    Ok(is_from || found == Found::In(to.to_owned()))
}

/// Names of clusters in which tenants live, but for these. Those where nobody lives are forgotten: the key that refers to a name keeps the others.
pub(super) async fn lived_in_besides(engine: &Engine, names: &[&str]) -> Result<Vec<String>, Failure> {
    let session = engine.pool.get().await?;
    let mut lived_in = Vec::new();
    for row in session.query("SELECT name FROM clusters WHERE name <> ALL ($1) ORDER BY name", &[&names]).await? {
        let name: String = row.try_get(0)?;
        match session.execute("DELETE FROM clusters WHERE name = $1", &[&name]).await {
            Ok(_) => {}
            Err(error) if error.code() == Some(&SqlState::FOREIGN_KEY_VIOLATION) => lived_in.push(name),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(lived_in)
}
