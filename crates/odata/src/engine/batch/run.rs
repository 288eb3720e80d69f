//! The order of a batch's requests, and what a failure means for those behind it. Hands out steps and takes answers;
//! executes nothing.

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, Request, Response, StatusCode, header};

use super::refer::{self, Known};
use super::{Batch, Dependency, Item, url, values};
use crate::error::{Error, ErrorKind};
use crate::syntax::{Query, SystemOption};

/// A batch that is being executed. [`Self::next`] says what to do, [`Self::answer`] takes what came of it,
/// [`Self::response`] puts the answers together. A copy made when a group has begun can begin it again.
///
/// ```
/// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
/// # let engine = shop::engine();
/// use bytes::Bytes;
/// use http::Response;
/// use odata::engine::BatchStep;
///
/// let body = r#"{"requests":[{"id":"1","method":"get","url":"best"},{"id":"2","method":"get","url":"products"}]}"#;
/// let mut run = shop::batch(&engine, body)?.start();
/// let mut asked = Vec::new();
/// while let Some(BatchStep::Execute(request)) = run.next() {
///     asked.push(request.uri().to_string());
///     run.answer(Response::new(Bytes::from("{}")));
/// }
/// assert_eq!(asked, ["/best", "/products"]);
/// assert_eq!(run.response().status(), 200);
/// # Ok::<(), odata::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct BatchRun {
    pub(super) batch: Batch,
    /// By item; those that were not executed have none.
    pub(super) answers: Vec<Option<Response<Bytes>>>,
    /// By group: the item that failed it.
    pub(super) failed: Vec<Option<usize>>,
    known: Vec<Known>,
    at: usize,
    stage: Stage,
    stopped: bool,
}

/// What the application has to do next.
///
/// ```
/// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
/// # let engine = shop::engine();
/// use odata::engine::BatchStep;
///
/// let body = r#"{"requests":[{"id":"1","atomicityGroup":"g","method":"delete","url":"products(1)"}]}"#;
/// let mut run = shop::batch(&engine, body)?.start();
/// assert!(matches!(run.next(), Some(BatchStep::Begin)));
/// assert!(matches!(run.next(), Some(BatchStep::Execute(_))));
/// run.answer(shop::refuse(&engine, &odata::Error::bad_request("No.")));
/// assert!(matches!(run.next(), Some(BatchStep::Rollback)));
/// # Ok::<(), odata::Error>(())
/// ```
#[derive(Debug)]
pub enum BatchStep {
    /// Execute a request, whose URI stands below the service root (`/items?$top=1`), and [`BatchRun::answer`] with what it
    /// gives. It holds to the same limits and rights as any other.
    Execute(Request<Bytes>),
    /// A request must not be executed: [`BatchRun::answer`] with this error rendered.
    Refuse(Error),
    /// An atomic group begins: what is executed until [`Self::Commit`] or [`Self::Rollback`] happens whole or not at all.
    Begin,
    /// All requests of the group succeeded: keep what they changed. Where that fails, [`BatchRun::answer`] with the error,
    /// which then is the group's.
    Commit,
    /// A request of the group failed: take back what the others changed.
    Rollback,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Between,
    /// An item was handed out.
    Asked(usize),
    /// Inside a group.
    Inside(usize),
    /// A group's end was handed out.
    Committing(usize),
    /// The items of a failed group, but the one that failed it, are refused.
    Undone(usize),
}

impl BatchRun {
    pub(super) fn new(batch: Batch) -> Self {
        let (items, groups) = (batch.items.len(), batch.groups.len());
        Self {
            batch,
            answers: vec![None; items],
            failed: vec![None; groups],
            known: vec![Known::default(); items],
            at: 0,
            stage: Stage::Between,
            stopped: false,
        }
    }

