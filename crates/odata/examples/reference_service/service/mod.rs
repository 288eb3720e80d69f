//! The reference service: the model of `model.csdl.xml` over data in memory.
//!
//! A request goes through the four steps of the engine: `head`, `bind`, what this service does, `render`. All of it runs
//! under one lock on the data, so that every request, and every batch, sees and leaves a whole state.

mod batch;
mod collection;
mod create;
mod deep;
mod delta;
mod env;
mod http;
mod jobs;
mod operations;
mod read;
mod references;
mod rules;
mod schema;
mod seal;
mod seed;
mod source;
mod store;
mod stream;
mod walk;
mod write;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use hyper::{HeaderMap, Request, Response};
use odata::engine::{Access, Engine, ErrorContext, Head, Operation, Outcome, Settings};
use odata::{Error, Profile};
use uuid::Uuid;

use jobs::Jobs;
use schema::{Schema, Set};
use seal::Seal;
use store::Store;

pub(crate) use http::serve;

const MODEL: &str = include_str!("../model.csdl.xml");

/// Why the service cannot start.
pub(crate) type Fault = Box<dyn std::error::Error + Send + Sync>;

/// The service.
#[derive(Debug)]
pub(crate) struct Service {
    engine: Engine,
    seal: Seal,
    store: Mutex<Store>,
    jobs: Jobs,
}

impl Service {
    /// With the seed loaded.
    ///
    /// # Errors
    /// The model or the seed do not fit this service.
    pub(crate) fn new() -> Result<Self, Fault> {
        let model = Arc::new(odata::csdl::read(MODEL)?);
        let schema = Arc::new(Schema::new(Arc::clone(&model)).ok_or("the model lacks what the service needs")?);
        let product = schema.type_of(Set::Products);
        let settings = Settings {
            page_size_max: None,
            compute: true,
            deep_updates: true,
            collection_changes: true,
            inline_streams: true,
            list_functions: true,
            metadata_xml: Some(MODEL.into()),
            discriminators: HashMap::from([(product, "ProductType".into())]),
            ..Settings::new(Profile::Strict)
        };
        let store = seed::load(&Store::new(Arc::clone(&schema)))?;
        Ok(Self {
            engine: Engine::new(model, settings),
            seal: Seal::default(),
            store: Mutex::new(store),
            jobs: Jobs::default(),
        })
    }

    /// Answers one request, now or later. `root` is the absolute service root without a trailing slash.
    pub(crate) fn answer(self: &Arc<Self>, request: &Request<Bytes>, root: &str) -> Response<Bytes> {
        if Jobs::is_monitor(request) {
            let answer = self.jobs.monitor(&self.engine, request, root);
            return answer.unwrap_or_else(|error| self.refuse(request.headers(), &error));
        }
        if jobs::is_asked(request.headers())
            && let Some(id) = self.jobs.accept()
        {
            let (service, later, owned_root) = (Arc::clone(self), jobs::at_once(request), root.to_owned());
            tokio::spawn(async move {
                if service.jobs.is_wanted(id) {
                    let response = service.answer_now(&later, &owned_root, Some(id));
                    service.jobs.finish(id, response);
                }
            });
            let answer = jobs::accepted(&self.engine, request.headers(), id, root);
            return answer.unwrap_or_else(|error| self.refuse(request.headers(), &error));
        }
        self.answer_now(request, root, None)
    }

    /// Answers one request while nobody else touches the data. `job` is the job that it is run for.
    fn answer_now(&self, request: &Request<Bytes>, root: &str, job: Option<Uuid>) -> Response<Bytes> {
        // A panic while the data is locked would leave it as it was last whole: rows change one by one.
        let mut store = self.store.lock().unwrap_or_else(PoisonError::into_inner);
        let seeded = store.seeded;
        let response = self.answer_with(&mut store, request, root);
        if store.seeded != seeded {
            self.jobs.clear_but(job);
        }
        response
    }

