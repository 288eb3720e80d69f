//! Tokens, written from numbers: who, and which of their tokens. The same numbers give the same text, so that of a token that was
//! signed ahead only the signature has to be kept.

use std::io::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use population::User;

use crate::keys::{Algorithm, Checks, Key, Signature};

/// The `kid` of the only key.
pub(crate) const KEY_ID: &str = "bench-1";

/// Longer than any run. That tokens end is the fleet's matter: it takes a new one when the old one's time is over.
const LIFE_SECONDS: u64 = 12 * 3600;

/// Whose token, and which of theirs.
#[derive(Debug, Clone, Copy)]
pub struct Subject {
    /// The tenant.
    pub tenant: &'static str,
    /// The user.
    pub user: User,
    /// Makes the token another one.
    pub serial: u64,
}

/// Makes tokens.
pub struct Tokens {
    key: Key,
    /// The header, encoded, with its dot.
    header: String,
    issuer: String,
    audience: &'static str,
    issued: u64,
}

impl Tokens {
    pub(crate) fn new(key: Key, issuer: String, audience: &'static str, issued: u64) -> Self {
        let header = format!(r#"{{"typ":"JWT","alg":"{}","kid":"{KEY_ID}"}}"#, key.algorithm.name());
        let header = URL_SAFE_NO_PAD.encode(header) + ".";
        Self { key, header, issuer, audience, issued }
    }

    /// How they are signed.
    pub fn algorithm(&self) -> Algorithm {
        self.key.algorithm
    }

    /// What checks them.
    pub fn checks(&self) -> anyhow::Result<Checks> {
        self.key.checks()
    }

    /// The signature of a token: the costly part.
    pub fn sign(&self, subject: Subject) -> anyhow::Result<Signature> {
        let mut text = Vec::with_capacity(1024);
        self.write_signed(subject, &mut text);
        self.key.sign(&text)
    }

    /// Appends the token with its signature.
    pub fn write(&self, subject: Subject, signature: &[u8], text: &mut Vec<u8>) {
        self.write_signed(subject, text);
        text.push(b'.');
        append_encoded(signature, text);
    }

    /// A whole token.
    pub fn token(&self, subject: Subject) -> anyhow::Result<String> {
        let signature = self.sign(subject)?;
        let mut text = Vec::with_capacity(1024);
        self.write(subject, signature.as_bytes(), &mut text);
        Ok(String::from_utf8(text)?)
    }

    /// Header and claims, encoded: the claims of a user's token for this audience, as Entra writes them.
    fn write_signed(&self, subject: Subject, text: &mut Vec<u8>) {
        let Self { header, issuer, audience, issued, .. } = self;
        let Subject { tenant, user, serial } = subject;
        let mut claims = Vec::with_capacity(768);
        // Writing to a Vec cannot fail.
        let _ = write!(
            claims,
            r#"{{"aud":"{audience}","iss":"{issuer}","iat":{issued},"nbf":{issued},"exp":{},"acr":"1","amr":["pwd","mfa"],"app_displayname":"Microsoft Office","appid":"d3590ed6-52b3-4102-aeff-aad2292ab01c","appidacr":"0","idtyp":"user","name":"User {}","oid":"{}","scp":"UserPolicies.Read UserPolicies.ReadWrite","sub":"{:016x}","tid":"{tenant}","upn":"{}","uti":"{serial:016x}","ver":"1.0"}}"#,
            issued + LIFE_SECONDS,
            user.0,
            user.id(),
            population::mix(user.0),
            user.principal_name(),
        );
        text.extend_from_slice(header.as_bytes());
        append_encoded(&claims, text);
    }
}

fn append_encoded(bytes: &[u8], text: &mut Vec<u8>) {
    let start = text.len();
    text.resize(start + bytes.len().div_ceil(3) * 4, 0);
    let length = URL_SAFE_NO_PAD.encode_slice(bytes, &mut text[start..]).unwrap_or(0);
    text.truncate(start + length);
}
