//! Secrets that servers share: kept once, whoever comes first, sealed before they come here. It must never know what they are, nor the key.

use super::engine::Engine;
use super::failure::Failure;
use super::tx::{Mode, Tx};
use crate::ids::TenantId;
use crate::limits::{CHANGE_DEADLINE, COMMIT_WAIT};

/// They are no tenant's.
const NOBODY: TenantId = TenantId(uuid::Uuid::nil());

/// Gives what is kept by a name; when there is nothing, what is given is kept, durably.
pub(super) async fn keep(engine: &Engine, name: &str, sealed: &[u8]) -> Result<Vec<u8>, Failure> {
    let kept = async {
        let (tx, _) = Tx::begin(&engine.pool, NOBODY, Mode::Record).await?;
        let sql = "INSERT INTO secrets (name, sealed) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING";
        tx.execute(sql, &[&name, &sealed]).await?;
        let row = tx.query_one("SELECT sealed FROM secrets WHERE name = $1", &[&name]).await?;
        Ok::<_, Failure>((tx, row.try_get::<_, Vec<u8>>(0)?))
    };
    let (tx, kept) = tokio::time::timeout(CHANGE_DEADLINE, kept).await.unwrap_or(Err(Failure::Late))?;
    tx.commit(COMMIT_WAIT).await?;
    Ok(kept)
}

/// What is kept by a name.
pub(super) async fn find(engine: &Engine, name: &str) -> Result<Option<Vec<u8>>, Failure> {
    let (tx, _) = Tx::begin(&engine.pool, NOBODY, Mode::Read).await?;
    let row = tx.query_opt("SELECT sealed FROM secrets WHERE name = $1", &[&name]).await?;
    let found = row.map(|row| row.try_get(0)).transpose()?;
    tx.end();
    Ok(found)
}
