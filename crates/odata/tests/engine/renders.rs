//! The last step: statuses and headers of answers.

use std::sync::Arc;

use bytes::Bytes;
use http::Response;
use odata::engine::{Engine, Outcome, Settings, StreamBody};
use odata::{Detail, Error, ErrorKind, Profile, Record, RecordBuilder, StreamInfo, Value};
use serde_json::json;

use super::support::{
    self, CREATE_REQUEST, MODEL, ROOT, World, both, context, graph, header, number, strict, text, ty,
};

const LONG: &str = "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8";

fn client() -> Record {
    RecordBuilder::new(&MODEL, ty("windowsOfficeClientConfiguration"))
        .set_named("id", "7")
        .set_named("displayName", "A \"b\"\n\u{e9}")
        .set_named("priority", 3)
        .set_named("policyPayload", Value::Stream(Arc::new(payload())))
        .etag("W/\"5\"")
        .whole()
}

fn payload() -> StreamInfo {
    StreamInfo { media_type: "text/plain".into(), etag: Some("W/\"p\"".into()), length: 2, inline: None }
}

fn created(world: &World, pairs: &[(&str, &str)], url: &str) -> Response<Bytes> {
    let mut record = world.create("/officeConfigurations", CREATE_REQUEST).expect("the example");
    record.set(number("officeConfiguration", "id"), Value::from("c404"));
    record.etag = Some("W/\"1\"".into());
    let head = world.head("POST", url, pairs).expect("a good request");
    world.render(&head, Outcome::Created { record: Arc::new(record), path: "officeConfigurations/c404".to_owned() })
}

#[test]
fn r1_the_creation_call_is_answered_with_the_members_and_values_of_the_example() {
    let response = created(&graph(), &[], "/officeConfigurations");
    assert_eq!(response.status(), 201);
    assert_eq!(header(&response, "location"), "https://example.org/beta/officeConfigurations/c404");
    assert_eq!(header(&response, "content-type"), LONG);
    assert_eq!(header(&response, "odata-version"), "4.0");
    assert_eq!(header(&response, "etag"), "W/\"1\"");
    let mut wanted: serde_json::Value = serde_json::from_str(CREATE_REQUEST).expect("JSON");
    wanted["id"] = json!("c404");
    wanted["@odata.context"] = json!("https://example.org/beta/$metadata#officeConfigurations/$entity");
    wanted["@odata.etag"] = json!("W/\"1\"");
    assert_eq!(support::json(&response), wanted);
    let body = text(&response);
    let order =
        ["@odata.context", "@odata.type", "@odata.etag", "\"id\"", "tenantCheckinStatuses", "userPrincipalName"];
    assert!(order.map(|name| body.find(name).expect("written")).is_sorted(), "{body}");
    let singleton = created(&graph(), &[], "/officeConfiguration");
    assert_eq!(support::json(&singleton)["@odata.context"], "https://example.org/beta/$metadata#officeConfiguration");
}

#[test]
fn a_create_answers_204_where_nothing_is_wanted_back() {
    for world in both() {
        let response = created(&world, &[("prefer", "return=minimal")], "/officeConfigurations");
        assert_eq!(response.status(), 204);
        assert!(response.body().is_empty());
        assert_eq!(header(&response, "location"), "https://example.org/beta/officeConfigurations/c404");
        assert_eq!(header(&response, "odata-entityid"), "https://example.org/beta/officeConfigurations/c404");
        assert_eq!(header(&response, "preference-applied"), "return=minimal");
    }
}

#[test]
fn r9_a_change_answers_200_in_graph_and_204_in_strict() {
    let url = "/officeConfiguration/clientConfigurations/7";
    let answer = |world: &World, url: &str, pairs: &[(&str, &str)]| {
        let head = world.head("PATCH", url, pairs).expect("a good request");
        world.render(&head, Outcome::Updated(Arc::new(client())))
    };
    let whole = answer(&graph(), url, &[]);
    assert_eq!((whole.status().as_u16(), support::json(&whole)["priority"].as_i64()), (200, Some(3)));
    assert_eq!(header(&whole, "preference-applied"), "");
    let minimal = answer(&graph(), url, &[("prefer", "return=minimal")]);
    assert_eq!(minimal.status(), 204);
    assert_eq!(header(&minimal, "etag"), "W/\"5\"");
    assert_eq!(header(&minimal, "odata-entityid"), format!("{ROOT}{url}"));
    assert_eq!(answer(&strict(), url, &[]).status(), 204);
    let asked = answer(&strict(), url, &[("prefer", "return=representation")]);
    assert_eq!((asked.status().as_u16(), header(&asked, "preference-applied")), (200, "return=representation"));
    let selected = answer(&strict(), &format!("{url}?$select=priority"), &[]);
    assert_eq!(selected.status(), 200, "$select wants something back");
    for world in both() {
        let head = world.head("DELETE", url, &[]).expect("a good request");
        assert_eq!(world.render(&head, Outcome::NoContent { etag: None }).status(), 204);
    }
}

