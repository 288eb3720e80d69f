//! Bodies: contexts, metadata levels, types, projections, values.

use std::sync::{Arc, LazyLock};

use odata::edm::{Date, Decimal, Duration, TimeOfDay};
use odata::engine::{Engine, Outcome, Page, Settings};
use odata::{Model, Profile, Record, RecordBuilder, StreamInfo, Value};
use proptest::prelude::*;
use serde_json::json;

use super::support::{self, MODEL, World, both, graph, number, strict, text, ty};

const CLIENTS: &str = "/officeConfiguration/clientConfigurations";

fn assignment(id: &str, target: Option<Record>) -> Record {
    RecordBuilder::new(&MODEL, ty("officeClientConfigurationAssignment"))
        .set_named("id", id)
        .set_named("target", target)
        .build()
}

fn group() -> Record {
    let target = ty("officeConfigurationGroupAssignmentTarget");
    RecordBuilder::new(&MODEL, target).set_named("groupId", "g").build()
}

fn client() -> Record {
    let payload = StreamInfo { media_type: "text/plain".into(), etag: Some("W/\"p\"".into()), length: 2, inline: None };
    let summary = RecordBuilder::new(&MODEL, ty("officeUserCheckinSummary"))
        .set_named("succeededUserCount", 2)
        .set_named("failedUserCount", 1)
        .build();
    let assignments = vec![assignment("a", Some(group())).into(), assignment("b", None).into()];
    RecordBuilder::new(&MODEL, ty("windowsOfficeClientConfiguration"))
        .set_named("id", "7")
        .set_named("displayName", "n")
        .set_named("priority", 3)
        .set_named("userCheckinSummary", summary)
        .set_named("policyPayload", Value::Stream(Arc::new(payload)))
        .set_named("assignments", Value::from(assignments))
        .etag("W/\"5\"")
        .whole()
}

fn one(world: &World, url: &str, record: Record) -> serde_json::Value {
    support::json(&world.render(&world.get(url), Outcome::Entity(Arc::new(record))))
}

fn many(world: &World, url: &str, items: Vec<Value>) -> serde_json::Value {
    support::json(&world.render(&world.get(url), Outcome::Collection(Page { items, ..Page::default() })))
}

fn context(body: &serde_json::Value) -> &str {
    body["@odata.context"]
        .as_str()
        .and_then(|url| url.strip_prefix("https://example.org/beta/$metadata#"))
        .unwrap_or("")
}

#[test]
fn a_context_says_what_the_body_is() {
    let derived = "microsoft.graph.windowsOfficeClientConfiguration";
    let world = graph();
    let set = RecordBuilder::new(&MODEL, ty("officeConfiguration")).set_named("id", "c4").build();
    for (url, record, wanted) in [
        ("/officeConfiguration".to_owned(), set.clone(), "officeConfiguration".to_owned()),
        ("/officeConfigurations/c4".to_owned(), set.clone(), "officeConfigurations/$entity".to_owned()),
        ("/officeConfigurations('c4')".to_owned(), set.clone(), "officeConfigurations/$entity".to_owned()),
        ("/officeConfigurations/c4?$select=id".to_owned(), set, "officeConfigurations(id)/$entity".to_owned()),
        (format!("{CLIENTS}/7"), client(), format!("officeConfiguration/clientConfigurations/{derived}/$entity")),
        (
            format!("{CLIENTS}/7/{derived}"),
            client(),
            format!("officeConfiguration/clientConfigurations/{derived}/$entity"),
        ),
        (
            format!("{CLIENTS}/7/assignments/a"),
            assignment("a", None),
            "officeConfiguration/clientConfigurations('7')/assignments/$entity".to_owned(),
        ),
    ] {
        assert_eq!(context(&one(&world, &url, record)), wanted, "{url}");
    }
    for (url, wanted) in [
        (CLIENTS.to_owned(), "officeConfiguration/clientConfigurations".to_owned()),
        (
            "/officeConfigurations/it's/clientConfigurations".to_owned(),
            "officeConfigurations('it''s')/clientConfigurations".to_owned(),
        ),
        (format!("{CLIENTS}/{derived}"), format!("officeConfiguration/clientConfigurations/{derived}")),
        (
            format!("{CLIENTS}?$select=id,displayName"),
            "officeConfiguration/clientConfigurations(id,displayName)".to_owned(),
        ),
        (
            format!("{CLIENTS}?$expand=assignments($select=id)&$select=id"),
            "officeConfiguration/clientConfigurations(id,assignments(id))".to_owned(),
        ),
        (
            format!("{CLIENTS}?$expand=assignments"),
            "officeConfiguration/clientConfigurations(assignments())".to_owned(),
        ),
        (
            "/officeConfiguration/tenantCheckinStatuses".to_owned(),
            "officeConfiguration/tenantCheckinStatuses".to_owned(),
        ),
        (format!("{CLIENTS}/$ref"), "Collection($ref)".to_owned()),
    ] {
        assert_eq!(context(&many(&world, &url, Vec::new())), wanted, "{url}");
    }
}

