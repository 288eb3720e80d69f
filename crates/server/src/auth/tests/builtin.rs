//! The built-in issuer: its keys on disk, and that its tokens say what was asked for.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::Value;

use super::support::{NOW, READ, TENANT, WRITE, assert_denied, bearer, fault};
use crate::auth::{
    AuthConfig, Authenticator, BuiltinError, BuiltinIssuer, MintError, Need, PERSONAL_ACCOUNTS, Plane, PrincipalKind,
    TokenFault, TokenRequest,
};
use crate::env::{Env, fake};

fn request() -> TokenRequest {
    TokenRequest {
        tenant: TENANT,
        user: None,
        oid: None,
        scopes: Vec::new(),
        roles: Vec::new(),
        groups: Vec::new(),
        ttl: Duration::from_hours(1),
    }
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|&word| word.to_owned()).collect()
}

fn open(folder: &Path) -> (BuiltinIssuer, Authenticator) {
    let (env, _) = fake::env(NOW.unsigned_abs(), 1);
    let issuer = BuiltinIssuer::open(folder, env.clone()).unwrap();
    let auth = Authenticator::new(&AuthConfig::default(), Some(&issuer), env).unwrap();
    (issuer, auth)
}

fn payload(token: &str) -> Value {
    let payload = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}

#[tokio::test]
async fn a_token_for_a_user_says_all_that_was_asked() {
    let folder = tempfile::tempdir().unwrap();
    let (issuer, auth) = open(folder.path());
    let token = issuer
        .mint(&TokenRequest {
            user: Some("ann@contoso.example".to_owned()),
            oid: Some("AAAAAAAA-0000-4000-8000-00000000000A".to_owned()),
            scopes: words(&[READ]),
            groups: words(&["g1", "g2"]),
            ..request()
        })
        .unwrap();
    let ann = auth.authenticate(Plane::Admin, &bearer(&token)).await.unwrap();
    let user = ann.user.as_ref().unwrap();
    assert_eq!(ann.tenant, TENANT);
    assert_eq!(
        (&*user.oid, user.upn.as_deref()),
        ("aaaaaaaa-0000-4000-8000-00000000000a", Some("ann@contoso.example"))
    );
    assert_eq!(ann.groups.listed(), [Arc::from("g1"), Arc::from("g2")]);
    assert!(ann.require(Need::Read).is_ok() && ann.require(Need::Write).is_err());
    assert_eq!(ann.expires, NOW + 3600);
}

#[tokio::test]
async fn without_scope_role_and_user_a_token_is_an_applications_and_may_write() {
    let folder = tempfile::tempdir().unwrap();
    let (issuer, auth) = open(folder.path());
    let app = auth.authenticate(Plane::Admin, &bearer(&issuer.mint(&request()).unwrap())).await.unwrap();
    assert_eq!(app.kind, PrincipalKind::Application);
    assert!(app.require(Need::Write).is_ok());
    let ann = TokenRequest { user: Some("ann".to_owned()), ..request() };
    let ann = auth.authenticate(Plane::Admin, &bearer(&issuer.mint(&ann).unwrap())).await.unwrap();
    assert_eq!(ann.kind, PrincipalKind::Delegated);
    assert!(ann.require(Need::Write).is_ok());
    let role = TokenRequest { roles: words(&[READ]), ..request() };
    let role = auth.authenticate(Plane::Admin, &bearer(&issuer.mint(&role).unwrap())).await.unwrap();
    assert!(role.require(Need::Write).is_err());
}

#[tokio::test]
async fn the_audience_follows_from_the_scopes() {
    let folder = tempfile::tempdir().unwrap();
    let (issuer, auth) = open(folder.path());
    let mint = |scopes: &[&str]| {
        let user = Some("ann@contoso.example".to_owned());
        issuer.mint(&TokenRequest { user, scopes: words(scopes), ..request() }).unwrap()
    };
    let (admin, client, both) = (mint(&[WRITE]), mint(&["UserPolicies.Read"]), mint(&[READ, "UserPolicies.Read"]));
    assert_eq!(payload(&admin)["aud"], "https://graph.microsoft.com");
    assert_eq!(payload(&client)["aud"], "https://clients.config.office.net/");
    for (token, plane, lets_through) in [
        (&admin, Plane::Admin, true),
        (&admin, Plane::Client, false),
        (&client, Plane::Admin, false),
        (&client, Plane::Client, true),
        (&both, Plane::Admin, true),
        (&both, Plane::Client, true),
    ] {
        assert_eq!(
            auth.authenticate(plane, &bearer(token)).await.is_ok(),
            lets_through,
            "{plane:?} {}",
            payload(token)
        );
    }
}

#[tokio::test]
async fn a_user_known_by_name_always_has_the_same_id() {
    let folder = tempfile::tempdir().unwrap();
    let (issuer, _) = open(folder.path());
    let oid = |upn: &str, tenant| {
        payload(&issuer.mint(&TokenRequest { tenant, user: Some(upn.to_owned()), ..request() }).unwrap())["oid"].clone()
    };
    assert_eq!(oid("ann@contoso.example", TENANT), oid("Ann@contoso.example", TENANT));
    assert_ne!(oid("ann@contoso.example", TENANT), oid("ann@contoso.example", PERSONAL_ACCOUNTS));
}

