//! Who may: one batch, one token. Each request in it is held to what that token may.

use e2e::{Api, READ, Service, samples};
use serde_json::json;

use super::{Answers, CLIENTS, count, request, with, with_body};
use crate::text;

/// The same tenant with a token of this scope.
fn user(service: &Service, api: &Api, scope: &str) -> Api {
    api.with_token(&service.token(&["--tenant", "contoso", "--user", "anna@contoso.example", "--scope", scope]))
}

#[test]
fn r11_without_a_token_it_is_401_whatever_it_holds() {
    let service = Service::start();
    let api = service.admin("contoso").anonymous();
    for body in
        [&b"{"[..], b"{\"requests\":[]}", b"{\"requests\":[{\"id\":\"1\",\"method\":\"GET\",\"url\":\"/$metadata\"}]}"]
    {
        let answer = api.call("POST", "/$batch").body("application/json", body).send();
        assert!(answer.header("www-authenticate").is_some());
        answer.error(401);
    }
}

#[test]
fn r12_without_the_write_scope_only_the_writes_are_403() {
    let service = Service::start();
    let api = service.admin("contoso");
    let reader = user(&service, &api, READ);
    let requests = [
        request("1", "GET", "/officeConfiguration"),
        with_body("2", "POST", CLIENTS, samples::client("never")),
        with(with_body("3", "POST", CLIENTS, samples::client("never")), "atomicityGroup", json!("g")),
        with(request("4", "GET", CLIENTS), "atomicityGroup", json!("g")),
        request("5", "GET", CLIENTS),
    ];
    let answers = Answers::of(&reader, &requests);
    assert_eq!(answers.statuses(), [200, 403, 403, 424, 200]);
    assert_eq!(answers.error("2", 403)["code"], "Authorization_RequestDenied");
    let stranger = user(&service, &api, "User.Read");
    stranger.post("/$batch", &json!({ "requests": requests })).error_code(403, "Authorization_RequestDenied");
    assert_eq!(count(&api), 0);
}

#[test]
fn a_request_that_carries_another_token_is_400_and_reaches_nobodys_data() {
    let service = Service::start();
    let (contoso, fabrikam) = (service.admin("contoso"), service.admin("fabrikam"));
    let secret = text(&fabrikam.post(CLIENTS, &samples::client("secret")).created(), "id").to_owned();
    let token =
        |api: &Api| json!({ "Content-Type": "application/json", "authorization": format!("Bearer {}", api.token()) });
    let make = |id: &str| with_body(id, "POST", CLIENTS, samples::client("new"));
    let read = |id: &str| request(id, "GET", &format!("{CLIENTS}/{secret}"));
    let answers = Answers::of(
        &contoso,
        &[
            with(make("other"), "headers", token(&fabrikam)),
            with(read("peek"), "headers", token(&fabrikam)),
            with(make("broken"), "headers", json!({ "Content-Type": "application/json", "Authorization": "Bearer x" })),
            with(make("same"), "headers", token(&contoso)),
            make("none"),
            read("own"),
            with(with(make("group"), "headers", token(&fabrikam)), "atomicityGroup", json!("g")),
        ],
    );
    assert_eq!(answers.statuses(), [400, 400, 400, 201, 201, 404, 400]);
    assert_eq!(answers.error("other", 400)["target"], "headers/Authorization");
    assert_eq!((count(&contoso), count(&fabrikam)), (2, 1));
}

#[test]
fn no_tenant_sees_another_from_inside_a_group() {
    let service = Service::start();
    let (contoso, fabrikam) = (service.admin("contoso"), service.admin("fabrikam"));
    let id = text(&fabrikam.post("/officeConfigurations", &json!({})).created(), "id").to_owned();
    let group = |request| with(request, "atomicityGroup", json!("g"));
    let theirs = format!("/officeConfigurations/{id}");
    for request in [
        request("2", "GET", &theirs),
        request("2", "DELETE", &theirs),
        with_body("2", "POST", &format!("{theirs}/clientConfigurations"), samples::client("intruder")),
    ] {
        let made = with_body("1", "POST", CLIENTS, samples::client("x"));
        assert_eq!(Answers::of(&contoso, &[group(made), group(request)]).statuses(), [424, 404]);
    }
    // The same id means something else here.
    let made = with_body("1", "POST", "/officeConfigurations", json!({ "id": id }));
    let answers = Answers::of(&contoso, &[group(made), group(request("2", "DELETE", &theirs))]);
    assert_eq!(answers.statuses(), [201, 204]);
    fabrikam.get(&theirs).ok();
}
