//! Continuation tokens: the engine says what is in them, the application makes them opaque and unforgeable.
//!
//! The key is made at random when the process starts, so tokens die with it, as the data does. A service whose tokens
//! outlive it, or that serves several tenants, would use a real MAC with a key of its own for each of them.

use std::hash::{BuildHasher, RandomState};

use odata::edm::{decode_binary, encode_binary};
use odata::engine::TokenSeal;

/// Seals tokens with SipHash under a random key.
#[derive(Debug, Default)]
pub(crate) struct Seal(RandomState);

impl TokenSeal for Seal {
    fn seal(&self, position: &[u8]) -> String {
        let mut bytes = self.0.hash_one(position).to_le_bytes().to_vec();
        bytes.extend_from_slice(position);
        let mut text = String::new();
        encode_binary(&bytes, &mut text);
        text.trim_end_matches('=').to_owned()
    }

    fn open(&self, token: &str) -> Option<Vec<u8>> {
        let bytes = decode_binary(token).ok()?;
        let (mark, position) = bytes.split_at_checked(8)?;
        (self.0.hash_one(position).to_le_bytes() == mark).then(|| position.to_vec())
    }
}
