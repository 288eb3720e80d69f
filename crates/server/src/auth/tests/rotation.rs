//! Keys come and go: fetched when a new one is named, seldom, one at a time; and a key that goes takes its tokens along.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::support::{Signer, World, bearer, claims, fault};
use crate::auth::{AuthError, Plane, TokenFault};

fn token(signer: &Signer, kid: &str, changes: &Value) -> String {
    signer.token(&json!({"alg": "EdDSA", "kid": kid}), &claims(changes))
}

#[tokio::test]
async fn a_new_key_is_fetched_when_a_token_names_it() {
    let world = World::new().await;
    world.admin(&json!({})).await.unwrap();
    assert_eq!(world.site.asked(), 1);
    let new = Signer::ed();
    world.site.publish(&[world.signer.jwk("k1"), new.jwk("k2")]);
    world.clock.advance(Duration::from_mins(5));
    world.ask(Plane::Admin, &token(&new, "k2", &json!({}))).await.unwrap();
    assert_eq!(world.site.asked(), 2);
}

#[tokio::test]
async fn unknown_kids_cause_one_fetch_in_five_minutes() {
    let world = World::new().await;
    world.admin(&json!({})).await.unwrap();
    for kid in 0..50 {
        let answer = world.ask(Plane::Admin, &token(&world.signer, &format!("x{kid}"), &json!({}))).await;
        assert_eq!(fault(answer), TokenFault::UnknownKey);
    }
    assert_eq!(world.site.asked(), 1);
    world.clock.advance(Duration::from_secs(299));
    world.ask(Plane::Admin, &token(&world.signer, "x", &json!({}))).await.unwrap_err();
    assert_eq!(world.site.asked(), 1);
    world.clock.advance(Duration::from_secs(1));
    world.ask(Plane::Admin, &token(&world.signer, "x", &json!({}))).await.unwrap_err();
    world.ask(Plane::Admin, &token(&world.signer, "y", &json!({}))).await.unwrap_err();
    assert_eq!(world.site.asked(), 2);
}

