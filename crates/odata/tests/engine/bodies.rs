//! The second step: bodies to operations, and every way of getting one wrong.

use bytes::Bytes;
use odata::engine::Operation;
use odata::{ErrorKind, Value};

use super::support::{CREATE_REQUEST, World, both, graph, number, status_with, strict, ty};

const CLIENTS: &str = "/officeConfiguration/clientConfigurations";
const CLIENT: &str = "/officeConfiguration/clientConfigurations/7";
const WINDOWS: &str = "\"@odata.type\":\"#microsoft.graph.windowsOfficeClientConfiguration\"";

fn refused(world: &World, body: &str) -> (u16, String, String) {
    world.told(world.create("/officeConfigurations", body))
}

#[test]
fn the_creation_call_is_read_whole() {
    for world in both() {
        for url in ["/officeConfigurations", "/officeConfiguration"] {
            let record = world.create(url, CREATE_REQUEST).unwrap();
            assert!(record.type_named);
            let statuses = record.get(number("officeConfiguration", "tenantCheckinStatuses")).unwrap();
            let status = statuses.as_collection().unwrap()[0].as_record().unwrap();
            assert_eq!(status.get(number("officeClientCheckinStatus", "userId")), Some(&Value::from("User Id value")));
            let Some(Value::DateTimeOffset(at)) = status.get(number("officeClientCheckinStatus", "checkinDateTime"))
            else {
                panic!("a date");
            };
            assert_eq!(at.to_string(), "2017-01-01T00:00:15.2429914+03:00");
        }
    }
}

#[test]
fn a_change_of_what_is_not_there_is_of_the_type_that_it_names() {
    for world in both() {
        let changed = |body: &str| match world.send("PATCH", CLIENT, body, None).unwrap() {
            Operation::Update { record, .. } => record.type_id,
            other => panic!("{other:?}"),
        };
        assert_eq!(changed(&format!("{{{WINDOWS}}}")), ty("windowsOfficeClientConfiguration"));
        assert_eq!(changed("{}"), ty("officeClientConfiguration"), "for the application to say that there is none");
        let unknown = "{\"@odata.type\":\"#microsoft.graph.entity\"}";
        assert_eq!(world.told(world.send("PATCH", CLIENT, unknown, None)).0, 400);
    }
}

#[test]
fn an_undeclared_property_is_400_at_any_depth_and_named_by_its_path() {
    let world = graph();
    let error = world.create("/officeConfigurations", "{\"wrong\":1}").unwrap_err();
    assert_eq!(
        error.message,
        "The property 'wrong' does not exist on type 'microsoft.graph.officeConfiguration'. Make sure to only use \
         property names that are defined by the type or mark the type as open type."
    );
    let deep = format!("{{\"tenantCheckinStatuses\":[{}]}}", status_with("wrong", "1"));
    assert_eq!(refused(&world, &deep), (400, "RequestBodyRead".to_owned(), "tenantCheckinStatuses/0/wrong".to_owned()));
    let assigned = format!("{{{WINDOWS},\"assignments\":[{{\"id\":\"a\"}},{{\"target\":null,\"extra\":{{}}}}]}}");
    assert_eq!(world.told(world.create(CLIENTS, &assigned)).2, "assignments/1/extra");
    // In a value that the service computes too.
    let computed = format!("{{{WINDOWS},\"userCheckinSummary\":{{\"wrong\":1}}}}");
    assert_eq!(world.told(world.create(CLIENTS, &computed)).2, "userCheckinSummary/wrong");
    assert_eq!(refused(&world, "{\"TenantCheckinStatuses\":[]}").0, 400, "names are case-sensitive");
}

#[test]
fn an_error_does_not_repeat_a_name_of_megabytes() {
    let world = graph();
    let name = "\u{e9}".repeat(1_000_000);
    for body in [
        format!("{{\"{name}\":1}}"),
        format!("{{\"{name}\":1,\"{name}\":2}}"),
        format!("{{\"{name}\":x}}"),
        format!("{{\"@odata.type\":\"{name}\"}}"),
    ] {
        let error = world.create("/officeConfigurations", &body).unwrap_err();
        assert!(error.message.len() + error.target.unwrap_or_default().len() < 2_000);
    }
}

