//! Identity: who calls, in which tenant, and what the token lets them do (rulings R11 and R12).
//!
//! A request's bearer token is checked once and remembered by hash until it expires or its key goes. Tokens come from
//! the built-in issuer and from any number of OIDC issuers. It must never know what a request is about.

mod authenticator;
mod builtin;
mod cache;
mod claims;
mod compact;
mod config;
mod error;
mod fetch;
mod issuer;
mod keyfile;
mod keys;
mod members;
mod principal;
mod tenant;
#[cfg(test)]
mod tests;

pub use authenticator::Authenticator;
pub use builtin::{ADMIN_AUDIENCE, BuiltinError, BuiltinIssuer, CLIENT_AUDIENCE, MintError, TokenRequest};
pub use config::{AuthConfig, ClaimNames, ConfigError, IssuerSection};
pub use error::{AuthError, Denied, TokenFault};
pub use keyfile::FILE_NAME as KEYS_FILE;
pub use principal::{Access, Groups, Need, Plane, Principal, PrincipalKind, User};
pub use tenant::{PERSONAL_ACCOUNTS, tenant_id};
