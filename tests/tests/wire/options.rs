//! URLs and query options: bad ones are 400 (404 where the thing is unknown) and never more.

use e2e::Raw;
use std::time::Duration;

use crate::world::{CLIENTS, World};

#[track_caller]
fn refused(path: &str, options: &[&str]) {
    let world = World::new();
    world.unchanged(|world| {
        for option in options {
            let url = format!("{path}?{}", option.replace(' ', "%20"));
            let answer = world.api.get(&url);
            assert_eq!(answer.status, 400, "{url}: {}", answer.text());
            answer.error(400);
        }
    });
}

#[test]
fn r11_an_unknown_or_unsupported_option_is_400() {
    refused(CLIENTS, &["$colour=1", "$apply=aggregate($count as n)", "$deltatoken=x", "$index=1", "$=1"]);
}

#[test]
fn r11_custom_options_are_ignored() {
    let world = World::new();
    for option in ["colour=1", "api-version=2", "filter", "x=%F0%9F%98%80"] {
        world.api.get(&format!("{CLIENTS}?{option}")).ok();
    }
}

#[test]
fn bad_paging_options_are_400() {
    refused(
        CLIENTS,
        &[
            "$top=-1",
            "$top=x",
            "$top=",
            "$top=1.5",
            "$top=99999999999999999999",
            "$top=1&$top=2",
            "$skip=-1",
            "$skip=x",
            "$count=maybe",
            "$count=",
            "$count=true&$count=true",
        ],
    );
}

#[test]
fn bad_select_and_orderby_are_400() {
    refused(
        CLIENTS,
        &[
            "$select=colour",
            "$select=",
            "$select=displayName,",
            "$select=checkinStatuses/colour",
            "$orderby=colour",
            "$orderby=",
            "$orderby=priority sideways",
            "$orderby=priority,,displayName",
            "$orderby=checkinStatuses",
        ],
    );
}

#[test]
fn bad_filters_are_400() {
    refused(
        CLIENTS,
        &[
            "$filter=",
            "$filter=colour eq 1",
            "$filter=priority eq 'x'",
            "$filter=priority eq",
            "$filter=eq 1",
            "$filter=(priority eq 1",
            "$filter=priority eq 1)",
            "$filter=displayName eq 'x",
            "$filter=displayName eq x",
            "$filter=displayName == 'x'",
            "$filter=frobnicate(displayName)",
            "$filter=startswith(displayName)",
            "$filter=startswith(priority,'x')",
            "$filter=priority",
            "$filter=priority and true",
            "$filter=priority in (1,'x')",
            "$filter=checkinStatuses/any(s:t/wasSuccessful)",
            "$filter=checkinStatuses/wasSuccessful",
            "$filter=priority eq 1;drop table",
            "$filter=priority eq 1&$filter=priority eq 2",
            "$filter=%FF",
            "$filter=displayName eq '%00'",
        ],
    );
    refused(
        "/officeConfiguration/tenantCheckinStatuses",
        &["$filter=checkinDateTime eq 2016", "$filter=checkinDateTime gt 'x'"],
    );
}

#[test]
fn five_thousand_parentheses_are_400_and_the_service_lives() {
    let open = "(".repeat(5_000);
    let closed = format!("{open}true{}", ")".repeat(5_000));
    let nots = "not ".repeat(2_000);
    refused(CLIENTS, &[&format!("$filter={closed}"), &format!("$filter={open}"), &format!("$filter={nots}true")]);
}

#[test]
fn a_url_without_end_is_refused() {
    let world = World::new();
    world.unchanged(|world| {
        let long = "x".repeat(40_000);
        let answer = world.api.get(&format!("{CLIENTS}?$filter=displayName%20eq%20'{long}'"));
        assert!([400, 414, 431].contains(&answer.status), "{}", answer.status);
    });
}

#[test]
fn r11_an_unknown_segment_is_400_with_graphs_words() {
    let world = World::new();
    for (path, segment) in [
        ("/colour", "colour"),
        ("/officeConfiguration/colour", "colour"),
        ("/officeConfiguration/clientconfigurations", "clientconfigurations"),
        (&format!("{}/colour", world.client), "colour"),
    ] {
        let error = world.api.get(path).error_code(400, "BadRequest");
        assert_eq!(error["message"], format!("Resource not found for the segment '{segment}'."), "{path}");
    }
}

#[test]
fn strange_paths_never_break_the_service() {
    let world = World::new();
    let mut raw = Raw::connect(&world.service);
    for path in [
        "/beta/officeConfiguration/clientConfigurations/%2e%2e/%2e%2e",
        "/beta/../beta/officeConfiguration",
        "/beta//officeConfiguration",
        "/beta/officeConfiguration/clientConfigurations('",
        "/beta/officeConfiguration/clientConfigurations(')",
        "/beta/officeConfiguration/clientConfigurations('')",
        "/beta/officeConfiguration/clientConfigurations(id=)",
        "/beta/officeConfiguration/clientConfigurations/%00",
        "/beta/officeConfiguration/clientConfigurations/%FF%FE",
        "/beta/officeConfiguration/clientConfigurations/%zz",
        "/beta/officeConfiguration/clientConfigurations/a%2Fb",
        "/beta/officeConfiguration/clientConfigurations/'%27;--",
        "/beta/$metadata/officeConfiguration",
        "/beta/officeConfiguration/$count",
        "/beta/%24metadata%00",
        "/BETA/officeConfiguration",
        "/",
        "//",
        "*",
    ] {
        let authorization = format!("Bearer {}", world.api.token());
        assert!(raw.request(&format!("GET {path}"), &[("authorization", &authorization)], b""), "{path}");
        match raw.answer(Duration::from_secs(20)) {
            Some(answer) => assert!(answer.status < 500, "{path}: {} {}", answer.status, answer.head),
            None => raw = Raw::connect(&world.service),
        }
    }
    world.api.get("/officeConfiguration").ok();
}
