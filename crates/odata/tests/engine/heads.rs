//! The first step: URL, method and headers.

use odata::ErrorKind;
use odata::engine::{Access, BodyKind, Current, TargetKind};

use super::shop::shop;
use super::support::{both, graph, strict};

const POWER_QUERY: &str = "application/json;odata.metadata=minimal;q=1.0,application/json;odata=minimalmetadata;q=0.9,\
    application/atomsvc+xml;q=0.8,application/atom+xml;q=0.8,application/xml;q=0.7,text/plain;q=0.7";

#[test]
fn only_metadata_and_options_need_no_identity() {
    let world = graph();
    let document = |method: &str, path: &str| {
        world.engine.is_document(&http::Method::from_bytes(method.as_bytes()).unwrap(), path)
    };
    assert!(document("GET", "/$metadata"));
    assert!(document("HEAD", "/$metadata?$format=json"));
    assert!(document("OPTIONS", "/officeConfigurations"));
    assert!(document("TRACE", "/$metadata"), "it is 405 for everybody");
    assert!(!document("GET", "/"));
    assert!(!document("POST", "/$metadata/$query"));
    assert!(!document("GET", "/officeConfigurations"));
}

#[test]
fn access_and_body_follow_from_method_and_target() {
    let world = graph();
    let of = |method: &str, url: &str| {
        let head = world.head(method, url, &[]).unwrap();
        (head.target().kind, head.access(), head.body())
    };
    let settings = world.engine.settings();
    let json = BodyKind::Json { bytes_max: settings.body_bytes_max };
    let stream = BodyKind::Stream { bytes_max: settings.stream_bytes_max };
    let client = "/officeConfiguration/clientConfigurations/7";
    assert_eq!(of("GET", "/$metadata"), (TargetKind::Metadata, Access::Document, BodyKind::None));
    assert_eq!(of("GET", "/"), (TargetKind::ServiceDocument, Access::Read, BodyKind::None));
    assert_eq!(of("GET", "/officeConfigurations"), (TargetKind::EntityCollection, Access::Read, BodyKind::None));
    assert_eq!(of("POST", "/officeConfigurations"), (TargetKind::EntityCollection, Access::Write, json));
    assert_eq!(of("PATCH", client), (TargetKind::Entity, Access::Write, json));
    assert_eq!(of("DELETE", client), (TargetKind::Entity, Access::Write, BodyKind::None));
    assert_eq!(of("PUT", &format!("{client}/policyPayload")), (TargetKind::Stream, Access::Write, stream));
    assert_eq!(of("PUT", &format!("{client}/policyPayload/$value")), (TargetKind::Stream, Access::Write, stream));
    assert_eq!(of("POST", &format!("{client}/assign")), (TargetKind::Action, Access::Write, json));
    assert_eq!(
        of("GET", &format!("{client}/checkinStatuses/$count")),
        (TargetKind::Count, Access::Read, BodyKind::None)
    );
}

#[test]
fn a_method_that_the_target_does_not_take_is_405_and_names_those_it_does() {
    let world = graph();
    let client = "/officeConfiguration/clientConfigurations/7";
    for (method, url, allow) in [
        ("GET", format!("{client}/assign"), "POST"),
        ("PUT", client.to_owned(), "GET, HEAD, PATCH, DELETE"),
        ("DELETE", "/officeConfigurations".to_owned(), "GET, HEAD, POST"),
        ("DELETE", "/officeConfiguration".to_owned(), "GET, HEAD, POST, PATCH"),
        ("POST", client.to_owned(), "GET, HEAD, PATCH, DELETE"),
        ("POST", format!("{client}/policyPayload"), "GET, HEAD, PUT, DELETE"),
        ("PUT", format!("{client}/createdDateTime"), "GET, HEAD"),
        ("PUT", format!("{client}/id"), "GET, HEAD"),
        ("POST", format!("{client}/displayName"), "GET, HEAD, PUT, DELETE"),
        ("POST", "/$metadata".to_owned(), "GET, HEAD"),
        ("TRACE", "/".to_owned(), "GET, HEAD"),
    ] {
        let error = world.head(method, &url, &[]).unwrap_err();
        let response = world.engine.render_error(&error, &super::support::context());
        assert_eq!(response.status(), 405, "{method} {url}");
        assert_eq!(response.headers()["allow"], allow, "{method} {url}");
    }
    let wrong = shop().told(shop().head("POST", "/Items(1)/price", &[]));
    assert_eq!(wrong.0, 405, "a function is read, whatever its parameters");
    let put = strict().head("PUT", client, &[]).unwrap();
    assert_eq!(put.target().kind, TargetKind::Entity);
}

#[test]
fn r1_the_singleton_may_be_created() {
    let head = graph().head("POST", "/officeConfiguration", &[]).unwrap();
    assert_eq!(head.target().kind, TargetKind::Entity);
}

#[test]
fn r11_an_unknown_segment_is_400_in_graph_and_404_in_strict() {
    let error = graph().head("GET", "/nothing", &[]).unwrap_err();
    assert_eq!(error.message, "Resource not found for the segment 'nothing'.");
    assert_eq!(graph().status(&error), 400);
    assert_eq!(strict().status(&error), 404);
}

