//! A check-in and nothing but: who asks by a look-up, a record of fixed size in the log, bytes that were rendered before. It must never know how a
//! token was made, nor what is in the bytes.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Context as _;
use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use bytes::Bytes;
use foldhash::fast::RandomState;
use uuid::Uuid;

use crate::log::Log;

/// Where a device's name is in a record, and how long: what is longer is cut.
const NAME: std::ops::Range<usize> = 16..80;
/// Where the hash of what was delivered is.
const HASH: std::ops::Range<usize> = 80..112;
/// Where the time is.
const AT: std::ops::Range<usize> = 112..120;
/// A record: user, device, hash, time.
const RECORD_BYTES: usize = 120;

/// What is answered to whom.
pub(crate) struct Policies {
    users: HashMap<Box<[u8]>, Uuid, RandomState>,
    body: Bytes,
    etag: HeaderValue,
}

impl Policies {
    /// Reads `tokens` (lines of a token, a space and a user's id), `body` and `etag` from the folder.
    pub(crate) fn read(folder: &Path) -> anyhow::Result<Self> {
        let read = |name| std::fs::read(folder.join(name)).with_context(|| format!("reading {name}"));
        let lines = String::from_utf8(read("tokens")?)?;
        let users = lines
            .lines()
            .map(|line| {
                let (token, user) = line.split_once(' ').context("a line has a token and a user")?;
                Ok((token.as_bytes().into(), user.parse()?))
            })
            .collect::<anyhow::Result<_>>()?;
        Ok(Self { users, body: read("body")?.into(), etag: HeaderValue::from_bytes(&read("etag")?)? })
    }

    fn user(&self, headers: &HeaderMap) -> Option<Uuid> {
        let bearer = headers.get(header::AUTHORIZATION)?.as_bytes().strip_prefix(b"Bearer ")?;
        self.users.get(bearer).copied()
    }

    fn record(&self, user: Uuid, headers: &HeaderMap) -> Bytes {
        let mut record = vec![0; RECORD_BYTES];
        record[..NAME.start].copy_from_slice(user.as_bytes());
        put(&mut record[NAME], headers.get("device-name").map_or(&[], HeaderValue::as_bytes));
        put(&mut record[HASH], self.etag.as_bytes());
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_micros());
        record[AT].copy_from_slice(&u64::try_from(now).unwrap_or(0).to_le_bytes());
        record.into()
    }
}

fn put(place: &mut [u8], bytes: &[u8]) {
    let length = bytes.len().min(place.len());
    place[..length].copy_from_slice(&bytes[..length]);
}

/// Answers a check-in when its record is durable.
pub(crate) async fn fetch(policies: Arc<Policies>, log: &Log, headers: HeaderMap) -> Response<Body> {
    let Some(user) = policies.user(&headers) else {
        return crate::routes::status(StatusCode::UNAUTHORIZED);
    };
    if !log.append(user, policies.record(user, &headers)).await {
        return crate::routes::status(StatusCode::SERVICE_UNAVAILABLE);
    }
    let mut response = if headers.get(header::IF_NONE_MATCH) == Some(&policies.etag) {
        crate::routes::status(StatusCode::NOT_MODIFIED)
    } else {
        let mut response = Response::new(Body::from(policies.body.clone()));
        let json = HeaderValue::from_static("application/json; charset=utf-8");
        response.headers_mut().insert(header::CONTENT_TYPE, json);
        response
    };
    response.headers_mut().insert(header::ETAG, policies.etag.clone());
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    response
}
