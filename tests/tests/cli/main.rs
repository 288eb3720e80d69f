//! The command line: `serve`, `token`, `backup`, `restore`, `verify`.
#![expect(clippy::unwrap_used, reason = "tests")]

mod backup;
mod demo;
mod documents;
mod drain;
mod serve;
mod token;
mod verify;