#[test]
fn r11_unknown_and_inapplicable_options_are_400_and_named() {
    for world in both() {
        for (method, url, target) in [
            ("GET", "/officeConfigurations?$wrong=1", "$wrong"),
            ("GET", "/officeConfiguration?$filter=true", "$filter"),
            ("POST", "/officeConfigurations?$filter=true", "$filter"),
            ("DELETE", "/officeConfigurations/7?$select=id", "$select"),
            ("GET", "/officeConfigurations?$top=1&$top=2", "$top"),
            ("GET", "/officeConfigurations?$top=", "$top"),
            ("GET", "/officeConfigurations?$top=-1", "$top"),
            ("GET", "/officeConfiguration?$skiptoken=x", "$skiptoken"),
            ("GET", "/officeConfiguration/clientConfigurations/7/policyPayload?$select=id", "$select"),
            ("GET", "/$metadata?$top=1", "$top"),
            ("GET", "/officeConfigurations?$id=7", "$id"),
        ] {
            let error = world.head(method, url, &[]).unwrap_err();
            assert_eq!((error.kind, error.target.as_deref()), (ErrorKind::BadRequest, Some(target)), "{method} {url}");
        }
        assert!(world.head("GET", "/officeConfigurations?source=sdk", &[]).is_ok());
    }
}

#[test]
fn r11_a_bare_name_is_a_custom_option_in_graph_and_a_system_option_in_strict() {
    let top = |world: &super::support::World, url: &str| world.head("GET", url, &[]).map(|head| head.query().top);
    assert_eq!(top(&graph(), "/officeConfigurations?top=1&filter"), Ok(None));
    assert_eq!(top(&graph(), "/officeConfigurations?top=1&$top=2"), Ok(Some(2)));
    assert_eq!(top(&strict(), "/officeConfigurations?top=1"), Ok(Some(1)));
    assert!(top(&strict(), "/officeConfigurations?top=1&$top=2").is_err());
}

#[test]
fn options_of_any_target_is_understood() {
    for url in ["/", "/officeConfiguration/clientConfigurations", "/officeConfiguration/clientConfigurations/7/assign"]
    {
        assert_eq!(graph().head("OPTIONS", url, &[]).map(|head| head.access()), Ok(Access::Document), "{url}");
    }
}

#[test]
fn what_is_legal_but_not_offered_is_501_in_strict_and_400_in_graph() {
    for url in [
        "/officeConfigurations?$apply=aggregate(id)",
        "/officeConfigurations?$deltatoken=1",
        "/officeConfiguration/clientConfigurations?$expand=policyPayload",
    ] {
        let error = graph().head("GET", url, &[]).unwrap_err();
        assert_eq!(graph().status(&error), 400, "{url}");
        assert_eq!(strict().status(&error), 501, "{url}");
    }
}

#[test]
fn a_url_that_is_too_long_is_414() {
    let url = format!("/officeConfigurations?x={}", "a".repeat(20_000));
    assert_eq!(graph().told(graph().head("GET", &url, &[])).0, 414);
}

#[test]
fn accept_is_negotiated() {
    for world in both() {
        for accept in [
            "*/*",
            "application/*",
            "application/json",
            "APPLICATION/JSON;ODATA.METADATA=FULL",
            "application/json;metadata=none;q=0.5",
            "application/json;odata.streaming=true;IEEE754Compatible=false;charset=utf-8",
            "text/html, application/json;q=0.1",
            POWER_QUERY,
            "",
        ] {
            assert!(world.head("GET", "/officeConfiguration", &[("accept", accept)]).is_ok(), "{accept}");
        }
        for accept in [
            "application/xml",
            "text/html",
            "application/json;odata.metadata=some",
            "application/json;IEEE754Compatible=maybe",
            "application/json;charset=iso-8859-1",
            "application/json;q=0",
            "application/json;q=0, */*",
        ] {
            let told = world.told(world.head("GET", "/officeConfiguration", &[("accept", accept)]));
            assert_eq!((told.0, told.2.as_str()), (406, "accept"), "{accept}");
        }
        let plain = [("accept", "text/plain")];
        assert!(world.head("GET", "/officeConfigurations/$count", &plain).is_ok());
        let html = [("accept", "text/html")];
        assert!(world.head("DELETE", "/officeConfigurations/7", &html).is_ok(), "there is no body to negotiate");
        let json = world.head("GET", "/officeConfiguration?$format=json", &[("accept", "application/xml")]);
        assert!(json.is_ok(), "$format comes before Accept");
        assert_eq!(world.told(world.head("GET", "/officeConfiguration?$format=atom", &[])).0, 406);
    }
}

