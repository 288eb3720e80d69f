//! One connection from accept to close: TLS, HTTP/1 or HTTP/2, and the watch over its time-outs.

use std::fmt::Display;
use std::io;
use std::net::SocketAddr;
use std::ops::DerefMut;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::server::TlsStream;
use tokio_util::sync::CancellationToken;

use super::activity::{Activity, Verdict, Watch};
use super::io::Counted;
use super::service::{Host, Link, answer};
use super::tls::Tls;
use super::{Handler, Timeouts};
use crate::limits;

/// How the two versions of HTTP are spoken, the same on every connection.
#[derive(Debug)]
pub(crate) struct Protocols {
    http1: http1::Builder,
    http2: http2::Builder<TokioExecutor>,
}

impl Protocols {
    /// With the limits of DESIGN's invariant 6.
    pub(crate) fn new() -> Self {
        let mut http1 = http1::Builder::new();
        http1
            .timer(TokioTimer::new())
            // The watch below does this for all connections without a timer for every request.
            .header_read_timeout(None)
            .half_close(false)
            .max_buf_size(limits::HEADER_BYTES_MAX)
            // No `max_headers`: asking for the 100 that are the default anyway would cost an allocation for every request.
            .max_header_size(limits::HEADER_BYTES_MAX);
        let mut http2 = http2::Builder::new(TokioExecutor::new());
        http2
            .timer(TokioTimer::new())
            .max_concurrent_streams(limits::STREAMS_MAX)
            .max_pending_accept_reset_streams(limits::PENDING_RESETS_MAX)
            .max_header_list_size(limits::HEADER_LIST_BYTES_MAX)
            .max_send_buf_size(limits::STREAM_SEND_BUFFER_MAX);
        Self { http1, http2 }
    }
}

/// A version of HTTP, as far as a connection has one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Version {
    Http1,
    Http2,
}

/// What every HTTP/2 connection starts with, as far as no method of HTTP/1 could be it.
const HTTP2_START: &[u8] = b"PRI ";
/// How often to look again at a connection that has sent one, two or three bytes. No honest client does that.
const PEEK_AGAIN: Duration = Duration::from_millis(5);

/// What a new connection gets from the server.
pub(crate) struct Accepted<H> {
    pub(crate) host: Arc<Host<H>>,
    pub(crate) protocols: Arc<Protocols>,
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
        // Boxed apart, so that a plain connection does not keep room for a TLS one, nor an idle one for its beginning.
        match self.tls.clone() {
            None => {
                if let Some(version) = self.peek(&stream).await {
                    Box::pin(self.speak(stream, version)).await;
                }
            }
            Some(tls) => {
                if let Some((stream, version)) = Box::pin(self.shake_hands(&tls, stream)).await {
                    Box::pin(self.speak(stream, version)).await;
                }
            }
        }
    }

    /// Waits for the first bytes of a plain connection. `None` when it ends before, or says nothing for too long.
    async fn peek(&self, stream: &TcpStream) -> Option<Version> {
        // Closing a connection whose first request is on its way would reset it: the client would learn nothing.
        let drained = async {
            self.drain.cancelled().await;
            tokio::time::sleep(limits::FIRST_REQUEST_GRACE).await;
        };
        tokio::select! {
            biased;
            first = timeout(self.host.settings.timeouts.header, peek_version(stream)) => first.ok()?.ok()?,
            () = drained => None,
        }
    }

    async fn shake_hands(&self, tls: &Tls, stream: TcpStream) -> Option<(Box<TlsStream<TcpStream>>, Version)> {
        match timeout(limits::TLS_HANDSHAKE_TIMEOUT, tls.acceptor().accept(stream)).await {
            Ok(Ok(stream)) => {
                let chosen = stream.get_ref().1.alpn_protocol();
                let version = if chosen == Some(b"h2") { Version::Http2 } else { Version::Http1 };
                return Some((Box::new(stream), version));
            }
            Ok(Err(error)) => tracing::debug!(peer = %self.remote, %error, "no TLS"),
            Err(_) => tracing::debug!(peer = %self.remote, "the TLS handshake took too long"),
        }
        None
    }

    async fn speak<T: AsyncRead + AsyncWrite + Unpin + Send + 'static>(self, stream: T, version: Version) {
        let Timeouts { header, idle, .. } = self.host.settings.timeouts;
        let activity = Arc::new(Activity::default());
        let io = Counted::new(stream, Arc::clone(&activity));
        let link = Arc::new(Link::new(self.host, self.remote, self.local, Arc::clone(&activity), self.refusing));
        let service = service_fn(move |request| answer(&link, request));
        let driver = Driver { activity, watch: Watch::new(header, idle), interval: Watch::interval(header) };
        let (drain, remote) = (self.drain, self.remote);
        match version {
            Version::Http1 => {
                let connection = self.protocols.http1.serve_connection(io, service);
                driver.drive(pin!(connection), http1::Connection::graceful_shutdown, drain, remote).await;
            }
            Version::Http2 => {
                let connection = Box::pin(self.protocols.http2.serve_connection(io, service));
                driver.drive(connection, http2::Connection::graceful_shutdown, drain, remote).await;
            }
        }
    }
}

/// Which version the client speaks, without taking a byte away. `None` when it sends nothing and closes.
async fn peek_version(stream: &TcpStream) -> io::Result<Option<Version>> {
    let mut start = [0; HTTP2_START.len()];
    loop {
        let length = stream.peek(&mut start).await?;
        let seen = &start[..length];
        match length {
            0 => return Ok(None),
            _ if seen == HTTP2_START => return Ok(Some(Version::Http2)),
            _ if !HTTP2_START.starts_with(seen) => return Ok(Some(Version::Http1)),
            // The bytes stay where they are, so the socket stays readable: waiting for that would spin.
            _ => tokio::time::sleep(PEEK_AGAIN).await,
        }
    }
}

/// Runs one connection and watches over it.
struct Driver {
    activity: Arc<Activity>,
    watch: Watch,
    interval: Duration,
}

impl Driver {
    async fn drive<C, E, P>(
        mut self,
        mut connection: Pin<P>,
        close: fn(Pin<&mut C>),
        drain: CancellationToken,
        remote: SocketAddr,
    ) where
        C: Future<Output = Result<(), E>>,
        E: Display,
        P: DerefMut<Target = C>,
    {
        // Asked only when one of them woke the task, so that a request pays nothing for them.
        let mut signals = FuturesUnordered::new();
        signals.push(signal(None, self.interval));
        signals.push(signal(Some(drain), self.interval));
        loop {
            tokio::select! {
                biased;
                end = connection.as_mut() => {
                    if let Err(error) = end {
                        tracing::debug!(peer = %remote, %error, "connection ended");
                    }
                    return;
                }
                Some(signal) = signals.next() => match signal {
                    Signal::Drain => close(connection.as_mut()),
                    Signal::Look => match self.watch.look(&self.activity) {
                        Verdict::Keep => signals.push(self::signal(None, self.interval)),
                        Verdict::Close => {
                            close(connection.as_mut());
                            signals.push(self::signal(None, self.interval));
                        }
                        Verdict::Cut => {
                            tracing::debug!(peer = %remote, "connection cut: it was too slow");
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
