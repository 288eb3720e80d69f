//! Continuation tokens: opaque, signed, bound to the tenant. A tampered or foreign one opens to nothing.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use anyhow::{Context as _, Result};
use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use odata::engine::TokenSeal;
use store::TenantId;

use crate::env::IdSource;

const KEY_BYTES: usize = 32;
/// Bytes of the tag that travel: 128 bits, what RFC 2104 calls enough.
const TAG_BYTES: usize = 16;

/// The key that signs continuation tokens; made once per installation.
#[derive(Debug)]
pub struct ContinuationKey(hmac::Key);

impl ContinuationKey {
    /// Its file in a data folder.
    pub const FILE: &str = "continuation.key";

    /// Reads the key of a data folder, or makes it.
    ///
    /// # Errors
    /// When the file cannot be read, written, or is not a key.
    pub fn of_folder(folder: &Path, ids: &dyn IdSource) -> Result<Self> {
        let path = folder.join(Self::FILE);
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => make(&path, ids)?,
            Err(error) => return Err(error).with_context(|| path.display().to_string()),
        };
        Self::of_bytes(&bytes).with_context(|| path.display().to_string())
    }

    /// Bytes of a key that is not there yet, as [`Self::of_bytes`] takes them.
    pub fn fresh(ids: &dyn IdSource) -> Vec<u8> {
        random(ids).to_vec()
    }

    /// The key with these bytes.
    ///
    /// # Errors
    /// When they are not a key.
    pub fn of_bytes(bytes: &[u8]) -> Result<Self> {
        anyhow::ensure!(bytes.len() == KEY_BYTES, "it is not a key of {KEY_BYTES} bytes");
        Ok(Self(hmac::Key::new(hmac::HMAC_SHA256, bytes)))
    }

    /// A key for one process, when there is no folder.
    pub fn ephemeral(ids: &dyn IdSource) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, &random(ids)))
    }

    /// The seal for one tenant.
    pub fn seal(&self, tenant: TenantId) -> TenantSeal<'_> {
        TenantSeal { key: &self.0, tenant }
    }
}

fn random(ids: &dyn IdSource) -> [u8; KEY_BYTES] {
    let mut bytes = [0; KEY_BYTES];
    ids.fill(&mut bytes);
    bytes
}

fn make(path: &Path, ids: &dyn IdSource) -> Result<Vec<u8>> {
    let bytes = random(ids);
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path).with_context(|| path.display().to_string())?;
    file.write_all(&bytes).and_then(|()| file.sync_all()).with_context(|| path.display().to_string())?;
    Ok(bytes.to_vec())
}

/// Seals and opens positions for one tenant.
#[derive(Debug)]
pub struct TenantSeal<'k> {
    key: &'k hmac::Key,
    tenant: TenantId,
}

impl TenantSeal<'_> {
    fn tag(&self, position: &[u8]) -> hmac::Tag {
        let mut context = hmac::Context::with_key(self.key);
        context.update(self.tenant.0.as_bytes());
        context.update(position);
        context.sign()
    }
}

impl TokenSeal for TenantSeal<'_> {
    fn seal(&self, position: &[u8]) -> String {
        let mut bytes = Vec::with_capacity(TAG_BYTES + position.len());
        bytes.extend_from_slice(&self.tag(position).as_ref()[..TAG_BYTES]);
        bytes.extend_from_slice(position);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    fn open(&self, token: &str) -> Option<Vec<u8>> {
        let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
        let (tag, position) = bytes.split_at_checked(TAG_BYTES)?;
        aws_lc_rs::constant_time::verify_slices_are_equal(tag, &self.tag(position).as_ref()[..TAG_BYTES]).ok()?;
        Some(position.to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_opens_only_for_its_tenant_and_only_unchanged() {
        let key = ContinuationKey::ephemeral(&crate::env::SystemRandom);
        let (mine, theirs) = (TenantId(uuid::Uuid::from_u128(1)), TenantId(uuid::Uuid::from_u128(2)));
        let token = key.seal(mine).seal(b"position");
        assert_eq!(key.seal(mine).open(&token).as_deref(), Some(&b"position"[..]));
        assert_eq!(key.seal(theirs).open(&token), None);
        assert_eq!(key.seal(mine).open(&token[1..]), None);
        assert_eq!(key.seal(mine).open(""), None);
    }
}
