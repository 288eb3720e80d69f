//! `delta()` of every collection: from the start in pages, after changes, and with tokens that are none.

use e2e::samples;
use serde_json::{Value, json};

use crate::recorder::Session;

const SET: &str = "/officeConfigurations";

pub(crate) fn run(s: &mut Session<'_>) {
    s.topic("deltas");
    of_configurations(s);
    let pilot = s.make(SET, &json!({}));
    for root in ["/officeConfiguration".to_owned(), format!("{SET}/{pilot}")] {
        of_clients(s, &format!("{root}/clientConfigurations"));
    }
    s.delete(&format!("{SET}/{pilot}")).is(204);
    s.get(&format!("{SET}/{pilot}/clientConfigurations/delta()")).is(404);
    for option in
        ["$filter=id eq 'x'", "$orderby=id", "$search=x", "$skip=1", "$count=true", "$expand=clientConfigurations"]
    {
        s.get(&format!("{SET}/delta()?{option}")).is(400);
    }
    for token in ["zzz", "AAAAAAAAAAAAAAAAAAAAAAAA"] {
        s.get(&format!("{SET}/delta()?$deltatoken={token}")).is(400);
    }
    s.post(&format!("{SET}/delta()"), &json!({})).is(405);
}

/// What changed since a link, to the end; the link of the next time.
fn since(s: &mut Session<'_>, first: &str, size: usize) -> String {
    let last = s.pages(first, size);
    last["@odata.deltaLink"].as_str().unwrap().to_owned()
}

fn of_configurations(s: &mut Session<'_>) {
    let ids: Vec<String> = (0..5).map(|_| s.make(SET, &json!({}))).collect();
    let path = |n: usize| format!("{SET}/{}", ids[n]);
    let latest = s.get(&format!("{SET}/delta()?$deltatoken=latest")).is(200).json();
    let latest = Value::as_str(&latest["@odata.deltaLink"]).unwrap().to_owned();
    let mut links = vec![
        since(s, &format!("{SET}/delta()"), 2),
        since(s, &format!("{SET}/delta?$select=id,createdDateTime"), 100),
        latest,
    ];
    let touch = json!({ "tenantUserCheckinSummary": { "failedUserCount": 1 } });
    s.patch(&path(0), &touch).is(200);
    s.patch(&path(1), &touch).is(200);
    s.delete(&path(1)).is(204);
    s.post(SET, &json!({ "id": ids[1] })).is(201);
    s.delete(&path(2)).is(204);
    for link in &mut links {
        *link = since(s, link, 1);
    }
    let other = s.other.clone();
    s.get(&links[0]).by(&other).is(400);
    s.patch("/officeConfiguration", &json!({})).is(200);
    for n in [0, 1, 3, 4] {
        s.delete(&path(n)).is(204);
    }
    for link in links {
        since(s, &link, 100);
    }
}

fn of_clients(s: &mut Session<'_>, set: &str) {
    let ids = ["one", "two", "three"].map(|name| s.make(set, &samples::client(name)));
    let one = format!("{set}/{}", ids[0]);
    let assignments = format!("{one}/assignments");
    let made = s.make(&assignments, &samples::group_assignment("g1"));
    let mut links = vec![
        since(s, &format!("{set}/delta()"), 2),
        since(s, &format!("{set}/microsoft.graph.windowsOfficeClientConfiguration/delta()"), 100),
        since(s, &format!("{assignments}/delta()"), 100),
    ];
    s.patch(&one, &json!({ "displayName": "one again" })).is(200);
    s.delete(&format!("{set}/{}", ids[1])).is(204);
    s.put(&format!("{set}/{}/policyPayload", ids[2]), &json!([])).is(204);
    let order =
        json!({ "officeConfigurationPolicyIds": [ids[2], ids[0]], "officeConfigurationPriorities": [700, 701] });
    s.post(&format!("{set}/updatePriorities"), &order).is(204);
    s.make(&assignments, &samples::group_assignment("g2"));
    s.patch(&format!("{assignments}/{made}"), &samples::group_assignment("g3")).is(200);
    for link in &mut links {
        *link = since(s, link, 1);
    }
    s.delete(&format!("{assignments}/{made}")).is(204);
    s.post(&format!("{one}/assign"), &json!({ "officeConfigurationAssignments": [samples::group_assignment("g4")] }))
        .is(200);
    links[2] = since(s, &links[2], 100);
    s.delete(&one).is(204);
    s.get(&links[2]).is(404);
    since(s, &links[0], 100);
    since(s, &links[1], 100);
    s.delete(&format!("{set}/{}", ids[2])).is(204);
}
