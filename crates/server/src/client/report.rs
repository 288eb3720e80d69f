//! `POST /user/v1.0/{platform}/policies?configuration={id}` with a report → 204 once it is durable.
//!
//! Members that are not known are left out: real clients add some. What the client's clock says does not count.

use std::sync::Arc;

use http::StatusCode;
use http::request::Parts;
use policy::Platform;
use serde::Deserialize;
use serde::de::IgnoredAny;
use store::{Checkin, CheckinReport};

use super::caller::{Client, device_name, device_of_header};
use super::empty;
use super::fault::Fault;
use super::record::record;
use crate::app::App;
use crate::http::{Answer, RequestBody, body};
use crate::limits::{REPORT_BODY_BYTES_MAX, REPORT_MESSAGE_CHARS_MAX, REPORT_NAME_CHARS_MAX};

pub(super) async fn handle(
    app: &App,
    platform: Platform,
    parts: &Parts,
    body: &mut RequestBody,
) -> Result<Answer, Fault> {
    let client = Client::of(app, parts).await?;
    let header = device_of_header(parts)?;
    let bytes = body::read(body, REPORT_BODY_BYTES_MAX, app.config.limits.body_timeout_s).await?;
    let report = Report::read(&bytes)?;
    let effective = app.client.effective(app, &client, platform).await?;
    let checkin = Checkin {
        configuration: client.configuration,
        user_id: client.user_id().clone(),
        user_principal_name: client.user_principal_name().cloned(),
        device_name: report.device_name.clone().or(header),
        device_platform: report.platform(platform),
        at: app.now(),
        applied: effective.applied.to_vec(),
        report: Some(report.outcome()),
    };
    let recorded = record(app, &client, checkin).await;
    match &recorded {
        Ok(()) => _ = app.metrics.reports_recorded.inc(),
        Err(Fault::Unavailable) => _ = app.metrics.reports_unrecorded.inc(),
        Err(_) => {}
    }
    recorded.map(|()| empty(StatusCode::NO_CONTENT))
}

/// The members as they come. Each but `lastStatus` may be absent or null.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wire {
    device_name: Option<String>,
    device_platform: Option<String>,
    device_platform_version: Option<String>,
    sdk_version: Option<String>,
    last_status: bool,
    last_task_error_message: Option<String>,
    last_task_name: Option<String>,
    /// A clock is not believed.
    #[serde(default, rename = "checkinDateTime")]
    _at: Option<IgnoredAny>,
}

/// A report whose members are good.
#[derive(Debug, PartialEq, Eq)]
struct Report {
    device_name: Option<Arc<str>>,
    device_platform: Option<Arc<str>>,
    device_platform_version: Option<Arc<str>>,
    was_successful: bool,
    error_message: Option<Arc<str>>,
}

impl Report {
    fn read(bytes: &[u8]) -> Result<Self, Fault> {
        let mut json = serde_json::Deserializer::from_slice(bytes);
        let wire: Wire = serde_path_to_error::deserialize(&mut json).map_err(|error| {
            let place = error.path().to_string();
            let place = if place == "." { String::new() } else { format!(" at '{place}'") };
            Fault::Malformed(format!("The report is not as expected{place}: {}.", error.inner()))
        })?;
        json.end().map_err(|error| Fault::Malformed(format!("The report is not as expected: {error}.")))?;
        let name = |text: Option<String>, member| short(text, member, REPORT_NAME_CHARS_MAX);
        let device = wire.device_name.map(|text| device_name(&text, "'deviceName'")).transpose()?;
        name(wire.sdk_version, "sdkVersion")?;
        let task = name(wire.last_task_name, "lastTaskName")?;
        let message = short(wire.last_task_error_message, "lastTaskErrorMessage", REPORT_MESSAGE_CHARS_MAX)?;
        Ok(Self {
            device_name: device,
            device_platform: name(wire.device_platform, "devicePlatform")?,
            device_platform_version: name(wire.device_platform_version, "devicePlatformVersion")?,
            was_successful: wire.last_status,
            // A failure without words is told by where it was.
            error_message: message.or_else(|| task.filter(|_| !wire.last_status)),
        })
    }

    /// The platform is the URL's, spelt as the client spells it: rows of one device are found by it.
    fn platform(&self, of_url: Platform) -> Arc<str> {
        let spelt = self.device_platform.as_ref().filter(|name| name.eq_ignore_ascii_case(of_url.url_name()));
        spelt.cloned().unwrap_or_else(|| of_url.url_name().into())
    }

    fn outcome(self) -> CheckinReport {
        CheckinReport {
            was_successful: self.was_successful,
            error_message: self.error_message,
            device_platform_version: self.device_platform_version,
        }
    }
}

/// A text within its bounds; an empty one says nothing.
fn short(text: Option<String>, member: &str, chars_max: usize) -> Result<Option<Arc<str>>, Fault> {
    let Some(text) = text.filter(|text| !text.is_empty()) else { return Ok(None) };
    let chars = text.chars().count();
    if chars > chars_max {
        return Err(Fault::Malformed(format!("'{member}' has {chars} characters; {chars_max} are the most.")));
    }
    if text.contains('\0') {
        return Err(Fault::Malformed(format!("'{member}' has the character U+0000.")));
    }
    Ok(Some(text.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> String {
        Report::read(text.as_bytes()).expect_err(text).to_string()
    }

    #[test]
    fn what_is_not_known_is_left_out() {
        let text = r#"{"deviceName":"PC","lastStatus":false,"lastTaskName":"Fetch","extra":{"a":[1]},"checkinDateTime":"2099-01-01"}"#;
        let report = Report::read(text.as_bytes()).expect("good");
        assert_eq!(report.device_name.as_deref(), Some("PC"));
        assert_eq!(report.error_message.as_deref(), Some("Fetch"), "where it failed, when nothing else was said");
    }

    #[test]
    fn what_is_wrong_is_named() {
        assert!(refused("").contains("EOF"));
        assert!(refused("[]").contains("expected"));
        assert!(refused("{}").contains("lastStatus"));
        assert!(refused(r#"{"lastStatus":"yes"}"#).contains("'lastStatus'"));
        assert!(refused(r#"{"lastStatus":true,"deviceName":7}"#).contains("'deviceName'"));
        assert!(refused(r#"{"lastStatus":true,"deviceName":""}"#).contains("0 characters"));
        assert!(refused(r#"{"lastStatus":true,"deviceName":"a\u0007"}"#).contains("control characters"));
        assert!(refused(r#"{"lastStatus":true,"lastStatus":true}"#).contains("duplicate"));
        assert!(refused(r#"{"lastStatus":true} x"#).contains("trailing"));
        let long = "x".repeat(REPORT_MESSAGE_CHARS_MAX + 1);
        assert!(
            refused(&format!(r#"{{"lastStatus":true,"lastTaskErrorMessage":"{long}"}}"#)).contains("8192 are the most")
        );
    }

    #[test]
    fn the_platform_is_the_urls() {
        let report = |name: &str| {
            Report::read(format!(r#"{{"lastStatus":true,"devicePlatform":"{name}"}}"#).as_bytes()).expect("good")
        };
        assert_eq!(&*report("Windows").platform(Platform::Windows), "Windows");
        assert_eq!(&*report("Windows 11").platform(Platform::Windows), "windows");
    }
}
