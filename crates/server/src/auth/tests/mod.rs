//! Tests of identity as a whole: real signatures, a real HTTP server for the issuers' keys, a clock that obeys.
#![expect(clippy::unwrap_used, reason = "tests")]

mod builtin;
mod issuers;
mod permissions;
mod rotation;
mod support;
mod tls;
mod tokens;