#[test]
fn annotations_and_control_information_are_ignored() {
    let body = "{\"@odata.context\":\"x\",\"@odata.etag\":\"y\",\"@odata.id\":\"z\",\"@my.term\":{\"a\":[1]},\
                \"tenantCheckinStatuses@odata.nextLink\":\"n\",\"nothing@x.y\":null,\"tenantUserCheckinSummary\":null}";
    let record = graph().create("/officeConfigurations", body).unwrap();
    assert_eq!(record.members.iter().flatten().count(), 1);
    let bound = "{\"clientConfigurations@odata.bind\":[\"x\"]}";
    assert_eq!(graph().told(graph().create("/officeConfigurations", bound)).0, 400, "a link is not lost in silence");
}

#[test]
fn a_value_of_the_wrong_type_is_400_and_named_by_its_path() {
    let world = graph();
    for (member, value) in [
        ("wasSuccessful", "\"true\""),
        ("wasSuccessful", "1"),
        ("wasSuccessful", "null"),
        ("userId", "7"),
        ("userId", "null"),
        ("deviceName", "{}"),
        ("deviceName", "[\"a\"]"),
        ("checkinDateTime", "\"yesterday\""),
        ("checkinDateTime", "\"2020-01-01T00:00:00\""),
        ("checkinDateTime", "\"2020-02-30T00:00:00Z\""),
        ("checkinDateTime", "1577836800"),
        ("appliedPolicies", "\"a\""),
        ("appliedPolicies", "null"),
        ("@odata.type", "\"#microsoft.graph.officeUserCheckinSummary\""),
        ("@odata.type", "\"#microsoft.graph.none\""),
        ("@odata.type", "5"),
        ("wasSuccessful", ""),
        ("userId", ""),
        ("checkinDateTime", ""),
    ] {
        let body = format!("{{\"tenantCheckinStatuses\":[{},{}]}}", status_with("x", ""), status_with(member, value));
        let told = refused(&world, &body);
        assert_eq!((told.0, told.2), (400, format!("tenantCheckinStatuses/1/{member}")), "{member}: {value}");
    }
    let element = format!("{{\"tenantCheckinStatuses\":[{}]}}", status_with("appliedPolicies", "[\"a\",null]"));
    assert_eq!(refused(&world, &element).2, "tenantCheckinStatuses/0/appliedPolicies/1");
    assert_eq!(refused(&world, "{\"tenantCheckinStatuses\":{}}").2, "tenantCheckinStatuses");
    assert_eq!(refused(&world, "{\"tenantCheckinStatuses\":[5]}").2, "tenantCheckinStatuses/0");
    assert_eq!(refused(&world, "[]").0, 400);
    assert_eq!(refused(&world, "\"x\"").0, 400);
}

#[test]
fn integers_are_taken_by_value_within_their_range() {
    let world = graph();
    let priority = |value: &str| {
        let record = world.create(CLIENTS, &format!("{{{WINDOWS},\"priority\":{value}}}"))?;
        Ok(record.get(number("officeClientConfiguration", "priority")).cloned())
    };
    for value in ["8", "8.0", "80e-1", "0.8E+1"] {
        assert_eq!(priority(value), Ok(Some(Value::Int(8))), "{value}");
    }
    for value in ["\"8\"", "8.5", "2147483648", "-2147483649", "1e10", "1e999999999", "null", "true"] {
        let told = world.told(priority(value));
        assert_eq!((told.0, told.2.as_str()), (400, "priority"), "{value}");
    }
}

#[test]
fn r8_a_client_configuration_may_come_without_its_priority() {
    let record = graph().create(CLIENTS, &format!("{{{WINDOWS}}}")).unwrap();
    assert_eq!(record.get(number("officeClientConfiguration", "priority")), None);
}

