//! What the writers were told, kept outside the service: for each kind of write, what was acknowledged and what was under way.

use std::collections::HashSet;

use e2e::{Answer, Api, Call, random_id, samples};
use serde_json::{Value, json};

pub(crate) const CLIENTS: &str = "/officeConfiguration/clientConfigurations";
/// Assignments of one `assign` or deep insert.
const GROUPS: usize = 4;
/// Check-in statuses written at once.
const STATUSES: usize = 20;
/// Configurations that change places.
const PLACES: usize = 5;
/// Larger than what the service keeps in memory, so that both kinds of storage are killed.
const PAYLOAD: usize = 100 * 1024;

/// A kind of write that leaves the number of its last success behind.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    /// `POST /officeConfigurations`: grows.
    Create,
    /// `POST …/clientConfigurations` with assignments: grows.
    DeepInsert,
    /// `assign`: all assignments carry the number.
    Assign,
    /// `updatePriorities`: the places are turned by the number.
    Reorder,
    /// `PATCH` of all check-in statuses: each row carries the number.
    Statuses,
    /// `PUT` of a payload made of the number.
    Payload,
    /// `PATCH` of the written summary: both counts are the number.
    Summary,
    /// An atomicity group of a batch: a name, a payload and an assignment of one client configuration carry the number.
    Group,
    /// A client's report of one device, over and over: the error message carries the number.
    Report,
    /// The first reports of ever more devices: grows.
    Device,
}

impl Kind {
    pub(crate) const ALL: [Self; 10] = [
        Self::Create,
        Self::DeepInsert,
        Self::Assign,
        Self::Reorder,
        Self::Statuses,
        Self::Payload,
        Self::Summary,
        Self::Group,
        Self::Report,
        Self::Device,
    ];
}

/// What is known about one kind of write. The value stored is between `acknowledged` and `attempted`.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) kind: Kind,
    /// The last number that the service said it has stored.
    acknowledged: u32,
    /// The last number that was sent.
    attempted: u32,
    /// Ids of acknowledged creations in this round.
    created: Vec<String>,
    /// Acknowledged writes in all rounds.
    pub(crate) total: usize,
}

impl Entry {
    pub(crate) fn new(kind: Kind) -> Self {
        Self { kind, acknowledged: 0, attempted: 0, created: Vec::new(), total: 0 }
    }
}

/// The things that the writers change over and over.
pub(crate) struct Fixture {
    /// Path of the configuration whose assignments and payload change.
    one: String,
    /// Path of the configuration that is changed in groups.
    other: String,
    /// Ids of those that change places.
    places: Vec<String>,
    /// Path of the further configuration that holds those of [`Kind::DeepInsert`].
    pilot: String,
    /// Path of the one that clients check in to.
    fleet: String,
    /// Tokens of the users of [`Kind::Report`] and [`Kind::Device`].
    users: [String; 2],
}

impl Fixture {
    pub(crate) fn new(api: &Api, users: [String; 2]) -> Self {
        let id = |created: Value| created["id"].as_str().unwrap().to_owned();
        let places = (0..PLACES).map(|n| id(api.post(CLIENTS, &samples::client(&format!("place {n}"))).created()));
        let places: Vec<String> = places.collect();
        Self {
            one: format!("{CLIENTS}/{}", places[0]),
            other: format!("{CLIENTS}/{}", places[1]),
            pilot: format!("/officeConfigurations/{}", id(api.post("/officeConfigurations", &json!({})).created())),
            fleet: format!("/officeConfigurations/{}", id(api.post("/officeConfigurations", &json!({})).created())),
            users,
            places,
        }
    }

    fn report(&self, api: &Api, user: usize, device: &str, number: u32) -> Call {
        let id = self.fleet.rsplit('/').next().unwrap();
        let message = number.to_string();
        let report = json!({ "deviceName": device, "lastStatus": false, "lastTaskErrorMessage": message });
        let path = format!("//user/v1.0/windows/policies?configuration={id}");
        api.with_token(&self.users[user]).call("POST", &path).json(&report)
    }

    fn reported(&self, api: &Api, filter: &str) -> Value {
        api.get(&format!("{}/tenantCheckinStatuses?$filter={filter}&$count=true", self.fleet)).ok()
    }

