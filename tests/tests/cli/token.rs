//! `officeconfig token`.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL;
use e2e::{Api, Cli, READ, READ_WRITE, Service};
use serde_json::{Value, json};

fn claims(token: &str) -> Value {
    serde_json::from_slice(&BASE64URL.decode(token.split('.').nth(1).unwrap()).unwrap()).unwrap()
}

#[test]
fn a_name_always_gives_the_same_tenant() {
    let (first, second) = (Service::start(), Service::start());
    let tenant = |service: &Service, name: &str| {
        claims(&service.token(&["--tenant", name, "--role", READ]))["tid"].as_str().unwrap().to_owned()
    };
    let contoso = tenant(&first, "contoso");
    uuid::Uuid::parse_str(&contoso).unwrap();
    assert_eq!(contoso, tenant(&first, "contoso"));
    assert_eq!(contoso, tenant(&second, "contoso"), "on every machine");
    assert_ne!(contoso, tenant(&first, "fabrikam"));
    let guid = "72f988bf-86f1-41af-91ab-2d7cd011db47";
    assert_eq!(guid, tenant(&first, guid));
    assert_eq!(guid, tenant(&first, &guid.to_uppercase()));
}

#[test]
fn it_works_before_and_while_the_service_runs_and_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let before = Cli::on(&data).token(&["--tenant", "contoso", "--role", READ_WRITE]);
    let mut service = e2e::Setup::default().data(&data).start();
    let during = Cli::on(&data).token(&["--tenant", "contoso", "--role", READ_WRITE]);
    for token in [&before, &during] {
        Api::new(&service, Some(token.clone())).get("/officeConfiguration").ok();
    }
    service.kill();
    service.start_again();
    Api::new(&service, Some(before)).get("/officeConfiguration").ok();
}

#[test]
fn it_says_what_was_asked() {
    let service = Service::start();
    let token = service.token(&[
        "--tenant",
        "contoso",
        "--user",
        "anna@contoso.example",
        "--oid",
        "11111111-2222-3333-4444-555555555555",
        "--scope",
        "UserPolicies.Read User.Read",
        "--group",
        "g1",
        "--group",
        "g2",
        "--ttl",
        "10m",
    ]);
    let claims = claims(&token);
    assert_eq!(claims["oid"], "11111111-2222-3333-4444-555555555555");
    assert_eq!(claims["scp"], "UserPolicies.Read User.Read");
    assert_eq!(claims["groups"], json!(["g1", "g2"]));
    assert!(claims.to_string().contains("anna@contoso.example"), "{claims}");
    assert_eq!(claims["exp"].as_u64().unwrap() - claims["iat"].as_u64().unwrap(), 600);
}

#[test]
fn json_output_holds_the_token() {
    let service = Service::start();
    let text = Cli::on(service.data()).succeed("token", &["--tenant", "contoso", "--role", READ, "--output", "json"]);
    let output: Value = serde_json::from_str(&text).unwrap();
    Api::new(&service, output["token"].as_str().map(str::to_owned)).get("/officeConfiguration").ok();
}

#[test]
fn nonsense_is_refused() {
    let service = Service::start();
    let cli = Cli::on(service.data());
    cli.refuse("token", &[]);
    cli.refuse("token", &["--tenant", ""]);
    cli.refuse("token", &["--tenant", "contoso", "--ttl", "tomorrow"]);
}
