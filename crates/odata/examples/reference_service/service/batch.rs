//! Batches: the engine says what is to be done next. A group that fails leaves the data as it was when it began.

use bytes::Bytes;
use hyper::{Request, Response};
use odata::Error;
use odata::engine::BatchStep;

use super::Service;
use super::store::Store;

/// Runs a batch and puts its answers together.
pub(crate) fn run(
    service: &Service,
    store: &mut Store,
    request: &Request<Bytes>,
    root: &str,
) -> Result<Response<Bytes>, Error> {
    let path_and_query = request.uri().path_and_query().map_or("/", |path| path.as_str());
    let batch = service.engine.batch(path_and_query, request.headers(), root, request.body())?;
    let mut before = store.clone();
    let mut run = batch.start();
    while let Some(step) = run.next() {
        match step {
            BatchStep::Execute(request) => run.answer(service.answer_with(store, &request, root)),
            BatchStep::Refuse(error) => run.answer(service.refuse(request.headers(), &error)),
            BatchStep::Begin => before = store.clone(),
            BatchStep::Rollback => *store = before.clone(),
            // What a group did is in the data already.
            BatchStep::Commit => {}
        }
    }
    Ok(run.response())
}
