//! The log: on stderr, in lines for people, filtered by `OFFICECONFIG_LOG` (as `RUST_LOG`: `debug`, `officeconfig=trace`).

use std::io::IsTerminal as _;

use tracing_subscriber::EnvFilter;

const FILTER: &str = "OFFICECONFIG_LOG";

/// Starts the log of this process. Panics go to it too: a handler's panic costs one request, and must be found.
pub(super) fn start() -> anyhow::Result<()> {
    let filter = match std::env::var(FILTER) {
        Ok(text) => EnvFilter::try_new(text).map_err(|error| anyhow::anyhow!("{FILTER}: {error}"))?,
        Err(_) => EnvFilter::new("info"),
    };
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none())
        .try_init()
        .map_err(|error| anyhow::anyhow!("the log cannot be started: {error}"))?;
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        let message = panic.payload_as_str().unwrap_or("no message");
        tracing::error!(place, message, backtrace = %std::backtrace::Backtrace::capture(), "panic");
    }));
    Ok(())
}
