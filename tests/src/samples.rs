//! Small bodies that many tests send.

use serde_json::{Value, json};

/// The creation call's example request, value for value; the published bytes are used where they are at hand.
pub fn creation_request() -> Value {
    json!({
        "@odata.type": "#microsoft.graph.officeConfiguration",
        "tenantCheckinStatuses": [{
            "@odata.type": "microsoft.graph.officeClientCheckinStatus",
            "userPrincipalName": "User Principal Name value",
            "deviceName": "Device Name value",
            "devicePlatform": "Device Platform value",
            "devicePlatformVersion": "Device Platform Version value",
            "wasSuccessful": true,
            "userId": "User Id value",
            "checkinDateTime": "2017-01-01T00:00:15.2429914+03:00",
            "errorMessage": "Error Message value",
            "appliedPolicies": ["Applied Policies value"]
        }],
        "tenantUserCheckinSummary": {
            "@odata.type": "microsoft.graph.officeUserCheckinSummary",
            "succeededUserCount": 2,
            "failedUserCount": 15
        }
    })
}

/// A Windows client configuration.
pub fn client(name: &str) -> Value {
    json!({
        "@odata.type": "#microsoft.graph.windowsOfficeClientConfiguration",
        "displayName": name
    })
}

/// A Windows client configuration with this priority.
pub fn client_with_priority(name: &str, priority: i32) -> Value {
    let mut body = client(name);
    body["priority"] = json!(priority);
    body
}

/// An assignment to a group.
pub fn group_assignment(group: &str) -> Value {
    json!({
        "target": {
            "@odata.type": "#microsoft.graph.officeConfigurationGroupAssignmentTarget",
            "groupId": group
        }
    })
}

/// A check-in status of one user on one device.
pub fn status(user: &str, device: &str, successful: bool, at: &str) -> Value {
    json!({
        "userId": user,
        "userPrincipalName": format!("{user}@contoso.example"),
        "deviceName": device,
        "devicePlatform": "windows",
        "wasSuccessful": successful,
        "checkinDateTime": at
    })
}

/// The instant `days` days ago as the wire writes it, for values that must lie within a window that ends today.
pub fn days_ago(days: u64) -> String {
    minutes_ago(days * 24 * 60)
}

/// The instant `minutes` minutes ago as the wire writes it.
#[expect(clippy::disallowed_methods, reason = "the service's summaries and intervals end at the real now")]
pub fn minutes_ago(minutes: u64) -> String {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default().as_secs();
    let then = now.saturating_sub(minutes * 60);
    let (year, month, day) = civil(then / 86_400);
    let second = then % 86_400;
    format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z", second / 3600, second / 60 % 60, second % 60)
}

/// Days since 1970 as year, month, day; Howard Hinnant's `civil_from_days` for dates after 1970.
fn civil(days: u64) -> (u64, u64, u64) {
    let shifted = days + 719_468;
    let era = shifted / 146_097;
    let of_era = shifted % 146_097;
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    (year_of_era + era * 400 + u64::from(month <= 2), month, day)
}
