//! What every URL has in common: who may call, what a bad request gets, how headers and connections are treated. A refusal has Graph's
//! error form and the right code, and changes nothing.
#![expect(clippy::unwrap_used, reason = "tests")]

mod bodies;
mod capabilities;
mod connections;
mod forwarded;
mod headers;
mod isolation;
mod metrics;
mod negotiation;
mod openapi;
mod options;
mod rates;
mod repeated;
mod scopes;
mod servers;
mod tokens;
mod world;
