//! `POST …/clientConfigurations` — 201, with its assignments if any were given (deep insert), at the lowest place
//! without a priority (R8).

use std::sync::Arc;

use odata::engine::Outcome;
use odata::{Error, ErrorKind, Record, Value};
use store::Command;

use super::assignments;
use crate::admin::accept;
use crate::admin::cx::{Cx, Wanted};
use crate::admin::resource::Estate;

/// Creates one. A first child makes the default officeConfiguration exist (R2).
///
/// # Errors
/// 400, 409 for a priority that is taken, 404 for the parent.
pub(crate) async fn create(cx: &Cx<'_>, estate: Estate, given: &Record) -> Result<Outcome, Error> {
    cx.estate(estate)?;
    let client = accept::client(&cx.parts(), given)?;
    let (configuration, id, deep) = (cx.configuration_id(estate), client.id, !client.assignments.is_empty());
    let committed = cx.commit(Command::CreateClient { configuration, client }).await?;
    let gone = || Error::new(ErrorKind::Internal, "The created resource is gone.");
    let parent = committed.snapshot.configuration(configuration).ok_or_else(gone)?;
    let row = parent.clients.get(id).ok_or_else(gone)?;
    let mut record = cx.client_record(parent, row, Wanted::after_change(cx.head)).await?;
    if deep {
        let made = row.assignments.iter().map(|one| assignments::value(cx, one)).collect();
        record.set(cx.office.client.assignments, Value::Collection(Arc::new(made)));
    }
    let path = format!("{}/clientConfigurations/{id}", Cx::estate_path(estate));
    Ok(Outcome::Created { record: Arc::new(record), path })
}