#[test]
fn a_read_answers_304_and_412_by_its_entity_tag() {
    let url = "/officeConfiguration/clientConfigurations/7";
    for world in both() {
        let read = |name: &str, value: &str| {
            let head = world.head("GET", url, &[(name, value)]).expect("a good request");
            world.engine.render(&head, Outcome::Entity(Arc::new(client())), &support::Seal)
        };
        for tag in ["W/\"5\"", "\"5\"", "\"x\", \"5\"", "*"] {
            let response = read("if-none-match", tag).expect("an answer");
            assert_eq!(response.status(), 304, "{tag}");
            assert!(response.body().is_empty());
            assert_eq!(header(&response, "etag"), "W/\"5\"");
        }
        assert_eq!(read("if-none-match", "\"6\"").expect("an answer").status(), 200);
        assert_eq!(read("if-match", "\"5\"").expect("an answer").status(), 200);
        assert_eq!(read("if-match", "\"6\"").expect_err("it changed").kind, ErrorKind::PreconditionFailed);
    }
}

#[test]
fn the_content_type_is_long_in_graph_and_says_what_was_asked_in_strict() {
    let of = |world: &World, accept: &str| {
        let head = world.head("GET", "/officeConfiguration", &[("accept", accept)]).expect("a good request");
        let record = RecordBuilder::new(&MODEL, ty("officeConfiguration")).build();
        header(&world.render(&head, Outcome::Entity(Arc::new(record))), "content-type").to_owned()
    };
    assert_eq!(of(&graph(), "*/*"), LONG);
    assert_eq!(
        of(&graph(), "application/json;odata.metadata=full;IEEE754Compatible=true"),
        "application/json;odata.metadata=full;odata.streaming=true;IEEE754Compatible=true;charset=utf-8"
    );
    assert_eq!(of(&strict(), "*/*"), "application/json;odata.metadata=minimal");
    assert_eq!(
        of(&strict(), "application/json;metadata=none;charset=utf-8;streaming=true"),
        "application/json;odata.metadata=none;odata.streaming=true;charset=utf-8"
    );
}

#[test]
fn the_version_is_always_4_0_in_graph_and_negotiated_in_strict() {
    let of = |world: &World, pairs: &[(&str, &str)]| {
        let head = world.head("GET", "/officeConfigurations/$count", pairs).expect("a good request");
        header(&world.render(&head, Outcome::Count(0)), "odata-version").to_owned()
    };
    assert_eq!(of(&graph(), &[]), "4.0");
    assert_eq!(of(&graph(), &[("odata-maxversion", "4.01")]), "4.0");
    assert_eq!(of(&strict(), &[]), "4.01");
    assert_eq!(of(&strict(), &[("odata-maxversion", "4.0")]), "4.0");
    assert_eq!(of(&strict(), &[("odata-maxversion", "9.9")]), "4.01");
}

#[test]
fn counts_and_raw_values_are_plain_text_and_null_is_204() {
    for world in both() {
        let head = world.get("/officeConfigurations/$count");
        let response = world.render(&head, Outcome::Count(42));
        assert_eq!((text(&response), header(&response, "content-type")), ("42", "text/plain;charset=utf-8"));
        let url = "/officeConfiguration/clientConfigurations/7/displayName";
        let raw = world.get(&format!("{url}/$value"));
        let value = |value: &str| Outcome::Property { value: Value::from(value), etag: Some("W/\"5\"".into()) };
        let response = world.render(&raw, value("a\"b"));
        assert_eq!((text(&response), header(&response, "etag")), ("a\"b", "W/\"5\""));
        let wrapped = world.render(&world.get(url), value("a\"b"));
        assert_eq!(support::json(&wrapped)["value"], "a\"b");
        assert_eq!(
            support::json(&wrapped)["@odata.context"],
            "https://example.org/beta/$metadata#officeConfiguration/clientConfigurations('7')/displayName"
        );
        for url in [url.to_owned(), format!("{url}/$value")] {
            let null = Outcome::Property { value: Value::Null, etag: None };
            assert_eq!(world.render(&world.get(&url), null).status(), 204);
        }
    }
}

