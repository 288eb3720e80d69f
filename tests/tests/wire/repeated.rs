//! Asking again: an answer that was given before is given again only to who may have it, in the form asked for, and while it is true.

use serde_json::{Value, json};

use crate::world::World;

/// The answer to the same question asked twice, so that the second may come from what was rendered for the first.
fn twice(api: &e2e::Api, path: &str) -> Value {
    let first = api.get(path).ok();
    let second = api.get(path);
    assert_eq!(second.expect_header("content-type").split(';').next(), Some("application/json"), "{path}");
    let second = second.ok();
    assert_eq!(first, second, "{path}");
    second
}

#[test]
fn a_change_is_seen_by_the_next_get_of_everything_below_the_configuration() {
    let world = World::new();
    let paths = [
        world.client.clone(),
        format!("{}/displayName", world.client),
        "/officeConfiguration/clientConfigurations".to_owned(),
    ];
    for path in &paths {
        twice(&world.api, path);
    }
    world.api.patch(&world.client, &json!({ "displayName": "changed after it was read" })).ok();
    for path in &paths {
        assert!(twice(&world.api, path).to_string().contains("changed after it was read"), "{path}");
    }
    world.api.delete(&world.client).no_content();
    world.api.get(&world.client).error(404);
    assert!(!twice(&world.api, &paths[2]).to_string().contains("changed after it was read"));
}

#[test]
fn another_tenant_and_a_caller_without_a_right_get_nothing_of_what_was_rendered() {
    let world = World::new();
    twice(&world.api, &world.client);
    assert_ne!(twice(&world.api, "/officeConfiguration")["tenantCheckinStatuses"], json!([]));
    let stranger = world.service.admin("fabrikam");
    stranger.get(&world.client).error(404);
    assert_eq!(stranger.get("/officeConfiguration").ok()["tenantCheckinStatuses"], json!([]));
    world.api.anonymous().get(&world.client).error(401);
}

#[test]
fn another_form_is_not_given_from_what_was_rendered() {
    let world = World::new();
    let plain = twice(&world.api, &world.client);
    assert!(plain["@odata.context"].is_string());
    let bare =
        world.api.call("GET", &world.client).header("accept", "application/json;odata.metadata=none").send().ok();
    assert!(bare["@odata.context"].is_null());
    let etag = world.api.get(&world.client).expect_header("etag");
    let unchanged = world.api.call("GET", &world.client).header("if-none-match", &etag).send();
    assert_eq!(unchanged.status, 304);
    world.api.call("GET", &world.client).header("accept", "text/html").send().error(406);
    let selected = world.api.get(&format!("{}?$select=id", world.client)).ok();
    assert!(selected["displayName"].is_null());
    assert_eq!(twice(&world.api, &world.client), plain);
}
