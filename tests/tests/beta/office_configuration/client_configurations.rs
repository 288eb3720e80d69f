//! `/officeConfiguration/clientConfigurations`: the collection.

mod assign;
mod assignments;
mod by_id;
mod checkin_statuses;
mod delta;
mod payloads;
mod update_priorities;

use e2e::{Api, Service, Setup, samples};
use serde_json::{Value, json};

use crate::{column, items, text};

const PATH: &str = "/officeConfiguration/clientConfigurations";

/// Makes a client configuration and returns its path.
#[track_caller]
fn make(api: &Api, name: &str) -> String {
    format!("{PATH}/{}", text(&api.post(PATH, &samples::client(name)).created(), "id"))
}

/// The whole collection, to compare before and after.
#[track_caller]
fn all(api: &Api) -> Value {
    api.get(PATH).ok()["value"].clone()
}

#[test]
fn a_post_is_201_and_location_leads_to_it() {
    let service = Service::start();
    let api = service.admin("contoso");
    let body = json!({
        "@odata.type": "#microsoft.graph.windowsOfficeClientSecurityConfiguration",
        "displayName": "Display Name value",
        "description": "Description value",
        "priority": 8
    });
    let answer = api.post(PATH, &body).is(201);
    let location = answer.expect_header("location");
    let created = answer.json();
    for (name, value) in body.as_object().unwrap() {
        assert_eq!(&created[name], value, "{name}");
    }
    let read = api.get(&location).ok();
    assert_eq!(read["id"], created["id"]);
    assert_eq!(read["@odata.type"], "#microsoft.graph.windowsOfficeClientSecurityConfiguration");
    assert!(read["createdDateTime"].is_string() && read["lastModifiedDateTime"].is_string(), "{read}");
}

#[test]
fn r3_a_supplied_id_is_ignored() {
    let service = Service::start();
    let api = service.admin("contoso");
    let mut body = samples::client("Word");
    body["id"] = json!("13a5ac73-ac73-13a5-73ac-a51373aca513");
    assert_ne!(api.post(PATH, &body).created()["id"], body["id"]);
}

#[test]
fn r4_computed_values_in_a_post_are_ignored() {
    let service = Service::start();
    let api = service.admin("contoso");
    let mut body = samples::client("Word");
    body["userCheckinSummary"] = json!({ "succeededUserCount": 2, "failedUserCount": 15 });
    body["checkinStatuses"] = json!([samples::status("anna", "PC", true, "2026-01-01T00:00:00Z")]);
    body["createdDateTime"] = json!("2016-12-31T23:56:33.9571764-08:00");
    let created = api.post(PATH, &body).created();
    assert_eq!(created["userCheckinSummary"]["failedUserCount"], 0);
    assert_eq!(created["checkinStatuses"], json!([]));
    assert_ne!(created["createdDateTime"], body["createdDateTime"]);
}

#[test]
fn r8_a_post_without_a_priority_takes_the_lowest_place() {
    let service = Service::start();
    let api = service.admin("contoso");
    let first = api.post(PATH, &samples::client("first")).created();
    assert_eq!(first["priority"], 0);
    api.post(PATH, &samples::client_with_priority("fixed", 40)).created();
    assert_eq!(api.post(PATH, &samples::client("last")).created()["priority"], 41);
}

#[test]
fn r8_a_collision_with_a_stored_priority_is_409() {
    let service = Service::start();
    let api = service.admin("contoso");
    api.post(PATH, &samples::client_with_priority("first", 8)).created();
    let before = all(&api);
    api.post(PATH, &samples::client_with_priority("second", 8)).error_code(409, "Conflict");
    assert_eq!(all(&api), before);
}

#[test]
fn r10_the_type_is_read_with_and_without_its_sign() {
    let service = Service::start();
    let api = service.admin("contoso");
    for name in [
        "#microsoft.graph.windowsOfficeClientConfiguration",
        "microsoft.graph.windowsOfficeClientConfiguration",
        "#graph.windowsOfficeClientConfiguration",
    ] {
        let created = api.post(PATH, &json!({ "@odata.type": name })).created();
        assert_eq!(created["@odata.type"], "#microsoft.graph.windowsOfficeClientConfiguration");
    }
}

