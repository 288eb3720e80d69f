//! Batches: an envelope of requests in, one answer out. The envelope is judged whole before anything of it runs; what an
//! inner request means is judged when its turn comes, by the steps that any other request takes. Executes nothing.

mod condition;
mod json;
mod message;
mod multipart;
mod refer;
mod render;
mod rules;
mod run;
mod url;
mod values;

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, Method, header};

use super::Engine;
use super::head::media::{Media, list};
use super::head::{Prefer, content, negotiate_version};
use crate::error::{Error, ErrorKind};
use crate::model::Model;
use crate::profile::Profile;
use crate::syntax::{Query, SystemOption};
use condition::Condition;
use refer::Reference;

pub use run::{BatchRun, BatchStep};

/// A batch whose envelope is sound: which requests, in which order, under which rules. The requests are not bound yet.
///
/// ```
/// use bytes::Bytes;
/// use http::{HeaderMap, Method, Response};
/// use odata::engine::{BatchStep, Engine, ErrorContext, Settings};
///
/// # let xml = r#"<edmx:Edmx xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx" Version="4.0"><edmx:DataServices>
/// #   <Schema xmlns="http://docs.oasis-open.org/odata/ns/edm" Namespace="ns"><EntityContainer Name="c"/></Schema>
/// #   </edmx:DataServices></edmx:Edmx>"#;
/// # let model = odata::csdl::read(xml).expect("a good model");
/// let engine = Engine::new(model.into(), Settings::new(odata::Profile::Strict));
/// let mut headers = HeaderMap::new();
/// headers.insert("content-type", "application/json".parse().unwrap());
/// let body = r#"{"requests":[
///     {"id":"1","method":"post","url":"items","headers":{"content-type":"application/json"},"body":{"name":"new"}},
///     {"id":"2","method":"get","url":"$1/name","dependsOn":["1"]}]}"#;
///
/// assert!(engine.is_batch(&Method::POST, "/$batch"));
/// let batch = engine.batch("/$batch", &headers, "https://example.org", &body.into())?;
/// let mut asked = Vec::new();
/// let mut run = batch.start();
/// while let Some(step) = run.next() {
///     match step {
///         // Here the application goes through `head`, `bind` and `render`, as for any other request.
///         BatchStep::Execute(request) => {
///             asked.push(format!("{} {}", request.method(), request.uri()));
///             let created = Response::builder().status(201).header("location", "https://example.org/items(7)");
///             run.answer(created.body(Bytes::new()).unwrap());
///         }
///         BatchStep::Refuse(error) => {
///             let context = ErrorContext { headers: &headers, date: "", request_id: "", client_request_id: "" };
///             run.answer(engine.render_error(&error, &context));
///         }
///         // Here it remembers its state, keeps what was changed since, or takes it back.
///         BatchStep::Begin | BatchStep::Commit | BatchStep::Rollback => {}
///     }
/// }
/// assert_eq!(asked, ["POST /items", "GET /items(7)/name"]);
/// let response = run.response();
/// assert!(response.body().starts_with(br#"{"responses":[{"id":"1","status":201,"#));
/// # Ok::<(), odata::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Batch {
    items: Vec<Item>,
    groups: Vec<Group>,
    root: Arc<str>,
    /// Headers of the batch that count for its requests where they give none of their own.
    inherited: HeaderMap,
    /// `$schemaversion` of the batch, which counts for requests that give none of their own.
    schema_version: Option<Arc<str>>,
    /// Whether the first failure ends it.
    stops: bool,
    model: Arc<Model>,
    answer: Answer,
}

/// How the answer is written.
#[derive(Debug, Clone)]
struct Answer {
    form: Form,
    profile: Profile,
    version: &'static str,
    /// `continue-on-error` was asked for and is followed.
    applied: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Json,
    Multipart,
}

/// One request of a batch, not bound.
#[derive(Debug, Clone)]
struct Item {
    /// Empty when a part of a multipart batch has none.
    id: Arc<str>,
    /// Where it stands, for errors.
    place: String,
    method: Method,
    /// Path and query below the service root, with a slash before it.
    url: String,
    headers: HeaderMap,
    body: Bytes,
    group: Option<usize>,
    /// Names as they were given, until `rules` has resolved them.
    depends_on: Vec<(String, Arc<str>)>,
    after: Vec<Dependency>,
    condition: Option<Condition>,
    references: Vec<Reference>,
}

