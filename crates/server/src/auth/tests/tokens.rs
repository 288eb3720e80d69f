//! Each way in which a token can be bad is refused; each good one is taken.

use std::time::Duration;

use serde_json::{Value, json};

use super::support::{ADMIN, CLIENT, NOW, OTHER_TENANT, READ, Signer, TENANT, World, b64, bearer, claims, fault};
use crate::auth::{Plane, TokenFault};

#[tokio::test]
async fn a_good_token_of_each_key_type_gives_its_principal() {
    for signer in [Signer::rsa(), Signer::p256(), Signer::ed()] {
        let world = World::signed_by(signer).await;
        let ann = world.admin(&json!({"groups": ["BBBBBBBB-0000-4000-8000-00000000000B", "Sales"]})).await.unwrap();
        assert_eq!(ann.tenant, TENANT);
        let user = ann.user.clone().unwrap();
        assert_eq!(&*user.oid, "aaaaaaaa-0000-4000-8000-00000000000a");
        assert_eq!(user.upn.as_deref(), Some("ann@contoso.example"));
        assert_eq!(user.name.as_deref(), Some("Ann"));
        assert_eq!(ann.app_id.as_deref(), Some("app"));
        let groups: Vec<&str> = ann.groups.listed().iter().map(|group| &**group).collect();
        assert_eq!(groups, ["bbbbbbbb-0000-4000-8000-00000000000b", "Sales"]);
        assert_eq!(ann.expires, NOW + 3600);
    }
}

#[tokio::test]
async fn an_rsa_key_without_alg_takes_rs256_and_ps256_and_one_with_alg_only_that() {
    let world = World::signed_by(Signer::rsa()).await;
    let ps256 = world.signer.token(&json!({"alg": "PS256", "kid": "k1"}), &claims(&json!({})));
    world.ask(Plane::Admin, &ps256).await.unwrap();

    let mut jwk = world.signer.jwk("k1");
    jwk["alg"] = "RS256".into();
    world.site.publish(&[jwk]);
    for issuer in world.auth.issuers() {
        issuer.refresh().await;
    }
    assert_eq!(fault(world.ask(Plane::Admin, &ps256).await), TokenFault::Algorithm);
    world.admin(&json!({})).await.unwrap();
}

#[tokio::test]
async fn no_token_a_second_header_and_rubbish_are_401() {
    let world = World::new().await;
    let none = world.auth.authenticate(Plane::Admin, &http::HeaderMap::new()).await;
    assert_eq!(fault(none), TokenFault::Missing);
    let mut twice = bearer(&world.token(&json!({})));
    twice.append(http::header::AUTHORIZATION, "Bearer x".parse().unwrap());
    assert_eq!(fault(world.auth.authenticate(Plane::Admin, &twice).await), TokenFault::Ambiguous);
    for rubbish in ["x", "x.y.z", "e30.e30.", "....", "a.b.c.d.e"] {
        let answer = world.ask(Plane::Admin, rubbish).await.expect_err("refused");
        assert_eq!(answer.status().as_u16(), 401);
        assert_eq!(answer.message(), "CompactToken parsing failed with error code: 80049217", "{rubbish}");
    }
    assert_eq!(world.site.asked(), 0, "rubbish makes nobody ask the issuer");
}

#[tokio::test]
async fn a_changed_payload_or_signature_does_not_pass() {
    for signer in [Signer::rsa(), Signer::p256(), Signer::ed()] {
        let world = World::signed_by(signer).await;
        let good = world.token(&json!({}));
        let parts: Vec<&str> = good.split('.').collect();
        let payload = b64(claims(&json!({"tid": OTHER_TENANT})).to_string());
        let forged = format!("{}.{payload}.{}", parts[0], parts[2]);
        assert_eq!(fault(world.ask(Plane::Admin, &forged).await), TokenFault::Signature);
        for signature in ["", "AAAA", &b64([0; 64])] {
            let forged = format!("{}.{}.{signature}", parts[0], parts[1]);
            assert_eq!(fault(world.ask(Plane::Admin, &forged).await), TokenFault::Signature);
        }
        let stranger = Signer::ed().token(&json!({"alg": "EdDSA", "kid": "k1"}), &claims(&json!({})));
        assert!(world.ask(Plane::Admin, &stranger).await.is_err());
    }
}

#[tokio::test]
async fn the_header_cannot_choose_another_algorithm_than_the_keys() {
    let world = World::signed_by(Signer::rsa()).await;
    for (alg, expected) in [
        ("none", TokenFault::Algorithm),
        ("HS256", TokenFault::Algorithm),
        ("RS512", TokenFault::Algorithm),
        ("ES256", TokenFault::Algorithm),
        ("EdDSA", TokenFault::Algorithm),
    ] {
        let token = world.signer.token(&json!({"alg": alg, "kid": "k1"}), &claims(&json!({})));
        assert_eq!(fault(world.ask(Plane::Admin, &token).await), expected, "{alg}");
    }
    // The classic: the public key taken as the secret of an HMAC.
    let signed =
        format!("{}.{}", b64(json!({"alg": "HS256", "kid": "k1"}).to_string()), b64(claims(&json!({})).to_string()));
    let secret = world.signer.jwk("k1")["n"].as_str().unwrap().to_owned();
    let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, secret.as_bytes());
    let token = format!("{signed}.{}", b64(aws_lc_rs::hmac::sign(&key, signed.as_bytes())));
    assert_eq!(fault(world.ask(Plane::Admin, &token).await), TokenFault::Algorithm);
}