    fn refuse(&self, headers: &HeaderMap, error: &Error) -> Response<Bytes> {
        let (date, id) = (env::now().to_string(), env::new_id().to_string());
        let context = ErrorContext { headers, date: &date, request_id: &id, client_request_id: &id };
        self.engine.render_error(error, &context)
    }

    fn answer_with(&self, store: &mut Store, request: &Request<Bytes>, root: &str) -> Response<Bytes> {
        self.try_answer(store, request, root).unwrap_or_else(|error| self.refuse(request.headers(), &error))
    }

    fn try_answer(&self, store: &mut Store, request: &Request<Bytes>, root: &str) -> Result<Response<Bytes>, Error> {
        let path_and_query = request.uri().path_and_query().map_or("/", |path| path.as_str());
        if self.engine.is_batch(request.method(), path_and_query) {
            return batch::run(self, store, request, root);
        }
        let head = self.engine.head(request.method(), path_and_query, request.headers(), root, &self.seal)?;
        let head = self.engine.with_query(head, request.body(), &self.seal)?;
        let stored = walk::walk(store, &head.target().segments, true).ok();
        let stored = stored.and_then(|place| rules::stored_type(store, place.set, &place.key?));
        let operation = self.engine.bind(&head, request.body().clone(), stored)?;
        let before = (head.access() == Access::Write).then(|| store.clone());
        let done = self.perform(store, &head, operation).and_then(|outcome| read::projected(store, &head, outcome));
        if let (Err(_), Some(before)) = (&done, before) {
            *store = before;
        }
        self.engine.render(&head, done?, &self.seal)
    }

    /// Does what was asked. An error may leave changes behind, which the caller takes back.
    fn perform(&self, store: &mut Store, head: &Head, operation: Operation) -> Result<Outcome, Error> {
        match operation {
            Operation::ServiceDocument => Ok(Outcome::ServiceDocument),
            Operation::Metadata => Ok(Outcome::Metadata),
            Operation::Options => Ok(Outcome::Options),
            read @ (Operation::ReadEntity(_)
            | Operation::ReadCollection(_)
            | Operation::Count(_)
            | Operation::ReadProperty(_)
            | Operation::ReadStream) => read::read(store, head, &read),
            Operation::Create(record) => create::create(store, &self.engine, head, record),
            Operation::Update { record, replace } => write::update(store, &self.engine, head, record, replace),
            Operation::Delete => write::delete(store, head),
            Operation::SetProperty(value) => write::set_property(store, &self.engine, head, value),
            Operation::ClearProperty => write::set_property(store, &self.engine, head, odata::Value::Null),
            Operation::UpdateMembers(value) => collection::update_members(store, &self.engine, head, &value),
            Operation::UpdateCollection(changes) => collection::update(store, &self.engine, head, changes),
            Operation::ReplaceCollection(whole) => collection::replace(store, &self.engine, head, &whole),
            Operation::DeleteMembers => collection::delete_members(store, head),
            // No property of the model is a collection of values, and no type of it is open.
            Operation::Append(_) | Operation::SetDynamic(_) => {
                Err(Error::new(odata::ErrorKind::NotImplemented, "This is not offered."))
            }
            Operation::WriteStream { media_type, bytes } => stream::store(store, head, media_type, bytes),
            Operation::DeleteStream => stream::delete(store, head),
            Operation::AddReference(reference) => references::add(store, head, &reference),
            Operation::SetReference(reference) => references::set(store, head, Some(&reference)),
            Operation::SetReferences(references) => references::set_all(store, head, &references),
            Operation::RemoveReference(reference) => references::remove(store, head, reference.as_ref()),
            ref invoke @ Operation::Invoke { operation, ref parameters, ref query } => {
                if !self.engine.model().operation(operation).is_action {
                    return read::read(store, head, invoke);
                }
                match operations::actions::run(store, head, operation, parameters)? {
                    Outcome::Value(value) => read::returned(store, value, query),
                    outcome => Ok(outcome),
                }
            }
        }
    }
}
