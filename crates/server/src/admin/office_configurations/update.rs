//! `PATCH /officeConfigurations/{id}` and `PATCH /officeConfiguration` — 200 with the entity (R2, R4, R5, R9).

use std::sync::Arc;

use odata::engine::Outcome;
use odata::{Error, Record};
use store::{Change, Command};

use crate::admin::accept;
use crate::admin::cx::{Cx, Wanted};
use crate::admin::resource::{Estate, not_found};

/// Merges what was given, inside the commit: a summary given in part keeps the rest as it is shown (R5). The default one begins to exist by it; any other must.
///
/// # Errors
/// 404, 409 once clients have checked in (R4), 412.
pub(crate) async fn update(cx: &mut Cx<'_>, estate: Estate, record: &Record) -> Result<Outcome, Error> {
    cx.estate(estate)?;
    let given = accept::configuration(&cx.parts(), record)?;
    let command = Command::UpdateConfiguration {
        id: cx.configuration_id(estate),
        default_may_be_created: cx.is_default(estate),
        summary: given.summary,
        statuses: given.statuses.map_or(Change::Keep, Change::Set),
    };
    cx.snapshot = cx.commit(command).await?.snapshot;
    let row = cx.estate(estate)?.ok_or_else(not_found)?;
    Ok(Outcome::Updated(Arc::new(cx.configuration_record(row, Wanted::after_change(cx.head)).await?)))
}