#[test]
fn what_an_action_returns_is_named_by_its_type() {
    let world = graph();
    let head = world.head("POST", &format!("{CLIENTS}/7/assign"), &[]).expect("a good request");
    let items = vec![assignment("a", Some(group())).into()];
    let response = world.render(&head, Outcome::Collection(Page { items, ..Page::default() }));
    let body = support::json(&response);
    assert_eq!(response.status(), 200);
    assert_eq!(context(&body), "Collection(microsoft.graph.officeClientConfigurationAssignment)");
    assert_eq!(body["value"][0]["target"]["@odata.type"], "#microsoft.graph.officeConfigurationGroupAssignmentTarget");
}

#[test]
fn r10_types_are_written_as_the_profile_has_it() {
    let target = "#microsoft.graph.officeConfigurationGroupAssignmentTarget";
    let url = format!("{CLIENTS}?$expand=assignments");
    let body = &many(&graph(), &url, vec![client().into()])["value"][0];
    assert_eq!(body["@odata.type"], "#microsoft.graph.windowsOfficeClientConfiguration");
    assert_eq!(body["userCheckinSummary"]["@odata.type"], "microsoft.graph.officeUserCheckinSummary");
    assert_eq!(body["assignments"][0]["@odata.type"], "#microsoft.graph.officeClientConfigurationAssignment");
    assert_eq!(body["assignments"][0]["target"]["@odata.type"], target);
    let body = &many(&strict(), &url, vec![client().into()])["value"][0];
    assert_eq!(body["@odata.type"], "#microsoft.graph.windowsOfficeClientConfiguration");
    assert_eq!(body["userCheckinSummary"].get("@odata.type"), None);
    assert_eq!(body["assignments"][0].get("@odata.type"), None);
    assert_eq!(body["assignments"][0]["target"]["@odata.type"], target);
}

#[test]
fn metadata_levels_differ_in_annotations_alone() {
    for world in both() {
        let of = |level: &str| {
            let url = format!("{CLIENTS}/7?$format=application/json;odata.metadata={level}");
            text(&world.render(&world.get(&url), Outcome::Entity(Arc::new(client())))).to_owned()
        };
        let none = of("none");
        assert!(!none.contains('@') && !none.contains('#'), "{none}");
        assert!(none.starts_with("{\"id\":\"7\","), "{none}");
        let full: serde_json::Value = serde_json::from_str(&of("full")).expect("JSON");
        let here = "https://example.org/beta/officeConfiguration/clientConfigurations/7";
        assert_eq!(full["@odata.id"], here);
        assert_eq!(full["@odata.editLink"], here);
        assert_eq!(full["assignments@odata.navigationLink"], format!("{here}/assignments"));
        assert_eq!(full["priority@odata.type"], "#Int32");
        assert_eq!(full["policyPayload@odata.mediaContentType"], "text/plain");
        assert_eq!(full["policyPayload@odata.mediaReadLink"], format!("{here}/policyPayload"));
        assert_eq!(full["#microsoft.graph.assign"]["target"], format!("{here}/microsoft.graph.assign"));
        assert_eq!(full.get("displayName@odata.type"), None, "a string tells its type");
        let items = vec![client().into()];
        let counted = Page { items, count: Some(1), next: Some(b"x"[..].into()), ..Page::default() };
        let head = world.get(&format!("{CLIENTS}?$count=true&$format=application/json;odata.metadata=none"));
        let page = support::json(&world.render(&head, Outcome::Collection(counted)));
        assert!(
            page["@odata.nextLink"].is_string() && page["@odata.count"] == 1 && page.get("@odata.context").is_none()
        );
    }
    let minimal = one(&graph(), &format!("{CLIENTS}/7"), client());
    assert!(minimal.as_object().expect("an object").keys().all(|name| !name.starts_with("policyPayload")));
}

