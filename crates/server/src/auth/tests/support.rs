//! A signer of tokens, an issuer's web server, and an authenticator that trusts them.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256, RSA_PSS_SHA256,
    RsaKeyPair,
};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use http::header::AUTHORIZATION;
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};
use uuid::{Uuid, uuid};

use crate::auth::{AuthConfig, AuthError, Authenticator, Plane, Principal, TokenFault};
use crate::env::fake::{self, FakeClock};

pub(super) const NOW: i64 = 1_800_000_000;
pub(super) const TENANT: Uuid = uuid!("11111111-2222-4333-8444-555555555555");
pub(super) const OTHER_TENANT: Uuid = uuid!("99999999-2222-4333-8444-555555555555");
pub(super) const READ: &str = "DeviceManagementConfiguration.Read.All";
pub(super) const WRITE: &str = "DeviceManagementConfiguration.ReadWrite.All";
pub(super) const ADMIN: &str = "api://admin";
pub(super) const CLIENT: &str = "api://client";

/// A key of an issuer, both halves.
pub(super) enum Signer {
    Rsa(RsaKeyPair),
    P256(EcdsaKeyPair),
    Ed(Ed25519KeyPair),
}

pub(super) fn b64(bytes: impl AsRef<[u8]>) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

impl Signer {
    pub(super) fn rsa() -> Self {
        Self::Rsa(RsaKeyPair::generate(KeySize::Rsa2048).unwrap())
    }

    pub(super) fn p256() -> Self {
        Self::P256(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap())
    }

    pub(super) fn ed() -> Self {
        Self::Ed(Ed25519KeyPair::generate().unwrap())
    }

    /// The published half.
    pub(super) fn jwk(&self, kid: &str) -> Value {
        let mut jwk = match self {
            Self::Rsa(pair) => {
                let public = pair.public_key();
                let (n, e) = (public.modulus(), public.exponent());
                json!({"kty": "RSA", "n": b64(n.big_endian_without_leading_zero()), "e": b64(e.big_endian_without_leading_zero())})
            }
            Self::P256(pair) => {
                let point = pair.public_key().as_ref();
                json!({"kty": "EC", "crv": "P-256", "x": b64(&point[1..33]), "y": b64(&point[33..])})
            }
            Self::Ed(pair) => json!({"kty": "OKP", "crv": "Ed25519", "x": b64(pair.public_key())}),
        };
        jwk["kid"] = kid.into();
        jwk
    }

    fn sign(&self, alg: &str, text: &str) -> Vec<u8> {
        let random = SystemRandom::new();
        match self {
            Self::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                match alg {
                    "PS256" => pair.sign(&RSA_PSS_SHA256, &random, text.as_bytes(), &mut signature).unwrap(),
                    _ => pair.sign(&RSA_PKCS1_SHA256, &random, text.as_bytes(), &mut signature).unwrap(),
                }
                signature
            }
            Self::P256(pair) => pair.sign(&random, text.as_bytes()).unwrap().as_ref().to_vec(),
            Self::Ed(pair) => pair.sign(text.as_bytes()).as_ref().to_vec(),
        }
    }

    /// A token with exactly this header and these claims.
    pub(super) fn token(&self, header: &Value, claims: &Value) -> String {
        let signed = format!("{}.{}", b64(header.to_string()), b64(claims.to_string()));
        let signature = self.sign(header["alg"].as_str().unwrap_or_default(), &signed);
        format!("{signed}.{}", b64(signature))
    }
}

struct Answer {
    status: StatusCode,
    location: Option<String>,
    body: String,
}

/// The web server of an issuer: what it answers can be changed, and how often it was asked is known.
#[derive(Clone)]
pub(super) struct Site {
    pub(super) base: String,
    answers: Arc<Mutex<HashMap<String, Answer>>>,
    asked: Arc<AtomicUsize>,
    delay: Arc<Mutex<Duration>>,
}

impl Site {
    pub(super) async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let site = Self {
            base: format!("http://{}", listener.local_addr().unwrap()),
            answers: Arc::default(),
            asked: Arc::default(),
            delay: Arc::default(),
        };
        let served = site.clone();
        let router = axum::Router::new().fallback(move |uri: http::Uri| served.clone().serve(uri));
        tokio::spawn(async move { axum::serve(listener, router).await });
        site
    }

    async fn serve(self, uri: http::Uri) -> http::Response<axum::body::Body> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let delay = *self.delay.lock().unwrap();
        tokio::time::sleep(delay).await;
        let answers = self.answers.lock().unwrap();
        let Some(answer) = answers.get(uri.path()) else {
            return http::Response::builder().status(StatusCode::NOT_FOUND).body(axum::body::Body::empty()).unwrap();
        };
        let mut response = http::Response::builder().status(answer.status);
        if let Some(location) = &answer.location {
            response = response.header(http::header::LOCATION, location);
        }
        response.body(answer.body.clone().into()).unwrap()
    }

    pub(super) fn answer(&self, path: &str, body: &Value) {
        self.raw(path, StatusCode::OK, None, body.to_string());
    }

    pub(super) fn raw(&self, path: &str, status: StatusCode, location: Option<String>, body: String) {
        self.answers.lock().unwrap().insert(path.to_owned(), Answer { status, location, body });
    }

    pub(super) fn publish(&self, keys: &[Value]) {
        self.answer("/keys", &json!({ "keys": keys }));
    }

    pub(super) fn break_down(&self) {
        self.raw("/keys", StatusCode::INTERNAL_SERVER_ERROR, None, "oops".to_owned());
    }

    pub(super) fn answer_after(&self, delay: Duration) {
        *self.delay.lock().unwrap() = delay;
    }

    pub(super) fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

