//! One connection from accept to close: TLS, HTTP/1 or HTTP/2, and the watch over its time-outs.

use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::activity::{Activity, Verdict, Watch};
use super::io::Counted;
use super::service::{Host, Link, answer};
use super::tls::Tls;
use super::{Handler, Timeouts};
use crate::limits;

/// How HTTP is spoken, the same on every connection.
pub(crate) type Protocol = Builder<TokioExecutor>;

/// The limits of DESIGN's invariant 6 for both versions of HTTP.
pub(crate) fn protocol() -> Protocol {
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        // The watch below does this for all connections without a timer for every request.
        .header_read_timeout(None)
        .half_close(false)
        .max_buf_size(limits::HEADER_BYTES_MAX)
        .max_headers(limits::HEADERS_MAX);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(limits::STREAMS_MAX)
        .max_pending_accept_reset_streams(limits::PENDING_RESETS_MAX)
        .max_header_list_size(limits::HEADER_LIST_BYTES_MAX)
        .max_send_buf_size(limits::STREAM_SEND_BUFFER_MAX);
    builder
}

/// What a new connection gets from the server.
pub(crate) struct Accepted<H> {
    pub(crate) host: Arc<Host<H>>,
    pub(crate) protocol: Arc<Protocol>,
    pub(crate) tls: Option<Arc<Tls>>,
    pub(crate) remote: SocketAddr,
    pub(crate) local: SocketAddr,
    /// The service drains: refuse what comes.
    pub(crate) refusing: bool,
    /// Cancelled when the connection shall end after its running requests.
    pub(crate) drain: CancellationToken,
}

impl<H: Handler> Accepted<H> {
    /// Serves the connection until either side ends it.
    pub(crate) async fn serve(self, stream: TcpStream) {
        match self.tls.clone() {
            None => self.speak(stream).await,
            Some(tls) => match timeout(limits::TLS_HANDSHAKE_TIMEOUT, tls.acceptor().accept(stream)).await {
                Ok(Ok(stream)) => self.speak(stream).await,
                Ok(Err(error)) => tracing::debug!(peer = %self.remote, %error, "no TLS"),
                Err(_) => tracing::debug!(peer = %self.remote, "the TLS handshake took too long"),
            },
        }
    }

    async fn speak<T: AsyncRead + AsyncWrite + Unpin + Send + 'static>(self, stream: T) {
        let Timeouts { header, idle, .. } = self.host.settings.timeouts;
        let activity = Arc::new(Activity::default());
        let io = Counted::new(stream, Arc::clone(&activity));
        let link = Arc::new(Link::new(self.host, self.remote, self.local, Arc::clone(&activity), self.refusing));
        let service = service_fn(move |request| answer(Arc::clone(&link), request));
        let mut connection = pin!(self.protocol.serve_connection(io, service));
        let mut watch = Watch::new(header, idle);
        let interval = Watch::interval(header);
        // Asked only when one of them woke the task, so that a request pays nothing for them.
        let mut signals = FuturesUnordered::new();
        signals.push(signal(None, interval));
        signals.push(signal(Some(self.drain), interval));
        loop {
            tokio::select! {
                biased;
                end = connection.as_mut() => {
                    if let Err(error) = end {
                        tracing::debug!(peer = %self.remote, error, "connection ended");
                    }
                    return;
                }
                Some(signal) = signals.next() => match signal {
                    Signal::Drain => connection.as_mut().graceful_shutdown(),
                    Signal::Look => match watch.look(&activity) {
                        Verdict::Keep => signals.push(self::signal(None, interval)),
                        Verdict::Close => {
                            connection.as_mut().graceful_shutdown();
                            signals.push(self::signal(None, interval));
                        }
                        Verdict::Cut => {
                            tracing::debug!(peer = %self.remote, "connection cut: it was too slow");
                            return;
                        }
                    },
                },
            }
        }
    }
}

enum Signal {
    Look,
    Drain,
}

async fn signal(drain: Option<CancellationToken>, interval: Duration) -> Signal {
    if let Some(drain) = drain {
        drain.cancelled_owned().await;
        Signal::Drain
    } else {
        tokio::time::sleep(interval).await;
        Signal::Look
    }
}
