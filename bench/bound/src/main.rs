//! The bound: the unavoidable work of the service's hot paths and nothing else, made well. It parses, makes an id, appends to a log, shares the
//! sync, renders. It must never learn of authentication, OData or a database: what those cost is what the comparison is for.

mod log;
mod model;
mod policies;
mod routes;

use std::num::NonZero;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context as _;
use axum::serve::ListenerExt as _;
use clap::Parser;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The command line.
#[derive(Parser)]
#[command(version, about)]
struct Arguments {
    /// The folder of the log.
    #[arg(long)]
    data: PathBuf,
    /// The address to listen on; port 0 picks one.
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: String,
    /// A folder with what check-ins need: tokens, the answer, its entity tag.
    #[arg(long)]
    policies: Option<PathBuf>,
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    // As many workers as cores it may use: one when it is pinned to one.
    let workers = std::thread::available_parallelism().map_or(1, NonZero::get);
    tokio::runtime::Builder::new_multi_thread().worker_threads(workers).enable_all().build()?.block_on(serve(arguments))
}

async fn serve(arguments: Arguments) -> anyhow::Result<()> {
    let log = log::Log::open(&arguments.data.join("bound.log")).context("opening the log")?;
    let listener = tokio::net::TcpListener::bind(&arguments.listen).await.context("listening")?;
    let policies = arguments.policies.as_deref().map(policies::Policies::read).transpose()?;
    println!("listening on http://{}", listener.local_addr()?);
    let listener = listener.tap_io(|stream| {
        // Without it the system still works, only slower.
        let _ = stream.set_nodelay(true);
    });
    axum::serve(listener, routes::router(Arc::new(routes::State::new(log, policies)))).await?;
    Ok(())
}