#[tokio::test]
async fn a_header_that_brings_its_own_key_is_refused_even_when_the_signature_fits() {
    let world = World::new().await;
    for name in ["jku", "x5u", "jwk", "crit"] {
        let mut header = json!({"alg": "EdDSA", "kid": "k1"});
        header[name] = json!(["exp"]);
        let token = world.signer.token(&header, &claims(&json!({})));
        assert_eq!(fault(world.ask(Plane::Admin, &token).await), TokenFault::Header(name));
    }
}

#[tokio::test]
async fn unusable_claims_are_401() {
    let world = World::new().await;
    let cases: [(Value, TokenFault); 16] = [
        (json!({"iss": "https://evil.example"}), TokenFault::Issuer),
        (json!({"iss": "https://issuer.example/"}), TokenFault::Issuer),
        (json!({"iss": null}), TokenFault::Issuer),
        (json!({"aud": "api://else"}), TokenFault::Audience),
        (json!({"aud": CLIENT}), TokenFault::Audience),
        (json!({"aud": null}), TokenFault::Audience),
        (json!({"aud": ["api://else", 7]}), TokenFault::Audience),
        (json!({"exp": null}), TokenFault::Claim("exp")),
        (json!({"exp": "1900000000"}), TokenFault::Claim("exp")),
        (json!({"nbf": "soon"}), TokenFault::Claim("nbf")),
        (json!({"tid": null}), TokenFault::Tenant("`tid` is absent or not a GUID")),
        (json!({"tid": "contoso"}), TokenFault::Tenant("`tid` is absent or not a GUID")),
        (json!({"tid": 7}), TokenFault::Tenant("`tid` is not a string")),
        (json!({"tid": OTHER_TENANT}), TokenFault::TenantNotListed(OTHER_TENANT)),
        (json!({"oid": "a\u{0}b"}), TokenFault::Claim("user")),
        (json!({"groups": [1, 2]}), TokenFault::Claim("groups")),
    ];
    for (changes, expected) in cases {
        assert_eq!(fault(world.admin(&changes).await), expected, "{changes}");
    }
    assert_eq!(world.auth.remembered(), 0, "what was refused is not remembered");
}

#[tokio::test]
async fn one_of_several_audiences_is_enough() {
    let world = World::new().await;
    let both = json!({"aud": [CLIENT, ADMIN], "scp": format!("{READ} UserPolicies.Read")});
    world.admin(&both).await.unwrap();
    world.client(&both).await.unwrap();
}

#[tokio::test]
async fn clocks_may_differ_by_five_minutes_and_not_a_second_more() {
    let world = World::new().await;
    world.admin(&json!({"exp": NOW - 299})).await.unwrap();
    assert_eq!(fault(world.admin(&json!({"exp": NOW - 300})).await), TokenFault::Expired);
    world.admin(&json!({"nbf": NOW + 300})).await.unwrap();
    assert_eq!(fault(world.admin(&json!({"nbf": NOW + 301})).await), TokenFault::NotYetValid);
    world.admin(&json!({"nbf": null})).await.unwrap();
    world.admin(&json!({"exp": 1_900_000_000.5})).await.unwrap();
    world.admin(&json!({"exp": 1e300})).await.unwrap();
    assert_eq!(fault(world.admin(&json!({"exp": -1})).await), TokenFault::Expired);
}

#[tokio::test]
async fn a_token_seen_before_is_not_checked_again_and_ends_with_its_lifetime() {
    let world = World::new().await;
    let token = world.token(&json!({"exp": NOW + 60}));
    assert!(world.auth.cached(Plane::Admin, &bearer(&token)).is_none());
    let first = world.ask(Plane::Admin, &token).await.unwrap();
    let second = world.auth.cached(Plane::Admin, &bearer(&token)).unwrap();
    assert!(std::sync::Arc::ptr_eq(&first, &second), "the very same principal");
    assert!(world.auth.cached(Plane::Client, &bearer(&token)).is_none(), "for its plane only");

    world.clock.advance(Duration::from_secs(60 + 299));
    assert!(world.auth.cached(Plane::Admin, &bearer(&token)).is_some());
    world.clock.advance(Duration::from_secs(1));
    assert!(world.auth.cached(Plane::Admin, &bearer(&token)).is_none());
    assert_eq!(fault(world.ask(Plane::Admin, &token).await), TokenFault::Expired);
    assert_eq!(world.auth.remembered(), 0);
}

#[tokio::test]
async fn the_same_claims_with_another_signature_are_another_token() {
    let world = World::new().await;
    let token = world.token(&json!({}));
    world.ask(Plane::Admin, &token).await.unwrap();
    let (signed, _) = token.rsplit_once('.').unwrap();
    let forged = format!("{signed}.{}", b64([7; 64]));
    assert!(world.auth.cached(Plane::Admin, &bearer(&forged)).is_none());
    assert_eq!(fault(world.ask(Plane::Admin, &forged).await), TokenFault::Signature);
}

#[tokio::test]
async fn a_token_changed_in_any_one_character_does_not_pass() {
    let world = World::new().await;
    let good = world.token(&json!({}));
    world.ask(Plane::Admin, &good).await.unwrap();
    for at in 0..good.len() {
        let mut changed = good.clone().into_bytes();
        changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(changed).unwrap();
        assert!(world.ask(Plane::Admin, &changed).await.is_err(), "character {at}");
    }
    assert_eq!(world.auth.remembered(), 1);
}
