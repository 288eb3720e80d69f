//! `POST /officeConfigurations` and `POST /officeConfiguration` — the creation call (R1, R2, R3).

use std::sync::Arc;

use odata::engine::Outcome;
use odata::{Error, ErrorKind, Record, Value};
use store::{Change, CheckinStatus, Command, ConfigurationId, Summary};
use uuid::Uuid;

use super::client_configurations;
use crate::admin::accept::{self, GivenConfiguration};
use crate::admin::cx::{Cx, Wanted};
use crate::admin::represent;
use crate::admin::resource::Estate;

/// Creates one of the set; a given GUID is kept.
///
/// # Errors
/// 400 for an id that is no GUID, 409 for one that the tenant has.
pub(crate) async fn create(cx: &Cx<'_>, record: &Record) -> Result<Outcome, Error> {
    let given = accept::configuration(&cx.parts(), record)?;
    let id = match &given.id {
        None => cx.parts().new_configuration_id(),
        Some(text) => {
            Uuid::try_parse(text).ok().filter(|_| text.len() == 36).map(ConfigurationId).ok_or_else(|| {
                Error::bad_request("An id is a GUID such as c404c435-c435-c404-35c4-04c435c404c4.").at("id")
            })?
        }
    };
    store(cx, Estate::Id(id), id, given).await
}

/// Creates the tenant's default one, under its own id.
///
/// # Errors
/// 409 once it exists.
pub(crate) async fn create_default(cx: &Cx<'_>, record: &Record) -> Result<Outcome, Error> {
    let given = accept::configuration(&cx.parts(), record)?;
    store(cx, Estate::Default, cx.configuration_id(Estate::Default), given).await
}

async fn store(cx: &Cx<'_>, estate: Estate, id: ConfigurationId, given: GivenConfiguration) -> Result<Outcome, Error> {
    let statuses = given.statuses.unwrap_or_default();
    let shown = embedded(cx, &statuses);
    let deep = !given.clients.is_empty();
    let command = Command::CreateConfiguration {
        id,
        default: estate == Estate::Default,
        summary: match given.summary {
            Change::Set(Some(written)) => Some(written.over(Summary::default())),
            Change::Set(None) | Change::Keep => None,
        },
        statuses,
        clients: given.clients,
    };
    let committed = cx.commit(command).await?;
    let row = committed
        .snapshot
        .configuration(id)
        .ok_or_else(|| Error::new(ErrorKind::Internal, "The created resource is gone."))?;
    let mut record = match shown {
        Some(rows) => {
            // The rows are in hand: reading them back would cost a query for each creation.
            let mut record = cx.configuration_record(row, Wanted { statuses: false, ..Wanted::ALL }).await?;
            record.set(cx.office.configuration.statuses, Value::Collection(Arc::new(rows)));
            record
        }
        None => cx.configuration_record(row, Wanted::after_change(cx.head)).await?,
    };
    if deep {
        let clients = client_configurations::all_records(cx, row).await?;
        record.set(cx.office.configuration.clients, clients);
    }
    Ok(Outcome::Created { record: Arc::new(record), path: Cx::estate_path(estate) })
}

fn embedded(cx: &Cx<'_>, statuses: &[CheckinStatus]) -> Option<Vec<Value>> {
    let fits = statuses.len() <= cx.page_size_max as usize;
    fits.then(|| statuses.iter().map(|row| represent::status(cx.office, row)).collect())
}
