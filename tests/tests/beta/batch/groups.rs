//! `atomicityGroup`: all or nothing, whoever else changes the tenant meanwhile.

use std::sync::atomic::{AtomicBool, Ordering};

use e2e::{Api, Service, random_id, samples};
use serde_json::{Value, json};

use super::{Answers, CLIENTS, count, request, with, with_body};
use crate::{column, items, text};

/// The requests as one group.
fn group(name: &str, requests: impl IntoIterator<Item = Value>) -> Vec<Value> {
    requests.into_iter().map(|request| with(request, "atomicityGroup", json!(name))).collect()
}

fn path_of(answers: &Answers, id: &str) -> String {
    format!("{CLIENTS}/{}", text(answers.body(id, 201), "id"))
}

#[test]
fn the_requests_of_a_group_see_what_those_before_them_did_and_all_of_it_is_made() {
    let service = Service::start();
    let api = service.admin("contoso");
    let statuses = json!([samples::status("u1", "d1", false, &samples::days_ago(1))]);
    let answers = Answers::of(
        &api,
        &group(
            "g",
            [
                with_body("1", "POST", "/officeConfigurations", json!({ "tenantCheckinStatuses": statuses })),
                with_body("2", "POST", "$1/clientConfigurations", samples::client("Word")),
                with_body("3", "POST", "$1/clientConfigurations", samples::client("Excel")),
                with_body("4", "POST", "$2/assignments", samples::group_assignment("g1")),
                with_body("5", "PATCH", "$3", json!({ "description": "second" })),
                request("6", "GET", "$1?$expand=clientConfigurations($expand=assignments)"),
                request("7", "GET", "$1/tenantCheckinStatuses?$count=true"),
                request("8", "GET", "$1/clientConfigurations?$orderby=priority%20desc&$select=displayName"),
            ],
        ),
    );
    assert_eq!(answers.statuses(), [201, 201, 201, 201, 200, 200, 200, 200]);
    assert!(answers.0.iter().all(|answer| answer["atomicityGroup"] == "g"));
    let root = format!("/officeConfigurations/{}", text(answers.body("1", 201), "id"));
    let whole = api.get(&format!("{root}?$expand=clientConfigurations($expand=assignments)")).ok();
    assert_eq!(&whole, answers.body("6", 200), "what it was answered inside is what there is");
    assert_eq!(whole["tenantUserCheckinSummary"]["failedUserCount"], 1);
    assert_eq!(answers.body("7", 200)["@odata.count"], 1);
    assert_eq!(column(answers.body("8", 200), "displayName"), ["Excel", "Word"]);
}

#[test]
fn the_etags_of_a_group_are_those_that_are_there_afterwards() {
    let service = Service::start();
    let api = service.admin("contoso");
    let client = with_body("1", "POST", CLIENTS, samples::client("Word"));
    let payload = with(with_body("2", "PUT", "$1/policyPayload", json!([])), "id", json!("2"));
    let answers = Answers::of(&api, &group("g", [client, payload, request("3", "GET", "/officeConfiguration")]));
    assert_eq!(answers.statuses(), [201, 204, 200]);
    let path = path_of(&answers, "1");
    let etag = |id: &str| text(&answers.to(id)["headers"], "ETag").to_owned();
    for (id, path) in [("2", format!("{path}/policyPayload")), ("3", "/officeConfiguration".to_owned())] {
        assert_eq!(api.get(&path).is(200).expect_header("etag"), etag(id), "{path}");
    }
    let update = api.call("PATCH", &path).header("if-match", &etag("1")).json(&json!({ "description": "x" })).send();
    assert_eq!(update.ok()["description"], "x");
}