    fn priorities(number: u32) -> Vec<u32> {
        let places = u32::try_from(PLACES).unwrap();
        // Another thousand each time, so that a mixture of two orders shows.
        (0..places).map(|n| (number % 1000) * 1000 + (n + number) % places).collect()
    }

    fn payload(number: u32) -> Vec<u8> {
        number.to_string().into_bytes().into_iter().cycle().take(PAYLOAD).collect()
    }

    fn assignments(number: u32) -> Vec<Value> {
        (0..GROUPS).map(|n| samples::group_assignment(&format!("{number}-{n}"))).collect()
    }

    /// Sends the next write of this kind and notes what came back; false when the connection broke.
    pub(crate) fn write(&self, api: &Api, entry: &mut Entry) -> bool {
        let number = entry.attempted + 1;
        entry.attempted = number;
        let mut id = random_id();
        let call = match entry.kind {
            Kind::Create => {
                let mut body = samples::creation_request();
                body["id"] = json!(id);
                api.call("POST", "/officeConfigurations").json(&body)
            }
            Kind::DeepInsert => {
                let mut body = samples::client(&number.to_string());
                body["assignments"] = json!(Self::assignments(number));
                api.call("POST", &format!("{}/clientConfigurations", self.pilot)).json(&body)
            }
            Kind::Assign => api
                .call("POST", &format!("{}/assign", self.one))
                .json(&json!({ "officeConfigurationAssignments": Self::assignments(number) })),
            Kind::Reorder => api.call("POST", &format!("{CLIENTS}/updatePriorities")).json(&json!({
                "officeConfigurationPolicyIds": self.places,
                "officeConfigurationPriorities": Self::priorities(number)
            })),
            Kind::Statuses => {
                let row =
                    |n: usize| samples::status(&format!("u{n}"), &number.to_string(), true, "2026-01-01T00:00:00Z");
                let rows: Vec<Value> = (0..STATUSES).map(row).collect();
                api.call("PATCH", "/officeConfiguration").json(&json!({ "tenantCheckinStatuses": rows }))
            }
            Kind::Payload => {
                api.call("PUT", &format!("{}/policyPayload", self.one)).body("text/plain", &Self::payload(number))
            }
            Kind::Summary => api.call("PATCH", "/officeConfiguration").json(&json!({
                "tenantUserCheckinSummary": { "succeededUserCount": number, "failedUserCount": number }
            })),
            Kind::Group => api.call("POST", "/$batch").json(&self.group(number)),
            Kind::Report => self.report(api, 0, "PC", number),
            Kind::Device => self.report(api, 1, &format!("PC-{number}"), number),
        };
        let Ok(answer) = call.try_send() else { return false };
        match answer.status {
            // A batch is answered, and one of the requests in it was not taken.
            200 if entry.kind == Kind::Group && answer.text().contains("\"status\":503") => true,
            200 | 201 | 204 => {
                if entry.kind == Kind::Group {
                    assert_eq!(answer.text().matches("\"status\":20").count(), 3, "{}", answer.text());
                }
                if entry.kind == Kind::DeepInsert {
                    answer.json()["id"].as_str().unwrap().clone_into(&mut id);
                }
                if matches!(entry.kind, Kind::Create | Kind::DeepInsert) {
                    entry.created.push(id);
                }
                entry.acknowledged = number;
                entry.total += 1;
                true
            }
            // Not taken, so nothing was promised.
            503 => true,
            _ => panic!("{:?}: {} {}", entry.kind, answer.status, answer.text()),
        }
    }

