//! HTTP as a process meets it: connections, time-outs, TLS, and the headers that every answer carries.
//!
//! It never knows what a path means (that is [`Handler`]'s) nor who is asking (that is `auth`).

mod activity;
pub mod body;
mod conditional;
mod connection;
mod context;
mod cors;
mod dress;
mod fault;
mod forwarded;
mod io;
mod self_signed;
mod server;
mod service;
mod tls;

use std::future::Future;

use bytes::Bytes;
use http::Response;
use http::request::Parts;
use http_body_util::Full;

pub use body::{BodyTimeouts, RequestBody};
pub(crate) use conditional::is_known;
pub use context::RequestContext;
pub use cors::Cors;
pub(crate) use dress::put_ids_on;
pub use fault::fault;
pub use forwarded::{AddressRange, AddressRangeError};
pub use self_signed::self_signed;
pub use server::{BindError, Listener, Server, Settings, Timeouts};
pub(crate) use service::is_encoded;
pub use tls::{CertificateFiles, Tls, TlsError};

/// A finished answer.
pub type Answer = Response<Full<Bytes>>;

/// What answers requests.
///
/// It gets HEAD as it came and answers it like GET: the body is stripped afterwards. `request-id`, `client-request-id`,
/// `Date`, the CORS headers and `Strict-Transport-Security` are set for it.
pub trait Handler: Send + Sync + 'static {
    /// Answers one request. What it leaves unread of the body is read away.
    fn answer<'a>(
        &'a self,
        cx: RequestContext,
        parts: Parts,
        body: &'a mut RequestBody,
    ) -> impl Future<Output = Answer> + Send + 'a;

    /// Answers a request without a body when nothing has to be waited for; [`Self::answer`] is asked otherwise. It is called
    /// first, for GET and HEAD, and costs every such request: it must be quick to say no.
    fn answer_now(&self, _cx: &RequestContext, _parts: &Parts) -> Option<Answer> {
        None
    }

    /// Answers a request that came over a new connection while the service drains.
    fn refuse(&self, cx: &RequestContext, parts: &Parts) -> Answer;
}