#[tokio::test]
async fn r12_scopes_without_a_user_and_personal_accounts_are_403() {
    let folder = tempfile::tempdir().unwrap();
    let (issuer, auth) = open(folder.path());
    let nobody = issuer.mint(&TokenRequest { scopes: words(&["UserPolicies.Read"]), ..request() }).unwrap();
    assert_denied(&auth.authenticate(Plane::Client, &bearer(&nobody)).await);
    let personal = issuer.mint(&TokenRequest { tenant: PERSONAL_ACCOUNTS, ..request() }).unwrap();
    assert_denied(&auth.authenticate(Plane::Admin, &bearer(&personal)).await);
}

#[test]
fn a_request_that_contradicts_itself_makes_no_token() {
    let folder = tempfile::tempdir().unwrap();
    let (issuer, _) = open(folder.path());
    let refused = |request: TokenRequest| issuer.mint(&request).unwrap_err();
    let (scopes, roles) = (words(&[READ]), words(&[READ]));
    assert_eq!(refused(TokenRequest { scopes, roles: roles.clone(), ..request() }), MintError::Mixed);
    assert_eq!(refused(TokenRequest { user: Some("ann".to_owned()), roles, ..request() }), MintError::Mixed);
    assert_eq!(refused(TokenRequest { ttl: Duration::ZERO, ..request() }), MintError::Lifetime);
    assert_eq!(refused(TokenRequest { ttl: Duration::from_hours(400 * 24), ..request() }), MintError::Lifetime);
}

#[tokio::test]
async fn switched_off_or_of_another_folder_its_tokens_count_nothing() {
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (env, _) = fake::env(NOW.unsigned_abs(), 1);
    let issuer = BuiltinIssuer::open(one.path(), env.clone()).unwrap();
    let token = issuer.mint(&request()).unwrap();
    let off = AuthConfig { builtin_issuer: false, ..AuthConfig::default() };
    let off = Authenticator::new(&off, Some(&issuer), env.clone()).unwrap();
    assert_eq!(fault(off.authenticate(Plane::Admin, &bearer(&token)).await), TokenFault::Issuer);

    let (other_env, _) = fake::env(NOW.unsigned_abs(), 2);
    let other = BuiltinIssuer::open(two.path(), other_env).unwrap();
    let other = Authenticator::new(&AuthConfig::default(), Some(&other), env).unwrap();
    assert_eq!(fault(other.authenticate(Plane::Admin, &bearer(&token)).await), TokenFault::Issuer);
}

#[tokio::test]
async fn the_keys_stay_over_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let (before, _) = open(folder.path());
    let token = before.mint(&request()).unwrap();
    let again = BuiltinIssuer::open(folder.path(), fake::env(NOW.unsigned_abs(), 99).0).unwrap();
    assert_eq!(again.issuer(), before.issuer());
    let (_, auth) = open(folder.path());
    auth.authenticate(Plane::Admin, &bearer(&token)).await.unwrap();
}

#[test]
fn starting_at_the_same_time_ends_with_the_same_keys() {
    let folder = tempfile::tempdir().unwrap();
    let issuers: Vec<String> = std::thread::scope(|scope| {
        let starting: Vec<_> = (0..16)
            .map(|_| scope.spawn(|| BuiltinIssuer::open(folder.path(), Env::real()).unwrap().issuer().to_owned()))
            .collect();
        starting.into_iter().map(|one| one.join().unwrap()).collect()
    });
    assert!(issuers.iter().all(|issuer| *issuer == issuers[0]), "{issuers:?}");
    let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["issuer-keys.json"], "no drafts stay behind");
}

#[cfg(unix)]
#[test]
fn only_the_owner_can_read_the_keys() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    open(folder.path());
    let mode = std::fs::metadata(folder.path().join("issuer-keys.json")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn a_broken_file_of_keys_is_a_fault_and_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("issuer-keys.json");
    for broken in
        ["", "{", "{\"version\":2,\"issuer\":\"x\",\"keys\":[]}", "{\"version\":1,\"issuer\":\"x\",\"keys\":[]}"]
    {
        std::fs::write(&path, broken).unwrap();
        let error = BuiltinIssuer::open(folder.path(), Env::real()).unwrap_err();
        assert!(matches!(error, BuiltinError::File { .. } | BuiltinError::Content { .. }));
        assert_eq!(std::fs::read_to_string(&path).unwrap(), broken);
    }
    let missing = folder.path().join("nowhere");
    assert!(matches!(BuiltinIssuer::open(&missing, Env::real()), Err(BuiltinError::File { .. })));
}

#[test]
fn secrets_are_not_printed() {
    let folder = tempfile::tempdir().unwrap();
    let (issuer, auth) = open(folder.path());
    let file: Value = serde_json::from_slice(&std::fs::read(folder.path().join("issuer-keys.json")).unwrap()).unwrap();
    let secret = file["keys"][0]["d"].as_str().unwrap();
    assert!(!format!("{issuer:?}{auth:?}").contains(secret));
}
