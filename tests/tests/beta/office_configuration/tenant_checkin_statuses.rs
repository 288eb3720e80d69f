//! `/officeConfiguration/tenantCheckinStatuses`: the check-in rows, written by an administrator and read with query options.

use e2e::{Api, Service, samples};
use serde_json::{Value, json};

use crate::{column, items};

const PATH: &str = "/officeConfiguration/tenantCheckinStatuses";

fn write(api: &Api, statuses: &[Value]) {
    api.patch("/officeConfiguration", &json!({ "tenantCheckinStatuses": statuses })).ok();
}

/// Users `u000`, `u001`, …; every third check-in failed; one minute apart.
fn many(count: usize) -> Vec<Value> {
    (0..count)
        .map(|n| {
            let at = format!("2026-01-{:02}T{:02}:{:02}:00Z", 1 + n / 1440, n / 60 % 24, n % 60);
            samples::status(&format!("u{n:03}"), &format!("PC-{n:03}"), n % 3 != 0, &at)
        })
        .collect()
}

/// Follows the links from `first` to the end.
fn walk(api: &Api, first: &str) -> Vec<Value> {
    let mut all = Vec::new();
    let mut next = first.to_owned();
    loop {
        let page = api.get(&next).ok();
        all.extend(items(&page).iter().cloned());
        match page["@odata.nextLink"].as_str() {
            Some(link) => link.clone_into(&mut next),
            None => return all,
        }
    }
}

#[test]
fn r4_a_patch_replaces_the_collection_whole() {
    let service = Service::start();
    let api = service.admin("contoso");
    write(&api, &many(5));
    write(&api, &[samples::status("anna", "PC-1", true, "2026-01-01T00:00:00Z")]);
    assert_eq!(column(&api.get(PATH).ok(), "userId"), ["anna"]);
    write(&api, &[]);
    assert_eq!(api.get(PATH).ok()["value"], json!([]));
}

#[test]
fn r4_the_entity_embeds_one_page_and_links_to_the_rest() {
    let service = Service::start();
    let api = service.admin("contoso");
    let statuses = many(1_500);
    let created = api.post("/officeConfiguration", &json!({ "tenantCheckinStatuses": statuses })).created();
    let entity = api.get("/officeConfiguration").ok();
    let embedded = entity["tenantCheckinStatuses"].as_array().unwrap();
    assert!(embedded.len() < statuses.len(), "{} embedded", embedded.len());
    assert_eq!(created["tenantCheckinStatuses"].as_array().unwrap().len(), embedded.len());
    let link = entity["tenantCheckinStatuses@odata.nextLink"].as_str().unwrap();
    let rest = walk(&api, link);
    assert_eq!(embedded.len() + rest.len(), statuses.len());
    let mut users: Vec<&str> = embedded.iter().chain(&rest).map(|row| row["userId"].as_str().unwrap()).collect();
    users.sort_unstable();
    users.dedup();
    assert_eq!(users.len(), statuses.len(), "each row once");
}

#[test]
fn r4_two_equal_identities_are_400_and_name_both_positions() {
    let service = Service::start();
    let api = service.admin("contoso");
    write(&api, &many(2));
    let before = api.get(PATH).ok();
    let at = "2026-01-01T00:00:00Z";
    let twins = [
        samples::status("anna", "PC-1", true, at),
        samples::status("bert", "PC-1", true, at),
        samples::status("ANNA", "pc-1", false, at),
    ];
    let error = api.patch("/officeConfiguration", &json!({ "tenantCheckinStatuses": twins })).error(400);
    let words = error.to_string();
    assert!(words.contains('0') && words.contains('2'), "names both positions: {error}");
    assert_eq!(api.get(PATH).ok()["value"], before["value"]);
}

#[test]
fn r4_a_user_may_have_several_devices_and_platforms() {
    let service = Service::start();
    let api = service.admin("contoso");
    let at = "2026-01-01T00:00:00Z";
    let mut on_mac = samples::status("anna", "PC-1", true, at);
    on_mac["devicePlatform"] = json!("mac");
    write(&api, &[samples::status("anna", "PC-1", true, at), samples::status("anna", "PC-2", true, at), on_mac]);
    assert_eq!(items(&api.get(PATH).ok()).len(), 3);
}

#[test]
fn r4_ten_thousand_elements_are_taken_and_one_more_is_400() {
    let service = Service::start();
    let api = service.admin("contoso");
    let row = |n: usize| json!({ "userId": format!("u{n}"), "wasSuccessful": true, "checkinDateTime": "2026-01-01T00:00:00Z" });
    let mut statuses: Vec<Value> = (0..10_000).map(row).collect();
    write(&api, &statuses);
    assert_eq!(api.get(&format!("{PATH}/$count")).is(200).text(), "10000");
    statuses.push(row(10_000));
    api.patch("/officeConfiguration", &json!({ "tenantCheckinStatuses": statuses })).error(400);
    assert_eq!(api.get(&format!("{PATH}/$count")).is(200).text(), "10000");
}

#[test]
fn r4_the_property_takes_query_options() {
    let service = Service::start();
    let api = service.admin("contoso");
    write(&api, &many(60));
    let get = |query: &str| api.get(&format!("{PATH}?{query}")).ok();
    let page = get("$orderby=checkinDateTime%20desc&$top=3&$skip=1&$count=true&$select=userId");
    assert_eq!(column(&page, "userId"), ["u058", "u057", "u056"]);
    assert_eq!(page["@odata.count"], 60);
    assert!(items(&page)[0].get("deviceName").is_none(), "{page}");
    assert_eq!(column(&get("$orderby=checkinDateTime&$top=2"), "userId"), ["u000", "u001"]);
    assert_eq!(get("$top=0")["value"], json!([]));
}

