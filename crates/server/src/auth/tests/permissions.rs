//! Ruling R12: what scopes and roles allow on each plane.

use serde_json::{Value, json};

use super::support::{READ, TENANT, WRITE, World, assert_denied, fault};
use crate::auth::{Groups, Need, PERSONAL_ACCOUNTS, PrincipalKind, TokenFault};

fn application(roles: &Value) -> Value {
    json!({"scp": null, "oid": "sp", "upn": null, "name": null, "idtyp": "app", "roles": roles})
}

#[tokio::test]
async fn r12_reading_needs_read_and_writing_needs_read_write() {
    let world = World::new().await;
    for changes in [json!({"scp": READ}), application(&json!([READ]))] {
        let reader = world.admin(&changes).await.unwrap();
        assert!(reader.require(Need::Read).is_ok());
        let refused = reader.require(Need::Write).unwrap_err();
        assert_eq!((refused.status().as_u16(), refused.code()), (403, "Authorization_RequestDenied"));
    }
    for changes in [json!({"scp": WRITE}), application(&json!([WRITE]))] {
        let writer = world.admin(&changes).await.unwrap();
        assert!(writer.require(Need::Read).is_ok() && writer.require(Need::Write).is_ok());
    }
}

#[tokio::test]
async fn r12_scopes_and_roles_are_never_mixed() {
    let world = World::new().await;
    // Delegated with the right role but without the scope.
    assert_denied(&world.admin(&json!({"scp": "User.Read", "roles": [WRITE]})).await);
    assert_denied(&world.admin(&json!({"scp": "", "roles": [WRITE]})).await);
    let reader = world.admin(&json!({"scp": READ, "roles": [WRITE]})).await.unwrap();
    assert_eq!(reader.kind, PrincipalKind::Delegated);
    assert!(reader.require(Need::Write).is_err());

    let app = world.admin(&application(&json!([READ]))).await.unwrap();
    assert_eq!((app.kind, &app.user), (PrincipalKind::Application, &None));
}

#[tokio::test]
async fn r12_other_permissions_are_403_also_the_second_time() {
    let world = World::new().await;
    for scopes in [
        "User.Read",
        "devicemanagementconfiguration.read.all",
        "DeviceManagementConfiguration.Read.AllX",
        "UserPolicies.Read",
    ] {
        assert_denied(&world.admin(&json!({"scp": scopes})).await);
        assert_denied(&world.admin(&json!({"scp": scopes})).await);
    }
    assert_denied(&world.admin(&application(&json!([]))).await);
    assert_denied(&world.admin(&application(&Value::Null)).await);
}

#[tokio::test]
async fn r12_the_client_plane_takes_delegated_tokens_with_user_policies_only() {
    let world = World::new().await;
    for scopes in ["UserPolicies.Read", "openid UserPolicies.ReadWrite"] {
        let ann = world.client(&json!({"scp": scopes})).await.unwrap();
        assert!(ann.require(Need::Read).is_ok() && ann.require(Need::Write).is_ok(), "Read is enough to report");
        assert!(!ann.access.can_read && !ann.access.can_write, "and gives nothing on the admin plane");
    }
    assert_denied(&world.client(&json!({"scp": WRITE})).await);
    assert_denied(&world.client(&application(&json!(["UserPolicies.Read"]))).await);
}

#[tokio::test]
async fn r12_a_client_token_without_a_user_is_403() {
    let world = World::new().await;
    assert_denied(&world.client(&json!({"oid": null})).await);
    assert_denied(&world.client(&json!({"oid": ""})).await);
}

#[tokio::test]
async fn r12_personal_accounts_are_403_listed_or_not() {
    let world = World::new().await;
    assert_denied(&world.admin(&json!({"tid": PERSONAL_ACCOUNTS})).await);
    assert_denied(&world.client(&json!({"tid": PERSONAL_ACCOUNTS.to_string().to_uppercase()})).await);
}

#[tokio::test]
async fn the_id_token_of_a_user_is_not_an_applications_token() {
    let world = World::new().await;
    for sign in [json!({"nonce": "n"}), json!({"at_hash": "h"}), json!({"typ": "ID"}), json!({"idtyp": "user"})] {
        let mut changes = application(&json!([WRITE]));
        changes.as_object_mut().unwrap().extend(sign.as_object().unwrap().clone());
        assert_eq!(fault(world.admin(&changes).await), TokenFault::IdToken, "{sign}");
    }
}

#[tokio::test]
async fn too_many_groups_for_the_token_are_told_from_none() {
    let world = World::new().await;
    let many = json!({"_claim_names": {"groups": "src1"}, "_claim_sources": {"src1": {"endpoint": "https://x"}}});
    assert_eq!(world.client(&many).await.unwrap().groups, Groups::Overage);
    assert_eq!(world.client(&json!({"hasgroups": true})).await.unwrap().groups, Groups::Overage);
    assert_eq!(world.client(&json!({})).await.unwrap().groups, Groups::List([].into()));
    assert_eq!(world.client(&json!({})).await.unwrap().tenant, TENANT);
}
