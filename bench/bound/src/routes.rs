//! The routes over maps in memory. It must never know how a record becomes durable.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use axum::Router;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, Path, RawQuery};
use axum::http::{HeaderMap, Response, StatusCode, header};
use axum::routing::{get, post};
use bytes::Bytes;
use uuid::Uuid;

use crate::log::Log;
use crate::model::{Checkin, NewConfiguration, failed_page};
use crate::policies::{self, Policies};

/// Room for the 10,000 check-ins that fill the page's round (about 3.5 MB).
const MAX_BODY_BYTES: usize = 16 << 20;

const PAGE_ROWS: usize = 20;

/// Everything the program knows.
pub(crate) struct State {
    log: Log,
    entities: RwLock<HashMap<Uuid, Entity>>,
    policies: Option<Arc<Policies>>,
}

struct Entity {
    body: Bytes,
    newest_first: Arc<[Checkin]>,
}

impl State {
    /// An empty map over the log, and what check-ins are answered.
    pub(crate) fn new(log: Log, policies: Option<Policies>) -> Self {
        Self { log, entities: RwLock::default(), policies: policies.map(Arc::new) }
    }
}

type Shared = axum::extract::State<Arc<State>>;

/// The routes, with the service's paths.
pub(crate) fn router(state: Arc<State>) -> Router {
    Router::new()
        .route("/healthz", get(|| async { "ok" }))
        .route("/beta/officeConfigurations", post(create))
        .route("/beta/officeConfigurations/{id}", get(read))
        .route("/beta/officeConfigurations/{id}/tenantCheckinStatuses", get(page))
        .route("/user/v1.0/{platform}/policies", get(fetch))
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .with_state(state)
}

async fn create(axum::extract::State(state): Shared, sent: Bytes) -> Response<Body> {
    let Ok(new) = serde_json::from_slice::<NewConfiguration>(&sent) else {
        return status(StatusCode::BAD_REQUEST);
    };
    let id = Uuid::new_v4();
    let Ok(body) = new.render(id).map(Bytes::from) else {
        return status(StatusCode::INTERNAL_SERVER_ERROR);
    };
    if !state.log.append(id, sent).await {
        return status(StatusCode::SERVICE_UNAVAILABLE);
    }
    let entity = Entity { body: body.clone(), newest_first: new.into_newest_first().into() };
    state.entities.write().unwrap_or_else(PoisonError::into_inner).insert(id, entity);
    let location = format!("http://127.0.0.1/beta/officeConfigurations/{id}");
    Response::builder()
        .status(StatusCode::CREATED)
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::LOCATION, location)
        .body(Body::from(body))
        .unwrap_or_else(|_| status(StatusCode::INTERNAL_SERVER_ERROR))
}

async fn read(axum::extract::State(state): Shared, Path(id): Path<Uuid>) -> Response<Body> {
    let entities = state.entities.read().unwrap_or_else(PoisonError::into_inner);
    match entities.get(&id) {
        Some(entity) => json(entity.body.clone()),
        None => status(StatusCode::NOT_FOUND),
    }
}

async fn fetch(axum::extract::State(state): Shared, headers: HeaderMap) -> Response<Body> {
    match &state.policies {
        Some(policies) => policies::fetch(Arc::clone(policies), &state.log, headers).await,
        None => status(StatusCode::NOT_FOUND),
    }
}

/// Answers one fixed shape of query, the one the runner sends: failed check-ins whose device name starts with the quoted text, newest first.
async fn page(axum::extract::State(state): Shared, Path(id): Path<Uuid>, RawQuery(query): RawQuery) -> Response<Body> {
    let query = query.unwrap_or_default();
    let Some(prefix) = query.split("%27").nth(1) else {
        return status(StatusCode::BAD_REQUEST);
    };
    let rows = {
        let entities = state.entities.read().unwrap_or_else(PoisonError::into_inner);
        entities.get(&id).map(|entity| Arc::clone(&entity.newest_first))
    };
    match rows.map(|rows| failed_page(&rows, prefix, PAGE_ROWS)) {
        Some(Ok(body)) => json(body.into()),
        Some(Err(_)) => status(StatusCode::INTERNAL_SERVER_ERROR),
        None => status(StatusCode::NOT_FOUND),
    }
}

fn json(body: Bytes) -> Response<Body> {
    let mut response = Response::new(Body::from(body));
    response.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static("application/json"));
    response
}

pub(crate) fn status(code: StatusCode) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = code;
    response
}