#[test]
fn r10_a_post_without_a_concrete_type_is_400() {
    let service = Service::start();
    let api = service.admin("contoso");
    for body in [
        json!({ "displayName": "Word" }),
        json!({ "@odata.type": "#microsoft.graph.officeClientConfiguration", "displayName": "Word" }),
        json!({ "@odata.type": "#microsoft.graph.officeConfiguration" }),
        json!({ "@odata.type": "#microsoft.graph.macOfficeClientConfiguration" }),
        json!({ "@odata.type": 7 }),
    ] {
        api.post(PATH, &body).error(400);
    }
    assert_eq!(all(&api), json!([]));
}

#[test]
fn r10_lenient_types_make_it_a_windows_configuration() {
    let service = Setup::default().config("lenient_types = true\n").start();
    let api = service.admin("contoso");
    let target = json!({ "@odata.type": "microsoft.graph.officeConfigurationAssignmentTarget" });
    let body = json!({ "displayName": "Word", "assignments": [{ "target": target }] });
    let created = api.post(PATH, &body).created();
    assert_eq!(created["@odata.type"], "#microsoft.graph.windowsOfficeClientConfiguration");
    let id = text(&created, "id");
    let assignments = api.get(&format!("{PATH}/{id}/assignments")).ok();
    assert_eq!(items(&assignments)[0]["target"], target);
}

#[test]
fn a_deep_insert_makes_the_assignments_too() {
    let service = Service::start();
    let api = service.admin("contoso");
    let mut body = samples::client("Word");
    body["assignments"] = json!([samples::group_assignment("g1"), samples::group_assignment("g2")]);
    let created = api.post(PATH, &body).created();
    let inline: Vec<&str> = created["assignments"]
        .as_array()
        .unwrap()
        .iter()
        .map(|assignment| assignment["target"]["groupId"].as_str().unwrap())
        .collect();
    assert_eq!(inline, ["g1", "g2"], "expanded as deep as the request");
    let stored = api.get(&format!("{PATH}/{}/assignments", text(&created, "id"))).ok();
    assert_eq!(items(&stored).len(), 2);
}

#[test]
fn a_deep_insert_with_one_bad_assignment_creates_nothing() {
    let service = Service::start();
    let api = service.admin("contoso");
    let mut body = samples::client("Word");
    body["assignments"] = json!([samples::group_assignment("g1"), samples::group_assignment("")]);
    api.post(PATH, &body).error(400);
    assert_eq!(all(&api), json!([]));
    assert_eq!(api.get("/officeConfigurations").ok()["value"], json!([]), "the default was not made to exist either");
}

#[test]
fn the_collection_takes_query_options() {
    let service = Service::start();
    let api = service.admin("contoso");
    for (name, priority) in [("Word macros", 3), ("Excel macros", 1), ("Outlook", 2), ("O'Brien", 7)] {
        api.post(PATH, &samples::client_with_priority(name, priority)).created();
    }
    let get = |query: &str| api.get(&format!("{PATH}?{}", query.replace(' ', "%20"))).ok();
    assert_eq!(column(&get("$orderby=priority"), "displayName"), ["Excel macros", "Outlook", "Word macros", "O'Brien"]);
    let page = get("$orderby=priority desc&$top=2&$skip=1&$count=true&$select=displayName,priority");
    assert_eq!(column(&page, "displayName"), ["Word macros", "Outlook"]);
    assert_eq!(page["@odata.count"], 4);
    assert!(items(&page)[0].get("checkinStatuses").is_none());
    assert_eq!(items(&page)[0]["@odata.type"], "#microsoft.graph.windowsOfficeClientConfiguration");
    for (filter, names) in [
        ("displayName eq 'Outlook'", vec!["Outlook"]),
        ("displayName eq 'O''Brien'", vec!["O'Brien"]),
        ("endswith(displayName,'macros')", vec!["Word macros", "Excel macros"]),
        ("priority gt 1 and priority le 3", vec!["Word macros", "Outlook"]),
        ("priority in (1,7)", vec!["Excel macros", "O'Brien"]),
        ("not contains(tolower(displayName),'o')", vec![]),
        ("description eq null and startswith(displayName,'Out')", vec!["Outlook"]),
    ] {
        assert_eq!(column(&get(&format!("$filter={filter}")), "displayName"), names, "{filter}");
        let count = api.get(&format!("{PATH}/$count?$filter={}", filter.replace(' ', "%20"))).is(200).text();
        assert_eq!(count, names.len().to_string());
    }
    assert_eq!(api.get(&format!("{PATH}?%24top=1&%24select=priority")).ok()["value"].as_array().unwrap().len(), 1);
    assert_eq!(items(&get("top=1")).len(), 4, "names without $ are custom options and ignored");
}

