//! Keys: made, published, used for signing and for checking. It must never know what is signed.

use std::time::Instant;

use anyhow::{Context as _, anyhow, ensure};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, ED25519, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _,
    ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaKeyPair,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

/// The longest signature: RSA's with 2048 bits.
const SIGNATURE_BYTES_MAX: usize = 256;

/// How tokens are signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    /// RSA with 2048 bits, what Entra uses: half a millisecond to sign, a twentieth of that to check.
    Rs256,
    /// P-256.
    Es256,
    /// Ed25519.
    EdDsa,
}

impl Algorithm {
    /// Its name in a token's header.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Es256 => "ES256",
            Self::EdDsa => "EdDSA",
        }
    }
}

/// The bytes of a signature.
#[derive(Debug, Clone)]
pub struct Signature {
    bytes: [u8; SIGNATURE_BYTES_MAX],
    length: usize,
}

impl Signature {
    /// Of those bytes; longer ones than any algorithm makes are cut.
    pub fn of(bytes: &[u8]) -> Self {
        let mut signature = Self { bytes: [0; SIGNATURE_BYTES_MAX], length: bytes.len().min(SIGNATURE_BYTES_MAX) };
        signature.bytes[..signature.length].copy_from_slice(&bytes[..signature.length]);
        signature
    }

    /// The bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}

pub(crate) struct Key {
    pub(crate) algorithm: Algorithm,
    pair: Pair,
    random: SystemRandom,
}

enum Pair {
    Rsa(Box<RsaKeyPair>),
    P256(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

impl Key {
    pub(crate) fn generate(algorithm: Algorithm) -> anyhow::Result<Self> {
        let failed = |_| anyhow!("making a key for {}", algorithm.name());
        let pair = match algorithm {
            Algorithm::Rs256 => Pair::Rsa(Box::new(RsaKeyPair::generate(KeySize::Rsa2048).map_err(failed)?)),
            Algorithm::Es256 => Pair::P256(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).map_err(failed)?),
            Algorithm::EdDsa => Pair::Ed25519(Ed25519KeyPair::generate().map_err(failed)?),
        };
        Ok(Self { algorithm, pair, random: SystemRandom::new() })
    }

    fn public(&self) -> &[u8] {
        match &self.pair {
            Pair::Rsa(pair) => pair.public_key().as_ref(),
            Pair::P256(pair) => pair.public_key().as_ref(),
            Pair::Ed25519(pair) => pair.public_key().as_ref(),
        }
    }

    /// The JWKS document.
    pub(crate) fn document(&self) -> String {
        let public = self.public();
        let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let mut jwk = match self.algorithm {
            Algorithm::Rs256 => {
                let (modulus, exponent) = rsa_numbers(public);
                json!({ "kty": "RSA", "n": encode(modulus), "e": encode(exponent) })
            }
            // An uncompressed point: 4, then x and y of 32 bytes each.
            Algorithm::Es256 => {
                json!({ "kty": "EC", "crv": "P-256", "x": encode(&public[1..33]), "y": encode(&public[33..]) })
            }
            Algorithm::EdDsa => json!({ "kty": "OKP", "crv": "Ed25519", "x": encode(public) }),
        };
        jwk["use"] = "sig".into();
        jwk["alg"] = self.algorithm.name().into();
        jwk["kid"] = Value::from(crate::token::KEY_ID);
        json!({ "keys": [jwk] }).to_string()
    }

    pub(crate) fn sign(&self, message: &[u8]) -> anyhow::Result<Signature> {
        let failed = |_| anyhow!("signing");
        match &self.pair {
            Pair::Rsa(pair) => {
                let mut signature = Signature { bytes: [0; SIGNATURE_BYTES_MAX], length: pair.public_modulus_len() };
                let bytes = signature.bytes.get_mut(..signature.length).context("an RSA key of 2048 bits")?;
                pair.sign(&RSA_PKCS1_SHA256, &self.random, message, bytes).map_err(failed)?;
                Ok(signature)
            }
            Pair::P256(pair) => Ok(Signature::of(pair.sign(&self.random, message).map_err(failed)?.as_ref())),
            Pair::Ed25519(pair) => Ok(Signature::of(pair.sign(message).as_ref())),
        }
    }

    /// The public half, parsed once as the service does.
    pub(crate) fn checks(&self) -> anyhow::Result<Checks> {
        let failed = |_| anyhow!("reading a key");
        let key = match &self.pair {
            Pair::Rsa(_) => ParsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, self.public()).map_err(failed)?,
            Pair::P256(_) => ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, self.public()).map_err(failed)?,
            Pair::Ed25519(_) => ParsedPublicKey::new(&ED25519, self.public()).map_err(failed)?,
        };
        Ok(Checks { key })
    }
}

/// Checks signatures and nothing else: what no service can avoid for a token that it has never seen.
pub struct Checks {
    key: ParsedPublicKey,
}

impl Checks {
    /// Seconds that one check takes, over these tokens.
    pub fn seconds(&self, tokens: &[String]) -> anyhow::Result<f64> {
        let parts = tokens
            .iter()
            .map(|token| {
                let (signed, signature) = token.rsplit_once('.').context("a token has dots")?;
                Ok((signed.as_bytes(), URL_SAFE_NO_PAD.decode(signature)?))
            })
            .collect::<anyhow::Result<Vec<_>>>()?;
        ensure!(!parts.is_empty(), "no tokens to check");
        let started = Instant::now();
        for (signed, signature) in &parts {
            self.key.verify_sig(signed, signature).map_err(|_| anyhow!("a token of ours has a wrong signature"))?;
        }
        #[expect(clippy::cast_precision_loss, reason = "some thousand tokens")]
        let count = parts.len() as f64;
        Ok(started.elapsed().as_secs_f64() / count)
    }
}

/// Modulus and exponent of an `RSAPublicKey` (RFC 8017) with 2048 bits and the exponent 65537, whose DER always has the same form.
fn rsa_numbers(der: &[u8]) -> (&[u8], &[u8]) {
    /// SEQUENCE and INTEGER with two bytes of length each, and the zero that keeps the modulus positive.
    const HEAD: usize = 4 + 4 + 1;
    const MODULUS: usize = 256;
    (&der[HEAD..HEAD + MODULUS], &der[HEAD + MODULUS + 2..])
}
