//! From the claims of a token whose signature fits to the principal they describe (ruling R12).
//!
//! It must never be called on claims that were not verified.

use std::sync::Arc;

use uuid::Uuid;

use super::config::{ClaimNames, IssuedFor, IssuerRules, Tenants};
use super::error::{Denied, TokenFault};
use super::members::{Claim, Members};
use super::principal::{Access, Groups, Plane, Principal, PrincipalKind, User};
use super::tenant::{PERSONAL_ACCOUNTS, parse_guid};
use crate::limits::{IDENTIFIER_BYTES_MAX, SKEW_SECONDS};

const READ: &str = "DeviceManagementConfiguration.Read.All";
const READ_WRITE: &str = "DeviceManagementConfiguration.ReadWrite.All";
const POLICIES: [&str; 2] = ["UserPolicies.Read", "UserPolicies.ReadWrite"];

/// What is wrong with verified claims: the token itself, or only what it allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ClaimFault {
    Token(TokenFault),
    Denied(Denied),
}

impl From<TokenFault> for ClaimFault {
    fn from(fault: TokenFault) -> Self {
        Self::Token(fault)
    }
}

/// The claims of one token.
pub(super) struct Claims<'m> {
    members: &'m Members<'m>,
}

impl<'m> Claims<'m> {
    /// Claims whose signature fits.
    pub(super) fn verified(members: &'m Members<'m>) -> Self {
        Self { members }
    }

    /// Checks everything that the rules of its issuer ask, at `now` (seconds since 1970), and describes the caller.
    pub(super) fn principal(&self, rules: &IssuerRules, plane: Plane, now: i64) -> Result<Principal, ClaimFault> {
        let expires = self.lifetime(now)?;
        let tenant = self.tenant(rules)?;
        if tenant == PERSONAL_ACCOUNTS {
            return Err(ClaimFault::Denied(Denied::PersonalAccount));
        }
        if let Tenants::Listed(listed) = &rules.tenants
            && !listed.contains(&tenant)
        {
            return Err(TokenFault::TenantNotListed(tenant).into());
        }
        self.audience(match plane {
            Plane::Admin => &rules.audiences.admin,
            Plane::Client => &rules.audiences.client,
        })?;
        let names = &rules.claims;
        let kind = self.kind(names)?;
        Ok(Principal {
            plane,
            tenant,
            kind,
            user: match kind {
                PrincipalKind::Delegated => self.user(names)?,
                PrincipalKind::Application => None,
            },
            app_id: self.identifier("appid")?.or(self.identifier("azp")?),
            groups: self.groups(names)?,
            access: self.access(names, kind, plane)?,
            expires,
        })
    }

    fn lifetime(&self, now: i64) -> Result<i64, TokenFault> {
        let expires = self.seconds("exp")?.ok_or(TokenFault::Claim("exp"))?;
        if has_expired(expires, now) {
            return Err(TokenFault::Expired);
        }
        match self.seconds("nbf")? {
            Some(from) if from > now.saturating_add(SKEW_SECONDS) => Err(TokenFault::NotYetValid),
            _ => Ok(expires),
        }
    }

    /// A NumericDate, which may have a fraction (RFC 7519, 2).
    #[expect(clippy::cast_possible_truncation, reason = "a float outside i64 saturates, which is what is wanted")]
    fn seconds(&self, name: &'static str) -> Result<Option<i64>, TokenFault> {
        match self.members.get(name) {
            None => Ok(None),
            Some(Claim::Number(number)) => number
                .as_i64()
                .or_else(|| number.as_f64().map(|float| float as i64))
                .map(Some)
                .ok_or(TokenFault::Claim(name)),
            Some(_) => Err(TokenFault::Claim(name)),
        }
    }

    fn tenant(&self, rules: &IssuerRules) -> Result<Uuid, TokenFault> {
        let iss = self.text("iss").ok_or(TokenFault::Issuer)?;
        let issued_for = rules.pattern.matches(iss).ok_or(TokenFault::Issuer)?;
        let tid = match self.members.get("tid") {
            None => None,
            Some(Claim::Text(tid)) => Some(tid),
            Some(_) => return Err(TokenFault::Tenant("`tid` is not a string")),
        };
        if let Tenants::Fixed(tenant) = rules.tenants {
            return match tid {
                Some(tid) if parse_guid(tid) != Some(tenant) => {
                    Err(TokenFault::Tenant("`tid` is not the configured tenant"))
                }
                _ => Ok(tenant),
            };
        }
        let tenant = tid.and_then(|tid| parse_guid(tid)).ok_or(TokenFault::Tenant("`tid` is absent or not a GUID"))?;
        match issued_for {
            IssuedFor::Tenant(named) if named != tenant => {
                Err(TokenFault::Tenant("`iss` names another tenant than `tid`"))
            }
            _ => Ok(tenant),
        }
    }

    fn audience(&self, allowed: &[String]) -> Result<(), TokenFault> {
        let is_allowed = |audience: &str| allowed.iter().any(|one| one == audience);
        let fits = match self.members.get("aud") {
            Some(Claim::Text(audience)) => is_allowed(audience),
            Some(Claim::List(audiences)) => audiences.iter().filter_map(Claim::as_text).any(is_allowed),
            _ => false,
        };
        if fits { Ok(()) } else { Err(TokenFault::Audience) }
    }

