//! The command line: `serve`, `copy`, `tenant`, `token`, `backup`, `restore`, `verify`.
#![expect(clippy::unwrap_used, reason = "tests")]

mod backup;
mod clusters;
mod copy;
mod demo;
mod documents;
mod drain;
mod serve;
mod token;
mod verify;