#[test]
fn when_one_fails_nothing_of_the_group_is_made_and_the_others_are_424() {
    let service = Service::start();
    let api = service.admin("contoso");
    let word = format!("{CLIENTS}/{}", text(&api.post(CLIENTS, &samples::client("Word")).created(), "id"));
    api.put(&format!("{word}/policyPayload"), "text/plain", b"before").no_content();
    let before = api.get("/officeConfiguration?$expand=clientConfigurations").is(200).text();
    let failing = [
        with_body("x", "POST", CLIENTS, samples::client_with_priority("taken", 0)),
        with_body("x", "POST", CLIENTS, json!({ "colour": 1 })),
        request("x", "GET", &format!("{CLIENTS}/{}", random_id())),
        request("x", "GET", "/nothing"),
    ];
    for (failing, status) in failing.into_iter().zip([409, 400, 404, 400]) {
        let mut requests = vec![request("before", "GET", &word)];
        requests.extend(group(
            "g",
            [
                with_body("1", "POST", CLIENTS, samples::client("Excel")),
                with_body("2", "PATCH", &word, json!({ "displayName": "changed" })),
                with_body("3", "PUT", &format!("{word}/policyPayload"), json!(["changed"])),
                request("4", "GET", &word),
                failing,
                request("5", "DELETE", &word),
                with_body("6", "POST", "/officeConfigurations", json!({})),
            ],
        ));
        requests.push(request("after", "GET", &word));
        let answers = Answers::of(&api, &requests);
        assert_eq!(answers.statuses(), [200, 424, 424, 424, 424, status, 424, 424, 200]);
        answers.error("1", 424);
        assert_eq!(answers.to("before")["body"], answers.to("after")["body"]);
        assert_eq!(api.get("/officeConfiguration?$expand=clientConfigurations").is(200).text(), before);
        assert_eq!(api.get(&word).ok()["displayName"], "Word", "what the group saw was kept for nobody");
        assert_eq!(api.get(&format!("{word}/policyPayload")).is(200).body, b"before");
        assert_eq!(items(&api.get("/officeConfigurations").ok()).len(), 1);
    }
}

#[test]
fn what_depends_on_a_group_runs_only_when_it_was_made() {
    let service = Service::start();
    let api = service.admin("contoso");
    let make = |id: &str| with_body(id, "POST", CLIENTS, samples::client(id));
    let after = |id: &str, group: &str| with(make(id), "dependsOn", json!([group]));
    let mut requests = group("good", [make("1"), make("2")]);
    requests.extend(group("bad", [make("3"), request("4", "GET", "/nothing")]));
    requests.extend([after("5", "good"), after("6", "bad"), after("7", "1"), after("8", "3")]);
    requests.extend(group("last", [after("9", "bad"), make("10")]));
    let answers = Answers::of(&api, &requests);
    assert_eq!(answers.statuses(), [201, 201, 424, 400, 201, 424, 201, 424, 424, 424]);
    assert_eq!(count(&api), 4);
}

#[test]
fn preconditions_hold_inside_a_group() {
    let service = Service::start();
    let api = service.admin("contoso");
    let made = api.post(CLIENTS, &samples::client("Word")).created();
    let word = format!("{CLIENTS}/{}", text(&made, "id"));
    let change = |id: &str, url: &str, tag: &str| {
        let request = with_body(id, "PATCH", url, json!({ "description": id }));
        with(request, "headers", json!({ "Content-Type": "application/json", "If-Match": tag }))
    };
    let old = text(&made, "@odata.etag");
    let stale = group("g", [change("1", &word, old), change("2", &word, old)]);
    assert_eq!(Answers::of(&api, &stale).statuses(), [424, 412], "the first has moved it");
    assert_eq!(api.get(&word).ok()["@odata.etag"], old);
    let fresh = group("g", [change("1", &word, old), change("2", "$1", "$1"), request("3", "GET", &word)]);
    let answers = Answers::of(&api, &fresh);
    assert_eq!(answers.statuses(), [200, 200, 200]);
    assert_eq!(api.get(&word).ok(), *answers.body("3", 200));
}

