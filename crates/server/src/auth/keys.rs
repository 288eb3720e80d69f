//! Keys that issuers publish, ready for use, and the sets they come in.
//!
//! A key carries the algorithms it may be used with; a token's header can choose among them and never beyond.
//! It must never know where a set came from.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RSA_PSS_2048_8192_SHA256,
    RsaPublicKeyComponents,
};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jsonwebtoken::Algorithm;
use serde::Deserialize;

use super::compact::Compact;
use super::config::IssuerPattern;
use super::error::TokenFault;
use crate::limits::{JWKS_KEYS_MAX, RSA_BITS_MAX, RSA_BITS_MIN};

/// One key of an issuer, as long as the issuer publishes it.
#[derive(Debug)]
pub(super) struct Key {
    identity: Identity,
    /// One parsed key for each allowed algorithm: parsing anew, as `jsonwebtoken` does, adds a fifth to every check.
    checks: Vec<(Algorithm, ParsedPublicKey)>,
    /// Entra marks its keys with the issuers they are for; a key of personal accounts must not sign for an organisation.
    issuer: Option<IssuerPattern>,
    published: AtomicBool,
}

/// What makes a key the same key in the next version of its set.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Identity {
    kid: Option<String>,
    algorithms: Vec<Algorithm>,
    material: Vec<u8>,
    issuer: Option<String>,
}

impl Key {
    /// Whether the issuer still publishes it. Once false, never true again.
    pub(super) fn is_published(&self) -> bool {
        self.published.load(Ordering::Acquire)
    }

    /// Whether the key may sign for `iss`.
    pub(super) fn signs_for(&self, iss: &str) -> bool {
        self.issuer.as_ref().is_none_or(|pattern| pattern.matches(iss).is_some())
    }

    fn allows(&self, algorithm: Algorithm) -> bool {
        self.checks.iter().any(|(allowed, _)| *allowed == algorithm)
    }

    fn verify(&self, token: &Compact<'_>, signature: &[u8]) -> Result<(), TokenFault> {
        let (_, key) =
            self.checks.iter().find(|(allowed, _)| *allowed == token.algorithm).ok_or(TokenFault::Algorithm)?;
        key.verify_sig(token.signed.as_bytes(), signature).map_err(|_| TokenFault::Signature)
    }
}

/// The keys an issuer publishes at one time.
#[derive(Debug, Default)]
pub(super) struct KeySet {
    keys: Vec<Arc<Key>>,
    by_kid: HashMap<String, Vec<usize>>,
}

impl KeySet {
    /// Reads a JWKS document. Keys that were in `before` stay the same objects; unusable ones are left out.
    ///
    /// # Errors
    /// When it is not a JWKS document.
    pub(super) fn parse(document: &[u8], before: Option<&Self>) -> Result<Self, serde_json::Error> {
        #[derive(Deserialize)]
        struct Document {
            keys: Vec<serde_json::Value>,
        }
        let document: Document = serde_json::from_slice(document)?;
        let mut set = Self::default();
        for value in document.keys.into_iter().take(JWKS_KEYS_MAX) {
            match serde_json::from_value::<Jwk>(value).map_err(|_| "not a JWK").and_then(|jwk| jwk.key()) {
                Ok(key) => set.add(before.and_then(|set| set.same(&key)).unwrap_or_else(|| Arc::new(key))),
                Err(reason) => tracing::debug!(reason, "left a published key out"),
            }
        }
        Ok(set)
    }

    /// How many keys are usable.
    pub(super) fn len(&self) -> usize {
        self.keys.len()
    }

    /// Checks a token's signature. Gives the key that fits.
    pub(super) fn verify(&self, token: &Compact<'_>) -> Result<Arc<Key>, TokenFault> {
        let key = self.choose(token)?;
        let signature = BASE64_URL_SAFE_NO_PAD
            .decode(token.signature)
            .map_err(|_| TokenFault::Malformed("signature is not base64url"))?;
        key.verify(token, &signature)?;
        Ok(Arc::clone(key))
    }

    fn choose(&self, token: &Compact<'_>) -> Result<&Arc<Key>, TokenFault> {
        let Some(kid) = &token.kid else {
            // Without a `kid` only a set that leaves no choice will do.
            let mut fitting = self.keys.iter().filter(|key| key.allows(token.algorithm));
            return match (fitting.next(), fitting.next()) {
                (Some(key), None) => Ok(key),
                _ => Err(TokenFault::UnknownKey),
            };
        };
        let named = self.by_kid.get(kid).ok_or(TokenFault::UnknownKey)?;
        named.iter().map(|&at| &self.keys[at]).find(|key| key.allows(token.algorithm)).ok_or(TokenFault::Algorithm)
    }

    /// Withdraws every key that `after` no longer has; what they signed counts no more.
    pub(super) fn withdraw_all_but(&self, after: &Self) {
        for key in &self.keys {
            if !after.keys.iter().any(|kept| Arc::ptr_eq(kept, key)) {
                key.published.store(false, Ordering::Release);
            }
        }
    }

    fn same(&self, key: &Key) -> Option<Arc<Key>> {
        self.keys.iter().find(|mine| mine.identity == key.identity).cloned()
    }

