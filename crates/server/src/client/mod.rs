//! The client plane, `/user/v1.0/{platform}/policies`: a user's client fetches the settings that apply to it and reports how it went. Plain
//! JSON, as the Cloud Policy service speaks it. It must never know OData; what applies to whom is `policy`'s to say.

mod caller;
mod effective;
mod fault;
mod fetch;
mod record;
mod report;

use http::request::Parts;
use http::{HeaderName, HeaderValue, Method, StatusCode, header};
use policy::Platform;

pub use effective::{ClientPlane, Intervals};

use crate::app::App;
use crate::http::{Answer, RequestBody, RequestContext};
use crate::limits;
use fault::Fault;

/// Correlates a check-in with what the client logs of it.
const CID: HeaderName = HeaderName::from_static("x-cid");
const ALLOW: &str = "GET, HEAD, POST, OPTIONS";

/// Answers one request of the client plane.
pub(crate) async fn handle(app: &App, cx: &RequestContext, parts: &Parts, body: &mut RequestBody) -> Answer {
    let mut answer = match answer(app, parts, body).await {
        Ok(answer) => answer,
        Err(fault) => fault.render(app, cx),
    };
    if let Some(cid) = parts.headers.get(CID).filter(|cid| cid.len() <= limits::CLIENT_REQUEST_ID_BYTES_MAX) {
        answer.headers_mut().insert(CID, cid.clone());
    }
    answer
}

async fn answer(app: &App, parts: &Parts, body: &mut RequestBody) -> Result<Answer, Fault> {
    let platform = platform(parts.uri.path()).ok_or(Fault::NoSuchPath)?;
    match parts.method {
        Method::GET | Method::HEAD => fetch::handle(app, platform, parts).await,
        Method::POST => report::handle(app, platform, parts, body).await,
        Method::OPTIONS => {
            let mut answer = empty(StatusCode::NO_CONTENT);
            answer.headers_mut().insert(header::ALLOW, HeaderValue::from_static(ALLOW));
            Ok(answer)
        }
        _ => Err(Fault::MethodNotAllowed),
    }
}

/// Of `/user/v1.0/{platform}/policies`, with or without a slash at the end.
fn platform(path: &str) -> Option<Platform> {
    let rest = path.strip_prefix("/user/v1.0/")?;
    let rest = rest.strip_suffix('/').unwrap_or(rest);
    Platform::from_url(rest.strip_suffix("/policies")?)
}

fn empty(status: StatusCode) -> Answer {
    let mut answer = Answer::default();
    *answer.status_mut() = status;
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_names_a_platform() {
        for (path, found) in [
            ("/user/v1.0/windows/policies", Some(Platform::Windows)),
            ("/user/v1.0/web/policies/", Some(Platform::Web)),
            ("/user/v1.0/iOS/policies", Some(Platform::Ios)),
            ("/user/v1.0/web/policies//", None),
            ("/user/v1.0/edge/windows/policies", None),
            ("/user/v1.0/policies", None),
            ("/user/v2.0/web/policies", None),
            ("/user/v1.0/web/policies/x", None),
        ] {
            assert_eq!(platform(path), found, "{path}");
        }
    }
}