#[test]
fn lambdas_reach_into_check_in_statuses() {
    let service = Service::start();
    let api = service.admin("contoso");
    let word = api.post(PATH, &samples::client("Word")).created();
    api.post(PATH, &samples::client("Excel")).created();
    let mut row = samples::status("anna", "PC-1", false, &samples::days_ago(1));
    row["appliedPolicies"] = json!([word["id"]]);
    api.patch("/officeConfiguration", &json!({ "tenantCheckinStatuses": [row] })).ok();
    let filtered = |filter: &str| {
        let page = api.get(&format!("{PATH}?$filter={}", filter.replace(' ', "%20"))).ok();
        column(&page, "displayName").iter().map(|&name| name.to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(filtered("checkinStatuses/any(s:s/wasSuccessful eq false)"), ["Word"]);
    assert_eq!(filtered("checkinStatuses/all(s:s/wasSuccessful)"), ["Excel"]);
    assert_eq!(filtered("checkinStatuses/any()"), ["Word"]);
}

#[test]
fn r4_lambdas_see_every_check_in_and_not_only_a_page() {
    let service = Service::start();
    let api = service.admin("contoso");
    let word = api.post(PATH, &samples::client("Word")).created();
    api.post(PATH, &samples::client("Excel")).created();
    let row = |n: i32| {
        let mut row = samples::status("anna", &format!("PC-{n}"), n < 250, &samples::days_ago(1));
        row["appliedPolicies"] = json!([word["id"]]);
        row
    };
    let rows: Vec<Value> = (1..=250).map(row).collect();
    api.patch("/officeConfiguration", &json!({ "tenantCheckinStatuses": rows })).ok();
    let filtered = |filter: &str| {
        let page = api.get(&format!("{PATH}?$filter={}", filter.replace(' ', "%20"))).ok();
        column(&page, "displayName").iter().map(|&name| name.to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(filtered("checkinStatuses/any(s:s/deviceName eq 'PC-250')"), ["Word"]);
    assert_eq!(filtered("checkinStatuses/all(s:s/wasSuccessful)"), ["Excel"]);
    assert_eq!(filtered("checkinStatuses/$count eq 250"), ["Word"]);
    assert_eq!(filtered("userCheckinSummary/failedUserCount eq 0"), ["Excel"]);
}

#[test]
fn r4_too_many_configurations_for_one_question_of_check_ins_are_refused_by_number() {
    let service = Service::start();
    let api = service.admin("contoso");
    let clients: Vec<Value> = (0..1_001).map(|n| samples::client(&format!("{n}"))).collect();
    api.post("/officeConfiguration", &json!({ "clientConfigurations": clients })).created();
    let error = api.get(&format!("{PATH}?$filter=checkinStatuses/any()")).error(400);
    assert!(error["message"].as_str().unwrap().contains("1000"), "{error}");
    api.get(&format!("{PATH}?$filter=displayName%20eq%20'7'")).ok();
}

#[test]
fn a_cast_segment_lists_only_its_type() {
    let service = Service::start();
    let api = service.admin("contoso");
    api.post(PATH, &samples::client("plain")).created();
    let security = json!({
        "@odata.type": "#microsoft.graph.windowsOfficeClientSecurityConfiguration",
        "displayName": "security"
    });
    let security = api.post(PATH, &security).created();
    let cast = "microsoft.graph.windowsOfficeClientSecurityConfiguration";
    assert_eq!(column(&api.get(&format!("{PATH}/{cast}")).ok(), "displayName"), ["security"]);
    assert_eq!(api.get(&format!("{PATH}/{cast}/$count")).is(200).text(), "1");
    let id = text(&security, "id");
    assert_eq!(api.get(&format!("{PATH}/{id}/{cast}")).ok()["displayName"], "security");
    api.get(&format!("{PATH}/{id}/microsoft.graph.windowsOfficeClientConfiguration")).error(404);
    api.get(&format!("{PATH}/microsoft.graph.officeConfiguration")).error(400);
}

#[test]
fn paging_by_link_reaches_every_entity_once() {
    let service = Service::start();
    let api = service.admin("contoso");
    for n in 0..11 {
        api.post(PATH, &samples::client(&format!("c{n:02}"))).created();
    }
    let mut seen = Vec::new();
    let mut next = format!("{PATH}?$orderby=displayName%20desc&$select=displayName");
    loop {
        let answer = api.call("GET", &next).header("prefer", "odata.maxpagesize=4").send();
        let page = answer.ok();
        seen.extend(column(&page, "displayName").iter().map(|&name| name.to_owned()));
        match page["@odata.nextLink"].as_str() {
            Some(link) => {
                assert!(link.starts_with(&service.url()), "absolute, where the caller asked: {link}");
                link.clone_into(&mut next);
            }
            None => break,
        }
    }
    let expected: Vec<String> = (0..11).rev().map(|n| format!("c{n:02}")).collect();
    assert_eq!(seen, expected);
}

#[test]
fn r6_inline_payloads_are_read_in_both_alphabets() {
    let service = Service::start();
    let api = service.admin("contoso");
    let bytes = [0xfb_u8, 0xef, 0xbe, 0x00, 0xff];
    let mut body = samples::client("Word");
    body["policyPayload"] = json!("++++AP8=");
    body["userPreferencePayload"] = json!("--__");
    let created = api.post(PATH, &body).created();
    let path = format!("{PATH}/{}", text(&created, "id"));
    assert_eq!(api.get(&format!("{path}/policyPayload")).is(200).body, [0xfb, 0xef, 0xbe, 0x00, 0xff]);
    assert_eq!(api.get(&format!("{path}/userPreferencePayload")).is(200).body, [0xfb, 0xef, 0xff]);
    api.patch(&path, &json!({ "userPreferencePayload": "++++AP8=" })).ok();
    assert_eq!(api.get(&format!("{path}/userPreferencePayload")).is(200).body, bytes);
    api.patch(&path, &json!({ "policyPayload": "not base64!" })).error(400);
    assert_eq!(api.get(&format!("{path}/policyPayload")).is(200).body, bytes);
}

#[test]
fn return_minimal_answers_where_it_is_and_nothing_else() {
    let service = Service::start();
    let api = service.admin("contoso");
    let post = api.call("POST", PATH).header("prefer", "return=minimal").json(&samples::client("Word")).send();
    let answer = post.no_content();
    let location = answer.expect_header("location");
    assert!(answer.header("odata-entityid").is_some(), "{:?}", answer.headers);
    assert!(answer.expect_header("preference-applied").contains("return=minimal"));
    assert_eq!(api.get(&location).ok()["displayName"], "Word");
}

#[test]
fn r8_concurrent_posts_without_a_priority_all_get_their_own() {
    let service = Service::start();
    let api = service.admin("contoso");
    std::thread::scope(|scope| {
        for writer in 0..8 {
            let api = &api;
            scope.spawn(move || {
                for n in 0..10 {
                    api.post(PATH, &samples::client(&format!("{writer}-{n}"))).created();
                }
            });
        }
    });
    let page = api.get(&format!("{PATH}?$orderby=priority&$select=priority&$top=100")).ok();
    let priorities: Vec<i64> = items(&page).iter().map(|item| item["priority"].as_i64().unwrap()).collect();
    assert_eq!(priorities, (0..80).collect::<Vec<i64>>());
}

#[test]
fn r8_of_concurrent_posts_with_the_same_priority_one_wins() {
    let service = Service::start();
    let api = service.admin("contoso");
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let post = || api.post(PATH, &samples::client_with_priority("same", 7)).status;
        let writers: Vec<_> = (0..8).map(|_| scope.spawn(post)).collect();
        writers.into_iter().map(|writer| writer.join().unwrap()).collect()
    });
    assert_eq!(statuses.iter().filter(|&&status| status == 201).count(), 1, "{statuses:?}");
    assert_eq!(statuses.iter().filter(|&&status| status == 409).count(), 7, "{statuses:?}");
    assert_eq!(items(&api.get(PATH).ok()).len(), 1);
}

#[test]
fn null_comes_first_in_ascending_order() {
    let service = Service::start();
    let api = service.admin("contoso");
    for (name, description) in [("a", json!("zebra")), ("b", json!(null)), ("c", json!("ant")), ("d", json!("ant"))] {
        let mut body = samples::client(name);
        body["description"] = description;
        api.post(PATH, &body).created();
    }
    let order = |by: &str| column(&api.get(&format!("{PATH}?$orderby={by}")).ok(), "displayName").concat();
    assert_eq!(order("description,displayName%20desc"), "bdca");
    assert_eq!(order("description%20desc,displayName"), "acdb");
}
