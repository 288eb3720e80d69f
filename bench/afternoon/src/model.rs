//! The JSON of the three routes. It must never know of SQL.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What a POST sends.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NewConfiguration {
    #[serde(default)]
    pub(crate) tenant_checkin_statuses: Vec<CheckinStatus>,
    pub(crate) tenant_user_checkin_summary: Option<Summary>,
}

/// What a POST and a GET answer.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Configuration {
    #[serde(rename = "@odata.type")]
    pub(crate) odata_type: &'static str,
    pub(crate) id: Uuid,
    pub(crate) created_date_time: String,
    pub(crate) tenant_checkin_statuses: Vec<CheckinStatus>,
    pub(crate) tenant_user_checkin_summary: Option<Summary>,
}

/// One check-in of one device.
#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CheckinStatus {
    #[serde(rename = "@odata.type")]
    pub(crate) odata_type: Option<String>,
    pub(crate) user_principal_name: Option<String>,
    pub(crate) device_name: String,
    pub(crate) device_platform: Option<String>,
    pub(crate) device_platform_version: Option<String>,
    pub(crate) was_successful: bool,
    pub(crate) user_id: Option<String>,
    pub(crate) checkin_date_time: String,
    pub(crate) error_message: Option<String>,
    #[serde(default)]
    pub(crate) applied_policies: Vec<String>,
}

/// How many users a configuration reached.
#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Summary {
    #[serde(rename = "@odata.type")]
    pub(crate) odata_type: Option<String>,
    pub(crate) succeeded_user_count: i64,
    pub(crate) failed_user_count: i64,
}

/// A page of rows.
#[derive(Serialize)]
pub(crate) struct Page {
    pub(crate) value: Vec<CheckinStatus>,
}

/// The page's query string.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PageQuery {
    pub(crate) was_successful: bool,
    pub(crate) device_name: String,
    pub(crate) top: i64,
}
