//! One issuer of tokens: its rules, its keys, and when to ask for new ones.
//!
//! It answers whose key signed a token. What the token says is for `claims`; it must never look there.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use reqwest::Url;
use serde::Deserialize;
use tokio::sync::Mutex;

use super::compact::Compact;
use super::config::{IssuerRules, KeySource, safe_url};
use super::error::TokenFault;
use super::fetch::{FetchError, Fetcher};
use super::keys::{Key, KeySet};
use crate::env::Clock;
use crate::limits::{DISCOVERY_BYTES_MAX, FETCH_TIMEOUT, JWKS_BYTES_MAX, JWKS_FIRST_RETRY, JWKS_REFRESH_FLOOR};

/// An issuer and the keys it publishes at the moment.
#[derive(Debug)]
pub(super) struct Issuer {
    pub(super) rules: IssuerRules,
    keys: ArcSwapOption<KeySet>,
    /// None for the built-in issuer, whose keys are at hand.
    remote: Option<Remote>,
}

/// How the keys of an issuer elsewhere are kept fresh.
struct Remote {
    source: KeySource,
    fetcher: Arc<Fetcher>,
    clock: Arc<dyn Clock>,
    /// Held during a fetch: one at a time.
    gate: Mutex<()>,
    /// Fetches that ended, well or not.
    attempts: AtomicU64,
    /// When the last fetch began that a token caused (seconds since 1970); `NEVER` before the first.
    last_demand: AtomicI64,
    /// Whether the last fetch failed: then nobody knows whether an unknown key is a new one.
    failed: AtomicBool,
    authorization_endpoint: ArcSwapOption<String>,
}

const NEVER: i64 = i64::MIN;

impl std::fmt::Debug for Remote {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Remote").field("source", &self.source).finish_non_exhaustive()
    }
}

