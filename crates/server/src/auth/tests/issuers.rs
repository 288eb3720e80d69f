//! What an `[[issuers]]` section says is what counts: tenants, patterns, claim names, discovery.

use std::sync::Arc;

use http::StatusCode;
use serde_json::json;

use super::support::{ADMIN, OTHER_TENANT, READ, Signer, TENANT, WRITE, World, authenticator, bearer, claims, fault};
use crate::auth::{AuthConfig, AuthError, Authenticator, Need, Plane, PrincipalKind, TokenFault, tenant_id};
use crate::env::Env;

const PATTERN: &str = "issuer = \"https://login.example/{tenantid}/v2.0\"\njwks_uri = \"SITE/keys\"\n";

fn issued_by(tenant: impl std::fmt::Display) -> String {
    format!("https://login.example/{tenant}/v2.0")
}

#[tokio::test]
async fn the_tenant_in_the_issuer_must_be_the_tokens() {
    let world = World::with(&format!("{PATTERN}tenants = [\"*\"]"), Signer::ed()).await;
    world.admin(&json!({"iss": issued_by(TENANT)})).await.unwrap();
    world.admin(&json!({"iss": issued_by(OTHER_TENANT), "tid": OTHER_TENANT})).await.unwrap();
    let mismatch = TokenFault::Tenant("`iss` names another tenant than `tid`");
    assert_eq!(fault(world.admin(&json!({"iss": issued_by(OTHER_TENANT)})).await), mismatch);
    let absent = TokenFault::Tenant("`tid` is absent or not a GUID");
    assert_eq!(fault(world.admin(&json!({"iss": issued_by(TENANT), "tid": null})).await), absent);
    for iss in [issued_by("common"), issued_by("{tenantid}"), issued_by(format!("x/{TENANT}")), issued_by("")] {
        assert_eq!(fault(world.admin(&json!({"iss": iss})).await), TokenFault::Issuer, "{iss}");
    }
}

#[tokio::test]
async fn a_star_admits_any_tenant_and_a_list_only_its_own() {
    let any =
        World::with("issuer = \"https://issuer.example\"\njwks_uri = \"SITE/keys\"\ntenants = [\"*\"]", Signer::ed())
            .await;
    assert_eq!(any.admin(&json!({"tid": OTHER_TENANT})).await.unwrap().tenant, OTHER_TENANT);
    let listed = World::with(&format!("{PATTERN}tenants = [\"{TENANT}\"]"), Signer::ed()).await;
    let other = json!({"iss": issued_by(OTHER_TENANT), "tid": OTHER_TENANT});
    assert_eq!(fault(listed.admin(&other).await), TokenFault::TenantNotListed(OTHER_TENANT));
}

#[tokio::test]
async fn where_tokens_carry_no_tid_the_configured_tenant_holds() {
    let lines = "issuer = \"https://issuer.example\"\njwks_uri = \"SITE/keys\"\ntenant = \"Contoso\"";
    let world = World::with(lines, Signer::ed()).await;
    let contoso = tenant_id("contoso").unwrap();
    assert_eq!(world.admin(&json!({"tid": null})).await.unwrap().tenant, contoso);
    assert_eq!(world.admin(&json!({"tid": contoso})).await.unwrap().tenant, contoso);
    let other = TokenFault::Tenant("`tid` is not the configured tenant");
    assert_eq!(fault(world.admin(&json!({})).await), other);
}

#[tokio::test]
async fn claims_go_by_the_names_that_the_section_gives() {
    let lines = "issuer = \"https://issuer.example\"\njwks_uri = \"SITE/keys\"\ntenant = \"kc\"\n\
        claims = { user = \"sub\", upn = \"email\", groups = \"https://kc.example/groups\", scopes = \"scope\", roles = \"realm_access.roles\" }";
    let world = World::with(lines, Signer::ed()).await;
    let changes = json!({
        "tid": null, "scp": null, "oid": null, "upn": null, "sub": "f:1:ann", "email": "ann@kc.example",
        "https://kc.example/groups": ["/sales"], "scope": format!("openid {READ}"), "roles": [WRITE],
    });
    let ann = world.admin(&changes).await.unwrap();
    let user = ann.user.as_ref().unwrap();
    assert_eq!((&*user.oid, user.upn.as_deref()), ("f:1:ann", Some("ann@kc.example")));
    assert_eq!(ann.groups.listed(), [Arc::from("/sales")]);
    assert!(ann.require(Need::Write).is_err());

    let service = json!({"tid": null, "scp": null, "realm_access": {"roles": ["offline", WRITE]}});
    let service = world.admin(&service).await.unwrap();
    assert_eq!(service.kind, PrincipalKind::Application);
    assert!(service.require(Need::Write).is_ok());
}

