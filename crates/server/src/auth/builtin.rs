//! The built-in issuer: tokens for development and service accounts, signed with keys that live in the data folder,
//! or in the database that replicas share.
//!
//! Scheme of its tokens: `iss` is `urn:officeconfig:issuer:<id>`, an id made with the first key. `aud` follows from the
//! scopes: `UserPolicies.*` is for the client plane, all else for the admin plane; a token with both kinds names both
//! audiences. It must never be trusted beyond what any issuer is: its tokens go through the same checks.

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::time::Duration;

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde::Serialize;
use serde_json::json;
use sha2::{Digest as _, Sha256};
use uuid::{Uuid, uuid};

use super::config::{Audiences, ClaimNames, IssuerPattern, IssuerRules, Tenants};
use super::issuer::Issuer;
use super::keyfile::{self, KeyFile, PrivateJwk};
use super::keys::KeySet;
use crate::env::Env;
use crate::limits::MINTED_TTL_MAX;

/// The audience of the admin plane in the built-in issuer's tokens: Microsoft Graph's.
pub const ADMIN_AUDIENCE: &str = "https://graph.microsoft.com";
/// The audience of the client plane in the built-in issuer's tokens: the Cloud Policy service's.
pub const CLIENT_AUDIENCE: &str = "https://clients.config.office.net/";

/// What a token may do on the admin plane when nothing is asked for: everything.
const DEFAULT_PERMISSION: &str = "DeviceManagementConfiguration.ReadWrite.All";
/// The application that the built-in issuer's tokens name.
const APPLICATION: Uuid = uuid!("0ff1ce00-0000-4000-8000-000000000001");
/// Namespace of user ids that follow from a tenant and a UPN.
const USER_NAMESPACE: Uuid = uuid!("8c1f2f0d-52f5-4d0e-9a44-1f6e4d9b7a35");

/// What a token shall say.
#[derive(Debug, Clone)]
pub struct TokenRequest {
    /// The tenant; [`super::tenant_id`] gives it for a name.
    pub tenant: Uuid,
    /// The user principal name. It makes the token a delegated one.
    pub user: Option<String>,
    /// The user's id; by default it follows from tenant and UPN.
    pub oid: Option<String>,
    /// Delegated permissions.
    pub scopes: Vec<String>,
    /// Application permissions. They exclude scopes and a user (ruling R12: never mixed).
    pub roles: Vec<String>,
    /// The user's groups.
    pub groups: Vec<String>,
    /// How long it counts, at least a second.
    pub ttl: Duration,
}

/// Why the built-in issuer cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum BuiltinError {
    /// The file of keys cannot be read or made.
    #[error("the keys of the built-in issuer in {path}")]
    File {
        /// Where.
        path: PathBuf,
        /// What the system says.
        #[source]
        cause: io::Error,
    },
    /// The file is not one of this version's.
    #[error("{path} is not usable: {fault}")]
    Content {
        /// Where.
        path: PathBuf,
        /// What is wrong.
        fault: &'static str,
    },
    /// The keys that replicas share are not of this version.
    #[error("the shared keys of the built-in issuer are not usable: {fault}")]
    Shared {
        /// What is wrong.
        fault: &'static str,
    },
}

/// Why a token is not made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MintError {
    /// R12: scopes are a user's, roles an application's.
    #[error("a token has scopes (for a user) or roles (for an application), never both; nor roles and a user")]
    Mixed,
    /// Zero, or more than a year.
    #[error("a token lives from one second to 366 days")]
    Lifetime,
    /// The key refused to sign.
    #[error("signing failed")]
    Signing,
}

/// The built-in issuer with its keys.
pub struct BuiltinIssuer {
    issuer: String,
    kid: String,
    signing: EncodingKey,
    /// The published half of the keys, as a JWKS document.
    published: Vec<u8>,
    env: Env,
}

impl std::fmt::Debug for BuiltinIssuer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BuiltinIssuer").field("issuer", &self.issuer).field("kid", &self.kid).finish_non_exhaustive()
    }
}