#[test]
fn r2_a_group_may_make_empty_and_make_again_the_default_configuration() {
    let service = Service::start();
    let api = service.admin("contoso");
    let row =
        |user: &str| json!({ "tenantCheckinStatuses": [samples::status(user, "d", true, &samples::days_ago(1))] });
    let id = text(&api.post("/officeConfiguration", &row("old")).created(), "id").to_owned();
    let answers = Answers::of(
        &api,
        &group(
            "g",
            [
                request("1", "DELETE", &format!("/officeConfigurations/{id}")),
                request("2", "GET", "/officeConfiguration/tenantCheckinStatuses"),
                with_body("3", "POST", CLIENTS, samples::client("Word")),
                request("4", "GET", "/officeConfiguration/tenantCheckinStatuses/$count"),
                with_body("5", "PATCH", "/officeConfiguration", row("new")),
                request("6", "GET", "/officeConfiguration/tenantUserCheckinSummary"),
                with_body(
                    "7",
                    "PATCH",
                    "/officeConfiguration",
                    json!({ "tenantUserCheckinSummary": { "failedUserCount": 5 } }),
                ),
            ],
        ),
    );
    assert_eq!(answers.statuses(), [204, 200, 201, 200, 200, 200, 200]);
    assert_eq!(answers.body("2", 200)["value"], json!([]));
    assert_eq!(answers.body("4", 200), "0");
    assert_eq!(answers.body("6", 200)["succeededUserCount"], 1);
    let there = api.get("/officeConfiguration").ok();
    assert_eq!(there["tenantCheckinStatuses"][0]["userId"], "new");
    let summary = &there["tenantUserCheckinSummary"];
    assert_eq!((&summary["succeededUserCount"], &summary["failedUserCount"]), (&json!(1), &json!(5)));
    assert_eq!(count(&api), 1);
}

/// Says that it is over, also when a test stops half-way.
struct Done<'d>(&'d AtomicBool);

impl Drop for Done<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Runs `work` while `writers` others change the tenant as fast as they can.
fn among_writers(service: &Service, writers: usize, work: impl FnOnce(&Api)) {
    let (api, done) = (service.admin("contoso"), AtomicBool::new(false));
    std::thread::scope(|scope| {
        for _ in 0..writers {
            scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    api.post("/officeConfigurations", &json!({})).created();
                }
            });
        }
        let _done = Done(&done);
        work(&api);
    });
}

#[test]
fn a_group_comes_to_its_end_however_busy_the_tenant_is() {
    let service = Service::start();
    among_writers(&service, 6, |api| {
        for n in 0..40 {
            let made = with_body("1", "POST", CLIENTS, samples::client(&format!("{n}")));
            let answers = Answers::of(
                api,
                &group(
                    "g",
                    [made, with_body("2", "PATCH", "$1", json!({ "description": "x" })), request("3", "GET", "$1")],
                ),
            );
            assert_eq!(answers.statuses(), [201, 200, 200]);
            let path = path_of(&answers, "1");
            assert_eq!(&api.get(&path).ok(), answers.body("3", 200), "answers and entity tags are of what was made");
        }
        assert_eq!(count(api), 40);
    });
}

#[test]
fn groups_at_the_same_time_happen_one_after_the_other() {
    const CALLERS: usize = 6;
    const GROUPS: usize = 10;
    let service = Service::start();
    let api = service.admin("contoso");
    let places = |answers: &Answers| ["1", "2", "3"].map(|id| answers.body(id, 201)["priority"].as_u64().unwrap());
    let taken: Vec<[u64; 3]> = std::thread::scope(|scope| {
        let callers: Vec<_> = (0..CALLERS)
            .map(|_| {
                scope.spawn(|| {
                    let make = |id: &str| with_body(id, "POST", CLIENTS, samples::client("x"));
                    let requests = group("g", ["1", "2", "3"].map(make));
                    (0..GROUPS).map(|_| places(&Answers::of(&api, &requests))).collect::<Vec<_>>()
                })
            })
            .collect();
        callers.into_iter().flat_map(|caller| caller.join().unwrap()).collect()
    });
    for [first, second, third] in &taken {
        assert_eq!((*second, *third), (first + 1, first + 2), "no other group came between");
    }
    let mut all: Vec<u64> = taken.into_iter().flatten().collect();
    all.sort_unstable();
    assert_eq!(all, (0..(CALLERS * GROUPS * 3) as u64).collect::<Vec<_>>());
}