#[tokio::test]
async fn scopes_may_come_as_an_array() {
    let world = World::new().await;
    assert!(world.admin(&json!({"scp": ["openid", WRITE]})).await.unwrap().require(Need::Write).is_ok());
    assert_eq!(fault(world.admin(&json!({"scp": [1]})).await), TokenFault::Claim("scopes"));
}

#[tokio::test]
async fn discovery_tells_where_the_keys_and_the_sign_in_are() {
    let world = World::with(&format!("issuer = \"SITE/i\"\ntenants = [\"{TENANT}\"]"), Signer::ed()).await;
    let issuer = format!("{}/i", world.site.base);
    world.site.answer(
        "/i/.well-known/openid-configuration",
        &json!({"issuer": issuer, "jwks_uri": format!("{}/keys", world.site.base), "authorization_endpoint": "https://login.example/auth"}),
    );
    world.admin(&json!({"iss": issuer})).await.unwrap();
    let error = world.admin(&json!({"iss": issuer, "exp": 1})).await.unwrap_err();
    let challenge = error.www_authenticate().unwrap();
    assert!(challenge.to_str().unwrap().contains("authorization_uri=\"https://login.example/auth\""), "{challenge:?}");
}

#[tokio::test]
async fn a_discovery_document_about_somebody_else_is_not_used() {
    let world = World::with(&format!("issuer = \"SITE/i\"\ntenants = [\"{TENANT}\"]"), Signer::ed()).await;
    let path = "/i/.well-known/openid-configuration";
    let iss = json!({"iss": format!("{}/i", world.site.base)});
    let keys = format!("{}/keys", world.site.base);
    world.site.answer(path, &json!({"issuer": "https://evil.example", "jwks_uri": keys}));
    assert!(matches!(world.admin(&iss).await, Err(AuthError::Unavailable { .. })));
    world.clock.advance(std::time::Duration::from_secs(10));
    world.site.answer(path, &json!({"issuer": iss["iss"], "jwks_uri": "http://keys.example/keys"}));
    assert!(matches!(world.admin(&iss).await, Err(AuthError::Unavailable { .. })), "keys over plain http");
    world.clock.advance(std::time::Duration::from_secs(10));
    world.site.answer(path, &json!({"issuer": iss["iss"], "jwks_uri": keys}));
    world.admin(&iss).await.unwrap();
}

#[tokio::test]
async fn a_key_that_names_its_issuer_signs_for_no_other() {
    let world = World::with(&format!("{PATTERN}tenants = [\"*\"]"), Signer::ed()).await;
    let mut jwk = world.signer.jwk("k1");
    jwk["issuer"] = issued_by(OTHER_TENANT).into();
    world.site.publish(&[jwk]);
    world.admin(&json!({"iss": issued_by(OTHER_TENANT), "tid": OTHER_TENANT})).await.unwrap();
    assert_eq!(fault(world.admin(&json!({"iss": issued_by(TENANT)})).await), TokenFault::UnknownKey);
}