#[test]
fn members_come_in_the_order_of_the_model_with_nulls() {
    let body =
        text(&graph().render(&graph().get(&format!("{CLIENTS}/7")), Outcome::Entity(Arc::new(client())))).to_owned();
    let names = MODEL.structured(ty("windowsOfficeClientConfiguration")).expect("declared").members.iter();
    let places: Vec<usize> = names.filter_map(|member| body.find(&format!("\"{}\":", member.name))).collect();
    assert!(places.len() >= 7 && places.is_sorted(), "{body}");
    assert!(body.contains("\"description\":null"), "{body}");
    assert!(body.contains("\"checkinStatuses\":[]"), "{body}");
    assert!(!body.contains("\"assignments\""), "nobody asked for them: {body}");
    let head =
        graph().head("GET", &format!("{CLIENTS}/7"), &[("prefer", "omit-values=nulls")]).expect("a good request");
    let response = graph().render(&head, Outcome::Entity(Arc::new(client())));
    assert!(!text(&response).contains("null"));
    assert_eq!(support::header(&response, "preference-applied"), "omit-values=nulls");
}

#[test]
fn select_and_expand_decide_what_is_written() {
    for world in both() {
        let of = |options: &str| {
            let mut body = one(&world, &format!("{CLIENTS}/7?{options}"), client());
            body.as_object_mut().expect("an object").retain(|name, _| !name.starts_with('@'));
            body
        };
        assert_eq!(of("$select=id,priority"), json!({"id": "7", "priority": 3}));
        let nested = of("$select=userCheckinSummary/failedUserCount");
        assert_eq!(nested["userCheckinSummary"]["failedUserCount"], 1);
        assert_eq!(nested["userCheckinSummary"].get("succeededUserCount"), None);
        let expanded = of("$select=id&$expand=assignments($select=id)");
        assert_eq!(expanded["assignments"][1]["id"], "b");
        assert_eq!(expanded["assignments"][1].get("target"), None);
        assert!(of("$select=*").get("displayName").is_some());
        let counted = of("$select=id&$expand=assignments($count=true)");
        assert_eq!(counted["assignments@odata.count"], 2);
        let references = of("$select=id&$expand=assignments/$ref");
        let first = "https://example.org/beta/officeConfiguration/clientConfigurations/7/assignments";
        let wanted = if world.engine.settings().profile == Profile::Graph {
            format!("{first}/a")
        } else {
            format!("{first}('a')")
        };
        assert_eq!(references["assignments"][0], json!({"@odata.id": wanted}));
    }
}

#[test]
fn a_deep_insert_is_answered_as_deep_as_it_was_sent() {
    let head = graph().head("POST", CLIENTS, &[]).expect("a good request");
    let path = "officeConfiguration/clientConfigurations/7".to_owned();
    let response = graph().render(&head, Outcome::Created { record: Arc::new(client()), path });
    assert_eq!(support::json(&response)["assignments"][0]["target"]["groupId"], "g");
}

#[test]
fn what_is_written_reads_back_the_same() {
    let world = graph();
    let record = world.create(CLIENTS, "{\"@odata.type\":\"#microsoft.graph.windowsOfficeClientConfiguration\",\"displayName\":\"\u{1F600}\\u0001\\\\\",\"priority\":1,\"assignments\":[{\"target\":null}]}").expect("good");
    let body = world.engine.render_item(&record, ty("officeClientConfiguration"));
    let again = world.create(CLIENTS, std::str::from_utf8(&body).expect("UTF-8")).expect("good");
    let name = number("officeClientConfiguration", "displayName");
    assert_eq!(record.get(name), again.get(name));
    assert_eq!(record.get(name), Some(&Value::from("\u{1F600}\u{1}\\")));
}

/// A model with a value of every kind that JSON writes in its own way.
static KINDS: LazyLock<Arc<Model>> = LazyLock::new(|| {
    let xml = r#"<edmx:Edmx xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx" Version="4.0"><edmx:DataServices>
      <Schema xmlns="http://docs.oasis-open.org/odata/ns/edm" Namespace="t">
        <EnumType Name="flag" IsFlags="true"><Member Name="none" Value="0"/><Member Name="a" Value="1"/><Member Name="b" Value="2"/></EnumType>
        <EntityType Name="kind"><Key><PropertyRef Name="id"/></Key>
          <Property Name="id" Type="Edm.Int64" Nullable="false"/><Property Name="money" Type="Edm.Decimal" Precision="20" Scale="4"/>
          <Property Name="ratio" Type="Edm.Double"/><Property Name="small" Type="Edm.Single"/><Property Name="flag" Type="t.flag"/>
          <Property Name="day" Type="Edm.Date"/><Property Name="time" Type="Edm.TimeOfDay"/><Property Name="span" Type="Edm.Duration"/>
          <Property Name="bytes" Type="Edm.Binary"/><Property Name="guid" Type="Edm.Guid"/><Property Name="text" Type="Edm.String" MaxLength="3"/>
          <Property Name="count" Type="Edm.Int32" Nullable="false" DefaultValue="5"/><Property Name="place" Type="Edm.GeographyPoint"/>
        </EntityType>
        <Function Name="best" IsBound="true"><Parameter Name="b" Type="Collection(t.kind)"/><ReturnType Type="t.kind"/></Function>
        <Function Name="good" IsBound="true"><Parameter Name="b" Type="Collection(t.kind)"/><ReturnType Type="Collection(t.kind)"/></Function>
        <EntityContainer Name="c"><EntitySet Name="kinds" EntityType="t.kind"/></EntityContainer>
      </Schema></edmx:DataServices></edmx:Edmx>"#;
    Arc::new(odata::csdl::read(xml).expect("it is valid"))
});