/// What has to succeed before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Dependency {
    Item(usize),
    Group(usize),
}

/// Requests that succeed or fail together.
#[derive(Debug, Clone)]
struct Group {
    /// `atomicityGroup`; empty for a change set.
    name: Arc<str>,
    items: Range<usize>,
}

impl Engine {
    /// Whether a request is a batch: POST to `$batch`. Ask it before [`Self::head`]; an application that takes no batches asks
    /// nothing, and `head` refuses them. `path_and_query` as there.
    ///
    /// ```
    /// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
    /// # let engine = shop::engine();
    /// use http::Method;
    ///
    /// assert!(engine.is_batch(&Method::POST, "/$batch"));
    /// assert!(!engine.is_batch(&Method::GET, "/$batch") && !engine.is_batch(&Method::POST, "/products"));
    /// ```
    pub fn is_batch(&self, method: &Method, path_and_query: &str) -> bool {
        let path = path_and_query.split('?').next().unwrap_or("").trim_matches('/');
        *method == Method::POST && url::is_batch(path)
    }

    /// Judges the envelope of a batch, whose body is at most [`super::Settings::body_bytes_max`] long. Nothing of it may have
    /// run when this fails. In the `graph` profile a batch is JSON.
    ///
    /// ```
    /// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
    /// # let engine = shop::engine();
    /// let headers = shop::headers(&[("content-type", "application/json")]);
    /// let body = r#"{"requests":[{"id":"1","method":"get","url":"products","dependsOn":["0"]}]}"#;
    /// let error = engine.batch("/$batch", &headers, "https://example.org", &body.into()).unwrap_err();
    /// assert_eq!(error.target.as_deref(), Some("requests/0/dependsOn/0"));
    /// ```
    ///
    /// # Errors
    /// 400 with the place, 406, 412, 413, 415.
    pub fn batch(&self, path_and_query: &str, headers: &HeaderMap, root: &str, body: &Bytes) -> Result<Batch, Error> {
        let settings = &self.settings;
        let profile = settings.profile;
        let (version, _) = negotiate_version(headers, profile)?;
        let query = Query::parse(path_and_query.split_once('?').map_or("", |(_, query)| query))?;
        if let Some(option) = query.given().find(|option| *option != SystemOption::SchemaVersion) {
            let name = option.name();
            return Err(Error::bad_request(format!("The query option '{name}' does not apply to a batch.")).at(name));
        }
        if body.len() > settings.body_bytes_max {
            let message = format!("The request body is larger than {} bytes.", settings.body_bytes_max);
            return Err(Error::new(ErrorKind::PayloadTooLarge, message));
        }
        let form = form(headers, profile)?;
        let answer = accepted(headers, form, profile)?;
        let limits = Limits { requests_max: settings.batch_requests_max, profile, root };
        let (mut items, groups) = match form {
            Form::Json => json::read(body, &limits)?,
            Form::Multipart => multipart::read(body, &boundary(headers)?, &limits)?,
        };
        rules::resolve(&mut items, &groups)?;
        let prefer = Prefer::from_headers(headers);
        // The requests of a JSON batch stand for themselves, but for what they say of each other.
        let stops = match form {
            Form::Json => prefer.stop_on_error,
            Form::Multipart => !prefer.continue_on_error,
        };
        Ok(Batch {
            items,
            groups,
            root: root.into(),
            inherited: inherited(headers),
            schema_version: query.text(SystemOption::SchemaVersion).map(Arc::from),
            stops: profile == Profile::Strict && stops,
            model: Arc::clone(&self.model),
            answer: Answer { form: answer, profile, version: version.text(), applied: prefer.continue_on_error },
        })
    }
}

impl Batch {
    /// Begins to execute it.
    ///
    /// ```
    /// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
    /// # let engine = shop::engine();
    /// use odata::engine::BatchStep;
    ///
    /// let mut run = shop::batch(&engine, r#"{"requests":[{"id":"1","method":"get","url":"best"}]}"#)?.start();
    /// let Some(BatchStep::Execute(request)) = run.next() else { panic!("a request") };
    /// assert_eq!(request.uri(), "/best");
    /// # Ok::<(), odata::Error>(())
    /// ```
    pub fn start(self) -> BatchRun {
        BatchRun::new(self)
    }
}

