//! No or bad token: 401 before anything that would tell about the data, each way of being bad.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL;
use e2e::{Answer, Api, Issuer, READ_WRITE, Service, Setup, random_id, samples};
use serde_json::{Value, json};

use crate::world::{CLIENTS, World};

#[track_caller]
fn is_unauthorized(answer: Answer) {
    let challenge = answer.expect_header("www-authenticate");
    assert!(challenge.starts_with("Bearer"), "{challenge}");
    answer.error_code(401, "InvalidAuthenticationToken");
}

/// The same 401 for what is there, what is not, and what cannot be.
#[track_caller]
fn refused(world: &World, authorization: Option<&str>) {
    let anonymous = world.api.anonymous();
    world.unchanged(|world| {
        let calls = [
            anonymous.call("GET", &world.client),
            anonymous.call("GET", &format!("{CLIENTS}/{}", random_id())),
            anonymous.call("GET", "/colour"),
            anonymous.call("DELETE", &world.client),
            anonymous.call("POST", "/officeConfigurations").json(&json!({})),
            anonymous.call("POST", CLIENTS).json(&json!({ "colour": 1 })),
            anonymous.call("POST", CLIENTS).body("text/plain", b"x"),
        ];
        for call in calls {
            let call = match authorization {
                Some(value) => call.header("authorization", value),
                None => call,
            };
            is_unauthorized(call.send());
        }
    });
}

#[test]
fn no_token_or_none_that_is_a_bearer_token_is_401() {
    let world = World::new();
    refused(&world, None);
    for value in ["Bearer", "Bearer ", "Basic YTpi", "Bearer x", "Bearer a.b.c", "Bearer ..", "Negotiate x"] {
        refused(&world, Some(value));
    }
    refused(&world, Some(world.api.token()));
    refused(&world, Some(&format!("Bearer {}", "x".repeat(30_000))));
}

#[test]
fn a_token_counts_only_in_the_header() {
    let world = World::new();
    let anonymous = world.api.anonymous();
    let token = world.api.token();
    is_unauthorized(anonymous.get(&format!("/officeConfiguration?access_token={token}")));
    is_unauthorized(
        anonymous.call("GET", "/officeConfiguration").header("cookie", &format!("access_token={token}")).send(),
    );
    let body = format!("access_token={token}");
    let form =
        anonymous.call("POST", "/officeConfigurations").body("application/x-www-form-urlencoded", body.as_bytes());
    is_unauthorized(form.send());
    let twice =
        world.api.call("GET", "/officeConfiguration").header("authorization", &format!("Bearer {token}")).send();
    is_unauthorized(twice);
}

#[test]
fn a_tampered_token_is_401() {
    let world = World::new();
    let token = world.api.token();
    let parts: Vec<&str> = token.split('.').collect();
    let mut claims: Value = serde_json::from_slice(&BASE64URL.decode(parts[1]).unwrap()).unwrap();
    claims["tid"] = json!(random_id());
    let other_claims = BASE64URL.encode(claims.to_string());
    refused(&world, Some(&format!("Bearer {}.{other_claims}.{}", parts[0], parts[2])));
    let flip = |part: &str| {
        let mut bytes = BASE64URL.decode(part).unwrap();
        bytes[5] ^= 1;
        BASE64URL.encode(bytes)
    };
    refused(&world, Some(&format!("Bearer {}.{}.{}", parts[0], parts[1], flip(parts[2]))));
    refused(&world, Some(&format!("Bearer {}.{}.", parts[0], parts[1])));
    refused(&world, Some(&format!("Bearer {token}.x")));
    let none = BASE64URL.encode(json!({ "alg": "none", "typ": "JWT" }).to_string());
    refused(&world, Some(&format!("Bearer {none}.{}.", parts[1])));
    refused(&world, Some(&format!("Bearer {none}.{}.{}", parts[1], parts[2])));
}

#[test]
fn a_token_of_another_installation_is_401() {
    let world = World::new();
    let other = Service::start();
    let token = other.token(&["--tenant", "contoso", "--role", READ_WRITE]);
    refused(&world, Some(&format!("Bearer {token}")));
}