#[test]
fn r3_a_given_id_is_handed_on_and_computed_values_are_dropped() {
    let world = graph();
    let record =
        world.create("/officeConfigurations", "{\"id\":\"x\",\"createdDateTime\":\"2020-01-01T00:00:00Z\"}").unwrap();
    assert_eq!(record.get(number("officeConfiguration", "id")), Some(&Value::from("x")));
    assert_eq!(record.get(number("officeConfiguration", "createdDateTime")), None);
    let record = world.patch("/officeConfiguration", "{\"id\":\"x\"}", "officeConfiguration").unwrap();
    assert!(record.members.iter().all(Option::is_none));
    let computed = format!("{{{WINDOWS},\"id\":null,\"checkinStatuses\":null,\"userCheckinSummary\":null}}");
    assert!(world.create(CLIENTS, &computed).unwrap().members.iter().all(Option::is_none));
}

#[test]
fn r13_eight_fractional_digits_and_nul_are_400() {
    let world = graph();
    let body = |member: &str, value: &str| format!("{{\"tenantCheckinStatuses\":[{}]}}", status_with(member, value));
    let seven = body("checkinDateTime", "\"2020-01-01T00:00:00.1234567-08:00\"");
    assert!(world.create("/officeConfigurations", &seven).is_ok());
    let eight = body("checkinDateTime", "\"2020-01-01T00:00:00.12345678Z\"");
    assert_eq!(refused(&world, &eight).2, "tenantCheckinStatuses/0/checkinDateTime");
    let nul = body("deviceName", "\"a\\u0000b\"");
    let told = refused(&world, &nul);
    assert_eq!((told.0, told.2.as_str()), (400, "tenantCheckinStatuses/0/deviceName"));
}

#[test]
fn text_that_is_not_json_is_400_and_says_where() {
    let world = graph();
    for (body, place) in [
        ("{\"id\":", "Line 1, column 7"),
        ("{\r\n  \"id\": \"a\",\r\n  \"id\": \"b\"\r\n}", "Line 3, column 3"),
        ("{\"id\":\"\\ud800\"}", "Line 1, column 8"),
        ("{\"id\":\"\\udc00x\"}", "Line 1, column 8"),
        ("{\"id\":'a'}", "Line 1, column 7"),
        ("{\"id\":01}", "Line 1, column 8"),
        ("{}x", "Line 1, column 3"),
        ("{,}", "Line 1, column 2"),
        ("{\"a\":1,}", "Line 1, column 8"),
    ] {
        let error = world.create("/officeConfigurations", body).unwrap_err();
        assert_eq!(world.status(&error), 400);
        assert!(error.message.contains(place), "{body}: {}", error.message);
    }
    let nested = "[".repeat(100_000);
    assert_eq!(refused(&world, &nested).0, 400);
    let nested = "{\"tenantUserCheckinSummary\":".repeat(100_000);
    assert_eq!(refused(&world, &nested).0, 400);
    let head = world.head("POST", "/officeConfigurations", &[("content-type", "application/json")]).unwrap();
    let invalid = world.engine.bind(&head, Bytes::from_static(b"{\"id\":\"\xff\"}"), None);
    assert_eq!(world.told(invalid).0, 400);
    let marked = world.engine.bind(&head, Bytes::from_static(b"\xef\xbb\xbf{}"), None);
    assert!(marked.is_ok(), "a byte order mark is skipped");
    assert_eq!(world.told(world.engine.bind(&head, Bytes::new(), None)).0, 400);
    let untyped = world.head("POST", "/officeConfigurations", &[]).unwrap();
    assert_eq!(world.told(world.engine.bind(&untyped, Bytes::from_static(b"{}"), None)).0, 415);
    let large = Bytes::from(vec![b' '; world.engine.settings().body_bytes_max + 1]);
    assert_eq!(world.told(world.engine.bind(&head, large, None)).0, 413);
}

#[test]
fn r10_types_are_read_with_and_without_hash_and_by_alias() {
    let world = graph();
    for name in [
        "#microsoft.graph.windowsOfficeClientSecurityConfiguration",
        "microsoft.graph.windowsOfficeClientSecurityConfiguration",
        "#graph.windowsOfficeClientSecurityConfiguration",
        "https://example.org/beta/$metadata#microsoft.graph.windowsOfficeClientSecurityConfiguration",
    ] {
        for term in ["@odata.type", "@type"] {
            let record = world.create(CLIENTS, &format!("{{\"displayName\":\"a\",\"{term}\":\"{name}\"}}")).unwrap();
            assert_eq!(record.type_id, ty("windowsOfficeClientSecurityConfiguration"), "{name}");
        }
    }
    let by_url = world.create(&format!("{CLIENTS}/microsoft.graph.windowsOfficeClientConfiguration"), "{}").unwrap();
    assert_eq!(by_url.type_id, ty("windowsOfficeClientConfiguration"));
}

