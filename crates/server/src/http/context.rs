//! What is known of a request before anything of it is understood.

use std::net::IpAddr;
use std::sync::Arc;

use http::{HeaderMap, HeaderName, HeaderValue};
use uuid::Uuid;

use crate::limits;

pub(crate) const CLIENT_REQUEST_ID: HeaderName = HeaderName::from_static("client-request-id");

/// The circumstances of one request.
#[derive(Debug, Clone)]
pub struct RequestContext {
    /// New for every request; answered as `request-id`.
    pub request_id: Uuid,
    /// The client's own id, when it sent a usable one (visible ASCII). Answered as `client-request-id`; see [`Self::client_id`].
    pub client_request_id: Option<HeaderValue>,
    /// `scheme://host[:port]` as the client used it, without a trailing slash. Links in answers are built on it.
    pub base: Arc<str>,
    /// The client's address: the connection's, or what a trusted proxy says.
    pub peer: IpAddr,
}

impl RequestContext {
    /// The context of a request inside this one: with an id of its own, and the client's where it gives one.
    pub(crate) fn inner(&self, request_id: Uuid, headers: &HeaderMap) -> Self {
        let client_request_id = client_request_id(headers).or_else(|| self.client_request_id.clone());
        Self { request_id, client_request_id, ..self.clone() }
    }

    /// The `client-request-id` to answer with: the client's, else the request's own.
    pub fn client_id(&self) -> String {
        self.client_request_id
            .as_ref()
            .and_then(|value| value.to_str().ok())
            .map_or_else(|| self.request_id.to_string(), str::to_owned)
    }
}

/// The `client-request-id` of a request, when it is a usable one.
pub(crate) fn client_request_id(headers: &HeaderMap) -> Option<HeaderValue> {
    headers.get(CLIENT_REQUEST_ID).filter(|value| is_client_id(value)).cloned()
}

fn is_client_id(value: &HeaderValue) -> bool {
    !value.is_empty()
        && value.len() <= limits::CLIENT_REQUEST_ID_BYTES_MAX
        && value.as_bytes().iter().all(u8::is_ascii_graphic)
}
