//! An OData 4.01 service that has everything: `cargo run -p odata --example reference_service -- --listen 127.0.0.1:9090`.
//!
//! It serves `model.csdl.xml` with the data of `seed.json` at the root, without authentication. Read `service/mod.rs` first.

mod service;

use std::sync::Arc;

use service::{Fault, Service};

const LISTEN: &str = "127.0.0.1:9090";

fn main() -> Result<(), Fault> {
    let address = listen(std::env::args().skip(1))?;
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(run(&address))
}

async fn run(address: &str) -> Result<(), Fault> {
    let service = Arc::new(Service::new()?);
    let listener = tokio::net::TcpListener::bind(address).await?;
    announce(&format!("http://{}/", listener.local_addr()?));
    service::serve(service, listener, interrupted()).await?;
    Ok(())
}

#[expect(clippy::print_stdout, reason = "who started the service waits for this line")]
fn announce(root: &str) {
    println!("Serving at {root}");
}

/// The address of `--listen ADDRESS` or `--listen=ADDRESS`.
fn listen(mut arguments: impl Iterator<Item = String>) -> Result<String, Fault> {
    let mut address = LISTEN.to_owned();
    while let Some(argument) = arguments.next() {
        address = match argument.split_once('=') {
            Some(("--listen", value)) => value.to_owned(),
            None if argument == "--listen" => {
                arguments.next().ok_or("--listen needs an address, such as 127.0.0.1:9090")?
            }
            _ => return Err(format!("'{argument}' is not known. Usage: reference_service [--listen {LISTEN}]").into()),
        };
    }
    Ok(address)
}

/// Ctrl-C, or on Unix SIGTERM.
async fn interrupted() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminated) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminated.recv() => {}
            }
            return;
        }
    }
    let _ = tokio::signal::ctrl_c().await;
}
