//! The process side over real sockets: a handler that tells what it got, short time-outs, raw bytes on the wire.

#![expect(clippy::unwrap_used, reason = "tests")]

mod bodies;
mod draining;
mod harness;
mod headers;
mod http2;
mod origins;
mod timeouts;
mod tls;
