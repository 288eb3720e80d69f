//! Media types, methods and their refusals.

use serde_json::json;

use crate::world::{CLIENTS, World};

#[test]
fn a_wrong_media_type_is_415() {
    let world = World::new();
    world.unchanged(|world| {
        for media_type in [
            "text/plain",
            "text/xml",
            "application/xml",
            "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=x",
            "application/json; charset=iso-8859-1",
            "application/octet-stream",
        ] {
            for (method, path) in
                [("POST", CLIENTS), ("PATCH", world.client.as_str()), ("POST", "/officeConfigurations")]
            {
                world.api.call(method, path).body(media_type, b"{}").send().error(415);
            }
        }
        let gzip = world.api.call("POST", "/officeConfigurations").header("content-encoding", "gzip").json(&json!({}));
        let status = gzip.send().status;
        assert!([400, 415].contains(&status), "a body that is not what it says: {status}");
        let untyped = world.api.call("POST", "/officeConfigurations").untyped_body(b"{}").send();
        assert!([400, 415].contains(&untyped.status), "{}", untyped.status);
    });
}

#[test]
fn json_is_read_with_its_usual_parameters() {
    let world = World::new();
    for media_type in [
        "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8",
        "application/json; charset=UTF-8",
        "Application/JSON",
    ] {
        world.api.call("POST", "/officeConfigurations").body(media_type, b"\xef\xbb\xbf{}").send().created();
    }
}

#[test]
fn an_unacceptable_accept_is_406() {
    let world = World::new();
    world.unchanged(|world| {
        for accept in
            ["application/xml", "text/html", "application/json;odata.metadata=bogus", "application/json;q=0", "image/*"]
        {
            world.api.call("GET", CLIENTS).header("accept", accept).send().error(406);
            world.api.call("POST", "/officeConfigurations").header("accept", accept).json(&json!({})).send().error(406);
        }
    });
}

#[test]
fn what_real_clients_accept_is_served() {
    let world = World::new();
    for accept in [
        "*/*",
        "application/*",
        "application/json",
        "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
        "application/json;odata.metadata=minimal;q=1.0,application/json;odata=minimalmetadata;q=0.9,application/atomsvc+xml;q=0.8,application/atom+xml;q=0.8,application/xml;q=0.7,text/plain;q=0.7",
        "application/json;odata.metadata=full",
        "application/json;metadata=none;charset=utf-8",
        "application/json;IEEE754Compatible=true",
    ] {
        let answer = world.api.call("GET", CLIENTS).header("accept", accept).send().is(200);
        assert!(answer.expect_header("content-type").starts_with("application/json"), "{accept}");
    }
    world.api.call("GET", &format!("{CLIENTS}/$count")).header("accept", "text/plain").send().is(200);
}

#[test]
fn metadata_none_and_full_say_less_and_more() {
    let world = World::new();
    let read = |level: &str| {
        let accept = format!("application/json;odata.metadata={level}");
        world.api.call("GET", &world.client).header("accept", &accept).send().ok()
    };
    let none = read("none");
    assert!(none.as_object().unwrap().keys().all(|name| !name.contains("@odata")), "{none}");
    let full = read("full");
    assert!(full["@odata.id"].is_string() && full["@odata.editLink"].is_string(), "{full}");
}

#[test]
fn a_method_that_is_not_allowed_is_405_and_says_what_is() {
    let world = World::new();
    let (client, pilot, assignment) = (world.client.clone(), world.pilot.clone(), world.assignment.clone());
    world.unchanged(|world| {
        for (method, path, allowed) in [
            ("PUT", "/officeConfigurations", "POST"),
            ("DELETE", "/officeConfigurations", "GET"),
            ("PATCH", "/officeConfigurations", "POST"),
            ("POST", &*pilot, "PATCH"),
            ("PUT", &*pilot, "PATCH"),
            ("PUT", CLIENTS, "POST"),
            ("DELETE", CLIENTS, "GET"),
            ("POST", &*client, "DELETE"),
            ("PUT", &*client, "PATCH"),
            ("POST", &*assignment, "DELETE"),
            ("POST", &*format!("{client}/policyPayload"), "PUT"),
            ("POST", &*format!("{CLIENTS}/$count"), "GET"),
            ("GET", &*format!("{CLIENTS}/updatePriorities"), "POST"),
            ("DELETE", &*format!("{client}/assign"), "POST"),
            ("POST", "/$metadata", "GET"),
            ("DELETE", "/", "GET"),
        ] {
            let answer = world.api.call(method, path).json(&json!({})).send();
            let allow = answer.header("allow").unwrap_or_default().to_owned();
            assert!(allow.contains(allowed), "{method} {path}: {} Allow {allow:?}", answer.status);
            answer.error(405);
        }
    });
}

#[test]
fn methods_that_nobody_knows_are_refused() {
    let world = World::new();
    world.unchanged(|world| {
        for method in ["TRACE", "FROBNICATE", "PROPFIND"] {
            let status = world.api.call(method, CLIENTS).send().status;
            assert!([405, 501].contains(&status), "{method}: {status}");
        }
        let overridden = world.api.call("GET", &world.client).header("x-http-method-override", "DELETE").send();
        overridden.ok();
    });
}

#[test]
fn r11_options_needs_no_token() {
    let world = World::new();
    let anonymous = world.api.anonymous();
    let answer = anonymous.call("OPTIONS", CLIENTS).send();
    assert!([200, 204].contains(&answer.status), "{}", answer.status);
    let allow = answer.expect_header("allow");
    assert!(allow.contains("GET") && allow.contains("POST"), "{allow}");
}

#[test]
fn a_browser_may_call_from_anywhere() {
    let world = World::new();
    let preflight = world
        .api
        .anonymous()
        .call("OPTIONS", CLIENTS)
        .header("origin", "https://console.example")
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "authorization, content-type, sdkversion")
        .send();
    assert!([200, 204].contains(&preflight.status), "{}", preflight.status);
    assert_eq!(preflight.expect_header("access-control-allow-origin"), "*");
    assert!(preflight.expect_header("access-control-allow-methods").contains("POST"));
    let headers = preflight.expect_header("access-control-allow-headers").to_lowercase();
    assert!(headers.contains("authorization") && headers.contains("sdkversion"), "{headers}");
    for answer in [
        world.api.call("GET", CLIENTS).header("origin", "https://console.example").send(),
        world.api.anonymous().call("GET", CLIENTS).header("origin", "https://console.example").send(),
    ] {
        assert_eq!(answer.expect_header("access-control-allow-origin"), "*");
        let exposed = answer.expect_header("access-control-expose-headers").to_lowercase();
        for name in ["etag", "location", "request-id", "client-request-id", "retry-after", "www-authenticate"] {
            assert!(exposed.contains(name), "{name} in {exposed}");
        }
    }
}