impl BuiltinIssuer {
    /// The issuer of a data folder; its keys are made when it has none yet.
    ///
    /// # Errors
    /// When the file of keys cannot be made, read or understood. A broken one is never replaced: every token would go.
    pub fn open(folder: &Path, env: Env) -> Result<Self, BuiltinError> {
        let path = folder.join(keyfile::FILE_NAME);
        let failed = |cause| BuiltinError::File { path: path.clone(), cause };
        let file = match keyfile::read(folder) {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                keyfile::create(folder, &fresh(&env), &*env.ids).map_err(failed)?;
                keyfile::read(folder).map_err(failed)?
            }
            read => read.map_err(failed)?,
        };
        Self::from_file(&file, env).map_err(|fault| BuiltinError::Content { path, fault })
    }

    /// The keys of an issuer that is not there yet, as [`Self::of_shared`] takes them.
    pub fn fresh_keys(env: &Env) -> Vec<u8> {
        keyfile::text(&fresh(env))
    }

    /// The issuer whose keys several replicas share.
    ///
    /// # Errors
    /// When the keys are not as this version writes them.
    pub fn of_shared(keys: &[u8], env: Env) -> Result<Self, BuiltinError> {
        let file = keyfile::parse(keys)
            .map_err(|_| BuiltinError::Shared { fault: "they are not as this version writes them" })?;
        Self::from_file(&file, env).map_err(|fault| BuiltinError::Shared { fault })
    }

    fn from_file(file: &KeyFile, env: Env) -> Result<Self, &'static str> {
        if file.version != 1 {
            return Err("it is of another version");
        }
        let first = file.keys.first().ok_or("it holds no key")?;
        let pair = key_pair(&first.d)?;
        if BASE64_URL_SAFE_NO_PAD.encode(pair.public_key()) != first.x {
            return Err("its public and private halves do not fit");
        }
        let pkcs8 = pair.to_pkcs8().map_err(|_| "its key cannot be used")?;
        let keys: Vec<_> = file
            .keys
            .iter()
            .map(
                |key| json!({"kty": key.kty, "crv": key.crv, "alg": key.alg, "kid": key.kid, "x": key.x, "use": "sig"}),
            )
            .collect();
        Ok(Self {
            issuer: file.issuer.clone(),
            kid: first.kid.clone(),
            signing: EncodingKey::from_ed_der(pkcs8.as_ref()),
            published: json!({ "keys": keys }).to_string().into_bytes(),
            env,
        })
    }

    /// The `iss` of its tokens.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Makes a token.
    ///
    /// Without scopes and roles it may do everything on the admin plane: as the user when one is named, else as an
    /// application.
    ///
    /// # Errors
    /// When the request contradicts itself.
    pub fn mint(&self, request: &TokenRequest) -> Result<String, MintError> {
        if request.ttl < Duration::from_secs(1) || request.ttl > MINTED_TTL_MAX {
            return Err(MintError::Lifetime);
        }
        let has_user = request.user.is_some() || request.oid.is_some();
        if !request.roles.is_empty() && (has_user || !request.scopes.is_empty()) {
            return Err(MintError::Mixed);
        }
        let claims = self.claims(request, has_user || !request.scopes.is_empty());
        let header = Header { kid: Some(self.kid.clone()), ..Header::new(Algorithm::EdDSA) };
        jsonwebtoken::encode(&header, &claims, &self.signing).map_err(|_| MintError::Signing)
    }

    fn claims(&self, request: &TokenRequest, delegated: bool) -> Minted {
        let now = self.env.clock.unix_seconds();
        let ttl = i64::try_from(request.ttl.as_secs()).unwrap_or(i64::MAX);
        let or_default = |permissions: &[String]| {
            if permissions.is_empty() { vec![DEFAULT_PERMISSION.to_owned()] } else { permissions.to_vec() }
        };
        let oid = match (&request.oid, &request.user) {
            (Some(oid), _) => Some(oid.clone()),
            (None, Some(upn)) => Some(user_id(request.tenant, upn)),
            (None, None) => None,
        };
        let scopes = delegated.then(|| or_default(&request.scopes));
        Minted {
            iss: self.issuer.clone(),
            aud: audience(scopes.as_deref().unwrap_or_default()),
            tid: request.tenant,
            sub: oid.clone().unwrap_or_else(|| APPLICATION.to_string()),
            oid,
            name: request.user.clone(),
            upn: request.user.clone(),
            scp: scopes.map(|scopes| scopes.join(" ")),
            roles: (!delegated).then(|| or_default(&request.roles)),
            groups: request.groups.clone(),
            appid: APPLICATION,
            idtyp: if delegated { "user" } else { "app" },
            iat: now,
            nbf: now,
            exp: now.saturating_add(ttl),
            ver: "1.0",
        }
    }

    /// The rules and published keys, for checking tokens.
    pub(super) fn as_issuer(&self) -> Issuer {
        let rules = IssuerRules {
            name: self.issuer.clone(),
            pattern: IssuerPattern::Exact(self.issuer.clone()),
            audiences: Audiences { admin: vec![ADMIN_AUDIENCE.to_owned()], client: vec![CLIENT_AUDIENCE.to_owned()] },
            // Whoever can mint is the administrator of the whole service.
            tenants: Tenants::Any,
            claims: ClaimNames::default(),
        };
        Issuer::local(rules, KeySet::parse(&self.published, None).unwrap_or_default())
    }
}