#[test]
fn r6_a_stream_is_sent_as_it_is_and_never_to_be_shown() {
    let url = "/officeConfiguration/clientConfigurations/7/policyPayload";
    for world in both() {
        let read = |pairs: &[(&str, &str)]| {
            let head = world.head("GET", url, pairs).expect("a good request");
            let body = StreamBody {
                media_type: "text/html".into(),
                bytes: Bytes::from_static(b"0123456789"),
                etag: Some("\"p\"".into()),
                modified_unix_s: Some(784_111_777),
            };
            world.engine.render(&head, Outcome::Stream(body), &support::Seal)
        };
        let whole = read(&[]).expect("an answer");
        assert_eq!((whole.status().as_u16(), text(&whole)), (200, "0123456789"));
        for (name, value) in [
            ("content-type", "text/html"),
            ("x-content-type-options", "nosniff"),
            ("content-disposition", "attachment"),
            ("accept-ranges", "bytes"),
            ("etag", "\"p\""),
            ("last-modified", "Sun, 06 Nov 1994 08:49:37 GMT"),
        ] {
            assert_eq!(header(&whole, name), value);
        }
        for (range, part, content_range) in [
            ("bytes=2-4", "234", "bytes 2-4/10"),
            ("bytes=7-", "789", "bytes 7-9/10"),
            ("bytes=-3", "789", "bytes 7-9/10"),
            ("bytes=-99", "0123456789", "bytes 0-9/10"),
            ("bytes=0-99", "0123456789", "bytes 0-9/10"),
        ] {
            let response = read(&[("range", range)]).expect("an answer");
            assert_eq!(response.status(), 206, "{range}");
            assert_eq!((text(&response), header(&response, "content-range")), (part, content_range), "{range}");
        }
        for ignored in ["bytes=4-2", "bytes=a-b", "bytes=0-1,3-4", "items=0-1", "bytes"] {
            assert_eq!(read(&[("range", ignored)]).expect("an answer").status(), 200, "{ignored}");
        }
        for beyond in ["bytes=10-", "bytes=-0"] {
            let error = read(&[("range", beyond)]).expect_err("beyond");
            let response = world.engine.render_error(&error, &context());
            assert_eq!((response.status().as_u16(), header(&response, "content-range")), (416, "bytes */10"));
        }
        assert_eq!(read(&[("range", "bytes=0-1"), ("if-range", "\"p\"")]).expect("an answer").status(), 206);
        assert_eq!(read(&[("range", "bytes=0-1"), ("if-range", "\"q\"")]).expect("an answer").status(), 200);
        assert_eq!(read(&[("if-none-match", "\"p\"")]).expect("an answer").status(), 304);
    }
}

#[test]
fn options_names_the_methods() {
    let world = graph();
    let head = world.head("OPTIONS", "/officeConfiguration", &[]).expect("a good request");
    let operation = world.engine.bind(&head, Bytes::new(), None).expect("an operation");
    assert_eq!(operation, odata::engine::Operation::Options);
    let response = world.render(&head, Outcome::Options);
    assert_eq!((response.status().as_u16(), header(&response, "allow")), (204, "GET, HEAD, POST, PATCH"));
}

#[test]
fn the_service_document_lists_the_roots() {
    let response = graph().render(&graph().get("/"), Outcome::ServiceDocument);
    assert_eq!(
        text(&response),
        "{\"@odata.context\":\"https://example.org/beta/$metadata\",\"value\":[{\"name\":\"officeConfigurations\",\
         \"kind\":\"EntitySet\",\"url\":\"officeConfigurations\"},{\"name\":\"officeConfiguration\",\
         \"kind\":\"Singleton\",\"url\":\"officeConfiguration\"}]}"
    );
}

#[test]
fn metadata_has_an_entity_tag_and_is_read_again() {
    for world in both() {
        let response = world.render(&world.get("/$metadata"), Outcome::Metadata);
        assert_eq!(header(&response, "content-type"), "application/xml");
        assert!(odata::csdl::read(text(&response)).is_ok());
        let tag = header(&response, "etag");
        let head = world.head("GET", "/$metadata", &[("if-none-match", tag)]).expect("a good request");
        assert_eq!(world.render(&head, Outcome::Metadata).status(), 304);
        let csdl_json = world.render(&world.get("/$metadata?$format=json"), Outcome::Metadata);
        assert!(support::json(&csdl_json).is_object());
    }
}