fn kinds() -> World {
    World { engine: Engine::new(Arc::clone(&KINDS), Settings::new(Profile::Strict)) }
}

fn kind() -> Record {
    RecordBuilder::new(&KINDS, KINDS.type_by_name("t.kind").expect("declared"))
        .set_named("id", i64::MAX)
        .set_named("money", Value::Decimal(Decimal::parse("1.50").expect("good")))
        .set_named("ratio", f64::INFINITY)
        .set_named("small", Value::Double(f64::from(0.1_f32)))
        .set_named("flag", Value::Enum(3))
        .set_named("day", Value::Date(Date::parse("2020-02-29").expect("good")))
        .set_named("time", Value::TimeOfDay(TimeOfDay::parse("10:00:00").expect("good")))
        .set_named("span", Value::Duration(Duration::parse("PT1H").expect("good")))
        .set_named("bytes", Value::Binary(b"\xfb\xff"[..].to_vec().into()))
        .set_named("guid", uuid::Uuid::from_u128(1))
        .set_named("text", "abc")
        .set_named("count", 5)
        .set_named("place", Value::Geo("{\"type\":\"Point\",\"coordinates\":[1.0,2.0]}".into()))
        .build()
}

#[test]
fn every_kind_of_value_has_its_form_and_reads_back_the_same() {
    let world = kinds();
    let url = "/kinds(9223372036854775807)";
    let plain = text(&world.render(&world.get(url), Outcome::Entity(Arc::new(kind())))).to_owned();
    assert_eq!(
        plain,
        "{\"@odata.context\":\"https://example.org/beta/$metadata#kinds/$entity\",\"id\":9223372036854775807,\
         \"money\":1.50,\"ratio\":\"INF\",\"small\":0.1,\"flag\":\"a,b\",\"day\":\"2020-02-29\",\"time\":\"10:00:00\",\
         \"span\":\"PT1H\",\"bytes\":\"-_8=\",\"guid\":\"00000000-0000-0000-0000-000000000001\",\"text\":\"abc\",\
         \"count\":5,\"place\":{\"type\":\"Point\",\"coordinates\":[1.0,2.0]}}"
    );
    let again = world.create("/kinds", &plain).expect("good");
    assert_eq!(again.members, kind().members);

    let accept = [("accept", "application/json;IEEE754Compatible=true")];
    let head = world.head("GET", url, &accept).expect("a good request");
    let exact = support::json(&world.render(&head, Outcome::Entity(Arc::new(kind()))));
    assert_eq!((&exact["id"], &exact["money"]), (&json!("9223372036854775807"), &json!("1.50")));
    assert_eq!(exact["count"], 5, "an Int32 stays a number");
    let sent = [("content-type", "application/json;IEEE754Compatible=true")];
    let head = world.head("POST", "/kinds", &sent).expect("a good request");
    let body = bytes::Bytes::from_static(b"{\"id\":\"9223372036854775807\",\"money\":\"1.50\"}");
    assert!(world.engine.bind(&head, body.clone(), None).is_ok());
    let head = world.head("POST", "/kinds", &[("content-type", "application/json")]).expect("a good request");
    assert_eq!(world.told(world.engine.bind(&head, body, None)).2, "id");
}

#[test]
fn what_a_function_returns_is_linked_where_it_lives() {
    let world = kinds();
    let full = "$format=application/json;odata.metadata=full";
    let here = "https://example.org/beta/kinds(9223372036854775807)";
    let one = world.render(&world.get(&format!("/kinds/t.best()?{full}")), Outcome::Value(kind().into()));
    assert_eq!(support::json(&one)["@odata.id"], here);
    let many = many(&world, &format!("/kinds/t.good()?{full}"), vec![kind().into()]);
    assert_eq!(many["value"][0]["@odata.id"], here);
    assert_eq!(context(&many), "Collection(t.kind)");
}