/// What both readers have to hold to.
#[derive(Debug, Clone, Copy)]
struct Limits<'r> {
    requests_max: usize,
    profile: Profile,
    root: &'r str,
}

impl Limits<'_> {
    fn refuse_more_than_allowed(&self, count: usize) -> Result<(), Error> {
        if count <= self.requests_max {
            return Ok(());
        }
        let message = format!("Number of batch request steps exceeds the maximum value of {}.", self.requests_max);
        Err(Error::bad_request(message).with_code("MaximumValueExceeded").at("requests"))
    }
}

fn form(headers: &HeaderMap, profile: Profile) -> Result<Form, Error> {
    if media_of(headers).is_some_and(|media| media.is("multipart", "mixed")) {
        return match profile {
            Profile::Strict => Ok(Form::Multipart),
            Profile::Graph => {
                let message = "Multipart batches are not supported: send the batch as application/json.";
                Err(Error::new(ErrorKind::NotImplemented, message).at("Content-Type"))
            }
        };
    }
    if content::json(headers)?.is_none() {
        let message = "The header Content-Type is missing: a batch is application/json.";
        return Err(Error::new(ErrorKind::UnsupportedMediaType, message).at("Content-Type"));
    }
    Ok(Form::Json)
}

fn media_of(headers: &HeaderMap) -> Option<Media<'_>> {
    headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).and_then(Media::parse)
}

fn boundary(headers: &HeaderMap) -> Result<String, Error> {
    let media = media_of(headers);
    multipart::boundary_of(media.as_ref(), "Content-Type")
}

/// The form of the answer: that of the request, unless another is asked for by name.
fn accepted(headers: &HeaderMap, form: Form, profile: Profile) -> Result<Form, Error> {
    let lines = headers.get_all(header::ACCEPT);
    let ranges = lines.iter().filter_map(|line| line.to_str().ok()).flat_map(list).filter_map(Media::parse);
    let ranges: Vec<Media<'_>> = ranges.filter(|range| range.q > 0).collect();
    let quality = |main, sub| {
        let taking = ranges.iter().filter(|range| range.takes(main, sub));
        taking.map(|range| (range.sub != "*", range.q)).max().map(|(_, q)| q)
    };
    if ranges.is_empty() {
        return Ok(form);
    }
    let json = quality("application", "json");
    let multipart = quality("multipart", "mixed").filter(|_| profile == Profile::Strict);
    match (json, multipart) {
        (Some(json), Some(multipart)) if json == multipart => Ok(form),
        (Some(json), Some(multipart)) => Ok(if json > multipart { Form::Json } else { Form::Multipart }),
        (Some(_), None) => Ok(Form::Json),
        (None, Some(_)) => Ok(Form::Multipart),
        (None, None) => {
            let message = "The answer to a batch is application/json or multipart/mixed.";
            Err(Error::new(ErrorKind::NotAcceptable, message).at("Accept"))
        }
    }
}

/// Headers that say something about every request of the batch.
fn inherited(headers: &HeaderMap) -> HeaderMap {
    let mut kept = HeaderMap::new();
    let versions = ["odata-version", "odata-maxversion"].map(HeaderName::from_static);
    for name in [header::AUTHORIZATION, header::ACCEPT_LANGUAGE].into_iter().chain(versions) {
        for value in headers.get_all(&name) {
            kept.append(name.clone(), value.clone());
        }
    }
    // What is accepted as the form of the batch says nothing of what is in it.
    let accepted = headers.get_all(header::ACCEPT).iter().filter_map(|line| line.to_str().ok()).flat_map(list);
    for range in accepted {
        let is_form = Media::parse(range).is_none_or(|media| media.main.eq_ignore_ascii_case("multipart"));
        if !is_form && let Ok(value) = range.parse() {
            kept.append(header::ACCEPT, value);
        }
    }
    // These are about the batch itself, all other preferences about what is in it.
    let own = ["continue-on-error", "respond-async", "wait", "callback"];
    let prefer = HeaderName::from_static("prefer");
    let preferences = headers.get_all(&prefer).iter().filter_map(|line| line.to_str().ok()).flat_map(list);
    for preference in preferences {
        let name = preference.split(['=', ';']).next().unwrap_or("").trim().to_ascii_lowercase();
        if !own.contains(&name.strip_prefix("odata.").unwrap_or(&name))
            && let Ok(value) = preference.parse()
        {
            kept.append(prefer.clone(), value);
        }
    }
    kept
}
