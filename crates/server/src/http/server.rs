//! The listener: binds, accepts within bounds, and drains.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpSocket, lookup_host};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::connection::{Accepted, Protocols};
use super::service::Host;
use super::{AddressRange, BodyTimeouts, Cors, Handler, Tls};
use crate::env::Env;
use crate::limits;

/// How connections are treated.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Connections served at once; more wait in the backlog.
    pub connections_max: usize,
    /// Times within which clients must move.
    pub timeouts: Timeouts,
    /// Proxies whose `X-Forwarded-*` counts.
    pub trusted_proxies: Vec<AddressRange>,
    /// Web pages that may call.
    pub cors: Cors,
    /// Connections are TLS. Set by [`Server::new`].
    pub secure: bool,
    /// Answers carry `Strict-Transport-Security`.
    pub hsts: bool,
}

/// Times within which clients must move.
#[derive(Debug, Clone, Copy)]
pub struct Timeouts {
    /// From a request's first byte to the end of its headers, and from connecting to the first request.
    pub header: Duration,
    /// Between requests.
    pub idle: Duration,
    /// For bodies.
    pub body: BodyTimeouts,
    /// For running requests after the signal to stop.
    pub shutdown: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            header: limits::HEADER_TIMEOUT,
            idle: limits::IDLE_TIMEOUT,
            body: BodyTimeouts::default(),
            shutdown: limits::SHUTDOWN_TIMEOUT,
        }
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            connections_max: limits::CONNECTIONS_MAX,
            timeouts: Timeouts::default(),
            trusted_proxies: Vec::new(),
            cors: Cors::Any,
            secure: false,
            hsts: false,
        }
    }
}

/// Why an address cannot be listened on.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// The name leads nowhere.
    #[error("cannot resolve the listen address {address}")]
    Resolve {
        /// As it was given.
        address: String,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// Everybody could read along.
    #[error(
        "{address} is reachable from other machines: give --tls-cert and --tls-key, --tls-self-signed, or --behind-proxy"
    )]
    Open {
        /// What it resolves to.
        address: SocketAddr,
    },
    /// The system refuses.
    #[error("cannot listen on {address}")]
    Bind {
        /// What it resolves to.
        address: SocketAddr,
        /// What the system says.
        #[source]
        source: io::Error,
    },
}

/// A bound listener. Connections wait in its backlog until [`Server::run`].
#[derive(Debug)]
pub struct Listener {
    socket: TcpListener,
    local: SocketAddr,
}

impl Listener {
    /// Listens on `address` (`host:port`; port 0 picks one). An address that other machines reach is refused unless
    /// `open` says that it is protected.
    pub async fn bind(address: &str, open: bool) -> Result<Self, BindError> {
        let resolve = |source| BindError::Resolve { address: address.to_owned(), source };
        let candidates: Vec<SocketAddr> = lookup_host(address).await.map_err(resolve)?.collect();
        if let Some(&outside) = candidates.iter().find(|candidate| !open && !is_loopback(candidate.ip())) {
            return Err(BindError::Open { address: outside });
        }
        let nowhere = || resolve(io::Error::new(io::ErrorKind::NotFound, "no address"));
        // `localhost` is two addresses; the IPv4 one is what people type.
        let address = *candidates.iter().find(|c| c.is_ipv4()).or(candidates.first()).ok_or_else(nowhere)?;
        let failed = |source| BindError::Bind { address, source };
        let socket = listen(address).map_err(failed)?;
        let local = socket.local_addr().map_err(failed)?;
        Ok(Self { socket, local })
    }

    /// The address that is listened on, the port filled in.
    pub fn address(&self) -> SocketAddr {
        self.local
    }
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // A restart must not wait for the old connections' TIME_WAIT. On Windows the option means something else.
    if cfg!(unix) {
        socket.set_reuseaddr(true)?;
    }
    socket.bind(address)?;
    socket.listen(limits::BACKLOG)
}

/// True for addresses that only this machine reaches.
pub(crate) fn is_loopback(address: IpAddr) -> bool {
    address.to_canonical().is_loopback()
}

/// A listener with what answers on it.
pub struct Server<H> {
    listener: Listener,
    host: Arc<Host<H>>,
    protocols: Arc<Protocols>,
    tls: Option<Arc<Tls>>,
}

impl<H: Handler> Server<H> {
    /// Puts `handler` behind `listener`.
    pub fn new(listener: Listener, tls: Option<Arc<Tls>>, handler: Arc<H>, env: Env, settings: Settings) -> Self {
        let settings = Settings { secure: tls.is_some(), ..settings };
        Self { listener, host: Arc::new(Host { handler, env, settings }), protocols: Arc::new(Protocols::new()), tls }
    }

    /// Serves until `drain` is cancelled, then until the running requests have ended or their time is over.
    ///
    /// While they end, new connections are answered by [`Handler::refuse`]: a client learns more from that than from a
    /// closed port.
    pub async fn run(self, drain: CancellationToken) {
        let running = TaskTracker::new();
        let Settings { connections_max, timeouts, .. } = &self.host.settings;
        tokio::select! {
            // First, so that whoever connects after the signal is refused.
            biased;
            () = drain.cancelled() => {}
            () = self.accept(*connections_max, &running, Some(&drain)) => {}
        }
        running.close();
        let refused = TaskTracker::new();
        tokio::select! {
            biased;
            () = running.wait() => {}
            () = tokio::time::sleep(timeouts.shutdown) => {
                tracing::warn!(connections = running.len(), "time to drain is over, connections are cut");
            }
            () = self.accept(limits::REFUSED_CONNECTIONS_MAX, &refused, None) => {}
        }
        // Who is being told so shall hear it to the end.
        refused.close();
        let _ = tokio::time::timeout(limits::FIRST_REQUEST_GRACE, refused.wait()).await;
    }

    /// Accepts for ever. Without `drain`, what is accepted is refused.
    async fn accept(&self, connections_max: usize, tracker: &TaskTracker, drain: Option<&CancellationToken>) {
        let slots = Arc::new(Semaphore::new(connections_max.min(Semaphore::MAX_PERMITS)));
        loop {
            let Ok(slot) = Arc::clone(&slots).acquire_owned().await else { return };
            let (stream, remote) = match self.listener.socket.accept().await {
                Ok(accepted) => accepted,
                Err(error) => {
                    accept_failed(&error).await;
                    continue;
                }
            };
            // Answers are written whole: waiting to fill a packet would only delay them.
            let _ = stream.set_nodelay(true);
            let accepted = Accepted {
                host: Arc::clone(&self.host),
                protocols: Arc::clone(&self.protocols),
                tls: self.tls.clone(),
                remote,
                local: stream.local_addr().unwrap_or(self.listener.local),
                // The signal may have come since this was polled: who was told of it elsewhere is not served here.
                refusing: drain.is_none_or(CancellationToken::is_cancelled),
                drain: drain.cloned().unwrap_or_default(),
            };
            tracker.spawn(async move {
                accepted.serve(stream).await;
                drop(slot);
            });
        }
    }
}

/// One connection that broke before it was accepted is nobody's loss; out of descriptors means waiting for some to close.
async fn accept_failed(error: &io::Error) {
    use io::ErrorKind::{ConnectionAborted, ConnectionReset, Interrupted};
    if !matches!(error.kind(), ConnectionAborted | ConnectionReset | Interrupted) {
        tracing::error!(%error, "cannot accept connections");
        tokio::time::sleep(limits::ACCEPT_RETRY).await;
    }
}
