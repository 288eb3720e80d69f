//! Several servers of one database: what one was told, the other knows of at once, whatever is asked of it.

use e2e::{Api, Database, Setup, Store, samples};
use serde_json::json;

use crate::world::CLIENTS;

/// Times that one server changes what the other one thinks it knows.
const TIMES: usize = 25;

/// Two servers that both know the tenant.
fn two() -> Option<(Vec<e2e::Service>, [Api; 2])> {
    let database = Database::shared()?;
    let services: Vec<_> = (0..2).map(|_| Setup::default().store(Store::Database(database.clone())).start()).collect();
    let one = services[0].admin(&e2e::random_id());
    let other = one.at(&services[1]);
    one.post("/officeConfiguration", &samples::creation_request()).created();
    for api in [&one, &other] {
        api.get(CLIENTS).ok();
        api.patch("/officeConfiguration", &json!({})).ok();
    }
    Some((services, [one, other]))
}

#[test]
fn what_one_has_made_the_other_changes_at_once() {
    let Some((_services, [one, other])) = two() else { return };
    for n in 0..TIMES {
        let (one, other) = if n % 2 == 0 { (&one, &other) } else { (&other, &one) };
        let made = one.post(CLIENTS, &samples::client("Word")).created();
        let client = format!("{CLIENTS}/{}", made["id"].as_str().unwrap());
        match n % 5 {
            0 => assert_eq!(other.patch(&client, &json!({ "description": "seen" })).ok()["description"], "seen"),
            1 => drop(other.put(&format!("{client}/policyPayload"), "application/json", b"[]").no_content()),
            2 => drop(other.post(&format!("{client}/assignments"), &samples::group_assignment("g1")).created()),
            3 => {
                drop(
                    other
                        .put(&format!("{client}/displayName"), "application/json", br#"{"value":"Excel"}"#)
                        .no_content(),
                );
                assert_eq!(one.get(&client).ok()["displayName"], "Excel");
            }
            _ => drop(other.delete(&client).no_content()),
        }
        one.get(&client).is(if n % 5 == 4 { 404 } else { 200 });
    }
}

#[test]
fn what_one_has_removed_the_other_finds_gone_at_once() {
    let Some((_services, [one, other])) = two() else { return };
    for n in 0..TIMES {
        let made = other.post(CLIENTS, &samples::client("Word")).created();
        let client = format!("{CLIENTS}/{}", made["id"].as_str().unwrap());
        let known = other.patch(&client, &json!({ "description": "known" }));
        let tag = known.expect_header("etag");
        one.delete(&client).no_content();
        match n % 5 {
            0 => drop(other.patch(&client, &json!({ "description": "still" })).error(404)),
            1 => drop(other.put(&format!("{client}/policyPayload"), "application/json", b"[]").error(404)),
            2 => drop(other.post(&format!("{client}/assignments"), &samples::group_assignment("g1")).error(404)),
            3 => drop(other.call("DELETE", &client).header("if-match", &tag).send().error(404)),
            _ => drop(other.put(&format!("{client}/displayName"), "application/json", br#"{"value":"x"}"#).error(404)),
        }
    }
}

#[test]
fn of_two_changes_for_one_tag_through_different_servers_one_counts() {
    let Some((_services, [one, other])) = two() else { return };
    let made = one.post(CLIENTS, &samples::client("Word")).created();
    let client = format!("{CLIENTS}/{}", made["id"].as_str().unwrap());
    for n in 0..TIMES {
        let tag = other.get(&client).is(200).expect_header("etag");
        let change = |api: &Api, by: &str| {
            let body = json!({ "description": format!("{n} {by}") });
            api.call("PATCH", &client).header("if-match", &tag).json(&body).send()
        };
        let answers = std::thread::scope(|scope| {
            let (first, second) = (scope.spawn(|| change(&one, "one")), scope.spawn(|| change(&other, "other")));
            [first.join().unwrap(), second.join().unwrap()]
        });
        let made: Vec<_> = answers.iter().filter(|answer| answer.status == 200).collect();
        assert_eq!(made.len(), 1, "{n}");
        assert!(answers.iter().all(|answer| [200, 412].contains(&answer.status)));
        assert_eq!(one.get(&client).ok()["description"], made[0].json()["description"]);
    }
}