/// Why a key set could not be refreshed.
#[derive(Debug, thiserror::Error)]
enum RefreshError {
    #[error(transparent)]
    Fetch(#[from] FetchError),
    #[error("{0} is not what it should be")]
    Json(Url, #[source] serde_json::Error),
    #[error("{document} describes the issuer {found}")]
    OtherIssuer { document: Url, found: String },
    #[error("{document} names a `jwks_uri` that {fault}")]
    BadJwksUri { document: Url, fault: &'static str },
    #[error("no answer within the time limit")]
    TimedOut,
}

/// The members of a discovery document that are used.
#[derive(Deserialize)]
struct Discovery {
    issuer: String,
    jwks_uri: String,
    authorization_endpoint: Option<String>,
}

impl Issuer {
    /// An issuer elsewhere, whose keys are fetched when first needed.
    pub(super) fn remote(rules: IssuerRules, source: KeySource, fetcher: Arc<Fetcher>, clock: Arc<dyn Clock>) -> Self {
        let remote = Remote {
            source,
            fetcher,
            clock,
            gate: Mutex::new(()),
            attempts: AtomicU64::new(0),
            last_demand: AtomicI64::new(NEVER),
            failed: AtomicBool::new(false),
            authorization_endpoint: ArcSwapOption::empty(),
        };
        Self { rules, keys: ArcSwapOption::empty(), remote: Some(remote) }
    }

    /// An issuer whose keys are known and never change.
    pub(super) fn local(rules: IssuerRules, keys: KeySet) -> Self {
        Self { rules, keys: ArcSwapOption::from_pointee(keys), remote: None }
    }

    pub(super) fn is_remote(&self) -> bool {
        self.remote.is_some()
    }

    /// Where users of this issuer sign in, once discovery has told.
    pub(super) fn authorization_endpoint(&self) -> Option<Arc<str>> {
        let text = self.remote.as_ref()?.authorization_endpoint.load_full()?;
        Some(text.as_str().into())
    }

    /// The key that signed the token, fetching the set anew when the token names one we do not know.
    ///
    /// # Errors
    /// What is wrong with the token, or that the keys cannot be had.
    pub(super) async fn verify(self: &Arc<Self>, token: &Compact<'_>) -> Result<Arc<Key>, IssuerFault> {
        let fault = match self.check(token) {
            Ok(key) => return Ok(key),
            Err(fault) => fault,
        };
        // Without a `kid` a bad signature is all that a new key shows.
        let may_be_new = fault == TokenFault::UnknownKey || (fault == TokenFault::Signature && token.kid.is_none());
        let Some(remote) = self.remote.as_ref().filter(|_| may_be_new) else { return Err(fault.into()) };
        self.refresh_on_demand(remote).await;
        match self.check(token) {
            Err(TokenFault::UnknownKey) if remote.failed.load(Ordering::Acquire) || self.keys.load().is_none() => {
                Err(IssuerFault::Unavailable(remote.until_next_attempt(self.has_keys())))
            }
            answer => answer.map_err(IssuerFault::from),
        }
    }

    fn check(&self, token: &Compact<'_>) -> Result<Arc<Key>, TokenFault> {
        self.keys.load().as_ref().ok_or(TokenFault::UnknownKey)?.verify(token)
    }

    fn has_keys(&self) -> bool {
        self.keys.load().is_some()
    }

    /// Fetches the keys because a token asks for one, unless that was done a short while ago. Who comes while a fetch
    /// is under way waits for it.
    async fn refresh_on_demand(self: &Arc<Self>, remote: &Remote) {
        if !remote.may_attempt(self.has_keys()) && remote.gate.try_lock().is_ok() {
            return;
        }
        let seen = remote.attempts.load(Ordering::Acquire);
        let issuer = Arc::clone(self);
        // On its own task: a caller that hangs up must not take the fetch of all others along.
        let fetch = tokio::spawn(async move {
            let Some(remote) = &issuer.remote else { return };
            let _one_at_a_time = remote.gate.lock().await;
            if remote.attempts.load(Ordering::Acquire) == seen && remote.may_attempt(issuer.has_keys()) {
                remote.last_demand.store(remote.clock.unix_seconds(), Ordering::Release);
                issuer.fetch_and_swap(remote).await;
            }
        });
        if let Err(stopped) = fetch.await {
            tracing::error!(issuer = self.rules.name, %stopped, "fetching the issuer's keys broke off");
        }
    }

    /// Fetches the keys because it is time. Gives whether that went well.
    pub(super) async fn refresh(&self) -> bool {
        let Some(remote) = &self.remote else { return true };
        let _one_at_a_time = remote.gate.lock().await;
        self.fetch_and_swap(remote).await
    }

    async fn fetch_and_swap(&self, remote: &Remote) -> bool {
        let before = self.keys.load_full();
        let fetched = match tokio::time::timeout(FETCH_TIMEOUT, remote.fetch(before.as_deref())).await {
            Ok(fetched) => fetched,
            Err(_) => Err(RefreshError::TimedOut),
        };
        let well = match fetched {
            Ok(keys) => {
                if keys.len() == 0 {
                    tracing::warn!(
                        issuer = self.rules.name,
                        "the issuer publishes no usable key; its tokens count no more"
                    );
                }
                let keys = Arc::new(keys);
                self.keys.store(Some(Arc::clone(&keys)));
                if let Some(before) = before {
                    before.withdraw_all_but(&keys);
                }
                true
            }
            Err(error) => {
                let error: &dyn std::error::Error = &error;
                let cause = error.source().map(ToString::to_string);
                tracing::warn!(issuer = self.rules.name, %error, cause, "cannot fetch the issuer's keys; the last ones stay");
                false
            }
        };
        remote.failed.store(!well, Ordering::Release);
        remote.attempts.fetch_add(1, Ordering::AcqRel);
        well
    }
}

impl Remote {
    fn floor(has_keys: bool) -> Duration {
        if has_keys { JWKS_REFRESH_FLOOR } else { JWKS_FIRST_RETRY }
    }

    /// Time until a token may cause the next fetch.
    fn until_next_attempt(&self, has_keys: bool) -> Duration {
        let last = self.last_demand.load(Ordering::Acquire);
        let since = self.clock.unix_seconds().saturating_sub(last);
        // A clock that was set back must not close the gate for longer.
        match u64::try_from(since) {
            Ok(since) if last != NEVER => Self::floor(has_keys).saturating_sub(Duration::from_secs(since)),
            _ => Duration::ZERO,
        }
    }

    fn may_attempt(&self, has_keys: bool) -> bool {
        self.until_next_attempt(has_keys).is_zero()
    }

    async fn fetch(&self, before: Option<&KeySet>) -> Result<KeySet, RefreshError> {
        let url = match &self.source {
            KeySource::Jwks(url) => url.clone(),
            KeySource::Discovery { document, issuers } => self.discover(document, issuers).await?,
        };
        let document = self.fetcher.get(&url, JWKS_BYTES_MAX).await?;
        KeySet::parse(&document, before).map_err(|cause| RefreshError::Json(url, cause))
    }

    async fn discover(&self, document: &Url, issuers: &[String]) -> Result<Url, RefreshError> {
        let text = self.fetcher.get(document, DISCOVERY_BYTES_MAX).await?;
        let found: Discovery =
            serde_json::from_slice(&text).map_err(|cause| RefreshError::Json(document.clone(), cause))?;
        // OpenID Connect Discovery 4.3: a document about somebody else must not be used.
        if !issuers.contains(&found.issuer) {
            return Err(RefreshError::OtherIssuer { document: document.clone(), found: found.issuer });
        }
        self.authorization_endpoint.store(found.authorization_endpoint.map(Arc::new));
        safe_url(&found.jwks_uri).map_err(|fault| RefreshError::BadJwksUri { document: document.clone(), fault })
    }
}

/// Why no key of the issuer could be found.
#[derive(Debug)]
pub(super) enum IssuerFault {
    Token(TokenFault),
    /// The keys cannot be had; how long to wait.
    Unavailable(Duration),
}

impl From<TokenFault> for IssuerFault {
    fn from(fault: TokenFault) -> Self {
        Self::Token(fault)
    }
}
