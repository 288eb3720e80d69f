//! Signals: stop, stop now, and read the certificate again.

use std::io;
use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use crate::http::Tls;
use crate::limits;

/// Cancels `stop` at the first SIGTERM or SIGINT. A second one ends the process at once; what was acknowledged is durable.
/// SIGHUP does the same (a terminal was closed), unless it is wanted for the certificate.
pub(super) fn stop_on_signal(stop: CancellationToken, on_hangup: bool) -> io::Result<()> {
    let mut signals = Termination::new(on_hangup)?;
    tokio::spawn(async move {
        signals.next().await;
        tracing::info!("told to stop: running requests end, then the store is closed");
        stop.cancel();
        signals.next().await;
        tracing::warn!("told to stop again: stopping now");
        std::process::exit(1);
    });
    Ok(())
}

#[cfg(unix)]
struct Termination {
    terminate: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
    hangup: Option<Hangup>,
}

#[cfg(unix)]
impl Termination {
    fn new(on_hangup: bool) -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        let hangup = on_hangup.then(Hangup::new).transpose()?;
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())?, hangup })
    }

    async fn next(&mut self) {
        let hangup = async {
            match &mut self.hangup {
                Some(hangup) => hangup.next().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
            () = hangup => {}
        }
    }
}

#[cfg(not(unix))]
struct Termination;

#[cfg(not(unix))]
impl Termination {
    #[expect(clippy::unnecessary_wraps, reason = "as on Unix")]
    fn new(_on_hangup: bool) -> io::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

/// Reads the certificate again on SIGHUP, and when its files change.
pub(super) fn reload_certificate(tls: Arc<Tls>) -> io::Result<()> {
    let mut hangup = Hangup::new()?;
    tokio::spawn(async move {
        let mut seen = tls.fingerprint();
        loop {
            let asked = tokio::select! {
                () = hangup.next() => true,
                () = tokio::time::sleep(limits::CERTIFICATE_POLL_INTERVAL) => false,
            };
            let now = tls.fingerprint();
            if !asked && now == seen {
                continue;
            }
            match tls.reload() {
                Ok(()) => tracing::info!("the certificate was read again"),
                // Both files are replaced one after the other: the next look finds them whole.
                Err(error) => tracing::error!(%error, "the old certificate stays in use"),
            }
            seen = now;
        }
    });
    Ok(())
}

#[cfg(unix)]
struct Hangup(tokio::signal::unix::Signal);

#[cfg(unix)]
impl Hangup {
    fn new() -> io::Result<Self> {
        tokio::signal::unix::signal(tokio::signal::unix::SignalKind::hangup()).map(Self)
    }

    async fn next(&mut self) {
        self.0.recv().await;
    }
}

#[cfg(not(unix))]
struct Hangup;

#[cfg(not(unix))]
impl Hangup {
    #[expect(clippy::unnecessary_wraps, reason = "as on Unix")]
    fn new() -> io::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) {
        std::future::pending::<()>().await;
    }
}