#[test]
fn versions_are_negotiated() {
    for world in both() {
        for pairs in [("odata-maxversion", "4.0"), ("odata-maxversion", "4.01"), ("odata-maxversion", "5.0")] {
            assert!(world.head("GET", "/officeConfiguration", &[pairs]).is_ok(), "{pairs:?}");
        }
        let below = world.told(world.head("GET", "/officeConfiguration", &[("odata-maxversion", "3.0")]));
        let is_graph = world.engine.settings().profile == odata::Profile::Graph;
        assert_eq!(below.0, if is_graph { 400 } else { 406 });
        for pairs in [("odata-version", "5.0"), ("odata-version", "x"), ("odata-maxversion", "x")] {
            assert_eq!(world.told(world.head("GET", "/officeConfiguration", &[pairs])).0, 400, "{pairs:?}");
        }
        for name in ["isolation", "odata-isolation"] {
            assert_eq!(world.told(world.head("GET", "/officeConfiguration", &[(name, "snapshot")])).0, 412);
        }
    }
}

#[test]
fn content_types_other_than_json_in_utf8_are_415() {
    for world in both() {
        for accepted in ["application/json", "application/json; charset=UTF-8", "Application/JSON;odata.metadata=full"]
        {
            assert!(world.head("POST", "/officeConfigurations", &[("content-type", accepted)]).is_ok(), "{accepted}");
        }
        for refused in ["text/xml", "application/json;charset=iso-8859-1", "application/json;charset=utf-16", "x"] {
            let told = world.told(world.head("POST", "/officeConfigurations", &[("content-type", refused)]));
            assert_eq!((told.0, told.2.as_str()), (415, "Content-Type"), "{refused}");
        }
        let gzip = [("content-type", "application/json"), ("content-encoding", "gzip")];
        assert_eq!(world.told(world.head("POST", "/officeConfigurations", &gzip)).0, 415);
        let payload = "/officeConfiguration/clientConfigurations/7/policyPayload";
        assert!(world.head("PUT", payload, &[("content-type", "image/png")]).is_ok());
    }
}

#[test]
fn entity_tags_are_lists_of_quoted_texts_compared_weakly() {
    let world = graph();
    for malformed in ["abc", "\"a\" \"b\"", "W/a", "\"a", "\"a\",,\"b\"", ""] {
        let told = world.told(world.head("DELETE", "/officeConfigurations/7", &[("if-match", malformed)]));
        assert_eq!((told.0, told.1.as_str()), (400, "MalformedEntityTag"), "{malformed}");
    }
    let head = world.head("DELETE", "/officeConfigurations/7", &[("if-match", "\"1\", W/\"2\"")]).unwrap();
    let check = |current: Current<'_>| head.preconditions().check_change(current).map_err(|error| error.kind);
    assert_eq!(check(Current::Present(Some("W/\"2\""))), Ok(()));
    assert_eq!(check(Current::Present(Some("W/\"1\""))), Ok(()));
    assert_eq!(check(Current::Present(Some("\"3\""))), Err(ErrorKind::PreconditionFailed));
    assert_eq!(check(Current::Absent), Err(ErrorKind::PreconditionFailed));
    let any = world.head("PATCH", "/officeConfigurations/7", &[("if-match", "*")]).unwrap();
    assert!(any.preconditions().check_change(Current::Present(None)).is_ok());
    assert!(any.preconditions().check_change(Current::Absent).is_err());
    let none = world.head("PATCH", "/officeConfigurations/7", &[("if-none-match", "*")]).unwrap();
    assert!(none.preconditions().check_change(Current::Absent).is_ok());
    assert!(none.preconditions().check_change(Current::Present(Some("W/\"1\""))).is_err());
}

#[test]
fn preferences_are_read_and_unknown_ones_ignored() {
    let prefer =
        "return=minimal; foo=bar, odata.maxpagesize=5, omit-values=\"nulls\", handling=strict, respond-async, x=y";
    let head = graph().head("GET", "/officeConfigurations", &[("prefer", prefer)]).unwrap();
    let prefer = head.prefer();
    assert_eq!(prefer.returns, Some(odata::engine::Return::Minimal));
    assert_eq!(prefer.max_page_size, Some(5));
    assert!(prefer.omit_nulls && prefer.handling_strict && prefer.respond_async);
    assert_eq!(head.query().page_size, Some(5));
    let head = graph().head("GET", "/officeConfigurations", &[("prefer", "maxpagesize=0, return=all")]).unwrap();
    assert_eq!((head.prefer().max_page_size, head.prefer().returns), (None, None));
    assert_eq!(head.query().page_size, Some(1_000));
}

#[test]
fn metadata_is_xml_where_it_is_named_and_in_graph_even_last() {
    for (world, is_graph) in both().into_iter().zip([true, false]) {
        for (accept, xml) in [
            ("", true),
            ("*/*", true),
            ("application/xml", true),
            (POWER_QUERY, is_graph),
            ("application/json", false),
            ("application/json, */*;q=0.5", false),
        ] {
            let head = world.head("GET", "/$metadata", &[("accept", accept)]).unwrap();
            let response = world.render(&head, odata::engine::Outcome::Metadata);
            let wanted = if xml { "application/xml" } else { "application/json" };
            assert_eq!(response.headers()["content-type"], wanted, "{accept}");
        }
        let head = world.get("/$metadata?$format=json");
        let response = world.render(&head, odata::engine::Outcome::Metadata);
        assert_eq!(response.headers()["content-type"], "application/json");
    }
}