#[tokio::test]
async fn a_clock_set_back_does_not_close_the_gate() {
    let world = World::new().await;
    world.admin(&json!({})).await.unwrap();
    world.clock.set(1_799_999_000);
    world.ask(Plane::Admin, &token(&world.signer, "x", &json!({"nbf": null}))).await.unwrap_err();
    assert_eq!(world.site.asked(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_that_come_together_share_one_fetch() {
    let world = Arc::new(World::new().await);
    world.site.answer_after(Duration::from_millis(200));
    let asking: Vec<_> = (0..40)
        .map(|n| {
            let world = Arc::clone(&world);
            tokio::spawn(async move { world.admin(&json!({"name": format!("user {n}")})).await })
        })
        .collect();
    for one in asking {
        one.await.unwrap().unwrap();
    }
    assert_eq!(world.site.asked(), 1);
}

#[tokio::test]
async fn a_caller_that_hangs_up_does_not_take_the_fetch_along() {
    let world = World::new().await;
    world.site.answer_after(Duration::from_millis(200));
    let first = tokio::time::timeout(Duration::from_millis(50), world.admin(&json!({}))).await;
    assert!(first.is_err(), "it hung up");
    world.admin(&json!({})).await.unwrap();
    assert_eq!(world.site.asked(), 1);
}

#[tokio::test]
async fn the_last_good_keys_stay_when_the_issuer_breaks_down() {
    let world = World::new().await;
    world.admin(&json!({})).await.unwrap();
    let broken: [fn(&World); 3] = [
        |world| world.site.break_down(),
        |world| world.site.raw("/keys", http::StatusCode::OK, None, "<html>".to_owned()),
        |world| world.site.answer("/keys", &json!({"error": "x"})),
    ];
    for break_down in broken {
        break_down(&world);
        assert!(!world.auth.issuers()[0].refresh().await);
        world.admin(&json!({})).await.unwrap();
        world.admin(&json!({"name": "never seen before"})).await.unwrap();
    }
    // Whether this one is new nobody can tell now.
    let unknown = world.ask(Plane::Admin, &token(&world.signer, "k2", &json!({}))).await.unwrap_err();
    assert!(matches!(unknown, AuthError::Unavailable { .. }), "{unknown:?}");
}

#[tokio::test]
async fn an_issuer_that_was_never_reached_is_503_with_a_time_to_retry() {
    let world = World::new().await;
    world.site.break_down();
    let answer = world.admin(&json!({})).await.unwrap_err();
    assert_eq!((answer.status().as_u16(), answer.code()), (503, "ServiceUnavailable"));
    assert_eq!(answer.retry_after(), Some(Duration::from_secs(10)));
    world.admin(&json!({})).await.unwrap_err();
    assert_eq!(world.site.asked(), 1, "not asked again at once");
    world.site.publish(&[world.signer.jwk("k1")]);
    world.clock.advance(Duration::from_secs(10));
    world.admin(&json!({})).await.unwrap();
}

#[tokio::test]
async fn a_key_that_leaves_takes_its_cached_tokens_along() {
    let world = World::new().await;
    let (new, old_token) = (Signer::ed(), world.token(&json!({})));
    world.site.publish(&[world.signer.jwk("k1"), new.jwk("k2")]);
    world.ask(Plane::Admin, &old_token).await.unwrap();
    let new_token = token(&new, "k2", &json!({}));
    world.ask(Plane::Admin, &new_token).await.unwrap();
    assert!(world.auth.cached(Plane::Admin, &bearer(&old_token)).is_some());

    world.site.publish(&[new.jwk("k2")]);
    assert!(world.auth.issuers()[0].refresh().await);
    assert!(world.auth.cached(Plane::Admin, &bearer(&old_token)).is_none());
    assert_eq!(fault(world.ask(Plane::Admin, &old_token).await), TokenFault::UnknownKey);
    assert!(world.auth.cached(Plane::Admin, &bearer(&new_token)).is_some(), "the other key's stay");
}

#[tokio::test]
async fn another_key_under_the_same_kid_is_another_key() {
    let world = World::new().await;
    let old_token = world.token(&json!({}));
    world.ask(Plane::Admin, &old_token).await.unwrap();
    let new = Signer::ed();
    world.site.publish(&[new.jwk("k1")]);
    world.auth.issuers()[0].refresh().await;
    assert!(world.auth.cached(Plane::Admin, &bearer(&old_token)).is_none());
    assert_eq!(fault(world.ask(Plane::Admin, &old_token).await), TokenFault::Signature);
    world.ask(Plane::Admin, &token(&new, "k1", &json!({}))).await.unwrap();
}

#[tokio::test]
async fn an_empty_key_set_withdraws_everything() {
    let world = World::new().await;
    world.admin(&json!({})).await.unwrap();
    world.site.publish(&[]);
    world.auth.issuers()[0].refresh().await;
    assert_eq!(fault(world.admin(&json!({})).await), TokenFault::UnknownKey);
}

#[tokio::test]
async fn a_key_without_kid_that_changes_is_noticed_by_the_bad_signature() {
    let world = World::new().await;
    let without_kid = |signer: &Signer| {
        let mut jwk = signer.jwk("");
        jwk.as_object_mut().unwrap().remove("kid");
        jwk
    };
    world.site.publish(&[without_kid(&world.signer)]);
    let plain = |signer: &Signer| signer.token(&json!({"alg": "EdDSA"}), &claims(&json!({})));
    world.ask(Plane::Admin, &plain(&world.signer)).await.unwrap();
    let new = Signer::ed();
    world.site.publish(&[without_kid(&new)]);
    world.clock.advance(Duration::from_mins(5));
    world.ask(Plane::Admin, &plain(&new)).await.unwrap();
    assert_eq!(fault(world.ask(Plane::Admin, &plain(&world.signer)).await), TokenFault::Signature);
}

#[tokio::test]
async fn keys_are_fetched_at_the_start_and_from_time_to_time_until_told_to_stop() {
    let world = World::new().await;
    let stop = CancellationToken::new();
    let keeping = tokio::spawn(Arc::clone(&world.auth).keep_keys_fresh(stop.clone()));
    let deadline = std::time::Instant::now() + Duration::from_secs(5);
    while world.site.asked() == 0 && std::time::Instant::now() < deadline {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(world.site.asked(), 1);
    world.admin(&json!({})).await.unwrap();
    assert_eq!(world.site.asked(), 1, "the first token need not wait");
    stop.cancel();
    keeping.await.unwrap();
}
