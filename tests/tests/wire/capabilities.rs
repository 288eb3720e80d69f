//! What `$metadata` announces with the Capabilities vocabulary is what the service does: each announced value is held against
//! requests, and one that no request here judges stops the test.

use serde_json::{Value, json};

use crate::world::{CLIENTS, World, id};

/// One announced value: where, of which term, of which of its properties.
#[derive(Debug)]
struct Announced<'a> {
    /// `officeConfigurations`, `clientConfigurations`, …; empty for the container.
    place: &'a str,
    term: &'a str,
    /// Empty when the term has the value itself.
    property: &'a str,
    value: &'a Value,
}

#[test]
fn what_the_model_announces_is_what_is_done() {
    let world = World::new();
    let model = world.api.get("/$metadata?$format=json").ok();
    let announced = announced(&model);
    assert!(announced.len() > 30, "{announced:?}");
    for one in &announced {
        assert_eq!(&observed(&world, one), one.value, "{one:?}");
    }
}

/// Every Capabilities annotation below a schema.
fn announced(model: &Value) -> Vec<Announced<'_>> {
    let mut found = Vec::new();
    for schema in model.as_object().expect("a document").values() {
        walk("", schema, &mut found);
    }
    found
}

fn walk<'a>(place: &'a str, node: &'a Value, found: &mut Vec<Announced<'a>>) {
    let Some(members) = node.as_object() else { return };
    for (name, value) in members {
        match (name.strip_prefix("@Capabilities."), value.as_object()) {
            (Some(term), Some(record)) => {
                found.extend(record.iter().map(|(property, value)| Announced { place, term, property, value }));
            }
            (Some(term), None) => found.push(Announced { place, term, property: "", value }),
            (None, _) if name.starts_with(['@', '$']) => {}
            (None, _) => walk(if name == "GraphService" { "" } else { name }, value, found),
        }
    }
}

/// What requests say of it. The one place that knows how each capability is used.
fn observed(world: &World, one: &Announced<'_>) -> Value {
    let works = |method: &str, path: &str, body: Value| {
        let answer = world.api.call(method, path).json(&body).send();
        assert!(answer.status < 500, "{one:?}: {}", answer.text());
        json!(answer.status < 300)
    };
    let reads = |path: &str| works("GET", path, Value::Null);
    match (one.term, one.property) {
        ("SupportedFormats" | "SupportedMetadataFormats", "") => only_the_served_formats(world, one),
        ("KeyAsSegmentSupported", "") => reads(&world.client),
        ("IndexableByKey", "") => reads(&world.pilot),
        ("QuerySegmentSupported", "") => {
            let call = world.api.call("POST", &format!("{CLIENTS}/$query")).body("text/plain", b"$top=1");
            json!(call.send().status == 200)
        }
        ("CrossJoinSupported", "") => reads("/$crossjoin(officeConfigurations)"),
        ("ComputeSupported", "") => reads(&format!("{CLIENTS}?$compute=length(id)%20as%20size&$select=size")),
        ("AnnotationValuesInQuerySupported", "") => reads(&format!("{CLIENTS}?$filter=@a.b%20eq%20null")),
        ("DeepInsertSupport", "Supported") => inserts_with_children(world),
        ("DeepUpdateSupport", "Supported") => works("PATCH", &world.client, json!({ "assignments": [assignment()] })),
        ("AsynchronousRequestsSupported", "") => {
            let call = world.api.call("GET", CLIENTS).header("prefer", "respond-async");
            json!(call.send().status == 202)
        }
        ("ChangeTracking", "Supported") => {
            // Graph's way: by the function. Without a place it is said of the service.
            let place = if one.place.is_empty() { "clientConfigurations" } else { one.place };
            let page = world.api.get(&format!("{}/delta()", collection(world, place)));
            json!(page.ok().get("@odata.deltaLink").is_some())
        }
        ("ChangeTracking", "FilterableProperties") => {
            tracked_with(world, one, &|name| format!("$filter={name}%20eq%20null"))
        }
        ("ChangeTracking", "ExpandableProperties") => tracked_with(world, one, &|name| format!("$expand={name}")),
        ("BatchSupport", property) => batch(world, one, property),
        ("SearchRestrictions", "Searchable") => reads(&format!("{}?$search=word", checkins(world, one.place))),
        ("FilterRestrictions", "NonFilterableProperties") => {
            refused(world, one, |name| format!("$filter={name}%20eq%20null"))
        }
        ("SortRestrictions", "NonSortableProperties") => refused(world, one, |name| format!("$orderby={name}")),
        ("InsertRestrictions", "Insertable") => {
            // The default configuration exists: that it cannot be made a second time is not that it cannot be made.
            json!(works("POST", &format!("/{}", one.place), json!({})) == true || conflicts(world, one.place))
        }
        ("UpdateRestrictions", "Upsertable") => {
            let nobody = format!("{}/{}", collection(world, one.place), e2e::random_id());
            works("PATCH", &nobody, json!({}))
        }
        ("UpdateRestrictions", "DeltaUpdateSupported") => {
            works("PATCH", &collection(world, one.place), json!({ "value": [] }))
        }
        ("UpdateRestrictions", "FilterSegmentSupported") => {
            works("PATCH", &format!("{}/$filter(id%20eq%20'x')/$each", collection(world, one.place)), json!({}))
        }
        ("UpdateRestrictions", "TypecastSegmentSupported") => {
            works("PATCH", &format!("{}/{}/$each", collection(world, one.place), cast(one.place)), json!({}))
        }
        ("DeleteRestrictions", "FilterSegmentSupported") => {
            works("DELETE", &format!("{}/$filter(id%20eq%20'x')/$each", collection(world, one.place)), Value::Null)
        }
        ("DeleteRestrictions", "TypecastSegmentSupported") => {
            works("DELETE", &format!("{}/{}/$each", collection(world, one.place), cast(one.place)), Value::Null)
        }
        _ => panic!("announced, but judged by no request: {one:?}"),
    }
}

