//! The command line as people and scripts meet it: the real binary, its two outputs, its exit codes.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "tests")]

mod data;
mod harness;
mod serve;
mod token;