fn any_text() -> impl Strategy<Value = String> {
    any::<String>().prop_map(|text| text.replace('\0', "").chars().take(3).collect())
}

fn any_kind() -> impl Strategy<Value = Record> {
    let ticks = 0_i64..3_155_378_975_999_999_999;
    let days = 0_i32..3_652_058;
    let scalars = (any::<i64>(), any::<f64>(), any::<f32>(), 0_i64..4, days, any::<i32>());
    let texts = (any_text(), proptest::collection::vec(any::<u8>(), 0..9), any::<u128>(), ticks, any::<bool>());
    (scalars, texts, any::<i32>(), 0_u8..5).prop_map(|(scalars, texts, mantissa, scale)| {
        let (id, ratio, small, flag, day, count) = scalars;
        let (text, bytes, guid, ticks, absent) = texts;
        let number = |value: f64| if value.is_nan() { 0.5 } else { value };
        let builder = RecordBuilder::new(&KINDS, KINDS.type_by_name("t.kind").expect("declared"))
            .set_named("id", id)
            .set_named("money", Value::Decimal(Decimal { mantissa: mantissa.into(), scale }))
            .set_named("ratio", number(ratio))
            .set_named("flag", Value::Enum(flag))
            .set_named("time", Value::TimeOfDay(TimeOfDay(ticks % 864_000_000_000)))
            .set_named("span", Value::Duration(Duration(ticks)))
            .set_named("bytes", Value::Binary(bytes.into()))
            .set_named("guid", uuid::Uuid::from_u128(guid))
            .set_named("text", &*text)
            .set_named("count", count);
        if absent {
            return builder.set_named("day", Value::Null).build();
        }
        let small = if small.is_finite() { f64::from(small) } else { 0.25 };
        builder.set_named("day", Value::Date(Date(day))).set_named("small", small).build()
    })
}

proptest! {
    #[test]
    fn any_record_that_is_written_reads_back_the_same(record in any_kind()) {
        let world = kinds();
        let body = world.engine.render_item(&record, record.type_id);
        let again = world.create("/kinds", std::str::from_utf8(&body).expect("UTF-8")).expect("it is what was written");
        prop_assert_eq!(again.members, record.members);
    }

    #[test]
    fn any_bytes_are_bound_or_refused_without_a_panic(
        body in proptest::collection::vec(any::<u8>(), 0..80),
        lead in prop_oneof![Just(""), Just("{\"priority\":"), Just("{\"assignments\":[{\"target\":"), Just("{\"policyPayload\":\"")],
    ) {
        let world = graph();
        let head = world.head("POST", CLIENTS, &[("content-type", "application/json")]).expect("a good request");
        let _ = world.engine.bind(&head, [lead.as_bytes(), &body].concat().into(), None);
    }

    #[test]
    fn any_url_is_understood_or_refused_without_a_panic(url in "/?(officeConfiguration|officeConfigurations|[$'(),/=&?%a-z0-9\u{e9}]){0,12}") {
        let _ = graph().head("GET", &url, &[]);
        let _ = strict().head("PATCH", &url, &[]);
    }
}

#[test]
fn a_create_fills_in_defaults_and_keeps_facets() {
    let world = kinds();
    let record = world.create("/kinds", "{\"id\":1}").expect("good");
    let (count, _) = KINDS.structured(record.type_id).and_then(|ty| ty.member("count")).expect("declared");
    assert_eq!(record.get(count), Some(&Value::Int(5)));
    for (body, target) in [
        ("{}", "id"),
        ("{\"id\":1,\"text\":\"abcd\"}", "text"),
        ("{\"id\":1,\"money\":1.23456}", "money"),
        ("{\"id\":1,\"ratio\":1e999}", "ratio"),
        ("{\"id\":1,\"ratio\":\"1\"}", "ratio"),
        ("{\"id\":1,\"flag\":\"c\"}", "flag"),
        ("{\"id\":1,\"day\":\"2021-02-29\"}", "day"),
        ("{\"id\":1,\"guid\":\"x\"}", "guid"),
        ("{\"id\":1,\"bytes\":\"!\"}", "bytes"),
        ("{\"id\":9223372036854775808}", "id"),
    ] {
        let told = world.told(world.create("/kinds", body));
        assert_eq!((told.0, told.2.as_str()), (400, target), "{body}");
    }
    for flag in ["\"a, b\"", "3", "\"3\""] {
        assert!(world.create("/kinds", &format!("{{\"id\":1,\"flag\":{flag}}}")).is_ok(), "{flag}");
    }
}