#[test]
fn r4_filters_find_rows() {
    let service = Service::start();
    let api = service.admin("contoso");
    write(&api, &many(60));
    for (filter, count) in [
        ("userId eq 'u007'", 1),
        ("userPrincipalName eq 'u007@contoso.example'", 1),
        ("deviceName eq 'PC-007'", 1),
        ("startswith(deviceName,'PC-00')", 10),
        ("wasSuccessful eq false", 20),
        ("wasSuccessful", 40),
        ("not wasSuccessful", 20),
        ("checkinDateTime ge 2026-01-01T00:50:00Z", 10),
        ("checkinDateTime ge 2026-01-01T02:50:00%2B02:00", 10),
        ("checkinDateTime lt 2026-01-01T00:10:00Z and wasSuccessful eq false", 4),
        ("startswith(deviceName,'PC-00') and wasSuccessful eq true", 6),
        ("userId in ('u001','u002','nobody')", 2),
        ("errorMessage eq null", 60),
        ("errorMessage ne null", 0),
        ("contains(userPrincipalName,'@contoso') and endswith(deviceName,'9')", 6),
        ("tolower(deviceName) eq 'pc-010' or length(userId) eq 3", 1),
    ] {
        let filter = filter.replace(' ', "%20");
        let page = api.get(&format!("{PATH}?$filter={filter}&$count=true")).ok();
        assert_eq!(page["@odata.count"], count, "{filter}");
        assert_eq!(items(&page).len(), count, "{filter}");
        let counted = api.get(&format!("{PATH}/$count?$filter={filter}")).is(200).text();
        assert_eq!(counted, count.to_string(), "{filter}");
    }
}

#[test]
fn r4_a_page_continues_where_it_ended_with_its_options() {
    let service = Service::start();
    let api = service.admin("contoso");
    write(&api, &many(60));
    let query = format!("{PATH}?$filter=wasSuccessful%20eq%20true&$orderby=checkinDateTime%20desc&$select=userId");
    let mut seen: Vec<String> = Vec::new();
    let mut next = query;
    let mut pages = 0;
    loop {
        let page = api.call("GET", &next).header("prefer", "odata.maxpagesize=7").send().ok();
        seen.extend(column(&page, "userId").iter().map(|&user| user.to_owned()));
        pages += 1;
        match page["@odata.nextLink"].as_str() {
            Some(link) => link.clone_into(&mut next),
            None => break,
        }
    }
    assert_eq!(pages, 6);
    assert_eq!(seen.len(), 40);
    assert!(seen.is_sorted_by(|a, b| a > b), "in order, none twice: {seen:?}");
}

#[test]
fn r4_top_beyond_a_page_returns_exactly_that_many_in_all() {
    let service = Service::start();
    let api = service.admin("contoso");
    write(&api, &many(60));
    let mut total = 0;
    let mut next = format!("{PATH}?$top=20");
    loop {
        let page = api.call("GET", &next).header("prefer", "odata.maxpagesize=8").send().ok();
        total += items(&page).len();
        match page["@odata.nextLink"].as_str() {
            Some(link) => link.clone_into(&mut next),
            None => break,
        }
    }
    assert_eq!(total, 20);
}

#[test]
fn a_tampered_continuation_is_400() {
    let service = Service::start();
    let api = service.admin("contoso");
    write(&api, &many(60));
    let page = api.call("GET", PATH).header("prefer", "odata.maxpagesize=7").send().ok();
    let link = page["@odata.nextLink"].as_str().unwrap();
    api.get(&link.replace("skiptoken=", "skiptoken=AAAA")).error(400);
    api.get(&format!("{PATH}?$skiptoken=zzz")).error(400);
}

#[test]
fn r13_a_row_keeps_the_instant_as_it_was_written() {
    let service = Service::start();
    let api = service.admin("contoso");
    let written = [
        "2016-12-31T23:56:33.9571764-08:00",
        "2017-01-01T00:01:46.9896075+00:00",
        "2026-05-05T05:05:05Z",
        "9999-12-31T23:59:59.9999999Z",
        "0001-01-01T00:00:00Z",
        "2026-05-05T05:05:05.10+05:30",
    ];
    let statuses: Vec<Value> =
        written.iter().enumerate().map(|(n, at)| samples::status(&format!("u{n}"), "PC", true, at)).collect();
    write(&api, &statuses);
    let rows = api.get(&format!("{PATH}?$orderby=userId")).ok();
    assert_eq!(column(&rows, "checkinDateTime"), written);
}

#[test]
fn r13_order_and_equality_are_by_instant() {
    let service = Service::start();
    let api = service.admin("contoso");
    write(
        &api,
        &[
            samples::status("late", "PC", true, "2026-01-01T00:30:00Z"),
            samples::status("early", "PC", true, "2026-01-01T02:00:00+02:00"),
            samples::status("last", "PC", true, "2025-12-31T23:00:00-02:00"),
        ],
    );
    let rows = api.get(&format!("{PATH}?$orderby=checkinDateTime")).ok();
    assert_eq!(column(&rows, "userId"), ["early", "late", "last"]);
    let same = api.get(&format!("{PATH}?$filter=checkinDateTime%20eq%202026-01-01T00:00:00Z")).ok();
    assert_eq!(column(&same, "userId"), ["early"]);
}
