//! The parts of the configuration file that say whose tokens count: `builtin_issuer` and `[[issuers]]`.
//!
//! Reads and checks; it must never fetch anything.

use std::net::IpAddr;

use reqwest::Url;
use serde::Deserialize;
use uuid::Uuid;

use super::tenant::{parse_guid, tenant_id};

/// Everything identity needs to know from the configuration file.
#[derive(Debug, Clone)]
pub struct AuthConfig {
    /// Whether tokens of the built-in issuer count.
    pub builtin_issuer: bool,
    /// The OIDC issuers.
    pub issuers: Vec<IssuerSection>,
}

impl Default for AuthConfig {
    fn default() -> Self {
        Self { builtin_issuer: true, issuers: Vec::new() }
    }
}

/// One `[[issuers]]` section.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IssuerSection {
    /// The `iss` of its tokens. `{tenantid}` stands for the tenant, which must then equal `tid`.
    pub issuer: String,
    /// Where its keys are; by default discovery (`/.well-known/openid-configuration`) tells.
    pub jwks_uri: Option<String>,
    /// The `aud` values that the admin plane takes.
    #[serde(default)]
    pub admin_audiences: Vec<String>,
    /// The `aud` values that the client plane takes.
    #[serde(default)]
    pub client_audiences: Vec<String>,
    /// The tenants it may speak for: GUIDs, or `["*"]` for any.
    pub tenants: Option<Vec<String>>,
    /// The one tenant it speaks for when its tokens carry no `tid`: a GUID, or a name.
    pub tenant: Option<String>,
    /// What its claims are called.
    #[serde(default)]
    pub claims: ClaimNames,
}

/// Names of claims. `a.b` also finds the member `b` of the claim `a`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClaimNames {
    /// The id of the user; default `oid`.
    pub user: Option<String>,
    /// The user principal name; default `upn`, else `preferred_username`.
    pub upn: Option<String>,
    /// The groups; default `groups`.
    pub groups: Option<String>,
    /// The scopes, in one string or an array; default `scp`.
    pub scopes: Option<String>,
    /// The roles of an application; default `roles`.
    pub roles: Option<String>,
}

/// A fault in an `[[issuers]]` section.
#[derive(Debug, thiserror::Error)]
#[error("[[issuers]] {issuer}: {fault}")]
pub struct ConfigError {
    issuer: String,
    fault: String,
}

impl ConfigError {
    pub(super) fn new(section: &IssuerSection, fault: impl Into<String>) -> Self {
        Self { issuer: section.issuer.clone(), fault: fault.into() }
    }
}

/// The tenants an issuer may speak for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Tenants {
    /// Any: `["*"]` was written.
    Any,
    /// These.
    Listed(Vec<Uuid>),
    /// Always this one: its tokens carry no `tid`.
    Fixed(Uuid),
}

/// Where an issuer's keys come from.
#[derive(Debug, Clone)]
pub(super) enum KeySource {
    Jwks(Url),
    Discovery { document: Url, issuers: Vec<String> },
}

const TENANT_PLACEHOLDER: &str = "{tenantid}";

/// The pattern of an issuer's `iss`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum IssuerPattern {
    Exact(String),
    /// Text before and after the tenant.
    PerTenant(String, String),
}

/// For whom an `iss` says that it issues.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum IssuedFor {
    /// It does not say.
    Anyone,
    Tenant(Uuid),
}

impl IssuerPattern {
    pub(super) fn parse(text: &str) -> Self {
        match text.split_once(TENANT_PLACEHOLDER) {
            None => Self::Exact(text.to_owned()),
            Some((before, after)) => Self::PerTenant(before.to_owned(), after.to_owned()),
        }
    }

    /// Whether `iss` is one of this pattern's, and for whom. None when it is not.
    pub(super) fn matches(&self, iss: &str) -> Option<IssuedFor> {
        match self {
            Self::Exact(issuer) => (issuer == iss).then_some(IssuedFor::Anyone),
            Self::PerTenant(before, after) => {
                let tenant = iss.strip_prefix(before.as_str())?.strip_suffix(after.as_str())?;
                parse_guid(tenant).map(IssuedFor::Tenant)
            }
        }
    }

    /// The pattern with `tenant` in its place.
    pub(super) fn with_tenant(&self, tenant: &str) -> String {
        match self {
            Self::Exact(issuer) => issuer.clone(),
            Self::PerTenant(before, after) => format!("{before}{tenant}{after}"),
        }
    }
}

