//! A tenant with three client configurations in its default configuration, and callers with users' tokens.

use e2e::{Api, Service, Setup};
use serde_json::{Value, json};

pub(crate) const CLIENTS: &str = "/officeConfiguration/clientConfigurations";
pub(crate) const WINDOWS: &str = "//user/v1.0/windows/policies";

pub(crate) struct World {
    pub(crate) service: Service,
    pub(crate) admin: Api,
}

impl World {
    pub(crate) fn new() -> Self {
        Self::with(Setup::default())
    }

    pub(crate) fn with(setup: Setup) -> Self {
        let service = setup.start();
        let admin = service.admin("contoso");
        Self { service, admin }
    }

    /// A user's client; its groups are in the token.
    pub(crate) fn user(&self, name: &str, groups: &[&str]) -> Api {
        self.user_of("contoso", name, groups)
    }

    pub(crate) fn user_of(&self, tenant: &str, name: &str, groups: &[&str]) -> Api {
        let upn = format!("{name}@{tenant}.example");
        let mut args = vec!["--tenant", tenant, "--user", &upn, "--scope", "UserPolicies.Read"];
        args.extend(groups.iter().flat_map(|group| ["--group", group]));
        self.admin.with_token(&self.service.token(&args))
    }

    /// A client configuration with a policy payload and assignments to groups (`*` is everybody); its id.
    pub(crate) fn configured(&self, name: &str, priority: i32, groups: &[&str], settings: &Value) -> String {
        let body = json!({
            "@odata.type": "#microsoft.graph.windowsOfficeClientConfiguration", "displayName": name, "priority": priority,
        });
        let id = self.admin.post(CLIENTS, &body).created()["id"].as_str().unwrap().to_owned();
        self.admin
            .put(&format!("{CLIENTS}/{id}/policyPayload"), "application/json", settings.to_string().as_bytes())
            .no_content();
        let assignments: Vec<Value> = groups
            .iter()
            .map(|group| match *group {
                "*" => json!({ "target": { "@odata.type": "#officeConfig.allUsersAssignmentTarget" } }),
                id => json!({ "target": {
                    "@odata.type": "#microsoft.graph.officeConfigurationGroupAssignmentTarget", "groupId": id,
                } }),
            })
            .collect();
        let assign = json!({ "officeConfigurationAssignments": assignments });
        self.admin.post(&format!("{CLIENTS}/{id}/assign"), &assign).ok();
        id
    }

    /// The rows of check-ins, by user and device.
    pub(crate) fn statuses(&self) -> Vec<Value> {
        let mut rows =
            self.admin.get("/officeConfiguration/tenantCheckinStatuses").ok()["value"].as_array().unwrap().clone();
        let key = |row: &Value| {
            (row["userPrincipalName"].to_string(), row["deviceName"].to_string(), row["devicePlatform"].to_string())
        };
        rows.sort_by_key(key);
        rows
    }
}

/// A DWORD.
pub(crate) fn setting(name: &str, value: u32) -> Value {
    json!({
        "settingId": format!("office16;{name}"), "type": "REG_DWORD", "value": value.to_string(), "valueName": name, "key": "common",
    })
}

/// The settings of an answer as `name=value`, from its first element.
pub(crate) fn settings(answer: &Value) -> Vec<String> {
    let payload = answer["value"][0]["policiesPayload"].as_array();
    let text =
        |setting: &Value| format!("{}={}", setting["valueName"].as_str().unwrap(), setting["value"].as_str().unwrap());
    payload.into_iter().flatten().map(text).collect()
}