    /// The next step; `None` when nothing is left to do.
    ///
    /// ```
    /// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
    /// # let engine = shop::engine();
    /// use odata::engine::BatchStep;
    ///
    /// let body = r#"{"requests":[{"id":"1","method":"get","url":"best"},
    ///     {"id":"2","method":"get","url":"products","dependsOn":["1"]}]}"#;
    /// let mut run = shop::batch(&engine, body)?.start();
    /// assert!(matches!(run.next(), Some(BatchStep::Execute(_))));
    /// run.answer(shop::refuse(&engine, &odata::Error::bad_request("No.")));
    /// let Some(BatchStep::Refuse(error)) = run.next() else { panic!("a refusal") };
    /// assert_eq!(error.kind, odata::ErrorKind::FailedDependency);
    /// # Ok::<(), odata::Error>(())
    /// ```
    #[expect(clippy::should_implement_trait, reason = "answers are given between two steps")]
    pub fn next(&mut self) -> Option<BatchStep> {
        loop {
            match self.stage {
                // Nobody answered: nobody knows what happened.
                Stage::Asked(item) => self.settle(item, bare(StatusCode::INTERNAL_SERVER_ERROR)),
                Stage::Committing(group) => self.leave(group),
                Stage::Inside(group) => return Some(self.inside(group)),
                Stage::Undone(group) => match self.refuse_next(group) {
                    Some(step) => return Some(step),
                    None => self.leave(group),
                },
                Stage::Between => {
                    let group = self.batch.items.get(self.at)?.group;
                    match group {
                        Some(group) if !self.stopped => {
                            self.stage = Stage::Inside(group);
                            return Some(BatchStep::Begin);
                        }
                        _ if self.stopped && !self.is_refused(self.at) => self.at += 1,
                        _ => return Some(self.ask(self.at)),
                    }
                }
            }
        }
    }

    /// Takes the answer to the step that was handed out last.
    ///
    /// ```
    /// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
    /// # let engine = shop::engine();
    /// use odata::engine::BatchStep;
    ///
    /// let mut run = shop::batch(&engine, r#"{"requests":[{"id":"1","method":"get","url":"best"}]}"#)?.start();
    /// let Some(BatchStep::Execute(_)) = run.next() else { panic!("a request") };
    /// run.answer(http::Response::new("tea".into()));
    /// assert!(run.next().is_none(), "all are answered");
    /// # Ok::<(), odata::Error>(())
    /// ```
    pub fn answer(&mut self, response: Response<Bytes>) {
        match self.stage {
            Stage::Asked(item) => self.settle(item, response),
            Stage::Committing(group) if failed(&response) => {
                let last = self.batch.groups[group].items.end.saturating_sub(1);
                self.failed[group] = Some(last);
                self.answers[last] = Some(response);
                self.undo(group);
            }
            _ => {}
        }
    }

    /// Bytes of the bodies of the answers so far, for an application that bounds the answer to a batch.
    ///
    /// ```
    /// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
    /// # let engine = shop::engine();
    /// use odata::engine::BatchStep;
    ///
    /// let mut run = shop::batch(&engine, r#"{"requests":[{"id":"1","method":"get","url":"best"}]}"#)?.start();
    /// let Some(BatchStep::Execute(_)) = run.next() else { panic!("a request") };
    /// run.answer(http::Response::new("tea".into()));
    /// assert_eq!(run.body_bytes(), 3);
    /// # Ok::<(), odata::Error>(())
    /// ```
    pub fn body_bytes(&self) -> usize {
        self.answers.iter().flatten().map(|answer| answer.body().len()).sum()
    }

    fn inside(&mut self, group: usize) -> BatchStep {
        let end = self.batch.groups[group].items.end;
        if self.failed[group].is_some() {
            self.undo(group);
            return BatchStep::Rollback;
        }
        if self.at == end {
            self.stage = Stage::Committing(group);
            return BatchStep::Commit;
        }
        self.ask(self.at)
    }

    fn undo(&mut self, group: usize) {
        self.at = self.batch.groups[group].items.start;
        self.stage = Stage::Undone(group);
        self.stopped |= self.batch.stops;
    }

    fn leave(&mut self, group: usize) {
        self.at = self.batch.groups[group].items.end;
        self.stage = Stage::Between;
    }

    /// A failed change set has one answer; each request of a failed `atomicityGroup` has one of its own.
    fn refuse_next(&mut self, group: usize) -> Option<BatchStep> {
        let Group { end, named, culprit } = {
            let group_of = &self.batch.groups[group];
            Group { end: group_of.items.end, named: !group_of.name.is_empty(), culprit: self.failed[group] }
        };
        while self.at < end {
            let item = self.at;
            if culprit == Some(item) {
                self.at += 1;
            } else if named {
                self.stage = Stage::Asked(item);
                return Some(BatchStep::Refuse(dependency_failed("Another request of its atomicityGroup failed.")));
            } else {
                self.answers[item] = None;
                self.at += 1;
            }
        }
        None
    }

    fn ask(&mut self, item: usize) -> BatchStep {
        self.stage = Stage::Asked(item);
        match self.prepare(item) {
            Ok(request) => BatchStep::Execute(request),
            Err(error) => BatchStep::Refuse(error),
        }
    }

