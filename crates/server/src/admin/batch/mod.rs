//! `POST /$batch`: each request of it goes the way of any other, one after the other, with the token of the batch. What order,
//! dependencies and groups mean is the engine's; what a resource does is the handlers'.

mod group;

use std::panic::AssertUnwindSafe;

use bytes::Bytes;
use futures_util::FutureExt as _;
use http::request::Parts;
use http::uri::PathAndQuery;
use http::{Method, Request, Response, header};
use odata::engine::BatchStep;
use odata::{Error, ErrorKind};
use store::Caller;
use tokio::time::Instant;

use super::error::unavailable;
use super::given::Given;
use super::refusal::Refusal;
use super::{Call, InGroup, caller, one, split_version};
use crate::app::App;
use crate::auth::Plane;
use crate::http::{self as service, RequestBody, RequestContext};
use crate::{limits, metrics};

/// Answers a batch.
///
/// # Errors
/// 401 before anything; an envelope that is wrong, before anything of it ran.
pub(super) async fn answer(app: &App, outer: Call<'_>, body: &mut RequestBody) -> Result<Response<Bytes>, Refusal> {
    let parts = outer.parts;
    let principal = app.auth.authenticate(Plane::Admin, &parts.headers).await?;
    let body = Given::Coming(body).read(app, limits::BODY_BYTES_MAX).await?;
    let batch = app.admin.engine.batch(outer.below, &parts.headers, outer.root, &body)?;
    let inside = Inside { app, outer, caller: caller(&principal), deadline: Instant::now() + limits::BATCH_TIME_MAX };
    let mut run = batch.start();
    while let Some(step) = run.next() {
        match step {
            BatchStep::Execute(request) => {
                let answer = inside.execute(request, run.body_bytes(), None).await;
                run.answer(answer);
            }
            BatchStep::Refuse(fault) => run.answer(inside.refuse(fault)),
            BatchStep::Begin => run = group::run(&inside, run).await,
            // Of a group that has ended: its changes are durable, or were never made.
            BatchStep::Commit | BatchStep::Rollback => {}
        }
    }
    Ok(run.response())
}

/// What the requests of a batch have in common.
struct Inside<'a> {
    app: &'a App,
    outer: Call<'a>,
    caller: Caller,
    /// Past it none is begun.
    deadline: Instant,
}

impl Inside<'_> {
    /// The answer to one request, whose URI stands below the service root. A panic costs only this request.
    async fn execute(&self, request: Request<Bytes>, used: usize, group: Option<InGroup<'_, '_>>) -> Response<Bytes> {
        let start = Instant::now();
        let (parts, body) = request.into_parts();
        let is_head = parts.method == Method::HEAD;
        let headers = parts.headers.clone();
        let context = self.outer.request.inner(self.app.env.ids.uuid(), &parts.headers);
        let answering = self.try_execute(&context, parts, body, used, group);
        let answered = AssertUnwindSafe(answering).catch_unwind().await.unwrap_or_else(|_| {
            tracing::error!(request_id = %context.request_id, "a request of a batch panicked");
            let message = "An internal error occurred. The server's log has it under this request-id.";
            Err(Error::new(ErrorKind::Internal, message).into())
        });
        let mut response = answered.unwrap_or_else(|refusal| refusal.render(self.app, &context, &headers));
        service::put_ids_on(response.headers_mut(), &context);
        if is_head {
            *response.body_mut() = Bytes::new();
        }
        self.app.metrics.answered(metrics::Plane::Admin, response.status(), start.elapsed());
        response
    }

    async fn try_execute(
        &self,
        context: &RequestContext,
        mut parts: Parts,
        body: Bytes,
        used: usize,
        group: Option<InGroup<'_, '_>>,
    ) -> Result<Response<Bytes>, Refusal> {
        if used > limits::BATCH_ANSWER_BYTES_MAX || Instant::now() > self.deadline {
            return Err(unavailable(1).into());
        }
        // Whose data it is has to be plain: one batch, one token. The same one again says nothing else.
        let tokens = |parts: &Parts| parts.headers.get_all(header::AUTHORIZATION).iter().cloned().collect::<Vec<_>>();
        if tokens(&parts) != tokens(self.outer.parts) {
            let message = "The requests of a batch are made with its own token: they must not carry another.";
            return Err(Error::bad_request(message).at("headers/Authorization").into());
        }
        if !body.is_empty() && service::is_encoded(&parts.headers) {
            let message = "Request bodies with a Content-Encoding are not accepted.";
            return Err(Error::new(ErrorKind::UnsupportedMediaType, message).at("headers/Content-Encoding").into());
        }
        let uri = format!("/{}{}", self.version(), parts.uri).parse();
        parts.uri = uri.map_err(|_| Error::bad_request("The URL of the request is malformed.").at("url"))?;
        let (_, below) = split_version(parts.uri.path_and_query().map_or("/", PathAndQuery::as_str));
        let call = Call { request: context, parts: &parts, root: self.outer.root, below };
        one(self.app, call, Given::Here(body), group).await
    }

    fn version(&self) -> &str {
        split_version(self.outer.parts.uri.path()).0
    }

    /// The answer to a request that is not executed.
    fn refuse(&self, fault: Error) -> Response<Bytes> {
        let context = self.outer.request.inner(self.app.env.ids.uuid(), &self.outer.parts.headers);
        let mut response = Refusal::from(fault).render(self.app, &context, &self.outer.parts.headers);
        service::put_ids_on(response.headers_mut(), &context);
        response
    }
}
