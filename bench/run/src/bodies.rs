//! The requests: the creation example, ten thousand check-ins, the page's queries. It must never know which server they go to.

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use population::mix;
use serde_json::json;
use uuid::Uuid;

/// Check-ins in the configuration that is paged through: as many as one POST may hold.
pub(crate) const CHECKINS: u64 = 10_000;

/// Rows of a page.
pub(crate) const PAGE_ROWS: usize = 20;

/// Device names start with these; each has an eighth of the devices.
const SITES: [&str; 8] = ["LAB", "FIN", "HQ", "DEV", "OPS", "EDU", "MED", "LAW"];

/// What follows the site in a query: each value leaves more than a page of failed devices.
const NUMBERS: [&str; 3] = ["", "0", "00"];

/// The body of the creation call's documented example, compact as a client sends it.
pub(crate) fn example() -> Vec<u8> {
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
    .to_string()
    .into_bytes()
}

/// A configuration with [`CHECKINS`] check-ins, a tenth of them failed, in no order of time.
pub(crate) fn many_checkins() -> anyhow::Result<Vec<u8>> {
    let first: Timestamp = "2026-01-01T00:00:00Z".parse()?;
    let statuses = (0..CHECKINS)
        .map(|index| {
            let mixed = mix(index);
            let failed = mixed.is_multiple_of(10);
            let site = SITES[usize::try_from(index % 8)?];
            // 7919 is prime: every device has another minute.
            let minutes = i64::try_from(index * 7919 % CHECKINS)?;
            let at = first.checked_add(SignedDuration::from_mins(minutes))?;
            let user = Uuid::from_u64_pair(mixed, mix(mixed));
            let mut status = json!({
                "userPrincipalName": format!("user{index}@contoso.example"),
                "deviceName": format!("{site}-{:05}", index / 8),
                "devicePlatform": "Windows",
                "devicePlatformVersion": "10.0.19045",
                "wasSuccessful": !failed,
                "userId": user,
                "checkinDateTime": format!("{at}"),
                "appliedPolicies": [Uuid::from_u64_pair(mixed % 30, 0)]
            });
            if failed {
                status["errorMessage"] = "Access to the registry key was denied".into();
            }
            Ok(status)
        })
        .collect::<anyhow::Result<Vec<_>>>()?;
    Ok(serde_json::to_vec(&json!({ "tenantCheckinStatuses": statuses }))?)
}

/// The page's path below the configuration, one for each prefix: in OData for the service and the bound, in the afternoon's own form.
pub(crate) fn page_paths(id: &str, odata: bool) -> Vec<String> {
    let property = format!("/beta/officeConfigurations/{id}/tenantCheckinStatuses");
    let mut paths = Vec::new();
    for number in NUMBERS {
        for site in SITES {
            paths.push(if odata {
                format!(
                    "{property}?$filter=wasSuccessful%20eq%20false%20and%20startswith(deviceName,%27{site}-{number}%27)\
                     &$orderby=checkinDateTime%20desc&$top={PAGE_ROWS}"
                )
            } else {
                format!("{property}?wasSuccessful=false&deviceName={site}-{number}&top={PAGE_ROWS}")
            });
        }
    }
    paths
}

/// The bytes of a request, with the token if there is one.
pub(crate) fn request(method: &str, path: &str, token: Option<&str>, body: &[u8]) -> Bytes {
    let bearer = token.map(|token| format!("Bearer {token}"));
    let headers: Vec<_> = bearer.iter().map(|bearer| ("authorization", bearer.as_str())).collect();
    load::request(method, path, &headers, body).into()
}
