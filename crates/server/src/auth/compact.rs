//! A bearer token as it arrives: out of the header, into its three parts.
//!
//! Nothing here is trusted yet, and nothing here decides whom to trust.

use std::borrow::Cow;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use http::HeaderMap;
use http::header::AUTHORIZATION;
use jsonwebtoken::Algorithm;
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::error::TokenFault;
use super::members::{Claim, Members};
use crate::limits::TOKEN_BYTES_MAX;

/// The bearer token of a request: from its one `Authorization` header and from nowhere else.
pub(super) fn bearer(headers: &HeaderMap) -> Result<&str, TokenFault> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let value = values.next().ok_or(TokenFault::Missing)?;
    if values.next().is_some() {
        return Err(TokenFault::Ambiguous);
    }
    let value = value.to_str().map_err(|_| TokenFault::Malformed("not ASCII"))?;
    let (scheme, token) = value.split_once(' ').unwrap_or((value, ""));
    let token = token.trim();
    if !scheme.eq_ignore_ascii_case("bearer") || token.is_empty() {
        return Err(TokenFault::Missing);
    }
    if token.len() > TOKEN_BYTES_MAX {
        return Err(TokenFault::TooLong);
    }
    Ok(token)
}

/// A JWT in compact form, taken apart. Not verified.
#[derive(Debug)]
pub(super) struct Compact<'a> {
    /// What the signature covers: header, dot, payload, as sent.
    pub(super) signed: &'a str,
    /// The signature in base64url.
    pub(super) signature: &'a str,
    pub(super) algorithm: Algorithm,
    pub(super) kid: Option<String>,
    /// The payload's JSON text.
    pub(super) payload: Vec<u8>,
}

/// The members of a JOSE header that matter, and those that must not be there.
#[derive(Deserialize)]
struct JoseHeader<'a> {
    #[serde(borrow)]
    alg: Cow<'a, str>,
    #[serde(borrow)]
    kid: Option<Cow<'a, str>>,
    #[serde(borrow)]
    typ: Option<Cow<'a, str>>,
    // `Some(IgnoredAny)` also for null: being named is enough.
    #[serde(default, deserialize_with = "named")]
    jku: bool,
    #[serde(default, deserialize_with = "named")]
    x5u: bool,
    #[serde(default, deserialize_with = "named")]
    jwk: bool,
    #[serde(default, deserialize_with = "named")]
    crit: bool,
}

fn named<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    IgnoredAny::deserialize(deserializer).map(|_| true)
}

impl<'a> Compact<'a> {
    /// Takes a token apart and refuses headers that would choose their own key or rules.
    pub(super) fn parse(token: &'a str) -> Result<Self, TokenFault> {
        let (signed, signature) = token.rsplit_once('.').ok_or(TokenFault::Malformed("no dots"))?;
        let (header, payload) = signed.split_once('.').ok_or(TokenFault::Malformed("one dot"))?;
        if payload.contains('.') {
            return Err(TokenFault::Malformed("not three parts"));
        }
        let header = decode(header, "header is not base64url")?;
        let payload = decode(payload, "payload is not base64url")?;
        let header: JoseHeader<'_> =
            serde_json::from_slice(&header).map_err(|_| TokenFault::Malformed("header is not a JOSE header"))?;
        header.check()?;
        let algorithm = match &*header.alg {
            "RS256" => Algorithm::RS256,
            "PS256" => Algorithm::PS256,
            "ES256" => Algorithm::ES256,
            "EdDSA" => Algorithm::EdDSA,
            _ => return Err(TokenFault::Algorithm),
        };
        Ok(Self { signed, signature, algorithm, kid: header.kid.map(Cow::into_owned), payload })
    }

    /// The claims of the payload. Not verified.
    pub(super) fn claims(&self) -> Result<Members<'_>, TokenFault> {
        Members::parse(&self.payload).map_err(|_| TokenFault::Malformed("payload is not an object of claims"))
    }
}

/// The `iss` of claims: whose keys to try. Not verified.
pub(super) fn claimed_issuer<'m>(claims: &'m Members<'_>) -> Result<&'m str, TokenFault> {
    match (claims.count("iss"), claims.get("iss")) {
        (0, _) | (1, Some(Claim::Null)) => Err(TokenFault::Issuer),
        (1, Some(Claim::Text(issuer))) => Ok(issuer),
        _ => Err(TokenFault::Malformed("`iss` is not one text")),
    }
}

