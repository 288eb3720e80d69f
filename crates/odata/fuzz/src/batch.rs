//! Any batch: refused whole, or run to its end with one answer for each request that was asked for.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Response, header};
use odata::engine::{BatchStep, ErrorContext};

use crate::answer;
use crate::world::World;

const FORMS: [&str; 2] = ["application/json", "multipart/mixed;boundary=b"];

/// A byte that chooses the form, then the body. Requests are answered 200 or 404 by the length of their URL.
pub fn batch(input: &[u8]) {
    let Some((form, body)) = input.split_first() else { return };
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(FORMS[usize::from(*form) % FORMS.len()]));
    for world in World::all() {
        let engine = &world.engine;
        let batch = match engine.batch("/$batch", &headers, World::ROOT, &Bytes::copy_from_slice(body)) {
            Ok(batch) => batch,
            Err(error) => {
                answer::refusal(engine, &error, input);
                continue;
            }
        };
        let mut run = batch.start();
        let mut open = false;
        while let Some(step) = run.next() {
            match step {
                BatchStep::Execute(request) => {
                    let length = request.uri().to_string().len();
                    let status = if length % 3 == 0 { 404 } else { 200 };
                    let response = Response::builder().status(status).header(header::CONTENT_TYPE, "application/json");
                    run.answer(response.body(Bytes::from_static(b"{}")).expect("an answer"));
                }
                BatchStep::Refuse(error) => {
                    let context = ErrorContext { headers: &headers, date: "", request_id: "", client_request_id: "" };
                    run.answer(engine.render_error(&error, &context));
                }
                BatchStep::Begin => {
                    assert!(!open, "a group begins inside another");
                    open = true;
                }
                BatchStep::Commit | BatchStep::Rollback => {
                    assert!(open, "a group ends that did not begin");
                    open = false;
                }
            }
        }
        assert!(!open, "a group did not end");
        answer::sound(&run.response());
    }
}
