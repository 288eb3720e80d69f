//! Secrets that the replicas of a service share: kept in the database they share, sealed with a key that only they have (`--secret-file`). It
//! must never know what a secret is for.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::hkdf::{HKDF_SHA256, Salt};

use crate::env::IdSource;

/// Bytes that a secret file has at least, without the white space around them.
const SECRET_BYTES_MIN: usize = 32;
/// The first byte of what is sealed as below; another way gets another number.
const FORMAT: u8 = 1;

/// Seals secrets and opens them.
pub(crate) struct Vault(LessSafeKey);

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Vault")
    }
}

impl Vault {
    /// The vault of a secret file: any bytes that nobody can guess, 32 or more.
    ///
    /// # Errors
    /// When the file cannot be read or is too short.
    pub(crate) fn of_file(path: &Path) -> Result<Self> {
        let shown = path.display();
        let text = fs::read(path).with_context(|| format!("--secret-file {shown}"))?;
        let secret = text.trim_ascii();
        ensure!(
            secret.len() >= SECRET_BYTES_MIN,
            "--secret-file {shown}: it has {} bytes and needs {SECRET_BYTES_MIN} (`openssl rand -base64 32` makes some)",
            secret.len()
        );
        Ok(Self(key_of(secret).map_err(|_| anyhow::anyhow!("--secret-file {shown}: no key can be made of it"))?))
    }

    /// Seals a secret under its name: what is sealed opens under no other.
    pub(crate) fn seal(&self, name: &str, secret: &[u8], ids: &dyn IdSource) -> Result<Vec<u8>> {
        let mut nonce = [0; NONCE_LEN];
        ids.fill(&mut nonce);
        let mut sealed = secret.to_vec();
        self.0
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(name.as_bytes()), &mut sealed)
            .map_err(|_| anyhow::anyhow!("the secret `{name}` cannot be sealed"))?;
        Ok([&[FORMAT][..], &nonce, &sealed].concat())
    }

    /// Opens what [`Self::seal`] made.
    ///
    /// # Errors
    /// When it was sealed with another key or under another name, or was changed.
    pub(crate) fn open(&self, name: &str, sealed: &[u8]) -> Result<Vec<u8>> {
        self.opened(name, sealed).with_context(|| {
            format!(
                "the secret `{name}` in the database does not open: --secret-file is not the one it was sealed with"
            )
        })
    }

    fn opened(&self, name: &str, sealed: &[u8]) -> Option<Vec<u8>> {
        let (format, sealed) = sealed.split_first()?;
        let (nonce, sealed) = sealed.split_at_checked(NONCE_LEN)?;
        if *format != FORMAT {
            return None;
        }
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut bytes = sealed.to_vec();
        let opened = self.0.open_in_place(nonce, Aad::from(name.as_bytes()), &mut bytes).ok()?;
        Some(opened.to_vec())
    }
}

fn key_of(secret: &[u8]) -> Result<LessSafeKey, aws_lc_rs::error::Unspecified> {
    let salt = Salt::new(HKDF_SHA256, b"officeconfig");
    let key = UnboundKey::from(salt.extract(secret).expand(&[b"secrets in the database"], &AES_256_GCM)?);
    Ok(LessSafeKey::new(key))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::env::SystemRandom;

    fn vault(secret: &str) -> Result<Vault> {
        let file = tempfile::NamedTempFile::new()?;
        fs::write(file.path(), secret)?;
        Vault::of_file(file.path())
    }

    #[test]
    fn what_is_sealed_opens_with_the_same_secret_under_the_same_name_and_unchanged() {
        let secret = "0123456789abcdef0123456789abcdef";
        let one = vault(secret).expect("a vault");
        let sealed = one.seal("issuer", b"key", &SystemRandom).expect("sealed");
        assert_eq!(vault(&format!("{secret}\n")).expect("a vault").open("issuer", &sealed).expect("opened"), b"key");
        assert!(one.open("continuation", &sealed).is_err());
        assert!(vault("another secret of 32 bytes or more").expect("a vault").open("issuer", &sealed).is_err());
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(one.open("issuer", &changed).is_err(), "byte {at}");
            assert!(one.open("issuer", &sealed[..at]).is_err(), "{at} bytes");
        }
        assert_ne!(one.seal("issuer", b"key", &SystemRandom).expect("sealed"), sealed, "each has a nonce of its own");
    }

    #[test]
    fn a_short_secret_is_no_secret() {
        let error = vault("short\n").expect_err("refused").to_string();
        assert!(error.ends_with("it has 5 bytes and needs 32 (`openssl rand -base64 32` makes some)"), "{error}");
    }
}