    fn add(&mut self, key: Arc<Key>) {
        if let Some(kid) = &key.identity.kid {
            self.by_kid.entry(kid.clone()).or_default().push(self.keys.len());
        }
        self.keys.push(key);
    }
}

/// The members of a JWK (RFC 7517) that are used, and Entra's `issuer`.
#[derive(Deserialize)]
struct Jwk {
    kty: String,
    kid: Option<String>,
    alg: Option<String>,
    #[serde(rename = "use")]
    usage: Option<String>,
    key_ops: Option<Vec<String>>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
    issuer: Option<String>,
}

impl Jwk {
    fn key(&self) -> Result<Key, &'static str> {
        if self.usage.as_deref().is_some_and(|usage| usage != "sig") {
            return Err("not for signatures");
        }
        if self.key_ops.as_ref().is_some_and(|ops| !ops.iter().any(|op| op == "verify")) {
            return Err("not for verifying");
        }
        let (material, checks) = match (self.kty.as_str(), self.crv.as_deref()) {
            ("RSA", _) => self.rsa()?,
            ("EC", Some("P-256")) => self.p256()?,
            ("OKP", Some("Ed25519")) => self.ed25519()?,
            _ => return Err("key type or curve not offered"),
        };
        Ok(Key {
            identity: Identity {
                kid: self.kid.clone(),
                algorithms: checks.iter().map(|(algorithm, _)| *algorithm).collect(),
                material,
                issuer: self.issuer.clone(),
            },
            checks,
            issuer: self.issuer.as_deref().map(IssuerPattern::parse),
            published: AtomicBool::new(true),
        })
    }

    /// The algorithms of `family` that the key may be used with: the one it names, else all.
    fn algorithms(&self, family: &[(&str, Algorithm)]) -> Result<Vec<Algorithm>, &'static str> {
        let allowed: Vec<_> = family
            .iter()
            .filter(|(name, _)| self.alg.as_deref().is_none_or(|alg| alg == *name))
            .map(|(_, algorithm)| *algorithm)
            .collect();
        if allowed.is_empty() { Err("names an algorithm that is not allowed for its type") } else { Ok(allowed) }
    }

    fn rsa(&self) -> Result<Parts, &'static str> {
        let modulus = without_leading_zeros(member(self.n.as_deref())?);
        let exponent = without_leading_zeros(member(self.e.as_deref())?);
        let bits = modulus.first().map_or(0, |first| modulus.len() * 8 - first.leading_zeros() as usize);
        if !(RSA_BITS_MIN..=RSA_BITS_MAX).contains(&bits) {
            return Err("RSA modulus too short or too long");
        }
        let algorithms = self.algorithms(&[("RS256", Algorithm::RS256), ("PS256", Algorithm::PS256)])?;
        let components = RsaPublicKeyComponents { n: &modulus, e: &exponent };
        let checks = algorithms
            .into_iter()
            .map(|algorithm| {
                let parameters = match algorithm {
                    Algorithm::PS256 => &RSA_PSS_2048_8192_SHA256,
                    _ => &RSA_PKCS1_2048_8192_SHA256,
                };
                components.to_parsed_public_key(parameters).map(|key| (algorithm, key)).map_err(|_| "bad RSA key")
            })
            .collect::<Result<_, _>>()?;
        Ok(([modulus, exponent].concat(), checks))
    }

    fn p256(&self) -> Result<Parts, &'static str> {
        let (x, y) = (member(self.x.as_deref())?, member(self.y.as_deref())?);
        if x.len() != 32 || y.len() != 32 {
            return Err("coordinates of P-256 have 32 bytes");
        }
        let algorithms = self.algorithms(&[("ES256", Algorithm::ES256)])?;
        let point = [&[4], x.as_slice(), &y].concat();
        let key = ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, &point).map_err(|_| "not a point of P-256")?;
        Ok((point, algorithms.into_iter().map(|algorithm| (algorithm, key.clone())).collect()))
    }

    fn ed25519(&self) -> Result<Parts, &'static str> {
        let x = member(self.x.as_deref())?;
        if x.len() != 32 {
            return Err("an Ed25519 key has 32 bytes");
        }
        // "Ed25519" is the name RFC 9864 gives to what RFC 8037 called "EdDSA".
        let mut algorithms = self.algorithms(&[("EdDSA", Algorithm::EdDSA), ("Ed25519", Algorithm::EdDSA)])?;
        algorithms.dedup();
        let key = ParsedPublicKey::new(&ED25519, &x).map_err(|_| "bad Ed25519 key")?;
        Ok((x, algorithms.into_iter().map(|algorithm| (algorithm, key.clone())).collect()))
    }
}

/// The bytes that make the key what it is, and the key for each algorithm.
type Parts = (Vec<u8>, Vec<(Algorithm, ParsedPublicKey)>);

fn member(text: Option<&str>) -> Result<Vec<u8>, &'static str> {
    let text = text.ok_or("a member is missing")?;
    BASE64_URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).map_err(|_| "a member is not base64url")
}

fn without_leading_zeros(mut bytes: Vec<u8>) -> Vec<u8> {
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    bytes.drain(..zeros);
    bytes
}
