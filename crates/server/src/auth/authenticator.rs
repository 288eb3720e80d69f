//! From a request's headers to the principal behind them, fast when the token was seen before.
//!
//! It puts the pieces in order: header, cache, issuer, signature, claims. It must never decide by itself what a claim means.

use std::sync::Arc;
use std::time::Duration;

use http::HeaderMap;
use tokio_util::sync::CancellationToken;

use super::builtin::BuiltinIssuer;
use super::cache::{TokenCache, TokenKey};
use super::claims::{ClaimFault, Claims};
use super::compact::{Compact, bearer, claimed_issuer};
use super::config::{AuthConfig, ConfigError, IssuerPattern};
use super::error::{AuthError, Denied, TokenFault};
use super::fetch::Fetcher;
use super::issuer::{Issuer, IssuerFault};
use super::keys::Key;
use super::principal::{Need, Plane, Principal};
use crate::env::Env;
use crate::limits::{JWKS_PERIOD, JWKS_REFRESH_FLOOR};

/// Tells who calls. One for the whole service.
pub struct Authenticator {
    /// Those with a fixed `iss` first, so that a pattern never takes another's tokens.
    issuers: Vec<Arc<Issuer>>,
    cache: TokenCache,
    env: Env,
}

impl std::fmt::Debug for Authenticator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Authenticator").field("issuers", &self.issuers).finish_non_exhaustive()
    }
}

impl Authenticator {
    /// Takes the issuers of the configuration, and the built-in one when it is given and `builtin_issuer` is on.
    /// Fetches nothing; see [`Self::keep_keys_fresh`].
    ///
    /// # Errors
    /// A fault in an `[[issuers]]` section.
    pub fn new(config: &AuthConfig, builtin: Option<&BuiltinIssuer>, env: Env) -> Result<Self, ConfigError> {
        let fetcher = Arc::new(Fetcher::default());
        let mut issuers = Vec::new();
        for section in &config.issuers {
            let (rules, keys) = section.check()?;
            if config.issuers.iter().filter(|other| other.issuer == section.issuer).count() > 1 {
                return Err(ConfigError::new(section, "is there twice; one section holds all its tenants"));
            }
            issuers.push(Arc::new(Issuer::remote(rules, keys, Arc::clone(&fetcher), Arc::clone(&env.clock))));
        }
        if let Some(builtin) = builtin.filter(|_| config.builtin_issuer) {
            issuers.push(Arc::new(builtin.as_issuer()));
        }
        issuers.sort_by_key(|issuer| matches!(issuer.rules.pattern, IssuerPattern::PerTenant(..)));
        Ok(Self { issuers, cache: TokenCache::new(), env })
    }

    /// The principal of a token that was seen before; never waits, never checks a signature.
    ///
    /// None means "ask [`Self::authenticate`]", not "refused".
    pub fn cached(&self, plane: Plane, headers: &HeaderMap) -> Option<Arc<Principal>> {
        let key = TokenKey::of(plane, bearer(headers).ok()?);
        self.cache.get(&key, self.env.clock.unix_seconds()).filter(|principal| admit(principal).is_ok())
    }

    /// Who sent a request with these headers to this plane. Whoever is let through may at least read there.
    ///
    /// # Errors
    /// 401, 403 or 503, ready for the wire.
    pub async fn authenticate(&self, plane: Plane, headers: &HeaderMap) -> Result<Arc<Principal>, AuthError> {
        let token = bearer(headers).map_err(|fault| self.unauthorized(fault))?;
        let place = TokenKey::of(plane, token);
        let principal = if let Some(principal) = self.cache.get(&place, self.env.clock.unix_seconds()) {
            principal
        } else {
            // Boxed, so that a token seen before needs no room for it.
            let (principal, key) = Box::pin(self.verify(plane, token)).await?;
            let principal = Arc::new(principal);
            self.cache.insert(place, Arc::clone(&principal), key);
            principal
        };
        admit(&principal)?;
        Ok(principal)
    }

    async fn verify(&self, plane: Plane, token: &str) -> Result<(Principal, Arc<Key>), AuthError> {
        let refuse = |fault| self.unauthorized(fault);
        let compact = Compact::parse(token).map_err(refuse)?;
        let claims = compact.claims().map_err(refuse)?;
        let iss = claimed_issuer(&claims).map_err(refuse)?;
        let issuer = self
            .issuers
            .iter()
            .find(|issuer| issuer.rules.pattern.matches(iss).is_some())
            .ok_or_else(|| refuse(TokenFault::Issuer))?;
        let key = issuer.verify(&compact).await.map_err(|fault| match fault {
            IssuerFault::Token(fault) => refuse(fault),
            IssuerFault::Unavailable(retry_after) => AuthError::Unavailable {
                issuer: issuer.rules.name.as_str().into(),
                retry_after: retry_after.max(Duration::from_secs(1)),
            },
        })?;
        if !key.signs_for(iss) {
            return Err(refuse(TokenFault::UnknownKey));
        }
        let principal = Claims::verified(&claims)
            .principal(&issuer.rules, plane, self.env.clock.unix_seconds())
            .map_err(|fault| match fault {
                ClaimFault::Token(fault) => refuse(fault),
                ClaimFault::Denied(denied) => AuthError::Forbidden(denied),
            })?;
        Ok((principal, key))
    }

    /// Where a client may sign in: the first OIDC issuer's address.
    pub fn authorization_uri(&self) -> Option<Arc<str>> {
        let issuer = self.issuers.iter().find(|issuer| issuer.is_remote())?;
        let address = || issuer.rules.pattern.with_tenant("common").into();
        Some(issuer.authorization_endpoint().unwrap_or_else(address))
    }

    fn unauthorized(&self, fault: TokenFault) -> AuthError {
        AuthError::Unauthorized { fault, authorization_uri: self.authorization_uri() }
    }

    /// Fetches the keys of all issuers now and from time to time, until `stop`. A key that an issuer withdraws takes
    /// its tokens along even when no token ever asks for a new one.
    pub async fn keep_keys_fresh(self: Arc<Self>, stop: CancellationToken) {
        let mut tasks = tokio::task::JoinSet::new();
        for issuer in self.issuers.iter().filter(|issuer| issuer.is_remote()) {
            let issuer = Arc::clone(issuer);
            tasks.spawn(async move {
                loop {
                    let pause = if issuer.refresh().await { JWKS_PERIOD } else { JWKS_REFRESH_FLOOR };
                    tokio::time::sleep(pause).await;
                }
            });
        }
        stop.cancelled().await;
        tasks.shutdown().await;
    }

    #[cfg(test)]
    pub(super) fn issuers(&self) -> &[Arc<Issuer>] {
        &self.issuers
    }

    /// How many tokens are remembered.
    #[cfg(test)]
    pub(super) fn remembered(&self) -> usize {
        self.cache.len()
    }
}

/// Whoever may not even read has no business here; and who may not write is told so by [`Principal::require`].
fn admit(principal: &Principal) -> Result<(), AuthError> {
    match principal.plane {
        Plane::Client if principal.user.is_none() => Err(AuthError::Forbidden(Denied::NoUser)),
        _ => principal.require(Need::Read),
    }
}
