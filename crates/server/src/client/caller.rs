//! Who checks in, to which configuration, from which device: from the token, the query and the headers.

use std::sync::Arc;

use http::HeaderName;
use http::request::Parts;
use store::{Caller, ConfigurationId, TenantId, default_configuration_id};
use uuid::Uuid;

use super::fault::Fault;
use crate::app::App;
use crate::auth::{AuthError, Denied, Groups, Need, Plane, Principal, User};
use crate::limits::DEVICE_NAME_CHARS_MAX;

/// What a client of today sends in place of a report.
const DEVICE_NAME: HeaderName = HeaderName::from_static("device-name");

/// A user's client.
pub(super) struct Client {
    principal: Arc<Principal>,
    user: User,
    /// For the store.
    pub(super) caller: Caller,
    /// Where it checks in.
    pub(super) configuration: ConfigurationId,
}

impl Client {
    /// Who sent the request. 401 comes before anything that would tell about the data.
    pub(super) async fn of(app: &App, parts: &Parts) -> Result<Self, Fault> {
        let principal = app.auth.authenticate(Plane::Client, &parts.headers).await?;
        principal.require(Need::Read)?;
        if principal.groups == Groups::Overage {
            return Err(Fault::GroupsOverage);
        }
        let user = principal.user.clone().ok_or(AuthError::Forbidden(Denied::NoUser))?;
        let tenant = TenantId(principal.tenant);
        let configuration = configuration(parts.uri.query())?.unwrap_or_else(|| default_configuration_id(tenant));
        let caller = Caller { tenant, actor: Arc::clone(&user.oid) };
        Ok(Self { principal, user, caller, configuration })
    }

    pub(super) fn user_id(&self) -> &Arc<str> {
        &self.user.oid
    }

    pub(super) fn user_principal_name(&self) -> Option<&Arc<str>> {
        self.user.upn.as_ref()
    }

    pub(super) fn groups(&self) -> &[Arc<str>] {
        self.principal.groups.listed()
    }
}

/// `?configuration={id}`
fn configuration(query: Option<&str>) -> Result<Option<ConfigurationId>, Fault> {
    let mut found = None;
    for part in query.unwrap_or_default().split('&') {
        let Some(text) = part.strip_prefix("configuration=") else { continue };
        if found.is_some() {
            return Err(Fault::malformed("The query option 'configuration' is given more than once."));
        }
        let id = Uuid::try_parse(text).ok().filter(|_| text.len() == uuid::fmt::Hyphenated::LENGTH);
        let id = id.ok_or_else(|| Fault::malformed("The query option 'configuration' is not a GUID."))?;
        found = Some(ConfigurationId(id));
    }
    Ok(found)
}

/// The device as its header names it.
pub(super) fn device_of_header(parts: &Parts) -> Result<Option<Arc<str>>, Fault> {
    let Some(value) = parts.headers.get(DEVICE_NAME) else { return Ok(None) };
    let refused = || Fault::malformed("The header 'Device-Name' is not text.");
    let text = std::str::from_utf8(value.as_bytes()).map_err(|_| refused())?.trim();
    if text.is_empty() { Ok(None) } else { device_name(text, "The header 'Device-Name'").map(Some) }
}

/// The name of a device, which stands at `place`.
pub(super) fn device_name(text: &str, place: &str) -> Result<Arc<str>, Fault> {
    let chars = text.chars().count();
    if !(1..=DEVICE_NAME_CHARS_MAX).contains(&chars) {
        let message = format!("{place} has {chars} characters; a device's name has 1 to {DEVICE_NAME_CHARS_MAX}.");
        return Err(Fault::Malformed(message));
    }
    if text.chars().any(char::is_control) {
        return Err(Fault::Malformed(format!("{place} has control characters.")));
    }
    Ok(text.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_configuration_is_named_once_by_a_guid() {
        let id = "6c0d5a1e-0000-4000-8000-00000000000a";
        let found = configuration(Some(&format!("a=b&configuration={id}"))).expect("good");
        assert_eq!(found.map(|found| found.to_string()).as_deref(), Some(id));
        assert!(configuration(None).expect("good").is_none());
        for bad in [
            "configuration=",
            "configuration=x",
            "configuration={6c0d5a1e}",
            "configuration=6c0d5a1e00004000800000000000000a",
        ] {
            assert!(configuration(Some(bad)).is_err(), "{bad}");
        }
        assert!(configuration(Some(&format!("configuration={id}&configuration={id}"))).is_err());
    }

    #[test]
    fn names_of_devices_have_bounds() {
        assert!(device_name("PC-1", "x").is_ok());
        assert!(device_name(&"ä".repeat(256), "x").is_ok());
        for bad in ["", &"a".repeat(257), "a\u{7}b", "a\nb"] {
            assert!(device_name(bad, "x").is_err(), "{bad:?}");
        }
    }
}