/// An authenticator with one OIDC issuer at a [`Site`], whose key is `k1`.
pub(super) struct World {
    pub(super) site: Site,
    pub(super) clock: Arc<FakeClock>,
    pub(super) auth: Arc<Authenticator>,
    pub(super) signer: Signer,
}

impl World {
    /// With the lines added to the `[[issuers]]` section; `SITE` in them is the site's address.
    pub(super) async fn with(lines: &str, signer: Signer) -> Self {
        let site = Site::start().await;
        site.publish(&[signer.jwk("k1")]);
        let (auth, clock) = authenticator(&format!(
            "admin_audiences = [\"{ADMIN}\"]\nclient_audiences = [\"{CLIENT}\"]\n{}",
            lines.replace("SITE", &site.base)
        ));
        Self { site, clock, auth, signer }
    }

    /// The plain case: fixed issuer, JWKS by address, one tenant listed.
    pub(super) async fn new() -> Self {
        Self::signed_by(Signer::ed()).await
    }

    pub(super) async fn signed_by(signer: Signer) -> Self {
        let lines = format!("issuer = \"https://issuer.example\"\njwks_uri = \"SITE/keys\"\ntenants = [\"{TENANT}\"]");
        Self::with(&lines, signer).await
    }

    pub(super) fn alg(&self) -> &'static str {
        match self.signer {
            Signer::Rsa(_) => "RS256",
            Signer::P256(_) => "ES256",
            Signer::Ed(_) => "EdDSA",
        }
    }

    /// A good token with some claims changed; null takes one away.
    pub(super) fn token(&self, changes: &Value) -> String {
        self.signer.token(&json!({"alg": self.alg(), "kid": "k1", "typ": "JWT"}), &claims(changes))
    }

    pub(super) async fn admin(&self, changes: &Value) -> Result<Arc<Principal>, AuthError> {
        self.ask(Plane::Admin, &self.token(changes)).await
    }

    pub(super) async fn client(&self, changes: &Value) -> Result<Arc<Principal>, AuthError> {
        let mut merged = json!({"aud": CLIENT, "scp": "UserPolicies.Read"});
        merged.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        self.ask(Plane::Client, &self.token(&merged)).await
    }

    pub(super) async fn ask(&self, plane: Plane, token: &str) -> Result<Arc<Principal>, AuthError> {
        self.auth.authenticate(plane, &bearer(token)).await
    }
}

/// An authenticator of one `[[issuers]]` section, and its clock.
pub(super) fn authenticator(section: &str) -> (Arc<Authenticator>, Arc<FakeClock>) {
    let (env, clock) = fake::env(NOW.unsigned_abs(), 1);
    let config = AuthConfig { builtin_issuer: false, issuers: vec![toml::from_str(section).unwrap()] };
    (Arc::new(Authenticator::new(&config, None, env).unwrap()), clock)
}

pub(super) fn bearer(token: &str) -> HeaderMap {
    HeaderMap::from_iter([(AUTHORIZATION, format!("Bearer {token}").parse().unwrap())])
}

/// The claims of a good delegated token of the admin plane, changed; null takes a claim away.
pub(super) fn claims(changes: &Value) -> Value {
    let mut claims = json!({
        "iss": "https://issuer.example", "aud": ADMIN, "tid": TENANT, "oid": "AAAAAAAA-0000-4000-8000-00000000000a",
        "upn": "ann@contoso.example", "name": "Ann", "appid": "app", "scp": format!("openid {WRITE}"),
        "iat": NOW, "nbf": NOW, "exp": NOW + 3600,
    });
    merge(&mut claims, changes);
    claims
}

fn merge(claims: &mut Value, changes: &Value) {
    for (name, value) in changes.as_object().unwrap() {
        if value.is_null() {
            claims.as_object_mut().unwrap().remove(name);
        } else {
            claims[name] = value.clone();
        }
    }
}

/// The fault of a 401.
pub(super) fn fault(answer: Result<Arc<Principal>, AuthError>) -> TokenFault {
    match answer {
        Err(AuthError::Unauthorized { fault, .. }) => fault,
        other => panic!("not a 401: {other:?}"),
    }
}

/// Asserts a 403.
pub(super) fn assert_denied(answer: &Result<Arc<Principal>, AuthError>) {
    assert!(matches!(answer, Err(AuthError::Forbidden(_))), "not a 403: {answer:?}");
}