    /// Stops the test unless what is stored now is whole and was acknowledged, or was under way.
    pub(crate) fn check(&self, api: &Api, entry: &mut Entry, round: usize) {
        let found = match entry.kind {
            Kind::Create => {
                for id in &entry.created {
                    let whole = api.get(&format!("/officeConfigurations/{id}")).ok();
                    assert_eq!(whole["tenantCheckinStatuses"].as_array().unwrap().len(), 1, "round {round}: {whole}");
                    assert_eq!(whole["tenantUserCheckinSummary"]["failedUserCount"], 15, "round {round}: {whole}");
                }
                None
            }
            Kind::DeepInsert => {
                for id in &entry.created {
                    let path = format!("{}/clientConfigurations/{id}/assignments/$count", self.pilot);
                    assert_eq!(api.get(&path).is(200).text(), GROUPS.to_string(), "round {round}");
                }
                None
            }
            Kind::Assign => self.assigned(api),
            Kind::Reorder => self.order(api, entry),
            Kind::Statuses => statuses(api),
            Kind::Payload => self.stored_payload(api, entry),
            Kind::Summary => summary(api, entry),
            Kind::Group => self.grouped(api),
            Kind::Report => {
                let page = self.reported(api, "startswith(userPrincipalName,'anna')");
                page["value"][0]["errorMessage"].as_str().map(|number| number.parse().unwrap())
            }
            Kind::Device => {
                let page = self.reported(api, "startswith(userPrincipalName,'bert')");
                self.check_summary(api, round);
                let count = usize::try_from(page["@odata.count"].as_u64().unwrap()).unwrap();
                let attempted = usize::try_from(entry.attempted).unwrap();
                assert!(
                    (entry.total..=attempted).contains(&count),
                    "round {round}: {count} devices, not {}",
                    entry.total
                );
                None
            }
        };
        entry.created.clear();
        if matches!(entry.kind, Kind::Create | Kind::DeepInsert | Kind::Device) {
            return;
        }
        let number = found.unwrap_or(0);
        assert!(
            (entry.acknowledged..=entry.attempted).contains(&number),
            "round {round}: {:?} has number {number}, acknowledged {}, attempted {}",
            entry.kind,
            entry.acknowledged,
            entry.attempted
        );
        entry.acknowledged = number;
        entry.attempted = entry.attempted.max(number);
    }

    fn group(&self, number: u32) -> Value {
        let one = |id: &str, method: &str, url: String, media_type: &str, body: Value| {
            let headers = json!({ "Content-Type": media_type });
            json!({ "id": id, "atomicityGroup": "g", "method": method, "url": url, "headers": headers, "body": body })
        };
        let assignments = json!({ "officeConfigurationAssignments": [samples::group_assignment(&number.to_string())] });
        json!({ "requests": [
            one("1", "PATCH", self.other.clone(), "application/json", json!({ "description": number.to_string() })),
            one("2", "PUT", format!("{}/policyPayload", self.other), "text/plain", json!(number.to_string())),
            one("3", "POST", format!("{}/assign", self.other), "application/json", assignments),
        ] })
    }

    /// What is counted as things change is what a count of the rows gives: both users failed, once they have reported.
    fn check_summary(&self, api: &Api, round: usize) {
        let summary = api.get(&format!("{}/tenantUserCheckinSummary", self.fleet)).ok();
        let anna = self.reported(api, "startswith(userPrincipalName,'anna')")["@odata.count"].as_u64().unwrap();
        let bert = self.reported(api, "startswith(userPrincipalName,'bert')")["@odata.count"].as_u64().unwrap();
        let failed = u64::from(anna > 0) + u64::from(bert > 0);
        assert_eq!(summary["failedUserCount"].as_u64(), Some(failed), "round {round}: {summary}");
        assert_eq!(summary["succeededUserCount"].as_u64(), Some(0), "round {round}: {summary}");
    }

    fn grouped(&self, api: &Api) -> Option<u32> {
        let entity = api.get(&format!("{}?$expand=assignments", self.other)).ok();
        let number = entity["description"].as_str()?;
        assert_eq!(entity["assignments"][0]["target"]["groupId"], number, "a group was half applied");
        assert_eq!(
            api.get(&format!("{}/policyPayload", self.other)).is(200).text(),
            number,
            "a group was half applied"
        );
        number.parse().ok()
    }

    fn assigned(&self, api: &Api) -> Option<u32> {
        let page = api.get(&format!("{}/assignments", self.one)).ok();
        let groups: Vec<&str> =
            page["value"].as_array().unwrap().iter().map(|item| item["target"]["groupId"].as_str().unwrap()).collect();
        let number = groups.first()?.split('-').next().unwrap().parse().unwrap();
        let whole: Vec<String> = (0..GROUPS).map(|n| format!("{number}-{n}")).collect();
        assert_eq!(groups, whole, "assign was half applied");
        Some(number)
    }