    fn settle(&mut self, item: usize, response: Response<Bytes>) {
        let group = self.batch.items[item].group;
        let has_failed = failed(&response);
        self.known[item] = known(&self.batch.items[item], &response, &self.batch.root);
        self.answers[item] = Some(response);
        self.at = item + 1;
        self.stage = match group {
            Some(group) if self.failed[group].is_some() => Stage::Undone(group),
            Some(group) if !self.stopped => {
                self.failed[group] = has_failed.then_some(item);
                Stage::Inside(group)
            }
            _ => {
                self.stopped |= has_failed && self.batch.stops;
                Stage::Between
            }
        };
    }

    /// Whether something that the item depends on has failed.
    fn is_refused(&self, item: usize) -> bool {
        self.batch.items[item].after.iter().any(|dependency| match *dependency {
            Dependency::Item(other) => !self.succeeded(other),
            // The last of a group that was kept has succeeded; of one that never began it was not executed.
            Dependency::Group(group) => {
                let last = self.batch.groups[group].items.clone().last();
                self.failed[group].is_some() || last.is_some_and(|last| !self.succeeded(last))
            }
        })
    }

    fn succeeded(&self, item: usize) -> bool {
        self.answers[item].as_ref().is_some_and(|response| !failed(response))
    }

    /// The request with everything in it that earlier answers give.
    fn prepare(&self, index: usize) -> Result<Request<Bytes>, Error> {
        let item = &self.batch.items[index];
        // A condition stands in the place of "all that is depended on succeeded".
        match &item.condition {
            Some(condition) => {
                let holds = condition.holds(&self.batch.model, &self.answers);
                if !holds.map_err(|error| error.at(format!("{}/if", item.place)))? {
                    return Err(dependency_failed("The condition of the request is not met.").at("if"));
                }
            }
            None if self.is_refused(index) => {
                return Err(dependency_failed("A request that this one depends on failed."));
            }
            None => {}
        }
        let filled = refer::fill(item, &self.batch.root, &self.known, &self.answers);
        let (mut url, mut headers, body) = filled.map_err(|id| {
            let message = format!("The request '{id}' gave nothing that can be referred to.");
            Error::bad_request(message).at(item.place.clone())
        })?;
        for name in self.batch.inherited.keys().filter(|name| !item.headers.contains_key(*name)) {
            for value in self.batch.inherited.get_all(name) {
                headers.append(name.clone(), value.clone());
            }
        }
        if let Some(version) = &self.batch.schema_version {
            url = with_schema_version(url, version);
        }
        let request = Request::builder().method(item.method.clone()).uri(url).body(body);
        let mut request = request.map_err(|_| {
            Error::bad_request("The URL of the request is malformed.").at(format!("{}/url", item.place))
        })?;
        *request.headers_mut() = headers;
        Ok(request)
    }
}

/// What is needed of a group to refuse its items.
struct Group {
    end: usize,
    named: bool,
    culprit: Option<usize>,
}

fn known(item: &Item, response: &Response<Bytes>, root: &str) -> Known {
    let header = |name: HeaderName| response.headers().get(name);
    let named = header(header::LOCATION).or_else(|| header(HeaderName::from_static("odata-entityid")));
    let named = named.and_then(|value| value.to_str().ok()).and_then(|url| url::own_path(url, root)).map(str::to_owned);
    let asked = || {
        let path = item.url.split('?').next().unwrap_or("").trim_matches('/');
        // A reference in a URL is followed only once: what it stood for is not kept here.
        (item.method != Method::POST && !path.starts_with('$')).then(|| path.to_owned())
    };
    let etag: Option<HeaderValue> = header(header::ETAG).cloned();
    Known { path: named.or_else(asked).filter(|_| !failed(response)), etag }
}

/// The URL with the batch's version of the schema, where it names none.
fn with_schema_version(url: String, version: &str) -> String {
    let query = url.split_once('?').map_or("", |(_, query)| query);
    let is_given = Query::parse(query).is_ok_and(|query| query.text(SystemOption::SchemaVersion).is_some());
    match (is_given, query.is_empty()) {
        (true, _) => url,
        (false, true) => format!("{}?$schemaversion={}", url.trim_end_matches('?'), values::encoded(version)),
        (false, false) => format!("{url}&$schemaversion={}", values::encoded(version)),
    }
}

pub(super) fn failed(response: &Response<Bytes>) -> bool {
    response.status().is_client_error() || response.status().is_server_error()
}

fn dependency_failed(message: &str) -> Error {
    Error::new(ErrorKind::FailedDependency, message)
}

fn bare(status: StatusCode) -> Response<Bytes> {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = status;
    response
}
