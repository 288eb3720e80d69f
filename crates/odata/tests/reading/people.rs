//! People with addresses that lead to countries, in memory: navigation properties of complex values, through the engine and the
//! generic reader, in both profiles.

use std::sync::{Arc, LazyLock};

use bytes::Bytes;
use http::{HeaderMap, Method};
use odata::edm::DateTimeOffset;
use odata::engine::{Engine, ErrorContext, Outcome, Settings, Unsealed};
use odata::exec::memory::{Reader, Related, Rows, Source};
use odata::{Error, Model, Profile, Record, RecordBuilder, Value};
use serde_json::Value as Json;

use super::support::ROOT;

pub(crate) static PEOPLE: LazyLock<Arc<Model>> =
    LazyLock::new(|| Arc::new(odata::csdl::read(include_str!("people.csdl.xml")).expect("the model is valid")));

pub(crate) fn new(ty: &str) -> RecordBuilder<'static> {
    RecordBuilder::new(&PEOPLE, PEOPLE.type_by_name(&format!("p.{ty}")).expect("declared"))
}

pub(crate) fn country(ty: &str, code: &str, name: &str) -> Record {
    new(ty).set_named("Code", code).set_named("Name", name).etag(format!("W/\"{code}\"")).whole()
}

pub(crate) fn address(ty: &str, street: &str, country: Option<&str>, visited: &[&str]) -> RecordBuilder<'static> {
    let visited: Vec<Value> = visited.iter().map(|code| Value::from(*code)).collect();
    let country = country.map_or(Value::Null, Value::from);
    new(ty).set_named("Street", street).set_named("CountryCode", country).set_named("VisitedCodes", visited)
}

fn get(record: &Record, name: &str) -> Value {
    let ty = PEOPLE.structured(record.type_id).expect("structured");
    ty.member(name).and_then(|(number, _)| record.get(number)).cloned().unwrap_or(Value::Null)
}

struct Store {
    people: Vec<Arc<Record>>,
    countries: Vec<Arc<Record>>,
}

impl Store {
    /// 1 lives in Oslo; 2, a person of note, has a post box and a villa; 3 lives nowhere.
    fn new() -> Self {
        let note = |id: i32| Value::from(new("Note").set_named("ID", id).build());
        let one = new("Person").set_named("ID", 1).set_named("Name", "Ada");
        let home = address("Address", "Gate 1", Some("NO"), &["FR", "NO", "IT"]);
        let one = one
            .set_named("Address", home.set_named("Notes", vec![note(1), note(2)]).build())
            .set_named(
                "Addresses",
                vec![
                    address("Address", "Via 2", Some("IT"), &["FR"]).set_named("Notes", vec![note(3)]).build().into(),
                    address("PostBox", "Box 3", Some("NO"), &[]).set_named("Number", 3).build().into(),
                    address("Address", "Nowhere", None, &[]).build().into(),
                ],
            )
            .set_named(
                "Trip",
                new("Trip")
                    .set_named("Title", "North")
                    .set_named("Stay", address("Address", "Inn", Some("NO"), &[]).build())
                    .whole(),
            );
        let two = new("Vip").set_named("ID", 2).set_named("Name", "Bob");
        let two = two
            .set_named("Address", address("PostBox", "Box 9", Some("FR"), &[]).set_named("Number", 9).build())
            .set_named("Villa", address("Address", "Cap", Some("FR"), &[]).build());
        let three = new("Person").set_named("ID", 3).set_named("Name", "Cy");
        let countries = [("Kingdom", "NO", "Norway"), ("Country", "FR", "France"), ("Country", "IT", "Italy")];
        Self {
            people: [one, two, three].map(|person| person.whole().into()).into(),
            countries: countries.map(|(ty, code, name)| country(ty, code, name).into()).into(),
        }
    }

    fn country(&self, code: &Value) -> Option<Arc<Record>> {
        self.countries.iter().find(|country| get(country, "Code") == *code).cloned()
    }
}

impl Source for Store {
    fn rows(&self, child: u16) -> Rows<'_> {
        Box::new((0..).zip(if child == 0 { &self.people } else { &self.countries }.iter().cloned()))
    }

    fn entity(&self, child: u16, key: &[Value]) -> Option<Arc<Record>> {
        self.rows(child).map(|(_, row)| row).find(|row| row.get(0) == key.first())
    }

    /// The owner is the complex value: what it says leads to a country.
    fn related(&self, owner: &Record, member: u16) -> Related<'_> {
        let ty = PEOPLE.structured(owner.type_id).expect("structured");
        match &*ty.members[usize::from(member)].name {
            "Country" => Related::One(self.country(&get(owner, "CountryCode"))),
            "Visited" => {
                let codes = get(owner, "VisitedCodes");
                let is_visited = move |country: &Arc<Record>| {
                    codes.as_collection().is_some_and(|codes| codes.contains(&get(country, "Code")))
                };
                Related::Many(Box::new((0..).zip(self.countries.iter().filter(move |it| is_visited(it)).cloned())))
            }
            "Office" => Related::One(self.country(&"IT".into())),
            _ => Related::held(owner, member),
        }
    }
}

static STORE: LazyLock<Store> = LazyLock::new(Store::new);

fn engine(profile: Profile) -> Engine {
    let settings = Settings { page_size_max: None, compute: true, ..Settings::new(profile) };
    Engine::new(Arc::clone(&PEOPLE), settings)
}

/// What a GET answers in a profile: status and body.
pub(crate) fn ask(profile: Profile, url: &str, version: &str) -> (u16, Json) {
    let engine = engine(profile);
    let mut headers = HeaderMap::new();
    headers.insert("odata-maxversion", version.parse().expect("a header"));
    let answer = || {
        let head = engine.head(&Method::GET, url, &headers, ROOT, &Unsealed)?;
        let operation = engine.bind(&head, Bytes::new(), None)?;
        let reader = Reader { model: &PEOPLE, source: &*STORE, now: DateTimeOffset::from_unix_nanos(0) };
        engine.render(&head, reader.read(head.target(), &operation)?, &Unsealed)
    };
    let context =
        ErrorContext { headers: &headers, date: "2025-01-01T00:00:00", request_id: "r", client_request_id: "c" };
    let response = answer().unwrap_or_else(|error| engine.render_error(&error, &context));
    (response.status().as_u16(), serde_json::from_slice(response.body()).expect("JSON"))
}

/// The body of the answer to a creation, of which the application gives what it made.
pub(crate) fn created(body: &str, record: Record) -> Result<Json, Error> {
    let engine = engine(Profile::Strict);
    let mut headers = HeaderMap::new();
    headers.insert("content-type", http::HeaderValue::from_static("application/json"));
    let head = engine.head(&Method::POST, "/People", &headers, ROOT, &Unsealed)?;
    engine.bind(&head, Bytes::copy_from_slice(body.as_bytes()), None)?;
    let outcome = Outcome::Created { record: Arc::new(record), path: "People(7)".to_owned() };
    let response = engine.render(&head, outcome, &Unsealed)?;
    Ok(serde_json::from_slice(response.body()).expect("JSON"))
}
