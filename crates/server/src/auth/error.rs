//! Why a caller was refused: one text for the caller (Graph's, ruling R11), one for the log.
//!
//! It knows the status, code, message and challenge that go on the wire; it must never carry a token or a key.

use std::sync::Arc;
use std::time::Duration;

use http::{HeaderValue, StatusCode};

/// A refusal to let a request through.
#[derive(Debug, Clone, thiserror::Error)]
pub enum AuthError {
    /// 401: no token, or one that proves nothing here.
    #[error("token refused: {fault}")]
    Unauthorized {
        /// What is wrong with it; for the log.
        fault: TokenFault,
        /// Where a client may ask for a better one.
        authorization_uri: Option<Arc<str>>,
    },
    /// 403: a good token without the right to do this.
    #[error("not allowed: {0}")]
    Forbidden(Denied),
    /// 503: the issuer's keys cannot be had right now, so nobody can tell.
    #[error("the keys of issuer {issuer} are not available")]
    Unavailable {
        /// The issuer, as configured.
        issuer: Arc<str>,
        /// When to try again.
        retry_after: Duration,
    },
}

/// What is wrong with a token. `Display` is for the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenFault {
    /// No `Authorization: Bearer` header, or nothing after it.
    #[error("no bearer token")]
    Missing,
    /// More than one `Authorization` header.
    #[error("more than one Authorization header")]
    Ambiguous,
    /// Longer than any real token.
    #[error("longer than a token may be")]
    TooLong,
    /// Not a signed JWT in compact form.
    #[error("not a compact JWT: {0}")]
    Malformed(&'static str),
    /// A header member that would let the token choose its own key or rules.
    #[error("header member `{0}` is refused")]
    Header(&'static str),
    /// An algorithm outside RS256, PS256, ES256 and EdDSA, or one the key is not for.
    #[error("algorithm not allowed for the key")]
    Algorithm,
    /// `iss` is absent or not one of ours.
    #[error("unknown issuer")]
    Issuer,
    /// The issuer has no such key.
    #[error("the issuer has no key with this `kid`")]
    UnknownKey,
    /// The signature does not fit.
    #[error("bad signature")]
    Signature,
    /// Past `exp`.
    #[error("expired")]
    Expired,
    /// Before `nbf`.
    #[error("not yet valid")]
    NotYetValid,
    /// For somebody else.
    #[error("audience is not this plane's")]
    Audience,
    /// `tid` is absent or not a GUID, or not the tenant in `iss`.
    #[error("no tenant, or not the issuer's: {0}")]
    Tenant(&'static str),
    /// A tenant that the configuration does not list.
    #[error("tenant {0} is not listed")]
    TenantNotListed(uuid::Uuid),
    /// An ID token: it says who signed in to some application, and permits nothing.
    #[error("an ID token is not an access token")]
    IdToken,
    /// A claim has the wrong type or cannot be used.
    #[error("claim `{0}` is unusable")]
    Claim(&'static str),
}

/// Why a good token was not enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// The scopes or roles do not cover it (ruling R12).
    #[error("the token's scopes or roles do not cover this")]
    Permission,
    /// The client plane is for users.
    #[error("the client plane needs a user's token")]
    NoUser,
    /// Personal accounts have no organisation whose configuration they could get.
    #[error("personal accounts are refused")]
    PersonalAccount,
}

impl TokenFault {
    fn message(self) -> &'static str {
        match self {
            Self::Missing => "Access token is empty.",
            Self::Ambiguous | Self::TooLong | Self::Malformed(_) => {
                "CompactToken parsing failed with error code: 80049217"
            }
            Self::Expired => "Lifetime validation failed, the token is expired.",
            Self::NotYetValid => "Lifetime validation failed, the token is not yet valid.",
            Self::Audience => "Access token validation failure. Invalid audience.",
            Self::Issuer => "Access token validation failure. Invalid issuer.",
            Self::Tenant(_) | Self::TenantNotListed(_) => "Access token validation failure. Invalid tenant.",
            Self::UnknownKey | Self::Signature | Self::Algorithm | Self::Header(_) => {
                "Access token validation failure. Signature is invalid."
            }
            Self::IdToken | Self::Claim(_) => "Access token validation failure.",
        }
    }
}

impl AuthError {
    /// The HTTP status.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::Unauthorized { .. } => StatusCode::UNAUTHORIZED,
            Self::Forbidden(_) => StatusCode::FORBIDDEN,
            Self::Unavailable { .. } => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// Graph's error code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unauthorized { .. } => "InvalidAuthenticationToken",
            Self::Forbidden(_) => "Authorization_RequestDenied",
            Self::Unavailable { .. } => "ServiceUnavailable",
        }
    }

    /// The text for the caller. It tells nothing about keys, tenants or data.
    pub fn message(&self) -> &'static str {
        match self {
            Self::Unauthorized { fault, .. } => fault.message(),
            Self::Forbidden(_) => "Insufficient privileges to complete the operation.",
            Self::Unavailable { .. } => "The keys of the token's issuer are not available right now.",
        }
    }

    /// The value of `WWW-Authenticate`, which a 401 carries and nothing else does.
    ///
    /// As RFC 6750 asks, a request without a token is not told that its token is invalid.
    pub fn www_authenticate(&self) -> Option<HeaderValue> {
        let Self::Unauthorized { fault, authorization_uri } = self else { return None };
        let mut challenge = String::from("Bearer realm=\"\"");
        if let Some(uri) = authorization_uri {
            challenge.push_str(", authorization_uri=\"");
            challenge.extend(uri.chars().filter(|c| c.is_ascii_graphic() && !matches!(c, '"' | '\\')));
            challenge.push('"');
        }
        if *fault != TokenFault::Missing {
            challenge.push_str(", error=\"invalid_token\", error_description=\"");
            challenge.push_str(fault.message());
            challenge.push('"');
        }
        HeaderValue::try_from(challenge).ok()
    }

    /// When to try again, for the `Retry-After` of a 503.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Unavailable { retry_after, .. } => Some(*retry_after),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unauthorized(fault: TokenFault) -> AuthError {
        AuthError::Unauthorized { fault, authorization_uri: Some("https://login.example/common".into()) }
    }

    #[test]
    fn r11_a_401_is_graphs_and_carries_a_challenge() {
        let error = unauthorized(TokenFault::Expired);
        assert_eq!((error.status().as_u16(), error.code()), (401, "InvalidAuthenticationToken"));
        assert_eq!(error.message(), "Lifetime validation failed, the token is expired.");
        assert_eq!(
            error.www_authenticate().expect("a 401 has one"),
            "Bearer realm=\"\", authorization_uri=\"https://login.example/common\", error=\"invalid_token\", \
             error_description=\"Lifetime validation failed, the token is expired.\""
        );
    }

    #[test]
    fn a_request_without_a_token_is_not_told_that_its_token_is_invalid() {
        let error = unauthorized(TokenFault::Missing);
        assert_eq!(error.message(), "Access token is empty.");
        assert_eq!(
            error.www_authenticate().expect("a 401 has one"),
            "Bearer realm=\"\", authorization_uri=\"https://login.example/common\""
        );
    }

    #[test]
    fn a_403_has_graphs_code_and_no_challenge() {
        let error = AuthError::Forbidden(Denied::PersonalAccount);
        assert_eq!((error.status().as_u16(), error.code()), (403, "Authorization_RequestDenied"));
        assert_eq!(error.message(), "Insufficient privileges to complete the operation.");
        assert!(error.www_authenticate().is_none());
    }

    #[test]
    fn a_quote_in_a_configured_address_cannot_break_out_of_the_challenge() {
        let error = AuthError::Unauthorized {
            fault: TokenFault::Missing,
            authorization_uri: Some("https://x/\", evil=\"\r\ny".into()),
        };
        assert_eq!(
            error.www_authenticate().expect("a 401 has one"),
            "Bearer realm=\"\", authorization_uri=\"https://x/,evil=y\""
        );
    }
}
