//! Verified tokens, by hash, until they expire or their key goes.
//!
//! It must never hold a token itself, nor anything that was not verified.

use std::hash::{BuildHasher, Hasher};
use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use quick_cache::sync::{Cache, DefaultLifecycle};

use super::claims::has_expired;
use super::keys::Key;
use super::principal::{Groups, Plane, Principal};
use crate::limits::{TOKEN_CACHE_BYTES_MAX, TOKEN_CACHE_EXPECTED};

/// A token's place in the cache: SHA-256 of its text, and the plane it was verified for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TokenKey {
    hash: [u8; 32],
    plane: Plane,
}

impl TokenKey {
    pub(super) fn of(plane: Plane, token: &str) -> Self {
        let mut hash = [0; 32];
        hash.copy_from_slice(digest(&SHA256, token.as_bytes()).as_ref());
        Self { hash, plane }
    }
}

impl std::hash::Hash for TokenKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let mut first = [0; 8];
        first.copy_from_slice(&self.hash[..8]);
        state.write_u64(u64::from_le_bytes(first) ^ (self.plane as u64));
    }
}

/// A cryptographic hash needs no second one: its first bytes serve.
#[derive(Debug, Clone, Copy, Default)]
struct FirstBytes(u64);

impl Hasher for FirstBytes {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, value: u64) {
        self.0 = value;
    }
}

impl BuildHasher for FirstBytes {
    type Hasher = Self;

    fn build_hasher(&self) -> Self {
        Self::default()
    }
}

#[derive(Debug, Clone)]
struct Entry {
    principal: Arc<Principal>,
    key: Arc<Key>,
}

/// Counts an entry in bytes, roughly: what the allocator rounds up is in the constant.
#[derive(Debug, Clone, Copy)]
struct Bytes;

impl quick_cache::Weighter<TokenKey, Entry> for Bytes {
    fn weight(&self, _: &TokenKey, entry: &Entry) -> u64 {
        const ENTRY: usize = 400;
        const GROUP: usize = 80;
        let principal = &entry.principal;
        let texts = principal.user.as_ref().map_or(0, |user| {
            user.oid.len()
                + user.upn.as_ref().map_or(0, |upn| upn.len())
                + user.name.as_ref().map_or(0, |name| name.len())
        });
        let groups = match &principal.groups {
            Groups::List(groups) => groups.iter().map(|group| GROUP + group.len()).sum(),
            Groups::Overage => 0,
        };
        (ENTRY + texts + groups) as u64
    }
}

/// The cache.
pub(super) struct TokenCache(Cache<TokenKey, Entry, Bytes, FirstBytes>);

impl TokenCache {
    pub(super) fn new() -> Self {
        Self(Cache::with(
            TOKEN_CACHE_EXPECTED,
            TOKEN_CACHE_BYTES_MAX,
            Bytes,
            FirstBytes::default(),
            DefaultLifecycle::default(),
        ))
    }

    /// The principal of a token that was verified before and counts at `now` (seconds since 1970).
    pub(super) fn get(&self, token: &TokenKey, now: i64) -> Option<Arc<Principal>> {
        let entry = self.0.get(token)?;
        if entry.key.is_published() && !has_expired(entry.principal.expires, now) {
            return Some(entry.principal);
        }
        self.0.remove(token);
        None
    }

    /// Remembers a verified token and the key that signed it.
    pub(super) fn insert(&self, token: TokenKey, principal: Arc<Principal>, key: Arc<Key>) {
        self.0.insert(token, Entry { principal, key });
    }

    /// How many tokens are remembered.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}
