//! The headers of every answer.

use e2e::random_id;
use serde_json::json;

use crate::world::{CLIENTS, World};

#[test]
fn every_answer_names_its_request() {
    let world = World::new();
    let one = world.api.get(CLIENTS).is(200);
    let request_id = one.expect_header("request-id");
    uuid::Uuid::parse_str(&request_id).unwrap();
    assert_eq!(one.expect_header("client-request-id"), request_id, "absent, it equals request-id");
    let mine = random_id();
    for answer in [
        world.api.call("GET", CLIENTS).header("client-request-id", &mine).send(),
        world.api.call("GET", "/colour").header("client-request-id", &mine).send(),
        world.api.anonymous().call("GET", CLIENTS).header("client-request-id", &mine).send(),
        world.api.call("DELETE", &world.client).header("client-request-id", &mine).send(),
    ] {
        assert_eq!(answer.expect_header("client-request-id"), mine, "{}", answer.request);
        assert_ne!(answer.expect_header("request-id"), request_id);
        if answer.status >= 400 {
            assert_eq!(answer.json()["error"]["innerError"]["client-request-id"], mine);
        }
    }
}

#[test]
fn a_client_request_id_cannot_smuggle_anything() {
    let world = World::new();
    let long = "x".repeat(10_000);
    for value in ["<script>", long.as_str(), "\u{e9}"] {
        let answer = world.api.call("GET", CLIENTS).header("client-request-id", value).send();
        assert!(answer.status < 500, "{}", answer.status);
        assert!(answer.headers.get("client-request-id").is_none_or(|echo| echo.len() <= 1_000));
    }
}

#[test]
fn data_says_its_version_and_form_as_graph_does() {
    let world = World::new();
    let answer = world.api.get(CLIENTS).is(200);
    assert_eq!(answer.expect_header("odata-version"), "4.0");
    assert_eq!(
        answer.expect_header("content-type"),
        "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8"
    );
    assert!(answer.expect_header("cache-control").contains("no-cache"));
    assert!(answer.expect_header("vary").to_lowercase().contains("accept"));
    assert!(answer.header("date").is_some());
}

#[test]
fn versions_that_clients_ask_for_are_negotiated() {
    let world = World::new();
    for version in ["4.0", "4.01"] {
        let answer = world.api.call("GET", CLIENTS).header("odata-maxversion", version).send().is(200);
        assert_eq!(answer.expect_header("odata-version"), "4.0");
    }
    world.api.call("GET", CLIENTS).header("odata-maxversion", "3.0").send().error(400);
    world.api.call("POST", "/officeConfigurations").header("odata-version", "5.0").json(&json!({})).send().error(400);
    world.api.call("GET", CLIENTS).header("consistencylevel", "eventual").send().ok();
}

#[test]
fn an_error_of_the_service_never_shows_its_inside() {
    let world = World::new();
    for path in ["/colour", "/officeConfiguration/clientConfigurations/x", "/officeConfigurations?$filter=x%20eq%201"] {
        let text = world.api.get(path).text();
        for inside in [".rs", "panick", "sqlite", "SELECT", "/root", "/home", "/tmp"] {
            assert!(!text.contains(inside), "{path}: {text}");
        }
    }
}

#[test]
fn preferences_that_nobody_knows_are_ignored() {
    let world = World::new();
    let answer = world.api.call("GET", CLIENTS).header("prefer", "frobnicate=7, respond-async, return=sideways").send();
    answer.ok();
}
