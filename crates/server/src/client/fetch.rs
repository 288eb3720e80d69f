//! `GET /user/v1.0/{platform}/policies?configuration={id}` → 200 with the user's settings, or 304 by `If-None-Match`.
//!
//! The answer is recorded as delivered before it is given. It never waits on a broken store: then it is given all the same and says so.

use http::request::Parts;
use http::{HeaderName, HeaderValue, StatusCode, header};
use http_body_util::Full;
use policy::Platform;
use store::Checkin;

use super::caller::{Client, device_of_header};
use super::effective::Effective;
use super::empty;
use super::fault::Fault;
use super::record::record;
use crate::app::App;
use crate::http::{Answer, is_known};

/// Minutes until the client is to come back.
const FETCH_INTERVAL: HeaderName = HeaderName::from_static("officeconfig-fetch-interval");
/// `false`: nobody will know that the policies were delivered.
const RECORDED: HeaderName = HeaderName::from_static("officeconfig-recorded");

pub(super) async fn handle(app: &App, platform: Platform, parts: &Parts) -> Result<Answer, Fault> {
    let client = Client::of(app, parts).await?;
    let device = device_of_header(parts)?;
    let effective = app.client.effective(app, &client, platform).await?;
    let checkin = Checkin {
        configuration: client.configuration,
        user_id: client.user_id().clone(),
        user_principal_name: client.user_principal_name().cloned(),
        device_name: device,
        device_platform: platform.url_name().into(),
        at: app.now(),
        applied: effective.applied.to_vec(),
        report: None,
    };
    let is_recorded = is_recorded(app, &client, checkin).await?;
    let is_known = is_known(&parts.headers, &effective.etag);
    let mut answer = if is_known { empty(StatusCode::NOT_MODIFIED) } else { body(parts, &effective) };
    let headers = answer.headers_mut();
    headers.insert(header::ETAG, effective.etag.clone());
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    headers.insert(header::VARY, HeaderValue::from_static("Accept-Encoding, Authorization"));
    headers.insert(FETCH_INTERVAL, HeaderValue::from(effective.interval));
    if !is_recorded {
        headers.insert(RECORDED, HeaderValue::from_static("false"));
    }
    Ok(answer)
}

/// Whether the delivery is on record. What has gone in the meantime is not there to be delivered.
async fn is_recorded(app: &App, client: &Client, checkin: Checkin) -> Result<bool, Fault> {
    match record(app, client, checkin).await {
        Ok(()) => {
            app.metrics.fetches_recorded.inc();
            Ok(true)
        }
        Err(Fault::Unavailable) => {
            app.metrics.fetches_unrecorded.inc();
            Ok(false)
        }
        Err(refused) => Err(refused),
    }
}

fn body(parts: &Parts, effective: &Effective) -> Answer {
    let packed = effective.gzip.as_ref().filter(|_| takes_gzip(parts));
    let mut answer = Answer::new(Full::new(packed.unwrap_or(&effective.body).clone()));
    let headers = answer.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
    if packed.is_some() {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    answer
}

/// Whether the client takes gzip: it is named and not with a weight of zero.
fn takes_gzip(parts: &Parts) -> bool {
    let given = parts.headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    given.flat_map(|line| line.split(',')).any(|one| {
        let (coding, weight) = one.split_once(';').unwrap_or((one, "q=1"));
        let weight = weight.trim().strip_prefix("q=").and_then(|weight| weight.trim().parse::<f32>().ok());
        coding.trim().eq_ignore_ascii_case("gzip") && weight.is_none_or(|weight| weight > 0.0)
    })
}