/// A section that was checked.
#[derive(Debug, Clone)]
pub(super) struct IssuerRules {
    pub(super) name: String,
    pub(super) pattern: IssuerPattern,
    pub(super) audiences: Audiences,
    pub(super) tenants: Tenants,
    pub(super) claims: ClaimNames,
}

/// The `aud` values of each plane.
#[derive(Debug, Clone)]
pub(super) struct Audiences {
    pub(super) admin: Vec<String>,
    pub(super) client: Vec<String>,
}

impl IssuerSection {
    /// Checks the section.
    ///
    /// # Errors
    /// What is missing, contradictory or unsafe in it.
    pub(super) fn check(&self) -> Result<(IssuerRules, KeySource), ConfigError> {
        self.rules().map_err(|fault| ConfigError::new(self, fault))
    }

    fn rules(&self) -> Result<(IssuerRules, KeySource), String> {
        if self.issuer.is_empty() {
            return Err("`issuer` is empty".to_owned());
        }
        if self.admin_audiences.is_empty() && self.client_audiences.is_empty() {
            return Err(
                "neither `admin_audiences` nor `client_audiences` is given: no token could ever count".to_owned()
            );
        }
        let pattern = IssuerPattern::parse(&self.issuer);
        if pattern.with_tenant("").contains(['{', '}']) {
            return Err("`issuer` may hold `{tenantid}` once and no other braces".to_owned());
        }
        let tenants = self.check_tenants(&pattern)?;
        let keys = self.key_source(&pattern, &tenants)?;
        let rules = IssuerRules {
            name: self.issuer.clone(),
            pattern,
            audiences: Audiences { admin: self.admin_audiences.clone(), client: self.client_audiences.clone() },
            tenants,
            claims: self.claims.clone(),
        };
        Ok((rules, keys))
    }

    fn check_tenants(&self, pattern: &IssuerPattern) -> Result<Tenants, String> {
        match (&self.tenants, &self.tenant) {
            (Some(_), Some(_)) => Err("`tenants` and `tenant` exclude each other".to_owned()),
            (None, None) => Err("`tenants` is required (or `tenant`, where tokens carry no `tid`)".to_owned()),
            (None, Some(_)) if matches!(pattern, IssuerPattern::PerTenant(..)) => {
                Err("`tenant` does not go with `{tenantid}`: such tokens carry their tenant, list it in `tenants`"
                    .to_owned())
            }
            (None, Some(tenant)) => tenant_id(tenant).map(Tenants::Fixed).ok_or_else(|| "`tenant` is empty".to_owned()),
            (Some(list), None) if list.is_empty() => Err("`tenants` is empty: no token could ever count".to_owned()),
            (Some(list), None) if list.iter().any(|tenant| tenant == "*") => {
                if list.len() == 1 {
                    Ok(Tenants::Any)
                } else {
                    Err("`*` in `tenants` stands alone".to_owned())
                }
            }
            (Some(list), None) => list
                .iter()
                .map(|tenant| parse_guid(tenant).ok_or_else(|| format!("tenant `{tenant}` is not a GUID")))
                .collect::<Result<_, _>>()
                .map(Tenants::Listed),
        }
    }

    fn key_source(&self, pattern: &IssuerPattern, tenants: &Tenants) -> Result<KeySource, String> {
        if let Some(uri) = &self.jwks_uri {
            return safe_url(uri).map(KeySource::Jwks).map_err(|fault| format!("`jwks_uri` {fault}"));
        }
        // Entra publishes what holds for every tenant under `common`; a single tenant has its own document.
        let tenant = match tenants {
            Tenants::Listed(list) if list.len() == 1 => list[0].to_string(),
            _ => "common".to_owned(),
        };
        let base = pattern.with_tenant(&tenant);
        let document = format!("{}/.well-known/openid-configuration", base.trim_end_matches('/'));
        let document =
            safe_url(&document).map_err(|fault| format!("discovery at {document}: it {fault}; give `jwks_uri`"))?;
        Ok(KeySource::Discovery { document, issuers: vec![pattern.with_tenant(TENANT_PLACEHOLDER), base] })
    }
}

/// A URL from which keys may be had: https, or http on this machine.
pub(super) fn safe_url(text: &str) -> Result<Url, &'static str> {
    let url = Url::parse(text).map_err(|_| "is not a URL")?;
    match url.scheme() {
        "https" if url.has_host() => Ok(url),
        "http" if is_loopback(&url) => Ok(url),
        "http" => Err("must be https (http is for loopback addresses)"),
        _ => Err("must be an https URL"),
    }
}