fn collection(world: &World, place: &str) -> String {
    match place {
        "officeConfigurations" => "/officeConfigurations".to_owned(),
        "clientConfigurations" => CLIENTS.to_owned(),
        "assignments" => format!("{}/assignments", world.client),
        other => panic!("no collection known as {other}"),
    }
}

fn cast(place: &str) -> &'static str {
    match place {
        "officeConfigurations" => "microsoft.graph.officeConfiguration",
        "clientConfigurations" => "microsoft.graph.windowsOfficeClientConfiguration",
        _ => "microsoft.graph.officeClientConfigurationAssignment",
    }
}

fn checkins(world: &World, place: &str) -> String {
    match place {
        "tenantCheckinStatuses" => "/officeConfiguration/tenantCheckinStatuses".to_owned(),
        _ => format!("{}/checkinStatuses", world.client),
    }
}

fn assignment() -> Value {
    json!({ "target": { "@odata.type": "#officeConfig.allUsersAssignmentTarget" } })
}

fn inserts_with_children(world: &World) -> Value {
    let mut client = e2e::samples::client("With an assignment");
    client["assignments"] = json!([assignment()]);
    let created = world.api.post(CLIENTS, &client).created();
    let children = world.api.get(&format!("{CLIENTS}/{}/assignments", id(&created))).ok();
    json!(children["value"].as_array().map(Vec::len) == Some(1))
}

