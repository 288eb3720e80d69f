//! Reads the change log for those who follow it. It must never know what a commit's text means.

use std::ops::ControlFlow;

use super::columns::{number, stored};
use super::failure::Failure;
use super::tx::Tx;
use crate::changes::follow::{Entry, Follower};
use crate::ids::TenantId;
use crate::limits::LOG_ROWS_READ;

/// Gives a follower the entries that it takes, some at a time: most need few.
pub(super) async fn follow(tx: &Tx, tenant: TenantId, follower: &mut Follower) -> Result<(), Failure> {
    let Some(mut from) = follower.entries_from() else { return Ok(()) };
    let asked = tx
        .prepared(
            "SELECT version, ticks, changes FROM change_log WHERE tenant = $1 AND version >= $2 ORDER BY version LIMIT $3",
        )
        .await?;
    loop {
        let rows = tx.query(&asked, &[&tenant.0, &stored(from), &LOG_ROWS_READ]).await?;
        for row in &rows {
            let version = number(row, 0)?;
            let entry = Entry { version, ticks: row.try_get(1)?, changes: row.try_get(2)? };
            if follower.take(entry).map_err(Failure::Read)? == ControlFlow::Break(()) {
                return Ok(());
            }
            from = version + 1;
        }
        if i64::try_from(rows.len()).unwrap_or(i64::MAX) < LOG_ROWS_READ {
            return Ok(());
        }
    }
}
