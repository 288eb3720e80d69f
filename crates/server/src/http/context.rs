//! What is known of a request before anything of it is understood.

use std::net::IpAddr;
use std::sync::Arc;

use http::HeaderValue;
use uuid::Uuid;

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
    /// The `client-request-id` to answer with: the client's, else the request's own.
    pub fn client_id(&self) -> String {
        self.client_request_id
            .as_ref()
            .and_then(|value| value.to_str().ok())
            .map_or_else(|| self.request_id.to_string(), str::to_owned)
    }
}