#[test]
fn r10_an_abstract_type_is_400_unless_the_settings_say_what_it_is() {
    let world = graph();
    let own = "{\"@odata.type\":\"#microsoft.graph.officeClientConfiguration\"}";
    for body in ["{}", own] {
        let told = world.told(world.create(CLIENTS, body));
        assert_eq!(
            (told.0, told.1.as_str(), told.2.as_str()),
            (400, "ModelValidationFailure", "@odata.type"),
            "{body}"
        );
    }
    let target = format!("{{{WINDOWS},\"assignments\":[{{\"target\":{{}}}}]}}");
    assert_eq!(world.told(world.create(CLIENTS, &target)).2, "assignments/0/target/@odata.type");

    let mut settings = world.engine.settings().clone();
    settings.concrete_types.insert(ty("officeClientConfiguration"), ty("windowsOfficeClientConfiguration"));
    let kept = ty("officeConfigurationAssignmentTarget");
    settings.concrete_types.insert(kept, kept);
    let lenient = World { engine: odata::engine::Engine::new(world.engine.model().clone(), settings) };
    let record = lenient.create(CLIENTS, "{\"assignments\":[{\"target\":{}}]}").unwrap();
    assert_eq!(record.type_id, ty("windowsOfficeClientConfiguration"));
    let assignments = record.get(number("officeClientConfiguration", "assignments")).unwrap();
    let assignment = assignments.as_collection().unwrap()[0].as_record().unwrap();
    let target = assignment.get(number("officeClientConfigurationAssignment", "target")).unwrap();
    assert_eq!(target.as_record().unwrap().type_id, kept);
}

#[test]
fn a_patch_may_name_the_stored_type_and_no_other() {
    let world = graph();
    let stored = "windowsOfficeClientConfiguration";
    assert!(world.patch(CLIENT, &format!("{{{WINDOWS},\"displayName\":null}}"), stored).is_ok());
    assert!(world.patch(CLIENT, "{\"displayName\":\"a\"}", stored).is_ok());
    for other in
        ["windowsOfficeClientSecurityConfiguration", "officeClientConfiguration", "entity", "officeConfiguration"]
    {
        let body = format!("{{\"@odata.type\":\"#microsoft.graph.{other}\"}}");
        assert_eq!(world.told(world.patch(CLIENT, &body, stored)).0, 400, "{other}");
    }
}

#[test]
fn a_patch_merges_complex_values_and_takes_collections_whole() {
    let world = graph();
    let url = "/officeConfiguration";
    let summary =
        world.patch(url, "{\"tenantUserCheckinSummary\":{\"failedUserCount\":1}}", "officeConfiguration").unwrap();
    let summary = summary.get(number("officeConfiguration", "tenantUserCheckinSummary")).unwrap().as_record().unwrap();
    assert_eq!(summary.get(number("officeUserCheckinSummary", "succeededUserCount")), None);
    let partial = "{\"tenantCheckinStatuses\":[{\"userId\":\"a\"}]}";
    let told = world.told(world.patch(url, partial, "officeConfiguration"));
    assert_eq!((told.0, told.2.as_str()), (400, "tenantCheckinStatuses/0/wasSuccessful"));
    assert_eq!(world.told(world.patch(url, "{\"tenantCheckinStatuses\":null}", "officeConfiguration")).0, 400);
    assert_eq!(
        world.told(world.patch(CLIENT, "{\"priority\":null}", "windowsOfficeClientConfiguration")).2,
        "priority"
    );
}