    fn order(&self, api: &Api, entry: &Entry) -> Option<u32> {
        let priority =
            |id: &String| api.get(&format!("{CLIENTS}/{id}?$select=priority")).ok()["priority"].as_u64().unwrap();
        let stored: Vec<u32> = self.places.iter().map(|id| u32::try_from(priority(id)).unwrap()).collect();
        let possible = entry.acknowledged.max(1)..=entry.attempted;
        let number = possible.clone().find(|&number| Self::priorities(number) == stored);
        let initial = entry.acknowledged == 0 && stored == [0, 1, 2, 3, 4];
        assert!(number.is_some() || initial, "half applied: {stored:?} is none of {possible:?}");
        number
    }

    fn stored_payload(&self, api: &Api, entry: &Entry) -> Option<u32> {
        let answer: Answer = api.get(&format!("{}/policyPayload", self.one));
        if answer.status == 204 {
            return None;
        }
        let body = answer.is(200).body;
        let number = (entry.acknowledged.max(1)..=entry.attempted).find(|&number| Self::payload(number) == body);
        assert!(number.is_some(), "a payload that nobody sent: {:?}…", &body[..body.len().min(20)]);
        number
    }

    /// What grew is there whole and once: every deep insert that is there at all, and every device, at least as many as were acknowledged.
    pub(crate) fn check_all(&self, api: &Api, ledger: &[Entry]) {
        let acknowledged = |kind| ledger.iter().find(|entry| entry.kind == kind).map_or(0, |entry| entry.total);
        let inserts = all(api, &format!("{}/clientConfigurations?$select=id,displayName", self.pilot));
        once(&inserts, "displayName", acknowledged(Kind::DeepInsert));
        for insert in inserts {
            let id = insert["id"].as_str().unwrap();
            let path = format!("{}/clientConfigurations/{id}/assignments/$count", self.pilot);
            assert_eq!(api.get(&path).is(200).text(), GROUPS.to_string(), "a deep insert was half applied");
        }
        let filter = "$filter=startswith(userPrincipalName,'bert')&$select=deviceName";
        let devices = all(api, &format!("{}/tenantCheckinStatuses?{filter}", self.fleet));
        once(&devices, "deviceName", acknowledged(Kind::Device));
    }
}

/// All items of a collection, page by page.
fn all(api: &Api, first: &str) -> Vec<Value> {
    let (mut next, mut items) = (first.to_owned(), Vec::new());
    loop {
        let page = api.get(&next).ok();
        items.extend(page["value"].as_array().unwrap().iter().cloned());
        match page["@odata.nextLink"].as_str() {
            Some(link) => link.clone_into(&mut next),
            None => return items,
        }
    }
}

/// Stops the test where something was made twice, or fewer are there than were acknowledged.
fn once(items: &[Value], member: &str, acknowledged: usize) {
    let names: HashSet<&str> = items.iter().map(|item| item[member].as_str().unwrap()).collect();
    assert_eq!(names.len(), items.len(), "a {member} is there twice");
    assert!(names.len() >= acknowledged, "{} of {acknowledged} are there", names.len());
}

fn statuses(api: &Api) -> Option<u32> {
    let page = api.get("/officeConfiguration/tenantCheckinStatuses?$top=100").ok();
    let rows = page["value"].as_array().unwrap();
    let number = rows.first()?["deviceName"].as_str().unwrap();
    assert_eq!(rows.len(), STATUSES, "statuses were half replaced");
    assert!(rows.iter().all(|row| row["deviceName"] == number), "statuses of two writes: {page}");
    number.parse().ok()
}

fn summary(api: &Api, entry: &Entry) -> Option<u32> {
    if entry.attempted == 0 {
        return None;
    }
    let summary = api.get("/officeConfiguration").ok()["tenantUserCheckinSummary"].clone();
    let succeeded = summary["succeededUserCount"].as_u64().unwrap();
    if entry.acknowledged > 0 {
        assert_eq!(summary["failedUserCount"].as_u64(), Some(succeeded), "a summary was half applied");
    }
    let number = u32::try_from(succeeded).unwrap();
    // Before anything was written it is computed, and may show any number of users.
    (number <= entry.attempted).then_some(number)
}