#[tokio::test]
async fn unusable_published_keys_are_left_out() {
    let world = World::new().await;
    let good = world.signer.jwk("k1");
    let with = |name: &str, value: serde_json::Value| {
        let mut jwk = good.clone();
        jwk["kid"] = format!("bad-{name}").into();
        jwk[name] = value;
        jwk
    };
    let weak = {
        let pair = Signer::rsa();
        let mut jwk = pair.jwk("weak");
        // 2047 bits: the first byte of a 2048-bit modulus halved.
        let n = base64::Engine::decode(&base64::prelude::BASE64_URL_SAFE_NO_PAD, jwk["n"].as_str().unwrap()).unwrap();
        jwk["n"] = super::support::b64([&[n[0] >> 1], &n[1..]].concat()).into();
        jwk
    };
    world.site.publish(&[
        json!("no object"),
        json!({"kty": "oct", "k": "c2VjcmV0", "kid": "hmac"}),
        with("use", "enc".into()),
        with("key_ops", json!(["encrypt"])),
        with("alg", "RS384".into()),
        with("crv", "P-384".into()),
        with("x", "AAAA".into()),
        weak,
        good.clone(),
    ]);
    world.admin(&json!({})).await.unwrap();
    for kid in ["hmac", "bad-use", "bad-key_ops", "bad-alg", "bad-crv", "bad-x", "weak"] {
        let token = world.signer.token(&json!({"alg": "EdDSA", "kid": kid}), &claims(&json!({})));
        assert_eq!(fault(world.ask(Plane::Admin, &token).await), TokenFault::UnknownKey, "{kid}");
    }
}

#[tokio::test]
async fn a_token_without_kid_passes_when_the_set_leaves_no_choice() {
    let world = World::new().await;
    let token = world.signer.token(&json!({"alg": "EdDSA"}), &claims(&json!({})));
    world.ask(Plane::Admin, &token).await.unwrap();
    world.site.publish(&[world.signer.jwk("k1"), Signer::ed().jwk("k2")]);
    world.auth.issuers()[0].refresh().await;
    let again = world.signer.token(&json!({"alg": "EdDSA"}), &claims(&json!({"name": "B"})));
    assert_eq!(fault(world.ask(Plane::Admin, &again).await), TokenFault::UnknownKey);
}

#[tokio::test]
async fn keys_are_not_fetched_from_where_a_redirect_points_elsewhere() {
    let world = World::new().await;
    let other = super::support::Site::start().await;
    other.publish(&[world.signer.jwk("k1")]);
    world.site.raw("/keys", StatusCode::FOUND, Some(format!("{}/keys", other.base)), String::new());
    assert!(matches!(world.admin(&json!({})).await, Err(AuthError::Unavailable { .. })));
    assert_eq!(other.asked(), 0);

    world.clock.advance(std::time::Duration::from_secs(10));
    world.site.raw("/keys", StatusCode::FOUND, Some("/moved".to_owned()), String::new());
    world.site.answer("/moved", &json!({"keys": [world.signer.jwk("k1")]}));
    world.admin(&json!({})).await.unwrap();
}

#[tokio::test]
async fn an_oversized_key_set_is_not_read() {
    let world = World::new().await;
    let padding = "x".repeat(300 * 1024);
    world.site.answer("/keys", &json!({"padding": padding, "keys": [world.signer.jwk("k1")]}));
    assert!(matches!(world.admin(&json!({})).await, Err(AuthError::Unavailable { .. })));
}

#[test]
fn the_same_issuer_twice_is_a_fault_of_the_configuration() {
    let section = format!("issuer = \"https://i.example\"\nadmin_audiences = [\"{ADMIN}\"]\ntenants = [\"*\"]");
    let section: crate::auth::IssuerSection = toml::from_str(&section).unwrap();
    let config = AuthConfig { builtin_issuer: false, issuers: vec![section.clone(), section] };
    assert!(Authenticator::new(&config, None, Env::real()).unwrap_err().to_string().contains("twice"));
}

#[tokio::test]
async fn a_plane_without_audiences_takes_no_token_of_the_issuer() {
    let site = super::support::Site::start().await;
    let signer = Signer::ed();
    site.publish(&[signer.jwk("k1")]);
    let (auth, _) = authenticator(&format!(
        "issuer = \"https://issuer.example\"\njwks_uri = \"{}/keys\"\nadmin_audiences = [\"{ADMIN}\"]\ntenants = [\"*\"]",
        site.base
    ));
    let token = signer.token(&json!({"alg": "EdDSA", "kid": "k1"}), &claims(&json!({"scp": "UserPolicies.Read"})));
    assert_eq!(fault(auth.authenticate(Plane::Client, &bearer(&token)).await), TokenFault::Audience);
}