#[test]
fn a_merged_record_is_checked_for_what_it_still_lacks() {
    let world = graph();
    let patch = |body: &str| world.patch("/officeConfiguration", body, "officeConfiguration").unwrap();
    let mut stored = patch("{\"tenantUserCheckinSummary\":{\"failedUserCount\":1}}");
    assert_eq!(world.told(world.engine.check_complete(&stored)).2, "tenantUserCheckinSummary/succeededUserCount");
    stored.merge(&patch("{\"tenantUserCheckinSummary\":{\"succeededUserCount\":2}}"));
    assert!(world.engine.check_complete(&stored).is_ok());
    let summary = stored.get(number("officeConfiguration", "tenantUserCheckinSummary")).unwrap().as_record().unwrap();
    assert_eq!(summary.get(number("officeUserCheckinSummary", "failedUserCount")), Some(&Value::Int(1)));
}

#[test]
fn related_entities_are_taken_in_a_create_and_refused_in_a_patch() {
    let world = graph();
    let group = "{\"@odata.type\":\"#microsoft.graph.officeConfigurationGroupAssignmentTarget\",\"groupId\":\"g\"}";
    let body = format!("{{{WINDOWS},\"assignments\":[{{\"target\":{group}}},{{\"target\":{group}}}]}}");
    let record = world.create(CLIENTS, &body).unwrap();
    let assignments = record.get(number("officeClientConfiguration", "assignments")).unwrap();
    assert_eq!(assignments.as_collection().unwrap().len(), 2);
    let error = world.patch(CLIENT, "{\"assignments\":[]}", "windowsOfficeClientConfiguration").unwrap_err();
    assert_eq!(error.code.as_deref(), Some("ModelValidationFailure"));
    assert_eq!(
        error.message,
        "Cannot apply PATCH to navigation property 'assignments' on entity type \
         'microsoft.graph.windowsOfficeClientConfiguration'."
    );
}

#[test]
fn r6_payloads_are_taken_inline_in_both_alphabets() {
    let world = graph();
    let member = number("officeClientConfiguration", "policyPayload");
    for text in ["-_8=", "+/8=", "-_8", "+/8"] {
        let record = world.create(CLIENTS, &format!("{{{WINDOWS},\"policyPayload\":\"{text}\"}}")).unwrap();
        let Some(Value::Stream(stream)) = record.get(member) else { panic!("a stream") };
        assert_eq!(stream.inline.as_deref(), Some(&b"\xfb\xff"[..]), "{text}");
        assert_eq!((&*stream.media_type, stream.length), ("application/octet-stream", 2));
    }
    let typed = "\"policyPayload@odata.mediaContentType\":\"application/json\",\"policyPayload\":\"W10=\"";
    let record = world.create(CLIENTS, &format!("{{{WINDOWS},{typed}}}")).unwrap();
    let Some(Value::Stream(stream)) = record.get(member) else { panic!("a stream") };
    assert_eq!(&*stream.media_type, "application/json");
    let broken = typed.replace("W10=", "W1==");
    for body in [format!("{{{WINDOWS},{broken}}}"), format!("{{{WINDOWS},\"policyPayload\":\"!\"}}")] {
        assert_eq!(world.told(world.create(CLIENTS, &body)).2, "policyPayload", "{body}");
    }
    let record = world.patch(CLIENT, "{\"policyPayload\":null}", "windowsOfficeClientConfiguration").unwrap();
    assert_eq!(record.get(member), Some(&Value::Null));
    let large = "A".repeat(world.engine.settings().stream_bytes_max / 3 * 4 + 8);
    assert_eq!(world.told(world.create(CLIENTS, &format!("{{{WINDOWS},\"policyPayload\":\"{large}\"}}"))).0, 413);
}

#[test]
fn r6_a_json_payload_must_be_well_formed_and_is_stored_as_it_is() {
    let world = graph();
    let put = |media_type: &str, bytes: &'static [u8]| {
        let head = world.head("PUT", &format!("{CLIENT}/policyPayload"), &[("content-type", media_type)]).unwrap();
        world.engine.bind(&head, Bytes::from_static(bytes), None)
    };
    let bytes = b" [ {\"a\":1,\"a\":2} ]\n";
    let Ok(Operation::WriteStream { media_type, bytes: kept }) = put("application/json; charset=utf-8", bytes) else {
        panic!("a write");
    };
    assert_eq!((&*media_type, &kept[..]), ("application/json; charset=utf-8", &bytes[..]));
    let error = put("application/json", b"[\n1,]").unwrap_err();
    assert_eq!(error.kind, ErrorKind::BadRequest);
    assert!(error.message.contains("Line 2, column 3"), "{}", error.message);
    assert!(put("text/plain", b"[\n1,]").is_ok());
    assert!(put("application/octet-stream", b"").is_ok());
}

