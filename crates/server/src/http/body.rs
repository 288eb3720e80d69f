//! Reading a request body within a size and a time, and getting rid of one that nobody wants.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, header};
use http_body_util::BodyExt;
use hyper::body::{Body, Incoming};
use tokio::time::{Instant, timeout, timeout_at};

use crate::limits;

/// Why a body could not be had.
#[derive(Debug, thiserror::Error)]
pub enum BodyError {
    /// 413. What came of the body has been thrown away, so the connection stays usable unless the body is huge.
    #[error("the request body is larger than {limit} bytes")]
    TooLarge {
        /// The limit in bytes.
        limit: usize,
    },
    /// 408. The connection is closed after the answer.
    #[error("the request body did not arrive in time")]
    TimedOut,
    /// The client went away or broke the framing; nobody will read the answer.
    #[error("the request body broke off")]
    Broken(#[source] hyper::Error),
}

/// A request body that has not been read yet.
///
/// Nothing is read, and no `100 Continue` is sent, before somebody asks for it.
#[derive(Debug)]
pub struct RequestBody {
    incoming: Incoming,
    /// The client waits for `100 Continue` before it sends anything.
    waits: bool,
    timeouts: BodyTimeouts,
}

/// How long a body may take.
#[derive(Debug, Clone, Copy)]
pub struct BodyTimeouts {
    /// For two pieces to follow each other.
    pub piece: Duration,
    /// For reading away an unwanted body.
    pub drain: Duration,
}

impl Default for BodyTimeouts {
    fn default() -> Self {
        Self { piece: limits::BODY_PIECE_TIMEOUT, drain: limits::DRAIN_BODY_TIMEOUT }
    }
}

impl RequestBody {
    /// The body that belongs to `headers`.
    pub fn new(incoming: Incoming, headers: &HeaderMap, timeouts: BodyTimeouts) -> Self {
        let waits =
            headers.get(header::EXPECT).is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"100-continue"));
        Self { incoming, waits, timeouts }
    }

    /// True when the request has no body, or all of it has been read.
    pub fn is_empty(&self) -> bool {
        self.incoming.is_end_stream()
    }

    /// Reads away what nobody read, up to a bound in bytes and time, so that the next request on this connection can be
    /// read. A client that waits for `100 Continue` has sent nothing: nothing is read.
    pub(crate) async fn drain(&mut self) {
        if self.waits || self.incoming.is_end_stream() || self.incoming.size_hint().lower() > limits::DRAIN_BYTES_MAX {
            return;
        }
        let mut left = limits::DRAIN_BYTES_MAX;
        let all = async {
            while let Some(Ok(frame)) = self.incoming.frame().await {
                let length = frame.data_ref().map_or(0, |data| data.len() as u64);
                let Some(rest) = left.checked_sub(length) else { return };
                left = rest;
            }
        };
        // Past the time the connection is closed by the HTTP layer, which is all that could be done here too.
        let _ = timeout(self.timeouts.drain, all).await;
    }
}

/// Reads the whole body: at most `limit` bytes within `within`. Call it once the caller is known to be allowed to write.
pub async fn read(body: &mut RequestBody, limit: usize, within: Duration) -> Result<Bytes, BodyError> {
    if body.incoming.size_hint().lower() > limit as u64 {
        return Err(too_large(body, limit).await);
    }
    if body.incoming.is_end_stream() {
        return Ok(Bytes::new());
    }
    body.waits = false;
    let deadline = Instant::now() + within;
    let Some(first) = next(body, deadline).await? else { return Ok(Bytes::new()) };
    if first.len() > limit {
        return Err(too_large(body, limit).await);
    }
    // Most bodies come in one piece: no copy.
    if body.incoming.is_end_stream() {
        return Ok(first);
    }
    let expected = usize::try_from(body.incoming.size_hint().lower()).unwrap_or(0).min(limit);
    let mut whole = BytesMut::with_capacity(first.len() + expected);
    whole.extend_from_slice(&first);
    while let Some(piece) = next(body, deadline).await? {
        if whole.len() + piece.len() > limit {
            drop(whole);
            return Err(too_large(body, limit).await);
        }
        whole.extend_from_slice(&piece);
    }
    Ok(whole.freeze())
}

/// The next piece of data; trailers are skipped, they mean nothing here.
async fn next(body: &mut RequestBody, deadline: Instant) -> Result<Option<Bytes>, BodyError> {
    loop {
        let piece_deadline = deadline.min(Instant::now() + body.timeouts.piece);
        match timeout_at(piece_deadline, body.incoming.frame()).await {
            Err(_) => return Err(BodyError::TimedOut),
            Ok(None) => return Ok(None),
            Ok(Some(Err(broken))) => return Err(BodyError::Broken(broken)),
            Ok(Some(Ok(frame))) => {
                if let Ok(data) = frame.into_data()
                    && !data.is_empty()
                {
                    return Ok(Some(data));
                }
            }
        }
    }
}

async fn too_large(body: &mut RequestBody, limit: usize) -> BodyError {
    body.drain().await;
    BodyError::TooLarge { limit }
}
