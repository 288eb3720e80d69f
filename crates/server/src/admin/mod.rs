//! The admin plane, `/beta/…` and `/v1.0/…`: the office model over HTTP.
//!
//! This file walks one request through its steps; what a resource does is in the folder that its URL names. It never
//! decides a status or a header: faults become `odata::Error` in `error`, and the engine renders.

mod accept;
mod asked;
mod batch;
mod collection;
mod continuation;
mod cx;
mod dispatch;
mod error;
mod etag;
mod given;
mod office;
mod office_configurations;
mod office_policies;
mod parts;
mod property;
mod rates;
mod refusal;
mod rendered;
mod represent;
mod resource;
mod simulated;
mod strict;
mod tracking;
mod turns;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use http::Response;
use http::request::Parts as RequestParts;
use http_body_util::Full;
use odata::engine::{Access, BodyKind, Engine, Outcome, Settings, TargetKind};
use odata::{Error, ErrorKind, Profile};
use store::{Caller, Staged, Store, TenantId};
use tokio::sync::Semaphore;

pub use continuation::ContinuationKey;
use office::OfficeModel;

use crate::app::App;
use crate::auth::{Need, Plane, Principal};
use crate::config::Config;
use crate::http::{RequestBody, RequestContext};
use crate::limits;
use crate::openapi::OpenApi;
use cx::Cx;
use given::Given;
use rates::Rates;
use refusal::Refusal;
use rendered::{Question, Rendered};
use resource::Resource;
use turns::Turns;

/// The versions of the admin plane; all serve the same model.
const VERSIONS: [&str; 2] = ["beta", "v1.0"];

/// What the plane is made of, once per process.
#[derive(Debug)]
pub struct AdminPlane {
    office: OfficeModel,
    engine: Engine,
    continuation: ContinuationKey,
    rendered: Rendered,
    /// The plane described.
    pub(crate) openapi: OpenApi,
    page_size_max: u32,
    computed_queries: Semaphore,
    turns: Turns,
    rates: Rates,
}

impl AdminPlane {
    /// Loads the model and sets the engine up.
    ///
    /// # Errors
    /// When `office.csdl.xml` is not a model.
    pub fn new(continuation: ContinuationKey, config: &Config) -> anyhow::Result<Self> {
        let office = OfficeModel::load()?;
        let page_size_max = config.pages.max;
        let settings = Settings {
            page_size_max: Some(page_size_max),
            body_bytes_max: limits::BODY_BYTES_MAX,
            batch_requests_max: limits::BATCH_REQUESTS_MAX,
            stream_bytes_max: limits::PAYLOAD_BYTES_MAX,
            concrete_types: if config.lenient_types { office.lenient_types() } else { HashMap::new() },
            ..Settings::new(Profile::Graph)
        };
        let engine = Engine::new(Arc::clone(&office.model), settings);
        let rendered = Rendered::new();
        let openapi = OpenApi::new(Arc::clone(&office.model), &VERSIONS);
        let computed_queries = Semaphore::new(limits::COMPUTED_QUERIES_MAX);
        let turns = Turns::new();
        let rates = Rates::new(&config.limits);
        Ok(Self { office, engine, continuation, rendered, openapi, page_size_max, computed_queries, turns, rates })
    }
}

/// Answers one request of the admin plane.
///
/// The caller sets `request-id`, `client-request-id`, `Date` and the CORS headers, strips the body of an answer to HEAD,
/// and drains what is left unread of `body`.
pub async fn handle(
    app: &App,
    cx: RequestContext,
    parts: RequestParts,
    body: &mut RequestBody,
) -> Response<Full<Bytes>> {
    let response = match answer(app, &cx, &parts, body).await {
        Ok(response) => response,
        Err(refusal) => refusal.render(app, &cx, &parts.headers),
    };
    response.map(Full::new)
}

/// The answer to a GET that was answered before and still holds, when the caller's token was seen before too.
pub fn answer_now(app: &App, request: &RequestContext, parts: &RequestParts) -> Option<Response<Full<Bytes>>> {
    let question = Question::of(&request.base, parts)?;
    let principal = app.auth.cached(Plane::Admin, &parts.headers)?;
    let snapshot = app.store.loaded_snapshot(&caller(&principal))?;
    let known = app.admin.rendered.get(&question, &snapshot, app.now().unix_day())?;
    // Only now: one that is not answered here is counted where it is.
    let response = match app.admin.rates.admit(&principal, &app.metrics.limited) {
        Ok(()) => known,
        Err(fault) => Refusal::from(fault).render(app, request, &parts.headers),
    };
    Some(response.map(Full::new))
}

async fn answer(
    app: &App,
    request: &RequestContext,
    parts: &RequestParts,
    body: &mut RequestBody,
) -> Result<Response<Bytes>, Refusal> {
    let path_and_query = parts.uri.path_and_query().map_or("/", http::uri::PathAndQuery::as_str);
    let (version, below) = split_version(path_and_query);
    if !VERSIONS.contains(&version) {
        let message = format!("Invalid version: {version}");
        return Err(Error::new(ErrorKind::NotFound, message).with_code("ResourceNotFound").into());
    }
    let root = format!("{}/{version}", request.base);
    let call = Call { request, parts, root: &root, below };
    if app.admin.engine.is_batch(&parts.method, below) {
        // Boxed, so that the requests that are none need no room for it.
        return Box::pin(batch::answer(app, call, body)).await;
    }
    one(app, call, Given::Coming(body), None).await
}