#[test]
fn action_parameters_are_exact() {
    let world = graph();
    let url = format!("{CLIENTS}/updatePriorities");
    let good = "{\"officeConfigurationPolicyIds\":[\"a\"],\"officeConfigurationPriorities\":[13],\"@x.y\":1}";
    let Ok(Operation::Invoke { parameters, .. }) = world.send("POST", &url, good, None) else { panic!("an action") };
    assert_eq!(parameters[1], Some(Value::from(vec![Value::Int(13)])));
    for (body, target) in [
        ("{\"officeConfigurationPolicyIds\":[\"a\"]}", "officeConfigurationPriorities"),
        ("{\"officeconfigurationpolicyids\":[],\"officeConfigurationPriorities\":[]}", "officeconfigurationpolicyids"),
        ("{\"officeConfigurationPolicyIds\":[],\"officeConfigurationPriorities\":[],\"x\":1}", "x"),
        (
            "{\"officeConfigurationPolicyIds\":[],\"officeConfigurationPriorities\":[null]}",
            "officeConfigurationPriorities/0",
        ),
        (
            "{\"officeConfigurationPolicyIds\":null,\"officeConfigurationPriorities\":[]}",
            "officeConfigurationPolicyIds",
        ),
        (
            "{\"officeConfigurationPolicyIds\":[\"\u{e9}\"],\"officeConfigurationPriorities\":[1]}",
            "officeConfigurationPolicyIds/0",
        ),
        ("", "officeConfigurationPolicyIds"),
    ] {
        let told = world.told(world.send("POST", &url, body, None));
        assert_eq!((told.0, told.2.as_str()), (400, target), "{body}");
    }
    assert_eq!(world.told(world.send("POST", &url, "[]", None)).0, 400);
    for name in ["assign", "microsoft.graph.assign", "microsoft.management.services.api.assign"] {
        let body = "{\"officeConfigurationAssignments\":[{\"@odata.type\":\"#microsoft.graph.officeClientConfigurationAssignment\"}]}";
        assert!(
            matches!(world.send("POST", &format!("{CLIENT}/{name}"), body, None), Ok(Operation::Invoke { .. })),
            "{name}"
        );
    }
}

#[test]
fn properties_are_set_by_their_url() {
    for world in both() {
        let url = format!("{CLIENT}/displayName");
        let set = world.send("PUT", &url, "{\"@odata.context\":\"x\",\"value\":\"a\"}", None);
        assert_eq!(set, Ok(Operation::SetProperty(Value::from("a"))));
        assert_eq!(world.send("PUT", &url, "{\"value\":null}", None), Ok(Operation::SetProperty(Value::Null)));
        for body in ["{}", "{\"value\":1}", "{\"value\":\"a\",\"x\":1}", "\"a\""] {
            assert_eq!(world.told(world.send("PUT", &url, body, None)).0, 400, "{body}");
        }
        assert_eq!(world.send("DELETE", &url, "", None), Ok(Operation::ClearProperty));
        let never_null = world.send("DELETE", &format!("{CLIENT}/priority"), "", None);
        assert_eq!(world.told(never_null).0, 400);
        let summary = "/officeConfiguration/tenantUserCheckinSummary";
        let whole = world.send("PUT", summary, "{\"failedUserCount\":1}", None);
        assert_eq!(world.told(whole).2, "succeededUserCount");
        assert!(world.send("PATCH", summary, "{\"failedUserCount\":1}", None).is_ok());
        let statuses = format!("{{\"value\":[{}]}}", status_with("x", ""));
        assert!(world.send("PUT", "/officeConfiguration/tenantCheckinStatuses", &statuses, None).is_ok());
    }
}

#[test]
fn a_put_replaces_in_the_strict_profile() {
    let world = strict();
    let stored = Some(ty("windowsOfficeClientConfiguration"));
    let Ok(Operation::Update { replace: true, .. }) = world.send("PUT", CLIENT, "{\"priority\":1}", stored) else {
        panic!("a replacement");
    };
}