impl JoseHeader<'_> {
    fn check(&self) -> Result<(), TokenFault> {
        for (present, name) in [(self.jku, "jku"), (self.x5u, "x5u"), (self.jwk, "jwk"), (self.crit, "crit")] {
            if present {
                return Err(TokenFault::Header(name));
            }
        }
        // Other types (logout tokens, DPoP proofs, security events) are signed with the same keys and mean other things.
        match self.typ.as_deref() {
            None => Ok(()),
            Some(typ) if ["jwt", "at+jwt", "application/at+jwt"].iter().any(|t| typ.eq_ignore_ascii_case(t)) => Ok(()),
            Some(_) => Err(TokenFault::Header("typ")),
        }
    }
}

fn decode(part: &str, fault: &'static str) -> Result<Vec<u8>, TokenFault> {
    BASE64_URL_SAFE_NO_PAD.decode(part).map_err(|_| TokenFault::Malformed(fault))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(values: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(AUTHORIZATION, value.parse().expect("a header value"));
        }
        headers
    }

    fn token(header: &str) -> String {
        let encode = |text: &str| BASE64_URL_SAFE_NO_PAD.encode(text);
        format!("{}.{}.c2ln", encode(header), encode("{\"iss\":\"x\"}"))
    }

    #[test]
    fn exactly_one_bearer_header_counts() {
        assert_eq!(bearer(&headers(&[])), Err(TokenFault::Missing));
        for empty in ["Bearer", "Bearer ", "Bearer   ", "Basic dTpw", ""] {
            assert_eq!(bearer(&headers(&[empty])), Err(TokenFault::Missing), "{empty:?}");
        }
        assert_eq!(bearer(&headers(&["Bearer a", "Bearer a"])), Err(TokenFault::Ambiguous));
        for good in ["Bearer a.b.c", "bearer a.b.c", "BEARER  a.b.c "] {
            assert_eq!(bearer(&headers(&[good])), Ok("a.b.c"), "{good:?}");
        }
        let long = format!("Bearer {}", "a".repeat(TOKEN_BYTES_MAX + 1));
        assert_eq!(bearer(&headers(&[&long])), Err(TokenFault::TooLong));
    }

    #[test]
    fn headers_that_choose_their_own_key_or_rules_are_refused() {
        for name in ["jku", "x5u", "jwk", "crit"] {
            for value in ["\"https://evil.example\"", "null", "{\"kty\":\"oct\"}", "[]"] {
                let token = token(&format!("{{\"alg\":\"RS256\",\"{name}\":{value}}}"));
                assert_eq!(Compact::parse(&token).expect_err("refused"), TokenFault::Header(name));
            }
        }
        for typ in ["logout+jwt", "dpop+jwt", "secevent+jwt"] {
            let token = token(&format!("{{\"alg\":\"RS256\",\"typ\":\"{typ}\"}}"));
            assert_eq!(Compact::parse(&token).expect_err("refused"), TokenFault::Header("typ"));
        }
        for typ in ["JWT", "at+jwt", "AT+JWT"] {
            assert!(Compact::parse(&token(&format!("{{\"alg\":\"RS256\",\"typ\":\"{typ}\"}}"))).is_ok());
        }
    }

    #[test]
    fn algorithms_outside_the_four_are_refused() {
        for alg in ["none", "None", "HS256", "HS512", "RS384", "RS512", "ES384", "PS512", "rs256", ""] {
            let token = token(&format!("{{\"alg\":\"{alg}\"}}"));
            assert_eq!(Compact::parse(&token).expect_err("refused"), TokenFault::Algorithm, "{alg}");
        }
    }

    #[test]
    fn what_is_not_three_parts_of_base64url_is_malformed() {
        let good = token("{\"alg\":\"RS256\"}");
        let five = format!("{good}.a.b");
        let padded = good.replace(".c2ln", "=.c2ln");
        let no_alg = token("{}");
        let twice = token("{\"alg\":\"RS256\",\"alg\":\"ES256\"}");
        for bad in ["a", "a.b", "..", "ä.b.c", five.as_str(), &padded, &no_alg, &twice] {
            assert!(matches!(Compact::parse(bad), Err(TokenFault::Malformed(_))), "{bad}");
        }
    }

    #[test]
    fn an_issuer_named_twice_is_malformed() {
        let encode = |text: &str| BASE64_URL_SAFE_NO_PAD.encode(text);
        let token = format!("{}.{}.x", encode("{\"alg\":\"RS256\"}"), encode("{\"iss\":\"a\",\"iss\":\"b\"}"));
        let compact = Compact::parse(&token).expect("three parts");
        let claims = compact.claims().expect("an object");
        assert!(matches!(claimed_issuer(&claims), Err(TokenFault::Malformed(_))));
    }
}
