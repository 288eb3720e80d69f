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
