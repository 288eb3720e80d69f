//! A garden: an open entity type, an open complex type, and types that are not open, with a store that keeps what is written.

use std::cell::RefCell;
use std::sync::{Arc, LazyLock};

use bytes::Bytes;
use http::{Method, Response};
use odata::edm::DateTimeOffset;
use odata::engine::{Engine, Head, Operation, Outcome, Segment, Settings};
use odata::exec::memory::{Reader, Rows, Source};
use odata::{Error, ErrorKind, Model, Profile, Record, Value};
use serde_json::Value as Json;

use super::support::{ROOT, Seal, World, headers};

pub(crate) static GARDEN: LazyLock<Arc<Model>> =
    LazyLock::new(|| Arc::new(odata::csdl::read(include_str!("garden.csdl.xml")).expect("the garden model is valid")));

/// A service over the garden, with nothing in it.
pub(crate) struct Garden {
    pub(crate) world: World,
    plants: RefCell<Plants>,
}

#[derive(Clone, Default)]
struct Plants(Vec<Arc<Record>>);

impl Source for Plants {
    fn rows(&self, child: u16) -> Rows<'_> {
        Box::new((0..).zip(self.0.iter().filter(move |_| child == 0).cloned()))
    }

    fn entity(&self, _child: u16, key: &[Value]) -> Option<Arc<Record>> {
        self.0.iter().find(|plant| plant.get(0) == key.first()).cloned()
    }
}

impl Garden {
    pub(crate) fn new() -> Self {
        let settings = Settings { compute: true, short_names: true, ..Settings::new(Profile::Strict) };
        let world = World { engine: Engine::new(Arc::clone(&GARDEN), settings) };
        Self { world, plants: RefCell::default() }
    }

    /// Does what a request asks.
    pub(crate) fn send(&self, method: &str, url: &str, body: &str) -> Result<Response<Bytes>, Error> {
        self.request(method, url, &[], body)
    }

    fn request(&self, method: &str, url: &str, more: &[(&str, &str)], body: &str) -> Result<Response<Bytes>, Error> {
        let all = [more, &[("content-type", "application/json"), ("odata-maxversion", "4.01")]].concat();
        let all = headers(&all);
        let method = Method::from_bytes(method.as_bytes()).expect("a method");
        let head = self.world.engine.head(&method, url, &all, ROOT, &Seal)?;
        let operation = self.world.engine.bind(&head, Bytes::copy_from_slice(body.as_bytes()), None)?;
        let outcome = self.perform(&head, &operation);
        let outcome = if let Some(outcome) = outcome? {
            outcome
        } else {
            let plants = self.plants.borrow().clone();
            let now = DateTimeOffset::from_unix_nanos(0);
            Reader { model: &GARDEN, source: &plants, now }.read(head.target(), &operation)?
        };
        self.world.engine.render(&head, outcome, &Seal)
    }

    fn perform(&self, head: &Head, operation: &Operation) -> Result<Option<Outcome>, Error> {
        let (engine, path) = (&self.world.engine, &head.target().segments);
        match operation {
            Operation::Create(record) => {
                let mut record = record.clone();
                engine.complete(&mut record);
                engine.check_complete(&record)?;
                let record = Arc::new(record);
                self.plants.borrow_mut().0.push(Arc::clone(&record));
                Ok(Some(Outcome::Created { record, path: "Plants(1)".to_owned() }))
            }
            Operation::Update { record, replace } => self.change(path, |plant| {
                if *replace {
                    let kept = plant.clone();
                    *plant = Record::new(kept.type_id, kept.members.len());
                    plant.set(0, kept.get(0).cloned().unwrap_or(Value::Null));
                }
                plant.merge(record);
                Ok(())
            }),
            Operation::SetProperty(_) | Operation::SetDynamic(_) | Operation::ClearProperty => {
                self.change(path, |plant| engine.change_property(head, plant, operation))
            }
            _ => Ok(None),
        }
    }

    fn change(
        &self,
        path: &[Segment],
        change: impl FnOnce(&mut Record) -> Result<(), Error>,
    ) -> Result<Option<Outcome>, Error> {
        let mut plants = self.plants.borrow_mut();
        let Some(Segment::Key(key)) = path.get(1) else { panic!("a plant: {path:?}") };
        let plant = plants.0.iter_mut().find(|plant| plant.get(0) == key.first());
        let plant = plant.ok_or_else(|| Error::new(ErrorKind::NotFound, "There is none."))?;
        let mut next = Record::clone(plant);
        change(&mut next)?;
        self.world.engine.check_complete(&next)?;
        *plant = Arc::new(next);
        Ok(Some(Outcome::Updated(Arc::clone(plant))))
    }

    /// The status and the code of an answer.
    pub(crate) fn status(&self, method: &str, url: &str, body: &str) -> u16 {
        match self.send(method, url, body) {
            Ok(response) => response.status().as_u16(),
            Err(error) => self.world.status(&error),
        }
    }

    /// The refusal of a request: its status, and what it names.
    pub(crate) fn refused(&self, method: &str, url: &str, body: &str) -> (u16, String) {
        let (status, _, target) = self.world.told(self.send(method, url, body));
        (status, target)
    }

    pub(crate) fn get(&self, url: &str) -> Json {
        let response = self.send("GET", url, "").unwrap_or_else(|error| panic!("{url}: {error:?}"));
        assert_eq!(response.status(), 200, "{url}");
        serde_json::from_slice(response.body()).expect("JSON")
    }

    /// Ids of all pages of so many plants.
    pub(crate) fn paged(&self, url: &str, size: usize) -> Vec<i64> {
        let prefer = format!("maxpagesize={size}");
        let mut next = Some(url.to_owned());
        let mut ids = Vec::new();
        while let Some(url) = next.take().filter(|_| ids.len() < 100) {
            let response = self.request("GET", &url, &[("prefer", &prefer)], "").expect("a page");
            let page: Json = serde_json::from_slice(response.body()).expect("JSON");
            ids.extend(page["value"].as_array().expect("a page").iter().filter_map(|plant| plant["Id"].as_i64()));
            next = page["@nextLink"].as_str().map(|link| link.trim_start_matches(ROOT).to_owned());
        }
        ids
    }

    pub(crate) fn post(&self, body: &str) {
        assert_eq!(self.status("POST", "/Plants", body), 201, "{body}");
    }

    /// Ids of a page of plants.
    pub(crate) fn ids(&self, options: &str) -> Vec<i64> {
        let page = self.get(&format!("/Plants?{options}"));
        page["value"].as_array().expect("a page").iter().filter_map(|plant| plant["Id"].as_i64()).collect()
    }
}