/// Whether a URL points to this machine without asking anybody.
pub(super) fn is_loopback(url: &Url) -> bool {
    let Some(host) = url.host_str() else { return false };
    let literal = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || literal.parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    const T: &str = "6e1f6e3c-0000-4000-8000-000000000001";

    fn section(toml: &str) -> IssuerSection {
        toml::from_str(toml).expect("a section")
    }

    fn fault(toml: &str) -> String {
        section(toml).check().expect_err("a fault").to_string()
    }

    #[test]
    fn a_full_section_is_read() {
        let (rules, keys) = section(&format!(
            r#"
            issuer = "https://login.microsoftonline.com/{{tenantid}}/v2.0"
            admin_audiences = ["https://graph.microsoft.com", "00000003-0000-0000-c000-000000000000"]
            client_audiences = ["https://clients.config.office.net/"]
            tenants = ["{T}"]
            claims = {{ user = "sub", roles = "realm_access.roles" }}
            "#
        ))
        .check()
        .expect("good");
        assert_eq!(rules.tenants, Tenants::Listed(vec![T.parse().expect("a GUID")]));
        let KeySource::Discovery { document, issuers } = keys else { panic!("discovery") };
        assert_eq!(
            document.as_str(),
            format!("https://login.microsoftonline.com/{T}/v2.0/.well-known/openid-configuration")
        );
        assert_eq!(issuers[0], "https://login.microsoftonline.com/{tenantid}/v2.0");
        let iss = format!("https://login.microsoftonline.com/{T}/v2.0");
        assert_eq!(rules.pattern.matches(&iss), T.parse().ok().map(IssuedFor::Tenant));
        assert_eq!(rules.pattern.matches("https://login.microsoftonline.com/evil.example/v2.0"), None);
        assert_eq!(rules.pattern.matches("https://login.microsoftonline.com//v2.0"), None);
    }

    #[test]
    fn tenants_are_required_and_the_star_must_be_written() {
        let head = "issuer = \"https://i.example\"\nadmin_audiences = [\"a\"]\n";
        assert!(fault(head).contains("`tenants` is required"));
        assert!(fault(&format!("{head}tenants = []")).contains("empty"));
        assert!(fault(&format!("{head}tenants = [\"*\", \"{T}\"]")).contains("stands alone"));
        assert!(fault(&format!("{head}tenants = [\"contoso\"]")).contains("not a GUID"));
        assert!(fault(&format!("{head}tenants = [\"*\"]\ntenant = \"x\"")).contains("exclude"));
        assert_eq!(section(&format!("{head}tenants = [\"*\"]")).check().expect("good").0.tenants, Tenants::Any);
        let (named, _) = section(&format!("{head}tenant = \"contoso\"")).check().expect("good");
        assert_eq!(Some(named.tenants), tenant_id("contoso").map(Tenants::Fixed));
    }

    #[test]
    fn a_fixed_tenant_does_not_go_with_a_tenant_in_the_issuer() {
        let toml = "issuer = \"https://i.example/{tenantid}\"\nadmin_audiences = [\"a\"]\ntenant = \"x\"";
        assert!(fault(toml).contains("{tenantid}"));
    }

    #[test]
    fn keys_come_over_https_or_from_this_machine() {
        let with = |uri: &str| {
            section(&format!("issuer = \"i\"\nadmin_audiences = [\"a\"]\ntenants = [\"*\"]\njwks_uri = \"{uri}\""))
                .check()
        };
        for good in
            ["https://i.example/keys", "http://127.0.0.1:9/keys", "http://localhost/keys", "http://[::1]:9/keys"]
        {
            assert!(with(good).is_ok(), "{good}");
        }
        for bad in [
            "http://i.example/keys",
            "http://localhost.evil.example/",
            "http://10.0.0.1/keys",
            "file:///etc/keys",
            "keys",
        ] {
            assert!(with(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_issuer_that_is_no_address_needs_a_jwks_uri() {
        assert!(fault("issuer = \"urn:x\"\nadmin_audiences = [\"a\"]\ntenants = [\"*\"]").contains("jwks_uri"));
    }

    #[test]
    fn an_unknown_member_is_a_fault() {
        assert!(toml::from_str::<IssuerSection>("issuer = \"i\"\ntenannts = []").is_err());
        assert!(toml::from_str::<IssuerSection>("issuer = \"i\"\nclaims = { usr = \"x\" }").is_err());
    }
}