#[test]
fn the_built_in_issuer_can_be_turned_off() {
    let issuer = Issuer::start();
    let tenant = random_id();
    let config = format!("builtin_issuer = false\n{}", issuer.section(&[&tenant]));
    let service = Setup::default().config(&config).start();
    let output = e2e::Cli::on(service.data()).run("token", &["--tenant", "contoso", "--role", READ_WRITE]);
    if output.status.success() {
        let token = String::from_utf8(output.stdout).unwrap().trim().to_owned();
        is_unauthorized(Api::new(&service, Some(token)).get("/officeConfiguration"));
    }
    Api::new(&service, Some(issuer.sign(&issuer.claims(&tenant)))).get("/officeConfiguration").ok();
}

/// A world whose administrator comes from an issuer of the test's own.
fn with_issuer() -> (Issuer, String, World) {
    let issuer = Issuer::start();
    let tenant = random_id();
    let service = Setup::default().config(&issuer.section(&[&tenant])).start();
    let api = Api::new(&service, Some(issuer.sign(&issuer.claims(&tenant))));
    let world = World::of(service, api);
    (issuer, tenant, world)
}

#[test]
fn claims_that_are_wrong_are_401() {
    let (issuer, tenant, world) = with_issuer();
    let good = issuer.claims(&tenant);
    let now = good["iat"].as_u64().unwrap() + 60;
    for (what, name, value) in [
        ("expired beyond the skew", "exp", json!(now - 400)),
        ("not yet valid beyond the skew", "nbf", json!(now + 400)),
        ("somebody else's audience", "aud", json!("api://other")),
        ("the client plane's audience", "aud", json!("api://officeconfig-clients")),
        ("another issuer", "iss", json!("https://evil.example")),
        ("a tenant that is not listed", "tid", json!(random_id())),
        ("no GUID for a tenant", "tid", json!("contoso")),
        ("exp as text", "exp", json!("tomorrow")),
    ] {
        let mut claims = good.clone();
        claims[name] = value;
        let answer = world.api.with_token(&issuer.sign(&claims)).get("/officeConfiguration");
        assert_eq!(answer.status, 401, "{what}: {}", answer.text());
        is_unauthorized(answer);
    }
    for name in ["exp", "aud", "iss", "tid"] {
        let mut claims = good.clone();
        claims.as_object_mut().unwrap().remove(name);
        let answer = world.api.with_token(&issuer.sign(&claims)).get("/officeConfiguration");
        assert_eq!(answer.status, 401, "without {name}: {}", answer.text());
    }
    let mut skewed = good.clone();
    skewed["exp"] = json!(now - 120);
    world.api.with_token(&issuer.sign(&skewed)).get("/officeConfiguration").ok();
}

#[test]
fn headers_that_would_choose_the_key_are_401() {
    let (issuer, tenant, world) = with_issuer();
    let claims = issuer.claims(&tenant);
    let good = json!({ "alg": "ES256", "typ": "JWT", "kid": "one" });
    world.api.with_token(&issuer.sign_raw(&good, &claims)).get("/officeConfiguration").ok();
    for (name, value) in [
        ("jku", json!("https://evil.example/keys")),
        ("x5u", json!("https://evil.example/cert")),
        ("jwk", json!({ "kty": "EC" })),
        ("crit", json!(["exp"])),
        ("alg", json!("none")),
        ("alg", json!("HS256")),
        ("alg", json!("RS256")),
        ("alg", json!("es256")),
        ("kid", json!("another")),
    ] {
        let mut header = good.clone();
        header[name] = value;
        let answer = world.api.with_token(&issuer.sign_raw(&header, &claims)).get("/officeConfiguration");
        assert_eq!(answer.status, 401, "{name}: {}", answer.text());
        is_unauthorized(answer);
    }
}

#[test]
fn a_key_that_the_issuer_does_not_have_is_401() {
    let (issuer, tenant, world) = with_issuer();
    let forger = Issuer::start();
    let forged = forger.sign(&issuer.claims(&tenant));
    is_unauthorized(world.api.with_token(&forged).get("/officeConfiguration"));
}

#[test]
fn a_tenant_that_is_not_listed_creates_nothing() {
    let (issuer, _, world) = with_issuer();
    let stranger = issuer.sign(&issuer.claims(&random_id()));
    world.unchanged(|world| {
        is_unauthorized(world.api.with_token(&stranger).post("/officeConfigurations", &samples::creation_request()));
    });
}