    /// A token with scopes is delegated, whatever else it carries; one without speaks for an application, unless it is
    /// the ID token of a user: that is made for the same audience when an API signs its own users in, and its `roles`
    /// are the user's.
    fn kind(&self, names: &ClaimNames) -> Result<PrincipalKind, TokenFault> {
        if self.find(names.scopes.as_deref().unwrap_or("scp")).is_some() {
            return Ok(PrincipalKind::Delegated);
        }
        let of_a_sign_in = ["nonce", "at_hash", "c_hash"].iter().any(|name| self.members.get(name).is_some());
        let for_a_user = self.text("idtyp").is_some_and(|kind| kind != "app");
        if of_a_sign_in || for_a_user || self.text("typ") == Some("ID") {
            return Err(TokenFault::IdToken);
        }
        Ok(PrincipalKind::Application)
    }

    fn user(&self, names: &ClaimNames) -> Result<Option<User>, TokenFault> {
        let Some(oid) = self.identifier_at(names.user.as_deref().unwrap_or("oid"), "user")? else { return Ok(None) };
        let upn = match names.upn.as_deref() {
            Some(name) => self.identifier_at(name, "upn")?,
            None => self.identifier("upn")?.or(self.identifier("preferred_username")?),
        };
        Ok(Some(User { oid: canonical(&oid), upn, name: self.identifier("name")? }))
    }

    fn groups(&self, names: &ClaimNames) -> Result<Groups, TokenFault> {
        let name = names.groups.as_deref().unwrap_or("groups");
        let elsewhere =
            matches!(self.members.get("_claim_names"), Some(Claim::Object(names)) if names.get(name).is_some());
        if elsewhere
            || self
                .members
                .get("hasgroups")
                .is_some_and(|has| *has == Claim::Bool(true) || has.as_text() == Some("true"))
        {
            return Ok(Groups::Overage);
        }
        let groups = match self.find(name) {
            None | Some(Claim::Null) => Arc::default(),
            Some(Claim::Text(group)) => Arc::from([canonical(group)]),
            Some(Claim::List(groups)) => groups
                .iter()
                .map(|group| group.as_text().map(canonical).ok_or(TokenFault::Claim("groups")))
                .collect::<Result<_, _>>()?,
            Some(_) => return Err(TokenFault::Claim("groups")),
        };
        Ok(Groups::List(groups))
    }

    /// Ruling R12: delegated by scopes, applications by roles, and neither by the other's.
    fn access(&self, names: &ClaimNames, kind: PrincipalKind, plane: Plane) -> Result<Access, TokenFault> {
        let granted = match kind {
            PrincipalKind::Delegated => self.words(names.scopes.as_deref().unwrap_or("scp"), "scopes")?,
            PrincipalKind::Application => self.words(names.roles.as_deref().unwrap_or("roles"), "roles")?,
        };
        let has = |permission: &str| granted.contains(&permission);
        Ok(match plane {
            Plane::Admin => {
                Access { can_read: has(READ) || has(READ_WRITE), can_write: has(READ_WRITE), policies: false }
            }
            Plane::Client => Access {
                policies: kind == PrincipalKind::Delegated && POLICIES.into_iter().any(has),
                ..Access::default()
            },
        })
    }

    /// Words in one string, parted by spaces, or in an array.
    fn words(&self, name: &str, what: &'static str) -> Result<Vec<&str>, TokenFault> {
        match self.find(name) {
            None | Some(Claim::Null) => Ok(Vec::new()),
            Some(Claim::Text(words)) => Ok(words.split_ascii_whitespace().collect()),
            Some(Claim::List(words)) => {
                words.iter().map(|word| word.as_text().ok_or(TokenFault::Claim(what))).collect()
            }
            Some(_) => Err(TokenFault::Claim(what)),
        }
    }

    /// The claim of a configured name: as it is written (some contain dots), else as a path into objects.
    fn find(&self, name: &str) -> Option<&'m Claim<'m>> {
        self.members.get(name).or_else(|| {
            let (first, rest) = name.split_once('.')?;
            rest.split('.').try_fold(self.members.get(first)?, |claim, member| match claim {
                Claim::Object(members) => members.get(member),
                _ => None,
            })
        })
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.members.get(name).and_then(Claim::as_text)
    }

    fn identifier(&self, name: &'static str) -> Result<Option<Arc<str>>, TokenFault> {
        self.identifier_at(name, name)
    }

    /// A short text without control characters: identifiers become columns and log lines.
    fn identifier_at(&self, name: &str, what: &'static str) -> Result<Option<Arc<str>>, TokenFault> {
        match self.find(name) {
            None | Some(Claim::Null) => Ok(None),
            Some(Claim::Text(text)) if text.is_empty() => Ok(None),
            Some(Claim::Text(text)) if text.len() <= IDENTIFIER_BYTES_MAX && !text.chars().any(char::is_control) => {
                Ok(Some((&**text).into()))
            }
            Some(_) => Err(TokenFault::Claim(what)),
        }
    }
}

/// Whether a token that ends at `expires` counts no more at `now`, the skew included.
pub(super) fn has_expired(expires: i64, now: i64) -> bool {
    now >= expires.saturating_add(SKEW_SECONDS)
}

/// A GUID in lower case, anything else as it is.
fn canonical(text: &str) -> Arc<str> {
    parse_guid(text).map_or_else(|| text.into(), |guid| guid.hyphenated().to_string().into())
}
