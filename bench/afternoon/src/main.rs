//! What a Rust developer writes in an afternoon: axum and sqlx on SQLite, durable, one transaction a POST, indexed. It must stay as plain as that: no
//! cache, no shared commits, and nothing left out either.

mod model;
mod routes;

use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use axum::serve::ListenerExt as _;
use clap::Parser;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The pool's own default.
const READERS: u32 = 10;

/// Longer than a round: requests wait for the connection, they are not refused.
const ACQUIRE_TIMEOUT: Duration = Duration::from_mins(1);

/// The command line.
#[derive(Parser)]
#[command(version, about)]
struct Arguments {
    /// The folder of the database.
    #[arg(long)]
    data: PathBuf,
    /// The address to listen on; port 0 picks one.
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: String,
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    // As many workers as cores it may use: one when it is pinned to one.
    let workers = std::thread::available_parallelism().map_or(1, NonZero::get);
    tokio::runtime::Builder::new_multi_thread().worker_threads(workers).enable_all().build()?.block_on(serve(arguments))
}

async fn serve(arguments: Arguments) -> anyhow::Result<()> {
    let state = open(&arguments.data.join("afternoon.db")).await.context("opening the database")?;
    let listener = tokio::net::TcpListener::bind(&arguments.listen).await.context("listening")?;
    println!("listening on http://{}", listener.local_addr()?);
    let listener = listener.tap_io(|stream| {
        // Without it the system still works, only slower.
        let _ = stream.set_nodelay(true);
    });
    axum::serve(listener, routes::router(state)).await?;
    Ok(())
}

/// SQLite has one writer at a time: one connection for writes makes them queue instead of failing as busy, the usual advice.
async fn open(path: &Path) -> anyhow::Result<routes::State> {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full);
    let pool = |connections| SqlitePoolOptions::new().max_connections(connections).acquire_timeout(ACQUIRE_TIMEOUT);
    let writer = pool(1).connect_with(options.clone()).await?;
    sqlx::raw_sql(include_str!("schema.sql")).execute(&writer).await?;
    let readers = pool(READERS).connect_with(options).await?;
    Ok(routes::State { writer, readers })
}