/// The claims of a token, in the order in which people read them.
#[derive(Serialize)]
struct Minted {
    iss: String,
    aud: serde_json::Value,
    tid: Uuid,
    sub: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    oid: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    upn: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    scp: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    roles: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    groups: Vec<String>,
    appid: Uuid,
    idtyp: &'static str,
    iat: i64,
    nbf: i64,
    exp: i64,
    ver: &'static str,
}

/// One audience as a string, both as an array.
fn audience(scopes: &[String]) -> serde_json::Value {
    let client = scopes.iter().filter(|scope| scope.starts_with("UserPolicies.")).count();
    match client {
        0 => json!(ADMIN_AUDIENCE),
        all if all == scopes.len() => json!(CLIENT_AUDIENCE),
        _ => json!([ADMIN_AUDIENCE, CLIENT_AUDIENCE]),
    }
}

/// The id of a user who is only known by name: the same name in the same tenant always gives the same id.
fn user_id(tenant: Uuid, upn: &str) -> String {
    let name = format!("{tenant}/{}", upn.to_lowercase());
    Uuid::new_v5(&USER_NAMESPACE, name.as_bytes()).to_string()
}

fn fresh(env: &Env) -> KeyFile {
    let mut seed = [0; 32];
    env.ids.fill(&mut seed);
    let pair = Ed25519KeyPair::from_seed_unchecked(&seed).expect("every 32 bytes are an Ed25519 seed");
    let x = BASE64_URL_SAFE_NO_PAD.encode(pair.public_key());
    KeyFile {
        version: 1,
        issuer: format!("urn:officeconfig:issuer:{}", env.ids.uuid()),
        keys: vec![PrivateJwk {
            kty: "OKP".to_owned(),
            crv: "Ed25519".to_owned(),
            alg: "EdDSA".to_owned(),
            kid: thumbprint(&x),
            x,
            d: BASE64_URL_SAFE_NO_PAD.encode(seed),
        }],
    }
}

/// The key's thumbprint (RFC 7638), which serves as its `kid`.
fn thumbprint(x: &str) -> String {
    let canonical = format!("{{\"crv\":\"Ed25519\",\"kty\":\"OKP\",\"x\":\"{x}\"}}");
    BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(canonical))
}

fn key_pair(d: &str) -> Result<Ed25519KeyPair, &'static str> {
    let seed = BASE64_URL_SAFE_NO_PAD.decode(d).map_err(|_| "its secret is not base64url")?;
    Ed25519KeyPair::from_seed_unchecked(&seed).map_err(|_| "its secret is not an Ed25519 seed")
}
