//! The types of the creation example as serde structs, and the bodies made of them. It must never know of HTTP.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

const CONTEXT: &str = "http://127.0.0.1/beta/$metadata#officeConfigurations";
const ENTITY_CONTEXT: &str = "http://127.0.0.1/beta/$metadata#officeConfigurations/$entity";

/// What a POST sends.
#[derive(Deserialize)]
pub(crate) struct NewConfiguration {
    #[serde(rename = "@odata.type")]
    odata_type: Option<String>,
    #[serde(rename = "tenantCheckinStatuses", default)]
    statuses: Vec<Checkin>,
    #[serde(rename = "tenantUserCheckinSummary")]
    summary: Option<Summary>,
}

/// One check-in of one device.
#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Checkin {
    #[serde(rename = "@odata.type")]
    odata_type: Option<String>,
    user_principal_name: Option<String>,
    pub(crate) device_name: String,
    device_platform: Option<String>,
    device_platform_version: Option<String>,
    pub(crate) was_successful: bool,
    user_id: Option<String>,
    #[serde(rename = "checkinDateTime")]
    at: String,
    error_message: Option<String>,
    #[serde(default)]
    applied_policies: Vec<String>,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
struct Summary {
    #[serde(rename = "@odata.type")]
    odata_type: Option<String>,
    succeeded_user_count: i32,
    failed_user_count: i32,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Rendered<'a> {
    #[serde(rename = "@odata.context")]
    context: &'a str,
    #[serde(rename = "@odata.type")]
    odata_type: Option<&'a str>,
    #[serde(rename = "@odata.etag")]
    etag: &'a str,
    id: Uuid,
    created_date_time: &'a str,
    last_modified_date_time: &'a str,
    tenant_checkin_statuses: &'a [Checkin],
    tenant_user_checkin_summary: Option<&'a Summary>,
}

#[derive(Serialize)]
struct Page<'a> {
    #[serde(rename = "@odata.context")]
    context: &'a str,
    value: &'a [&'a Checkin],
}

impl NewConfiguration {
    /// The body that a POST answers and a GET sends again.
    pub(crate) fn render(&self, id: Uuid) -> serde_json::Result<Vec<u8>> {
        // One date for all: reading a clock is not what is measured, writing the members is.
        const WRITTEN: &str = "2026-01-01T00:00:00.0000000Z";
        serde_json::to_vec(&Rendered {
            context: ENTITY_CONTEXT,
            odata_type: self.odata_type.as_deref(),
            etag: "W/\"1\"",
            id,
            created_date_time: WRITTEN,
            last_modified_date_time: WRITTEN,
            tenant_checkin_statuses: &self.statuses,
            tenant_user_checkin_summary: self.summary.as_ref(),
        })
    }

    /// The check-ins, newest first. The dates are compared as text, which is right for the rows the runner sends (all in UTC).
    pub(crate) fn into_newest_first(self) -> Box<[Checkin]> {
        let mut rows = self.statuses;
        rows.sort_by(|a, b| b.at.cmp(&a.at));
        rows.into_boxed_slice()
    }
}

/// A page of at most `top` failed check-ins of devices whose name starts with `prefix`; `newest_first` is walked until the page is full.
pub(crate) fn failed_page(newest_first: &[Checkin], prefix: &str, top: usize) -> serde_json::Result<Vec<u8>> {
    let rows: Vec<&Checkin> = newest_first
        .iter()
        .filter(|row| !row.was_successful && row.device_name.starts_with(prefix))
        .take(top)
        .collect();
    let mut body = Vec::with_capacity(512 * top);
    serde_json::to_writer(&mut body, &Page { context: CONTEXT, value: &rows })?;
    Ok(body)
}
