//! A tenant with something of everything, and its whole state to compare before and after.

use e2e::{Api, Service, samples};
use serde_json::{Value, json};

pub(crate) const CLIENTS: &str = "/officeConfiguration/clientConfigurations";

/// One of each kind, in one tenant.
pub(crate) struct Tenant {
    pub(crate) api: Api,
    /// Path of a further configuration.
    pub(crate) pilot: String,
    /// Path of a client configuration of the default configuration.
    pub(crate) client: String,
    /// Path of its assignment.
    pub(crate) assignment: String,
}

/// A service with one such tenant.
pub(crate) struct World {
    pub(crate) service: Service,
    tenant: Tenant,
}

impl std::ops::Deref for World {
    type Target = Tenant;

    fn deref(&self) -> &Tenant {
        &self.tenant
    }
}

impl World {
    pub(crate) fn new() -> Self {
        let service = Service::start();
        let api = service.admin("contoso");
        Self::of(service, api)
    }

    /// On this service, filling the tenant of `api`.
    pub(crate) fn of(service: Service, api: Api) -> Self {
        Self { service, tenant: Tenant::fill(api) }
    }

    /// Runs `attempt` and stops the test if anything is different afterwards.
    #[track_caller]
    pub(crate) fn unchanged(&self, attempt: impl FnOnce(&Self)) {
        let before = self.state();
        attempt(self);
        assert_eq!(self.state(), before);
    }
}

impl Tenant {
    /// Fills the tenant of `api`.
    pub(crate) fn fill(api: Api) -> Self {
        api.post("/officeConfiguration", &samples::creation_request()).created();
        let pilot = id(&api.post("/officeConfigurations", &json!({})).created());
        let client = format!("{CLIENTS}/{}", id(&api.post(CLIENTS, &samples::client("Word")).created()));
        api.post(CLIENTS, &samples::client("Excel")).created();
        let path = format!("{client}/assignments");
        let assignment = format!("{path}/{}", id(&api.post(&path, &samples::group_assignment("g1")).created()));
        api.put(&format!("{client}/policyPayload"), "application/json", b"[]").no_content();
        Self { api, pilot: format!("/officeConfigurations/{pilot}"), client, assignment }
    }

    /// Everything that can be read.
    pub(crate) fn state(&self) -> Value {
        let read = |path: &str| {
            let answer = self.api.get(path).is(200);
            json!([path, answer.header("etag"), answer.text()])
        };
        json!([
            read("/officeConfigurations"),
            read("/officeConfiguration"),
            read(CLIENTS),
            read(&format!("{}/assignments", self.client)),
            read(&format!("{}/policyPayload", self.client)),
        ])
    }
}

/// The id of what was created.
#[track_caller]
pub(crate) fn id(created: &Value) -> String {
    created["id"].as_str().unwrap().to_owned()
}