/// A request of a version of the plane.
#[derive(Clone, Copy)]
struct Call<'r> {
    request: &'r RequestContext,
    parts: &'r RequestParts,
    /// The service root, absolute, without a slash at its end.
    root: &'r str,
    /// Path and query below it.
    below: &'r str,
}

/// The group that a request of a batch is one of: it sees and changes what that has staged.
#[derive(Clone, Copy)]
struct InGroup<'a, 's> {
    staged: &'a Staged<'s>,
    /// It was run before, and counted then.
    is_again: bool,
}

/// Answers one request that is no batch.
async fn one(
    app: &App,
    call: Call<'_>,
    body: Given<'_>,
    group: Option<InGroup<'_, '_>>,
) -> Result<Response<Bytes>, Refusal> {
    let plane = &app.admin;
    let Call { request, parts, root, below } = call;
    // 401 comes before anything that would tell about the data (R11): only the documents are for everybody.
    let principal = if plane.engine.is_document(&parts.method, below) {
        None
    } else {
        Some(app.auth.authenticate(Plane::Admin, &parts.headers).await?)
    };
    if let Some(principal) = principal.as_deref().filter(|_| group.is_none_or(|group| !group.is_again)) {
        plane.rates.admit(principal, &app.metrics.limited)?;
    }
    let tenant = TenantId(principal.as_ref().map_or_else(uuid::Uuid::nil, |known| known.tenant));
    let seal = plane.continuation.seal(tenant);
    let head = plane.engine.head(&parts.method, below, &parts.headers, root, &seal)?;
    if let Some(principal) = &principal {
        principal.require(if head.access() == Access::Write { Need::Write } else { Need::Read })?;
    }
    let Some(principal) = principal.filter(|_| !is_document(head.target().kind)) else {
        let operation = plane.engine.bind(&head, Bytes::new(), None)?;
        return Ok(plane.engine.render(&head, dispatch::document(&operation)?, &seal)?);
    };
    let given = match head.body() {
        BodyKind::None => Bytes::new(),
        BodyKind::Json { bytes_max } | BodyKind::Stream { bytes_max } => body.read(app, bytes_max).await?,
    };
    let head = plane.engine.with_query(head, &given, &seal)?;
    let caller = caller(&principal);
    let resource = Resource::of(&plane.office, head.target())?;
    let store: &dyn Store = match group {
        Some(InGroup { staged, .. }) => staged,
        None => app.store.as_ref(),
    };
    let _turn = match group {
        None if head.access() == Access::Write => Some(plane.turns.beside_others(tenant).await?),
        _ => None,
    };
    // What is known here is enough to ask for a change: making it, the store looks again. It is not enough to refuse one.
    let known = match (head.access(), group) {
        (Access::Write, None) => store.last_snapshot(&caller),
        _ => None,
    };
    let snapshot = match &known {
        Some(known) => Arc::clone(known),
        None => store.snapshot(&caller).await.map_err(error::store_error)?,
    };
    let mut cx = Cx {
        office: &plane.office,
        store,
        ids: app.env.ids.as_ref(),
        caller: &caller,
        head: &head,
        resource: &resource,
        now: group.map_or_else(|| app.now(), |group| group.staged.now()),
        snapshot,
        page_size_max: plane.page_size_max,
        intervals: app.client.intervals(),
        documents: &app.documents,
        computed_queries: &plane.computed_queries,
        was_asked: AtomicBool::new(false),
    };
    let mut outcome = execute(&plane.engine, &mut cx, given.clone()).await;
    if let Some(known) = known.filter(|_| !cx.was_asked.load(Ordering::Relaxed)) {
        let newest = store.snapshot(&caller).await.map_err(error::store_error)?;
        if newest.version() != known.version() {
            cx.snapshot = newest;
            outcome = Box::pin(execute(&plane.engine, &mut cx, given)).await;
        }
    }
    let response = plane.engine.render(&head, outcome?, &seal)?;
    // What a group sees may never come to be, and a link of `delta()` that is kept would lead nowhere some day.
    if group.is_none()
        && resource.operation.is_none()
        && let Some(question) = Question::of(&request.base, parts)
        && let Some(row) = resource.place.estate().and_then(|estate| cx.estate(estate).ok()?)
    {
        plane.rendered.keep(tenant, &question, row, cx.now.unix_day(), &response);
    }
    Ok(response)
}

async fn execute(engine: &Engine, cx: &mut Cx<'_>, given: Bytes) -> Result<Outcome, Error> {
    let stored_type = dispatch::stored_type(cx);
    let operation = engine.bind(cx.head, given, stored_type)?;
    dispatch::execute(cx, operation).await
}

fn caller(principal: &Principal) -> Caller {
    Caller { tenant: TenantId(principal.tenant), actor: principal.actor().cloned().unwrap_or_default() }
}

/// What the engine answers alone.
fn is_document(kind: TargetKind) -> bool {
    matches!(kind, TargetKind::ServiceDocument | TargetKind::Metadata)
}

fn split_version(path_and_query: &str) -> (&str, &str) {
    let rest = path_and_query.strip_prefix('/').unwrap_or(path_and_query);
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    rest.split_at(end)
}
