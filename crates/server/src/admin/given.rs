//! The body of a request, wherever it comes from: read within the same limit. It never knows what is in it.

use bytes::Bytes;
use odata::Error;

use super::error::body_error;
use crate::app::App;
use crate::http::RequestBody;
use crate::http::body::{self, BodyError};

/// A body.
pub(super) enum Given<'b> {
    /// Still to come over the connection.
    Coming(&'b mut RequestBody),
    /// Of a request inside a batch.
    Here(Bytes),
}

impl Given<'_> {
    /// All of it, within `bytes_max` and the time for bodies.
    ///
    /// # Errors
    /// 400, 408, 413.
    pub(super) async fn read(self, app: &App, bytes_max: usize) -> Result<Bytes, Error> {
        let read = match self {
            Self::Coming(body) => body::read(body, bytes_max, app.config.limits.body_timeout_s).await,
            Self::Here(bytes) if bytes.len() > bytes_max => Err(BodyError::TooLarge { limit: bytes_max }),
            Self::Here(bytes) => Ok(bytes),
        };
        read.map_err(|fault| body_error(&fault))
    }
}
