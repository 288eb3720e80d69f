//! Ruling R12: who may read and who may write.

use e2e::{Api, READ, READ_WRITE, Setup, samples};
use e2e::{Issuer, random_id};
use serde_json::json;

use crate::world::{CLIENTS, World};

/// Tries every kind of write; all must be 403.
#[track_caller]
fn may_not_write(world: &World, api: &Api) {
    world.unchanged(|world| {
        let denied = [
            api.post("/officeConfigurations", &json!({})),
            api.post("/officeConfiguration", &json!({})),
            api.patch("/officeConfiguration", &json!({})),
            api.delete(&world.pilot),
            api.post(CLIENTS, &samples::client("x")),
            api.patch(&world.client, &json!({ "displayName": "x" })),
            api.delete(&world.client),
            api.put(&format!("{}/policyPayload", world.client), "text/plain", b"x"),
            api.delete(&format!("{}/policyPayload", world.client)),
            api.post(&format!("{}/assign", world.client), &json!({ "officeConfigurationAssignments": [] })),
            api.post(&format!("{}/assignments", world.client), &samples::group_assignment("g")),
            api.delete(&world.assignment),
            // The right to write is asked before what the body holds or whether the thing is there.
            api.post(CLIENTS, &json!({ "colour": 1 })),
            api.delete(&format!("{CLIENTS}/{}", random_id())),
        ];
        for answer in denied {
            answer.error_code(403, "Authorization_RequestDenied");
        }
    });
}

#[test]
fn r12_an_application_with_the_read_role_reads_and_does_not_write() {
    let world = World::new();
    let token = world.service.token(&["--tenant", "contoso", "--role", READ]);
    let api = world.api.with_token(&token);
    api.get(&world.client).ok();
    may_not_write(&world, &api);
}

#[test]
fn r12_a_user_with_the_read_scope_reads_and_does_not_write() {
    let world = World::new();
    let token = world.service.token(&["--tenant", "contoso", "--user", "anna@contoso.example", "--scope", READ]);
    let api = world.api.with_token(&token);
    api.get(&world.client).ok();
    may_not_write(&world, &api);
}

#[test]
fn r12_a_user_with_the_write_scope_reads_and_writes() {
    let world = World::new();
    let scopes = format!("User.Read {READ_WRITE}");
    let token = world.service.token(&["--tenant", "contoso", "--user", "anna@contoso.example", "--scope", &scopes]);
    let api = world.api.with_token(&token);
    api.get(&world.client).ok();
    api.patch(&world.client, &json!({ "displayName": "by anna" })).ok();
}

#[test]
fn r12_other_scopes_and_no_scopes_are_403() {
    let world = World::new();
    for scopes in ["User.Read", "DeviceManagementConfiguration.Read.AllX"] {
        let token = world.service.token(&["--tenant", "contoso", "--user", "anna@contoso.example", "--scope", scopes]);
        let api = world.api.with_token(&token);
        api.get(&world.client).error_code(403, "Authorization_RequestDenied");
        api.get(&format!("{CLIENTS}/{}", random_id())).error_code(403, "Authorization_RequestDenied");
        may_not_write(&world, &api);
    }
}

#[test]
fn r12_a_device_users_token_is_worth_nothing_on_the_admin_plane() {
    let world = World::new();
    let user = ["--tenant", "contoso", "--user", "anna@contoso.example", "--scope", "UserPolicies.ReadWrite"];
    let api = world.api.with_token(&world.service.token(&user));
    world.unchanged(|world| {
        for answer in [api.get(&world.client), api.delete(&world.client), api.post("/officeConfigurations", &json!({}))]
        {
            let status = answer.status;
            assert!([401, 403].contains(&status), "{status}");
            answer.error(status);
        }
    });
}

#[test]
fn r12_scopes_and_roles_are_never_mixed() {
    let issuer = Issuer::start();
    let tenant = random_id();
    let service = Setup::default().config(&issuer.section(&[&tenant])).start();
    let admin = Api::new(&service, Some(issuer.sign(&issuer.claims(&tenant))));
    let world = World::of(service, admin);
    let mut claims = issuer.claims(&tenant);
    claims["scp"] = json!("User.Read");
    let mixed = world.api.with_token(&issuer.sign(&claims));
    mixed.get(&world.client).error_code(403, "Authorization_RequestDenied");
    may_not_write(&world, &mixed);
    claims["scp"] = json!(READ);
    let reader = world.api.with_token(&issuer.sign(&claims));
    reader.get(&world.client).ok();
    may_not_write(&world, &reader);
}

#[test]
fn r12_personal_accounts_are_403() {
    let issuer = Issuer::start();
    let service = Setup::default().config(&issuer.section(&["*"])).start();
    let claims = issuer.claims("9188040d-6c67-4c5b-b112-36a304b66dad");
    let api = Api::new(&service, Some(issuer.sign(&claims)));
    api.get("/officeConfiguration").error(403);
    api.post("/officeConfigurations", &json!({})).error(403);
}

#[test]
fn metadata_and_health_need_no_token() {
    let world = World::new();
    let anonymous = world.api.anonymous();
    for path in ["/$metadata", "//v1.0/$metadata", "//healthz", "//readyz"] {
        anonymous.get(path).is(200);
    }
}