/// What batches do.
fn batch(world: &World, one: &Announced<'_>, property: &str) -> Value {
    let make = |id: &str, group: &str| {
        json!({ "id": id, "method": "POST", "url": CLIENTS, "atomicityGroup": group,
            "headers": { "Content-Type": "application/json" }, "body": e2e::samples::client(id) })
    };
    let get = |id: &str, url: &str| json!({ "id": id, "method": "GET", "url": url });
    let with = |mut request: Value, member: &str, value: Value| {
        request[member] = value;
        request
    };
    let send = |requests: Value| world.api.post("/$batch", &json!({ "requests": requests }));
    // Whether all requests succeed.
    let works = |requests: Value| {
        let answer = send(requests);
        let answers = if answer.status == 200 { answer.json()["responses"].clone() } else { return json!(false) };
        json!(answers.as_array().expect("answers").iter().all(|answer| answer["status"].as_u64() < Some(300)))
    };
    match property {
        "Supported" => works(json!([get("1", CLIENTS)])),
        "ContinueOnErrorSupported" => {
            let requests = json!([get("1", "/nothing"), get("2", CLIENTS)]);
            let call = world.api.call("POST", "/$batch").header("prefer", "continue-on-error");
            let answer = call.json(&json!({ "requests": requests })).send();
            let is_applied = answer.header("preference-applied") == Some("continue-on-error");
            json!(is_applied && answer.ok()["responses"][1]["status"] == 200)
        }
        "ReferencesInRequestBodiesSupported" => {
            let bound = json!({ "assignments@odata.bind": ["$1"] });
            let change = with(with(make("2", "g"), "method", json!("PATCH")), "url", json!(world.client));
            works(json!([make("1", "g"), with(change, "body", bound)]))
        }
        "ReferencesAcrossChangeSetsSupported" => {
            works(json!([make("1", "g"), with(get("2", "$1"), "atomicityGroup", json!("h"))]))
        }
        "EtagReferencesSupported" => {
            let delete = json!({ "id": "2", "method": "DELETE", "url": "$1", "headers": { "If-Match": "$1" } });
            works(json!([make("1", "g"), delete]))
        }
        "RequestDependencyConditionsSupported" => {
            works(json!([get("1", CLIENTS), with(get("2", CLIENTS), "if", json!("$1/$succeeded"))]))
        }
        "SupportedFormats" => {
            let formats = one.value.as_array().expect("media types").iter().filter_map(Value::as_str);
            let taken = |format: &&str| {
                let call = world.api.call("POST", "/$batch").body(format, b"{\"requests\":[]}").send();
                call.status == 200
            };
            world.api.call("POST", "/$batch").body("multipart/mixed; boundary=b", b"--b--").send().error(400);
            formats.filter(taken).collect()
        }
        _ => panic!("announced, but judged by no request: {one:?}"),
    }
}

fn conflicts(world: &World, place: &str) -> bool {
    world.api.post(&format!("/{place}"), &json!({})).status == 409
}

/// The named properties, if a request with each is refused and one with a property that is not named is taken.
fn refused(world: &World, one: &Announced<'_>, option: impl Fn(&str) -> String) -> Value {
    let collection = collection(world, one.place);
    world.api.get(&format!("{collection}?{}", option("createdDateTime"))).is(200);
    let names = one.value.as_array().expect("names").iter().filter_map(Value::as_str);
    names
        .filter(|name| {
            let answer = world.api.get(&format!("{collection}?{}", option(name)));
            answer.error(400)["message"].is_string()
        })
        .collect()
}

/// The properties, of those that would do elsewhere, that changes can be asked for with.
fn tracked_with(world: &World, one: &Announced<'_>, option: &dyn Fn(&str) -> String) -> Value {
    let collection = collection(world, one.place);
    let names = ["id", "createdDateTime", "clientConfigurations", "assignments"];
    let taken = |path: &str, name: &&str| world.api.get(&format!("{path}?{}", option(name))).status == 200;
    let elsewhere: Vec<&str> = names.into_iter().filter(|name| taken(&collection, name)).collect();
    let delta = format!("{collection}/delta()");
    elsewhere.into_iter().filter(|name| taken(&delta, name)).collect()
}

/// The announced formats, if each is answered as itself and one that is not announced is 406.
fn only_the_served_formats(world: &World, one: &Announced<'_>) -> Value {
    let path = if one.term == "SupportedMetadataFormats" { "/$metadata" } else { CLIENTS };
    world.api.call("GET", path).header("accept", "application/atom+xml").send().is(406);
    let formats = one.value.as_array().expect("media types").iter().filter_map(Value::as_str);
    formats
        .filter(|format| {
            let answer = world.api.call("GET", path).header("accept", format).send().is(200);
            let given = answer.expect_header("content-type");
            format.split(';').all(|part| given.contains(part) || part == "IEEE754Compatible=false")
        })
        .collect()
}