#[test]
fn r11_errors_are_graphs_and_spelled_by_profile() {
    let error = Error::bad_request("No \"good\".").at("a/0/b").with_detail(Detail {
        code: "Other".into(),
        message: "Also.".to_owned(),
        target: None,
    });
    let of = |profile: Profile| {
        let engine = Engine::new(Arc::clone(&MODEL), Settings::new(profile));
        engine.render_error(&error, &context())
    };
    let response = of(Profile::Graph);
    assert_eq!(
        text(&response),
        "{\"error\":{\"code\":\"BadRequest\",\"message\":\"No \\\"good\\\".\",\"target\":\"a/0/b\",\"details\":[{\"code\":\
         \"Other\",\"message\":\"Also.\"}],\"innerError\":{\"date\":\"2025-02-13T10:17:05\",\"request-id\":\"r-1\",\
         \"client-request-id\":\"c-1\"}}}"
    );
    assert!(header(&response, "content-type").starts_with("application/json"));
    assert!(text(&of(Profile::Strict)).contains("\"innererror\":{"));
}

#[test]
fn every_kind_of_error_has_its_status_and_code() {
    let world = graph();
    for (kind, status, code) in [
        (ErrorKind::BadRequest, 400, "BadRequest"),
        (ErrorKind::UnknownSegment, 400, "BadRequest"),
        (ErrorKind::NotImplemented, 400, "BadRequest"),
        (ErrorKind::Unauthorized, 401, "InvalidAuthenticationToken"),
        (ErrorKind::Forbidden, 403, "Authorization_RequestDenied"),
        (ErrorKind::NotFound, 404, "ResourceNotFound"),
        (ErrorKind::MethodNotAllowed, 405, "Request_BadRequest"),
        (ErrorKind::NotAcceptable, 406, "NotAcceptable"),
        (ErrorKind::RequestTimeout, 408, "RequestTimeout"),
        (ErrorKind::Conflict, 409, "Conflict"),
        (ErrorKind::Gone, 410, "ResyncRequired"),
        (ErrorKind::PreconditionFailed, 412, "PreconditionFailed"),
        (ErrorKind::PayloadTooLarge, 413, "RequestEntityTooLarge"),
        (ErrorKind::UriTooLong, 414, "RequestUriTooLong"),
        (ErrorKind::UnsupportedMediaType, 415, "UnsupportedMediaType"),
        (ErrorKind::RangeNotSatisfiable, 416, "InvalidRange"),
        (ErrorKind::PreconditionRequired, 428, "PreconditionRequired"),
        (ErrorKind::TooManyRequests, 429, "TooManyRequests"),
        (ErrorKind::Internal, 500, "InternalServerError"),
        (ErrorKind::Unavailable, 503, "ServiceUnavailable"),
        (ErrorKind::InsufficientStorage, 507, "InsufficientStorage"),
    ] {
        let refused: Result<(), Error> = Err(Error::new(kind, "x"));
        assert_eq!(world.told(refused), (status, code.to_owned(), String::new()));
    }
    let busy = world.engine.render_error(&Error::new(ErrorKind::Unavailable, "x").with_retry_after_s(3), &context());
    assert_eq!(header(&busy, "retry-after"), "3");
}

#[test]
fn an_entity_rendered_before_is_the_same_as_one_rendered_now() {
    for world in both() {
        let head = world.get("/officeConfiguration/clientConfigurations/7");
        assert!(head.is_plain());
        let record = client();
        let body = world.engine.render_item(&record, ty("officeClientConfiguration"));
        let type_id = record.type_id;
        let etag = record.etag.clone();
        let now = world.render(&head, Outcome::Entity(Arc::new(record)));
        let before = world.render(&head, Outcome::RenderedEntity { body, type_id, etag });
        if world.engine.settings().profile == Profile::Graph {
            assert_eq!(text(&now), text(&before));
        }
        assert_eq!(now.headers(), before.headers());
    }
    assert!(!graph().get("/officeConfiguration?$select=id").is_plain());
    assert!(!graph().get("/officeConfiguration?$format=application/json;odata.metadata=full").is_plain());
    assert!(!graph().head("GET", "/officeConfiguration", &[("prefer", "omit-values=nulls")]).expect("good").is_plain());
}
